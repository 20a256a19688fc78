"""Shades: of what is owned and of the shade card, and how far their colours lie apart.

Shades of the card are in shades.toml.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facet.advice.harmony import LCh
from facet.colour import delta_e_2000, lab_from_hex

type Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour to put on: of the bag (item_id) or of the shade card."""

    category: str
    name: str  # of the product, or the shade's own
    hex: str
    finish: str | None
    item_id: str | None = None
    product_id: str | None = None

    @property
    def lab(self) -> Floats:
        """The shade's colour, (3,) CIELAB."""
        return _lab(self.hex)

    @property
    def lch(self) -> LCh:
        """The shade's colour as lightness, chroma and hue."""
        return _lch(self.hex)

    @property
    def key(self) -> str:
        """Key of a stable order among equal shades."""
        return f"{self.item_id or ''}/{self.hex}/{self.name}"


def labs_of(shades: Sequence[Shade]) -> Floats:
    """The colours of n >= 1 shades, (n, 3) CIELAB."""
    return np.stack([shade.lab for shade in shades])


def nearest(shades: Sequence[Shade], lab: ArrayLike) -> tuple[Shade, float]:
    """The first of the shades nearest to a colour in CIELAB, and the CIEDE2000 between them.

    Raises ValueError where there are no shades.
    """
    away = delta_e_2000(labs_of(shades), np.asarray(lab))
    best = int(np.argmin(away))
    return shades[best], float(away[best])


@cache
def shade_card() -> Mapping[str, tuple[Shade, ...]]:
    """Every shade that a suggestion may name, by category; the skin's serve two."""
    card: dict[str, tuple[Shade, ...]] = {}
    for name, table in shade_rules().items():
        if not isinstance(table, dict) or "shades" not in table:
            continue
        for category in ("foundation", "concealer") if name == "skin" else (name,):
            card[category] = tuple(
                Shade(category, row[0], row[1], row[2] if len(row) > 2 else table["finish"])
                for row in table["shades"]
            )
    return card


@cache
def shade_rules() -> Mapping[str, Any]:
    """The tables of shades.toml."""
    return tomllib.loads(Path(__file__).with_name("shades.toml").read_text(encoding="utf-8"))


@cache
def _lab(shade: str) -> Floats:
    return lab_from_hex(shade)


@cache
def _lch(shade: str) -> LCh:
    return LCh.of_lab(_lab(shade))
