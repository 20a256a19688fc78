"""What one free account can cost a day: computed as docs/deploying.md says."""

import copy

import pytest

from checks.bill import DAY, bill, limit, table
from tests.template.conftest import ROOT, Template


def test_the_document_has_the_bill_of_these_limits_and_prices() -> None:
    assert table() in (ROOT / "docs" / "deploying.md").read_text()


def test_every_action_is_held_by_a_limit_of_a_function_that_exists(template: Template) -> None:
    for action in DAY["action"]:
        assert limit(action["limit"], template.body) > 0
        assert action["function"] in template.functions


@pytest.mark.parametrize("name", ["MaxRequestsPerUser", "MaxExportsADay"])
def test_a_higher_limit_costs_more(template: Template, name: str) -> None:
    raised = copy.deepcopy(template.body)
    raised["Parameters"][name]["Default"] *= 2
    before, after = bill(template.body), bill(raised)
    assert sum(after.values()) > sum(before.values())


def test_without_the_web_acl_one_user_may_take_the_whole_stage(template: Template) -> None:
    held = sum(bill(template.body).values())
    stage = limit("ApiRateLimit", template.body) * 86_400
    assert sum(bill(template.body, stage).values()) > 10 * held
