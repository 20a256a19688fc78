"""What helps a condition, and why: the words beside products that are looked up."""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

from facet.catalogue.ingredients import Ingredient, Ingredients
from facet.domain.advice import Profile, Reason
from facet.domain.products import Goal, Product
from facet.domain.search import Condition

_WEIGHT = {3: "Agreed on by dermatologists", 2: "Shown in trials", 1: "Some evidence"}


def concern_of(condition: Condition) -> Goal | None:
    """The concern to search by; None for `normal`, which asks for nothing."""
    if condition in get_args(Goal):
        return condition  # type: ignore[return-value]
    return _concerns().get(condition)


def evidence(product: Product, concern: Goal, known: Ingredients) -> tuple[int, Ingredient] | None:
    """Grade 1..3 of a product's best active for a concern, and that active; None without one.

    A strength nobody stated, or that is rinsed off, is credited with the least.
    """
    found = []
    for active in product.actives:
        ingredient = known.find(active.inci)
        if ingredient is None or concern not in ingredient.helps:
            continue
        grade, least, _ = ingredient.helps[concern]
        if active.percent is not None and active.percent < least:
            continue
        weak = active.percent is None or product.step == "cleanse"
        found.append((1 if weak else grade, ingredient))
    return min(found, key=lambda pair: (-pair[0], pair[1].id), default=None)


def reasons(
    product: Product, concern: Goal, profile: Profile, known: Ingredients
) -> Iterator[Reason]:
    """Why this product, for this concern and this person; the weightiest first."""
    if best := evidence(product, concern, known):
        grade, ingredient = best
        yield Reason(
            text=f"{_WEIGHT[grade]} for {concern.replace('_', ' ')}: {ingredient.common_name}.",
            points_at=f"catalogue.ingredients.{ingredient.id}",
            sources=(ingredient.helps[concern][2],),
        )
    if profile.skin_type and profile.skin_type in product.skin_types:
        text = f"Suits {profile.skin_type} skin, as you told us."
        yield Reason(text=text, points_at="profile.skin_type")
    if profile.sensitive and "sensitive" in product.skin_types:
        text = "Suits sensitive skin, as you told us."
        yield Reason(text=text, points_at="profile.sensitive")
    if profile.allergies or profile.avoided_ingredients:
        text = "Its label names nothing that you avoid."
        yield Reason(text=text, points_at="profile.avoided_ingredients")
    if profile.pregnancy:
        text = "Nothing in it speaks against it in pregnancy or while breastfeeding."
        yield Reason(text=text, points_at="profile.pregnancy")


@cache
def _concerns() -> dict[str, Goal]:
    path = Path(__file__).with_name("conditions.toml")
    concerns: dict[str, Goal] = tomllib.loads(path.read_text(encoding="utf-8"))["concern_of"]
    return concerns
