"""The canonical texture: one layout for every face, at the scale it says."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from facet.vision.face.landmarks import part
from facet.vision.face.mesh import Mesh
from facet.vision.face.models import FaceModels
from facet.vision.skin.filters import blobs, grown, mean_near, shrunk, smooth
from facet.vision.skin.layout import PARTS
from facet.vision.skin.texture import (
    HEIGHT_MM,
    SIZES,
    WIDTH_MM,
    fitting_size,
    landmarks_in,
    region_mask,
    resolution,
    texture_positions,
    unwrap,
)

ROOT = Path(__file__).parents[3]
REGIONS = ["upper_lip", "below_lip", *(name for name in PARTS if name != "t_zone")]


@cache
def models() -> FaceModels:
    return FaceModels.load(Path(os.environ.get("MODELS_DIR") or ROOT / "layers/models/models"))


@cache
def portrait() -> np.ndarray:
    """NASA's portrait of Eileen Collins, public domain: head and shoulders, 1000 px."""
    whole = Image.fromarray(data.astronaut())  # type: ignore[no-untyped-call]
    face = whole.crop((120, 10, 330, 220)).resize((1000, 1000), Image.Resampling.BICUBIC)
    return np.asarray(face)


def mesh_of(pixels: np.ndarray) -> Mesh:
    (face,) = models().find_faces(pixels)
    return face.mesh


