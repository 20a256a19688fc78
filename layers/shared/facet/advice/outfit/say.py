"""Outfits in words: what was chosen, why, what is missing and what to know about it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from facet.advice import harmony
from facet.advice.harmony import LCh, Palette
from facet.advice.occasions import occasion_in_words
from facet.advice.outfit.choose import Choice
from facet.advice.outfit.wardrobe import Brief, Piece, scale
from facet.advice.outfit.worth import Scored, clo_of, confidence, needed_clo
from facet.colour import hex_from_lab
from facet.domain.advice import Note, Reason
from facet.domain.style import GarmentSuggestion, Outfit, OutfitItem, Slot, Weather
from facet.saying import say

ORDER: tuple[Slot, ...] = ("full_body", "top", "bottom", "outer", "shoes", "accessory")
OF_THE_SEASON = 0.45  # how a colour suits it, 0..1, from which it is called one of the season
NEAR_THE_FACE = 0.8  # weight of a slot near the face, 0..1


def based_on(brief: Brief) -> tuple[str, ...]:
    """What the outfits are based on, in words."""
    parts = [
        say("outfit.based_on.garments", count=len(brief.owned)),
        say("outfit.based_on.occasion", occasion=brief.occasion),
    ]
    if brief.weather and brief.rain:
        parts.append(say("outfit.based_on.rain", celsius=brief.weather.temperature_c))
    elif brief.weather:
        parts.append(say("outfit.based_on.dry", celsius=brief.weather.temperature_c))
    if season := brief.palette.named:
        parts.append(say("outfit.based_on.season", season=season))
    elif brief.palette.is_measured:
        parts.append(say("outfit.based_on.season_open"))
    if brief.opinions:
        parts.append(say("outfit.based_on.verdicts", count=len(brief.opinions)))
    return tuple(parts)


def notes_on(brief: Brief, choice: Choice) -> tuple[Note, ...]:
    """What to know about a choice: that it comes only near the occasion, or is small."""
    notes = []
    if not choice.dressy:
        text = say("outfit.not_dressy_enough", occasion=brief.occasion)
        notes.append(Note(code="not_dressy_enough", text=text))
    if not brief.owned:
        notes.append(Note(code="wardrobe_empty", text=say("outfit.wardrobe_empty")))
    elif len(choice.outfits) < brief.rules["outfit"]["outfits"]:
        text = _thin(len(choice.outfits), brief.rules["outfit"]["outfits"])
        notes.append(Note(code="thin_wardrobe", text=text))
    return tuple(notes)


def _thin(count: int, most: int) -> str:
    if count == 0:
        return say("outfit.thin_wardrobe_none", most=most)
    if count == 1:
        return say("outfit.thin_wardrobe_one", most=most)
    return say("outfit.thin_wardrobe", count=count, most=most)


# --- an outfit -----------------------------------------------------------------------------------


def outfit_of(brief: Brief, chosen: Scored) -> Outfit:
    """An outfit as it is shown, with its reasons."""
    pieces = sorted(chosen.pieces, key=lambda p: ORDER.index(p.slot))
    return Outfit(
        items=tuple(_item(piece) for piece in pieces),
        occasion=brief.occasion,
        harmony=chosen.relation,
        insulation_clo=round(clo_of(brief, pieces), 2),
        confidence=confidence(brief, chosen),
        why=tuple(_reasons(brief, chosen)),
    )


def _item(piece: Piece) -> OutfitItem:
    main = max(piece.garment.colours, key=lambda c: c.share)
    return OutfitItem(item_id=piece.key, name=piece.name, slot=piece.slot, hex=main.hex)


def _reasons(brief: Brief, chosen: Scored) -> Iterable[Reason]:
    yield _formality_reason(brief, chosen)
    yield Reason(
        text=say(f"outfit.harmony.{chosen.relation}"),
        points_at="rules.wardrobe.colour",
        sources=("harmony",),
    )
    yield from _season_reason(brief, chosen)
    if brief.weather:
        yield _warmth_reason(brief, brief.weather, chosen)
    if brief.rain:
        yield Reason(text=_against_rain(chosen), points_at="weather.rain")
    if liked := [p.name for p in chosen.pieces if p.liking > 0]:
        yield Reason(text=say("outfit.liked", names=", ".join(liked)), points_at="feedback")


def _formality_reason(brief: Brief, chosen: Scored) -> Reason:
    levels = [p.garment.formality for p in chosen.pieces]
    low, high, occasion = min(levels), max(levels), occasion_in_words(brief.occasion)
    if low == high:
        text = say("outfit.formality", level=low, occasion=occasion)
    else:
        text = say("outfit.formality_range", low=low, high=high, occasion=occasion)
    source = brief.rules["formality"]["source"]
    return Reason(text=text, points_at="rules.wardrobe.formality", sources=(source,))


def _season_reason(brief: Brief, chosen: Scored) -> Iterable[Reason]:
    """The reason of the garment whose colour does most for the season, if it is one of it."""
    near, palette = brief.rules["colour"]["near_face"], brief.palette
    best = max(chosen.pieces, key=lambda p: (near[p.slot] * p.season, p.key))
    if palette.is_measured and best.season >= OF_THE_SEASON:
        where = "near_face" if near[best.slot] >= NEAR_THE_FACE else "elsewhere"
        if palette.named:
            text = say(f"outfit.season_{where}", name=best.name, season=palette.named)
        else:
            text = say(f"outfit.season_open_{where}", name=best.name)
        yield Reason(text=text, points_at="season", sources=("seasons",))


def _warmth_reason(brief: Brief, weather: Weather, chosen: Scored) -> Reason:
    rule, need, given = brief.rules["clo"], needed_clo(brief), clo_of(brief, chosen.pieces)
    verdict = "enough"
    if given < need - rule["colder_spread"]:
        verdict = "too_little"
    elif given > need + rule["stuck_spread"] * 1.5:
        verdict = "much"
    text = say(f"outfit.warmth.{verdict}", celsius=weather.temperature_c, need=need, given=given)
    return Reason(text=text, points_at="weather.temperature_c", sources=("clo",))


def _against_rain(chosen: Scored) -> str:
    dry = [p.name for p in chosen.pieces if p.garment.waterproof]
    return say("outfit.rainproof", names=", ".join(dry)) if dry else say("outfit.umbrella")


# --- a gap in the wardrobe -----------------------------------------------------------------------


class _Gap(NamedTuple):
    slot: Slot
    key: str  # of its sentence
    points_at: str


def suggestion_for(brief: Brief, outfits: Sequence[Scored]) -> GarmentSuggestion | None:
    """The garment whose lack is felt most, in a colour that suits most of the seasons, or None."""
    gap = _gap(brief, outfits)
    if gap is None:
        return None
    why = [Reason(text=say(f"outfit.gap.{gap.key}"), points_at=gap.points_at)]
    if brief.palette.is_measured:
        season = brief.palette.named
        text = say("outfit.gap_colour", season=season) if season else say("outfit.gap_colour_open")
        why.append(Reason(text=text, points_at="season", sources=("seasons",)))
    return GarmentSuggestion(
        slot=gap.slot, hex=_season_hex(brief.palette), text=why[0].text, why=tuple(why)
    )


def _gap(brief: Brief, outfits: Sequence[Scored]) -> _Gap | None:
    slots = {garment.slot for garment in brief.owned}
    if "full_body" not in slots and not {"top", "bottom"} <= slots:
        if "top" in slots:
            return _Gap("bottom", "bottom", "wardrobe")
        return _Gap("top", "top", "wardrobe")
    if brief.rain and not any(g.slot == "outer" and g.waterproof for g in brief.owned):
        return _Gap("outer", "waterproof", "weather.rain")
    if outfits and all(_too_cold(brief, outfit) for outfit in outfits):
        return _Gap("outer", "warmer", "weather.temperature_c")
    if outfits and "shoes" not in slots:
        return _Gap("shoes", "shoes", "wardrobe")
    return None


def _too_cold(brief: Brief, outfit: Scored) -> bool:
    """Whether an outfit is too light for the weather; not where nobody told it."""
    least = needed_clo(brief) - brief.rules["clo"]["colder_spread"]
    return bool(brief.weather) and clo_of(brief, outfit.pieces) < least


def _season_hex(palette: Palette) -> str:
    """The middle of the season that suits best over all shares, as a garment's colour."""
    place, middle = harmony.rules()["seasons"][palette.fittest], scale()
    away = middle.neutral_distance - place["warmth"] * middle.hue_spread
    return hex_from_lab(
        LCh(
            middle.lightness + place["value"] * middle.lightness_spread,
            max(8.0, middle.chroma + place["chroma"] * middle.chroma_spread),
            (harmony.rules()["harmony"]["warm_pole"] + away) % 360,
        ).lab
    )
