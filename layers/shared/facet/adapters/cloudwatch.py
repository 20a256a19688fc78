"""How long a function's asynchronous events wait, which no queue of ours tells."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

# A metric has a value a minute; a call costs 10 USD a million.
FRESH_FOR = timedelta(minutes=1)
LOOKED_AT = timedelta(minutes=5)


class AsyncEvents:
    """The events that S3 left with Lambda for a function, by its metric AsyncEventAge.

    The average of a minute and not its longest: an event that comes again after its function failed
    is one to four minutes old where nothing else waits, and one broken photo must close no door.
    """

    def __init__(self, client: Any, function_name: str) -> None:
        """client: CloudWatch's; not asked where `function_name` is empty."""
        self._client = client
        self._function_name = function_name
        self._age = 0
        self._age_until = 0.0

    def depth(self) -> int:
        """Seconds that an event waited in the newest minute that is known, asked for once a minute.

        0 where nothing is known: without a function's name, without events, and where CloudWatch
        does not answer, for what cannot be watched is not held back.
        """
        if not self._function_name or time.monotonic() < self._age_until:
            return self._age
        try:
            self._age = self._ask(datetime.now(UTC))
        except (BotoCoreError, ClientError) as error:
            Logger().warning("AsyncEventAge is not known", exc_info=error)
            self._age = 0
        self._age_until = time.monotonic() + FRESH_FOR.total_seconds()
        return self._age

    def _ask(self, now: datetime) -> int:
        points = self._client.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="AsyncEventAge",  # milliseconds
            Dimensions=[{"Name": "FunctionName", "Value": self._function_name}],
            StartTime=now - LOOKED_AT,
            EndTime=now,
            Period=60,
            Statistics=["Average"],
        )["Datapoints"]
        if not points:
            return 0
        return int(max(points, key=lambda point: point["Timestamp"])["Average"] / 1000)
