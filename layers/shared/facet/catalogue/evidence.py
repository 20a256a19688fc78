"""What a product helps with, how sure that is, and in which sentence it is said.

Grades: 3 agreed on by dermatologists, 2 shown in trials, 1 some evidence. They are the ingredients'
(data/skincare/ingredients.toml); a product has what its ingredients have in the concentration shown
to work, and loses where it is rinsed off. Who sells, owns or looks up a product asks here.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, get_args

from facet.catalogue.ingredients import Ingredient, Ingredients
from facet.catalogue.labels import Label
from facet.domain.advice import Profile, Reason
from facet.domain.products import Goal, Product
from facet.domain.search import Condition
from facet.saying import plain, say

Parts = Sequence[tuple[Ingredient, float | None]]  # what is in a product, in percent where stated


@dataclass(frozen=True, slots=True)
class TraceRule:
    """[trace] of data/skincare/labels.toml."""

    works_below: frozenset[str]  # families that count in a treatment even below 1 %
    sets_acidity: frozenset[str]  # families that, behind the first entries, set the acidity
    first: int  # entries

    @classmethod
    def of(cls, label_rules: Mapping[str, Any]) -> "TraceRule":
        """The rule that a snapshot's labels.toml holds."""
        rule = label_rules.get("trace", {})
        return cls(
            works_below=frozenset(rule.get("works_below", ())),
            sets_acidity=frozenset(rule.get("sets_acidity", ())),
            first=rule.get("first", 0),
        )


class Facts(Protocol):
    """The ingredients of a snapshot, and whether what they come in is rinsed off."""

    ingredients: Ingredients

    def rinses_off(self, category: str, vehicle: str | None) -> bool: ...


def concern_of(condition: Condition) -> Goal | None:
    """The concern to search by; None for `normal`, which asks for nothing."""
    if condition in get_args(Goal):
        return condition  # type: ignore[return-value]
    return _concerns().get(condition)


# --- how sure ----------------------------------------------------------------------------------


def rinsed_categories(vehicles: Iterable[tuple[str, bool]]) -> frozenset[str]:
    """Categories that are rinsed off whatever they come in, from (category, rinse_off) of each
    vehicle: what holds of a product whose vehicle nobody stated. A mask may be either."""
    rows = list(vehicles)
    left_on = {category for category, rinse_off in rows if not rinse_off}
    return frozenset(category for category, _ in rows if category not in left_on)


def bought_for(parts: Mapping[Ingredient, float | None]) -> Parts:
    """Of everything on a label what the product is bought for: actives, UV filters, and what
    states its strength."""
    return [
        (ingredient, percent)
        for ingredient, percent in parts.items()
        if percent is not None or ingredient.role in ("active", "filter")
    ]


def counting(
    everything: Mapping[Ingredient, float | None],
    label: Label,
    *,
    named: Collection[Ingredient],
    treats: bool,
    rule: TraceRule,
) -> dict[Ingredient, float | None]:
    """Of everything in a product what counts, in percent where stated: no active that is a trace.

    An active counts where its strength is stated, where the product's name speaks of it (named), or
    where it stands on the label before what the law allows 1 % of; an acid that may only set the
    acidity, among the first entries. What a person avoids, pregnancy and the law are asked of
    `everything`. treats: it is for the step that treats, where an active of a list from a to z
    counts, and families that work in traces.
    """
    told = frozenset().union(*(row.tags for row in named))
    if treats:
        told |= rule.works_below
    bought_for_more = not treats or any(row.role == "active" for row in named)
    above: set[Ingredient] = set()
    below: set[Ingredient] = set()
    for at, entry in enumerate(label.entries):
        is_trace = entry.trace or not (entry.ordered or treats)
        for row in entry.ingredients:
            buffers = bought_for_more and at >= rule.first and row.families & rule.sets_acidity
            (below if is_trace or buffers else above).add(row)
    return {
        row: percent
        for row, percent in everything.items()
        if row.role != "active" or percent or row not in below - above or row.tags & told
    }


def is_unstated(parts: Parts) -> bool:
    """Whether a label keeps the strength of an active to itself."""
    return any(not percent for ingredient, percent in parts if ingredient.role == "active")


