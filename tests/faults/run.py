"""`make faults`: every trial, over all cores, and a table of what was tried and what broke.

    python -m tests.faults [--jobs N] [--only FLOW ...] [--family NAME ...] [--every N]
    python -m tests.faults "garment | broken | api dynamodb.UpdateItem once#* 1"

The second form runs one trial again and tells what it called and raised.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.faults.account import opened
from tests.faults.families import FAMILIES
from tests.faults.flows import FLOWS
from tests.faults.known import Broken, written
from tests.faults.trials import Stage, Trial, drawn, sample

# Trials of one flow and family are cut into so many parts at most, for the cores to share.
PARTS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """One of so many parts of the trials of a family and a flow."""

    family: str
    flow: str
    number: int
    of: int
    every: int  # of the trials only each nth, in the order they are drawn; 0: what `make test` has
    counts: bool = False  # tell what would be tried, and try nothing


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a part."""

    part: Part
    tried: Sequence[Trial]
    broken: Sequence[Broken]
    notes: Sequence[str]
    seconds: float


_stage: list[Stage] = []
_open = ExitStack()


def stage() -> Stage:
    """This process' stage, set when it is first asked for."""
    if not _stage:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # metrics are printed
        _stage.append(Stage(_open.enter_context(opened())))
    return _stage[0]


def run_part(part: Part) -> Done:
    """Run one part."""
    began = time.process_time()
    family, flow = FAMILIES[part.family], FLOWS[part.flow]
    if part.every:
        listed = drawn(family, stage(), flow)[:: part.every]
    else:
        listed = sample(family, stage(), flow)
    tried = listed[part.number :: part.of]
    broken: list[Broken] = []
    for trial in () if part.counts else tried:
        try:
            broken += {(trial, what) for what in family.run(stage(), trial)}
        except Exception as error:  # of the test itself: the others are tried all the same
            broken.append((trial, f"the trial raised {error!r}"))
    notes = list(stage().notes)
    stage().notes.clear()
    return Done(part, tried, broken, notes, time.process_time() - began)


def run_all(parts: Sequence[Part], jobs: int) -> Iterator[Done]:
    """Run parts as they come, over so many processes."""
    if jobs == 1:
        yield from map(run_part, parts)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(run_part, parts)


def handler_of(trial: Trial) -> str:
    """The function in which a trial's fault falls."""
    return trial.call.partition(" ")[0] or "all"


def table(done: Sequence[Done]) -> Iterator[str]:
    """Trials, and what they broke, by handler and family."""
    tried = Counter((handler_of(t), each.part.family) for each in done for t in each.tried)
    broken = Counter((handler_of(t), each.part.family) for each in done for t, _ in each.broken)
    families = list(dict.fromkeys(each.part.family for each in done))
    handlers = sorted({handler for handler, _ in tried})
    width = max(map(len, [*families, "0000 / 000"])) + 2
    yield "handler".ljust(12) + "".join(name.rjust(width) for name in families)
    for handler in [*handlers, "sum"]:
        cells = []
        for family in families:
            of = [(h, family) for h in (handlers if handler == "sum" else [handler])]
            cells.append(f"{sum(tried[h] for h in of)} / {sum(broken[h] for h in of)}")
        yield handler.ljust(12) + "".join(cell.rjust(width) for cell in cells)
    yield "each: tried / violated invariants"


def again(text: str) -> int:
    """Run one trial and tell what happened."""
    trial = Trial.of(text)
    for family in FAMILIES.values():
        if trial in set(family.trials(stage(), FLOWS[trial.flow])):
            broken = family.run(stage(), trial)
            if ran := stage().last:
                told = [f"failed: {call}" for call in ran.seen.fired]
                told += [f"answered: {' '.join(map(str, each))}" for each in ran.seen.answers]
                told += [f"raised: {each}" for each in ran.seen.raised]
                print(*told, sep="\n", file=sys.stderr)
            print(*(f"broken: {what}" for what in broken), sep="\n", file=sys.stderr)
            return 1 if broken else 0
    print("there is no such trial", file=sys.stderr)
    return 2


def main() -> int:
    """Do what the command line says -> 0 where nothing is broken."""
    with _open:
        return _main()


def _main() -> int:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("trial", nargs="?", help="one trial, as it was printed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", nargs="*", default=list(FLOWS), choices=FLOWS, metavar="FLOW")
    parser.add_argument("--family", nargs="*", default=list(FAMILIES), choices=FAMILIES)
    parser.add_argument("--every", type=int, default=1, help="only each nth trial, always the same")
    parser.add_argument("--sample", action="store_true", help="what `make test` draws")
    parser.add_argument("--count", action="store_true", help="say how many, and try nothing")
    parser.add_argument("--list", action="store_true", help="print what broke as known.toml has it")
    told = parser.parse_args()
    if told.trial:
        return again(told.trial)
    of = 1 if told.sample or told.count else PARTS
    every = 0 if told.sample else told.every
    parts = [
        Part(family, flow, number, of, every, told.count)
        for flow in told.only
        for number in range(of)
        for family in told.family
    ]
    began = time.monotonic()
    done: list[Done] = []
    for each in run_all(parts, told.jobs):
        done.append(each)
        for trial, what in each.broken:
            print(f"{trial} -> {what}", file=sys.stderr, flush=True)
    broken = [found for each in done for found in each.broken]
    print(*sorted(note for each in done for note in each.notes), sep="\n", file=sys.stderr)
    print(*table(done), sep="\n", file=sys.stderr)
    cpu = sum(each.seconds for each in done)
    print(f"{time.monotonic() - began:.0f} s, {cpu:.0f} s of CPU", file=sys.stderr)
    if told.list:
        print(written(broken), file=sys.stderr)
    return 1 if broken else 0
