"""Every five minutes: send on, or end with a reason, whatever stands still.

The schedule's call shares the shards out over a queue, and every message of it sweeps one.
"""

from datetime import UTC, datetime
from typing import Any

import aws_lambda_powertools.utilities.batch  # noqa: F401 before pydantic, see facet.worker
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from facet.adapters.settings import Settings
from facet.domain.overdue import OPEN_SHARDS, ShardToSweep
from facet.services.sweep import World, sweep
from facet.wiring import Wiring
from facet.worker import queue_and_schedule, sqs_worker, until


class SweepSettings(Settings):
    uploads_bucket: str
    media_bucket: str
    recommend_queue_url: str
    tryon_queue_url: str
    account_queue_url: str
    sweep_queue_url: str
    event_bus_name: str


SECONDS = 90  # of the function's 120; what is left then goes into another message

logger = Logger()
metrics = Metrics()
wiring = Wiring(SweepSettings)


def handle(job: ShardToSweep) -> None:
    done = sweep(job.shard, job.at, World(**wiring.swept), go_on=until(SECONDS))
    metrics.add_metric("StandingStill", MetricUnit.Count, done.total())
    for what, times in done.items():
        metrics.add_metric(f"Sweep_{what}", MetricUnit.Count, times)
    logger.info("swept", extra={"done": done})
    if done["left"] and done.total() > done["left"] + done["raised"]:
        wiring.shards.send([job], f"sweep-{job.shard}")


def share_out(event: dict[str, Any]) -> dict[str, int]:
    """`event["time"]` is the schedule's own moment (UTC, ISO); it may be set to look ahead."""
    at = datetime.fromisoformat(event["time"]) if "time" in event else datetime.now(UTC)
    wiring.shards.send((ShardToSweep(shard=shard, at=at) for shard in range(OPEN_SHARDS)), "sweep")
    return {"shards": OPEN_SHARDS}


of_queue = sqs_worker(ShardToSweep, handle, "ShardReturned", keys=("shard",))
lambda_handler = queue_and_schedule(of_queue, share_out)
