"""The start of an analysis: take a wish, answer with a presigned upload."""

from datetime import UTC, datetime
from http import HTTPStatus

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response

from facet.http.answers import json_response, rate_limit_headers
from facet.http.caller import caller, request_id
from facet.http.idempotency import IdempotencyKey
from facet.http.problems import problems
from facet.routes.router import WiredRouter
from facet.services.refuse_while_busy import refuse_while_busy
from facet.services.start_analysis import (
    NewAnalysis,
    StartedAnalysis,
    sign_upload,
    start_analysis,
)

logger = Logger()
router = WiredRouter()


@router.post(
    "/v1/analyses",
    summary="Start an analysis",
    operation_id="startAnalysis",
    description="Charges one analysis of the day, whether of one photo or of three, and answers "
    "with a presigned URL for each. It begins when all have come, or after ten minutes with those "
    "that came; what comes later is deleted.",
    tags=["analyses"],
    responses=problems(
        201,
        StartedAnalysis,
        "photos_invalid",
        "guardian_consent_missing",
        "profile_unreadable",
        "file_too_large",
        "quota_exceeded",
        "busy",
        "analysis_not_found",
        "analysis_ended",
    ),
)
def post_analysis(wish: NewAnalysis, idempotency_key: IdempotencyKey = None) -> Response[str]:
    who, wiring, now = caller(router), router.wiring, datetime.now(UTC)
    # Both at once: a start has one write to spare for it. A repeat counts as well: it signs anew.
    wiring.limits.spend(router, analyses=1, uploads=len(wish.photos or (wish,)))
    with wiring.repeats.asked(router, idempotency_key, wish) as asked:
        if not asked.made:
            refuse_while_busy(wiring.analyze_events, wiring.settings.max_analyze_wait_seconds)
        analysis = start_analysis(
            wish,
            analysis_id=asked.id,
            again=asked.again,
            made=asked.made,
            user_id=who.user_id,
            tier=who.tier,
            correlation_id=request_id(router),
            max_photo_bytes=wiring.max_photo_bytes,
            max_queue_depth=wiring.settings.max_queue_depth,
            retention=wiring.retention,
            now=now,
            analyses=wiring.analyses,
            jobs=wiring.jobs,
            shelves=wiring.shelves,
        )
    started = sign_upload(analysis, now=now, uploads=wiring.uploads)
    usage = wiring.analyses.usage(who.user_id, who.tier, now)
    logger.info("upload signed", extra={"analysis_id": analysis.analysis_id})
    return json_response(started, HTTPStatus.CREATED, rate_limit_headers(usage, now))
