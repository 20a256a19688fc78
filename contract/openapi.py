"""Write facet/routes/openapi.json from the routes as the code declares them (`make openapi`).

Routes name their own answer and their own codes; what every call has in common is added here: the
codes of problems.toml with an example each, conditional GETs, and headers. Schemas are told in the
part of OpenAPI 3.1 that client generators take (swift-openapi-generator above all): optional is
what is not required, never null, and a pair of numbers is an array of two.
"""

import json
from collections.abc import Iterator
from copy import copy
from datetime import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from pydantic.json_schema import models_json_schema

from facet.domain.recommendations import Recommendations
from facet.http.gateway import resolver
from facet.http.problems import ProblemKind, problem_kinds
from facet.routes import (
    analyses,
    bag,
    document,
    feedback,
    guide,
    health,
    looks,
    me,
    overlays,
    products,
    profile,
    start,
    wardrobe,
)
from facet.routes.document import DOCUMENT
from facet.saying import say

ROOT = Path(__file__).parents[1]
EXAMPLES = Path(__file__).with_name("examples.json")
# In the order in which the document tells them, whichever function answers them.
ROUTERS = (
    (start.router,),
    (
        *(analyses.router, looks.router, products.router, bag.router, wardrobe.router),
        *(feedback.router, profile.router, me.router),
        *(guide.router, health.router, document.router),
    ),
    (overlays.router,),
)
OPEN_PATHS = ("/v1/health/live", "/v1/health/ready", "/v1/openapi.json")
PROBLEM = "application/problem+json"
TITLE = "Facet"
VERSION = "1.0.0"
DESCRIPTION = (
    "One selfie in, measured skin and tone and advice from what you own out. Ask for an upload, "
    "PUT the photo, poll until `status` is terminal. Scores run 0 to 100, 100 is best, and stand "
    "beside the measured value and its unit. Cosmetic, not medical.\n\n"
    "A request is refused for fields that are not described here; answers may grow fields, so pass "
    "over those you do not know. Times are UTC (RFC 3339). Every answer carries `X-Request-Id`; "
    "every error is a `Problem` with a stable `code`."
)
SERVERS = [
    {
        "url": "/api",
        "description": "Your own deployment: `ApiUrl` of the stack's outputs goes before /v1.",
    }
]
TAGS = {
    "analyses": "From a photo to measures and advice.",
    "looks": "Makeup drawn on the person's own photo.",
    "products": "The catalogue that advice chooses from.",
    "bag": "Products the person owns.",
    "wardrobe": "Garments the person owns.",
    "profile": "What the person tells; nothing of it is ever inferred from a photo.",
    "feedback": "What the person makes of the advice.",
    "me": "Quota, export and erasure.",
    "guide": "What a phone should know beforehand.",
    "health": "For load balancers and dashboards; no sign-in.",
}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": "Names this request in every log line; quote it in a report.",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "Send it back in If-None-Match: a 304 says that nothing changed.",
        "schema": {"type": "string"},
    },
    "Cache-Control": {
        "description": "How long the answer may be kept without asking again; no-store: never.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Limit": {
        "description": "Analyses a UTC day; absent where they are unlimited. Of a 429 `too_often`: "
        "what may be done within a minute.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Remaining": {
        "description": "Analyses left today; absent where they are unlimited. Of a 429 "
        "`too_often`: what is left of the minute.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Reset": {
        "description": "Seconds to the next UTC midnight; absent where analyses are unlimited. Of "
        "a 429 `too_often`: to the next minute.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
RATE_LIMIT = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
CHARGED = ("startAnalysis", "getUsage")
NEVER_TOO_OFTEN = ("eraseMe",)
# What the example of a code says of its request: the values of its detail.
EXAMPLE_VALUES: dict[str, dict[str, Any]] = {
    "file_too_large": {"size": 24_000_000, "largest": 20_000_000},
    "quota_exceeded": {"limit": 50, "reset_at": time(0)},
    "too_often": {"most": 60, "what": say("limited.writes")},
    "belongings_full": {"most": 500},
    "profile_too_large": {"size": 60_000, "most": 50_000},
    "analysis_ended": {"status": "completed"},
    "retries_used_up": {"most": 3},
    "looks_full": {"most": 100},
    "looks_of_analysis_full": {"most": 20},
    "exports_used_up": {"most": 3},
    "day_in_the_future": {"day": "2030-01-01"},
    "result_not_found": {"kind": "outfit"},
    "not_in_the_result": {"kind": "outfit", "names": "blue-shirt"},
    "region_not_possible": {"category": "lip", "places": "lips"},
    "concern_not_found": {"names": "redness, pores"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the answer at hand.",
    "schema": {"type": "string"},
}


def openapi_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of every route of the API."""
    document: dict[str, Any] = {}
    for routers in ROUTERS:
        app = resolver(Logger())
        for router in routers:
            app.include_router(copy(router))  # a router answers for the app that took it last
        part = app.get_openapi_json_schema(title=TITLE, version=VERSION)
        _merge(document, json.loads(part))
    _describe(document)
    _type_recommendations(document)
    for path, method, operation in operations(document):
        _complete(operation, path, method)
    _simplify_schemas(document)
    _add_examples(document)
    _share_problems(document)
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [
        {"name": name, "description": text} for name, text in TAGS.items() if name in used
    ]
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of every call."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def example_of(kind: ProblemKind) -> dict[str, Any]:
    """A problem of this code as it is answered."""
    problem: dict[str, Any] = {
        "type": f"urn:facet:problem:{kind.code}",
        "title": kind.title,
        "status": int(kind.status),
        "code": kind.code,
        "detail": say(f"problem.{kind.code}.detail", **EXAMPLE_VALUES.get(kind.code, {})),
        "hint": kind.hint,
        "request_id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    }
    if kind.code == "concern_not_measured":  # it says the concern's own reason
        problem["detail"] = say("concern.too_small", px_per_mm=2.1, concern="pores", least=6)
    if kind.code == "invalid_request":
        problem["errors"] = [
            {"field": "body.content_length", "message": "Input should be greater than 0"}
        ]
    return problem


def codes_of(operation: dict[str, Any], *, is_open: bool, writes: bool) -> tuple[str, ...]:
    """Every code a call may end in: what it names, and what calls of its kind have in common."""
    named = [
        code
        for response in operation["responses"].values()
        for code in response.get("content", {}).get(PROBLEM, {}).get("examples", {})
    ]
    parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
    common = ["throttled", "internal_error"]
    if not is_open:
        common += ["unauthorized", "token_expired", "account_erased", "forbidden"]
    if writes and operation["operationId"] not in NEVER_TOO_OFTEN:
        common += ["too_often"]
    if parameters or "requestBody" in operation:
        common += ["invalid_request"]
    if "requestBody" in operation:
        common += ["request_too_large", "unsupported_media_type"]
    if "cursor" in parameters:
        common += ["invalid_cursor"]
    if "Idempotency-Key" in parameters:
        common += ["idempotency_key_reused"]
    kinds = problem_kinds()
    return tuple(sorted({*named, *common}, key=lambda code: (kinds[code].status, code)))


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _describe(document: dict[str, Any]) -> None:
    document["info"] = {"title": TITLE, "version": VERSION, "description": DESCRIPTION}
    document["servers"] = SERVERS
    document["security"] = [{"idToken": []}]
    parts = document["components"]
    parts["securitySchemes"] = {
        "idToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The ID token of the stack's Cognito user pool, good for an hour.",
        }
    }
    parts["headers"] = HEADERS
    for powertools_own in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        parts["schemas"].pop(powertools_own, None)


def _type_recommendations(document: dict[str, Any]) -> None:
    """What is stored is answered as it is; its types are only told."""
    _, generated = models_json_schema(
        [(Recommendations, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schemas = document["components"]["schemas"]
    for name, schema in generated["$defs"].items():
        schemas.setdefault(name, schema)
    for schema in schemas.values():
        told = schema.get("properties", {}).get("recommendations", {})
        if "additionalProperties" in told:
            schema["properties"]["recommendations"] = {
                "$ref": "#/components/schemas/Recommendations",
                "description": told["description"],
            }


# --- calls --------------------------------------------------------------------------------------


def _complete(operation: dict[str, Any], path: str, method: str) -> None:
    """Security, every status with its codes and headers, and conditional GETs."""
    is_open = path in OPEN_PATHS
    if is_open:
        operation["security"] = []
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header":  # Powertools tells them in lower case
            parameter["name"] = parameter["name"].title()
    codes = codes_of(operation, is_open=is_open, writes=method != "get")
    answers = {
        status: response
        for status, response in operation["responses"].items()
        if PROBLEM not in response.get("content", {}) and status != "422"
    }
    for status, response in answers.items():
        if status == "204":
            response.pop("content", None)
        response["headers"] = _headers("X-Request-Id")
        if operation["operationId"] in CHARGED:
            response["headers"] |= _headers(*RATE_LIMIT)
    if method == "get" and not path.startswith("/v1/health/"):
        kept = _headers("X-Request-Id", "ETag", "Cache-Control")
        answers["200"]["headers"] |= kept
        answers["304"] = {"description": "Nothing changed since that ETag.", "headers": kept}
        operation.setdefault("parameters", []).append(IF_NONE_MATCH)
    by_status: dict[str, list[ProblemKind]] = {}
    for kind in (problem_kinds()[code] for code in codes):
        by_status.setdefault(str(int(kind.status)), []).append(kind)
    problems = {status: _problem(kinds) for status, kinds in by_status.items()}
    if "503" in answers:  # how health says that something is missing: no problem of the request
        problems.pop("503", None)
    operation["responses"] = dict(sorted({**answers, **problems}.items()))


def _problem(kinds: list[ProblemKind]) -> dict[str, Any]:
    names = ["X-Request-Id"]
    if kinds[0].status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        names.append("Retry-After")
    if any(kind.code in ("quota_exceeded", "too_often") for kind in kinds):
        names += RATE_LIMIT
    return {
        "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds) + ".",
        "headers": _headers(*names),
        "content": {
            PROBLEM: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    kind.code: {"summary": kind.title, "value": example_of(kind)} for kind in kinds
                },
            }
        },
    }


def _share_problems(document: dict[str, Any]) -> None:
    """The commonest problem of each status is told once."""
    told: dict[str, list[str]] = {}
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if PROBLEM in response.get("content", {}):
                told.setdefault(status, []).append(json.dumps(response, sort_keys=True))
    shared = document["components"].setdefault("responses", {})
    for status, texts in told.items():
        text = max(set(texts), key=lambda text: (texts.count(text), text))
        name = HTTPStatus(int(status)).phrase.title().replace(" ", "")
        if texts.count(text) > 1:
            shared[name] = json.loads(text)
            for _, _, operation in operations(document):
                if json.dumps(operation["responses"].get(status), sort_keys=True) == text:
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _add_examples(document: dict[str, Any]) -> None:
    """Of requests and answers, as `make examples` recorded them."""
    recorded = json.loads(EXAMPLES.read_text()) if EXAMPLES.exists() else {}
    for _, _, operation in operations(document):
        example = recorded.get(operation["operationId"], {})
        if "request" in example:
            body = operation["requestBody"]["content"]["application/json"]
            body["example"] = example["request"]
        if "answer" in example:
            answer = operation["responses"][str(example["status"])]
            answer["content"]["application/json"]["example"] = example["answer"]


# --- schemas ------------------------------------------------------------------------------------


def _simplify_schemas(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    asked, answered = set[str](), set[str]()
    for _, _, operation in operations(document):
        asked |= _reached(operation.get("requestBody"), schemas)
        answered |= _reached(operation["responses"], schemas)
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = _simple(parameter["schema"])
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for content in part.get("content", {}).values():
                content["schema"] = _simple(content["schema"])
    for name in list(schemas):
        if name not in asked | answered:
            del schemas[name]
            continue
        schemas[name] = _simple(schemas[name])
        if name in answered and "properties" in schemas[name]:
            schemas[name].pop("additionalProperties", None)  # an answer may grow


def _reached(node: Any, schemas: dict[str, Any], seen: set[str] | None = None) -> set[str]:
    """Names of the schemas that a part of the document leads to."""
    seen = set() if seen is None else seen
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
        if name in schemas and name not in seen:
            seen.add(name)
            _reached(schemas[name], schemas, seen)
        for value in node.values():
            _reached(value, schemas, seen)
    elif isinstance(node, list):
        for value in node:
            _reached(value, schemas, seen)
    return seen


def _simple(schema: Any) -> Any:
    """The same schema without null, tuples, constants, titles and defaults of nothing."""
    if isinstance(schema, list):
        return [_simple(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: value for key, value in schema.items() if key not in ("title", "propertyNames")}
    for key in ("items", "additionalProperties", "anyOf", "oneOf", "allOf"):
        if key in schema:
            schema[key] = _simple(schema[key])
    if schema.get("default", ...) in (None, [], {}):
        del schema["default"]
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    for key, simpler in SIMPLER.items():
        if key in schema:
            schema = simpler(schema)
    return schema


def _simple_tuple(schema: dict[str, Any]) -> dict[str, Any]:
    """A tuple of one type is an array of it."""
    first, *others = schema.pop("prefixItems")
    if any(other != first for other in others):
        raise ValueError(f"a tuple of several types has no simple schema: {first}, {others}")
    return {**schema, "items": first}


def _simple_choice(schema: dict[str, Any]) -> dict[str, Any]:
    """Of the values that Facet answers with, exactly one of several options fits."""
    options = [option for option in schema.pop("anyOf") if option != {"type": "null"}]
    return {**options[0], **schema} if len(options) == 1 else {**schema, "oneOf": options}


def _simple_object(schema: dict[str, Any]) -> dict[str, Any]:
    """What is null is left out of every answer, so it is never required."""
    properties = schema["properties"]
    required = [
        name
        for name in schema.pop("required", ())
        if {"type": "null"} not in properties[name].get("anyOf", ())
    ]
    schema["properties"] = {name: _simple(part) for name, part in properties.items()}
    return {**schema, "required": required} if required else schema


SIMPLER = {
    "properties": _simple_object,
    "prefixItems": _simple_tuple,
    "anyOf": _simple_choice,
}


if __name__ == "__main__":
    DOCUMENT.write_text(json.dumps(openapi_document(), indent=1) + "\n")
