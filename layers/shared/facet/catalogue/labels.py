"""What the entries of a label are: described, recognised, or not checked.

`described`: its use, strength and cautions are known (ingredients.toml). `recognised`: it is a
cosmetic ingredient by CosIng's name, and no more is known. `not_checked`: nobody knows what it is,
which is never the same as harmless. Where the two tables and the label spell a name differently,
data/skincare/labels.toml says what is meant; it travels in the snapshot.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from facet.catalogue.label_text import Part, Piece, pieces_of, split_brackets, split_label
from facet.catalogue.recognised import Recognised, squeezed
from facet.catalogue.spelling import Spelling
from facet.catalogue.words import normal, singular

if TYPE_CHECKING:
    from facet.catalogue.ingredients import Ingredient, Ingredients

State = Literal["described", "recognised", "not_checked"]

_COLOUR = re.compile(
    r"(?:ext )?(?:fd c |d c )?(blue|brown|black|green|orange|red|violet|yellow)"
    r"(?: no)? (\d{1,2})(?: (?:al )?lake| aluminum lake)?"
)
_INDEX = re.compile(r"(?:ci|cl|c i|colou?r index)? ?(\d{5})(?: \d)?")
_POLYMER = re.compile(r"poly ?mer", re.IGNORECASE)
_AND = re.compile(r"\(\s*(?:and|und|et|y)\s*\)|\s&\s|\sand/or\s|\sand\s", re.IGNORECASE)
_MOST_WORDS = 30  # of names run together
_SHORTEST = 4  # letters of a name among names run together
_WIDEST = 5  # pieces of one name that commas tore apart
_LONGEST = 1_000  # letters of an entry: a perfume with all that is in it
_IN_ORDER = 12  # entries: from here a list from a to z is no accident
_SORTED = 0.9  # of neighbours in order: what chance puts half of
_REMEMBERED = 50_000  # entries


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the words of an entry stand for, wherever they stand."""

    state: State
    ingredients: tuple["Ingredient", ...] = ()  # every described one that it names
    name: str | None = None  # of CosIng, without spaces, where that is what it is
    limited: bool = False  # of it no product holds more than 1 %


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a label."""

    text: str  # as written, without percentage
    ingredients: tuple["Ingredient", ...]
    state: State
    percent: float | None  # 0 < percent <= 100
    function: str | None  # in CosIng's words, where it is a name of CosIng's
    part: Part  # listed, active (declared as in a medicine) or may_contain
    trace: bool  # stands where at most 1 % is
    ordered: bool  # its place says how much there is of it; not in a list from a to z

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self.state != "not_checked"


@dataclass(frozen=True, slots=True)
class Label:
    """The entries of a label in the order in which they are printed."""

    entries: tuple[Entry, ...]

    @property
    def ingredients(self) -> dict["Ingredient", float | None]:
        """Every described ingredient, in percent where that is stated anywhere."""
        named: dict[Ingredient, float | None] = {}
        for entry in self.entries:
            percent = entry.percent
            for ingredient in entry.ingredients:
                if named.get(ingredient) is None:
                    named[ingredient] = percent
                percent = None  # it is of the first that the entry names
        return named

    @property
    def known_share(self) -> float:
        """0..1 of the entries are described or recognised; 0 for a label without any."""
        return sum(entry.known for entry in self.entries) / max(1, len(self.entries))

    @property
    def one_percent_line(self) -> int | None:
        """Index of the first entry that stands at or below 1 %; None where no entry tells."""
        below = (at for at, entry in enumerate(self.entries) if entry.trace and entry.ordered)
        return next(below, None)

    def gaps(self, rule: Mapping[str, Any]) -> tuple[Entry, ...]:
        """The entries not checked that keep a label from being known well enough; empty: it is.

        rule: [gaps] of data/skincare/labels.toml. They stand among the first, or above 1 %, or too
        little of the whole is known.
        """
        weighty = tuple(
            entry
            for at, entry in enumerate(self.entries)
            if not entry.known and (at < rule["first"] or not entry.trace)
        )
        return self.not_checked if 100 * self.known_share < rule["known_from"] else weighty

    @property
    def not_checked(self) -> tuple[Entry, ...]:
        """The entries of which nothing is known."""
        return tuple(entry for entry in self.entries if not entry.known)


def read_label(
    texts: Sequence[str], ingredients: "Ingredients", recognised: Recognised | None = None
) -> Label:
    """The label that these texts are: one entry each, or the whole of it in one.

    recognised: CosIng's names; None for those that the ingredients came with.
    """
    reader = ingredients.reader
    if recognised is not None and recognised is not reader.recognised:
        reader = Reader(ingredients, recognised, reader.rules)
    return reader.label(texts)


class Reader:
    """Reads labels with one set of tables, and remembers the entries it has met.

    rules: data/skincare/labels.toml as the snapshot carries it; {} knows INCI names alone.
    """

    def __init__(
        self, ingredients: "Ingredients", recognised: Recognised, rules: Mapping[str, Any]
    ) -> None:
        self.ingredients, self.recognised, self.rules = ingredients, recognised, rules
        self._met: dict[str, Meaning] = {}
        self._cut: dict[str, list[Piece]] = {}
        self._entries: dict[tuple[str, bool], Entry] = {}
        self._last: tuple[str, Label] = "", Label(())

    def label(self, texts: Sequence[str]) -> Label:
        """The label that these texts are; who asks of one product asks twice in a row."""
        text = ", ".join(texts)
        if text != self._last[0]:
            self._last = text, self._label(pieces_of(text))
        return self._last[1]

    def label_of(self, entries: Iterable[str]) -> Label:
        """The label of entries that were cut before, as an import does."""
        pieces: list[Piece] = []
        for entry in entries:
            if entry not in self._cut:
                self._forget()
                self._cut[entry] = pieces_of(entry)
            pieces += self._cut[entry]
        return self._label(pieces)

    def _label(self, pieces: Sequence[Piece]) -> Label:
        return Label(tuple(self._entries_of(self._joined(pieces))))

    def meaning(self, text: str) -> Meaning:
        """What one entry means, without its percentage."""
        met = self._met.get(text)
        if met is None:
            self._forget()
            met = self._read(text) if len(text) <= _LONGEST else self._within(text)
            # A name that was misspelt says nothing of a retinoid in its own words.
            read = text if met.name is None else f"{text}, {self._inci_of(met)}"
            rows = self.ingredients.with_retinoid(read, met.ingredients)
            met = replace(met, ingredients=tuple(rows))
            if squeezed(split_brackets(text)[0]) in self._one_percent:
                met = replace(met, limited=True)
            self._met[text] = met
        return met

    def _inci_of(self, meaning: Meaning) -> str:
        """The INCI name of what a name was found to mean; empty where nobody describes it."""
        row = self._described.get(meaning.name or "")
        return row.inci if row else ""

    def _forget(self) -> None:
        if len(self._met) + len(self._cut) >= _REMEMBERED:
            self._met.clear()
            self._cut.clear()
            self._entries.clear()

    def _entry(self, piece: Piece, *, trace: bool, ordered: bool) -> Entry:
        if piece.percent or piece.part != "listed" or not ordered:
            return self._new_entry(piece, trace=trace, ordered=ordered)
        key = piece.text, trace
        if key not in self._entries:
            self._entries[key] = self._new_entry(piece, trace=trace, ordered=ordered)
        return self._entries[key]

    def _new_entry(self, piece: Piece, *, trace: bool, ordered: bool) -> Entry:
        meaning = self.meaning(piece.text)
        return Entry(
            text=piece.text,
            ingredients=meaning.ingredients,
            state=meaning.state,
            percent=piece.percent,
            function=self.recognised.function_of(meaning.name) if meaning.name else None,
            part=piece.part,
            trace=trace,
            ordered=ordered,
        )

    # --- the order ---------------------------------------------------------------------------

    def _entries_of(self, pieces: Sequence[Piece]) -> Iterator[Entry]:
        """The entries, each with its place: behind what the law allows 1 % of, there is no more."""
        from_a_to_z = {n for n in {p.product for p in pieces} if _is_alphabetical(pieces, n)}
        product, below = -1, False
        for piece in pieces:
            if piece.product != product:
                product, below = piece.product, False
            active = piece.part == "active"
            ordered = active or product not in from_a_to_z
            limited = self.meaning(piece.text).limited or piece.part == "may_contain"
            below = below or (limited and not active)
            trace = not active and (below if ordered else limited)
            yield self._entry(piece, trace=trace, ordered=ordered)

    @cached_property
    def _one_percent(self) -> frozenset[str]:
        rows = self.rules.get("one_percent", {})
        return frozenset(map(squeezed, (*rows.get("limited", ()), *rows.get("usual", ()))))

    # --- names torn apart --------------------------------------------------------------------

    def _joined(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Pieces of one name put together again: 'Hydroxyethyl Acrylate, Sodium ... Copolymer'."""
        joined: list[Piece] = []
        keys = [squeezed(split_brackets(piece.text)[0]) for piece in pieces]
        at = 0
        while at < len(pieces):
            end = self._end_of_name(pieces, keys, at)
            piece = pieces[at]
            if end > at + 1:
                text = ("," if piece.text.isdigit() else " ").join(p.text for p in pieces[at:end])
                percent = next((p.percent for p in pieces[at:end] if p.percent), None)
                piece = Piece(text, percent, piece.part, piece.product)
            if not piece.text.isdigit():
                joined.append(piece)
            at = end
        return joined

    def _end_of_name(self, pieces: Sequence[Piece], keys: Sequence[str], at: int) -> int:
        """Where the name ends that begins here; the next piece where it is one by itself."""
        last = at + 1 == len(pieces)
        if last or (self._is_known(pieces[at].text) and self._is_known(pieces[at + 1].text)):
            return at + 1
        for end in range(min(len(pieces), at + _WIDEST), at + 1, -1):
            # A word of another script has no key: it is nobody's part.
            if (
                all(keys[at:end])
                and self._named("".join(keys[at:end]))
                and not all(self._is_known(piece.text) for piece in pieces[at:end])
            ):
                return end
        return at + 1

    def _is_known(self, text: str) -> bool:
        return self.meaning(text).state != "not_checked"

    # --- one entry ---------------------------------------------------------------------------

    def _read(self, text: str) -> Meaning:
        if whole := self._name(text):
            return whole
        outside, inside = split_brackets(text)
        beside = [self._read(part) for part in _in_brackets(inside)]
        if inside and (name := self._name(outside)):
            return _and(name, beside)
        if len(parts := [part.strip() for part in _AND.split(text) if part.strip()]) > 1:
            return _all([self.meaning(part) for part in parts])
        return self._alternatives(outside, beside) or self._at_best(outside, beside)

    def _alternatives(self, outside: str, beside: Sequence[Meaning]) -> Meaning | None:
        """One ingredient in several languages, parted by slashes, where one of them is known."""
        if "/" not in outside or _POLYMER.search(outside):
            return None
        parts = [self.meaning(part) for part in outside.split("/") if part.strip()]
        known = any(meaning.state != "not_checked" for meaning in parts)
        return _or([*parts, *beside]) if known else None

    def _at_best(self, outside: str, beside: Sequence[Meaning]) -> Meaning:
        """What it may be meant for, else what its brackets say, else what is named within it."""
        if near := self._guessed(outside):
            return _and(near, beside)
        return _or([*beside, self._within(outside)])

    def _guessed(self, text: str) -> Meaning | None:
        """What the words mean where names ran together or a letter is wrong."""
        bare = " ".join(word for word in normal(text).split() if word not in self._said_beside)
        if not bare:
            return None
        return (
            (self._name(bare) if bare != normal(text) else None)
            or self._plant(bare)
            or self._run_together(text)
            or self._misspelt(bare)
        )

    def _within(self, text: str) -> Meaning:
        """Described ingredients among words that are not: 'Encapsulated Retinol Complex'."""
        if _POLYMER.search(text):
            return Meaning("not_checked")
        return Meaning("not_checked", tuple(self.ingredients.read_text(text, label=True)))

    def _name(self, text: str) -> Meaning | None:
        """What this very name is, in any of the spellings that the tables know."""
        return self._named(squeezed(text)) or self._coloured(normal(text))

    def _named(self, key: str) -> Meaning | None:
        if not key:
            return None
        meant = self._called.get(key, key)
        for name in (key, meant):
            if ingredient := self._described.get(name):
                return Meaning("described", (ingredient,), name)
        return Meaning("recognised", (), meant) if meant in self.recognised.by_name else None

    def _coloured(self, name: str) -> Meaning | None:
        if match := _COLOUR.fullmatch(name):
            index = self.rules.get("colours", {}).get(match[1], {}).get(match[2])
            return self._named(squeezed(index)) if index else None
        if match := _INDEX.fullmatch(name):
            return self._named(f"ci{match[1]}")
        return None

    def _plant(self, name: str) -> Meaning | None:
        """A plant that CosIng knows, with another part of it: 'Olea Europaea Oil'."""
        words = name.split()
        rest = [word for word in words if word not in self._parts]
        plant = " ".join(rest)
        alone = len(rest) == len(words)
        latin = self._plants.get(plant)
        if latin is None and not alone:
            latin = self._plants.get(" ".join(map(singular, rest)))
        if latin is None:
            latin = plant if plant in self._species else None
            if latin is None or len(rest) < 2:
                return None
        elif alone and " " not in plant:
            return None  # "Rose" may be anything of it
        told = [word for word in words if word in self._parts]
        exact = self._named(squeezed(" ".join((latin, *told))))
        return exact or Meaning("recognised")

    def _run_together(self, text: str) -> Meaning | None:
        """Names with the comma lost between them: 'Water Glycerin'."""
        if "/" in text and _POLYMER.search(text):
            return None
        words = normal(text).split()
        if not 1 < len(words) <= _MOST_WORDS:
            return None
        found: list[list[Meaning] | None] = [[]] + [None] * len(words)
        for end in range(1, len(words) + 1):
            for start in range(max(0, end - 12), end):
                before = found[start]
                key = "".join(words[start:end])
                if before is None or len(key) < _SHORTEST or found[end] is not None:
                    continue
                if meaning := self._named(key):
                    found[end] = [*before, meaning]
        parts = found[len(words)]
        return _all(parts) if parts else None

    def _misspelt(self, name: str) -> Meaning | None:
        near = self._spelling.nearest(squeezed(name))
        return self._named(near) if near else None

    # --- tables, when they are first asked -----------------------------------------------------

    @cached_property
    def _described(self) -> Mapping[str, "Ingredient"]:
        rows = [row for row in self.ingredients.all if row.described]
        return {squeezed(name): row for row in reversed(rows) for name in row.names}

    @cached_property
    def _called(self) -> Mapping[str, str]:
        called = self.rules.get("called", {}).get("names", {})
        return {squeezed(name): squeezed(inci) for name, inci in called.items()}

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling([*self.recognised.by_name, *self._described, *self._called])

    @cached_property
    def _plants(self) -> Mapping[str, str]:
        rows = self.rules.get("plants", {})
        return {**rows.get("english", {}), **rows.get("latin", {})}

    @cached_property
    def _species(self) -> frozenset[str]:
        """'citrus limon' of 'citrus limon peel oil': two or three words before the part."""
        names = (name.split(" ", 3) for name in self.recognised.names.split(";"))
        made = [name for name in names if len(name) > 2 and name[-1].split()[-1] in self._parts]
        three = {" ".join(name[:3]) for name in made if len(name) > 3}
        return frozenset({f"{name[0]} {name[1]}" for name in made} | three)

    @cached_property
    def _parts(self) -> frozenset[str]:
        rows = self.rules.get("plants", {})
        return frozenset((*rows.get("parts", ()), *rows.get("foreign", ())))

    @cached_property
    def _said_beside(self) -> frozenset[str]:
        return frozenset(self.rules.get("said_beside", {}).get("words", ()))


