"""The facts of one analysis: its measures and its advice as plain data, for whoever words them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from facet.advice.advice_facts import AdviceFacts
from facet.advice.advisers import ADVISERS
from facet.domain.analysis import Kind
from facet.domain.face import Concern, FaceReading, Share
from facet.domain.narration import Facts, Measure, Seriousness

_SERIOUSNESS: tuple[Seriousness, ...] = ("none", "mild", "moderate", "marked")


def facts_of(reading: FaceReading | None, results: Mapping[Kind, Mapping[str, Any]]) -> Facts:
    """The facts of one analysis, or of advice without a photo.

    results: the stored documents by kind. One that failed, or that this code cannot read, is
    named in `missing`.
    """
    readable = {kind: _advice_of(kind, results[kind]) for kind in ADVISERS if kind in results}
    advice = [facts for facts in readable.values() if facts is not None]
    return Facts(
        **(_measured(reading) if reading else {}),
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


def _measured(reading: FaceReading) -> dict[str, Any]:
    """What a photo shows, by the fields of Facts."""
    tone, concerns = reading.skin.tone, reading.skin.concerns
    return {
        "photo": reading.quality.verdict,
        "tone": tone.ita_class,
        "undertone": tone.undertone,
        "measures": tuple(_measures(concerns)),
        "unmeasured": tuple(c.name for c in concerns if c.score is None),
        "severity": _severity(reading),
        "shape": _likeliest(reading.face.shape),
        "season": _likeliest(reading.season),
    }


def _measures(concerns: Iterable[Concern]) -> Iterator[Measure]:
    """Every concern that has a score, the lowest score first."""
    measured = [(c.score, c) for c in concerns if c.score is not None]
    for score, concern in sorted(measured, key=lambda row: (row[0], row[1].name)):
        yield Measure(name=concern.name, score=round(score), band=concern.band)


def _severity(reading: FaceReading) -> Seriousness | None:
    """The most marked band of the measures and the prediction; None: nothing was measured."""
    bands = {c.band for c in reading.skin.concerns if c.score is not None}
    if not bands:
        return None
    if reading.prediction:
        bands.add(reading.prediction.severity)
    return next((word for word in reversed(_SERIOUSNESS) if word in bands), None)


def _likeliest(shares: tuple[Share, ...] | None) -> str | None:
    """The name of the first, which is the largest, share."""
    return shares[0].name if shares else None
