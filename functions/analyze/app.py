"""A photo was uploaded: measure it and queue the advice."""

from pathlib import Path

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from facet.adapters.settings import Settings
from facet.domain.analysis import Status
from facet.domain.places import owner_of
from facet.services.analyze_face import analyze_face
from facet.wiring import Wiring
from facet.worker import s3_worker

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


logger = Logger()
metrics = Metrics()
wiring = Wiring(AnalyzeSettings, lambda made: (made.measure, made.analyses, made.media, made.jobs))


def handle(bucket: str, key: str) -> bool:
    """Raises what may succeed on Lambda's next try; everything else ends as a row."""
    user_id, analysis_id = owner_of(key)
    logger.append_keys(analysis_id=analysis_id)
    status = analyze_face(
        user_id,
        analysis_id,
        key,
        measure=wiring.measure,
        analyses=wiring.analyses,
        uploads=wiring.bucket(bucket),
        media=wiring.media,
        jobs=wiring.jobs,
        events=wiring.events,
        correlate=logger.set_correlation_id,
    )
    logger.info("analyzed", extra={"status": status or "nothing to do"})
    metrics.add_metric(METRIC_OF[status], MetricUnit.Count, 1)
    return status is not None


lambda_handler = s3_worker(handle, counted="analyzed")
