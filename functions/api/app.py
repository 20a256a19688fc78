"""Everything an app reads, and deleting what it started."""

import os
from datetime import UTC, datetime
from functools import cache, lru_cache
from http import HTTPStatus
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field
from ulid import ULID

from facet.adapters.account import AccountTable
from facet.adapters.aws import client, table
from facet.adapters.belongings import BelongingsTable
from facet.adapters.catalogue import ProductsTable
from facet.adapters.dynamodb import AnalysisTable, LookTable
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.sqs import JobQueue
from facet.adapters.tracing import traced
from facet.domain.account import Erasure, Person
from facet.domain.advice import Profile
from facet.domain.belongings import ITEM_ID, BagPage
from facet.domain.cursor import Cursors
from facet.domain.errors import AnalysisNotFoundError, FacetError, PermanentError
from facet.domain.products import (
    BagDetails,
    BagItem,
    Goal,
    HexColor,
    PriceBand,
    Product,
    SkinType,
    Slug,
)
from facet.domain.quota import Usage
from facet.domain.search import Condition, Search, Term
from facet.domain.search import Query as Question
from facet.http.answers import json_response, rate_limit_headers
from facet.http.caller import caller, refuse_erased, request_id
from facet.http.gateway import Cursor, Limit, resolver, respond
from facet.http.idempotency import IdempotencyKey, Repeats
from facet.http.problems import problems
from facet.services.ask_for_look import NewLook, ask_for_look
from facet.services.delete_analysis import delete_analysis
from facet.services.erase_account import request_erasure
from facet.services.export_account import ExportDocument, read_export, request_export
from facet.services.find_products import (
    ProductPage,
    RecommendedProducts,
    find_products,
    near_one,
    read_product,
    recommend_products,
)
from facet.services.give_feedback import FeedbackReceipt, NewFeedback, give_feedback
from facet.services.keep_bag import drop_bag_item, keep_bag_item, list_bag, read_bag_item
from facet.services.keep_looks import (
    LookChange,
    LookDocument,
    LookList,
    change_look,
    delete_look,
    list_looks,
    read_look,
)
from facet.services.keep_profile import keep_profile, read_profile
from facet.services.keep_wardrobe import (
    NewGarment,
    WardrobeItem,
    WardrobePage,
    drop_garment,
    keep_garment,
    list_wardrobe,
    read_garment_item,
)
from facet.services.read_analysis import AnalysisDocument, read_analysis
from facet.services.read_history import History, read_history
from facet.services.report_health import Health, report_health
from facet.vision.photo.gates import Gates, load_gates

if TYPE_CHECKING:  # numpy comes with them: the first search loads it, no other call needs it
    from facet.catalogue.catalogue import Catalogue
    from facet.services.current_catalogue import CurrentCatalogue

logger = Logger()
app = resolver(logger)
CHECK_TIMEOUT_SECONDS = 2
NOT_KEPT = {"Cache-Control": "no-store"}
KEPT_FOR_AN_HOUR = {"Cache-Control": "private, max-age=3600"}


class ApiSettings(Settings):
    uploads_bucket: str
    media_bucket: str
    recommend_queue_url: str
    account_queue_url: str
    tryon_queue_url: str
    products_table_name: str
    idempotency_table_name: str
    cursor_secret: str
    vector_bucket_name: str  # empty: products are searched in memory
    gates_preset: str


@cache
def settings() -> ApiSettings:
    return ApiSettings.from_env(os.environ)


@cache
def analyses() -> AnalysisTable:
    return AnalysisTable(table(settings().table_name))


@cache
def looks() -> LookTable:
    return LookTable(table(settings().table_name))


@cache
def jobs() -> JobQueue:
    return JobQueue(client("sqs"), settings().recommend_queue_url)


@cache
def look_jobs() -> JobQueue:
    return JobQueue(client("sqs"), settings().tryon_queue_url)


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
def snapshot() -> "CurrentCatalogue":
    from facet.services.current_catalogue import CurrentCatalogue  # noqa: PLC0415

    return CurrentCatalogue(media())


def catalogue() -> "Catalogue":
    try:
        return snapshot().get()
    except PermanentError as error:
        if error.code == "catalogue_missing":
            raise
        raise FacetError("the published catalogue is not of this release") from error


