"""Rows of a table: packed and opened, read page by page, written if a condition holds."""

import json
import random
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from facet.domain.errors import FacetError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

CONFLICT_TRIES = 12
# What is raised by a row that is not as this release writes it: a field is missing, of another
# type, not JSON, not deflated or (ValueError, pydantic's as well) not what its model takes.
UNREADABLE = (KeyError, TypeError, ValueError, zlib.error)


def pack(document: str) -> bytes:
    """A JSON text, deflated to a fifth: every write is charged by the KB of the whole row."""
    return zlib.compress(document.encode())


def unpack(stored: Any) -> Any:
    """The value of the JSON text that `pack` deflated."""
    return json.loads(zlib.decompress(bytes(stored)))


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


def change_row(table: "Table", key: Mapping[str, str], **request: Any) -> Mapping[str, Any] | None:
    """A row as it is after an update; None where the condition, that it is there, fails."""
    request = {"ConditionExpression": "attribute_exists(PK)", **request}
    try:
        changed = table.update_item(Key=key, ReturnValues="ALL_NEW", **request)
    except ClientError as error:
        if not condition_failed(error):
            raise
        return None
    return changed["Attributes"]


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
            time.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, 5)))  # noqa: S311
        else:
            return True
    raise FacetError("the rows stayed contended")
