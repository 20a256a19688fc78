"""A week of mornings and evenings, which nothing enters that breaks a rule.

Days are numbered 1 to 7. Two products clash only if they share a session (morning or evening) of
the same day, so a rule is kept by giving them different days or different halves of the day. How
much all of them together may irritate in a week is in facet.advice.skincare.load.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from facet.advice.skincare.load import Load, Wish, is_for_eyes, is_peel, is_wash
from facet.catalogue.catalogue import Item
from facet.domain.advice import RampStage
from facet.domain.products import PrescribedUse, Session

DAYS = tuple(range(1, 8))

Stages = tuple[tuple[int, int], ...]  # (from week, days a week)


ObstacleKind = Literal[
    "other_half",
    "rule",
    "holds_both",
    "enough_actives",
    "enough_layers",
    "enough_for_a_week",
    "enough_irritation",
    "recovery",
    "not_daily",
    "no_room",
]

# The sessions and days of what a doctor prescribed.
_PRESCRIBED: Mapping[PrescribedUse, tuple[tuple[Session, tuple[int, ...]], ...]] = {
    "every_morning": (("am", DAYS),),
    "every_evening": (("pm", DAYS),),
    "morning_and_evening": (("am", DAYS), ("pm", DAYS)),
    "every_other_evening": (("pm", DAYS[::2]),),
    "twice_a_week": (("pm", (2, 5)),),
    "once_a_week": (("pm", (4,)),),
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a product cannot be used at some time, or at none; not yet in a sentence."""

    kind: ObstacleKind
    rule: str = ""  # the words of the rule that forbids it, where one does


@dataclass(frozen=True, slots=True)
class Placed:
    """A product that has its place in the week: session, days and stages."""

    item: Item
    session: Session
    days: tuple[int, ...]
    new: bool
    stages: Stages
    prescribed: bool = False  # by a doctor


