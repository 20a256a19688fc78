"""An ended analysis is told to a developer's own server, signed, until it listens."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from facet.adapters.aws import client
from facet.adapters.webhook import send_webhook
from facet.domain.messages import AnalysisEnded, WebhookMessage
from tests.conftest import Receiver
from tests.integration.conftest import USER, Stack, recorded

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "events.schema.json").read_text())


def of_schema(part: str, document: Any) -> None:
    """Raises jsonschema.ValidationError where a document is not what docs/ say."""
    jsonschema.Draft202012Validator(
        SCHEMA | {"$ref": f"#/$defs/{part}"},
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    ).validate(document)


@dataclass
class Pushed:
    """The part of the stack that a webhook adds."""

    stack: Stack
    queue_url: str
    secret_arn: str
    secret: str

    def take(self, tries: int = 1) -> dict[str, Any]:
        """The SQS event of the message that EventBridge put on the queue, as of its nth try."""
        (message,) = self.stack.sqs.receive_message(QueueUrl=self.queue_url)["Messages"]
        event = self.stack.batch(message["Body"])
        event["Records"][0]["receiptHandle"] = message["ReceiptHandle"]
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(tries)
        return event

    def hidden_for(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """The seconds for which each message is hidden from now on."""
        seen: list[int] = []
        monkeypatch.setattr(
            client("sqs"),
            "change_message_visibility",
            lambda **how: seen.append(how["VisibilityTimeout"]),
        )
        return seen


@pytest.fixture
def pushed(stack: Stack, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Pushed:
    events, secrets = boto3.client("events"), boto3.client("secretsmanager")
    queue_url = stack.sqs.create_queue(QueueName="facet-webhook")["QueueUrl"]
    arn = stack.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    events.put_rule(
        Name="webhook",
        EventPattern=json.dumps(
            {"source": ["facet"], "detail-type": ["AnalysisCompleted", "AnalysisFailed"]}
        ),
    )
    events.put_targets(Rule="webhook", Targets=[{"Id": "q", "Arn": arn["Attributes"]["QueueArn"]}])
    secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    secret_arn = secrets.create_secret(Name="webhook", SecretString=secret)["ARN"]
    monkeypatch.setenv("WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("WEBHOOK_SECRET_ARN", secret_arn)
    monkeypatch.setenv("WEBHOOK_QUEUE_URL", queue_url)
    return Pushed(stack, queue_url, secret_arn, secret)


def end(stack: Stack, photo: bytes) -> str:
    """An analysis that ended: completed with a portrait, failed with anything else."""
    analysis_id = stack.start(photo)
    stack.call("analyze", stack.uploaded(analysis_id))
    for job in stack.jobs():
        stack.call("recommend", stack.batch(job["Body"]))
    return analysis_id


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_an_ended_analysis_arrives_signed_and_as_the_schema_says(
    pushed: Pushed, receiver: Receiver, portrait: bytes, status: str
) -> None:
    analysis_id = end(pushed.stack, portrait if status == "completed" else b"no photo")
    event = pushed.take()
    of_schema("Event", json.loads(event["Records"][0]["body"]))

    assert pushed.stack.call("webhook", event) == {"batchItemFailures": []}

    ((headers, body),) = receiver.got
    told = Webhook(pushed.secret).verify(body, headers)
    of_schema("Webhook", told)
    assert told["type"] == f"analysis.{status}"
    assert told["data"]["analysis_id"] == analysis_id
    assert told["data"]["user_id"] == USER
    assert told["data"]["status"] == status
    assert ("code" in told["data"]) == (status == "failed")
    assert headers["content-type"] == "application/json"


def test_who_does_not_know_the_secret_cannot_sign(pushed: Pushed, receiver: Receiver) -> None:
    end(pushed.stack, b"no photo")
    pushed.stack.call("webhook", pushed.take())

    ((headers, body),) = receiver.got
    with pytest.raises(WebhookVerificationError):
        Webhook("c29tZWJvZHkgZWxzZSdzIHNlY3JldA==").verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(pushed.secret).verify(body.replace(b"failed", b"completed"), headers)


def test_a_signature_is_that_of_the_specification() -> None:
    """The example of the specification's own libraries, whose body is not ours."""
    sign = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign
    signed = sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1_614_265_330, UTC),
        '{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_try_has_the_same_id_and_its_own_time(
    pushed: Pushed, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = pushed.hidden_for(monkeypatch)
    receiver.answers = [(500, {}), (302, {"Location": "http://127.0.0.1:1/"}), (200, {})]
    end(pushed.stack, b"no photo")
    event = pushed.take()
    delays = pushed.stack.function("webhook").DELAYS

    failed = []
    for tries in (1, 2, 3):
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(tries)
        failed.append(len(pushed.stack.call("webhook", event)["batchItemFailures"]))

    assert failed == [1, 1, 0]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert "." not in receiver.got[0][0]["webhook-id"]
    for seconds, delay in zip(hidden, delays, strict=False):
        assert delay <= seconds <= 1.1 * delay + 1
    assert len(hidden) == 2


