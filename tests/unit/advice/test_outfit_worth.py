"""What garments are worth: formulas held to values worked out by hand."""

from typing import Any

import pytest

from facet.advice.harmony import relation_at
from facet.advice.outfit.read import brief_of
from facet.advice.outfit.wardrobe import Brief
from facet.advice.outfit.worth import formality
from facet.domain.advice import Profile
from facet.domain.style import Weather
from tests.unit.advice.wardrobes import ask, garment, ids, reading_of


def brief(*wardrobe: dict[str, Any]) -> Brief:
    reading = reading_of("True Autumn")
    return brief_of(reading, Profile(), wardrobe, [], None, weather=None, today=None)[0]


@pytest.mark.parametrize(
    ("levels", "worth"),
    [
        ((2, 2), 1.0),
        # exp(-(2 / 0.9) ** 2 / 2): two levels above every day
        ((4, 4), 0.0847),
        # ... times exp(-(2 / 1.3) ** 2 / 4): and two levels between the garments
        ((2, 4), 0.0468),
    ],
)
def test_formality_falls_with_the_way_from_the_occasion_and_between_garments(
    levels: tuple[int, int], worth: float
) -> None:
    asked = brief(*(garment(f"g{n}", "top", formality=level) for n, level in enumerate(levels)))

    assert formality(asked, asked.pieces) == pytest.approx(worth, abs=1e-4)


def test_a_garment_suits_the_season_as_its_colours_do_by_their_shares() -> None:
    rust, blue = "#a8582e", "#3a62b8"
    both = [{"hex": rust, "share": 0.5}, {"hex": blue, "share": 0.25}]
    asked = brief(
        garment("r", "top", rust), garment("b", "top", blue), garment("m", "top", colours=both)
    )

    warm, cool, mixed = (piece.season for piece in asked.pieces)
    assert mixed == pytest.approx((2 * warm + cool) / 3)


@pytest.mark.parametrize(
    ("turn", "name", "fit"),
    [
        (35, "analogous", 0.95),
        (40, "analogous", 0.8710),
        (80, "free", 0.25),
        (163, "complement", 0.7170),
    ],
)
def test_a_relation_fades_within_its_tolerance(turn: float, name: str, fit: float) -> None:
    """0.95 exp(-(5 / 12) ** 2 / 2) five beyond, 0.85 exp(-(7 / 12) ** 2 / 2) seven before."""
    relation = relation_at(turn)

    assert relation.name == name
    assert relation.fit == pytest.approx(fit, abs=1e-4)


def test_a_layer_is_no_ornament() -> None:
    dress = garment("dress", "full_body", "#3a62b8")
    coat = garment("coat", "outer", "#a8582e", warmth=1)

    mild, cold = (
        ask([dress, coat], weather=Weather(temperature_c=celsius), season="True Autumn")
        for celsius in (21.5, 14)
    )

    assert ids(mild.outfits[0]) == {"dress"}, "0.1 clo are missing: too little to put on a coat"
    assert ids(cold.outfits[0]) == {"dress", "coat"}
