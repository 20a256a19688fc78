"""From a measured value to a score, by one versioned table: a pure function of stored numbers."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from facet.domain.errors import PermanentError
from facet.saying import say

BANDS = ("none", "mild", "moderate", "marked")
CURRENT = "2"
_TABLES = Path(__file__).with_name("scoring")


@dataclass(frozen=True, slots=True)
class Scoring:
    """One version of scoring/<version>.toml."""

    version: str
    concerns: Mapping[str, Mapping[str, Any]]

    def score(self, concern: str, measured: float) -> float:
        """The score, 0..100, 100 is best: straight lines between anchors, flat beyond them."""
        anchors: list[list[float]] = self.concerns[concern]["anchors"]
        if measured <= anchors[0][0]:
            return float(anchors[0][1])
        for (low, best), (high, worst) in pairwise(anchors):
            if measured <= high:
                return round(best + (worst - best) * (measured - low) / (high - low), 1)
        return float(anchors[-1][1])

    def band(self, concern: str, measured: float) -> str:
        """The band (none, mild, moderate or marked) by the table's limits of the measured value."""
        return BANDS[sum(measured >= limit for limit in self.concerns[concern]["bands"])]

    def minimum_change(self, concern: str, measured: float) -> float:
        """The least difference between two photos that is no noise, in the concern's unit."""
        fixed, share = map(float, self.concerns[concern]["minimum_change"])
        # Upwards: a change of exactly that much is not to be told from noise either.
        return math.ceil(100 * (fixed + share * abs(measured))) / 100

    def points(self, concern: str, measured: float, change: float) -> float:
        """The points of score, 0..100, that a change of the measured value is worth at most, either
        way."""
        here = self.score(concern, measured)
        better, worse = (self.score(concern, measured + by) for by in (-change, change))
        return max(better - here, here - worse)

    def unit(self, concern: str) -> str:
        """Unit of a concern's measured value and of its minimum_change."""
        return str(self.concerns[concern]["unit"])

    def least(self, concern: str) -> float:
        """Pixels per mm of face that the photo must carry for this concern; 0: any."""
        return float(self.concerns[concern]["least_px_per_mm"])


@cache
def load_scoring(version: str = CURRENT) -> Scoring:
    """A table by its version. Raises PermanentError `unknown_scoring_version` without one."""
    versions = sorted(path.stem for path in _TABLES.glob("*.toml"))
    if version not in versions:
        raise PermanentError(
            "unknown_scoring_version",
            say("scoring.unknown_version", version=version, known=", ".join(versions)),
        )
    document = tomllib.loads((_TABLES / f"{version}.toml").read_text(encoding="utf-8"))
    return Scoring(version, document["concerns"])
