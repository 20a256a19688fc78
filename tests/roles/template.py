"""Who may do what by the template, in the names that the recorder uses."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from local.template import read_template

# Parameters that name what is outside the stack.
OUTSIDE = ("EventBusName", "NarratorModelId", "GarmentModelId", "VectorBucketName")


@cache
def _bucket_names() -> Mapping[str, str]:
    """The text of a bucket's composed name -> its logical id."""
    return {
        resource["Properties"]["BucketName"]["Fn::Sub"]: name
        for name, resource in read_template()["Resources"].items()
        if resource["Type"] == "AWS::S3::Bucket"
    }


def place(node: Any) -> str:
    """What a !Ref, a !GetAtt or a !Sub points at: Table/index/open-index, MediaBucket/looks/*."""
    match node:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::Sub": str(text)}:
            for composed, bucket in _bucket_names().items():
                text = text.replace(composed, bucket)
            text = re.sub(r"\$\{AWS::\w+\}", "", text)
            text = re.sub(r"^arn:([^:]*:){4}", "", text)
            return re.sub(r"\$\{(\w+)(\.\w+)?\}", r"\1", text)
        case {"Fn::If": [_, told, _]}:
            return place(told)
        case str(text) | int(text):
            return str(text)
    raise ValueError(f"a resource in a shape that is not read here: {node}")


@cache
def places_by_variable() -> Mapping[str, str]:
    """Environment variable -> what it names, for all that name a resource."""
    template = read_template()
    resources = template["Resources"]
    told = {}
    for function in resources.values():
        if function["Type"] != "AWS::Serverless::Function":
            continue
        variables = (
            template["Globals"]["Function"]["Environment"]["Variables"]
            | (function["Properties"]["Environment"]["Variables"])
        )
        for name, value in variables.items():
            if isinstance(value, dict) and (found := place(value)) in {*resources, *OUTSIDE}:
                told[name] = found
    return told


def granted(resources: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(function, action, resource) of everything that the roles of a translated template allow.

    A listing that is bound to prefixes is told by each, BUCKET?PREFIX; and by none, where the
    condition holds only if there is one.
    """
    functions = {
        resource["Properties"]["Role"]["Fn::GetAtt"][0]: name
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    for role, function in functions.items():
        documents = [
            policy["PolicyDocument"] for policy in resources[role]["Properties"]["Policies"]
        ]
        documents += [
            resource["Properties"]["PolicyDocument"]
            for resource in resources.values()
            if resource["Type"] == "AWS::IAM::Policy"
            and {"Ref": role} in map(_where_met, resource["Properties"]["Roles"])
        ]
        for document in documents:
            for statement in document["Statement"]:
                if statement["Effect"] == "Allow":
                    for action, resource in _allowed(statement):
                        yield function, action, resource


def _where_met(value: Any) -> Any:
    """What a value is with its condition met, or it alone."""
    return value["Fn::If"][1] if "Fn::If" in value else value


def _allowed(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for action in as_list(statement["Action"]):
        for arn in as_list(statement["Resource"]):
            where = place(arn)
            conditions = statement.get("Condition", {})
            bound = [
                prefix
                for operator, keys in conditions.items()
                if operator.startswith("StringLike")
                for prefix in as_list(keys.get("s3:prefix", []))
            ]
            for prefix in bound:
                yield action, f"{where}?{prefix}"
            if not bound or "StringLikeIfExists" in conditions:
                yield action, where


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
