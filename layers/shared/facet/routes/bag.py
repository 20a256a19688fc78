"""The bag: products the person owns."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from facet.domain.belongings import BagPage
from facet.domain.products import BagDetails, BagItem
from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.gateway import Cursor, Limit
from facet.http.problems import problems
from facet.routes.router import ItemId, WiredRouter
from facet.services.keep_bag import drop_bag_item, keep_bag_item, list_bag, read_bag_item

router = WiredRouter()


@router.get(
    "/v1/bag",
    summary="List the bag",
    operation_id="listBag",
    description="Products the user owns, in the order of their ids. A page of long labels is "
    "shorter than `limit`; there is more while there is a `cursor`.",
    tags=["bag"],
    responses=problems(200, BagPage, "invalid_cursor"),
)
def get_bag(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_bag(
        caller(router).user_id,
        limit,
        cursor,
        cursors=router.wiring.cursors,
        shelves=router.wiring.shelves,
    )
    return json_response(page)


@router.get(
    "/v1/bag/<item_id>",
    summary="Read an owned product",
    operation_id="getBagItem",
    tags=["bag"],
    responses=problems(200, BagItem, "bag_item_not_found"),
)
def get_bag_item(item_id: ItemId) -> Response[str]:
    return json_response(
        read_bag_item(caller(router).user_id, item_id, shelves=router.wiring.shelves)
    )


@router.put(
    "/v1/bag/<item_id>",
    summary="Put a product into the bag",
    operation_id="putBagItem",
    description="Creates it (201) or replaces all of it (200). A product of the catalogue by its "
    "`product_id`, or any other by `name` and `category`.",
    tags=["bag"],
    responses=problems(200, BagItem)
    | problems(201, BagItem, "product_not_found", "bag_item_incomplete", "belongings_full"),
)
def put_bag_item(item_id: ItemId, details: BagDetails) -> Response[str]:
    router.wiring.limits.spend(router, writes=1)
    item, is_new = keep_bag_item(
        caller(router).user_id,
        item_id,
        details,
        most=router.wiring.settings.max_belongings,
        shelves=router.wiring.shelves,
        products=router.wiring.products,
    )
    return json_response(item, HTTPStatus.CREATED if is_new else HTTPStatus.OK)


@router.delete(
    "/v1/bag/<item_id>",
    summary="Take a product out of the bag",
    operation_id="deleteBagItem",
    tags=["bag"],
    responses=problems(204, None, "bag_item_not_found"),
)
def delete_bag_item(item_id: ItemId) -> Response[str]:
    router.wiring.limits.spend(router, writes=1)
    drop_bag_item(caller(router).user_id, item_id, shelves=router.wiring.shelves)
    return Response(HTTPStatus.NO_CONTENT, body="")
