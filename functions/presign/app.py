"""POST /v1/analyses: take a wish, answer with a presigned upload."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.settings import WritingSettings
from facet.adapters.tracing import traced
from facet.http.gateway import respond
from facet.routes import start
from facet.routes.router import api
from facet.wiring import Wiring


class PresignSettings(WritingSettings):
    uploads_bucket: str
    recommend_queue_url: str
    analyze_function_name: str  # empty: nobody knows how long uploads wait
    max_analyze_wait_seconds: int
    retention_days: int
    gates_preset: str


logger = Logger()
metrics = Metrics()
wiring = Wiring(
    PresignSettings,
    lambda made: (made.accounts, made.analyses, made.shelves, made.uploads, made.analyze_events),
)
app = api(logger, wiring, start.router)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@metrics.log_metrics
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = respond(app, event, context)
    started = answer["statusCode"] == HTTPStatus.CREATED
    metrics.add_metric("AnalysisStarted" if started else "AnalysisRefused", MetricUnit.Count, 1)
    return answer
