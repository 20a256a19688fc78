"""The question to a catalogue and its answer, the same for every kind of index."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, model_validator

from facet.domain.base import Part
from facet.domain.products import Goal, HexColor, PriceBand, Product, SkinType

Term = Annotated[str, Field(min_length=1, max_length=200)]
# Every goal, and every condition that a photo's measures may speak for (Prediction.condition).
Condition = Literal[
    Goal,
    "normal",
    "dry",
    "oily",
    "combination",
    "redness-prone",
    "blemish-prone",
    "pigmentation",
    "ageing",
    "tired",
]
Space = Literal["concerns", "ingredients", "colour"]


class Near(Part):
    """A point in one space, near which products are wanted: exactly one of the four."""

    concerns: dict[Goal, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="how much help with each is wanted; 1: all there is"
    )
    product_id: str | None = Field(default=None, description="made of much the same as this one")
    ingredients: tuple[Term, ...] = Field(default=(), description="made of much the same as these")
    shade: HexColor | None = Field(default=None, description="by CIEDE2000")

    @model_validator(mode="after")
    def _one_point(self) -> "Near":
        given = (self.concerns, self.product_id, self.ingredients, self.shade)
        if sum(map(bool, given)) != 1:
            raise ValueError("give one of concerns, product_id, ingredients, shade")
        return self

    @property
    def space(self) -> Space:
        """The space that the point lies in."""
        if self.shade:
            return "colour"
        return "concerns" if self.concerns else "ingredients"


class Query(Part):
    """A question to a catalogue: all that is given must hold; nothing given finds every product."""

    text: str = Field(
        default="",
        max_length=200,
        description="words of name, brand and ingredients; the last may be the start of one",
    )
    categories: tuple[str, ...] = Field(default=(), description="any of them")
    concern: Goal | None = Field(default=None, description="helps with it")
    skin_type: SkinType | None = Field(default=None, description="known to suit it")
    price_bands: tuple[PriceBand, ...] = Field(default=(), description="any of them")
    holds: tuple[Term, ...] = Field(default=(), description="ingredients, by any name; all of them")
    without: tuple[Term, ...] = Field(
        default=(), description="ingredients or groups of them, by any name; none of them"
    )
    pregnancy: bool = Field(default=False, description="only what nothing speaks against then")
    near: Near | None = Field(default=None, description="nearest first, instead of best first")
    limit: int = Field(default=20, ge=1, le=100, description="how many at most, 1..100")
    offset: int = Field(default=0, ge=0, description="how many better ones to leave out")


class Hit(Part):
    """A product that answers a query, with its score or its distance, if one was asked for."""

    product_id: str
    score: float | None = Field(default=None, description="relevance of the text, higher is better")
    distance: float | None = Field(
        default=None,
        description="concerns: Euclidean, 0..1 an axis; ingredients: 1 - cosine, 0..1; "
        "colour: CIEDE2000",
    )
    product: Product | None = Field(
        default=None, description="where the index carries its products, as S3 Vectors does"
    )


class Found(Part):
    """The answer to a query: the best hits, and how many products there are in all."""

    hits: tuple[Hit, ...] = ()
    total: int | None = Field(default=None, description="None where the index cannot count")


class Search(Protocol):
    """Anything that finds products."""

    def search(self, query: Query) -> Found: ...


class Match(Part):
    """An entry of a vector store that answers a query, with its distance or its score."""

    key: str
    metadata: dict[str, Any]
    distance: float | None = None
    score: float | None = None


class VectorStore(Protocol):
    """Vectors with metadata, in one index a space."""

    def query(
        self,
        space: Space,
        *,
        vector: Sequence[float] | None,
        text: str,
        filters: Mapping[str, Any],
        limit: int,
    ) -> list[Match]: ...

    def vector(self, space: Space, key: str) -> list[float] | None: ...
