"""Families of ingredients as data/skincare/families.toml has them, carried in the snapshot."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from facet.catalogue.patterns import Patterns, folded
from facet.catalogue.words import singular

_PLURALS = ("es", "en", "n", "e")
_SHORTEST_PLURAL = 6  # letters of a word that may lose such an ending
_SMALLEST_PART = 4  # letters of a word within a term that it may have been about


@dataclass(frozen=True)
class Family:
    """One family: what it is called, and how it is found on labels."""

    id: str
    name: str  # in the middle of a sentence
    patterns: Patterns
    tags: frozenset[str]  # families and ids of ingredients.toml that belong to it
    includes: tuple[str, ...]  # ids of families that are part of it
    also_warn: tuple[str, ...]  # ids of families to ask about too
    choices: tuple[str, ...]  # ids of families: a word with two meanings, both avoided
    note: str | None  # what a label cannot tell
    in_cosmetics: bool
    sources: tuple[str, ...]

    @classmethod
    def of(cls, id_: str, row: Mapping[str, Any]) -> "Family":
        """A family from its table of families.toml."""
        return cls(
            id=id_,
            name=row["name"],
            patterns=Patterns(
                tuple(row.get("inci", ())),
                frozenset(map(folded, row.get("entries", ()))),
                tuple(row.get("not", ())),
            ),
            tags=frozenset(row.get("tags", ())),
            includes=tuple(row.get("includes", ())),
            also_warn=tuple(row.get("also_warn", ())),
            choices=tuple(row.get("choices", ())),
            note=row.get("note"),
            in_cosmetics=row.get("in_cosmetics", True),
            sources=tuple(row["sources"]),
        )


def families_table(rows: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """What a snapshot carries: the rows, and every word for them folded when it is built.

    called: folded -> (family, as it is shown, place of its language); stems: the same of a single
    name on labels -> (family, pattern).
    """
    called: dict[str, tuple[str, str, int]] = {}
    stems: dict[str, tuple[str, str]] = {}
    for id_, row in rows.items():
        for place, names in enumerate(row["called"].values()):
            for name in names:
                for form in _spellings(name):
                    called.setdefault(form, (id_, name, place))
    for id_, row in rows.items():
        for pattern in row.get("inci", ()):
            if ".." not in pattern and row.get("in_cosmetics", True):
                stems.setdefault(folded(pattern), (id_, pattern))
    return {
        "rows": {k: {f: v for f, v in row.items() if f != "called"} for k, row in rows.items()},
        "called": called,
        "stems": stems,
        "typed": {
            "joins": [folded(word) for word in typed["joins"]],
            # The longest first: "allergic to" before "allergic".
            "beside": sorted(
                {folded(word) for word in typed["beside"]}, key=lambda w: (-len(w), w)
            ),
        },
    }


def _spellings(name: str) -> Iterator[str]:
    """Forms in which a name is typed: 'Nüsse' is also 'Nuesse'."""
    yield folded(name)
    yield folded(
        re.sub("[äöüÄÖÜ]", lambda m: {"ä": "ae", "ö": "oe", "ü": "ue"}[m[0].lower()], name)
    )


class Families:
    """The families of a snapshot, made when they are first asked for."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._rows: Mapping[str, Any] = table["rows"]
        self._called: Mapping[str, tuple[str, str, int]] = table["called"]
        self._stems: Mapping[str, tuple[str, str]] = table["stems"]
        self._typed: Mapping[str, Any] = table["typed"]
        self._made: dict[str, Family] = {}

    def __getitem__(self, id_: str) -> Family:
        if id_ not in self._made:
            self._made[id_] = Family.of(id_, self._rows[id_])
        return self._made[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def with_members(self, ids: Iterable[str]) -> list[Family]:
        """These families and all that are part of them, once each."""
        members: dict[str, Family] = {}
        waiting = list(ids)
        while waiting:
            family = self[waiting.pop(0)]
            if family.id not in members:
                members[family.id] = family
                waiting += family.includes
        return list(members.values())

    def called(self, words: str) -> Family | None:
        """The family that people call so; words: folded."""
        hit = next((self._called[f] for f in _forms(words) if f in self._called), None)
        return self[hit[0]] if hit else None

    def stem(self, words: str) -> Patterns | None:
        """The one pattern of a family that was told ("citral" of the fragrances); words: folded."""
        hit = next((self._stems[f] for f in _forms(words) if f in self._stems), None)
        return Patterns((hit[1],), but=self[hit[0]].patterns.but) if hit else None

    def bare(self, words: str) -> str:
        """Folded words without those that say nothing beside a name.

        'allergic to nuts' -> 'nuts'.
        """
        before = None
        while words != before:
            before = words
            for filler in self._typed["beside"]:
                if not filler.isascii():
                    words = words.removesuffix(filler).strip()
                elif words != filler:
                    words = words.removeprefix(f"{filler} ").removesuffix(f" {filler}")
        return words

    def says_nothing(self, words: str) -> bool:
        """Whether folded words only stand beside names ("oil", "extract"), and mean none."""
        return words in self._typed["beside"] or words in self._typed["joins"]

    @cached_property
    def joined(self) -> re.Pattern[str]:
        """Words that stand between two names."""
        return re.compile(" (?:" + "|".join(map(re.escape, self._typed["joins"])) + ") ")

    def shown(self) -> Iterator[tuple[str, str, str]]:
        """(folded, as it is shown, what it means) of every word for a family, English first."""
        for words, (id_, name, _) in sorted(self._called.items(), key=lambda row: row[1][2]):
            yield words, name, id_

    def shown_in(self, words: str) -> Iterator[str]:
        """Names of families that stand within folded words, as they are shown; longest first."""
        said = words.split()
        for length in range(len(said), 0, -1):
            for at in range(len(said) - length + 1):
                part = " ".join(said[at : at + length])
                hit = next((self._called[f] for f in _forms(part) if f in self._called), None)
                if hit and len(part) >= _SMALLEST_PART and self[hit[0]].in_cosmetics:
                    yield hit[1]


NO_FAMILIES = Families(
    {"rows": {}, "called": {}, "stems": {}, "typed": {"joins": [], "beside": []}}
)


def _forms(words: str) -> Iterator[str]:
    """A word, and what it may be the plural or the singular of."""
    yield words
    if words.isascii():
        yield singular(words)
        yield f"{words}s"
        for ending in _PLURALS:
            if len(words) >= _SHORTEST_PLURAL and words.endswith(ending):
                yield words.removesuffix(ending)
