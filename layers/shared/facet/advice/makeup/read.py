"""A face and a bag as stored, read into the brief of a look.

Numbers are in makeup.toml.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, cast

from facet.advice.allergies import notes_on_unclear
from facet.advice.answer import Notes
from facet.advice.harmony import LCh, Palette
from facet.advice.makeup.brief import CATEGORIES, LookBrief, rules
from facet.advice.makeup.shades import Shade, shade_card
from facet.advice.occasions import occasion_of
from facet.advice.owned import is_expired, read_bag, remarks_on
from facet.catalogue.age import age_of
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.suitable import Contents, Person, Verdict, contents_of, refusal
from facet.catalogue.words import normal
from facet.domain.advice import Audience, Note, Profile
from facet.domain.face import FaceReading
from facet.domain.products import BagItem, HexColor, Product
from facet.domain.style import MakeupCategory
from facet.saying import say

type Row = BagItem | Mapping[str, Any]


class OwnMakeup(NamedTuple):
    """What a product is as makeup; None: nobody said."""

    category: MakeupCategory | None
    colour: HexColor | None
    finish: str | None


def own_makeup(entry: BagItem, product: Product | None) -> OwnMakeup:
    """What an owned product is as makeup: its category, colour and finish.

    product: the catalogue's, where the entry names one.
    """
    word = normal((product.category if product else entry.category) or "")
    name = rules()["called"].get(word, word.replace(" ", "_"))
    category = cast(MakeupCategory, name) if name in CATEGORIES else None
    colour = entry.shade or (product.shade if product else None)
    if colour is None and category == "mascara":
        colour = str(rules()["mascara"]["assumed"])
    return OwnMakeup(category, colour, entry.finish or (product.finish if product else None))


def brief_of(
    reading: FaceReading,
    profile: Profile,
    bag: Sequence[Row],
    catalogue: Catalogue,
    occasion: str | None,
    *,
    today: date | None,
    audience: Audience = "adults",
) -> tuple[LookBrief, tuple[Note, ...]]:
    """The brief, and a note for every product or word that was left out of it."""
    age = age_of(profile, audience, catalogue.ingredients, catalogue.rules)
    person = Person.of_profile(profile, catalogue.ingredients, age)
    asked, unknown = _occasion(occasion)
    owned, unusable = _owned(bag, catalogue, person, today)
    brief = LookBrief(
        rules=rules(),
        occasion=asked,
        reading=reading,
        skin=LCh.of_lab(reading.skin.tone.lab),
        colours={c.feature: c for c in reading.face.colours if c.lab is not None},
        palette=Palette(reading),
        owned=owned,
        card=_card(person),
        avoided=(*profile.allergies, *profile.avoided_ingredients) if person.avoided else (),
        unclear=bool(person.unclear),
    )
    return brief, (*notes_on_unclear(person), *unknown, *unusable)


def _occasion(words: str | None) -> tuple[str, list[Note]]:
    """The occasion that was asked for; every day, with a note, where the words name none."""
    if occasion := occasion_of(words):
        return occasion, []
    text = say("makeup.unknown_occasion", occasion=words)
    return "everyday", [Note(code="unknown_occasion", text=text)]


# --- the bag -------------------------------------------------------------------------------------


def _owned(
    bag: Sequence[Row], catalogue: Catalogue, person: Person, today: date | None
) -> tuple[dict[str, list[Shade]], Notes]:
    """Makeup that may be used, by category in a stable order, and a note on what may not be."""
    notes = Notes()
    shades: dict[str, list[Shade]] = {}
    for entry, product in read_bag(bag, catalogue, notes):
        name = product.name if product else entry.name
        category, colour, finish = own_makeup(entry, product)
        if category is None or not name:
            continue  # skincare and the like: another job's business
        contents = contents_of(catalogue.ingredients, product, entry, "colour")
        if note := _unusable(entry, category, name, refusal(person, contents), today):
            notes.append(note)
            continue
        if person.pregnant or (contents.labelled and product is None):
            notes += remarks_on(entry, name, contents, person)
        if colour is None:
            notes.add("shade_needed", say("bag.shade_needed", name=name), entry.item_id)
        else:
            shade = Shade(category, name, colour, finish, entry.item_id, entry.product_id)
            shades.setdefault(category, []).append(shade)
    return {name: sorted(rows, key=lambda s: s.key) for name, rows in shades.items()}, notes


def _unusable(
    entry: BagItem, category: MakeupCategory, name: str, verdict: Verdict | None, today: date | None
) -> Note | None:
    """Why an owned product cannot be used, in a note; None where nothing speaks against it."""
    keeps = rules()["keeps"]
    if verdict:
        return Note(code=verdict.code, text=verdict.text(name), item_id=entry.item_id)
    if entry.quantity == 0:
        return Note(code="used_up", text=say("bag.used_up", name=name), item_id=entry.item_id)
    if is_expired(entry, keeps[category], today):
        text = say("bag.expired", name=name, months=keeps[category])
        return Note(code="expired", text=text, item_id=entry.item_id, sources=(keeps["source"],))
    return None


# --- the shade card ------------------------------------------------------------------------------


def _card(person: Person) -> Mapping[str, Sequence[Shade]]:
    """Shades to suggest: none that usually contains what is avoided."""
    if not person.avoided:
        return shade_card()
    return {
        category: [shade for shade in shades if refusal(person, _likely(shade)) is None]
        for category, shades in shade_card().items()
    }


def _likely(shade: Shade) -> Contents:
    """What a product of a shade of the card usually contains: it is no product yet."""
    likely = rules()["contains"]
    words = [shade.name, shade.finish or "", shade.category]
    words += likely["finish"].get(shade.finish, [])
    words += likely["category"].get(shade.category, [])
    return Contents(ingredients=frozenset(), written=tuple(words), labelled=True)
