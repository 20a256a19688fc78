"""Whatever a handler answers in these tests is held against the OpenAPI document."""

import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from contract.openapi import openapi_document
from facet.http.headers import SECURITY_HEADERS

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
formats = FormatChecker(())


@formats.checks("date-time")
def _is_whole_seconds(value: Any) -> bool:
    """What swift-openapi-generator's client reads unless told otherwise: no fractions."""
    return not isinstance(value, str) or MOMENT.fullmatch(value) is not None


@cache
def document() -> dict[str, Any]:
    return openapi_document()


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": reference, "components": document()["components"]}, format_checker=formats
    )


def assert_fits(schema: dict[str, Any], value: Any) -> None:
    """That a value is what a schema of the document says."""
    if "$ref" in schema:
        validator = _validator(schema["$ref"])
    else:
        validator = Draft202012Validator(
            {**schema, "components": document()["components"]}, format_checker=formats
        )
    errors = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]
    assert not errors, errors


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """The call of the document that a request makes; None for an address it does not know."""
    fits = [
        (template.count("{"), operations[method.lower()])
        for template, operations in document()["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        and method.lower() in operations
    ]
    return min(fits, key=lambda fit: fit[0])[1] if fits else None


def assert_documented(
    method: str, path: str, status: int, body: Any, headers: dict[str, str]
) -> None:
    """That an answer has a status, a body and headers that the document tells of."""
    assert headers["X-Request-Id"]
    assert SECURITY_HEADERS.items() <= headers.items()
    assert headers["Cache-Control"] == "no-store" or status in (200, 304)
    operation = operation_of(method, path)
    if operation is None:
        assert (status, body["code"]) == (404, "not_found")
        return
    told = operation["responses"].get(str(status))
    assert told, f"{operation['operationId']} does not tell of a {status}: {body}"
    if "$ref" in told:
        told = document()["components"]["responses"][told["$ref"].rpartition("/")[2]]
    if "content" not in told:
        assert body is None
        return
    media = headers["Content-Type"]
    assert_fits(told["content"][media]["schema"], body)
    if media == "application/problem+json":
        codes = told["content"][media]["examples"]
        assert body["code"] in codes, f"{operation['operationId']}: {body['code']}"
        if status in (429, 503):
            assert int(headers["Retry-After"]) > 0
    if "ETag" in told["headers"]:
        assert headers["ETag"].startswith('W/"')
