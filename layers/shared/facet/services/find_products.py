"""GET /v1/products and what lies below it: the catalogue, searched and looked up by condition."""

from collections.abc import Mapping
from typing import Any, Protocol, get_args

from pydantic import Field

from facet.advice.allergies import notes_on_unclear
from facet.advice.answer import cited
from facet.catalogue.age import age_of, notes_on_age
from facet.catalogue.evidence import Facts as Evidence
from facet.catalogue.evidence import best_of, concern_of, reasons
from facet.catalogue.suitable import Person, contents_of, refusal
from facet.domain.advice import Audience, Note, Reason, Source
from facet.domain.base import Part
from facet.domain.cursor import Cursors
from facet.domain.errors import PermanentError, ProductNotFoundError
from facet.domain.products import Goal, PriceBand, Product
from facet.domain.search import Condition, Near, Query, Search
from facet.saying import say
from facet.services.keep_profile import consented, read_profile
from facet.services.ports import Products, Shelves

MOST = 100  # looked at for a condition


class FoundProduct(Part):
    """A product, and how well it answers the question."""

    product: Product = Field(description="What was found.")
    score: float | None = Field(
        None, ge=0, description="Relevance of the words searched for, higher is better; no unit."
    )
    distance: float | None = Field(
        None,
        ge=0,
        description="From near_shade: CIEDE2000. From near_product: 1 - cosine of what they are "
        "made of, 0..1.",
    )


class ProductPage(Part):
    """A page of products, best first."""

    products: tuple[FoundProduct, ...] = Field(description="Best match first.")
    total: int | None = Field(
        None, ge=0, description="How many there are in all; absent where the index cannot count."
    )
    cursor: str | None = Field(None, description="Send it back for the next page; absent: no more.")


class RecommendedProduct(Part):
    """A product that helps, and why it is named."""

    product: Product = Field(description="What is recommended.")
    why: tuple[Reason, ...] = Field(description="At least one.")


class RecommendedProducts(Part):
    """Products for a condition: best evidence first, then what suits the skin, then gentleness."""

    condition: Condition = Field(description="What was asked for.")
    concern: Goal | None = Field(
        None, description="What the products help; absent for `normal`, which asks for none."
    )
    products: tuple[RecommendedProduct, ...] = Field(description="Best first.")
    notes: tuple[Note, ...] = Field(
        (), description="What to know: what an age leaves out, an allergy that is not understood."
    )
    catalogue: str = Field(description="Version of products and ingredients.")
    sources: tuple[Source, ...] = Field((), description="Of the reasons, by their ids.")


class Facts(Evidence, Protocol):
    """What the snapshot knows of products and ingredients."""

    version: str
    rules: Mapping[str, Any]

    def product(self, product_id: str) -> Product | None: ...
    def source(self, source_id: str) -> Source: ...


def read_product(product_id: str, *, products: Products) -> Product:
    """One product as the catalogue has it. Raises ProductNotFoundError."""
    product = products.get(product_id)
    if product is None:
        raise ProductNotFoundError
    return product


def near_one(shade: str | None, product_id: str | None) -> Near | None:
    """The point to search near, if any. Raises PermanentError(invalid_request) for two."""
    if shade and product_id:
        raise PermanentError("invalid_request", say("problem.invalid_request.near_one"))
    return Near(shade=shade, product_id=product_id) if shade or product_id else None


def find_products(
    user_id: str,
    query: Query,
    cursor: str | None,
    *,
    cursors: Cursors,
    search: Search,
    facts: Facts,
) -> ProductPage:
    """A page of the products that answer a query: `query.limit` of them after the cursor.

    Raises PermanentError(invalid_cursor), for a cursor fits its question alone, and
    ProductNotFoundError for a product to be near to.
    """
    listing = (
        f"products {query.model_dump_json(exclude={'limit', 'offset'}, exclude_defaults=True)}"
    )
    offset = int(cursors.read(user_id, listing, cursor)) if cursor else 0
    page = search.search(query.model_copy(update={"offset": offset}))
    end = offset + query.limit
    more = page.total > end if page.total is not None else len(page.hits) == query.limit
    return ProductPage(
        products=tuple(
            FoundProduct(product=product, score=hit.score, distance=hit.distance)
            for hit in page.hits
            if (product := hit.product or facts.product(hit.product_id))
        ),
        total=page.total,
        cursor=cursors.sign(user_id, listing, str(end)) if more else None,
    )


def recommend_products(
    user_id: str,
    condition: Condition,
    limit: int,
    *,
    shelves: Shelves,
    search: Search,
    facts: Facts,
    audience: Audience = "adults",
) -> RecommendedProducts:
    """Products that help a condition and that the person's profile allows, best first.

    audience: whom the stack is for. Raises PermanentError(profile_unreadable) and
    GuardianConsentError.
    """
    profile = consented(read_profile(user_id, shelves=shelves))
    concern, age = concern_of(condition), age_of(profile, audience, facts.ingredients, facts.rules)
    person = Person.of_profile(profile, facts.ingredients, age)
    chosen: list[RecommendedProduct] = []
    if concern is not None and age.works_on(concern) and not person.unclear:
        query = Query(
            concern=concern,
            without=(*profile.allergies, *profile.avoided_ingredients),
            pregnancy=profile.pregnancy is not None,
            price_bands=_affordable(profile.budget),
            limit=MOST,
        )
        suited = [
            product
            for hit in search.search(query).hits
            if (product := hit.product or facts.product(hit.product_id))
            and not refusal(person, contents_of(facts.ingredients, product), suggested=True)
            and (age.steps is None or product.step in age.steps)
        ]

        def rank(product: Product) -> tuple[int, bool]:
            best = best_of(product, concern, facts)
            return -best[0] if best else 0, profile.skin_type not in product.skin_types

        chosen = [
            RecommendedProduct(
                product=product, why=tuple(reasons(product, concern, profile, facts))
            )
            for product in sorted(suited, key=rank)[:limit]
        ]
    notes = notes_on_age(age, [concern] if concern else [])
    return RecommendedProducts(
        condition=condition,
        concern=concern,
        products=tuple(chosen),
        notes=(*notes_on_unclear(person), *notes),
        catalogue=facts.version,
        sources=tuple(
            map(
                facts.source,
                cited((*(reason for choice in chosen for reason in choice.why), *notes)),
            )
        ),
    )


def _affordable(budget: PriceBand | None) -> tuple[PriceBand, ...]:
    bands: tuple[PriceBand, ...] = get_args(PriceBand)
    return bands[: bands.index(budget) + 1] if budget else ()
