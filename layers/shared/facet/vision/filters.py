"""Gaussian filters and their derivatives on small pictures, in numpy alone.

A filter along one axis is a product with a banded matrix: on the few hundred pixels of a texture
that is exact, needs no library, and costs less than a millisecond.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]  # (height, width)
Mask = NDArray[np.bool_]


def smooth(
    values: Map, down: float, across: float | None = None, d_down: int = 0, d_across: int = 0
) -> Map:
    """Gaussian of `down` x `across` px (the same where one is given), or its derivatives.

    d_down, d_across: 0, 1 or 2, the order of the derivative along that axis, per px. Outside the
    picture there is nothing: weigh with a smoothed mask where that matters.
    """
    across = down if across is None else across
    rows = _kernel(values.shape[0], down, d_down)
    columns = _kernel(values.shape[1], across, d_across)
    return np.asarray(rows @ values @ columns.T)


def mean_near(values: Map, mask: Mask, sigma: float) -> Map:
    """Gaussian mean over what the mask shows; far from it, the mean of all of it."""
    weight = mask.astype(np.float32)
    weighed, near = _blurred(values * weight, sigma), _blurred(weight, sigma)
    known = np.float32(weighed.sum() / max(float(near.sum()), 1e-6))
    faint = np.float32(1e-3)  # a little of the mean of all, so that nothing divides by nothing
    return np.asarray((weighed + faint * known) / (near + faint))


def shrunk(mask: Mask, px: float) -> Mask:
    """Without what lies within about `px` of its edge."""
    return np.asarray(_blurred(mask.astype(np.float32), px) > 0.85) & mask


def grown(mask: Mask, px: float) -> Mask:
    """With what lies within about `px` of it."""
    return np.asarray(_blurred(mask.astype(np.float32), px) > 0.15) | mask


def _blurred(values: Map, sigma: float) -> Map:
    """Gaussian; a broad one on a picture of a half or an eighth of the size, in blocks."""
    halvings = 0 if sigma < 1.3 else 1 if sigma < 20 else 3
    step = 2**halvings
    if values.shape[0] % step or values.shape[1] % step:
        return smooth(values, sigma)
    for _ in range(halvings):
        upper, lower = values[::2], values[1::2]
        values = (upper[:, ::2] + upper[:, 1::2] + lower[:, ::2] + lower[:, 1::2]) / np.float32(4)
    broad = smooth(values, sigma / step)
    return np.repeat(np.repeat(broad, step, axis=0), step, axis=1)


def curvature(values: Map, sigma: float) -> tuple[Map, Map, Map]:
    """Second derivatives at one scale, times sigma squared: down-down, across-across, mixed."""
    square = np.float32(sigma * sigma)
    return (
        smooth(values, sigma, d_down=2) * square,
        smooth(values, sigma, d_across=2) * square,
        smooth(values, sigma, d_down=1, d_across=1) * square,
    )


def blobs(values: Map, sigma: float) -> Map:
    """How strongly a bright spot of about sigma stands out of its surroundings, >= 0.

    The weaker of the two principal curvatures: a line has none along itself.
    """
    down, across, mixed = curvature(values, sigma)
    weaker = -(down + across) / 2 - np.hypot((down - across) / 2, mixed)
    return np.asarray(np.maximum(weaker, 0))


@cache
def _kernel(size: int, sigma: float, order: int) -> Map:
    offset = np.arange(size)[:, None] - np.arange(size)[None]
    near = np.exp(-(offset**2) / (2 * sigma**2))
    near /= near.sum(axis=1).max()
    if order == 1:
        near = -near * offset / sigma**2
    elif order == 2:
        near = near * (offset**2 / sigma**4 - 1 / sigma**2)
    # Exact zeros far off: products with subnormal numbers are ten times slower.
    near[np.abs(near) < 1e-6 * np.abs(near).max()] = 0
    return near.astype(np.float32)
