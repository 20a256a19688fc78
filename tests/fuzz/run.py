"""Sends seeded mutants of photos through all that reads photos, and prints what became of them.

    make fuzz [COUNT=20000] [MINUTES=240] [SEED=words] [ONLY=number] [KEEP=file]

Mutants run in two processes, on two cores; each that dies or is killed is started anew. A mutant
fails where a stage ends without an answer and without a code, takes more than 5 seconds of CPU or
more than 700 MB. ONLY makes one mutant again by its number, KEEP writes it to a file; nothing else
is written. Exit status 1 where one failed.
"""

import argparse
import itertools
import json
import math
import os
import queue
import struct
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.fuzz.mutants import Mutant, mutant
from tests.fuzz.seeds import Seed, seeds
from tests.fuzz.stages import STAGES

ROOT = Path(__file__).parents[2]
CPU = 5.0  # seconds a stage may take
MEMORY = 700.0  # MB, of the process, with models and libraries
PATIENCE = 600  # seconds of wall after which a mutant is killed that no CPU limit reaches
PROCESSES = 2


@dataclass(frozen=True)
class Ending:
    """What became of one mutant in one stage."""

    mutant: Mutant
    stage: str
    outcome: str
    cpu: float  # s
    memory: float  # MB
    trace: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is neither an answer nor a coded refusal within the limits."""
        return self.outcome.startswith("uncoded") or self.cpu > CPU or self.memory > MEMORY


class Stages:
    """The process that does the work."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tests.fuzz.stages", str(CPU)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if self._line() != "ready":
            raise RuntimeError("the stages do not start: run python -m tests.fuzz.stages 5")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, mutant: Mutant) -> list[Ending] | None:
        """What became of it, None where the process died: then `died_in` says in which stage."""
        assert self._process.stdin
        self.died_in = STAGES[0]
        alarm = threading.Timer(PATIENCE, self._process.kill)
        alarm.start()
        try:
            self._process.stdin.write(struct.pack(">I", len(mutant.data)) + mutant.data)
            self._process.stdin.flush()
            while line := self._line():
                if line.startswith("{"):
                    told = json.loads(line)
                    return [Ending(mutant, name, *told[name]) for name in STAGES]
                self.died_in = line
        except BrokenPipeError:
            pass
        finally:
            alarm.cancel()
        return None

    def killed_by(self) -> int:
        """The signal that ended it."""
        return -self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().decode().strip()


def endings(mutants: Iterable[Mutant], processes: int = PROCESSES) -> Iterator[list[Ending]]:
    """Every mutant through every stage, as they come back."""
    waiting = iter(mutants)
    lock = threading.Lock()
    done: queue.Queue[list[Ending] | BaseException | None] = queue.Queue()

    def work() -> None:
        stages = Stages()
        try:
            while True:
                with lock:
                    one = next(waiting, None)
                if one is None:
                    return
                told = stages.run(one)
                if told is None:
                    outcome = f"uncoded: killed by signal {stages.killed_by()}"
                    told = [Ending(one, stages.died_in, outcome, 0, 0)]
                    stages.__exit__()
                    stages = Stages()
                done.put(told)
        except BaseException as error:  # told to whoever waits
            done.put(error)
        finally:
            stages.__exit__()
            done.put(None)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(processes)]
    for worker in workers:
        worker.start()
    left = processes
    while left:
        told = done.get()
        if told is None:
            left -= 1
        elif isinstance(told, BaseException):
            raise told
        else:
            yield told


