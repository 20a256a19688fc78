"""The colours of eyes, brows, lips and hair, where they can be seen.

Each is the median of the feature's own pixels, as the photo shows them: like the skin's, they are
not corrected for the light, so that all of a face is compared under one light.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facet import colour
from facet.domain.face import FeatureColour
from facet.saying import say
from facet.vision.face.landmarks import part
from facet.vision.face.patches import Pixels, cut, inside, some
from facet.vision.skin.light import Light
from facet.vision.skin.tone import SkinColour

Feature = Literal["eyes", "brows", "lips", "hair"]
Points = NDArray[np.floating]
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Sample:
    """The colour of a feature before it has a name; without one, the reason."""

    linear: Floats | None = None  # (3,) linear RGB
    certainty: float = 1.0  # 0..1, apart from the light
    reason: str | None = None


def measure_colours(
    pixels: Pixels, points: Points, skin: SkinColour, light: Light, *, eyes_hidden: bool = False
) -> tuple[FeatureColour, ...]:
    """Photo (height, width, 3), landmarks (468, 2) in its pixels -> the four colours.

    eyes_hidden: a gate found them closed, covered or behind dark glasses.
    """
    hidden = Sample(reason=say("feature.eyes_hidden"))
    samples: dict[Feature, Sample] = {
        "eyes": hidden if eyes_hidden else _eyes(pixels, points),
        "brows": _brows(pixels, points, skin),
        "lips": _lips(pixels, points),
        "hair": _hair(pixels, points, skin),
    }
    return tuple(_named(feature, sample, light) for feature, sample in samples.items())


def name_of(feature: Feature, lab: Floats) -> str:
    """CIELAB (3,) -> the nearest name in the table, by CIEDE2000."""
    names = _table()["names"][feature]
    named = [(name, named_lab) for name, labs in names.items() for named_lab in labs]
    differences = colour.delta_e_2000(lab, [named_lab for _, named_lab in named])
    return str(named[int(np.argmin(differences))][0])


def _eyes(pixels: Pixels, points: Points) -> Sample:
    table = _table()["eyes"]
    rings = [iris(pixels, points[part(name)]) for name in ("right_eye", "left_eye")]
    seen = [ring for ring in rings if len(ring) >= table["minimum_pixels"]]
    if not seen:
        return Sample(reason=say("feature.irises"))
    linear = colour.linear_from_srgb(np.concatenate(seen))
    bright = colour.luminance(linear)
    linear = linear[bright <= np.quantile(bright, table["glint"])]
    certainty = 1.0 if len(seen) == 2 else table["one_eye"]
    return Sample(np.median(linear, axis=0), certainty)


def iris(pixels: Pixels, ring: Points) -> Pixels:
    """One eye's outline (16, 2) -> pixels (m, 3) of the coloured part of its iris; m may be 0.

    The disc is where the eye is darkest against what lies around it. Its upper part lies in the
    shadow of the lashes and is left out.
    """
    table = _table()["eyes"]
    width = float(np.linalg.norm(ring[0] - ring[8]))
    radius = table["radius"] * width
    if radius < table["minimum_radius"]:
        return pixels[:0, 0]
    box = _box(ring, pixels)
    if box is None:
        return pixels[:0, 0]
    (left, top), part_of = box
    middle = ring.mean(axis=0) - (left, top)
    lids = middle + table["lids"] * (ring - (left, top) - middle)
    rows, columns = np.nonzero(inside(lids, part_of.shape[1], part_of.shape[0]))
    every = max(1, len(rows) // _table()["enough_pixels"])
    rows, columns = rows[::every], columns[::every]
    if len(rows) < table["minimum_pixels"]:
        return pixels[:0, 0]
    eye = part_of[rows, columns]
    across = (ring[8] - ring[0]) / width
    steps = np.linspace(-1, 1, 13)[:, None] * table["search"] * width * across
    down = np.array([-across[1], across[0]]) * radius
    candidates = (middle + steps + np.array([-0.2, 0.0, 0.2])[:, None, None] * down).reshape(-1, 2)
    where = np.column_stack([columns, rows])
    offsets = where[None].astype(np.float32) - candidates[:, None].astype(np.float32)
    distances = np.hypot(offsets[..., 0], offsets[..., 1])
    bright = colour.luminance(colour.linear_from_srgb(eye)) ** (1 / 3)
    within = distances < radius
    around = ~within & (distances < table["rim"] * radius)
    dark = (within @ bright) / np.maximum(within.sum(axis=1), 1)
    light = (around @ bright) / np.maximum(around.sum(axis=1), 1)
    best = int(np.argmax(light - dark))
    below = (where - candidates[best]) @ down / radius > -0.4 * radius
    distance = distances[best]
    ring_of = (distance > table["inner"] * radius) & (distance < table["outer"] * radius) & below
    return np.asarray(eye[ring_of])


def _brows(pixels: Pixels, points: Points, skin: SkinColour) -> Sample:
    table = _table()["brows"]
    both = np.concatenate([cut(pixels, points[part(n)]) for n in ("right_brow", "left_brow")])
    if len(both) < table["minimum_pixels"]:
        return Sample(reason=say("feature.brows_small"))
    linear = colour.linear_from_srgb(some(both, _table()["enough_pixels"]))
    bright = colour.luminance(linear)
    hair = np.median(linear[bright <= np.quantile(bright, table["darkest"])], axis=0)
    difference = float(colour.delta_e_2000(colour.lab_from_linear(hair), skin.lab))
    if difference < table["minimum_difference"]:
        return Sample(reason=say("feature.brows_like_skin"))
    return Sample(hair)


def _lips(pixels: Pixels, points: Points) -> Sample:
    table = _table()["lips"]
    lips = cut(pixels, points[part("lips")], points[part("mouth")])
    if len(lips) < table["minimum_pixels"]:
        return Sample(reason=say("feature.lips_small"))
    linear = colour.linear_from_srgb(some(lips, _table()["enough_pixels"]))
    bright = colour.luminance(linear)
    low, high = np.quantile(bright, (table["trim"], 1 - table["trim"]))
    return Sample(np.median(linear[(bright >= low) & (bright <= high)], axis=0))


def _hair(pixels: Pixels, points: Points, skin: SkinColour) -> Sample:
    table = _table()["hair"]
    bands = hair(pixels, points, skin)
    whole = sum(mask.size for mask, _ in bands.values())
    kept = {name: pixels_of for name, (_, pixels_of) in bands.items()}
    together = np.concatenate(list(kept.values()))
    if whole < table["minimum_pixels"]:
        return Sample(reason=say("feature.hair_cut_off"))
    share = len(together) / whole
    if share < table["minimum_share"]:
        return Sample(reason=say("feature.hair_like_rest"))
    lab = colour.lab_from_srgb(together)
    middle = np.median(lab, axis=0)
    if 1.4826 * float(np.median(np.abs(lab[:, 0] - middle[0]))) > table["spread"]:
        return Sample(reason=say("feature.hair_mixed"))
    certainty = min(1.0, share / table["sure_share"])
    parts = [
        np.median(colour.lab_from_srgb(band), axis=0) for band in kept.values() if len(band) > 50
    ]
    if len(parts) < 2 or float(colour.delta_e_2000(parts[0], parts[1])) > table["agree"]:
        certainty /= 2
    if certainty < table["minimum_certainty"]:
        return Sample(reason=say("feature.hair_scarce"))
    return Sample(colour.linear_from_lab(middle), certainty)


def hair(
    pixels: Pixels, points: Points, skin: SkinColour
) -> dict[str, tuple[NDArray[np.bool_], Pixels]]:
    """By band (top, side): a mask over its pixels, true where it may be hair, and those pixels.

    A pixel may be hair when hair can have its colour and neither the skin nor the backdrop has it.
    The photo is looked at in steps that leave about a hundred pixels across the face.
    """
    table = _table()["hair"]
    outline = points[part("face")]
    width = float(np.ptp(outline[:, 0]))
    step = max(1, round(width / table["pixels_across"]))
    small, near = pixels[::step, ::step], points / step
    backdrop = _backdrop(small, near)
    skins = colour.lab_from_linear(np.array(list(skin.patches.values())))
    skin_hues = colour.hue(skins)
    hairs = {}
    for name, polygons in _bands(near).items():
        beyond = np.concatenate([cut(small, polygon) for polygon in polygons])
        band = some(beyond, _table()["enough_pixels"])
        lab = colour.lab_from_srgb(band)
        chroma, hue = np.hypot(lab[:, 1], lab[:, 2]), colour.hue(lab)
        low, high = table["hue"]
        may = (chroma < table["grey"]) | ((hue >= low) & (hue <= high) & (chroma < table["chroma"]))
        # Skin in the shade is darker and still skin.
        level = lab[:, None, 0] - skins[None, :, 0]
        level *= np.where(level < 0, table["shade"], 1.0)
        distance = np.sqrt(level**2 + ((lab[:, None, 1:] - skins[None, :, 1:]) ** 2).sum(axis=2))
        may &= (distance > table["skin_like"]).all(axis=1)
        # A bare scalp shines: lighter than the skin, paler, and of its hue.
        turned = np.abs(hue[:, None] - skin_hues[None])
        shine = (level > 0) & (turned < table["shine_hue"]) & (chroma[:, None] >= table["grey"])
        may &= ~shine.any(axis=1)
        if len(backdrop):
            distance = np.sqrt(((lab[:, None] - backdrop[None]) ** 2).sum(axis=2))
            may &= (distance > table["backdrop_like"]).all(axis=1)
        hairs[name] = (may, band[may])
    return hairs


def _bands(points: Points) -> dict[str, list[Points]]:
    """Landmarks -> polygons of what lies beyond the outline, above the forehead and beside it."""
    table = _table()["hair"]
    up = points[10] - points[152]
    up = up / max(float(np.linalg.norm(up)), 1e-6)
    left = np.array([-up[1], up[0]])  # of the picture's viewer: the subject's left
    width = float(np.linalg.norm(points[234] - points[454]))

    def beyond(arc: list[int], way: Points, reach: list[float]) -> Points:
        near, far = (points[arc] + way * (share * width) for share in reach)
        return np.concatenate([near, far[::-1]])

    right_arc, left_arc = table["right_arc"], table["left_arc"]
    return {
        "top": [beyond(table["top_arc"], up, table["top"])],
        "side": [beyond(right_arc, -left, table["side"]), beyond(left_arc, left, table["side"])],
    }


def _backdrop(pixels: Pixels, points: Points) -> Floats:
    """(n, 3) CIELAB: the main colours of the picture's edge beside and above the head.

    n is 0 where the head reaches the edges, since what is there may be hair.
    """
    table = _table()["hair"]
    outline = points[part("face")]
    (low_x, low_y), (high_x, _) = outline.min(axis=0), outline.max(axis=0)
    height, width = pixels.shape[:2]
    room = table["room"] * (high_x - low_x)
    eyes = int(np.clip(points[168][1], 1, height))
    strip = max(2, width // 40)
    edges = []
    if low_x > room:
        edges.append(pixels[:eyes, :strip])
    if width - high_x > room:
        edges.append(pixels[:eyes, -strip:])
    if low_y > room:
        edges.append(pixels[:strip])
    if not edges:
        return np.empty((0, 3))
    row = np.concatenate([edge.reshape(-1, 3) for edge in edges])[None]
    palette = Image.fromarray(row).quantize(table["backdrop_colours"]).getpalette()
    colours = np.array(palette, np.uint8).reshape(-1, 3)[: table["backdrop_colours"]]
    return np.asarray(colour.lab_from_srgb(np.unique(colours, axis=0)))


def _box(polygon: Points, pixels: Pixels) -> tuple[tuple[int, int], Pixels] | None:
    """The picture around a polygon, and where it starts; None where it lies outside."""
    height, width = pixels.shape[:2]
    left, top = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(polygon.max(axis=0)).astype(int) + 1, (width, height))
    if right <= left or bottom <= top:
        return None
    return (int(left), int(top)), pixels[top:bottom, left:right]


def _named(feature: Feature, sample: Sample, light: Light) -> FeatureColour:
    if sample.linear is None:
        return FeatureColour(feature=feature, reason=sample.reason)
    table = _table()["confidence"]
    sure = table["disputed"] + (table["agreed"] - table["disputed"]) * light.agreement
    lab = colour.lab_from_linear(sample.linear)
    lightness, a, b = (round(float(value), 1) for value in lab)
    return FeatureColour(
        feature=feature,
        name=name_of(feature, lab),
        hex=colour.hex_from_lab(lab),
        lab=(lightness, a, b),
        confidence=round(sure * sample.certainty, 2),
    )


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("colours.toml").read_text(encoding="utf-8"))
