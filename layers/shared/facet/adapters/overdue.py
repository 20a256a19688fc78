"""What waits for something, by when it is overdue: one index over all kinds of rows.

A row that waits has `due_at` and `open_shard`, and loses both once it waits no more. An index
partition takes a thousand writes a second, and one that is throttled throttles the table: the
number of shards may grow with a release, since every row bears its own, and the sweep looks into
all of them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from facet.adapters.keys import iso, name_of, user_key
from facet.adapters.rows import change_row, pages
from facet.domain.overdue import OPEN_SHARDS, Overdue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

OPEN_INDEX = "open-index"
CLOSED = ("open_shard", "due_at")  # attributes that a row loses once it waits no more


def opened(row_id: str, due_at: datetime) -> dict[str, str]:
    """Attributes of a row that waits: overdue from this moment on."""
    return {"open_shard": str(sum(row_id.encode()) % OPEN_SHARDS), "due_at": iso(due_at)}


class OverdueIndex:
    """Rows that waited too long."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def overdue(self, shard: int, now: datetime) -> Iterator[Overdue]:
        """What lies in a shard and is overdue at `now`, oldest first.

        A row that moved since the index was written may be among it: look at the row.
        """
        request: dict[str, Any] = {
            "IndexName": OPEN_INDEX,
            "KeyConditionExpression": "open_shard = :shard AND due_at < :now",
            "ExpressionAttributeValues": {":shard": str(shard), ":now": iso(now)},
        }
        for page in pages(self._table.query, request):
            for row in page:
                yield Overdue(*name_of(row))

    def put_off(self, row: Overdue, until: datetime) -> None:
        """Have a row be overdue from a later moment on; nothing where it waits no more."""
        change_row(
            self._table,
            user_key(row.user_id, f"{row.what}#{row.row_id}"),
            UpdateExpression="SET due_at = :until",
            ConditionExpression="attribute_exists(open_shard)",
            ExpressionAttributeValues={":until": iso(until)},
        )