def test_an_end_that_is_announced_twice_has_one_id(pushed: Pushed, receiver: Receiver) -> None:
    end(pushed.stack, b"no photo")
    event = pushed.take()
    again = json.loads(event["Records"][0]["body"]) | {"id": "another", "time": "2026-11-21T09:00Z"}

    pushed.stack.call("webhook", event)
    pushed.stack.call("webhook", pushed.stack.batch(json.dumps(again)))

    first, second = receiver.got
    assert first[0]["webhook-id"] == second[0]["webhook-id"]


def test_a_server_that_asks_for_time_gets_it(
    pushed: Pushed, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = pushed.hidden_for(monkeypatch)
    receiver.answers = [(429, {"Retry-After": "1234"}), (503, {"Retry-After": "999999"})]
    end(pushed.stack, b"no photo")
    event = pushed.take()

    for _ in range(2):
        assert pushed.stack.call("webhook", event)["batchItemFailures"]

    assert hidden == [1234, pushed.stack.function("webhook").MAX_DELAY]


def test_after_the_last_try_the_message_is_left_to_the_dead_letter_queue(
    pushed: Pushed, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = pushed.hidden_for(monkeypatch)
    receiver.answers = [(500, {})]
    end(pushed.stack, b"no photo")

    answer = pushed.stack.call("webhook", pushed.take(tries=7))

    assert len(answer["batchItemFailures"]) == 1
    assert hidden == []


def test_a_server_nobody_answers_at_is_tried_again(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_URL", "http://127.0.0.1:1/")
    hidden = pushed.hidden_for(monkeypatch)
    end(pushed.stack, b"no photo")

    assert pushed.stack.call("webhook", pushed.take())["batchItemFailures"]
    assert hidden in ([5], [6])


def test_a_server_that_wants_no_more_is_not_bothered_again(
    pushed: Pushed, receiver: Receiver
) -> None:
    receiver.answers = [(410, {})]
    end(pushed.stack, b"no photo")

    assert pushed.stack.call("webhook", pushed.take()) == {"batchItemFailures": []}


def test_while_a_secret_is_replaced_both_sign(pushed: Pushed, receiver: Receiver) -> None:
    new = "bmV3IHNlY3JldCBvZiAyNCBieXRlcyEh"
    boto3.client("secretsmanager").put_secret_value(SecretId=pushed.secret_arn, SecretString=new)
    end(pushed.stack, b"no photo")

    pushed.stack.call("webhook", pushed.take())

    ((headers, body),) = receiver.got
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (pushed.secret, new):
        assert Webhook(secret).verify(body, headers)["type"] == "analysis.failed"


def test_what_is_no_event_of_ours_goes_back_to_the_queue(pushed: Pushed) -> None:
    answer = pushed.stack.call("webhook", pushed.stack.batch('{"hello": "world"}'))

    assert len(answer["batchItemFailures"]) == 1


def test_the_recorded_event_is_one_that_is_understood(pushed: Pushed, receiver: Receiver) -> None:
    pushed.stack.call("webhook", recorded("sqs_analysis_ended.json"))

    ((headers, body),) = receiver.got
    of_schema("Webhook", Webhook(pushed.secret).verify(body, headers))


@pytest.mark.parametrize(
    "change",
    [
        {"detail-type": "AnalysisCompleted"},  # with a failed detail
        {"source": "somebody"},
        {"detail": {}},
        {"time": 0},
    ],
)
def test_the_schema_refuses_what_is_never_sent(change: dict[str, Any]) -> None:
    event = json.loads(recorded("sqs_analysis_ended.json")["Records"][0]["body"])
    of_schema("Event", event)

    with pytest.raises(jsonschema.ValidationError):
        of_schema("Event", event | change)


def test_the_schema_describes_every_field() -> None:
    fields = AnalysisEnded.model_fields
    described = SCHEMA["$defs"]["Detail"]
    assert described["properties"].keys() == fields.keys()
    assert set(described["required"]) == {name for name in fields if fields[name].is_required()}


def test_a_webhook_is_sent_where_it_was_told_and_nowhere_else(receiver: Receiver) -> None:
    """A redirect is a refusal, as the specification has it."""
    receiver.answers = [(204, {})]
    message = WebhookMessage.model_validate_json(
        recorded("sqs_analysis_ended.json")["Records"][0]["body"]
    )

    assert send_webhook(message, receiver.url, ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]) is True
    assert len(receiver.got) == 1
