"""Looks were advised or asked for: draw them on the photo."""

from datetime import UTC, datetime
from pathlib import Path

import aws_lambda_powertools.utilities.batch  # noqa: F401 before pydantic, see facet.worker
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from facet.adapters.settings import Settings
from facet.domain.looks import LookStatus
from facet.domain.messages import LookWanted
from facet.services.render_looks import render_looks
from facet.wiring import Wiring
from facet.worker import sqs_worker


class TryOnSettings(Settings):
    media_bucket: str
    products_table_name: str
    models_dir: Path
    garment_model_id: str  # empty: no garment is tried on


logger = Logger()
metrics = Metrics()
wiring = Wiring(TryOnSettings, lambda made: (made.analyses, made.media, made.open_for_looks))


def handle(job: LookWanted) -> None:
    drawn = render_looks(
        job,
        now=datetime.now(UTC),
        analyses=wiring.analyses,
        looks=wiring.looks,
        shelves=wiring.shelves,
        products=wiring.products,
        media=wiring.media,
        open_portrait=wiring.open_for_looks,
        dresser=wiring.dresser,
        correlate=logger.set_correlation_id,
    )
    logger.info("looks drawn", extra={"status": drawn or "nothing to draw"})
    failed = sum(status is LookStatus.FAILED for status in drawn)
    metrics.add_metric("LooksDrawn", MetricUnit.Count, len(drawn) - failed)
    metrics.add_metric("LooksFailed", MetricUnit.Count, failed)


lambda_handler = sqs_worker(LookWanted, handle, "LooksReturned", keys=("analysis_id", "look_id"))
