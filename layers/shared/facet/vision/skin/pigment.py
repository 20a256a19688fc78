"""Colour of the skin: redness, unevenness, shine and dullness."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.saying import say
from facet.vision.face.landmarks import part
from facet.vision.skin.filters import Map, Mask, mean_near
from facet.vision.skin.layout import CHEEKS, COARSE, SURFACE, area
from facet.vision.skin.limits import limits
from facet.vision.skin.measured import Measured, by_region, why_lost
from facet.vision.skin.surface import Surface
from facet.vision.skin.texture import landmarks_in, region_mask


def redness(face: Surface) -> Measured:
    """Haemoglobin of cheeks and nose over the palest quarter of the same face, 100 ln."""
    zone = (*CHEEKS, "nose")
    if reason := why_lost(face, *zone):
        return Measured(None, {}, reason=reason)
    excess = flush(face)
    whole = np.logical_or.reduce([face.region(name) for name in zone])

    def over(place: Mask) -> float:
        return 100 * float(np.median(excess[place]))

    confidence = limits("redness")["confidence"] * face.bare(*zone)
    return Measured(over(whole), by_region(face, SURFACE, over), confidence)


def flush(face: Surface) -> Map:
    """Map (h, w) of haemoglobin beyond that of the palest quarter of the face, ln."""
    share = limits("redness")["pale"]
    pale = np.quantile(face.haemoglobin[face.matte], share) if face.matte.any() else 0
    return face.haemoglobin - np.float32(pale)


def unevenness(face: Surface) -> Measured:
    """Spread of melanin in patches of about 8 to 40 mm, 100 ln."""
    table = limits("unevenness")
    if reason := why_lost(face, *SURFACE, bare=table["bare"]):
        return Measured(None, {}, reason=reason)
    melanin, place = blotches(face)

    def spread(where: Mask) -> float:
        return 100 * float(melanin[where].std())

    confidence = table["confidence"] * face.bare(*SURFACE)
    return Measured(spread(place), by_region(face, SURFACE, spread), confidence)


def blotches(face: Surface) -> tuple[Map, Mask]:
    """Map (h, w) of melanin against the skin within some 20 mm, ln, and its mask; 0 outside."""
    k, table = face.px_per_mm, limits("unevenness")
    names = (*SURFACE, "right_nasolabial", "left_nasolabial", "right_jaw", "left_jaw")
    place = np.logical_or.reduce([face.region(name) for name in names])
    if place.any():
        place &= face.specular[0] < table["paled"]
    near, around = (
        mean_near(face.melanin, face.matte, table["near"] * k),
        mean_near(face.melanin, place, table["around"] * k),
    )
    return np.where(place, near - around, np.float32(0)), place


def shine(face: Surface) -> Measured:
    """White light added to the skin's own, in % of the skin's brightness.

    Dichromatic model: linear light = a x skin colour + s x (1, 1, 1), solved by least squares in
    every pixel; s counts where the skin is brighter than around it by as much, beyond 4 %, faint
    light less than in proportion.
    """
    table = limits("shine")
    # A highlight burns out where the skin around it does not: that is shine, and no fault.
    if face.burnt_share(*SURFACE) > table["burnt"]:
        return Measured(None, {}, reason=say("concern.burnt_out"))
    least = table["region"]
    shown = [name for name in SURFACE if face.uncovered(name) >= least]
    if face.uncovered(*SURFACE) < table["uncovered"]:
        return Measured(None, {}, reason=say("concern.covered"))
    white, zone = face.specular

    def share(*names: str) -> float:
        place = np.logical_or.reduce([area(name) for name in names])
        return 100 * float(white[place & zone].mean())

    regions = {name: share(name) for name in (*shown, "t_zone") if face.uncovered(name) >= least}
    return Measured(share(*shown), regions, table["confidence"] * face.uncovered(*SURFACE))


def dullness(face: Surface) -> Measured:
    """Colour that is missing for skin as dark as this against the whites of the eyes, 100 ln.

    Published skin means redden (ln R/B) by about a third of what they darken (-ln Y). Skin with
    less colour than that looks grey or sallow. Only its darkness is taken against the whites, whose
    own colour varies with their vessels.
    """
    if reason := why_lost(face, *CHEEKS, "nose"):
        return Measured(None, {}, reason=reason)
    whites = _eye_whites(face)
    if whites is None:
        return Measured(None, {}, reason=say("concern.no_whites"))
    place = np.logical_or.reduce([face.region(name) for name in SURFACE])
    skin = np.median(face.linear[place], axis=0)
    darker = float(np.log(colour.luminance(whites) / colour.luminance(skin)))
    redder = float(np.log(skin[0] / skin[2]))
    table = limits("dullness")
    start, rise = table["usual"]
    confidence = table["confidence"] * face.bare(*SURFACE)
    return Measured(100 * (start + rise * darker - redder), {}, confidence)


def _eye_whites(face: Surface) -> NDArray[np.floating] | None:
    """(3,) linear light of the whites: between the lids, off the iris, bright and pale."""
    table = limits("dullness")
    eyes = np.concatenate([face.linear[place & ~face.burnt] for place in _off_irises()])
    if len(eyes) < table["least_pixels"]:
        return None
    bright = colour.luminance(eyes)
    eyes = eyes[bright >= np.quantile(bright, table["bright"])]
    pale = np.log(eyes[:, 0] / eyes[:, 2])
    white = np.median(eyes[pale <= np.quantile(pale, table["pale"])], axis=0)
    skin = np.median(face.linear[face.matte], axis=0) if face.matte.any() else white
    least = table["least_light"] * colour.luminance(skin)
    return white if colour.luminance(white) > least else None


@cache
def _off_irises() -> tuple[Mask, ...]:
    """A mask for each eye: between its lids, without the disc of the iris."""
    places = []
    for side in ("right_eye", "left_eye"):
        ring, eye = landmarks_in(COARSE)[part(side)], region_mask(side, COARSE)
        x, y = ring.mean(axis=0)
        iris = limits("dullness")["iris"] * float(np.linalg.norm(ring[0] - ring[8]))
        rows, columns = np.mgrid[0 : eye.shape[0], 0 : eye.shape[1]]
        places.append(eye & (np.hypot(columns - x, rows - y) > iris))
    return tuple(places)
