"""A face was analysed: make one kind of advice per message."""

from datetime import UTC, datetime
from functools import partial

import aws_lambda_powertools.utilities.batch  # noqa: F401 before pydantic, see facet.worker
from aws_lambda_powertools import Logger, Metrics
from pydantic import Field

from facet.adapters.settings import Settings
from facet.domain.analysis import Kind
from facet.domain.messages import FaceAnalyzed
from facet.services.choose_ranking import ranking_for
from facet.services.narrate import narrate
from facet.services.recommend import JOB_MARGIN, recommend
from facet.wiring import Wiring
from facet.worker import count_by, noted, sqs_worker


class RecommendSettings(Settings):
    media_bucket: str
    event_bus_name: str
    tryon_queue_url: str
    narrator_model_id: str  # empty: templates
    ranking_version: str
    ranking_candidate: str  # empty: none
    ranking_candidate_percent: float = Field(ge=0, le=100)
    vector_bucket_name: str  # empty: products are searched in memory
    audience: str = Field(pattern="^(adults|any)$")


KEYS = ("analysis_id", "kind")
logger, metrics = Logger(), Metrics()
wiring = Wiring(RecommendSettings, lambda made: (made.analyses, made.shelves, made.catalogue))


def handle(job: FaceAnalyzed) -> None:
    ranking = ranking_for(job.user_id, wiring.rollout)
    status = recommend(
        job,
        now=datetime.now(UTC),
        analyses=wiring.analyses,
        belongings=wiring.shelves,
        catalogue=wiring.catalogue.get,
        events=wiring.events,
        ranking=ranking,
        narrate=partial(narrate, narrator=lambda: wiring.narrator, failed=noted("NarrationFailed")),
        look_jobs=wiring.look_jobs,
        audience=wiring.settings.audience,
    )
    logger.info("recommended", extra={"status": status or "nothing to do"})
    metrics.add_metric("Recommended" if status else "RepeatedJob", "Count", 1)
    if status and job.kind is Kind.SKINCARE:
        count_by("SkincareAdvised", ranking=ranking.version)


lambda_handler = sqs_worker(FaceAnalyzed, handle, "JobReturned", keys=KEYS, seconds=JOB_MARGIN)
