"""May this person use it? One answer with one reason, for what is owned, suggested and searched.

A pregnant person, or one who avoids something, is shown nothing whose label nobody gave; what a
doctor has to be asked about is left out like what must not be used. A product that is owned may be
a prescription medicine, one that is suggested may not.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from facet.catalogue.age import ADULT, Age
from facet.catalogue.families import Avoided, Understood
from facet.catalogue.ingredients import (
    Ingredient,
    Ingredients,
    forms_of,
    read_percent,
)
from facet.catalogue.words import says_something
from facet.domain.advice import Profile
from facet.domain.products import BagItem, PregnancyAdvice, Product
from facet.domain.search import Query
from facet.saying import say

PREGNANCY: tuple[str, ...] = get_args(PregnancyAdvice)  # from what is fine to what is not
MEDICINE: tuple[str | None, ...] = (None, "pharmacy", "prescription")

# What is known of a product's label.
NO_LABEL, NO_PERCENTAGES, FULL_LABEL = 0, 1, 2

Code = Literal[
    "avoided_ingredient",
    "ingredients_needed",
    "not_in_pregnancy",
    "ask_in_pregnancy",
    "prescription",
    "not_at_this_age",
    "age_not_told",
]


@dataclass(frozen=True, slots=True)
class Person:
    """What rules products out for somebody."""

    avoided: Avoided
    pregnant: bool  # or planning it, or breastfeeding
    age: Age = ADULT
    unclear: tuple[Understood, ...] = ()  # allergies that nobody understood yet

    @classmethod
    def of_profile(cls, profile: Profile, ingredients: Ingredients, age: Age = ADULT) -> "Person":
        """The person whom a profile describes; age: what facet.catalogue.age makes of it."""
        terms = (*profile.allergies, *profile.avoided_ingredients)
        avoided = ingredients.avoided(terms, profile.not_in_cosmetics)
        unclear = unclear_allergies(profile, avoided)
        return cls(avoided, profile.pregnancy is not None, age, unclear)

    @classmethod
    def of_query(cls, query: Query, ingredients: Ingredients) -> "Person":
        """The person whom a search is for."""
        return cls(ingredients.avoided(query.without), query.pregnancy)

    @property
    def needs_labels(self) -> bool:
        """Whether nothing can be promised of a product whose label nobody gave."""
        return self.pregnant or bool(self.avoided)


def unclear_allergies(profile: Profile, avoided: Avoided) -> tuple[Understood, ...]:
    """Allergies that were not understood, and that may be of something in cosmetics."""
    told = set(profile.allergies)
    return tuple(u for u in avoided.understood if u.kind == "unknown" and u.term in told)


@dataclass(frozen=True, slots=True)
class Contents:
    """What is known of a product, as far as it can rule it out."""

    ingredients: frozenset[str]  # ids of everything its label names
    written: tuple[str, ...]  # name, brand, and what no described ingredient answers to
    labelled: bool
    pregnancy: str = "ok"  # of PREGNANCY
    medicine: str | None = None  # of MEDICINE


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a product is not for this person."""

    code: Code

    def text(self, name: str) -> str:
        """The reason in a sentence about a product of this name."""
        return say(f"suitable.{self.code}", name=name)


def contents_of(
    ingredients: Ingredients, product: Product | None, entry: BagItem | None = None
) -> Contents:
    """The contents of a product: by the catalogue, by what its owner says of it, or by both."""
    names = [product.name, product.brand] if product else [entry.name if entry else None]
    label = (*(entry.ingredients if entry else ()), *(product.inci if product else ()))
    printed = ingredients.reader.label(label)
    parts = list(ingredients.named_on(printed))
    # Nobody else says what is in a product that its owner describes.
    told = parts if product else [*parts, *ingredients.read_text(names[0] or "")]
    return Contents(
        ingredients=frozenset(row.id for row in told),
        written=(
            *(name for name in names if name),
            *(rest for e in printed.entries for rest in _unresolved(ingredients, e.text)),
        ),
        # A dash or an empty entry is no label.
        labelled=any(map(says_something, label)),
        pregnancy=gravest_pregnancy(told, product.pregnancy_caution if product else "ok"),
        medicine=gravest_medicine(told, product.medicine if product else None),
    )


