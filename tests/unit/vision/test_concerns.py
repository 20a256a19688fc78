"""Concerns: each follows its own change of the skin, and not the camera's."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike
from PIL import Image

from facet import colour
from facet.domain.errors import PermanentError
from facet.domain.face import Concern
from facet.vision.drawing.overlay import draw_overlay
from facet.vision.skin.concerns import measure_concerns
from facet.vision.skin.layout import SURFACE, area
from facet.vision.skin.maps import strength_map
from facet.vision.skin.pigment import blotches
from facet.vision.skin.scores import BANDS, load_scoring
from facet.vision.skin.surface import read_surface
from facet.vision.skin.texture import resolution, unwrap
from tests.unit.vision.test_texture import mesh_of
from tests.unit.vision.test_texture import portrait as bright_portrait

CONCERNS = {
    "redness", "blemishes", "dark_spots", "unevenness", "shine", "dullness",
    "texture", "pores", "wrinkles", "dark_circles", "eye_bags",
}  # fmt: skip
HAEMOGLOBIN = np.array([0.12, 1.0, 0.75])
MELANIN = np.array([0.67, 1.0, 1.64])


@cache
def portrait() -> np.ndarray:
    """Half a stop darker than the file, whose cheeks are nearly burnt out."""
    linear = colour.linear_from_srgb(bright_portrait()) * 0.7
    return np.rint(colour.srgb_from_linear(linear) * 255).astype(np.uint8)


def read(pixels: np.ndarray) -> dict[str, Concern]:
    """name -> Concern; the mesh of the unedited portrait, so that only the skin differs."""
    concerns = measure_concerns(pixels, mesh_of(portrait()), load_scoring())
    assert {concern.name for concern in concerns} == CONCERNS
    return {concern.name: concern for concern in concerns}


@cache
def unedited() -> dict[str, Concern]:
    return read(portrait())


def absorbed(
    depth: ArrayLike, spectrum: ArrayLike = (1, 1, 1), pixels: np.ndarray | None = None
) -> np.ndarray:
    """Linear light times exp(-depth x spectrum); depth (h, w)."""
    linear = colour.linear_from_srgb(portrait() if pixels is None else pixels)
    linear = linear * np.exp(-np.asarray(depth)[..., None] * np.array(spectrum))
    return np.rint(colour.srgb_from_linear(linear) * 255).astype(np.uint8)


def at(landmarks: tuple[int, ...]) -> np.ndarray:
    return mesh_of(portrait()).points[list(landmarks)].mean(axis=0)


def lobe(centre: np.ndarray, wide_mm: float, tall_mm: float | None = None) -> np.ndarray:
    """A Gaussian on the portrait, 1 in its middle."""
    scale = resolution(mesh_of(portrait()).points)
    rows, columns = np.mgrid[0 : portrait().shape[0], 0 : portrait().shape[1]]
    x, y = (columns - centre[0]) / scale, (rows - centre[1]) / scale
    return np.asarray(np.exp(-((x / wide_mm) ** 2 + (y / (tall_mm or wide_mm)) ** 2) / 2))


def moved(edited: dict[str, Concern], name: str) -> float:
    """In minimum changes, signed."""
    before, after = unedited()[name], edited[name]
    assert before.measured is not None, before.reason
    assert after.measured is not None, after.reason
    assert before.minimum_change is not None
    return (after.measured - before.measured) / before.minimum_change


def flush() -> np.ndarray:
    depth: np.ndarray = lobe(at((50, 205)), 9) + lobe(at((280, 425)), 9)
    return depth


def spots() -> np.ndarray:
    """Nine places on cheeks and forehead, in the photo."""
    return mesh_of(portrait()).points[[50, 280, 205, 425, 151, 108, 337, 117, 346]]


# --- what each must see ---------------------------------------------------------------------------


@pytest.mark.parametrize("strength", [0.15, 0.3])
def test_a_flush_is_redness_and_nothing_else(strength: float) -> None:
    edited = read(absorbed(strength * flush(), HAEMOGLOBIN))
    assert moved(edited, "redness") > 2
    for other in ("blemishes", "dark_spots", "unevenness", "wrinkles", "texture"):
        assert abs(moved(edited, other)) < 0.25 * moved(edited, "redness"), other


def test_red_spots_are_blemishes_and_not_dark_spots() -> None:
    depth = sum(lobe(place, 1.0) for place in spots())
    edited = read(absorbed(0.5 * depth, HAEMOGLOBIN))
    assert moved(edited, "blemishes") > 1
    assert abs(moved(edited, "dark_spots")) < 0.2 * moved(edited, "blemishes")
    before, after = unedited()["blemishes"].score, edited["blemishes"].score
    assert before is not None
    assert after is not None
    assert after < before


def test_brown_spots_are_dark_spots_and_not_blemishes() -> None:
    depth = sum(lobe(place, 1.8) for place in spots())
    edited = read(absorbed(0.45 * depth, MELANIN))
    assert moved(edited, "dark_spots") > 1
    assert abs(moved(edited, "blemishes")) < 0.2 * moved(edited, "dark_spots")


def test_blotches_of_pigment_are_unevenness() -> None:
    depth = lobe(at((187,)), 6) + lobe(at((346,)), 6) + lobe(at((427,)), 5) + lobe(at((1,)), 6)
    assert moved(read(absorbed(0.5 * depth, MELANIN)), "unevenness") > 1


def test_added_white_light_is_shine_and_leaves_colour_alone() -> None:
    light = lobe(at((199,)), 6, 4) + lobe(at((4, 5)), 4, 7)  # her forehead is under a fringe
    linear = colour.linear_from_srgb(portrait()) + 0.25 * light[..., None]
    edited = read(np.rint(colour.srgb_from_linear(linear) * 255).astype(np.uint8))
    assert moved(edited, "shine") > 2
    assert abs(moved(edited, "redness")) < 0.3 * moved(edited, "shine")


def test_dark_circles_and_eye_bags_are_told_apart() -> None:
    grid = [at((230, 119)), at((450, 348))]
    darker = read(absorbed(0.4 * sum(lobe(place, 12, 6) for place in grid)))
    assert moved(darker, "dark_circles") > 2
    lower, upper = [at((119, 119, 230)), at((348, 348, 450))], [at((230,)), at((450,))]
    crease = sum(lobe(p, 9, 1.4) for p in lower) - 0.4 * sum(lobe(p, 9, 1.4) for p in upper)
    assert moved(read(absorbed(0.4 * crease)), "eye_bags") > 2


def test_lines_below_an_eye_are_wrinkles_of_that_place() -> None:
    depth = sum(lobe(np.add(at((450, 348)), (0, down)), 9, 0.45) for down in (-12, 4, 20))
    edited = read(absorbed(0.45 * depth))
    before, after = (
        {
            region.name: region.measured
            for region in concerns["wrinkles"].regions
            if region.measured is not None
        }
        for concerns in (unedited(), edited)
    )
    rises = {name: after[name] - before[name] for name in before if name in after}
    assert max(rises, key=lambda name: rises[name]) == "left_under_eye"
    assert rises["left_under_eye"] > 3
    assert abs(moved(edited, "dark_spots")) < 1


def test_skin_that_shows_less_blood_is_dull() -> None:
    everywhere = np.ones(portrait().shape[:2])
    darker = absorbed(0.15 * everywhere)  # so that nothing clips
    assert moved(read(absorbed(-0.14 * everywhere, HAEMOGLOBIN, darker)), "dullness") > 1


def test_roughness_is_seen_and_softness_too() -> None:
    draw = np.random.default_rng(5).standard_normal(portrait().shape[:2]).astype(np.float32)
    noise = Image.fromarray(draw)
    small = noise.resize((400, 400), Image.Resampling.BOX).resize((1000, 1000))
    rough = np.asarray(small) / np.asarray(small).std()
    assert moved(read(absorbed(0.06 * rough)), "texture") > 2


# --- what none must see ---------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [(0.71, 0.71, 0.71), (0.95, 1, 1), (1, 1, 0.95)])
def test_exposure_and_white_balance_are_no_change_of_the_skin(
    gain: tuple[float, float, float],
) -> None:
    linear = colour.linear_from_srgb(portrait()) * np.array(gain)
    edited = read(np.rint(colour.srgb_from_linear(linear) * 255).astype(np.uint8))
    for name, before in unedited().items():
        if before.measured is not None and edited[name].measured is not None:
            assert abs(moved(edited, name)) <= 1.5, name


def test_deeper_skin_keeps_its_relief_and_spots() -> None:
    deeper = read(absorbed(np.full(portrait().shape[:2], 0.8), MELANIN))
    for name in ("blemishes", "dark_spots", "texture", "wrinkles"):
        assert abs(moved(deeper, name)) <= 1, name
    # On skin of more melanin the same contrast is a smaller share of it.
    assert moved(deeper, "unevenness") < 0


def test_a_blurred_or_small_face_has_no_pores_and_says_why() -> None:
    pores = unedited()["pores"]
    assert pores.score is None
    assert pores.measured is None
    assert "px per mm" in (pores.reason or "")


def test_drawn_pores_are_counted_where_the_photo_carries_them() -> None:
    large = np.asarray(Image.fromarray(portrait()).resize((2600, 2600), Image.Resampling.BICUBIC))
    mesh = mesh_of(large)
    scale = resolution(mesh.points)
    assert scale > 6
    clean = {concern.name: concern for concern in measure_concerns(large, mesh, load_scoring())}[
        "pores"
    ]
    dots = np.zeros(large.shape[:2], np.float32)
    x, y = np.rint(mesh.points[4]).astype(int)
    for row in range(y - 220, y + 60, 11):
        for column in range(x - 110, x + 110, 11):
            dots[row - 1 : row + 2, column - 1 : column + 2] = 1
    edited = {
        concern.name: concern
        for concern in measure_concerns(absorbed(0.4 * dots, pixels=large), mesh, load_scoring())
    }["pores"]
    assert edited.measured is not None
    assert clean.measured is not None
    assert clean.minimum_change is not None
    assert edited.measured > clean.measured + clean.minimum_change


def test_a_burnt_out_face_is_not_guessed_at() -> None:
    linear = colour.linear_from_srgb(portrait()) * 9
    edited = read(np.rint(colour.srgb_from_linear(linear) * 255).astype(np.uint8))
    for name in ("redness", "unevenness", "shine", "dark_circles"):
        assert edited[name].score is None
        assert "burnt out" in (edited[name].reason or "")


# --- the document and its scores ------------------------------------------------------------------


def test_every_measured_concern_is_complete() -> None:
    for concern in unedited().values():
        if concern.measured is None:
            assert concern.reason
            continue
        assert concern.score is not None
        assert concern.minimum_change is not None
        assert 0 <= concern.score <= 100
        assert concern.band in BANDS
        assert concern.unit
        assert concern.minimum_change > 0
        assert 0 < concern.confidence <= 1
        for region in concern.regions:
            assert region.measured is not None
            assert region.name == "t_zone" or len(region.polygon) >= 8


def test_scores_fall_and_bands_rise_with_what_is_measured() -> None:
    scoring = load_scoring()
    for name, table in scoring.concerns.items():
        values = np.linspace(table["anchors"][0][0] - 5, table["anchors"][-1][0] + 5, 60)
        scores = [scoring.score(name, value) for value in values]
        bands = [BANDS.index(scoring.band(name, value)) for value in values]
        assert scores == sorted(scores, reverse=True), name
        assert scores[0] == 100, name
        assert scores[-1] == 0, name
        assert bands == sorted(bands), name
        assert set(bands) == {0, 1, 2, 3}, name
        assert table["source"], name
    assert set(scoring.concerns) == CONCERNS


def test_an_unknown_scoring_version_is_refused_by_name() -> None:
    with pytest.raises(PermanentError, match="known: 1"):
        load_scoring("none")


# --- the overlay ----------------------------------------------------------------------------------


def test_an_overlay_lies_where_the_concern_is() -> None:
    edited = absorbed(0.5 * lobe(at((280,)), 2.0), HAEMOGLOBIN)
    points = mesh_of(portrait()).points
    png = draw_overlay(edited, points, "blemishes")
    layer = np.asarray(Image.open(io.BytesIO(png)))
    assert layer.shape == (*edited.shape[:2], 4)
    x, y = np.rint(at((280,))).astype(int)
    assert layer[y - 3 : y + 4, x - 3 : x + 4, 3].max() > 100
    clean = np.asarray(Image.open(io.BytesIO(draw_overlay(portrait(), points, "blemishes"))))
    changed = np.abs(layer[..., 3].astype(int) - clean[..., 3])
    rows, columns = np.nonzero(changed > 60)
    assert np.hypot(rows - y, columns - x).max() < 6 * resolution(points)


def test_a_map_shows_only_what_was_measured() -> None:
    points = mesh_of(portrait()).points
    face = read_surface(unwrap(portrait(), points, 240))
    surface = np.logical_or.reduce([area(name) for name in SURFACE])
    for name in ("shine", "redness", "dullness", "texture"):
        assert strength_map(portrait(), points, name)[~surface].max() == 0, name
    assert (face.specular[0][~surface] > 0.1).any(), "there is something not to be shown"


def test_skin_that_was_not_searched_for_shine_counts_for_unevenness() -> None:
    face = read_surface(unwrap(portrait(), mesh_of(portrait()).points, 240))
    jaw = face.region("right_jaw") & ~face.specular[1]

    assert jaw.any()
    assert blotches(face)[1][jaw].all()


def test_every_concern_can_be_drawn_and_regions_are_outlined() -> None:
    points = mesh_of(portrait()).points
    for name in CONCERNS:
        layer = np.asarray(Image.open(io.BytesIO(draw_overlay(portrait(), points, name))))
        assert layer[:20, :20, 3].max() == 0, "nothing outside the face"
    outlined = draw_overlay(portrait(), points, "redness", ("left_cheek",))
    layer = np.asarray(Image.open(io.BytesIO(outlined)))
    assert (layer == (255, 255, 255, 230)).all(axis=-1).sum() > 50


# --- real faces -----------------------------------------------------------------------------------


def test_a_fringe_the_colour_of_skin_is_not_skin() -> None:
    names = {region.name for region in unedited()["redness"].regions}
    assert "forehead" not in names
    assert {"right_cheek", "left_cheek", "nose", "chin"} <= names


def test_a_dark_fringe_is_not_skin(faces: Path) -> None:
    pixels = np.asarray(Image.open(faces / "closeups" / "if034.jpg").convert("RGB"))
    concerns = measure_concerns(pixels, mesh_of(pixels), load_scoring())
    redness = {concern.name: concern for concern in concerns}["redness"]
    assert "forehead" not in {region.name for region in redness.regions}


@pytest.mark.parametrize("concern", sorted(CONCERNS))
def test_noise_is_at_most_half_of_the_first_bands_step_where_it_begins(concern: str) -> None:
    first, second, *_ = load_scoring().concerns[concern]["bands"]

    assert load_scoring().minimum_change(concern, first) <= (second - first) / 2
