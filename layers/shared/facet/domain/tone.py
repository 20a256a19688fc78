"""Skin tone in degrees of ITA: its classes and Monk tones, and the tone of a person.

The tone of a person is a normal posterior over ITA. Every piece of evidence weighs by its own
error; photos of one person err partly alike, so a hundred are not a hundred times as sure, and what
contradicts the rest makes all of it less sure.
"""

import math
import tomllib
from collections.abc import Callable, Collection, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from statistics import NormalDist
from typing import Any, Literal, Self

from pydantic import Field

from facet.domain.base import Stored
from facet.domain.face import ItaClass, MonkShare, Reference, Settles, Share, Tone, ToneOpen
from facet.domain.naming import Nameable, named, settles

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
        return cls(kind=photo_kind(reference), ita=tone.ita_estimate, error=tone.ita_error)


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
    def speaks(self) -> Literal["photos", "told"]:
        """Whether it is of photos alone, or of what the person told as well."""
        return "told" if set(self.evidence) - set(PHOTOS) else "photos"

    @property
    def knows_more(self) -> bool:
        """Whether more than one photo, or anything told, speaks in it."""
        return self.photos > 1 or self.speaks == "told"


def pool(evidence: Sequence[ToneEvidence]) -> ToneOfPerson | None:
    """All that speaks for one person's tone -> its posterior; None where nothing does."""
    if not evidence:
        return None
    prior = _table()["prior"]
    photos = [piece for piece in evidence if piece.kind in PHOTOS]
    parts = [(piece.ita, piece.error**2) for piece in evidence if piece.kind not in PHOTOS]
    if photos:  # what is told is of a face that its owner knows: it needs no prior
        seen = _seen(photos, prior["mean"], prior["spread"])
        parts.append(_weighed([(prior["mean"], prior["spread"] ** 2), *seen]))
    mean, variance = _weighed(parts)
    spread = math.sqrt(variance * _disagreement(parts, mean))
    below = NormalDist(mean, spread).cdf
    classes = class_shares(below)
    reach = spread * NormalDist().inv_cdf((1 + coverage()) / 2)
    low, high = max(-90.0, mean - reach), min(90.0, mean + reach)
    name = named(class_rule(*(piece.kind for piece in evidence)), classes)
    kinds = tuple(dict.fromkeys(piece.kind for piece in evidence))
    return ToneOfPerson(
        ita=round(mean, 1),
        ita_interval=(round(low, 1), round(high, 1)),
        ita_class=name,
        open=None if name else left_open(low, high, given(kinds, len(photos))),
        confidence=classes[0].share,
        monk=monk_shares(below),
        photos=len(photos),
        evidence=kinds,
    )


def _weighed(parts: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Values with their variances -> their mean, weighed by certainty, and its variance."""
    certainty = sum(1 / variance for _, variance in parts)
    return sum(value / variance for value, variance in parts) / certainty, 1 / certainty


def _disagreement(parts: Sequence[tuple[float, float]], mean: float) -> float:
    """How many times larger than its parts' variances let it be the variance of their mean is, 1 or
    more.

    What is told and what is seen may contradict each other; then neither is known to err, and the
    mean is as unsure as they lie apart (Birge 1932).
    """
    apart = sum((value - mean) ** 2 / variance for value, variance in parts)
    return max(1.0, apart / max(1, len(parts) - 1))


def _seen(photos: Sequence[ToneEvidence], prior: float, spread: float) -> list[tuple[float, float]]:
    """Photos -> the ITA that each shows by itself, and its variance.

    The prior is in a photo's estimate already and is taken out, or it would count once a photo.
    Where photos lie farther apart than their errors explain, all err by what is missing, within
    bounds (DerSimonian & Laird 1986): one that is wrongly sure does not outweigh the others. And
    part of their error is the same in all, so that a hundred are not a hundred times as sure.
    """
    table = _table()["photos"]
    seen = []
    for photo in photos:
        certainty = max(1 / photo.error**2 - 1 / spread**2, 1e-6)
        value = (photo.ita / photo.error**2 - prior / spread**2) / certainty
        seen.append((value, 1 / certainty))
    if len(seen) < 2:
        return seen
    weights = [1 / variance for _, variance in seen]
    total = sum(weights)
    middle = sum(w * value for w, (value, _) in zip(weights, seen, strict=True)) / total
    apart = sum(w * (value - middle) ** 2 for w, (value, _) in zip(weights, seen, strict=True))
    missing = (apart - (len(seen) - 1)) / (total - sum(w * w for w in weights) / total)
    missing = min(max(0.0, missing), table["hidden"] ** 2)
    alike = 1 + (len(seen) - 1) * table["shared"]
    return [(value, (variance + missing) * alike) for value, variance in seen]


def ita_class(angle: float) -> ItaClass:
    """The class of an ITA in degrees."""
    table = _table()["ita"]
    name: ItaClass = table["classes"][sum(angle <= limit for limit in table["limits"])]
    return name


def photo_kind(reference: Reference | None) -> EvidenceKind:
    """What kind of evidence a photo is, by what became of the thing held beside the face."""
    return reference.kind if reference and reference.status == "used" else "photo"


def class_rule(*kinds: EvidenceKind) -> Nameable:
    """The rule by which a class is named, by what speaks for it, a kind for each piece: one photo
    in free light settles nothing."""
    return "ita_class" if kinds == ("photo",) else "settled_class"


def given(kinds: Collection[EvidenceKind], photos: int) -> frozenset[Settles]:
    """What of that which would settle a tone speaks for it already."""
    ways: dict[Settles, bool] = {
        "three_photos": photos >= 3,
        "white_paper": "white_paper" in kinds,
        "foundation_that_fits": "foundation" in kinds,
    }
    return frozenset(way for way, is_given in ways.items() if is_given)


def left_open(low: float, high: float, given: Collection[Settles] = ()) -> ToneOpen:
    """What an interval of ITA in degrees leaves open, of a tone whose class has no name.

    One that lies in a single class leaves open the class that it lies nearest to as well. given:
    what need not be asked for.
    """
    classes, limits = _table()["ita"]["classes"], _table()["ita"]["limits"]
    first, last = classes.index(ita_class(high)), classes.index(ita_class(low))
    if first == last:
        above = limits[first - 1] - high if first > 0 else math.inf
        below = low - limits[last] if last < len(limits) else math.inf
        first, last = (first - 1, last) if above < below else (first, last + 1)
    return ToneOpen(
        classes=tuple(classes[first : last + 1]), what_would_settle_it=settles("ita_class", given)
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