def gravest_pregnancy(parts: Iterable[Ingredient], told: str = "ok") -> str:
    """ok, ask or avoid: the gravest advice, of its ingredients or told of the whole product.

    What nobody described for pregnancy (`unknown`) gives none: see `Ingredient.pregnancy`.
    """
    given = (row.pregnancy for row in parts if row.pregnancy in PREGNANCY)
    return max((told, *given), key=PREGNANCY.index)


def gravest_medicine(parts: Iterable[Ingredient], told: str | None = None) -> str | None:
    """None, pharmacy or prescription: the gravest, of its ingredients or told of the whole."""
    return max((told, *(row.medicine for row in parts)), key=MEDICINE.index)


def refusal(person: Person, contents: Contents, *, suggested: bool = False) -> Verdict | None:
    """Why this person should not use the product; None where nothing speaks against it.

    suggested: it is not owned but named by us, which asks for more.
    """
    reasons: tuple[tuple[bool, Code], ...] = (
        (is_avoided(person.avoided, contents), "avoided_ingredient"),
        (not contents.labelled and (suggested or person.needs_labels), "ingredients_needed"),
        (person.pregnant and contents.pregnancy == "avoid", "not_in_pregnancy"),
        (person.pregnant and contents.pregnancy == "ask", "ask_in_pregnancy"),
        (suggested and contents.medicine == "prescription", "prescription"),
        (_is_too_young(person, contents), person.age.code),
    )
    return next((Verdict(code) for applies, code in reasons if applies), None)


def _is_too_young(person: Person, contents: Contents) -> bool:
    """Whether a product is not for this age: a prescription is, as its doctor knew it."""
    if contents.medicine == "prescription":
        return False
    return person.age.rules_out(contents.ingredients, contents.written)


def is_avoided(avoided: Avoided, contents: Contents) -> bool:
    """Whether a product holds something avoided, or its name or label speaks of it."""
    return bool(contents.ingredients & avoided.ingredients) or any(
        map(avoided.named_in, contents.written)
    )


def _unresolved(ingredients: Ingredients, text: str) -> list[str]:
    """Those parts of a label's entry that are judged by their words.

    "Cetyl Alcohol" is no alcohol to who avoids that, since we know what it is; of what is beside a
    name, as in "Parfum (Linalool)", nothing is known.
    """
    name, _ = read_percent(text)
    row = ingredients.find(name)
    if row and row.described and text.isascii():
        return []
    entries = ingredients.split_label(text)
    parts = entries if len(entries) > 1 else [form for form in forms_of(name) if form != name]
    if parts:
        return [rest for part in parts for rest in _unresolved(ingredients, part)]
    return [text]


# --- for those who ask of many at once ---------------------------------------------------------


class Columns(Protocol):
    """A catalogue's columns, (n,) each."""

    label: Any
    pregnancy: Any
    medicine: Any


def suitable_rows(
    columns: Columns,
    person: Person,
    holding: Callable[[frozenset[str]], Any],
    *,
    suggested: bool = False,
) -> Any:
    """(n,) true where `refusal` is None, but for what names and brands say: ask `is_named`.

    holding: ids of ingredients -> (n,) true where a product holds any of them.
    """
    allowed = ~holding(person.avoided.ingredients | person.age.ingredients)
    if suggested or person.needs_labels:
        allowed = allowed & (columns.label > NO_LABEL)
    if person.pregnant:
        allowed = allowed & (columns.pregnancy == PREGNANCY.index("ok"))
    if suggested:
        allowed = allowed & (columns.medicine < MEDICINE.index("prescription"))
    return allowed


def is_named(person: Person, names: Sequence[str | None]) -> bool:
    """Whether a product's name or brand speaks of something avoided, or not for this age."""
    written = [name for name in names if name]
    too_young = person.age.rules_out(frozenset(), written)
    return too_young or any(map(person.avoided.named_in, written))
