"""Skin tone of one face: ITA with its uncertainty, Monk shares, undertone.

One photo cannot tell light skin in shade from darker skin in sun, so everything is an interval or
a share. What is known and what is not validated stands beside the numbers in tone.toml.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from statistics import NormalDist
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.domain.face import ItaClass, Share, Tone, Undertone
from facet.domain.naming import named
from facet.domain.tone import (
    EvidenceKind,
    class_rule,
    class_shares,
    coverage,
    given,
    left_open,
    monk_shares,
)
from facet.vision.face.patches import Pixels, some
from facet.vision.skin.light import Light

# The patches every face has bare; the others count where they agree with these.
CHEEKS = ("right_cheek", "left_cheek")
BELOW_LIP = "below_lip"
FOREHEAD = "forehead"
PATCHES = (*CHEEKS, BELOW_LIP, FOREHEAD)


@dataclass(frozen=True, slots=True)
class SkinColour:
    """The skin of the face in one colour, and how well its parts agree on it."""

    linear: NDArray[np.floating]  # (3,) linear RGB, 0..1
    lab: NDArray[np.floating]  # (3,) CIELAB
    patches: Mapping[str, NDArray[np.floating]]  # linear RGB of every patch, outliers included
    differences: Mapping[str, float]  # CIEDE2000 of every patch from the mean of the cheeks

    @property
    def kept(self) -> tuple[str, ...]:
        """The patches that speak for the face: the cheeks, and what agrees with them."""
        return tuple(name for name in self.patches if _speaks(name, self.differences[name]))


def skin_colour(patches: Mapping[str, Pixels]) -> SkinColour | None:
    """uint8 pixels (n, 3) by patch -> the colour of the skin, or None when no cheek can be seen.

    In each patch the darkest and brightest pixels are left out and the median taken; then the
    median over those patches that agree with the cheeks.
    """
    table = _table()["patches"]
    medians = {
        name: _trimmed_median(some(pixels, table["enough_pixels"]), table["trim"])
        for name, pixels in patches.items()
        if len(pixels) >= table["minimum_pixels"]
    }
    cheeks = [medians[name] for name in CHEEKS if name in medians]
    if not cheeks:
        return None
    reference = colour.lab_from_linear(np.mean(cheeks, axis=0))
    differences = {
        name: float(colour.delta_e_2000(colour.lab_from_linear(linear), reference))
        for name, linear in medians.items()
    }
    kept = [name for name in medians if _speaks(name, differences[name])]
    linear = np.median([medians[name] for name in kept], axis=0)
    return SkinColour(linear, colour.lab_from_linear(linear), medians, differences)


def measure_tone(skin: SkinColour, light: Light) -> Tone:
    """The tone of the skin, as sure as the light allows."""
    angle = float(colour.ita(skin.lab))
    estimate, error = _likely(skin, light)
    kind: EvidenceKind = "white_paper" if light.paper else "photo"
    likely = belief(estimate, error, by_paper=light.paper is not None)
    reach = (1 - coverage()) / 2
    # What the photo shows lies inside, however unlikely.
    low = max(-90.0, min(likely.inv_cdf(reach), angle))
    high = min(90.0, max(likely.inv_cdf(1 - reach), angle))
    below = likely.cdf
    classes, undertones = class_shares(below), _undertones(skin, light)
    name = named(class_rule(kind), classes)
    lab = tuple(round(float(value), 1) for value in skin.lab)
    return Tone(
        ita=round(angle, 1),
        ita_interval=(round(low, 1), round(high, 1)),
        ita_estimate=round(estimate, 1),
        ita_error=round(error, 1),
        ita_class=cast("ItaClass | None", name),
        monk=monk_shares(below),
        undertone=cast("Undertone | None", named("undertone", undertones)),
        undertone_confidence=undertones[0].share,
        undertones=undertones,
        hue=round(float(colour.hue(skin.lab)), 1),
        lab=(lab[0], lab[1], lab[2]),
        hex=colour.hex_from_lab(skin.lab),
        confidence=classes[0].share,
        open=None if name else left_open(low, high, given((kind,), photos=1)),
    )


def belief(estimate: float, error: float, *, by_paper: bool) -> NormalDist:
    """What other photos of a person would show, by where their ITA likely lies, in degrees.

    In free light those err as well: their error is in it too.
    """
    wider = 1.0 if by_paper else _table()["uncertainty"]["other_photos"]
    return NormalDist(estimate, error * wider)


def undertone_residual(hue: float) -> float:
    """Hue angle of the skin, degrees -> degrees beyond the usual one; positive: yellower."""
    return hue - float(_table()["undertone"]["usual_hue"])


def _speaks(patch: str, difference: float) -> bool:
    return patch in CHEEKS or difference <= _table()["patches"]["outlier"]


def _trimmed_median(pixels: Pixels, trim: float) -> NDArray[np.floating]:
    linear = colour.linear_from_srgb(pixels)
    bright = colour.luminance(linear)
    low, high = np.quantile(bright, (trim, 1 - trim))
    return np.asarray(np.median(linear[(bright >= low) & (bright <= high)], axis=0), dtype=float)


def _likely(skin: SkinColour, light: Light) -> tuple[float, float]:
    """Where the person's ITA likely lies, and its error, degrees.

    In even light, well exposed and white, it is what the photo shows. In free light a photo says
    little, and the estimate is what other photos of a person with such a one show in the mean.
    """
    table = _table()["uncertainty"]
    stops, balance = table["exposure_stops"], table["white_balance"]
    if light.paper:
        stops, balance = light.paper.exposure_stops, light.paper.balance
    trust = 1.0 if light.paper else _trust(skin, light)
    bright = max(float(colour.luminance(skin.linear)), 1e-3)
    of_photo, of_face = (math.log(max(value, 1e-3)) for value in light.brightest)
    balanced = float(colour.ita(colour.lab_from_linear(light.balanced(skin.linear))))
    free = table["free"]
    elsewhere = (
        free["mean"]
        + free["balanced"] * balanced
        + free["photo_brightest"] * of_photo
        + free["face_brightest"] * (of_face - math.log(bright))
    )
    shown = min(_left_open(skin, stops, balance), free["error"])
    return (
        _between(elsewhere, float(colour.ita(skin.lab)), trust),
        # At the ends of the scale no light moves a colour: less than 0.1 is not told.
        max(0.1, _between(free["error"], shown, trust)),
    )


def _trust(skin: SkinColour, light: Light) -> float:
    """0..1: how far the light is one in which a photo shows the skin as it is."""
    table = _table()["uncertainty"]["trust"]
    cheeks = [
        max(float(colour.luminance(skin.patches[n])), 1e-3) for n in CHEEKS if n in skin.patches
    ]
    stops = math.log2(max(cheeks) / min(cheeks))
    cast = table["unseen_sclera"] if light.sclera is None else math.hypot(*light.sclera)
    doubt = (
        table["doubt"]
        + table["dimness"] * light.dimness
        + table["uneven"] * math.log(stops + 0.1)
        + table["sclera"] * math.log(cast + 2.0)
    )
    return 1 / (1 + math.exp(doubt))


def _left_open(skin: SkinColour, stops: float, balance: float) -> float:
    """Degrees of ITA, either way, that exposure, white balance (a share of each channel) and the
    patches leave open, combined."""
    angle = float(colour.ita(skin.lab))
    moved = [(2.0**-stops,) * 3, (2.0**stops,) * 3]
    for channel in range(3):
        for sign in (-1, 1):
            gains = [1.0, 1.0, 1.0]
            gains[channel] += sign * balance
            moved.append((gains[0], gains[1], gains[2]))
    # A channel that is full stays full: bright skin loses its red first, and turns pale.
    ends = np.minimum(skin.linear * np.array(moved), 1.0)
    shifts = colour.ita(colour.lab_from_linear(ends)) - angle
    standard_error = _patches_error(skin)
    # Exposure is one cause, the three channels another; within a cause the worst counts.
    down = math.hypot(min(0.0, *shifts[:2]), min(0.0, *shifts[2:]), standard_error)
    up = math.hypot(max(0.0, *shifts[:2]), max(0.0, *shifts[2:]), standard_error)
    return (down + up) / 2


def _patches_error(skin: SkinColour) -> float:
    """Standard error, in degrees of ITA, of what the patches say together."""
    linear = np.array([skin.patches[name] for name in skin.kept])
    if len(linear) < 2:  # nothing to agree with
        return float(_table()["patches"]["spread"])
    angles = colour.ita(colour.lab_from_linear(linear))
    return float(np.std(angles, ddof=1) / math.sqrt(len(angles)))


def _undertones(skin: SkinColour, light: Light) -> tuple[Share, ...]:
    """Shares, largest first: how much yellower (warm) or redder (cool) the balanced hue is than
    usual."""
    table = _table()["undertone"]
    balanced = colour.lab_from_linear(light.balanced(skin.linear))
    residual = float(colour.hue(balanced)) - table["usual_balanced"]
    sigma = _between(table["sigma_disputed"], table["sigma_agreed"], light.agreement)
    hue = NormalDist(residual, sigma)
    cool, not_warm = hue.cdf(-table["neutral"]), hue.cdf(table["neutral"])
    masses = {"cool": cool, "neutral": not_warm - cool, "warm": 1 - not_warm}
    shares = (Share(name=name, share=round(mass, 3)) for name, mass in masses.items())
    return tuple(sorted(shares, key=lambda share: -share.share))


def _between(at_zero: float, at_one: float, share: float) -> float:
    return at_zero + (at_one - at_zero) * share


@cache
def _table() -> dict[str, Any]:
    text = resources.files("facet.vision.skin").joinpath("tone.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
