"""May this person use it? One answer with one reason, for what is owned, suggested and searched.

What is not checked is never taken for harmless: a label has to be known well enough ([gaps] of
data/skincare/labels.toml), in pregnancy the whole of it, and who avoids something is shown nothing
whose label nobody gave. What is refused by name (refused.toml) is placed for nobody; a medicine
that a doctor prescribed is its adviser's business (facet.advice.skincare.shelf).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

from facet.catalogue.age import ADULT, Age
from facet.catalogue.families import Avoided, Understood
from facet.catalogue.ingredients import (
    UNDESCRIBED,
    Ingredient,
    Ingredients,
    forms_of,
    read_percent,
)
from facet.catalogue.labels import Entry, Label
from facet.catalogue.refused import RefusedRow
from facet.catalogue.words import fold, normal, says_something
from facet.domain.advice import Profile
from facet.domain.products import BagItem, PregnancyAdvice, Product
from facet.domain.search import Query
from facet.saying import say

# From what is fine to what is not.
PREGNANCY: tuple[PregnancyAdvice, ...] = get_args(PregnancyAdvice)
MEDICINE: tuple[str | None, ...] = (None, "pharmacy", "prescription")

_PIECES = re.compile(r"[,.;:\n]")
_NAME = 6  # words: what is longer is no name of one ingredient
_DENIED = re.compile(r"\b(?:free|without|no|not|never|non|ohne|sans|sin|senza)\b")
GRAVEST = ("medicine", "never_at_home", "banned")
NAMED = 3  # entries of a label that a note names

# What is known of a product's label.
NO_LABEL, NO_PERCENTAGES, FULL_LABEL = 0, 1, 2

# Where a product is: on skin until it is washed off, for minutes, or for its colour.
Use = Literal["leave_on", "rinse_off", "colour"]

Code = Literal[
    "medicine",
    "never_at_home",
    "banned",
    "not_checked",
    "not_checked_in_pregnancy",
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
    use: Use = "leave_on"
    refused: RefusedRow | None = None  # the gravest that its name or label speaks of
    gap: str | None = None  # the entry that keeps its label from being known well enough
    not_checked: tuple[str, ...] = ()  # entries of its label
    called: Mapping[str, str] = field(default_factory=dict)  # ids of ingredients -> what to say
    undescribed: tuple[str, ...] = ()  # entries of which nobody says anything for pregnancy
    like_medicine: bool = False  # its name alone is told, and may be that of a medicine


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a product is not for this person."""

    code: Code
    what: str = ""  # what in it
    source: str | None = None  # of the source table

    def text(self, name: str) -> str:
        """The reason in a sentence about a product of this name."""
        if self.code == "avoided_ingredient" and self.what == name:
            return say("suitable.avoided_by_name", name=name)
        return say(f"suitable.{self.code}", name=name, what=self.what)


def contents_of(
    ingredients: Ingredients,
    product: Product | None,
    entry: BagItem | None = None,
    use: Use = "leave_on",
) -> Contents:
    """The contents of a product: by the catalogue, by what its owner says of it, or by both."""
    called = (product.name, product.brand) if product else (entry.name if entry else None,)
    names = [name for name in called if name]
    label = (*(entry.ingredients if entry else ()), *printed_on(product))
    printed = ingredients.reader.label(label)
    parts = list(ingredients.named_on(printed))
    named = [row for name in names for row in ingredients.read_text(name)]
    # Nobody else says what is in a product that its owner describes.
    told = parts if product else [*parts, *named]
    return Contents(
        use=use,
        refused=refused_in(ingredients, names, printed, use),
        gap=_gap(ingredients, printed),
        not_checked=tuple(row.text for row in printed.not_checked),
        undescribed=tuple(row.text for row in printed.entries if _is_undescribed(row)),
        like_medicine=any(_is_like_medicine(ingredients, name) for name in names),
        ingredients=frozenset(row.id for row in told),
        called={row.id: row.common_name for row in told},
        written=(
            *names,
            *_unread(label, printed),
            # What a brand is of: "Dermovate" is clobetasol.
            *(row.name for name in names for row in ingredients.refused.mentioned_in(name)),
            *(rest for e in printed.entries for rest in _unresolved(ingredients, e.text)),
        ),
        # A dash or an empty entry is no label, nor is a text that names nothing.
        labelled=any(says_something(entry.text) for entry in printed.entries),
        pregnancy=gravest_pregnancy(
            (*parts, *named), product.pregnancy_caution if product else "ok"
        ),
        medicine=gravest_medicine(told, product.medicine if product else None),
    )


def printed_on(product: Product | None) -> Iterator[str]:
    """The label of a catalogue's product, with the strengths that it states."""
    stated = {active.inci: active.percent for active in product.actives} if product else {}
    for name in product.inci if product else ():
        yield f"{name} {percent:g} %" if (percent := stated.get(name)) else name


def _unread(texts: Sequence[str], label: Label) -> Iterator[str]:
    """What stands between and behind the entries of a label and is none: an advertisement may still
    name what somebody avoids. What says that something is not in it names nothing."""
    read = {normal(entry.text) for entry in label.entries}
    for text in texts:
        for piece in _PIECES.split(text):
            name, _ = read_percent(piece)
            words = normal(name)
            if len(words.split()) > _NAME and words not in read and not _DENIED.search(words):
                yield piece