@dataclass(slots=True)
class Week:
    """The week so far: the one thing that changes while a routine is chosen."""

    rules: Mapping[str, Any]
    placed: list[Placed] = field(default_factory=list)
    sensitive: bool = False  # whether the skin is spared
    queue: list[tuple[Item | None, int]] = field(
        default_factory=list
    )  # what waits, till which week

    @property
    def load(self) -> Load:
        """How much of what irritates the week has room for."""
        return Load.of(self.rules, sensitive=self.sensitive)

    @property
    def introduced(self) -> int:
        """How many products the skin is not used to yet, beside what was prescribed."""
        return len({p.item.key for p in self.placed if p.new and not p.prescribed})

    @property
    def first_new(self) -> Item | None:
        """What the skin has to get used to before anything else, or None."""
        return next((p.item for p in self.placed if p.new and not p.prescribed), None)

    def holds(self, item: Item) -> bool:
        """Whether this very product is in the week."""
        return any(placed.item is item for placed in self.placed)

    # --- what speaks against it ----------------------------------------------------------------

    def obstacle(self, item: Item, session: Session, day: int) -> Obstacle | None:
        """Why an item cannot be used in this session of this day, or None."""
        if session not in item.sessions or (session == "am" and is_peel(self.rules, item)):
            return Obstacle("other_half")
        beside = [
            p.item
            for p in self.placed
            if p.session == session and day in p.days and p.item is not item
        ]
        return (
            self._clash(item, beside)
            or self._second(item, beside, day)
            or self._full(item, session, beside)
            or self._strained(item, session, day)
        )

    def _clash(self, item: Item, beside: Sequence[Item]) -> Obstacle | None:
        """The obstacle of two products that must not meet, or None."""
        for pair in self.rules["pair"]:
            if pair["level"] not in ("block", "alternate"):
                continue
            a, b = pair["a"], pair["b"]
            for other in beside:
                if (a in item.tags and b in other.tags) or (b in item.tags and a in other.tags):
                    return Obstacle("rule", pair["text"])
            # A medicine that holds both was made, and prescribed, to.
            if a in item.tags and b in item.tags and item.medicine != "prescription":
                return Obstacle("holds_both", pair["text"])
        return None

    def pairs_of(self, item: Item) -> Iterator[Mapping[str, Any]]:
        """The rules of pairs of which an item is one half and something else placed the other."""
        others = [p.item for p in self.placed if p.item is not item]
        for pair in self.rules["pair"]:
            a, b = pair["a"], pair["b"]
            if any(
                (a in item.tags and b in other.tags) or (b in item.tags and a in other.tags)
                for other in others
            ):
                yield pair

    def alike(self, item: Item) -> Item | None:
        """What is placed and of a family of which one product is enough in a routine, or None."""
        families = {row["family"] for row in self.rules["single"] if row["per"] == "routine"}
        others = (p.item for p in self.placed if p.item is not item)
        return next((other for other in others if other.tags & item.tags & families), None)

    def _second(self, item: Item, beside: Sequence[Item], day: int) -> Obstacle | None:
        """The obstacle of a second product where one is enough, in a day or a routine.

        A wash is on the skin for seconds: it minds its own session alone.
        """
        for single in self.rules["single"]:
            if single["family"] not in item.tags:
                continue
            others = [p.item for p in self.placed if p.item is not item]
            if single["per"] == "day":
                left_on = [p.item for p in self.placed if day in p.days and not is_wash(p.item)]
                apart = [] if is_wash(item) else [o for o in left_on if o is not item]
                others = [*beside, *apart]
            if any(single["family"] in other.tags for other in others):
                return Obstacle("rule", single["text"])
        return None

    def _full(self, item: Item, session: Session, beside: Sequence[Item]) -> Obstacle | None:
        """The obstacle of more actives, or more layers, than a session has room for."""
        caps = self.rules["actives"]
        there = [other for other in beside if is_for_eyes(other) == is_for_eyes(item)]
        if is_treatment(item) and sum(map(is_treatment, there)) >= caps[session]:
            return Obstacle("enough_actives")
        if is_support(item) and sum(map(is_support, there)) >= caps["support"]:
            return Obstacle("enough_layers")
        return None

    def _strained(self, item: Item, session: Session, day: int) -> Obstacle | None:
        """The obstacle of an evening that has something strong, or has to stay free of it."""
        load = self.load
        if session != "pm" or not load.strains(item):
            return None
        taken = load.evenings_of(self._others(item))
        if day in taken:
            return Obstacle("enough_actives")
        return Obstacle("recovery") if len(taken) >= load.evenings else None

    def _others(self, item: Item) -> list[Placed]:
        """Everything else that is placed where an item goes: the eyes are another place."""
        eyes = is_for_eyes(item)
        return [p for p in self.placed if p.item is not item and is_for_eyes(p.item) == eyes]

    def free_days(self, item: Item, session: Session) -> tuple[int, ...]:
        """The days on which nothing speaks against an item in this session."""
        return tuple(day for day in DAYS if self.obstacle(item, session, day) is None)

    # --- how often -----------------------------------------------------------------------------

    def stages(self, item: Item) -> Stages:
        """How the skin gets used to an item: of all its actives, the slowest pace."""
        if is_wash(item):
            return ()
        if is_peel(self.rules, item):
            return ((1, self.rules["peel"]["days"]),)
        paces = [
            tuple((int(week), int(days)) for week, days in pace["stages"])
            for pace in self.rules["pace"]
            if pace["family"] in item.tags
        ]
        return min(paces, key=lambda stages: (stages[-1][1], stages[0][1]), default=())

    def order_of_sessions(self, item: Item) -> tuple[Session, ...]:
        """The sessions in which an item may be used, the preferred one first."""
        wishes = [
            p["prefer"] for p in self.rules["place"] if p["family"] in item.tags and p.get("prefer")
        ]
        for pair in self.rules["pair"]:
            if pair["level"] == "prefer":
                wishes += ["am"] * (pair["a"] in item.tags) + ["pm"] * (pair["b"] in item.tags)
        first: Session = wishes[0] if wishes else ("pm" if item.irritancy > 1 else "am")
        return tuple(sorted(item.sessions, key=lambda session: session != first))

    def days_left(self, item: Item) -> int:
        """Days a week, 0..7, that other products with an item's actives leave of their pace."""
        left = len(DAYS)
        for pace in self.rules["pace"]:
            family = pace["family"]
            if family in item.tags and not is_wash(item):
                taken = sum(
                    len(p.days)
                    for p in self.placed
                    if family in p.item.tags
                    and p.item is not item
                    and not is_wash(p.item)
                    and is_for_eyes(p.item) == is_for_eyes(item)
                )
                left = min(left, int(pace["stages"][-1][1]) - taken)
        return max(0, left)

    def shares(self, wishes: Sequence[tuple[Item, bool]]) -> dict[str, int]:
        """Days a week by key, for items that want a place beside each other, the first ones first.

        Each comes with whether it is new. Together they keep to the week's room for irritation.
        """
        days: dict[str, int] = {}
        for eyes in (False, True):
            wanted = [
                Wish(
                    key=item.key,
                    strain=self.load.strain(item),
                    evening=self.load.strains(item) and self._evenings_only(item),
                    least=self._least(item, new=new),
                    most=self.first_days(item, new=new),
                )
                for item, new in wishes
                if is_for_eyes(item) == eyes
            ]
            placed = [p for p in self.placed if is_for_eyes(p.item) == eyes]
            days |= self.load.shares(wanted, placed)
        return days

    def _evenings_only(self, item: Item) -> bool:
        return item.sessions == ("pm",) or is_peel(self.rules, item)

    def _least(self, item: Item, *, new: bool) -> int:
        """Days a week, 1..7, below which an item is of no use: what its pace begins with."""
        stages = self.stages(item)
        return min(stages[0][1] if stages else 2, self.first_days(item, new=new))

    def first_days(self, item: Item, *, new: bool) -> int:
        """Days a week, 1..7, that an item begins with; new: the skin is not used to it yet."""
        stages = self.stages(item)
        if not stages:
            return len(DAYS)
        return stages[0][1] if new else stages[-1][1]

    # --- putting in ----------------------------------------------------------------------------

    def place_treatment(self, item: Item, *, new: bool, most: int = len(DAYS)) -> Placed | Obstacle:
        """Put a treatment where it fits best, or say what keeps it out of every day.

        new: the skin is not used to it yet, so that it begins at the first stage of its pace.
        most: days a week, 0..7, that it gets at most.
        """
        count = min(self.first_days(item, new=new), self.days_left(item))
        if not count:
            return Obstacle("enough_for_a_week")
        most = min(most, self.load.days_left(item, self._others(item)))
        if most < min(count, self._least(item, new=new)):
            return Obstacle("enough_irritation")
        count = min(count, most)
        free = {session: self.free_days(item, session) for session in self.order_of_sessions(item)}
        room = {session: self._room(item, session, days) for session, days in free.items()}
        # Where there is room for all that it becomes, not only for what it begins with.
        wanted = max(count, min(self.first_days(item, new=False), self.days_left(item), most))
        session = max(free, key=lambda s: min(room[s], wanted), default=None)
        if session is None or not room[session]:
            return next(self._obstacles(item), Obstacle("no_room"))
        stages = self.stages(item) if new else ()
        days = self._calm_days(item, free[session], min(count, room[session]))
        placed = Placed(item, session, days, new, stages)
        self.placed.append(placed)
        return placed

    def _room(self, item: Item, session: Session, days: Sequence[int]) -> int:
        """How many of these free days an item may take: of evenings, some are for recovery."""
        load = self.load
        if session != "pm" or not load.strains(item):
            return len(days)
        left = load.evenings - len(load.evenings_of(self._others(item)))
        return min(len(days), max(0, left))

    def _calm_days(self, item: Item, days: Sequence[int], count: int) -> tuple[int, ...]:
        """`count` of these days: where least else irritates, evenly spread among equals."""
        if not self.load.strain(item):
            return _spread(days, count)
        others = self._others(item)
        spent = {day: self.load.spent_on(day, others) for day in days}
        limit = sorted(spent.values())[min(count, len(days)) - 1]
        calmer = [day for day in days if spent[day] < limit]
        equal = [day for day in days if spent[day] == limit]
        return tuple(sorted((*calmer, *_spread(equal, count - len(calmer)))))

    def place_prescribed(self, item: Item, use: PrescribedUse, *, new: bool) -> Obstacle | None:
        """Put what a doctor prescribed where it was prescribed, whatever speaks against it; what of
        that is beside it already is given back."""
        clash = None
        for session, days in _PRESCRIBED[use]:
            beside = [
                p.item
                for p in self.placed
                if p.session == session and set(days) & set(p.days) and p.item is not item
            ]
            clash = clash or self._clash(item, beside)
            self.placed.append(Placed(item, session, days, new, (), prescribed=True))
        return clash

    def _obstacles(self, item: Item) -> Iterator[Obstacle]:
        """What keeps an item out, morning before evening, day by day."""
        for session in item.sessions:
            for day in DAYS:
                if obstacle := self.obstacle(item, session, day):
                    yield obstacle

    def fits_daily(self, item: Item, session: Session) -> bool:
        """Whether an item can be used every day of the week, from the first."""
        if self.stages(item) or self.load.days_left(item, self._others(item)) < len(DAYS):
            return False
        return self._room(item, session, self.free_days(item, session)) == len(DAYS)

    def place_daily(self, item: Item, session: Session, *, new: bool) -> None:
        """Put an item into every day; ask `fits_daily` first."""
        self.placed.append(Placed(item, session, DAYS, new, ()))

    def ramp(self, placed: Placed) -> tuple[RampStage, ...]:
        """The stages of a placed product, cut to the days that stay free of what it clashes with
        and that its pace and the week's room for irritation leave."""
        item, others = placed.item, self._others(placed.item)
        room = len(set(placed.days) | set(self.free_days(item, placed.session)))
        room = min(room, self.days_left(item), self.load.days_left(item, others))
        if placed.session == "pm" and self.load.strains(item):
            room = min(room, self.load.evenings - len(self.load.evenings_of(others)))
        stages: list[RampStage] = []
        for week, days in placed.stages:
            allowed = min(days, room)
            if not stages or allowed > stages[-1].days_per_week:
                stages.append(RampStage(from_week=week, days_per_week=allowed))
        return tuple(stages)


def is_treatment(item: Item) -> bool:
    """Whether an item counts against the actives of a session."""
    return item.treats and item.step in ("treat", "moisturise") and not item.rinse_off


def is_support(item: Item) -> bool:
    """Whether an item is a hydrating layer that holds nothing that treats."""
    return item.step == "treat" and not item.treats


def _spread(days: Sequence[int], count: int) -> tuple[int, ...]:
    """`count` of these days, as evenly as they allow."""
    if count >= len(days):
        return tuple(days)
    return tuple(days[((2 * i + 1) * len(days)) // (2 * count)] for i in range(count))
