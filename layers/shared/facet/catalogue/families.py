"""What people are allergic to or avoid: families of ingredients, and the words they are told by.

A family is looked for by stems anywhere in an entry of a label, whether we described the ingredient
or not. A word with a typing error is never taken for another: it is asked about.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol

from facet.catalogue.family import Families, Family
from facet.catalogue.patterns import Patterns, folded
from facet.catalogue.spelling import within
from facet.catalogue.words import normal, says_something, singular

Kind = Literal["family", "ingredient", "not_cosmetic", "unknown"]

_STRENGTH = re.compile(r"(?<!\d)\d+(?:[.,]\d+)?\s*%")  # nobody is allergic to a strength alone
_BRACKETS = re.compile(r"\(([^()]*)\)")

MOST_MEANT = 3  # names that one word is asked about
SHORTEST_NAME = 2  # letters: one alone, or a digit, stands in too many names to mean any
SHORTEST_WITH_ERRORS = 5  # letters; of shorter words too many are one letter apart
LONG = 9  # letters from which two errors are allowed instead of one
_APART = re.compile(r"[/,;+&|()\[\]{}、，・；／()]| - ")


class Row(Protocol):
    """An ingredient, described or only named by a label."""

    @property
    def id(self) -> str: ...


class Rows(Protocol):
    """Every ingredient, by its names."""

    def find(self, name: str) -> Row | None: ...
    def named_with(self, word: str) -> Iterable[tuple[str, Row]]: ...
    def named_like(self, patterns: Patterns) -> Iterable[Row]: ...
    def tagged(self, tags: frozenset[str]) -> Iterable[Row]: ...
    def names(self) -> Iterable[str]: ...
    def is_on_labels(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Understood:
    """What a typed word stands for. What it stands for is avoided, even where a part of it was not
    understood and the whole is `unknown`."""

    term: str
    kind: Kind
    families: tuple[Family, ...] = ()  # as told, without their members
    patterns: tuple[Patterns, ...] = ()  # single names within a family
    rows: frozenset[str] = frozenset()  # ids of ingredients that are called so
    words: tuple[str, ...] = ()  # normal forms that no name or label may hold
    lost: tuple[str, ...] = ()  # the same, of what was not understood
    foreign: tuple[str, ...] = ()  # of another script, which has no normal form
    did_you_mean: tuple[str, ...] = ()  # what to ask; the first is the likeliest


@dataclass(frozen=True, slots=True)
class Avoided:
    """What a person avoids: ingredients, and what no label or name may speak of."""

    ingredients: frozenset[str]  # ids
    words: tuple[str, ...]  # normal forms, for labels we cannot resolve
    unknown: tuple[str, ...]  # terms that were not understood
    foreign: tuple[str, ...] = ()  # terms of other scripts, which have no normal form
    patterns: tuple[Patterns, ...] = ()  # of families and their members
    understood: tuple[Understood, ...] = field(default=(), compare=False)  # term by term

    def __bool__(self) -> bool:
        return bool(self.words or self.foreign or self.patterns or self.ingredients)

    def named_in(self, text: str) -> bool:
        """Whether an entry of a label or a name speaks of something avoided."""
        padded, case = f" {normal(text)} ", text.casefold()
        if any(f" {word} " in padded for word in self.words) or any(
            term in case for term in self.foreign
        ):
            return True
        words = folded(text)
        return any(patterns.are_in(words) for patterns in self.patterns)


class Told:
    """Understands what people type, by the families and the ingredients of one catalogue."""

    def __init__(self, families: Families, rows: Rows) -> None:
        self.families = families
        self._rows = rows
        self._holders: dict[str, frozenset[str]] = {}

    def avoided(self, terms: Iterable[str], settled: Iterable[str] = ()) -> Avoided:
        """Everything these words stand for; what is no cosmetic ingredient stands for nothing.

        settled: terms that need no understanding, since the person says that they are in no
        cosmetic. What is understood of them is avoided all the same.
        """
        away = {folded(term) for term in settled}
        understood = [
            _settled(meaning) if folded(term) in away else meaning
            for term in terms
            if term.strip() and (not term.isascii() or says_something(term))  # "-" is none
            for meaning in (self.understood(term),)
        ]
        families = self.families.with_members(f.id for u in understood for f in u.families)
        ids = {id_ for u in understood for id_ in u.rows}
        ids |= {id_ for family in families for id_ in self._held_by(family)}
        single = [patterns for u in understood for patterns in u.patterns]
        ids |= {row.id for patterns in single for row in self._rows.named_like(patterns)}
        return Avoided(
            ingredients=frozenset(ids),
            words=tuple(dict.fromkeys(word for u in understood for word in (*u.words, *u.lost))),
            unknown=tuple(u.term for u in understood if u.kind == "unknown"),
            foreign=tuple(term for u in understood for term in u.foreign),
            patterns=(*(f.patterns for f in families if f.patterns), *single),
            understood=tuple(understood),
        )

    def _held_by(self, family: Family) -> frozenset[str]:
        if family.id not in self._holders:
            rows = (*self._rows.named_like(family.patterns), *self._rows.tagged(family.tags))
            self._holders[family.id] = frozenset(row.id for row in rows)
        return self._holders[family.id]

    def understood(self, term: str) -> Understood:
        """What a word stands for: as a whole, else part by part ('perfume/parfum', 'nuts and soy').

        A part that is not understood makes the whole `unknown`, with names to ask about.
        """
        said = _STRENGTH.sub(" ", term)
        if said != term and (strong := self._meaning(term, folded(said))):
            return strong
        words = folded(term)
        meaning = self._as_on_label(term) or self._meaning(term, words) or self._on_labels(term)
        if meaning:
            return meaning
        pieces = [piece for piece in map(folded, _APART.split(term)) if piece]
        parts = [part for piece in pieces for part in self._joined(piece)]
        parts = [part for part in parts if not self.families.says_nothing(part)] or parts
        apart = parts if parts != [words] else []
        meanings = [self._meaning(part, part) or self._on_labels(part) for part in apart]
        understood = [meaning for meaning in meanings if meaning]
        if understood and len(understood) == len(meanings):
            return _together(term, understood)
        lost = [part for part, meaning in zip(parts, meanings, strict=False) if not meaning]
        word = normal(term)
        merged = _together(term, understood) if understood else None
        return Understood(
            term,
            "unknown",
            families=merged.families if merged else (),
            patterns=merged.patterns if merged else (),
            rows=merged.rows if merged else frozenset(),
            words=merged.words if merged else (),
            lost=tuple(sorted({word, singular(word)})) if word else (),
            foreign=() if word else (term.casefold().strip(),),
            did_you_mean=self._meant(lost or [words]),
        )

    def related(self, told: Understood) -> tuple[Family, ...]:
        """Families to ask about besides those that were told."""
        left_out = {family.id for family in self.families.with_members(f.id for f in told.families)}
        ids = dict.fromkeys(id_ for family in told.families for id_ in family.also_warn)
        return tuple(self.families[id_] for id_ in ids if id_ not in left_out)

    def _joined(self, piece: str) -> list[str]:
        """A piece cut at "and" and its like, unless one of them belongs to a name ("vitamin e")."""
        if self._meaning(piece, piece):
            return [piece]
        return [part for part in self.families.joined.split(piece) if part]

    def _meaning(self, term: str, words: str) -> Understood | None:
        """What folded words stand for as one name; None for what no family or ingredient is called.

        Tried as they are, then without what says nothing beside a name.
        """
        forms = [told for told in dict.fromkeys((words, self.families.bare(words))) if told]
        # Before any ingredient: "hazelnut oil" means hazelnuts, by whatever name.
        for told in forms:
            if family := self.families.called(told):
                return _of_family(term, family, self.families)
        for told in forms:
            if meaning := self._ingredient(term, told):
                return meaning
            if patterns := self.families.stem(told):
                return Understood(term, "ingredient", patterns=(patterns,))
        return None

    def _on_labels(self, term: str) -> Understood | None:
        """A cosmetic ingredient that nobody described, by the name that labels have for it."""
        name = normal(term)
        if self.families.says_nothing(name) or not self._rows.is_on_labels(name):
            return None
        return Understood(term, "ingredient", patterns=(Patterns((name,)),), words=(name,))

    def _as_on_label(self, term: str) -> Understood | None:
        """One ingredient with what else it is called in brackets, as labels have it: 'Salix Alba
        (Willow) Bark Extract' is 'salix alba bark extract', and willow."""
        insides = [folded(inside) for inside in _BRACKETS.findall(term)]
        outside = _BRACKETS.sub(" ", term)
        name = self._meaning(outside, folded(outside)) or self._on_labels(outside)
        if not insides or name is None or name.kind != "ingredient":
            return None
        others = [meaning for inside in insides if (meaning := self._meaning(inside, inside))]
        whole = Understood(term, "ingredient", words=(normal(term),))
        return _together(term, [name, *others, whole])

    def _ingredient(self, term: str, told: str) -> Understood | None:
        """Ingredients of this name, and whatever contains it: 'arbutin' is also alpha-arbutin."""
        word = normal(told)
        if len(word) < SHORTEST_NAME or word.isdigit() or self.families.says_nothing(told):
            return None
        forms = {word, singular(word)}
        rows = {row.id for form in forms if (row := self._rows.find(form))}
        rows |= {
            row.id
            for form in forms
            for name, row in self._rows.named_with(form.split()[0])
            if f" {form} " in f" {name} "
        }
        # A label may put more into brackets: "Salix Alba (Willow) Bark Extract".
        if " " in word:
            rows |= {row.id for row in self._rows.named_like(Patterns((word,)))}
        if not rows:
            return None
        return Understood(term, "ingredient", rows=frozenset(rows), words=tuple(sorted(forms)))

    # --- typing errors -------------------------------------------------------------------------

    def _meant(self, parts: Iterable[str]) -> tuple[str, ...]:
        """Names that these folded words may have meant, the nearest first."""
        meant: dict[str, None] = {}
        for part in parts:
            forms = dict.fromkeys((part, self.families.bare(part)))
            near = [name for words in forms for name in self._near(words)]
            meant |= dict.fromkeys(near or self.families.shown_in(part))
        return tuple(meant)[:MOST_MEANT]

    def _near(self, words: str) -> list[str]:
        """Names that are a typing error or two away, the nearest first, one for each meaning."""
        if len(words) < SHORTEST_WITH_ERRORS:
            return []
        most = 2 if len(words) >= LONG else 1
        letters = _letters(words)
        nearest: dict[str, tuple[int, str]] = {}
        for name in self._names:
            # Each error changes the set of letters by two at the most.
            if abs(len(name.words) - len(words)) > most or (
                (letters ^ name.letters).bit_count() > 2 * most
            ):
                continue
            errors = next((n for n in range(1, most + 1) if within(words, name.words, n)), None)
            # Of names as near, the first, which is the English one.
            if errors and errors < nearest.get(name.meaning, (most + 1, ""))[0]:
                nearest[name.meaning] = (errors, name.shown)
        return [shown for _, shown in sorted(nearest.values())]

    @cached_property
    def _names(self) -> list["_Name"]:
        """Every name that may have been meant."""
        names = {words: _Name(words, shown, id_) for words, shown, id_ in self.families.shown()}
        for words in self._rows.names():
            family = self.families.called(words)
            meaning = family.id if family else words
            names.setdefault(words, _Name(words, words, meaning))
        return [name for name in names.values() if len(name.words) >= SHORTEST_WITH_ERRORS - 1]


