"""Where a concern is: a picture to lay over the photo, drawn when it is asked for."""

from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.settings import Settings
from facet.adapters.tracing import traced
from facet.http.gateway import respond
from facet.routes import overlays
from facet.routes.router import api
from facet.wiring import Wiring


class OverlaySettings(Settings):
    user_pool_client_id: str
    media_bucket: str
    models_dir: Path


logger = Logger()
wiring = Wiring(OverlaySettings, lambda made: (made.accounts, made.analyses, made.media))
app = api(logger, wiring, overlays.router)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(app, event, context)
