"""The edits do what they say, on a face made in code: no photo is needed."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from evaluation import edits
from facet import colour
from facet.vision.face.landmarks import part
from facet.vision.face.patches import inside
from facet.vision.face.pose import canonical

SIZE = (900, 760)  # height, width, px
MIDDLE = (380, 380)  # between the eyes, px
SKIN_LAB = (62.0, 15.0, 17.0)


def face(px_per_mm: float = 3.5, seed: int = 1) -> edits.Canvas:
    """Even skin with a little grain, on Facet's own mean face, everywhere in the picture."""
    points = canonical().points[:, :2] * (10, -10) * px_per_mm + MIDDLE
    skin = colour.linear_from_lab(SKIN_LAB)
    grain = np.random.default_rng(seed).normal(1, 0.04, (*SIZE, 1))
    pixels = np.rint(colour.srgb_from_linear(skin * grain) * 255).astype(np.uint8)
    return edits.Canvas(pixels, points)


@pytest.fixture(scope="module")
def canvas() -> edits.Canvas:
    return face()


def region(canvas: edits.Canvas, *names: str) -> np.ndarray:
    height, width = canvas.pixels.shape[:2]
    masks = [inside(canvas.points[part(name)], width, height) for name in names]
    return np.any(masks, axis=0)


def lab_change(canvas: edits.Canvas, edited: np.ndarray) -> np.ndarray:
    return colour.lab_from_srgb(edited) - colour.lab_from_srgb(canvas.pixels)


def fine_detail(canvas: edits.Canvas, pixels: np.ndarray, where: np.ndarray) -> float:
    light = np.log(colour.luminance(colour.linear_from_srgb(pixels)) + 1e-3)
    return float((light[1:] - light[:-1])[where[1:]].std())


def spots(light: np.ndarray) -> int:
    return int(ndimage.label(ndimage.gaussian_filter(light, 2) < -2)[1])


@pytest.mark.parametrize("name", edits.OWN)
def test_an_edit_of_no_strength_is_the_photo_itself(canvas: edits.Canvas, name: str) -> None:
    assert np.array_equal(edits.OWN[name].apply(canvas, 0.0), canvas.pixels)


@pytest.mark.parametrize("name", edits.OWN)
def test_an_edit_grows_with_its_strength_and_stays_on_the_face(
    canvas: edits.Canvas, name: str
) -> None:
    face_and_neck = np.zeros(canvas.pixels.shape[:2], bool)
    left, top, right, bottom = canvas.box
    face_and_neck[top:bottom, left:right] = True
    changes = []
    for strength in edits.STRENGTHS:
        edited = edits.OWN[name].apply(canvas, strength)
        changed = np.abs(edited.astype(int) - canvas.pixels).sum(axis=-1)
        assert changed[~face_and_neck].max() == 0
        changes.append(int(changed.sum()))

    assert changes[0] > 0
    assert changes == sorted(changes)
    assert len(set(changes)) == len(changes)


def test_a_photo_that_was_edited_can_be_edited_again_to_the_same_bytes(
    canvas: edits.Canvas,
) -> None:
    for own in edits.OWN.values():
        assert np.array_equal(own.apply(canvas, 0.6), own.apply(face(), 0.6))


def test_a_flush_reddens_cheeks_and_nose_and_nothing_else(canvas: edits.Canvas) -> None:
    change = lab_change(canvas, edits.redden(canvas, 1.0))[..., 1]

    assert change[region(canvas, "right_cheek")].mean() > 4
    assert change[region(canvas, "left_cheek")].mean() > 4
    assert change[region(canvas, "nose")].mean() > 4
    assert np.abs(change[region(canvas, "forehead")]).mean() < 0.2
    assert np.abs(change[region(canvas, "chin")]).mean() < 0.2


@pytest.mark.parametrize(
    ("edit", "redder"), [(edits.add_blemishes, True), (edits.add_dark_spots, False)]
)
def test_spots_are_counted_and_blemishes_are_red_where_dark_spots_are_brown(
    canvas: edits.Canvas, edit: Callable[[edits.Canvas, float], np.ndarray], redder: bool
) -> None:
    lab = lab_change(canvas, edit(canvas, 1.0))
    spotted = lab[..., 0] < -4

    assert spotted.any()
    assert (lab[..., 1][spotted].mean() > 5) == redder
    counts = [spots(lab_change(canvas, edit(canvas, s))[..., 0]) for s in edits.STRENGTHS]
    assert counts == sorted(counts)
    assert counts[-1] >= 12


def test_blotches_are_broad_and_only_darken(canvas: edits.Canvas) -> None:
    light = lab_change(canvas, edits.blotch(canvas, 1.0))[..., 0]
    skin = region(canvas, "right_cheek", "left_cheek", "forehead")

    assert light[skin].std() > 1
    assert ndimage.gaussian_filter(light, 3)[skin].max() < 0.2
    assert fine_detail(canvas, edits.blotch(canvas, 1.0), skin) == pytest.approx(
        fine_detail(canvas, canvas.pixels, skin), rel=0.1
    )


def test_shine_adds_white_light_where_faces_shine(canvas: edits.Canvas) -> None:
    before = colour.linear_from_srgb(canvas.pixels)
    added = colour.linear_from_srgb(edits.add_shine(canvas, 1.0)) - before
    nose, jaw = region(canvas, "nose"), region(canvas, "right_jaw", "left_jaw")

    assert added[nose].mean() > 0.02
    assert added[jaw].mean() < 0.1 * added[nose].mean()
    assert np.ptp(added[nose].mean(axis=0)) < 0.01  # the same in every channel


