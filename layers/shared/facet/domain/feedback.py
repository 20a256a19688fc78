"""What people made of a suggestion, as it is exported to learn from."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from facet.domain.base import Stored


class Judgement(Stored):
    """One line of the export: who said it is a hash, and what they wrote is left out."""

    person: str = Field(description="the same for all lines of one person, names nobody")
    verdict: Literal["accept", "reject", "worn"] | None = None
    rating: int | None = Field(default=None, ge=1, le=5)
    product_id: str | None = None
    ranking: str | None = Field(default=None, description="version that chose the product")
    features: dict[str, Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]] = Field(
        default_factory=dict, description="of the suggestion (advice.Suggestion.features)"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.verdict is None and self.rating is None:
            raise ValueError("neither a verdict nor a rating")
        return self

    @property
    def liked(self) -> bool | None:
        """Whether the suggestion was liked: accept, worn, or 4 and 5 stars; None: neither."""
        if self.verdict is not None:
            return self.verdict != "reject"
        return None if self.rating in (None, 3) else self.rating > 3
