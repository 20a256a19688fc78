"""The results of one analysis by kind, as the API tells them. Stored results are answered as they
are, so this is read by the document and the tests alone."""

from typing import Literal

from pydantic import Field

from facet.domain.advice import SkincareResult
from facet.domain.base import Part
from facet.domain.style import MakeupResult, OutfitResult


class FailedResult(Part):
    """A piece of advice that could not be made; the analysis completes with the others."""

    status: Literal["failed"] = Field(description="It failed; `code` says why.")
    code: str = Field(description="Stable snake_case word, of the codes of rows.")
    message: str = Field(description="One sentence for the person.")


class Recommendations(Part):
    """The results of one analysis: an entry for each finished wish."""

    skincare: SkincareResult | FailedResult | None = Field(
        default=None, description="A morning and an evening routine."
    )
    makeup: MakeupResult | FailedResult | None = Field(
        default=None, description="Looks from what is owned."
    )
    outfit: OutfitResult | FailedResult | None = Field(
        default=None, description="Outfits from the wardrobe."
    )
