"""The API, but for what a function of its own answers: a start, an overlay, the catalogue."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.settings import WritingSettings
from facet.adapters.tracing import traced
from facet.http.gateway import respond
from facet.routes import (
    analyses,
    bag,
    document,
    feedback,
    guide,
    health,
    looks,
    me,
    profile,
    wardrobe,
)
from facet.routes.router import api
from facet.wiring import Wiring


class ApiSettings(WritingSettings):
    uploads_bucket: str
    media_bucket: str
    recommend_queue_url: str
    account_queue_url: str
    erase_queue_url: str
    tryon_queue_url: str
    products_table_name: str
    cursor_secret: str
    gates_preset: str
    max_belongings: int
    max_profile_bytes: int
    max_looks: int
    max_looks_of_analysis: int
    max_exports_a_day: int
    max_tryon_queue_depth: int
    max_account_queue_depth: int


logger = Logger()
wiring = Wiring(ApiSettings, lambda made: (made.accounts, made.analyses, made.media))
app = api(
    logger,
    wiring,
    *(analyses.router, looks.router, bag.router, wardrobe.router, feedback.router),
    *(profile.router, me.router, guide.router, health.router, document.router),
)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(app, event, context)
