"""Edits of a real photo whose effect is known: one concern each, or none (what a camera does).

Everything is placed through the mesh, in millimetres of the face, with soft edges, and only where
there is bare skin. Pigment and shading multiply linear light, as absorbance and relief do; shine
adds to it. So contrast relative to the skin around it, not a CIELAB difference, is what stays the
same when a face is re-tinted. Strength runs 0 (the photo itself) to 1 (plain to see). What is drawn
at random is drawn from a fixed seed and is the same at every strength.
"""

import io
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy import interpolate, ndimage

from facet import colour
from facet.vision.face.landmarks import part

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating]

STRENGTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
EYE_CORNERS_MM = 88.9  # outer corners, MediaPipe's canonical face; persons differ by about 5 %
PORE_SCALE = 6.0  # px/mm; below, pores are not resolved

# Absorbance of R, G, B relative to green. Haemoglobin: its bands lie in green and blue; melanin:
# falls as wavelength to the power -3.3 (Jacques 1998), here at 610, 540 and 465 nm. Cameras differ
# in what their channels take in, and blood in its oxygen: every photo has its own within `_SPREAD`,
# so that no measure can be fitted to the edits.
HAEMOGLOBIN = np.array([0.12, 1.0, 0.75], np.float32)
MELANIN = np.array([0.67, 1.0, 1.64], np.float32)
_SPREAD = np.array([[0.06, 0.0, 0.12], [0.06, 0.0, 0.18]], np.float32)  # either way, even
GREY = np.ones(3, np.float32)

_LIKENESS = np.array([28.0, 13.0, 16.0], np.float32)  # L*, a*, b* still taken for skin
_SPECULAR = 2.2  # times the luminance of the cheeks
_SPOTS = 15
_MARGIN = 12.0  # mm around the face outline that is opened for editing


