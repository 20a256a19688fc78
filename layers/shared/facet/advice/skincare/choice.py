"""What may be suggested to a person, and in which order: a weighted sum of features over columns.

The weights are a ranking's (facet.advice.ranking); what fits is asked of the catalogue's columns,
so that a product becomes an object only when it is looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facet.advice.skincare.needs import Need
from facet.advice.skincare.read import Brief
from facet.catalogue.catalogue import PRICE_BANDS, Item, Mask
from facet.catalogue.ingredients import UNDESCRIBED
from facet.catalogue.suitable import FULL_LABEL, is_named, suitable_rows

MOST = 24  # candidates that are looked at for one gap

type Features = Mapping[str, NDArray[Any]]  # name -> (n,), numbers, or true and false


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that would fill a gap."""

    item: Item
    features: dict[str, float]  # what the ranking saw: feedback on it can teach the next one
    over_budget: bool = False


@dataclass(frozen=True)
class Offer:
    """The products that may be suggested to one person, worked out when they are asked for."""

    brief: Brief

    @cached_property
    def suitable(self) -> Mask:
        """(n,) true for products that may be suggested, whatever they cost."""
        columns = self.brief.catalogue
        mask: Mask = suitable_rows(columns, self.brief.person, columns.containing, suggested=True)
        return mask

    @cached_property
    def affordable(self) -> Mask:
        """(n,) true for products within the budget; without one, for all."""
        budget, price = self.brief.profile.budget, self.brief.catalogue.price
        if budget is None:
            return np.ones(len(self.brief.catalogue), dtype=bool)
        return (price >= 0) & (price <= PRICE_BANDS.index(budget))

    @cached_property
    def undescribed(self) -> Mask:
        """(n,) true for products with something that nobody described for pregnancy, if she is."""
        columns = self.brief.catalogue
        if not self.brief.person.pregnant:
            return np.zeros(len(columns), dtype=bool)
        rows = columns.ingredients.all
        return columns.containing({row.id for row in rows if row.pregnancy == UNDESCRIBED})

    @cached_property
    def textured(self) -> Mask:
        """(n,) true where nothing speaks against a product's texture; unknown texture is none."""
        columns, texture = self.brief.catalogue, self.brief.texture
        if texture.skin is None or texture.sure < 1:
            return np.ones(len(columns), dtype=bool)
        fits: Mask = columns.suits(texture.skin) | (columns.skin == 0)
        if texture.skin == "dry":
            spared = frozenset(columns.rules["texture"]["dry_spared"])
            fits &= ~columns.containing(spared)
        return fits

    @cached_property
    def fitness(self) -> Features:
        """How each product fits this person, whatever the gap."""
        columns, care = self.brief.catalogue, self.brief.care
        features: dict[str, NDArray[Any]] = {
            "irritancy": columns.irritancy,
            "price": np.where(columns.price < 0, PRICE_BANDS.index("mid"), columns.price),
            "medicine": columns.medicine > 0,
        }
        if care.needs:
            features["need"] = sum(
                (need.weight * self._helps(need.goal) for need in care.needs),
                start=np.zeros(len(columns)),
            )
        if texture := self.brief.texture.skin:
            features["skin"] = self.brief.texture.sure * columns.suits(texture)
        if care.is_sensitive:
            features["sensitive"] = columns.suits("sensitive")
        return features

    def _helps(self, goal: str) -> NDArray[Any]:
        """(n,) the grade of a product's evidence for a goal; 0 where it provokes that very goal,
        whatever else is in it."""
        return np.where(_provoking(self.brief, goal), 0, self.brief.catalogue.grade(goal))


def _provoking(brief: Brief, goal: str) -> Mask:
    """(n,) true where what a product is bought for makes a goal worse at first."""
    columns = brief.catalogue
    mask: Mask = np.zeros(len(columns), dtype=bool)
    for rule in columns.rules["provokes"]:
        if goal in rule["goals"]:
            mask |= columns.active_tag(rule["family"])
    return mask


# Why nothing is offered for a goal, in the order in which it is asked.
Sieve = Literal["unproven", "ruled_out", "harsh", "dear"]


def treatments(offer: Offer, need: Need) -> Iterator[Candidate]:
    """Products whose main active has published evidence for a need, best first.

    What the rules take first comes first; of the rest those whose texture suits.
    """
    grade = offer.brief.catalogue.main_grade(need.goal)
    fits = np.logical_and.reduce([mask for _, mask in _sieves(offer, need, grade)])
    first = fits & _first_choices(offer, need)
    features = {**offer.fitness, "grade": grade, "strength": offer.brief.catalogue.strength}
    groups = (*_by_texture(offer, first), *_by_texture(offer, fits & ~first))
    ranked = (row for rows in groups for row in _best(offer, rows, features))
    for row in islice(ranked, MOST):
        yield _candidate(offer, row, features)


