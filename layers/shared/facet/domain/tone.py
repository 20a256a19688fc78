"""Skin tone in degrees of ITA: its classes and Monk tones, and the tone of a person.

The tone of a person is a normal posterior over ITA. Every piece of evidence weighs by its own
error; photos of one person err partly alike, so a hundred are not a hundred times as sure.
"""

import math
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from statistics import NormalDist
from typing import Any, Literal, Self

from pydantic import Field

from facet.domain.base import Stored
from facet.domain.face import ItaClass, MonkShare, Reference, Share, Tone, ToneOpen
from facet.domain.naming import named, settles

EvidenceKind = Literal["photo", "white_paper", "monk", "foundation"]
PHOTOS = ("photo", "white_paper")


class ToneEvidence(Stored):
    """One thing that speaks for a tone: a photo, or what the person says fits."""

    kind: EvidenceKind = Field(
        description="white_paper: a photo with a sheet of it beside the face"
    )
    ita: float = Field(ge=-90, le=90, description="degrees")
    error: float = Field(gt=0, description="one standard deviation, degrees")

    @classmethod
    def of(cls, tone: Tone, reference: Reference | None = None) -> Self | None:
        """What the tone of one photo says; None for a reading of before it had an error."""
        if tone.ita_estimate is None or tone.ita_error is None:
            return None
        used = reference is not None and reference.status == "used"
        kind: EvidenceKind = reference.kind if reference and used else "photo"
        return cls(kind=kind, ita=tone.ita_estimate, error=tone.ita_error)


class ToneOfPerson(Stored):
    """Skin tone of a person over their photos: surer than one photo's."""

    ita: float = Field(ge=-90, le=90, description="individual typology angle, degrees: the mean")
    ita_interval: tuple[float, float] = Field(description="degrees; holds the tone in 7 of 10")
    ita_class: ItaClass | None = Field(default=None, description="absent where it is left open")
    confidence: float = Field(ge=0, le=1, description="share of the likeliest class")
    monk: tuple[MonkShare, ...] = Field(description="shares over the Monk scale, largest first")
    photos: int = Field(ge=0, description="how many photos speak in it")
    evidence: tuple[EvidenceKind, ...] = Field(description="the kinds of evidence in it")
    open: ToneOpen | None = Field(
        default=None, description="where no class is named: what is left open, what would settle it"
    )

    @property
    def knows_more(self) -> bool:
        """Whether more than one photo, or anything told, speaks in it."""
        return self.photos > 1 or bool(set(self.evidence) - set(PHOTOS))


def pool(evidence: Sequence[ToneEvidence]) -> ToneOfPerson | None:
    """All that speaks for one person's tone -> its posterior; None where nothing does."""
    if not evidence:
        return None
    table = _table()
    weights = [1 / piece.error**2 for piece in evidence]
    photos = sum(piece.kind in PHOTOS for piece in evidence)
    # What n photos share is not averaged away: each weighs 1 / (1 + (n - 1) shared).
    alike = 1 + max(photos - 1, 0) * table["photos"]["shared"]
    weights = [
        weight / alike if piece.kind in PHOTOS else weight
        for piece, weight in zip(evidence, weights, strict=True)
    ]
    weights.append(1 / table["prior"]["spread"] ** 2)
    values = [*(piece.ita for piece in evidence), table["prior"]["mean"]]
    mean = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    spread = 1 / math.sqrt(sum(weights))
    below = NormalDist(mean, spread).cdf
    classes = class_shares(below)
    reach = spread * NormalDist().inv_cdf((1 + coverage()) / 2)
    low, high = max(-90.0, mean - reach), min(90.0, mean + reach)
    name = named("ita_class", classes)
    return ToneOfPerson(
        ita=round(mean, 1),
        ita_interval=(round(low, 1), round(high, 1)),
        ita_class=name,
        open=None if name else left_open(low, high),
        confidence=classes[0].share,
        monk=monk_shares(below),
        photos=photos,
        evidence=tuple(dict.fromkeys(piece.kind for piece in evidence)),
    )


def ita_class(angle: float) -> ItaClass:
    """The class of an ITA in degrees."""
    table = _table()["ita"]
    name: ItaClass = table["classes"][sum(angle <= limit for limit in table["limits"])]
    return name


def left_open(low: float, high: float) -> ToneOpen:
    """What an interval of ITA in degrees leaves open, of a tone whose class has no name.

    One that lies in a single class leaves open the class that it lies nearest to as well.
    """
    classes, limits = _table()["ita"]["classes"], _table()["ita"]["limits"]
    first, last = classes.index(ita_class(high)), classes.index(ita_class(low))
    if first == last:
        above = limits[first - 1] - high if first > 0 else math.inf
        below = low - limits[last] if last < len(limits) else math.inf
        first, last = (first - 1, last) if above < below else (first, last + 1)
    return ToneOpen(
        classes=tuple(classes[first : last + 1]), what_would_settle_it=settles("ita_class")
    )


def class_shares(below: Callable[[float], float]) -> tuple[Share, ...]:
    """Cumulative distribution over ITA -> the share of every class, largest first."""
    table = _table()["ita"]
    masses = zip(table["classes"], _mass_between(below, table["limits"]), strict=True)
    shares = (Share(name=name, share=round(mass, 3)) for name, mass in masses)
    return tuple(sorted(shares, key=lambda share: -share.share))


def monk_shares(below: Callable[[float], float]) -> tuple[MonkShare, ...]:
    """Cumulative distribution over ITA -> the Monk tones that have a share, largest first."""
    masses = enumerate(_mass_between(below, _table()["monk"]["limits"]), start=1)
    shares = (MonkShare(tone=tone, share=round(mass, 3)) for tone, mass in masses)
    return tuple(sorted((entry for entry in shares if entry.share > 0), key=lambda e: -e.share))


def share_below(monk: Sequence[MonkShare], angle: float) -> float:
    """How much of a tone, 0..1, lies below an ITA in degrees: its Monk tones that wholly do."""
    limits = [math.inf, *_table()["monk"]["limits"]]
    return min(1.0, sum(entry.share for entry in monk if limits[entry.tone - 1] <= angle))


def monk_limits(tone: int) -> tuple[float, float]:
    """The degrees of ITA between which a Monk tone, 1..10, lies; the scale's ends as wide as the
    tone beside them."""
    limits: list[float] = _table()["monk"]["limits"]
    first, last = 2 * limits[0] - limits[1], 2 * limits[-1] - limits[-2]
    edges = [first, *limits, last]
    return edges[tone], edges[tone - 1]


def coverage() -> float:
    """How much of its distribution an interval of ITA holds, 0..1."""
    return float(_table()["coverage"])


def table_version() -> str:
    """Version of tone.toml."""
    return str(_table()["version"])


def _mass_between(below: Callable[[float], float], limits: Sequence[float]) -> list[float]:
    """Descending limits -> the mass of each interval, from the highest down; sums to 1."""
    edges = [1.0, *(below(limit) for limit in limits), 0.0]
    return [upper - lower for upper, lower in pairwise(edges)]


@cache
def _table() -> dict[str, Any]:
    text = resources.files("facet.domain").joinpath("tone.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
