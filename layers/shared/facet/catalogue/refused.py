"""What is never placed as a cosmetic: medicines, what harms at home, and what the EU bans.

Each is recognised by name, on a label or as a product: data/skincare/refused.toml has the names,
says how they are matched and has the source of each.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from facet.catalogue.label_text import forms_of, read_percent
from facet.catalogue.spelling import within
from facet.catalogue.words import fold

Kind = Literal["medicine", "never_at_home", "banned"]
Counts = Literal["anywhere", "early", "first"]
InName = Literal["always", "unlabelled", "never"]

_GLUED = re.compile(r"(?<=[^\W\d_])(?=\d)")  # "Retinol24" is two words
_WATER = (
    *("water", "aqua", "eau", "aqua water", "water aqua", "aqua water eau", "water aqua eau"),
    *("purified water", "wasser", "agua", "acqua", "水", "精製水", "정제수"),
)
_PARTS = re.compile(r"[()\[\]{}/:*]")
# What a polymer is made of is not in it any more.
_POLYMER = re.compile(r"polymer|resin|ferment|adipic acid \w")
_FIRST_FEW = 5
_REMEMBERED = 8192  # entries of labels
_LONG = 8  # letters of a word in which one slip is forgiven
_HEAD = 3  # letters by which words are looked up
_ENDS_FROM = 2  # letters before an ending: "april" is no medicine of -april

# "Hydroquinone-free", "without retinol": a name says that something is not in it.
_WITHOUT = re.compile(
    r"(?:^| )(?:no|non|without|sans|sin|sem|senza|ohne|zonder|free (?:of|from)|alternative to) $"
)
_FREE = re.compile(r" (?:free(?! (?:of|from|form))|frei|alternative|like)\b")

# Not phloretin, hesperetin; "il" is the Romance retinil, "oi" retinoic, retinoid and tretinoin.
_RETINOID = re.compile(
    r"(?<!phlo)(?<!hespe)retin(?:ol|al|oi|oyl|yl|il|oat|oxy|amid|saur|ate\b)"
    r"|(?<!pro)(?<!pro )\bvit(?:amin[ae]?s?)? a\b"
    r"|\bretii?nn?[o0]l|\bretn[o0]le?\b|\bret(?:en|ion|yn)[o0]l|\bretynyl|\brentinol|\bhpr\b"
    r"|axerophthol|\bretin 0 ?l\b|retinid"
    r"|\bretin a\b|acitretin|adapalen|[zfx]aroten"
)
_RETINOID_ELSEWHERE = (
    *("レチノ", "レチナ", "ビタミンa", "アダパレン", "タザロテン"),
    *("레티노", "레티놀", "레티날", "레티닐", "레틴", "비타민a", "비타민 a", "아다팔렌"),
    *("视黄", "視黃", "視黄", "维a酸", "維a酸", "维甲酸", "维a醇", "a醇", "a醛", "早c晚a"),
    *("维生素a", "維生素a", "维他命a", "維他命a", "阿达帕林"),
    *("ретин", "витамин а", "витамин a", "витамином а", "адапален", "ρετιν", "βιταμινη α"),
    *("ريتين", "رتينول", "فيتامين ا", "רטינ", "ויטמין a", "रेटिन", "เรตินอล", "รีตินอล"),
)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One substance, or a kind of them, that is never placed as a cosmetic."""

    kind: Kind
    name: str  # as people are told
    source: str  # id of the source table
    group: str  # its table in refused.toml
    over_the_counter: bool = False  # sold without a prescription somewhere
    counts: Counts = "anywhere"
    in_name: InName = "always"
    above: float | None = None  # percent: a medicine above it, up to it what the catalogue says
    from_percent: float | None = None  # of early and first: counts from it wherever it stands

    def holds(self, percent: float | None, *, early: bool, first: bool) -> bool:
        """Whether it counts at this strength, in percent, and place of a label."""
        if self.above is not None:
            return percent is not None and percent > self.above
        if self.counts == "anywhere":
            return True
        if percent is not None and self.from_percent is not None:
            return percent >= self.from_percent
        return first or (early and self.counts == "early")


@dataclass(frozen=True, slots=True)
class _Term:
    text: str  # folded
    row: RefusedRow
    begins: bool  # a word may go on after it

    def at(self, text: str, start: int) -> bool:
        end = start + len(self.text)
        ends = self.begins or text[end : end + 1] in ("", " ")
        return ends and text.startswith(self.text, start)


@dataclass(frozen=True, slots=True)
class _Hit:
    row: RefusedRow
    start: int  # of the folded text
    end: int


