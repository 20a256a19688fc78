"""What may be suggested and in which order: scores by hand, from rankings/skincare-1.toml."""

from itertools import pairwise
from typing import Any

import pytest

from facet.advice.skincare.choice import MOST, Candidate, Offer, plain_products, scores, treatments
from facet.advice.skincare.recommend import recommend_skincare
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.ingredients import UNDESCRIBED
from facet.domain.advice import Profile
from facet.domain.products import Product
from tests.unit.advice.routines import brief
from tests.unit.conftest import DATA, face_reading


def worth(offer: Offer, candidate: Candidate) -> float:
    weights = offer.brief.ranking.weights
    return round(sum(weights[name] * value for name, value in candidate.features.items()), 6)


@pytest.mark.parametrize(
    ("product_id", "concern", "told", "score"),
    [
        # grade 3 * 3.0 + need 0.45 * 3
        ("toner-niacinamide-4", "redness", {}, 10.35),
        # + 2.0 for oily skin
        ("toner-niacinamide-4", "redness", {"skin_type": "oily"}, 12.35),
        # + 2.0 for sensitive skin
        ("toner-niacinamide-4", "redness", {"skin_type": "oily", "sensitive": True}, 14.35),
        # grade 3 * 3.0 + need 0.45 * 3 + skin 2.0 - irritancy 3 * 0.6 - strength 50 * 0.01
        # - medicine 1.0
        ("bpo-5-gel", "blemishes", {"skin_type": "oily"}, 9.05),
        # grade 2 * 3.0 + need 0.45 * 2 - irritancy 2 * 0.6
        # + 2.0 * 0.75 for a skin that by blemishes of 55 is no dry one
        ("azelaic-10-cream", "blemishes", {}, 7.2),
    ],
)
def test_the_score_of_a_treatment_is_the_sum_of_its_features_times_their_weights(
    catalogue: Catalogue, product_id: str, concern: str, told: dict[str, Any], score: float
) -> None:
    offer = Offer(brief(catalogue, face_reading(**{concern: 55}), **told))
    features = {
        **offer.fitness,
        "grade": catalogue.grade(concern),
        "strength": catalogue.strength,
    }

    row = catalogue.row(product_id)

    assert scores(offer.brief, features)[row] == pytest.approx(score)


@pytest.mark.parametrize(
    ("ita", "product_id", "features"),
    [
        (60, "mineral-fluid-50", {"tint_unwanted": 0, "white_cast": 0}),
        (60, "mineral-fluid-50-tinted", {"tint_unwanted": 1, "white_cast": 0}),
        (20, "mineral-fluid-50", {"tint_wanted": 0, "white_cast": 1}),
        (20, "mineral-fluid-50-tinted", {"tint_wanted": 1, "white_cast": 0}),
        (20, "sunscreen-lotion-50", {"tint_wanted": 0, "white_cast": 0}),
    ],
)
def test_a_sunscreen_is_weighed_by_its_tint_and_the_cast_it_leaves(
    catalogue: Catalogue, ita: float, product_id: str, features: dict[str, float]
) -> None:
    offer = Offer(brief(catalogue, face_reading(ita)))

    weighed = {c.item.product_id: c.features for c in plain_products(offer, "sunscreen")}

    assert weighed[product_id] == {"irritancy": 0, "price": 1, "medicine": 0, **features}


def test_candidates_come_best_first_and_equals_in_the_catalogue_s_order(
    catalogue: Catalogue,
) -> None:
    offer = Offer(brief(catalogue, face_reading(dark_spots=40, redness=60), skin_type="oily"))
    rows = {id_: number for number, id_ in enumerate(catalogue.ids)}

    chosen = list(treatments(offer, offer.brief.care.needs[0]))

    assert len(chosen) == MOST
    for better, next_ in pairwise(chosen):
        order = (-worth(offer, better), rows[str(better.item.product_id)])
        assert order < (-worth(offer, next_), rows[str(next_.item.product_id)])


def test_no_treatment_is_a_medicine_but_for_blemishes(catalogue: Catalogue) -> None:
    offer = Offer(brief(catalogue, face_reading(blemishes=40, shine=60)))
    medicines = {
        need.goal: {c.item.medicine for c in treatments(offer, need)}
        for need in offer.brief.care.needs
    }

    assert medicines == {"blemishes": {None, "pharmacy"}, "shine": {None}}


def test_sensitive_skin_is_offered_nothing_harsh(catalogue: Catalogue) -> None:
    def harshest(*, sensitive: bool) -> int:
        offer = Offer(brief(catalogue, face_reading(wrinkles=40), sensitive=sensitive))
        return max(c.item.irritancy for c in treatments(offer, offer.brief.care.needs[0]))

    assert harshest(sensitive=False) == 2
    assert harshest(sensitive=True) == 1


def test_dark_circles_are_treated_round_the_eyes_and_nothing_else_is(catalogue: Catalogue) -> None:
    offer = Offer(brief(catalogue, face_reading(dark_circles=40, wrinkles=40)))
    categories = {
        need.goal: {c.item.category for c in treatments(offer, need)}
        for need in offer.brief.care.needs
    }

    assert categories["dark_circles"] == {"eye_care"}
    assert "eye_care" not in categories["wrinkles"]


def test_plain_products_hold_nothing_that_treats_and_those_over_budget_come_last(
    catalogue: Catalogue,
) -> None:
    offer = Offer(brief(catalogue, budget="low"))

    chosen = list(plain_products(offer, "moisturiser"))

    assert not any(c.item.treats for c in chosen)
    over = [c.over_budget for c in chosen]
    assert over == sorted(over)
    assert {c.item.price_band for c in chosen if not c.over_budget} == {"low"}
    assert {c.item.price_band for c in chosen if c.over_budget} <= {"mid", "high"}


def test_without_a_price_a_product_is_weighed_as_mid_and_is_within_no_budget() -> None:
    unpriced = Product(
        product_id="theirs", name="Theirs", category="moisturiser", inci=("Aqua", "Glycerin")
    )
    shop = Catalogue.load(build_catalogue(DATA, [unpriced]))
    row = shop.row("theirs")

    assert Offer(brief(shop)).fitness["price"][row] == 1
    assert Offer(brief(shop)).affordable[row]
    assert not Offer(brief(shop, budget="high")).affordable[row]


def test_a_brand_that_is_avoided_is_not_suggested() -> None:
    avoided = Product(
        product_id="theirs", name="Cream", brand="Ona", category="serum", inci=("Aqua",)
    )
    shop = Catalogue.load(build_catalogue(DATA, [avoided]))

    def offered(**told: Any) -> set[str | None]:
        offer = Offer(brief(shop, **told))
        return {c.item.product_id for c in plain_products(offer, "serum")}

    assert "theirs" in offered()
    assert "theirs" not in offered(avoided_ingredients=("Ona",))


@pytest.mark.parametrize("skin_type", [None, "dry", "oily"])
@pytest.mark.parametrize("goal", ["redness", "dark_spots", "wrinkles", "blemishes", "texture"])
def test_in_pregnancy_what_is_described_as_a_whole_is_suggested_first(
    catalogue: Catalogue, goal: Any, skin_type: Any
) -> None:
    told = Profile(goals=(goal,), skin_type=skin_type, pregnancy="pregnant")
    undescribed = {row.id for row in catalogue.ingredients.all if row.pregnancy == UNDESCRIBED}

    routine = recommend_skincare(None, told, [], catalogue)

    items = [catalogue.item(s.product.product_id or "") for s in routine.suggestions]
    assert items
    assert not any(item and item.ingredients & undescribed for item in items)
