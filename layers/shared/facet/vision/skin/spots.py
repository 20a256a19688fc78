"""Spots of the skin: blemishes, which are red, and dark spots, which are brown."""

import numpy as np

from facet.vision.skin.filters import Map, Mask, blobs, mean_near, shrunk
from facet.vision.skin.layout import SURFACE, area, off_features
from facet.vision.skin.measured import COVERED, Measured, by_region, ramp
from facet.vision.skin.surface import Surface


def blemishes(face: Surface) -> Measured:
    """% of bare skin in red spots of about 2 to 5 mm."""
    return _share_spotted(face, red_spots(face))


def dark_spots(face: Surface) -> Measured:
    """% of bare skin in brown spots of about 3 to 7 mm: darker, and not because they are red."""
    return _share_spotted(face, brown_spots(face))


def _share_spotted(face: Surface, spotted: Map) -> Measured:
    """% of bare skin in spots that absorb more than their surroundings, with soft limits."""
    if face.bare(*SURFACE) < 0.4:
        return Measured(None, {}, reason=COVERED)
    inner = spot_place(face)
    names = (*SURFACE, "right_jaw", "left_jaw")
    place = np.logical_or.reduce([area(name) for name in names]) & inner
    if place.sum() < 2000:
        return Measured(None, {}, reason=COVERED)

    def share(where: Mask) -> float:
        where = where & inner
        return 100 * float(spotted[where].mean()) if where.any() else 0.0

    return Measured(share(place), by_region(face, names, share), 0.6 * face.bare(*SURFACE))


def spot_place(face: Surface) -> Mask:
    """(h, w) skin on which spots are looked for: off features and edges."""
    return off_features() & shrunk(face.skin, face.px_per_mm)


def red_spots(face: Surface) -> Map:
    """(h, w) 0..1 by how strongly red spots stand out."""
    return _spotted(face, face.haemoglobin, 1.2, 0.03, 0.12)


def brown_spots(face: Surface) -> Map:
    """(h, w) 0..1 by how strongly brown spots stand out."""
    return _spotted(face, face.darkness - np.float32(0.6) * face.haemoglobin, 1.8, 0.025, 0.1)


def _spotted(face: Surface, values: Map, sigma: float, low: float, high: float) -> Map:
    """0..1 by how strongly spots of `sigma` mm stand out: 0 at `low`, 1 from `high`."""
    k = face.px_per_mm
    filled = np.where(face.skin, values, mean_near(values, face.skin, 2 * k))
    return ramp(blobs(filled, sigma * k), low, high)
