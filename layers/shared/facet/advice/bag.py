"""What a person owns, read warily: an item that cannot or must not be used becomes a note."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from facet.advice.makeup import worn
from facet.catalogue.catalogue import (
    MEDICINE,
    PREGNANCY,
    Catalogue,
    Item,
)
from facet.catalogue.evidence import bought_for, helps_of, irritancy_of, is_unstated
from facet.catalogue.ingredients import Avoided, Ingredient, read_percent
from facet.catalogue.words import normal, plain
from facet.domain.advice import Note, Profile
from facet.domain.products import BagItem, StepName

_SPF = re.compile(r"\b(?:SPF|IP|FPS|LSF)\s*(\d{1,3})", re.IGNORECASE)


class SkincareShelf:
    """The skincare in a bag that this person can use.

    new: keys of items whose actives the skin is not used to yet.
    """

    def __init__(
        self, catalogue: Catalogue, profile: Profile, avoided: Avoided, today: date | None
    ) -> None:
        self.catalogue = catalogue
        self.rules = catalogue.rules
        self.pregnancy = profile.pregnancy
        self.avoided = avoided
        self.today = today
        self.new: set[str] = set()
        self.notes: list[Note] = []

    def read(self, bag: Sequence[BagItem | Mapping[str, Any]]) -> list[Item]:
        """What can be used, in a stable order; `notes` says what became of the rest."""
        usable = []
        for row in bag:
            try:
                entry = row if isinstance(row, BagItem) else BagItem.model_validate(dict(row))
            except (ValidationError, TypeError, ValueError):
                item_id = row.get("item_id") if isinstance(row, Mapping) else None
                self._note(
                    "bag_item_unreadable",
                    "One thing in your bag could not be read and was left out.",
                    item_id if isinstance(item_id, str) else None,
                )
                continue
            item = self._item(entry)
            if item is not None and self._may_be_used(item, entry):
                usable.append(item)
        return sorted(usable, key=lambda item: item.key)

    def _item(self, entry: BagItem) -> Item | None:
        if entry.product_id is not None:
            item = self.catalogue.item(entry.product_id)
            if item is None:
                name = entry.name or entry.product_id
                text = f"{name} is no longer in the catalogue and was left out."
                self._note("product_withdrawn", text, entry.item_id)
                return None
            if item.step is None:
                self._placeless(entry, item.name, item.category)
                return None
            return replace(item, item_id=entry.item_id)
        if not entry.category or not entry.name:
            text = "Something in your bag has no name or category, so it was left out."
            self._note("bag_item_incomplete", text, entry.item_id)
            return None
        called = normal(entry.category)
        category = self.rules["routine"]["called"].get(called, called.replace(" ", "_"))
        step = self.catalogue.step_of(category)
        if step is None:
            self._placeless(entry, entry.name, category)
            return None
        return self._described(entry, entry.name, category, step)

    def _placeless(self, entry: BagItem, name: str, category: str) -> None:
        """Say why something is in no routine, but of make-up: that is another job's business."""
        product = self.catalogue.product(entry.product_id) if entry.product_id else None
        if worn(entry, product)[0] is not None:
            return
        if category in self.catalogue.categories:
            said = plain(category)
            text = f"{name}: a {said} has no place in a daily routine; use it as its label says."
            self._note("not_daily", text, entry.item_id)
            return
        known = ", ".join(map(plain, self.rules["routine"]["step_of"]))
        text = f"{name}: we know no category {entry.category!r}, so it was left out; in a routine "
        self._note("category_unknown", f"{text}we know {known}.", entry.item_id)

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
            pregnancy=max((i.pregnancy for i in everything), key=PREGNANCY.index, default="ok"),
            medicine=max((i.medicine for i in everything), key=MEDICINE.index, default=None),
            weight=vehicle.weight,
            rinse_off=rinse_off,
            opened_months=vehicle.opened_months,
            spf=entry.spf or max((int(n) for n in _SPF.findall(name)), default=0),
            tinted=any("tint" in i.families for i in parts),
            item_id=entry.item_id,
            **self.catalogue.of_actives(list(parts), bought),
        )

    def _may_be_used(self, item: Item, entry: BagItem) -> bool:
        refusal = self._refusal(item, entry)
        if refusal:
            code, why = refusal
            self._note(code, f"{item.name}: {why}", entry.item_id)
            return False
        rule = self.rules["introduce"]
        weeks = timedelta(weeks=rule["weeks"])
        if item.treats and self.today and entry.opened and entry.opened > self.today - weeks:
            self.new.add(item.key)
        if item.medicine == "prescription":
            doctor = self.rules["doctor"]
            self._note(
                "prescription",
                f"{item.name}: {doctor['prescription']}",
                entry.item_id,
                doctor["prescription_source"],
            )
        return True

    def _refusal(self, item: Item, entry: BagItem) -> tuple[str, str] | None:
        """(code, why) an owned product stays out, or None."""
        told = self.pregnancy
        labels = (item.name, *(read_percent(label)[0] for label in entry.ingredients))
        avoided = item.ingredients & self.avoided.ingredients
        opaque = item.product_id is None and not entry.ingredients
        keeps = timedelta(days=round(item.opened_months * 30.44))
        least = self.rules["sun"]["spf"]
        spf = f"SPF {item.spf} is too low" if item.spf else "its SPF is not known"
        refusals = (
            (
                avoided or any(self.avoided.named_in(label) for label in labels),
                "avoided_ingredient",
                "contains something you avoid.",
            ),
            (entry.quantity == 0, "used_up", "is used up."),
            (
                opaque and (self.avoided or told),
                "ingredients_needed",
                "add its ingredients, so that we can check them.",
            ),
            (
                opaque and item.step == "treat" and not item.ingredients,
                "ingredients_needed",
                "add its ingredients, so that we know what it does.",
            ),
            (
                told and item.pregnancy == "avoid",
                "not_in_pregnancy",
                "not during pregnancy, while planning it or breastfeeding.",
            ),
            (
                told and item.pregnancy == "ask",
                "ask_in_pregnancy",
                "ask your doctor first; left out until then.",
            ),
            (
                self.today and entry.opened and entry.opened + keeps < self.today,
                "expired",
                f"open for more than {item.opened_months} months: replace it.",
            ),
            (
                item.step == "protect" and item.spf < least,
                "spf_too_low",
                f"{spf}; SPF {least} or higher is needed.",
            ),
        )
        return next(((code, why) for applies, code, why in refusals if applies), None)

    def _note(
        self, code: str, text: str, item_id: str | None = None, source: str | None = None
    ) -> None:
        sources = (source,) if source else ()
        self.notes.append(Note(code=code, text=text, item_id=item_id, sources=sources))
