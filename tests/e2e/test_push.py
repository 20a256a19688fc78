"""Who asked to be told is told: by a signed webhook, and by a topic."""

import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from local.phone import Phone
from local.stack import LocalStack
from tests.conftest import Receiver
from tests.e2e.conftest import Eventually

pytestmark = pytest.mark.e2e


def test_an_ended_analysis_is_told_to_the_webhook_and_to_the_topic(
    stack: LocalStack, phone: Phone, receiver: Receiver, eventually: Eventually
) -> None:
    sqs, sns = stack.client("sqs"), stack.client("sns")
    queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    topic = stack.outputs["AnalysisTopicArn"]
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn["QueueArn"],
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    secret = stack.client("secretsmanager").get_secret_value(
        SecretId=stack.outputs["WebhookSecretArn"]
    )["SecretString"]
    receiver.answers = [(503, {})]  # and then it listens
    data = b"no photo"
    asked = phone.ask(data).body
    phone.upload(asked, data)
    analysis_id = asked["analysis_id"]

    def pushed() -> list[tuple[dict[str, str], bytes]] | None:
        mine = [(h, b) for h, b in list(receiver.got) if analysis_id.encode() in b]
        return mine if len(mine) == 2 else None

    def published() -> list[dict[str, Any]]:
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        told = [json.loads(json.loads(message["Body"])["Message"]) for message in got]
        return [event for event in told if event["detail"]["analysis_id"] == analysis_id]

    refused, taken = eventually(pushed, patience=60)
    assert refused[0]["webhook-id"] == taken[0]["webhook-id"]
    told = Webhook(secret).verify(taken[1], taken[0])
    assert told["type"] == "analysis.failed"
    assert told["data"]["code"] == "unsupported_format"
    (event,) = eventually(published)
    assert event["detail"] == told["data"]
