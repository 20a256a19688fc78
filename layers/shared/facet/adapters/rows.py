"""Rows of a table: packed and opened, read page by page, written if a condition holds."""

import json
import random
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import batched
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from facet.domain.errors import FacetError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

CONFLICT_TRIES = 12
TURN_LIFE = timedelta(days=1)
_ZLIB = 0x78  # the first byte of what zlib packs by itself
MOST_AT_ONCE = 100  # rows that DynamoDB gives in one answer
# What is raised by a row that is not as this release writes it: a field is missing, of another
# type, not JSON, not deflated or (ValueError, pydantic's as well) not what its model takes.
UNREADABLE = (KeyError, TypeError, ValueError, zlib.error)


PACKING = 1  # which packing-N.txt new rows are packed with; one that rows have stays for ever


@cache
def _dictionary(version: int) -> bytes:
    """What readings and advice have in common: zlib points at it, so that no row has to hold it."""
    return Path(__file__).with_name(f"packing-{version}.txt").read_bytes()


def pack(document: str) -> bytes:
    """A JSON text, deflated to a seventh: every write is charged by the KB of the whole row.

    The first byte says by which dictionary; a row of before there was any starts with zlib's own.
    """
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS, zdict=_dictionary(PACKING))
    return bytes([PACKING]) + deflate.compress(document.encode()) + deflate.flush()


def unpack(stored: Any) -> Any:
    """The value of the JSON text that `pack` deflated. Raises one of UNREADABLE."""
    packed = bytes(stored)
    version = int.from_bytes(packed[:1])
    if version == _ZLIB:
        return json.loads(zlib.decompress(packed))
    try:
        dictionary = _dictionary(version)
    except OSError as error:
        raise ValueError(f"packed with dictionary {version}, which a newer release has") from error
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, zdict=dictionary)
    return json.loads(inflate.decompress(packed[1:]) + inflate.flush())


