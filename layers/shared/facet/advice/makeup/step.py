"""How a step is done: where it goes, with what, how strongly and in which finish.

Numbers and texts are in makeup.toml.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from facet.advice.makeup.brief import LookBrief
from facet.advice.makeup.shades import Shade
from facet.domain.face import Share
from facet.domain.style import Region

UNTOLD_STRENGTH = 50  # 0..100, where neither idea nor rules name one


class Place(NamedTuple):
    """The place of a category: where and with what it is put on."""

    regions: tuple[Region, ...]
    tool: str
    how: str
    shapes: tuple[Share, ...] = ()  # of the face, at most two, that it was placed for


class Finish(NamedTuple):
    """A finish; None: nobody said. rule: of makeup.toml, where the measured skin asks for it."""

    name: str | None
    rule: Mapping[str, Any] | None = None


def place_of(brief: LookBrief, category: str) -> Place:
    """Where a category goes; contour by the shape of the face."""
    if category == "contour":
        return _contour(brief)
    row = brief.rules["place"][category]
    return Place(tuple(row["regions"]), row["tool"], row["how"])


def _contour(brief: LookBrief) -> Place:
    rule = brief.rules["contour"]
    shapes = [
        shape
        for shape in brief.reading.face.shape or ()
        if shape.share >= rule["from_share"] and shape.name in rule["shapes"]
    ][:2]
    if not shapes:
        row = rule["unknown"]
        return Place(tuple(row["regions"]), rule["tool"], row["how"])
    row = rule["shapes"][shapes[0].name]
    places = [rule["shapes"][shape.name]["regions"] for shape in shapes]
    # What two likely shapes agree on comes first; places of the likeliest one alone follow.
    regions = sorted(row["regions"], key=lambda region: not all(region in p for p in places))
    return Place(tuple(regions), rule["tool"], row["how"], tuple(shapes))


def intensity(brief: LookBrief, idea: Mapping[str, Any], category: str) -> int:
    """How strongly a category is put on, 0..100: as the idea or else it says, by the occasion."""
    usual = brief.rules["strength"].get(category, UNTOLD_STRENGTH)
    strength: float = idea["strength"].get(category, usual) * brief.plan["strength"]
    return round(strength)


def finish_of(brief: LookBrief, shade: Shade) -> Finish:
    """The shade's own finish; for a suggestion, one that the measured skin asks for."""
    if shade.item_id:
        return Finish(shade.finish)
    scores = {concern.name: concern.score for concern in brief.reading.skin.concerns}
    for rule in brief.rules["finish"]:
        score = scores.get(rule["concern"])
        shown = score is not None and score <= rule["below"]
        if shown and shade.category in rule["categories"] and shade.finish != rule["suggests"]:
            return Finish(rule["suggests"], rule)
    return Finish(shade.finish)
