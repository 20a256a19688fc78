"""POST /v1/analyses: take a wish, answer with a presigned upload."""

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.account import AccountTable
from facet.adapters.aws import client, table
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.sqs import JobQueue
from facet.adapters.tracing import traced
from facet.domain.analysis import Analysis
from facet.http.answers import json_response, rate_limit_headers
from facet.http.caller import Caller, caller, refuse_erased, request_id
from facet.http.gateway import resolver, respond
from facet.http.idempotency import IdempotencyKey, Repeats
from facet.http.problems import problems
from facet.services.start_analysis import (
    NewAnalysis,
    StartedAnalysis,
    sign_upload,
    start_analysis,
    started_before,
)
from facet.vision.photo.gates import load_gates

logger = Logger()
metrics = Metrics()
app = resolver(logger)


class PresignSettings(Settings):
    uploads_bucket: str
    recommend_queue_url: str
    idempotency_table_name: str
    max_queue_depth: int
    retention_days: int
    gates_preset: str


@cache
def settings() -> PresignSettings:
    return PresignSettings.from_env(os.environ)


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def uploads() -> Bucket:
    return Bucket(client("s3"), settings().uploads_bucket)


@cache
def jobs() -> JobQueue:
    return JobQueue(client("sqs"), settings().recommend_queue_url)


@cache
def max_photo_bytes() -> int:
    return load_gates(settings().gates_preset).max_bytes


def start(wish: NewAnalysis, who: Caller) -> Analysis:
    return start_analysis(
        wish,
        user_id=who.user_id,
        tier=who.tier,
        correlation_id=request_id(app),
        max_photo_bytes=max_photo_bytes(),
        max_queue_depth=settings().max_queue_depth,
        retention=timedelta(days=settings().retention_days),
        now=datetime.now(UTC),
        analyses=analyses(),
        jobs=jobs(),
    )


@cache
def repeats() -> Repeats:
    return Repeats(client("dynamodb"), settings().idempotency_table_name)


refuse_erased(app, lambda user: bool(AccountTable(table(settings().table_name)).erasure(user)))


@app.post(
    "/v1/analyses",
    summary="Start an analysis",
    operation_id="startAnalysis",
    description="Charges one analysis of the day and answers with a presigned URL for the photo.",
    tags=["analyses"],
    responses=problems(201, StartedAnalysis, "file_too_large", "quota_exceeded", "busy"),
)
def post_analysis(wish: NewAnalysis, idempotency_key: IdempotencyKey = None) -> Response[str]:
    who = caller(app)
    fresh: dict[str, Analysis] = {}

    def start_anew() -> str:
        analysis = start(wish, who)
        fresh[analysis.analysis_id] = analysis
        return analysis.analysis_id

    analysis_id = repeats().remembered(app, idempotency_key, wish, start_anew)
    # Only a repeated request has to read what the first one wrote.
    analysis = fresh.get(analysis_id) or started_before(who.user_id, analysis_id, analyses())
    now = datetime.now(UTC)
    started = sign_upload(analysis, now=now, uploads=uploads())
    usage = analyses().usage(who.user_id, who.tier, now)
    logger.info("upload signed", extra={"analysis_id": analysis_id})
    return json_response(started, HTTPStatus.CREATED, rate_limit_headers(usage, now))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@metrics.log_metrics
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = respond(app, event, context)
    started = answer["statusCode"] == HTTPStatus.CREATED
    metrics.add_metric("AnalysisStarted" if started else "AnalysisRefused", MetricUnit.Count, 1)
    return answer
