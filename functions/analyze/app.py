"""A photo was uploaded: measure it and queue the advice."""

import os
from functools import cache, partial
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import S3Event, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.aws import client, table
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.events import EventBus
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.sqs import JobQueue
from facet.adapters.tracing import traced
from facet.domain.analysis import Status, owner_of
from facet.services.analyze_face import Measure, analyze_face
from facet.vision.analyze import analyze_photo
from facet.vision.face.models import FaceModels
from facet.vision.photo.gates import load_gates

logger = Logger()
metrics = Metrics()
METRIC_OF = {
    Status.RECOMMENDING: "FaceAnalyzed",
    Status.FAILED: "AnalysisFailed",
    None: "RepeatedEvent",
}


class AnalyzeSettings(Settings):
    media_bucket: str
    recommend_queue_url: str
    event_bus_name: str
    models_dir: Path
    gates_preset: str


@cache
def settings() -> AnalyzeSettings:
    return AnalyzeSettings.from_env(os.environ)


@cache
def measure() -> Measure:
    return partial(
        analyze_photo,
        models=FaceModels.load(settings().models_dir),
        gates=load_gates(settings().gates_preset),
    )


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def media() -> Bucket:
    return Bucket(client("s3"), settings().media_bucket)


@cache
def jobs() -> JobQueue:
    return JobQueue(client("sqs"), settings().recommend_queue_url)


@cache
def events() -> EventBus:
    return EventBus(client("events"), settings().event_bus_name)


@logger.inject_lambda_context
@metrics.log_metrics
@traced
@event_source(data_class=S3Event)
def lambda_handler(event: S3Event, context: LambdaContext) -> dict[str, Any]:
    """Raises what may succeed on Lambda's next try; everything else ends as a row."""
    for record in event.records:
        user_id, analysis_id = owner_of(record.s3.get_object.key)
        logger.append_keys(analysis_id=analysis_id)
        status = analyze_face(
            user_id,
            analysis_id,
            measure=measure(),
            analyses=analyses(),
            uploads=Bucket(client("s3"), record.s3.bucket.name),
            media=media(),
            jobs=jobs(),
            events=events(),
            correlate=logger.set_correlation_id,
        )
        logger.info("analyzed", extra={"status": status or "nothing to do"})
        metrics.add_metric(METRIC_OF[status], MetricUnit.Count, 1)
    return {"analyzed": len(list(event.records))}
