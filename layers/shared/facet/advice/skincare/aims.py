"""What a product is for: the goals that what it is mainly bought for helps, none that it provokes.

A retinol serum with niacinamide is a retinol serum: nobody answers red skin with it.
"""

from collections.abc import Mapping
from typing import Any

from facet.catalogue.catalogue import Catalogue, Item
from facet.catalogue.evidence import helps_of, is_unstated
from facet.catalogue.ingredients import Ingredient

type Aims = Mapping[str, int]  # goal -> grade of the evidence, 1..3


def aims_of(item: Item, catalogue: Catalogue) -> Aims:
    """What an item is for. Of a treatment what is harshest in it counts, or all that are equally
    harsh; of everything else, which is there for more than what treats in it, the whole."""
    helps: Aims = item.helps
    if item.step == "treat" and item.treats and item.actives:
        parts = main_parts(item, catalogue)
        helps = helps_of(parts, rinse_off=item.rinse_off, unstated=is_unstated(parts))
    spoilt = provoked_by(item, catalogue.rules)
    return {goal: grade for goal, grade in helps.items() if goal not in spoilt}


def main_parts(item: Item, catalogue: Catalogue) -> list[tuple[Ingredient, float | None]]:
    """The actives, in percent where it is stated, that an item is mainly bought for."""
    parts = [(catalogue.ingredients.by_id[id_], p) for id_, p in item.actives.items()]
    treating = [(row, percent) for row, percent in parts if row.role == "active"]
    harshest = max((row.irritancy for row, _ in treating), default=0)
    return [(row, percent) for row, percent in treating if row.irritancy == harshest] or parts


def provoked_by(item: Item, rules: Mapping[str, Any]) -> frozenset[str]:
    """The goals that an item makes worse at first; of a wash, which is gone in seconds, none."""
    if item.rinse_off and item.step == "cleanse":
        return frozenset()
    rows = (row["goals"] for row in rules["provokes"] if row["family"] in item.tags)
    return frozenset(goal for goals in rows for goal in goals)
