"""Each call of AWS that a flow makes goes wrong once, in every way."""

from collections.abc import Iterator, Sequence

from tests.faults.calls import KINDS
from tests.faults.flows import Flow
from tests.faults.trials import Family, Stage, Trial, flow_of, met


def trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """Every kind of fault at every call of a flow."""
    for call in stage.calls(flow):
        for kind in KINDS:
            yield Trial(flow.name, kind, str(call))


def run(stage: Stage, trial: Trial) -> Sequence[str]:
    """One fault, after which the flow must end as it does without."""
    fault = KINDS[trial.fault]
    ran = stage.run(flow_of(trial), lambda call: fault if str(call) == trial.call else None)
    return [*met(ran, trial), *ran.verdict.broken, *ran.verdict.outcome]


FAULTS = Family("faults", trials, run, sampled=6)
