"""What a person owns, read warily: an item that cannot or must not be used becomes a note."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from facet.advice.answer import Notes
from facet.advice.makeup.read import own_makeup
from facet.advice.owned import is_expired, read_bag, remarks_on
from facet.advice.skincare.load import is_wash
from facet.advice.skincare.strengths import is_medicine_strength, too_strong
from facet.catalogue.catalogue import Catalogue, Item
from facet.catalogue.evidence import (
    TraceRule,
    bought_for,
    counting,
    helps_of,
    irritancy_of,
    is_unstated,
)
from facet.catalogue.ingredients import (
    UNDESCRIBED,
    Ingredient,
    Ingredients,
    read_percent,
    read_spf,
)
from facet.catalogue.labels import Label
from facet.catalogue.suitable import (
    Code,
    Contents,
    Person,
    Use,
    Verdict,
    avoided_in,
    contents_of,
    gravest_medicine,
    gravest_pregnancy,
    refusal,
)
from facet.catalogue.words import category_called, fold
from facet.domain.advice import Note
from facet.domain.products import BagItem, PrescribedUse, Product, StepName
from facet.saying import plain, say

Parts = dict[Ingredient, float | None]  # percent; None where nobody stated it


@dataclass(frozen=True, slots=True)
class Shelf:
    """The skincare in a bag that a person can use."""

    items: tuple[Item, ...]  # in a stable order; without what is listed alone
    new: frozenset[str]  # keys of those whose actives the skin is not used to yet
    untold: frozenset[str]  # keys of those of the new that nobody said anything of
    prescribed: Mapping[str, PrescribedUse]  # key -> how often, of what a doctor prescribed
    listed: tuple[Item, ...]  # medicines that nobody said were prescribed: known of, not placed
    notes: tuple[Note, ...]  # on what became of the rest


def shelf_of(
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    person: Person,
    today: date | None,
) -> Shelf:
    """The skincare of a bag that this person can use; today: None takes it as fresh."""
    notes = Notes()
    items, listed = [], []
    new, untold = set(), set()
    prescribed: dict[str, PrescribedUse] = {}
    for entry, product in read_bag(bag, catalogue, notes):
        item = item_of(entry, product, catalogue, notes)
        if item is None:
            continue
        item, contents = _with_contents(item, entry, product, catalogue)
        if reason := _refusal(item, entry, contents, catalogue, person=person, today=today):
            notes.add(*reason)
            continue
        if item.medicine == "prescription":
            notes.add(*_medicine_note(item, entry, catalogue))
            if entry.prescribed is None or not entry.prescribed.for_face:
                listed.append(item)
                continue
            prescribed[item.key] = entry.prescribed.how_often
        notes += _remarks(item, entry, product, contents, person)
        items.append(item)
        if _is_new(item, entry, catalogue.rules, today=today):
            new.add(item.key)
            if entry.in_use is None:
                untold.add(item.key)
    items = _with_sunscreen(items, least_spf=catalogue.rules["sun"]["spf"])
    return Shelf(
        items=tuple(sorted(items, key=lambda item: item.key)),
        new=frozenset(new),
        untold=frozenset(untold),
        prescribed=prescribed,
        listed=tuple(sorted(listed, key=lambda item: item.key)),
        notes=tuple(notes),
    )


def _remarks(
    item: Item, entry: BagItem, product: Product | None, contents: Contents, person: Person
) -> Iterable[Note]:
    """Notes on what is not known of a product that has its place."""
    if item.medicine == "prescription":  # its doctor knew what is in it, but for an allergy
        speaks = bool(person.avoided) and not contents.labelled
    else:  # of what the catalogue describes nothing else is unknown
        speaks = product is None or person.pregnant or not contents.labelled
    return remarks_on(entry, item.name, contents, person) if speaks else ()


def _medicine_note(
    item: Item, entry: BagItem, catalogue: Catalogue
) -> tuple[str, str, str | None, str]:
    """Code, sentence, item and source of the note on a prescription medicine."""
    doctor, told = catalogue.rules["doctor"], entry.prescribed
    if told is None:
        code, text = "prescription_untold", say("bag.prescription_untold", name=item.name)
    elif not told.for_face:
        code, text = "not_for_face", say("bag.not_for_face", name=item.name)
    else:
        code = "prescription"
        text = say("bag.prescription", name=item.name, rule=doctor["prescription"])
    return code, text, entry.item_id, doctor["prescription_source"]


def _with_sunscreen(items: list[Item], *, least_spf: int) -> list[Item]:
    """The items; where no sunscreen is among them, the day cream that protects best is one."""
    if any(item.step == "protect" for item in items):
        return items
    protecting = [i for i in items if i.step == "moisturise" and i.spf >= least_spf]
    best = min(protecting, key=lambda item: (-item.spf, item.key), default=None)
    return [replace(item, step="protect") if item is best else item for item in items]


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
            return _told(replace(item, item_id=entry.item_id), entry, catalogue)
        name, category = product.name, product.category
    elif not entry.category or not entry.name:
        notes.add("bag_item_incomplete", say("bag.incomplete"), entry.item_id)
        return None
    else:
        name, category = entry.name, _category(entry.category, catalogue)
        if entry.prescribed and not catalogue.step_of(category):
            category = "treatment"  # whatever its owner calls it: a doctor gave it its place
        if step := catalogue.step_of(category):
            item = _described(entry, name, category, step, catalogue=catalogue)
            return _told(item, entry, catalogue)
    if not _is_makeup(entry, product):  # which is another job's business
        code, text = _placeless(name, category, entry.category, catalogue)
        notes.add(code, text, entry.item_id)
    return None


def _told(item: Item, entry: BagItem, catalogue: Catalogue) -> Item:
    """An item as what its owner, its strength or its name make of it: a peel, a medicine."""
    item = _as_peel(item, catalogue)
    if is_medicine_strength(item, catalogue):
        item = replace(item, medicine="prescription")
    if entry.prescribed is None:
        return item
    # Of a medicine that nobody described it is not known how mild it is.
    strain = item.strain if item.treats else catalogue.rules["load"]["strains"]
    step = item.step if item.rinse_off else "treat"
    category = item.category if step == item.step else "treatment"
    return replace(
        item, medicine="prescription", treats=True, step=step, category=category, strain=strain
    )


def _as_peel(item: Item, catalogue: Catalogue) -> Item:
    """An exfoliant that its name calls a peel, as one: rinsed off after minutes."""
    peel = catalogue.rules["peel"]
    left_on = item.step == "treat" and item.category != peel["category"]
    if not (left_on and "exfoliant" in item.tags and set(fold(item.name)) & set(peel["words"])):
        return item
    helps = {goal: min(1, grade) for goal, grade in item.helps.items()}
    return replace(item, category=peel["category"], rinse_off=True, helps=helps)


def _is_makeup(entry: BagItem, product: Product | None) -> bool:
    category, _, _ = own_makeup(entry, product)
    return category is not None


def _category(called: str, catalogue: Catalogue) -> str:
    """The category that people call so, or would if we knew it."""
    return category_called(called, catalogue.rules["routine"]["called"])


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
    label = catalogue.ingredients.reader.label(entry.ingredients)
    parts = _parts(label, name, named, catalogue.ingredients)
    everything = {*parts, *named}
    counted = counting(
        parts,
        label,
        named=named,
        treats=step == "treat",
        rule=TraceRule.of(catalogue.content["label_rules"]),
    )
    bought = bought_for(counted)
    vehicle = catalogue.usual_vehicle(category)
    spf = entry.spf or read_spf(name) or 0
    rinse_off = vehicle.rinse_off
    return Item(
        name=name,
        category=category,
        step=step,
        actives={i.id: percent for i, percent in bought},
        ingredients=frozenset(i.id for i in parts),
        treats=any(i.role == "active" for i in counted),
        helps=helps_of(bought, rinse_off=rinse_off, unstated=is_unstated(bought)),
        irritancy=irritancy_of(counted, rinse_off=rinse_off),
        pregnancy=gravest_pregnancy(everything),
        medicine=gravest_medicine(everything),
        weight=vehicle.weight,
        rinse_off=rinse_off,
        opened_months=vehicle.opened_months,
        spf=spf,
        tinted=any("tint" in i.families for i in parts),
        item_id=entry.item_id,
        **catalogue.of_actives(list(counted), bought, by_day=step == "moisturise" and bool(spf)),
    )


def _parts(
    label: Label, name: str, named: Collection[Ingredient], ingredients: Ingredients
) -> Parts:
    """What is in a described product; named: what its name speaks of."""
    parts: Parts = ingredients.named_on(label)
    families = frozenset().union(*(i.families for i in parts))
    for ingredient in named:
        # A name says loosely ("vitamin C") what the label says exactly.
        if not ingredient.families & families:
            percent = read_percent(name)[1] if len(named) == 1 else None
            parts.setdefault(ingredient, percent)
    return parts


# --- whether it can be used ----------------------------------------------------------------------


def _with_contents(
    item: Item, entry: BagItem, product: Product | None, catalogue: Catalogue
) -> tuple[Item, Contents]:
    """An owned product with what is known to be in it; a medicine as one."""
    use: Use = "rinse_off" if item.rinse_off else "leave_on"
    contents = contents_of(catalogue.ingredients, product, entry, use)
    if contents.refused and contents.refused.kind == "medicine":
        item = replace(item, medicine="prescription")
    return item, contents


def _refusal(
    item: Item,
    entry: BagItem,
    contents: Contents,
    catalogue: Catalogue,
    *,
    person: Person,
    today: date | None,
) -> tuple[str, str, str, str | None] | None:
    """Code, sentence, item and source of the note why an owned product stays out, or None."""
    verdict = None
    if item.medicine == "prescription":
        refused = _medicine_refusal(item, contents, person, catalogue)
        reason = refused or _gone(item, entry, today)
    elif verdict := refusal(person, contents) or _too_young(item, person):
        reason = verdict.code, verdict.text(item.name)
    else:
        reason = (
            _unclear(item, unlabelled=not contents.labelled)
            or _gone(item, entry, today)
            or _too_strong(item, catalogue)
            or _too_weak(item, catalogue.rules["sun"]["spf"])
        )
    return (*reason, entry.item_id, verdict.source if verdict else None) if reason else None


def _too_young(item: Item, person: Person) -> Verdict | None:
    """The verdict on what is no base care, where there is nothing else at this age."""
    steps = person.age.steps
    if steps is None or item.medicine == "prescription":
        return None
    return Verdict(person.age.code) if item.treats or item.step not in steps else None


def _medicine_refusal(
    item: Item, contents: Contents, person: Person, catalogue: Catalogue
) -> tuple[str, str] | None:
    """(code, sentence) why a medicine must not be used, whoever prescribed it, or None.

    What is avoided is in it, or it is not for pregnancy; where nobody told its contents, or
    described them for pregnancy, its doctor has to be asked.
    """
    code: Code | None = None
    parts = [catalogue.ingredients.by_id[id_] for id_ in item.actives]
    treating = [row for row in parts if row.role == "active"]
    unknown = not treating or any(row.pregnancy == UNDESCRIBED for row in treating)
    if avoided := avoided_in(person.avoided, contents):
        code = "avoided_ingredient"
    elif person.pregnant and item.pregnancy == "avoid":
        code = "not_in_pregnancy"
    elif person.pregnant and (item.pregnancy == "ask" or unknown):
        code = "ask_in_pregnancy"
    if code is None:
        return None
    return code, say("bag.call_prescriber", text=Verdict(code, avoided or "").text(item.name))


def _unclear(item: Item, *, unlabelled: bool) -> tuple[str, str] | None:
    """(code, sentence) of a treatment whose contents only its name tells, or None.

    A name that states a strength, as "Retinol 0.3 %", tells enough to hold it against its ceiling.
    """
    stated = any(percent is not None for percent in item.actives.values())
    if item.product_id or not unlabelled or item.step != "treat" or stated:
        return None
    return "ingredients_needed", say("bag.ingredients_unknown", name=item.name)


def _gone(item: Item, entry: BagItem, today: date | None) -> tuple[str, str] | None:
    """(code, sentence) of what is used up or past its time, or None."""
    if entry.quantity == 0:
        return "used_up", say("bag.used_up", name=item.name)
    if is_expired(entry, item.opened_months, today):
        return "expired", say("bag.expired", name=item.name, months=item.opened_months)
    return None


def _too_strong(item: Item, catalogue: Catalogue) -> tuple[str, str] | None:
    """(code, sentence) of what is stronger than is safe at home, or None."""
    if excess := too_strong(item, catalogue):
        text = say(
            "bag.too_strong",
            name=item.name,
            percent=excess.percent,
            ingredient=excess.name,
            most=excess.most,
        )
        return "too_strong", text
    return None


def _too_weak(item: Item, least_spf: int) -> tuple[str, str] | None:
    """(code, sentence) of a sunscreen that protects too little, or None."""
    if item.step == "protect" and item.spf < least_spf:
        return "spf_too_low", _spf_sentence(item.name, item.spf, least_spf)
    return None


def _spf_sentence(name: str, spf: int, least: int) -> str:
    if spf:
        return say("bag.spf_too_low", name=name, spf=spf, least=least)
    return say("bag.spf_unknown", name=name, least=least)


def _is_new(item: Item, entry: BagItem, rules: Mapping[str, Any], *, today: date | None) -> bool:
    """Whether it holds an active that the skin is not used to, as far as anybody told.

    What nobody told counts as new if it can irritate ([introduce] of the rules); today: None leaves
    out the day it was opened.
    """
    rule = rules["introduce"]
    if not item.treats or entry.in_use == "over_four_weeks":
        return False
    if entry.in_use == "new":
        return True
    if today and entry.opened and entry.opened > today - timedelta(weeks=rule["weeks"]):
        return True
    paced = any(pace["family"] in item.tags for pace in rules["pace"])
    return not is_wash(item) and (paced or item.strain >= rule["untold_from"])
