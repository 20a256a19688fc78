"""Which name a reading may be given: one rule for class, undertone, season, shape and condition."""

import tomllib
from collections.abc import Collection, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # a reading asks for its names as it is read back
    from facet.domain.face import Settles, Share

type Nameable = Literal["ita_class", "settled_class", "undertone", "season", "shape", "condition"]


def named(kind: Nameable, shares: Sequence["Share"]) -> str | None:
    """The name whose share reaches the limit of its kind; None where the photo leaves it open."""
    first = max(shares, key=lambda share: share.share, default=None)
    return first.name if first and reaches(kind, first.name, first.share) else None


def reaches(kind: Nameable, name: str, share: float) -> bool:
    """Whether a share of 0..1 is enough for this name; never where neither it nor its kind has a
    limit."""
    limits = _table()[kind]
    limit = limits.get(name, limits.get("limit"))
    return limit is not None and share >= float(limit)


def settles(
    kind: Literal["ita_class", "undertone"], given: Collection["Settles"] = ()
) -> tuple["Settles", ...]:
    """What would name what is left open, the easiest first; nothing that was given already."""
    return tuple(way for way in _table()[kind]["settles"] if way not in given)


def table_version() -> str:
    """Version of naming.toml."""
    return str(_table()["version"])


@cache
def _table() -> dict[str, Any]:
    text = resources.files("facet.domain").joinpath("naming.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
