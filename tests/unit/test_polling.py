"""When an app should ask again, and how often a worker asks how long the queue is."""

from functools import partial
from typing import Any

import pytest

from facet.adapters.sqs import JobQueue
from facet.domain.analysis import Status
from facet.domain.polling import LONGEST_POLL_MS, POLL_AFTER_MS, poll_after_ms


def never() -> int:
    raise AssertionError("nobody needs to know how long the queue is")


@pytest.mark.parametrize("status", [status for status in Status if status.is_terminal])
def test_what_has_ended_is_not_asked_for_again(status: Status) -> None:
    assert poll_after_ms(status, never) is None


def test_a_photo_that_was_not_sent_waits_for_no_queue() -> None:
    assert poll_after_ms(Status.AWAITING_UPLOAD, never) == POLL_AFTER_MS[Status.AWAITING_UPLOAD]


@pytest.mark.parametrize("status", [Status.ANALYZING, Status.RECOMMENDING])
def test_a_longer_queue_is_asked_after_less_often_up_to_five_seconds(status: Status) -> None:
    paces = [poll_after_ms(status, partial(int, n)) for n in (0, 100, 125, 1000, 10**6)]

    assert paces == [
        POLL_AFTER_MS[status],
        POLL_AFTER_MS[status],
        POLL_AFTER_MS[status] + 250,
        POLL_AFTER_MS[status] + 2000,
        LONGEST_POLL_MS,
    ]


class Queue:
    """An SQS client that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        self.asked += 1
        return {"Attributes": {"ApproximateNumberOfMessages": str(self.asked)}}


def test_the_depth_is_asked_for_every_two_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("facet.adapters.sqs.time.monotonic", lambda: now)
    client = Queue()
    queue = JobQueue(client, "url")  # type: ignore[arg-type]

    assert [queue.depth(), queue.depth()] == [1, 1]
    now += 1.9
    assert queue.depth() == 1
    now += 0.2
    assert queue.depth() == 2
