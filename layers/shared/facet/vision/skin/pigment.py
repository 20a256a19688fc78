"""Colour of the skin: redness, unevenness, shine and dullness."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.vision.face.landmarks import part
from facet.vision.skin.filters import Map, Mask, mean_near
from facet.vision.skin.layout import CHEEKS, COARSE, SURFACE, area
from facet.vision.skin.measured import COVERED, TOO_BURNT, Measured, by_region, why_lost
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

    return Measured(over(whole), by_region(face, SURFACE, over), 0.7 * face.bare(*zone))


def flush(face: Surface) -> Map:
    """(h, w) haemoglobin beyond that of the palest quarter of the face, ln."""
    pale = np.quantile(face.haemoglobin[face.matte], 0.25) if face.matte.any() else 0
    return face.haemoglobin - np.float32(pale)


def unevenness(face: Surface) -> Measured:
    """Spread of melanin in patches of about 8 to 40 mm, 100 ln."""
    if reason := why_lost(face, *SURFACE, bare=0.33):
        return Measured(None, {}, reason=reason)
    melanin, place = blotches(face)

    def spread(where: Mask) -> float:
        return 100 * float(melanin[where].std())

    return Measured(spread(place), by_region(face, SURFACE, spread), 0.6 * face.bare(*SURFACE))


_PALED = 0.02  # of added white light, beyond which melanin looks paler than it is


def blotches(face: Surface) -> tuple[Map, Mask]:
    """(h, w) melanin against the skin within some 20 mm, ln; 0 outside the mask beside it."""
    k = face.px_per_mm
    names = (*SURFACE, "right_nasolabial", "left_nasolabial", "right_jaw", "left_jaw")
    place = np.logical_or.reduce([face.region(name) for name in names])
    if place.any():
        place &= face.specular[0] < _PALED
    near, around = (
        mean_near(face.melanin, face.matte, 3.5 * k),
        mean_near(face.melanin, place, 10 * k),
    )
    return np.where(place, near - around, np.float32(0)), place


def shine(face: Surface) -> Measured:
    """White light added to the skin's own, in % of the skin's brightness.

    Dichromatic model: linear light = a x skin colour + s x (1, 1, 1), solved by least squares in
    every pixel; s counts where the skin is brighter than around it by as much, beyond 4 %, faint
    light less than in proportion.
    """
    # A highlight burns out where the skin around it does not: that is shine, and no fault.
    if face.burnt_share(*SURFACE) > 0.45:
        return Measured(None, {}, reason=TOO_BURNT)
    shown = [name for name in SURFACE if face.uncovered(name) >= 0.3]
    if face.uncovered(*SURFACE) < 0.4:
        return Measured(None, {}, reason=COVERED)
    white, zone = face.specular

    def share(*names: str) -> float:
        place = np.logical_or.reduce([area(name) for name in names])
        return 100 * float(white[place & zone].mean())

    regions = {name: share(name) for name in (*shown, "t_zone") if face.uncovered(name) >= 0.3}
    return Measured(share(*shown), regions, 0.6 * face.uncovered(*SURFACE))


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
        return Measured(None, {}, reason="The whites of the eyes, its reference, cannot be seen.")
    place = np.logical_or.reduce([face.region(name) for name in SURFACE])
    skin = np.median(face.linear[place], axis=0)
    darker = float(np.log(colour.luminance(whites) / colour.luminance(skin)))
    redder = float(np.log(skin[0] / skin[2]))
    return Measured(100 * (_USUAL[0] + _USUAL[1] * darker - redder), {}, 0.4 * face.bare(*SURFACE))


# ln R/B of skin as bright as the whites of the eyes, and how much it rises per unit of -ln Y
_USUAL = (0.47, 0.36)


def _eye_whites(face: Surface) -> NDArray[np.floating] | None:
    """(3,) linear light of the whites: between the lids, off the iris, bright and pale."""
    eyes = np.concatenate([face.linear[place & ~face.burnt] for place in _off_irises()])
    if len(eyes) < 40:
        return None
    bright = colour.luminance(eyes)
    eyes = eyes[bright >= np.quantile(bright, 0.6)]
    pale = np.log(eyes[:, 0] / eyes[:, 2])
    white = np.median(eyes[pale <= np.quantile(pale, 0.5)], axis=0)
    skin = np.median(face.linear[face.matte], axis=0) if face.matte.any() else white
    # Dark glasses and shaded sockets have no whites.
    return white if colour.luminance(white) > 0.35 * colour.luminance(skin) else None


@cache
def _off_irises() -> tuple[Mask, ...]:
    """A mask for each eye: between its lids, without the disc of the iris."""
    places = []
    for side in ("right_eye", "left_eye"):
        ring, eye = landmarks_in(COARSE)[part(side)], region_mask(side, COARSE)
        x, y = ring.mean(axis=0)
        iris = 0.26 * float(np.linalg.norm(ring[0] - ring[8]))
        rows, columns = np.mgrid[0 : eye.shape[0], 0 : eye.shape[1]]
        places.append(eye & (np.hypot(columns - x, rows - y) > iris))
    return tuple(places)
