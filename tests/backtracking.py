"""A counter for regular expressions: how many steps Python's matcher takes on a text, at most.

`re` counts nothing and time is no proof, so this walks the tree that `re` itself parses, by the
rules of backtracking, and counts each node that it tries. Python's own matcher skips some of them
(it looks for a literal prefix, for one), so this is an upper bound; tests/unit/test_patterns.py
holds that both find the same.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import groupby
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from typing import Any, Literal

type Go = Callable[[int], int | None]  # what follows: position -> where it ends, or None
type How = Literal["search", "match", "fullmatch"]
type Node = Callable[[int, Go], int | None]
# Of a character each: what a class holds is found by asking it.
ALPHABET = tuple("0٣azZéß成 \t\n\x01\x02\ufffd,;.:!?|/\\-–+*†‡§#%％&'’\"()[]{}<>=_@$²¹•±n°wv")
SINGLE = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN}
REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}


class TooManyStepsError(Exception):
    """The budget is used up."""


class Counter:
    """One pattern, walked by hand.

    how: whether it is searched for all over a text, or held against its start, or the whole.
    """

    def __init__(self, pattern: re.Pattern[str], how: How = "search") -> None:
        self.pattern = pattern
        self.how = how
        self._tree = _parser.parse(pattern.pattern, pattern.flags)
        self._text, self._steps, self._budget = "", 0, 0
        self._run = self._sequence(list(self._tree))

    def steps(self, text: str, budget: int = 50_000_000) -> int:
        """Steps that it takes to find every match in a text, one after the other."""
        for _ in self.matches(text, budget):
            pass
        return self._steps

    def matches(self, text: str, budget: int = 50_000_000) -> Iterator[tuple[int, int]]:
        """(start, end) of every match, as `finditer` gives them. Raises TooManyStepsError."""
        self._text, self._steps, self._budget = text, 0, budget
        start, not_empty_at = 0, -1
        while start <= len(text):
            end = self._run(start, self._end(start if start == not_empty_at else -1))
            if self.how != "search":
                if end is not None:
                    yield start, end
                return
            if end is None:
                start += 1
            else:
                yield start, end
                start = not_empty_at = end

    def _end(self, barred: int) -> Go:
        if self.how == "fullmatch":
            return lambda at: at if at == len(self._text) else None
        return lambda at: None if at == barred else at

    def _step(self, times: int = 1) -> None:
        self._steps += times
        if self._steps > self._budget:
            raise TooManyStepsError

    # -- nodes -----------------------------------------------------------------------------------

    def _sequence(self, items: Sequence[Any]) -> Node:
        nodes: list[Node] = []
        for single, group in groupby(items, lambda item: item[0] in SINGLE):
            if single:
                nodes.append(self._characters([self._holds(*item) for item in group]))
            else:
                nodes.extend(self._node(*item) for item in group)
        return _chained(nodes)

    def _node(self, op: Any, value: Any) -> Node:
        """What a node of the tree does. Raises NotImplementedError for one nobody uses yet."""
        if op in REPEATS:
            low, high, body = value
            if len(body) == 1 and body[0][0] in SINGLE:
                return self._run_of(op, low, high, self._holds(*body[0]))
            return self._repeat(op, low, high, self._sequence(list(body)))
        return self._grouping(op, value)

    def _grouping(self, op: Any, value: Any) -> Node:
        if op is _constants.SUBPATTERN:
            return self._sequence(list(value[3]))
        if op is _constants.BRANCH:
            return self._branch([list(branch) for branch in value[1]])
        if op in (_constants.ASSERT, _constants.ASSERT_NOT):
            direction, body = value
            back = body.getwidth()[0] if direction < 0 else 0
            return self._look(self._sequence(list(body)), back, wanted=op is _constants.ASSERT)
        if op is _constants.ATOMIC_GROUP:
            return self._atomic(self._sequence(list(value)))
        if op is _constants.AT:
            return self._anchor(value)
        raise NotImplementedError(op)

    def _holds(self, op: Any, value: Any) -> Callable[[str], bool]:
        tree = _parser.SubPattern(self._tree.state, [(op, value)])
        one = _compiler.compile(tree, self.pattern.flags)
        return cache(lambda letter: one.match(letter) is not None)

    def _characters(self, holds: Sequence[Callable[[str], bool]]) -> Node:
        def run(at: int, go: Go) -> int | None:
            for tried, one in enumerate(holds, start=1):
                if at == len(self._text) or not one(self._text[at]):
                    self._step(tried)
                    return None
                at += 1
            self._step(len(holds))
            return go(at)

        return run

    def _run_of(self, op: Any, low: int, high: int, holds: Callable[[str], bool]) -> Node:
        def run(at: int, go: Go) -> int | None:
            most = min(len(self._text), at + int(high))
            end = at
            if op is _constants.MIN_REPEAT:
                while end < most or end - at >= low:
                    if end - at >= low and (found := go(end)) is not None:
                        return found
                    self._step()
                    if end >= most or not holds(self._text[end]):
                        return None
                    end += 1
                return None
            while end < most and holds(self._text[end]):
                end += 1
            self._step(1 + end - at)
            if op is _constants.POSSESSIVE_REPEAT:
                return go(end) if end - at >= low else None
            while end - at >= low:
                self._step()
                if (found := go(end)) is not None:
                    return found
                end -= 1
            return None

        return run

    def _repeat(self, op: Any, low: int, high: int, body: Node) -> Node:
        def again(at: int, times: int, go: Go) -> int | None:
            self._step()

            def more() -> int | None:
                # What matched nothing is not tried again, or it would never end.
                return body(
                    at,
                    lambda end: None if end == at and times >= low else again(end, times + 1, go),
                )

            if times < low:
                return more()
            if op is _constants.MIN_REPEAT:
                found = go(at)
                return more() if found is None and times < high else found
            found = more() if times < high else None
            return go(at) if found is None else found

        def run(at: int, go: Go) -> int | None:
            if op is not _constants.POSSESSIVE_REPEAT:
                return again(at, 0, go)
            end = again(at, 0, lambda end: end)
            return None if end is None else go(end)

        return run

    def _branch(self, branches: Sequence[Sequence[Any]]) -> Node:
        nodes = [self._sequence(branch) for branch in branches]
        firsts = [
            self._holds(*branch[0]) if branch and branch[0][0] in SINGLE else None
            for branch in branches
        ]

        @cache
        def fitting(letter: str) -> tuple[Node, ...]:
            """Those that may begin so: the others were tried, at a step each."""
            return tuple(
                node
                for node, first in zip(nodes, firsts, strict=True)
                if first is None or (letter and first(letter))
            )

        def run(at: int, go: Go) -> int | None:
            for _ in nodes:
                self._step()
            for node in fitting(self._text[at : at + 1]):
                if (found := node(at, go)) is not None:
                    return found
            return None

        return run

    def _look(self, body: Node, back: int, *, wanted: bool) -> Node:
        def run(at: int, go: Go) -> int | None:
            self._step()
            seen = at >= back and body(at - back, lambda end: end) is not None
            return go(at) if seen is wanted else None

        return run

    def _atomic(self, body: Node) -> Node:
        def run(at: int, go: Go) -> int | None:
            end = body(at, lambda end: end)
            return None if end is None else go(end)

        return run

    def _anchor(self, where: Any) -> Node:
        def word(at: int) -> bool:
            letter = self._text[at] if 0 <= at < len(self._text) else ""
            return letter.isalnum() or letter == "_"

        holds: dict[Any, Callable[[int], bool]] = {
            _constants.AT_BEGINNING: lambda at: (
                at == 0 or (self._lines and self._text[at - 1] == "\n")
            ),
            _constants.AT_BEGINNING_STRING: lambda at: at == 0,
            _constants.AT_BOUNDARY: lambda at: word(at - 1) is not word(at),
            _constants.AT_NON_BOUNDARY: lambda at: word(at - 1) is word(at),
            _constants.AT_END: lambda at: (
                self._text[at:] in ("", "\n") or (self._lines and self._text[at] == "\n")
            ),
            _constants.AT_END_STRING: lambda at: at == len(self._text),
        }
        fits = holds[where]

        def run(at: int, go: Go) -> int | None:
            self._step()
            return go(at) if fits(at) else None

        return run

    @property
    def _lines(self) -> bool:
        return bool(self.pattern.flags & re.MULTILINE)

    # -- hostile texts ---------------------------------------------------------------------------

    def words(self) -> tuple[str, ...]:
        """Literal words of the pattern and letters of each class: what it looks for."""
        return tuple(dict.fromkeys(self._words(list(self._tree))))

    def _words(self, items: Sequence[Any]) -> Iterator[str]:
        for literal, group in groupby(items, lambda item: item[0] is _constants.LITERAL):
            if literal:
                yield "".join(chr(value) for _, value in group)
                continue
            for op, value in group:
                if op in SINGLE:
                    yield from filter(self._holds(op, value), ALPHABET)
                for body in _bodies(value):
                    yield from self._words(list(body))


def _chained(nodes: Sequence[Node]) -> Node:
    """One after the other."""
    if not nodes:
        return lambda at, go: go(at)
    first, *others = nodes
    if not others:
        return first
    rest = _chained(others)
    return lambda at, go: first(at, lambda at: rest(at, go))


def _bodies(value: Any) -> Iterator[Any]:
    """The trees within the value of a node."""
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _bodies(part)
