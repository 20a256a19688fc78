"""Nothing of a person leaves by the side door.

One run through every handler: a person tells all there is to tell and uses all there is to use;
requests are refused, rows cannot be read, code breaks. Whoever may hear of it is listened to:
a collector of traces, X-Ray's daemon, logs and metrics, what reaches Lambda as an exception,
messages, events, webhooks, and the table of remembered answers. No value that was sent, and none
that was answered, may be heard there, but what MAY_BE_HEARD names.
"""

import gzip
import io
import json
import logging
import re
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from PIL import Image

from facet.adapters import spans, tracing
from facet.stages import time_by
from tests.conftest import Receiver, listening
from tests.integration.conftest import NAMES, USER, Stack, jpeg, recorded
from tests.integration.test_webhook import Pushed, pushed  # noqa: F401 a fixture

# Fields of answers whose values may be heard, and why. All others may not.
MAY_BE_HEARD = {
    "request_id": "of a request, in every log line of it",
    "x-amz-meta-correlation-id": "the same, as it goes with a photo",
    **dict.fromkeys(("status", "code", "kind", "verdict"), "a state or code of ours, no measure"),
    "type": "urn:facet:problem: and a code",
    **dict.fromkeys(("created_at", "updated_at", "expires_at"), "a moment; ids hold it too"),
    **dict.fromkeys(("pipeline", "detector", "mesh", "scoring", "catalogue"), "a version"),
    **dict.fromkeys(("ranking", "version"), "of our tables, which a metric counts by"),
    **dict.fromkeys(("content_type", "Content-Type"), "image/jpeg"),
}
# Ids that we draw, of things: they lead from a log line to a row, and say nothing without it.
DRAWN = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
# What a person tells by choosing a word, which is short and may be code's word as well.
CHOSEN = ("pregnant", "breastfeeding", "13_17", "dark_circles", "premium-serum")
TOLD = "canary"  # every free text holds it
NUMBER = re.compile(r"(?<![\w.])\d+\.\d{2,}(?![\w.])")
SHORTEST = 6  # letters of a word that is looked for by itself


@dataclass
class Heard:
    """What came in at one place."""

    texts: list[str] = field(default_factory=list)

    def all(self) -> str:
        return "\n".join(self.texts)


@dataclass
class Run:
    """A person's use of the stack, and who listens to it."""

    stack: Stack
    heard: dict[str, Heard]
    libraries: io.StringIO  # what loggers of libraries wrote
    secrets: set[str] = field(default_factory=set)
    invoked: int = 0

    # --- what a person does ------------------------------------------------------------------

    def call(self, verb: str, event: dict[str, Any]) -> Any:
        """One invocation; what it raises reaches Lambda, which logs it and keeps it."""
        self.invoked += 1
        try:
            return self.stack.call(verb, event)
        except Exception as error:
            text = "".join(traceback.format_exception(error))
            self.heard["exceptions"].texts.append(f"{type(error).__name__}: {error}\n{text}")
            return None

    def http(self, verb: str, path: str, method: str = "GET", body: Any = None, **how: Any) -> Any:
        """One request -> its answer. What is sent and what is answered is never to be heard."""
        self.invoked += 1
        query = dict(parse_qsl(urlsplit(path).query))
        status, answer, headers = self.stack.http(
            verb,
            "api_post_analyses.json",
            path=urlsplit(path).path,
            method=method,
            body=body,
            query=query,
            **how,
        )
        self.keep(body)
        self.keep(query)
        self.keep(how.get("headers"))
        self.keep(answer)
        self.keep({name: value for name, value in headers.items() if name == "ETag"})
        return {"http": status, **answer} if isinstance(answer, dict) else {"http": status}

    def keep(self, value: Any, name: str = "") -> None:
        """Remember every value below as one that nobody else may hear."""
        match value:
            case dict():
                for key, inner in value.items():
                    self.keep(inner, str(key))
            case list():
                for inner in value:
                    self.keep(inner, name)
            case str() if name not in MAY_BE_HEARD and is_telling(value):
                self.secrets.add(value)
                if value.startswith("https://"):
                    signature = dict(parse_qsl(urlsplit(value).query)).get("X-Amz-Signature")
                    self.secrets |= {signature} if signature else set()
            case float() if NUMBER.fullmatch(repr(value)):
                self.secrets.add(repr(value))

    # --- what was heard ----------------------------------------------------------------------

    def leaks(self) -> dict[str, list[str]]:
        """Place -> each secret that is heard there, with what stands around it."""
        found: dict[str, list[str]] = {}
        for place, heard in self.heard.items():
            text = heard.all()
            for secret in self.secrets | {TOLD, "X-Amz-Signature", "Bearer ", "@example.com"}:
                pattern = rf"(?<![\w.]){re.escape(secret)}(?![\w.])"
                if secret in text and (hit := re.search(pattern, text) or secret in CANARIES):
                    at = hit.start() if isinstance(hit, re.Match) else text.index(secret)
                    found.setdefault(place, []).append(
                        f"{secret[:60]!r} in {text[max(0, at - 120) : at + 120]!r}"
                    )
        return found


