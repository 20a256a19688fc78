"""What stands before the API: rates for a user and an address, and known attacks."""

import json
from typing import Any

import pytest
from cfnlint.api import lint

from contract.openapi import example_of
from facet.http.headers import NOT_KEPT, SECURITY_HEADERS
from facet.http.problems import problem_kinds
from local.template import read_template
from tests.template.conftest import ROOT, Template

FILE = ROOT / "infra" / "edge.yaml"


@pytest.fixture(scope="module")
def nested() -> Template:
    return Template(read_template(FILE))


@pytest.fixture(scope="module")
def acl(nested: Template) -> dict[str, Any]:
    return nested.of_type("AWS::WAFv2::WebACL")["WebAcl"]


@pytest.fixture(scope="module")
def rules(acl: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in acl["Rules"]}


def test_it_is_a_valid_template() -> None:
    assert not lint(FILE.read_text(), regions=["eu-central-1"])


def test_staging_and_production_have_it_unless_a_parameter_says_no(
    template: Template, nested: Template
) -> None:
    stack = template.resources["Edge"]
    assert stack["Condition"] == "HasWebAcl"
    stages, asked = template.body["Conditions"]["HasWebAcl"]["Fn::And"]
    assert [stage["Fn::Equals"][1] for stage in stages["Fn::Or"]] == ["staging", "prod"]
    assert asked == {"Fn::Equals": [{"Ref": "WebAcl"}, "true"]}
    assert template.body["Parameters"]["WebAcl"]["Default"] == "true"
    assert stack["Properties"]["Parameters"].keys() == nested.body["Parameters"].keys()


def test_one_user_may_ask_three_hundred_times_a_minute(
    template: Template, rules: dict[str, dict[str, Any]]
) -> None:
    rate = rules["user"]["Statement"]["RateBasedStatement"]
    assert rate["Limit"] == {"Ref": "MaxRequestsPerUser"}
    assert template.body["Parameters"]["MaxRequestsPerUser"]["Default"] == 300
    assert rate["EvaluationWindowSec"] == 60
    (key,) = rate["CustomKeys"]
    assert key["Header"]["Name"] == "authorization"


def test_an_address_that_phones_share_is_not_locked_out(
    template: Template, rules: dict[str, dict[str, Any]]
) -> None:
    parameters = template.body["Parameters"]
    most = parameters["MaxRequestsPerAddress"]["Default"]
    phones = 10  # behind one address, each of them polling
    assert most >= phones * 240
    assert most * 2 <= parameters["ApiRateLimit"]["Default"] * 60, "it may take the whole stage"
    rate = rules["address"]["Statement"]["RateBasedStatement"]
    assert rate == {
        "Limit": {"Ref": "MaxRequestsPerAddress"},
        "EvaluationWindowSec": 60,
        "AggregateKeyType": "IP",
    }


def test_who_asks_too_often_is_told_as_the_api_tells_it(
    acl: dict[str, Any], rules: dict[str, dict[str, Any]]
) -> None:
    for name in ("user", "address"):
        answer = rules[name]["Action"]["Block"]["CustomResponse"]
        kind = problem_kinds()["throttled"]
        assert answer["ResponseCode"] == kind.status == 429
        body = acl["CustomResponseBodies"][answer["CustomResponseBodyKey"]]
        problem = json.loads(body["Content"])
        said = {"detail": problem["detail"], "request_id": "-"}
        assert problem == example_of(kind) | said
        headers = {header["Name"]: header["Value"] for header in answer["ResponseHeaders"]}
        assert headers.items() >= {**SECURITY_HEADERS, **NOT_KEPT}.items()
        assert headers["Retry-After"] == "60"
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Type" not in headers  # WAF refuses it


def test_managed_rules_that_would_refuse_what_people_write_only_count(
    rules: dict[str, dict[str, Any]],
) -> None:
    groups = {
        name: rule["Statement"]["ManagedRuleGroupStatement"]
        for name, rule in rules.items()
        if "OverrideAction" in rule
    }
    assert groups.keys() == {"ip-reputation", "known-bad-inputs", "common"}
    counted = {one["Name"] for one in groups["common"]["RuleActionOverrides"]}
    assert all(name.endswith("_BODY") for name in counted - {"NoUserAgent_HEADER"})
    assert "SizeRestrictions_BODY" in counted
    for name in ("ip-reputation", "known-bad-inputs"):
        assert "RuleActionOverrides" not in groups[name]


def test_no_token_is_kept_anywhere(acl: dict[str, Any], nested: Template) -> None:
    assert not nested.of_type("AWS::WAFv2::LoggingConfiguration")
    for visible in (acl, *acl["Rules"]):
        assert visible["VisibilityConfig"]["SampledRequestsEnabled"] is False
    (protected,) = acl["DataProtectionConfig"]["DataProtections"]
    assert protected["Field"] == {"FieldType": "SINGLE_HEADER", "FieldKeys": ["authorization"]}
