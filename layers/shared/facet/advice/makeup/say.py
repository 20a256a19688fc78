"""Looks in words: what was chosen, why, and what to know about it.

Names of ideas, and how and with what a step is done, are in makeup.toml beside their sources.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import cast

from facet.advice.makeup.brief import LookBrief, Miss, Pick
from facet.advice.makeup.look import Choice, Idea, LookChoice
from facet.advice.makeup.shades import Shade, nearest, shade_card
from facet.advice.makeup.step import Finish, Place, finish_of, intensity, place_of
from facet.domain.advice import Note, Reason
from facet.domain.naming import named
from facet.domain.style import Look, LookStep, MakeupCategory, ShadeMatch
from facet.saying import say

LIKE_LIPS = "lip"  # lip liners are named by the shades of lips


def based_on(brief: LookBrief) -> tuple[str, ...]:
    """What the looks are based on, in words."""
    tone, shapes = brief.tone, brief.reading.face.shape
    parts = [
        say("makeup.based_on.skin", hex=tone.hex, undertone=tone.undertone)
        if tone.undertone
        else say("makeup.based_on.skin_open", hex=tone.hex)
    ]
    if season := brief.palette.named:
        parts.append(say("makeup.based_on.season", season=season))
    elif brief.palette.is_measured:
        parts.append(say("makeup.based_on.season_open"))
    if shape := named("shape", shapes or ()):
        parts.append(say("makeup.based_on.shape", shape=shape))
    elif shapes:
        parts.append(say("makeup.based_on.shape_open"))
    parts += [say("makeup.based_on.colour", feature=name) for name in sorted(brief.colours)]
    owned = sum(len(shades) for shades in brief.owned.values())
    return (*parts, say("makeup.based_on.owned", count=owned))


def notes_on(brief: LookBrief, choice: Choice) -> tuple[Note, ...]:
    """What to know about a choice: what was missed, and whether looks are."""
    notes = [_note_on(brief, miss) for miss in choice.misses]
    if len(choice.looks) < len(brief.rules["ideas"]):
        text = say("makeup.few_looks", count=len(choice.looks))
        notes.append(Note(code="few_looks", text=text))
    return tuple(notes)


def _note_on(brief: LookBrief, miss: Miss) -> Note:
    if miss.category == "brow":
        return Note(code="brows_not_seen", text=say("makeup.brows_not_seen"))
    rule = brief.rules["match"]
    if miss.shade is None:
        text = say("makeup.no_match", category=_called(miss.category))
        return Note(code=f"no_{miss.category}_match", text=text, sources=(rule["source"],))
    return Note(
        code="shade_does_not_match",
        text=say(
            "makeup.shade_does_not_match", name=miss.shade.name, away=miss.away, most=rule["near"]
        ),
        item_id=miss.shade.item_id,
        sources=(rule["source"],),
    )


# --- a look --------------------------------------------------------------------------------------


def look_of(brief: LookBrief, chosen: LookChoice) -> Look:
    """A look as it is shown, with its reasons."""
    idea = chosen.idea
    steps = tuple(_step(brief, idea, pick) for pick in chosen.picks)
    why = [Reason(text=idea["text"], points_at="rules.makeup", sources=(idea["source"],))]
    return Look(
        name=say(f"makeup.look.{brief.occasion}", idea=idea["name"]),
        idea=idea["id"],
        occasion=brief.occasion,
        steps=steps,
        confidence=round(sum(step.confidence for step in steps) / len(steps), 2),
        why=(*why, *_season_reason(brief)),
    )


def _step(brief: LookBrief, idea: Idea, pick: Pick) -> LookStep:
    shade, category = pick.shade, pick.shade.category
    place, finish = place_of(brief, category), finish_of(brief, shade)
    return LookStep(
        category=cast(MakeupCategory, category),
        regions=place.regions,
        tool=place.tool,
        how=place.how,
        name=shade.name,
        item_id=shade.item_id,
        product_id=shade.product_id,
        hex=shade.hex,
        shade=_shade_name(shade),
        finish=finish.name or say("makeup.finish_unknown"),
        intensity=intensity(brief, idea, category),
        match=pick.match,
        confidence=round(pick.confidence, 2),
        why=(
            _ownership_reason(brief, shade),
            *_REASONS[category](brief, pick),
            *_shape_reason(brief, place),
            *_finish_reason(finish),
        ),
        cautions=_cautions(brief, shade),
    )


def _called(category: str) -> str:
    """A category in the middle of a sentence."""
    return say(f"makeup.called.{category}")


def _shade_name(shade: Shade) -> str:
    """The name of a shade of the card; of what is owned, the nearest one's."""
    if shade.item_id is None:
        return shade.name
    category = LIKE_LIPS if shade.category == "lip_liner" else shade.category
    return say("makeup.near", shade=nearest(shade_card()[category], shade.lab)[0].name)


def _cautions(brief: LookBrief, shade: Shade) -> tuple[str, ...]:
    """What to look for on the label of a suggestion, which has none yet."""
    if shade.item_id or not brief.avoided:
        return ()
    return (say("makeup.choose_without", terms=", ".join(brief.avoided)),)


