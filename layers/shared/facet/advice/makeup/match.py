"""Shades that are the skin's own: foundation and concealer, under the error of one photo.

Numbers are in makeup.toml.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np

from facet.advice.harmony import LCh, hue_difference
from facet.advice.makeup.brief import LookBrief, Miss, Pick, rules
from facet.advice.makeup.shades import Floats, Shade, labs_of, nearest
from facet.colour import delta_e_2000
from facet.domain.face import Tone
from facet.domain.style import Neighbour, ShadeMatch

SKIN_SHADES = ("foundation", "concealer")

type _Direction = Literal["lighter", "deeper", "warmer", "cooler", "softer", "richer"]


def skin_pick(
    brief: LookBrief, category: str, *, may_suggest: bool
) -> tuple[Pick | None, tuple[Miss, ...]]:
    """The shade nearest to the skin, or to the lighter skin under the eyes, an owned one first.

    Of those near enough to the measured colour, the one nearest in the mean of all that the photo
    leaves open. The pick is None where no shade is near enough; an owned shade that is not becomes
    a miss.
    """
    rule = brief.rules["match"]
    lift = np.array([rule["lighten"] if category == "concealer" else 0.0, 0, 0])
    target, samples = np.asarray(brief.skin.lab) + lift, sampled_skin(brief.tone) + lift
    misses: list[Miss] = []
    for shades in brief.shades(category, may_suggest=may_suggest):
        shade, away = nearest(shades, target)
        if away <= rule["near"]:
            shade = _likeliest(shades, target, samples)
            match = _match(brief, shade, target, samples)
            return Pick(shade, match.chance, match=match), tuple(misses)
        if shade.item_id:
            misses.append(Miss(category, shade, away))
    if may_suggest:
        misses.append(Miss(category))
    return None, tuple(misses)


def _likeliest(shades: Sequence[Shade], target: Floats, samples: Floats) -> Shade:
    """Of the shades near the target, at least one, that nearest to the samples in the mean."""
    labs = labs_of(shades)
    away = np.mean(delta_e_2000(labs[:, None], samples[None]), axis=1)
    away[delta_e_2000(labs, target) > rules()["match"]["near"]] = math.inf
    return shades[int(np.argmin(away))]


def sampled_skin(tone: Tone) -> Floats:
    """(15, 3) CIELAB: equally likely colours of the skin behind one photo of it.

    Lightness runs through the quantiles of ITA, taken as one standard deviation to either end of
    its interval at the measured b*; hue turns by the error of its white balance.
    """
    rule = rules()["match"]
    lightness, chroma, hue = LCh.of_lab(tone.lab)
    low, high = (_lightness_at(end, tone) for end in tone.ita_interval)
    doubt = 1 - tone.undertone_confidence
    turn = rule["hue_error_sure"] * (1 - doubt) + rule["hue_error_unsure"] * doubt
    normal = NormalDist()
    samples = []
    for z in (normal.inv_cdf(q) for q in (0.1, 0.3, 0.5, 0.7, 0.9)):
        moved = lightness + abs(z) * ((high if z > 0 else low) - lightness)
        for y in (normal.inv_cdf(q) for q in (1 / 6, 1 / 2, 5 / 6)):
            samples.append(LCh(min(max(moved, 0.0), 100.0), chroma, hue + y * turn).lab)
    return np.asarray(samples)


def _lightness_at(ita: float, tone: Tone) -> float:
    """L* that this ITA has at the skin's own b*; at b* <= 0 ITA says nothing of L*."""
    lightness, _, b = tone.lab
    if b <= 1:
        return lightness
    there = 50 + math.tan(math.radians(min(max(ita, -80), 80))) * b
    # Light moves b* along with L*, so the whole way would overstate it where ITA is steep.
    return min(max(there, lightness - 12), lightness + 12)


def _match(brief: LookBrief, shade: Shade, target: Floats, samples: Floats) -> ShadeMatch:
    """How well a shade meets the target (3,), which may be any of the samples (n, 3)."""
    rule = brief.rules["match"]
    away = delta_e_2000(shade.lab, samples)
    measured = float(delta_e_2000(shade.lab, target))
    # No colour the skin may have is nearer than the nearest: so what was measured lies inside.
    low, high = min(measured, float(away.min())), max(measured, float(np.quantile(away, 0.9)))
    chance = float(np.mean(away <= rule["near"]))
    sure = measured <= rule["excellent"] and chance >= rule["excellent_chance"]
    return ShadeMatch(
        delta_e=round(measured, 2),
        interval=(round(low, 2), round(high, 2)),
        verdict="excellent" if sure else "near",
        chance=round(chance, 2),
        neighbour=_neighbour(brief, shade, samples),
    )


def _neighbour(brief: LookBrief, shade: Shade, samples: Floats) -> Neighbour | None:
    """The shade beside the chosen that is most often nearer, where the photo erred."""
    rule = brief.rules["match"]
    own = [s for s in brief.owned.get(shade.category, ()) if s.item_id != shade.item_id]
    others = [*own, *(s for s in brief.card[shade.category] if s.hex != shade.hex)]
    if not others:
        return None
    labs = labs_of(others)
    # Only what may still be the skin, and can be told from the chosen one.
    fits = delta_e_2000(labs, samples[len(samples) // 2]) <= rule["near"]
    fits &= delta_e_2000(labs, shade.lab) >= rule["apart"]
    rows = np.flatnonzero(fits)
    if not len(rows):
        return None
    away = delta_e_2000(labs[rows][:, None], samples[None])
    nearer = np.mean(away < delta_e_2000(shade.lab, samples), axis=1)
    other, chance = others[int(rows[np.argmax(nearer)])], float(nearer.max())
    if chance < rule["neighbour"]:
        return None
    return Neighbour(
        name=other.name,
        hex=other.hex,
        direction=_direction(shade.lch, other.lch),
        chance=round(chance, 2),
    )


def _direction(chosen: LCh, other: LCh) -> _Direction:
    """How another colour differs most from the chosen."""
    lightness = other.lightness - chosen.lightness
    turn = hue_difference(other.hue, chosen.hue)
    chroma = other.chroma - chosen.chroma
    across = math.radians(turn) * (chosen.chroma + other.chroma) / 2
    most = max(abs(lightness), abs(across), abs(chroma))
    if most == abs(lightness):
        return "lighter" if lightness > 0 else "deeper"
    if most == abs(across):
        return "warmer" if turn > 0 else "cooler"
    return "richer" if chroma > 0 else "softer"
