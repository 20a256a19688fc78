"""What a measure of the skin answers with, and what all of them ask of the skin first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facet.saying import say
from facet.vision.skin.filters import Map, Mask
from facet.vision.skin.limits import limits
from facet.vision.skin.surface import Surface


@dataclass(frozen=True, slots=True)
class Measured:
    """One concern on one photo, before it is scored; `reason` where it could not be measured."""

    value: float | None
    regions: Mapping[str, float]
    confidence: float = 0.0
    reason: str | None = None


def why_lost(
    face: Surface, *names: str, burnt: float | None = None, bare: float | None = None
) -> str | None:
    """Why these parts together cannot be measured; None where they can.

    burnt, bare: 0..1, how much of them may be burnt out and must be matte skin; else as usual.
    """
    usual = limits("measured")
    if face.burnt_share(*names) > (usual["burnt"] if burnt is None else burnt):
        return say("concern.burnt_out")
    least = usual["bare"] if bare is None else bare
    return say("concern.covered") if face.bare(*names) < least else None


def by_region(
    face: Surface, names: Sequence[str], value: Callable[[Mask], float]
) -> dict[str, float]:
    """The value of each region that is bare enough."""
    least = limits("measured")["region"]
    return {name: value(face.region(name)) for name in names if face.bare(name) >= least}


def ramp(values: Map, low: float, high: float) -> Map:
    """Values -> 0..1: 0 up to `low`, 1 from `high`, straight between."""
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), np.float32)
