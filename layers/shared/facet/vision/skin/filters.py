"""Gaussian filters and their derivatives on small pictures, in numpy alone.

A filter along one axis is a product with a banded matrix, taken in blocks so that little of it is
zeros: on the few hundred pixels of a texture that is exact, needs no library, and costs a fraction
of a millisecond.
"""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Map = NDArray[np.float32]  # (height, width)
Mask = NDArray[np.bool_]

_BLOCK = 40  # rows; the fastest of 24 to 80 on textures of 140 to 280 px


def smooth(
    values: Map, down: float, across: float | None = None, d_down: int = 0, d_across: int = 0
) -> Map:
    """Gaussian of `down` x `across` px (the same where one is given), or its derivatives.

    d_down, d_across: 0, 1 or 2, the order of the derivative along that axis, per px. Outside the
    picture there is nothing: weigh with a smoothed mask where that matters.
    """
    across = down if across is None else across
    rows, row_bands = _kernel(values.shape[0], down, d_down)
    columns, column_bands = _kernel(values.shape[1], across, d_across)
    half = np.empty(values.shape, np.float32)
    for block, near in row_bands:
        np.matmul(rows[block, near], values[near], out=half[block])
    result = np.empty(values.shape, np.float32)
    for block, near in column_bands:
        np.matmul(half[:, near], columns.T[near, block], out=result[:, block])
    return result


def mean_near(values: Map, mask: Mask, sigma: float) -> Map:
    """Gaussian mean over what the mask shows; far from it, the mean of all of it."""
    weight = mask.astype(np.float32)
    weighed, step = _blurred(values * weight, sigma)
    near, _ = _blurred(weight, sigma)
    everywhere = np.float32(weighed.sum() / max(float(near.sum()), 1e-6))
    faint = np.float32(1e-3)  # a little of the mean of all, so that nothing divides by nothing
    return _enlarged((weighed + faint * everywhere) / (near + faint), step)


def shrunk(mask: Mask, px: float) -> Mask:
    """A mask without what lies within about `px` of its edge."""
    blurred, step = _blurred(mask.astype(np.float32), px)
    return _enlarged(blurred > 0.85, step) & mask


def grown(mask: Mask, px: float) -> Mask:
    """A mask with what lies within about `px` of it."""
    blurred, step = _blurred(mask.astype(np.float32), px)
    return _enlarged(blurred > 0.15, step) | mask


def _blurred(values: Map, sigma: float) -> tuple[Map, int]:
    """A map -> its Gaussian mean on a smaller map, and the whole factor between their sides.

    A broad one is taken on means of blocks; a narrow one keeps the size, with a factor of 1.
    """
    halvings = 0 if sigma < 1.3 else 1 if sigma < 20 else 3
    step = 2**halvings
    if values.shape[0] % step or values.shape[1] % step:
        return smooth(values, sigma), 1
    for _ in range(halvings):
        upper, lower = values[::2], values[1::2]
        values = (upper[:, ::2] + upper[:, 1::2] + lower[:, ::2] + lower[:, 1::2]) / np.float32(4)
    return smooth(values, sigma / step), step


def _enlarged[T: np.generic](small: NDArray[T], step: int) -> NDArray[T]:
    """Every pixel as a block of `step` by `step`."""
    # Rows last: they are copied whole.
    return small if step == 1 else small.repeat(step, axis=1).repeat(step, axis=0)


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
def _kernel(size: int, sigma: float, order: int) -> tuple[Map, tuple[tuple[slice, slice], ...]]:
    """The filter as a matrix (size, size), and its blocks of rows with the columns they need."""
    offset = np.arange(1 - size, size)
    taps = np.exp(-(offset**2) / (2 * sigma**2))
    middle = size // 2
    taps /= taps[size - 1 - middle : 2 * size - 1 - middle].sum()
    if order == 1:
        taps = -taps * offset / sigma**2
    elif order == 2:
        taps = taps * (offset**2 / sigma**4 - 1 / sigma**2)
    # Exact zeros far off: products with subnormal numbers are ten times slower.
    taps[np.abs(taps) < 1e-6 * np.abs(taps).max()] = 0
    reach = int(np.abs(offset[taps != 0]).max())
    # Row i holds the taps of the offsets i, i - 1, ..., i - size + 1.
    backwards = sliding_window_view(taps[::-1].astype(np.float32), size)
    matrix = np.ascontiguousarray(backwards[::-1])
    block = size if 2 * reach + _BLOCK >= size else _BLOCK
    return matrix, tuple(
        (slice(start, start + block), slice(max(0, start - reach), start + block + reach))
        for start in range(0, size, block)
    )
