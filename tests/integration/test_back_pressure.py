"""While more waits than is worked off in time, nothing more is taken on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

from facet.adapters.cloudwatch import AsyncEvents
from tests.integration.conftest import Stack

PHOTO = b"any bytes will do"
LOOK = {"products": [{"category": "blush", "hex": "#cc6677"}]}


def waits(minutes_and_seconds: dict[int, float], name: str = "facet-analyze") -> None:
    """That this many minutes ago uploads waited for that many seconds."""
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "AsyncEventAge",
                "Dimensions": [{"Name": "FunctionName", "Value": name}],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes),
                "Value": seconds * 1000,
                "Unit": "Milliseconds",
            }
            for minutes, seconds in minutes_and_seconds.items()
        ],
    )


def start(stack: Stack) -> tuple[int, Any, dict[str, str]]:
    return stack.http("presign", "api_post_analyses.json", body=stack.wish(PHOTO))


@pytest.mark.parametrize(
    ("ages", "status"),
    [
        ({}, 201),
        ({2: 240}, 201),  # one that failed twice, and nothing else
        ({2: 301}, 503),
        ({4: 900, 2: 1}, 201),  # it was so, and is no longer
    ],
)
def test_a_start_waits_while_uploads_do(stack: Stack, ages: dict[int, float], status: int) -> None:
    if ages:
        waits(ages)
    waits({2: 9999}, name="another function")

    got, body, headers = start(stack)

    assert got == status, body
    if status == 503:
        assert (body["code"], headers["Retry-After"]) == ("busy", "30")
        assert stack.used() == 0


class CloudWatch:
    """Counts what it is asked, and answers with an age, or an error."""

    def __init__(self, answer: float | Exception) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answer = answer

    def get_metric_statistics(self, **told: Any) -> dict[str, Any]:
        self.asked.append(told)
        if isinstance(self._answer, Exception):
            raise self._answer
        return {"Datapoints": [{"Timestamp": datetime.now(UTC), "Average": self._answer}]}


AWAY = EndpointConnectionError(endpoint_url="https://monitoring")
SLOW = ConnectTimeoutError(endpoint_url="https://monitoring")


@pytest.mark.parametrize(("answer", "seconds"), [(90_500.0, 90), (AWAY, 0), (SLOW, 0)])
def test_cloudwatch_is_asked_once_a_minute_whatever_it_answers(
    monkeypatch: pytest.MonkeyPatch, answer: float | Exception, seconds: int
) -> None:
    now = [100.0]
    monkeypatch.setattr("facet.adapters.cloudwatch.time.monotonic", lambda: now[0])
    asked = CloudWatch(answer)
    events = AsyncEvents(asked, "facet-analyze")

    assert {events.depth() for _ in range(100)} == {seconds}
    assert len(asked.asked) == 1
    now[0] += 60
    events.depth()
    assert len(asked.asked) == 2


def test_where_no_function_is_named_nobody_is_asked() -> None:
    asked = CloudWatch(90_500.0)

    assert AsyncEvents(asked, "").depth() == 0
    assert not asked.asked


def test_a_look_and_an_export_wait_while_their_queues_are_full(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_TRYON_QUEUE_DEPTH", "2")
    monkeypatch.setenv("MAX_ACCOUNT_QUEUE_DEPTH", "2")
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    look = {"path": f"/v1/analyses/{analysis_id}/looks", "body": LOOK}
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "facet-tryon": ("api_post_look.json", look),
        "facet-account": ("api_post_export.json", {}),
    }
    for name, (event, told) in calls.items():
        url = stack.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        for _ in range(3):
            stack.sqs.send_message(QueueUrl=url, MessageBody="{}")

        status, body, headers = stack.http("api", event, **told)

        assert (status, body["code"], headers["Retry-After"]) == (503, "busy", "30"), name
        stack.sqs.purge_queue(QueueUrl=url)
        wiring = stack.function("api").wiring
        for queue in ("look_jobs", "account_jobs"):  # which know their depth for two seconds
            vars(wiring).pop(queue, None)
        assert stack.http("api", event, **told)[0] == 202, name
