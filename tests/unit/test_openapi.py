"""The API's document: complete, true to the code, and in what client generators take."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contract.api_docs import PAGE, render
from contract.openapi import EXAMPLES, OPEN_PATHS, PROBLEM, TAGS, example_of, operations
from facet.domain.face import GateCode
from facet.http.problems import problem_kinds, row_kinds
from facet.routes.document import DOCUMENT
from facet.saying import sentences

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "shared" / "facet"
DOC: dict[str, Any] = json.loads(DOCUMENT.read_text())
SCHEMAS: dict[str, dict[str, Any]] = DOC["components"]["schemas"]
CALLS = {
    operation["operationId"]: (path, method, operation)
    for path, method, operation in operations(DOC)
}
# What swift-openapi-generator turns into plain Swift (Supported-OpenAPI-features of its
# documentation; what it merely ignores, limits and patterns, is welcome).
UNDERSTOOD = {
    *("$ref", "type", "format", "enum", "items", "properties", "required", "oneOf", "description"),
    *("additionalProperties", "default", "example", "pattern", "minimum", "maximum"),
    *("exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"),
}
FORMATS = {"date-time", "date"}


def call_of(name: str) -> tuple[str, str, dict[str, Any]]:
    return CALLS[name]


def resolved(response: dict[str, Any]) -> dict[str, Any]:
    """A response, followed to the shared one that it refers to."""
    if "$ref" not in response:
        return response
    shared: dict[str, Any] = DOC["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return shared


def schemas_of(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, schema) of everything a call takes and answers."""
    for parameter in operation.get("parameters", ()):
        yield parameter["name"], parameter["schema"]
    for status, part in [
        ("request", operation.get("requestBody", {})),
        *operation["responses"].items(),
    ]:
        for media, content in resolved(part).get("content", {}).items():
            yield f"{status} {media}", content["schema"]


def answers() -> str:
    """Every answer of the document as text."""
    return json.dumps([operation["responses"] for _, _, operation in CALLS.values()])


