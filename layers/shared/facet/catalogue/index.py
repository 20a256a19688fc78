"""Search over a whole catalogue in memory: words, filters, nearest neighbours, all exact.

Columns are numpy arrays and lists of rows ("postings"), so that a million products cost tens of
milliseconds a query and some hundred megabytes. A large snapshot carries the postings; for a small
one they are made when they are first needed.

Relevance of a text, by its words (without case and accents): a word counts once, where it counts
most: NAME, BRAND or INGREDIENT, times PREFIX where the last word is only the start of what is
written there (of an ingredient two letters at the least), times how rare it is, ln(1 + N / (1 + n))
with n of N products matching it. Found are products with every word; where there is none, those
with most words come first. What is rated alike is in the order of shorter names, then of ids.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facet.catalogue.catalogue import (
    GOALS,
    PRICE_BANDS,
    SKIN_TYPES,
    Catalogue,
    Mask,
    Numbers,
)
from facet.catalogue.snapshot import Texts, smallest
from facet.catalogue.spoken import Spoken
from facet.catalogue.suitable import Person, suitable_rows
from facet.catalogue.words import fold
from facet.colour import delta_e_2000, lab_from_hex, lab_from_srgb
from facet.domain.errors import ProductNotFoundError
from facet.domain.search import Found, Hit, Near, Query

NAME, BRAND, INGREDIENT, PREFIX = 3.0, 2.0, 1.0, 0.5
SHORT_NAME = 0.1  # divided by the number of words in the name: decides between equals
EVERY_WORD = 512.0  # more than a whole text can score: more words first
MOST_WORDS = 8
_ID_BITS = 31
_LAST = "\U0010ffff"  # after every letter
_GREATEST_S_L = 1.75  # CIEDE2000 divides a difference in L* by S_L, 1.747 at the most
_LOOK_FIRST = 1024  # colours

Scores = NDArray[np.float32]


class Index:
    """Finds products of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def search(self, query: Query) -> Found:
        """The best `query.limit` products after `query.offset` better ones, and how many there are.

        The same query has the same answer.

        Raises ProductNotFoundError where `near` names no product of the catalogue.
        """
        scores, allowed = self._texts(query.text), self._filter(query)
        if scores is not None:
            matched = scores > 0
            allowed = matched if allowed is None else allowed & matched
        if query.near is not None:
            return self._nearest(query.near, allowed, query.offset, query.limit)
        rows = np.arange(len(self.catalogue)) if allowed is None else np.flatnonzero(allowed)
        if scores is None:
            # Nothing to rank by but the concern: best evidence first, gentler first among equals.
            grade = self.catalogue.grade(query.concern)[rows] if query.concern else 0
            ranked = (8 + 4 * grade - self.catalogue.irritancy[rows]).astype(np.float32)
        else:
            ranked = scores[rows]
            all_words = ranked >= EVERY_WORD * len(_asked(query.text))
            if all_words.any():
                rows, ranked = rows[all_words], ranked[all_words]
        best = self._first(_descending(ranked), rows, query.offset + query.limit)
        return Found(
            hits=tuple(
                Hit(
                    product_id=self.catalogue.ids[int(rows[n])],
                    score=None if scores is None else round(float(ranked[n] % EVERY_WORD), 3),
                )
                for n in best[query.offset :]
            ),
            total=len(rows),
        )

    # --- ordering ------------------------------------------------------------------------------

    def _first(self, costs: NDArray[np.int64], rows: Numbers, limit: int) -> NDArray[np.intp]:
        """Where in `rows` the least costs are, by product id among equals."""
        keys = (costs << _ID_BITS) | self._rank[rows]
        if len(keys) > limit:
            least = np.argpartition(keys, limit)[:limit]
            return np.asarray(least[np.argsort(keys[least])])
        return np.argsort(keys)

    @cached_property
    def _rank(self) -> Numbers:
        """(n,) the place of each product among the ids in order."""
        rank = np.empty(len(self.catalogue), dtype=np.int32)
        rank[self.catalogue.by_id] = np.arange(len(rank), dtype=np.int32)
        return rank

    # --- words ---------------------------------------------------------------------------------

    def _texts(self, text: str) -> Scores | None:
        """(n,) relevance, EVERY_WORD for each word found; None where there is no word."""
        words = _asked(text)
        if not words:
            return None
        total = np.zeros(len(self.catalogue), dtype=np.float32)
        for word in words:
            best = self._word(word, prefix=word == words[-1])
            count = int(np.count_nonzero(best))
            rarity = np.float32(np.log(1 + len(total) / (1 + count)))
            total += best * rarity
            total[best > 0] += np.float32(EVERY_WORD)
        total += np.where(total > 0, SHORT_NAME / self._name_words, 0).astype(np.float32)
        return total

    def _word(self, word: str, prefix: bool) -> Scores:
        """(n,) what one word counts for each product."""
        best = np.zeros(len(self.catalogue), dtype=np.float32)
        vocabulary = self.catalogue.ingredients.words
        if prefix and len(word) > 1:  # every label holds something that begins with an "a"
            some = {i for w in _starting(vocabulary, word) for i in self._named(w)}
            best[self._holding(some)] = INGREDIENT * PREFIX
        best[self._holding(self._named(word))] = INGREDIENT
        brands = np.zeros(len(self.catalogue.brands) + 1, dtype=np.float32)  # -1, none, is the last
        if prefix:
            for brand_word in _starting(self._brand_words, word):
                brands[self._brands_with[brand_word]] = BRAND * PREFIX
        brands[self._brands_with.get(word, [])] = BRAND
        if brands.any():
            np.maximum(best, brands[self.catalogue.brand], out=best)
        if prefix:
            rows = self._rows_of_words(*_range(self._vocabulary, word))
            best[rows] = np.maximum(best[rows], np.float32(NAME * PREFIX))
        best[self._rows_of_word(word)] = NAME
        return best

    def _named(self, word: str) -> set[int]:
        """Numbers of the ingredients with this word in a name."""
        ingredients = self.catalogue.ingredients
        return {ingredients.number[row.id] for _, row in ingredients.named_with(word)}

    def _rows_of_word(self, word: str) -> Numbers:
        at = bisect_left(self._vocabulary, word)
        exact = at < len(self._vocabulary) and self._vocabulary[at] == word
        return self._rows_of_words(at, at + exact)

    def _rows_of_words(self, first: int, end: int) -> Numbers:
        rows, ends = self._columns["word_rows"], self._columns["word_ends"]
        return _slice(rows, ends, first, end)

    @cached_property
    def _columns(self) -> Mapping[str, Any]:
        carried = self.catalogue.content.get("index")
        return carried if carried is not None else index_columns(self.catalogue)

    @property
    def _vocabulary(self) -> Sequence[str]:
        words: Sequence[str] = self._columns["words"]
        return words

    @cached_property
    def _spoken(self) -> Spoken:
        return Spoken(self.catalogue, self._vocabulary, self._rows_of_word)

    @property
    def _name_words(self) -> Numbers:
        count: Numbers = self._columns["name_words"]
        return count

    @cached_property
    def _brands_with(self) -> dict[str, list[int]]:
        numbers: dict[str, list[int]] = {}
        for number, brand in enumerate(self.catalogue.brands):
            for word in set(fold(brand)):
                numbers.setdefault(word, []).append(number)
        return numbers

    @cached_property
    def _brand_words(self) -> list[str]:
        return sorted(self._brands_with)

    # --- filters -------------------------------------------------------------------------------

    def _filter(self, query: Query) -> Mask | None:
        """(n,) what may be found; None where all may."""
        columns = self.catalogue
        masks: list[Mask] = []
        if query.categories:
            chosen = np.array([name in query.categories for name in columns.categories])
            masks.append(chosen[columns.category])
        if query.concern:
            masks.append(columns.grade(query.concern) > 0)
        if query.skin_type:
            masks.append((columns.skin & (1 << SKIN_TYPES.index(query.skin_type))) > 0)
        if query.price_bands:
            bands = [name in query.price_bands for name in PRICE_BANDS]
            masks.append(np.array([*bands, False])[columns.price])  # -1, unknown, is the last
        for name in query.holds:
            row = columns.ingredients.find(name)
            number = set() if row is None else {columns.ingredients.number[row.id]}
            masks.append(self._holding(number))
        person = Person.of_query(query, columns.ingredients)
        if person.needs_labels:
            masks += self._suitable(person)
        if not masks:
            return None
        allowed = masks[0]
        for mask in masks[1:]:
            allowed = allowed & mask
        return allowed

    def _suitable(self, person: Person) -> list[Mask]:
        """What this person may use, and whose name and brand speak of nothing avoided."""
        number = self.catalogue.ingredients.number

        def holding(ids: Iterable[str]) -> Mask:
            return self._holding({number[id_] for id_ in ids})

        avoided = person.avoided
        masks = [suitable_rows(self.catalogue, person, holding)]
        for phrase in (*avoided.words, *map(" ".join, map(fold, avoided.foreign))):
            named = np.ones(len(self.catalogue), dtype=bool)
            for word in phrase.split():
                brands = np.zeros(len(self.catalogue.brands) + 1, dtype=bool)
                brands[self._brands_with.get(word, [])] = True
                named &= self._mask(self._rows_of_word(word)) | brands[self.catalogue.brand]
            masks.append(~named)
        masks += [~self._mask(self._spoken.rows(patterns)) for patterns in avoided.patterns]
        return masks

    def _mask(self, rows: Numbers) -> Mask:
        mask = np.zeros(len(self.catalogue), dtype=bool)
        mask[rows] = True
        return mask

    def _holding(self, ingredients: Iterable[int]) -> Mask:
        """(n,) products that hold any of these ingredients."""
        rows, ends = self._columns["holder_rows"], self._columns["holder_ends"]
        mask = np.zeros(len(self.catalogue), dtype=bool)
        for number in ingredients:
            mask[_slice(rows, ends, number, number + 1)] = True
        return mask

    # --- neighbours ----------------------------------------------------------------------------

    def _nearest(self, near: Near, allowed: Mask | None, offset: int, limit: int) -> Found:
        placed = self._placed(near)
        rows: Numbers = np.flatnonzero(placed if allowed is None else placed & allowed)
        total = len(rows)
        if near.shade:
            rows, distances = self._colours(near.shade, rows, offset + limit)
        elif near.concerns:
            distances = self._concerns(near.concerns)[rows]
        else:
            distances = np.maximum(0, 1 - self._alike(self._point(near))[rows])
        best = self._first(_ascending(distances), rows, offset + limit)[offset:]
        return Found(
            hits=tuple(
                Hit(product_id=self.catalogue.ids[int(rows[n])], distance=float(distances[n]))
                for n in best
            ),
            total=total,
        )

    def _placed(self, near: Near) -> Mask:
        """(n,) what has a place in the space; a product is not near itself."""
        if near.shade:
            return np.asarray(self.catalogue.shade >= 0)
        placed: Mask = np.ones(len(self.catalogue), dtype=bool)
        if not near.concerns:
            placed = self._columns["norm"] > 0
        if near.product_id and (own := self.catalogue.row(near.product_id)) is not None:
            placed[own] = False
        return placed

    def _point(self, near: Near) -> set[int]:
        """Numbers of the ingredients to be near to."""
        ingredients = self.catalogue.ingredients
        if near.product_id is None:
            named = (ingredients.find(name) for name in near.ingredients)
            return {ingredients.number[row.id] for row in named if row}
        row = self.catalogue.row(near.product_id)
        if row is None:
            raise ProductNotFoundError
        return set(self.catalogue.inci_of(row).tolist())

    def _concerns(self, weights: Mapping[Any, float]) -> Scores:
        """(n,) from what is wanted to the grades 0..3 as thirds; only where something is wanted
        does it count."""
        values, of_row = self._helps
        square = np.zeros(len(values))
        for goal, weight in weights.items():
            grade = (values >> (2 * GOALS.index(goal))) & 3
            square += (weight - grade / 3) ** 2
        return np.sqrt(square).astype(np.float32)[of_row]

    @cached_property
    def _helps(self) -> tuple[Numbers, Numbers]:
        # Products differ far more than what they help with: few distances to compute.
        values, of_row = np.unique(self.catalogue.helps, return_inverse=True)
        return values, smallest(of_row)

    def _alike(self, numbers: set[int]) -> Scores:
        """(n,) cosine between labels, each ingredient as long as it is rare."""
        rows, ends = self._columns["holder_rows"], self._columns["holder_ends"]
        rarity = _rarity(ends, len(self.catalogue)) ** 2
        shared = np.zeros(len(self.catalogue), dtype=np.float32)
        for number in sorted(numbers):
            shared[_slice(rows, ends, number, number + 1)] += rarity[number]
        own = float(np.sqrt(sum(float(rarity[number]) for number in numbers)))
        norm: Scores = self._columns["norm"]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(norm > 0, shared / (norm * np.float32(own or 1)), 0).astype(np.float32)

    def _colours(self, shade: str, rows: Numbers, limit: int) -> tuple[Numbers, Scores]:
        """Of these rows the `limit` nearest and perhaps more, and how far they are.

        CIEDE2000 is at least the difference in L* divided by S_L, so once `limit` are found within
        some distance, only colours about as light as wanted can be nearer.
        """
        target = lab_from_hex(shade)
        palette, of_row = self._palette
        count = np.bincount(of_row[rows], minlength=len(palette))
        there = np.flatnonzero(count)  # in the order of L*

        def lightness(at_least: float, at_most: float) -> NDArray[np.intp]:
            first, end = np.searchsorted(palette[there, 0], (at_least, at_most + 1e-9))
            return there[first:end]

        some = there
        if len(there) > _LOOK_FIRST:
            middle = int(np.searchsorted(palette[there, 0], target[0]))
            first = max(0, min(middle - _LOOK_FIRST // 2, len(there) - _LOOK_FIRST))
            some = there[first : first + _LOOK_FIRST]
            distances = delta_e_2000(target, palette[some])
            order = np.argsort(distances)
            enough = int(np.searchsorted(np.cumsum(count[some][order]), limit))
            if enough < len(some):
                reach = _GREATEST_S_L * float(distances[order[enough]]) + 1e-6
                some = lightness(target[0] - reach, target[0] + reach)
            else:
                some = there
        far = np.full(len(palette), np.inf, dtype=np.float32)
        far[some] = delta_e_2000(target, palette[some])
        distance = far[of_row[rows]]
        near = np.isfinite(distance)
        return rows[near], distance[near]

    @cached_property
    def _palette(self) -> tuple[NDArray[np.float64], Numbers]:
        """(m, 3) CIELAB of every shade there is by L*, and (n,) which of them each product has."""
        values, of_row = np.unique(self.catalogue.shade, return_inverse=True)
        colours = np.maximum(values, 0).astype(np.int64)
        rgb = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1)
        lab = np.asarray(lab_from_srgb(rgb.astype(np.uint8)), dtype=float)
        order = np.argsort(lab[:, 0], kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        return lab[order], smallest(place[of_row])


# --- what a snapshot carries -----------------------------------------------------------------


def index_columns(catalogue: Catalogue) -> dict[str, Any]:
    """The part of a large snapshot that makes it searchable without reading every name again.

    words: every word of a name, in order; word_rows, word_ends: the rows of each, end to end, and
    where each one's end; name_words: (n,) words of each name, 1 at the least; holder_rows,
    holder_ends: the same for the ingredients; norm: (n,) length of each label's vector, 0 without.
    """
    numbers: dict[str, int] = {}
    of_word: list[int] = []
    rows: list[int] = []
    counts = np.ones(len(catalogue), dtype=np.int16)
    for row, name in enumerate(catalogue.names):
        words = fold(name)
        counts[row] = max(1, len(words))
        for word in set(words):
            of_word.append(numbers.setdefault(word, len(numbers)))
            rows.append(row)
    words = sorted(numbers)
    place = np.empty(len(words), dtype=np.int64)
    place[[numbers[word] for word in words]] = np.arange(len(words))
    places = place[np.asarray(of_word, dtype=np.int64)]
    word_rows, word_ends = _postings(places, np.asarray(rows, dtype=np.int32), len(words))
    lengths = np.diff(catalogue.inci_end, prepend=0)
    owners = np.repeat(np.arange(len(catalogue), dtype=np.int32), lengths)
    ingredient_count = len(catalogue.ingredients.all)
    holder_rows, holder_ends = _postings(catalogue.inci, owners, ingredient_count)
    square = (_rarity(holder_ends, len(catalogue)) ** 2)[catalogue.inci]
    return {
        "words": Texts.of(words),
        "word_rows": word_rows,
        "word_ends": word_ends,
        "name_words": smallest(counts),
        "holder_rows": holder_rows,
        "holder_ends": holder_ends,
        "norm": np.sqrt(_reduced(np.add, square, catalogue.inci_end)).astype(np.float32),
    }


def _postings(
    places: NDArray[Any], rows: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int32], Numbers]:
    order = np.argsort(places, kind="stable")
    return rows[order], smallest(np.cumsum(np.bincount(places, minlength=count)))


def _rarity(ends: Numbers, products: int) -> Scores:
    return np.log(1 + products / (1 + np.diff(ends, prepend=0))).astype(np.float32)


def _reduced(ufunc: Any, values: NDArray[Any], ends: Numbers) -> NDArray[Any]:
    """`ufunc` over each row's values, 0 for a row without any."""
    out = np.zeros(len(ends), dtype=values.dtype)
    starts = np.concatenate(([0], ends[:-1].astype(np.int64)))
    some = starts < ends
    if some.any():
        # Empty rows take up no values, so leaving them out leaves the others' bounds as they are.
        out[some] = ufunc.reduceat(values, starts[some])
    return out


def _asked(text: str) -> list[str]:
    """The words of a query, once each, the last one last: that one may be the start of a word."""
    words = fold(text)[:MOST_WORDS]
    return list(dict.fromkeys(reversed(words)))[::-1]


def _slice(rows: Numbers, ends: Numbers, first: int, end: int) -> Numbers:
    """The rows of lists first..end-1, which lie one after the other."""
    if first >= end:
        return rows[:0]
    return rows[int(ends[first - 1]) if first else 0 : int(ends[end - 1])]


def _range(words: Sequence[str], start: str) -> tuple[int, int]:
    """Where the words that begin so are among words in order."""
    return bisect_left(words, start), bisect_left(words, start + _LAST)


def _starting(words: Sequence[str], start: str) -> Sequence[str]:
    first, end = _range(words, start)
    return words[first:end]


def _ascending(values: Scores) -> NDArray[np.int64]:
    """Integers in the order of these numbers, none below zero: their bits."""
    return values.view(np.int32).astype(np.int64)


def _descending(values: Scores) -> NDArray[np.int64]:
    return np.iinfo(np.int32).max - _ascending(values)
