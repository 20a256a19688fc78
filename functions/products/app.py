"""The catalogue by HTTP: the only calls that hold it in memory."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.settings import Settings
from facet.adapters.tracing import traced
from facet.domain.advice import Audience
from facet.http.gateway import respond
from facet.routes import products
from facet.routes.router import api
from facet.wiring import Wiring


class ProductsSettings(Settings):
    user_pool_client_id: str
    media_bucket: str
    products_table_name: str
    cursor_secret: str
    vector_bucket_name: str  # empty: products are searched in memory
    audience: Audience


logger = Logger()
wiring = Wiring(ProductsSettings, lambda made: (made.accounts, made.products, made.media))
app = api(logger, wiring, products.router)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(app, event, context)