@dataclass(frozen=True, eq=False)
class Canvas:
    """A photo and its landmarks, opened around the face."""

    pixels: Pixels  # (height, width, 3), sRGB, the whole photo
    points: Floats  # (468, 2), pixels of the photo

    @cached_property
    def px_per_mm(self) -> float:
        return float(np.linalg.norm(self.points[33] - self.points[263])) / EYE_CORNERS_MM

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom of what is edited, px of the photo"""
        outline, margin = self.points[part("face")], _MARGIN * self.px_per_mm
        low = np.maximum(np.floor(outline.min(axis=0) - margin), 0)
        high = np.minimum(np.ceil(outline.max(axis=0) + margin), self.pixels.shape[1::-1])
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    @cached_property
    def local(self) -> Floats:
        """(468, 2) the landmarks in pixels of the box"""
        return np.asarray(self.points - np.array(self.box[:2]))

    @cached_property
    def linear(self) -> Floats:
        """(h, w, 3) float32, linear light inside the box"""
        left, top, right, bottom = self.box
        return colour.linear_from_srgb(self.pixels[top:bottom, left:right])

    @property
    def shape(self) -> tuple[int, int]:
        return self.linear.shape[0], self.linear.shape[1]

    @cached_property
    def likeness(self) -> Floats:
        """(h, w) 0..1: how like the cheeks in colour, after 1 mm of blur"""
        smooth = ndimage.gaussian_filter(self.linear, (self.px_per_mm, self.px_per_mm, 0))
        lab = colour.lab_from_linear(smooth)
        cheeks = self.mask([self.local[part(f"{side}_cheek")] for side in ("right", "left")])
        distance = (lab - np.median(lab[cheeks > 0.5], axis=0)) / _LIKENESS
        return np.clip((1.7 - np.linalg.norm(distance, axis=-1)) / 0.6, 0, 1)

    @cached_property
    def skin(self) -> Floats:
        """(h, w) 0..1: bare skin inside the outline, with soft edges"""
        parts = ("lips", "right_eye", "left_eye", "right_brow", "left_brow")
        holes = self.mask([self.local[part(name)] for name in parts])
        holes = ndimage.maximum_filter(holes, int(2.0 * self.px_per_mm) | 1)
        face = self.mask([self.local[part("face")]])
        # The outline lies on the forehead: an edit that ended there would draw a line.
        face = np.clip(2 * ndimage.gaussian_filter(face, 4 * self.px_per_mm) - 1, 0, 1)
        bare = ndimage.gaussian_filter((1 - holes) * self.likeness, 0.7 * self.px_per_mm)
        return np.asarray(face * bare, np.float32)

    @cached_property
    def complexion(self) -> Floats:
        """(h, w) 0..1: all that has the skin's colour: lips and brows with it, forehead and neck"""
        holes = self.mask([self.local[part(name)] for name in ("mouth", "right_eye", "left_eye")])
        face = self.mask([self.local[part("face")]])
        inner = ndimage.minimum_filter(face, int(5 * self.px_per_mm) | 1)
        # Nothing is left half way at the border of what is edited.
        height, width = self.shape
        rows, columns = np.ogrid[0:height, 0:width]
        to_edge = np.minimum(
            np.minimum(rows, height - 1 - rows), np.minimum(columns, width - 1 - columns)
        )
        fading = np.clip(to_edge / (6 * self.px_per_mm), 0, 1)
        soft = ndimage.gaussian_filter(np.maximum(inner, self.likeness * fading), self.px_per_mm)
        holes = ndimage.gaussian_filter(holes, 0.4 * self.px_per_mm)
        return np.asarray(soft * (1 - holes), np.float32)

    def mask(self, polygons: Sequence[Floats]) -> Floats:
        """Polygons of (n, 2) box pixels -> (h, w) 0 or 1"""
        height, width = self.shape
        image = Image.new("L", (width, height))
        draw = ImageDraw.Draw(image)
        for polygon in polygons:
            draw.polygon([(float(x), float(y)) for x, y in polygon], fill=1)
        return np.asarray(image, np.float32)

    def area(self, *names: str, soft: float) -> Floats:
        """Named skin regions -> (h, w) 0..1, their edge softened over `soft` mm, on skin only"""
        mask = self.mask([self.local[part(name)] for name in names])
        return np.asarray(ndimage.gaussian_filter(mask, soft * self.px_per_mm) * self.skin)

    @cached_property
    def pigments(self) -> Floats:
        """(2, 3) absorbance of haemoglobin and of melanin, as this photo's camera shows them"""
        draw = np.random.default_rng(int(self.pixels.sum()))
        mean = np.stack([HAEMOGLOBIN, MELANIN])
        return np.asarray(mean + _SPREAD * draw.uniform(-1, 1, mean.shape), np.float32)

    def developed(self, linear: Floats) -> Pixels:
        """Linear light of the box -> the whole photo as 8-bit sRGB"""
        left, top, right, bottom = self.box
        result = self.pixels.copy()
        encoded = np.rint(colour.srgb_from_linear(linear) * 255)
        result[top:bottom, left:right] = encoded.astype(np.uint8)
        return result

    def absorbed(self, depth: Floats, spectrum: Floats = GREY) -> Pixels:
        """The photo after natural absorbance `depth` (h, w) in green, `spectrum` relative to it"""
        return self.developed(self.linear * np.exp(-depth[..., None] * spectrum))


Edit = Callable[[Canvas, float], Pixels]


@dataclass(frozen=True)
class Own:
    """An edit that belongs to a concern; `worse` is False where it makes the skin look better."""

    concern: str
    apply: Edit
    worse: bool = True
    region: str = ""  # in this region only, named as in landmarks.toml without its side
    least_scale: float = 0.0  # px/mm below which the edit cannot be drawn


def redden(canvas: Canvas, strength: float) -> Pixels:
    """Flush of cheeks and nose: more haemoglobin, evenly."""
    area = canvas.area("right_cheek", "left_cheek", "nose", soft=3.5)
    return canvas.absorbed(0.34 * strength * area, canvas.pigments[0])


