"""A week of mornings and evenings, which nothing enters that breaks a rule.

Days are numbered 1 to 7. Two products clash only if they share a session (morning or evening) of
the same day, so a rule is kept by giving them different days or different halves of the day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from facet.catalogue.catalogue import Item
from facet.domain.advice import RampStage
from facet.domain.products import Session

DAYS = tuple(range(1, 8))

Stages = tuple[tuple[int, int], ...]  # (from week, days a week)


ObstacleKind = Literal[
    "other_half",
    "rule",
    "holds_both",
    "enough_actives",
    "enough_layers",
    "enough_for_a_week",
    "no_room",
]


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


@dataclass(slots=True)
class Week:
    """The week so far: the one thing that changes while a routine is chosen."""

    rules: Mapping[str, Any]
    placed: list[Placed] = field(default_factory=list)

    @property
    def introduced(self) -> int:
        """How many products the skin is not used to yet."""
        return len({placed.item.key for placed in self.placed if placed.new})

    def holds(self, item: Item) -> bool:
        """Whether this very product is in the week."""
        return any(placed.item is item for placed in self.placed)

    # --- what speaks against it ----------------------------------------------------------------

    def obstacle(self, item: Item, session: Session, day: int) -> Obstacle | None:
        """Why an item cannot be used in this session of this day, or None."""
        if session not in item.sessions:
            return Obstacle("other_half")
        beside = [
            p.item
            for p in self.placed
            if p.session == session and day in p.days and p.item is not item
        ]
        return (
            self._clash(item, beside)
            or self._second(item, beside)
            or self._full(item, session, beside)
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

    def _second(self, item: Item, beside: Sequence[Item]) -> Obstacle | None:
        """The obstacle of a second product where one is enough, in a session or a routine."""
        for single in self.rules["single"]:
            if single["family"] not in item.tags:
                continue
            others = beside
            if single["per"] != "session":
                others = [p.item for p in self.placed if p.item is not item]
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

    def free_days(self, item: Item, session: Session) -> tuple[int, ...]:
        """The days on which nothing speaks against an item in this session."""
        return tuple(day for day in DAYS if self.obstacle(item, session, day) is None)

    # --- how often -----------------------------------------------------------------------------

    def stages(self, item: Item) -> Stages:
        """How the skin gets used to an item: of all its actives, the slowest pace."""
        if is_wash(item):
            return ()
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

    def first_days(self, item: Item, *, new: bool) -> int:
        """Days a week, 1..7, that an item begins with; new: the skin is not used to it yet."""
        stages = self.stages(item)
        if not stages:
            return len(DAYS)
        return stages[0][1] if new else stages[-1][1]

    # --- putting in ----------------------------------------------------------------------------

    def place_treatment(self, item: Item, *, new: bool) -> Placed | Obstacle:
        """Put a treatment where it fits best, or say what keeps it out of every day.

        new: the skin is not used to it yet, so that it begins at the first stage of its pace.
        """
        count = min(self.first_days(item, new=new), self.days_left(item))
        if not count:
            return Obstacle("enough_for_a_week")
        free = {session: self.free_days(item, session) for session in self.order_of_sessions(item)}
        session = max(free, key=lambda s: min(len(free[s]), count), default=None)
        if session is None or not free[session]:
            return next(self._obstacles(item), Obstacle("no_room"))
        stages = self.stages(item) if new else ()
        placed = Placed(item, session, _spread(free[session], count), new, stages)
        self.placed.append(placed)
        return placed

    def _obstacles(self, item: Item) -> Iterator[Obstacle]:
        """What keeps an item out, morning before evening, day by day."""
        for session in item.sessions:
            for day in DAYS:
                if obstacle := self.obstacle(item, session, day):
                    yield obstacle

    def fits_daily(self, item: Item, session: Session) -> bool:
        """Whether an item can be used every day of the week, from the first."""
        return len(self.free_days(item, session)) == len(DAYS) and not self.stages(item)

    def place_daily(self, item: Item, session: Session, *, new: bool) -> None:
        """Put an item into every day; ask `fits_daily` first."""
        self.placed.append(Placed(item, session, DAYS, new, ()))

    def ramp(self, placed: Placed) -> tuple[RampStage, ...]:
        """The stages of a placed product, cut to the days that stay free of what it clashes with
        and that its pace leaves."""
        room = len(set(placed.days) | set(self.free_days(placed.item, placed.session)))
        room = min(room, self.days_left(placed.item))
        stages: list[RampStage] = []
        for week, days in placed.stages:
            allowed = min(days, room)
            if not stages or allowed > stages[-1].days_per_week:
                stages.append(RampStage(from_week=week, days_per_week=allowed))
        return tuple(stages)


def is_for_eyes(item: Item) -> bool:
    """Whether an item is for the skin round the eyes: another place, counted by itself."""
    return item.category == "eye_care"


def is_wash(item: Item) -> bool:
    """Whether an item is a wash: on the skin for seconds, so that it has no pace.

    A peel is rinsed off too, but after minutes.
    """
    return item.rinse_off and item.step == "cleanse"


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
