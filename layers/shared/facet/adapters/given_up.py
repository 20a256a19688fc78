"""What queues and functions of a stack gave up: dead letters, and S3 events that failed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sqs import SQSClient

FAILURES = "FailureQueue"  # a function's events, by its name in the template: AnalyzeFailureQueue
HIDDEN_SECONDS = 60  # a message that is shown is seen by nobody else for as long


@dataclass(frozen=True, slots=True)
class GivenUp:
    """One message that was given up."""

    queue: str  # its name in the template
    message_id: str
    sent_at: datetime
    receives: int
    told: str  # what it was about, in a line
    body: str
    handle: str  # receipt handle
    attributes: Mapping[str, Any]


class Functions(Protocol):
    """boto3's client of Lambda, as far as it is used here."""

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: str) -> Any: ...  # noqa: N803


class GivenUpQueues:
    """The dead-letter queues and the failure queues of one stack."""

    def __init__(
        self, sqs: "SQSClient", functions: Functions, resources: Mapping[str, str]
    ) -> None:
        """resources: of the template, name -> physical id."""
        self._sqs, self._functions, self._resources = sqs, functions, resources

    @property
    def names(self) -> Sequence[str]:
        """Names of these queues in the template."""
        return sorted(name for name in self._resources if name.endswith(("Dlq", FAILURES)))

    def messages(self, queue: str, most: int) -> Iterator[GivenUp]:
        """Up to `most` messages of a queue; each is hidden from others for a minute."""
        left = most
        while left > 0:
            answer = self._sqs.receive_message(
                QueueUrl=self._resources[queue],
                MaxNumberOfMessages=min(10, left),
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
                AttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            left -= len(messages)
            for message in messages:
                told = message["Attributes"]
                body = message["Body"]
                yield GivenUp(
                    queue,
                    message["MessageId"],
                    datetime.fromtimestamp(int(told["SentTimestamp"]) / 1000, UTC),
                    int(told["ApproximateReceiveCount"]),
                    _told(queue, body),
                    body,
                    message["ReceiptHandle"],
                    message.get("MessageAttributes", {}),
                )

    def show_again(self, message: GivenUp) -> None:
        """Let others see a message that was only looked at."""
        self._sqs.change_message_visibility(
            QueueUrl=self._resources[message.queue],
            ReceiptHandle=message.handle,
            VisibilityTimeout=0,
        )

    def send_back(self, message: GivenUp) -> str:
        """Send a message to where it came from, then take it off -> where that is.

        Sent and not taken off, where this dies between the two: everything that a message asks for
        is done once.
        """
        if message.queue.endswith(FAILURES):
            target = f"{message.queue.removesuffix(FAILURES)}Function"
            event = json.dumps(json.loads(message.body)["requestPayload"])
            self._functions.invoke(
                FunctionName=self._resources[target], InvocationType="Event", Payload=event
            )
        else:
            target = self._source_of(message.queue)
            self._sqs.send_message(
                QueueUrl=self._resources[target],
                MessageBody=message.body,
                MessageAttributes=_without_lists(message.attributes),
            )
        self._sqs.delete_message(
            QueueUrl=self._resources[message.queue], ReceiptHandle=message.handle
        )
        return target

    def _source_of(self, dead_letters: str) -> str:
        """The queue whose dead letters these are."""
        url = self._resources[dead_letters]
        arn = self._arn(url)
        for name, physical in self._resources.items():
            if not name.endswith("Queue") or name.endswith(FAILURES):
                continue
            told = self._sqs.get_queue_attributes(
                QueueUrl=physical, AttributeNames=["RedrivePolicy"]
            ).get("Attributes", {})
            policy = json.loads(told.get("RedrivePolicy", "{}"))
            if policy.get("deadLetterTargetArn") == arn:
                return name
        raise KeyError(f"{dead_letters} takes no queue's messages")

    def _arn(self, url: str) -> str:
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]


def stack_resources(client: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    """Names in the template -> physical ids, of what a stack consists of."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    return {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
        if "PhysicalResourceId" in entry
    }


def _told(queue: str, body: str) -> str:
    """What a message was about: its job, or of a failed event the object and the error."""
    try:
        document = json.loads(body)
        if not queue.endswith(FAILURES):
            return " ".join(f"{name}={value}" for name, value in document.items())
        keys = [record["s3"]["object"]["key"] for record in document["requestPayload"]["Records"]]
        why = (document.get("responsePayload") or {}).get("errorMessage") or (
            document.get("requestContext", {}).get("condition", "")
        )
        return f"{' '.join(keys)}: {why}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "not to be read: " + body[:80]


def _without_lists(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of a received message as they may be sent."""
    sent = ("DataType", "StringValue", "BinaryValue")
    return {
        name: {key: value[key] for key in sent if key in value}
        for name, value in attributes.items()
    }
