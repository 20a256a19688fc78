"""Ranking weights refitted to feedback: which suggestions people took, and which they did not.

The model: P(liked) = 1 / (1 + exp(-(b + v.x))), x the features of the suggested product (a feature
that was not weighed is 0). Weights of a ranking only order, so their scale is free: first the
current weights w are given a scale a and an intercept by the same regression on the one number
w.x; then v minimises

    sum of log-losses + strength / 2 * |v - a w|^2

by Newton's method, and v / a is the new version. With little feedback it stays what it was. The
source of both: logistic regression with a Gaussian prior, Bishop, Pattern Recognition and Machine
Learning (2006), 4.3.2 and 4.5.

One person in five is held out, all their answers together; on them the figures are taken.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from facet.advice.ranking import FEATURES, FOLDER, STRENGTH, Ranking, stable_fraction
from facet.catalogue.files import written
from facet.domain.errors import FacetError
from facet.domain.feedback import Judgement

HELD_OUT = 0.2
LEAST = 100  # answers, below which nothing is learned
SMALLEST_SCALE = 0.05  # where the current order explains nothing, there is still one to divide by

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """How well one version of a ranking tells liked from not, on people it was not fitted to."""

    log_loss: float  # nats an answer; less is better
    auc: float  # 0..1; 0.5 is chance


@dataclass(frozen=True)
class Fit:
    """A new version of a ranking, and the figures it reaches."""

    ranking: Ranking
    base: str
    fitted: int  # answers
    held_out: int
    skipped: int  # lines that say nothing of a product's features
    before: Figures
    after: Figures

    @property
    def better(self) -> bool:
        """Whether both figures are better: only then is the version worth a rollout."""
        return self.after.log_loss < self.before.log_loss and self.after.auc >= self.before.auc


def read_feedback(lines: Iterable[str]) -> tuple[list[Judgement], list[str]]:
    """Judgements of a JSONL export, and what is wrong with the lines that were left out."""
    read, problems = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                read.append(Judgement.model_validate_json(line))
            except ValidationError as error:
                problems.append(f"line {number}: {error.errors()[0]['msg']}")
    return read, problems


def fit(
    feedback: Sequence[Judgement], current: Ranking, version: str, strength: float = STRENGTH
) -> Fit:
    """New weights from feedback, `strength` >= 0 pulling them towards the current ones.

    Raises FacetError where fewer than LEAST answers can be used, or either part (fitted, held out)
    holds only one kind of answer.
    """
    used = [
        row for row in feedback if row.liked is not None and row.features.keys() & set(FEATURES)
    ]
    x = np.array([[row.features.get(name, 0.0) for name in FEATURES] for row in used], dtype=float)
    y = np.array([row.liked for row in used], dtype=float)
    held = np.array([stable_fraction(f"held out/{row.person}") < HELD_OUT for row in used], bool)
    if len(used) < LEAST:
        raise FacetError(f"{len(used)} answers can be used; learning starts at {LEAST}")
    if any(len(set(y[part])) < 2 for part in (held, ~held)):
        raise FacetError("there are only likes or only dislikes among some: nothing to tell apart")

    w = np.array([current.weights[name] for name in FEATURES])
    score = (x @ w)[:, np.newaxis]
    # Nearly no prior: two numbers on all answers.
    before = _regress(score[~held], y[~held], np.zeros(1), 1e-6)
    if before[1] <= 0:  # they like the opposite: the current order says nothing they agree with
        before = np.array([np.log(y[~held].mean() / (1 - y[~held].mean())), 0.0])
    scale = max(float(before[1]), SMALLEST_SCALE)
    after = _regress(x[~held], y[~held], scale * w, strength)
    weights = {
        name: round(float(v) / scale, 4) for name, v in zip(FEATURES, after[1:], strict=True)
    }
    return Fit(
        ranking=Ranking(version, weights),
        base=current.version,
        fitted=int((~held).sum()),
        held_out=int(held.sum()),
        skipped=len(feedback) - len(used),
        before=_figures(before[0] + score[held] @ before[1:], score[held, 0], y[held]),
        after=_figures(after[0] + x[held] @ after[1:], x[held] @ after[1:], y[held]),
    )


def _regress(x: Matrix, y: Vector, prior: Vector, strength: float) -> Vector:
    """(1 + k,) intercept and weights of the regression towards `prior` (k,); x (n, k), y 0 or 1."""
    design = np.column_stack((np.ones(len(x)), x))
    centre = np.concatenate(([0.0], prior))
    # The intercept is free; a breath of a prior keeps it finite.
    pull = np.concatenate(([1e-6], np.full(x.shape[1], max(strength, 1e-6))))
    theta = centre.copy()

    def loss(at: Vector) -> float:
        logit = design @ at
        return float(
            (np.logaddexp(0, logit) - y * logit).sum() + (pull * (at - centre) ** 2).sum() / 2
        )

    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ theta, -500, 500)))
        gradient = design.T @ (p - y) + pull * (theta - centre)
        hessian = (design.T * (p * (1 - p))) @ design + np.diag(pull)
        step, size, here = np.linalg.solve(hessian, gradient), 1.0, loss(theta)
        while loss(theta - size * step) > here and size > 1e-9:
            size /= 2
        theta = theta - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    return theta


def _figures(logit: Vector, score: Vector, y: Vector) -> Figures:
    # Mann and Whitney: the share of pairs, one liked and one not, in the right order; ties half.
    gaps = score[y == 1][:, np.newaxis] - score[y == 0]
    return Figures(
        log_loss=float((np.logaddexp(0, logit) - y * logit).mean()),
        auc=float(((gaps > 0) + 0.5 * (gaps == 0)).mean()),
    )


def write_ranking(fit: Fit, folder: Path = FOLDER) -> Path:
    """The new version's file. Raises FacetError where this version is already there."""
    path = folder / f"{fit.ranking.version}.toml"
    if path.exists():
        raise FacetError(f"{path} is there: versions are never overwritten")
    figures: dict[str, Any] = {
        "base": fit.base,
        "fitted": fit.fitted,
        "held_out": fit.held_out,
        "log_loss_before": round(fit.before.log_loss, 4),
        "log_loss": round(fit.after.log_loss, 4),
        "auc_before": round(fit.before.auc, 4),
        "auc": round(fit.after.auc, 4),
    }
    lines = [
        "# Written by `facet learn fit`; the figures are of people it was not fitted to.",
        f"source = {json.dumps(f'feedback, fitted from {fit.base}')}",
        *("", "[weights]", *(f"{name} = {value}" for name, value in fit.ranking.weights.items())),
        *("", "[figures]", *(f"{name} = {json.dumps(value)}" for name, value in figures.items())),
    ]
    with written(path) as file:
        file.write(("\n".join(lines) + "\n").encode())
    return path
