"""Whether an owned product is stronger than is safe at home: the catalogue's ceilings, for the bag.

What is asked for is what treats: a UV filter above one country's limit is not dangerous in another.
A strength is what a label states, or what the name does ("AHA 30 % + BHA 2 % peeling solution").
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from facet.catalogue.catalogue import Catalogue, Item
from facet.catalogue.ingredients import Ingredient
from facet.catalogue.words import normal
from facet.saying import say

ROUNDING = 1.001  # room on a ceiling
FAMILIES = ("aha", "bha", "pha")  # that names speak of by these words
# The law counts retinol and its esters together, the experts all alpha hydroxy acids.
RETINOL, HYDROXY = "retinol", "glycolic-acid"
# "Retinol 1.0", "Glycolic acid 70": a strength without its sign; "Retinol 24" is only a name.
_UNSIGNED = re.compile(
    r"(?<![\w.,])\d+[.,]\d+(?!\s*(?:[%％‰]|per ?cent|ml\b|g\b|fl\b|oz\b))(?![\w.,])"
    r"|(?<=acid )\d{1,3}(?!\s*(?:[%％‰]|per ?cent|ml\b|g\b|fl\b|oz\b))(?![\w.,])"
    r"|(?<=glycolic )\d{1,3}(?![\w.,]|\s*[%％‰])|(?<=salicylic )\d{1,3}(?![\w.,]|\s*[%％‰])"
    r"|(?<=mandelic )\d{1,3}(?![\w.,]|\s*[%％‰])|(?<=lactic )\d{1,3}(?![\w.,]|\s*[%％‰])",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(?<!\d)(\d+(?:[.,]\d+)?)\s*[%％]")


@dataclass(frozen=True, slots=True)
class Excess:
    """An ingredient that is stronger in a product than is safe at home."""

    name: str
    percent: float
    most: float  # percent


def too_strong(item: Item, catalogue: Catalogue) -> Excess | None:
    """What in an owned product is above its ceiling, or None; of a medicine ask its doctor."""
    stated = _stated(item, catalogue)
    excesses = _excesses(stated, catalogue, rinse_off=item.rinse_off)
    return next(excesses, None) or _family_excess(item, catalogue)


def is_medicine_strength(item: Item, catalogue: Catalogue) -> bool:
    """Whether something in it is so strong that it is sold as a medicine."""
    stated = {row.id: percent for row, percent in _stated(item, catalogue).items()}
    return any(
        stated.get(rule["ingredient"], 0) > rule["percent"] * ROUNDING
        for rule in catalogue.rules["medicine_above"]
    )


def _stated(item: Item, catalogue: Catalogue) -> dict[Ingredient, float]:
    """What treats in a product, in percent where its label or its name states it."""
    by_id = catalogue.ingredients.by_id
    stated = {by_id[id_]: p for id_, p in item.actives.items() if p and by_id[id_].role == "active"}
    if item.product_id is None:  # the catalogue's own were checked when it was built
        for row, percent in _named(item, catalogue):
            stated[row] = max(percent, stated.get(row, 0))
    return stated


def _named(item: Item, catalogue: Catalogue) -> Iterator[tuple[Ingredient, float]]:
    """Actives that a product's name gives a strength: what its label says of them goes before."""
    inside = [catalogue.ingredients.by_id[id_] for id_ in item.actives]
    for words, percent in _percents(item.name):
        named = [row for row in _called(words, inside, catalogue) if row.role == "active"]
        for row in named[:1]:
            kin = [
                part for part in inside if part.role == "active" and part.families & row.families
            ]
            # "Vitamin C 25 %" is of the form of it that is in there.
            yield (row if row in inside or not kin else kin[0]), percent


def _called(words: str, inside: list[Ingredient], catalogue: Catalogue) -> list[Ingredient]:
    """The ingredients that these words of a name speak of, those in the product first."""
    if named := catalogue.ingredients.read_text(words):
        return named[::-1]
    last = words.split()[-1:]
    return [row for row in inside if set(last) & {w for name in row.names for w in name.split()}]


def _family_excess(item: Item, catalogue: Catalogue) -> Excess | None:
    """What a name says of a whole family ("AHA 30 %"), above that family's ceiling."""
    for words, percent in _percents(item.name) if item.product_id is None else ():
        for family in FAMILIES:
            if words.split()[-1:] != [family]:
                continue
            rows = catalogue.ingredients.all[: len(catalogue.content["ingredients"])]
            most = max((r.ceiling for r in rows if r.ceiling and family in r.families), default=100)
            if percent > most * ROUNDING:
                return Excess(family.upper(), percent, most)
    return None


def _percents(name: str) -> Iterator[tuple[str, float]]:
    """The words of a name that each percentage belongs to: those before it, or else behind it."""
    name = _UNSIGNED.sub(lambda match: f"{match[0]} %", name)
    start = 0
    for match in _PERCENT.finditer(name):
        before = normal(name[start : match.start()])
        behind = normal(_PERCENT.split(name[match.end() :], 1)[0])
        start = match.end()
        words = before or " ".join(behind.split()[:2])
        if words:
            percent = float(match[1].replace(",", "."))
            yield words, percent
            if not before:
                yield " ".join(behind.split()[:1]), percent


def _excesses(
    stated: Mapping[Ingredient, float], catalogue: Catalogue, *, rinse_off: bool
) -> Iterator[Excess]:
    rows, by_id = catalogue.content["ingredients"], catalogue.ingredients.by_id
    factors = {row: rows.get(row.id, {}).get("re_factor") for row in stated}
    for row, percent in stated.items():
        ceiling = row.ceiling_of(rinse_off=rinse_off)
        if ceiling and not factors[row] and percent > ceiling * ROUNDING:
            yield Excess(row.common_name, percent, ceiling)
    sums = {
        RETINOL: sum(percent * (factors[row] or 0) for row, percent in stated.items()),
        HYDROXY: sum(percent for row, percent in stated.items() if "aha" in row.families),
    }
    names = {RETINOL: say("routine.all_vitamin_a"), HYDROXY: say("routine.all_hydroxy_acids")}
    for id_, total in sums.items():
        most = by_id[id_].ceiling if id_ in by_id else None
        alone = next((row.common_name for row, percent in stated.items() if percent == total), None)
        if most and total > most * ROUNDING:
            yield Excess(alone or names[id_], total, most)
