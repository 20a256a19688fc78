"""Looks from the face that was measured and the make-up that is owned: read, chosen, in words.

Skin-coloured shades follow the measured skin by CIEDE2000, under the error of one photo; blush,
lips and lids follow the season's shares and the hues beside them; contour follows the shape's
shares. All numbers are in makeup.toml, seasons.toml and shades.toml beside this file.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from facet.advice import harmony
from facet.advice.answer import cited
from facet.advice.makeup.brief import LookBrief, rules
from facet.advice.makeup.look import Choice, choose_looks
from facet.advice.makeup.read import brief_of
from facet.advice.makeup.say import based_on, look_of, notes_on
from facet.advice.makeup.shades import shade_rules
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Audience, Note, Profile, Source
from facet.domain.errors import PermanentError
from facet.domain.face import FaceReading
from facet.domain.products import BagItem
from facet.domain.style import Look, MakeupResult
from facet.saying import say

METHOD = "1"


def recommend_makeup(
    reading: FaceReading | None,
    profile: Profile,
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    occasion: str | None = None,
    *,
    today: date | None = None,
    audience: Audience = "adults",
) -> MakeupResult:
    """Up to three looks for an occasion; the same question always gets the same answer.

    bag: as stored; what cannot be used becomes a note. catalogue: names the owned products and
    knows every ingredient. today: None does not ask how long anything has been open. Raises
    PermanentError(reading_missing) without a reading: shades follow the skin, and none is neutral.
    """
    if reading is None:
        raise PermanentError("reading_missing", say("makeup.photo_needed"))
    brief, left_out = brief_of(
        reading, profile, bag, catalogue, occasion, today=today, audience=audience
    )
    choice = choose_looks(brief)
    looks = tuple(look_of(brief, chosen) for chosen in choice.looks)
    notes = (*left_out, *notes_on(brief, choice))
    return MakeupResult(
        status="completed" if _is_whole(brief, choice) else "partial",
        version=f"{METHOD}.{brief.rules['version']}",
        catalogue=catalogue.version,
        based_on=based_on(brief),
        looks=looks,
        notes=tuple(dict.fromkeys(notes)),
        sources=_sources(brief, looks, notes),
    )


def _is_whole(brief: LookBrief, choice: Choice) -> bool:
    """Whether there is a look for every idea, each with every step the occasion asks for, and
    every allergy was understood."""
    if brief.unclear:
        return False
    steps = set(brief.plan["steps"])
    return len(choice.looks) == len(brief.rules["ideas"]) and all(
        steps <= {pick.shade.category for pick in look.picks} for look in choice.looks
    )


def _sources(brief: LookBrief, looks: Iterable[Look], notes: Iterable[Note]) -> tuple[Source, ...]:
    """The order's and the shades' sources, then every one that a reason or a note cites."""
    why = (r for look in looks for r in (*look.why, *(r for s in look.steps for r in s.why)))
    ids = [brief.rules["order"]["source"], shade_rules()["source"], *cited([*why, *notes])]
    return tuple(_all_sources()[id_] for id_ in dict.fromkeys(ids))


@cache
def _all_sources() -> Mapping[str, Source]:
    """Every source the looks may cite, by id."""
    tables = (rules(), harmony.rules(), shade_rules())
    rows = {id_: row for table in tables for id_, row in table["sources"].items()}
    return {id_: Source(id=id_, **row) for id_, row in rows.items()}
