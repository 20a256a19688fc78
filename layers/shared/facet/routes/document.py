"""This API's openapi.json, as a client generator takes it."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response

from facet.http.headers import KEPT_FOR_AN_HOUR
from facet.http.problems import problems
from facet.routes.router import WiredRouter

DOCUMENT = Path(__file__).with_name("openapi.json")  # written by `make openapi`
router = WiredRouter()


@router.get(
    "/v1/openapi.json",
    summary="This contract",
    operation_id="getOpenapi",
    tags=["guide"],
    description="OpenAPI 3.1, as a client generator takes it.",
    responses=problems(200, dict[str, Any]),
)
def get_openapi() -> Response[str]:
    document = DOCUMENT.read_text(encoding="utf-8")
    return Response(HTTPStatus.OK, "application/json", document, headers=KEPT_FOR_AN_HOUR)
