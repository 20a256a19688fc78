"""The queues of work to do: recommendations, looks, exports and erasures."""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

CORRELATION_ATTRIBUTE = "correlation_id"
# Nobody needs to know to the second how long a queue is, and every poll asks.
DEPTH_FRESH_FOR = timedelta(seconds=2)


class JobQueue:
    """Jobs, one message each, with the correlation id as message attribute."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url
        self._depth = 0
        self._depth_until = 0.0

    def send(
        self, jobs: Iterable[BaseModel], correlation_id: str, delay: timedelta = timedelta()
    ) -> None:
        """Send each job as one message, to be seen after `delay` (at most 15 minutes).

        Not as a batch, which may fail in part and saves nothing for three.
        """
        for job in jobs:
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=job.model_dump_json(),
                DelaySeconds=int(delay.total_seconds()),
                MessageAttributes={
                    CORRELATION_ATTRIBUTE: {"DataType": "String", "StringValue": correlation_id}
                },
            )

    def depth(self) -> int:
        """Messages waiting, approximately, and as of two seconds ago at most."""
        if time.monotonic() < self._depth_until:
            return self._depth
        answer = self._client.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        self._depth = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        self._depth_until = time.monotonic() + DEPTH_FRESH_FOR.total_seconds()
        return self._depth
