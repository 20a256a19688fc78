"""A photo was saved: draw the thumbnails of a face, read the colours of a garment."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import S3Event, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.aws import client, table
from facet.adapters.belongings import BelongingsTable
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.tracing import traced
from facet.services.save_thumbnails import save_thumbnails

logger = Logger()
metrics = Metrics()


class ThumbnailSettings(Settings):
    uploads_bucket: str
    media_bucket: str


@cache
def settings() -> ThumbnailSettings:
    return ThumbnailSettings.from_env(os.environ)


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def shelves() -> BelongingsTable:
    return BelongingsTable(table(settings().table_name))


@cache
def uploads() -> Bucket:
    return Bucket(client("s3"), settings().uploads_bucket)


@cache
def media() -> Bucket:
    return Bucket(client("s3"), settings().media_bucket)


def draw_thumbnails(key: str) -> bool:
    drawn = save_thumbnails(
        key, analyses=analyses(), media=media(), correlate=logger.set_correlation_id
    )
    metrics.add_metric("ThumbnailsDrawn", MetricUnit.Count, int(drawn))
    if drawn:
        logger.info("thumbnails drawn")
    else:
        logger.warning("photo or analysis is gone")
    return drawn


def read_garment(key: str) -> bool:
    # Reading colours takes numpy, which no thumbnail needs.
    from facet.services.save_garment_photo import save_garment_photo  # noqa: PLC0415

    became = save_garment_photo(
        key,
        shelves=shelves(),
        uploads=uploads(),
        media=media(),
        correlate=logger.set_correlation_id,
    )
    logger.info("garment read", extra={"status": became or "nobody waits for it"})
    metrics.add_metric("GarmentRead", MetricUnit.Count, int(became == "ready"))
    metrics.add_metric("GarmentRejected", MetricUnit.Count, int(became == "failed"))
    return became == "ready"


@logger.inject_lambda_context
@metrics.log_metrics
@traced
@event_source(data_class=S3Event)
def lambda_handler(event: S3Event, context: LambdaContext) -> dict[str, Any]:
    drawn = 0
    for record in event.records:
        key = record.s3.get_object.key
        logger.append_keys(photo=key)
        drawn += read_garment(key) if key.startswith("garments/") else draw_thumbnails(key)
    return {"drawn": drawn}
