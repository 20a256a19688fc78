"""The facts of one analysis: its measures and its advice as plain data, for whoever words them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from facet.domain.advice import Note, ProductRef, Reason, SkincareResult, Step
from facet.domain.analysis import Kind
from facet.domain.face import Concern, FaceReading, Share
from facet.domain.narration import (
    Facts,
    GapFact,
    Measure,
    OutfitFact,
    ProductFact,
    Seriousness,
    StepFact,
)
from facet.domain.style import Look, MakeupResult, OutfitResult

MAKEUP = "makeup"  # what the steps of a look do

# Reasons whose text holds nothing a person typed or named.
_SPOKEN = (
    "skin.",
    "profile.goals",
    "profile.skin_type",
    "profile.sensitive",
    "catalogue.",
    "rules.",
)
_SERIOUSNESS: tuple[Seriousness, ...] = ("none", "mild", "moderate", "marked")


def facts_of(reading: FaceReading, results: Mapping[Kind, Mapping[str, Any]]) -> Facts:
    """The facts of one analysis.

    results: the stored documents by kind. One that failed, or that this code cannot read, is
    named in `missing`.
    """
    routine = _read(SkincareResult, results.get(Kind.SKINCARE))
    makeup = _read(MakeupResult, results.get(Kind.MAKEUP))
    clothes = _read(OutfitResult, results.get(Kind.OUTFIT))
    readable = {Kind.SKINCARE: routine, Kind.MAKEUP: makeup, Kind.OUTFIT: clothes}
    look = next(iter(makeup.looks), None) if makeup else None
    return Facts(
        photo=reading.quality.verdict,
        tone=reading.skin.tone.ita_class,
        undertone=reading.skin.tone.undertone,
        measures=tuple(_measures(reading.skin.concerns)),
        unmeasured=tuple(c.name for c in reading.skin.concerns if c.score is None),
        severity=_severity(reading),
        shape=_likeliest(reading.face.shape),
        season=_likeliest(reading.season),
        steps=(*_routine_steps(routine), *_look_steps(look)),
        gaps=tuple(_gaps(routine)),
        see_doctor=tuple(hint.text for hint in _hints(routine) if not _is_told(hint)),
        told=(
            *(hint.text for hint in _hints(routine) if _is_told(hint)),
            # These name what the person avoids, in the person's words.
            *dict.fromkeys(_look_cautions(look)),
        ),
        outfit=_best_outfit(clothes),
        missing=tuple(str(kind) for kind in results if readable[kind] is None),
    )


def _read[T: BaseModel](model: type[T], document: Mapping[str, Any] | None) -> T | None:
    """A stored result; None for one that failed, too: it holds nothing but its code."""
    try:
        return model.model_validate(document)
    except ValidationError:
        return None


# --- the face --------------------------------------------------------------------------------


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


# --- the advice ------------------------------------------------------------------------------


def _routine_steps(routine: SkincareResult | None) -> Iterator[StepFact]:
    if routine is None:
        return
    for when, steps in (("morning", routine.am), ("evening", routine.pm)):
        for step in steps:
            yield StepFact(
                when=when,
                what=step.step,
                product=_product(step.product, step),
                how_often=step.how_often,
                why=_spoken(step.why),
                cautions=step.cautions,
            )


def _look_steps(look: Look | None) -> Iterator[StepFact]:
    if look is None:
        return
    for step in look.steps:
        yield StepFact(
            when=f"{look.occasion.replace('_', ' ')} look",
            what=MAKEUP,
            product=ProductFact(
                product_id=step.product_id,
                name=step.name if step.product_id else None,
                category=step.category,
                owned=step.owned,
            ),
            why=_spoken(step.why),
        )


def _look_cautions(look: Look | None) -> Iterator[str]:
    for step in look.steps if look else ():
        yield from step.cautions


def _gaps(routine: SkincareResult | None) -> Iterator[GapFact]:
    for suggestion in routine.suggestions if routine else ():
        yield GapFact(gap=suggestion.gap, product=_product(suggestion.product))


def _hints(routine: SkincareResult | None) -> tuple[Note, ...]:
    """Hints to see a doctor."""
    return routine.see_doctor if routine else ()


def _is_told(hint: Note) -> bool:
    """Whether a hint rests on what the person told of their health."""
    return hint.code == "pregnancy"


def _best_outfit(clothes: OutfitResult | None) -> OutfitFact | None:
    if clothes is None or not clothes.outfits:
        return None
    best = clothes.outfits[0]
    return OutfitFact(occasion=best.occasion, garments=tuple(item.name for item in best.items))


def _spoken(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """The sentences of reasons that hold nothing a person typed."""
    return tuple(reason.text for reason in reasons if reason.points_at.startswith(_SPOKEN))


def _product(ref: ProductRef, step: Step | None = None) -> ProductFact:
    return ProductFact(
        product_id=ref.product_id,
        # Without an id its name is what the owner called it, or what to look for.
        name=ref.name if ref.product_id else None,
        category=ref.category,
        owned=step.owned if step else False,
    )
