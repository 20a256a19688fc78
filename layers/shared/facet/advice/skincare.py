"""A morning and an evening routine from what a photo shows, what a person tells and what they own.

The rules are data (data/skincare/rules.toml, carried in the catalogue snapshot); this module only
interprets them. The same reading, profile, bag and catalogue always give the same routine.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from pydantic import ValidationError

from facet.advice.catalogue import MEDICINE, PREGNANCY, PRICE_BANDS, Catalogue, Item, Mask
from facet.advice.ingredients import Avoided, Ingredient, normal, read_percent
from facet.domain.advice import (
    Note,
    ProductRef,
    Profile,
    RampStage,
    Reason,
    SkincareResult,
    Step,
    Suggestion,
)
from facet.domain.face import FaceReading
from facet.domain.products import BagItem, Session, StepName

METHOD = "skincare-1"
WEEK = tuple(range(1, 8))
SESSIONS: tuple[Session, Session] = ("am", "pm")
# Where a described product goes among the layers, by category (a catalogue product says itself).
LAYER = {"cleanser": 1, "toner": 2, "exfoliant": 3, "serum": 4, "moisturiser": 7, "sunscreen": 9}
_SPF = re.compile(r"\bspf\s*(\d{1,3})", re.IGNORECASE)

Stages = tuple[tuple[int, int], ...]  # (from week, days a week)


def recommend_skincare(
    reading: FaceReading,
    profile: Profile,
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    *,
    today: date | None = None,
) -> SkincareResult:
    """A routine that keeps every rule of the catalogue.

    bag: items of any age; one that cannot be read, was withdrawn or must not be used is left out
    with a note. today: lets opened dates count (what is past its time, what is new); without it
    everything owned is taken as in use.
    """
    return _Advisor(reading, profile, catalogue, today).advise(bag)


@dataclass(frozen=True, slots=True)
class _Need:
    goal: str
    weight: float  # 0..1
    why: tuple[Reason, ...]


@dataclass(slots=True)
class _Placed:
    item: Item
    session: Session
    days: tuple[int, ...]
    new: bool
    stages: Stages
    why: list[Reason]


@dataclass(slots=True)
class _Plan:
    """The week so far: nothing enters it that breaks a rule."""

    rules: Mapping[str, Any]
    placed: list[_Placed] = field(default_factory=list)

    def obstacle(self, item: Item, session: Session, day: int) -> str | None:
        """Why the item cannot be used then, or None."""
        if session not in item.sessions:
            return "It belongs to the other half of the day."
        there = [
            p.item
            for p in self.placed
            if p.session == session and day in p.days and p.item is not item
        ]
        for other in there:
            for pair in self.rules["pair"]:
                a, b = pair["a"], pair["b"]
                if pair["level"] in ("block", "alternate") and (
                    (a in item.tags and b in other.tags) or (b in item.tags and a in other.tags)
                ):
                    return str(pair["text"])
        for single in self.rules["single"]:
            rivals = (
                there
                if single["per"] == "session"
                else [p.item for p in self.placed if not _same(p.item, item)]
            )
            if single["family"] in item.tags and any(single["family"] in r.tags for r in rivals):
                return str(single["text"])
        caps = self.rules["actives"]
        if _is_treatment(item) and sum(map(_is_treatment, there)) >= caps[session]:
            return "There are enough actives in that part of the day."
        if _is_support(item) and sum(map(_is_support, there)) >= caps["support"]:
            return "One hydrating layer is enough."
        return None

    def free_days(self, item: Item, session: Session) -> tuple[int, ...]:
        return tuple(day for day in WEEK if self.obstacle(item, session, day) is None)

    def stages(self, item: Item) -> Stages:
        """How the skin gets used to it: of all its actives, the slowest pace."""
        if item.rinse_off:
            return ()
        paces = [
            tuple((int(week), int(days)) for week, days in pace["stages"])
            for pace in self.rules["pace"]
            if pace["family"] in item.tags
        ]
        return min(paces, key=lambda stages: (stages[-1][1], stages[0][1]), default=())

    def order_of_sessions(self, item: Item) -> tuple[Session, ...]:
        wishes = [
            p["prefer"] for p in self.rules["place"] if p["family"] in item.tags and p.get("prefer")
        ]
        for pair in self.rules["pair"]:
            if pair["level"] == "prefer":
                wishes += ["am"] * (pair["a"] in item.tags) + ["pm"] * (pair["b"] in item.tags)
        first: Session = wishes[0] if wishes else ("pm" if item.irritancy > 1 else "am")
        return tuple(sorted(item.sessions, key=lambda session: session != first))

    def days_wanted(self, item: Item, new: bool) -> int:
        stages = self.stages(item)
        if not stages:
            return len(WEEK)
        return stages[0][1] if new else stages[-1][1]

    def place(self, item: Item, new: bool, why: Iterable[Reason]) -> str | None:
        """Put a treatment where it fits; returns why it fits nowhere, or None."""
        wanted = self.days_wanted(item, new)
        free = {session: self.free_days(item, session) for session in self.order_of_sessions(item)}
        session = max(free, key=lambda s: min(len(free[s]), wanted), default=None)
        if session is None or not free[session]:
            reasons = (self.obstacle(item, s, day) for s in item.sessions for day in WEEK)
            return next((reason for reason in reasons if reason), "There is no room for it.")
        days = _spread(free[session], wanted)
        stages = self.stages(item) if new else ()
        self.placed.append(_Placed(item, session, days, new, stages, list(why)))
        return None

    def fits_daily(self, item: Item, session: Session) -> bool:
        return len(self.free_days(item, session)) == len(WEEK) and not self.stages(item)

    def place_daily(self, item: Item, session: Session, new: bool, why: Iterable[Reason]) -> None:
        self.placed.append(_Placed(item, session, WEEK, new, (), list(why)))

    def ramp(self, placed: _Placed) -> tuple[RampStage, ...]:
        """Its stages, never more days than stay free of what it clashes with."""
        room = len(set(placed.days) | set(self.free_days(placed.item, placed.session)))
        stages: list[RampStage] = []
        for week, days in placed.stages:
            allowed = min(days, room)
            if not stages or allowed > stages[-1].days_per_week:
                stages.append(RampStage(from_week=week, days_per_week=allowed))
        return tuple(stages)


class _Advisor:
    """One piece of advice in the making."""

    def __init__(
        self, reading: FaceReading, profile: Profile, catalogue: Catalogue, today: date | None
    ) -> None:
        self.reading = reading
        self.profile = profile
        self.catalogue = catalogue
        self.today = today
        self.rules = catalogue.rules
        self.plan = _Plan(self.rules)
        self.notes: list[Note] = []
        self.suggestions: list[Suggestion] = []
        self.partial = False
        self.new: set[str] = set()  # keys of products the skin is not used to
        self.introduced = 0
        self.avoided: Avoided = catalogue.ingredients.avoided(
            (*profile.allergies, *profile.avoided_ingredients)
        )
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
            known = concern.score is not None and concern.confidence >= rule["confidence"]
            if known and concern.score is not None and concern.score <= rule["below"]:
                reason = Reason(
                    text=f"{_words(concern.name).capitalize()}: {concern.score:.0f} of 100 in "
                    "your photo.",
                    points_at=f"skin.concerns.{concern.name}",
                )
                need(concern.name, 1 - concern.score / 100, reason)
        for rank, goal in enumerate(self.profile.goals):
            reason = Reason(
                text=f"You want to work on {_words(goal)}.", points_at=f"profile.goals.{rank}"
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
        told += ["goals: " + ", ".join(map(_words, self.profile.goals))] * bool(self.profile.goals)
        avoids = (*self.profile.allergies, *self.profile.avoided_ingredients)
        told += ["without " + ", ".join(avoids)] * bool(avoids)
        told += [self.profile.pregnancy] if self.profile.pregnancy else []
        told += [f"budget: {self.profile.budget}"] * bool(self.profile.budget)
        lines.append("what you told us: " + ("; ".join(told) or "nothing yet"))
        lines.append(f"{owned} skincare products of yours that can be used")
        return tuple(lines)

    # --- the bag ----------------------------------------------------------------------------

    def _shelf(self, bag: Sequence[BagItem | Mapping[str, Any]]) -> list[Item]:
        usable = []
        for row in bag:
            try:
                entry = row if isinstance(row, BagItem) else BagItem.model_validate(dict(row))
            except (ValidationError, TypeError, ValueError):
                item_id = row.get("item_id") if isinstance(row, Mapping) else None
                self._note(
                    "bag_item_unreadable",
                    "One thing in your bag could not be read and was left out.",
                    item_id if isinstance(item_id, str) else None,
                )
                continue
            item = self._read(entry)
            if item is not None and self._may_be_used(item, entry):
                usable.append(item)
        return sorted(usable, key=lambda item: item.key)

    def _read(self, entry: BagItem) -> Item | None:
        if entry.product_id is not None:
            item = self.catalogue.item(entry.product_id)
            if item is None:
                name = entry.name or entry.product_id
                text = f"{name} is no longer in the catalogue and was left out."
                self._note("product_withdrawn", text, entry.item_id)
                return None
            return replace(item, item_id=entry.item_id) if item.step else None
        if not entry.category or not entry.name:
            text = "Something in your bag has no name or category, so it was left out."
            self._note("bag_item_incomplete", text, entry.item_id)
            return None
        called = normal(entry.category)
        category = self.rules["routine"]["called"].get(called, called.replace(" ", "_"))
        step = self.catalogue.step_of(category)
        if step is None:  # make-up and the like: another job's business
            return None
        return self._described(entry, entry.name, category, step)

    def _described(self, entry: BagItem, name: str, category: str, step: StepName) -> Item:
        """A product its owner describes: what its label and name say of it."""
        known = self.catalogue.ingredients
        parts: dict[Ingredient, float | None] = {}
        for label in entry.ingredients:
            text, percent = read_percent(label)
            if found := known.find(text):
                parts.setdefault(found, percent)
        named = known.read_text(name)
        for found in named:
            parts.setdefault(found, read_percent(name)[1] if len(named) == 1 else None)
        bought_for = [i for i in parts if i.role in ("active", "filter")] or list(parts)
        spf = entry.spf or max((int(n) for n in _SPF.findall(name)), default=0)
        return Item(
            name=name,
            category=category,
            step=step,
            actives={i.id: parts[i] for i in bought_for},
            ingredients=frozenset(i.id for i in parts),
            treats=any(i.role == "active" for i in parts),
            # An unknown strength is credited with the least.
            helps={
                goal: grade if percent is not None else 1
                for i, percent in parts.items()
                for goal, (grade, least, _) in i.helps.items()
                if percent is None or percent >= least
            },
            irritancy=max((i.irritancy for i in parts), default=0),
            pregnancy=max((i.pregnancy for i in parts), key=PREGNANCY.index, default="ok"),
            medicine=max((i.medicine for i in parts), key=MEDICINE.index, default=None),
            weight=LAYER.get(category, 5),
            rinse_off=step == "cleanse",
            opened_months=12,
            spf=spf,
            tinted=any("tint" in i.families for i in parts),
            item_id=entry.item_id,
            **self.catalogue.of_actives(list(parts), [(i, parts[i]) for i in bought_for]),
        )

    def _may_be_used(self, item: Item, entry: BagItem) -> bool:
        refusal = self._refusal(item, entry)
        if refusal:
            code, why = refusal
            self._note(code, f"{item.name}: {why}", entry.item_id)
            return False
        rule = self.rules["introduce"]
        weeks = timedelta(weeks=rule["weeks"])
        if item.treats and self.today and entry.opened and entry.opened > self.today - weeks:
            self.new.add(item.key)
        if item.medicine == "prescription":
            doctor = self.rules["doctor"]
            self._note(
                "prescription",
                f"{item.name}: {doctor['prescription']}",
                entry.item_id,
                doctor["prescription_source"],
            )
        return True

    def _refusal(self, item: Item, entry: BagItem) -> tuple[str, str] | None:
        """(code, why) an owned product stays out, or None."""
        told = self.profile.pregnancy
        labels = (item.name, *(read_percent(label)[0] for label in entry.ingredients))
        avoided = item.ingredients & self.avoided.ingredients
        opaque = item.product_id is None and not entry.ingredients
        keeps = timedelta(days=round(item.opened_months * 30.44))
        least = self.rules["sun"]["spf"]
        spf = f"SPF {item.spf} is too low" if item.spf else "its SPF is not known"
        refusals = (
            (
                avoided or any(self.avoided.named_in(label) for label in labels),
                "avoided_ingredient",
                "contains something you avoid.",
            ),
            (entry.quantity == 0, "used_up", "is used up."),
            (
                opaque and (self.avoided or told),
                "ingredients_needed",
                "add its ingredients, so that we can check them.",
            ),
            (
                opaque and item.step == "treat" and not item.ingredients,
                "ingredients_needed",
                "add its ingredients, so that we know what it does.",
            ),
            (
                told and item.pregnancy == "avoid",
                "not_in_pregnancy",
                "not during pregnancy, while planning it or breastfeeding.",
            ),
            (
                told and item.pregnancy == "ask",
                "ask_in_pregnancy",
                "ask your doctor first; left out until then.",
            ),
            (
                self.today and entry.opened and entry.opened + keeps < self.today,
                "expired",
                f"open for more than {item.opened_months} months: replace it.",
            ),
            (
                item.step == "protect" and item.spf < least,
                "spf_too_low",
                f"{spf}; SPF {least} or higher is needed.",
            ),
        )
        return next(((code, why) for applies, code, why in refusals if applies), None)

    # --- the routine ------------------------------------------------------------------------

    def advise(self, bag: Sequence[BagItem | Mapping[str, Any]]) -> SkincareResult:
        for term in self.avoided.unknown:
            text = f"We know no ingredient called '{term}': please read labels for it yourself."
            self._note("unknown_ingredient", text)
        shelf = self._shelf(bag)
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
        owned = [item for item in shelf if item.step == "protect" and self._may_introduce(item)]
        owned = [item for item in owned if self.plan.fits_daily(item, "am")]
        if owned:
            best = min(owned, key=lambda i: (bool(self.tint) != i.tinted, -i.spf, i.key))
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
        self._note(
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
        self.plan.place_daily(placeholder, "am", False, why)

    def _treat(self, shelf: Sequence[Item]) -> None:
        pool = [item for item in shelf if item.treats and self._is_scheduled(item)]
        helped: set[str] = set()
        for item in sorted(pool, key=self._priority):
            relevant = [need for need in self.needs if item.helps.get(need.goal)]
            if self._withheld(item, bool(relevant)):
                continue
            why = [self._own(item), *(reason for need in relevant for reason in need.why)]
            obstacle = self.plan.place(item, item.key in self.new, why)
            if obstacle:
                self._note("no_room", f"{item.name} is left out. {obstacle}", item.item_id)
                continue
            self.introduced += item.key in self.new
            helped |= set(item.helps)
        for need in self.needs:
            if need.goal in helped or need.goal == "dryness":  # dryness: the moisturiser's work
                continue
            if self.introduced >= self.rules["introduce"]["at_once"]:
                rule = self.rules["introduce"]
                text = f"{_words(need.goal).capitalize()} can wait. {rule['text']} "
                text += f"Look again in {rule['weeks']} weeks."
                self._note("one_at_a_time", text, None, rule["source"])
                continue
            chosen = self._treatment_for(need)
            if chosen is None:
                text = f"For {_words(need.goal)} the catalogue has nothing with published evidence"
                text += " that suits what you told us."
                self._note("nothing_fits", text)
                continue
            helped |= set(chosen.helps)

        if not self.needs and not any(p.item.treats for p in self.plan.placed):
            text = "Nothing measured or told asks for an active: cleanse, moisturise and protect is"
            self._note("no_active", f"{text} a complete routine.")

    def _treatment_for(self, need: _Need) -> Item | None:
        """Suggest and place the one product for an unmet need; None if nothing fits."""
        columns, rank = self.catalogue, self.rules["rank"]
        kinds = ["serum", "treatment", "exfoliant", "toner"]
        if need.goal == "dark_circles":
            kinds = ["eye_care"]
        grade = columns.grade(need.goal)
        fits = self._allowed() & columns.in_category(*kinds) & columns.treats & (grade > 0)
        if self.sensitive:
            fits &= columns.irritancy <= 1
        if need.goal != "blemishes":
            fits &= columns.medicine == 0
        score = rank["grade"] * grade + self._fitness()
        score = score + rank["strength"] * columns.strength
        for row in self._best(fits, score):
            item = columns.item_at(row)
            if item.rinse_off or not self._sun_allows(item):
                continue
            why = [*need.why, *self._evidence(item, need.goal), *self.sensitive_why]
            if self.plan.place(item, True, why) is None:
                self.introduced += 1
                self._suggest(need.goal, item, why)
                return item
        return None

    def _support(self, shelf: Sequence[Item]) -> None:
        for item in sorted((i for i in shelf if _is_support(i)), key=self._priority):
            fitting = [s for s in SESSIONS if self.plan.fits_daily(item, s)]
            for session in fitting:
                self._daily(item, session, [self._own(item)])
            if not fitting:
                text = f"{item.name} is left out. One hydrating layer is enough."
                self._note("no_room", text, item.item_id)

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
                if self.plan.fits_daily(item, session)
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
                self._note("not_used", text, item.item_id)
        if not gaps:
            return
        chosen = self._candidate(category, tuple(gaps))
        if chosen is None:
            self.partial = True
            text = f"No {category} in the catalogue is free of what you avoid."
            self._note(f"no_{category}", text)
            return
        text = f"Every routine needs a {category}; you own none that fits."
        source = self.rules["routine"]["source"]
        gap = Reason(text=text, points_at="rules.routine", sources=(source,))
        why = [gap, *self._met(chosen), *self._fit(chosen)]
        self._suggest(step, chosen, why)
        for session in gaps:
            self._daily(chosen, session, why)

    # --- choosing ---------------------------------------------------------------------------

    def _allowed(self, within_budget: bool = True) -> Mask:
        columns = self.catalogue
        allowed = ~columns.containing(self.avoided.ingredients) & ~columns.named_like(self.avoided)
        allowed &= columns.medicine < MEDICINE.index("prescription")
        if self.profile.pregnancy:
            allowed &= columns.pregnancy == PREGNANCY.index("ok")
        if within_budget and self.profile.budget:
            allowed &= columns.price <= PRICE_BANDS.index(self.profile.budget)
        return allowed

    def _fitness(self) -> Any:
        """(n,) how well each product fits this person, whatever the gap."""
        columns, rank = self.catalogue, self.rules["rank"]
        score = rank["irritancy"] * columns.irritancy + rank["price"] * columns.price
        score = score + rank["medicine"] * (columns.medicine > 0)
        for need in self.needs:
            score = score + rank["need"] * need.weight * columns.grade(need.goal)
        if self.profile.skin_type:
            score = score + rank["skin"] * columns.suits(self.profile.skin_type)
        if self.sensitive:
            score = score + rank["sensitive"] * columns.suits("sensitive")
        return score

    def _candidate(self, category: str, sessions: tuple[Session, ...]) -> Item | None:
        """The best plain product of a category (nothing in it that treats), or None.

        Over budget rather than not at all, which is then said.
        """
        columns, rank = self.catalogue, self.rules["rank"]
        score = self._fitness()
        if category == "sunscreen":
            tint = rank["tint_wanted"] if self.tint else rank["tint_unwanted"]
            score = score + tint * columns.tinted
            score = score + rank["white_cast"] * (self.deep & columns.mineral & ~columns.tinted)
        for within_budget in (True, False):
            fits = self._allowed(within_budget) & columns.in_category(category) & ~columns.treats
            if category == "sunscreen":
                fits &= columns.spf >= self.rules["sun"]["spf"]
            for row in self._best(fits, score):
                item = columns.item_at(row)
                if all(self.plan.fits_daily(item, session) for session in sessions):
                    if not within_budget:
                        text = f"No {category} that suits you is within your budget."
                        self._note("over_budget", text)
                    return item
        return None

    def _best(self, fits: Mask, score: Any, most: int = 24) -> list[int]:
        """Rows that fit, best score first, in the catalogue's order among equals."""
        rows = np.flatnonzero(fits)
        order = np.lexsort((rows, -np.round(score[rows], 6)))
        return [int(row) for row in rows[order][:most]]

    def _priority(self, item: Item) -> tuple[Any, ...]:
        """Owned treatments: what meets a need first, then what has the least choice of place."""
        relevance = sum(need.weight * item.helps.get(need.goal, 0) for need in self.needs)
        wanted = self.plan.days_wanted(item, item.key in self.new)
        return (relevance == 0, len(item.sessions), wanted, -relevance, item.key)

    def _withheld(self, item: Item, relevant: bool) -> bool:
        if not self._sun_allows(item):
            text = f"{item.name} is left out. {self.rules['sun']['needed_text']}"
            self._note("sunscreen_first", text, item.item_id, self.rules["sun"]["needed_source"])
            return True
        if not self._may_introduce(item):
            rule = self.rules["introduce"]
            text = f"{item.name} can wait {rule['weeks']} weeks. {rule['text']}"
            self._note("one_at_a_time", text, item.item_id, rule["source"])
            return True
        if self.sensitive and item.irritancy >= self.rules["needs"]["too_harsh"]:
            text = f"{item.name} is left out: too harsh for sensitive skin without a doctor."
            self._note("too_harsh", text, item.item_id)
            return True
        if self.needs and item.irritancy > 1 and not relevant:
            text = f"{item.name} is left out: it is strong, and nothing here asks for it."
            self._note("not_needed", text, item.item_id)
            return True
        return False

    def _may_introduce(self, item: Item) -> bool:
        room = self.introduced < self.rules["introduce"]["at_once"]
        return room or item.key not in self.new or self._is_placed(item)

    def _is_placed(self, item: Item) -> bool:
        return any(placed.item is item for placed in self.plan.placed)

    def _sun_allows(self, item: Item) -> bool:
        sun = [p.item for p in self.plan.placed if p.item.step == "protect"]
        real = any(item.product_id or item.item_id for item in sun)
        return real or not item.tags & set(self.rules["sun"]["needed_by"])

    def _is_scheduled(self, item: Item) -> bool:
        """Whether it is placed as a treatment: it treats, or its pace is not daily."""
        return (item.step == "treat" or bool(self.plan.stages(item))) and item.treats

    # --- saying -----------------------------------------------------------------------------

    def _daily(self, item: Item, session: Session, why: Iterable[Reason]) -> None:
        new = item.key in self.new
        self.introduced += new and not self._is_placed(item)
        self.plan.place_daily(item, session, new, why)

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
            text = f"Suits {skin} skin, as you told us."
            reasons.append(Reason(text=text, points_at="profile.skin_type"))
        if row and self.sensitive and "sensitive" in row.skin_types:
            reasons += self.sensitive_why
        return reasons

    def _evidence(self, item: Item, goal: str) -> list[Reason]:
        known = self.catalogue.ingredients.by_id
        best = [
            (-known[id_].helps[goal][0], known[id_])
            for id_ in item.actives
            if goal in known[id_].helps
        ]
        if not best:
            return []
        grade, ingredient = min(best, key=lambda pair: (pair[0], pair[1].id))
        weight = {3: "Agreed on by dermatologists", 2: "Shown in trials", 1: "Some evidence"}
        return [
            Reason(
                text=f"{weight[-grade]} for {_words(goal)}: {ingredient.common_name}.",
                points_at=f"catalogue.ingredients.{ingredient.id}",
                sources=(ingredient.helps[goal][2],),
            )
        ]

    def _suggest(self, gap: str, item: Item, why: Iterable[Reason]) -> None:
        self.suggestions.append(
            Suggestion(gap=gap, product=_ref(item), price_band=item.price_band, why=tuple(why))
        )

    def _note(
        self, code: str, text: str, item_id: str | None = None, source: str | None = None
    ) -> None:
        sources = (source,) if source else ()
        self.notes.append(Note(code=code, text=text, item_id=item_id, sources=sources))

    def _steps(self, session: Session) -> tuple[Step, ...]:
        order: list[str] = list(self.rules["routine"]["steps"])
        placed = sorted(
            (p for p in self.plan.placed if p.session == session),
            key=lambda p: (order.index(p.item.step or "treat"), p.item.weight, p.item.key),
        )
        return tuple(self._step(p) for p in placed)

    def _step(self, placed: _Placed) -> Step:
        item = placed.item
        sun = self.rules["sun"]
        cautions = list(item.cautions)
        sources = list(item.sources)
        if item.tags & set(sun["needed_by"]):
            cautions.append(sun["needed_text"])
            sources.append(sun["needed_source"])
        for pace in self.rules["pace"]:
            if pace["family"] in item.tags and not item.rinse_off:
                cautions.append(pace["text"])
                sources.append(pace["source"])
        if item.medicine == "prescription":
            cautions.append(self.rules["doctor"]["prescription"])
        part = "morning" if placed.session == "am" else "evening"
        times = len(placed.days)
        often = f"every {part}" if times == len(WEEK) else f"{times} {part}s a week"
        if times == 1:
            often = f"one {part} a week"
        ramp = self.plan.ramp(placed)
        if len(ramp) > 1:
            later = "; ".join(
                f"from week {s.from_week} "
                + ("daily" if s.days_per_week == len(WEEK) else f"{s.days_per_week} a week")
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

    def _sources(self, steps: Sequence[Step], see_doctor: Sequence[Note]) -> Any:
        cited: list[str] = []
        for step in steps:
            cited += step.sources
            cited += [source for reason in step.why for source in reason.sources]
        cited += [source for note in (*self.notes, *see_doctor) for source in note.sources]
        return tuple(self.catalogue.source(source) for source in dict.fromkeys(cited))


def _is_treatment(item: Item) -> bool:
    """Counts against the actives of a session; the skin round the eyes is another place."""
    return (
        item.treats
        and not item.rinse_off
        and item.category != "eye_care"
        and (item.step in ("treat", "moisturise"))
    )


def _is_support(item: Item) -> bool:
    return item.step == "treat" and not item.treats and item.category != "eye_care"


def _same(one: Item, other: Item) -> bool:
    return one.key == other.key


def _spread(days: Sequence[int], wanted: int) -> tuple[int, ...]:
    """`wanted` of these days, as evenly as they allow."""
    if wanted >= len(days):
        return tuple(days)
    return tuple(days[((2 * i + 1) * len(days)) // (2 * wanted)] for i in range(wanted))


def _ref(item: Item) -> ProductRef:
    return ProductRef(
        product_id=item.product_id, item_id=item.item_id, name=item.name, category=item.category
    )


def _words(goal: str) -> str:
    return goal.replace("_", " ")
