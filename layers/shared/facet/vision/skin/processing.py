"""Whether software sharpened a photo: how its detail falls off around the eyes."""

import numpy as np
from numpy.typing import NDArray

from facet.saying import say
from facet.vision.face.mesh import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from facet.vision.skin.filters import Map
from facet.vision.skin.limits import limits
from facet.vision.skin.texture import Pixels, Points

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of encoded RGB
_SPLINE = np.array([1, 4, 6, 4, 1], np.float32) / 16  # a trous: Starck & Murtagh 2006


def detail(pixels: Pixels, points: Points) -> float:
    """Photo (h, w, 3) and landmarks (468, 2) -> how steeply detail gains on broader detail, ln.

    Lashes, lids and brows have edges on every face. Of their contrast at 1, 2 and 4 px, sharpening
    raises the finest most; tone and contrast cancel in the ratios: ln(a/b) + 2 ln(b/c). NaN where
    the eyes lie outside the photo.
    """
    table, ends = limits("processing"), points[[RIGHT_EYE_OUTER, LEFT_EYE_OUTER]]
    unit = float(np.linalg.norm(ends[1] - ends[0]))
    # Around the bridge of the nose, and no more pixels than tell it.
    reach = np.minimum(np.array(table["around"]) * unit, table["most_px"])
    low = np.maximum(ends.mean(axis=0) - reach, 0).astype(int)
    high = (ends.mean(axis=0) + reach).astype(int)
    box = pixels[low[1] : high[1], low[0] : high[0]]
    if min(box.shape[:2]) < table["least_px"]:
        return float("nan")
    luma = box.astype(np.float32) @ _LUMA
    energies = []
    for step in (1, 2, 4):
        broader = _blurred(_blurred(luma, step).T, step).T
        energies.append(float(np.log(np.mean((luma - broader) ** 2) + 1e-3)) / 2)
        luma = broader
    return energies[0] + energies[1] - 2 * energies[2]


def why_withheld(pixels: Pixels, points: Points) -> dict[str, str]:
    """Concern -> why this photo's processing leaves it open, for those that it does."""
    table = limits("processing")
    if not detail(pixels, points) > table["sharpened"]:
        return {}
    return {name: say("concern.sharpened") for name in table["withheld"]}


def _blurred(values: NDArray[np.float32], step: int) -> Map:
    """Down each column, with holes of `step` px; the border repeats."""
    padded = np.pad(values, ((2 * step, 2 * step), (0, 0)), mode="edge")
    rows = values.shape[0]
    total = _SPLINE[0] * padded[:rows]
    for tap in range(1, 5):
        total += _SPLINE[tap] * padded[tap * step : tap * step + rows]
    return np.asarray(total)
