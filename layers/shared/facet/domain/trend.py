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

from facet.domain.analysis import Analysis
from facet.domain.base import Part
from facet.domain.card import between_photos
from facet.domain.face import Concern, FaceReading


class Verdict(StrEnum):
    """What became of a concern. Measures grow with what they are named after: more is worse."""

    BETTER = "better"
    WORSE = "worse"
    WITHIN_NOISE = "within_noise"
    NOT_COMPARABLE = "not_comparable"


class NoiseBand(Part):
    """The band in which a later photo of the same skin may fall by chance."""

    low: float = Field(description="measured less the noise, in the concern's unit")
    high: float = Field(description="measured and the noise, in the concern's unit")


class Comparison(Part):
    """One concern of this analysis against the same one of an earlier analysis."""

    analysis_id: str = Field(description="the earlier analysis")
    created_at: datetime = Field(description="when the earlier analysis was started (UTC)")
    verdict: Verdict = Field(
        description="better or worse only where the change is larger than the noise of both"
    )
    change: float | None = Field(
        default=None, description="this minus the earlier one, in the concern's unit; more is worse"
    )
    minimum_changes: float | None = Field(
        default=None,
        description="the change in units of minimum_change, the larger of both; -1..1 is noise, "
        "and so is what two photos of one person differ by",
    )
    reason: Literal["not_measured", "scoring_version", "unit"] | None = Field(
        default=None, description="not_comparable: what stands in the way"
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


def trends(analysis: Analysis, earlier: Sequence[Analysis]) -> tuple[Trend, ...]:
    """The trend of every concern of an analysis; empty without a reading.

    earlier: analyses of the same user, newest first.
    """
    if analysis.reading is None:
        return ()
    reading = analysis.reading
    return tuple(_trend(concern, reading, analysis, earlier) for concern in reading.skin.concerns)


def compare(name: str, now: Analysis, then: Analysis) -> Comparison | None:
    """One concern compared between two analyses; None where either has no reading."""
    if now.reading is None or then.reading is None:
        return None

    def answer(verdict: Verdict, **more: object) -> Comparison:
        return Comparison.model_validate(
            {
                "analysis_id": then.analysis_id,
                "created_at": then.created_at,
                "verdict": verdict,
                **more,
            }
        )

    new, old = (
        _concern(name, analysis.reading.skin.concerns)
        for analysis in (now, then)
        if analysis.reading
    )
    if new is None or old is None or new.measured is None or old.measured is None:
        return answer(Verdict.NOT_COMPARABLE, reason="not_measured")
    if new.unit != old.unit:
        return answer(Verdict.NOT_COMPARABLE, reason="unit")
    least = max(new.minimum_change or 0, old.minimum_change or 0)
    noise = max(least, between_photos(name, now.reading.versions) or 0)
    if not least:
        return answer(Verdict.NOT_COMPARABLE, reason="not_measured")
    if now.reading.versions.scoring != then.reading.versions.scoring:
        return answer(Verdict.NOT_COMPARABLE, reason="scoring_version")
    change = round(new.measured - old.measured, 4)
    times = round(change / least, 3)
    within = abs(times) <= 1 or abs(change) <= noise
    verdict = Verdict.WITHIN_NOISE if within else Verdict.WORSE if times > 0 else Verdict.BETTER
    return answer(verdict, change=change, minimum_changes=times)


def _trend(
    concern: Concern, reading: FaceReading, analysis: Analysis, earlier: Sequence[Analysis]
) -> Trend:
    measured, least = concern.measured, concern.minimum_change
    repeat = between_photos(concern.name, reading.versions)
    band = None
    if measured is not None and least is not None:
        noise = max(least, repeat or 0)
        band = NoiseBand(low=round(measured - noise, 4), high=round(measured + noise, 4))
    compared = [
        comparison
        for then in earlier
        if (comparison := compare(concern.name, analysis, then)) is not None
    ]
    return Trend(
        concern=concern.name,
        unit=concern.unit,
        measured=measured,
        noise_band=band,
        noise_of=None if band is None else "edits" if repeat is None else "photos",
        previous=_first_comparable(compared),
        first=_first_comparable(reversed(compared)),
    )


def _first_comparable(compared: Iterable[Comparison]) -> Comparison | None:
    """The first comparison that could be made, else the first that says why not."""
    listed = list(compared)
    able = (comparison for comparison in listed if comparison.verdict is not Verdict.NOT_COMPARABLE)
    return next(able, listed[0] if listed else None)


def _concern(name: str, concerns: Iterable[Concern]) -> Concern | None:
    return next((concern for concern in concerns if concern.name == name), None)
