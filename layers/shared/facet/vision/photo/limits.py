"""What a file may ask of its decoder: limits.toml, and counting against it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any


class WalkError(ValueError):
    """A file asks for more than limits.toml allows, or is not built as its format is."""

    def __init__(self, code: str, measured: str) -> None:
        super().__init__(measured)
        self.code = code  # of a photo gate
        self.measured = measured  # words for the check


def broken(what: str) -> WalkError:
    """The error for a file whose parts cannot be followed."""
    return WalkError("corrupt_image", what)


@dataclass(slots=True)
class Tally:
    """Counts against the limits and ends the walk at the first that is passed."""

    counted: dict[str, float] = field(default_factory=dict)
    memory: int = 0  # bytes the decoder will hold at its peak; judged after the picture's size

    def add(self, name: str, amount: float = 1) -> None:
        """Count `amount` more of one limit. Raises WalkError above it."""
        self._judge(name, self.counted.get(name, 0) + amount)

    def peak(self, name: str, amount: float) -> None:
        """Count the largest amount. Raises WalkError above the limit."""
        self._judge(name, max(self.counted.get(name, 0), amount))

    def judge_memory(self) -> None:
        """Raises WalkError where decoding would hold too much."""
        self._judge("memory", self.memory)

    def _judge(self, name: str, amount: float) -> None:
        self.counted[name] = amount
        limit = _limits()[name]
        if amount > limit["most"]:
            raise WalkError(limit["code"], f"{name} above {limit['most']}")


@cache
def _limits() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("limits.toml").read_text(encoding="utf-8"))
