"""Relief of the skin, seen by its light and shade: texture, pores and wrinkles."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.saying import say
from facet.vision.skin.filters import Map, Mask, blobs, curvature, grown, mean_near, shrunk, smooth
from facet.vision.skin.layout import CHEEKS, COARSE, SIDES, SURFACE, area, off_features
from facet.vision.skin.limits import limits
from facet.vision.skin.measured import Measured, ramp, why_lost
from facet.vision.skin.spots import brown_spots
from facet.vision.skin.surface import Surface
from facet.vision.skin.texture import Pixels, Texture, landmarks_in

LINES = ("forehead", "glabella", "crows_feet", "under_eye", "nasolabial", "marionette")


def texture(face: Surface, fine: Texture | None) -> Measured:
    """Roughness: contrast of light and shade between about 0.8 and 2 mm, %."""
    table = limits("texture")
    for cheek in CHEEKS:
        if reason := why_lost(face, cheek, burnt=table["burnt"], bare=table["bare"]):
            return Measured(None, {}, reason=reason)
    if fine is None:
        return Measured(None, {}, reason=say("concern.covered"))
    k = face.px_per_mm
    inner = shrunk(face.matte, table["margin"] * k) & off_features()
    inner &= ~grown(brown_spots(face) > table["spot"], table["spot_margin"] * k)
    regions = {}
    for name in (*CHEEKS, "forehead", "chin"):
        place = area(name) & inner
        enough = place.sum() >= table["region"] * area(name).sum()
        if enough and face.burnt_share(name) <= table["burnt"]:
            rows, columns = _box(place, 6)
            double = (
                slice(2 * rows.start, 2 * rows.stop),
                slice(2 * columns.start, 2 * columns.stop),
            )
            band = roughness(fine.rgb[double], fine.px_per_mm)
            values = band[np.kron(place[rows, columns], np.ones((2, 2), bool))]
            regions[name] = 100 * 1.4826 * float(np.median(np.abs(values - np.median(values))))
    if not regions:
        return Measured(None, {}, reason=say("concern.covered"))
    confidence = table["confidence"] * face.bare(*CHEEKS)
    return Measured(float(np.median(list(regions.values()))), regions, confidence)


def _box(place: Mask, margin: int) -> tuple[slice, slice]:
    """Rows and columns that hold a mask, and `margin` px around it where there are any."""
    sides = []
    for axis in (1, 0):
        held = np.flatnonzero(place.any(axis=axis))
        sides.append(slice(max(int(held[0]) - margin, 0), int(held[-1]) + 1 + margin))
    return sides[0], sides[1]


@cache
def _box_of(name: str) -> tuple[slice, slice]:
    return _box(area(name), 5)


def roughness(rgb: Pixels, k: float) -> Map:
    """sRGB (h, w, 3) at k px per mm -> (h, w) light and shade of about 0.8 to 2 mm, ln."""
    darkness, (fine, coarse) = _darkness(rgb), limits("texture")["scales"]
    return smooth(darkness, fine * k) - smooth(darkness, coarse * k)


def _darkness(rgb: Pixels) -> Map:
    light = colour.linear_from_srgb(rgb).astype(np.float32)
    return np.asarray(-np.log(np.maximum(colour.luminance(light), np.float32(3e-4))))


def pores(face: Surface, finest: Texture | None) -> Measured:
    """% of nose and inner cheeks taken by dark points of about 0.3 to 0.6 mm."""
    if finest is None:
        return Measured(None, {}, reason=say("concern.covered"))
    table = limits("pores")
    inner = shrunk(face.matte, table["margin"] * face.px_per_mm) & off_features()
    regions = {}
    for name in ("nose", *CHEEKS):
        place = np.kron(area(name) & inner, np.ones((4, 4), bool))
        if face.bare(name) < table["bare"] or not place.any():
            continue
        box = _box(place, 8)
        points = pore_points(finest.rgb[box], finest.px_per_mm)
        regions[name] = 100 * float(points[place[box]].mean())
    if not regions:
        return Measured(None, {}, reason=say("concern.covered"))
    return Measured(float(np.mean(list(regions.values()))), regions, table["confidence"])


def pore_points(rgb: Pixels, k: float) -> Map:
    """sRGB (h, w, 3) at k px per mm -> (h, w) 0..1 by how clear a dark point is there."""
    table = limits("pores")
    return ramp(blobs(_darkness(rgb), table["scale"] * k), table["none"], table["full"])


def wrinkles(face: Surface) -> Measured:
    """% of the places where lines form that lies in dark lines along their usual direction."""
    table = limits("wrinkles")
    # A deep fold is a hard edge too: where folds run, only what is dark like hair is left out.
    smooth_skin, folded = (
        off_features() & shrunk(mask, table["margin"] * face.px_per_mm)
        for mask in (face.skin, face.lit)
    )
    nothing, full = table["bare"]
    regions, weights = {}, {}
    for name, lined in line_maps(face).items():
        place = area(name) & (folded if name in _FOLDS else smooth_skin)
        # A region counts the more of it is bare, so that none comes or goes at a stroke.
        weight = min(1.0, (place.sum() / area(name).sum() - nothing) / (full - nothing))
        if place.sum() < table["least_pixels"] or weight <= 0:
            continue
        if face.burnt_share(name) <= table["burnt"]:
            regions[name], weights[name] = 100 * float(lined[place].mean()), weight
    total, counted = _over_lines(regions, weights)
    if counted < table["least_lines"]:
        return Measured(None, regions, reason=why_lost(face, *SURFACE) or say("concern.covered"))
    sharp = min(1.0, face.photo_px_per_mm / table["sharp"])
    confidence = table["confidence"] * sharp * counted / len(LINES)
    return Measured(total / counted, regions, confidence)


def _over_lines(regions: Mapping[str, float], weights: Mapping[str, float]) -> tuple[float, float]:
    """Values and weights (0..1) by region -> the sum over the kinds of lines, and their weight."""
    total = counted = 0.0
    for line in LINES:
        there = [side + line for side in _SIDES_OF[line] if side + line in regions]
        if there:
            value = np.average(
                [regions[name] for name in there], weights=[weights[n] for n in there]
            )
            weight = max(weights[name] for name in there)
            total, counted = total + weight * float(value), counted + weight
    return total, counted


def line_maps(face: Surface) -> dict[str, Map]:
    """Region -> 0..1 by how clear a dark line along that region's usual direction is."""
    k, table = face.px_per_mm, limits("wrinkles")
    around, broad_share = table["around"] * k, np.float32(table["broad"])
    filled = np.where(face.skin, face.darkness, mean_near(face.darkness, face.skin, around))
    level = _line(filled, k, across=False)
    upright = _line(filled, k, across=True)
    folds = np.where(face.lit, face.darkness, mean_near(face.darkness, face.lit, around))
    fine, broad = (curvature(folds, scale * k) for scale in table["fold"])
    at = landmarks_in(COARSE)
    maps = {}
    for name in (side + line for line in LINES for side in _SIDES_OF[line]):
        box = _box_of(name)
        if name in _FOLDS:
            start, end = _FOLDS[name]
            along = at[end] - at[start]
            near, far = (_oblique(scale, box, along) for scale in (fine, broad))
            # Only off: where a broad fold is not, its filter must not add a line.
            response = _along(np.asarray(near - broad_share * np.maximum(far, 0)), along)
        else:
            response = (upright if name == "glabella" else level)[box]
        maps[name] = np.zeros_like(filled)
        maps[name][box] = ramp(response, table["none"], table["full"])
    return maps