def parts(where: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(path, schema) of a schema and all that is in it, not following references."""
    yield where, schema
    for name, part in schema.get("properties", {}).items():
        yield from parts(f"{where}.{name}", part)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from parts(f"{where}.{key}", schema[key])
    for at, part in enumerate(schema.get("oneOf", ())):
        yield from parts(f"{where}|{at}", part)


EVERY_SCHEMA = [
    *(part for name, schema in SCHEMAS.items() for part in parts(name, schema)),
    *(
        part
        for name, (_, _, operation) in CALLS.items()
        for where, schema in schemas_of(operation)
        for part in parts(f"{name} {where}", schema)
    ),
]


# --- complete -------------------------------------------------------------------------------------


def test_the_document_is_one_of_openapi_3_1_with_servers_tags_and_security() -> None:
    assert DOC["openapi"].startswith("3.1")
    assert DOC["servers"][0]["url"]
    assert [tag["name"] for tag in DOC["tags"]] == [
        name for name in TAGS if any(name in op["tags"] for _, _, op in CALLS.values())
    ]
    assert DOC["security"] == [{"idToken": []}]
    assert DOC["info"]["description"]


@pytest.mark.parametrize("name", CALLS)
def test_every_call_has_a_name_a_summary_and_one_tag(name: str) -> None:
    _, _, operation = call_of(name)
    assert re.fullmatch(r"[a-z]+[A-Za-z]+", name)
    assert operation["summary"]
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in TAGS


def test_every_field_is_described() -> None:
    bare = [
        f"{schema}.{name}"
        for schema, told in SCHEMAS.items()
        for name, field in told.get("properties", {}).items()
        if not field.get("description")
    ]
    assert bare == []


@pytest.mark.parametrize("name", CALLS)
def test_every_parameter_and_header_is_described(name: str) -> None:
    _, _, operation = call_of(name)
    for parameter in operation.get("parameters", ()):
        assert parameter["description"], parameter["name"]
    for response in operation["responses"].values():
        assert "X-Request-Id" in resolved(response)["headers"]
        for header in resolved(response)["headers"].values():
            assert header["$ref"].rpartition("/")[2] in DOC["components"]["headers"]
    assert all(header["description"] for header in DOC["components"]["headers"].values())


@pytest.mark.parametrize("name", CALLS)
def test_what_a_call_takes_is_bounded(name: str) -> None:
    _, _, operation = call_of(name)
    taken = [
        parameter["schema"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "header"
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "schema" in body:
        reference = body["schema"]["$ref"].rpartition("/")[2]
        if f'schemas/{reference}"' not in answers():  # what is answered as it is taken may grow
            assert SCHEMAS[reference]["additionalProperties"] is False, reference
        taken += SCHEMAS[reference]["properties"].values()
    for schema in taken:
        match schema.get("type"):
            case "integer" | "number":
                assert {"minimum", "exclusiveMinimum"} & schema.keys(), schema
            case "string" if not {"enum", "format"} & schema.keys():
                assert {"maxLength", "pattern"} & schema.keys(), schema
            case "array":
                assert "maxItems" in schema, schema


def test_answers_may_grow_fields() -> None:
    asked = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for _, _, operation in CALLS.values()
        if "requestBody" in operation
    }
    closed = {
        name for name, schema in SCHEMAS.items() if schema.get("additionalProperties") is False
    }
    assert asked & closed
    assert not [name for name in closed if f'schemas/{name}"' in answers()]


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS)
def test_every_error_names_its_codes_with_an_example_each(name: str) -> None:
    path, _, operation = call_of(name)
    problem = Draft202012Validator(
        {"$ref": "#/components/schemas/Problem", "components": DOC["components"]}
    )
    for status, response in operation["responses"].items():
        told = resolved(response).get("content", {}).get(PROBLEM)
        if int(status) >= 400 and not (status == "503" and path in OPEN_PATHS):
            assert told, status
            for code, example in told["examples"].items():
                problem.validate(example["value"])
                assert example["value"]["code"] == code
                assert example["value"]["status"] == int(status) == problem_kinds()[code].status
                assert f"`{code}`" in resolved(response)["description"]
    codes = {
        code
        for response in operation["responses"].values()
        for code in resolved(response).get("content", {}).get(PROBLEM, {}).get("examples", {})
    }
    assert {"throttled", "internal_error"} <= codes
    assert ("unauthorized" in codes) == (path not in OPEN_PATHS)


def test_every_problem_says_what_to_do_next() -> None:
    for code, kind in problem_kinds().items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
        assert kind.title[0].isupper()
        assert not kind.title.endswith("."), code
        assert example_of(kind)["detail"].endswith("."), code
        assert kind.hint.endswith("."), code


# Met by whoever builds a catalogue, scores a reading again or tries a case, never by an app.
NOT_FOR_APPS = (
    *("importers.py", "build.py", "sources.py"),
    *("rescore.py", "scores.py", "prediction.py", "advise_case.py"),
)


def raised_codes() -> Iterator[tuple[str, str]]:
    """(code, file) of every PermanentError and Failure that the package makes by name."""
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        if path.name in NOT_FOR_APPS or path.parent == PACKAGE / "cli":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if called in ("PermanentError", "PhotoRejectedError", "super().__init__"):
                given += node.args[:1]
            elif called != "Failure":
                continue
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value, path.name


def test_every_code_that_is_raised_is_in_the_table() -> None:
    codes = {*problem_kinds(), *row_kinds(), *GateCode}
    raised = {
        (code, file) for code, file in raised_codes() if re.fullmatch(r"[a-z]+(_[a-z]+)+", code)
    }
    assert len(raised) > 15
    assert [(code, file) for code, file in sorted(raised) if code not in codes] == []


def test_every_code_of_the_table_is_used() -> None:
    source = "".join(
        path.read_text()
        for folder in (PACKAGE, ROOT / "functions")
        for path in folder.rglob("*.py")
    )
    by_the_gateway = {"token_expired", "forbidden", "throttled", "request_too_large"}
    for code in {*problem_kinds(), *row_kinds()} - by_the_gateway:
        assert f'"{code}"' in source, code


def test_the_sentences_of_a_code_are_those_of_the_table() -> None:
    told = {key.split(".")[1] for key in sentences() if key.startswith("problem.")}
    assert told == {*problem_kinds(), *row_kinds()}
    both = {key.split(".")[1] for key in sentences() if re.fullmatch(r"problem.\w+.row.hint", key)}
    assert both == problem_kinds().keys() & row_kinds().keys()


# --- what a client generator takes ----------------------------------------------------------------


@pytest.mark.parametrize(("where", "schema"), EVERY_SCHEMA, ids=[row[0] for row in EVERY_SCHEMA])
def test_a_schema_is_told_in_what_generators_understand(where: str, schema: dict[str, Any]) -> None:
    assert schema, "anything at all has no type in Swift"
    assert schema.keys() <= UNDERSTOOD, schema.keys() - UNDERSTOOD
    if "$ref" in schema:
        assert schema.keys() <= {"$ref", "description"}
        assert schema["$ref"].rpartition("/")[2] in SCHEMAS
        return
    if "oneOf" in schema:
        objects = ["$ref" in choice for choice in schema["oneOf"]]
        assert all(objects) or len({choice["type"] for choice in schema["oneOf"]}) == len(objects)
        return
    assert schema["type"] in {"object", "array", "string", "number", "integer", "boolean"}
    if schema["type"] == "array":
        assert "items" in schema
    if "enum" in schema:
        assert schema["type"] == "string"
        swift = [re.sub(r"[^a-z0-9]", "", word.lower()) for word in schema["enum"]]
        assert len(set(swift)) == len(swift), "two cases would share a name"
    if schema["type"] == "object":
        assert "properties" in schema or schema.get("additionalProperties")
        assert set(schema.get("required", ())) <= schema.get("properties", {}).keys()
    assert schema.get("format", "date") in FORMATS
    assert schema.get("default", "") is not None


def test_names_stay_apart_as_swift_spells_them() -> None:
    spelt = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in [*SCHEMAS, *CALLS]]
    assert len(set(spelt)) == len(spelt)
    for schema in SCHEMAS.values():
        fields = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in schema.get("properties", {})]
        assert len(set(fields)) == len(fields)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_answers_in_one_way_and_takes_what_it_names(name: str) -> None:
    path, method, operation = call_of(name)
    named = set(re.findall(r"{(\w+)}", path))
    declared = {
        parameter["name"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "path"
    }
    assert named == declared
    assert all(
        parameter["in"] in ("path", "query", "header")
        for parameter in operation.get("parameters", ())
    )
    for status, response in operation["responses"].items():
        assert len(resolved(response).get("content", {})) <= 1, status
    # A retry is done once without a key: what is being made is not asked for again.
    if method == "post" and not path.endswith("/retry"):
        assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
    if method == "get" and not path.startswith("/v1/health/"):
        assert {"200", "304"} <= operation["responses"].keys()
        assert "ETag" in operation["responses"]["200"]["headers"]


# --- docs/api.md ----------------------------------------------------------------------------------


def test_the_page_is_what_the_document_says() -> None:
    assert PAGE.read_text() == render(), "run `make openapi`"


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = PAGE.read_text()
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), re.MULTILINE
    )
    slugs = [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert len(set(slugs)) == len(slugs)
    for target in re.findall(r"\]\(([^)]+)\)", page):
        if target.startswith("#"):
            assert target[1:] in slugs, target
        elif not target.startswith("http"):
            assert (PAGE.parent / target).exists(), target


def test_an_example_of_every_call_fits_its_schema() -> None:
    recorded = json.loads(EXAMPLES.read_text())
    assert recorded.keys() == CALLS.keys() - {"getOpenapi"}  # it answers with the document itself
    for name, example in recorded.items():
        _, _, operation = call_of(name)
        told = resolved(operation["responses"][str(example["status"])])
        pairs = [("answer", told.get("content", {}).get("application/json", {}).get("schema"))]
        if "requestBody" in operation:
            body = operation["requestBody"]["content"]["application/json"]
            pairs.append(("request", body["schema"]))
        for part, schema in pairs:
            assert (part in example) == (schema is not None), f"{name}: {part}"
            if schema:
                root = {**schema, "components": DOC["components"]}
                errors = list(Draft202012Validator(root).iter_errors(example[part]))
                assert not errors, f"{name} {part}: {errors[0].message}: run `make examples`"
