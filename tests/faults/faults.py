"""Each call of AWS that a flow makes goes wrong once, in every way."""

from collections.abc import Iterator, Sequence

from tests.faults.calls import KINDS
from tests.faults.flows import Flow
from tests.faults.trials import Family, Stage, Trial, at, flow_of, met


def trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """Every kind of fault at every call of a flow."""
    for call in () if flow.crowded else stage.calls(flow):
        for kind in KINDS:
            yield Trial(flow.name, kind, str(call))


def run(stage: Stage, trial: Trial) -> Sequence[str]:
    """One fault, after which the flow must end as it does without."""
    fault = KINDS[trial.fault]
    ran = stage.run(flow_of(trial), lambda _world: at(trial, fault))
    return [*met(ran, trial), *ran.verdict.broken, *ran.verdict.outcome]


def no_trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """A flow as it is."""
    if stage.has(flow):
        yield Trial(flow.name, "nothing")


def run_unharmed(stage: Stage, trial: Trial) -> Sequence[str]:
    """Nothing goes wrong."""
    verdict = stage.unharmed(flow_of(trial)).verdict
    return [*verdict.broken, *verdict.outcome]


NOTHING = Family("nothing", no_trials, run_unharmed, sampled=1)
FAULTS = Family("faults", trials, run, sampled=1)
