"""The wardrobe: garments the person owns, and their photos."""

from datetime import UTC, datetime
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from facet.http.answers import json_response
from facet.http.caller import caller, request_id
from facet.http.gateway import Cursor, Limit
from facet.http.idempotency import IdempotencyKey
from facet.http.problems import problems
from facet.routes.router import ItemId, WiredRouter
from facet.services.keep_wardrobe import (
    NewGarment,
    WardrobeItem,
    WardrobePage,
    drop_garment,
    keep_garment,
    list_wardrobe,
    read_garment_item,
    renew_upload,
)

router = WiredRouter()


def spend(wish: NewGarment) -> None:
    """Count a garment that is put: as an upload where a URL is signed."""
    limits = router.wiring.limits
    limits.spend(router, uploads=1) if wish.photo else limits.spend(router, writes=1)


def put_garment(item_id: str, wish: NewGarment) -> bool:
    """Create or replace the caller's garment -> whether it is new."""
    return keep_garment(
        caller(router).user_id,
        item_id,
        wish,
        max_photo_bytes=router.wiring.max_photo_bytes,
        most=router.wiring.settings.max_belongings,
        correlation_id=request_id(router),
        now=datetime.now(UTC),
        shelves=router.wiring.shelves,
    )


def garment(item_id: str, *, signed: bool) -> WardrobeItem:
    """The caller's garment; signed: with the URL to put its photo to, where one is awaited."""
    return read_garment_item(
        caller(router).user_id,
        item_id,
        now=datetime.now(UTC),
        shelves=router.wiring.shelves,
        media=router.wiring.media,
        uploads=router.wiring.uploads if signed else None,
    )


@router.get(
    "/v1/wardrobe",
    summary="List the wardrobe",
    operation_id="listWardrobe",
    description="Garments in the order of their ids. A page may be shorter than `limit`; there is "
    "more while there is a `cursor`.",
    tags=["wardrobe"],
    responses=problems(200, WardrobePage, "invalid_cursor"),
)
def get_wardrobe(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_wardrobe(
        caller(router).user_id,
        limit,
        cursor,
        cursors=router.wiring.cursors,
        shelves=router.wiring.shelves,
        media=router.wiring.media,
    )
    return json_response(page)


@router.post(
    "/v1/wardrobe",
    summary="Add a garment",
    operation_id="addGarment",
    description="With a photo it answers with a presigned URL: PUT the photo there, then poll the "
    "garment until `status` is ready or failed. Its colours are read from the photo unless given.",
    tags=["wardrobe"],
    responses=problems(
        201,
        WardrobeItem,
        *("colours_needed", "file_too_large", "belongings_full"),
        *("garment_not_found", "garment_unreadable"),
    ),
)
def post_garment(wish: NewGarment, idempotency_key: IdempotencyKey = None) -> Response[str]:
    spend(wish)
    with router.wiring.repeats.asked(router, idempotency_key, wish) as asked:
        if not asked.made:
            put_garment(asked.id, wish)
            signed = True
        else:
            signed = renew_upload(
                caller(router).user_id,
                asked.id,
                wish.photo,
                now=datetime.now(UTC),
                shelves=router.wiring.shelves,
            )
    return json_response(garment(asked.id, signed=signed), HTTPStatus.CREATED)


@router.get(
    "/v1/wardrobe/<item_id>",
    summary="Read a garment",
    operation_id="getGarment",
    description="Poll it after `poll_after_ms` while its photo is read.",
    tags=["wardrobe"],
    responses=problems(200, WardrobeItem, "garment_not_found", "garment_unreadable"),
)
def get_garment(item_id: ItemId) -> Response[str]:
    return json_response(garment(item_id, signed=False))


@router.put(
    "/v1/wardrobe/<item_id>",
    summary="Put a garment into the wardrobe",
    operation_id="putGarment",
    description="Creates it (201) or replaces what was told of it (200). Its picture stays until "
    "there is another photo; its colours stay where neither colours nor a photo come.",
    tags=["wardrobe"],
    responses=problems(200, WardrobeItem, "colours_needed", "file_too_large")
    | problems(201, WardrobeItem, "colours_needed", "file_too_large", "belongings_full"),
)
def replace_garment(item_id: ItemId, wish: NewGarment) -> Response[str]:
    spend(wish)
    is_new = put_garment(item_id, wish)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return json_response(garment(item_id, signed=True), status)


@router.delete(
    "/v1/wardrobe/<item_id>",
    summary="Take a garment out of the wardrobe",
    operation_id="deleteGarment",
    description="With its picture.",
    tags=["wardrobe"],
    responses=problems(204, None, "garment_not_found"),
)
def delete_garment(item_id: ItemId) -> Response[str]:
    router.wiring.limits.spend(router, writes=1)
    drop_garment(
        caller(router).user_id,
        item_id,
        shelves=router.wiring.shelves,
        uploads=router.wiring.uploads,
        media=router.wiring.media,
    )
    return Response(HTTPStatus.NO_CONTENT, body="")
