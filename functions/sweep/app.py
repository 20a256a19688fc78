"""Every five minutes: send on, or end with a reason, whatever stands still."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.settings import Settings
from facet.adapters.tracing import traced
from facet.services.sweep_analyses import sweep_analyses
from facet.wiring import Wiring


class SweepSettings(Settings):
    uploads_bucket: str
    recommend_queue_url: str
    event_bus_name: str


logger = Logger()
metrics = Metrics()
wiring = Wiring(SweepSettings)


@logger.inject_lambda_context
@metrics.log_metrics
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """`event["time"]` is the schedule's own moment (UTC, ISO); it may be set to look ahead."""
    done = sweep_analyses(
        datetime.fromisoformat(event["time"]) if "time" in event else datetime.now(UTC),
        analyses=wiring.analyses,
        uploads=wiring.uploads,
        jobs=wiring.jobs,
        events=wiring.events,
    )
    metrics.add_metric("StandingStill", MetricUnit.Count, done.total())
    for what, times in done.items():
        metrics.add_metric(f"Sweep_{what}", MetricUnit.Count, times)
    logger.info("swept", extra={"done": done})
    return dict(done)
