"""A job that computes too long ends by itself."""

import threading
import time

import pytest

from facet.domain.errors import PermanentError
from facet.services.time_budget import time_budget

CODE = "advice_timed_out"


def _compute(seconds: float) -> None:
    """Use so much CPU."""
    began = time.process_time()
    while time.process_time() < began + seconds:
        sum(range(1000))


def test_what_takes_too_long_is_ended_with_its_code() -> None:
    with (
        pytest.raises(PermanentError, match=CODE),
        time_budget(0.01, CODE),
    ):
        _compute(60)


def test_what_comes_after_it_is_not_bounded() -> None:
    with time_budget(0.05, CODE):
        pass
    _compute(0.1)


def test_what_waits_is_not_bounded_by_it() -> None:
    with time_budget(0.05, CODE):
        time.sleep(0.2)


def test_another_thread_is_not_bounded() -> None:
    done: list[bool] = []

    def work() -> None:
        with time_budget(0.01, CODE):
            _compute(0.05)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
