"""Every sentence a person reads, by key, from sentences/en.toml: one file a language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


def say(key: str, /, **values: Any) -> str:
    """The sentence of a dotted key ("bag.used_up"), its {braces} filled with the values.

    Raises KeyError for a key or a value that is missing; a test holds keys and calls together.
    """
    return sentences()[key].format(**values)


def plain(name: str) -> str:
    """A machine's name as a person reads it: 'dark_spots' -> 'dark spots'."""
    return name.replace("_", " ")


@cache
def sentences() -> dict[str, str]:
    """Dotted key -> sentence, read once."""
    path = Path(__file__).parent / "sentences" / "en.toml"
    return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))


def _flat(table: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{name}.")
        else:
            rows.append((f"{prefix}{name}", value))
    return rows