class _Name:
    """A name that may have been meant by a word with a typing error."""

    __slots__ = ("letters", "meaning", "shown", "words")

    def __init__(self, words: str, shown: str, meaning: str) -> None:
        self.words, self.shown, self.meaning = words, shown, meaning
        self.letters = _letters(words)


def _letters(words: str) -> int:
    """The set of its letters, a bit each."""
    bits = 0
    for letter in set(words):
        bits |= 1 << (ord(letter) & 63)
    return bits


def _of_family(term: str, family: Family, families: Families) -> Understood:
    asked = tuple(families[id_].name for id_ in family.choices)
    kind: Kind = "family" if family.in_cosmetics else "not_cosmetic"
    return Understood(term, kind, families=(family,), did_you_mean=asked)


def _settled(meaning: Understood) -> Understood:
    """What is left of a word that the person says is in no cosmetic."""
    if meaning.kind != "unknown":
        return meaning
    return replace(meaning, kind="not_cosmetic", lost=(), foreign=(), did_you_mean=())


def _together(term: str, parts: list[Understood]) -> Understood:
    """Several names told as one."""
    kinds = [part.kind for part in parts]
    kind: Kind = next((k for k in ("family", "ingredient") if k in kinds), "not_cosmetic")

    def all_of[T](field_of: Callable[[Understood], Iterable[T]]) -> tuple[T, ...]:
        return tuple(dict.fromkeys(value for part in parts for value in field_of(part)))

    return Understood(
        term,
        kind,
        families=tuple({f.id: f for part in parts for f in part.families}.values()),
        patterns=all_of(lambda part: part.patterns),
        rows=frozenset(all_of(lambda part: part.rows)),
        words=all_of(lambda part: part.words),
        did_you_mean=all_of(lambda part: part.did_you_mean),
    )
