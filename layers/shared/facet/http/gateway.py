"""API Gateway in, JSON out: a resolver whose failures are problems, and what every answer has."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.domain.errors import BusyError, PermanentError
from facet.domain.limits import TooOftenError
from facet.domain.quota import QuotaExceededError
from facet.http.answers import etag_of, json_response, rate_limit_headers
from facet.http.caller import request_id
from facet.http.headers import NOT_KEPT, SECURITY_HEADERS
from facet.http.problems import FieldError, Problem, problem_kinds
from facet.saying import say

CORS = CORSConfig(
    allow_origin="*",
    allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"],
    expose_headers=[
        "ETag",
        "Retry-After",
        "X-Request-Id",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
    ],
    max_age=600,
)
MOST_FIELD_ERRORS = 50  # that one answer names: a body may be wrong in 100,000 places
LONGEST_FIELD_ERROR = 200  # characters of either half: a field may be named by a megabyte
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(min_length=1, max_length=512, description="`cursor` of the page before, as it came."),
]


def resolver(logger: Logger) -> APIGatewayRestResolver:
    """A validating resolver whose every failure is problem+json."""
    app = APIGatewayRestResolver(
        enable_validation=True, cors=CORS, json_body_deserializer=_read_json
    )

    def problem(
        code: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[FieldError] | None = None,
    ) -> Response[str]:
        kind = problem_kinds().get(code)
        if kind is None:  # a test knows every code that is raised; an answer is still due
            logger.error("a code that problems.toml does not know", extra={"code": code})
            kind = problem_kinds()["invalid_request"]
        body = Problem(
            type=f"urn:facet:problem:{code}",
            title=kind.title,
            status=kind.status,
            code=code,
            detail=detail or say(f"problem.{code}.detail"),
            hint=kind.hint,
            request_id=request_id(app),
            errors=errors,
        )
        return json_response(body, kind.status, headers, "application/problem+json")

    @app.exception_handler(RequestValidationError)
    def invalid(error: RequestValidationError) -> Response[str]:
        errors = [
            FieldError(field=_cut(".".join(map(str, fault["loc"]))), message=_cut(fault["msg"]))
            for fault in error.errors()[:MOST_FIELD_ERRORS]
        ]
        return problem("invalid_request", errors=errors)

    @app.exception_handler(RequestUnsupportedContentType)
    def unreadable(_error: RequestUnsupportedContentType) -> Response[str]:
        return problem("unsupported_media_type")

    @app.exception_handler([QuotaExceededError, TooOftenError])
    def exhausted(error: QuotaExceededError | TooOftenError) -> Response[str]:
        headers = rate_limit_headers(error.usage, datetime.now(UTC))
        headers["Retry-After"] = headers["RateLimit-Reset"]
        return problem(error.code, error.message, headers=headers)

    @app.exception_handler(BusyError)
    def busy(error: BusyError) -> Response[str]:
        return problem("busy", headers=_retry_after(error.retry_after))

    @app.exception_handler(PermanentError)
    def refused(error: PermanentError) -> Response[str]:
        return problem(error.code, error.message, headers=_retry_after(error.retry_after))

    @app.exception_handler(Exception)
    def broken(error: Exception) -> Response[str]:
        logger.exception("unhandled", exc_info=error)
        return problem("internal_error")

    @app.not_found
    def unknown(_error: NotFoundError) -> Response[str]:
        return problem("not_found")

    return app


def _retry_after(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}


def respond(
    app: APIGatewayRestResolver, event: dict[str, Any], context: LambdaContext
) -> dict[str, Any]:
    """Resolve one request; every answer carries its X-Request-Id and the SECURITY_HEADERS.

    Nothing is kept in a cache unless its route says so. What was read carries an ETag unless its
    route said that it is not to be kept, and is a 304 for who already has it.
    """
    response = app.resolve(_with_one_media_type(event), context)
    headers = response["multiValueHeaders"]
    headers["X-Request-Id"] = [event["requestContext"]["requestId"]]
    headers |= {name: [value] for name, value in SECURITY_HEADERS.items()}
    goes_stale = headers.get("Cache-Control") == [NOT_KEPT["Cache-Control"]]
    headers.setdefault("Cache-Control", [NOT_KEPT["Cache-Control"]])
    if event["httpMethod"] == "OPTIONS":
        # This app knows its own routes only, and the same path may have others' beside it.
        headers["Access-Control-Allow-Methods"] = ["DELETE,GET,OPTIONS,POST,PUT"]
    read = event["httpMethod"] == "GET" and response["statusCode"] == HTTPStatus.OK
    if read and not goes_stale:
        etag = etag_of(response["body"], datetime.now(UTC))
        headers["ETag"] = [etag]
        if _has(app.current_event.headers.get("If-None-Match"), etag):
            headers.pop("Content-Type", None)
            return {**response, "statusCode": int(HTTPStatus.NOT_MODIFIED), "body": ""}
    return response


def _read_json(text: str) -> Any:
    """A body. Raises json.JSONDecodeError, which is answered with 400, for what Python's parser has
    other errors for: an integer of too many digits, and lists in lists without end."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise json.JSONDecodeError(str(error), text, 0) from error


def _cut(told: str) -> str:
    """What is told of a field: no longer than it may be, and nothing that UTF-8 cannot hold."""
    return told[:LONGEST_FIELD_ERROR].encode(errors="replace").decode()


def _with_one_media_type(event: dict[str, Any]) -> dict[str, Any]:
    """The event, its Content-Type JSON in any spelling or none that is read: Powertools takes it
    letter by letter, and forms besides."""
    headers = {name.lower(): value for name, value in (event["headers"] or {}).items()}
    media_type = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    is_json = media_type in ("", "application/json")
    headers["content-type"] = "application/json" if is_json else "unknown"
    return {**event, "headers": headers, "multiValueHeaders": None}


def _has(if_none_match: str | None, etag: str) -> bool:
    """RFC 9110, 13.1.2: a list of ETags, compared weakly, or `*`."""
    held = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return "*" in held or etag.removeprefix("W/") in held
