"""Reading the entries of a bag as they are stored: of any age, and written by others."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from facet.advice.answer import Notes
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.suitable import Contents, Person, remarks
from facet.domain.advice import Note
from facet.domain.products import BagItem, Product
from facet.saying import say

DAYS_A_MONTH = 30.44


def read_bag(
    rows: Sequence[BagItem | Mapping[str, Any]], catalogue: Catalogue, notes: Notes
) -> Iterator[tuple[BagItem, Product | None]]:
    """Every entry of a bag that can be read, with its product; None: its owner describes it.

    What cannot be read, and what was withdrawn from the catalogue, becomes a note.
    """
    for row in rows:
        try:
            entry = row if isinstance(row, BagItem) else BagItem.model_validate(dict(row))
        except (ValidationError, TypeError, ValueError):
            item_id = row.get("item_id") if isinstance(row, Mapping) else None
            notes.add(
                "bag_item_unreadable",
                say("bag.unreadable"),
                item_id if isinstance(item_id, str) else None,
            )
            continue
        product = catalogue.product(entry.product_id) if entry.product_id else None
        if entry.product_id and product is None:
            name = entry.name or entry.product_id
            notes.add("product_withdrawn", say("bag.withdrawn", name=name), entry.item_id)
            continue
        yield entry, product


def remarks_on(entry: BagItem, name: str, contents: Contents, person: Person) -> Iterator[Note]:
    """Notes on what is not known of a product that may be used."""
    for code, what in remarks(person, contents):
        text = say(f"suitable.{code}", name=name, what=what)
        yield Note(code=code, text=text, item_id=entry.item_id)


def is_expired(entry: BagItem, months: int, today: date | None) -> bool:
    """Whether an entry has been open for more than `months`; today None: nobody asks."""
    open_for = (today - entry.opened).days if today and entry.opened else 0
    return open_for > months * DAYS_A_MONTH
