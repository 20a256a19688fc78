"""The bag: products a person owns, of the catalogue or described by themselves."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from facet.domain.belongings import BagPage, Shelf
from facet.domain.cursor import Cursors
from facet.domain.errors import BagItemNotFoundError, PermanentError, ProductNotFoundError
from facet.domain.products import BagDetails, BagItem, Product
from facet.services.ports import Products, Shelves


def list_bag(
    user_id: str, limit: int, cursor: str | None, *, cursors: Cursors, shelves: Shelves
) -> BagPage:
    """A page of the bag: `limit` items after the cursor. Raises PermanentError(invalid_cursor)."""
    after_id = cursors.read(user_id, "bag", cursor) if cursor else None
    page = shelves.page(user_id, Shelf.BAG, limit, after_id)
    return BagPage(
        items=tuple(_item(document) for document in page.documents),
        cursor=cursors.sign(user_id, "bag", page.next_id) if page.next_id else None,
    )


def read_bag_item(user_id: str, item_id: str, *, shelves: Shelves) -> BagItem:
    """One item of the bag. Raises PermanentError(bag_item_not_found)."""
    document = shelves.get(user_id, Shelf.BAG, item_id)
    if document is None:
        raise BagItemNotFoundError
    return _item(document)


def keep_bag_item(
    user_id: str,
    item_id: str,
    details: BagDetails,
    *,
    most: int,
    shelves: Shelves,
    products: Products,
) -> tuple[BagItem, bool]:
    """The item as it is kept, and whether it is new: all of it is replaced.

    What the catalogue says of a product stands in for the name and the category left out, so that
    a bag can be read without it. most: things in bag and wardrobe. Raises ProductNotFoundError,
    BelongingsFullError and PermanentError(bag_item_incomplete).
    """
    told = completed(details, products.get)
    item = BagItem.model_validate({**told, "item_id": item_id})
    return item, shelves.put(user_id, Shelf.BAG, item_id, told, most)


def completed(details: BagDetails, product_of: Callable[[str], Product | None]) -> dict[str, Any]:
    """What is told of an item, as a row has it, with its product's name and category.

    Raises ProductNotFoundError and PermanentError(bag_item_incomplete).
    """
    told = details.model_dump(mode="json", exclude_defaults=True)
    if details.product_id is not None:
        product = product_of(details.product_id)
        if product is None:
            raise ProductNotFoundError
        return {"name": product.name, "category": product.category, **told}
    if not (details.name and details.category):
        raise PermanentError("bag_item_incomplete")
    return told


def drop_bag_item(user_id: str, item_id: str, *, shelves: Shelves) -> None:
    """Take an item out of the bag. Raises PermanentError(bag_item_not_found)."""
    if not shelves.delete(user_id, Shelf.BAG, item_id):
        raise BagItemNotFoundError


def _item(document: Mapping[str, Any]) -> BagItem:
    """What can be read of an item; a field of another schema is left out rather than the item."""
    fields = {name: document[name] for name in document if name in BagItem.model_fields}
    try:
        return BagItem.model_validate(fields)
    except ValidationError as error:
        broken = {str(problem["loc"][0]) for problem in error.errors()}
        return BagItem.model_validate({n: v for n, v in fields.items() if n not in broken})
