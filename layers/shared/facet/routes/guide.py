"""What a phone should know beforehand: the photo gates, and how far each measure may be trusted."""

from aws_lambda_powertools.event_handler import Response

from facet.domain.card import load_card
from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.headers import KEPT
from facet.http.problems import problems
from facet.routes.router import WiredRouter
from facet.services.tell_capability import Capability, tell_capability
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
    return json_response(router.wiring.gates.model_dump(), headers=KEPT)


@router.get(
    "/v1/capability",
    summary="How far each measure may be trusted",
    operation_id="getCapability",
    description="The test-retest and fairness card: how far two photos of one person agree, on how "
    "many photos a measure is there, by tone group. What was measured with other tables than those "
    "running is `not_measured`.",
    tags=["guide"],
    responses=problems(200, Capability),
)
def get_capability() -> Response[str]:
    caller(router)
    return json_response(tell_capability(load_card(), router.wiring.versions), headers=KEPT)