def add_blemishes(canvas: Canvas, strength: float) -> Pixels:
    """3 to 15 inflamed papules of 3 to 5 mm: red, raised, so lit from above."""
    depth = np.zeros(canvas.shape, np.float32)
    relief = np.zeros(canvas.shape, np.float32)
    for place, draw in _spots(canvas, 11)[: round(_SPOTS * strength)]:
        sigma = draw.uniform(0.75, 1.2)
        window, offset = _around(canvas, place)
        bump = np.exp(-np.sum(offset**2, axis=-1) / (2 * sigma**2))
        depth[window] += draw.uniform(0.45, 0.7) * bump
        relief[window] += 0.12 * bump * offset[..., 1] / sigma
    light = np.exp(-depth[..., None] * canvas.pigments[0] - relief[..., None])
    return canvas.developed(canvas.linear * light)


def add_dark_spots(canvas: Canvas, strength: float) -> Pixels:
    """3 to 15 flat brown macules of 3 to 6 mm, a little irregular."""
    depth = np.zeros(canvas.shape, np.float32)
    for place, draw in _spots(canvas, 12)[: round(_SPOTS * strength)]:
        radius, phase = draw.uniform(1.5, 3.0), draw.uniform(0, 2 * np.pi)
        window, offset = _around(canvas, place)
        around = np.arctan2(offset[..., 1], offset[..., 0])
        edge = radius * (1 + 0.18 * np.sin(2 * around + phase) + 0.1 * np.sin(3 * around - phase))
        inside = 1 / (1 + np.exp((np.linalg.norm(offset, axis=-1) - edge) / 0.35))
        depth[window] = np.maximum(depth[window], draw.uniform(0.28, 0.42) * inside)
    return canvas.absorbed(depth, canvas.pigments[1])


def blotch(canvas: Canvas, strength: float) -> Pixels:
    """Patchy pigment: darker areas of about 20 mm that flow into the rest."""
    field = np.clip(_noise(canvas, 13, fine=7.0) + 0.3, 0, 2.5)
    return canvas.absorbed(0.2 * strength * field * canvas.skin, canvas.pigments[1])


def add_shine(canvas: Canvas, strength: float) -> Pixels:
    """Specular light, white and added, on forehead, nose, cheekbones and chin."""
    lobes = np.zeros(canvas.shape, np.float32)
    for landmarks, wide, tall, peak in (
        ((151,), 17.0, 9.0, 0.8),
        ((195, 5), 4.0, 9.0, 1.0),
        ((118,), 8.0, 6.0, 0.8),
        ((347,), 8.0, 6.0, 0.8),
        ((199,), 7.0, 4.5, 0.6),
    ):
        offset = _offsets(canvas, canvas.local[list(landmarks)].mean(axis=0))
        lobes += peak * np.exp(-((offset[..., 0] / wide) ** 2) - (offset[..., 1] / tall) ** 2)
    # A highlight breaks up on the skin's own relief.
    grain = 1 + 0.12 * _noise(canvas, 14, fine=0.6)
    added = 0.34 * strength * np.clip(lobes * grain, 0, None) * canvas.skin
    return canvas.developed(canvas.linear + added[..., None])


def dull(canvas: Canvas, strength: float) -> Pixels:
    """Greyer and a little darker, its broad light and shade flattened; spots and detail stay.

    The whole complexion takes on the absorbance that brings its colour nearer to grey. Scaling
    each pixel's chroma would even out blotches and flush as well.
    """
    skin = canvas.complexion
    light = np.log(colour.luminance(canvas.linear) + 1e-3)
    weight = ndimage.gaussian_filter(skin, 6 * canvas.px_per_mm)
    broad = ndimage.gaussian_filter(light * skin, 6 * canvas.px_per_mm)
    broad /= np.maximum(weight, 1e-3)
    middle = np.median(broad[skin > 0.5])
    colour_of = np.median(canvas.linear[skin > 0.5], axis=0)
    to_grey = np.log(colour.luminance(colour_of) / colour_of)
    change = 0.35 * to_grey + (0.3 * (middle - broad) - 0.08)[..., None]
    return canvas.developed(canvas.linear * np.exp(strength * skin[..., None] * change))


def roughen(canvas: Canvas, strength: float) -> Pixels:
    """Uneven relief: shading noise between about 0.5 and 1.5 mm."""
    field = _noise(canvas, 15, fine=0.35, coarse=0.9)
    return canvas.absorbed(0.075 * strength * field * canvas.skin)


