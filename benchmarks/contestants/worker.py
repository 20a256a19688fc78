"""How a contestant talks to benchmarks/measure.py; standard library only, for any environment.

It says {"version", "peak_mb"} once it is ready, then does its job for every line it is sent and
answers {"cpu_ms", "peak_mb", "output"}. It ends with its input.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

PROC = Path("/proc/self/status")


def peak_mb() -> float:
    """Highest resident memory of this process so far, MB (10^6 bytes)."""
    if PROC.exists():
        # Not ru_maxrss, which a child inherits from the process that forked it.
        line = next(row for row in PROC.read_text().splitlines() if row.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes, on macOS


def serve(
    version: str,
    job: Callable[[], dict[str, Any]],
    *,
    prepare: Callable[[], None] = lambda: None,
    excluded: Callable[[], float] = lambda: 0.0,
    out: TextIO = sys.stdout,
) -> None:
    """Answer until the input ends.

    `prepare` is not measured; `excluded` gives the CPU seconds so far that are not the job's own;
    `out` is for a job that prints.
    """

    def say(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=out, flush=True)

    say({"version": version, "peak_mb": peak_mb()})
    for _ in sys.stdin:
        prepare()
        begun = time.process_time() - excluded()
        output = job()
        cpu = time.process_time() - excluded() - begun
        say({"cpu_ms": cpu * 1e3, "peak_mb": peak_mb(), "output": output})