CANARIES = (TOLD, "X-Amz-Signature", "Bearer ", "@example.com")


def is_telling(text: str) -> bool:
    """Whether a text says something by itself: words that code uses too, and our ids, do not."""
    if text in CHOSEN or TOLD in text:
        return True
    is_known = re.fullmatch(r"[a-z]+(_[a-z]+)?|[A-Z]+", text) or DRAWN.fullmatch(text)
    return len(text) >= SHORTEST and not is_known


# --- who listens -----------------------------------------------------------------------------


@contextmanager
def x_ray_daemon(heard: Heard) -> Iterator[str]:
    """A UDP port in the daemon's place; its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.settimeout(0.2)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    heard.texts.append(port.recv(65_535).decode(errors="replace"))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield f"127.0.0.1:{port.getsockname()[1]}"
        finally:
            done.set()
            thread.join()


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with listening() as told:
        yield told


@pytest.fixture
def run(
    stack: Stack,
    pushed: Pushed,  # noqa: F811 the fixture
    collector: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    heard = {
        name: Heard()
        for name in ("x-ray", "logs", "exceptions", "messages", "events", "remembered", "traces")
    }
    users = boto3.client("cognito-idp")
    pool = str(users.create_user_pool(PoolName="facet")["UserPool"]["Id"])
    users.admin_create_user(
        UserPoolId=pool,
        Username=USER,
        UserAttributes=[{"Name": "email", "Value": f"{TOLD}@example.com"}],
    )
    monkeypatch.setenv("USER_POOL_ID", pool)
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "leaks")  # a logger of this run's own
    monkeypatch.setenv(tracing.ENDPOINT, collector.url)
    root, written = logging.getLogger(), io.StringIO()
    library = logging.StreamHandler(written)  # as Lambda's runtime has one
    library.setLevel(logging.WARNING)
    root.addHandler(library)
    send = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def listened(client: Any, operation: str, params: dict[str, Any]) -> Any:
        place = {"SendMessage": "messages", "PutEvents": "events"}.get(operation)
        if place:
            heard[place].texts.append(json.dumps(params, default=str))
        return send(client, operation, params)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", listened)
    monkeypatch.setattr("facet.services.erase_account.ERASURE_DELAY", timedelta())
    with x_ray_daemon(heard["x-ray"]) as address:
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
        tracing.spans.cache_clear()
        try:
            yield Run(stack, heard, written)
        finally:
            tracing.spans.cache_clear()
            time_by(None)
            root.removeHandler(library)


# --- the run -----------------------------------------------------------------------------------

KEY = {"Idempotency-Key": f"{TOLD}-key-of-an-app"}
SHADE = "#a4563c"
PROFILE = {
    "skin_type": "combination",
    "allergies": ["walnut", f"{TOLD} balm"],
    "not_in_cosmetics": [f"{TOLD} oats"],
    "avoided_ingredients": [f"{TOLD} oil"],
    "pregnancy": "pregnant",
    "age_band": "13_17",
    "guardian_consent": {"version": f"{TOLD}-2026", "date": "2026-11-02"},
    "monk_tone": 7,
}
LIPSTICK = {
    "name": f"Rose of {TOLD}",
    "category": "lip",
    "shade": SHADE,
    "finish": "satin",
    "ingredients": [f"{TOLD} wax 12.75 %"],
}
SCARF = {
    "name": f"Scarf of {TOLD}",
    "category": "scarf",
    "slot": "accessory",
    "formality": 2,
    "warmth": 3,
    "pattern": f"{TOLD} dots",
}
ITEM = f"{TOLD}-lipstick"
LOOK = {"name": f"{TOLD} lips", "products": [{"item_id": ITEM, "intensity": 71}]}


def tell(run: Run, garment: bytes) -> None:
    """Profile, bag and wardrobe, well and badly."""
    assert run.http("api", "/v1/profile", "PUT", PROFILE)["http"] == 200
    run.http("api", "/v1/profile")
    for bad in ({**PROFILE, TOLD: 1}, {**PROFILE, "monk_tone": TOLD}, f'{{"a": "{TOLD}', [TOLD]):
        refused = run.http("api", "/v1/profile", "PUT", bad)
        assert refused["http"] == 400
    run.http("api", f"/v1/bag/{ITEM}", "PUT", LIPSTICK)
    run.http("api", "/v1/bag/serum", "PUT", {"name": f"{TOLD} serum", "category": "serum"})
    run.http("api", "/v1/bag")
    run.http("api", f"/v1/bag/{TOLD}")
    photo = run.stack.wish(garment)
    del photo["consent_version"]
    for _ in range(2):
        added = run.http("api", "/v1/wardrobe", "POST", {**SCARF, "photo": photo}, headers=KEY)
        assert added["http"] == 201, added
    run.call("thumbnail", run.stack.garment_uploaded(added["item_id"], garment))
    run.call("thumbnail", run.stack.garment_uploaded(added["item_id"], TOLD.encode()))
    run.http("api", "/v1/wardrobe")
    for path in (
        f"/v1/products?q={TOLD}",
        "/v1/products/recommendations?condition=redness",
        f"/v1/products/{TOLD}",
        f"/v1/ingredients/avoid?q={TOLD}",
    ):
        run.http("products", path)


def start(run: Run, photo: bytes, **wish: Any) -> str:
    """A started analysis with its photo in the bucket, asked for twice with one key."""
    wished = run.stack.wish(photo, consent_version=f"{TOLD}-1", **wish)
    headers = {"Idempotency-Key": f"{TOLD}-{wish.get('occasion', 'none')}"}
    for _ in range(2):
        begun = run.http("presign", "/v1/analyses", "POST", wished, headers=headers)
        assert begun["http"] == 201, begun
    reused = {**wished, "occasion": f"another {TOLD}"}
    run.http("presign", "/v1/analyses", "POST", reused, headers=headers)
    run.http("presign", "/v1/analyses", "POST", {**wished, "content_length": TOLD})
    run.stack.s3.put_object(
        Bucket=NAMES["UPLOADS_BUCKET"],
        Key=f"faces/{USER}/{begun['analysis_id']}",
        Body=photo,
        Metadata={"correlation-id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"},
    )
    return str(begun["analysis_id"])


def take(run: Run, queue: str) -> list[str]:
    """The bodies of all messages of a queue."""
    url = run.stack.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    bodies = []
    while got := run.stack.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
        "Messages"
    ):
        for message in got:
            run.stack.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
    return bodies


def work(run: Run, verb: str, queue: str) -> None:
    """Have a worker do all that waits in its queue."""
    if bodies := take(run, queue):
        run.call(verb, run.stack.batch(*bodies))


def analyse(run: Run, portrait: bytes) -> str:
    """From the wish to the pictures, and what may be asked of them."""
    wants = ["skincare", "makeup", "outfit"]
    weather = {"temperature_c": 12.75}
    analysis_id = start(run, portrait, wants=wants, occasion=f"{TOLD} dinner", weather=weather)
    run.call("analyze", run.stack.uploaded(analysis_id))
    run.call("thumbnail", run.stack.saved(analysis_id))
    work(run, "recommend", "facet-recommend")
    work(run, "tryon", "facet-tryon")
    for _ in range(2):
        run.http("api", f"/v1/analyses/{analysis_id}/looks", "POST", LOOK, headers=KEY)
    work(run, "tryon", "facet-tryon")
    document = run.http("api", f"/v1/analyses/{analysis_id}")
    assert document["status"] == "completed", document
    assert document["recommendations"].keys() == set(wants)
    run.http("overlay", f"/v1/analyses/{analysis_id}/overlays/redness")
    run.http("overlay", f"/v1/analyses/{analysis_id}/overlays/{TOLD}")
    run.http("api", "/v1/analyses")
    (look, *_) = run.http("api", "/v1/looks")["looks"]
    run.http("api", f"/v1/looks/{look['look_id']}", "PUT", {"name": f"{TOLD} evening"})
    feedback = {"analysis_id": analysis_id, "kind": "skincare", "rating": 2}
    feedback["comment"] = f"{TOLD} burns"
    for _ in range(2):
        run.http("api", "/v1/feedback", "POST", feedback, headers=KEY)
    run.http("api", "/v1/feedback", "POST", {**feedback, "rating": 3}, headers=KEY)
    return analysis_id


def fail(run: Run, analysis_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can go wrong: no face, no photo, no sense, no AWS, no luck."""
    empty = jpeg(Image.new("RGB", (1600, 1200), SHADE))
    faceless = start(run, empty)
    run.call("analyze", run.stack.uploaded(faceless))
    run.http("api", f"/v1/analyses/{faceless}")
    broken = start(run, TOLD.encode(), occasion=f"{TOLD} lunch")
    run.call("analyze", run.stack.uploaded(broken))
    strange = json.dumps({"analysis_id": analysis_id, "user_id": USER, "kind": TOLD})
    for verb in ("recommend", "tryon", "account", "webhook"):
        run.call(verb, run.stack.batch(strange, TOLD))
    run.call("webhook", recorded("sqs_analysis_ended.json"))
    # A row that cannot be read, and advice that was to be made with it.
    row = {"PK": f"USER#{USER}", "SK": "PROFILE", "document": json.dumps({"skin_type": TOLD})}
    for document in (row["document"], f'{{"skin_type": "{TOLD}'):
        run.stack.table.put_item(Item={**row, "document": document})
        run.http("api", "/v1/profile")
        run.call(
            "recommend",
            run.stack.batch(
                json.dumps({"analysis_id": analysis_id, "user_id": USER, "kind": "skincare"})
            ),
        )
    run.stack.table.update_item(
        Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{broken}"},
        UpdateExpression="SET consent_version = :bad, #s = :odd",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":bad": {TOLD: 1}, ":odd": TOLD},
    )
    run.http("api", "/v1/analyses")
    run.http("api", f"/v1/analyses/{broken}")
    run.call("analyze", run.stack.uploaded(broken))
    run.call("sweep", {"time": "2099-01-01T00:00:00Z"})

    refused = ClientError({"Error": {"Code": "Throttled", "Message": f"{TOLD} PK"}}, "GetItem")
    for error in (refused, ValueError(f"{TOLD} is none"), KeyError(TOLD)):

        def raise_it(*_: Any, error: Exception = error, **__: Any) -> Any:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr("facet.adapters.analyses.AnalysisTable.get", raise_it)
            patch.setattr("facet.adapters.s3.Bucket.get", raise_it)
            patch.setattr(
                "facet.adapters.belongings.BelongingsTable.profile", raise_it, raising=False
            )
            run.http("api", f"/v1/analyses/{analysis_id}")
            run.http("api", "/v1/profile")
            run.call("analyze", run.stack.uploaded(analysis_id))
            run.call("thumbnail", run.stack.saved(analysis_id))
            run.call(
                "recommend",
                run.stack.batch(
                    json.dumps({"analysis_id": analysis_id, "user_id": USER, "kind": "skincare"})
                ),
            )


