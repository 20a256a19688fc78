"""All rows of a user at once, their exports, and the one row that outlives them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import Binary

from facet.adapters.keys import (
    EXPORT,
    KEY,
    LIMIT,
    TURN,
    erasure_key,
    export_row_key,
    iso,
    rows_below,
    turn_key,
    user_key,
)
from facet.adapters.overdue import CLOSED, opened
from facet.adapters.rows import UNREADABLE, change_row, moving, pages, put_in_turn, unpack
from facet.domain.account import EXPORT_PATIENCE, Erasure, Export
from facet.domain.errors import PermanentError
from facet.domain.overdue import due_again
from facet.domain.places import user_partition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

# How the pipeline keeps itself going; about no person.
INTERNAL = {"PK", "SK", "open_shard", "due_at", "lease_until", "redrives", "retries", "awaits"}
INTERNAL |= {"moved_by", "decoding", "decoder_deaths", "lost"}
# Rows of the same: they are about requests, and are gone within days.
INTERNAL_ROWS = (f"{KEY}#", f"{LIMIT}#", f"{TURN}#")


class AccountTable:
    """All rows of a user in the one table, their exports, and the mark of their erasure."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    # -- everything --------------------------------------------------------------------------

    def rows(self, user_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every row of a user as (sort key, document): plain JSON values, nothing left packed.

        Without what is about no person (INTERNAL, INTERNAL_ROWS).
        """
        for item in self._items(user_id):
            if not str(item["SK"]).startswith(INTERNAL_ROWS):
                yield str(item["SK"]), readable(item)

    def has_row(self, user_id: str, sort_key: str) -> bool:
        """Whether a user has a row of this sort key."""
        key = user_key(user_id, sort_key)
        answer = self._table.get_item(Key=key, ProjectionExpression="PK", ConsistentRead=True)
        return "Item" in answer

    def delete_rows(self, user_id: str) -> int:
        """Delete every row of a user -> how many there were."""
        count = 0
        with self._table.batch_writer() as batch:
            for item in self._items(user_id, ProjectionExpression="PK, SK"):
                batch.delete_item(Key={"PK": item["PK"], "SK": item["SK"]})
                count += 1
        return count

    def _items(self, user_id: str, **options: Any) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": {":pk": user_partition(user_id)},
            "ConsistentRead": True,
            **options,
        }
        for page in pages(self._table.query, request):
            yield from page

    # -- exports -----------------------------------------------------------------------------

    def save_export(
        self,
        user_id: str,
        export: Export,
        instead: Callable[[], Export | None] = lambda: None,
    ) -> Export:
        """Write the row of an export, which lives as long as the export does -> the export that
        stands: this one, or what is answered `instead`.

        instead: raises where there is none to be had; no other export is put between it and this
        one. One of this id that is there already is the same request's, and stays.
        """
        row = {
            **export_row_key(user_id, export.export_id),
            **export.model_dump(mode="json", exclude_none=True),
            "expires_at": int(export.expires_at.timestamp()),
            **opened(export.export_id, export.requested_at + EXPORT_PATIENCE),
        }
        turn = turn_key(user_id, EXPORT)
        return put_in_turn(self._table, turn, row, export.requested_at, instead) or export

    def export(self, user_id: str, export_id: str) -> Export | None:
        """The user's export of this id, or None. Raises PermanentError(export_unreadable)."""
        item = self._table.get_item(Key=export_row_key(user_id, export_id), ConsistentRead=True)
        return _to_export(item["Item"]) if "Item" in item else None

    def newest_exports(self, user_id: str, most: int) -> Sequence[Export]:
        """Up to `most` exports that the user asked for last, newest first."""
        rows = self._table.query(
            **rows_below(user_id, EXPORT), ScanIndexForward=False, Limit=most, ConsistentRead=True
        )["Items"]
        exports = []
        for row in rows:
            with suppress(PermanentError):  # it counts against nobody
                exports.append(_to_export(row))
        return exports

    def export_ready(self, user_id: str, export_id: str, size: int, now: datetime) -> bool:
        """Note that the ZIP of an export is there, `size` bytes; False when its row is gone."""
        ready = moving({"ready_at": iso(now), "bytes": size}, removes=("failed_at", *CLOSED))
        return change_row(self._table, export_row_key(user_id, export_id), **ready) is not None

    def export_redriven(self, user_id: str, export: Export, now: datetime) -> None:
        """Count one more try of the sweep, once it is sent."""
        due_at = due_again(now, export.redrives, EXPORT_PATIENCE)
        sets = {"redrives": export.redrives + 1, "due_at": iso(due_at)}
        self._unless_ready(user_id, export, moving(sets))

    def export_failed(self, user_id: str, export: Export, now: datetime) -> None:
        """Note that an export was given up; one that is ready stays so."""
        self._unless_ready(user_id, export, moving({"failed_at": iso(now)}, removes=CLOSED))

    def _unless_ready(self, user_id: str, export: Export, update: dict[str, Any]) -> None:
        key = export_row_key(user_id, export.export_id)
        pending = "attribute_exists(PK) AND attribute_not_exists(ready_at)"
        change_row(self._table, key, ConditionExpression=pending, **update)

    # -- erasures ----------------------------------------------------------------------------

    def mark_erasure(self, user_id: str, erasure_id: str, now: datetime) -> Erasure:
        """Mark a user, whose requests are refused from here on. A second mark changes nothing."""
        marked = self._table.update_item(
            Key=erasure_key(user_id),
            UpdateExpression="SET erasure_id = if_not_exists(erasure_id, :id), "
            "requested_at = if_not_exists(requested_at, :now)",
            ExpressionAttributeValues={":id": erasure_id, ":now": iso(now)},
            ReturnValues="ALL_NEW",
        )
        return _to_erasure(marked["Attributes"])

    def erasure(self, user_id: str) -> Erasure | None:
        """The mark of a user who asked to be erased, or None."""
        item = self._table.get_item(Key=erasure_key(user_id), ConsistentRead=True)
        return _to_erasure(item["Item"]) if "Item" in item else None

    def count_erased(self, user_id: str, *, objects: int, rows: int) -> None:
        """Add to what was removed of a user. A crash may leave the count too small."""
        self._table.update_item(
            Key=erasure_key(user_id),
            UpdateExpression="ADD objects :objects, #rows :rows",
            ExpressionAttributeNames={"#rows": "rows"},
            ExpressionAttributeValues={":objects": objects, ":rows": rows},
        )

    def end_erasure(self, user_id: str, now: datetime) -> None:
        """Note when an erasure was done. A second note changes nothing."""
        change_row(
            self._table,
            erasure_key(user_id),
            UpdateExpression="SET erased_at = if_not_exists(erased_at, :now)",
            ExpressionAttributeValues={":now": iso(now)},
        )


def _to_export(item: Mapping[str, Any]) -> Export:
    """A row as an export. Raises PermanentError(export_unreadable)."""
    try:
        expires_at = datetime.fromtimestamp(int(item["expires_at"]), UTC)
        return Export.model_validate({**item, "expires_at": expires_at})
    except UNREADABLE as error:
        raise PermanentError("export_unreadable") from error


def _to_erasure(item: Mapping[str, Any]) -> Erasure:
    status = "erased" if item.get("erased_at") else "erasing"
    return Erasure.model_validate({**item, "status": status})


def readable(item: Mapping[str, Any]) -> dict[str, Any]:
    """A row as its owner can read it: numbers, lists, objects; packed JSON opened."""
    plain = {name: _plain(value) for name, value in item.items() if name not in INTERNAL}
    if isinstance(plain.get("expires_at"), int):
        plain["expires_at"] = datetime.fromtimestamp(plain["expires_at"], UTC).isoformat()
    return plain


def _plain(value: Any) -> Any:
    match value:
        case Binary():
            plain = unpack(value)
        case Decimal():
            plain = int(value) if value == value.to_integral_value() else float(value)
        case set():
            plain = sorted(_plain(member) for member in value)
        case str() if value[:1] in ("{", "["):
            try:
                plain = json.loads(value)
            except ValueError:  # somebody's own words
                plain = value
        case list():
            plain = [_plain(element) for element in value]
        case dict():
            plain = {name: _plain(field) for name, field in value.items()}
        case _:
            plain = value
    return plain
