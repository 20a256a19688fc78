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


def guard(
    app: APIGatewayRestResolver, client_id: Callable[[], str], is_erased: Callable[[str], bool]
) -> None:
    """Have every route of `app` refuse whom the authoriser lets in and Facet does not.

    client_id: the app client that ID tokens are made for. Another client's token has the same
    issuer and the same key, and a REST API's Cognito authoriser knows no audience:
    PermanentError(unauthorized).
    is_erased: whether a user asked to be erased, whose token outlives them by up to an hour:
    PermanentError(account_erased) from every route but DELETE /v1/me.
    """

    def refuse(app: APIGatewayRestResolver, go_on: Callable[..., Response[str]]) -> Response[str]:
        event, claims = app.current_event, _claims(app)
        if claims and claims.get("aud") != client_id():
            raise PermanentError("unauthorized")
        user_id = claims.get("sub")
        erases = (event.http_method, event.path) == ("DELETE", "/v1/me")
        if user_id and not erases and is_erased(user_id):
            raise PermanentError("account_erased")
        return go_on(app)

    app.use(middlewares=[refuse])


def request_id(app: Routes) -> str:
    """The id that follows a request through every log line, S3 metadata and SQS attribute."""
    return str(app.current_event.raw_event["requestContext"]["requestId"])