def test_dull_skin_is_greyer_and_darker_and_keeps_its_detail(canvas: edits.Canvas) -> None:
    edited = edits.dull(canvas, 1.0)
    cheek = region(canvas, "right_cheek")
    before, after = (colour.lab_from_srgb(p)[cheek].mean(axis=0) for p in (canvas.pixels, edited))

    assert np.hypot(*after[1:]) < 0.75 * np.hypot(*before[1:])
    assert after[0] < before[0]
    assert fine_detail(canvas, edited, cheek) == pytest.approx(
        fine_detail(canvas, canvas.pixels, cheek), rel=0.15
    )


def test_texture_is_roughened_and_softened(canvas: edits.Canvas) -> None:
    cheek = region(canvas, "right_cheek")
    plain = fine_detail(canvas, canvas.pixels, cheek)

    assert fine_detail(canvas, edits.roughen(canvas, 1.0), cheek) > 1.2 * plain
    assert fine_detail(canvas, edits.soften(canvas, 1.0), cheek) < 0.5 * plain


@pytest.mark.parametrize(
    "name", ["forehead", "glabella", "crows_feet", "under_eye", "nasolabial", "marionette"]
)
def test_lines_lie_in_their_region(canvas: edits.Canvas, name: str) -> None:
    edited = edits.add_wrinkles(canvas, 1.0, name)
    darker = lab_change(canvas, edited)[..., 0] < -3
    sides = (name,) if name in {"forehead", "glabella"} else (f"right_{name}", f"left_{name}")

    assert darker.sum() > 50
    assert darker[region(canvas, *sides)].sum() > 0.6 * darker.sum()


def test_forehead_lines_run_across_and_frown_lines_run_down(canvas: edits.Canvas) -> None:
    def across_over_down(name: str) -> float:
        light = lab_change(canvas, edits.add_wrinkles(canvas, 1.0, name))[..., 0]
        return float(np.abs(np.diff(light, axis=0)).sum() / np.abs(np.diff(light, axis=1)).sum())

    assert across_over_down("forehead") > 2
    assert across_over_down("glabella") < 0.7


@pytest.mark.parametrize("edit", [edits.darken_under_eyes, edits.add_eye_bags])
def test_eyes_are_darkened_below_and_only_there(
    canvas: edits.Canvas, edit: Callable[[edits.Canvas, float], np.ndarray]
) -> None:
    light = lab_change(canvas, edit(canvas, 1.0))[..., 0]
    below = region(canvas, "right_under_eye", "left_under_eye")

    assert light[below].min() < -4
    assert np.abs(light[region(canvas, "forehead", "chin")]).mean() < 0.1


def test_pores_are_drawn_only_where_a_photo_could_show_them() -> None:
    assert edits.OWN["pores"].least_scale == edits.PORE_SCALE
    fine = face(px_per_mm=7.0)
    cheek = region(fine, "right_cheek")

    assert fine_detail(fine, edits.add_pores(fine, 1.0), cheek) > 1.1 * fine_detail(
        fine, fine.pixels, cheek
    )


@pytest.mark.parametrize("tone", range(2, 10))
def test_a_retinted_face_has_the_tone_and_keeps_its_texture(
    canvas: edits.Canvas, tone: int
) -> None:
    edited = edits.retint(canvas, tone)
    cheek = region(canvas, "right_cheek", "left_cheek")
    colour_now = colour.lab_from_linear(np.median(colour.linear_from_srgb(edited)[cheek], axis=0))

    assert float(colour.delta_e_2000(colour_now, edits.tones()[tone])) < 1
    assert fine_detail(canvas, edited, cheek) == pytest.approx(
        fine_detail(canvas, canvas.pixels, cheek), rel=0.1
    )


def test_half_a_stop_halves_twice_and_clips(canvas: edits.Canvas) -> None:
    darker = colour.linear_from_srgb(edits.exposure(canvas.pixels, -1.0))
    ratio = darker.mean() / colour.linear_from_srgb(canvas.pixels).mean()

    assert ratio == pytest.approx(0.5, rel=0.02)
    assert edits.exposure(np.full((4, 4, 3), 250, np.uint8), 0.5).max() == 255


def test_a_mirrored_mirror_and_a_turn_there_and_back_are_the_photo(canvas: edits.Canvas) -> None:
    small = canvas.pixels[200:400, 200:400]

    assert np.array_equal(edits.mirror(edits.mirror(small)), small)
    there_and_back = edits.rotate(edits.rotate(small, 4), -4)[40:-40, 40:-40].astype(int)
    assert np.abs(there_and_back - small[40:-40, 40:-40]).mean() < 4


@pytest.mark.parametrize("name", [*edits.NUISANCES, *edits.BALANCES])
def test_every_nuisance_makes_a_picture_of_the_same_scene(canvas: edits.Canvas, name: str) -> None:
    made = edits.pixels_of((edits.NUISANCES | edits.BALANCES)[name](canvas.pixels))

    assert made.shape[0] / made.shape[1] == pytest.approx(SIZE[0] / SIZE[1], rel=0.01)
    assert np.abs(made.mean(axis=(0, 1)) - canvas.pixels.mean(axis=(0, 1))).max() < 40
