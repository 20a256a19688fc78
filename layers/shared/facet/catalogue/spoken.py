"""Products whose name or brand speaks of something, found by the words of all names at once."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facet.catalogue.catalogue import Catalogue, Numbers
from facet.catalogue.patterns import Patterns, folded, words_like


class Spoken:
    """Which products' names and brands patterns are in, kept: families are few."""

    def __init__(
        self,
        catalogue: Catalogue,
        vocabulary: Sequence[str],
        rows_of_word: Callable[[str], Numbers],
    ) -> None:
        self._catalogue = catalogue
        self._vocabulary = vocabulary  # every word of every name, in order
        self._rows_of_word = rows_of_word
        self._kept: dict[Patterns, NDArray[np.int64]] = {}

    def rows(self, patterns: Patterns) -> NDArray[np.int64]:
        """Rows of the products whose name or brand these patterns are in, in order."""
        if patterns not in self._kept:
            self._kept[patterns] = np.union1d(self._named(patterns), self._branded(patterns))
        return self._kept[patterns]

    def _named(self, patterns: Patterns) -> NDArray[np.int64]:
        words = set(words_like(patterns.keys, self._vocabulary, self._joined_words))
        near = np.unique(np.concatenate([np.zeros(0, np.int64), *map(self._rows_of_word, words)]))
        names = self._catalogue.names
        rows = [int(row) for row in near if patterns.are_in(folded(names[int(row)]))]
        return np.array(rows, dtype=np.int64)

    def _branded(self, patterns: Patterns) -> NDArray[np.int64]:
        numbers = [
            number
            for number, brand in enumerate(self._catalogue.brands)
            if patterns.are_in(folded(brand))
        ]
        return np.flatnonzero(np.isin(self._catalogue.brand, numbers))

    @cached_property
    def _joined_words(self) -> str:
        return "\n".join(("", *self._vocabulary, ""))
