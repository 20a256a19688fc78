"""Which cosmetic condition the measures speak for, by one versioned table: no model, no photo."""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import NormalDist, mean
from typing import Any

from facet.domain.errors import PermanentError
from facet.domain.face import Concern, Prediction, Share
from facet.domain.naming import named
from facet.saying import say
from facet.vision.face.shares import shares
from facet.vision.skin.scores import BANDS, Scoring

NORMAL = "normal"
_TABLES = Path(__file__).with_name("conditions")
_SURE = 1.96  # standard deviations: 95 %
_TAILS, _STEPS = 5, 200  # how far and how finely chances are summed

type Term = Mapping[str, Any]  # concern, weight and, of a region, region and against


@dataclass(frozen=True, slots=True)
class Conditions:
    """One version of conditions/<version>.toml."""

    version: str
    least_evidence: float
    normal_at: float
    least_spread: float
    doubt: float
    severity: Sequence[float]
    usual: Mapping[str, tuple[float, float]]  # strength of plain faces: median, spread
    conditions: Mapping[str, Sequence[Term]]
    named_with: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@cache
def load_conditions(version: str) -> Conditions:
    """A table by its version. Raises PermanentError `unknown_scoring_version` if there is none."""
    versions = sorted(path.stem for path in _TABLES.glob("*.toml"))
    if version not in versions:
        raise PermanentError(
            "unknown_scoring_version",
            say("scoring.unknown_conditions", version=version, known=", ".join(versions)),
        )
    document = tomllib.loads((_TABLES / f"{version}.toml").read_text(encoding="utf-8"))
    del document["source"]
    return Conditions(**document)


def predict(concerns: Sequence[Concern], scoring: Scoring, table: Conditions) -> Prediction | None:
    """Scored concerns -> the chance of each condition to stand out most; None where none is judged.

    A condition stands out by how far its strength lies above the usual one, in spreads of plain
    faces, give or take what the measures' `minimum_change` is worth. `normal` is the chance that
    none stands out by more than `normal_at`, and a name only where every one was judged. A concern
    that was not measured is left out, named in `missing`, and lowers the confidence.
    """
    strengths = condition_strengths(concerns, table)
    if not strengths:
        return None
    measured = _measured(concerns)
    standing = [
        _standing(condition, strength, measured, scoring, table)
        for condition, strength in strengths.items()
    ]
    answer = shares((*strengths, NORMAL), _chances(standing, table.normal_at))
    name = _named(answer, strengths, measured, table)
    grade = 0
    if name in strengths:  # what stands out is at least mild
        grade = max(1, sum(strengths[name] >= at for at in table.severity))
    return Prediction(
        condition=name,
        severity=BANDS[grade],
        confidence=round(answer[0].share * _evidence(measured, table), 2),
        all_conditions=answer,
        missing=tuple(
            sorted(
                {term["concern"] for terms in table.conditions.values() for term in terms}
                - measured.keys()
            )
        ),
    )


def condition_strengths(concerns: Sequence[Concern], table: Conditions) -> dict[str, float]:
    """The strength, -1..1, of every condition of which enough was measured."""
    measured = _measured(concerns)
    strengths: dict[str, float] = {}
    for condition, terms in table.conditions.items():
        weighed = _weighed(terms, measured)
        support = _support(term for term, _ in weighed)
        if support >= table.least_evidence * _support(terms):
            strengths[condition] = sum(term["weight"] * lack for term, lack in weighed) / support
    return strengths


def _standing(
    condition: str,
    strength: float,
    measured: Mapping[str, Concern],
    scoring: Scoring,
    table: Conditions,
) -> NormalDist:
    """How far a strength lies above the usual one, in spreads of plain faces, and how surely."""
    weighed = _weighed(table.conditions[condition], measured)
    noises = [term["weight"] * _noise(measured[term["concern"]], scoring) for term, _ in weighed]
    usual, spread = table.usual[condition]
    spread = max(spread, table.least_spread)
    noise = math.hypot(*noises) / _support(term for term, _ in weighed) / spread
    return NormalDist((strength - usual) / spread, math.hypot(noise, table.doubt))


def _evidence(measured: Mapping[str, Concern], table: Conditions) -> float:
    """0..1: how much of what the conditions ask for was measured, and how surely, in the mean."""
    parts = (
        sum(
            abs(term["weight"]) * measured[term["concern"]].confidence
            for term, _ in _weighed(terms, measured)
        )
        / sum(abs(term["weight"]) for term in terms)
        for terms in table.conditions.values()
    )
    return float(mean(parts))


def _measured(concerns: Sequence[Concern]) -> dict[str, Concern]:
    return {concern.name: concern for concern in concerns if concern.score is not None}


def _weighed(terms: Sequence[Term], measured: Mapping[str, Concern]) -> list[tuple[Term, float]]:
    """The terms that were measured, each with its lack."""
    return [(term, lack) for term in terms if (lack := _lack(term, measured)) is not None]


def _support(terms: Iterable[Term]) -> float:
    """The weight of what speaks for a condition."""
    return float(sum(term["weight"] for term in terms if term["weight"] > 0))


def _chances(standing: Sequence[NormalDist], limit: float) -> list[float]:
    """The chance of each to be the largest and above the limit; last, that none is above it."""
    top = max(limit, *(belief.mean + _TAILS * belief.stdev for belief in standing))
    step = (top - limit) / _STEPS
    chances = [0.0] * len(standing)
    for number in range(_STEPS if step else 0):
        at = limit + (number + 0.5) * step
        below = [belief.cdf(at) for belief in standing]
        for which, belief in enumerate(standing):
            others = math.prod(below[:which] + below[which + 1 :])
            chances[which] += belief.pdf(at) * others * step
    return [*chances, math.prod(belief.cdf(limit) for belief in standing)]


def _named(
    answer: Sequence[Share],
    strengths: Mapping[str, float],
    measured: Mapping[str, Concern],
    table: Conditions,
) -> str | None:
    """The first condition, where its share names it and its concern was seen surely enough."""
    name = named("condition", answer)
    if name == NORMAL and len(strengths) < len(table.conditions):
        return None  # what was not judged may stand out
    if (asked := table.named_with.get(name or "")) is None:
        return name
    concern = measured.get(asked["concern"])
    return name if concern and concern.confidence >= asked["confidence"] else None


def _noise(concern: Concern, scoring: Scoring) -> float:
    """Standard deviation of a concern's lack, 0..1: of its minimum_change, which 95 % stay in."""
    if concern.measured is None or concern.minimum_change is None:
        return 0.0
    return scoring.points(concern.name, concern.measured, concern.minimum_change) / 100 / _SURE


def _lack(term: Term, measured: Mapping[str, Concern]) -> float | None:
    """0..1, how far a term's concern or region is from 100; None where it was not measured."""
    concern = measured.get(term["concern"])
    if concern is None or concern.score is None:
        return None
    if "region" not in term:
        return (100 - concern.score) / 100
    lacks = {region.name: (100 - region.score) / 100 for region in concern.regions}
    others = [lacks[name] for name in term["against"] if name in lacks]
    if term["region"] not in lacks or not others:
        return None
    return max(0.0, lacks[term["region"]] - sum(others) / len(others))
