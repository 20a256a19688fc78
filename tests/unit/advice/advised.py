"""Facts of somebody with a private bag and private dislikes, and what is made of them."""

from collections.abc import Mapping
from typing import Any

from facet.advice.skincare.recommend import recommend_skincare
from facet.advice.words.facts import facts_of
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Profile
from facet.domain.analysis import Kind
from facet.domain.face import FaceReading
from facet.domain.narration import EnhancedAnalysis, Facts

SECRETS = ("Zelda", "Annabel", "item-77", "pregnan", "midwife")
READINGS = [
    {"redness": 30.0, "dark_spots": 45.0, "pores": 80.0},
    {"blemishes": 20.0, "shine": 55.0},
    {"wrinkles": 95.0},
    {},
]


def advised(
    reading: FaceReading, catalogue: Catalogue, **told: Any
) -> tuple[Facts, Mapping[str, Any]]:
    """Facts and the skincare document of someone with a private bag and private dislikes."""
    profile = Profile(avoided_ingredients=("Zelda oil",), **told)
    bag: list[dict[str, Any]] = [
        {"item_id": "item-77", "name": "Annabel's cream", "category": "moisturiser"},
        {"item_id": "item-78", "name": "Annabel's gel", "ingredients": ["Retinol"]},
        {"schema": 0},
    ]
    result = recommend_skincare(reading, profile, bag, catalogue)
    document = result.model_dump(mode="json", exclude_none=True)
    return facts_of(reading, {Kind.SKINCARE: document}), document


def words_of(analysis: EnhancedAnalysis) -> str:
    return " ".join((analysis.summary, *analysis.recommendations))
