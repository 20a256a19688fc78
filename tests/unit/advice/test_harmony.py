"""Hues that go together, and seasons as shares."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facet.advice.harmony import LCh, Palette, Scale, hue_difference, relation, rules
from facet.colour import lab_from_hex
from facet.domain.face import Share
from tests.unit.conftest import face_reading

hues = st.floats(0, 359.9)


@given(hues, hues)
def test_a_hue_difference_is_the_short_way_round(first: float, second: float) -> None:
    turn = hue_difference(first, second)

    assert -180 <= turn <= 180
    assert math.isclose(math.cos(math.radians(second + turn - first)), 1, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("turn", "name"),
    [
        (0, "tonal"),
        (25, "analogous"),
        (120, "triad"),
        (150, "split"),
        (180, "complement"),
        (80, "free"),
    ],
)
@pytest.mark.parametrize("start", [10, 200, 340])
def test_the_classic_relations_are_named(turn: float, name: str, start: float) -> None:
    colour = LCh(60, 40, start)

    for other in (LCh(60, 40, (start + turn) % 360), LCh(60, 40, (start - turn) % 360)):
        assert relation(colour, other).name == name
        assert relation(other, colour) == relation(colour, other)


@given(st.lists(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True), max_size=9))
def test_many_colours_are_read_as_each_alone(shades: list[str]) -> None:
    for colour, same in zip(
        LCh.of_hexes(shades), [LCh.of_lab(lab_from_hex(shade)) for shade in shades], strict=True
    ):
        assert colour == pytest.approx(same, abs=1e-3)


@given(hues, hues)
def test_neutrals_go_with_everything(first: float, second: float) -> None:
    colour = LCh(60, 50, second)

    for neutral in (LCh(70, 3, first), LCh(8, 20, first)):
        assert relation(neutral, colour).name == "neutrals"


@given(st.floats(5, 95), st.floats(0, 60), hues)
def test_lch_and_lab_are_the_same_colour(lightness: float, chroma: float, hue: float) -> None:
    back = LCh.of_lab(LCh(lightness, chroma, hue).lab)

    assert back.lightness == pytest.approx(lightness)
    assert back.chroma == pytest.approx(chroma)
    assert chroma < 1e-6 or abs(hue_difference(back.hue, hue)) < 1e-6


@pytest.mark.parametrize("season", sorted(rules()["seasons"]))
def test_a_season_likes_its_own_place_best(season: str) -> None:
    reading = face_reading().model_copy(update={"season": (Share(name=season, share=1.0),)})
    places = [tuple(row.values()) for row in rules()["seasons"].values()]

    fits = Palette(reading).fits(places)

    assert list(rules()["seasons"])[int(fits.argmax())] == season
    assert fits.max() == pytest.approx(1)


def test_orange_is_warm_and_blue_is_cool_and_grey_is_neither() -> None:
    scale = Scale(50, 20, 30, 15, neutral_distance=90, hue_spread=55)

    colours = LCh.of_hexes(["#d98030", "#3060c0", "#808080"])
    orange, blue, grey = (scale.axes(colour)[0] for colour in colours)
    assert orange > 1
    assert blue < -0.7
    assert abs(grey) < 0.01


def test_a_flat_season_is_no_certainty() -> None:
    flat = face_reading()
    sure = flat.model_copy(update={"season": (Share(name="True Winter", share=1.0),)})

    assert Palette(flat).certainty == pytest.approx(0)
    assert not Palette(flat).is_measured
    assert Palette(sure).certainty == pytest.approx(1)
