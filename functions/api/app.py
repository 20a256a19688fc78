"""Everything an app reads, and deleting what it started."""

import os
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path as File
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header, Path
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.account import AccountTable
from facet.adapters.aws import client, table
from facet.adapters.belongings import BelongingsTable
from facet.adapters.catalogue import ProductsTable
from facet.adapters.dynamodb import AnalysisTable
from facet.adapters.http import (
    Cursor,
    Limit,
    caller,
    json_response,
    problems,
    rate_limit_headers,
    refuse_erased,
    request_id,
    resolver,
    respond,
)
from facet.adapters.idempotency import IdempotencyKey, Repeats
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.sqs import JobQueue
from facet.adapters.tracing import traced
from facet.domain.account import Erasure, Person
from facet.domain.advice import Profile
from facet.domain.belongings import ITEM_ID, BagPage
from facet.domain.cursor import Cursors
from facet.domain.errors import PermanentError
from facet.domain.products import BagDetails, BagItem
from facet.domain.quota import Usage
from facet.services.delete_analysis import delete_analysis
from facet.services.erase_account import request_erasure
from facet.services.export_account import ExportDocument, read_export, request_export
from facet.services.keep_bag import drop_bag_item, keep_bag_item, list_bag, read_bag_item
from facet.services.keep_profile import keep_profile, read_profile
from facet.services.read_analysis import (
    AnalysisDocument,
    History,
    etag_of,
    list_analyses,
    read_analysis,
)
from facet.services.report_health import Health, report_health
from facet.vision.gates import Gates, load_gates

logger = Logger()
app = resolver(logger)
CHECK_TIMEOUT_SECONDS = 2


class ApiSettings(Settings):
    uploads_bucket: str
    media_bucket: str
    recommend_queue_url: str
    account_queue_url: str
    products_table_name: str
    idempotency_table_name: str
    cursor_secret: str
    gates_preset: str


@cache
def settings() -> ApiSettings:
    return ApiSettings.from_env(os.environ)


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def uploads() -> Bucket:
    return Bucket(client("s3"), settings().uploads_bucket)


@cache
def media() -> Bucket:
    return Bucket(client("s3"), settings().media_bucket)


@cache
def shelves() -> BelongingsTable:
    return BelongingsTable(table(settings().table_name))


@cache
def products() -> ProductsTable:
    return ProductsTable(table(settings().products_table_name))


@cache
def accounts() -> AccountTable:
    return AccountTable(table(settings().table_name))


@cache
def account_jobs() -> JobQueue:
    return JobQueue(client("sqs"), settings().account_queue_url)


@cache
def repeats() -> Repeats:
    return Repeats(app, client("dynamodb"), settings().idempotency_table_name)


@cache
def cursors() -> Cursors:
    return Cursors(settings().cursor_secret)


refuse_erased(app, lambda user_id: accounts().erasure(user_id) is not None)

