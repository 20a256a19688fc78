"""What no app would send: texts, numbers and shapes in every field of every body of the contract.

An answer is a refusal with a code, or the words again as they came; never a 500, and never large.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from facet.http.gateway import MOST_FIELD_ERRORS
from tests.integration.conftest import Stack
from tests.integration.contract import document
from tests.integration.routes import EVENT, GUARDED, NOBODYS, ROUTES, Route

type Place = tuple[str | int, ...]

UNLIMITED = {"cognito:groups": "enterprise"}  # a quota would hide what it refuses
LARGEST_REFUSAL = 20_000  # bytes
TEXTS = {
    "control characters": "\x1b[31m\x07\x00\x7f",
    "a header": "a\r\nSet-Cookie: x=1",
    "right to left": "\u202eabc\u2066",
    "zero width": "\u200b\u2060\ufeff",
    "half a surrogate": "\ud800x",
    "the last code point": "\U0010ffff",
    "stacked accents": "a" + "\u0301" * 190,
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "SQL": "'; DROP TABLE users; --",
    "HTML": "<script>alert(1)</script>",
    "formats": "%s%n {0} {{7*7}} ${jndi:ldap://x}",
    "a formula": "=cmd|' /C calc'!A0",
    "a path": "../../../etc/passwd",
    "huge": "x" * 100_000,
    "nothing": "",
    "spaces": "   ",
}
NUMBERS = {
    "5,000 digits": "1" * 5_000,
    "minus 5,000 digits": "-" + "1" * 5_000,
    "4,000 digits": "1" * 4_000,
    "no number": "NaN",
    "without end": "Infinity",
    "past a double": "1e400",
    "below zero": "-1",
    "a fraction": "5.0000000001",
    "true": "true",
    "null": "null",
    "nested 300 deep": "[" * 300 + "]" * 300,
    "nested 1,000 deep": '{"a":' * 1_000 + "1" + "}" * 1_000,
    "nested 5,000 deep": "[" * 5_000 + "]" * 5_000,
    "nested 200,000 deep": '{"a":' * 200_000,
}
SHAPES = {
    "lists without end": "[" * 200_000,
    "objects without end": '{"a":' * 100_000,
    "no JSON": "{",
    "nothing": "",
    "null": "null",
    "a list": "[]",
    "a text": '"x"',
    "a number": "1" * 5_000,
    "a byte-order mark": "\ufeff{}",
    "half a surrogate": '{"\\ud800": 1}',
    "the prototype": '{"__proto__": {"x": 1}}',
    "20,000 unknown fields": json.dumps({f"k{number}": 1 for number in range(20_000)}),
    "an unknown field of 1 MB": json.dumps({"k" * 1_000_000: 1}),
    "an unknown text of 1 MB": json.dumps({"x": "y" * 1_000_000}),
}
TAKING = [route for route in GUARDED if route.body is not None]
ASKING = [route for route in ROUTES if route.queries]


def followed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document()["components"]["schemas"][name] if name else schema


def places(schema: Mapping[str, Any], at: Place = ()) -> Iterator[Place]:
    """Every field of a body, what is in lists and objects included."""
    schema = followed(schema)
    if at:
        yield at
    for name, part in schema.get("properties", {}).items():
        yield from places(part, (*at, name))
    for part in schema.get("oneOf", ()):
        yield from places(part, at)
    if "items" in schema:
        yield from places(schema["items"], (*at, 0))


def with_at(value: Any, place: Place, new: Any) -> Any:
    """A copy of `value` with `new` at a place, which is made where it is not there."""
    if not place:
        return new
    step, *rest = place
    if isinstance(step, int):
        first, *others = value if isinstance(value, list) and value else [None]
        return [with_at(first, tuple(rest), new), *others]
    held: dict[str, Any] = value if isinstance(value, dict) else {}
    return {**held, step: with_at(held.get(step), tuple(rest), new)}


def send(stack: Stack, route: Route, why: str, **how: Any) -> tuple[int, Any]:
    """Ask, and hold the answer to what every answer keeps to."""
    status, body, _ = route.call(stack, NOBODYS, claims=UNLIMITED, **how)
    assert status < 500, (route.name, why, body)
    if status >= 400:
        assert body["code"], (route.name, why)
        assert len(json.dumps(body)) < LARGEST_REFUSAL, (route.name, why)
    json.dumps(body, ensure_ascii=False).encode()  # as Lambda does
    return status, body


@pytest.mark.parametrize("route", TAKING, ids=lambda route: route.name)
def test_a_hostile_field_is_refused_or_kept_as_it_came(stack: Stack, route: Route) -> None:
    schema = route.operation["requestBody"]["content"]["application/json"]["schema"]
    fields = dict.fromkeys(places(schema))
    assert len(fields) >= 2
    for place in fields:
        for name, text in TEXTS.items():
            send(stack, route, f"{place}: {name}", body=with_at(route.body, place, text))
        for name, number in NUMBERS.items():
            body = json.dumps(with_at(route.body, place, "@@@")).replace('"@@@"', number)
            status, _ = send(stack, route, f"{place}: {name}", body=body)
            if "digits" in name or "deep" in name:  # a photo may be too large, too
                assert status in (400, 413), (place, name)


@pytest.mark.parametrize("route", TAKING, ids=lambda route: route.name)
def test_a_body_of_a_hostile_shape_is_refused(stack: Stack, route: Route) -> None:
    for name, body in SHAPES.items():
        status, problem = send(stack, route, name, body=body)
        if status >= 400:
            assert problem["code"] == "invalid_request", name
            assert 1 <= len(problem["errors"]) <= MOST_FIELD_ERRORS, name
    for key in ("", "x" * 256, "\x00", "a\nb", "é" * 255, "../..", "\U0001f600"):
        send(stack, route, f"key {key[:9]!r}", headers={"Idempotency-Key": key})


@pytest.mark.parametrize("route", ASKING, ids=lambda route: route.name)
def test_a_hostile_question_is_refused_or_finds_nothing(stack: Stack, route: Route) -> None:
    numbers = {name: text for name, text in NUMBERS.items() if "nested" not in name}
    for query in route.queries:
        for name, text in {**TEXTS, **numbers}.items():
            asked = route.required() | {query: text.encode("utf-8", "replace").decode()}
            send(stack, route, f"{query}: {name}", query=asked)


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
def test_a_hostile_address_is_none(stack: Stack, route: Route) -> None:
    for text in ("..%2F..%2Fx", "%00", "a%0Ab", "%E2%80%AE", "a" * 65, "*"):
        ids = dict.fromkeys(NOBODYS, text)
        if route.at(ids) != route.path and "{" in route.path:
            status, body, _ = route.call(stack, ids)
            assert status in (400, 404), (text, body)


def test_what_was_kept_can_be_read(stack: Stack) -> None:
    """Whatever an answer said yes to comes back as JSON, letter by letter."""
    for number, text in enumerate(TEXTS.values()):
        bag = {"name": text, "category": "lip", "shade": "#a4565c"}
        status, _, _ = stack.http(
            "api", EVENT, method="PUT", path=f"/v1/bag/item-{number}", body=bag
        )
        if status < 300:
            got = stack.http("api", EVENT, path=f"/v1/bag/item-{number}")[1]
            assert got["name"] == text
    assert stack.http("api", EVENT, path="/v1/bag")[0] == 200