def _in_brackets(inside: Iterable[str]) -> list[str]:
    return [part for text in inside for part in split_label(text)]


def _and(name: Meaning, beside: Iterable[Meaning]) -> Meaning:
    """A known name with what stands in brackets beside it, which says the same or what is in it."""
    families = frozenset().union(*(row.families for row in name.ingredients))
    further = [
        row
        for meaning in beside
        for row in meaning.ingredients
        # A bracket says loosely ("vitamin C") what the name says exactly; INCI names count both.
        if meaning.name == squeezed(row.inci)
        or row.pregnancy in ("ask", "avoid")
        or (name.ingredients and not row.families & families)
    ]
    return Meaning(name.state, _once(name.ingredients, further), name.name)


def _all(parts: Sequence[Meaning]) -> Meaning:
    """Several ingredients in one entry: as well known as the least known of them."""
    states = {meaning.state for meaning in parts}
    state: State = "not_checked" if "not_checked" in states else "recognised"
    if states == {"described"}:
        state = "described"
    return Meaning(state, _once(*(meaning.ingredients for meaning in parts)))


def _or(forms: Sequence[Meaning]) -> Meaning:
    """One ingredient by several names: as well known as the best known of them."""
    best = min(forms, key=lambda form: ("described", "recognised", "not_checked").index(form.state))
    return Meaning(best.state, _once(*(form.ingredients for form in forms)), best.name)


def _once(*rows: Iterable["Ingredient"]) -> tuple["Ingredient", ...]:
    return tuple(dict.fromkeys(row for each in rows for row in each))


def _is_alphabetical(pieces: Sequence[Piece], product: int) -> bool:
    names = [p.text.lower() for p in pieces if p.product == product and p.part == "listed"]
    pairs = list(pairwise(names))
    return len(names) >= _IN_ORDER and sum(a <= b for a, b in pairs) >= _SORTED * len(pairs)