AnalysisId = Annotated[str, Path(description="ULID.", pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]
ItemId = Annotated[
    str,
    Path(
        description="Your own id of it: 1 to 64 letters, digits, hyphens and underscores.",
        pattern=ITEM_ID,
    ),
]

# --- analyses -------------------------------------------------------------------------------------


@app.get(
    "/v1/analyses",
    summary="List analyses",
    operation_id="listAnalyses",
    description="Newest first, without their recommendations.",
    tags=["analyses"],
    responses=problems(200, History, 400, 401),
)
def get_analyses(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_analyses(
        caller(app).user_id, limit, cursor, cursors=cursors(), analyses=analyses(), media=media()
    )
    return json_response(page)


@app.get(
    "/v1/analyses/<analysis_id>",
    summary="Read an analysis",
    operation_id="getAnalysis",
    description="Poll it after `poll_after_ms` until `status` is completed, failed or expired.",
    tags=["analyses"],
    responses=problems(200, AnalysisDocument, 400, 401, 404)
    | {304: {"description": "Unchanged since the ETag in If-None-Match."}},
)
def get_analysis(
    analysis_id: AnalysisId,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response[str]:
    document = read_analysis(caller(app).user_id, analysis_id, analyses=analyses(), media=media())
    etag = etag_of(document, datetime.now(UTC))
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if if_none_match == etag:
        return Response(HTTPStatus.NOT_MODIFIED, body="", headers=headers)
    return json_response(document, headers=headers)


@app.delete(
    "/v1/analyses/<analysis_id>",
    summary="Cancel or delete an analysis",
    operation_id="deleteAnalysis",
    description="Removes its rows, its photo and every picture made of it.",
    tags=["analyses"],
    responses=problems(204, None, 400, 401, 404),
)
def remove_analysis(analysis_id: AnalysisId) -> Response[str]:
    if not delete_analysis(
        caller(app).user_id, analysis_id, analyses=analyses(), uploads=uploads(), media=media()
    ):
        raise PermanentError("analysis_not_found", "You have no analysis with this id.")
    return Response(HTTPStatus.NO_CONTENT, body="")


# --- bag ------------------------------------------------------------------------------------------


@app.get(
    "/v1/bag",
    summary="List the bag",
    operation_id="listBag",
    description="Products the user owns, in the order of their ids.",
    tags=["bag"],
    responses=problems(200, BagPage, 400, 401),
)
def get_bag(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_bag(caller(app).user_id, limit, cursor, cursors=cursors(), shelves=shelves())
    return json_response(page)


@app.get(
    "/v1/bag/<item_id>",
    summary="Read an owned product",
    operation_id="getBagItem",
    tags=["bag"],
    responses=problems(200, BagItem, 400, 401, 404),
)
def get_bag_item(item_id: ItemId) -> Response[str]:
    return json_response(read_bag_item(caller(app).user_id, item_id, shelves=shelves()))


@app.put(
    "/v1/bag/<item_id>",
    summary="Put a product into the bag",
    operation_id="putBagItem",
    description="Creates it (201) or replaces all of it (200). A product of the catalogue by its "
    "`product_id`, or any other by `name` and `category`.",
    tags=["bag"],
    responses=problems(200, BagItem, 400, 401, 404) | problems(201, BagItem),
)
def put_bag_item(item_id: ItemId, details: BagDetails) -> Response[str]:
    item, is_new = keep_bag_item(
        caller(app).user_id, item_id, details, shelves=shelves(), products=products()
    )
    return json_response(item, HTTPStatus.CREATED if is_new else HTTPStatus.OK)


@app.delete(
    "/v1/bag/<item_id>",
    summary="Take a product out of the bag",
    operation_id="deleteBagItem",
    tags=["bag"],
    responses=problems(204, None, 400, 401, 404),
)
def delete_bag_item(item_id: ItemId) -> Response[str]:
    drop_bag_item(caller(app).user_id, item_id, shelves=shelves())
    return Response(HTTPStatus.NO_CONTENT, body="")


# --- profile --------------------------------------------------------------------------------------


@app.get(
    "/v1/profile",
    summary="Read the profile",
    operation_id="getProfile",
    description="What the user told; an empty one where they told nothing yet.",
    tags=["profile"],
    responses=problems(200, Profile, 401, 409),
)
def get_profile() -> Response[str]:
    return json_response(read_profile(caller(app).user_id, shelves=shelves()))


@app.put(
    "/v1/profile",
    summary="Replace the profile",
    operation_id="putProfile",
    description="All of it: a field left out is forgotten. Advice keeps to it from now on.",
    tags=["profile"],
    responses=problems(200, Profile, 400, 401),
)
def put_profile(profile: Profile) -> Response[str]:
    return json_response(keep_profile(caller(app).user_id, profile, shelves=shelves()))


# --- me -------------------------------------------------------------------------------------------


@app.get(
    "/v1/me/usage",
    summary="Today's quota",
    operation_id="getUsage",
    tags=["me"],
    responses=problems(200, Usage, 401),
)
def get_usage() -> Response[str]:
    who, now = caller(app), datetime.now(UTC)
    usage = analyses().usage(who.user_id, who.tier, now)
    return json_response(usage, headers=rate_limit_headers(usage, now))


# --- guide and health -----------------------------------------------------------------------------


def person() -> Person:
    who = caller(app)
    return Person(who.user_id, who.username)


@app.post(
    "/v1/me/export",
    summary="Ask for everything",
    operation_id="startExport",
    description="A ZIP of every row (JSON) and every picture of the user, with a README. Poll it "
    "until `status` is ready. While one is being made, asking again answers with that one.",
    tags=["me"],
    responses=problems(202, ExportDocument, 400, 401, 409),
)
def post_export(idempotency_key: IdempotencyKey = None) -> Response[str]:
    who, now = person(), datetime.now(UTC)

    def request() -> str:
        return request_export(
            who, request_id(app), now=now, accounts=accounts(), jobs=account_jobs()
        )

    export_id = repeats().remembered(idempotency_key, None, request)
    document = read_export(who.user_id, export_id, now=now, accounts=accounts(), media=media())
    return json_response(document, HTTPStatus.ACCEPTED)


@app.get(
    "/v1/me/exports/<export_id>",
    summary="Read an export",
    operation_id="getExport",
    description="Where the ZIP is, once it is ready. It is deleted after a week.",
    tags=["me"],
    responses=problems(200, ExportDocument, 400, 401, 404),
)
def get_export(
    export_id: Annotated[str, Path(description="ULID.", pattern="^[0-9A-HJKMNP-TV-Z]{26}$")],
) -> Response[str]:
    return json_response(
        read_export(
            caller(app).user_id,
            export_id,
            now=datetime.now(UTC),
            accounts=accounts(),
            media=media(),
        )
    )


@app.delete(
    "/v1/me",
    summary="Erase everything",
    operation_id="eraseMe",
    description="Every row, every picture and the sign-in itself; it cannot be undone. Answers 202 "
    "while it goes on and 200 once done: ask again to hear. Any other call of this user is refused "
    "from now on with 401 `account_erased`.",
    tags=["me"],
    responses=problems(202, Erasure, 401) | problems(200, Erasure),
)
def delete_me() -> Response[str]:
    erasure = request_erasure(
        person(),
        request_id(app),
        now=datetime.now(UTC),
        accounts=accounts(),
        jobs=account_jobs(),
    )
    return json_response(erasure, HTTPStatus.OK if erasure.erased_at else HTTPStatus.ACCEPTED)


@app.get(
    "/v1/capture-guide",
    summary="The photo gates",
    operation_id="getCaptureGuide",
    description="What a photo is judged on, for the phone to check before it uploads.",
    tags=["guide"],
    responses=problems(200, Gates, 401),
)
def get_capture_guide() -> Response[str]:
    caller(app)
    return json_response(load_gates(settings().gates_preset).model_dump())


@app.get(
    "/v1/health/live",
    summary="Is the API up?",
    operation_id="getLive",
    tags=["health"],
    responses=problems(200, Health),
)
def get_live() -> Response[str]:
    return json_response(Health(status="ok"))


@app.get(
    "/v1/health/ready",
    summary="Can it reach its table, queue and buckets?",
    operation_id="getReady",
    tags=["health"],
    responses=problems(200, Health) | {503: {"description": "Something cannot be reached."}},
)
def get_ready() -> Response[str]:
    s3 = client("s3", read_timeout=CHECK_TIMEOUT_SECONDS)
    health = report_health(
        {
            "table": AnalysisTable(
                table(settings().table_name, read_timeout=CHECK_TIMEOUT_SECONDS)
            ).check,
            "queue": JobQueue(
                client("sqs", read_timeout=CHECK_TIMEOUT_SECONDS), settings().recommend_queue_url
            ).depth,
            "uploads": Bucket(s3, settings().uploads_bucket).check,
            "media": Bucket(s3, settings().media_bucket).check,
        }
    )
    ok = health.status == "ok"
    return json_response(health, HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)


@app.get(
    "/v1/openapi.json",
    summary="This contract",
    operation_id="getOpenapi",
    tags=["guide"],
    responses={200: {"description": "OpenAPI 3.1"}},
)
def get_openapi() -> Response[str]:
    document = (File(__file__).parent / "openapi.json").read_text()
    return Response(HTTPStatus.OK, "application/json", document)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(app, event, context)
