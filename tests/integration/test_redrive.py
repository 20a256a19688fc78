"""`facet redrive`: what was given up is told of, and goes back where it came from."""

import json
from typing import Any

import boto3
import pytest

from facet.adapters.given_up import GivenUp, GivenUpQueues
from facet.cli.main import main
from facet.domain.messages import FaceAnalyzed
from tests.integration.conftest import recorded

JOB = FaceAnalyzed(analysis_id="01A", user_id="user", kind="skincare").model_dump_json()


class Invoked:
    """Lambda, as far as it is asked to run a function."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: str) -> None:  # noqa: N803
        assert InvocationType == "Event"
        self.events.append((FunctionName, json.loads(Payload)))


@pytest.fixture
def sqs(aws: None) -> Any:
    return boto3.client("sqs")


def queues(sqs: Any, functions: Invoked | None = None) -> tuple[GivenUpQueues, dict[str, str]]:
    names = ("RecommendDlq", "TryOnDlq", "AnalyzeFailureQueue")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}
    for queue, letters in (("RecommendQueue", "RecommendDlq"), ("TryOnQueue", "TryOnDlq")):
        told = sqs.get_queue_attributes(QueueUrl=urls[letters], AttributeNames=["QueueArn"])
        policy = {"deadLetterTargetArn": told["Attributes"]["QueueArn"], "maxReceiveCount": 5}
        attributes = {"RedrivePolicy": json.dumps(policy)}
        urls[queue] = sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
    resources = {**urls, "AnalyzeFunction": "facet-dev-AnalyzeFunction"}
    return GivenUpQueues(sqs, functions or Invoked(), resources), urls


def dead_letter(sqs: Any, url: str, body: str = JOB) -> None:
    correlation = {"correlation_id": {"DataType": "String", "StringValue": "request-1"}}
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=correlation)


def listed(given_up: GivenUpQueues) -> list[GivenUp]:
    return [each for name in given_up.names for each in given_up.messages(name, 100)]


def test_a_dead_letter_goes_back_to_its_queue_as_it_was(sqs: Any) -> None:
    given_up, urls = queues(sqs)
    dead_letter(sqs, urls["RecommendDlq"])

    (message,) = listed(given_up)
    assert message.told == "analysis_id=01A user_id=user kind=skincare"
    assert given_up.send_back(message) == "RecommendQueue"

    (back,) = sqs.receive_message(QueueUrl=urls["RecommendQueue"], MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert back["Body"] == JOB
    assert back["MessageAttributes"]["correlation_id"]["StringValue"] == "request-1"
    assert listed(given_up) == []


def test_an_event_that_failed_goes_back_to_its_function(sqs: Any) -> None:
    functions = Invoked()
    given_up, urls = queues(sqs, functions)
    event = recorded("s3_face_uploaded.json")
    record = {
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": event,
        "responsePayload": {"errorMessage": "the bucket did not answer"},
    }
    dead_letter(sqs, urls["AnalyzeFailureQueue"], json.dumps(record))

    (message,) = listed(given_up)
    assert message.told.startswith("faces/")
    assert message.told.endswith("the bucket did not answer")
    assert given_up.send_back(message) == "AnalyzeFunction"

    assert functions.events == [("facet-dev-AnalyzeFunction", event)]


def test_what_cannot_be_read_is_listed_too(sqs: Any) -> None:
    given_up, urls = queues(sqs)
    dead_letter(sqs, urls["TryOnDlq"], "no JSON")

    (message,) = listed(given_up)

    assert message.told == "not to be read: no JSON"


@pytest.fixture
def stack(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    given_up, urls = queues(sqs)
    monkeypatch.setattr("facet.adapters.catalogue.stack_outputs", lambda *_: {})
    monkeypatch.setattr("facet.adapters.given_up.stack_resources", lambda *_: given_up._resources)
    return urls


def run(*options: str) -> int:
    return main(["redrive", "--stack-name", "facet-dev", *options])


def test_the_command_lists_says_what_it_would_do_and_does_it(
    sqs: Any, stack: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert capsys.readouterr().out == "nothing was given up\n"
    dead_letter(sqs, stack["RecommendDlq"])
    dead_letter(sqs, stack["TryOnDlq"])

    assert run("--queue", "RecommendDlq") == 0
    line, count = capsys.readouterr().out.splitlines()
    assert "kind=skincare" in line
    assert "sent" not in line
    assert count == "1 given up"
    assert run("--all") == 0
    assert capsys.readouterr().out.count("would be sent back") == 2
    assert run("--all", "--send", "--queue", "TryOnDlq") == 0
    assert "sent back to TryOnQueue" in capsys.readouterr().out
    assert run() == 0
    assert capsys.readouterr().out.endswith("1 given up\n")


def test_one_message_is_sent_by_its_id(
    sqs: Any, stack: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        dead_letter(sqs, stack["RecommendDlq"])
    run()
    _, message_id, *_ = capsys.readouterr().out.split()

    assert run("--message", message_id, "--send") == 0

    assert capsys.readouterr().out.count("sent back to RecommendQueue") == 1


@pytest.mark.parametrize("options", [("--send",), ("--queue", "Nothing")])
def test_a_command_that_makes_no_sense_is_refused(
    stack: dict[str, str],
    options: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(*options) == 1
    assert capsys.readouterr().err.startswith("facet: ")
