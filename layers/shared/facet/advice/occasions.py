"""Occasions: which one a person's words mean, and how one is said. Words are in occasions.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from facet.catalogue.words import normal
from facet.saying import plain, say


def occasion_of(words: str | None) -> str | None:
    """The occasion a person's words mean ("a friend's wedding": ceremony); None: unknown.

    No words mean every day.
    """
    if words is None:
        return "everyday"
    table, phrase = rules(), normal(words)
    names = (table["called"].get(word, word) for word in (phrase, *phrase.split()))
    return next((str(name) for name in names if name in table["occasions"]), None)


def occasion_in_words(occasion: str) -> str:
    """An occasion as a sentence says it after "for": everyday -> "every day"."""
    if occasion in rules()["occasions"]:
        return say(f"occasions.{occasion}")
    return plain(occasion)


@cache
def rules() -> Mapping[str, Any]:
    """The table of occasions.toml."""
    return tomllib.loads(Path(__file__).with_name("occasions.toml").read_text(encoding="utf-8"))
