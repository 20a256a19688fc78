"""The skin below the eyes: dark circles and eye bags."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from facet.saying import say
from facet.vision.skin.filters import mean_near
from facet.vision.skin.layout import CHEEKS, COARSE, SURFACE, UNDER_EYES
from facet.vision.skin.limits import limits
from facet.vision.skin.measured import Measured, why_lost
from facet.vision.skin.pigment import flush
from facet.vision.skin.surface import Surface
from facet.vision.skin.texture import landmarks_in


def dark_circles(face: Surface) -> Measured:
    """How much darker the skin below the eye is than the cheek, 100 ln.

    The cheek as it would be without its flush, and with no more melanin than the rest of the face:
    red or blotchy cheeks are no lighter eyes.
    """
    table, weights = limits("under_eyes"), limits("surface")
    blood, (top, bottom) = flush(face), table["circle"]
    surface = np.logical_or.reduce([face.region(name) for name in SURFACE])
    regions = {}
    for side, profile in _profiles(face).items():
        cheek = f"{side}_cheek"
        if not why_lost(face, cheek, burnt=table["cheek_burnt"]):
            place = face.region(cheek)
            patch = np.median(face.melanin[place]) - np.median(face.melanin[surface])
            pigment = np.float32(weights["blood"]) * np.median(blood[place])
            pigment += np.float32(weights["brown"]) * patch
            below = profile[(top < _DEPTHS) & (bottom > _DEPTHS)].mean()
            usual = np.median(face.darkness[place]) - pigment
            regions[f"{side}_under_eye"] = 100 * float(below - usual)
    return _of_both_eyes(face, regions)


def eye_bags(face: Surface) -> Measured:
    """Shade along the lower edge of the eyelid's cushion against its top, 100 ln."""
    lit, shade = (
        (top < _DEPTHS) & (bottom > _DEPTHS)
        for top, bottom in (limits("under_eyes")[name] for name in ("lit", "shade"))
    )
    regions = {
        f"{side}_under_eye": 100 * float(profile[shade].mean() - profile[lit].mean())
        for side, profile in _profiles(face).items()
    }
    return _of_both_eyes(face, regions)


def _of_both_eyes(face: Surface, regions: dict[str, float]) -> Measured:
    """Light from one side makes one eye darker: only both together say something of the person."""
    table = limits("under_eyes")
    if len(regions) < len(UNDER_EYES):
        burnt = table["cheek_burnt"]
        reason = why_lost(face, *UNDER_EYES, *CHEEKS, burnt=burnt) or say("concern.covered")
        return Measured(None, regions, reason=reason)
    return Measured(float(np.mean(list(regions.values()))), regions, table["confidence"])


# Rows of landmarks from the outer corner inwards: along the lower lid, and where lid meets cheek.
_LIDS = {
    "right": ((228, 229, 230, 231, 232, 233), (117, 118, 119, 120, 121, 128)),
    "left": ((448, 449, 450, 451, 452, 453), (346, 347, 348, 349, 350, 357)),
}
_DEPTHS = np.linspace(0.15, 0.85, 15)  # share of the way from the lid to the cheek


@cache
def _below_eye(side: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(15, 24) rows and columns of the coarse texture, from the lid down and across the eye."""
    at = landmarks_in(COARSE)
    lid, cheek = (at[list(row)] for row in _LIDS[side])
    steps = np.linspace(0.5, len(lid) - 1.7, 24)
    index = steps.astype(int)
    share = (steps - index)[:, None]
    top, bottom = (row[index] * (1 - share) + row[index + 1] * share for row in (lid, cheek))
    grid = top + _DEPTHS[:, None, None] * (bottom - top)
    return np.rint(grid[..., 1]).astype(np.intp), np.rint(grid[..., 0]).astype(np.intp)


def _profiles(face: Surface) -> dict[str, NDArray[np.floating]]:
    """Side -> (15,) darkness from the lid down to the cheek, where that can be seen."""
    # As lit, not as skin: a deep shadow below the eye is what is looked for.
    bare, table = face.lit & ~face.burnt, limits("under_eyes")
    even = mean_near(face.darkness, bare, table["near"] * face.px_per_mm)
    profiles = {}
    for side in _LIDS:
        if face.burnt_share(f"{side}_under_eye") > table["burnt"]:
            continue
        rows, columns = _below_eye(side)
        # Every depth needs enough columns, or the profile would compare different places.
        whole = bare[rows, columns].mean(axis=0) > table["column"]
        if whole.sum() >= table["least_columns"]:
            profiles[side] = even[rows[:, whole], columns[:, whole]].mean(axis=1)
    return profiles
