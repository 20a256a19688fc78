"""Spans by OpenTelemetry: what was done and how long it took, and nothing of whom it was done for.

No library is instrumented by another: what is told of a call is told here, by the names of
ATTRIBUTES, and what has another name does not leave. So no argument, no answer, no address and no
text of an exception can come into a trace.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import requests
from aws_lambda_powertools import Logger
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import get_session
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from requests.auth import AuthBase

from facet.stages import time_by

ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
SHARE = "OTEL_TRACES_SAMPLER_ARG"
SERVICE = "POWERTOOLS_SERVICE_NAME"
OURS = "facet"  # the scope of every span that may leave
# A name that is missing here is dropped on the way out, whoever set it.
ATTRIBUTES = frozenset(
    {
        "faas.coldstart",
        "faas.invocation_id",  # also in every log line
        "facet.correlation_id",  # of the request that began it all; also in every log line
        "http.request.method",
        "http.route",  # as the template has it: /v1/analyses/{analysis_id}
        "http.response.status_code",
        "messaging.batch.message_count",
        "facet.records_returned",
        "rpc.system",
        "rpc.service",
        "rpc.method",
        "facet.retries",
        "error.type",  # a class of Python or a code of AWS, never its text
    }
)
SEND_SECONDS = 0.5  # how long a call waits for whoever collects: less than a second try would take
LEFT_SECONDS = 0.5  # of the call's own time, which sending leaves
MOST_SPANS = 500  # of one call: an export makes a call of S3 for every picture
XRAY = re.compile(r"https://xray\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/v1/traces")


class Spans:
    """The spans of one process: collected while a handler runs, sent before it returns.

    environ: the endpoint, and the share of calls that are traced, all where none is told. What the
    exporter itself reads of OTEL_EXPORTER_OTLP_* comes from the process' own environment.
    """

    def __init__(self, environ: Mapping[str, str], exporter: SpanExporter | None = None) -> None:
        self._collected = _Collected()
        self._exporter = exporter or _exporter(environ[ENDPOINT])
        self._sending: threading.Thread | None = None
        self._name = environ.get(SERVICE, OURS)
        self._is_cold = True
        self._logger: Logger | None = None
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(float(environ.get(SHARE) or 1))),
            resource=Resource({"service.name": self._name, "service.namespace": OURS}),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(self._collected)
        self._tracer = provider.get_tracer(OURS)
        time_by(self.stage)

    def handler[E, C, R](self, handler: Callable[[E, C], R]) -> Callable[[E, C], R]:
        """The handler of a Lambda function, each call a trace that is sent before it returns."""

        @wraps(handler)
        def lambda_handler(event: E, context: C) -> R:
            try:
                with self._span(self._name, SpanKind.SERVER) as span:
                    span.set_attributes({**_asked(event, context), "faas.coldstart": self._is_cold})
                    self._is_cold = False
                    answer = handler(event, context)
                    span.set_attributes(_answered(answer))
                return answer
            finally:
                self.send(_seconds_left(context))

        return lambda_handler

    @contextmanager
    def stage(self, name: str) -> Iterator[Span]:
        """A span round a stage of the work."""
        with self._span(name, SpanKind.INTERNAL) as span:
            yield span

    def watch(self, client: Any) -> None:
        """A span for every call that a client of boto3 makes: which, how often tried, what came."""
        events = client.meta.events
        events.register("before-call", self._begin_call)
        events.register("after-call", self._end_call)
        events.register("after-call-error", self._break_call)

    def send(self, seconds: float = SEND_SECONDS) -> None:
        """Send what was collected, and wait so long for it at most; what fails is forgotten.

        While an earlier sending hangs, what is new is dropped: nothing piles up.
        """
        spans = self._collected.take()
        if not spans or (self._sending and self._sending.is_alive()):
            return
        told = [_allowed(span) for span in spans if _is_ours(span)]
        self._sending = threading.Thread(target=self._export, args=(told,), daemon=True)
        self._sending.start()
        self._sending.join(max(0.0, min(seconds, SEND_SECONDS)))

    def _export(self, spans: list[ReadableSpan]) -> None:
        try:
            self._exporter.export(spans)
        except Exception as error:  # whatever it is, the request was answered
            logging.getLogger(__name__).warning("no trace was sent: %s", type(error).__name__)

    @contextmanager
    def _span(self, name: str, kind: SpanKind) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name, kind=kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span  # type: ignore[misc]
            except Exception as error:
                _fail(span, type(error).__name__)
                raise
            finally:
                span.set_attributes(self._correlation())

    def _correlation(self) -> dict[str, str]:
        self._logger = self._logger or Logger()
        known = self._logger.get_correlation_id()
        return {"facet.correlation_id": known} if known else {}

    def _begin_call(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        service = str(model.service_model.service_id)
        context[OURS] = self._tracer.start_span(
            f"{service}.{model.name}",
            kind=SpanKind.CLIENT,
            attributes={
                "rpc.system": "aws-api",
                "rpc.service": service,
                "rpc.method": str(model.name),
            },
        )

    def _end_call(self, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        if not (span := context.pop(OURS, None)):
            return
        about = parsed.get("ResponseMetadata", {})
        status = int(about.get("HTTPStatusCode", 0))
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("facet.retries", int(about.get("RetryAttempts", 0)))
        if status >= 300:
            _fail(span, str(parsed.get("Error", {}).get("Code", status)))
        span.end()

    def _break_call(self, exception: Exception, context: dict[str, Any], **_: Any) -> None:
        if span := context.pop(OURS, None):
            _fail(span, type(exception).__name__)
            span.end()


class _Collected(SpanProcessor):
    """Spans that have ended, until they are taken."""

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        if len(self._spans) < MOST_SPANS or span.parent is None:
            self._spans.append(span)

    def take(self) -> list[ReadableSpan]:
        spans, self._spans = self._spans, []
        return spans


class _Signed(AuthBase):
    """Signs requests to X-Ray as the function itself."""

    def __init__(self, region: str) -> None:
        credentials = get_session().get_credentials()
        assert credentials, "a function has a role"  # noqa: S101
        self._region, self._credentials = region, credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        signed = AWSRequest(
            request.method,
            request.url,
            {"Content-Type": request.headers["Content-Type"]},
            request.body,
        )
        SigV4Auth(self._credentials, "xray", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


def _exporter(endpoint: str) -> SpanExporter:
    session = requests.Session()
    session.trust_env = False  # no proxy and no .netrc is asked for on the way
    if aws := XRAY.fullmatch(endpoint):
        session.auth = _Signed(aws[1])
    return OTLPSpanExporter(
        endpoint=endpoint, session=session, timeout=SEND_SECONDS, compression=Compression.Gzip
    )


def _is_ours(span: ReadableSpan) -> bool:
    return span.instrumentation_scope is not None and span.instrumentation_scope.name == OURS


def _allowed(span: ReadableSpan) -> ReadableSpan:
    """The span without events, links and words of its status, and with ATTRIBUTES alone."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={k: v for k, v in (span.attributes or {}).items() if k in ATTRIBUTES},
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _fail(span: Any, error: str) -> None:
    span.set_attribute("error.type", error)
    span.set_status(StatusCode.ERROR)


def _asked(event: Any, context: Any) -> dict[str, Any]:
    """What a call is, by its kind: the route of a request, the number of messages."""
    asked: dict[str, Any] = {"faas.invocation_id": context.aws_request_id}
    if "httpMethod" in event:
        asked |= {"http.request.method": event["httpMethod"], "http.route": event["resource"]}
    elif "Records" in event:
        asked["messaging.batch.message_count"] = len(event["Records"])
    return asked


def _answered(answer: Any) -> dict[str, int]:
    """How it ended: the status of an answer, the number of messages that go back."""
    if not isinstance(answer, Mapping):
        return {}
    if "statusCode" in answer:
        return {"http.response.status_code": answer["statusCode"]}
    returned: Iterable[Any] = answer.get("batchItemFailures", ())
    return {"facet.records_returned": len(list(returned))}


def _seconds_left(context: Any) -> float:
    return float(context.get_remaining_time_in_millis()) / 1000 - LEFT_SECONDS