def soften(canvas: Canvas, strength: float) -> Pixels:
    """Smoother skin: its detail below about 2 mm fades."""
    blurred = ndimage.gaussian_filter(canvas.linear, (1.3 * canvas.px_per_mm,) * 2 + (0,))
    share = 0.85 * strength * canvas.skin[..., None]
    return canvas.developed(canvas.linear + share * (blurred - canvas.linear))


def add_pores(canvas: Canvas, strength: float) -> Pixels:
    """Dark openings of about 0.3 mm, 1.4 mm apart, on nose and inner cheeks."""
    draw = np.random.default_rng(16)
    area = canvas.area("nose", "right_cheek", "left_cheek", soft=2.0)
    step = 1.4 * canvas.px_per_mm
    rows, columns = np.mgrid[0 : canvas.shape[0] : step, 0 : canvas.shape[1] : step]
    places = np.stack([rows, columns], -1).reshape(-1, 2)
    places = np.rint(places + draw.uniform(-0.4, 0.4, places.shape) * step).astype(int)
    places = places[((places >= 0) & (places < canvas.shape)).all(axis=1)]
    dots = np.zeros(canvas.shape, np.float32)
    dots[places[:, 0], places[:, 1]] = draw.uniform(0.5, 1.0, len(places))
    sigma = 0.16 * canvas.px_per_mm
    holes = ndimage.gaussian_filter(dots, sigma) * 2 * np.pi * sigma**2
    return canvas.absorbed(0.4 * strength * holes * area)


def add_wrinkles(canvas: Canvas, strength: float, region: str = "") -> Pixels:
    """Fine lines where they grow, along their usual direction; in one region or in all."""
    return canvas.absorbed(0.42 * strength * _lines(canvas, region) * canvas.skin)


def darken_under_eyes(canvas: Canvas, strength: float) -> Pixels:
    """Dark circles: pigment and a little blood below both eyes."""
    area = canvas.area("right_under_eye", "left_under_eye", soft=1.2)
    spectrum = np.array([0.95, 1.0, 0.85], np.float32)
    return canvas.absorbed(0.65 * strength * area, spectrum)


def add_eye_bags(canvas: Canvas, strength: float) -> Pixels:
    """A bulge below each eye: lighter on its top, a crescent of shade along its lower edge."""
    relief = np.zeros(canvas.shape, np.float32)
    for upper, lower in _LID_CHEEK.values():
        rim, trough = canvas.local[list(upper)], canvas.local[list(lower)]
        shade = _band(canvas, 0.25 * rim + 0.75 * trough, 1.3)
        lit = _band(canvas, 0.75 * rim + 0.25 * trough, 1.5)
        relief += shade - 0.45 * lit
    return canvas.absorbed(0.55 * strength * relief * canvas.skin)


# Rows of landmarks below the eye, from the outer corner inwards: near the lid, and on the cheek.
_LID_CHEEK = {
    "right": ((31, 228, 229, 230, 231, 232, 233), (111, 117, 118, 119, 120, 121, 128)),
    "left": ((261, 448, 449, 450, 451, 452, 453), (340, 346, 347, 348, 349, 350, 357)),
}
_HAIRLINE = (103, 67, 109, 10, 338, 297, 332)
_BROWLINE = (105, 66, 107, 9, 336, 296, 334)


# Each point of a fold is the middle of some landmarks.
_NASOLABIAL = (
    ((203, 165), (206, 92), (216, 186), (212, 57)),
    ((423, 391), (426, 322), (436, 410), (432, 287)),
)
_MARIONETTE = (
    ((57, 61, 43), (202, 106, 43), (204, 211, 210)),
    ((287, 291, 273), (422, 335, 273), (424, 431, 430)),
)


def _through(at: Floats, chain: Sequence[Sequence[int]]) -> Floats:
    return np.array([at[list(landmarks)].mean(axis=0) for landmarks in chain])