def refused_in(
    ingredients: Ingredients, names: Sequence[str], label: Label, use: Use = "leave_on"
) -> RefusedRow | None:
    """What is never placed and is in a product, as its names or its label say; medicines first."""
    entries = [_with_percent(row) for row in label.entries]
    on_label = ingredients.refused.in_label(entries, line=label.one_percent_line)
    rows = [row for rows in on_label.values() for row in rows]
    if use != "colour":  # a shade may be called after anything
        rows += [r for n in names for r in ingredients.refused.in_name(n, labelled=bool(entries))]
    return min(rows, key=lambda row: GRAVEST.index(row.kind), default=None)


def _with_percent(entry: Entry) -> str:
    return entry.text if entry.percent is None else f"{entry.text} {entry.percent:g} %"


def _gap(ingredients: Ingredients, label: Label) -> str | None:
    """The first entry that keeps a label from being known well enough; None where it is."""
    rule = ingredients.reader.rules.get("gaps")
    gaps = label.gaps(rule) if rule and label.entries else ()
    return gaps[0].text if gaps else None


def _is_like_medicine(ingredients: Ingredients, name: str) -> bool:
    """Whether a product's name is as of a medicine: of an ointment, or "Felbinac 3 %"."""
    rule = ingredients.reader.rules.get("like_medicine")
    if not rule:
        return False
    words = fold(name)
    if not {*words}.isdisjoint(rule["words"]):
        return True
    if not name.isascii() and any(not w.isascii() and w in name for w in rule["words"]):
        return True
    _, percent = read_percent(name)
    strength = percent is not None and percent < rule["below_percent"]
    return strength and not ingredients.read_text(name)


def _is_undescribed(entry: Entry) -> bool:
    """Whether an entry is a cosmetic ingredient of which nobody says anything for pregnancy."""
    if entry.state == "recognised":
        return True
    return entry.known and any(row.pregnancy == UNDESCRIBED for row in entry.ingredients)


def gravest_pregnancy(parts: Iterable[Ingredient], told: PregnancyAdvice = "ok") -> PregnancyAdvice:
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
    if avoided := avoided_in(person.avoided, contents):
        return Verdict("avoided_ingredient", avoided)
    reasons: tuple[tuple[bool, Code], ...] = (
        (person.pregnant and contents.pregnancy == "avoid", "not_in_pregnancy"),
        (person.pregnant and contents.pregnancy == "ask", "ask_in_pregnancy"),
        (_is_too_young(person, contents), person.age.code),
    )
    if code := next((code for applies, code in reasons if applies), None):
        return Verdict(code)
    if refused := contents.refused:
        return Verdict(refused.kind, refused.name, refused.source)
    if suggested and contents.medicine == "prescription":
        return Verdict("prescription")
    if _needs_its_label(person, contents, suggested=suggested):
        return Verdict("ingredients_needed")
    return _unchecked(person, contents)


def _needs_its_label(person: Person, contents: Contents, *, suggested: bool) -> bool:
    """Whether a product cannot be judged for a person without the label that nobody gave."""
    if contents.labelled:
        return False
    in_doubt = (person.pregnant or contents.like_medicine) and contents.use == "leave_on"
    return suggested or in_doubt or bool(person.avoided)


def _unchecked(person: Person, contents: Contents) -> Verdict | None:
    """The verdict on a product of whose label too much is not checked."""
    if contents.use == "rinse_off" or not contents.labelled:
        return None
    if person.pregnant and contents.not_checked:
        return Verdict("not_checked_in_pregnancy", contents.not_checked[0])
    if contents.use == "leave_on" and contents.gap:
        return Verdict("not_checked", contents.gap)
    return None


def remarks(person: Person, contents: Contents) -> Iterator[tuple[str, str]]:
    """(code, what) of all that a person should know of a product that `refusal` does not refuse."""
    if not contents.labelled:
        yield "no_label", ""
    if contents.not_checked:
        yield "not_all_checked", _few(contents.not_checked)
    if person.pregnant and contents.undescribed:
        yield "not_described_in_pregnancy", _few(contents.undescribed)


def _few(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    names = list(dict.fromkeys(names))
    listed = ", ".join(names[:NAMED])
    rest = len(names) - NAMED
    return say("suitable.and_more", names=listed, count=rest) if rest > 0 else listed


def _is_too_young(person: Person, contents: Contents) -> bool:
    """Whether a product is not for this age: a prescription is, as its doctor knew it."""
    if contents.medicine == "prescription":
        return False
    return person.age.rules_out(contents.ingredients, contents.written)


def avoided_in(avoided: Avoided, contents: Contents) -> str | None:
    """What of a product somebody avoids, as its label or at last its name has it, or None."""
    ids = sorted(contents.ingredients & avoided.ingredients)
    written = (text for text in reversed(contents.written) if avoided.named_in(text))
    return contents.called.get(ids[0], ids[0]) if ids else next(written, None)


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
    known: Any
    gaps: Any
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
        allowed = allowed & (columns.label > NO_LABEL) & (columns.gaps == 0)
        allowed = allowed & (columns.medicine < MEDICINE.index("prescription"))
    if person.pregnant:
        allowed = allowed & (columns.pregnancy == PREGNANCY.index("ok")) & (columns.known == 100)
    return allowed


def is_named(person: Person, names: Sequence[str | None]) -> bool:
    """Whether a product's name or brand speaks of something avoided, or not for this age."""
    written = [name for name in names if name]
    too_young = person.age.rules_out(frozenset(), written)
    return too_young or any(map(person.avoided.named_in, written))
