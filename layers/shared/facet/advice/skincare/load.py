"""How much a week may irritate: points and evenings, over all that is left on the skin.

The figures are a rule's ([load] of data/skincare/rules.toml): every use of a product counts the
irritancy of the harshest thing in it that treats, and so many evenings stay free of what is strong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from facet.catalogue.catalogue import Item
from facet.domain.products import Session

ALL_WEEK = 7


class Used(Protocol):
    """A product that has its place in a week."""

    @property
    def item(self) -> Item: ...
    @property
    def session(self) -> Session: ...
    @property
    def days(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """How often a product wants its place in the week."""

    key: str
    strain: int  # 0..3, each time
    evening: bool  # whether it is strong and for evenings alone
    least: int  # days a week, 1..7, below which it is of no use
    most: int  # days a week, 1..7


@dataclass(frozen=True, slots=True)
class Load:
    """What a week has room for."""

    points: int
    evenings: int  # with something strong, 0..7
    from_strain: int  # 1..3: what is strong

    @classmethod
    def of(cls, rules: Mapping[str, Any], *, sensitive: bool) -> "Load":
        """The room of a week by the rules; sensitive: of a skin that is spared."""
        rule = rules["load"]
        spared = "sensitive_" if sensitive else ""
        return cls(rule[f"{spared}points"], rule[f"{spared}evenings"], rule["strains"])

    def strain(self, item: Item) -> int:
        """What one use counts, 0..3: of a wash nothing, of a peel as if it stayed on."""
        return 0 if is_wash(item) or not item.treats else item.strain

    def strains(self, item: Item) -> bool:
        """Whether an evening with this item is none to recover in."""
        return self.strain(item) >= self.from_strain

    def spent(self, placed: Iterable[Used]) -> int:
        """The points that these take in a week."""
        return sum(self.strain(p.item) * len(p.days) for p in placed)

    def spent_on(self, day: int, placed: Iterable[Used]) -> int:
        """The points that these take on a day, morning and evening."""
        return sum(self.strain(p.item) for p in placed if day in p.days)

    def evenings_of(self, placed: Iterable[Used]) -> set[int]:
        """The days of these whose evening has something strong."""
        strong = [p for p in placed if p.session == "pm" and self.strains(p.item)]
        return {day for p in strong for day in p.days}

    def days_left(self, item: Item, others: Iterable[Used]) -> int:
        """Days a week, 0..7, that others leave to an item."""
        strain = self.strain(item)
        if not strain:
            return ALL_WEEK
        return min(ALL_WEEK, max(0, self.points - self.spent(others)) // strain)

    def shares(self, wishes: Sequence[Wish], placed: Sequence[Used]) -> dict[str, int]:
        """Days a week, 0..7, by key: the first ones get their least first, then whoever has fewest
        gets one more, until the room or the wishes are used up."""
        points = self.points - self.spent(placed)
        evenings = self.evenings - len(self.evenings_of(placed))
        days = dict.fromkeys((wish.key for wish in wishes), 0)

        def give(wish: Wish, more: int) -> bool:
            nonlocal points, evenings
            needed = more if wish.evening else 0
            if wish.strain and (points < more * wish.strain or evenings < needed):
                return False
            points, evenings = points - more * wish.strain, evenings - needed
            days[wish.key] += more
            return True

        growing = [wish for wish in wishes if give(wish, wish.least)]
        while growing:
            wish = min(growing, key=lambda wish: days[wish.key])
            if days[wish.key] >= wish.most or not give(wish, 1):
                growing.remove(wish)
        return days


def is_for_eyes(item: Item) -> bool:
    """Whether an item is for the skin round the eyes: another place, counted by itself."""
    return item.category == "eye_care"


def is_wash(item: Item) -> bool:
    """Whether an item is a wash: on the skin for seconds, so that it has no pace.

    A peel is rinsed off too, but after minutes.
    """
    return item.rinse_off and item.step == "cleanse"


def is_peel(rules: Mapping[str, Any], item: Item) -> bool:
    """Whether an item is a peel, on the skin for minutes."""
    return item.step == "treat" and item.category == rules["peel"]["category"]
