"""Which products make a routine: what a doctor prescribed, then protect, treat, support, then what
every routine needs.

What is owned comes first, and a gap is filled with one suggestion. Every step puts products into
the week and yields what was decided on the way; facet.advice.skincare.say has the words for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from facet.advice.skincare.choice import (
    Candidate,
    Offer,
    plain_products,
    treatments,
    why_nothing,
)
from facet.advice.skincare.needs import Need
from facet.advice.skincare.read import Brief
from facet.advice.skincare.week import DAYS, Obstacle, Placed, Week
from facet.catalogue.catalogue import Item
from facet.domain.products import Session, StepName

SESSIONS: tuple[Session, Session] = ("am", "pm")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know about a routine, not yet in a sentence."""

    code: str  # of the note
    about: Item | None = None
    case: str = ""  # which sentence, where the code has several
    goal: str = ""
    category: str = ""
    obstacle: Obstacle | None = None
    before: Item | None = None  # what goes before it
    week: int = 0  # when its turn comes, 1 is the first week; 0: nobody knows
    source: str | None = None

    @property
    def sentence(self) -> str:
        """Key of its sentence below routine.note."""
        return self.case or self.code


@dataclass(frozen=True, slots=True)
class Proposal:
    """A product to get, and the gap it fills."""

    gap: str  # cleanse, moisturise, protect, or a goal
    item: Item
    features: Mapping[str, float]
    need: Need | None = None  # of a goal


type Decision = Remark | Proposal


@dataclass(frozen=True, slots=True)
class Choice:
    """A routine, and what was decided on the way to it."""

    week: Week
    proposals: tuple[Proposal, ...]
    remarks: tuple[Remark, ...]

    @property
    def missing(self) -> frozenset[str]:
        """Categories that a routine needs and of which nothing is to be had."""
        return frozenset(r.category for r in self.remarks if r.code == f"no_{r.category}")

    def proposal_of(self, item: Item) -> Proposal | None:
        """The proposal that brought an item in, or None for an owned one."""
        return next((p for p in self.proposals if p.item is item), None)

    def in_order(self, session: Session) -> Sequence[Placed]:
        """The products of a session, in the order they are put on."""
        steps = self.week.rules["routine"]["steps"]
        return sorted(
            (p for p in self.week.placed if p.session == session),
            key=lambda p: (steps.index(p.item.step or "treat"), p.item.weight, p.item.key),
        )


def choose_routine(brief: Brief) -> Choice:
    """A week of mornings and evenings that keeps every rule of the catalogue."""
    week, offer = Week(brief.rules, sensitive=brief.care.is_sensitive), Offer(brief)
    decisions: list[Decision] = [
        *_prescribed(brief, week),
        *_protect(brief, offer, week),
        *_treat_with_owned(brief, week),
        *_treat_with_new(brief, offer, week),
        *_support(brief, week),
        *_base(brief, offer, week, step="cleanse", category="cleanser"),
        *_base(brief, offer, week, step="moisturise", category="moisturiser"),
    ]
    return Choice(
        week=week,
        proposals=tuple(d for d in decisions if isinstance(d, Proposal)),
        remarks=tuple(d for d in decisions if isinstance(d, Remark)),
    )


# --- what a doctor prescribed ---------------------------------------------------------------------


def _prescribed(brief: Brief, week: Week) -> Iterator[Decision]:
    """What a doctor prescribed, as it was prescribed, before everything else."""
    for item in brief.shelf:
        if use := brief.prescribed.get(item.key):
            clash = week.place_prescribed(item, use, new=brief.is_new(item))
            if clash:
                yield Remark("prescriptions_clash", item, obstacle=clash)
            elif alike := week.alike(item):
                yield Remark("prescriptions_clash", item, "prescriptions_alike", before=alike)


def _medicine_for(brief: Brief, goal: str) -> Item | None:
    """A medicine beside which nothing is suggested for a goal, or None.

    That is any that was prescribed, and one that is listed alone if it helps the goal.
    """
    prescribed = [item for item in brief.shelf if brief.is_prescribed(item)]
    listed = [item for item in brief.listed if goal in brief.aims_of(item)]
    return next(iter((*prescribed, *listed)), None)


