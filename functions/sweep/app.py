"""Every five minutes: send on, or end with a reason, whatever stands still."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.aws import client, table
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.events import EventBus
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.sqs import JobQueue
from facet.adapters.tracing import traced
from facet.services.sweep_analyses import sweep_analyses

logger = Logger()
metrics = Metrics()


class SweepSettings(Settings):
    uploads_bucket: str
    recommend_queue_url: str
    event_bus_name: str


@cache
def settings() -> SweepSettings:
    return SweepSettings.from_env(os.environ)


@logger.inject_lambda_context
@metrics.log_metrics
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """`event["time"]` is the schedule's own moment (UTC, ISO); it may be set to look ahead."""
    now = datetime.fromisoformat(event["time"]) if "time" in event else datetime.now(UTC)
    done = sweep_analyses(
        now,
        analyses=AnalysisTable(table(settings().table_name)),
        uploads=Bucket(client("s3"), settings().uploads_bucket),
        jobs=JobQueue(client("sqs"), settings().recommend_queue_url),
        events=EventBus(client("events"), settings().event_bus_name),
    )
    metrics.add_metric("StandingStill", MetricUnit.Count, done.total())
    for what, times in done.items():
        metrics.add_metric(f"Sweep_{what}", MetricUnit.Count, times)
    logger.info("swept", extra={"done": done})
    return dict(done)