def leave(run: Run) -> None:
    """Export and erasure."""
    for _ in range(2):
        asked = run.http("api", "/v1/me/export", "POST", headers=KEY)
    work(run, "account", "facet-account")
    run.http("api", f"/v1/me/exports/{asked['export_id']}")
    run.heard["remembered"].texts += map(repr, remembered())
    run.http("api", "/v1/me", "DELETE")
    for _ in range(2):  # and once more, when nothing is at work any longer
        work(run, "account", "facet-erase")
    assert run.http("api", "/v1/profile")["http"] == 401
    run.http("api", "/v1/me", "DELETE")


def remembered() -> list[dict[str, Any]]:
    """Rows of remembered requests."""
    rows = boto3.resource("dynamodb").Table(NAMES["TABLE_NAME"]).scan()["Items"]
    return [row for row in rows if str(row["SK"]).startswith("KEY#")]


def traces(collector: Receiver) -> list[ExportTraceServiceRequest]:
    return [ExportTraceServiceRequest.FromString(unpacked(*got)) for got in collector.got]


def unpacked(headers: dict[str, str], body: bytes) -> bytes:
    return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


def test_nothing_of_a_person_leaves_by_the_side_door(  # noqa: PLR0917
    run: Run,
    portrait: bytes,
    collector: Receiver,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    tell(run, jpeg(Image.new("RGB", (900, 900), SHADE)))
    analysis_id = analyse(run, portrait)
    work(run, "webhook", "facet-webhook")
    fail(run, analysis_id, monkeypatch)
    leave(run)

    printed = capfd.readouterr()
    run.heard["logs"].texts += [printed.out, printed.err, run.libraries.getvalue()]
    run.heard["webhooks"] = Heard([repr(got) for got in receiver.got])
    sent = traces(collector)
    run.heard["traces"].texts += [
        *(str(request) for request in sent),
        *(unpacked(*got).decode(errors="replace") for got in collector.got),
    ]

    leaks = run.leaks()
    assert not leaks, "\n".join(f"{place}: {leak}" for place in leaks for leak in leaks[place])
    # Nobody was deaf.
    assert len(run.secrets) > 300
    assert run.heard.pop("x-ray").texts == []
    for place, heard in run.heard.items():
        assert heard.all(), place
    assert analysis_id in run.heard["logs"].all()
    told = [span for request in sent for span in spans_of(request)]
    assert {key for span in told for key in attributes(span)} <= spans.ATTRIBUTES
    assert not [span for span in told if span.events or span.links or span.status.message]
    assert sum(not span.parent_span_id for span in told) >= run.invoked
    assert {"decode", "measure the skin", "record", "DynamoDB.GetItem"} <= {s.name for s in told}
    # And an erasure reaches what was remembered.
    assert remembered() == []


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        ({"comment": f"{TOLD} burns"}, f"KeyError: '{TOLD} burns'"),
        ({"pregnancy": "pregnant"}, '{"told": ["pregnant"]}'),
        ({"measured": 12.75}, "score=12.75"),
        ({"skin": {"tone": {"hex": SHADE}}}, f"tone {SHADE}"),
        ({"url": "https://media/a.jpg?X-Amz-Signature=abc123"}, "Signature abc123"),
    ],
)
def test_a_leak_would_be_heard(answer: Any, written: str) -> None:
    run = Run(None, {"logs": Heard([written])}, io.StringIO())  # type: ignore[arg-type]
    run.keep(answer)
    assert run.leaks().keys() == {"logs"}


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Any]:
    for resource in request.resource_spans:
        assert {key.key for key in resource.resource.attributes} == {
            "service.name",
            "service.namespace",
        }
        for scope in resource.scope_spans:
            yield from scope.spans


def attributes(span: Any) -> dict[str, Any]:
    return {attribute.key: attribute.value for attribute in span.attributes}
