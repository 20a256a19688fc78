"""Shades near a colour of the face: contour, bronzer, highlighter, brows, lashes and lip liner.

Numbers are in makeup.toml.
"""

from facet.advice.harmony import LCh
from facet.advice.makeup.brief import LookBrief, Miss, Pick
from facet.advice.makeup.shades import Shade, nearest
from facet.colour import delta_e_2000, lab_from_hex


def skin_like_pick(brief: LookBrief, category: str, *, may_suggest: bool) -> Pick | None:
    """The contour, bronzer or highlighter nearest to the skin's colour, moved by makeup.toml."""
    rule = brief.rules["skin_like"][category]
    lightness, chroma, hue = brief.skin
    target = LCh(
        min(max(lightness + rule["lightness"], 5), 95), chroma * rule["chroma"], hue + rule["hue"]
    )
    near = _near(brief, category, target, rule["within"], may_suggest=may_suggest)
    if near is None:
        return None
    shade, away = near
    return Pick(shade, brief.tone.confidence * (1 - away / (2 * rule["within"])))


def brow_pick(brief: LookBrief, *, may_suggest: bool) -> tuple[Pick | None, tuple[Miss, ...]]:
    """The brow shade nearest to the brows, or else the hair: deeper if light, softer if dark.

    None where no shade is near, or, with a miss, where neither brows nor hair were seen.
    """
    rule = brief.rules["brow"]
    seen = brief.colours.get("brows") or brief.colours.get("hair")
    if seen is None or seen.lab is None:
        return None, (Miss("brow"),)
    lightness, chroma, hue = LCh.of_lab(seen.lab)
    if lightness > rule["light_from"]:
        lightness += rule["deepen"]
    elif lightness < rule["dark_from"]:
        lightness += rule["soften"]
    target = LCh(lightness, chroma, hue)
    near = _near(brief, "brow", target, rule["within"], may_suggest=may_suggest)
    if near is None:
        return None, ()
    shade, away = near
    return Pick(shade, max(0.0, seen.confidence * (1 - away / 30)), beside=seen), ()


def mascara_pick(brief: LookBrief, *, may_suggest: bool) -> Pick | None:
    """The mascara nearest to black, or beside light hair to a softer colour; any owned serves."""
    rule = brief.rules["mascara"]
    hair = brief.colours.get("hair") or brief.colours.get("brows")
    light = hair is not None and hair.lab is not None and hair.lab[0] >= rule["light_hair"]
    target = lab_from_hex(rule["softer" if light else "black"])
    for shades in brief.shades("mascara", may_suggest=may_suggest):
        shade = min(shades, key=lambda s: (float(delta_e_2000(s.lab, target)), s.key))
        return Pick(shade, 0.9 if hair else 0.7, beside=hair if light else None)
    return None


def lip_liner_pick(brief: LookBrief, lip: Pick | None) -> Pick | None:
    """An owned lip liner near the lip colour, or None; none is suggested."""
    if lip is None:
        return None
    within = brief.rules["lip_liner"]["within"]
    near = _near(brief, "lip_liner", lip.shade.lch, within, may_suggest=False)
    if near is None:
        return None
    shade, away = near
    return Pick(shade, lip.confidence, away=away)


def _near(
    brief: LookBrief, category: str, target: LCh, within: float, *, may_suggest: bool
) -> tuple[Shade, float] | None:
    """The shade nearest to a colour and its CIEDE2000, at most 2 `within`.

    An owned one wherever it lies within; one of the card wherever it lies.
    """
    for shades in brief.shades(category, may_suggest=may_suggest):
        shade, away = nearest(shades, target.lab)
        if away <= within or shade.item_id is None:
            return shade, min(away, 2 * within)
    return None
