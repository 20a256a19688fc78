"""How well two photos of one person agree: ICC, spread and agreement, with 95 % intervals.

The intervals come from 2,000 resamplings of the people, the same ones every time. A resampling is a
row of weights, how often each person was drawn; the first row has everybody once.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 2000
_SEED = 1
_INTERVAL = (2.5, 97.5)

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Figure:
    """A value and where it lies in 95 % of the resamplings."""

    value: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Spread:
    """A number on two photos of one person."""

    people: int  # with two readings or more
    pairs: int
    icc: Figure | None  # one-way random; None where all readings are one
    sd: Figure  # within people
    median: Figure  # of the difference of two photos, without its sign
    within_95: Figure  # 19 of 20 pairs differ by no more


@dataclass(frozen=True)
class Agreement:
    """A name on two photos of one person."""

    people: int  # with two readings or more
    pairs: int
    same: Figure  # share of the pairs with one name
    strangers: float  # the same share over all pairs of photos of different people


def spread(readings: Sequence[Sequence[float]]) -> Spread | None:
    """Readings of every person -> how they repeat; None below two people with two each."""
    groups = [np.array(each) for each in readings if len(each) > 1]
    if len(groups) < 2:
        return None
    drawn = _drawn(len(groups))
    counts = np.array([len(each) for each in groups])
    # Nothing of it depends on where zero lies; near it the sums of squares lose no digits.
    middle = np.mean(np.concatenate(groups))
    means = np.array([each.mean() for each in groups]) - middle
    within = np.array([((each - each.mean()) ** 2).sum() for each in groups])
    n, total = drawn.sum(axis=1), drawn @ counts
    grand = drawn @ (counts * means) / total
    between = (drawn @ (counts * means**2) - total * grand**2) / (n - 1)
    error = drawn @ within / (total - n)
    size = total / n
    with np.errstate(invalid="ignore"):
        icc = (between - error) / (between + (size - 1) * error)
    differences, owners = _differences(groups)
    order = np.argsort(differences)
    of_pairs, ordered = drawn[:, owners[order]].cumsum(axis=1), differences[order]

    def quantile(share: float) -> Floats:
        reached = of_pairs >= share * of_pairs[:, -1:]
        return ordered[reached.argmax(axis=1)]

    return Spread(
        people=len(groups),
        pairs=len(differences),
        icc=None if np.isnan(icc[0]) else _figure(icc),
        sd=_figure(np.sqrt(error)),
        median=_figure(quantile(0.5)),
        within_95=_figure(quantile(0.95)),
    )


def agreement(names: Sequence[Sequence[Hashable]]) -> Agreement | None:
    """Names of every person's photos -> how often two agree; None below two people with two each.

    Strangers come from everybody, those with one photo included.
    """
    groups = [each for each in names if len(each) > 1]
    if len(groups) < 2:
        return None
    pairs = np.array([len(each) * (len(each) - 1) / 2 for each in groups])
    same = np.array([sum(a == b for a, b in combinations(each, 2)) for each in groups])
    return Agreement(
        people=len(groups),
        pairs=int(pairs.sum()),
        same=ratio(same, pairs),
        strangers=_strangers(names),
    )


def ratio(parts: Sequence[float] | Floats, wholes: Sequence[float] | Floats) -> Figure:
    """Of every person how many hold and how many there are -> the share that holds."""
    drawn = _drawn(len(wholes))
    with np.errstate(invalid="ignore"):
        return _figure(drawn @ np.asarray(parts) / (drawn @ np.asarray(wholes)))


def correlation(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> Figure:
    """Pearson's r of two numbers on every photo of every person, as many of each as another."""
    x, y = (np.asarray(side, float) - np.mean(side) for side in (ours, theirs))
    drawn = _drawn(len(x))
    # Sums of every person, of which each resampling weighs its own.
    sums = [part.sum(axis=1) for part in (x, y, x * x, y * y, x * y)]
    mx, my, xx, yy, xy = (drawn @ part / (len(x) * x.shape[1]) for part in sums)
    with np.errstate(invalid="ignore"):
        return _figure((xy - mx * my) / np.sqrt((xx - mx**2) * (yy - my**2)))


def rank_correlation(ours: Sequence[float], theirs: Sequence[float]) -> Figure | None:
    """Spearman's rho over photos; None below three, or where one side is all alike."""
    if len(ours) < 3 or len(set(ours)) == 1 or len(set(theirs)) == 1:
        return None
    chance = np.random.default_rng(_SEED)
    drawn = chance.integers(0, len(ours), (RESAMPLES, len(ours)))
    drawn = np.vstack([np.arange(len(ours)), drawn])
    ranks = [stats.rankdata(np.asarray(side)[drawn], axis=1) for side in (ours, theirs)]
    x, y = (side - side.mean(axis=1, keepdims=True) for side in ranks)
    with np.errstate(invalid="ignore"):
        rho = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return _figure(rho)


def share(count: int, of: int) -> Figure:
    """A share of photos with its interval after Wilson."""
    low, high = stats.binomtest(count, of).proportion_ci(method="wilson")
    return Figure(count / of, (float(low), float(high)))


def _drawn(people: int) -> Floats:
    """(1 + RESAMPLES, people) how often each person counts"""
    chance = np.random.default_rng(_SEED)
    drawn = chance.multinomial(people, np.full(people, 1 / people), RESAMPLES)
    return np.vstack([np.ones(people), drawn])


def _differences(groups: Sequence[Floats]) -> tuple[Floats, NDArray[np.intp]]:
    """The difference of every pair within a person, and which person that is."""
    made = [(abs(a - b), at) for at, each in enumerate(groups) for a, b in combinations(each, 2)]
    return np.array([d for d, _ in made]), np.array([at for _, at in made])


def _strangers(names: Sequence[Sequence[Hashable]]) -> float:
    counted = [Counter(each) for each in names]
    totals = sum(counted, Counter[Hashable]())
    alike = _squares(totals.values()) - sum(_squares(counts.values()) for counts in counted)
    of = sum(totals.values()) ** 2 - _squares(map(len, names))
    return alike / of


def _squares(counts: Iterable[int]) -> int:
    return sum(count**2 for count in counts)


def _figure(rows: Floats) -> Figure:
    """The first row, and the interval of the others."""
    low, high = np.nanpercentile(rows[1:], _INTERVAL)
    return Figure(float(rows[0]), (float(low), float(high)))
