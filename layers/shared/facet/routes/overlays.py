"""Overlays: pictures of where a concern is, to lay over the photo, drawn on first request."""

from datetime import UTC, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.problems import problems
from facet.routes.router import Ulid, WiredRouter
from facet.services.draw_overlay import OverlayDocument, show_overlay

router = WiredRouter()


@router.get(
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
    analysis_id: Ulid,
    concern: Annotated[
        str, Path(description="Name of a concern of the analysis.", pattern="^[a-z_]{1,40}$")
    ],
) -> Response[str]:
    document = show_overlay(
        caller(router).user_id,
        analysis_id,
        concern,
        now=datetime.now(UTC),
        analyses=router.wiring.analyses,
        media=router.wiring.media,
        open_portrait=router.wiring.open_portrait,
    )
    return json_response(document)
