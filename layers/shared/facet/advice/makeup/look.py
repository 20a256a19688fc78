"""Which shades make a look: one look for each idea of makeup.toml, each unlike the others."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from facet.advice.makeup.brief import LookBrief, Miss, Pick
from facet.advice.makeup.match import SKIN_SHADES, skin_pick
from facet.advice.makeup.near import brow_pick, lip_liner_pick, mascara_pick, skin_like_pick
from facet.advice.makeup.season import SEASONAL, Aim, season_pick

type Idea = Mapping[str, Any]


class LookChoice(NamedTuple):
    """The shades of a look, in the order its steps are done."""

    idea: Idea
    picks: tuple[Pick, ...]


class Choice(NamedTuple):
    """Looks, best suited first, and what was missed in choosing them."""

    looks: tuple[LookChoice, ...]
    misses: tuple[Miss, ...]


def choose_looks(brief: LookBrief) -> Choice:
    """A look for each idea, less those that are empty or like one before."""
    looks: list[LookChoice] = []
    used: Counter[str] = Counter()  # looks that have a shade, by its key
    shared, misses = _shared(brief)
    for idea in brief.rules["ideas"]:
        look = _look(brief, idea, shared, used)
        used.update(pick.shade.key for pick in look.picks)
        if look.picks and not any(_same(look, other) for other in looks):
            looks.append(look)
    return Choice(tuple(looks), misses)


def _same(look: LookChoice, other: LookChoice) -> bool:
    """Whether two looks put the same things on, however strongly."""
    return [_worn(pick) for pick in look.picks] == [_worn(pick) for pick in other.picks]


def _worn(pick: Pick) -> tuple[str, str | None, str]:
    return pick.shade.category, pick.shade.item_id, pick.shade.hex


def _look(
    brief: LookBrief, idea: Idea, shared: Mapping[str, Pick], used: Mapping[str, int]
) -> LookChoice:
    """The look of an idea. Its own colour is chosen first, so that the others can follow it."""
    categories, needed = _categories(brief, idea["first"])
    picks = dict(shared)
    aim = Aim(idea["eye"], idea["shift"])
    for category in sorted(SEASONAL, key=lambda name: name != idea["first"]):
        if category not in categories:
            continue
        pick = season_pick(brief, category, aim, used, may_suggest=category in needed)
        if pick is None:
            continue
        picks[category] = pick
        if category == idea["first"]:
            aim = aim._replace(lead=pick.shade)
    if liner := lip_liner_pick(brief, picks.get("lip")):
        picks["lip_liner"] = liner
    return LookChoice(idea, tuple(picks[name] for name in categories if name in picks))


def _categories(brief: LookBrief, first: str | None = None) -> tuple[list[str], set[str]]:
    """Categories of a look in the order of its steps, and those it should not be without.

    first: of an idea's own colour, which belongs to every look of an occasion with accents.
    """
    plan = brief.plan
    needed = {*plan["steps"], *([first] if first and plan["accents"] else [])}
    if_owned = {category for category in plan["if_owned"] if brief.owned.get(category)}
    steps: Iterable[str] = brief.rules["order"]["steps"]
    return [category for category in steps if category in needed | if_owned], needed


# --- what every look shares ----------------------------------------------------------------------


def _shared(brief: LookBrief) -> tuple[dict[str, Pick], tuple[Miss, ...]]:
    """The picks of the categories that are alike in every idea, and what was missed."""
    picks: dict[str, Pick] = {}
    misses: list[Miss] = []
    categories, needed = _categories(brief)
    for category in categories:
        if category in SEASONAL or category == "lip_liner":
            continue
        pick, missed = _shared_pick(brief, category, may_suggest=category in needed)
        misses += missed
        if pick:
            picks[category] = pick
    return picks, tuple(misses)


def _shared_pick(
    brief: LookBrief, category: str, *, may_suggest: bool
) -> tuple[Pick | None, tuple[Miss, ...]]:
    if category in SKIN_SHADES:
        return skin_pick(brief, category, may_suggest=may_suggest)
    if category == "brow":
        return brow_pick(brief, may_suggest=may_suggest)
    if category == "mascara":
        return mascara_pick(brief, may_suggest=may_suggest), ()
    if category == "eyeliner":
        # Plain in every idea: it follows the season alone.
        return season_pick(brief, category, Aim("neutral", {}), {}, may_suggest=may_suggest), ()
    return skin_like_pick(brief, category, may_suggest=may_suggest), ()
