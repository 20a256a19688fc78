"""Colour season as shares over the twelve of the craft, as sure as the light allows."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from facet.domain.face import FeatureColour, Share, Tone
from facet.vision.face.shares import anchors, likelihoods, shares
from facet.vision.skin.tone import undertone_residual

AXES = ("warmth", "value", "chroma", "contrast")


def measure_season(
    tone: Tone, colours: Sequence[FeatureColour], agreement: float
) -> tuple[Share, ...]:
    """Skin, hair and eyes, and how far the light's estimates agree (0..1) -> all twelve shares.

    Every axis is a normal distribution around what was measured; a season's share is how much of
    it lies where that season does. An axis that is not known changes nothing.
    """
    table = _table()
    position = axes(tone, colours, agreement)
    weights = likelihoods(
        [position[axis][0] for axis in AXES],
        [position[axis][1] for axis in AXES],
        anchors(table["seasons"]["anchors"], AXES),
        np.full(len(AXES), table["seasons"]["spread"]),
    )
    return shares(tuple(table["seasons"]["anchors"]), weights)


def axes(
    tone: Tone, colours: Sequence[FeatureColour], agreement: float
) -> Mapping[str, tuple[float, float]]:
    """Each axis -> its value and its error, in spreads between people; error inf: not known."""
    table = _table()["axes"]
    lightness = {"skin": tone.lab[0]} | {
        colour.feature: colour.lab[0]
        for colour in colours
        if colour.lab and colour.feature in {"hair", "eyes"}
    }
    warmth, value, chroma, contrast = (table[axis] for axis in AXES)
    error = warmth["error_disputed"] * (1 - agreement) + warmth["error_agreed"] * agreement
    parts = [
        (level - value[name]["mean"]) / value[name]["spread"] for name, level in lightness.items()
    ]
    missing = 3 - len(parts)
    difference = abs(lightness["skin"] - lightness.get("hair", math.nan))
    return {
        "warmth": (
            (undertone_residual(tone.hue) - warmth["mean"]) / warmth["spread"],
            error / warmth["spread"],
        ),
        "value": (float(np.mean(parts)), value["error"] + missing * value["one_missing"]),
        "chroma": (
            (math.hypot(*tone.lab[1:]) - chroma["mean"]) / chroma["spread"],
            chroma["error"] / chroma["spread"],
        ),
        "contrast": (
            (difference - contrast["mean"]) / contrast["spread"],
            contrast["error"] / contrast["spread"],
        )
        if "hair" in lightness
        else (0.0, math.inf),
    }


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("season.toml").read_text(encoding="utf-8"))