def test_a_texture_has_the_layouts_shape_and_the_photos_scale() -> None:
    mesh = mesh_of(portrait())
    for size in SIZES:
        texture = unwrap(portrait(), mesh.points, size)
        assert texture.rgb.shape == (size * HEIGHT_MM // WIDTH_MM, size, 3)
        assert texture.px_per_mm == pytest.approx(size / 144)
        assert texture.photo_px_per_mm == pytest.approx(resolution(mesh.points))


def test_the_size_follows_what_the_photo_carries() -> None:
    assert fitting_size(0.8) == 240
    assert fitting_size(2.5) == 480
    assert fitting_size(6.5) == 960
    assert fitting_size(20.0) == 960, "more is averaged down"


def test_a_landmark_of_the_photo_lies_on_its_own_place_in_the_texture() -> None:
    # A photo that is black but for a white square on one landmark.
    mesh = mesh_of(portrait())
    for landmark in (1, 50, 280, 152, 9):
        x, y = np.rint(mesh.points[landmark]).astype(int)
        marked = np.zeros_like(portrait())
        marked[y - 6 : y + 7, x - 6 : x + 7] = 255
        texture = unwrap(marked, mesh.points, 480)
        rows, columns = np.nonzero(texture.rgb[..., 0] > 127)
        spot = np.array([columns.mean(), rows.mean()])
        distance = np.linalg.norm(spot - landmarks_in(480)[landmark]) / texture.px_per_mm
        assert distance < 1.5, f"landmark {landmark} lies {distance:.1f} mm off"


def test_a_landmark_of_the_photo_has_its_place_in_the_texture() -> None:
    points = mesh_of(portrait()).points
    inner = [9, 50, 280, 4, 199, 151]
    away = texture_positions(points, points[inner], 240) - landmarks_in(240)[inner]
    assert np.abs(away).max() < 1.5


def test_a_moved_and_enlarged_photo_gives_the_same_texture() -> None:
    mesh = mesh_of(portrait())
    large = Image.fromarray(portrait()).resize((1500, 1500), Image.Resampling.BICUBIC)
    wide = np.pad(np.asarray(large), ((40, 0), (70, 0), (0, 0)))
    # (x + 0.5) 1.5 - 0.5, then the margin
    moved = (mesh.points + 0.5) * 1.5 - 0.5 + (70, 40)
    texture = unwrap(portrait(), mesh.points, 240).rgb.astype(float)
    enlarged = unwrap(wide, moved, 240).rgb.astype(float)
    inside = region_mask("face", 240)
    assert np.abs(texture - enlarged)[inside].mean() < 2.0


def test_what_the_photo_does_not_show_is_not_seen() -> None:
    mesh = mesh_of(portrait())
    cut = int(mesh.points[1, 0])
    texture = unwrap(portrait()[:, cut:], mesh.points - (cut, 0), 240)
    assert not texture.seen[region_mask("right_jaw", 240)].any()
    assert texture.seen[region_mask("left_cheek", 240)].all()


def test_minifying_averages_instead_of_dropping_pixels() -> None:
    # A fine checkerboard is grey from afar; without averaging it would stay black and white.
    mesh = mesh_of(portrait())
    board = (np.indices(portrait().shape[:2]).sum(axis=0) % 2 * 255).astype(np.uint8)
    texture = unwrap(np.dstack([board] * 3), mesh.points, 240)
    cheek = texture.rgb[region_mask("left_cheek", 240)]
    assert 100 < cheek.mean() < 155
    assert cheek.std() < 40


def test_every_region_lies_in_the_layout_and_inside_the_face() -> None:
    face = region_mask("face", 240)
    for name in REGIONS:
        mask = region_mask(name, 240)
        assert mask.sum() > 60, name
        assert (mask & face).sum() >= 0.97 * mask.sum(), name


def test_left_and_right_mirror_each_other_in_the_layout() -> None:
    for name in ("cheek", "under_eye", "crows_feet", "nasolabial", "marionette"):
        right, left = (region_mask(f"{side}_{name}", 240) for side in ("right", "left"))
        assert (right[:, ::-1] == left).mean() > 0.995, name
    assert landmarks_in(240)[part("right_eye")][:, 0].max() < 120, "their right is the left of it"


def test_a_gaussian_keeps_a_constant_and_spreads_a_point() -> None:
    flat = np.ones((40, 60), np.float32)
    assert smooth(flat, 2.0)[12:-12, 12:-12] == pytest.approx(1.0, abs=1e-4)
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1
    spread = smooth(point, 2.0)
    assert spread[20, 20] == pytest.approx(1 / (2 * np.pi * 4), rel=0.02)


def test_a_second_derivative_of_a_parabola_is_its_curvature() -> None:
    rows, columns = np.mgrid[0:61, 0:61].astype(np.float32)
    bowl = 0.5 * (rows - 30) ** 2 + 2 * (columns - 30) ** 2
    assert smooth(bowl, 2.0, d_down=2)[30, 30] == pytest.approx(1.0, rel=0.02)
    assert smooth(bowl, 2.0, d_across=2)[30, 30] == pytest.approx(4.0, rel=0.02)


def test_a_mean_near_ignores_what_is_masked() -> None:
    values = np.zeros((40, 40), np.float32)
    values[:, 20:] = 9
    mask = np.ones((40, 40), bool)
    mask[:, 20:] = False
    assert np.abs(mean_near(values, mask, 3.0)).max() < 0.01


def test_a_spot_is_a_blob_and_a_line_is_none() -> None:
    rows, columns = np.mgrid[0:61, 0:61] - 30.0
    spot = np.exp(-(rows**2 + columns**2) / 18).astype(np.float32)
    line = np.exp(-(rows**2) / 18).astype(np.float32)
    assert blobs(spot, 3.0)[30, 30] > 0.2
    assert blobs(line, 3.0)[20:40, 20:40].max() < 0.01


def test_masks_shrink_and_grow_by_about_what_is_asked() -> None:
    mask = np.zeros((60, 60), bool)
    mask[20:40, 20:40] = True
    assert shrunk(mask, 2.0).sum() < mask.sum() < grown(mask, 2.0).sum()
    assert not shrunk(mask, 2.0)[20, 20]
    assert shrunk(mask, 2.0)[30, 30]
    assert grown(mask, 2.0)[30, 18]
    assert not grown(mask, 2.0)[30, 8]
