"""Events twice, late and in the wrong order, messages twice, and clocks that are minutes off."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from tests.faults.flows import Flow
from tests.faults.trials import Family, Stage, Trial, flow_of, interrupted, no_fault
from tests.faults.world import S3_TELLS_AFTER, Habits, World

HOUR: Final = timedelta(hours=1)
OFF: Final = timedelta(minutes=5)
TWICE: Final = (S3_TELLS_AFTER, 2 * S3_TELLS_AFTER)
# By name; an hour late is too late for the person who waits, and for nothing else.
HABITS: Final[Mapping[str, Habits]] = {
    "S3 tells twice": Habits(told_after=TWICE),
    "S3 tells twice, an hour apart": Habits(told_after=(S3_TELLS_AFTER, HOUR)),
    "S3 tells an hour late": Habits(told_after=(HOUR,)),
    "messages come twice": Habits(twice=True),
    "backwards": Habits(backwards=True),
    "all of it twice and backwards": Habits(told_after=TWICE, twice=True, backwards=True),
}
LATE: Final = {"S3 tells an hour late"}


def trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """Every habit, and the clock of every function of a flow."""
    if flow.crowded or not stage.calls(flow):
        return
    for name in HABITS:
        yield Trial(flow.name, name)
    for verb in sorted({call.verb for call in stage.calls(flow)}):
        for fast in ("fast", "slow"):
            yield Trial(flow.name, f"the clock of {verb} is {fast}")


def habits_of(trial: Trial) -> Habits:
    """How AWS behaves in a trial."""
    if trial.fault in HABITS:
        return HABITS[trial.fault]
    verb, _, way = trial.fault.removeprefix("the clock of ").partition(" is ")
    return Habits(skewed={verb: OFF if way == "fast" else -OFF})


def run(stage: Stage, trial: Trial) -> Sequence[str]:
    """One flow under other habits."""
    late = trial.fault in LATE
    flow = interrupted(flow_of(trial), erases=False) if late else flow_of(trial)

    def behave(world: World) -> None:
        world.habits = habits_of(trial)

    ran = stage.run(flow, no_fault, behave)
    return [*ran.verdict.broken, *(() if late else ran.verdict.outcome)]


DELIVERIES = Family("deliveries", trials, run, sampled=1, of_flows=3)
