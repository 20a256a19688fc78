"""Names with a letter wrong: what a label that was typed or scanned badly must have meant."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

ONE_FROM, TWO_FROM = 8, 14  # letters from which one and two wrong ones are forgiven


class Spelling:
    """The nearest of many names, by letters added, lost or swapped.

    A wrong letter leaves the first half or the last half of a name right, two leave a third of it
    right, so only names that begin or end alike are compared. Two errors that leave only the middle
    right are not forgiven, nor is a wrong digit: PEG-8 is not PEG-9.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(names)  # fast where they come in order
        self._reversed = sorted(name[::-1] for name in self._names)

    def nearest(self, word: str) -> str | None:
        """The one name that is nearest to a word; None where none is near, or several are."""
        allowed = (len(word) >= ONE_FROM) + (len(word) >= TWO_FROM)
        for most in range(1, allowed + 1):
            part = len(word) // (most + 1)
            near = {
                name for name in _beginning(self._names, word[:part]) if _is_near(word, name, most)
            }
            backwards = word[::-1]
            near |= {
                name[::-1]
                for name in _beginning(self._reversed, backwards[:part])
                if _is_near(backwards, name, most)
            }
            if near:
                return near.pop() if len(near) == 1 else None
        return None


def _beginning(names: Sequence[str], start: str) -> Sequence[str]:
    return names[bisect_left(names, start) : bisect_left(names, start + "\x7f")]


def _is_near(word: str, name: str, most: int) -> bool:
    if abs(len(word) - len(name)) > most or not within(word, name, most):
        return False
    return _digits(word) == _digits(name)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def within(word: str, other: str, errors: int) -> bool:
    """Whether two words are at most so many letters apart: one added, left out, changed, or two
    side by side swapped."""
    same = 0
    shorter = min(len(word), len(other))
    while same < shorter and word[same] == other[same]:
        same += 1
    word, other = word[same:], other[same:]
    if not word or not other:
        return len(word) + len(other) <= errors
    if not errors:
        return False
    swapped = word[:2] == other[1::-1] and len(other) > 1
    return (
        within(word[1:], other[1:], errors - 1)
        or within(word[1:], other, errors - 1)
        or within(word, other[1:], errors - 1)
        or (swapped and within(word[2:], other[2:], errors - 1))
    )
