"""What a function works with, made of its settings: each adapter once, when it is first asked for.

A property imports what it makes. A cold start pays for every module, and no function needs all.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from facet.adapters.aws import client, table
from facet.adapters.settings import Settings

if TYPE_CHECKING:
    from facet.adapters.account import AccountTable
    from facet.adapters.analyses import AnalysisTable
    from facet.adapters.belongings import BelongingsTable
    from facet.adapters.catalogue import ProductsTable
    from facet.adapters.cloudwatch import AsyncEvents
    from facet.adapters.cognito import UserPool
    from facet.adapters.events import EventBus
    from facet.adapters.looks import LookTable
    from facet.adapters.overdue import OverdueIndex
    from facet.adapters.s3 import Bucket
    from facet.adapters.sqs import JobQueue
    from facet.advice.ranking import Rollout
    from facet.advice.words.narrator import Narrator
    from facet.catalogue.catalogue import Catalogue
    from facet.domain.advice import Audience
    from facet.domain.cursor import Cursors
    from facet.domain.search import Search
    from facet.http.idempotency import Repeats
    from facet.http.limits import Limits
    from facet.services.analyze_face import Measure
    from facet.services.current_catalogue import CurrentCatalogue
    from facet.services.ports import Dresser
    from facet.services.report_health import Readiness
    from facet.vision.drawing.portrait import OpenPortrait, Portrait
    from facet.vision.face.models import FaceModels
    from facet.vision.photo.gates import Gates

CHECK_TIMEOUT_SECONDS = 2
SECRETS_LIVE_SECONDS = 300


class EverySetting(Protocol):
    """Every setting of every function. A function has those that its own class names."""

    table_name: str
    products_table_name: str
    uploads_bucket: str
    media_bucket: str
    recommend_queue_url: str
    tryon_queue_url: str
    account_queue_url: str
    sweep_queue_url: str
    erase_queue_url: str
    webhook_url: str
    webhook_queue_url: str
    webhook_secret_arn: str
    event_bus_name: str
    user_pool_id: str
    user_pool_client_id: str
    cursor_secret: str
    vector_bucket_name: str
    narrator_model_id: str
    garment_model_id: str
    ranking_version: str
    ranking_candidate: str
    ranking_candidate_percent: float
    audience: "Audience"
    models_dir: Path
    gates_preset: str
    analyze_function_name: str
    max_queue_depth: int
    max_analyze_wait_seconds: int
    max_tryon_queue_depth: int
    max_account_queue_depth: int
    max_belongings: int
    max_profile_bytes: int
    max_looks: int
    max_looks_of_analysis: int
    max_exports_a_day: int
    uploads_a_minute: int
    analyses_a_minute: int
    looks_a_minute: int
    writes_a_minute: int
    feedback_a_day: int
    retention_days: int
    erasure_looks_again_seconds: int


class Wiring:
    """The adapters of one function.

    settings: its own class, read from the environment when the first adapter is asked for. What
    that class does not name cannot be made: AttributeError.
    at_init: what every call needs. Lambda has it made while it loads the function, when there is a
    whole core; anywhere else importing a function opens nothing.
    """

    def __init__(
        self, settings: type[Settings], at_init: Callable[["Wiring"], object] | None = None
    ) -> None:
        self._settings = settings
        if at_init and "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            at_init(self)

    @cached_property
    def settings(self) -> EverySetting:
        """The function's settings, read from the environment when first asked for."""
        return cast(EverySetting, self._settings.from_env(os.environ))

    # --- tables ---------------------------------------------------------------------------------

    @cached_property
    def analyses(self) -> "AnalysisTable":
        """Rows of analyses, in the one table."""
        from facet.adapters.analyses import AnalysisTable

        return AnalysisTable(table(self.settings.table_name))

    @cached_property
    def looks(self) -> "LookTable":
        """Rows of saved looks, in the one table."""
        from facet.adapters.looks import LookTable

        return LookTable(table(self.settings.table_name))

    @cached_property
    def shelves(self) -> "BelongingsTable":
        """Rows of profiles, bags, wardrobes and feedback, in the one table."""
        from facet.adapters.belongings import BelongingsTable

        return BelongingsTable(table(self.settings.table_name))

    @cached_property
    def accounts(self) -> "AccountTable":
        """All rows of a user at once, in the one table."""
        from facet.adapters.account import AccountTable

        return AccountTable(table(self.settings.table_name))

    @cached_property
    def products(self) -> "ProductsTable":
        """The table of the catalogue's products."""
        from facet.adapters.catalogue import ProductsTable

        return ProductsTable(table(self.settings.products_table_name))

    @cached_property
    def repeats(self) -> "Repeats":
        """Repeated requests, known again by their Idempotency-Key."""
        from facet.adapters.repeats import RepeatTable
        from facet.http.idempotency import Repeats

        return Repeats(RepeatTable(table(self.settings.table_name)))

    @cached_property
    def overdue(self) -> "OverdueIndex":
        """What waits too long, in the one table."""
        from facet.adapters.overdue import OverdueIndex

        return OverdueIndex(table(self.settings.table_name))

    @cached_property
    def limits(self) -> "Limits":
        """What each person may do within a minute or a day."""
        from facet.adapters.limits import LimitTable
        from facet.domain.limits import Limited
        from facet.http.limits import Limits

        told = self.settings
        most = {
            Limited.UPLOADS: told.uploads_a_minute,
            Limited.ANALYSES: told.analyses_a_minute,
            Limited.LOOKS: told.looks_a_minute,
            Limited.WRITES: told.writes_a_minute,
            Limited.FEEDBACK: told.feedback_a_day,
        }
        return Limits(LimitTable(table(told.table_name)), most)

    @cached_property
    def cursors(self) -> "Cursors":
        """The signer of cursors."""
        from facet.domain.cursor import Cursors

        return Cursors(self.settings.cursor_secret)

    # --- buckets, queues and the rest of AWS ----------------------------------------------------

    @cached_property
    def uploads(self) -> "Bucket":
        """The bucket that photos come in by."""
        return self.bucket(self.settings.uploads_bucket)

    @cached_property
    def media(self) -> "Bucket":
        """The bucket that pictures go out by, and catalogues lie in."""
        return self.bucket(self.settings.media_bucket)

    def bucket(self, name: str) -> "Bucket":
        """A bucket by its name."""
        from facet.adapters.s3 import Bucket

        return Bucket(client("s3"), name)

    @cached_property
    def jobs(self) -> "JobQueue":
        """The queue of recommendations."""
        from facet.adapters.sqs import JobQueue

        return JobQueue(client("sqs"), self.settings.recommend_queue_url)

    @cached_property
    def look_jobs(self) -> "JobQueue":
        """The queue of looks to draw."""
        from facet.adapters.sqs import JobQueue

        return JobQueue(client("sqs"), self.settings.tryon_queue_url)

    @cached_property
    def account_jobs(self) -> "JobQueue":
        """The queue of exports."""
        from facet.adapters.sqs import JobQueue

        return JobQueue(client("sqs"), self.settings.account_queue_url)

    @cached_property
    def analyze_events(self) -> "AsyncEvents":
        """The uploads that wait for AnalyzeFunction."""
        from facet.adapters.cloudwatch import AsyncEvents

        name = self.settings.analyze_function_name
        # 15 ms of a core that a local stack has no use for
        watch = client("cloudwatch", read_timeout=CHECK_TIMEOUT_SECONDS) if name else None
        return AsyncEvents(watch, name)

    @cached_property
    def shards(self) -> "JobQueue":
        """The queue of shards to sweep."""
        from facet.adapters.sqs import JobQueue

        return JobQueue(client("sqs"), self.settings.sweep_queue_url)

    @property
    def swept(self) -> dict[str, Any]:
        """What the sweep goes through and sends on by, as facet.services.sweep.World has it."""
        return {
            "overdue": self.overdue,
            "analyses": self.analyses,
            "looks": self.looks,
            "shelves": self.shelves,
            "accounts": self.accounts,
            "uploads": self.uploads,
            "media": self.media,
            "jobs": self.jobs,
            "look_jobs": self.look_jobs,
            "account_jobs": self.account_jobs,
            "events": self.events,
        }

    @cached_property
    def erase_jobs(self) -> "JobQueue":
        """The queue of erasures."""
        from facet.adapters.sqs import JobQueue

        return JobQueue(client("sqs"), self.settings.erase_queue_url)

    @cached_property
    def events(self) -> "EventBus":
        """The bus on which ended analyses are announced."""
        from facet.adapters.events import EventBus

        return EventBus(client("events"), self.settings.event_bus_name)

    @cached_property
    def users(self) -> "UserPool":
        """The Cognito user pool."""
        from facet.adapters.cognito import UserPool

        return UserPool(client("cognito-idp"), self.settings.user_pool_id)

    @cached_property
    def webhook_secrets(self) -> Callable[[], Sequence[str]]:
        """A call for the secrets that sign webhooks, fetched every five minutes at most."""
        from facet.adapters.webhook import signing_secrets

        @lru_cache(maxsize=1)
        def secrets(_slot: int) -> tuple[str, ...]:
            return signing_secrets(client("secretsmanager"), self.settings.webhook_secret_arn)

        return lambda: secrets(int(time.time() // SECRETS_LIVE_SECONDS))

    def put_off(self, receipt_handle: str, seconds: int) -> None:
        """Hide a message of the webhook's queue until its next try."""
        client("sqs").change_message_visibility(
            QueueUrl=self.settings.webhook_queue_url,
            ReceiptHandle=receipt_handle,
            VisibilityTimeout=seconds,
        )

    @cached_property
    def checks(self) -> Mapping[str, Callable[[], object]]:
        """Name of a part -> a call that raises where it cannot be reached within two seconds."""
        from facet.adapters.analyses import AnalysisTable
        from facet.adapters.s3 import Bucket
        from facet.adapters.sqs import JobQueue

        told = self.settings
        s3, sqs = (client(name, read_timeout=CHECK_TIMEOUT_SECONDS) for name in ("s3", "sqs"))
        rows = table(told.table_name, read_timeout=CHECK_TIMEOUT_SECONDS)
        return {
            "table": AnalysisTable(rows).check,
            "queue": JobQueue(sqs, told.recommend_queue_url).depth,
            "uploads": Bucket(s3, told.uploads_bucket).check,
            "media": Bucket(s3, told.media_bucket).check,
        }

    @cached_property
    def readiness(self) -> "Readiness":
        """Whether the parts can be reached, as of a few seconds ago."""
        from facet.services.report_health import Readiness

        return Readiness(self.checks)

    # --- the catalogue and the words ------------------------------------------------------------

    @cached_property
    def catalogue(self) -> "CurrentCatalogue":
        """The newest published catalogue."""
        from facet.services.current_catalogue import CurrentCatalogue

        return CurrentCatalogue(self.media)

    @cached_property
    def search(self) -> Callable[["Catalogue"], "Search"]:
        """A catalogue -> its search: in S3 Vectors where a bucket is named, else in memory.

        Kept until another catalogue is published, since it sorts and counts when first asked.
        """
        return lru_cache(maxsize=1)(self._search)

    def _search(self, catalogue: "Catalogue") -> "Search":
        if not (bucket := self.settings.vector_bucket_name):
            from facet.catalogue.index import Index

            return Index(catalogue)
        from facet.adapters.vectors import VectorBucket
        from facet.catalogue.vectors import VectorSearch

        return VectorSearch(catalogue.ingredients, VectorBucket(client("s3vectors"), bucket))

    @cached_property
    def narrator(self) -> "Narrator":
        """The narrator: templates, or the model that is named, with templates to fall back on."""
        from facet.advice.words.model_narrator import ModelNarrator
        from facet.advice.words.narrator import TemplateNarrator

        templates = TemplateNarrator()
        if not (model_id := self.settings.narrator_model_id):
            return templates
        from facet.adapters.bedrock import BedrockModel, bedrock_client

        model = BedrockModel(
            bedrock_client(), model_id, client("dynamodb"), self.settings.table_name
        )
        return ModelNarrator(model, self.catalogue.get, templates, self.search)

    @cached_property
    def rollout(self) -> "Rollout":
        """Which ranking which users get."""
        from facet.advice.ranking import Rollout

        told = self.settings
        return Rollout(told.ranking_version, told.ranking_candidate, told.ranking_candidate_percent)

    # --- pictures -------------------------------------------------------------------------------

    @cached_property
    def models(self) -> "FaceModels":
        """The face models of MODELS_DIR."""
        from facet.vision.face.models import FaceModels

        return FaceModels.load(self.settings.models_dir)

    @cached_property
    def gates(self) -> "Gates":
        """The photo gates under the function's preset."""
        from facet.vision.photo.gates import load_gates

        return load_gates(self.settings.gates_preset)

    @cached_property
    def versions(self) -> dict[str, str]:
        """What measures here: the pipeline and its tables."""
        from facet.vision.versions import running_versions

        return running_versions()

    @property
    def max_photo_bytes(self) -> int:
        from facet.vision.photo.gates import largest_photo

        return largest_photo(self.settings.gates_preset)

    @cached_property
    def measure(self) -> "Measure":
        """A call that measures the bytes of a photo."""
        from facet.vision.analyze import analyze_photo

        return partial(analyze_photo, models=self.models, gates=self.gates)

    def open_portrait(self, photo: bytes) -> "Portrait":
        """The photo in its own size; the models are loaded once a picture has to be drawn."""
        from facet.vision.drawing.portrait import open_portrait

        return open_portrait(photo, self.models)

    @cached_property
    def open_for_looks(self) -> "OpenPortrait":
        """Opens photos in the size that looks are drawn in."""
        from facet.vision.drawing.portrait import LOOK_EDGE, open_portrait

        return partial(open_portrait, models=self.models, edge=LOOK_EDGE)

    @cached_property
    def dresser(self) -> "Dresser | None":
        """The dresser, which tries garments on, where a model is named for it."""
        if not (model_id := self.settings.garment_model_id):
            return None
        from facet.adapters.nova import NovaCanvas, nova_client

        return NovaCanvas(nova_client(), model_id)

    # --- an analysis' bounds --------------------------------------------------------------------

    @property
    def retention(self) -> timedelta:
        """How long an analysis is kept."""
        return timedelta(days=self.settings.retention_days)
