"""What people make of advice is kept with what the advice rested on."""

import json
from datetime import timedelta
from typing import Any

import pytest
from ulid import ULID

from facet.domain.analysis import Kind
from facet.domain.belongings import Shelf
from facet.domain.errors import PermanentError
from facet.domain.products import Product
from facet.services.give_feedback import FeedbackReceipt, NewFeedback, give_feedback
from tests.unit.services.conftest import NOW, World

ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
SKINCARE = {
    "ranking": "skincare-1",
    "suggestions": [{"product": {"product_id": "cream"}, "features": {"price": 0.5}}],
    "notes": [{"item_id": "in-a-note"}],
}
OUTFIT = {"outfits": [{"items": [{"item_id": "shirt"}, {"item_id": "jeans"}]}]}


@pytest.fixture
def counted() -> list[tuple[str | None, bool | None]]:
    return []


@pytest.fixture
def give(world: World, counted: list[tuple[str | None, bool | None]]) -> Any:
    analysis = world.measured(analysis_id=ID, wants=("skincare", "outfit"))
    world.analyses.save_result(analysis, Kind.SKINCARE, SKINCARE)
    world.analyses.save_result(analysis, Kind.OUTFIT, OUTFIT)

    def run(**told: Any) -> dict[str, Any]:
        receipt = FeedbackReceipt.of(str(ULID.from_datetime(NOW)))
        give_feedback(
            "user",
            NewFeedback.model_validate(told),
            feedback_id=receipt.feedback_id,
            analyses=world.analyses,
            shelves=world.shelves,
            products=world.products,
            count=lambda *judged: counted.append(judged),
        )
        kept = world.shelves.get("user", Shelf.FEEDBACK, receipt.feedback_id)
        return json.loads(json.dumps(kept))  # type: ignore[no-any-return]

    return run


def test_what_chose_a_product_is_kept_with_the_verdict_on_it(
    give: Any, counted: list[tuple[str | None, bool | None]]
) -> None:
    kept = give(analysis_id=ID, kind="skincare", product_id="cream", verdict="reject")

    assert (kept["ranking"], kept["features"]) == ("skincare-1", {"price": 0.5})
    assert kept["on"] == NOW.date().isoformat()
    assert counted == [("skincare-1", False)]


def test_a_product_alone_may_be_judged_by_stars(
    world: World, give: Any, counted: list[tuple[str | None, bool | None]]
) -> None:
    world.products.of["cream"] = Product(product_id="cream", name="Cream", category="moisturiser")
    for stars in (5, 3):
        give(product_id="cream", rating=stars)
    give(product_id="cream", comment="Sticky.")
    assert counted == [(None, True), (None, None)]


def test_an_outfit_that_was_worn_dates_its_garments_but_never_back(world: World, give: Any) -> None:
    world.shelves.put("user", Shelf.WARDROBE, "shirt", {"name": "Shirt"})
    world.shelves.put("user", Shelf.WARDROBE, "jeans", {"last_worn": "2026-11-30"})

    give(analysis_id=ID, kind="outfit", verdict="worn", item_ids=["shirt", "jeans"])

    shirt = world.shelves.get("user", Shelf.WARDROBE, "shirt")
    jeans = world.shelves.get("user", Shelf.WARDROBE, "jeans")
    assert shirt
    assert jeans
    assert (shirt["last_worn"], jeans["last_worn"]) == ("2026-11-29", "2026-11-30")
    assert world.shelves.get("user", Shelf.WARDROBE, "none") is None


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"product_id": "cream"}, "feedback_empty"),
        ({"rating": 3}, "feedback_without_subject"),
        ({"analysis_id": ID, "rating": 3}, "feedback_without_subject"),
        ({"analysis_id": ID, "kind": "outfit", "verdict": "accept"}, "items_needed"),
        ({"product_id": "none", "rating": 3}, "product_not_found"),
        ({"analysis_id": ID[:-1] + "W", "kind": "skincare", "rating": 3}, "analysis_not_found"),
        ({"analysis_id": ID, "kind": "makeup", "rating": 3}, "result_not_found"),
        (
            {"analysis_id": ID, "kind": "skincare", "rating": 3, "item_ids": ["in-a-note"]},
            "not_in_the_result",
        ),
        (
            {"analysis_id": ID, "kind": "skincare", "rating": 3, "product_id": "none"},
            "not_in_the_result",
        ),
        (
            {"product_id": "cream", "rating": 3, "on": NOW.date() + timedelta(days=2)},
            "day_in_the_future",
        ),
    ],
)
def test_feedback_on_nothing_is_refused_and_not_kept(
    world: World,
    give: Any,
    counted: list[tuple[str | None, bool | None]],
    told: dict[str, Any],
    code: str,
) -> None:
    with pytest.raises(PermanentError, match=code):
        give(**told)
    assert (world.shelves.things, counted) == ({}, [])
