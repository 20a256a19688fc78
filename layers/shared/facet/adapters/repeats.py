"""Rows of Idempotency-Keys: which id a request of this key was given."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from facet.adapters.keys import repeat_key
from facet.adapters.rows import CONFLICT_TRIES, change_row, put_or_row
from facet.domain.errors import FacetError
from facet.domain.repeats import Reservation

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

REMEMBERED = timedelta(days=1)


class RepeatTable:
    """Rows of Idempotency-Keys, each below its user's own partition, where an erasure finds it."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def reserve(
        self, user_id: str, digest: str, row_id: str, body: str, now: datetime
    ) -> Reservation:
        """Keep the id for a day -> what is kept, that of the first request.

        digest: of route and key. body: a digest too. Where the first request may still be under
        way, it is told that it is not alone. Raises FacetError where the row stays contended.
        """
        row = {
            **repeat_key(user_id, digest),
            "row_id": row_id,
            "body": body,
            "expires_at": int((now + REMEMBERED).timestamp()),
        }
        moment = {":now": int(now.timestamp())}
        for _ in range(CONFLICT_TRIES):
            kept = put_or_row(
                self._table,
                row,
                ConditionExpression="attribute_not_exists(PK) OR expires_at <= :now",
                ExpressionAttributeValues=moment,
            )
            reserved = Reservation(str(kept["row_id"]), str(kept["body"]), bool(kept.get("made")))
            if reserved.row_id == row_id or reserved.made:
                return reserved
            if change_row(
                self._table,
                repeat_key(user_id, digest),
                UpdateExpression="SET asked_again = :yes",
                ConditionExpression="row_id = :row_id AND expires_at > :now",
                ExpressionAttributeValues={**moment, ":yes": True, ":row_id": reserved.row_id},
            ):
                return reserved
        raise FacetError("the row of a repeated request stayed contended")

    def give_back(self, user_id: str, digest: str, row_id: str, now: datetime) -> None:
        """Forget a key whose request was refused: it may be sent again in other words.

        It stays where the same request was sent again meanwhile, which may be making it.
        """
        change_row(
            self._table,
            repeat_key(user_id, digest),
            UpdateExpression="SET expires_at = :now",
            ConditionExpression="row_id = :row_id AND attribute_not_exists(asked_again)",
            ExpressionAttributeValues={":now": int(now.timestamp()), ":row_id": row_id},
        )

    def made(self, user_id: str, digest: str, row_id: str) -> None:
        """Note that a request was done to its end, and what its id is."""
        change_row(
            self._table,
            repeat_key(user_id, digest),
            UpdateExpression="SET made = :yes, row_id = :row_id",
            ExpressionAttributeValues={":yes": True, ":row_id": row_id},
        )
