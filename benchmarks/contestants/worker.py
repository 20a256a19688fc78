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
from typing import Any

PROC = Path("/proc/self/status")


def peak_mb() -> float:
    """Highest resident memory of this process so far, MB (10^6 bytes)."""
    if PROC.exists():
        # Not ru_maxrss, which a child inherits from the process that forked it.
        line = next(one for one in PROC.read_text().splitlines() if one.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes, on macOS


def serve(version: str, job: Callable[[], dict[str, Any]]) -> None:
    say({"version": version, "peak_mb": peak_mb()})
    for _ in sys.stdin:
        begun = time.process_time()
        output = job()
        say(
            {
                "cpu_ms": (time.process_time() - begun) * 1e3,
                "peak_mb": peak_mb(),
                "output": output,
            }
        )


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)
