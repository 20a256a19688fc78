"""Every handler under faults: a sample of what `make faults` tries in full."""

from collections.abc import Iterator

import pytest

from tests.faults.account import opened
from tests.faults.families import FAMILIES
from tests.faults.flows import FLOWS
from tests.faults.known import known
from tests.faults.trials import Stage, drawn


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with opened() as account:
        yield Stage(account)


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_goes_wrong_what_must_hold_does(stage: Stage, family: str, name: str) -> None:
    """Nothing is broken but what known.toml lists, and all of that still is."""
    trials = drawn(FAMILIES[family], stage, FLOWS[name])
    broken = {(trial, what) for trial in trials for what in FAMILIES[family].run(stage, trial)}

    assert broken == {(trial, what) for trial, what in known() if trial in trials}


def test_every_handler_is_in_a_flow(stage: Stage) -> None:
    called = {call.verb for flow in FLOWS.values() for call in stage.calls(flow)}

    assert called == set(stage.account.deployment.functions)


def test_what_is_known_to_be_broken_is_what_a_sample_draws(stage: Stage) -> None:
    """A line of known.toml that no trial of the sample stands for would stay for ever."""
    sampled = {
        trial
        for family in FAMILIES.values()
        for flow in FLOWS.values()
        for trial in drawn(family, stage, flow)
    }

    assert {trial for trial, _ in known()} <= sampled