def pages(ask: Callable[..., Any], request: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The rows of a query or a scan, page by page: a page ends at its limit or at a megabyte.

    ask: `Table.query` or `Table.scan`.
    """
    page = ask(**request)
    yield page["Items"]
    while "LastEvaluatedKey" in page:
        page = ask(**{**request, "ExclusiveStartKey": page["LastEvaluatedKey"]})
        yield page["Items"]


def at_least(
    count: int, ask: Callable[..., Any], request: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """At least `count` rows of a query, or all; pages are kept whole, so there may be more."""
    rows: list[dict[str, Any]] = []
    for page in pages(ask, request):
        rows += page
        if len(rows) >= count:
            break
    return rows


def setting(values: Mapping[str, Any]) -> dict[str, Any]:
    """Update that sets these attributes; `:set_<name>` and `#<name>` may be named in conditions."""
    return {
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :set_{name}" for name in values),
        "ExpressionAttributeNames": {f"#{name}": name for name in values},
        "ExpressionAttributeValues": {f":set_{name}": value for name, value in values.items()},
    }


def moving(values: Mapping[str, Any], *, removes: Sequence[str] = ()) -> dict[str, Any]:
    """Update as `setting` makes it, which `change_row` knows again as its own.

    Where the answer of a write is lost, the SDK sends it once more, and the condition of the second
    fails by the first. What it then finds bears this mark.
    """
    update = setting({**values, "moved_by": token_hex(8)})
    if removes:
        update["UpdateExpression"] += " REMOVE " + ", ".join(removes)
    return update


def change_row(table: "Table", key: Mapping[str, str], **request: Any) -> Mapping[str, Any] | None:
    """A row as it is after an update; None where the condition, that it is there, fails.

    A condition that an update of `moving` failed by its own first sending holds.
    """
    request = {"ConditionExpression": "attribute_exists(PK)", **request}
    request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    try:
        changed = table.update_item(Key=key, ReturnValues="ALL_NEW", **request)
    except ClientError as error:
        if not condition_failed(error):
            raise
        there = failed_on(error)
        mark = request.get("ExpressionAttributeValues", {}).get(":set_moved_by")
        return there if mark and there.get("moved_by") == mark else None
    return changed["Attributes"]


def failed_on(error: ClientError) -> Mapping[str, Any]:
    """The row that a condition failed on, as the table resource would give it; empty: none."""
    told: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in told.items()}


def put_or_row(table: "Table", row: Mapping[str, Any], **condition: Any) -> Mapping[str, Any]:
    """Write a row where the condition, that there is none of its key, holds -> the row of its key
    as it is then, this one or that which stays."""
    condition = {"ConditionExpression": "attribute_not_exists(PK)", **condition}
    try:
        table.put_item(Item=row, ReturnValuesOnConditionCheckFailure="ALL_OLD", **condition)
    except ClientError as error:
        if not condition_failed(error):
            raise
        return failed_on(error)
    return row


def rows_of(table: "Table", keys: Sequence[Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    """Those rows of one user that are there, by sort key, as they are now."""
    rows: dict[str, dict[str, Any]] = {}
    for some in batched(keys, MOST_AT_ONCE, strict=False):
        asked: Any = {table.name: {"Keys": list(some), "ConsistentRead": True}}
        for attempt in range(CONFLICT_TRIES):
            answer = table.meta.client.batch_get_item(RequestItems=asked)
            rows |= {str(row["SK"]): row for row in answer["Responses"].get(table.name, ())}
            asked = answer.get("UnprocessedKeys")
            if not asked:
                break
            _wait(attempt)
        else:
            raise FacetError("the table did not give all rows")
    return rows


def _wait(attempt: int) -> None:
    """A little longer each time, and never as long as somebody else."""
    time.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, 5)))  # noqa: S311


def condition_failed(error: ClientError) -> bool:
    """Whether a write was refused because its condition does not hold: an answer, no error.

    False where anything else went wrong as well.
    """
    return _codes(error) <= {"None", "ConditionalCheckFailed"}


def _codes(error: ClientError) -> set[str]:
    """Why a write was refused; of a transaction, why each of its writes was."""
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons: Sequence[Any] = error.response.get("CancellationReasons", ())
        return {reason.get("Code", "None") for reason in reasons} or {code}
    return {code.removesuffix("Exception")}


def write_of(table: "Table", verb: str, key: Mapping[str, str], **request: Any) -> dict[str, Any]:
    """A write of a transaction: an Update or a Delete of this row."""
    return {verb: {"TableName": table.name, "Key": key, **request}}


def put_of(table: "Table", row: Mapping[str, Any]) -> dict[str, Any]:
    """A write of a transaction: a new row; what is there already stays."""
    condition = "attribute_not_exists(PK)"
    return {"Put": {"TableName": table.name, "Item": row, "ConditionExpression": condition}}


def put_in_turn[T](
    table: "Table",
    turn: Mapping[str, str],
    row: Mapping[str, Any],
    now: datetime,
    instead: Callable[[], T | None],
) -> T | None:
    """Put a new row, unless something stands in its way: what is counted stays exact, however many
    are put at once.

    turn: key of the row that every such put moves on by one. instead: reads what is there, and
    raises or answers what stands in the way; None: nothing does. Where another one was put since,
    it is asked again. One of this key that is there already is the same request's, and stays.
    Returns what `instead` answered last. Raises FacetError where the turn stays contended.
    """
    key = {name: row[name] for name in ("PK", "SK")}
    for attempt in range(CONFLICT_TRIES):
        seen = table.get_item(Key=turn, ConsistentRead=True).get("Item", {}).get("turn", 0)
        if (way := instead()) is not None:
            return way
        moved = write_of(
            table,
            "Update",
            turn,
            UpdateExpression="SET turn = :next, expires_at = :expires",
            ConditionExpression="turn = :seen" if seen else "attribute_not_exists(turn)",
            ExpressionAttributeValues={
                ":next": seen + 1,  # type: ignore[operator]
                ":expires": int((now + TURN_LIFE).timestamp()),
                **({":seen": seen} if seen else {}),
            },
        )
        if transact(table, [moved, put_of(table, row)]):
            return None
        if "Item" in table.get_item(Key=key, ConsistentRead=True):
            return None
        _wait(attempt)
    raise FacetError("the turn stayed contended")


def transact(table: "Table", writes: list[dict[str, Any]]) -> bool:
    """All writes, or none and False where a condition does not hold.

    Two of one user's requests may meet on the quota row: then try again. Raises FacetError where
    they keep meeting.
    """
    client = table.meta.client
    for attempt in range(CONFLICT_TRIES):
        try:
            client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
        except ClientError as error:
            if condition_failed(error):
                return False
            if "TransactionConflict" not in _codes(error):
                raise
            _wait(attempt)
        else:
            return True
    raise FacetError("the rows stayed contended")