def _creases(canvas: Canvas) -> Mapping[str, list[Floats]]:
    """Region -> curves of (n, 2) box pixels along which lines form there."""
    at = canvas.local
    top, brow = at[list(_HAIRLINE)], at[list(_BROWLINE)]
    feet, under = [], []
    for outer, inner in ((33, 133), (263, 362)):
        away = at[outer] - at[inner]
        away /= np.linalg.norm(away)
        across = np.array([-away[1], away[0]])
        for degrees in (-28, -6, 16):
            way = away * np.cos(np.radians(degrees)) + across * np.sin(np.radians(degrees)) * (
                1 if outer == 263 else -1
            )
            start = at[outer] + way * 4.5 * canvas.px_per_mm
            feet.append(start + way * np.linspace(0, 11, 4)[:, None] * canvas.px_per_mm)
    for upper, lower in _LID_CHEEK.values():
        rim, cheek = at[list(upper[1:-1])], at[list(lower[1:-1])]
        under += [rim * (1 - share) + cheek * share for share in (0.35, 0.8)]
    return {
        "forehead": [top * (1 - share) + brow * share for share in (0.35, 0.55, 0.75)],
        "glabella": [at[[107, 55]] * (1 - share) + at[[336, 285]] * share for share in (0.3, 0.7)],
        "crows_feet": feet,
        "under_eye": under,
        "nasolabial": [_through(at, chain) for chain in _NASOLABIAL],
        "marionette": [_through(at, chain) for chain in _MARIONETTE],
    }


@lru_cache(maxsize=8)
def _lines(canvas: Canvas, region: str) -> Floats:
    depth = np.zeros(canvas.shape, np.float32)
    for name, curves in _creases(canvas).items():
        if region in {"", name}:
            for curve in curves:
                depth += _crease(canvas, curve)
    return depth


def _crease(canvas: Canvas, curve: Floats) -> Floats:
    """One fine line: a dark valley about 0.8 mm wide, its lower lip catching light."""
    return _band(canvas, curve, 0.35) - 0.3 * _band(
        canvas, curve + np.array([0, 0.9 * canvas.px_per_mm]), 0.45
    )


def _band(canvas: Canvas, curve: Floats, sigma: float) -> Floats:
    """A smooth stroke through (n, 2) box pixels -> (h, w), 1 on its middle, fading to both ends."""
    degree = min(3, len(curve) - 1)
    spline, _ = interpolate.splprep(curve.T, s=0, k=degree)
    steps = np.linspace(0, 1, max(40, int(2 * np.ptp(curve, axis=0).max())))
    x, y = interpolate.splev(steps, spline)
    # Pixels that a line only partly covers take their share: narrow lines stay narrow and smooth.
    wide = max(sigma * canvas.px_per_mm, 0.55)
    peak = min(1.0, sigma * canvas.px_per_mm / wide)
    along = np.sin(np.pi * steps) ** 0.6
    reach = int(np.ceil(3 * wide)) + 1
    result = np.zeros(canvas.shape, np.float32)
    low = np.maximum(np.floor([y.min(), x.min()]).astype(int) - reach, 0)
    high = np.minimum(np.ceil([y.max(), x.max()]).astype(int) + reach + 1, canvas.shape)
    if (high <= low).any():
        return result
    rows, columns = np.mgrid[low[0] : high[0], low[1] : high[1]]
    spot = np.zeros(rows.shape, np.float32)
    for px, py, height in zip(x, y, along, strict=True):
        c, r = round(px) - low[1], round(py) - low[0]
        window = (
            slice(max(r - reach, 0), max(r + reach + 1, 0)),
            slice(max(c - reach, 0), max(c + reach + 1, 0)),
        )
        square = (columns[window] - px) ** 2 + (rows[window] - py) ** 2
        np.maximum(spot[window], height * np.exp(-square / (2 * wide**2)), out=spot[window])
    result[low[0] : high[0], low[1] : high[1]] = peak * spot
    return result


def _spots(canvas: Canvas, seed: int) -> list[tuple[Floats, np.random.Generator]]:
    """Places on clear skin, at least 9 mm apart, each with a generator for its own looks."""
    return [
        (place, np.random.default_rng([seed, number]))
        for number, place in enumerate(_places(canvas, seed))
    ]


