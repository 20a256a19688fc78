"""Health: whether the API is up and reaches what it needs; no sign-in."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from facet.http.answers import json_response
from facet.http.headers import NOT_KEPT
from facet.http.problems import problems
from facet.routes.router import WiredRouter
from facet.services.report_health import Health

router = WiredRouter()


@router.get(
    "/v1/health/live",
    summary="Is the API up?",
    operation_id="getLive",
    tags=["health"],
    responses=problems(200, Health),
)
def get_live() -> Response[str]:
    return json_response(Health(status="ok"), headers=NOT_KEPT)


@router.get(
    "/v1/health/ready",
    summary="Can it reach its table, queue and buckets?",
    operation_id="getReady",
    description="Looked at every ten seconds at most: the answer may be as old.",
    tags=["health"],
    responses=problems(200, Health) | problems(503, Health),
)
def get_ready() -> Response[str]:
    health = router.wiring.readiness.report()
    ok = health.status == "ok"
    status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
    return json_response(health, status, NOT_KEPT)
