"""The local stack leaves nothing behind, however it ended."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.stack import LocalStack

pytestmark = pytest.mark.e2e


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[LocalStack]:
    stack = LocalStack(tmp_path / "stack")
    yield stack
    stack.stop()


def processes(folder: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "environ"])
        if str(folder) in str(process.info["environ"])
        or str(folder) in str(process.info["cmdline"])
    ]


def test_it_listens_on_loopback_only(alone: LocalStack) -> None:
    alone.start()

    assert alone.state is not None
    pid = alone.state.pid
    listening = [it for it in psutil.Process(pid).net_connections() if it.status == "LISTEN"]
    assert [it.laddr.ip for it in listening] == ["127.0.0.1"]


def test_stopping_it_leaves_nothing(alone: LocalStack) -> None:
    alone.start()
    assert processes(alone.home)

    alone.stop()
    alone.stop()  # twice does no harm

    assert not processes(alone.home)
    assert not alone.home.exists()


def test_what_a_crash_left_is_removed(alone: LocalStack) -> None:
    alone.start()
    assert alone.state is not None
    psutil.Process(alone.state.pid).kill()
    assert not alone.healthy()

    alone.stop()

    assert not processes(alone.home)
    assert not alone.home.exists()
