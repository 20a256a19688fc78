"""Faces to make up, makeup to do it with, and a question asked of both."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

from facet.advice.harmony import LCh
from facet.advice.makeup.brief import LookBrief
from facet.advice.makeup.read import brief_of
from facet.advice.makeup.recommend import recommend_makeup
from facet.advice.makeup.shades import Shade
from facet.catalogue.catalogue import Catalogue
from facet.colour import hex_from_lab, lab_from_hex
from facet.domain.advice import Profile
from facet.domain.face import Concern, FaceReading, FeatureColour, Share, Tone
from facet.domain.style import Look, LookStep, MakeupResult
from tests.unit.conftest import face_reading

TODAY = date(2026, 11, 21)


def colour_of(feature: str, name: str | None, shade: str, confidence: float = 0.7) -> FeatureColour:
    return FeatureColour.model_validate(
        {
            "feature": feature,
            "name": name,
            "hex": shade,
            "lab": tuple(lab_from_hex(shade)),
            "confidence": confidence,
        }
    )


def reading_of(
    lightness: float = 65.0,
    chroma: float = 24.0,
    hue: float = 46.0,
    *,
    season: str = "Soft Autumn",
    shape: str | None = "square",
    eyes: str | None = "green",
    sure: float = 0.6,
    **scores: float,
) -> FaceReading:
    """A reading of this skin (CIELAB lightness, chroma, hue), season, shape and iris."""
    base = face_reading(**scores)
    lab = LCh(lightness, chroma, hue).lab
    ita = math.degrees(math.atan2(lightness - 50, max(lab[2], 1e-9)))
    tone = base.skin.tone.model_copy(
        update={
            "lab": lab,
            "hex": hex_from_lab(lab),
            "hue": hue,
            "ita": ita,
            "ita_interval": (max(-90, ita - 10), min(90, ita + 10)),
            "undertone_confidence": sure,
        }
    )
    seen = {"green": "#6b6a3f", "blue": "#4a6a8a", "dark brown": "#3a2418"}
    features = [colour_of("hair", "brown", "#5d4436"), colour_of("brows", "brown", "#54402f")]
    features += [colour_of("eyes", eyes, seen[eyes])] if eyes else []
    shares = (Share(name=shape, share=0.6), Share(name="oval", share=0.4)) if shape else None
    return base.model_copy(
        update={
            "season": (Share(name=season, share=1.0),),
            "face": base.face.model_copy(update={"shape": shares, "colours": tuple(features)}),
            "skin": base.skin.model_copy(update={"tone": Tone.model_validate(tone.model_dump())}),
        }
    )


def with_colours(reading: FaceReading, *colours: FeatureColour) -> FaceReading:
    """The reading with these colours of the face alone."""
    return reading.model_copy(update={"face": reading.face.model_copy(update={"colours": colours})})


def with_score(reading: FaceReading, name: str, score: float) -> FaceReading:
    """The reading with this concern (score 0..100) alone."""
    concern = Concern.model_validate(
        {"name": name, "score": score, "measured": 1, "unit": "u", "confidence": 0.8}
    )
    skin = reading.skin.model_copy(update={"concerns": (concern,)})
    return reading.model_copy(update={"skin": skin})


def owned(
    category: str, shade: str | None = None, item_id: str = "", **told: Any
) -> dict[str, Any]:
    """A row of the bag, named as what it is."""
    row = {"item_id": item_id or category, "name": f"My {category}", "category": category, **told}
    return row | {"shade": shade} if shade else row


def ask(
    catalogue: Catalogue,
    *bag: dict[str, Any],
    reading: FaceReading | None = None,
    occasion: str | None = "evening",
    **told: Any,
) -> MakeupResult:
    """Looks of this bag; told: what the person's profile says."""
    return recommend_makeup(
        reading or reading_of(), Profile(**told), bag, catalogue, occasion, today=TODAY
    )


def brief(
    catalogue: Catalogue,
    *shades: Shade,
    reading: FaceReading | None = None,
    card: tuple[Shade, ...] | None = None,
) -> LookBrief:
    """The brief of an evening's looks with these shades owned; card: instead of the real one."""
    asked, _ = brief_of(reading or reading_of(), Profile(), [], catalogue, "evening", today=None)
    asked = replace(asked, owned={s.category: [s] for s in shades})
    if card is None:
        return asked
    categories = [*asked.card, *(s.category for s in card)]
    return replace(asked, card={c: [s for s in card if s.category == c] for c in categories})


def steps_of(result: MakeupResult) -> list[LookStep]:
    """The steps of every look."""
    return [step for look in result.looks for step in look.steps]


def step_of(look: Look, category: str) -> LookStep:
    """The look's step of a category, which it has."""
    (step,) = [step for step in look.steps if step.category == category]
    return step


def texts(step: LookStep) -> list[str]:
    """The sentences of a step's reasons."""
    return [reason.text for reason in step.why]
