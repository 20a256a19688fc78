"""The catalogue: search it, ask it what helps, read one product."""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import Field

from facet.domain.errors import FacetError, PermanentError
from facet.domain.products import Goal, HexColor, PriceBand, Product, SkinType, Slug
from facet.domain.search import Condition, Term
from facet.domain.search import Query as Question
from facet.http.answers import json_response
from facet.http.caller import caller
from facet.http.gateway import Cursor, Limit
from facet.http.problems import problems
from facet.routes.router import WiredRouter
from facet.services.find_products import (
    ProductPage,
    RecommendedProducts,
    find_products,
    near_one,
    read_product,
    recommend_products,
)
from facet.services.understand_allergy import UnderstoodTerm, understand_allergy

if TYPE_CHECKING:  # numpy comes with it: the first search loads it, reading a product does not
    from facet.catalogue.catalogue import Catalogue

router = WiredRouter()


def published() -> "Catalogue":
    """The newest catalogue. One that cannot be read is our fault, not the request's."""
    try:
        return router.wiring.catalogue.get()
    except PermanentError as error:
        if error.code == "catalogue_missing":
            raise
        raise FacetError("the published catalogue is not of this release") from error


@router.get(
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
    facts = published()
    page = find_products(
        caller(router).user_id,
        question,
        cursor,
        cursors=router.wiring.cursors,
        search=router.wiring.search(facts),
        facts=facts,
    )
    return json_response(page)


@router.get(
    "/v1/products/recommendations",
    summary="Products for a condition",
    operation_id="recommendProducts",
    description="What helps it, with the reasons, and nothing that the profile rules out: "
    "allergies, what is avoided, pregnancy, age, budget. Prescription medicines are never named.",
    tags=["products"],
    responses=problems(
        200,
        RecommendedProducts,
        "guardian_consent_missing",
        "profile_unreadable",
        "catalogue_missing",
    ),
)
def get_recommended_products(
    condition: Annotated[
        Condition,
        Query(description="A concern, or a condition as `prediction.condition` names it."),
    ],
    limit: Limit = 20,
) -> Response[str]:
    facts = published()
    recommended = recommend_products(
        caller(router).user_id,
        condition,
        limit,
        shelves=router.wiring.shelves,
        search=router.wiring.search(facts),
        facts=facts,
        audience=router.wiring.settings.audience,
    )
    return json_response(recommended)


@router.get(
    "/v1/ingredients/avoid",
    summary="Understand an allergy",
    operation_id="understandAllergy",
    description="What a word stands for that somebody types as an allergy or as something to "
    "avoid: a family of ingredients, one ingredient, nothing that is in cosmetics, or a word to "
    "ask about. Ask while it is typed: an allergy that is not understood makes advice partial.",
    tags=["products"],
    responses=problems(200, UnderstoodTerm, "catalogue_missing"),
)
def get_understood_allergy(
    q: Annotated[
        str,
        Query(min_length=1, max_length=100, description="As it was typed, in any language."),
    ],
) -> Response[str]:
    caller(router)
    return json_response(understand_allergy(q, facts=published()))


@router.get(
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
    caller(router)
    return json_response(read_product(product_id, products=router.wiring.products))