@dataclass
class Report:
    """Counts over all endings."""

    counts: dict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    slowest: dict[tuple[str, str], Ending] = field(default_factory=dict)
    largest: dict[tuple[str, str], Ending] = field(default_factory=dict)
    failed: list[Ending] = field(default_factory=list)
    mutants: int = 0

    def add(self, told: Sequence[Ending]) -> None:
        """Count one mutant."""
        self.mutants += 1
        for ending in told:
            place = ending.mutant.format, ending.stage
            self.counts[place][ending.outcome] += 1
            self.slowest[place] = max(self.slowest.get(place, ending), ending, key=lambda e: e.cpu)
            self.largest[place] = max(
                self.largest.get(place, ending), ending, key=lambda e: e.memory
            )
            if ending.failed:
                self.failed.append(ending)

    def lines(self, seed: str) -> Iterator[str]:
        """The table, the extremes and what failed."""
        yield f"{'':18}{'mutants':>8}{'answers':>9}{'s':>8}{'MB':>6}  refused"
        for (kind, stage), counts in sorted(
            self.counts.items(), key=lambda row: (row[0][0], STAGES.index(row[0][1]))
        ):
            codes = ", ".join(f"{c} {n}" for c, n in counts.most_common() if c != "answer")
            cpu = self.slowest[kind, stage].cpu
            memory = self.largest[kind, stage].memory
            yield (
                f"{kind + ' ' + stage:18}{counts.total():8}{counts['answer']:9}"
                f"{cpu:8.2f}{memory:6.0f}  {codes}"
            )
        slowest = max(self.slowest.values(), key=lambda ending: ending.cpu)
        largest = max(self.largest.values(), key=lambda ending: ending.memory)
        yield f"slowest: {slowest.cpu:.2f} s, {slowest.stage} of {_named(slowest.mutant)}"
        yield f"largest: {largest.memory:.0f} MB, {largest.stage} of {_named(largest.mutant)}"
        yield f"{self.mutants} mutants of seed {seed}, {len(self.failed)} endings failed"
        for ending in self.failed[:50]:
            yield from _failure(seed, ending)


def _failure(seed: str, ending: Ending) -> Iterator[str]:
    yield (
        f"FAILED {ending.stage} of {_named(ending.mutant)}: {ending.outcome}, "
        f"{ending.cpu:.2f} s, {ending.memory:.0f} MB"
    )
    yield f"    make fuzz SEED={seed} ONLY={ending.mutant.number}"
    if ending.trace:
        yield ending.trace


def _named(one: Mutant) -> str:
    return f"number {one.number} ({one.made}; {len(one.data)} bytes)"


def fuzz(
    seed: str,
    numbers: Iterable[int],
    files: Sequence[Seed],
    *,
    processes: int,
    minutes: float = math.inf,
) -> Report:
    """Run these mutants, for so many minutes; progress and failures go to standard error."""
    report, end = Report(), time.monotonic() + 60 * minutes
    in_time = itertools.takewhile(lambda _: time.monotonic() < end, numbers)
    for told in endings((mutant(seed, number, files) for number in in_time), processes):
        report.add(told)
        for ending in told:
            if ending.failed:
                print("\n".join(_failure(seed, ending)), file=sys.stderr)
        if report.mutants % 500 == 0:
            print(f"{report.mutants} mutants, {len(report.failed)} failed", file=sys.stderr)
    return report


def main() -> int:
    """The command line."""
    ask = argparse.ArgumentParser(description="hostile photos through everything that reads photos")
    ask.add_argument("--seed", default="facet")
    ask.add_argument("--count", type=int, default=20_000)
    ask.add_argument("--minutes", type=float, default=240, help="then no more are begun")
    ask.add_argument("--only", type=int, help="one mutant, by its number")
    ask.add_argument("--keep", type=Path, help="where to write that one")
    told = ask.parse_args()
    files = seeds()
    numbers = range(told.count) if told.only is None else [told.only]
    print(f"{len(files)} seed files, {sum(len(file.data) for file in files)} bytes")
    if told.only is not None:
        one = mutant(told.seed, told.only, files)
        print(_named(one))
        if told.keep:
            told.keep.write_bytes(one.data)
    processes = min(PROCESSES, len(numbers))
    report = fuzz(told.seed, numbers, files, processes=processes, minutes=told.minutes)
    print("\n".join(report.lines(told.seed)))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
