"""Which garments are worn together: one full-body or a top with a bottom, and what goes with it.

Numbers are in wardrobe.toml.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from facet.advice.outfit.wardrobe import BASE, Brief, Piece
from facet.advice.outfit.worth import (
    Scored,
    clo_of,
    formality,
    needed_clo,
    scored,
    worth_alone,
)
from facet.domain.style import Slot


class Choice(NamedTuple):
    """Outfits, best first, and whether anything that is owned is made for the occasion."""

    outfits: tuple[Scored, ...]
    dressy: bool


# The garments of each slot that suit best alone, best first.
type _Candidates = Mapping[Slot, Sequence[Piece]]
type _Base = tuple[Piece, ...]


def choose_outfits(brief: Brief) -> Choice:
    """The best outfits, each on a base that the ones before it have not."""
    rule = brief.rules["outfit"]
    candidates = _candidates(brief)
    bases = list(_bases(brief, candidates))
    formal = [base for base in bases if formality(brief, base) >= rule["occasion_floor"]]
    warmest = max((p.clo for p in candidates["outer"]), default=0.0)
    bare = [scored(brief, base, to_come=warmest) for base in formal or bases]
    bare.sort(key=lambda outfit: (-outfit.worth, _key(outfit)))
    dressed = [
        _dressed(brief, candidates, outfit.pieces) for outfit in bare[: 2 * rule["candidates"]]
    ]
    return Choice(tuple(_unlike(brief, dressed)), dressy=bool(formal) or not bases)


def _candidates(brief: Brief) -> _Candidates:
    """The garments of each slot that suit best alone, best first."""
    most = brief.rules["outfit"]["candidates"]
    ranked = sorted(brief.pieces, key=lambda p: (-worth_alone(brief, p), p.key))
    return {slot: [p for p in ranked if p.slot == slot][:most] for slot in get_args(Slot)}


def _bases(brief: Brief, candidates: _Candidates) -> Iterable[_Base]:
    """Every base but those that were rejected lately."""
    bases: list[_Base] = [(piece,) for piece in candidates["full_body"]]
    bases += [(top, bottom) for top in candidates["top"] for bottom in candidates["bottom"]]
    return (base for base in bases if frozenset(p.key for p in base) not in brief.rejected)


def _dressed(brief: Brief, candidates: _Candidates, base: _Base) -> Scored:
    """A base with the outer layer, shoes and accessory that suit it best."""
    outfit = scored(brief, base)
    missing = needed_clo(brief) - clo_of(brief, base) if brief.weather else 0.0
    if brief.rain or missing >= brief.rules["clo"]["outer_from_clo"]:
        outfit = _with(brief, outfit, candidates["outer"], outfit.worth) or outfit
    barefoot = outfit.worth
    outfit = _with(brief, outfit, candidates["shoes"], 0.0) or outfit
    # An accessory is no must: it has to be worth more than going without it and shoes.
    more = _with(brief, outfit, candidates["accessory"], barefoot)
    return more if more and more.parts["harmony"] >= outfit.parts["harmony"] else outfit


def _with(brief: Brief, outfit: Scored, pieces: Sequence[Piece], least: float) -> Scored | None:
    """An outfit with the one piece that makes it worth most; None where none is beyond least."""
    best = None
    for piece in pieces[: brief.rules["outfit"]["tried"]]:
        more = scored(brief, (*outfit.pieces, piece), above=least)
        if more.worth > least:
            best, least = more, more.worth
    return best


def _unlike(brief: Brief, outfits: list[Scored]) -> Iterable[Scored]:
    """The best of outfits, then the best of other bases, less for each garment shown already."""
    rule = brief.rules["outfit"]
    shown: set[str] = set()  # garments of the bases so far

    def rank(outfit: Scored) -> tuple[float, str]:
        again = sum(piece.key in shown for piece in outfit.pieces)
        return (-outfit.worth * (1 - rule["shared"]) ** again, _key(outfit))

    for _ in range(rule["outfits"]):
        best = min(outfits, key=rank, default=None)
        if best is None or best.worth < rule["floor"]:
            return
        yield best
        shown |= _base(best)
        outfits = [outfit for outfit in outfits if _base(outfit) != _base(best)]


def _base(outfit: Scored) -> frozenset[str]:
    """Item ids of the garments an outfit is built on."""
    return frozenset(p.key for p in outfit.pieces if p.slot in BASE)


def _key(outfit: Scored) -> str:
    """A stable order among outfits of equal worth."""
    return "/".join(sorted(p.key for p in outfit.pieces))
