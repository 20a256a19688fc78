"""Colour of the skin: redness, unevenness, shine and dullness."""

import numpy as np

from facet.saying import say
from facet.vision.skin.filters import Map, Mask, mean_near
from facet.vision.skin.layout import CHEEKS, SURFACE, area
from facet.vision.skin.limits import limits
from facet.vision.skin.measured import Measured, by_region, why_lost
from facet.vision.skin.surface import Surface


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
    """Spread of melanin in patches of about 8 to 40 mm, 100 ln, for the face's own melanin."""
    table = limits("unevenness")
    if reason := why_lost(face, *SURFACE, bare=table["bare"]):
        return Measured(None, {}, reason=reason)
    melanin, place = blotches(face)

    def spread(where: Mask) -> float:
        return 100 * float(melanin[where].std())

    confidence = table["confidence"] * face.bare(*SURFACE)
    return Measured(spread(place), by_region(face, SURFACE, spread), confidence)


def blotches(face: Surface) -> tuple[Map, Mask]:
    """Map (h, w) of melanin against the skin within some 20 mm, and its mask; 0 outside.

    ln, as on a face with the usual melanin or less.
    """
    k, table = face.px_per_mm, limits("unevenness")
    names = (*SURFACE, "right_nasolabial", "left_nasolabial", "right_jaw", "left_jaw")
    place = np.logical_or.reduce([face.region(name) for name in names])
    if place.any():
        white, zone = face.specular
        place &= ~zone | (white < table["paled"])
    near, around = (
        mean_near(face.melanin, face.matte, table["near"] * k),
        mean_near(face.melanin, place, table["around"] * k),
    )
    return np.where(place, (near - around) / np.float32(face.deeper), np.float32(0)), place


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
    """Blood's colour that is missing where the face is palest, 100 ln; below 0 where there is more.

    Skin that is grey or sallow shows less haemoglobin than skin with as much melanin usually does.
    Light that is warmer or cooler looks like melanin and leaves haemoglobin nearly alone; a flush
    leaves the palest skin alone.
    """
    if reason := why_lost(face, *CHEEKS, "nose"):
        return Measured(None, {}, reason=reason)
    table = limits("dullness")
    missing = float(np.quantile(bloodless(face)[face.matte], 1 - table["pale"]))
    return Measured(100 * missing, {}, table["confidence"] * face.bare(*SURFACE))


def bloodless(face: Surface) -> Map:
    """Map (h, w) of how much haemoglobin lies below the usual for the face's own melanin, ln."""
    start, rise = limits("dullness")["usual"]
    return np.float32(start + rise * face.own_melanin) - face.haemoglobin