_SIDES_OF = {
    "forehead": ("",),
    "glabella": ("",),
    "crows_feet": SIDES,
    "under_eye": SIDES,
    "nasolabial": SIDES,
    "marionette": SIDES,
}
# Between these landmarks the fold runs.
_FOLDS = {
    "right_nasolabial": (203, 57),
    "left_nasolabial": (423, 287),
    "right_marionette": (61, 204),
    "left_marionette": (291, 424),
}


def _line(darkness: Map, k: float, *, across: bool) -> Map:
    """Dark lines about 1 mm wide that run level for some 5 mm (upright with `across`).

    The curvature across the line at 0.7 mm, less what a broad fold of 3 mm and more would give.
    """
    table, responses = limits("wrinkles"), []
    for sigma in table["line"]:
        s, run = sigma * k, table["run"] * k
        bent = (
            smooth(darkness, run, s, d_across=2) if across else smooth(darkness, s, run, d_down=2)
        )
        responses.append(np.float32(-s * s) * bent)
    return np.asarray(responses[0] - np.float32(table["broad"]) * np.maximum(responses[1], 0))


def _along(response: Map, along: NDArray[np.floating]) -> Map:
    """The mean over some 5 mm of a line's direction (x, y): specks cancel, lines do not."""
    x, y = along / np.linalg.norm(along)
    shifts = [(round(float(step * y)), round(float(step * x))) for step in (-4, -2, 0, 2, 4)]
    return np.asarray(np.mean([np.roll(response, shift, (0, 1)) for shift in shifts], axis=0))


def _oblique(
    bent: tuple[Map, Map, Map], box: tuple[slice, slice], along: NDArray[np.floating]
) -> Map:
    """Curvatures in a box, and a direction (x, y) -> dark lines along it; round spots cancel."""
    x, y = (float(value) for value in along / np.linalg.norm(along))
    down, across, mixed = (values[box] for values in bent)
    over = x * x * down + y * y * across - 2 * x * y * mixed
    along_it = y * y * down + x * x * across + 2 * x * y * mixed
    return np.asarray(-over - np.abs(along_it), np.float32)
