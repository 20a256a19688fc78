"""Which name a reading may be given: one rule for class, undertone, season, shape and condition."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal

from facet.domain.face import Share

type Nameable = Literal["ita_class", "undertone", "season", "shape", "condition"]


def named(kind: Nameable, shares: Sequence[Share]) -> str | None:
    """The name whose share reaches the limit of its kind; None where the photo leaves it open."""
    limit = _table()[kind].get("limit")
    first = max(shares, key=lambda share: share.share, default=None)
    if first is None or limit is None or first.share < limit:
        return None
    return first.name


def table_version() -> str:
    """Version of naming.toml."""
    return str(_table()["version"])


@cache
def _table() -> dict[str, Any]:
    text = resources.files("facet.domain").joinpath("naming.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
