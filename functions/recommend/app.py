"""A face was analysed: make one kind of advice per message."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from facet.adapters.aws import client, table
from facet.adapters.belongings import BelongingsTable
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.events import EventBus
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.sqs import CORRELATION_ATTRIBUTE, JobQueue
from facet.adapters.tracing import traced
from facet.adapters.vectors import VectorBucket
from facet.advice.facts import facts_of
from facet.advice.model_narrator import ModelNarrator
from facet.advice.narrator import Narrator, TemplateNarrator
from facet.advice.ranking import Ranking, Rollout, load_ranking
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.index import Index
from facet.catalogue.vectors import VectorSearch
from facet.domain.analysis import Analysis, Kind
from facet.domain.messages import FaceAnalyzed
from facet.domain.narration import EnhancedAnalysis
from facet.domain.search import Search
from facet.services.current_catalogue import CurrentCatalogue
from facet.services.recommend import recommend

logger = Logger()
metrics = Metrics()
# Even if every record fails, answer per record: SQS redrives each one.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


class RecommendSettings(Settings):
    media_bucket: str
    event_bus_name: str
    tryon_queue_url: str
    narrator_model_id: str  # empty: templates
    ranking_version: str
    ranking_candidate: str  # empty: none
    ranking_candidate_percent: float = Field(ge=0, le=100)
    vector_bucket_name: str  # empty: products are searched in memory


@cache
def settings() -> RecommendSettings:
    return RecommendSettings.from_env(os.environ)


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def belongings() -> BelongingsTable:
    return BelongingsTable(table(settings().table_name))


@cache
def catalogue() -> CurrentCatalogue:
    return CurrentCatalogue(Bucket(client("s3"), settings().media_bucket))


@cache
def events() -> EventBus:
    return EventBus(client("events"), settings().event_bus_name)


@cache
def look_jobs() -> JobQueue:
    return JobQueue(client("sqs"), settings().tryon_queue_url)


@cache
def narrator() -> Narrator:
    templates = TemplateNarrator()
    if not (model_id := settings().narrator_model_id):
        return templates
    from facet.adapters.bedrock import BedrockModel, bedrock_client  # noqa: PLC0415 - a slow import

    model = BedrockModel(bedrock_client(), model_id, client("dynamodb"), settings().table_name)
    return ModelNarrator(model, catalogue().get, templates, search)


def search(catalogue: Catalogue) -> Search:
    """Where a model looks products up."""
    if not (bucket := settings().vector_bucket_name):
        return Index(catalogue)
    return VectorSearch(catalogue.ingredients, VectorBucket(client("s3vectors"), bucket))


def narrate(
    analysis: Analysis, results: Mapping[Kind, Mapping[str, Any]]
) -> EnhancedAnalysis | None:
    """An analysis completes without words rather than not at all."""
    if analysis.reading is None:
        return None
    try:
        return narrator().narrate(facts_of(analysis.reading, results))
    except Exception:
        logger.exception("no words were found")
        metrics.add_metric("NarrationFailed", MetricUnit.Count, 1)
        return None


def ranking_for(user_id: str) -> Ranking:
    """Raises FacetError for a version this release does not hold."""
    of = settings()
    rollout = Rollout(of.ranking_version, of.ranking_candidate, of.ranking_candidate_percent)
    return load_ranking(rollout.version_for(user_id))


def handle_record(record: SQSRecord) -> None:
    """Raises for what SQS should bring again; what it cannot read ends in the dead-letter queue."""
    try:
        advise(record)
    except Exception:
        logger.exception("the record goes back to the queue", message_id=record.message_id)
        metrics.add_metric("JobReturned", MetricUnit.Count, 1)
        raise


def advise(record: SQSRecord) -> None:
    correlation = record.message_attributes[CORRELATION_ATTRIBUTE]
    logger.set_correlation_id(correlation.string_value if correlation else None)
    job = FaceAnalyzed.model_validate_json(record.body)
    logger.append_keys(analysis_id=job.analysis_id, kind=job.kind)
    ranking = ranking_for(job.user_id)
    status = recommend(
        job,
        now=datetime.now(UTC),
        analyses=analyses(),
        belongings=belongings(),
        catalogue=catalogue().get,
        events=events(),
        ranking=ranking,
        narrate=narrate,
        look_jobs=look_jobs(),
    )
    logger.info("recommended", extra={"status": status or "nothing was waiting"})
    metrics.add_metric("Recommended" if status else "RepeatedJob", MetricUnit.Count, 1)
    if status and job.kind is Kind.SKINCARE:
        with single_metric("SkincareAdvised", MetricUnit.Count, 1) as metric:
            metric.add_dimension("ranking", ranking.version)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, handle_record, processor, context)
