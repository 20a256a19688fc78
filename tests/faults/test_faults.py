"""Every handler under faults: a sample of what `make faults` tries in full."""

from collections.abc import Iterator

import pytest

from tests.faults.account import opened
from tests.faults.families import FAMILIES
from tests.faults.flows import FLOWS
from tests.faults.known import known
from tests.faults.trials import Stage, sample


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with opened() as account:
        yield Stage(account)


@pytest.mark.parametrize("name", FLOWS)
def test_whatever_goes_wrong_what_must_hold_does(stage: Stage, name: str) -> None:
    """Nothing is broken but what known.toml lists, and all of that still is."""
    broken = {
        (trial, what)
        for family in FAMILIES.values()
        for trial in sample(family, stage, FLOWS[name])
        for what in family.run(stage, trial)
    }

    assert broken == {(trial, what) for trial, what in known() if trial.flow == name}


def test_every_handler_is_in_a_flow(stage: Stage) -> None:
    left = set(stage.account.deployment.functions)
    # First what ran here already, and costs nothing.
    for flow in sorted(FLOWS.values(), key=lambda flow: not stage.ran(flow)):
        if left:
            left -= {call.verb for call in stage.calls(flow)}

    assert not left
