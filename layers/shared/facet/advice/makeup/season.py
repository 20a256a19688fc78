"""Shades that follow the season: blush, lips and lids, in harmony with one another, and eyeliner.

Numbers are in makeup.toml.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from facet.advice import harmony
from facet.advice.harmony import LCh, Scale
from facet.advice.makeup.brief import LookBrief, Pick
from facet.advice.makeup.shades import Shade, labs_of
from facet.colour import delta_e_2000

SEASONAL = ("blush", "lip", "eyeshadow")
MIDDLE_SKIN = 62  # L* of the skin that the scales are made for
ACROSS = 110  # degrees from the iris, from which a lid stands against it
NO_SHIFT = (0.0, 0.0, 0.0)


class Aim(NamedTuple):
    """The aim of an idea: what it asks of its colours."""

    eye: str  # tonal, neutral or accent
    shift: Mapping[str, Sequence[float]]  # by category: warmth, value and chroma in spreads
    lead: Shade | None = None  # the colour that the others follow, once it is chosen


class _Ground(NamedTuple):
    """What a category's colour is put on, and how it is judged there."""

    scale: Scale
    lab: tuple[float, float, float]
    distance: float  # CIEDE2000 from which a colour shows
    above: float  # L* by which a matte one may be lighter than the skin


def season_pick(
    brief: LookBrief, category: str, aim: Aim, used: Mapping[str, int], *, may_suggest: bool
) -> Pick | None:
    """The shade that suits best, an owned one wherever it suits at all.

    used: how many looks have a shade already, by its key: it makes room for another that suits.
    """
    choice = brief.rules["choice"]
    card, owned = brief.card[category], brief.owned.get(category, ())
    fits = _fits(brief, [*owned, *card], aim)
    top = max((fits[s.key] for s in card), default=0.0)
    # What suits the person serves in every idea: a bright lip is a quiet one when sheer.
    plain = _fits(brief, owned, Aim(aim.eye, {}))
    least = choice["owned_from"] * top
    shades = [s for s in owned if max(fits[s.key], plain[s.key]) >= least]
    if not shades and may_suggest:
        shades = [s for s in card if fits[s.key] > 0]
    if not shades:
        return None
    again = choice["again"].get(category, 1.0)
    shade = min(shades, key=lambda s: (-fits[s.key] * again ** used.get(s.key, 0), s.key))
    return Pick(
        shade,
        _confidence(brief, min(1.0, fits[shade.key] / top) if top else 0.0),
        beside=brief.colours["eyes"] if _is_across(brief, shade, aim) else None,
        family=_family(shade, aim),
    )


def _confidence(brief: LookBrief, share: float) -> float:
    """0..1 that a shade suits; share: of the best shade's fit, 0..1."""
    sure = brief.tone.confidence * (0.5 + 0.5 * brief.palette.certainty)
    return sure * (0.4 + 0.6 * share)


def _is_across(brief: LookBrief, shade: Shade, aim: Aim) -> bool:
    """Whether a shade is an eye accent across the colour wheel from the iris."""
    iris = _iris(brief)
    accent = shade.category == "eyeshadow" and aim.eye == "accent"
    return accent and iris is not None and _turn(iris, shade) >= ACROSS


def _family(shade: Shade, aim: Aim) -> str | None:
    """The leading category where the shade has hues of its family."""
    if aim.lead is None or _relation(aim.lead, shade, aim).name not in ("tonal", "analogous"):
        return None
    return aim.lead.category


# --- how a colour suits --------------------------------------------------------------------------


def _fits(brief: LookBrief, shades: Sequence[Shade], aim: Aim) -> dict[str, float]:
    """Key -> 0..1: how a shade of one category suits the season, on this skin, in this idea."""
    if not shades:
        return {}
    category, ground = shades[0].category, _ground(brief, shades[0].category)
    spread = brief.rules["choice"]["spread"]
    axes = [ground.scale.axes(shade.lch) for shade in shades]
    season = brief.palette.fits(axes, aim.shift.get(category, NO_SHIFT), spread)
    shown = delta_e_2000(labs_of(shades), np.asarray(ground.lab))
    visible = np.minimum(1.0, shown / ground.distance) ** 2
    return {
        shade.key: _fit(brief, shade, float(suits), ground.above, aim)
        for shade, suits in zip(shades, season * visible, strict=True)
    }


