"""What a person did within a minute or a day: a row a user and window, a counter for each thing."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from facet.adapters.keys import limit_key
from facet.adapters.rows import condition_failed, failed_on
from facet.domain.errors import FacetError
from facet.domain.limits import Limited

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

LIMIT_ROW_LIFE = timedelta(hours=1)


class LimitTable:
    """The counters of every user's minutes and days, in the one table."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def count(
        self,
        user_id: str,
        counts: Mapping[Limited, int],
        most: Mapping[Limited, int],
        window: datetime,
    ) -> Mapping[Limited, int] | None:
        """Add `counts` to the window that begins at `window`, all of them or none: one write unit.

        All are counted for equally long (Limited.window).

        None, or what is counted already where one of them would be more than its `most`. Exact
        however many come at once. An answer of DynamoDB that is lost on its way is asked for again
        by the SDK, and counts twice. Raises FacetError where it could not be counted.
        """
        values = {f":{name}": count for name, count in counts.items()}
        values |= {f":room_{name}": most[name] - count for name, count in counts.items()}
        length = next(iter(counts)).window
        adds = ", ".join(f"#{name} :{name}" for name in counts)
        room = (f"(attribute_not_exists(#{n}) OR #{n} <= :room_{n})" for n in counts)
        try:
            self._table.update_item(
                Key=limit_key(user_id, window, length),
                UpdateExpression=f"SET expires_at = :expires ADD {adds}",
                ConditionExpression=" AND ".join(room),
                ExpressionAttributeNames={f"#{name}": name for name in counts},
                ExpressionAttributeValues={
                    **values,
                    ":expires": int((window + length + LIMIT_ROW_LIFE).timestamp()),
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if condition_failed(error):
                row = failed_on(error)
                return {name: int(row[name]) for name in Limited if name in row}
            raise FacetError("the limit's row could not be written") from error
        except BotoCoreError as error:
            raise FacetError("the limit's row could not be written") from error
        return None
