"""How a concern moved from one photo to another, and when that cannot be said.

Two things stand between a difference and a change of the skin. `minimum_change` is what edits of
one photo do to a measure that leave the skin as it is (95th percentile,
facet/vision/skin/scoring/). Another photo is more than an edit: another light, pose and camera.
What that does was measured on pairs of photos of one person, and stands in the card
(facet/domain/card.py): 19 of 20 pairs differ by no more. A change has to be larger than both, so
that photos of another light are called one in a twentieth of pairs at most. The card's pairs are of
other rooms and years, so real changes in photos that one phone took at one window go unsaid: that
two photos share a light cannot be told from them well enough to ask for less (what was tried:
docs/analysis.md). The card speaks for the versions that it was measured with, and for measures that
its photos can show; elsewhere minimum_change alone decides, and `noise_of` says so.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from facet.domain.analysis import ReadAnalysis
from facet.domain.base import Part
from facet.domain.card import between_photos
from facet.domain.face import Concern, FaceReading


class Verdict(StrEnum):
    """What became of a concern, or of the index. Measures grow with what they are named after, so
    that more is worse; of the index more is better."""

    BETTER = "better"
    WORSE = "worse"
    WITHIN_NOISE = "within_noise"
    NOT_COMPARABLE = "not_comparable"


class NoiseBand(Part):
    """The band in which a later photo of the same skin may fall by chance."""

    low: float = Field(description="measured less the noise, in the concern's unit")
    high: float = Field(description="measured and the noise, in the concern's unit")


class Comparison(Part):
    """One concern of this analysis, or its index, against that of an earlier analysis."""

    analysis_id: str = Field(description="the earlier analysis")
    created_at: datetime = Field(description="when the earlier analysis was started (UTC)")
    verdict: Verdict = Field(
        description="better or worse only where the change is larger than the noise of both"
    )
    change: float | None = Field(
        default=None,
        description="this minus the earlier one: of a concern in its unit, where more is worse; of "
        "the index in points, where more is better",
    )
    minimum_changes: float | None = Field(
        default=None,
        description="the change in units of minimum_change, the larger of both; -1..1 is noise, "
        "and so is what two photos of one person differ by",
    )
    reason: Literal["not_measured", "scoring_version", "unit", "made_of"] | None = Field(
        default=None,
        description="not_comparable: what stands in the way; made_of: an index of other concerns",
    )


class IndexTrend(Part):
    """The overall index of an analysis beside that of earlier ones."""

    value: float = Field(description="0..100, 100 is best")
    noise_band: NoiseBand = Field(
        description="value give or take the noise: minimum_change, or what two photos of one "
        "person differ by, where that is measured and larger",
    )
    noise_of: Literal["photos", "edits"] = Field(
        description="photos: what two photos of one person differ by was measured, and counts; "
        "edits: it was not, and a change larger than minimum_change may be another light",
    )
    previous: Comparison | None = Field(
        default=None, description="with the last comparable analysis before; absent: the first one"
    )
    first: Comparison | None = Field(
        default=None, description="with the first comparable analysis; absent: the first one"
    )


class Trend(Part):
    """One concern of an analysis beside the same concern of earlier ones."""

    concern: str = Field(description="its name")
    unit: str = Field(description="of measured, noise_band and change")
    measured: float | None = Field(default=None, description="in `unit`; absent: not measured")
    noise_band: NoiseBand | None = Field(
        default=None,
        description="measured give or take the noise: minimum_change, or what two photos of one "
        "person differ by, where that is measured and larger",
    )
    noise_of: Literal["photos", "edits"] | None = Field(
        default=None,
        description="photos: what two photos of one person differ by was measured, and counts; "
        "edits: it was not, and a change larger than minimum_change may be another light",
    )
    previous: Comparison | None = Field(
        default=None, description="with the last comparable analysis before; absent: the first one"
    )
    first: Comparison | None = Field(
        default=None, description="with the first comparable analysis; absent: the first one"
    )


def trends(analysis: ReadAnalysis, earlier: Sequence[ReadAnalysis]) -> tuple[Trend, ...]:
    """The trend of every concern of an analysis; empty without a reading.

    earlier: analyses of the same user, newest first.
    """
    if analysis.reading is None:
        return ()
    reading = analysis.reading
    return tuple(_trend(concern, reading, analysis, earlier) for concern in reading.skin.concerns)


def compare(name: str, now: ReadAnalysis, then: ReadAnalysis) -> Comparison | None:
    """One concern compared between two analyses; None where either has no reading."""
    if now.reading is None or then.reading is None:
        return None

    new, old = (_concern(name, reading.skin.concerns) for reading in (now.reading, then.reading))
    if new is None or old is None or new.measured is None or old.measured is None:
        return _not_comparable(then, "not_measured")
    if new.unit != old.unit:
        return _not_comparable(then, "unit")
    least = max(new.minimum_change or 0, old.minimum_change or 0)
    noise = max(least, between_photos(name, now.reading.versions) or 0)
    if not least:
        return _not_comparable(then, "not_measured")
    if now.reading.versions.scoring != then.reading.versions.scoring:
        return _not_comparable(then, "scoring_version")
    return _moved(then, new.measured - old.measured, least, noise, more=Verdict.WORSE)


def index_trend(analysis: ReadAnalysis, earlier: Sequence[ReadAnalysis]) -> IndexTrend | None:
    """The trend of the overall index of an analysis; None without one.

    earlier: analyses of the same user, newest first.
    """
    reading = analysis.reading
    if reading is None or (index := reading.skin.index) is None:
        return None
    repeat = between_photos("index", reading.versions)
    return IndexTrend(
        value=index.value,
        noise_band=_band(index.value, index.minimum_change, repeat),
        noise_of="edits" if repeat is None else "photos",
        previous=_first_comparable(compare_index(analysis, then) for then in earlier),
        first=_first_comparable(compare_index(analysis, then) for then in reversed(earlier)),
    )


def compare_index(now: ReadAnalysis, then: ReadAnalysis) -> Comparison | None:
    """The overall index compared between two analyses; None where either has no reading.

    Only where it is made of the same concerns, by the same tables.
    """
    if now.reading is None or then.reading is None:
        return None
    new, old = now.reading.skin.index, then.reading.skin.index
    if new is None or old is None:
        return _not_comparable(then, "not_measured")
    new_tables, old_tables = (
        (reading.versions.scoring, reading.versions.tables.get("index"))
        for reading in (now.reading, then.reading)
    )
    if new_tables != old_tables:
        return _not_comparable(then, "scoring_version")
    if set(new.of) != set(old.of):
        return _not_comparable(then, "made_of")
    least = max(new.minimum_change, old.minimum_change)
    noise = max(least, between_photos("index", now.reading.versions) or 0)
    return _moved(then, new.value - old.value, least, noise, more=Verdict.BETTER)


def _not_comparable(then: ReadAnalysis, reason: str) -> Comparison:
    return Comparison.model_validate(
        {
            "analysis_id": then.analysis_id,
            "created_at": then.created_at,
            "verdict": Verdict.NOT_COMPARABLE,
            "reason": reason,
        }
    )


def _moved(
    then: ReadAnalysis, change: float, least: float, noise: float, *, more: Verdict
) -> Comparison:
    """A change against what is noise, in units of `least` > 0; more: its verdict if it grows."""
    less = Verdict.WORSE if more is Verdict.BETTER else Verdict.BETTER
    change = round(change, 4)
    times = round(change / least, 3)
    within = abs(times) <= 1 or abs(change) <= noise
    return Comparison(
        analysis_id=then.analysis_id,
        created_at=then.created_at,
        verdict=Verdict.WITHIN_NOISE if within else more if times > 0 else less,
        change=change,
        minimum_changes=times,
    )


def _band(value: float, least: float, repeat: float | None) -> NoiseBand:
    noise = max(least, repeat or 0)
    return NoiseBand(low=round(value - noise, 4), high=round(value + noise, 4))


def _trend(
    concern: Concern, reading: FaceReading, analysis: ReadAnalysis, earlier: Sequence[ReadAnalysis]
) -> Trend:
    measured, least = concern.measured, concern.minimum_change
    repeat = between_photos(concern.name, reading.versions)
    band = None
    if measured is not None and least is not None:
        band = _band(measured, least, repeat)
    name = concern.name
    return Trend(
        concern=name,
        unit=concern.unit,
        measured=measured,
        noise_band=band,
        noise_of=None if band is None else "edits" if repeat is None else "photos",
        previous=_first_comparable(compare(name, analysis, then) for then in earlier),
        first=_first_comparable(compare(name, analysis, then) for then in reversed(earlier)),
    )


def _first_comparable(compared: Iterable[Comparison | None]) -> Comparison | None:
    """The first comparison that could be made, else the first that says why not; none is made
    beyond it."""
    unable = None
    for comparison in compared:
        if comparison and comparison.verdict is not Verdict.NOT_COMPARABLE:
            return comparison
        unable = unable or comparison
    return unable


def _concern(name: str, concerns: Iterable[Concern]) -> Concern | None:
    return next((concern for concern in concerns if concern.name == name), None)
