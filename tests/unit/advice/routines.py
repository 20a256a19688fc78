"""Routines, their briefs and products for a week, made by hand."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from facet.advice.ranking import load_ranking
from facet.advice.skincare.read import Brief, brief_of
from facet.advice.skincare.recommend import recommend_skincare
from facet.catalogue.catalogue import Catalogue, Item
from facet.domain.advice import Profile, SkincareResult, Step
from facet.domain.face import FaceReading
from facet.domain.products import BagItem
from tests.unit.conftest import face_reading

TODAY = date(2026, 11, 21)

USED = {"in_use": "over_four_weeks"}

type Bag = Sequence[BagItem | Mapping[str, Any]]


def brief(
    catalogue: Catalogue,
    photo: FaceReading | None = None,
    bag: Bag = (),
    **told: Any,
) -> Brief:
    """What a routine is chosen by; told: fields of the profile."""
    profile, reading = Profile(**told), photo or face_reading()
    return brief_of(reading, profile, bag, catalogue, today=TODAY, ranking=load_ranking())[0]


def own(**items: str) -> list[Mapping[str, Any]]:
    """A bag of products of the catalogue that have long been used, by item id."""
    return [{"item_id": key, "product_id": value, **USED} for key, value in items.items()]


def ask(
    catalogue: Catalogue,
    bag: Bag = (),
    ita: float = 45,
    scores: Mapping[str, float] | None = None,
    **told: Any,
) -> SkincareResult:
    """The routine of somebody; scores: of the concerns; told: fields of the profile."""
    photo = face_reading(ita, **(scores or {}))
    return recommend_skincare(photo, Profile(**told), bag, catalogue, today=TODAY)


def texts(result: SkincareResult) -> set[tuple[str | None, str, str]]:
    """(item id, code, text) of every note."""
    return {(note.item_id, note.code, note.text) for note in result.notes}


def step_of(result: SkincareResult, name: str) -> Step:
    """The first step of this kind, or of the bag item of this id."""
    steps = (*result.am, *result.pm)
    return next(step for step in steps if name in (step.step, step.product.item_id))


def why(step: Step) -> list[tuple[str, str]]:
    """(what it points at, text) of every reason of a step."""
    return [(reason.points_at, reason.text) for reason in step.why]


def item(key: str, *tags: str, **fields: Any) -> Item:
    """A serum with an active of these families, morning or evening, unless told otherwise."""
    plain: dict[str, Any] = {
        "name": key.capitalize(),
        "category": "serum",
        "step": "treat",
        "actives": {},
        "ingredients": frozenset(),
        "tags": frozenset(tags),
        "treats": bool(tags),
        "helps": {},
        "irritancy": 0,
        "pregnancy": "ok",
        "medicine": None,
        "sessions": ("am", "pm"),
        "weight": 4,
        "rinse_off": False,
        "opened_months": 12,
        "spf": 0,
        "tinted": False,
        "cautions": (),
        "sources": (),
        "item_id": key,
    }
    return Item(**{**plain, "strain": fields.get("irritancy", 0), **fields})
