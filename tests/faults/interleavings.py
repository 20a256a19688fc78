"""Two at once: another actor does all of its work right before a call of a flow."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.faults import reading
from tests.faults.actors import ACTORS, POLLED, Actor, poll
from tests.faults.calls import Call, Done, Fault
from tests.faults.flows import Flow
from tests.faults.trials import Family, Ran, Stage, Trial, at, flow_of, interrupted, met
from tests.faults.world import World

POLL = "poll before each"


def before(world: World, actor: Actor) -> Fault:
    """Have an actor act, unharmed, and then the call be done."""

    def fault(call: Call, done: Done) -> Any:
        with world.unharmed():
            actor.act(world)
        return done()

    return fault


def trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """Every actor that meets a flow before every call of it."""
    for actor in ACTORS.values():
        if flow.name in actor.flows:
            for call in stage.calls(flow):
                yield Trial(flow.name, f"{actor.name} before", str(call))
    if flow.name in POLLED and stage.calls(flow):
        yield Trial(flow.name, POLL)


def run(stage: Stage, trial: Trial) -> Sequence[str]:
    """One meeting of two."""
    if trial.fault == POLL:
        return _polled(stage, trial)
    actor = ACTORS[trial.fault.removesuffix(" before")]
    flow = flow_of(trial)
    if not actor.harmless:
        flow = interrupted(flow, erases=actor.erases)

    ran = stage.run(flow, lambda world: at(trial, before(world, actor)))
    return [*met(ran, trial), *after(ran, harmless=actor.harmless)]


def after(ran: Ran, *, harmless: bool) -> Iterator[str]:
    """What a run broke into which somebody came."""
    yield from ran.verdict.broken
    if harmless:
        yield from ran.verdict.outcome
    if ran.names.get("deleted") in reading.statuses():
        yield "a deleted analysis is back"


def _polled(stage: Stage, trial: Trial) -> Sequence[str]:
    polling = Actor("poll", poll, POLLED, harmless=True)
    ran = stage.run(flow_of(trial), lambda world: lambda _call: before(world, polling))
    return [*after(ran, harmless=True), *sorted(set(ran.names.get("polled", ())))]


INTERLEAVINGS = Family("interleavings", trials, run, sampled=1)
