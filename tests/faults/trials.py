"""A trial: one flow, in which one thing goes wrong at one place, or two do."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.faults.account import Account
from tests.faults.calls import Call, Fault
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
    names: Mapping[str, Any]


def no_fault(_world: World) -> Plan:
    """The plan in which everything works."""
    return lambda _call: None


class Stage:
    """Runs flows in one account; what a flow arranges is made once."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._arranged: dict[str, Saved] = {}
        self._unharmed: dict[str, Ran] = {}
        self.last: Ran | None = None
        self.notes: list[str] = []  # what a run has to say beside what it broke

    def run(
        self,
        flow: Flow,
        plan: Callable[[World], Plan],
        before: Callable[[World], None] = nothing,
    ) -> Ran:
        """Run a flow with these faults. before: what is done once all is arranged."""
        with world(self.account) as made:
            if flow.name not in self._arranged:
                flow.arrange(made)
                self._arranged[flow.name] = made.save()
                self.account.forget()
            made.restore(self._arranged[flow.name])
            before(made)
            began = made.now
            with made.faulty(plan(made)):
                flow.act(made)
            minutes = (made.now - began).total_seconds() / 60
            made.settle()
            self.last = Ran(made.seen, judge(made, flow), minutes, made.names)
            return self.last

    def calls(self, flow: Flow) -> Sequence[Call]:
        """The calls of AWS that a flow makes where nothing goes wrong; none where it is broken."""
        if not self.has(flow):
            return ()
        ran = self.unharmed(flow)
        return ran.seen.calls if ran.verdict == Verdict() else ()

    def has(self, flow: Flow) -> bool:
        """Whether the API has what a flow needs."""
        routes = self.account.deployment.routes
        return not flow.needs or any(route.path == flow.needs for route in routes)

    def ran(self, flow: Flow) -> bool:
        """Whether it is known already what a flow does where nothing goes wrong."""
        return flow.name in self._unharmed

    def unharmed(self, flow: Flow) -> Ran:
        """A run of a flow in which nothing goes wrong."""
        if flow.name not in self._unharmed:
            self._unharmed[flow.name] = self.run(flow, no_fault)
        return self._unharmed[flow.name]

    def arranged(self, flow: Flow) -> Saved:
        """The world as a flow arranges it."""
        self.unharmed(flow)
        return self._arranged[flow.name]


@dataclass(frozen=True, slots=True)
class Family:
    """Trials of one sort, and what one breaks."""

    name: str
    trials: Callable[[Stage, Flow], Iterator[Trial]]
    run: Callable[[Stage, Trial], Sequence[str]]
    sampled: int  # how many `make test` draws, of every flow or of one flow of so many
    of_flows: int = 1


def drawn(family: Family, stage: Stage, flow: Flow) -> list[Trial]:
    """The trials of a flow in the order in which some are drawn of them."""
    return sorted(family.trials(stage, flow), key=lambda trial: trial.drawn)


def sample(family: Family, stage: Stage, flow: Flow) -> list[Trial]:
    """The few trials of a flow that every `make test` runs."""
    if int(Trial(flow.name, family.name).drawn, 16) % family.of_flows:
        return []
    return drawn(family, stage, flow)[: family.sampled]


def flow_of(trial: Trial) -> Flow:
    """The flow of a trial."""
    return FLOWS[trial.flow]


def interrupted(flow: Flow, *, erases: bool) -> Flow:
    """A flow into which somebody breaks: what it wanted is no longer wanted."""
    return replace(flow, wanted=no_wish, erases=erases or flow.erases)


def at(trial: Trial, fault: Fault) -> Plan:
    """The plan in which a fault falls at a trial's call."""
    return lambda call: fault if str(call) == trial.call else None


def met(ran: Ran, trial: Trial) -> Iterator[str]:
    """A trial whose call never came tries nothing."""
    if trial.call and not any(str(call) == trial.call for call in ran.seen.fired):
        yield "the call never came"
