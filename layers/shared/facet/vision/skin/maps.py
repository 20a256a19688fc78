"""Where a concern lies: what it is measured from, as a map over the face."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from facet.vision.skin.filters import Map, Mask, mean_near, smooth
from facet.vision.skin.layout import FINE, FINEST, SURFACE, area, off_features
from facet.vision.skin.limits import limits
from facet.vision.skin.measured import ramp
from facet.vision.skin.pigment import bloodless, blotches, flush
from facet.vision.skin.relief import line_maps, pore_points, roughness
from facet.vision.skin.scores import load_scoring
from facet.vision.skin.spots import brown_spots, red_spots, spot_place
from facet.vision.skin.surface import Surface, read_surface
from facet.vision.skin.texture import Pixels, Texture, unwrap


def strength_map(pixels: Pixels, points: NDArray[np.floating], concern: str) -> Map:
    """Photo (h, w, 3), landmarks (468, 2) -> (280, 240), 0..1, in the coarse texture.

    What the concern is measured from, on bare skin. Raises KeyError for an unknown concern.
    """
    map_of = _MAPS[concern]
    size = FINEST if concern == "pores" else FINE
    texture = unwrap(pixels, points, size)
    coarse = texture.halved()
    if size == FINEST:
        coarse = coarse.halved()
    face = read_surface(coarse)
    return ramp(map_of(face, texture), 0, 1) * face.lit


def _line_map(face: Surface, _: Texture) -> Map:
    lines = [lined * area(name) for name, lined in line_maps(face).items()]
    return np.asarray(np.maximum.reduce(lines))


def _under_eye_map(face: Surface, _: Texture) -> Map:
    cheeks = face.region("right_cheek") | face.region("left_cheek")
    usual = np.median(face.darkness[cheeks]) if cheeks.any() else 0
    below = area("right_under_eye") | area("left_under_eye")
    return (face.darkness - np.float32(usual)) / np.float32(limits("maps")["dark_circles"]) * below


def _crease_map(face: Surface, _: Texture) -> Map:
    k, table = face.px_per_mm, limits("maps")
    down, along = table["crease"]
    bent = smooth(face.darkness, down * k, along * k, d_down=2) * np.float32((down * k) ** 2)
    below = area("right_under_eye") | area("left_under_eye")
    return -bent / np.float32(table["eye_bags"]) * below


def _grey_map(face: Surface, _: Texture) -> Map:
    place = _measured(face)
    near = mean_near(bloodless(face), place, limits("maps")["near"] * face.px_per_mm)
    return _from_mild("dullness", near) * place


def _rough_map(face: Surface, fine: Texture) -> Map:
    place = _measured(face) & off_features()
    rough = np.abs(roughness(fine.rgb, fine.px_per_mm)) * np.float32(1.25)  # of a normal deviation
    small = (rough[::2, ::2] + rough[1::2, ::2] + rough[::2, 1::2] + rough[1::2, 1::2]) / 4
    near = mean_near(np.asarray(small, np.float32), place, limits("maps")["near"] * face.px_per_mm)
    return _from_mild("texture", near) * place


def _measured(face: Surface) -> Mask:
    """Where the face's surface is measured: the matte skin of every part that is bare enough."""
    least = limits("measured")["region"]
    shown = [face.region(name) for name in SURFACE if face.bare(name) >= least]
    return np.logical_or.reduce(shown) if shown else np.zeros_like(face.matte)


def _from_mild(concern: str, values: Map) -> Map:
    """Values in hundredths of the concern's unit -> 0..1, from the limit of its band "mild" on."""
    mild = load_scoring().concerns[concern]["bands"][0] / 100
    return ramp(values, mild, limits("maps")[concern])


def _pore_map(face: Surface, finest: Texture) -> Map:
    points = pore_points(finest.rgb, finest.px_per_mm).reshape(*face.skin.shape[:1], 4, -1, 4)
    places = area("nose") | area("right_cheek") | area("left_cheek")
    return np.asarray(points.max(axis=(1, 3)) * places)


_MAPS: dict[str, Callable[[Surface, Texture], Map]] = {
    "redness": lambda face, _: _from_mild("redness", flush(face)) * _measured(face),
    "blemishes": lambda face, _: red_spots(face) * spot_place(face),
    "dark_spots": lambda face, _: brown_spots(face) * spot_place(face),
    "unevenness": lambda face, _: _from_mild("unevenness", np.abs(blotches(face)[0])),
    "shine": lambda face, _: _from_mild("shine", face.specular[0]) * face.specular[1],
    "dullness": _grey_map,
    "texture": _rough_map,
    "pores": _pore_map,
    "wrinkles": _line_map,
    "dark_circles": _under_eye_map,
    "eye_bags": _crease_map,
}
