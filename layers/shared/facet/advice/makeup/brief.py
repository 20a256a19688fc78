"""What looks are chosen by, and what is chosen: a brief, and the picks of its steps.

Numbers are in makeup.toml.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from facet.advice.harmony import LCh, Palette
from facet.advice.makeup.shades import Shade
from facet.domain.face import FaceReading, FeatureColour, Tone
from facet.domain.style import MakeupCategory, ShadeMatch

CATEGORIES: tuple[str, ...] = get_args(MakeupCategory)


@dataclass(frozen=True, slots=True)
class LookBrief:
    """Everything looks are chosen by."""

    rules: Mapping[str, Any]  # makeup.toml
    occasion: str
    reading: FaceReading
    skin: LCh
    colours: Mapping[str, FeatureColour]  # hair, brows, eyes, lips: those that were seen
    palette: Palette
    owned: Mapping[str, Sequence[Shade]]  # by category: what may be used
    card: Mapping[str, Sequence[Shade]]  # by category: what may be suggested
    avoided: tuple[str, ...]  # as the person calls it
    unclear: bool = False  # whether an allergy was not understood

    @property
    def tone(self) -> Tone:
        """The measured tone of the skin."""
        return self.reading.skin.tone

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan of the occasion: what belongs to its looks, and how strong it is."""
        plan: Mapping[str, Any] = self.rules["occasion"][self.occasion]
        return plan

    def shades(self, category: str, *, may_suggest: bool) -> list[Sequence[Shade]]:
        """Shades of a category to choose among: those that are owned, then those of the card."""
        suggested = self.card[category] if may_suggest else ()
        return [shades for shades in (self.owned.get(category, ()), suggested) if shades]


@dataclass(frozen=True, slots=True)
class Pick:
    """A shade for one step of a look, and what it was chosen by."""

    shade: Shade
    confidence: float  # 0..1
    match: ShadeMatch | None = None  # of a shade that is the skin's own
    away: float | None = None  # CIEDE2000 from the lip colour, of a lip liner
    beside: FeatureColour | None = None  # the colour of the face that it was chosen for
    family: str | None = None  # the category it shares its hues with


@dataclass(frozen=True, slots=True)
class Miss:
    """A category for which nothing was picked, or not the one that is owned."""

    category: str
    shade: Shade | None = None  # the nearest that is owned; None: nothing serves at all
    away: float | None = None  # CIEDE2000 of that shade from the skin


@cache
def rules() -> Mapping[str, Any]:
    """The tables of makeup.toml."""
    return tomllib.loads(Path(__file__).with_name("makeup.toml").read_text(encoding="utf-8"))
