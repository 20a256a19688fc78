"""What a user told us and owns: rows of one JSON document each, below the user's own partition."""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from facet.adapters.keys import OWNED, PROFILE, rows_below, shelf_key, user_key
from facet.adapters.overdue import opened
from facet.adapters.rows import at_least, condition_failed, pages, transact
from facet.domain.belongings import COUNTED, PAGE_BYTES, Belongings, Shelf, ShelfPage
from facet.domain.errors import BelongingsFullError, FacetError, ProfileUnreadableError
from facet.domain.style import GarmentPhoto

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

TRIES = 10

type Document = Mapping[str, Any]


class BelongingsTable:
    """The profile and the shelves of every user."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def of(self, user_id: str, shelves: frozenset[Shelf]) -> Belongings:
        """A user's profile, and all that lies on these shelves; of the feedback the newest."""
        read = {
            Shelf.BAG: self._every,
            Shelf.WARDROBE: self._every,
            Shelf.FEEDBACK: self._newest,
        }
        told = self.profile(user_id) or {}
        lying = {shelf.lower(): read[shelf](user_id, shelf) for shelf in shelves}
        return Belongings(profile=told, **lying)

    # -- the profile -----------------------------------------------------------------------------

    def profile(self, user_id: str) -> Document | None:
        """The profile as stored, or None. Raises PermanentError(profile_unreadable)."""
        item = self._item(user_key(user_id, PROFILE))
        if item is None:
            return None
        try:
            document = json.loads(str(item.get("document", "{}")))
        except ValueError as error:
            raise ProfileUnreadableError from error
        if not isinstance(document, dict):
            raise ProfileUnreadableError
        return document

    def save_profile(self, user_id: str, document: Document) -> None:
        """Replace the user's profile."""
        self._table.put_item(Item={**user_key(user_id, PROFILE), "document": json.dumps(document)})

    # -- things on a shelf -----------------------------------------------------------------------

    def page(self, user_id: str, shelf: Shelf, limit: int, after_id: str | None) -> ShelfPage:
        """Up to `limit` things of a shelf, in the order of their ids, after that of `after_id`.

        Fewer where they are more than PAGE_BYTES, but one.
        """
        request: dict[str, Any] = {**rows_below(user_id, shelf), "Limit": limit + 1}
        if after_id is not None:
            request["ExclusiveStartKey"] = shelf_key(user_id, shelf, after_id)
        rows = at_least(limit + 1, self._table.query, request)
        documents = tuple(_stored(row, shelf) for row in _fitting(rows[:limit]))
        more = len(rows) > len(documents)
        return ShelfPage(documents, documents[-1]["item_id"] if more else None)

    def get(self, user_id: str, shelf: Shelf, item_id: str) -> Document | None:
        """The document of one thing, its `item_id` included, or None."""
        item = self._item(shelf_key(user_id, shelf, item_id))
        return _stored(item, shelf) if item else None

    def put(
        self,
        user_id: str,
        shelf: Shelf,
        item_id: str,
        document: Document,
        most: int | None = None,
    ) -> bool:
        """Create or replace a thing on a shelf; True where there was none before.

        most: things on the counted shelves together. Raises BelongingsFullError.
        """
        row = _row(user_id, shelf, item_id, document)
        if shelf not in COUNTED:
            return "Attributes" not in self._table.put_item(Item=row, ReturnValues="ALL_OLD")
        for _ in range(TRIES):
            if self._put(row, ConditionExpression="attribute_exists(PK)"):
                return False
            if self._add(user_id, row, most):
                return True
        raise FacetError("the row kept coming and going while it was put")

    def change(
        self,
        user_id: str,
        shelf: Shelf,
        item_id: str,
        edit: Callable[[Document | None], Document | None],
        most: int | None = None,
    ) -> Document | None:
        """Replace a thing by what `edit` makes of it (None: of nothing), whoever else writes it.

        What `edit` returned last; None leaves everything as it is. It may be called again, and
        anything it raises is raised. most: as `put` has it.
        """
        key = shelf_key(user_id, shelf, item_id)
        for _ in range(TRIES):
            item = self._item(key)
            edited = edit(_stored(item, shelf) if item else None)
            if edited is None:
                return None
            row = _row(user_id, shelf, item_id, edited)
            if item:
                done = self._put(
                    row,
                    ConditionExpression="#document = :seen",
                    ExpressionAttributeNames={"#document": "document"},
                    ExpressionAttributeValues={":seen": item["document"]},
                )
            elif shelf in COUNTED:
                done = self._add(user_id, row, most)
            else:
                done = self._put(row, ConditionExpression="attribute_not_exists(PK)")
            if done:
                return edited
        raise FacetError("the row kept changing while it was changed")

    def delete(self, user_id: str, shelf: Shelf, item_id: str) -> bool:
        """Take a thing off a shelf; False where there was none."""
        key = shelf_key(user_id, shelf, item_id)
        if shelf not in COUNTED:
            return "Attributes" in self._table.delete_item(Key=key, ReturnValues="ALL_OLD")
        gone = {"TableName": self._table.name, "Key": key}
        gone["ConditionExpression"] = "attribute_exists(PK)"
        return transact(self._table, [{"Delete": gone}, {"Update": self._counting(user_id, -1)}])

    def _put(self, row: Mapping[str, Any], **condition: Any) -> bool:
        """Write a row; False where the condition does not hold."""
        try:
            self._table.put_item(Item=row, **condition)
        except ClientError as error:
            if not condition_failed(error):
                raise
            return False
        return True

    def _add(self, user_id: str, row: Mapping[str, Any], most: int | None) -> bool:
        """Write a new row and count it, both or neither; False where there is one by now.

        Raises BelongingsFullError.
        """
        new = {"TableName": self._table.name, "Item": row}
        new["ConditionExpression"] = "attribute_not_exists(PK)"
        counted = self._counting(user_id, 1)
        if most is not None:
            counted["ConditionExpression"] = "attribute_not_exists(things) OR things < :most"
            counted["ExpressionAttributeValues"][":most"] = most
        if transact(self._table, [{"Put": new}, {"Update": counted}]):
            return True
        owned = self._item(user_key(user_id, OWNED)) or {}
        there = self._item({name: row[name] for name in ("PK", "SK")})
        if most is not None and int(owned.get("things", 0)) >= most and there is None:
            raise BelongingsFullError(most)
        return False

    def _counting(self, user_id: str, change: int) -> dict[str, Any]:
        return {
            "TableName": self._table.name,
            "Key": user_key(user_id, OWNED),
            "UpdateExpression": "ADD things :change",
            "ExpressionAttributeValues": {":change": change},
        }

    def _item(self, key: dict[str, str]) -> dict[str, Any] | None:
        return self._table.get_item(Key=key, ConsistentRead=True).get("Item")

    def _every(self, user_id: str, shelf: Shelf) -> tuple[Document, ...]:
        every = pages(self._table.query, rows_below(user_id, shelf))
        return tuple(_stored(row, shelf) for page in every for row in page)

    def _newest(self, user_id: str, shelf: Shelf) -> tuple[Document, ...]:
        """Documents of a shelf, newest ids first, up to the megabyte that one query gives."""
        rows = self._table.query(**rows_below(user_id, shelf), ScanIndexForward=False)["Items"]
        return tuple(_stored(row, shelf) for row in rows)


def _fitting(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The first rows that a page has room for, and one at least."""
    sizes = accumulate(len(str(row.get("document", "")).encode()) for row in rows)
    return rows[: max(1, sum(size <= PAGE_BYTES for size in sizes))]


def _row(user_id: str, shelf: Shelf, item_id: str, document: Document) -> dict[str, Any]:
    """A thing as its row; one whose photo is awaited is overdue at some time."""
    photo = GarmentPhoto.of(document) if shelf is Shelf.WARDROBE else None
    waits = photo and photo.status == "awaiting_upload" and photo.due_at
    return {
        **shelf_key(user_id, shelf, item_id),
        "document": _text(document),
        **(opened(item_id, waits) if waits else {}),
    }


def _text(document: Document) -> str:
    return json.dumps({name: value for name, value in document.items() if name != "item_id"})


def _stored(item: Mapping[str, Any], shelf: Shelf) -> Document:
    """A row's document; the id alone where it is no JSON object, which its reader then reports."""
    item_id = str(item["SK"]).removeprefix(f"{shelf}#")
    try:
        document = json.loads(str(item.get("document", "{}")))
    except ValueError:
        document = None
    return {**(document if isinstance(document, dict) else {}), "item_id": item_id}
