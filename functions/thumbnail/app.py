"""An analysed photo was saved: draw its thumbnails."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import S3Event, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.aws import client, table
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.tracing import traced
from facet.services.save_thumbnails import save_thumbnails

logger = Logger()
metrics = Metrics()


class ThumbnailSettings(Settings):
    media_bucket: str


@cache
def settings() -> ThumbnailSettings:
    return ThumbnailSettings.from_env(os.environ)


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def media() -> Bucket:
    return Bucket(client("s3"), settings().media_bucket)


@logger.inject_lambda_context
@metrics.log_metrics
@traced
@event_source(data_class=S3Event)
def lambda_handler(event: S3Event, context: LambdaContext) -> dict[str, Any]:
    drawn = 0
    for record in event.records:
        key = record.s3.get_object.key
        logger.append_keys(photo=key)
        if save_thumbnails(
            key, analyses=analyses(), media=media(), correlate=logger.set_correlation_id
        ):
            drawn += 1
            logger.info("thumbnails drawn")
        else:
            logger.warning("photo or analysis is gone")
    metrics.add_metric("ThumbnailsDrawn", MetricUnit.Count, drawn)
    return {"drawn": drawn}
