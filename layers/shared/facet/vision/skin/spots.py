"""Spots of the skin: blemishes, which are red, and dark spots, which are brown."""

from collections.abc import Mapping

import numpy as np

from facet.saying import say
from facet.vision.skin.filters import Map, Mask, blobs, mean_near, shrunk
from facet.vision.skin.layout import SURFACE, area, off_features
from facet.vision.skin.limits import limits
from facet.vision.skin.measured import Measured, by_region, ramp
from facet.vision.skin.surface import Surface


def blemishes(face: Surface) -> Measured:
    """% of bare skin in red spots of about 2 to 5 mm."""
    return _share_spotted(face, red_spots(face))


def dark_spots(face: Surface) -> Measured:
    """% of bare skin in brown spots of about 3 to 7 mm: darker, and not because they are red."""
    return _share_spotted(face, brown_spots(face))


def _share_spotted(face: Surface, spotted: Map) -> Measured:
    """% of bare skin in spots that absorb more than their surroundings, with soft limits."""
    table = limits("spots")
    if face.bare(*SURFACE) < table["bare"]:
        return Measured(None, {}, reason=say("concern.covered"))
    inner = spot_place(face)
    names = (*SURFACE, "right_jaw", "left_jaw")
    place = np.logical_or.reduce([area(name) for name in names]) & inner
    if place.sum() < table["least_pixels"]:
        return Measured(None, {}, reason=say("concern.covered"))

    def share(where: Mask) -> float:
        where = where & inner
        return 100 * float(spotted[where].mean()) if where.any() else 0.0

    confidence = table["confidence"] * face.bare(*SURFACE)
    return Measured(share(place), by_region(face, names, share), confidence)


def spot_place(face: Surface) -> Mask:
    """Mask (h, w) of skin on which spots are looked for: off features and edges."""
    return off_features() & shrunk(face.skin, limits("spots")["margin"] * face.px_per_mm)


def red_spots(face: Surface) -> Map:
    """Map (h, w), 0..1, of how strongly red spots stand out."""
    return _spotted(face, face.haemoglobin, limits("spots")["red"])


def brown_spots(face: Surface) -> Map:
    """Map (h, w), 0..1, of how strongly brown spots stand out, for the face's own melanin."""
    table = limits("spots")
    bloodless = face.darkness - np.float32(table["less_blood"]) * face.haemoglobin
    return _spotted(face, (bloodless / face.deeper).astype(np.float32), table["brown"])


def _spotted(face: Surface, values: Map, kind: Mapping[str, float]) -> Map:
    """0..1 by how strongly spots of a kind's `scale` stand out: 0 at `none`, 1 from `full`."""
    k = face.px_per_mm
    around = mean_near(values, face.skin, limits("spots")["around"] * k)
    filled = np.where(face.skin, values, around)
    return ramp(blobs(filled, kind["scale"] * k), kind["none"], kind["full"])
