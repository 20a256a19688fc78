"""What leaves as a trace, where one is asked for: what was done and how long it took."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import boto3
import pytest
import requests
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ParamValidationError
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from facet.adapters import spans, tracing
from facet.adapters.spans import ATTRIBUTES, ENDPOINT, Spans
from facet.stages import stage, time_by
from tests.conftest import Receiver

SECRET = "walnut"
LOADED = """
import sys
from facet.adapters.tracing import traced, watched
assert traced(print) and watched(print) is print
strangers = {"opentelemetry", "aws_xray_sdk", "requests"}
print(sorted(strangers & {name.split(".")[0] for name in sys.modules}))
"""


@dataclass
class Kept(SpanExporter):
    """An exporter to look into."""

    spans: list[ReadableSpan] = field(default_factory=list)
    before: Any = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.before:
            self.before()
        self.spans += spans
        return SpanExportResult.SUCCESS

    def of(self, name: str) -> dict[str, Any]:
        (span,) = (span for span in self.spans if span.name == name)
        return dict(span.attributes or {})


@dataclass
class Context:
    aws_request_id: str = "request-1"
    left: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left


def answering(answer: Any) -> Callable[[Any, Any], Any]:
    def lambda_handler(event: Any, context: Any) -> Any:
        return answer

    return lambda_handler


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def traces(kept: Kept) -> Iterator[Spans]:
    yield Spans({ENDPOINT: "unused", "POWERTOOLS_SERVICE_NAME": "analyze"}, kept)
    time_by(None)


def test_nothing_is_loaded_where_nobody_wants_traces() -> None:
    environ = {k: v for k, v in os.environ.items() if k != ENDPOINT}
    done = subprocess.run(  # noqa: S603 our own code
        [sys.executable, "-c", LOADED], env=environ, capture_output=True, check=True, text=True
    )
    assert done.stdout.splitlines() == ["[]"]


def test_a_request_is_told_by_its_route_and_its_status(traces: Spans, kept: Kept) -> None:
    event = {
        "httpMethod": "GET",
        "resource": "/v1/products/{product_id}",
        "path": f"/v1/products/{SECRET}",
    }
    handler = traces.handler(answering({"statusCode": 404, "body": SECRET}))

    for _ in range(2):
        assert handler(event, Context())["statusCode"] == 404

    first, second = (dict(span.attributes or {}) for span in kept.spans)
    assert first["http.route"] == "/v1/products/{product_id}"
    assert first["http.response.status_code"] == 404
    assert (first["faas.coldstart"], second["faas.coldstart"]) == (True, False)
    assert SECRET not in repr([span.to_json() for span in kept.spans])


def test_of_an_exception_its_class_is_told(traces: Spans, kept: Kept) -> None:
    def handler(event: Any, context: Any) -> None:
        with stage("decode"):
            raise ValueError(SECRET)

    with pytest.raises(ValueError, match=SECRET):
        traces.handler(handler)({"Records": [1, 2]}, Context())

    assert kept.of("decode")["error.type"] == kept.of("analyze")["error.type"] == "ValueError"
    assert kept.of("analyze")["messaging.batch.message_count"] == 2
    assert all(span.status.status_code is StatusCode.ERROR for span in kept.spans)
    assert SECRET not in repr([span.to_json() for span in kept.spans])


def test_what_another_library_adds_does_not_leave(traces: Spans, kept: Kept) -> None:
    def handler(event: Any, context: Any) -> None:
        with traces.stage("decode") as span:
            span.set_attribute("aws.s3.key", SECRET)
            span.set_attribute("facet.retries", 1)
            span.add_event(SECRET)

    traces.handler(handler)({}, Context())

    (span,) = (span for span in kept.spans if span.name == "decode")
    assert dict(span.attributes or {}) == {"facet.retries": 1}
    assert span.events == ()


class Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def test_a_call_of_aws_is_told_by_its_name(traces: Spans, kept: Kept) -> None:
    client = boto3.client(
        "sqs", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    traces.watch(client)
    answers = [(200, b"{}"), (400, b'{"__type": "ns#QueueDoesNotExist", "message": "walnut"}')]

    def answer(request: Any, **_: Any) -> Any:
        status, body = answers.pop(0)
        return AWSResponse(request.url, status, HTTPHeaders(), Raw(body))

    client.meta.events.register("before-send.sqs", answer)
    client.purge_queue(QueueUrl="https://sqs/facet")
    with pytest.raises(client.exceptions.QueueDoesNotExist):
        client.send_message(QueueUrl="https://sqs/facet", MessageBody=SECRET)
    with pytest.raises(ParamValidationError, match=SECRET):  # before there is a call
        client.send_message(QueueUrl="https://sqs/facet", MessageBody=[SECRET])  # type: ignore[arg-type]
    client.meta.events.unregister("before-send.sqs", answer)
    client.meta.events.register("before-send.sqs", refuse)
    with pytest.raises(ConnectTimeoutError):
        client.purge_queue(QueueUrl="https://sqs/facet")
    traces.send()

    well, badly, never = (dict(span.attributes or {}) for span in kept.spans)
    assert [span.name for span in kept.spans] == [
        "SQS.PurgeQueue",
        "SQS.SendMessage",
        "SQS.PurgeQueue",
    ]
    assert (well["rpc.method"], well["http.response.status_code"]) == ("PurgeQueue", 200)
    assert str(badly["error.type"]).endswith("QueueDoesNotExist")
    assert (never["error.type"], "http.response.status_code" in never) == (
        "ConnectTimeoutError",
        False,
    )
    assert SECRET not in repr([span.to_json() for span in kept.spans])


def refuse(**_: Any) -> None:
    raise ConnectTimeoutError(endpoint_url=SECRET)


def test_whoever_collects_late_holds_nobody_up(traces: Spans, kept: Kept) -> None:
    done = threading.Event()
    kept.before = done.wait
    handler = traces.handler(answering("answer"))

    began = time.monotonic()
    assert handler({}, Context(left=600)) == "answer"
    assert handler({}, Context(left=600)) == "answer"  # the first is still on its way: dropped
    assert time.monotonic() - began < 5
    done.set()
    assert traces._sending
    traces._sending.join()
    assert len(kept.spans) == 1


def test_whoever_collects_badly_breaks_nothing(traces: Spans, kept: Kept) -> None:
    kept.before = refuse
    assert traces.handler(answering("answer"))({}, Context()) == "answer"


def test_one_call_makes_a_bounded_trace(
    traces: Spans, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "MOST_SPANS", 3)

    def handler(event: Any, context: Any) -> None:
        for number in range(9):
            with stage(str(number)):
                pass

    traces.handler(handler)({}, Context())
    assert [span.name for span in kept.spans] == ["0", "1", "2", "analyze"]


def test_a_trace_arrives_as_otlp(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, receiver.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=told")
    tracing.spans.cache_clear()
    try:
        handler = tracing.traced(answering({"batchItemFailures": [1]}))
        handler({}, Context())
    finally:
        tracing.spans.cache_clear()
        time_by(None)

    ((headers, _body),) = receiver.got
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["api-key"] == "told"


def test_x_ray_gets_what_the_function_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    url = "https://xray.eu-central-1.amazonaws.com/v1/traces"
    assert spans.XRAY.fullmatch(url)
    request = requests.Request(
        "POST", url, data=b"spans", headers={"Content-Type": "application/x-protobuf"}
    ).prepare()

    signed = spans._Signed("eu-central-1")(request)

    assert "/eu-central-1/xray/aws4_request" in signed.headers["Authorization"]


def test_no_attribute_could_hold_a_person() -> None:
    """The list is short enough to be read; a name that is added is to be argued for here."""
    assert len(ATTRIBUTES) == 13
    assert not {"url", "path", "key", "user"} & {
        part for name in ATTRIBUTES for part in name.split(".")
    }
