"""`Idempotency-Key` on any POST, as facet.http.idempotency keeps it."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel

from facet.adapters.aws import client
from facet.domain.errors import PermanentError
from facet.http.answers import json_response
from facet.http.gateway import resolver, respond
from facet.http.idempotency import IdempotencyKey, Repeats
from tests.integration.conftest import CLIENT_ID, NAMES, Context, Stack, recorded

KEY = {"Idempotency-Key": "k1"}


class Wish(BaseModel):
    name: str


class Shop:
    """An API of two routes that counts what it does."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.fails: Exception | None = None
        self.meanwhile: Callable[[], Any] = lambda: None
        self.app = app = resolver(Logger())
        self.repeats = Repeats(client("dynamodb"), NAMES["IDEMPOTENCY_TABLE_NAME"])

        @app.post("/v1/things")
        def post_thing(wish: Wish, idempotency_key: IdempotencyKey = None) -> Response[str]:
            return self.repeats.once(app, idempotency_key, wish, lambda: self.make(wish))

        @app.post("/v1/things/<thing>/copies")
        def copy(thing: str, idempotency_key: IdempotencyKey = None) -> Response[str]:
            return self.repeats.once(
                app, idempotency_key, None, lambda: self.make(Wish(name=thing))
            )

    def make(self, wish: Wish) -> Response[str]:
        self.meanwhile()
        if self.fails:
            raise self.fails
        self.done.append(wish.name)
        body = {"name": wish.name, "number": len(self.done)}
        return json_response(body, HTTPStatus.CREATED, {"X-Number": str(len(self.done))})

    def post(
        self,
        body: dict[str, Any] | None,
        headers: dict[str, str] | None = None,
        *,
        path: str = "/v1/things",
        user: str = "me",
    ) -> tuple[int, dict[str, Any], dict[str, Any]]:
        event = recorded("api_post_analyses.json")
        event["path"] = event["requestContext"]["path"] = path
        event["requestContext"]["authorizer"] = {
            "claims": {"sub": user, "token_use": "id", "aud": CLIENT_ID}
        }
        event["headers"] = {"content-type": "application/json", **(headers or {})}
        event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
        event["body"] = json.dumps(body) if body else None
        answer = respond(self.app, event, Context())  # type: ignore[arg-type]
        return answer["statusCode"], json.loads(answer["body"]), answer["multiValueHeaders"]


@pytest.fixture
def shop(stack: Stack) -> Shop:
    return Shop()


def test_the_same_key_and_body_is_done_once_and_answered_alike(shop: Shop) -> None:
    first = shop.post({"name": "cup"}, KEY)
    again = shop.post({"name": "cup"}, KEY)

    assert first[0] == 201
    assert again[:2] == first[:2]
    assert again[2]["X-Number"] == first[2]["X-Number"] == ["1"]
    assert again[2]["Content-Type"] == ["application/json"]
    assert shop.done == ["cup"]


def test_without_a_key_every_request_is_done(shop: Shop) -> None:
    for _ in range(2):
        shop.post({"name": "cup"})

    assert shop.done == ["cup", "cup"]


def test_a_key_with_another_body_is_a_conflict(shop: Shop) -> None:
    shop.post({"name": "cup"}, KEY)

    status, body, _ = shop.post({"name": "jug"}, KEY)

    assert (status, body["code"]) == (409, "idempotency_key_reused")
    assert shop.done == ["cup"]


def test_a_request_that_is_still_running_is_a_conflict(shop: Shop) -> None:
    answers = []

    def meanwhile() -> None:
        shop.meanwhile = lambda: None
        answers.append(shop.post({"name": "cup"}, KEY))

    shop.meanwhile = meanwhile
    assert shop.post({"name": "cup"}, KEY)[0] == 201

    ((status, body, _),) = answers
    assert (status, body["code"]) == (409, "request_in_progress")
    assert shop.done == ["cup"]


@pytest.mark.parametrize("error", [PermanentError("gone", "Gone."), RuntimeError("crash")])
def test_a_failed_request_may_be_sent_again(shop: Shop, error: Exception) -> None:
    shop.fails = error
    assert shop.post({"name": "cup"}, KEY)[0] in (400, 500)

    shop.fails = None

    assert shop.post({"name": "cup"}, KEY)[0] == 201
    assert shop.done == ["cup"]


def test_users_and_routes_have_keys_of_their_own(shop: Shop) -> None:
    shop.post({"name": "cup"}, KEY)
    shop.post({"name": "cup"}, KEY, user="you")
    shop.post(None, KEY, path="/v1/things/cup/copies")
    shop.post(None, KEY, path="/v1/things/jug/copies")

    assert shop.done == ["cup", "cup", "cup", "jug"]


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_a_length(shop: Shop, key: str) -> None:
    status, body, _ = shop.post({"name": "cup"}, {"Idempotency-Key": key})

    assert (status, body["code"]) == (400, "invalid_request")
    assert shop.done == []


def test_what_is_remembered_lies_in_the_user_s_own_partition(shop: Shop) -> None:
    """Erasing a user goes by it."""
    shop.post({"name": "cup"}, KEY)

    table = boto3.resource("dynamodb").Table(NAMES["IDEMPOTENCY_TABLE_NAME"])
    assert [row["PK"] for row in table.scan()["Items"]] == ["USER#me"]
