"""Names as a chemist writes them down, looked for on labels: "wheat*", "*paraben*".

A pattern is words with one space between, compared with a text of `folded`: "honey" stands for
these words, "wheat*" for a word that begins so, "*paraben*" for what holds it anywhere, ".." for up
to MOST_BETWEEN words between. Another script has no spaces to go by and is looked for anywhere.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from facet.catalogue.words import fold

MOST_BETWEEN = 6
_GAP = ".."
# Of what a name or a label says it does without, it speaks, but it does not hold it.
_ABSENT = (
    r"(?<![^ ])(?:no|non|without|sans|ohne|sin|senza|zero|free of|free from) [^ ]+"
    r"|(?<![^ ])[^ ]+(?: free| ?frei)(?![^ ])"
)
_LAST = "\U0010ffff"  # after every letter


def folded(text: str) -> str:
    """Words of any script without case and accents, one space between: 'Crème-2' -> 'creme 2'."""
    return " ".join(fold(text))


class Key(NamedTuple):
    """The longest word of a pattern, by which what may match it is found in a sorted vocabulary."""

    letters: str
    begun: bool  # the word may go on after these letters
    inside: bool  # and may begin before them


@dataclass(frozen=True)
class Patterns:
    """Patterns and their look-alikes, compiled when a text is first held against them."""

    names: tuple[str, ...]  # what is looked for anywhere in a text
    entries: frozenset[str] = frozenset()  # folded: what counts only as a whole entry
    but: tuple[str, ...] = field(default=())  # what these cover is not looked at

    def __bool__(self) -> bool:
        return bool(self.names or self.entries)

    def are_in(self, text: str) -> bool:
        """Whether a folded text, an entry of a label or a name, speaks of any of them."""
        if text in self.entries:
            return True
        if not self._wanted.search(text):
            return False
        return bool(self._wanted.search(self._look_alikes.sub("|", text)))

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """One word of each pattern and of each entry that a matching text must hold."""
        return tuple(
            dict.fromkeys(max(map(_key, name.split()), key=_weight) for name in self._all())
        )

    def _all(self) -> Iterator[str]:
        yield from self.names
        yield from self.entries

    @cached_property
    def _wanted(self) -> re.Pattern[str]:
        return re.compile(_regex(self.names) or r"(?!)")

    @cached_property
    def _look_alikes(self) -> re.Pattern[str]:
        return re.compile("|".join(filter(None, (_regex(self.but), _ABSENT))))


def words_like(keys: Iterable[Key], words: Sequence[str], joined: str) -> Iterator[str]:
    """Those of the sorted words that any key stands for; joined: the same words, each with a
    newline before and behind it."""
    for letters, begun, inside in keys:
        if inside:
            yield from _holding(letters, joined, begun=begun)
        elif begun:
            first, end = bisect_left(words, letters), bisect_left(words, letters + _LAST)
            yield from words[first:end]
        elif (at := bisect_left(words, letters)) < len(words) and words[at] == letters:
            yield letters


def _holding(letters: str, joined: str, *, begun: bool) -> Iterator[str]:
    at = joined.find(letters)
    while at >= 0:
        first, end = joined.rfind("\n", 0, at) + 1, joined.find("\n", at)
        if begun or joined.startswith("\n", at + len(letters)):
            yield joined[first:end]
        at = joined.find(letters, end)


def _key(word: str) -> Key:
    body = _body(word)
    foreign = not body.isascii()
    return Key(body, word.endswith("*") or foreign, word.startswith("*") or foreign)


def _weight(key: Key) -> int:
    return 0 if key.letters == _GAP else len(key.letters)


def _body(word: str) -> str:
    return folded(word.strip("*")) or word


def _regex(patterns: Iterable[str]) -> str:
    """One expression for all: where a word must begin is asked once, not by each of a hundred."""
    begun, inside = [], []
    for pattern in patterns:
        if pattern.isascii() and not pattern.startswith("*"):
            begun.append(_words_regex(pattern))
        else:
            inside.append(_words_regex(pattern))
    expressions = [rf"(?<![^ ])(?:{'|'.join(begun)})"] if begun else []
    return "|".join(expressions + inside)


def _words_regex(pattern: str) -> str:
    if not pattern.isascii():
        return re.escape(_body(pattern))
    words = pattern.split()
    end = "" if words[-1].endswith("*") else r"(?![^ ])"
    parts = []
    for number, word in enumerate(words):
        if word == _GAP:
            parts.append(rf"(?: [^ ]+){{0,{MOST_BETWEEN}}}")
            continue
        before = r"[^ ]*" if word.startswith("*") and number else ""
        behind = r"[^ ]*" if word.endswith("*") and number < len(words) - 1 else ""
        parts.append((" " if number else "") + before + re.escape(_body(word)) + behind)
    return "".join(parts) + end