class Refused:
    """Every row of refused.toml, found by any of its names."""

    def __init__(self, groups: Mapping[str, Mapping[str, Any]]) -> None:
        self._whole: dict[str, list[RefusedRow]] = {}
        self._wordy: dict[str, list[_Term]] = {}  # whole names, within a product's name
        self._terms: dict[str, list[_Term]] = {}
        self._endings: dict[str, RefusedRow] = {}
        self._together: dict[str, list[tuple[frozenset[str], RefusedRow]]] = {}
        self._foreign: list[tuple[str, RefusedRow]] = []  # of scripts without spaces
        self._foreign_wordy: list[tuple[str, RefusedRow]] = []
        self._water = frozenset(map(folded, _WATER))
        self._unless: dict[str, tuple[str, ...]] = {}
        self._made: dict[str, frozenset[str]] = {}
        for id_, group in groups.items():
            self._unless[id_] = tuple(map(folded, group.get("unless", ())))
            self._made[id_] = frozenset(map(folded, group.get("made", ())))
            for row, name in _named(id_, group, "names"):
                self._add(group["match"], name, row)
            for row, brand in _named(id_, group, "brands"):
                self._add("word", brand, row)
        self._longest_ending = max(map(len, self._endings), default=0)
        # One slip leaves the first letters or the last ones as they are.
        self._nearly: dict[str, list[_Term]] = {}
        for term in (
            t for terms in (self._terms, self._wordy) for ts in terms.values() for t in ts
        ):
            if len(term.text) >= _LONG and " " not in term.text:
                for key in {term.text[:_HEAD], term.text[-_HEAD:]}:
                    self._nearly.setdefault(key, []).append(term)
        # Water and glycerin stand on most labels.
        self._on_entry = lru_cache(_REMEMBERED)(self._read_entry)
        self._last_letters = frozenset(ending[-_HEAD:] for ending in self._endings)

    @classmethod
    def of(cls, groups: Mapping[str, Mapping[str, Any]]) -> "Refused":
        """The rows of a snapshot: the tables of refused.toml by name."""
        return cls(groups)

    def in_entry(
        self, text: str, percent: float | None = None, *, early: bool = True, first: bool = False
    ) -> tuple[RefusedRow, ...]:
        """What an entry of a label names that counts there.

        percent: as stated, if not within the text; early: before the 1 % line or among the first
        five entries; first: nothing but water and its like stands before it.
        """
        name, stated = read_percent(text)
        strength = stated if percent is None else percent
        rows = self._on_entry(name)
        return tuple(row for row in rows if row.holds(strength, early=early, first=first))

    def in_label(
        self, entries: Sequence[str], *, line: int | None = None
    ) -> dict[int, tuple[RefusedRow, ...]]:
        """What the entries of a label name that counts where they stand: by their index.

        line: index of the first entry that holds 1 % or less, None where nobody knows.
        """
        refused: dict[int, tuple[RefusedRow, ...]] = {}
        first = True
        for at, entry in enumerate(entries):
            early = at < _FIRST_FEW or (line is not None and at < line)
            if rows := self.in_entry(entry, early=early, first=first):
                refused[at] = rows
            alike = any(row.counts == "first" for row in rows)
            first = first and (alike or folded(entry) in self._water)
        return refused

    def in_name(self, text: str, *, labelled: bool = False) -> tuple[RefusedRow, ...]:
        """What a product's name or brand says of it that counts.

        labelled: somebody told its label, which then speaks for what real cosmetics hold little of.
        """
        _, percent = read_percent(text)
        return tuple(
            row
            for row in self._in_product(text)
            if row.in_name == "always" or (row.in_name == "unlabelled" and not labelled)
            if row.holds(percent, early=True, first=True)
        )

    def named_in(self, text: str) -> tuple[RefusedRow, ...]:
        """What a text names, be it a product's name or an entry of a label, at its gravest."""
        return tuple(dict.fromkeys((*self.in_entry(text, first=True), *self.in_name(text))))

    def mentioned_in(self, text: str) -> tuple[RefusedRow, ...]:
        """What a text names at any strength: "PanOxyl 4 %" is benzoyl peroxide."""
        name, _ = read_percent(text)
        return tuple(dict.fromkeys((*self._on_entry(name), *self._in_product(text))))

    def hits_name(self, inci: str) -> bool:
        """Whether an INCI name is none of a cosmetic ingredient, at any strength and place."""
        return any(row.above is None and row.counts == "anywhere" for row in self._on_entry(inci))

    def _read_entry(self, name: str) -> tuple[RefusedRow, ...]:
        text = folded(name)
        rows = [
            row
            for form in _forms(name, text)
            for row in self._whole.get(form, ())
            # A part of "A/B Dibenzoate" is not in it: only who would harm is refused in doubt.
            if form == text or "/" not in name or row.kind != "banned"
        ]
        rows += [hit.row for hit in self._hits(text) if not self._is_void(hit, text)]
        rows += self._words_of(text)
        return tuple(dict.fromkeys(rows))

    def _in_product(self, name: str) -> tuple[RefusedRow, ...]:
        text = folded(name)
        hits = [*self._hits(text), *self._hits(text, whole=True)] or [*self._misspelt(text)]
        rows = [hit.row for hit in hits if not self._is_void(hit, text)]
        words = set(text.split())
        rows += [row for row in self._words_of(text) if not words & self._made[row.group]]
        return tuple(dict.fromkeys(rows))

    def _hits(self, text: str, *, whole: bool = False) -> Iterator[_Hit]:
        """Where the text holds a term; whole: names that an entry would have to be."""
        terms = self._wordy if whole else self._terms
        start = 0
        for word in text.split(" "):
            near = [term for term in terms.get(word[:_HEAD], ()) if term.at(text, start)]
            for term in near:
                yield _Hit(term.row, start, start + len(term.text))
            if not whole and not near and (row := self._ending(word)):
                yield _Hit(row, start, start + len(word))
            start += len(word) + 1
        if not text.isascii():
            for other, row in self._foreign_wordy if whole else self._foreign:
                if (at := text.find(other)) >= 0:
                    yield _Hit(row, at, at + len(other))

    def _misspelt(self, text: str) -> Iterator[_Hit]:
        """Long words that are a term but for one slip: "Dermovaet", "clobatasol"."""
        start = 0
        for word in text.split(" "):
            if len(word) >= _LONG:
                near = (*self._nearly.get(word[:_HEAD], ()), *self._nearly.get(word[-_HEAD:], ()))
                for row in {term.row for term in near if within(word, term.text, 1)}:
                    yield _Hit(row, start, start + len(word))
            start += len(word) + 1

    def _words_of(self, text: str) -> list[RefusedRow]:
        words = set(text.split(" "))
        near = (pair for word in words for pair in self._together.get(word, ()))
        return [
            row
            for together, row in near
            if together <= words and not any(p in text for p in self._unless[row.group])
        ]

    def _ending(self, word: str) -> RefusedRow | None:
        if word[-_HEAD:] not in self._last_letters:
            return None
        last = min(len(word) - _ENDS_FROM, self._longest_ending)
        ends = (self._endings.get(word[-length:]) for length in range(last, 2, -1))
        return next((row for row in ends if row), None)

    def _is_void(self, hit: _Hit, text: str) -> bool:
        """Whether the text denies it, or its words mean something else where they stand."""
        if _denied(text, hit.start, hit.end):
            return True
        for phrase in self._unless[hit.row.group]:
            at = text.find(phrase, max(0, hit.end - len(phrase)))
            if 0 <= at <= hit.start:
                return True
        return False

    def _add(self, match: str, name: str, row: RefusedRow) -> None:
        text = folded(name)
        if match == "ending":
            self._endings[text] = row
        elif match == "whole":
            self._whole.setdefault(text, []).append(row)
            if text.isascii():
                _file(self._wordy, _Term(text, row, begins=False))
            elif len(name) > 1:
                self._foreign_wordy.append((text, row))
        elif not text.isascii():
            self._foreign.append((text, row))
        elif match == "all":
            words = frozenset(text.split())
            self._together.setdefault(max(words, key=len), []).append((words, row))
        else:
            _file(self._terms, _Term(text, row, begins=match == "stem"))


