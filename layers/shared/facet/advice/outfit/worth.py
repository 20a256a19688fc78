"""The worth of garments worn together.

Every part (formality, harmony, season, warmth, pattern) is worth 0..1; an outfit is worth their
weighted geometric mean, times what was said of its garments before. Numbers are in wardrobe.toml.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from facet.advice import harmony
from facet.advice.outfit.wardrobe import Brief, Colours, Piece


@dataclass(frozen=True, slots=True)
class Scored:
    """Garments and what they are worth together."""

    pieces: tuple[Piece, ...]
    worth: float
    parts: Mapping[str, float]  # 0..1 by the names of wardrobe.toml's [weight]
    relation: str  # the strongest between their hues, as harmony.Relation names it


class _Pair(NamedTuple):
    """How the colours of two garments go together."""

    terms: tuple[tuple[float, float], ...]  # of each pair of colours: weight times fit, weight
    name: str  # the strongest relation
    loudest: float  # its weight


def scored(
    brief: Brief, pieces: tuple[Piece, ...], *, to_come: float | None = None, above: float = -1.0
) -> Scored:
    """Pieces with their worth together.

    to_come: clo that an outer layer can still add, so that it is not missed yet; None: none will.
    above: a worth to beat. Pieces that could not beat it even with perfect colours are not looked
    at further, and get no more worth than that.
    """
    parts = {
        "formality": formality(brief, pieces),
        "harmony": 1.0,
        "season": _season(brief, pieces) if brief.palette.is_measured else 1.0,
        "warmth": _warmth(brief, pieces, to_come or 0.0) if brief.weather else 1.0,
        "pattern": _pattern(brief, pieces),
    }
    factors = [_liking(brief, pieces)]
    if to_come is None:
        factors.append(_dryness(brief, pieces))
    worth, relation = _worth(brief, parts, factors), "neutrals"
    if worth > above:
        relation, parts["harmony"] = _harmony(brief, pieces)
        worth = _worth(brief, parts, factors)
    return Scored(pieces, worth, parts, relation)


def worth_alone(brief: Brief, piece: Piece) -> float:
    """The worth of one garment alone: how it suits the occasion, the season and its owner."""
    weight = brief.rules["weight"]
    near = brief.rules["colour"]["near_face"][piece.slot]
    liking = math.exp(brief.rules["feedback"]["weight"] * piece.liking)
    season = piece.season ** (weight["season"] * near)
    return float(formality(brief, (piece,)) ** weight["formality"] * season * liking)


def confidence(brief: Brief, outfit: Scored) -> float:
    """0..1, two decimals: the worth of its parts, less where season or weather is not known."""
    rule = brief.rules["confidence"]
    certain = 1 - (1 - rule["no_season"]) * (1 - brief.palette.certainty)
    certain *= 1.0 if brief.weather else rule["no_weather"]
    return round(min(1.0, _worth(brief, outfit.parts) * float(certain)), 2)


def _worth(brief: Brief, parts: Mapping[str, float], factors: Iterable[float] = ()) -> float:
    weight = brief.rules["weight"]
    worth = math.prod([float(max(v, 1e-6) ** weight[name]) for name, v in parts.items()])
    for factor in factors:
        worth *= factor
    return worth


# --- occasion, season, liking --------------------------------------------------------------------


def formality(brief: Brief, pieces: Sequence[Piece]) -> float:
    """0..1: how near garments are to the occasion's formality and to each other's."""
    rule = brief.rules["formality"]
    levels = [p.garment.formality for p in pieces]
    low, high = min(levels), max(levels)
    off, spread = max(rule[brief.occasion] - low, high - rule[brief.occasion]), high - low
    return math.exp(-((off / rule["spread"]) ** 2) / 2 - ((spread / rule["apart"]) ** 2) / 4)


def _season(brief: Brief, pieces: Sequence[Piece]) -> float:
    """How the colours suit the season, those near the face most."""
    near = brief.rules["colour"]["near_face"]
    weights = [near[p.slot] for p in pieces]
    return float(sum(w * p.season for w, p in zip(weights, pieces, strict=True)) / sum(weights))


def _liking(brief: Brief, pieces: Sequence[Piece]) -> float:
    """Factor > 0, 1 where nothing was said of any garment."""
    liking = sum(p.liking for p in pieces) / len(pieces)
    return math.exp(brief.rules["feedback"]["weight"] * liking)


# --- colours and patterns ------------------------------------------------------------------------


def _harmony(brief: Brief, pieces: Sequence[Piece]) -> tuple[str, float]:
    """(name of the strongest relation, 0..1) over the colours of different garments."""
    rule = brief.rules["colour"]
    total = weights = 0.0
    name, loudest = "neutrals", 0.0
    for first, second in combinations(pieces, 2):
        pair = _pair(first.colours, second.colours)
        for worth, weight in pair.terms:
            total, weights = total + worth, weights + weight
        if pair.loudest > loudest:
            name, loudest = pair.name, pair.loudest
    fit = total / weights if weights else harmony.rules()["harmony"]["neutral_fit"]
    more = max(0, _distinct_hues(pieces, rule["hue_apart"]) - rule["most_hues"])
    return name, float(fit * rule["one_hue_more"] ** more)


def _distinct_hues(pieces: Iterable[Piece], least_turn: float) -> int:
    """How many hues lie more than so many degrees from each other."""
    hues: list[float] = []
    for piece in pieces:
        for hue in piece.hues:
            if all(abs(harmony.hue_difference(hue, other)) > least_turn for other in hues):
                hues.append(hue)
    return len(hues)


# The same two garments are asked of many times, in one answer and in the next.
@lru_cache(maxsize=4096)
def _pair(first: Colours, second: Colours) -> _Pair:
    neutral = harmony.Relation("neutrals", harmony.rules()["harmony"]["neutral_fit"])
    name, loudest, terms = neutral.name, 0.0, []
    for hue, share in first:
        for other_hue, other_share in second:
            kind = neutral
            if hue is not None and other_hue is not None:
                kind = harmony.relation_at(abs(harmony.hue_difference(hue, other_hue)))
            weight = share * other_share
            terms.append((weight * kind.fit, weight))
            if kind is not neutral and weight > loudest:
                name, loudest = kind.name, weight
    return _Pair(tuple(terms), name, loudest)


def _pattern(brief: Brief, pieces: Iterable[Piece]) -> float:
    rule, loud = brief.rules["pattern"], sum(p.loud for p in pieces)
    return 1.0 if loud < 2 else float(rule["second"] if loud == 2 else rule["more"])


# --- weather -------------------------------------------------------------------------------------


def needed_clo(brief: Brief) -> float:
    """Insulation in clo that the air and the occasion ask for; indoors where nobody told."""
    rule = brief.rules["clo"]
    met = rule["met_sport"] if brief.occasion == "sport" else rule["met"]
    air = brief.weather.temperature_c if brief.weather else rule["indoors_c"]
    return float(max(0.0, (rule["skin_c"] - air) / (rule["divisor"] * met)))


def clo_of(brief: Brief, pieces: Iterable[Piece]) -> float:
    """Insulation in clo that garments give together."""
    return float(brief.rules["clo"]["base"] + sum(p.clo for p in pieces))


def _warmth(brief: Brief, pieces: Sequence[Piece], to_come: float) -> float:
    rule = brief.rules["clo"]
    over = clo_of(brief, pieces) - needed_clo(brief)
    if over < 0:
        over = min(0.0, over + to_come)
    can_cool = any(p.slot == "outer" for p in pieces)
    warmer = rule["warmer_spread"] if can_cool else rule["stuck_spread"]
    spread = rule["colder_spread"] if over < 0 else warmer
    return math.exp(-((over / spread) ** 2) / 2)


def _dryness(brief: Brief, pieces: Sequence[Piece]) -> float:
    """Factor 0..1 for what the rain gets at."""
    if not brief.rain:
        return 1.0
    rule = brief.rules["rain"]
    dry = any(p.garment.waterproof for p in pieces if p.slot in ("outer", "full_body"))
    wet = any(p.slot == "shoes" and not p.garment.waterproof for p in pieces)
    shoes = rule["wet_shoes"] if wet else 1.0
    return float((rule["dry_outer"] if dry else rule["wet_outer"]) * shoes)
