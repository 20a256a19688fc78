"""Shares over named answers, from what was measured and how sure that is."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facet.domain.face import Share


def likelihoods(
    values: ArrayLike, errors: ArrayLike, anchors: ArrayLike, spreads: ArrayLike
) -> NDArray[np.float64]:
    """How well each anchor explains the values: independent normals, error and spread combined.

    values and errors (..., axes), errors as standard deviations, infinite where an axis is not
    known; anchors (answers, axes), spreads (axes,) of one answer's members -> (..., answers).
    An axis that is not known says nothing; an unsure one says little.
    """
    error = np.asarray(errors, float)[..., None, :]
    variance = error**2 + np.asarray(spreads, float) ** 2
    finite = np.isfinite(variance)
    distance = np.where(finite, np.asarray(values, float)[..., None, :], 0) - np.asarray(
        anchors, float
    )
    variance = np.where(finite, variance, 1)
    exponents = np.where(finite, distance**2 / variance + np.log(variance), 0).sum(axis=-1)
    return np.asarray(np.exp(-0.5 * exponents))


def shares(names: Sequence[str], weights: ArrayLike) -> tuple[Share, ...]:
    """Weights (answers,), any scale -> their shares, largest first, in thousandths; sum about 1."""
    values = np.asarray(weights, float)
    values = values / values.sum()
    ordered = sorted(zip(names, values.tolist(), strict=True), key=lambda share: -share[1])
    return tuple(Share(name=name, share=round(share, 3)) for name, share in ordered)


def anchors(table: Mapping[str, Mapping[str, float]], axes: Sequence[str]) -> NDArray[np.float64]:
    """{answer: {axis: value}} -> (answers, axes); an axis that is not named lies at 0."""
    return np.array([[answer.get(axis, 0.0) for axis in axes] for answer in table.values()])
