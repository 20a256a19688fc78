"""Ingredients by any of their names: what a label or a person calls them, and what is known."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from facet.catalogue.families import Avoided, Told, Understood
from facet.catalogue.family import NO_FAMILIES, Families, Family
from facet.catalogue.label_text import forms_of, read_percent, split_label
from facet.catalogue.labels import Label, Reader
from facet.catalogue.patterns import Patterns, folded, words_like
from facet.catalogue.recognised import Recognised
from facet.catalogue.refused import Refused, is_retinoid
from facet.catalogue.words import normal

__all__ = ["Avoided", "Ingredient", "Ingredients", "forms_of", "read_percent", "read_spf"]

RETINOID = "retinoid"  # the family, and the ingredient that a retinoid of any other name is
RETINOID = "retinoid"  # a family, and the ingredient that a retinoid of any other name is
UNKNOWN = "label/"  # begins the id of what a label names and nobody described
UNDESCRIBED = "unknown"  # of pregnancy: no source says anything, which is not the same as "ok"
_SPF = re.compile(r"\b(?:SPF|IP|FPS|LSF)\s*(\d{1,3})\b", re.IGNORECASE)


def read_spf(text: str) -> int | None:
    """'Fluid SPF 50+' -> 50; None where no sun protection factor of 2..100 is named."""
    match = _SPF.search(text)
    return int(match[1]) if match and 2 <= int(match[1]) <= 100 else None


@dataclass(frozen=True, slots=True, eq=False)
class Ingredient:
    """One ingredient and what is known of it; fields as data/skincare/ingredients.toml has them."""

    id: str
    inci: str
    names: tuple[str, ...]  # normal forms, INCI first
    role: str  # active | support | filter | base
    families: frozenset[str]
    irritancy: int  # 0 none expected .. 3 common at first
    helps: Mapping[str, tuple[int, float, str]]  # goal -> grade 1..3, from percent, source
    thresholds: Mapping[str, str]  # goal -> source of its percent, where it is not the grade's
    pregnancy: str  # ok | ask | avoid, each with a source; unknown: nobody described it
    medicine: str | None
    caution: str | None
    ceiling: float | None  # percent
    sources: tuple[str, ...]
    said: tuple[str, ...] = ()  # normal forms that people say and labels do not
    common: str | None = None  # what people call it, where that is not its INCI name
    rinsed_ceiling: float | None = None  # percent of what is rinsed off, where it is another

    @classmethod
    def of(cls, id_: str, row: Mapping[str, Any]) -> "Ingredient":
        """An ingredient from its table of ingredients.toml."""
        claims = row.get("helps", {})
        helps = {k: (int(claim[0]), float(claim[1]), str(claim[2])) for k, claim in claims.items()}
        thresholds = {k: str(claim[3]) for k, claim in claims.items() if len(claim) > 3}
        cited = [source for _, _, source in helps.values()] + [*thresholds.values()]
        cited += [
            row[fact][-1] for fact in ("limit", "pregnancy", "medicine", "caution") if fact in row
        ]
        caution = row.get("caution")
        return cls(
            id=id_,
            inci=row["inci"],
            names=tuple(dict.fromkeys(normal(n) for n in (row["inci"], *row.get("also", ())))),
            role=row.get("role", "base"),
            families=frozenset(row.get("family", ())),
            irritancy=row.get("irritancy", 0),
            helps=helps,
            thresholds=thresholds,
            pregnancy=row["pregnancy"][0] if "pregnancy" in row else UNDESCRIBED,
            medicine=row["medicine"][0] if "medicine" in row else None,
            caution=caution[0] if caution else None,
            ceiling=row["limit"][0] if "limit" in row else None,
            sources=tuple(dict.fromkeys(cited)),
            said=tuple(dict.fromkeys(map(normal, row.get("said", ())))),
            common=row.get("common"),
            rinsed_ceiling=row["rinse_off_limit"][0] if "rinse_off_limit" in row else None,
        )

    @classmethod
    def unknown(cls, label: str) -> "Ingredient":
        """An ingredient a label names and nobody described: found and avoided by name, no more."""
        name = normal(label) or label.casefold().strip()  # of other scripts, as written
        return cls(
            id=f"{UNKNOWN}{name.replace(' ', '-')}",
            inci=label,
            names=(name,),
            role="base",
            families=frozenset(),
            irritancy=0,
            helps={},
            thresholds={},
            pregnancy=UNDESCRIBED,
            medicine=None,
            caution=None,
            ceiling=None,
            sources=(),
        )

    @property
    def described(self) -> bool:
        """Whether anything is known of it but its name."""
        return not self.id.startswith(UNKNOWN)

    @property
    def tags(self) -> frozenset[str]:
        """What a rule may call it: its families and its own id."""
        return self.families | {self.id}

    @property
    def common_name(self) -> str:
        """The name people use: INCI, except where its row says that they call it otherwise."""
        return self.common or self.inci

    def ceiling_of(self, *, rinse_off: bool) -> float | None:
        """Percent that a product may hold at most; None where no source sets a limit."""
        return (self.rinsed_ceiling if rinse_off else None) or self.ceiling

    def sources_for(self, goal: str) -> tuple[str, ...]:
        """Where the grade for a goal comes from, then the percent it counts from, if elsewhere."""
        sources = (self.helps[goal][2], self.thresholds.get(goal))
        return tuple(dict.fromkeys(source for source in sources if source))


class Ingredients:
    """Every ingredient, found by id or by any name."""

    def __init__(
        self,
        rows: Iterable[Ingredient],
        families: Families = NO_FAMILIES,
        *,
        recognised: Recognised | None = None,
        label_rules: Mapping[str, Any] | None = None,
        refused: Mapping[str, Any] | None = None,
    ) -> None:
        self.all = tuple(rows)
        self._refused = refused or {}
        self._recognised = recognised or Recognised()
        self.reader = Reader(self, self._recognised, label_rules or {})
        self.by_id = {row.id: row for row in self.all}
        self.number = {row.id: number for number, row in enumerate(self.all)}
        self._by_name: dict[str, Ingredient] = {}
        self._said = {name: row for row in self.all for name in row.said}
        for row in self.all:
            for name in row.names:
                self._by_name.setdefault(name, row)
        self._longest = max((len(name.split()) for name in self._by_name), default=1)
        self._told = Told(families, self)

    @cached_property
    def refused(self) -> Refused:
        """What is never placed as a cosmetic, by any name; made when first asked for."""
        return Refused.of(self._refused)

    @cached_property
    def _by_word(self) -> dict[str, list[tuple[str, Ingredient]]]:
        by_word: dict[str, list[tuple[str, Ingredient]]] = {}
        for row in self.all:
            for name in (*row.names, *row.said):
                for word in set(name.split()):
                    by_word.setdefault(word, []).append((name, row))
        return by_word

    @cached_property
    def words(self) -> list[str]:
        """Every word of every name, sorted."""
        return sorted(self._by_word)

    def find(self, name: str) -> Ingredient | None:
        """The ingredient of this INCI or common name, or None."""
        return self._by_name.get(normal(name))

    def find_label(self, label: str) -> Ingredient | None:
        """The ingredient a label names, also as 'Aqua (Water)', 'Aqua/Water/Eau' or 'Parfum*'."""
        meaning = self.reader.meaning(label.strip(" *"))
        if meaning.state == "described":
            return meaning.ingredients[0]
        whole = self.find(label)
        return None if whole and whole.described else whole

    def on_label(self, text: str) -> dict[Ingredient, float | None]:
        """Everything that an entry of a label names, in percent where it is stated.

        Also a whole label in one entry, what stands in brackets or behind a slash ('Parfum
        (Linalool)'), and a name within others ('Encapsulated Retinol').
        """
        return self.named_on(self.reader.label([text]))

    def named_on(self, label: Label) -> dict[Ingredient, float | None]:
        """Everything that a label names, also what a label named before and nobody described."""
        named = label.ingredients
        for entry in label.entries:
            whole = None if entry.state == "described" else self.find(entry.text)
            if whole and not whole.described and named.get(whole) is None:
                named[whole] = entry.percent
        return named

    def split_label(self, text: str) -> list[str]:
        """The entries of a label, cut where no bracket is open: 'Parfum (Linalool, Citral)'."""
        return split_label(text)

    def named_with(self, word: str) -> list[tuple[str, Ingredient]]:
        """(name, ingredient) of every name that holds this word, in normal form."""
        return self._by_word.get(word, [])

    def read_text(self, text: str, *, label: bool = False) -> list[Ingredient]:
        """Ingredients named anywhere in a text, longest names first ('Retinol 0.5 % serum').

        People say "BHA" for salicylic acid; on a label it is butylated hydroxyanisole. A retinoid
        is found by any spelling, and not where a text says that it is free of it; a medicine's
        brand is read as its ingredient ('PanOxyl 4 %').
        """
        said = {} if label else self._said
        words = normal(text).split()
        ingredients: list[Ingredient] = []
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                name = " ".join(words[at : at + length])
                hit = said.get(name) or self._by_name.get(name)
                if hit is not None and hit.role != "base":
                    ingredients.append(hit)
                    at += length - 1
                    break
            at += 1
        brands = () if label else self.refused.mentioned_in(text)
        ingredients += [row for brand in brands if (row := self.find(brand.name))]
        said_so = ", ".join((text, *(brand.name for brand in brands)))  # "Differin" is adapalene
        return self.with_retinoid(said_so, dict.fromkeys(ingredients))

    def with_retinoid(self, text: str, ingredients: Iterable[Ingredient]) -> list[Ingredient]:
        """The ingredients of a text, with a retinoid where and only where it speaks of one."""
        rows = list(ingredients)
        if not is_retinoid(text):
            return [row for row in rows if RETINOID not in row.families]
        if any(RETINOID in row.families for row in rows) or RETINOID not in self.by_id:
            return rows
        return [*rows, self.by_id[RETINOID]]

    # --- what is avoided -----------------------------------------------------------------------

    def understood(self, term: str) -> Understood:
        """What a word stands for that a person typed of an allergy."""
        return self._told.understood(term)

    def related(self, told: Understood) -> tuple[Family, ...]:
        """Families to ask a doctor about besides those that were told."""
        return self._told.related(told)

    def avoided(self, terms: Iterable[str], settled: Iterable[str] = ()) -> Avoided:
        """Everything a person's words stand for: families, ingredients, and whatever contains the
        word ('arbutin' is also alpha-arbutin, 'zinc' also zinc oxide).

        settled: those of them that the person says are in no cosmetic.
        """
        return self._told.avoided(terms, settled)

    def tagged(self, tags: frozenset[str]) -> list[Ingredient]:
        """Described ingredients of any of these families or ids of ingredients.toml."""
        return [row for row in self.all if row.described and row.tags & tags] if tags else []

    def names(self) -> Iterator[str]:
        """Every name of every described ingredient, in normal form."""
        return (n for row in self.all if row.described for n in (*row.names, *row.said))

    def is_on_labels(self, name: str) -> bool:
        """Whether a name is a cosmetic ingredient's, though nobody described it (CosIng)."""
        return self._recognised.spells(normal(name))

    def named_like(self, patterns: Patterns) -> list[Ingredient]:
        """Ingredients, described or not, any of whose names these patterns stand for."""
        near = {
            row.id: row
            for word in words_like(patterns.keys, self.words, self._joined_words)
            for _, row in self._by_word[word]
        }
        near |= {row.id: row for row in self._in_other_letters}
        return [row for row in near.values() if any(patterns.are_in(name) for name in _texts(row))]

    @cached_property
    def _joined_words(self) -> str:
        return "\n".join(("", *self.words, ""))

    @cached_property
    def _in_other_letters(self) -> list[Ingredient]:
        """What no normal form tells all of: names in other scripts."""
        return [row for row in self.all if not row.inci.isascii()]


def _texts(row: Ingredient) -> Iterator[str]:
    """What an ingredient is called, whole and in the pieces that a label gives it in."""
    yield from row.names
    if not row.described:
        yield folded(row.inci)
        yield from (folded(form) for form in forms_of(row.inci))
