"""An AWS on loopback that holds what an event speaks of, set up again before each call."""

import contextlib
import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

import boto3
from ulid import ULID

from facet.adapters.account import AccountTable
from facet.adapters.analyses import AnalysisTable
from facet.adapters.belongings import BelongingsTable
from facet.adapters.s3 import Bucket
from facet.advice.makeup.recommend import recommend_makeup
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.domain.account import EXPORT_LIFE, Export
from facet.domain.advice import Profile
from facet.domain.analysis import Analysis, Kind, Size, Status
from facet.domain.places import (
    CATALOGUE_SNAPSHOT,
    garment_owner_of,
    garment_upload_key,
    is_garment,
    owner_of,
)
from facet.domain.quota import Tier
from facet.domain.storage import NewPhoto
from facet.services.keep_wardrobe import NewGarment, keep_garment
from facet.vision.analyze import analyze_photo
from facet.vision.face.models import FaceModels
from facet.vision.photo.gates import load_gates
from local.stack import MODELS, REGION, ROOT, LocalStack
from local.template import ENVIRONMENTS, read_template


@dataclass(frozen=True)
class EmulatedAws:
    """What the functions find behind AWS_ENDPOINT_URL."""

    stack: LocalStack
    photo: bytes
    names: dict[str, str] = field(
        default_factory=lambda: {k: v for env in ENVIRONMENTS.values() for k, v in env.items()}
    )

    def create(self) -> None:
        """Tables with the template's keys, buckets, queues, the catalogue."""
        resources = read_template()["Resources"]
        dynamodb = self.stack.client("dynamodb")
        for logical_id, name in (
            ("Table", "TABLE_NAME"),
            ("ProductsTable", "PRODUCTS_TABLE_NAME"),
        ):
            table = resources[logical_id]["Properties"]
            keys = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
            schema = {key: table[key] for key in keys if key in table}
            dynamodb.create_table(TableName=self.names[name], **schema)
        for name in ("UPLOADS_BUCKET", "MEDIA_BUCKET"):
            self.stack.client("s3").create_bucket(Bucket=self.names[name])
        self.stack.client("s3").put_object(
            Bucket=self.names["MEDIA_BUCKET"],
            Key=CATALOGUE_SNAPSHOT,
            Body=self.catalogue,
        )
        for queue in self.queues.values():
            self.stack.client("sqs").create_queue(QueueName=queue)
        self.stack.client("cognito-idp").create_user_pool(PoolName="facet")
        self.stack.client("secretsmanager").create_secret(
            Name=self.names["WEBHOOK_SECRET_ARN"], SecretString=secrets.token_urlsafe(24)
        )

    @property
    def queues(self) -> dict[str, str]:
        """Variable -> name of the queue it is to hold the URL of."""
        return {
            variable: url.rpartition("/")[2]
            for variable, url in self.names.items()
            if variable.endswith("_QUEUE_URL")
        }

    @property
    def environment(self) -> dict[str, str]:
        """Overrides for events/env.json."""
        sqs = self.stack.client("sqs")
        urls = {
            variable: sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            for variable, queue in self.queues.items()
        }
        (pool,) = self.stack.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
        return {"AWS_ENDPOINT_URL": self.stack.endpoint, "USER_POOL_ID": pool["Id"], **urls}

    @cached_property
    def catalogue(self) -> bytes:
        return build_catalogue(ROOT / "data" / "skincare")

    @cached_property
    def measured(self) -> Any:
        """The photo as the analyze function would leave it. Raises PhotoRejectedError."""
        return analyze_photo(self.photo, FaceModels.load(MODELS), load_gates("moderate"))

    def prepare(self, event: dict[str, Any]) -> None:
        """Empty the tables and put there what the event expects to find."""
        dynamodb = boto3.resource(
            "dynamodb",
            endpoint_url=self.stack.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 # nosec B106 the emulator's root user
        )
        table = dynamodb.Table(self.names["TABLE_NAME"])
        for item in table.scan()["Items"]:
            table.delete_item(Key={"PK": item["PK"], "SK": item["SK"]})
        analyses, accounts = AnalysisTable(table), AccountTable(table)
        for record in event.get("Records", []):
            if "s3" in record:
                key = record["s3"]["object"]["key"]
                bucket = record["s3"]["bucket"]["name"]
                # The media bucket holds what analyze kept of a photo.
                kept = bucket == self.names["MEDIA_BUCKET"]
                photo = self.measured.photo_jpeg if kept else self.photo
                if is_garment(key):  # which names its photo
                    user_id, item_id = garment_owner_of(key)
                    self._await_garment(BelongingsTable(table), user_id, item_id)
                    key = garment_upload_key(user_id, item_id, self._checksum)
                    record["s3"]["object"]["key"] = key
                self.stack.client("s3").put_object(Bucket=bucket, Key=key, Body=photo)
                if is_garment(key):
                    continue
                self._start(analyses, *owner_of(key), analyzed=kept)
            elif "analysis_id" in (job := json.loads(record["body"])):
                advised = "kind" not in job  # then its looks are to be drawn
                owner = job["user_id"], job["analysis_id"]
                self._start(analyses, *owner, analyzed=True, advised=advised)
            elif export_id := job.get("export_id"):
                accounts.save_export(job["user_id"], self._export(export_id))
        if "httpMethod" in event:
            self._prepare_call(event, analyses, accounts)

    def _prepare_call(
        self, event: dict[str, Any], analyses: AnalysisTable, accounts: AccountTable
    ) -> None:
        """What a call of the API reads: an export, an analysis, or as many as it lists."""
        claims = (event["requestContext"].get("authorizer") or {}).get("claims", {})
        named = event.get("pathParameters") or {}
        if export_id := named.get("export_id"):
            accounts.save_export(claims["sub"], self._export(export_id))
        if analysis_id := named.get("analysis_id"):
            self._start(analyses, claims["sub"], analysis_id, analyzed=True)
        if (event["httpMethod"], event["path"]) == ("GET", "/v1/analyses"):
            for _ in range(int((event.get("queryStringParameters") or {}).get("limit", 3))):
                self._start(analyses, claims["sub"], str(ULID()), analyzed=True)

    @property
    def _checksum(self) -> str:
        return b64encode(sha256(self.photo).digest()).decode()

    @staticmethod
    def _export(export_id: str) -> Export:
        now = datetime.now(UTC)
        return Export(export_id=export_id, requested_at=now, expires_at=now + EXPORT_LIFE)

    def _await_garment(self, shelves: BelongingsTable, user_id: str, item_id: str) -> None:
        garment = NewGarment(
            category="shirt",
            slot="top",
            formality=3,
            warmth=2,
            photo=NewPhoto(
                content_type="image/jpeg",
                content_length=len(self.photo),
                checksum_sha256=self._checksum,
            ),
        )
        keep_garment(
            user_id,
            item_id,
            garment,
            max_photo_bytes=len(self.photo),
            most=1,
            correlation_id="invoke",
            now=datetime.now(UTC),
            shelves=shelves,
        )

    def _start(
        self,
        analyses: AnalysisTable,
        user_id: str,
        analysis_id: str,
        *,
        analyzed: bool = False,
        advised: bool = False,
    ) -> None:
        now = datetime.now(UTC)
        analysis = Analysis(
            analysis_id=analysis_id,
            user_id=user_id,
            status=Status.AWAITING_UPLOAD,
            created_at=now,
            updated_at=now,
            expires_at=now + timedelta(days=1),
            wants=(Kind.MAKEUP if advised else Kind.SKINCARE,),
            content_type="image/jpeg",
            content_length=len(self.photo),
            checksum_sha256="",
            consent_version="invoke",
            correlation_id="invoke",
            quota_day=now.date().isoformat(),
        )
        analyses.create(analysis, Tier.ENTERPRISE)  # of any number
        if analyzed:
            analyses.claim(analysis, now)
            size = Size(width=self.measured.width, height=self.measured.height)
            analyses.save_reading(analysis, self.measured.reading, size, now)
            media = Bucket(self.stack.client("s3"), self.names["MEDIA_BUCKET"])
            media.put(analysis.photo_key, self.measured.photo_jpeg, "image/jpeg", "invoke")
            media.delete_below("overlays/")  # to be drawn by each call
        if advised:
            reading, catalogue = self.measured.reading, Catalogue.load(self.catalogue)
            makeup = recommend_makeup(reading, Profile(), (), catalogue)
            analyses.save_result(analysis, Kind.MAKEUP, makeup.model_dump(mode="json"))
            analyses.complete(analysis, now, last=Kind.MAKEUP)


@contextlib.contextmanager
def emulated_aws(photo: bytes, name: str = "invoke") -> Iterator[EmulatedAws]:
    """An emulator on loopback, gone with the block; one of each name at a time."""
    stack = LocalStack(home=ROOT / ".local" / name)
    stack.stop()
    try:
        stack.start()
        aws = EmulatedAws(stack, photo)
        aws.create()
        yield aws
    finally:
        stack.stop()
