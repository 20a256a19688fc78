"""Colours that go together: the season's axes, and hue relations in CIELAB's LCh.

Numbers are in seasons.toml.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facet.colour import lab_from_srgb
from facet.domain.face import FaceReading
from facet.domain.naming import named

AXES = ("warmth", "value", "chroma")


class LCh(NamedTuple):
    """A colour as lightness 0..100, chroma >= 0 and hue 0..360 degrees (CIELAB, D65)."""

    lightness: float
    chroma: float
    hue: float

    @classmethod
    def of_lab(cls, lab: ArrayLike) -> "LCh":
        """The colour of three numbers L*, a*, b*."""
        lightness, a, b = np.asarray(lab, dtype=float).tolist()
        return cls(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)

    @classmethod
    def of_hexes(cls, shades: Sequence[str]) -> list["LCh"]:
        """The colours of many `#rrggbb` at once, which takes a twentieth of the time."""
        data = b"".join(bytes.fromhex(shade[1:]) for shade in shades)
        labs = lab_from_srgb(np.frombuffer(data, np.uint8).reshape(-1, 1, 3))
        return [
            cls(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)
            for lightness, a, b in labs[:, 0].tolist()
        ]

    @property
    def lab(self) -> tuple[float, float, float]:
        """The colour as L*, a*, b*."""
        angle = math.radians(self.hue)
        return self.lightness, self.chroma * math.cos(angle), self.chroma * math.sin(angle)

    @property
    def is_neutral(self) -> bool:
        """Whether the colour is too weak to clash: black, white, greys, navy, camel."""
        table = rules()["harmony"]
        darker = max(0.0, table["dark_from"] - self.lightness)
        low, high = table["earth_hues"]
        earth = low <= self.hue <= high and self.chroma < table["earth_chroma"]
        return bool(earth or self.chroma < table["neutral_chroma"] + table["dark_gain"] * darker)


class Relation(NamedTuple):
    """How two hues stand to each other."""

    name: str  # neutrals, tonal, analogous, complement, split, triad or free
    fit: float  # 0..1


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the middle of one kind of colour lies, and how far its people spread.

    Warmth counts degrees of hue towards `warm_pole`, `neutral_distance` away being neither.
    """

    lightness: float
    lightness_spread: float
    chroma: float
    chroma_spread: float
    neutral_distance: float
    hue_spread: float

    def axes(self, colour: LCh) -> tuple[float, float, float]:
        """A colour's warmth, value and chroma in spreads; one without chroma has no warmth."""
        table = rules()["harmony"]
        away = abs(hue_difference(colour.hue, table["warm_pole"]))
        certain = min(1.0, colour.chroma / table["neutral_chroma"])
        return (
            certain * (self.neutral_distance - away) / self.hue_spread,
            (colour.lightness - self.lightness) / self.lightness_spread,
            (colour.chroma - self.chroma) / self.chroma_spread,
        )


class Palette:
    """The seasons a person may be, with their shares; without a reading all alike."""

    def __init__(self, reading: FaceReading | None) -> None:
        seasons = rules()["seasons"]
        measured = reading.season if reading else None
        shares = {s.name: s.share for s in measured or () if s.name in seasons}
        total = sum(shares.values())
        self.is_measured = total > 0
        if not self.is_measured:  # nothing was measured: every season alike
            shares, total = dict.fromkeys(seasons, 1.0), float(len(seasons))
        self.shares = {name: share / total for name, share in shares.items()}
        # None where the photo leaves it open: no reason may rest on it then.
        self.named = named("season", measured or ())
        self.mean = tuple(
            sum(share * seasons[name][axis] for name, share in self.shares.items()) for axis in AXES
        )

    @property
    def fittest(self) -> str:
        """The season whose middle suits most of the shares, where they pull apart."""
        seasons = rules()["seasons"]
        names = list(self.shares)
        middles = [[seasons[name][axis] for axis in AXES] for name in names]
        return names[int(np.argmax(self.fits(middles)))]

    @property
    def certainty(self) -> float:
        """How sure the season is, 0 all alike .. 1 one alone.

        One less the entropy of the shares over the largest possible.
        """
        entropy = -sum(s * math.log(s) for s in self.shares.values() if s > 0)
        return 1 - entropy / math.log(len(rules()["seasons"]))

    def fits(
        self,
        axes: Sequence[Sequence[float]],
        shift: Sequence[float] = (0.0, 0.0, 0.0),
        spread: float = 1.0,
    ) -> NDArray[np.floating]:
        """How well each colour suits, over the seasons' shares: (n, 3) axes -> (n,) 0..1.

        shift moves what is sought; spread is how wide "suits" is.
        """
        seasons = rules()["seasons"]
        places = np.array([[seasons[name][axis] for axis in AXES] for name in self.shares])
        away = np.asarray(axes)[:, None] - places - np.asarray(shift)
        near = np.exp(-np.sum((away / spread) ** 2, axis=2) / 2)
        return np.asarray(near @ np.array(list(self.shares.values())))


def hue_difference(first: float, second: float) -> float:
    """Signed turn from the second hue to the first, degrees, -180..180."""
    return (first - second + 180) % 360 - 180


def relation(first: LCh, second: LCh) -> Relation:
    """The classic relation between two colours, and how near it is; a neutral goes with all."""
    table = rules()["harmony"]
    if first.is_neutral or second.is_neutral:
        return Relation("neutrals", table["neutral_fit"])
    return relation_at(abs(hue_difference(first.hue, second.hue)))


def relation_at(turn: float) -> Relation:
    """The classic relation nearest to a turn of 0..180 degrees between two hues with chroma."""
    free, tolerance, kinds = _relations()
    best = free
    for name, low, high, least in kinds:
        misfit = low - turn if turn < low else turn - high if turn > high else 0.0
        fit = least * math.exp(-((misfit / tolerance) ** 2) / 2)
        if fit > best.fit:
            best = Relation(name, fit)
    return best


@cache
def _relations() -> tuple[Relation, float, tuple[tuple[str, float, float, float], ...]]:
    """The relation of hues that have none, the tolerance in degrees, and each relation.

    A relation is (name, lowest turn, highest turn in degrees, fit 0..1).
    """
    table = rules()["harmony"]
    kinds = tuple((name, *kind["turn"], kind["fit"]) for name, kind in table["relations"].items())
    return Relation("free", table["free_fit"]), table["tolerance"], kinds


@cache
def rules() -> Mapping[str, Any]:
    """The tables of seasons.toml."""
    return tomllib.loads(Path(__file__).with_name("seasons.toml").read_text(encoding="utf-8"))
