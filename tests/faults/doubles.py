"""Two faults at once: somebody breaks in and the function dies, or two calls go wrong."""

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tests.faults.actors import ACTORS
from tests.faults.calls import KINDS, Call, Done, Fault, died_after
from tests.faults.flows import Flow
from tests.faults.interleavings import after, before
from tests.faults.trials import SEED, Family, Stage, Trial, at, flow_of, interrupted, met
from tests.faults.world import Plan, World

# Whoever takes away what a function is about to write.
TAKE_AWAY: Final = ("delete", "erase", "delete_look", "delete_garment")
DIES = ", then died_after"
# Pairs of calls that are drawn of a flow, in which both go wrong.
PAIRS: Final = 40


def trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """Each taking away before each call of a worker that dies after it; some pairs of calls."""
    if flow.crowded:
        return
    answering = {route.verb for route in stage.account.deployment.routes}
    calls = stage.calls(flow)
    for name in TAKE_AWAY:
        for call in calls if flow.name in ACTORS[name].flows else ():
            if call.verb not in answering or call.verb == "overlay":
                yield Trial(flow.name, f"{name}{DIES}", str(call))
    chance = random.Random(f"{SEED} {flow.name}")  # noqa: S311 nobody is to be surprised
    for _ in range(PAIRS if len(calls) > 1 else 0):
        earlier, later = sorted(chance.sample(range(len(calls)), 2))
        one, two = chance.choices(list(KINDS), k=2)
        yield Trial(flow.name, f"{one} and {two} at {calls[later]}", str(calls[earlier]))


def run(stage: Stage, trial: Trial) -> Sequence[str]:
    """One double fault."""
    if trial.fault.endswith(DIES):
        return _broken_into(stage, trial)
    kinds, _, later = trial.fault.partition(" at ")
    one, two = (KINDS[name] for name in kinds.split(" and "))
    faults: dict[str, Fault] = {trial.call: one, later: two}

    def plan(_world: World) -> Plan:
        return lambda call: faults.get(str(call))

    ran = stage.run(flow_of(trial), plan)
    return [*met(ran, trial), *ran.verdict.broken]


def _broken_into(stage: Stage, trial: Trial) -> Sequence[str]:
    actor = ACTORS[trial.fault.removesuffix(DIES)]
    flow = interrupted(flow_of(trial), erases=actor.erases)

    def acts_and_dies(world: World) -> Fault:
        acts = before(world, actor)

        def fault(call: Call, done: Done) -> Any:
            return died_after(call, lambda: acts(call, done))

        return fault

    ran = stage.run(flow, lambda world: at(trial, acts_and_dies(world)))
    return [*met(ran, trial), *after(ran, harmless=False)]


DOUBLES = Family("doubles", trials, run, sampled=1, of_flows=3)
