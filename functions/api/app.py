"""Everything an app reads, and deleting what it started."""

import os
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path as File
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header, Path
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.aws import client, table
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.http import (
    Cursor,
    Limit,
    caller,
    json_response,
    problems,
    rate_limit_headers,
    resolver,
    respond,
)
from facet.adapters.idempotency import Repeats
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.sqs import JobQueue
from facet.adapters.tracing import traced
from facet.domain.cursor import Cursors
from facet.domain.errors import PermanentError
from facet.domain.quota import Usage
from facet.services.delete_analysis import delete_analysis
from facet.services.read_analysis import (
    AnalysisDocument,
    History,
    etag_of,
    list_analyses,
    read_analysis,
)
from facet.services.report_health import Health, report_health
from facet.vision.gates import Gates, load_gates

logger = Logger()
app = resolver(logger)
CHECK_TIMEOUT_SECONDS = 2


class ApiSettings(Settings):
    uploads_bucket: str
    media_bucket: str
    recommend_queue_url: str
    idempotency_table_name: str
    cursor_secret: str
    gates_preset: str


@cache
def settings() -> ApiSettings:
    return ApiSettings.from_env(os.environ)


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def uploads() -> Bucket:
    return Bucket(client("s3"), settings().uploads_bucket)


@cache
def media() -> Bucket:
    return Bucket(client("s3"), settings().media_bucket)


@cache
def repeats() -> Repeats:
    return Repeats(app, client("dynamodb"), settings().idempotency_table_name)


@cache
def cursors() -> Cursors:
    return Cursors(settings().cursor_secret)


AnalysisId = Annotated[str, Path(description="ULID.", pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]


@app.get(
    "/v1/analyses",
    summary="List analyses",
    operation_id="listAnalyses",
    description="Newest first, without their recommendations.",
    tags=["analyses"],
    responses=problems(200, History, 400, 401),
)
def get_analyses(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_analyses(
        caller(app).user_id, limit, cursor, cursors=cursors(), analyses=analyses(), media=media()
    )
    return json_response(page)


@app.get(
    "/v1/analyses/<analysis_id>",
    summary="Read an analysis",
    operation_id="getAnalysis",
    description="Poll it after `poll_after_ms` until `status` is completed, failed or expired.",
    tags=["analyses"],
    responses=problems(200, AnalysisDocument, 400, 401, 404)
    | {304: {"description": "Unchanged since the ETag in If-None-Match."}},
)
def get_analysis(
    analysis_id: AnalysisId,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response[str]:
    document = read_analysis(caller(app).user_id, analysis_id, analyses=analyses(), media=media())
    etag = etag_of(document, datetime.now(UTC))
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if if_none_match == etag:
        return Response(HTTPStatus.NOT_MODIFIED, body="", headers=headers)
    return json_response(document, headers=headers)


@app.delete(
    "/v1/analyses/<analysis_id>",
    summary="Cancel or delete an analysis",
    operation_id="deleteAnalysis",
    description="Removes its rows, its photo and every picture made of it.",
    tags=["analyses"],
    responses=problems(204, None, 400, 401, 404),
)
def remove_analysis(analysis_id: AnalysisId) -> Response[str]:
    if not delete_analysis(
        caller(app).user_id, analysis_id, analyses=analyses(), uploads=uploads(), media=media()
    ):
        raise PermanentError("analysis_not_found", "You have no analysis with this id.")
    return Response(HTTPStatus.NO_CONTENT, body="")


@app.get(
    "/v1/me/usage",
    summary="Today's quota",
    operation_id="getUsage",
    tags=["me"],
    responses=problems(200, Usage, 401),
)
def get_usage() -> Response[str]:
    who, now = caller(app), datetime.now(UTC)
    usage = analyses().usage(who.user_id, who.tier, now)
    return json_response(usage, headers=rate_limit_headers(usage, now))


@app.get(
    "/v1/capture-guide",
    summary="The photo gates",
    operation_id="getCaptureGuide",
    description="What a photo is judged on, for the phone to check before it uploads.",
    tags=["guide"],
    responses=problems(200, Gates, 401),
)
def get_capture_guide() -> Response[str]:
    caller(app)
    return json_response(load_gates(settings().gates_preset).model_dump())


@app.get(
    "/v1/health/live",
    summary="Is the API up?",
    operation_id="getLive",
    tags=["health"],
    responses=problems(200, Health),
)
def get_live() -> Response[str]:
    return json_response(Health(status="ok"))


@app.get(
    "/v1/health/ready",
    summary="Can it reach its table, queue and buckets?",
    operation_id="getReady",
    tags=["health"],
    responses=problems(200, Health) | {503: {"description": "Something cannot be reached."}},
)
def get_ready() -> Response[str]:
    s3 = client("s3", read_timeout=CHECK_TIMEOUT_SECONDS)
    health = report_health(
        {
            "table": AnalysisTable(
                table(settings().table_name, read_timeout=CHECK_TIMEOUT_SECONDS)
            ).check,
            "queue": JobQueue(
                client("sqs", read_timeout=CHECK_TIMEOUT_SECONDS), settings().recommend_queue_url
            ).depth,
            "uploads": Bucket(s3, settings().uploads_bucket).check,
            "media": Bucket(s3, settings().media_bucket).check,
        }
    )
    ok = health.status == "ok"
    return json_response(health, HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)


@app.get(
    "/v1/openapi.json",
    summary="This contract",
    operation_id="getOpenapi",
    tags=["guide"],
    responses={200: {"description": "OpenAPI 3.1"}},
)
def get_openapi() -> Response[str]:
    document = (File(__file__).parent / "openapi.json").read_text()
    return Response(HTTPStatus.OK, "application/json", document)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(app, event, context)
