"""CPU and memory of contestants that run in processes of their own, in turns, on one core."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / ".bench"
WARM_UP = 3
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VIPS_CONCURRENCY": "1",
    "UV_THREADPOOL_SIZE": "1",
}


def environment(**more: str) -> dict[str, str]:
    """This process's environment for a child that is timed: compiled modules, one thread."""
    # Where this is set, every import is compiled anew and takes twice as long.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return inherited | ONE_THREAD | more


@contextmanager
def one_core() -> Iterator[None]:
    """Children started inside share the last core this process may use (Linux; else any core)."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@dataclass
class Results:
    """What one contestant's rounds took."""

    version: str
    baseline_mb: float  # peak memory with everything imported and loaded, before the first job
    peak_mb: float = 0.0  # peak memory after the last job
    cpu_ms: list[float] = field(default_factory=list)  # user + system, one per round
    output: dict[str, Any] = field(default_factory=dict)  # what the job says of its outcome

    @property
    def median_ms(self) -> float:
        return median(self.cpu_ms)


class Worker:
    """A process that does one job a line: benchmarks/contestants/worker.py has the protocol."""

    def __init__(self, command: Sequence[str | Path], **env: str) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(**env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self._read()
        self.results = Results(ready["version"], ready["peak_mb"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin  # noqa: S101 - a pipe was asked for
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def run(self, *, keep: bool) -> None:
        assert self._process.stdin  # noqa: S101
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        answer = self._read()
        self.results.peak_mb = answer["peak_mb"]
        self.results.output = answer["output"]
        if keep:
            self.results.cpu_ms.append(answer["cpu_ms"])

    def _read(self) -> Any:
        assert self._process.stdout  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        return json.loads(line)


def compete(
    contestants: Mapping[str, Sequence[str | Path]], rounds: int, **env: str
) -> dict[str, Results]:
    """Every contestant does its job `rounds` times, in turns, so that noise falls on all alike."""
    with ExitStack() as stack:
        with one_core():
            workers = {
                name: stack.enter_context(Worker(command, **env))
                for name, command in contestants.items()
            }
        for turn in range(WARM_UP + rounds):
            for worker in workers.values():
                worker.run(keep=turn >= WARM_UP)
        return {name: worker.results for name, worker in workers.items()}
