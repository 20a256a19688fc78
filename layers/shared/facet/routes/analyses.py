"""A person's analyses: read one, list them, delete one."""

from datetime import UTC, datetime
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from facet.domain.errors import AnalysisNotFoundError
from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.gateway import Cursor, Limit
from facet.http.problems import problems
from facet.routes.router import Ulid, WiredRouter
from facet.services.delete_analysis import delete_analysis
from facet.services.read_analysis import AnalysisDocument, read_analysis
from facet.services.read_history import History, read_history
from facet.services.retry_analysis import retry_analysis

router = WiredRouter()


@router.get(
    "/v1/analyses",
    summary="List analyses",
    operation_id="listAnalyses",
    description="Newest first, without their recommendations and regions' outlines. `trends` sets "
    "each concern beside the last and the first comparable analysis before; within the noise "
    "nothing is a change.",
    tags=["analyses"],
    responses=problems(200, History, "invalid_cursor"),
)
def get_analyses(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = read_history(
        caller(router).user_id,
        limit,
        cursor,
        now=datetime.now(UTC),
        cursors=router.wiring.cursors,
        analyses=router.wiring.analyses,
        shelves=router.wiring.shelves,
        media=router.wiring.media,
        jobs=router.wiring.jobs,
    )
    return json_response(page)


@router.get(
    "/v1/analyses/<analysis_id>",
    summary="Read an analysis",
    operation_id="getAnalysis",
    description="Poll it after `poll_after_ms` until `status` is completed, failed or expired.",
    tags=["analyses"],
    responses=problems(200, AnalysisDocument, "analysis_not_found", "analysis_unreadable"),
)
def get_analysis(analysis_id: Ulid) -> Response[str]:
    document = read_analysis(
        caller(router).user_id,
        analysis_id,
        now=datetime.now(UTC),
        analyses=router.wiring.analyses,
        shelves=router.wiring.shelves,
        media=router.wiring.media,
        jobs=router.wiring.jobs,
    )
    return json_response(document)


@router.post(
    "/v1/analyses/<analysis_id>/retry",
    summary="Try again what was lost",
    operation_id="retryAnalysis",
    description="Makes the advice that ended as `job_lost`, at most three times an analysis; "
    "charged where the charge was given back. Poll the analysis as after a start.",
    tags=["analyses"],
    responses=problems(
        202,
        AnalysisDocument,
        *("analysis_not_found", "nothing_to_retry", "retries_used_up", "quota_exceeded", "busy"),
    ),
)
def post_retry(analysis_id: Ulid) -> Response[str]:
    who, now = caller(router), datetime.now(UTC)
    router.wiring.limits.spend(router, analyses=1)
    retry_analysis(
        who.user_id,
        analysis_id,
        tier=who.tier,
        now=now,
        max_queue_depth=router.wiring.settings.max_queue_depth,
        analyses=router.wiring.analyses,
        jobs=router.wiring.jobs,
    )
    document = read_analysis(
        who.user_id,
        analysis_id,
        now=now,
        analyses=router.wiring.analyses,
        shelves=router.wiring.shelves,
        media=router.wiring.media,
        jobs=router.wiring.jobs,
    )
    return json_response(document, HTTPStatus.ACCEPTED)


@router.delete(
    "/v1/analyses/<analysis_id>",
    summary="Cancel or delete an analysis",
    operation_id="deleteAnalysis",
    description="Removes its rows, its photo and every picture made of it.",
    tags=["analyses"],
    responses=problems(204, None, "analysis_not_found"),
)
def remove_analysis(analysis_id: Ulid) -> Response[str]:
    router.wiring.limits.spend(router, writes=1)
    if not delete_analysis(
        caller(router).user_id,
        analysis_id,
        analyses=router.wiring.analyses,
        looks=router.wiring.looks,
        uploads=router.wiring.uploads,
        media=router.wiring.media,
    ):
        raise AnalysisNotFoundError
    return Response(HTTPStatus.NO_CONTENT, body="")
