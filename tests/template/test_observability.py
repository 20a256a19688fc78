"""What watches over a deployment: an alarm for whatever can fail, a dashboard of what is there."""

import json
import re
from typing import Any

import pytest
from cfnlint.api import lint

from local.template import read_template
from tests.template.conftest import ROOT, Template

FILE = ROOT / "infra" / "observability.yaml"


@pytest.fixture(scope="module")
def nested() -> Template:
    return Template(read_template(FILE))


@pytest.fixture(scope="module")
def given(template: Template) -> dict[str, Any]:
    """Its parameters, as the template fills them in."""
    stack = template.resources["Observability"]
    assert stack["Condition"] == "IsCloud"
    assert ROOT / stack["Properties"]["TemplateURL"] == FILE
    parameters: dict[str, Any] = stack["Properties"]["Parameters"]
    return parameters


def test_it_is_a_valid_template() -> None:
    assert not lint(FILE.read_text(), regions=["eu-central-1"])


def test_every_parameter_is_given_and_none_else(nested: Template, given: dict[str, Any]) -> None:
    assert given.keys() == nested.body["Parameters"].keys()


def test_names_of_queues_and_functions_are_those_of_the_same_name(given: dict[str, Any]) -> None:
    for name, value in given.items():
        if re.search("(Function|Queue|Dlq)$", name):
            assert f'"{name}' in json.dumps(value), name


def test_somebody_hears_of_what_was_given_up(template: Template, nested: Template) -> None:
    alarms = nested.of_type("AWS::CloudWatch::Alarm")
    watched = {
        value["Ref"] for alarm in alarms.values() for value in _values(alarm) if "Ref" in value
    }
    # A webhook's server may be away for hours, and its messages wait for it.
    # And a job that is tried alone is heard of where it is given up.
    queues = template.of_type("AWS::SQS::Queue").keys() - {"WebhookQueue", "RecommendAloneQueue"}
    assert watched >= queues | template.functions.keys()
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"]["Fn::If"][1] == [{"Ref": "AlarmTopicArn"}], name
        optional = any(value.get("Ref", "").startswith("Webhook") for value in _values(alarm))
        assert (nested.resources[name].get("Condition") == "HasWebhook") == optional, name


def test_the_dashboard_names_nothing_that_is_not_there(nested: Template) -> None:
    body = nested.resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    named = set(re.findall(r"\$\{(\w+)\}", body))
    assert named <= nested.body["Parameters"].keys()
    own = {metric[1] for metric in _metrics(body) if metric[0] == "Facet"}
    routes = ROOT / "layers" / "shared" / "facet" / "routes"
    sources = [*(ROOT / "functions").glob("*/app.py"), *routes.glob("*.py")]
    code = "".join(path.read_text() for path in sources)
    assert own
    assert not {name for name in own if f'"{name}"' not in code}


def test_two_rankings_stand_beside_each_other(nested: Template) -> None:
    body = nested.resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    liked = {metric[3] for metric in _metrics(body) if metric[1] == "SuggestionLiked"}
    assert liked == {"${RankingVersion}", "${RankingCandidate}"}


def _values(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        dimension["Value"]
        for dimension in alarm["Dimensions"]
        if isinstance(dimension["Value"], dict)
    ]


def _metrics(body: str) -> list[list[Any]]:
    widgets = json.loads(body)["widgets"]
    return [metric for widget in widgets for metric in widget["properties"]["metrics"]]
