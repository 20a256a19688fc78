"""Who asks, and for which request."""

import re
from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import BaseModel

from facet.domain.errors import PermanentError
from facet.domain.quota import Tier

# A router knows the request that the app it belongs to is answering.
type Routes = APIGatewayRestResolver | APIGatewayRouter


class Caller(BaseModel):
    """Who asks, as the Cognito authoriser vouches for it."""

    user_id: str
    tier: Tier
    username: str


def _claims(app: Routes) -> dict[str, str]:
    authorizer = app.current_event.raw_event["requestContext"].get("authorizer") or {}
    return authorizer.get("claims") or {}


def caller(app: Routes) -> Caller:
    """The caller of the present request.

    Raises PermanentError(unauthorized) for anything but an ID token: API Gateway takes only those
    on an unscoped method, but not everything that stands in for it is as strict.
    """
    claims = _claims(app)
    if claims.get("token_use") != "id" or not claims.get("sub"):
        raise PermanentError("unauthorized")
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
            raise PermanentError("account_erased")
        return go_on(app)

    app.use(middlewares=[refuse])


def request_id(app: Routes) -> str:
    """The id that follows a request through every log line, S3 metadata and SQS attribute."""
    return str(app.current_event.raw_event["requestContext"]["requestId"])
