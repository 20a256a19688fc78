"""What a person owns, read warily: an item that cannot or must not be used becomes a note."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from facet.advice.answer import Notes
from facet.advice.makeup.read import own_makeup
from facet.advice.owned import is_expired, read_bag
from facet.catalogue.catalogue import Catalogue, Item
from facet.catalogue.evidence import bought_for, helps_of, irritancy_of, is_unstated
from facet.catalogue.ingredients import Ingredient, Ingredients, read_percent, read_spf
from facet.catalogue.suitable import (
    Person,
    Verdict,
    contents_of,
    gravest_medicine,
    gravest_pregnancy,
    refusal,
)
from facet.catalogue.words import normal
from facet.domain.advice import Note
from facet.domain.products import BagItem, Product, StepName
from facet.saying import plain, say

Parts = dict[Ingredient, float | None]  # percent; None where nobody stated it


@dataclass(frozen=True, slots=True)
class Shelf:
    """The skincare in a bag that a person can use."""

    items: tuple[Item, ...]  # in a stable order
    new: frozenset[str]  # keys of those whose actives the skin is not used to yet
    notes: tuple[Note, ...]  # on what became of the rest


def shelf_of(
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    person: Person,
    today: date | None,
) -> Shelf:
    """The skincare of a bag that this person can use; today: None takes it as fresh and in use."""
    notes = Notes()
    items, new = [], set()
    for entry, product in read_bag(bag, catalogue, notes):
        item = item_of(entry, product, catalogue, notes)
        if item is None:
            continue
        if reason := _refusal(item, entry, product, catalogue, person=person, today=today):
            notes.add(*reason, entry.item_id)
            continue
        items.append(item)
        if _is_new(item, entry, weeks=catalogue.rules["introduce"]["weeks"], today=today):
            new.add(item.key)
        if item.medicine == "prescription":
            doctor = catalogue.rules["doctor"]
            text = say("bag.prescription", name=item.name, rule=doctor["prescription"])
            notes.add("prescription", text, entry.item_id, doctor["prescription_source"])
    return Shelf(tuple(sorted(items, key=lambda item: item.key)), frozenset(new), tuple(notes))


# --- what an entry is ----------------------------------------------------------------------------


def item_of(
    entry: BagItem, product: Product | None, catalogue: Catalogue, notes: Notes
) -> Item | None:
    """An entry as the routine sees it, whether it may be used or not.

    product: the catalogue's, where the entry names one. None, with a note, for what has no place in
    a routine; of make-up without a note.
    """
    if product is not None:
        item = catalogue.item(product.product_id)
        if item is not None and item.step is not None:
            return replace(item, item_id=entry.item_id)
        name, category = product.name, product.category
    elif not entry.category or not entry.name:
        notes.add("bag_item_incomplete", say("bag.incomplete"), entry.item_id)
        return None
    else:
        name, category = entry.name, _category(entry.category, catalogue)
        if step := catalogue.step_of(category):
            return _described(entry, name, category, step, catalogue=catalogue)
    if not _is_makeup(entry, product):  # which is another job's business
        code, text = _placeless(name, category, entry.category, catalogue)
        notes.add(code, text, entry.item_id)
    return None


def _is_makeup(entry: BagItem, product: Product | None) -> bool:
    category, _, _ = own_makeup(entry, product)
    return category is not None


def _category(called: str, catalogue: Catalogue) -> str:
    """The category that people call so, or would if we knew it."""
    words = normal(called)
    category: str = catalogue.rules["routine"]["called"].get(words, words.replace(" ", "_"))
    return category


def _placeless(
    name: str, category: str, called: str | None, catalogue: Catalogue
) -> tuple[str, str]:
    """(code, sentence) why something is in no routine; called: its category as its owner has it."""
    if category in catalogue.categories:
        return "not_daily", say("bag.not_daily", name=name, category=plain(category))
    categories = ", ".join(map(plain, catalogue.rules["routine"]["step_of"]))
    text = say("bag.category_unknown", name=name, category=repr(called), categories=categories)
    return "category_unknown", text


def _described(
    entry: BagItem, name: str, category: str, step: StepName, *, catalogue: Catalogue
) -> Item:
    """A product its owner describes: what its label and name say of it."""
    named = catalogue.ingredients.read_text(name)
    parts = _parts(entry, name, named, catalogue.ingredients)
    everything = {*parts, *named}
    bought = bought_for(parts)
    vehicle = catalogue.usual_vehicle(category)
    rinse_off = vehicle.rinse_off
    return Item(
        name=name,
        category=category,
        step=step,
        actives={i.id: percent for i, percent in bought},
        ingredients=frozenset(i.id for i in parts),
        treats=any(i.role == "active" for i in parts),
        helps=helps_of(bought, rinse_off=rinse_off, unstated=is_unstated(bought)),
        irritancy=irritancy_of(parts, rinse_off=rinse_off),
        pregnancy=gravest_pregnancy(everything),
        medicine=gravest_medicine(everything),
        weight=vehicle.weight,
        rinse_off=rinse_off,
        opened_months=vehicle.opened_months,
        spf=entry.spf or read_spf(name) or 0,
        tinted=any("tint" in i.families for i in parts),
        item_id=entry.item_id,
        **catalogue.of_actives(list(parts), bought),
    )


def _parts(
    entry: BagItem, name: str, named: Collection[Ingredient], ingredients: Ingredients
) -> Parts:
    """What is in a described product; named: what its name speaks of."""
    parts: Parts = {}
    for label in entry.ingredients:
        for ingredient, percent in ingredients.on_label(label).items():
            if parts.get(ingredient) is None:  # a strength that is stated anywhere counts
                parts[ingredient] = percent
    families = frozenset().union(*(i.families for i in parts))
    for ingredient in named:
        # A name says loosely ("vitamin C") what the label says exactly.
        if not ingredient.families & families:
            percent = read_percent(name)[1] if len(named) == 1 else None
            parts.setdefault(ingredient, percent)
    return parts


# --- whether it can be used ----------------------------------------------------------------------


def _refusal(
    item: Item,
    entry: BagItem,
    product: Product | None,
    catalogue: Catalogue,
    *,
    person: Person,
    today: date | None,
) -> tuple[str, str] | None:
    """(code, sentence) why an owned product stays out, or None."""
    contents = contents_of(catalogue.ingredients, product, entry)
    if verdict := refusal(person, contents) or _too_young(item, person):
        return verdict.code, verdict.text(item.name)
    least_spf = catalogue.rules["sun"]["spf"]
    return _unusable(item, entry, labelled=contents.labelled, least_spf=least_spf, today=today)


def _too_young(item: Item, person: Person) -> Verdict | None:
    """The verdict on what is no base care, where there is nothing else at this age."""
    steps = person.age.steps
    if steps is None or item.medicine == "prescription":
        return None
    return Verdict(person.age.code) if item.treats or item.step not in steps else None


def _unusable(
    item: Item, entry: BagItem, *, labelled: bool, least_spf: int, today: date | None
) -> tuple[str, str] | None:
    """(code, sentence) why a product is of no use to anybody, or None."""
    name = item.name
    if entry.quantity == 0:
        return "used_up", say("bag.used_up", name=name)
    opaque = not item.product_id and not labelled and not item.ingredients
    if opaque and item.step == "treat":
        return "ingredients_needed", say("bag.ingredients_unknown", name=name)
    if is_expired(entry, item.opened_months, today):
        return "expired", say("bag.expired", name=name, months=item.opened_months)
    if item.step == "protect" and item.spf < least_spf:
        return "spf_too_low", _spf_sentence(name, item.spf, least_spf)
    return None


def _spf_sentence(name: str, spf: int, least: int) -> str:
    if spf:
        return say("bag.spf_too_low", name=name, spf=spf, least=least)
    return say("bag.spf_unknown", name=name, least=least)


def _is_new(item: Item, entry: BagItem, *, weeks: int, today: date | None) -> bool:
    """Whether it holds an active and was opened within these weeks; today None: nobody asks."""
    if not (item.treats and today and entry.opened):
        return False
    return entry.opened > today - timedelta(weeks=weeks)
