"""Handlers as Lambda calls them, on moto's AWS, made from the real template's resources."""

import hashlib
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws
from moto.cognitoidp import models as cognito
from PIL import Image
from skimage import data as skimage_data

from contract.functions import function_module
from facet.adapters import aws as clients
from facet.adapters.rows import unpack
from facet.catalogue.build import build_catalogue
from facet.domain.overdue import OPEN_SHARDS
from facet.domain.places import face_key, garment_upload_key
from facet.domain.products import Product
from facet.services.sweep import World, sweep
from local.template import read_template
from tests.faults.remembered import remembering
from tests.integration.contract import assert_documented
from tests.roles import recorder

ROOT = Path(__file__).parents[2]
REGION: Final = "eu-central-1"
USER = "5f3d1c2a-0000-4000-8000-000000000001"
CLIENT_ID = "3n4b5urk1ft4fl3mg5e62d9ado"  # the audience of the recorded events
NAMES = {
    "TABLE_NAME": "facet",
    "PRODUCTS_TABLE_NAME": "facet-products",
    "UPLOADS_BUCKET": "facet-uploads",
    "MEDIA_BUCKET": "facet-media",
    "EVENT_BUS_NAME": "default",
}
LIMITS = (
    *("UPLOADS_A_MINUTE", "ANALYSES_A_MINUTE", "LOOKS_A_MINUTE", "WRITES_A_MINUTE"),
    "FEEDBACK_A_DAY",
)
QUEUES = ("recommend", "tryon", "account", "erase", "sweep")


@dataclass
class Context:
    """The part of LambdaContext that Powertools reads."""

    function_name: str = "facet"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:facet"
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def recorded(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / name).read_text())
    return event


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def portrait() -> bytes:
    """A public-domain portrait (NASA, Eileen Collins) as a JPEG."""
    return jpeg(Image.fromarray(skimage_data.astronaut()))  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def snapshot() -> bytes:
    return build_catalogue(ROOT / "data" / "skincare")


def _make_table(dynamodb: Any, properties: dict[str, Any], name: str) -> None:
    copied = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        **{key: json.loads(json.dumps(properties[key])) for key in copied if key in properties},
    )


