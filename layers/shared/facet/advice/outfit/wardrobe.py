"""Garments as an outfit is made of them, and the brief it is chosen by.

Numbers are in wardrobe.toml.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from facet.advice.harmony import LCh, Palette, Scale
from facet.domain.style import Feedback, Garment, GarmentColour, Slot, Weather

BASE: tuple[Slot, ...] = ("full_body", "top", "bottom")

type Colours = tuple[tuple[float | None, float], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A garment with what its colours say."""

    garment: Garment
    slot: Slot
    key: str
    colours: Colours  # hue (None: neutral) and share of those that count
    hues: tuple[float, ...]  # degrees, of those that are not neutral
    season: float  # 0..1
    clo: float
    loud: bool  # patterned
    liking: float  # -1..1

    @property
    def name(self) -> str:
        """The garment's name, as its owner calls it."""
        return name_of(self.garment)


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything an outfit is chosen by."""

    rules: Mapping[str, Any]  # wardrobe.toml
    occasion: str
    weather: Weather | None
    palette: Palette
    owned: tuple[Garment, ...]  # whatever could be read
    opinions: tuple[Feedback, ...]  # on outfits, whatever could be read
    pieces: tuple[Piece, ...]  # what may be worn today
    rejected: frozenset[frozenset[str]]  # item ids of the bases that are not offered for now

    @property
    def rain(self) -> bool:
        """Whether rain is expected; not where nobody told the weather."""
        return bool(self.weather and self.weather.rain)


def name_of(garment: Garment) -> str:
    """The garment's name as its owner calls it: its category where it has none."""
    return garment.name or garment.category


def pieces_of(
    garments: Sequence[Garment], palette: Palette, likings: Mapping[str, float]
) -> list[Piece]:
    """Garments with what their colours say; likings: -1..1 by item id, 0 where none is given."""
    if not garments:
        return []
    counted = [_counted(garment) for garment in garments]
    # All colours at once: one by one, they would take most of the time.
    colours = LCh.of_hexes([c.hex for row in counted for c in row])
    axes = [scale().axes(colour) for colour in colours]
    fits = palette.fits(axes, spread=rules()["colour"]["spread"]).tolist()
    each = iter(zip(colours, fits, strict=True))
    return [
        _piece(garment, row, [next(each) for _ in row], likings.get(garment.item_id, 0.0))
        for garment, row in zip(garments, counted, strict=True)
    ]


def _counted(garment: Garment) -> list[GarmentColour]:
    """Colours of a garment that count, the largest first: at least one."""
    ranked = sorted(garment.colours, key=lambda c: (-c.share, c.hex))
    least = rules()["colour"]["least_share"]
    return [c for c in ranked if c.share >= least] or ranked[:1]


def _piece(
    garment: Garment,
    counted: Sequence[GarmentColour],
    seen: Sequence[tuple[LCh, float]],
    liking: float,
) -> Piece:
    """seen: each counted colour as it is and how it suits the season, 0..1."""
    shares = [max(c.share, 1e-3) for c in counted]
    hues = [None if colour.is_neutral else colour.hue for colour, _ in seen]
    return Piece(
        garment=garment,
        slot=garment.slot,
        key=garment.item_id,
        colours=tuple(zip(hues, (c.share for c in counted), strict=True)),
        hues=tuple(hue for hue in hues if hue is not None),
        season=sum(fit * share for (_, fit), share in zip(seen, shares, strict=True)) / sum(shares),
        clo=float(rules()["clo"][garment.slot][garment.warmth - 1]),
        loud=garment.pattern.casefold() not in rules()["pattern"]["plain"],
        liking=liking,
    )


@cache
def scale() -> Scale:
    """Middle and spread of the colours of garments."""
    row = {k: float(v) for k, v in rules()["scale"].items() if k != "source"}
    return Scale(**row)


@cache
def rules() -> Mapping[str, Any]:
    """The tables of wardrobe.toml."""
    path = Path(__file__).with_name("wardrobe.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