@lru_cache(maxsize=8)
def _places(canvas: Canvas, seed: int) -> list[Floats]:
    area = canvas.area("right_cheek", "left_cheek", "forehead", "chin", soft=0.3)
    inner = ndimage.minimum_filter(area, int(3 * canvas.px_per_mm) | 1)
    rows, columns = np.nonzero(inner > 0.85)
    left = np.random.default_rng(seed).permutation(np.stack([columns, rows], -1)).astype(float)
    chosen: list[Floats] = []
    while len(left) and len(chosen) < _SPOTS:
        chosen.append(left[0])
        left = left[np.linalg.norm(left - left[0], axis=1) >= 9 * canvas.px_per_mm]
    return chosen


def _offsets(canvas: Canvas, place: Floats) -> Floats:
    """(h, w, 2) mm to the right of and below a place in box pixels"""
    rows, columns = np.mgrid[0 : canvas.shape[0], 0 : canvas.shape[1]]
    return np.asarray(
        np.stack([columns - place[0], rows - place[1]], -1) / canvas.px_per_mm, np.float32
    )


def _around(canvas: Canvas, place: Floats) -> tuple[tuple[slice, slice], Floats]:
    """The box within 7 mm of a place: its slices, and (h, w, 2) mm from there"""
    reach = int(7 * canvas.px_per_mm) + 1
    column, row = (int(value) for value in place)
    window = (
        slice(max(row - reach, 0), row + reach + 1),
        slice(max(column - reach, 0), column + reach + 1),
    )
    rows, columns = (
        np.arange(length)[cut] for length, cut in zip(canvas.shape, window, strict=True)
    )
    offset = np.stack(np.meshgrid(columns - place[0], rows - place[1]), -1) / canvas.px_per_mm
    return window, np.asarray(offset, np.float32)


def _noise(canvas: Canvas, seed: int, *, fine: float, coarse: float | None = None) -> Floats:
    """Smooth random field (h, w), mean 0 and deviation 1 on skin; Gaussian scales in mm."""
    white = np.random.default_rng(seed).standard_normal(canvas.shape).astype(np.float32)
    field = ndimage.gaussian_filter(white, max(fine * canvas.px_per_mm, 0.5))
    if coarse is not None:
        field = field - ndimage.gaussian_filter(white, max(coarse * canvas.px_per_mm, 1.0))
    weight = canvas.skin / max(float(canvas.skin.sum()), 1e-6)
    field = field - np.sum(field * weight)
    return np.asarray(field / np.sqrt(np.sum(field**2 * weight)), np.float32)


OWN: dict[str, Own] = {
    "redden": Own("redness", redden),
    "blemishes": Own("blemishes", add_blemishes),
    "dark_spots": Own("dark_spots", add_dark_spots),
    "blotch": Own("unevenness", blotch),
    "shine": Own("shine", add_shine),
    "dull": Own("dullness", dull),
    "roughen": Own("texture", roughen),
    "soften": Own("texture", soften, worse=False),
    "pores": Own("pores", add_pores, least_scale=PORE_SCALE),
    "wrinkles": Own("wrinkles", add_wrinkles),
    "dark_circles": Own("dark_circles", darken_under_eyes),
    "eye_bags": Own("eye_bags", add_eye_bags),
} | {
    f"wrinkles_{name}": Own(
        "wrinkles",
        partial(add_wrinkles, region=name),
        region=name,
    )
    for name in ("forehead", "glabella", "crows_feet", "under_eye", "nasolabial", "marionette")
}


# --- what a camera and an app do to a photo ------------------------------------------------------


def exposure(pixels: Pixels, stops: float) -> Pixels:
    """More or less light, clipped where the photo is full."""
    return white_balance(pixels, (2**stops,) * 3)


def white_balance(pixels: Pixels, gains: Sequence[float]) -> Pixels:
    """Each channel's linear light times its gain, clipped."""
    levels = colour.linear_from_srgb(np.arange(256, dtype=np.uint8))[:, None]
    table = np.rint(colour.srgb_from_linear(levels * np.array(gains)) * 255).astype(np.uint8)
    return np.stack([table[pixels[..., channel], channel] for channel in range(3)], axis=-1)


