"""Looks were advised or asked for: draw them on the photo."""

import os
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.aws import client, table
from facet.adapters.belongings import BelongingsTable
from facet.adapters.catalogue import ProductsTable
from facet.adapters.dynamodb import AnalysisTable, LookTable
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.tracing import traced
from facet.domain.looks import LookStatus
from facet.domain.messages import LookWanted
from facet.services.ports import Dresser
from facet.services.render_looks import render_looks
from facet.vision.drawing.portrait import LOOK_EDGE, OpenPortrait, open_portrait
from facet.vision.face.models import FaceModels

logger = Logger()
metrics = Metrics()
# Even if every record fails, answer per record: SQS redrives each one.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


class TryOnSettings(Settings):
    media_bucket: str
    products_table_name: str
    models_dir: Path
    garment_model_id: str  # empty: no garment is tried on


@cache
def settings() -> TryOnSettings:
    return TryOnSettings.from_env(os.environ)


@cache
def portraits() -> OpenPortrait:
    return partial(open_portrait, models=FaceModels.load(settings().models_dir), edge=LOOK_EDGE)


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def looks() -> LookTable:
    return LookTable(table(settings().table_name))


@cache
def shelves() -> BelongingsTable:
    return BelongingsTable(table(settings().table_name))


@cache
def products() -> ProductsTable:
    return ProductsTable(table(settings().products_table_name))


@cache
def media() -> Bucket:
    return Bucket(client("s3"), settings().media_bucket)


@cache
def dresser() -> Dresser | None:
    if not (model_id := settings().garment_model_id):
        return None
    from facet.adapters.nova import NovaCanvas, nova_client  # noqa: PLC0415 - off by default

    return NovaCanvas(nova_client(), model_id)


def handle_record(record: SQSRecord) -> None:
    """Raises for what SQS should bring again; what it cannot read ends in the dead-letter queue."""
    try:
        draw(record)
    except Exception:
        logger.exception("the record goes back to the queue", message_id=record.message_id)
        metrics.add_metric("LooksReturned", MetricUnit.Count, 1)
        raise


def draw(record: SQSRecord) -> None:
    wanted = LookWanted.model_validate_json(record.body)
    logger.append_keys(analysis_id=wanted.analysis_id, look_id=wanted.look_id)
    drawn = render_looks(
        wanted,
        now=datetime.now(UTC),
        analyses=analyses(),
        looks=looks(),
        shelves=shelves(),
        products=products(),
        media=media(),
        open_portrait=portraits(),
        dresser=dresser(),
        correlate=logger.set_correlation_id,
    )
    logger.info("looks drawn", extra={"status": drawn or "nothing to draw"})
    failed = sum(status is LookStatus.FAILED for status in drawn)
    metrics.add_metric("LooksDrawn", MetricUnit.Count, len(drawn) - failed)
    metrics.add_metric("LooksFailed", MetricUnit.Count, failed)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, handle_record, processor, context)
