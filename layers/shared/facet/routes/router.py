"""What the routes have in common: a router that knows its function's wiring, and an API of many."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from facet.domain.belongings import ITEM_ID
from facet.http.caller import guard
from facet.http.gateway import resolver

if TYPE_CHECKING:
    from facet.wiring import Wiring

Ulid = Annotated[str, Path(description="ULID.", pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]
ItemId = Annotated[
    str,
    Path(
        description="Your own id of it: 1 to 64 letters, digits, hyphens and underscores.",
        pattern=ITEM_ID,
    ),
]


class WiredRouter(APIGatewayRouter):
    """The calls of one resource, to be answered by whichever function includes it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def wiring(self) -> "Wiring":
        """The adapters of the function that answers the present request."""
        wiring: Wiring = self.context["wiring"]
        return wiring


def api(logger: Logger, wiring: "Wiring", *routers: WiredRouter) -> APIGatewayRestResolver:
    """The routers as one API, closed to other clients' tokens and to whoever asked to be erased."""
    app = resolver(logger)

    def wire(app: APIGatewayRestResolver, go_on: Callable[..., Response[str]]) -> Response[str]:
        app.context["wiring"] = wiring  # Powertools forgets it with every request
        return go_on(app)

    app.use(middlewares=[wire])
    guard(
        app,
        client_id=lambda: wiring.settings.user_pool_client_id,
        is_erased=lambda user_id: wiring.accounts.erasure(user_id) is not None,
    )
    for router in routers:
        app.include_router(router)
    return app