# --- why a step ----------------------------------------------------------------------------------


def _ownership_reason(brief: LookBrief, shade: Shade) -> Reason:
    if shade.item_id:
        return Reason(text=say("makeup.owned"), points_at=f"bag.{shade.item_id}")
    name, owned = _called(shade.category), len(brief.owned.get(shade.category, ()))
    if owned > 1:
        text = say("makeup.none_suits", count=owned, name=name)
    elif owned == 1:
        text = say("makeup.own_does_not_suit", name=name)
    else:
        text = say("makeup.not_owned", name=name)
    return Reason(text=text, points_at="bag")


def _shape_reason(brief: LookBrief, place: Place) -> Iterator[Reason]:
    if not place.shapes:
        return
    shape = named("shape", place.shapes)
    text = say("makeup.placed_for", shape=shape) if shape else say("makeup.placed_for_open")
    source = brief.rules["contour"]["source"]
    yield Reason(text=text, points_at="face.shape", sources=(source,))


def _finish_reason(finish: Finish) -> Iterator[Reason]:
    if rule := finish.rule:
        points_at = f"skin.concerns.{rule['concern']}"
        yield Reason(text=rule["text"], points_at=points_at, sources=(rule["source"],))


def _season_reason(brief: LookBrief) -> Iterator[Reason]:
    palette = brief.palette
    if not palette.is_measured:
        return
    if palette.named:
        text = say("makeup.season", season=palette.named)
    else:
        text = say("makeup.season_open")
    yield Reason(text=text, points_at="season", sources=("seasons",))


# --- why a shade ---------------------------------------------------------------------------------


def _match_reasons(brief: LookBrief, pick: Pick) -> Iterator[Reason]:
    if (match := pick.match) is None:
        return
    sources = (brief.rules["match"]["source"],)
    text = _match_text(pick.shade.category, match)
    yield Reason(text=text, points_at="skin.tone.lab", sources=sources)
    if other := match.neighbour:
        text = say(f"makeup.neighbour.{other.direction}", name=other.name)
        # Apart, as its name may be one that its owner typed.
        yield Reason(text=text, points_at="match.neighbour", sources=sources)


def _match_text(category: str, match: ShadeMatch) -> str:
    low, high = match.interval
    return say(f"makeup.match.{category}_{match.verdict}", away=match.delta_e, low=low, high=high)


def _skin_like_reason(brief: LookBrief, pick: Pick) -> Iterator[Reason]:
    table = brief.rules["skin_like"]
    if table[pick.shade.category]["lightness"] < 0:
        text = say("makeup.deeper_than_skin", hex=brief.tone.hex)
    else:
        text = say("makeup.lighter_than_skin", hex=brief.tone.hex)
    yield Reason(text=text, points_at="skin.tone.lab", sources=(table["source"],))


def _brow_reason(brief: LookBrief, pick: Pick) -> Iterator[Reason]:
    if seen := pick.beside:
        text = say("makeup.close_to", feature=seen.feature, colour=seen.name or seen.hex)
        source = brief.rules["brow"]["source"]
        yield Reason(text=text, points_at=f"face.colours.{seen.feature}", sources=(source,))


def _mascara_reason(brief: LookBrief, pick: Pick) -> Iterator[Reason]:
    text, points_at = say("makeup.black"), "rules.makeup"
    if hair := pick.beside:
        text, points_at = say("makeup.softer_than_black"), f"face.colours.{hair.feature}"
    yield Reason(text=text, points_at=points_at, sources=(brief.rules["mascara"]["source"],))


def _lip_liner_reason(brief: LookBrief, pick: Pick) -> Iterator[Reason]:
    text = say("makeup.near_lips", away=pick.away)
    source = brief.rules["lip_liner"]["source"]
    yield Reason(text=text, points_at="rules.makeup", sources=(source,))


def _season_reasons(brief: LookBrief, pick: Pick) -> Iterator[Reason]:
    yield from _season_reason(brief)
    if eyes := pick.beside:
        text = say("makeup.across_from_eyes", eyes=eyes.name or eyes.hex)
        yield Reason(text=text, points_at="face.colours.eyes", sources=("iris",))
    if pick.family:
        text = say("makeup.one_family", name=_called(pick.family))
        yield Reason(text=text, points_at="rules.makeup.harmony", sources=("harmony",))


# What each category was chosen by, in words.
_REASONS: Mapping[str, Callable[[LookBrief, Pick], Iterator[Reason]]] = {
    "foundation": _match_reasons,
    "concealer": _match_reasons,
    "contour": _skin_like_reason,
    "bronzer": _skin_like_reason,
    "highlighter": _skin_like_reason,
    "brow": _brow_reason,
    "mascara": _mascara_reason,
    "lip_liner": _lip_liner_reason,
    "blush": _season_reasons,
    "lip": _season_reasons,
    "eyeshadow": _season_reasons,
    "eyeliner": _season_reasons,
}
