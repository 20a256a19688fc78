"""A trial: one flow, in which one thing goes wrong at one place, or two do."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.faults.account import Account
from tests.faults.calls import Call
from tests.faults.flows import FLOWS, Flow, no_wish, nothing
from tests.faults.invariants import Verdict, judge
from tests.faults.world import Plan, Saved, Seen, World, world

SEED: Final = "facet 14"


@dataclass(frozen=True, slots=True, order=True)
class Trial:
    """What is tried. call: where; empty where it is at no one call."""

    flow: str
    fault: str
    call: str = ""

    def __str__(self) -> str:
        return " | ".join(part for part in (self.flow, self.fault, self.call) if part)

    @classmethod
    def of(cls, text: str) -> "Trial":
        """The trial that `str` wrote."""
        flow, fault, *call = text.split(" | ")
        return cls(flow, fault, *call)

    @property
    def drawn(self) -> str:
        """What trials are sorted by to draw some of them, always the same."""
        return hashlib.sha256(f"{SEED} {self}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: what it saw, what is broken, how long it took (minutes of the world's clock)."""

    seen: Seen
    verdict: Verdict
    minutes: float


def no_fault(_call: Call) -> None:
    """The plan in which everything works."""


class Stage:
    """Runs flows in one account; what a flow arranges is made once."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._arranged: dict[str, Saved] = {}
        self._calls: dict[str, tuple[Call, ...]] = {}

    def run(self, flow: Flow, plan: Plan, before: Callable[[World], None] = nothing) -> Ran:
        """Run a flow with these faults. before: what is done once all is arranged."""
        with world(self.account) as made:
            if flow.name not in self._arranged:
                flow.arrange(made)
                self._arranged[flow.name] = made.save()
                self.account.forget()
            made.restore(self._arranged[flow.name])
            before(made)
            began = made.now
            with made.faulty(plan):
                flow.act(made)
            minutes = (made.now - began).total_seconds() / 60
            made.settle()
            return Ran(made.seen, judge(made, flow), minutes)

    def calls(self, flow: Flow) -> tuple[Call, ...]:
        """The calls of AWS that a flow makes where nothing goes wrong.

        Raises AssertionError where something is broken all the same.
        """
        if flow.name not in self._calls:
            ran = self.run(flow, no_fault)
            assert ran.verdict == Verdict(), (flow.name, ran.verdict)
            self._calls[flow.name] = tuple(ran.seen.calls)
        return self._calls[flow.name]


@dataclass(frozen=True, slots=True)
class Family:
    """Trials of one sort. list: those of a flow; run: what one breaks."""

    name: str
    trials: Callable[[Stage, Flow], Iterator[Trial]]
    run: Callable[[Stage, Trial], Sequence[str]]
    sampled: int  # how many of a flow `make test` draws


def drawn(family: Family, stage: Stage, flow: Flow) -> list[Trial]:
    """The few trials of a flow that every `make test` runs."""
    return sorted(family.trials(stage, flow), key=lambda trial: trial.drawn)[: family.sampled]


def flow_of(trial: Trial) -> Flow:
    """The flow of a trial."""
    return FLOWS[trial.flow]


def freed(flow: Flow) -> Flow:
    """A flow of which somebody else is erased meanwhile: all that counts is that they are."""
    return replace(flow, erases=True, wanted=no_wish)


def met(ran: Ran, trial: Trial) -> Iterator[str]:
    """A trial whose call never came tries nothing."""
    if trial.call and not any(str(call) == trial.call for call in ran.seen.fired):
        yield "the call never came"
