"""Numpy works in one thread, however many cores there are."""

import subprocess
import sys
from pathlib import Path

import pytest

COUNT = """
import os
import facet.colour, numpy
numpy.ones((500, 500)) @ numpy.ones((500, 500))
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted by /proc")
def test_numpy_has_no_threads_of_its_own() -> None:
    environment = {"PATH": "/usr/bin:/bin"}
    counted = subprocess.run(  # noqa: S603
        [sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True, check=True
    )
    assert counted.stdout == "1\n"
