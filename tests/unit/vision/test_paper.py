"""The sheet of white paper on small made pictures: what is one, what is none, what it changes."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from facet import colour
from facet.domain.face import FaceReading, ReferenceKind
from facet.vision.analyze import analyze_photo
from facet.vision.face.models import FaceModels
from facet.vision.face.patches import cut
from facet.vision.photo.gates import load_gates
from facet.vision.skin.light import Light
from facet.vision.skin.paper import Paper, find_paper
from facet.vision.skin.tone import SkinColour, measure_tone, skin_colour

SIZE = 320
SKIN = (58.0, 12.0, 17.0)
SHEET = ((190, 120), (290, 110), (300, 250), (200, 260))
EYES = ((88, 120, 104, 128), (136, 120, 152, 128))
ANGLES = np.linspace(0, 2 * np.pi, 60, endpoint=False)
FACE = np.stack([120 + 50 * np.cos(ANGLES), 140 + 70 * np.sin(ANGLES)], axis=1)
PATCH = np.array([[90, 150], [110, 150], [110, 170], [90, 170]], float)
DISPUTED = Light((0.0, 0.0), (30.0, 0.0), 0.0)

Shape = tuple[tuple[float, float], ...]


def reflectance(*sheets: Shape, lab: tuple[float, float, float] = (94.0, 1.5, -6.0)) -> np.ndarray:
    """Linear light under white light: a face with eye whites before a dim, uneven room."""
    draw = np.random.default_rng(1)
    room = 0.06 + 0.03 * np.sin(np.arange(SIZE) / 5)[:, None] * np.sin(np.arange(SIZE) / 7)
    picture = np.repeat(room[..., None], 3, axis=2)
    face = np.zeros((SIZE, SIZE), np.uint8)
    image = Image.fromarray(face)
    ImageDraw.Draw(image).polygon([tuple(point) for point in FACE], fill=1)
    for eye in EYES:
        ImageDraw.Draw(image).rectangle(eye, fill=2)
    for sheet in sheets:
        ImageDraw.Draw(image).polygon(list(sheet), fill=3)
    for level, of in ((1, SKIN), (2, (80.0, 1.0, 2.0)), (3, lab)):
        picture[np.asarray(image) == level] = colour.linear_from_lab(of)
    return picture * np.exp(draw.normal(0, 0.01, picture.shape))


def photo(linear: np.ndarray, gains: tuple[float, float, float] = (0.8, 0.8, 0.8)) -> np.ndarray:
    return np.rint(colour.srgb_from_linear(linear * np.array(gains)) * 255).astype(np.uint8)


def skin_on(pixels: np.ndarray) -> SkinColour:
    skin = skin_colour({"right_cheek": cut(pixels, PATCH)})
    assert skin is not None
    return skin


def found(pixels: np.ndarray) -> Paper | str:
    return find_paper(pixels, FACE, skin_on(pixels))


@pytest.mark.parametrize(
    "gains", [(0.8, 0.8, 0.8), (0.2, 0.2, 0.2), (0.9, 0.7, 0.45), (0.6, 0.7, 0.85)]
)
def test_the_tone_by_a_sheet_is_the_same_in_every_light(gains: tuple[float, float, float]) -> None:
    pixels = photo(reflectance(SHEET), gains)
    paper = found(pixels)
    assert isinstance(paper, Paper)

    tone = measure_tone(paper.skin(skin_on(pixels)), paper.light(DISPUTED))

    assert tone.ita == pytest.approx(float(colour.ita(np.array(SKIN))), abs=2.5)
    assert tone.lab == pytest.approx(SKIN, abs=2)


def test_a_sheet_leaves_less_open_than_the_photo_alone() -> None:
    pixels = photo(reflectance(SHEET))
    paper = found(pixels)
    assert isinstance(paper, Paper)

    by_sheet = measure_tone(paper.skin(skin_on(pixels)), paper.light(DISPUTED)).ita_interval
    alone = measure_tone(skin_on(pixels), DISPUTED).ita_interval

    assert by_sheet[1] - by_sheet[0] < (alone[1] - alone[0]) / 1.5


def test_the_sheets_outline_is_where_it_lies() -> None:
    paper = found(photo(reflectance(SHEET)))
    assert isinstance(paper, Paper)

    for corner in SHEET:
        assert np.hypot(*(paper.outline - np.array(corner)).T).min() < 4


def test_the_photo_developed_by_the_sheet_shows_it_white() -> None:
    pixels = photo(reflectance(SHEET), (0.9, 0.7, 0.45))
    paper = found(pixels)
    assert isinstance(paper, Paper)

    sheet = cut(paper.developed(pixels), np.array(SHEET, float))

    lab = colour.lab_from_srgb(np.median(sheet, axis=0) / 255)
    assert lab == pytest.approx((94.0, 1.5, -6.0), abs=1.5)


def test_no_sheet_is_not_found() -> None:
    assert found(photo(reflectance())) == "not_found"


def test_a_sheet_with_a_thumb_over_its_corner_is_used() -> None:
    linear = reflectance(SHEET)
    linear[225:265, 195:225] = colour.linear_from_lab((55.0, 13.0, 17.0))

    assert isinstance(found(photo(linear)), Paper)


def test_a_sheet_that_the_border_cuts_off_is_used() -> None:
    over_the_edge = tuple((x + 60, y + 20) for x, y in SHEET)

    assert isinstance(found(photo(reflectance(over_the_edge))), Paper)


def test_a_white_wall_is_no_sheet() -> None:
    wall = ((175, 0), (SIZE, 0), (SIZE, SIZE), (175, SIZE))

    assert found(photo(reflectance(wall))) == "not_found"


def test_a_bright_disc_is_no_sheet() -> None:
    disc = tuple((245 + 50 * np.cos(angle), 180 + 50 * np.sin(angle)) for angle in ANGLES)

    assert found(photo(reflectance(disc))) == "not_found"


def test_a_strip_of_paper_is_too_small() -> None:
    strip = ((200, 150), (225, 150), (225, 180), (200, 180))

    assert found(photo(reflectance(strip))) == "too_small"


def test_a_burnt_out_sheet_is_clipped() -> None:
    assert found(photo(reflectance(SHEET), (1.3, 1.3, 1.3))) == "clipped"


def test_a_sheet_under_a_slope_of_light_is_not_flat() -> None:
    linear = reflectance(SHEET)
    light = np.exp(np.linspace(-1, 1, SIZE))[:, None, None]
    white = linear.min(axis=2, keepdims=True) > 0.7

    assert found(photo(np.where(white, linear * 0.5 * light, linear))) == "not_flat"


@pytest.mark.parametrize("gain", [(0.3, 0.3, 0.3), (1.0, 0.9, 0.3), (0.4, 0.6, 1.1)])
def test_a_sheet_in_another_light_than_the_face_is_told(gain: tuple[float, float, float]) -> None:
    linear = reflectance(SHEET)
    white = linear.min(axis=2, keepdims=True) > 0.7

    answer = found(photo(np.where(white, linear * np.array(gain), linear), (0.7, 0.7, 0.7)))

    assert answer in {"in_other_light", "not_found"}


def test_two_sheets_that_disagree_are_told_and_two_that_agree_are_used() -> None:
    small = ((20, 230), (70, 225), (75, 300), (25, 305))
    linear = reflectance(SHEET, small)
    dimmer = linear.copy()
    dimmer[220:310, 15:80] *= 0.8

    assert isinstance(found(photo(linear)), Paper)
    assert found(photo(dimmer)) == "several"


# --- a whole photo -------------------------------------------------------------------------------

HELD = ((300, 150), (420, 165), (405, 320), (285, 305))  # beside the astronaut's face


def with_sheet(pixels: np.ndarray) -> np.ndarray:
    """Linear light of the photo with a sheet in it, metered so that the sheet does not clip."""
    linear = colour.linear_from_srgb(pixels).astype(float)
    mask = Image.new("L", (pixels.shape[1], pixels.shape[0]))
    ImageDraw.Draw(mask).polygon(list(HELD), fill=1)
    linear[np.asarray(mask) == 1] = colour.linear_from_lab((94.0, 1.5, -6.0)) * 1.1
    return linear * 0.7


def reading_of(
    linear: np.ndarray, models: FaceModels, gain: float, reference: ReferenceKind | None
) -> FaceReading:
    file = BytesIO()
    Image.fromarray(photo(linear, (gain, gain, gain))).save(file, "PNG")
    return analyze_photo(file.getvalue(), models, load_gates("relaxed"), reference).reading


def test_a_darker_photo_has_the_same_tone_by_the_sheet(
    astronaut: np.ndarray, models: FaceModels
) -> None:
    linear = with_sheet(astronaut)

    bright, dark = (reading_of(linear, models, gain, "white_paper") for gain in (1.0, 0.5))
    alone = [reading_of(linear, models, gain, None) for gain in (1.0, 0.5)]

    assert bright.quality.reference
    assert bright.quality.reference.status == "used"
    assert bright.skin.tone.ita == pytest.approx(dark.skin.tone.ita, abs=2)
    assert abs(alone[0].skin.tone.ita - alone[1].skin.tone.ita) > 10
    assert bright.skin.concerns == alone[0].skin.concerns
    assert "paper" in bright.versions.tables


def test_where_no_sheet_is_the_photo_is_read_as_if_none_was_told(
    astronaut: np.ndarray, models: FaceModels
) -> None:
    linear = colour.linear_from_srgb(astronaut)
    told, plain = (reading_of(linear, models, 1.0, kind) for kind in ("white_paper", None))

    assert told.quality.reference
    assert told.quality.reference.status == "not_usable"
    assert told.quality.reference.reason == "not_found"
    assert told.quality.reference.hint
    assert plain.quality.reference is None
    assert told.skin.tone == plain.skin.tone
    assert told.face.colours == plain.face.colours
