"""Garments, a wardrobe with something for most days, and a question asked of it."""

from datetime import date
from typing import Any

from facet.advice.outfit.recommend import recommend_outfit
from facet.domain.advice import Profile
from facet.domain.face import FaceReading, Share
from facet.domain.style import Outfit, OutfitResult, Weather
from tests.unit.conftest import face_reading

TODAY = date(2026, 11, 21)
SLOTS = ("top", "bottom", "full_body", "outer", "shoes", "accessory")
MILD = Weather(temperature_c=16)


def reading_of(season: str = "Soft Autumn") -> FaceReading:
    return face_reading().model_copy(update={"season": (Share(name=season, share=1.0),)})


def garment(item_id: str, slot: str, shade: str = "#6b6b6d", **changes: Any) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "category": item_id,
        "slot": slot,
        "colours": [{"hex": shade, "share": 1}],
        "formality": 2,
        "warmth": 3,
        **changes,
    }


WARDROBE = [
    garment("t1", "top", "#f4f2ee"),
    garment("t2", "top", "#9a4a2c"),
    garment("t3", "top", "#22304f"),
    garment("b1", "bottom", "#3a4f73"),
    garment("b2", "bottom", "#6a6a40"),
    garment("d1", "full_body", "#5d1a2a"),
    garment("o1", "outer", "#b08d5a", warmth=5),
    garment("s1", "shoes", "#5a3a28"),
]


def ask(
    wardrobe: list[dict[str, Any]],
    feedback: list[dict[str, Any]] | None = None,
    occasion: str | None = None,
    weather: Weather | None = MILD,
    season: str = "Soft Autumn",
) -> OutfitResult:
    return recommend_outfit(
        reading_of(season),
        Profile(),
        wardrobe,
        feedback or [],
        occasion,
        weather=weather,
        today=TODAY,
    )


def ids(outfit: Outfit) -> set[str]:
    return {item.item_id for item in outfit.items}


def base(outfit: Outfit) -> frozenset[str]:
    return frozenset(
        item.item_id for item in outfit.items if item.slot in ("top", "bottom", "full_body")
    )