def _fit(brief: LookBrief, shade: Shade, suits: float, above: float, aim: Aim) -> float:
    """0..1: how a colour suits, in the season and then on this skin and in this idea."""
    choice = brief.rules["choice"]
    fit = suits
    lighter = shade.lch.lightness - brief.skin.lightness - above
    if lighter > 0 and shade.finish not in choice["metallic"]:
        # matte and lighter than the skin looks like chalk
        fit *= math.exp(-((lighter / choice["chalk"]) ** 2))
    if shade.category == "eyeshadow":
        fit *= _eye_factor(brief, shade, aim)
    if aim.lead is not None and aim.lead is not shade:
        kind = _relation(aim.lead, shade, aim)
        fit *= 1 - choice["harmony"] + choice["harmony"] * kind.fit
    return fit


def _eye_factor(brief: LookBrief, shade: Shade, aim: Aim) -> float:
    """An accent sets off the iris; any other lid is brown, colourless, or of the lead's hue."""
    choice = brief.rules["choice"]
    if aim.eye == "accent":
        return _set_off(brief, shade)
    low, high = choice["quiet_hues"]
    quiet = low <= shade.lch.hue <= high or shade.lch.chroma < choice["quiet_chroma"]
    if aim.eye == "tonal" and aim.lead is not None:
        turn = abs(harmony.hue_difference(shade.lch.hue, aim.lead.lch.hue))
        quiet = quiet or turn <= choice["family"]
    return 1.0 if quiet and shade.finish not in choice["metallic"] else float(choice["loud"])


def _relation(lead: Shade, shade: Shade, aim: Aim) -> harmony.Relation:
    """How a colour stands to the leading one; contrast counts only where it is asked for."""
    kind = harmony.relation(lead.lch, shade.lch)
    asked = aim.eye if shade.category == "eyeshadow" else "tonal"
    if asked == "tonal" and kind.name in ("split", "triad", "complement"):
        return harmony.Relation("free", harmony.rules()["harmony"]["free_fit"])
    return kind


def _ground(brief: LookBrief, category: str) -> _Ground:
    """The bare skin, or the lips, and the category's colour scale on it."""
    table: Mapping[str, Any] = (
        brief.rules["eyeliner"]["scale"]
        if category == "eyeliner"
        else brief.rules["scale"][category]
    )
    row = dict(table)
    distance, above = float(row.pop("distance")), float(row.pop("above_skin"))
    moved = row.pop("with_skin") * (brief.skin.lightness - MIDDLE_SKIN)
    scale = replace(Scale(**row), lightness=row["lightness"] + moved)
    lips = brief.colours.get("lips") if category == "lip" else None
    if lips and lips.lab and lips.confidence >= brief.rules["choice"]["lip_confidence"]:
        return _Ground(scale, lips.lab, distance, above)
    return _Ground(scale, brief.skin.lab, distance, above)


# --- the iris ------------------------------------------------------------------------------------


def _iris(brief: LookBrief) -> LCh | None:
    """The iris, where it has a hue to set off; brown is dark orange and takes every colour."""
    eyes = brief.colours.get("eyes")
    if eyes is None or eyes.lab is None or "brown" in (eyes.name or ""):
        return None
    iris, choice = LCh.of_lab(eyes.lab), brief.rules["choice"]
    sure = eyes.confidence >= choice["iris_confidence"]
    return iris if sure and iris.chroma >= choice["iris_chroma"] else None


def _turn(iris: LCh, shade: Shade) -> float:
    """Degrees between the hues of iris and shade, 0..180."""
    return abs(harmony.hue_difference(iris.hue, shade.lch.hue))


def _set_off(brief: LookBrief, shade: Shade) -> float:
    """0..1: how far an eye accent lies opposite the iris."""
    iris = _iris(brief)
    if iris is None:
        return 1.0
    weight = brief.rules["choice"]["complement_of_iris"]
    opposite = math.exp(-(((180 - _turn(iris, shade)) / 60) ** 2) / 2)
    seen = min(1.0, shade.lch.chroma / 15)  # taupe sets nothing off
    return float(1 - weight + weight * opposite * seen)
