"""The overall index of a visit: one number to follow, made of the concerns that were measured.

Deliberately no skin age: an age would need photos of people of known ages that stand for everybody,
and would tell people of one age that they are of another. Numbers are in index.toml.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from facet.domain.face import Concern, SkinIndex
from facet.vision.skin.scores import Scoring


def skin_index(concerns: Sequence[Concern], scoring: Scoring) -> SkinIndex | None:
    """Scored concerns -> their weighted mean score; None where too few of them were measured."""
    table = _table()
    weights: Mapping[str, float] = table["weights"]
    counted = {
        concern.name: (concern.score, step)
        for concern in concerns
        if concern.name in weights
        and concern.score is not None
        and concern.confidence >= table["confidence"]
        and (step := _step(concern, scoring)) is not None
    }
    if len(counted) < table["least"]:
        return None
    total = sum(weights[name] for name in counted)
    value = sum(weights[name] * score for name, (score, _) in counted.items()) / total
    noise = math.hypot(*(weights[name] * step / total for name, (_, step) in counted.items()))
    return SkinIndex(
        value=round(value, 1),
        # Upwards, as of a concern: a change of exactly that much is noise too.
        minimum_change=max(0.1, math.ceil(10 * noise) / 10),
        of=tuple(counted),
    )


def table_version() -> str:
    """Version of index.toml."""
    return str(_table()["version"])


def _step(concern: Concern, scoring: Scoring) -> float | None:
    """Points of score that a concern's minimum_change is worth where it lies."""
    if concern.measured is None or concern.minimum_change is None:
        return None
    return scoring.points(concern.name, concern.measured, concern.minimum_change)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("index.toml").read_text(encoding="utf-8"))
