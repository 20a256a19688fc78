"""One call of AWS, and every way in which it can go wrong.

A fault is given the call and a way to have it done, and answers or raises in AWS' place. What the
SDK tries again by itself has been tried: a fault is what is left after its last try.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError, ReadTimeoutError

ID = re.compile(
    r"[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}"
    r"|\d{4}-\d\d-\d\d(T[\d:.]+Z)?"
)
PERSON = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What tells what a call is about, most telling first.
SUBJECTS: Final = ("Key", "Prefix", "QueueUrl", "IndexName", "UserPoolId", "SecretId")
# How each service says that it is asked too often.
THROTTLED: Final = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "s3": ("SlowDown", 503),
    "sqs": ("RequestThrottled", 400),
    "cognito-idp": ("TooManyRequestsException", 400),
}
# The SDK gives these a token of their own, by which AWS knows a repeat.
KNOWN_AGAIN = {"TransactWriteItems"}


class DiedError(BaseException):
    """The function was killed: no `except Exception` sees it, and nothing more is called."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the nth of its function, service, operation and target within a flow.

    person: whom it names.
    """

    verb: str
    service: str
    operation: str
    target: str
    nth: int
    person: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.verb} {self.service}.{self.operation} {self.target} {self.nth}"


type Done = Callable[[], Any]
type Fault = Callable[[Call, Done], Any]


def target_of(params: Mapping[str, Any]) -> str:
    """What a call is about, without the ids in it, so that it is called alike in every run."""
    return ID.sub("*", _target(params))[:80]


def person_of(params: Mapping[str, Any]) -> str:
    """The user's id that stands in a call, if one does."""
    found = PERSON.search(repr({name: told for name, told in params.items() if name != "Body"}))
    return found[0] if found else ""


def _target(params: Mapping[str, Any]) -> str:
    if writes := params.get("TransactItems"):
        parts = [(verb, write) for each in writes for verb, write in each.items()]
        return ",".join(f"{verb}:{_sort_key(write)}" for verb, write in parts)
    if isinstance(params.get("Key"), Mapping) or "Item" in params:
        return _sort_key(params)
    told = next((str(params[name]) for name in SUBJECTS if name in params), "")
    if told:
        return told.rpartition("amazonaws.com/")[2]
    named = [
        *(each["Key"] for each in params.get("Delete", {}).get("Objects", ())),
        *params.get("RequestItems", ()),
        *map(_plain, params.get("ExpressionAttributeValues", {}).values()),
    ]
    return ",".join(sorted(named))


def _sort_key(write: Mapping[str, Any]) -> str:
    row = write.get("Key") or write.get("Item") or {}
    return _plain(row.get("SK") or next(iter(row.values()), ""))


def _plain(value: Any) -> str:
    """A DynamoDB value, typed or not, as text."""
    return str(next(iter(value.values())) if isinstance(value, Mapping) else value)


# --- what can go wrong ---------------------------------------------------------------------------


def refusal(call: Call, code: str, status: int) -> ClientError:
    """What the SDK raises where AWS answered with an error."""
    answer: dict[str, Any] = {
        "Error": {"Code": code, "Message": "by the tests of faults"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if call.operation == "TransactWriteItems" and code in THROTTLED["dynamodb"]:
        answer["Error"]["Code"] = "TransactionCanceledException"
        answer["CancellationReasons"] = [{"Code": "ThrottlingError"}, {"Code": "None"}]
    return ClientError(answer, call.operation)  # type: ignore[arg-type]


def throttled(call: Call, done: Done) -> Any:
    """AWS refuses, as it is asked too often."""
    raise refusal(call, *THROTTLED.get(call.service, ("ThrottlingException", 400)))


def broken(call: Call, done: Done) -> Any:
    """AWS answers 500."""
    code = "InternalServerError" if call.service == "dynamodb" else "InternalError"
    raise refusal(call, code, 500)


def timed_out_before(call: Call, done: Done) -> Any:
    """No answer comes, and nothing was done."""
    raise ReadTimeoutError(endpoint_url=f"https://{call.service}")


def timed_out_after(call: Call, done: Done) -> Any:
    """No answer comes, though it was done."""
    done()
    raise ReadTimeoutError(endpoint_url=f"https://{call.service}")


def died_before(call: Call, done: Done) -> Any:
    """The function is killed as it is about to call."""
    raise DiedError(str(call))


def died_after(call: Call, done: Done) -> Any:
    """The function is killed once the call is done."""
    done()
    raise DiedError(str(call))


def answer_lost(call: Call, done: Done) -> Any:
    """The answer is lost, and the SDK sends the same call again."""
    first = done()
    return first if call.operation in KNOWN_AGAIN else done()


KINDS: Final[Mapping[str, Fault]] = {
    kind.__name__: kind
    for kind in (
        throttled,
        broken,
        timed_out_before,
        timed_out_after,
        died_before,
        died_after,
        answer_lost,
    )
}
