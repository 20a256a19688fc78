"""The facts of one analysis: its measures and its advice as plain data, for whoever words them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from facet.advice.advice_facts import AdviceFacts
from facet.advice.advisers import ADVISERS
from facet.advice.words.telling import telling_of, weighed
from facet.domain.advice import AgeBand
from facet.domain.analysis import Kind
from facet.domain.face import Concern, FaceReading
from facet.domain.narration import Facts, Measure, Seriousness
from facet.domain.tone import ToneOfPerson

_SERIOUSNESS: tuple[Seriousness, ...] = ("none", "mild", "moderate", "marked")


def facts_of(
    reading: FaceReading | None,
    results: Mapping[Kind, Mapping[str, Any]],
    *,
    person: ToneOfPerson | None = None,
    age_band: AgeBand | None = None,
) -> Facts:
    """The facts of one analysis, or of advice without a photo.

    results: the stored documents by kind. One that failed, or that this code cannot read, is
    named in `missing`. person, age_band: as telling_of takes them.
    """
    readable = {kind: _advice_of(kind, results[kind]) for kind in ADVISERS if kind in results}
    advice = [facts for facts in readable.values() if facts is not None]
    return Facts(
        **(_measured(reading, person, age_band) if reading else {}),
        steps=tuple(step for facts in advice for step in facts.steps),
        gaps=tuple(gap for facts in advice for gap in facts.gaps),
        see_doctor=tuple(text for facts in advice for text in facts.see_doctor),
        told=tuple(text for facts in advice for text in facts.told),
        first=tuple(dict.fromkeys(text for facts in advice for text in facts.first)),
        outfit=next((facts.outfit for facts in advice if facts.outfit), None),
        missing=tuple(str(kind) for kind in results if readable[kind] is None),
    )


def _advice_of(kind: Kind, document: Mapping[str, Any]) -> AdviceFacts | None:
    """What a stored result says; None for one that failed, too: it holds nothing but its code."""
    adviser = ADVISERS[kind]
    try:
        return adviser.facts(adviser.result.model_validate(document))
    except ValidationError:
        return None


# --- the face --------------------------------------------------------------------------------


def _measured(
    reading: FaceReading, person: ToneOfPerson | None, age_band: AgeBand | None
) -> dict[str, Any]:
    """What a photo shows, by the fields of Facts."""
    concerns = reading.skin.concerns
    return {
        "photo": reading.quality.verdict,
        "telling": telling_of(reading, person=person, age_band=age_band),
        "measures": tuple(_measures(concerns)),
        "unmeasured": tuple(c.name for c in concerns if c.score is None),
        "severity": _severity(reading),
    }


def _measures(concerns: Sequence[Concern]) -> Iterator[Measure]:
    """Every concern that has a score, first what stands out most."""
    for concern in weighed(concerns):
        yield Measure(
            name=concern.name,
            score=round(concern.score or 0),
            band=concern.band,
            confidence=concern.confidence,
        )


def _severity(reading: FaceReading) -> Seriousness | None:
    """The most marked band of the measures and the prediction; None: nothing was measured."""
    bands = {c.band for c in reading.skin.concerns if c.score is not None}
    if not bands:
        return None
    if reading.prediction:
        bands.add(reading.prediction.severity)
    return next((word for word in reversed(_SERIOUSNESS) if word in bands), None)
