"""Outfits from the wardrobe for an occasion and its weather: read, chosen, put into words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from facet.advice import harmony
from facet.advice.outfit.choose import choose_outfits
from facet.advice.outfit.read import brief_of
from facet.advice.outfit.say import based_on, notes_on, outfit_of, suggestion_for
from facet.advice.outfit.wardrobe import Brief
from facet.domain.advice import Note, Profile, Source
from facet.domain.face import FaceReading
from facet.domain.style import Feedback, Garment, Outfit, OutfitResult, Weather

METHOD = "1"


def recommend_outfit(
    reading: FaceReading | None,
    profile: Profile,
    wardrobe: Sequence[Garment | Mapping[str, Any]],
    feedback: Sequence[Feedback | Mapping[str, Any]],
    occasion: str | None = None,
    *,
    weather: Weather | None = None,
    today: date | None = None,
) -> OutfitResult:
    """Up to three outfits, each on a full-body garment or a top with a bottom.

    reading: None takes every season of colours alike. wardrobe and feedback: as stored; what cannot
    be read becomes a note. today: None asks neither when a garment was worn nor how old a verdict
    is. The same question has the same answer.
    """
    brief, left_out = brief_of(
        reading, profile, wardrobe, feedback, occasion, weather=weather, today=today
    )
    choice = choose_outfits(brief)
    notes = (*left_out, *notes_on(brief, choice))
    outfits = tuple(outfit_of(brief, chosen) for chosen in choice.outfits)
    suggestion = suggestion_for(brief, choice.outfits)
    whole = len(outfits) == brief.rules["outfit"]["outfits"]
    return OutfitResult(
        status="completed" if whole else "partial",
        version=f"{METHOD}.{brief.rules['version']}",
        based_on=based_on(brief),
        outfits=outfits,
        suggestions=(suggestion,) if suggestion else (),
        notes=tuple(dict.fromkeys(notes)),
        sources=_sources(brief, outfits, notes),
    )


def _sources(brief: Brief, outfits: Iterable[Outfit], notes: Iterable[Note]) -> tuple[Source, ...]:
    """Every source that a reason of an outfit or a note cites, once, in that order."""
    cited = [s for outfit in outfits for reason in outfit.why for s in reason.sources]
    cited += [s for note in notes for s in note.sources]
    rows = {**harmony.rules()["sources"], **brief.rules["sources"]}
    return tuple(Source(id=id_, **rows[id_]) for id_ in dict.fromkeys(cited))
