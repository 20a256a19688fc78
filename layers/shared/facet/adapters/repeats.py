"""Rows of Idempotency-Keys: which id a request of this key was given."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from facet.adapters.keys import repeat_key
from facet.adapters.rows import put_or_row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

REMEMBERED = timedelta(days=1)


class RepeatTable:
    """Rows of Idempotency-Keys, each below its user's own partition, where an erasure finds it."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def reserve(
        self, user_id: str, digest: str, row_id: str, body: str, now: datetime
    ) -> tuple[str, str]:
        """Keep the id for a day -> (id, body) that are kept, those of the first request.

        digest: of route and key. body: a digest too.
        """
        row = {
            **repeat_key(user_id, digest),
            "row_id": row_id,
            "body": body,
            "expires_at": int((now + REMEMBERED).timestamp()),
        }
        kept = put_or_row(
            self._table,
            row,
            ConditionExpression="attribute_not_exists(PK) OR expires_at <= :now",
            ExpressionAttributeValues={":now": int(now.timestamp())},
        )
        return str(kept["row_id"]), str(kept["body"])

    def give_back(self, user_id: str, digest: str) -> None:
        """Forget a key whose request was refused: it may be sent again in other words."""
        self._table.delete_item(Key=repeat_key(user_id, digest))
