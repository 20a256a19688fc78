"""The numbers that the concerns are measured with, from concerns.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


def limits(measure: str) -> Mapping[str, Any]:
    """The table of a measure or a module: its limits, scales (mm) and weights, by name."""
    table: Mapping[str, Any] = _tables()[measure]
    return table


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("concerns.toml").read_text(encoding="utf-8"))