def resize(pixels: Pixels, factor: float) -> Pixels:
    """Antialiased."""
    image = Image.fromarray(pixels)
    size = (round(image.width * factor), round(image.height * factor))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def enlarged(canvas: Canvas, px_per_mm: float) -> Canvas:
    """The face alone, larger, with a sensor's grain; it has no detail that was not there before."""
    left, top, right, bottom = canvas.box
    factor = px_per_mm / canvas.px_per_mm
    large = resize(canvas.pixels[top:bottom, left:right], factor)
    grain = np.random.default_rng(17).normal(0, 1.5, (*large.shape[:2], 1))
    pixels = np.rint(np.clip(large + grain, 0, 255)).astype(np.uint8)
    return Canvas(pixels, (canvas.local + 0.5) * factor - 0.5)


def rotate(pixels: Pixels, degrees: float) -> Pixels:
    """About the middle, anticlockwise as seen; the border repeats outwards."""
    pad = int(0.05 * max(pixels.shape))
    wide = np.pad(pixels, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    turned = np.asarray(Image.fromarray(wide).rotate(degrees, Image.Resampling.BICUBIC))
    return turned[pad:-pad, pad:-pad]


def mirror(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


def warmth(pixels: Pixels, kelvin: float) -> Pixels:
    """The same photo when its white balance lies `kelvin` beside daylight of 5500 K."""
    right, wrong = (_daylight(at) for at in (5500, 5500 + kelvin))
    gains = wrong / right
    return white_balance(pixels, tuple(gains / gains[1]))


def _daylight(kelvin: float) -> Floats:
    """Linear sRGB (3,) of daylight of 4000 to 7000 K: CIE 15, Judd, MacAdam & Wyszecki 1964."""
    x = -4.6070e9 / kelvin**3 + 2.9678e6 / kelvin**2 + 0.09911e3 / kelvin + 0.244063
    y = -3 * x**2 + 2.87 * x - 0.275
    return np.asarray(_RGB_OF_XYZ @ (x / y, 1, (1 - x - y) / y))


_RGB_OF_XYZ = np.array(
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)  # IEC 61966-2-1


def curve(pixels: Pixels, gamma: float) -> Pixels:
    """Encoded values to the power of `gamma`: another phone's tone curve."""
    table = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return np.asarray(table[pixels])


def sharpened(pixels: Pixels) -> Pixels:
    """Unsharp mask of 2 px, once the detail that was there added."""
    mask = ImageFilter.UnsharpMask(radius=2, percent=100, threshold=0)
    return np.asarray(Image.fromarray(pixels).filter(mask))


def tone_mapped(pixels: Pixels, clip: float = 2.0, tiles: int = 8) -> Pixels:
    """Local contrast as phones raise it: mild CLAHE (Zuiderveld 1994) of the luma alone.

    clip: how many times the mean a bin of a tile's histogram may hold.
    """
    luma, blue, red = Image.fromarray(pixels).convert("YCbCr").split()
    grey = np.asarray(luma)
    rows, columns = (np.linspace(0, side, tiles + 1).astype(int) for side in grey.shape)
    curves = np.empty((tiles, tiles, 256))
    for down in range(tiles):
        for across in range(tiles):
            tile = grey[rows[down] : rows[down + 1], columns[across] : columns[across + 1]]
            counts = np.bincount(tile.ravel(), minlength=256).astype(float)
            most = clip * tile.size / 256
            over = np.maximum(counts - most, 0).sum()
            curves[down, across] = np.cumsum(np.minimum(counts, most) + over / 256) / tile.size
    # Every pixel takes what the four tiles around it say, the nearer the more.
    places = [
        np.clip((np.arange(side) + 0.5) * tiles / side - 0.5, 0, tiles - 1) for side in grey.shape
    ]
    low = [np.minimum(place.astype(int), tiles - 2) for place in places]
    share = [place - at for place, at in zip(places, low, strict=True)]
    mapped = np.zeros(grey.shape)
    for down in (0, 1):
        for across in (0, 1):
            weight = np.abs(1 - down - share[0])[:, None] * np.abs(1 - across - share[1])[None]
            mapped += weight * curves[low[0][:, None] + down, low[1][None] + across, grey]
    light = Image.fromarray(np.rint(255 * np.clip(mapped, 0, 1)).astype(np.uint8))
    return np.asarray(Image.merge("YCbCr", (light, blue, red)).convert("RGB"))


def as_png(pixels: Pixels) -> bytes:
    """Without loss, and without compression: it is read once."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=0)
    return out.getvalue()


def as_jpeg(pixels: Pixels, quality: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def pixels_of(file: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


# Name -> pixels to file. Edits that change nothing of the skin, by their kind: what is measured has
# to stay inside minimum_change.
NUISANCES: dict[str, Callable[[Pixels], bytes]] = {
    "exposure_-0.5": lambda p: as_png(exposure(p, -0.5)),
    "exposure_+0.5": lambda p: as_png(exposure(p, 0.5)),
    "jpeg_60": lambda p: as_jpeg(p, 60),
    "jpeg_95": lambda p: as_jpeg(p, 95),
    "resize_0.5": lambda p: as_png(resize(p, 0.5)),
    "resize_0.75": lambda p: as_png(resize(p, 0.75)),
    "rotate_-4": lambda p: as_png(rotate(p, -4)),
    "rotate_+4": lambda p: as_png(rotate(p, 4)),
    "mirror": lambda p: as_png(mirror(p)),
    "warmth_-400": lambda p: as_png(warmth(p, -400)),
    "warmth_+400": lambda p: as_png(warmth(p, 400)),
    "gamma_0.85": lambda p: as_png(curve(p, 0.85)),
    "gamma_1.15": lambda p: as_png(curve(p, 1.15)),
    "sharpened": lambda p: as_png(sharpened(p)),
    "tone_mapped": lambda p: as_png(tone_mapped(p)),
}
# One channel alone: held against the tone's interval only.
BALANCES: dict[str, Callable[[Pixels], bytes]] = {
    "red_-5": lambda p: as_png(white_balance(p, (0.95, 1, 1))),
    "red_+5": lambda p: as_png(white_balance(p, (1.05, 1, 1))),
    "blue_-5": lambda p: as_png(white_balance(p, (1, 1, 0.95))),
    "blue_+5": lambda p: as_png(white_balance(p, (1, 1, 1.05))),
}


# --- tone ----------------------------------------------------------------------------------------


@cache
def tones() -> dict[int, Floats]:
    """Monk tone -> CIELAB (3,) of skin of that tone, from tones.toml."""
    document = tomllib.loads(Path(__file__).with_name("tones.toml").read_text(encoding="utf-8"))
    return {int(tone): np.array(lab, float) for tone, lab in document["lab"].items()}


# Drawn on one face in two tones: spots and patches are seen as often on dark skin as on light.
LIGHT, DARK = 3, 8
DRAWN = ("dark_spots", "blotch", "blemishes")


def retint(canvas: Canvas, tone: int) -> Pixels:
    """The same face with skin of a Monk tone: one gain per channel of linear light, on skin only.

    Melanin filters what comes back from below it, so relief, spots and blood keep their contrast
    relative to the skin around them; light far above the skin's own is a reflection from its
    surface, which no melanin colours.
    """
    cheeks = canvas.area("right_cheek", "left_cheek", soft=0.5) > 0.5
    skin = np.median(canvas.linear[cheeks], axis=0)
    target = np.clip(colour.linear_from_lab(tones()[tone]), 1e-3, None)
    gain = np.log(target / np.maximum(skin, 1e-3)).astype(np.float32)
    bright = colour.luminance(canvas.linear) / max(float(colour.luminance(skin)), 1e-3)
    below = canvas.linear * np.minimum(1, _SPECULAR / np.maximum(bright, 1e-3))[..., None]
    surface = canvas.linear - below
    return canvas.developed(below * np.exp(canvas.complexion[..., None] * gain) + surface)
