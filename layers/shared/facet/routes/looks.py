"""Makeup and garments on the person's own photo: ask for a look, read, name and delete it."""

from datetime import UTC, datetime
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from facet.http.answers import json_response
from facet.http.caller import caller, request_id
from facet.http.gateway import Cursor, Limit
from facet.http.idempotency import IdempotencyKey
from facet.http.problems import problems
from facet.routes.router import Ulid, WiredRouter
from facet.services.ask_for_look import NewLook, ask_for_look
from facet.services.keep_looks import (
    LookChange,
    LookDocument,
    LookList,
    change_look,
    delete_look,
    list_looks,
    read_look,
)
from facet.services.refuse_while_busy import refuse_while_busy

router = WiredRouter()


@router.post(
    "/v1/analyses/<analysis_id>/looks",
    summary="Render another look",
    operation_id="renderLook",
    description="Draws makeup of the bag or of any colours, or a garment, on the analysed photo. "
    "Poll the look until its `status` is completed or failed.",
    tags=["looks"],
    responses=problems(
        202,
        LookDocument,
        *("analysis_not_found", "photo_not_ready", "region_not_possible"),
        *("bag_item_not_found", "garment_not_found"),
        *("looks_full", "looks_of_analysis_full", "busy"),
        *("look_not_found", "look_unreadable"),
    ),
)
def post_look(
    analysis_id: Ulid, wish: NewLook, idempotency_key: IdempotencyKey = None
) -> Response[str]:
    who, wiring = caller(router), router.wiring
    wiring.limits.spend(router, looks=1)
    with wiring.repeats.asked(router, idempotency_key, wish) as asked:
        if not asked.made:
            refuse_while_busy(wiring.look_jobs, wiring.settings.max_tryon_queue_depth)
            ask_for_look(
                wish,
                look_id=asked.id,
                user_id=who.user_id,
                analysis_id=analysis_id,
                correlation_id=request_id(router),
                now=datetime.now(UTC),
                most=wiring.settings.max_looks,
                most_of_analysis=wiring.settings.max_looks_of_analysis,
                analyses=wiring.analyses,
                looks=wiring.looks,
                shelves=wiring.shelves,
                jobs=wiring.look_jobs,
            )
    look = read_look(who.user_id, asked.id, looks=wiring.looks, media=wiring.media)
    return json_response(look, HTTPStatus.ACCEPTED)


@router.get(
    "/v1/looks",
    summary="List looks",
    operation_id="listLooks",
    description="Those that were asked for, newest first; the advised ones are in the analysis.",
    tags=["looks"],
    responses=problems(200, LookList, "invalid_cursor"),
)
def get_looks(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_looks(
        caller(router).user_id,
        limit,
        cursor,
        cursors=router.wiring.cursors,
        looks=router.wiring.looks,
        media=router.wiring.media,
    )
    return json_response(page)


@router.get(
    "/v1/looks/<look_id>",
    summary="Read a look",
    operation_id="getLook",
    description="Poll it after `poll_after_ms` until `status` is completed or failed.",
    tags=["looks"],
    responses=problems(200, LookDocument, "look_not_found", "look_unreadable"),
)
def get_look(look_id: Ulid) -> Response[str]:
    look = read_look(
        caller(router).user_id,
        look_id,
        looks=router.wiring.looks,
        media=router.wiring.media,
    )
    return json_response(look)


@router.put(
    "/v1/looks/<look_id>",
    summary="Name a look",
    operation_id="putLook",
    description="Sets its name and whether it is a favourite; what is drawn stays.",
    tags=["looks"],
    responses=problems(200, LookDocument, "look_not_found", "look_unreadable"),
)
def put_look(look_id: Ulid, change: LookChange) -> Response[str]:
    router.wiring.limits.spend(router, writes=1)
    look = change_look(
        caller(router).user_id,
        look_id,
        change,
        now=datetime.now(UTC),
        looks=router.wiring.looks,
        media=router.wiring.media,
    )
    return json_response(look)


@router.delete(
    "/v1/looks/<look_id>",
    summary="Delete a look",
    operation_id="deleteLook",
    description="Removes its row and its pictures.",
    tags=["looks"],
    responses=problems(204, None, "look_not_found"),
)
def remove_look(look_id: Ulid) -> Response[str]:
    router.wiring.limits.spend(router, writes=1)
    delete_look(
        caller(router).user_id, look_id, looks=router.wiring.looks, media=router.wiring.media
    )
    return Response(HTTPStatus.NO_CONTENT, body="")
