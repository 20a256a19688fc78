"""What a person owns, read warily: an item that cannot or must not be used becomes a note."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from facet.advice.answer import Notes
from facet.advice.makeup_read import own_makeup
from facet.advice.owned import is_expired, read_bag
from facet.catalogue.catalogue import Catalogue, Item
from facet.catalogue.evidence import bought_for, helps_of, irritancy_of, is_unstated
from facet.catalogue.ingredients import Ingredient, read_percent, read_spf
from facet.catalogue.suitable import (
    Person,
    contents_of,
    gravest_medicine,
    gravest_pregnancy,
    refusal,
)
from facet.catalogue.words import normal, plain
from facet.domain.products import BagItem, Product, StepName
from facet.saying import say


class SkincareShelf:
    """The skincare in a bag that this person can use.

    new: keys of items whose actives the skin is not used to yet.
    """

    def __init__(self, catalogue: Catalogue, person: Person, today: date | None) -> None:
        self.catalogue = catalogue
        self.rules = catalogue.rules
        self.person = person
        self.today = today
        self.new: set[str] = set()
        self.notes = Notes()

    def read(self, bag: Sequence[BagItem | Mapping[str, Any]]) -> list[Item]:
        """What can be used, in a stable order; `notes` says what became of the rest."""
        usable = []
        for entry, product in read_bag(bag, self.catalogue, self.notes):
            item = self.item(entry, product)
            if item is not None and self._may_be_used(item, entry, product):
                usable.append(item)
        return sorted(usable, key=lambda item: item.key)

    def item(self, entry: BagItem, product: Product | None) -> Item | None:
        """An entry as the routine sees it, whether it may be used or not.

        None, with a note, for what has no place in a routine; of make-up without a note.
        """
        if product is not None:
            item = self.catalogue.item(product.product_id)
            if item is None or item.step is None:
                self._placeless(entry, product, product.name, product.category)
                return None
            return replace(item, item_id=entry.item_id)
        if not entry.category or not entry.name:
            self.notes.add("bag_item_incomplete", say("bag.incomplete"), entry.item_id)
            return None
        called = normal(entry.category)
        category = self.rules["routine"]["called"].get(called, called.replace(" ", "_"))
        step = self.catalogue.step_of(category)
        if step is None:
            self._placeless(entry, None, entry.name, category)
            return None
        return self._described(entry, entry.name, category, step)

    def _placeless(self, entry: BagItem, product: Product | None, name: str, category: str) -> None:
        """Say why something is in no routine, but of make-up: that is another job's business."""
        if own_makeup(entry, product).category is not None:
            return
        if category in self.catalogue.categories:
            text = say("bag.not_daily", name=name, category=plain(category))
            self.notes.add("not_daily", text, entry.item_id)
            return
        known = ", ".join(map(plain, self.rules["routine"]["step_of"]))
        text = say("bag.category_unknown", name=name, category=repr(entry.category), known=known)
        self.notes.add("category_unknown", text, entry.item_id)

    def _described(self, entry: BagItem, name: str, category: str, step: StepName) -> Item:
        """A product its owner describes: what its label and name say of it."""
        known = self.catalogue.ingredients
        parts: dict[Ingredient, float | None] = {}
        for label in entry.ingredients:
            for ingredient, percent in known.on_label(label).items():
                parts.setdefault(ingredient, percent)
        named = known.read_text(name)
        families = frozenset().union(*(i.families for i in parts))
        for ingredient in named:
            # A name says loosely ("vitamin C") what the label says exactly.
            if not ingredient.families & families:
                percent = read_percent(name)[1] if len(named) == 1 else None
                parts.setdefault(ingredient, percent)
        everything = {*parts, *named}
        bought = bought_for(parts)
        vehicle = self.catalogue.usual_vehicle(category)
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
            **self.catalogue.of_actives(list(parts), bought),
        )

    def _may_be_used(self, item: Item, entry: BagItem, product: Product | None) -> bool:
        if refused := self._refusal(item, entry, product):
            self.notes.add(*refused, entry.item_id)
            return False
        rule = self.rules["introduce"]
        weeks = timedelta(weeks=rule["weeks"])
        if item.treats and self.today and entry.opened and entry.opened > self.today - weeks:
            self.new.add(item.key)
        if item.medicine == "prescription":
            doctor = self.rules["doctor"]
            self.notes.add(
                "prescription",
                f"{item.name}: {doctor['prescription']}",
                entry.item_id,
                doctor["prescription_source"],
            )
        return True

    def _refusal(
        self, item: Item, entry: BagItem, product: Product | None
    ) -> tuple[str, str] | None:
        """(code, sentence) an owned product stays out, or None."""
        contents = contents_of(self.catalogue.ingredients, product, entry)
        name = item.name
        if verdict := refusal(self.person, contents):
            return verdict.code, verdict.text(name)
        if entry.quantity == 0:
            return "used_up", say("bag.used_up", name=name)
        opaque = product is None and not contents.labelled
        if opaque and item.step == "treat" and not item.ingredients:
            return "ingredients_needed", say("bag.ingredients_unknown", name=name)
        if is_expired(entry, item.opened_months, self.today):
            return "expired", say("bag.expired", name=name, months=item.opened_months)
        least = self.rules["sun"]["spf"]
        if item.step == "protect" and item.spf < least:
            return "spf_too_low", _spf_sentence(name, item.spf, least)
        return None


def _spf_sentence(name: str, spf: int, least: int) -> str:
    if spf:
        return say("bag.spf_too_low", name=name, spf=spf, least=least)
    return say("bag.spf_unknown", name=name, least=least)