def _kin_of(brief: Brief, item: Item) -> Item | None:
    """A listed medicine of an item's own kind, which may be in use: two of a kind are too much."""
    return next((medicine for medicine in brief.listed if medicine.tags & item.tags), None)


# --- sun protection ------------------------------------------------------------------------------


def _protect(brief: Brief, offer: Offer, week: Week) -> Iterator[Decision]:
    """One sunscreen every morning: the owned one that fits best, else one suggestion."""
    owned = [i for i in brief.shelf if i.step == "protect" and not brief.is_prescribed(i)]
    daily = [
        item
        for item in owned
        if _may_be_introduced(brief, week, item) and week.fits_daily(item, "am")
    ]
    tinted = brief.care.wants_tint
    best = min(daily, key=lambda i: (tinted != i.tinted, -i.spf, i.key), default=None)
    for item in owned:
        if item is not best:
            case = "one_sunscreen" if item in daily else "not_every_morning"
            yield Remark("not_used", item, case)
    if best:
        _place_daily(brief, week, best, "am")
    else:
        yield from _fill(brief, offer, week, step="protect", category="sunscreen", gaps=("am",))


# --- treatments ----------------------------------------------------------------------------------


def _treat_with_owned(brief: Brief, week: Week) -> Iterator[Decision]:
    """Owned treatments, each at its own pace, where nothing speaks against them.

    What the skin is used to keeps its place and shares the week; then comes what is new, one at
    once.
    """
    pool = [item for item in brief.shelf if is_scheduled(week, item)]
    pool = [item for item in pool if not brief.is_prescribed(item)]
    fit: list[Item] = []
    for item in sorted(pool, key=lambda item: _priority(brief, week, item)):
        if remark := _withheld(brief, week, item):
            yield remark
        else:
            fit.append(item)
    used = [item for item in fit if not brief.is_new(item)]
    shares = week.shares([(item, False) for item in used])
    for item in used:
        outcome = week.place_treatment(item, new=False, most=shares[item.key])
        if isinstance(outcome, Obstacle):
            yield Remark("no_room", item, obstacle=outcome)
    new = [item for item in fit if brief.is_new(item)]
    for item in sorted(new, key=lambda item: (-_relevance(brief, item), item.irritancy, item.key)):
        yield from _introduce(brief, week, item)


def _introduce(brief: Brief, week: Week, item: Item) -> Iterator[Decision]:
    """An owned treatment that the skin is not used to, or when its turn comes."""
    source = brief.rules["introduce"]["source"]
    prescribed = next((i for i in brief.shelf if brief.is_prescribed(i)), None)
    untold = "_untold" if item.key in brief.untold else ""
    if prescribed:
        yield Remark("prescription_first", item, f"product_asks{untold}", before=prescribed)
    elif not _may_be_introduced(brief, week, item):
        turn = _turn(brief, week, item)
        case = f"product_can_wait{untold}"
        yield Remark("one_at_a_time", item, case, before=week.first_new, week=turn, source=source)
    elif isinstance(outcome := week.place_treatment(item, new=True), Obstacle):
        yield Remark("no_room", item, obstacle=outcome)


def _turn(brief: Brief, week: Week, item: Item | None = None) -> int:
    """The week in which the next thing that waits is begun; from now on it is in the queue."""
    rule = brief.rules["introduce"]
    before = (week.introduced + len(week.queue)) // int(rule["at_once"])
    turn = 1 + int(rule["weeks"]) * before
    week.queue.append((item, turn))
    return turn