def helps_of(parts: Parts, *, rinse_off: bool, unstated: bool) -> dict[str, int]:
    """Goal -> grade 1..3 of the best ingredient for it; a goal that nothing helps is missing.

    rinse_off: the trials behind the grades left the product on, so what is rinsed off gets 1 at
    most. unstated: whether an ingredient of unknown concentration gets 1 as well, or nothing.
    """
    goals = dict.fromkeys(goal for ingredient, _ in parts for goal in ingredient.helps)
    best = ((g, best_for(g, parts, rinse_off=rinse_off, unstated=unstated)) for g in goals)
    return {goal: credit[0] for goal, credit in best if credit}


def best_for(
    goal: str, parts: Parts, *, rinse_off: bool, unstated: bool
) -> tuple[int, Ingredient] | None:
    """Grade 1..3 and the ingredient that earns it, by id among equals; None where nothing helps.

    rinse_off, unstated: as `helps_of` takes them.
    """
    credits_ = [
        (grade, ingredient)
        for ingredient, percent in parts
        if (grade := _grade(ingredient, goal, percent, rinse_off, unstated))
    ]
    return min(credits_, key=lambda credit: (-credit[0], credit[1].id), default=None)


def _grade(
    ingredient: Ingredient, goal: str, percent: float | None, rinse_off: bool, unstated: bool
) -> int:
    if goal not in ingredient.helps:
        return 0
    grade, least, _ = ingredient.helps[goal]
    if percent is None:
        return int(unstated)
    if percent < least:
        return 0
    return min(1, grade) if rinse_off else grade


def best_of(product: Product, goal: str, facts: Facts) -> tuple[int, Ingredient] | None:
    """Grade and ingredient of a catalogue's product, as `best_for`; the grade is its own row's."""
    parts = [
        (ingredient, active.percent)
        for active in product.actives
        if (ingredient := facts.ingredients.find(active.inci))
    ]
    rinse_off = facts.rinses_off(product.category, product.vehicle)
    return best_for(goal, parts, rinse_off=rinse_off, unstated=is_unstated(parts))


def irritancy_of(ingredients: Iterable[Ingredient], *, rinse_off: bool) -> int:
    """0 none expected .. 3 common at first: the harshest part's, less 1 for what is rinsed off."""
    return max(0, max((i.irritancy for i in ingredients), default=0) - rinse_off)


# --- in which sentence -------------------------------------------------------------------------


def evidence_reason(grade: int, goal: str, ingredient: Ingredient) -> Reason:
    """The reason that an ingredient helps a goal: how sure that is (grade 1..3), and its source."""
    return Reason(
        text=say(f"evidence.grade_{grade}", goal=plain(goal), name=ingredient.common_name),
        points_at=f"catalogue.ingredients.{ingredient.id}",
        sources=ingredient.sources_for(goal),
    )


def skin_type_reason(skin_type: str) -> Reason:
    """The reason that a product suits the skin type a person told us."""
    return Reason(text=say("evidence.suits_skin", skin=skin_type), points_at="profile.skin_type")


def reasons(product: Product, concern: Goal, profile: Profile, facts: Facts) -> Iterator[Reason]:
    """Reasons for a product, for this concern and this person; the weightiest first."""
    if best := best_of(product, concern, facts):
        grade, ingredient = best
        yield evidence_reason(grade, concern, ingredient)
    if profile.skin_type and profile.skin_type in product.skin_types:
        yield skin_type_reason(profile.skin_type)
    if profile.sensitive and "sensitive" in product.skin_types:
        yield Reason(text=say("evidence.suits_sensitive"), points_at="profile.sensitive")
    if profile.allergies or profile.avoided_ingredients:
        yield Reason(text=say("evidence.free_of"), points_at="profile.avoided_ingredients")
    if profile.pregnancy:
        yield Reason(text=say("evidence.in_pregnancy"), points_at="profile.pregnancy")


@cache
def _concerns() -> dict[str, Goal]:
    path = Path(__file__).with_suffix(".toml")
    concerns: dict[str, Goal] = tomllib.loads(path.read_text(encoding="utf-8"))["concern_of"]
    return concerns
