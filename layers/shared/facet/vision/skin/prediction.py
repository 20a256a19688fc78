"""Which cosmetic condition the measures speak for, by one versioned table: no model, no photo."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from facet.domain.errors import PermanentError
from facet.domain.face import Concern, Prediction, Share
from facet.domain.naming import named
from facet.saying import say
from facet.vision.face.shares import shares
from facet.vision.skin.scores import BANDS

NORMAL = "normal"
_TABLES = Path(__file__).with_name("conditions")


@dataclass(frozen=True, slots=True)
class Conditions:
    """One version of conditions/<version>.toml."""

    version: str
    sharpness: float
    normal_below: float
    least_evidence: float
    severity: Sequence[float]
    conditions: Mapping[str, Sequence[Mapping[str, Any]]]
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


def predict(concerns: Sequence[Concern], table: Conditions) -> Prediction | None:
    """Scored concerns -> shares over the conditions; None where no condition can be judged.

    A concern that was not measured is left out, named in `missing`, and lowers the confidence.
    """
    measured = {concern.name: concern for concern in concerns if concern.score is not None}
    strengths: dict[str, float] = {}
    evidence: list[float] = []
    missing: set[str] = set()
    for condition, terms in table.conditions.items():
        lacks = [(term, lack) for term in terms if (lack := _lack(term, measured)) is not None]
        missing |= {term["concern"] for term in terms} - measured.keys()
        weights = sum(abs(term["weight"]) for term in terms)
        evidence.append(
            sum(abs(term["weight"]) * measured[term["concern"]].confidence for term, _ in lacks)
            / weights
        )
        support = sum(term["weight"] for term, _ in lacks if term["weight"] > 0)
        asked = sum(term["weight"] for term in terms if term["weight"] > 0)
        if support < table.least_evidence * asked:
            continue
        total = sum(term["weight"] * lack for term, lack in lacks)
        strengths[condition] = max(0.0, total / support)
    if not strengths:
        return None
    strongest = max(strengths.values())
    strengths[NORMAL] = max(0.0, 1 - strongest / table.normal_below)
    answer = shares(
        tuple(strengths), [strength**table.sharpness for strength in strengths.values()]
    )
    top = answer[0]
    name = _named(answer, measured, table)
    graded = name not in (None, NORMAL)
    grade = sum(strengths[top.name] >= at for at in table.severity) if graded else 0
    return Prediction(
        condition=name,
        severity=BANDS[grade],
        confidence=round(top.share * sum(evidence) / len(evidence), 2),
        all_conditions=answer,
        missing=tuple(sorted(missing)),
    )


def _named(
    answer: Sequence[Share], measured: Mapping[str, Concern], table: Conditions
) -> str | None:
    """The first condition, where its share names it and its concern was seen surely enough."""
    name = named("condition", answer)
    if (asked := table.named_with.get(name or "")) is None:
        return name
    concern = measured.get(asked["concern"])
    return name if concern and concern.confidence >= asked["confidence"] else None


def _lack(term: Mapping[str, Any], measured: Mapping[str, Concern]) -> float | None:
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