@dataclass
class Stack:
    """What a test needs of the deployed stack."""

    table: Any
    s3: Any
    sqs: Any
    queue_urls: Mapping[str, str]
    function: Callable[[str], ModuleType]

    def call(self, verb: str, event: dict[str, Any]) -> Any:
        return self.function(verb).lambda_handler(event, Context())

    def http(
        self,
        verb: str,
        event_name: str,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        claims: dict[str, str] | None = None,
        path: str | None = None,
        query: Mapping[str, str | list[str]] | None = None,
        method: str | None = None,
    ) -> tuple[int, Any, dict[str, str]]:
        """(status, body, headers) of one request made of a recorded event."""
        event = recorded(event_name)
        event["requestContext"]["authorizer"] = {
            "claims": {"sub": USER, "token_use": "id", "aud": CLIENT_ID, **(claims or {})}
        }
        for sent in (event["headers"], event["multiValueHeaders"]):
            sent.pop("Idempotency-Key", None)
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        if path:
            event["path"] = event["requestContext"]["path"] = path
            event["pathParameters"] = None
        if method:
            event["httpMethod"] = event["requestContext"]["httpMethod"] = method
        for name, value in (headers or {}).items():
            event["headers"][name] = value
            event["multiValueHeaders"][name] = [value]
        sent_query = {
            name: value if isinstance(value, list) else [value]
            for name, value in (query or {}).items()
        }
        event["queryStringParameters"] = {n: v[-1] for n, v in sent_query.items()} or None
        event["multiValueQueryStringParameters"] = sent_query or None
        answer = self.call(verb, event)
        got = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        status, parsed = answer["statusCode"], json.loads(answer["body"] or "null")
        if event["httpMethod"] != "OPTIONS":
            assert_documented(event["httpMethod"], event["path"], status, parsed, got)
        return status, parsed, got

    def wish(self, photo: bytes, **changes: Any) -> dict[str, Any]:
        return {
            "content_type": "image/jpeg",
            "content_length": len(photo),
            "checksum_sha256": b64encode(hashlib.sha256(photo).digest()).decode(),
            "consent_version": "2026-11",
            **changes,
        }

    def start(self, photo: bytes, **changes: Any) -> str:
        """A new analysis whose photo already lies in the bucket; its id."""
        status, body, _ = self.http(
            "presign", "api_post_analyses.json", body=self.wish(photo, **changes)
        )
        assert status == 201, body
        self.s3.put_object(
            Bucket=NAMES["UPLOADS_BUCKET"],
            Key=f"faces/{USER}/{body['analysis_id']}",
            Body=photo,
            ContentType="image/jpeg",
        )
        return str(body["analysis_id"])

    def start_several(self, *photos: bytes) -> dict[str, Any]:
        """The answer to a new analysis of these photos, none of which is in the bucket yet."""
        told = [self.wish(photo) for photo in photos]
        wish = {"consent_version": told[0].pop("consent_version")}
        for one in told[1:]:
            del one["consent_version"]
        status, body, _ = self.http(
            "presign", "api_post_analyses.json", body={**wish, "photos": told}
        )
        assert status == 201, body
        started: dict[str, Any] = body
        return started

    def upload(self, analysis_id: str, photo: bytes, number: int) -> dict[str, Any]:
        """Put one of several photos into the bucket -> the event that S3 tells of it."""
        event = self.uploaded(analysis_id)
        key = face_key(USER, analysis_id, number)
        self.s3.put_object(Bucket=NAMES["UPLOADS_BUCKET"], Key=key, Body=photo)
        event["Records"][0]["s3"]["object"]["key"] = key
        return event

    def uploaded(self, analysis_id: str) -> dict[str, Any]:
        """The S3 event of its upload."""
        event = recorded("s3_face_uploaded.json")
        event["Records"][0]["s3"]["bucket"]["name"] = NAMES["UPLOADS_BUCKET"]
        event["Records"][0]["s3"]["object"]["key"] = f"faces/{USER}/{analysis_id}"
        return event

    def saved(self, analysis_id: str) -> dict[str, Any]:
        """The S3 event of its normalised photo."""
        event = recorded("s3_photo_saved.json")
        event["Records"][0]["s3"]["bucket"]["name"] = NAMES["MEDIA_BUCKET"]
        event["Records"][0]["s3"]["object"]["key"] = f"photos/{USER}/{analysis_id}.jpg"
        return event

    def garment_uploaded(self, item_id: str, photo: bytes) -> dict[str, Any]:
        """Put a garment's photo into the bucket -> the event that S3 tells of it."""
        event = recorded("s3_garment_uploaded.json")
        key = garment_upload_key(USER, item_id, self.wish(photo)["checksum_sha256"])
        event["Records"][0]["s3"]["bucket"]["name"] = NAMES["UPLOADS_BUCKET"]
        event["Records"][0]["s3"]["object"]["key"] = key
        self.s3.put_object(Bucket=NAMES["UPLOADS_BUCKET"], Key=key, Body=photo)
        return event

    def jobs(self, queue: str = "recommend") -> list[dict[str, Any]]:
        """Take all waiting messages off a queue."""
        url, taken = self.queue_urls[queue], []
        while got := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", []):
            for message in got:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            taken += got
        return taken

    def batch(self, *bodies: str, like: str = "sqs_face_analyzed.json") -> dict[str, Any]:
        """The SQS event that brings these message bodies."""
        event = recorded(like)
        first = event["Records"][0]
        event["Records"] = [
            {**first, "messageId": f"message-{n}", "body": body} for n, body in enumerate(bodies)
        ]
        return event

    def sweep(self, minutes: float) -> dict[str, int]:
        """Sweep every shard as if `minutes` had passed -> how many, by what was done."""
        now = datetime.now(UTC) + timedelta(minutes=minutes)
        world = World(**self.function("sweep").wiring.swept)
        done: Counter[str] = Counter()
        with recorder.acting("sweep"):
            for shard in range(OPEN_SHARDS):
                done += sweep(shard, now, world)
        return dict(done)

    def row(self, analysis_id: str, user: str = USER) -> dict[str, Any]:
        key = {"PK": f"USER#{user}", "SK": f"ANALYSIS#{analysis_id}"}
        return dict(self.table.get_item(Key=key).get("Item", {}))

    def result(self, analysis_id: str, name: str, user: str = USER) -> Any:
        """What was advised of a kind, or `words` or `looks` beside it; None: nothing is kept."""
        key = {"PK": f"USER#{user}", "SK": f"RESULT#{analysis_id}#{name}"}
        item = self.table.get_item(Key=key).get("Item")
        return unpack(item["result"]) if item else None

    def reading(self, analysis_id: str, user: str = USER) -> Any:
        """What was measured in an analysis."""
        key = {"PK": f"USER#{user}", "SK": f"READING#{analysis_id}"}
        return unpack(self.table.get_item(Key=key)["Item"]["reading"])

    def used(self, user: str = USER) -> int:
        key = {"PK": f"USER#{user}", "SK": f"QUOTA#{datetime.now(UTC).date()}"}
        return int(self.table.get_item(Key=key).get("Item", {}).get("used", 0))

    def publish(self, products: Iterable[Product]) -> None:
        """Put products where they are looked up by their ids, beside those already there."""
        table = boto3.resource("dynamodb").Table(NAMES["PRODUCTS_TABLE_NAME"])
        with table.batch_writer() as batch:
            for product in products:
                batch.put_item(Item=json.loads(product.model_dump_json(), parse_float=Decimal))

    def keys(self, bucket: str) -> set[str]:
        listed = self.s3.list_objects_v2(Bucket=NAMES[bucket]).get("Contents", [])
        return {entry["Key"] for entry in listed}


@pytest.fixture(scope="session")
def sdk() -> boto3.Session:
    """One session for all tests, since each reads the services' models from disk for itself."""
    return boto3.Session()