def _treat_with_new(brief: Brief, offer: Offer, week: Week) -> Iterator[Decision]:
    """One suggestion for each need that nothing placed so far helps.

    None while an allergy is not understood: whatever is suggested might hold it.
    """
    if brief.person.unclear:
        return
    rule = brief.rules["introduce"]
    for need in brief.care.needs:
        # dryness: the moisturiser's work
        if need.goal in _helped(brief, week) or need.goal == "dryness":
            continue
        if medicine := _medicine_for(brief, need.goal):
            case = "goal_asks" if brief.is_prescribed(medicine) else "goal_untold"
            yield Remark("prescription_first", case=case, goal=need.goal, before=medicine)
        elif waits := _in_queue(brief, week, need.goal):
            item, turn = waits
            case = "goal_has_product"
            yield Remark("one_at_a_time", case=case, goal=need.goal, before=item, week=turn)
        elif week.introduced + len(week.queue) >= rule["at_once"]:
            before, turn = week.first_new, _turn(brief, week)
            yield Remark(
                "one_at_a_time",
                case="goal_can_wait",
                goal=need.goal,
                before=before,
                week=turn,
                source=rule["source"],
            )
        elif proposal := _treatment_for(brief, offer, week, need):
            yield proposal
        else:
            case = f"nothing_{why_nothing(offer, need) or 'no_room'}"
            yield Remark("nothing_fits", case=case, goal=need.goal)
    asks = brief.care.needs or brief.person.age.is_base_care
    if not asks and not any(p.item.treats for p in week.placed):
        yield Remark("no_active")


def _in_queue(brief: Brief, week: Week, goal: str) -> tuple[Item, int] | None:
    """An owned product for a goal that waits, and till which week; None where none does."""
    waiting = ((item, turn) for item, turn in week.queue if item)
    return next(((i, turn) for i, turn in waiting if goal in brief.aims_of(i)), None)


def _treatment_for(brief: Brief, offer: Offer, week: Week, need: Need) -> Proposal | None:
    """The best treatment for a need that finds a place, put there; None where none does."""
    for candidate in treatments(offer, need):
        item = candidate.item
        if item.rinse_off or not _sun_allows(brief, week, item):
            continue
        if isinstance(week.place_treatment(item, new=True), Placed):
            return Proposal(need.goal, item, candidate.features, need)
    return None


def _helped(brief: Brief, week: Week) -> set[str]:
    """Goals that what is placed is for, sunscreen aside."""
    placed = (p.item for p in week.placed if p.item.step != "protect")
    return {goal for item in placed for goal in brief.aims_of(item)}


def _withheld(brief: Brief, week: Week, item: Item) -> Remark | None:
    """Why an owned treatment stays out whatever room there is, or None."""
    care, aims = brief.care, brief.aims_of(item)
    if not _sun_allows(brief, week, item):
        return Remark("sunscreen_first", item, source=sun_sources(brief.rules, item)[0])
    if kin := _kin_of(brief, item):
        return Remark("prescription_first", item, "product_untold", before=kin)
    if care.too_harsh(item.irritancy, aims, brief.rules):
        return Remark("too_harsh", item)
    if care.needs and item.irritancy > 1 and not care.goals & set(aims):
        return Remark("not_needed", item)
    return None


# --- the rest ------------------------------------------------------------------------------------


def _support(brief: Brief, week: Week) -> Iterator[Decision]:
    """Owned hydrating layers, morning and evening where they fit."""
    layers = [item for item in brief.shelf if item.step == "treat" and not item.treats]
    for item in sorted(layers, key=lambda item: _priority(brief, week, item)):
        fitting = [session for session in SESSIONS if week.fits_daily(item, session)]
        for session in fitting:
            _place_daily(brief, week, item, session)
        if not fitting:
            obstacle = Obstacle("not_daily" if item.rinse_off else "enough_layers")
            yield Remark("no_room", item, obstacle=obstacle)


def _base(
    brief: Brief, offer: Offer, week: Week, *, step: StepName, category: str
) -> Iterator[Decision]:
    """One product morning and evening: an owned one where it fits, else one suggestion."""
    owned = [
        item
        for item in brief.shelf
        if item.step == step and not is_scheduled(week, item) and not brief.is_prescribed(item)
    ]
    owned.sort(key=lambda item: _priority(brief, week, item))
    gaps: list[Session] = []
    for session in ("pm", "am"):
        if any(
            _does_it(placed, step, session) or _does_both(placed, category, session)
            for placed in week.placed
        ):
            continue
        best = next((item for item in owned if _fits(brief, week, item, session)), None)
        if best:
            _place_daily(brief, week, best, session)
        else:
            gaps.append(session)
    for item in owned:
        if not week.holds(item):
            yield Remark("not_used", item, "clashes" if gaps else "another_does_it")
    if gaps:
        yield from _fill(brief, offer, week, step=step, category=category, gaps=gaps)


