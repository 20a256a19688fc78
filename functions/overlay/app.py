"""Where a concern is: a picture to lay over the photo, drawn when it is asked for."""

import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path as File
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.account import AccountTable
from facet.adapters.aws import client, table
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.tracing import traced
from facet.http.answers import json_response
from facet.http.caller import caller, refuse_erased
from facet.http.gateway import resolver, respond
from facet.http.problems import problems
from facet.services.draw_overlay import OverlayDocument, show_overlay
from facet.vision.drawing.portrait import Portrait, open_portrait
from facet.vision.face.models import FaceModels

logger = Logger()
app = resolver(logger)


class OverlaySettings(Settings):
    media_bucket: str
    models_dir: File


@cache
def settings() -> OverlaySettings:
    return OverlaySettings.from_env(os.environ)


@cache
def models() -> FaceModels:
    return FaceModels.load(settings().models_dir)


def portrait(photo: bytes) -> Portrait:
    """The models are loaded only once a picture has to be drawn."""
    return open_portrait(photo, models())


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def accounts() -> AccountTable:
    return AccountTable(table(settings().table_name))


@cache
def media() -> Bucket:
    return Bucket(client("s3"), settings().media_bucket)


refuse_erased(app, lambda user_id: accounts().erasure(user_id) is not None)


@app.get(
    "/v1/analyses/<analysis_id>/overlays/<concern>",
    summary="Where a concern is",
    operation_id="getOverlay",
    description="A transparent picture to lay over the photo: the map that the concern is measured "
    "from, the regions, and a legend with the measured value. Drawn when it is first asked for, "
    "which takes a second or two.",
    tags=["analyses"],
    responses=problems(
        200,
        OverlayDocument,
        *("analysis_not_found", "photo_not_ready", "photo_gone", "face_not_found"),
        *("concern_not_found", "concern_not_measured"),
    ),
)
def get_overlay(
    analysis_id: Annotated[str, Path(description="ULID.", pattern="^[0-9A-HJKMNP-TV-Z]{26}$")],
    concern: Annotated[
        str, Path(description="Name of a concern of the analysis.", pattern="^[a-z_]{1,40}$")
    ],
) -> Response[str]:
    document = show_overlay(
        caller(app).user_id,
        analysis_id,
        concern,
        now=datetime.now(UTC),
        analyses=analyses(),
        media=media(),
        open_portrait=portrait,
    )
    return json_response(document)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(app, event, context)