def why_nothing(offer: Offer, need: Need) -> Sieve | None:
    """What keeps every product from a need; None where the week had no room for what is left."""
    left = np.ones(len(offer.brief.catalogue), dtype=bool)
    for name, mask in _sieves(offer, need, offer.brief.catalogue.main_grade(need.goal)):
        left = left & mask
        if not left.any():
            return name
    return None


def _sieves(offer: Offer, need: Need, grade: NDArray[Any]) -> list[tuple[Sieve, Mask]]:
    """What a product has to be to answer a need, one mask (n,) for each question."""
    columns = offer.brief.catalogue
    kinds = ["serum", "treatment", "exfoliant", "toner"]
    if need.goal == "dark_circles":
        kinds = ["eye_care"]
    proven = (
        columns.in_category(*kinds)
        & columns.treats
        & (columns.label == FULL_LABEL)  # of an unknown strength it might be too strong
        & (grade > 0)
    )
    proven &= ~_provoking(offer.brief, need.goal)
    if need.goal != "blemishes":
        proven &= columns.medicine == 0
    return [
        ("unproven", proven),
        ("ruled_out", offer.suitable),
        ("harsh", _gentle(offer, need)),
        ("dear", offer.affordable),
    ]


def _gentle(offer: Offer, need: Need) -> Mask:
    """(n,) true where a product is mild enough for this skin, and for this need."""
    columns, care = offer.brief.catalogue, offer.brief.care
    if not care.is_sensitive:
        return np.ones(len(columns), dtype=bool)
    mild: Mask = columns.irritancy <= 1
    # Skin that its photo calls sensitive may be red by its blemishes.
    return mild if care.told_sensitive else mild | _first_choices(offer, need)


def _first_choices(offer: Offer, need: Need) -> Mask:
    """(n,) true where the rules take a product for this need before any other."""
    columns = offer.brief.catalogue
    mask = np.zeros(len(columns), dtype=bool)
    for rule in columns.rules["first_choice"]:
        if rule["goal"] == need.goal and rule["beside"] in offer.brief.care.goals:
            mask |= columns.main_tag(rule["ingredient"])
    return mask


def plain_products(offer: Offer, category: str) -> Iterator[Candidate]:
    """Products of a category with nothing in them that treats, best first.

    Those over the budget follow those within it; of each those whose texture suits come first.
    """
    columns = offer.brief.catalogue
    fits = offer.suitable & columns.in_category(category) & ~columns.treats
    features = dict(offer.fitness)
    if category == "sunscreen":
        fits &= columns.spf >= offer.brief.rules["sun"]["spf"]
        features |= _sunscreen_features(offer.brief)
    for within_budget in (True, False):
        rows = fits & (offer.affordable if within_budget else ~offer.affordable)
        for suiting in _by_texture(offer, rows):
            for row in _best(offer, suiting, features):
                yield _candidate(offer, row, features, over_budget=not within_budget)


def _by_texture(offer: Offer, fits: Mask) -> tuple[Mask, Mask]:
    """Of these products those whose texture suits, then those of which it does not."""
    return fits & offer.textured, fits & ~offer.textured


def scores(brief: Brief, features: Features) -> NDArray[Any]:
    """(n,) larger is better: the sum of every feature times its weight in the ranking."""
    total = np.zeros(len(brief.catalogue))
    for name, column in features.items():
        total += brief.ranking.weights[name] * column
    return total


def _sunscreen_features(brief: Brief) -> Features:
    columns = brief.catalogue
    return {
        "tint_wanted" if brief.care.wants_tint else "tint_unwanted": columns.tinted,
        "white_cast": brief.care.deep * (columns.mineral & ~columns.tinted),
    }


def _best(offer: Offer, fits: Mask, features: Features) -> Iterator[int]:
    """Rows that fit, best score first, in the catalogue's order among equals.

    In pregnancy what is described as a whole comes before what is not, whatever its score.
    """
    columns = offer.brief.catalogue
    rows = np.flatnonzero(fits)
    score = np.round(scores(offer.brief, features)[rows], 6)
    order = np.lexsort((rows, -score, offer.undescribed[rows]))
    ranked = (int(row) for row in rows[order])
    unnamed = (
        row
        for row in ranked
        if not is_named(offer.brief.person, (columns.name(row), columns.brand_at(row)))
    )
    return islice(unnamed, MOST)


def _candidate(
    offer: Offer, row: int, features: Features, *, over_budget: bool = False
) -> Candidate:
    weighed = {name: round(float(column[row]), 4) for name, column in features.items()}
    return Candidate(offer.brief.catalogue.item_at(row), weighed, over_budget)