def _does_it(placed: Placed, step: StepName, session: Session) -> bool:
    """Whether what a doctor prescribed is this step of every day."""
    daily = placed.item.step == step and placed.session == session and len(placed.days) == len(DAYS)
    return placed.prescribed and daily


def _does_both(placed: Placed, category: str, session: Session) -> bool:
    """Whether a sunscreen is of this category too: a day cream that protects moisturises."""
    item = placed.item
    return placed.session == session and item.step == "protect" and item.category == category


def _fits(brief: Brief, week: Week, item: Item, session: Session) -> bool:
    """Whether an owned cleanser or moisturiser can be used every day of a session."""
    return (
        week.fits_daily(item, session)
        and _may_be_introduced(brief, week, item)
        and _sun_allows(brief, week, item)
        # A cleanser that treats is enough once a day.
        and not (item.treats and item.irritancy and week.holds(item))
    )


def _fill(
    brief: Brief,
    offer: Offer,
    week: Week,
    *,
    step: StepName,
    category: str,
    gaps: Sequence[Session],
) -> Iterator[Decision]:
    """The best plain product of a category, in every session that lacks one.

    Over budget rather than not at all, which is then said.
    """
    candidate = _plain_product(offer, week, category, gaps)
    if candidate is None:
        yield Remark(f"no_{category}", category=category)
        return
    if candidate.over_budget:
        yield Remark("over_budget", category=category)
    yield Proposal(step, candidate.item, candidate.features)
    for session in gaps:
        _place_daily(brief, week, candidate.item, session)


def _plain_product(
    offer: Offer, week: Week, category: str, gaps: Sequence[Session]
) -> Candidate | None:
    return next(
        (
            candidate
            for candidate in plain_products(offer, category)
            if all(week.fits_daily(candidate.item, session) for session in gaps)
        ),
        None,
    )


# --- what is asked of a product ------------------------------------------------------------------


def is_scheduled(week: Week, item: Item) -> bool:
    """Whether an item is placed as a treatment: it treats, or its pace is not daily."""
    strains = bool(week.stages(item) or week.load.strain(item))
    return item.treats and (item.step == "treat" or (item.step == "moisturise" and strains))


def sun_sources(rules: Mapping[str, Any], item: Item) -> list[str]:
    """The sources that ask for sunscreen with an item; empty: none does."""
    needed_by = rules["sun"]["needed_by"]
    return [row["source"] for row in needed_by if row["family"] in item.tags]


def _sun_allows(brief: Brief, week: Week, item: Item) -> bool:
    """Whether an item asks for no sunscreen, or the morning has one."""
    protected = any(placed.item.step == "protect" for placed in week.placed)
    return protected or not sun_sources(brief.rules, item)


def _may_be_introduced(brief: Brief, week: Week, item: Item) -> bool:
    """Whether the skin is used to an item, or has room for one more new active."""
    if not brief.is_new(item) or week.holds(item):
        return True
    return week.introduced + len(week.queue) < int(brief.rules["introduce"]["at_once"])


def _priority(brief: Brief, week: Week, item: Item) -> tuple[Any, ...]:
    """Order of owned items: those that meet a need, then those with the least choice of place."""
    relevance = _relevance(brief, item)
    days = week.first_days(item, new=brief.is_new(item))
    return (relevance == 0, len(item.sessions), days, -relevance, item.key)


def _relevance(brief: Brief, item: Item) -> float:
    """How much an item helps: the grade of its evidence for each need, times the need's weight."""
    aims = brief.aims_of(item)
    return sum(need.weight * aims.get(need.goal, 0) for need in brief.care.needs)


def _place_daily(brief: Brief, week: Week, item: Item, session: Session) -> None:
    week.place_daily(item, session, new=brief.is_new(item))
