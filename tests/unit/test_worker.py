"""Functions behind a queue or a bucket: each record by itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import BaseModel

from facet.worker import s3_worker, sqs_worker

ROOT = Path(__file__).parents[2]


class Job(BaseModel):
    analysis_id: str


class Context:
    function_name = "worker"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:worker"
    aws_request_id = "request-1"


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "worker")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Facet")


def batch(*bodies: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / "sqs_face_analyzed.json").read_text())
    (record,) = event["Records"]
    event["Records"] = [
        {**record, "messageId": f"message-{number}", "body": body}
        for number, body in enumerate(bodies)
    ]
    return event


def returned(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def metrics_in(text: str) -> dict[str, list[float]]:
    blobs = [json.loads(line) for line in text.splitlines() if '"_aws"' in line]
    names = [m["Name"] for blob in blobs for m in blob["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    return {name: blob[name] for blob in blobs for name in names if name in blob}


def test_what_cannot_be_read_or_done_returns_alone(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []

    def handle(job: Job) -> None:
        if job.analysis_id == "broken":
            raise ConnectionError
        done.append(job.analysis_id)

    worker = sqs_worker(Job, handle, "JobReturned")
    bodies = ('{"analysis_id": "a"}', "no JSON", '{"analysis_id": "broken"}')

    answer = worker(batch(*bodies, '{"analysis_id": "b"}'), Context())  # type: ignore[arg-type]

    assert returned(answer) == ["message-1", "message-2"]
    assert done == ["a", "b"]
    assert metrics_in(capsys.readouterr().out)["JobReturned"] == [1.0, 1.0]


def test_every_failed_record_returns_and_the_batch_does_not_raise() -> None:
    worker = sqs_worker(Job, lambda _: None, "JobReturned")

    assert returned(worker(batch("?", "?"), Context())) == ["message-0", "message-1"]  # type: ignore[arg-type]


def test_a_job_s_log_lines_name_it_and_the_request_it_began_with() -> None:
    lines: list[dict[str, Any]] = []
    logger = Logger()

    def handle(job: Job) -> None:
        lines.append({**logger.get_current_keys(), "correlation": logger.get_correlation_id()})

    event = batch('{"analysis_id": "a"}')
    sqs_worker(Job, handle, "JobReturned", keys=("analysis_id",))(event, Context())  # type: ignore[arg-type]

    (line,) = lines
    sent = event["Records"][0]["messageAttributes"]["correlation_id"]["stringValue"]
    assert line["analysis_id"] == "a"
    assert line["correlation"] == sent


def test_nothing_of_one_call_is_in_the_log_lines_of_the_next() -> None:
    seen: list[Any] = []
    logger = Logger()

    def handle(job: Job) -> None:
        seen.append(logger.get_current_keys().get("left"))
        logger.append_keys(left=job.analysis_id)

    worker = sqs_worker(Job, handle, "JobReturned")
    for _ in range(2):
        worker(batch('{"analysis_id": "a"}'), Context())  # type: ignore[arg-type]

    assert seen == [None, None]


def test_an_expected_failure_returns_without_being_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def handle(_job: Job) -> None:
        raise TimeoutError

    def put_off(record: SQSRecord, error: Exception) -> bool:
        return isinstance(error, TimeoutError) and record.message_id == "message-0"

    worker = sqs_worker(Job, handle, "JobReturned", put_off=put_off)
    answer = worker(batch(*['{"analysis_id": "a"}'] * 2), Context())  # type: ignore[arg-type]

    assert returned(answer) == ["message-0", "message-1"]
    assert metrics_in(capsys.readouterr().out)["JobReturned"] == [1.0]


def test_objects_are_shown_by_bucket_and_key_and_what_raises_is_lambda_s_to_repeat() -> None:
    event = json.loads((ROOT / "events" / "s3_face_uploaded.json").read_text())
    place = event["Records"][0]["s3"]
    shown: list[tuple[str, str]] = []

    def handle(bucket: str, key: str) -> bool:
        if shown:
            raise ConnectionError
        shown.append((bucket, key))
        return True

    worker = s3_worker(handle, counted="drawn")

    assert worker(event, Context()) == {"drawn": 1}  # type: ignore[arg-type]
    assert shown == [(place["bucket"]["name"], place["object"]["key"])]
    with pytest.raises(ConnectionError):
        worker(event, Context())  # type: ignore[arg-type]
