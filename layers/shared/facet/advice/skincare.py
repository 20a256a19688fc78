"""A morning and an evening routine from what a photo shows, what a person tells and what they own.

The rules are data (data/skincare/rules.toml, carried in the catalogue snapshot); this module only
interprets them. The same reading, profile, bag and catalogue always give the same routine.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facet.advice.answer import Cites, Notes, cited
from facet.advice.bag import shelf_of
from facet.advice.ranking import Ranking, load_ranking
from facet.advice.week import DAYS, Placed, Week
from facet.catalogue.catalogue import (
    GOALS,
    PRICE_BANDS,
    Catalogue,
    Item,
    Mask,
)
from facet.catalogue.evidence import best_for, evidence_reason, skin_type_reason
from facet.catalogue.suitable import FULL_LABEL, Person, is_named, suitable_rows
from facet.catalogue.words import plain
from facet.domain.advice import (
    Note,
    ProductRef,
    Profile,
    Reason,
    SkincareResult,
    Source,
    Step,
    Suggestion,
)
from facet.domain.face import FaceReading
from facet.domain.products import BagItem, Session, StepName

METHOD = "skincare-1"
SESSIONS: tuple[Session, Session] = ("am", "pm")

Scores = NDArray[Any]  # numbers, or true and false


def recommend_skincare(
    reading: FaceReading,
    profile: Profile,
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    *,
    today: date | None = None,
    ranking: Ranking | None = None,
) -> SkincareResult:
    """A routine that keeps every rule of the catalogue.

    bag: items of any age; one that cannot be read, was withdrawn or must not be used is left out
    with a note. today: lets opened dates count (what is past its time, what is new); without it
    everything owned is taken as in use. ranking: the weights that order what fits a gap; None, the
    version this release was tried with.
    """
    return _Advisor(reading, profile, catalogue, today, ranking or load_ranking()).advise(bag)


@dataclass(frozen=True, slots=True)
class _Need:
    goal: str
    weight: float  # 0..1
    why: tuple[Reason, ...]


class _Advisor:
    """One piece of advice in the making."""

    def __init__(
        self,
        reading: FaceReading,
        profile: Profile,
        catalogue: Catalogue,
        today: date | None,
        ranking: Ranking,
    ) -> None:
        self.reading = reading
        self.profile = profile
        self.catalogue = catalogue
        self.rules = catalogue.rules
        self.ranking = ranking
        self.weighed: dict[str, dict[str, float]] = {}  # features of what was chosen, by key
        self.week = Week(self.rules)
        self.notes = Notes()
        self.suggestions: list[Suggestion] = []
        self.partial = False
        self.introduced = 0  # actives new to the skin, so far
        self.person = Person.of_profile(profile, catalogue.ingredients)
        self.today = today
        self.needs = self._needs()
        self.sensitive, self.sensitive_why = self._sensitivity()
        self.tint, self.deep = self._tint()

    # --- understanding ----------------------------------------------------------------------

    def _needs(self) -> tuple[_Need, ...]:
        rule = self.rules["needs"]
        weights: dict[str, float] = {}
        why: dict[str, list[Reason]] = {}

        def need(goal: str, weight: float, reason: Reason) -> None:
            weights[goal] = max(weight, weights.get(goal, 0.0))
            why.setdefault(goal, []).append(reason)

        for concern in self.reading.skin.concerns:
            if concern.name not in GOALS or concern.confidence < rule["confidence"]:
                continue
            if concern.score is not None and concern.score <= rule["below"]:
                reason = Reason(
                    text=f"{plain(concern.name).capitalize()}: {concern.score:.0f} of 100 in "
                    "your photo.",
                    points_at=f"skin.concerns.{concern.name}",
                )
                need(concern.name, 1 - concern.score / 100, reason)
        for rank, goal in enumerate(self.profile.goals):
            reason = Reason(
                text=f"You want to work on {plain(goal)}.", points_at=f"profile.goals.{rank}"
            )
            need(goal, rule["goal"] * 0.95**rank, reason)
        if self.profile.skin_type == "dry":
            reason = Reason(text="You told us your skin is dry.", points_at="profile.skin_type")
            need("dryness", rule["dry_skin"], reason)
        order = sorted(weights, key=lambda goal: (-weights[goal], goal))
        return tuple(_Need(goal, weights[goal], tuple(why[goal])) for goal in order)

    def _sensitivity(self) -> tuple[bool, tuple[Reason, ...]]:
        why = []
        if self.profile.sensitive or self.profile.skin_type == "sensitive":
            text = "You told us your skin is sensitive."
            why.append(Reason(text=text, points_at="profile.sensitive"))
        for concern in self.reading.skin.concerns:
            rule = self.rules["needs"]
            if (
                concern.name == "redness"
                and concern.score is not None
                and concern.confidence >= rule["confidence"]
                and concern.score <= rule["sensitive_redness"]
            ):
                text = f"Your skin is red ({concern.score:.0f} of 100), so nothing harsh."
                why.append(Reason(text=text, points_at="skin.concerns.redness"))
        return bool(why), tuple(why)

    def _tint(self) -> tuple[tuple[Reason, ...], bool]:
        """Why a tinted sunscreen is wanted (empty: it is not), and whether the skin is deep."""
        rule = self.rules["tone"]
        tone = self.reading.skin.tone
        deep = tone.ita < rule["tinted_below_ita"]
        why: list[Reason] = [
            reason for need in self.needs if need.goal in rule["pigment"] for reason in need.why
        ]
        if self.profile.pigmentation_prone:
            text = "You told us dark marks come easily."
            why.append(Reason(text=text, points_at="profile.pigmentation_prone"))
        elif deep and self.profile.pigmentation_prone is None:
            text = f"Your photo reads as {tone.ita_class} skin (ITA {tone.ita:.0f}°), which darkens"
            text += " more in visible light."
            why.append(Reason(text=text, points_at="skin.tone.ita", sources=(rule["source"],)))
        if why:
            why.append(Reason(text=rule["text"], points_at="rules.tone", sources=(rule["source"],)))
        return tuple(why), deep

    def _based_on(self, owned: int) -> tuple[str, ...]:
        tone = self.reading.skin.tone
        low, high = tone.ita_interval
        lines = [
            f"skin tone in your photo: {tone.ita_class}, ITA {tone.ita:.0f}° "
            f"({low:.0f} to {high:.0f}), an estimate of colour"
        ]
        measured = [c for c in self.reading.skin.concerns if c.score is not None]
        if measured:
            lines.append(f"{len(measured)} skin measures from your photo")
        else:
            lines.append("no skin concern was measured: treatments follow your goals alone")
        told = [f"{self.profile.skin_type} skin"] * bool(self.profile.skin_type)
        told += ["sensitive"] * self.profile.sensitive
        told += ["goals: " + ", ".join(map(plain, self.profile.goals))] * bool(self.profile.goals)
        avoids = (*self.profile.allergies, *self.profile.avoided_ingredients)
        told += ["without " + ", ".join(avoids)] * bool(avoids)
        told += [self.profile.pregnancy] if self.profile.pregnancy else []
        told += [f"budget: {self.profile.budget}"] * bool(self.profile.budget)
        lines.append("what you told us: " + ("; ".join(told) or "nothing yet"))
        lines.append(f"{owned} skincare products of yours that can be used")
        return tuple(lines)

    # --- the routine ------------------------------------------------------------------------

    def advise(self, bag: Sequence[BagItem | Mapping[str, Any]]) -> SkincareResult:
        for term in self.person.avoided.unknown:
            text = f"We know no ingredient called '{term}': please read labels for it yourself."
            self.notes.add("unknown_ingredient", text)
        self.shelf = shelf_of(bag, self.catalogue, self.person, self.today)
        self.notes += self.shelf.notes
        shelf = self.shelf.items
        self._protect(shelf)
        self._treat(shelf)
        self._support(shelf)
        self._base("cleanse", "cleanser", shelf)
        self._base("moisturise", "moisturiser", shelf)
        am, pm = (self._steps(session) for session in SESSIONS)
        see_doctor = self._see_doctor()
        return SkincareResult(
            status="partial" if self.partial else "completed",
            version=METHOD,
            catalogue=self.catalogue.version,
            ranking=self.ranking.version,
            based_on=self._based_on(len(shelf)),
            am=am,
            pm=pm,
            suggestions=tuple(self.suggestions),
            notes=tuple(self.notes),
            see_doctor=see_doctor,
            sources=self._sources(am + pm, see_doctor),
        )

    def _protect(self, shelf: Sequence[Item]) -> None:
        rule = self.rules["sun"]
        why = [Reason(text=rule["text"], points_at="rules.sun", sources=(rule["source"],))]
        owned = [item for item in shelf if item.step == "protect"]
        daily = [
            item for item in owned if self._may_introduce(item) and self.week.fits_daily(item, "am")
        ]
        best = min(daily, key=lambda i: (bool(self.tint) != i.tinted, -i.spf, i.key), default=None)
        for item in owned:
            if item is not best:
                text = f"{item.name} is not in this routine: one sunscreen is enough."
                if item not in daily:
                    text = f"{item.name} is left out: it cannot be worn every morning."
                self.notes.add("not_used", text, item.item_id)
        if best:
            self._daily(best, "am", [self._own(best), *why])
            return
        chosen = self._candidate("sunscreen", ("am",))
        if chosen:
            tint = self.tint if chosen.tinted else ()
            reasons = [*tint, *why, *self._fit(chosen)]
            self._suggest("protect", chosen, reasons)
            self._daily(chosen, "am", reasons)
            return
        # Sun protection closes every morning, even where we know no product that would do.
        self.partial = True
        self.notes.add(
            "no_sunscreen",
            "No sunscreen in the catalogue is free of what you avoid: ask a pharmacist for one.",
        )
        placeholder = Item(
            name=f"A broad-spectrum sunscreen with SPF {rule['spf']} or higher that you tolerate",
            category="sunscreen",
            step="protect",
            actives={},
            ingredients=frozenset(),
            tags=frozenset(),
            treats=False,
            helps={},
            irritancy=0,
            pregnancy="ok",
            medicine=None,
            sessions=("am",),
            weight=9,
            rinse_off=False,
            opened_months=12,
            spf=rule["spf"],
            tinted=False,
            cautions=(),
            sources=(),
        )
        self.week.place_daily(placeholder, "am", False, why)

    def _treat(self, shelf: Sequence[Item]) -> None:
        pool = [item for item in shelf if item.treats and self._is_scheduled(item)]
        helped: set[str] = set()
        for item in sorted(pool, key=self._priority):
            relevant = [need for need in self.needs if item.helps.get(need.goal)]
            if self._withheld(item, bool(relevant)):
                continue
            why = [self._own(item), *(reason for need in relevant for reason in need.why)]
            obstacle = self.week.place(item, item.key in self.shelf.new, why)
            if obstacle:
                self.notes.add("no_room", f"{item.name} is left out. {obstacle}", item.item_id)
                continue
            self.introduced += item.key in self.shelf.new
            helped |= set(item.helps)
        for need in self.needs:
            if need.goal in helped or need.goal == "dryness":  # dryness: the moisturiser's work
                continue
            if self.introduced >= self.rules["introduce"]["at_once"]:
                rule = self.rules["introduce"]
                text = f"{plain(need.goal).capitalize()} can wait. {rule['text']} "
                text += f"Look again in {rule['weeks']} weeks."
                self.notes.add("one_at_a_time", text, None, rule["source"])
                continue
            chosen = self._treatment_for(need)
            if chosen is None:
                text = f"For {plain(need.goal)} the catalogue has nothing with published evidence"
                text += " that suits what you told us."
                self.notes.add("nothing_fits", text)
                continue
            helped |= set(chosen.helps)

        if not self.needs and not any(p.item.treats for p in self.week.placed):
            text = "Nothing measured or told asks for an active: cleanse, moisturise and protect is"
            self.notes.add("no_active", f"{text} a complete routine.")

    def _treatment_for(self, need: _Need) -> Item | None:
        """Suggest and place the one product for an unmet need; None if nothing fits."""
        columns = self.catalogue
        kinds = ["serum", "treatment", "exfoliant", "toner"]
        if need.goal == "dark_circles":
            kinds = ["eye_care"]
        grade = columns.grade(need.goal)
        fits = (
            self._allowed
            & self._affordable
            & columns.in_category(*kinds)
            & columns.treats
            & (columns.label == FULL_LABEL)  # of an unknown strength it might be too strong
            & (grade > 0)
        )
        if self.sensitive:
            fits &= columns.irritancy <= 1
        if need.goal != "blemishes":
            fits &= columns.medicine == 0
        features = {**self._fitness, "grade": grade, "strength": columns.strength}
        score = self._score(features)
        for row in self._best(fits, score):
            item = columns.item_at(row)
            if item.rinse_off or not self._sun_allows(item):
                continue
            why = [*need.why, *self._evidence(item, need.goal), *self.sensitive_why]
            if self.week.place(item, True, why) is None:
                self.introduced += 1
                self._weigh(item, features, row)
                self._suggest(need.goal, item, why)
                return item
        return None

    def _support(self, shelf: Sequence[Item]) -> None:
        hydrating = [i for i in shelf if i.step == "treat" and not i.treats]
        for item in sorted(hydrating, key=self._priority):
            fitting = [s for s in SESSIONS if self.week.fits_daily(item, s)]
            for session in fitting:
                self._daily(item, session, [self._own(item)])
            if not fitting:
                text = f"{item.name} is left out. One hydrating layer is enough."
                self.notes.add("no_room", text, item.item_id)

    def _base(self, step: StepName, category: str, shelf: Sequence[Item]) -> None:
        """One product morning and evening: an owned one where it fits, else one suggestion."""
        owned = [i for i in shelf if i.step == step and not self._is_scheduled(i)]
        owned.sort(key=lambda i: (self._priority(i), i.key))
        gaps: list[Session] = []
        used: set[str] = set()
        for session in ("pm", "am"):
            fitting = [
                item
                for item in owned
                if self.week.fits_daily(item, session)
                and self._may_introduce(item)
                and self._sun_allows(item)
                # A cleanser that treats is enough once a day.
                and not (item.treats and item.irritancy and item.key in used)
            ]
            if not fitting:
                gaps.append(session)
                continue
            best = fitting[0]
            used.add(best.key)
            self._daily(best, session, [self._own(best), *self._met(best)])
        for item in owned:
            if not self._is_placed(item):
                text = f"{item.name} is not in this routine: another of yours does its work."
                if gaps:
                    text = f"{item.name} is left out: it clashes with the rest of the routine."
                self.notes.add("not_used", text, item.item_id)
        if not gaps:
            return
        chosen = self._candidate(category, tuple(gaps))
        if chosen is None:
            self.partial = True
            text = f"No {category} in the catalogue is free of what you avoid."
            self.notes.add(f"no_{category}", text)
            return
        text = f"Every routine needs a {category}; you own none that fits."
        source = self.rules["routine"]["source"]
        gap = Reason(text=text, points_at="rules.routine", sources=(source,))
        why = [gap, *self._met(chosen), *self._fit(chosen)]
        self._suggest(step, chosen, why)
        for session in gaps:
            self._daily(chosen, session, why)

    # --- choosing ---------------------------------------------------------------------------

    @cached_property
    def _allowed(self) -> Mask:
        """(n,) what may be suggested to this person, whatever it costs."""
        columns = self.catalogue
        mask: Mask = suitable_rows(columns, self.person, columns.containing, suggested=True)
        return mask

    @cached_property
    def _affordable(self) -> Mask:
        budget = self.profile.budget
        if budget is None:
            return np.ones(len(self.catalogue), dtype=bool)
        price = self.catalogue.price
        return (price >= 0) & (price <= PRICE_BANDS.index(budget))

    @cached_property
    def _fitness(self) -> dict[str, Scores]:
        """feature -> (n,): how each product fits this person, whatever the gap."""
        columns = self.catalogue
        price = np.where(columns.price < 0, PRICE_BANDS.index("mid"), columns.price)
        features: dict[str, Scores] = {
            "irritancy": columns.irritancy,
            "price": price,
            "medicine": columns.medicine > 0,
        }
        if self.needs:
            features["need"] = sum(
                (need.weight * columns.grade(need.goal) for need in self.needs),
                start=np.zeros(len(columns)),
            )
        if self.profile.skin_type:
            features["skin"] = columns.suits(self.profile.skin_type)
        if self.sensitive:
            features["sensitive"] = columns.suits("sensitive")
        return features

    def _score(self, features: Mapping[str, Scores]) -> Scores:
        """(n,) larger is better."""
        score = np.zeros(len(self.catalogue))
        for name, column in features.items():
            score += self.ranking.weights[name] * column
        return score

    def _weigh(self, item: Item, features: Mapping[str, Scores], row: int) -> None:
        """Keep what the ranking saw of a chosen product: feedback on it can teach the next one."""
        self.weighed[item.key] = {
            name: round(float(column[row]), 4) for name, column in features.items()
        }

    def _candidate(self, category: str, sessions: tuple[Session, ...]) -> Item | None:
        """The best plain product of a category (nothing in it that treats), or None.

        Over budget rather than not at all, which is then said.
        """
        columns = self.catalogue
        features = dict(self._fitness)
        if category == "sunscreen":
            features["tint_wanted" if self.tint else "tint_unwanted"] = columns.tinted
            features["white_cast"] = self.deep & columns.mineral & ~columns.tinted
        score = self._score(features)
        for within_budget in (True, False):
            fits = self._allowed & columns.in_category(category) & ~columns.treats
            if within_budget:
                fits &= self._affordable
            if category == "sunscreen":
                fits &= columns.spf >= self.rules["sun"]["spf"]
            for row in self._best(fits, score):
                item = columns.item_at(row)
                if all(self.week.fits_daily(item, session) for session in sessions):
                    self._weigh(item, features, row)
                    if not within_budget:
                        text = f"No {category} that suits you is within your budget."
                        self.notes.add("over_budget", text)
                    return item
        return None

    def _best(self, fits: Mask, score: Scores, most: int = 24) -> Iterator[int]:
        """Rows that fit, best score first, in the catalogue's order among equals."""
        rows = np.flatnonzero(fits)
        order = np.lexsort((rows, -np.round(score[rows], 6)))
        ranked = (int(row) for row in rows[order])
        columns = self.catalogue
        return islice(
            (
                row
                for row in ranked
                if not is_named(self.person, (columns.name(row), columns.brand_at(row)))
            ),
            most,
        )

    def _priority(self, item: Item) -> tuple[Any, ...]:
        """Owned treatments: what meets a need first, then what has the least choice of place."""
        relevance = sum(need.weight * item.helps.get(need.goal, 0) for need in self.needs)
        wanted = self.week.days_wanted(item, item.key in self.shelf.new)
        return (relevance == 0, len(item.sessions), wanted, -relevance, item.key)

    def _withheld(self, item: Item, relevant: bool) -> bool:
        if not self._sun_allows(item):
            text = f"{item.name} is left out. {self.rules['sun']['needed_text']}"
            self.notes.add("sunscreen_first", text, item.item_id, self._needs_sun(item)[0])
            return True
        if not self._may_introduce(item):
            rule = self.rules["introduce"]
            text = f"{item.name} can wait {rule['weeks']} weeks. {rule['text']}"
            self.notes.add("one_at_a_time", text, item.item_id, rule["source"])
            return True
        if self.sensitive and item.irritancy >= self.rules["needs"]["too_harsh"]:
            text = f"{item.name} is left out: too harsh for sensitive skin without a doctor."
            self.notes.add("too_harsh", text, item.item_id)
            return True
        if self.needs and item.irritancy > 1 and not relevant:
            text = f"{item.name} is left out: it is strong, and nothing here asks for it."
            self.notes.add("not_needed", text, item.item_id)
            return True
        return False

    def _may_introduce(self, item: Item) -> bool:
        room = self.introduced < self.rules["introduce"]["at_once"]
        return room or item.key not in self.shelf.new or self._is_placed(item)

    def _is_placed(self, item: Item) -> bool:
        return any(placed.item is item for placed in self.week.placed)

    def _sun_allows(self, item: Item) -> bool:
        sun = [p.item for p in self.week.placed if p.item.step == "protect"]
        real = any(item.product_id or item.item_id for item in sun)
        return real or not self._needs_sun(item)

    def _needs_sun(self, item: Item) -> list[str]:
        """The sources that ask for sunscreen with it."""
        needed_by = self.rules["sun"]["needed_by"]
        return [row["source"] for row in needed_by if row["family"] in item.tags]

    def _is_scheduled(self, item: Item) -> bool:
        """Whether it is placed as a treatment: it treats, or its pace is not daily."""
        paced = item.step == "moisturise" and bool(self.week.stages(item))
        return item.treats and (item.step == "treat" or paced)

    # --- saying -----------------------------------------------------------------------------

    def _daily(self, item: Item, session: Session, why: Iterable[Reason]) -> None:
        new = item.key in self.shelf.new
        self.introduced += new and not self._is_placed(item)
        self.week.place_daily(item, session, new, why)

    def _own(self, item: Item) -> Reason:
        return Reason(text="You own it.", points_at=f"bag.{item.item_id}")

    def _met(self, item: Item) -> list[Reason]:
        """Needs it helps with more than a hint of evidence."""
        return [reason for n in self.needs if item.helps.get(n.goal, 0) > 1 for reason in n.why]

    def _fit(self, item: Item) -> list[Reason]:
        skin = self.profile.skin_type
        row = item.product_id and self.catalogue.product(item.product_id)
        reasons = []
        if row and skin and skin != "sensitive" and skin in row.skin_types:
            reasons.append(skin_type_reason(skin))
        if row and self.sensitive and "sensitive" in row.skin_types:
            reasons += self.sensitive_why
        return reasons

    def _evidence(self, item: Item, goal: str) -> list[Reason]:
        """How sure it is that a suggested product helps; its label states every strength."""
        known = self.catalogue.ingredients.by_id
        parts = [(known[id_], percent) for id_, percent in item.actives.items()]
        best = best_for(goal, parts, rinse_off=item.rinse_off, unstated=False)
        return [evidence_reason(best[0], goal, best[1])] if best else []

    def _suggest(self, gap: str, item: Item, why: Iterable[Reason]) -> None:
        self.suggestions.append(
            Suggestion(
                gap=gap,
                product=_ref(item),
                price_band=item.price_band,
                why=tuple(why),
                features=self.weighed.get(item.key, {}),
            )
        )

    def _steps(self, session: Session) -> tuple[Step, ...]:
        order: list[str] = list(self.rules["routine"]["steps"])
        placed = sorted(
            (p for p in self.week.placed if p.session == session),
            key=lambda p: (order.index(p.item.step or "treat"), p.item.weight, p.item.key),
        )
        return tuple(self._step(p) for p in placed)

    def _step(self, placed: Placed) -> Step:
        item = placed.item
        cautions = list(item.cautions)
        sources = list(item.sources)
        if self._needs_sun(item):
            cautions.append(self.rules["sun"]["needed_text"])
            sources += self._needs_sun(item)
        for pace in self.rules["pace"]:
            if pace["family"] in item.tags and not item.rinse_off:
                cautions.append(pace["text"])
                sources.append(pace["source"])
        if item.medicine == "prescription":
            cautions.append(self.rules["doctor"]["prescription"])
        part = "morning" if placed.session == "am" else "evening"
        times = len(placed.days)
        often = f"every {part}" if times == len(DAYS) else f"{times} {part}s a week"
        if times == 1:
            often = f"one {part} a week"
        ramp = self.week.ramp(placed)
        if len(ramp) > 1:
            later = "; ".join(
                f"from week {s.from_week} "
                + ("daily" if s.days_per_week == len(DAYS) else f"{s.days_per_week} a week")
                for s in ramp[1:]
            )
            often += f"; if the skin stays calm, {later}"
        return Step(
            step=item.step or "treat",
            product=_ref(item),
            owned=item.owned,
            new=placed.new,
            days=placed.days,
            how_often=often,
            ramp=ramp,
            why=tuple(dict.fromkeys(placed.why)),
            cautions=tuple(dict.fromkeys(cautions)),
            sources=tuple(dict.fromkeys(sources)),
        )

    def _see_doctor(self) -> tuple[Note, ...]:
        hints = []
        confident = {
            c.name: c.score
            for c in self.reading.skin.concerns
            if c.score is not None and c.confidence >= self.rules["needs"]["confidence"]
        }
        for rule in self.rules["see_doctor"]:
            score = confident.get(rule["concern"])
            if score is not None and score <= rule["below"]:
                hints.append(
                    Note(code=rule["concern"], text=rule["text"], sources=(rule["source"],))
                )
        if self.profile.pregnancy:
            doctor = self.rules["doctor"]
            source = (doctor["pregnancy_source"],)
            hints.append(Note(code="pregnancy", text=doctor["pregnancy"], sources=source))
        return tuple(hints)

    def _sources(self, steps: Sequence[Step], see_doctor: Sequence[Note]) -> tuple[Source, ...]:
        things: list[Cites] = []
        for step in steps:
            things += [step, *step.why]
        ids = cited([*things, *self.notes, *see_doctor])
        return tuple(self.catalogue.source(id_) for id_ in ids)


def _ref(item: Item) -> ProductRef:
    return ProductRef(
        product_id=item.product_id, item_id=item.item_id, name=item.name, category=item.category
    )
