"""API Gateway in, JSON out: the caller, problem+json errors, and the headers every answer has."""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from facet.domain.errors import BusyError, PermanentError
from facet.domain.quota import QuotaExceededError, Tier, Usage

# Answers carry picture URLs signed for an hour (services/read_analysis.py): an unchanged answer is
# sent again after half of that, so that a 304 never outlives its URLs.
ETAG_HOLDS_FOR = timedelta(minutes=30)
SIGNED_QUERY = re.compile(r'\?[^"\s]*X-Amz-Signature=[^"\s]*')
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


Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(min_length=1, max_length=512, description="`cursor` of the page before, as it came."),
]


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One code of problems.toml: what a request may end in, and what to do next."""

    code: str
    status: HTTPStatus
    title: str
    detail: str
    hint: str


@cache
def problem_kinds() -> dict[str, ProblemKind]:
    """Code -> what is said of it; read with the first problem, since most calls have none."""
    table = tomllib.loads(Path(__file__).with_name("problems.toml").read_text(encoding="utf-8"))
    return {
        code: ProblemKind(code, HTTPStatus(row.pop("status")), **row)
        for code, row in table["http"].items()
    }


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="Where it is: body.wants.0, query.limit, header.If-Match.")
    message: str = Field(description="What is wrong with it, in English.")


class Problem(BaseModel):
    """RFC 9457 problem details, with a code an app can switch on."""

    type: str = Field(description="urn:facet:problem: and the code.")
    title: str = Field(description="What kind of problem it is; the same for every one of a code.")
    status: int = Field(ge=400, le=599, description="The HTTP status, again.")
    code: str = Field(description="Stable snake_case word; treat one you do not know by status.")
    detail: str = Field(description="What happened to this request, in English.")
    hint: str = Field(description="What to do next.")
    request_id: str = Field(description="X-Request-Id of this answer; in every log line of it.")
    errors: list[FieldError] | None = Field(
        None, description="invalid_request: every field that does not fit."
    )


class Caller(BaseModel):
    """Who asks, as the Cognito authoriser vouches for it."""

    user_id: str
    tier: Tier
    username: str


def _claims(app: APIGatewayRestResolver) -> dict[str, str]:
    authorizer = app.current_event.raw_event["requestContext"].get("authorizer") or {}
    return authorizer.get("claims") or {}


def caller(app: APIGatewayRestResolver) -> Caller:
    """Raises PermanentError(unauthorized) for anything but an ID token: API Gateway takes only
    those on an unscoped method, but not everything that stands in for it is as strict."""
    claims = _claims(app)
    if claims.get("token_use") != "id" or not claims.get("sub"):
        raise PermanentError("unauthorized", "Sign in and send the ID token.")
    # The groups claim arrives as one string: `pro,beta` or `[pro beta]`.
    groups = re.findall(r"[\w.-]+", claims.get("cognito:groups", ""))
    return Caller(
        user_id=claims["sub"],
        tier=Tier.of(groups),
        username=claims.get("cognito:username", claims["sub"]),
    )


def refuse_erased(app: APIGatewayRestResolver, is_erased: Callable[[str], bool]) -> None:
    """Have every route of `app` but DELETE /v1/me raise PermanentError(account_erased) for a user
    who asked to be erased: their token outlives them by up to an hour."""

    def refuse(app: APIGatewayRestResolver, go_on: Callable[..., Response[str]]) -> Response[str]:
        event = app.current_event
        user_id = _claims(app).get("sub")
        erases = (event.http_method, event.path) == ("DELETE", "/v1/me")
        if user_id and not erases and is_erased(user_id):
            raise PermanentError(
                "account_erased", "This account is being erased; sign up again to start anew."
            )
        return go_on(app)

    app.use(middlewares=[refuse])


def request_id(app: APIGatewayRestResolver) -> str:
    """The id that follows a request through every log line, S3 metadata and SQS attribute."""
    return str(app.current_event.raw_event["requestContext"]["requestId"])


def json_response(
    body: BaseModel | Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Response[str]:
    """`body` as JSON without what is null; moments in UTC and whole seconds, since iOS and
    swift-openapi-generator read no fractions unless told to."""
    document = body.model_dump(exclude_none=True) if isinstance(body, BaseModel) else body
    text = json.dumps(document, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return Response(status, content_type, text, headers=dict(headers or {}))


def _plain(value: Any) -> str:
    """A moment or a day as RFC 3339 has them; anything else has no place in an answer."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not JSON: {value!r}")


def problems(status: int, model: type | None, *codes: int | str) -> dict[int, OpenAPIResponse]:
    """OpenAPI responses of a route: its answer, and the codes of problems.toml it may end in.

    What any call may end in need not be named: contract/openapi.py adds it, and gives each code its
    status, headers and example.
    """
    answer: OpenAPIResponse = {"description": HTTPStatus(status).phrase}
    if model:
        answer["content"] = {"application/json": {"model": model}}
    examples: dict[str, Any] = {code: {} for code in codes if isinstance(code, str)}
    problem: OpenAPIResponse = {
        "description": "Problem",
        "content": {"application/problem+json": {"model": Problem, "examples": examples}},
    }
    return {status: answer, 500: problem}