@lru_cache(maxsize=1)
def search_of(catalogue: "Catalogue") -> Search:
    """Kept until another catalogue is published, since it sorts and counts when first asked."""
    if not (bucket := settings().vector_bucket_name):
        from facet.catalogue.index import Index  # noqa: PLC0415

        return Index(catalogue)
    from facet.adapters.vectors import VectorBucket  # noqa: PLC0415
    from facet.catalogue.vectors import VectorSearch  # noqa: PLC0415

    return VectorSearch(catalogue.ingredients, VectorBucket(client("s3vectors"), bucket))


@cache
def accounts() -> AccountTable:
    return AccountTable(table(settings().table_name))


@cache
def account_jobs() -> JobQueue:
    return JobQueue(client("sqs"), settings().account_queue_url)


@cache
def repeats() -> Repeats:
    return Repeats(client("dynamodb"), settings().idempotency_table_name)


@cache
def cursors() -> Cursors:
    return Cursors(settings().cursor_secret)


refuse_erased(app, lambda user_id: accounts().erasure(user_id) is not None)

AnalysisId = Annotated[str, Path(description="ULID.", pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]
LookId = Annotated[str, Path(description="ULID.", pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]
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
    description="Newest first, without their recommendations. `trends` sets each concern beside "
    "the last and the first comparable analysis before; within the noise nothing is a change.",
    tags=["analyses"],
    responses=problems(200, History, "invalid_cursor"),
)
def get_analyses(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = read_history(
        caller(app).user_id,
        limit,
        cursor,
        cursors=cursors(),
        analyses=analyses(),
        media=media(),
        jobs=jobs(),
    )
    return json_response(page)


@app.get(
    "/v1/analyses/<analysis_id>",
    summary="Read an analysis",
    operation_id="getAnalysis",
    description="Poll it after `poll_after_ms` until `status` is completed, failed or expired.",
    tags=["analyses"],
    responses=problems(200, AnalysisDocument, "analysis_not_found"),
)
def get_analysis(analysis_id: AnalysisId) -> Response[str]:
    document = read_analysis(
        caller(app).user_id,
        analysis_id,
        now=datetime.now(UTC),
        analyses=analyses(),
        media=media(),
        jobs=jobs(),
    )
    return json_response(document)


@app.delete(
    "/v1/analyses/<analysis_id>",
    summary="Cancel or delete an analysis",
    operation_id="deleteAnalysis",
    description="Removes its rows, its photo and every picture made of it.",
    tags=["analyses"],
    responses=problems(204, None, "analysis_not_found"),
)
def remove_analysis(analysis_id: AnalysisId) -> Response[str]:
    if not delete_analysis(
        caller(app).user_id,
        analysis_id,
        analyses=analyses(),
        looks=looks(),
        uploads=uploads(),
        media=media(),
    ):
        raise AnalysisNotFoundError
    return Response(HTTPStatus.NO_CONTENT, body="")


# --- looks ----------------------------------------------------------------------------------------


@app.post(
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
    ),
)
def post_look(
    analysis_id: AnalysisId, wanted: NewLook, idempotency_key: IdempotencyKey = None
) -> Response[str]:
    who, now = caller(app), datetime.now(UTC)

    def ask() -> str:
        return ask_for_look(
            wanted,
            user_id=who.user_id,
            analysis_id=analysis_id,
            correlation_id=request_id(app),
            now=now,
            analyses=analyses(),
            looks=looks(),
            shelves=shelves(),
            jobs=look_jobs(),
        ).look_id

    look_id = repeats().remembered(app, idempotency_key, wanted, ask)
    look = read_look(who.user_id, look_id, now=now, looks=looks(), media=media())
    return json_response(look, HTTPStatus.ACCEPTED)


@app.get(
    "/v1/looks",
    summary="List looks",
    operation_id="listLooks",
    description="Those that were asked for, newest first; the advised ones are in the analysis.",
    tags=["looks"],
    responses=problems(200, LookList, "invalid_cursor"),
)
def get_looks(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_looks(
        caller(app).user_id,
        limit,
        cursor,
        now=datetime.now(UTC),
        cursors=cursors(),
        looks=looks(),
        media=media(),
    )
    return json_response(page)


@app.get(
    "/v1/looks/<look_id>",
    summary="Read a look",
    operation_id="getLook",
    description="Poll it after `poll_after_ms` until `status` is completed or failed.",
    tags=["looks"],
    responses=problems(200, LookDocument, "look_not_found"),
)
def get_look(look_id: LookId) -> Response[str]:
    look = read_look(
        caller(app).user_id, look_id, now=datetime.now(UTC), looks=looks(), media=media()
    )
    return json_response(look)


@app.put(
    "/v1/looks/<look_id>",
    summary="Name a look",
    operation_id="putLook",
    description="Sets its name and whether it is a favourite; what is drawn stays.",
    tags=["looks"],
    responses=problems(200, LookDocument, "look_not_found"),
)
def put_look(look_id: LookId, change: LookChange) -> Response[str]:
    look = change_look(
        caller(app).user_id,
        look_id,
        change,
        now=datetime.now(UTC),
        looks=looks(),
        media=media(),
    )
    return json_response(look)


@app.delete(
    "/v1/looks/<look_id>",
    summary="Delete a look",
    operation_id="deleteLook",
    description="Removes its row and its pictures.",
    tags=["looks"],
    responses=problems(204, None, "look_not_found"),
)
def remove_look(look_id: LookId) -> Response[str]:
    delete_look(caller(app).user_id, look_id, looks=looks(), media=media())
    return Response(HTTPStatus.NO_CONTENT, body="")


# --- products -------------------------------------------------------------------------------------


@app.get(
    "/v1/products",
    summary="Search products",
    operation_id="searchProducts",
    description="Everything given must hold. Best first: by the words of `q`, else by what is "
    "nearest, else by the evidence for `concern`.",
    tags=["products"],
    responses=problems(
        200, ProductPage, "invalid_cursor", "product_not_found", "catalogue_missing"
    ),
)
def get_products(
    *,
    q: Annotated[
        str,
        Query(
            max_length=200,
            description="Words of name, brand and ingredients; the last may be begun only.",
        ),
    ] = "",
    category: Annotated[
        list[Annotated[str, Field(max_length=40)]] | None,
        Query(max_length=20, description="Any of these: cleanser, serum, sunscreen, blush, ..."),
    ] = None,
    concern: Annotated[Goal | None, Query(description="Helps with it.")] = None,
    skin_type: Annotated[SkinType | None, Query(description="Known to suit it.")] = None,
    price_band: Annotated[
        list[PriceBand] | None, Query(max_length=3, description="Any of these.")
    ] = None,
    contains: Annotated[
        list[Term] | None,
        Query(max_length=20, description="Ingredients, by any name: all of these."),
    ] = None,
    without: Annotated[
        list[Term] | None,
        Query(
            max_length=20,
            description="Ingredients or groups of them, by any name: none of these. What has no "
            "known label is left out.",
        ),
    ] = None,
    near_shade: Annotated[
        HexColor | None, Query(description="In sRGB: nearest first, by CIEDE2000.")
    ] = None,
    near_product: Annotated[
        Slug | None, Query(description="Its id: nearest first, by what they are made of.")
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[str]:
    question = Question(
        text=q,
        categories=tuple(category or ()),
        concern=concern,
        skin_type=skin_type,
        price_bands=tuple(price_band or ()),
        holds=tuple(contains or ()),
        without=tuple(without or ()),
        near=near_one(near_shade, near_product),
        limit=limit,
    )
    facts = catalogue()
    page = find_products(
        caller(app).user_id,
        question,
        cursor,
        cursors=cursors(),
        search=search_of(facts),
        facts=facts,
    )
    return json_response(page)


@app.get(
    "/v1/products/recommendations",
    summary="Products for a condition",
    operation_id="recommendProducts",
    description="What helps it, with the reasons, and nothing that the profile rules out: "
    "allergies, what is avoided, pregnancy, budget. Prescription medicines are never named.",
    tags=["products"],
    responses=problems(200, RecommendedProducts, "profile_unreadable", "catalogue_missing"),
)
def get_recommended_products(
    condition: Annotated[
        Condition,
        Query(description="A concern, or a condition as `prediction.condition` names it."),
    ],
    limit: Limit = 20,
) -> Response[str]:
    facts = catalogue()
    recommended = recommend_products(
        caller(app).user_id,
        condition,
        limit,
        shelves=shelves(),
        search=search_of(facts),
        facts=facts,
    )
    return json_response(recommended)


@app.get(
    "/v1/products/<product_id>",
    summary="Read a product",
    operation_id="getProduct",
    tags=["products"],
    responses=problems(200, Product, "product_not_found"),
)
def get_product(
    product_id: Annotated[
        str,
        Path(
            description="Of the catalogue.",
            max_length=80,
            pattern="^[a-z0-9]+(-[a-z0-9]+)*$",
        ),
    ],
) -> Response[str]:
    caller(app)
    return json_response(read_product(product_id, products=products()))


# --- bag ------------------------------------------------------------------------------------------


@app.get(
    "/v1/bag",
    summary="List the bag",
    operation_id="listBag",
    description="Products the user owns, in the order of their ids.",
    tags=["bag"],
    responses=problems(200, BagPage, "invalid_cursor"),
)
def get_bag(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_bag(caller(app).user_id, limit, cursor, cursors=cursors(), shelves=shelves())
    return json_response(page)


@app.get(
    "/v1/bag/<item_id>",
    summary="Read an owned product",
    operation_id="getBagItem",
    tags=["bag"],
    responses=problems(200, BagItem, "bag_item_not_found"),
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
    responses=problems(200, BagItem)
    | problems(201, BagItem, "product_not_found", "bag_item_incomplete"),
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
    responses=problems(204, None, "bag_item_not_found"),
)
def delete_bag_item(item_id: ItemId) -> Response[str]:
    drop_bag_item(caller(app).user_id, item_id, shelves=shelves())
    return Response(HTTPStatus.NO_CONTENT, body="")


# --- wardrobe -------------------------------------------------------------------------------------


def put_garment(item_id: str, wish: NewGarment) -> bool:
    return keep_garment(
        caller(app).user_id,
        item_id,
        wish,
        max_photo_bytes=load_gates(settings().gates_preset).max_bytes,
        correlation_id=request_id(app),
        now=datetime.now(UTC),
        shelves=shelves(),
    )


def garment(item_id: str, *, signed: bool) -> WardrobeItem:
    """signed: with the URL that its photo is to be put to, where one is awaited."""
    return read_garment_item(
        caller(app).user_id,
        item_id,
        now=datetime.now(UTC),
        shelves=shelves(),
        media=media(),
        uploads=uploads() if signed else None,
    )


@app.get(
    "/v1/wardrobe",
    summary="List the wardrobe",
    operation_id="listWardrobe",
    description="Garments in the order of their ids.",
    tags=["wardrobe"],
    responses=problems(200, WardrobePage, "invalid_cursor"),
)
def get_wardrobe(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
    page = list_wardrobe(
        caller(app).user_id,
        limit,
        cursor,
        now=datetime.now(UTC),
        cursors=cursors(),
        shelves=shelves(),
        media=media(),
    )
    return json_response(page)


@app.post(
    "/v1/wardrobe",
    summary="Add a garment",
    operation_id="addGarment",
    description="With a photo it answers with a presigned URL: PUT the photo there, then poll the "
    "garment until `status` is ready or failed. Its colours are read from the photo unless given.",
    tags=["wardrobe"],
    responses=problems(201, WardrobeItem, "colours_needed", "file_too_large"),
)
def post_garment(wish: NewGarment, idempotency_key: IdempotencyKey = None) -> Response[str]:
    def add() -> str:
        item_id = str(ULID())
        put_garment(item_id, wish)
        return item_id

    item_id = repeats().remembered(app, idempotency_key, wish, add)
    return json_response(garment(item_id, signed=True), HTTPStatus.CREATED)


@app.get(
    "/v1/wardrobe/<item_id>",
    summary="Read a garment",
    operation_id="getGarment",
    description="Poll it after `poll_after_ms` while its photo is read.",
    tags=["wardrobe"],
    responses=problems(200, WardrobeItem, "garment_not_found", "garment_unreadable"),
)
def get_garment(item_id: ItemId) -> Response[str]:
    return json_response(garment(item_id, signed=False))


@app.put(
    "/v1/wardrobe/<item_id>",
    summary="Put a garment into the wardrobe",
    operation_id="putGarment",
    description="Creates it (201) or replaces what was told of it (200). Its picture stays until "
    "there is another photo; its colours stay where neither colours nor a photo come.",
    tags=["wardrobe"],
    responses=problems(200, WardrobeItem, "colours_needed", "file_too_large")
    | problems(201, WardrobeItem, "colours_needed", "file_too_large"),
)
def replace_garment(item_id: ItemId, wish: NewGarment) -> Response[str]:
    is_new = put_garment(item_id, wish)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return json_response(garment(item_id, signed=True), status)


@app.delete(
    "/v1/wardrobe/<item_id>",
    summary="Take a garment out of the wardrobe",
    operation_id="deleteGarment",
    description="With its picture.",
    tags=["wardrobe"],
    responses=problems(204, None, "garment_not_found"),
)
def delete_garment(item_id: ItemId) -> Response[str]:
    drop_garment(caller(app).user_id, item_id, shelves=shelves(), uploads=uploads(), media=media())
    return Response(HTTPStatus.NO_CONTENT, body="")


# --- feedback -------------------------------------------------------------------------------------


def count_feedback(ranking: str | None, liked: bool | None) -> None:
    """Its average is the share of suggestions people liked, by the ranking that chose them."""
    if ranking is not None and liked is not None:
        with single_metric("SuggestionLiked", MetricUnit.Count, int(liked)) as metric:
            metric.add_dimension("ranking", ranking)


@app.post(
    "/v1/feedback",
    summary="Say what came of advice",
    operation_id="giveFeedback",
    description="On a result (`analysis_id` and `kind`, with the `item_ids` of the outfit or look) "
    "or on a product. The next outfit keeps to it; the ranking of products learns from it.",
    tags=["feedback"],
    responses=problems(
        201,
        FeedbackReceipt,
        "feedback_empty",
        "feedback_without_subject",
        "items_needed",
        "day_in_the_future",
        "not_in_the_result",
        "analysis_not_found",
        "result_not_found",
        "product_not_found",
    ),
)
def post_feedback(said: NewFeedback, idempotency_key: IdempotencyKey = None) -> Response[str]:
    def give() -> Response[str]:
        receipt = give_feedback(
            caller(app).user_id,
            said,
            now=datetime.now(UTC),
            analyses=analyses(),
            shelves=shelves(),
            products=products(),
            count=count_feedback,
        )
        return json_response(receipt, HTTPStatus.CREATED)

    return repeats().once(app, idempotency_key, said, give)


# --- profile --------------------------------------------------------------------------------------


@app.get(
    "/v1/profile",
    summary="Read the profile",
    operation_id="getProfile",
    description="What the user told; an empty one where they told nothing yet.",
    tags=["profile"],
    responses=problems(200, Profile, "profile_unreadable"),
)
def get_profile() -> Response[str]:
    return json_response(read_profile(caller(app).user_id, shelves=shelves()))


@app.put(
    "/v1/profile",
    summary="Replace the profile",
    operation_id="putProfile",
    description="All of it: a field left out is forgotten. Advice keeps to it from now on.",
    tags=["profile"],
    responses=problems(200, Profile),
)
def put_profile(profile: Profile) -> Response[str]:
    return json_response(keep_profile(caller(app).user_id, profile, shelves=shelves()))


# --- me -------------------------------------------------------------------------------------------


@app.get(
    "/v1/me/usage",
    summary="Today's quota",
    operation_id="getUsage",
    tags=["me"],
    responses=problems(200, Usage),
)
def get_usage() -> Response[str]:
    who, now = caller(app), datetime.now(UTC)
    usage = analyses().usage(who.user_id, who.tier, now)
    return json_response(usage, headers=rate_limit_headers(usage, now))


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
    responses=problems(202, ExportDocument),
)
def post_export(idempotency_key: IdempotencyKey = None) -> Response[str]:
    who, now = person(), datetime.now(UTC)

    def request() -> str:
        return request_export(
            who, request_id(app), now=now, accounts=accounts(), jobs=account_jobs()
        )

    export_id = repeats().remembered(app, idempotency_key, None, request)
    document = read_export(who.user_id, export_id, now=now, accounts=accounts(), media=media())
    return json_response(document, HTTPStatus.ACCEPTED)


@app.get(
    "/v1/me/exports/<export_id>",
    summary="Read an export",
    operation_id="getExport",
    description="Where the ZIP is, once it is ready. It is deleted after a week.",
    tags=["me"],
    responses=problems(200, ExportDocument, "export_not_found"),
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
    responses=problems(202, Erasure) | problems(200, Erasure),
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


# --- guide and health -----------------------------------------------------------------------------


@app.get(
    "/v1/capture-guide",
    summary="The photo gates",
    operation_id="getCaptureGuide",
    description="What a photo is judged on, for the phone to check before it uploads.",
    tags=["guide"],
    responses=problems(200, Gates),
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
    return json_response(Health(status="ok"), headers=NOT_KEPT)


@app.get(
    "/v1/health/ready",
    summary="Can it reach its table, queue and buckets?",
    operation_id="getReady",
    tags=["health"],
    responses=problems(200, Health) | problems(503, Health),
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
    status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
    return json_response(health, status, NOT_KEPT)


@app.get(
    "/v1/openapi.json",
    summary="This contract",
    operation_id="getOpenapi",
    tags=["guide"],
    description="OpenAPI 3.1, as a client generator takes it.",
    responses=problems(200, dict[str, Any]),
)
def get_openapi() -> Response[str]:
    document = (File(__file__).parent / "openapi.json").read_text()
    return Response(HTTPStatus.OK, "application/json", document, headers=KEPT_FOR_AN_HOUR)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return respond(app, event, context)
