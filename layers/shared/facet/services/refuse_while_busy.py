"""Back-pressure: nothing more is taken on while more waits than is worked off in time."""

from typing import Protocol

from facet.domain.errors import BusyError

RETRY_AFTER_SECONDS = 30


class Waiting(Protocol):
    """What fills: a queue tells its messages, a function's events the seconds that they wait."""

    def depth(self) -> int: ...


def refuse_while_busy(waiting: Waiting, most: int) -> None:
    """Raises BusyError where `waiting` is deeper than `most`."""
    if waiting.depth() > most:
        raise BusyError(RETRY_AFTER_SECONDS)