def rate_limit_headers(usage: Usage, now: datetime) -> dict[str, str]:
    """IETF draft-ietf-httpapi-ratelimit-headers-06: limit, remaining, seconds to the reset."""
    if usage.limit is None:
        return {}
    return {
        "RateLimit-Limit": str(usage.limit),
        "RateLimit-Remaining": str(usage.left),
        "RateLimit-Reset": str(max(1, round((usage.reset_at - now).total_seconds()))),
    }


def resolver(logger: Logger) -> APIGatewayRestResolver:
    """A validating resolver whose every failure is problem+json."""
    app = APIGatewayRestResolver(enable_validation=True, cors=CORS)

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
            detail=detail or kind.detail,
            hint=kind.hint,
            request_id=request_id(app),
            errors=errors,
        )
        return json_response(body, kind.status, headers, "application/problem+json")

    @app.exception_handler(RequestValidationError)
    def invalid(error: RequestValidationError) -> Response[str]:
        errors = [
            FieldError(field=".".join(str(part) for part in one["loc"]), message=one["msg"])
            for one in error.errors()
        ]
        return problem("invalid_request", errors=errors)

    @app.exception_handler(RequestUnsupportedContentType)
    def unreadable(_error: RequestUnsupportedContentType) -> Response[str]:
        return problem("unsupported_media_type")

    @app.exception_handler(QuotaExceededError)
    def exhausted(error: QuotaExceededError) -> Response[str]:
        headers = rate_limit_headers(error.usage, datetime.now(UTC))
        headers["Retry-After"] = headers["RateLimit-Reset"]
        return problem(error.code, error.message, headers=headers)

    @app.exception_handler(BusyError)
    def busy(error: BusyError) -> Response[str]:
        return problem("busy", headers={"Retry-After": str(error.retry_after)})

    @app.exception_handler(PermanentError)
    def refused(error: PermanentError) -> Response[str]:
        return problem(error.code, error.message)

    @app.exception_handler(Exception)
    def broken(error: Exception) -> Response[str]:
        logger.exception("unhandled", exc_info=error)
        return problem("internal_error")

    @app.not_found
    def unknown(_error: NotFoundError) -> Response[str]:
        return problem("not_found")

    return app


def etag_of(body: str, now: datetime) -> str:
    """A weak ETag: changes with the body, but not with the signatures of the URLs in it; with
    those it changes every half an hour, which keeps them good."""
    unsigned, urls = SIGNED_QUERY.subn("", body)
    slot = int(now.timestamp() // ETAG_HOLDS_FOR.total_seconds()) if urls else ""
    return f'W/"{hashlib.sha256(f"{slot}{unsigned}".encode()).hexdigest()[:32]}"'


def respond(
    app: APIGatewayRestResolver, event: dict[str, Any], context: LambdaContext
) -> dict[str, Any]:
    """Resolve one request; every answer carries its X-Request-Id.

    What was read carries an ETag and Cache-Control unless its route said otherwise, and is a 304
    for who already has it.
    """
    response = app.resolve(_with_one_media_type(event), context)
    headers = response["multiValueHeaders"]
    headers["X-Request-Id"] = [event["requestContext"]["requestId"]]
    if event["httpMethod"] == "OPTIONS":
        # This app knows its own routes only, and the same path may have others' beside it.
        headers["Access-Control-Allow-Methods"] = ["DELETE,GET,OPTIONS,POST,PUT"]
    if event["httpMethod"] == "GET" and response["statusCode"] == HTTPStatus.OK:
        (control,) = headers.setdefault("Cache-Control", ["private, no-cache"])
        if control != "no-store":
            etag = etag_of(response["body"], datetime.now(UTC))
            headers["ETag"] = [etag]
            if _has(app.current_event.headers.get("If-None-Match"), etag):
                headers.pop("Content-Type", None)
                return {**response, "statusCode": int(HTTPStatus.NOT_MODIFIED), "body": ""}
    return response


def _with_one_media_type(event: dict[str, Any]) -> dict[str, Any]:
    """The event, its Content-Type JSON in any spelling or none that is read: Powertools takes it
    letter by letter, and forms besides."""
    headers = {name.lower(): value for name, value in (event["headers"] or {}).items()}
    media_type = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    known = media_type in ("", "application/json")
    headers["content-type"] = "application/json" if known else "unknown"
    return {**event, "headers": headers, "multiValueHeaders": None}


def _has(if_none_match: str | None, etag: str) -> bool:
    """RFC 9110, 13.1.2: a list of ETags, compared weakly, or `*`."""
    known = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return "*" in known or etag.removeprefix("W/") in known
