"""One person's jobs kill their worker every time: what becomes of somebody else's beside them."""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.faults import reading
from tests.faults.calls import died_before
from tests.faults.deployment import USER
from tests.faults.flows import Flow
from tests.faults.trials import Family, Stage, Trial, flow_of, interrupted
from tests.faults.world import Plan, World

HOW: Final = " dies on all that is one person's"


def trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """Each function that takes several messages at once, and works for two people."""
    if flow.name == "neighbours":
        called = {call.verb for call in stage.calls(flow)}
        verbs = {worker.verb for worker in stage.account.deployment.workers if worker.batch > 1}
        for verb in sorted(verbs & called):
            yield Trial(flow.name, f"{verb}{HOW}")


def run(stage: Stage, trial: Trial) -> Sequence[str]:
    """One poison."""
    verb = trial.fault.removesuffix(HOW)

    def plan(_world: World) -> Plan:
        return lambda call: died_before if (call.verb, call.person) == (verb, USER) else None

    ran = stage.run(interrupted(flow_of(trial), erases=False), plan, told_at_once)
    return ran.verdict.broken


def told_at_once(world: World) -> None:
    """S3 tells of all photos now, the poisonous ones first."""
    for bucket, key in sorted(reading.objects(), key=lambda found: USER not in found[1]):
        world.created(bucket, key)


POISON = Family("poison", trials, run, sampled=1)
