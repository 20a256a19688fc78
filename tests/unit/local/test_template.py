"""Templates read without the linter, as the linter reads them."""

import json
from pathlib import Path

import pytest
from cfnlint.decode import cfn_yaml

from local.template import ROOT, memory_of, read_template, timeout_of

TEMPLATES = [ROOT / "template.yaml", *sorted((ROOT / "infra").glob("*.yaml"))]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_reads_as_cfn_lint_has_it(path: Path) -> None:
    assert read_template(path) == json.loads(json.dumps(cfn_yaml.load(str(path))))


def test_short_forms_of_functions_are_spelled_out(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("""
name: !Sub "${Stage}-bucket"
arn: !GetAtt Queue.Arn
value: !If [InUse, !Ref Bucket, !Ref AWS::NoValue]
zone: !Select {index: 0, list: !GetAZs ""}
when: !Condition InUse
""")
    assert read_template(path) == {
        "name": {"Fn::Sub": "${Stage}-bucket"},
        "arn": {"Fn::GetAtt": ["Queue", "Arn"]},
        "value": {"Fn::If": ["InUse", {"Ref": "Bucket"}, {"Ref": "AWS::NoValue"}]},
        "zone": {"Fn::Select": {"index": 0, "list": {"Fn::GetAZs": ""}}},
        "when": {"Condition": "InUse"},
    }


def test_memory_and_timeout_of_a_function_are_numbers() -> None:
    template = read_template()
    for function in ("AnalyzeFunction", "PresignFunction", "TryOnFunction"):
        assert 128 <= memory_of(function, template) <= 10_240
        assert 1 <= timeout_of(function, template) <= 900
