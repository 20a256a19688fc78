"""API Gateway in, JSON out: the caller, problem+json errors, and the headers every answer has."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from facet.domain.errors import BusyError, PermanentError
from facet.domain.quota import QuotaExceededError, Tier, Usage

# Any other PermanentError a request can cause is a plain 400.
STATUS_OF = {
    "analysis_not_found": HTTPStatus.NOT_FOUND,
    "bag_item_not_found": HTTPStatus.NOT_FOUND,
    "product_not_found": HTTPStatus.NOT_FOUND,
    "profile_unreadable": HTTPStatus.CONFLICT,
    "not_found": HTTPStatus.NOT_FOUND,
    "export_not_found": HTTPStatus.NOT_FOUND,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "account_erased": HTTPStatus.UNAUTHORIZED,
    "file_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "idempotency_key_reused": HTTPStatus.CONFLICT,
    "request_in_progress": HTTPStatus.CONFLICT,
    "quota_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "busy": HTTPStatus.SERVICE_UNAVAILABLE,
}
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


class Problem(BaseModel):
    """RFC 9457 problem details, with a code an app can switch on."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[dict[str, str]] | None = None


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
    text = (
        body.model_dump_json(exclude_none=True) if isinstance(body, BaseModel) else json.dumps(body)
    )
    return Response(status, content_type, text, headers=dict(headers or {}))


def problems(status: int, model: type | None, *codes: int) -> dict[int, OpenAPIResponse]:
    """OpenAPI responses of a route: its answer and the problems it may end in."""
    answer: OpenAPIResponse = {"description": HTTPStatus(status).phrase}
    if model:
        answer["content"] = {"application/json": {"model": model}}
    responses = {status: answer}
    for code in (*codes, 500):
        responses[code] = {
            "description": HTTPStatus(code).phrase,
            "content": {"application/problem+json": {"model": Problem}},
        }
    return responses


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
        detail: str,
        *,
        status: HTTPStatus | None = None,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> Response[str]:
        status = status or STATUS_OF.get(code, HTTPStatus.BAD_REQUEST)
        body = Problem(
            type=f"urn:facet:problem:{code}",
            title=status.phrase,
            status=status,
            code=code,
            detail=detail,
            request_id=request_id(app),
            errors=errors,
        )
        return json_response(body, status, headers, "application/problem+json")

    @app.exception_handler(RequestValidationError)
    def invalid(error: RequestValidationError) -> Response[str]:
        errors = [
            {"field": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
            for one in error.errors()
        ]
        return problem("invalid_request", "The request does not fit the contract.", errors=errors)

    @app.exception_handler(QuotaExceededError)
    def exhausted(error: QuotaExceededError) -> Response[str]:
        headers = rate_limit_headers(error.usage, datetime.now(UTC))
        headers["Retry-After"] = headers["RateLimit-Reset"]
        return problem(error.code, error.message, headers=headers)

    @app.exception_handler(BusyError)
    def busy(error: BusyError) -> Response[str]:
        return problem(
            "busy",
            "More photos are waiting than can be analysed soon; try again a little later.",
            headers={"Retry-After": str(error.retry_after)},
        )

    @app.exception_handler(PermanentError)
    def refused(error: PermanentError) -> Response[str]:
        return problem(error.code, error.message)

    @app.exception_handler(Exception)
    def broken(error: Exception) -> Response[str]:
        logger.exception("unhandled", exc_info=error)
        return problem(
            "internal_error",
            "Something went wrong on our side; please try again.",
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
        )

    @app.not_found
    def unknown(_error: NotFoundError) -> Response[str]:
        return problem("not_found", "There is nothing at this address.")

    return app


def respond(
    app: APIGatewayRestResolver, event: dict[str, Any], context: LambdaContext
) -> dict[str, Any]:
    """Resolve one request; every answer carries its X-Request-Id."""
    response = app.resolve(event, context)
    headers = response["multiValueHeaders"]
    headers["X-Request-Id"] = [event["requestContext"]["requestId"]]
    if event["httpMethod"] == "OPTIONS":
        # This app knows its own routes only, and the same path may have others' beside it.
        headers["Access-Control-Allow-Methods"] = ["DELETE,GET,OPTIONS,POST,PUT"]
    return response
