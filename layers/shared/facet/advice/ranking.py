"""How candidates for one gap are ordered: a weighted sum of features, its weights versioned data.

rankings/<version>.toml is never overwritten: `facet learn fit` writes the next one beside it, and
a rollout sends a share of the users to it.
"""

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from facet.domain.errors import FacetError

FOLDER = Path(__file__).with_name("rankings")
DEFAULT = "skincare-1"
STRENGTH = 10.0  # how firmly a refit stays with the weights it starts from, unless told
FEATURES = (
    *("grade", "need", "skin", "sensitive", "irritancy", "strength", "price", "medicine"),
    *("tint_wanted", "tint_unwanted", "white_cast"),
)


@dataclass(frozen=True)
class Ranking:
    """A version of the ranking. weights: what a unit of each feature adds to a product's score."""

    version: str
    weights: Mapping[str, float]


@cache
def load_ranking(version: str = DEFAULT, folder: Path = FOLDER) -> Ranking:
    """A version's ranking from its file in `folder`.

    Raises FacetError for a version that is not there or does not weigh every feature.
    """
    try:
        weights = dict(tomllib.loads((folder / f"{version}.toml").read_text("utf-8"))["weights"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise FacetError(f"no ranking {version!r}: {error}") from error
    if weights.keys() != set(FEATURES) or not all(map(math.isfinite, weights.values())):
        raise FacetError(f"ranking {version!r} must weigh exactly {', '.join(FEATURES)}")
    return Ranking(version, weights)


@dataclass(frozen=True)
class Rollout:
    """A rollout: percent of the users (0..100) get the candidate, each of them always."""

    version: str
    candidate: str = ""
    percent: float = 0.0

    def version_for(self, user_id: str) -> str:
        """The version one user gets: the same until the candidate changes.

        Raising the percentage only adds users.
        """
        if not self.candidate:
            return self.version
        share = 100 * stable_fraction(f"{self.candidate}/{user_id}")
        return self.candidate if share < self.percent else self.version


def stable_fraction(text: str) -> float:
    """A fraction of a text's hash: 0 <= x < 1, evenly spread, the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
