"""The capture guide: the photo gates, for a phone to check before it uploads."""

from aws_lambda_powertools.event_handler import Response

from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.problems import problems
from facet.routes.router import WiredRouter
from facet.vision.photo.gates import Gates

router = WiredRouter()


@router.get(
    "/v1/capture-guide",
    summary="The photo gates",
    operation_id="getCaptureGuide",
    description="What a photo is judged on, for the phone to check before it uploads.",
    tags=["guide"],
    responses=problems(200, Gates),
)
def get_capture_guide() -> Response[str]:
    caller(router)
    return json_response(router.wiring.gates.model_dump())
