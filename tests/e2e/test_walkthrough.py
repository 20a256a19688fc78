"""docs/walkthrough.md is true: every request is sent, every answer compared."""

import base64
import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image, ImageDraw

from local.phone import Answer, send
from local.stack import LocalStack
from tests.e2e.conftest import Encode

PAGE = Path(__file__).parents[2] / "docs" / "walkthrough.md"
PATIENCE = 60  # seconds, until a polled answer is the one that is told


@dataclass(frozen=True)
class Exchange:
    """One request of the page and the answer it shows."""

    line: int
    polled: bool
    request: str
    answer: str


def exchanges(text: str) -> list[Exchange]:
    """The page's blocks, two and two; a request under `*Poll:*` is repeated."""
    blocks = list(re.finditer(r"^```http\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))
    assert blocks
    assert len(blocks) % 2 == 0
    return [
        Exchange(
            line=text.count("\n", 0, asked.start()) + 2,
            polled=text[: asked.start()].rstrip().endswith("*Poll:*"),
            request=asked[1],
            answer=answered[1],
        )
        for asked, answered in zip(blocks[::2], blocks[1::2], strict=True)
    ]


def filled(text: str, names: dict[str, Any]) -> str:
    """`{name}` replaced; a name that nothing has put there is an error of the page."""
    return re.sub(r"\{(\w+)\}", lambda name: str(names[name[1]]), text)


def parts(block: str) -> tuple[str, dict[str, str], str]:
    """(first line, headers, body) of a block."""
    head, _, body = block.partition("\n\n")
    first, *lines = head.strip().splitlines()
    return first, dict(line.split(": ", 1) for line in lines), body.strip()


def ask(request: str, names: dict[str, Any], files: dict[str, bytes]) -> Answer:
    first, headers, body = parts(filled(request, names))
    method, url = first.split(" ")
    data: bytes | None
    if body.startswith("< "):
        data = files[body.removeprefix("< ")]
    else:
        data = body.encode() if body else None
    return send(method, url, data, headers)


def compare(told: Any, got: Any, names: dict[str, Any], where: str = "answer") -> None:
    """Everything that is told is so; keeps what is named. Raises AssertionError."""
    if told == "...":
        assert got not in (None, "", [], {}), f"{where} is empty"
    elif isinstance(told, str) and (name := re.fullmatch(r"\{(\w+)\}", told)):
        assert got, f"{where} is empty"
        assert names.setdefault(name[1], got) == got or name[1].endswith(("url", "etag")), where
        names[name[1]] = got
    elif isinstance(told, dict):
        assert isinstance(got, dict), f"{where} is {got!r}"
        for field, value in told.items():
            assert field in got, f"{where} has no {field}: {sorted(got)}"
            compare(value, got[field], names, f"{where}.{field}")
    elif isinstance(told, list):
        assert isinstance(got, list), f"{where} is {got!r}"
        assert len(got) >= len(told), f"{where} has {len(got)}"
        for place, value in enumerate(told):
            compare(value, got[place], names, f"{where}.{place}")
    else:
        assert got == told, f"{where} is {got!r}"


def check(answer: Answer, told: str, names: dict[str, Any]) -> None:
    """The answer is what the page shows. Raises AssertionError."""
    status, headers, body = parts(told)
    assert answer.status == int(status), f"{answer.status}: {answer.data[:500]!r}"
    for name, value in headers.items():
        compare(value, answer.headers.get(name), names, name)
    if body:
        is_json = "json" in answer.headers.get("content-type", "")
        assert is_json, answer.data[:500]
        compare(json.loads(body), json.loads(answer.data), names)


def jumper() -> Image.Image:
    """Something to wear: rust-coloured, on a light wall."""
    picture = Image.new("RGB", (600, 700), "#e9e6e1")
    pen = ImageDraw.Draw(picture)
    left = [(300, 120), (150, 120), (40, 420), (120, 450), (170, 300), (170, 620), (300, 620)]
    for half in (left, [(600 - x, y) for x, y in left]):
        pen.polygon(half, fill="#a4552d")
    return picture


@pytest.mark.e2e
def test_the_walkthrough_is_true(stack: LocalStack, portrait: Image.Image, encode: Encode) -> None:
    files = {"portrait.jpg": encode(portrait), "jumper.jpg": encode(jumper(), quality=92)}
    names: dict[str, Any] = {
        "api": stack.outputs["ApiUrl"],
        "cognito": stack.endpoint + "/",
        "client_id": stack.outputs["UserPoolClientId"],
        "email": f"{uuid4()}@example.com",
        "password": secrets.token_urlsafe(24),
        "code": "123456",
    }
    for name, data in files.items():
        stem = name.removesuffix(".jpg")
        names[f"{stem}_length"] = len(data)
        names[f"{stem}_sha256"] = base64.b64encode(hashlib.sha256(data).digest()).decode()
    for exchange in exchanges(PAGE.read_text()):
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = ask(exchange.request, names, files)
            try:
                check(answer, exchange.answer, names)
                break
            except AssertionError as error:
                if not exchange.polled or time.monotonic() > deadline:
                    place = f"{PAGE.name}:{exchange.line}"
                    raise AssertionError(f"{place}\n{exchange.request}\n{error}") from error
            time.sleep(0.5)


@pytest.mark.parametrize(
    ("told", "got"),
    [
        ({"status": "completed"}, {"status": "failed"}),
        ({"status": "..."}, {}),
        ({"status": "..."}, {"status": ""}),
        ({"items": [{"id": "a"}]}, {"items": []}),
        ({"id": "{id}"}, {"id": "another"}),
        ([1], {"0": 1}),
        (49, 50),
    ],
)
def test_an_answer_that_is_not_as_told_is_found(told: Any, got: Any) -> None:
    with pytest.raises(AssertionError):
        compare(told, got, {"id": "one"})


def test_what_an_answer_names_is_known_to_the_next_request() -> None:
    names: dict[str, Any] = {}

    compare({"a": {"b": ["{one}", "..."]}, "c": 1}, {"a": {"b": ["x", "y"]}, "c": 1, "d": 2}, names)

    assert filled("GET /{one}", names) == "GET /x"
    with pytest.raises(KeyError):
        filled("GET /{two}", names)


def test_the_page_walks_through_every_kind_of_call() -> None:
    requests = [parts(exchange.request)[0] for exchange in exchanges(PAGE.read_text())]

    assert {line.split(" ")[0] for line in requests} == {"GET", "POST", "PUT", "DELETE"}
    assert sum(exchange.polled for exchange in exchanges(PAGE.read_text())) >= 5
