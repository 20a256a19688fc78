"""The template as it is written, and as SAM translates it for CloudFormation."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.template import read_template, routes_of

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".tools" / "sam" / "bin"
TRANSLATE = """
import json, sys
from unittest.mock import Mock
from samcli.commands._utils.template import get_template_data
from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samcli.yamlhelper import yaml_parse
body = get_template_data(sys.argv[1])
validator = SamTemplateValidator(body, Mock(), region="eu-central-1")
json.dump(yaml_parse(validator.get_translated_template_if_valid()), sys.stdout)
"""
LAYERS = """
import json, sys
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
stacks, _ = SamLocalStackProvider.get_stacks(sys.argv[1])
functions = SamFunctionProvider(stacks).get_all()
json.dump({f.name: [layer.name for layer in f.layers] for f in functions}, sys.stdout)
"""


def ask_sam(code: str) -> Any:
    """The JSON that code prints when the SAM CLI's own Python runs it on the template."""
    done = subprocess.run(  # noqa: S603 our own tool
        [SAM / "python", "-c", code, ROOT / "template.yaml"],
        env={**os.environ, "AWS_DEFAULT_REGION": "eu-central-1", "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout)


class Template:
    """A template whose short-form functions are spelled out: {"Ref": ...}, {"Fn::Sub": ...}."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.resources: dict[str, dict[str, Any]] = body["Resources"]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id -> properties."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        return self.of_type("AWS::Serverless::Function")

    def timeout(self, function: str) -> Any:
        default = self.body["Globals"]["Function"]["Timeout"]
        return self.functions[function].get("Timeout", default)

    def environment(self, function: str) -> set[str]:
        everywhere = self.body["Globals"]["Function"]["Environment"]["Variables"]
        return {*everywhere, *self.functions[function]["Environment"]["Variables"]}

    def routes(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """(method, path) -> the function that answers it, and whether it is open to all."""
        return routes_of(self.body)

    def asked_by_api(self) -> set[str]:
        """The functions that answer a route."""
        return {function for function, _ in self.routes().values()}


@pytest.fixture(scope="session")
def template() -> Template:
    return Template(read_template())


@pytest.fixture(scope="session")
def translated() -> Template:
    """What CloudFormation gets to see, by the SAM CLI's own translator."""
    return Template(ask_sam(TRANSLATE))
