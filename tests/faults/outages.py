"""A service is down for minutes, for everybody or for one function: what is lost, and how long."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from tests.faults.calls import broken
from tests.faults.flows import Flow
from tests.faults.trials import Family, Stage, Trial, flow_of
from tests.faults.world import Plan, World

MINUTES: Final = (5, 30, 60)
EVERYBODY: Final = "everybody"


def trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """Every service that a crowd's functions call, and each of them without it."""
    if flow.name != "crowd":
        return
    called = {(call.service, call.verb) for call in stage.calls(flow)}
    called |= {(service, EVERYBODY) for service, _ in called}
    for service, verb in sorted(called):
        for minutes in MINUTES:
            yield Trial(flow.name, f"{service} is down for {minutes} minutes for {verb}")


def run(stage: Stage, trial: Trial) -> Sequence[str]:
    """One outage, which begins once all was asked for."""
    service, _, told = trial.fault.partition(" is down for ")
    minutes, _, verb = told.partition(" minutes for ")

    def plan(world: World) -> Plan:
        until = world.now + timedelta(minutes=int(minutes))
        return lambda call: (
            broken
            if call.service == service and verb in (EVERYBODY, call.verb) and world.now < until
            else None
        )

    ran = stage.run(flow_of(trial), plan)
    lost = [*ran.verdict.broken, *ran.verdict.outcome]
    late = max(0.0, ran.minutes - int(minutes))
    stage.notes.append(f"{trial.fault}: lost {len(lost)}, all done {late:.0f} minutes after it")
    return lost


OUTAGES = Family("outages", trials, run, sampled=1)
