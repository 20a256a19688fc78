"""The legend of an overlay: readable, beside the face, never wider than the photo."""

import numpy as np
import pytest

from facet import colour
from facet.vision.drawing.legend import CHARACTERS, Legend, draw_legend, written
from facet.vision.drawing.overlay import colour_on

BLUE = (0, 114, 178)
LEGEND = Legend(
    "Redness: 14.2 % haemoglobin absorbance", "A difference below 1.6 is noise.", ("none", "strong")
)


def panel_rows(layer: np.ndarray) -> np.ndarray:
    return np.flatnonzero((layer[..., 3] > 0).any(axis=1))


def test_every_printable_character_has_a_letter_of_its_own() -> None:
    drawn = {
        character: np.asarray(written(character, 24)).tobytes() for character in CHARACTERS[1:]
    }
    assert len(set(drawn.values())) == len(drawn)
    assert not np.asarray(written(" ", 24)).any()


def test_what_has_no_letter_is_a_question_mark() -> None:
    assert np.array_equal(np.asarray(written("\u0416", 24)), np.asarray(written("?", 24)))


def test_longer_text_is_wider_and_larger_text_is_higher() -> None:
    assert written("noise", 20).width < written("noisy noise", 20).width
    assert written("noise", 20).height < written("noise", 40).height


@pytest.mark.parametrize(("top", "bottom", "lies_below"), [(40, 300, True), (500, 760, False)])
def test_the_panel_lies_where_the_face_leaves_more_room(
    top: int, bottom: int, lies_below: bool
) -> None:
    layer = draw_legend(
        np.zeros((800, 800, 4), np.uint8), (200, top, 600, bottom), LEGEND, BLUE, (0, 200)
    )
    rows = panel_rows(layer)
    assert (rows.min() > bottom) if lies_below else (rows.max() < top)


@pytest.mark.parametrize("width", [260, 400, 1000])
def test_the_panel_fits_into_the_photo(width: int) -> None:
    layer = draw_legend(
        np.zeros((1000, width, 4), np.uint8), (0, 0, 50, 50), LEGEND, BLUE, (0, 200)
    )
    columns = np.flatnonzero((layer[..., 3] > 0).any(axis=0))
    assert columns.max() < width - 1
    bright = layer[..., :3].min(axis=2) > 160
    assert bright.sum() > 40  # there is text on it


def test_the_bar_runs_from_nothing_to_the_strongest() -> None:
    layer = draw_legend(np.zeros((800, 800, 4), np.uint8), (0, 0, 99, 99), LEGEND, BLUE, (0, 255))
    pure = (layer[..., :3] == BLUE).all(axis=2)
    assert pure.any()
    ys, xs = np.nonzero(pure)
    left = layer[ys[0], : xs.min(), :3].astype(int)
    assert (abs(left - 150).max(axis=1) < 8).any()  # the ground that shows where nothing is


@pytest.mark.parametrize("skin", ["#f6ede4", "#d7bd96", "#a07e56", "#604134", "#292420"])
def test_the_map_shows_on_every_skin(skin: str) -> None:
    """Monk tones 1, 5, 6, 8 and 10."""
    lab = colour.lab_from_hex(skin)
    away = colour.delta_e_2000(lab, colour.lab_from_hex(colour_on(float(lab[0]))))
    assert away > 30
