"""A bound on what one job may compute, so that it ends by itself and takes no other with it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from facet.domain.errors import PermanentError


@contextmanager
def time_budget(seconds: float, code: str) -> Iterator[None]:
    """Raise PermanentError(code) in the block once it has used so many seconds of CPU.

    Of CPU, so that a busy machine ends nothing; a function's Timeout bounds what waits. By a signal
    to the process, so in the main thread alone, where Lambda runs a handler; in another thread
    nothing is bounded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise PermanentError(code)

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