@pytest.fixture(scope="session")
def resources() -> dict[str, Any]:
    """Logical id -> resource of the template."""
    return dict(read_template()["Resources"])


@pytest.fixture(scope="session")
def moto() -> Iterator[None]:
    """What moto makes anew for every test, though it is the same for all, is made once."""
    rsa: Any = vars(cognito)["jwk"].RSAKey
    read = rsa.import_key
    key = cache(lambda told: read(json.loads(told)))
    with (
        # Each user pool's key is the same, and its prime factors are sought for 0.2 s.
        patch.object(rsa, "import_key", lambda told: key(json.dumps(told))),
        # 1,300 patterns that answer the `requests` package, by which nothing here asks AWS.
        patch("moto.core.models.RESPONSES_METHODS", ()),
    ):
        yield


@pytest.fixture(scope="module", autouse=True)
def remembered() -> Iterator[None]:
    """The same photo is measured, and the same look drawn, once for a file of tests."""
    with remembering():
        yield


@pytest.fixture
def aws(moto: None, monkeypatch: pytest.MonkeyPatch, sdk: boto3.Session) -> Iterator[None]:
    """moto's AWS with nothing in it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws(), patch.object(boto3, "DEFAULT_SESSION", sdk):
        clients.client.cache_clear()
        clients.table.cache_clear()
        yield
    clients.client.cache_clear()
    clients.table.cache_clear()


@pytest.fixture
def stack(
    aws: None,
    monkeypatch: pytest.MonkeyPatch,
    sdk: boto3.Session,
    resources: dict[str, Any],
    snapshot: bytes,
) -> Iterator[Stack]:
    for name, value in NAMES.items():
        monkeypatch.setenv(name, value)
    for name, value in {
        "USER_POOL_ID": f"{REGION}_without",
        "USER_POOL_CLIENT_ID": CLIENT_ID,
        "STAGE": "local",
        "MAX_QUEUE_DEPTH": "100",
        "MAX_BELONGINGS": "500",
        "MAX_PROFILE_BYTES": "50000",
        "MAX_LOOKS": "100",
        "MAX_LOOKS_OF_ANALYSIS": "20",
        "MAX_EXPORTS_A_DAY": "3",
        "ERASURE_LOOKS_AGAIN_SECONDS": "0",
        "ANALYZE_FUNCTION_NAME": "facet-analyze",
        "MAX_ANALYZE_WAIT_SECONDS": "300",
        "MAX_TRYON_QUEUE_DEPTH": "100",
        "MAX_ACCOUNT_QUEUE_DEPTH": "100",
        # Tests are quicker than people: only tests/integration/test_limits.py has the real ones.
        **dict.fromkeys(LIMITS, "100000"),
        "CURSOR_SECRET": "a secret of these tests",
        "NARRATOR_MODEL_ID": "",
        "GARMENT_MODEL_ID": "",
        "RANKING_VERSION": "skincare-1",
        "RANKING_CANDIDATE": "",
        "RANKING_CANDIDATE_PERCENT": "0",
        "VECTOR_BUCKET_NAME": "",
        "AUDIENCE": "adults",
        "RETENTION_DAYS": "30",
        "GATES_PRESET": "moderate",
        "MODELS_DIR": str(ROOT / "layers" / "models" / "models"),
        "POWERTOOLS_SERVICE_NAME": "facet",
        "POWERTOOLS_METRICS_NAMESPACE": "Facet",
    }.items():
        monkeypatch.setenv(name, value)
    dynamodb = boto3.client("dynamodb")
    for logical_id, name in (
        ("Table", NAMES["TABLE_NAME"]),
        ("ProductsTable", NAMES["PRODUCTS_TABLE_NAME"]),
    ):
        _make_table(dynamodb, resources[logical_id]["Properties"], name)
    s3 = boto3.client("s3")
    for name in ("UPLOADS_BUCKET", "MEDIA_BUCKET"):
        s3.create_bucket(
            Bucket=NAMES[name], CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    s3.put_object(Bucket=NAMES["MEDIA_BUCKET"], Key="catalogue/snapshot.json", Body=snapshot)
    sqs = boto3.client("sqs")
    queue_urls = {name: sqs.create_queue(QueueName=f"facet-{name}")["QueueUrl"] for name in QUEUES}
    for name, url in queue_urls.items():
        monkeypatch.setenv(f"{name.upper()}_QUEUE_URL", url)
    modules: dict[str, ModuleType] = {}

    def function(verb: str) -> ModuleType:
        if verb not in modules:  # a second import would take its routers from the first
            modules[verb] = function_module(verb)
            recorder.attribute(verb, modules[verb])
        return modules[verb]

    made = Stack(
        table=boto3.resource("dynamodb").Table(NAMES["TABLE_NAME"]),
        s3=s3,
        sqs=sqs,
        queue_urls=queue_urls,
        function=function,
    )
    # Of the clients made from here on: the functions', and what a test puts in their place.
    with recorder.listen(sdk.events):
        yield made
