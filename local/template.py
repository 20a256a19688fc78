"""What template.yaml says, and events/env.json beside it, without the tools that lint them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
# Logical id of a function -> its variables, as `sam local` takes them.
ENVIRONMENTS: dict[str, dict[str, str]] = json.loads((ROOT / "events" / "env.json").read_text())


class _Loader(yaml.CSafeLoader):
    """Plain YAML, the short forms of CloudFormation's functions spelled out."""


def _function(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    """!Ref x -> {"Ref": x}; !Sub x -> {"Fn::Sub": x}; !GetAtt a.b -> {"Fn::GetAtt": [a, b]}."""
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _function)


def read_template(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """A CloudFormation template as plain dictionaries and lists."""
    template: dict[str, Any] = yaml.load(path.read_text(), _Loader)  # noqa: S506 # nosec B506 a safe one
    return template


def memory_of(function: str, template: Mapping[str, Any]) -> int:
    """MB of a function, by its parameter's default where it has one."""
    properties = template["Resources"][function]["Properties"]
    memory = properties.get("MemorySize", template["Globals"]["Function"]["MemorySize"])
    return int(
        template["Parameters"][memory["Ref"]]["Default"] if isinstance(memory, dict) else memory
    )


def timeout_of(function: str, template: Mapping[str, Any]) -> int:
    """Seconds of a function by the parameters' defaults, which meet no condition of a timeout."""
    properties = template["Resources"][function]["Properties"]
    timeout = properties.get("Timeout", 10)
    return int(timeout["Fn::If"][2] if isinstance(timeout, dict) else timeout)


def routes_of(template: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, bool]]:
    """(method, path) -> the function that answers it, and whether it is open to all."""
    routes = {}
    for path, methods in template["Resources"]["Api"]["Properties"]["DefinitionBody"][
        "paths"
    ].items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            function = uri.partition("/functions/${")[2].partition(".Arn}")[0]
            routes[method, path] = (function, operation.get("security") == [{"NONE": []}])
    return routes