def folded(text: str) -> str:
    """Words of any script, without case and accents: 'Rétinol24 Crème' -> 'retinol 24 creme'."""
    return " ".join(fold(_GLUED.sub(" ", text)))


def is_retinoid(text: str) -> bool:
    """Whether a label's entry or a product's name speaks of a retinoid, by any spelling.

    By the stem `retin` before what ends such names, anywhere in a word: 'Sodium Retinoyl
    Hyaluronate', 'Retinol24', 'Rétinol'; in other scripts by their own. 'Retinol-free' is none.
    """
    words = folded(text)
    return any(
        not _denied(words, match.start(), match.end()) for match in _RETINOID.finditer(words)
    ) or (not words.isascii() and any(folded(stem) in words for stem in _RETINOID_ELSEWHERE))


def _named(
    id_: str, group: Mapping[str, Any], kind: Literal["names", "brands"]
) -> Iterator[tuple[RefusedRow, str]]:
    for name, others in group.get(kind, {}).items():
        row = RefusedRow(
            kind=group["kind"],
            name=name,
            source=group["source"],
            group=id_,
            over_the_counter=name in group.get("over_the_counter", ()),
            counts=group.get("counts", "anywhere"),
            in_name=group.get("in_name", "always"),
            above=group.get("above"),
            from_percent=group.get("from"),
        )
        shown = (name,) if kind == "names" and group["match"] != "ending" else ()
        yield from ((row, each) for each in (*shown, *others))


def _file(terms: dict[str, list[_Term]], term: _Term) -> None:
    terms.setdefault(term.text.split()[0][:_HEAD], []).append(term)


def _forms(name: str, text: str) -> Iterable[str]:
    """What an entry calls one substance: whole, in brackets, behind slashes, after a heading."""
    if not _PARTS.search(name):
        return (text,)
    whole = (text, folded(name.rpartition(":")[2]))
    return dict.fromkeys(whole if _POLYMER.search(text) else (*whole, *map(folded, forms_of(name))))


def _denied(text: str, start: int, end: int) -> bool:
    """Whether a name says that the words at start..end are not in it."""
    after = text.find(" ", end)
    if text[: len(text) if after < 0 else after].endswith("frei"):
        return True
    return bool(_WITHOUT.search(text, 0, text.rfind(" ", 0, start + 1) + 1)) or (
        after >= 0 and bool(_FREE.match(text, after))
    )
