"""Stages of a piece of work by their names, for whoever times them: tracing, where it is on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

type Timer = Callable[[str], AbstractContextManager[object]]


def _untimed(_name: str) -> AbstractContextManager[object]:
    return nullcontext()


_timer: Timer = _untimed


def time_by(timer: Timer | None) -> None:
    """Have `timer` enclose every stage from now on; None times none."""
    global _timer  # noqa: PLW0603 a process has one tracer
    _timer = timer or _untimed


def stage(name: str) -> AbstractContextManager[object]:
    """Encloses a stage. The name is a word of ours, never of whom the work is for."""
    return _timer(name)
