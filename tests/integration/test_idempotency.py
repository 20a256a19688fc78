"""`Idempotency-Key` on any POST, as facet.http.idempotency keeps it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel

from facet.adapters.aws import table
from facet.adapters.repeats import RepeatTable
from facet.domain.errors import PermanentError
from facet.http.answers import json_response
from facet.http.gateway import resolver, respond
from facet.http.idempotency import Asked, IdempotencyKey, Repeats
from tests.integration.conftest import CLIENT_ID, NAMES, Context, Stack, recorded

KEY = {"Idempotency-Key": "k1"}


class Wish(BaseModel):
    name: str


class Shop:
    """An API of two routes that notes which ids it was given."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.fails: Exception | None = None
        self.meanwhile: Callable[[], Any] = lambda: None
        self.app = app = resolver(Logger())
        self.repeats = Repeats(RepeatTable(table(NAMES["TABLE_NAME"])))

        @app.post("/v1/things")
        def post_thing(wish: Wish, idempotency_key: IdempotencyKey = None) -> Response[str]:
            with self.repeats.asked(app, idempotency_key, wish) as asked:
                return self.make(asked)

        @app.post("/v1/things/<thing>/copies")
        def copy(thing: str, idempotency_key: IdempotencyKey = None) -> Response[str]:
            with self.repeats.asked(app, idempotency_key, None) as asked:
                return self.make(asked)

    def make(self, asked: Asked) -> Response[str]:
        self.meanwhile()
        if self.fails:
            raise self.fails
        if not asked.made:
            self.made.append(asked.id)
        return json_response({"thing_id": asked.id}, HTTPStatus.CREATED)

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


def test_the_same_key_and_body_is_given_the_same_id(shop: Shop) -> None:
    first = shop.post({"name": "cup"}, KEY)
    again = shop.post({"name": "cup"}, KEY)

    assert first[0] == again[0] == 201
    assert first[1] == again[1]
    assert len(shop.made) == 1


def test_without_a_key_every_request_has_an_id_of_its_own(shop: Shop) -> None:
    for _ in range(2):
        shop.post({"name": "cup"})

    assert len(set(shop.made)) == 2


def test_a_key_with_another_body_is_a_conflict(shop: Shop) -> None:
    shop.post({"name": "cup"}, KEY)

    status, body, _ = shop.post({"name": "jug"}, KEY)

    assert (status, body["code"]) == (409, "idempotency_key_reused")
    assert len(shop.made) == 1


def test_a_request_that_comes_again_while_the_first_runs_has_its_id(shop: Shop) -> None:
    answers = []

    def meanwhile() -> None:
        shop.meanwhile = lambda: None
        answers.append(shop.post({"name": "cup"}, KEY))

    shop.meanwhile = meanwhile
    answers.append(shop.post({"name": "cup"}, KEY))

    assert [status for status, _, _ in answers] == [201, 201]
    assert len(set(shop.made)) == 1


def test_a_refused_request_frees_its_key_for_other_words(shop: Shop) -> None:
    shop.fails = PermanentError("gone", "Gone.")
    assert shop.post({"name": "cup"}, KEY)[0] == 400

    shop.fails = None

    assert shop.post({"name": "jug"}, KEY)[0] == 201


def test_a_request_that_died_is_taken_up_under_its_id(shop: Shop) -> None:
    shop.fails = RuntimeError("crash")
    assert shop.post({"name": "cup"}, KEY)[0] == 500

    shop.fails = None
    status, body, _ = shop.post({"name": "cup"}, KEY)

    assert status == 201
    assert shop.made == [body["thing_id"]]
    assert shop.post({"name": "cup"}, KEY)[1] == body
    assert len(shop.made) == 1


def test_two_at_once_of_which_one_is_refused_make_one(shop: Shop) -> None:
    """The refused one came first, so that the id is its; the other has used it."""

    def meanwhile() -> None:
        shop.meanwhile = lambda: None
        shop.post({"name": "cup"}, KEY)
        shop.fails = PermanentError("gone", "Gone.")

    shop.meanwhile = meanwhile
    assert shop.post({"name": "cup"}, KEY)[0] == 400
    shop.fails = None

    assert shop.post({"name": "cup"}, KEY)[0] == 201
    assert len(shop.made) == 1


def test_a_refused_request_leaves_its_key_to_one_that_has_not_ended(shop: Shop) -> None:
    def first() -> None:
        shop.meanwhile = second
        shop.post({"name": "cup"}, KEY)
        shop.meanwhile = lambda: None
        shop.fails = PermanentError("gone", "Gone.")

    def second() -> None:
        shop.meanwhile = lambda: None
        shop.fails = RuntimeError("dies before it answers")
        shop.post({"name": "cup"}, KEY)
        shop.fails = None

    shop.meanwhile = first
    assert shop.post({"name": "cup"}, KEY)[0] == 400
    shop.fails = None

    assert shop.post({"name": "jug"}, KEY)[1]["code"] == "idempotency_key_reused"


def test_a_key_given_back_as_another_asks_for_it_is_the_other_s(shop: Shop, stack: Stack) -> None:
    """Between the other's two looks at the row the first one gives it back."""
    repeats, now = RepeatTable(stack.table), datetime.now(UTC)
    repeats.reserve("me", "digest", "01", "body", now)
    given_back: list[int] = []

    def change(*request: Any, **told: Any) -> Any:
        if not given_back:
            given_back.append(1)
            repeats.give_back("me", "digest", "01", now)
        return update(*request, **told)

    update, repeats._table.update_item = repeats._table.update_item, change  # type: ignore[method-assign]

    assert repeats.reserve("me", "digest", "02", "body", now).row_id == "02"


def test_a_refusal_of_the_repeated_request_keeps_the_key_of_the_first(shop: Shop) -> None:
    shop.post({"name": "cup"}, KEY)
    shop.fails = PermanentError("gone", "Gone.")
    shop.post({"name": "cup"}, KEY)

    assert shop.post({"name": "jug"}, KEY)[1]["code"] == "idempotency_key_reused"


def test_a_key_is_good_for_a_day(shop: Shop, stack: Stack) -> None:
    shop.post({"name": "cup"}, KEY)
    (row,) = stack.table.scan()["Items"]
    assert 86_000 < int(row["expires_at"]) - datetime.now(UTC).timestamp() <= 86_400
    stack.table.put_item(Item={**row, "expires_at": 1})  # DynamoDB takes it away hours later

    assert shop.post({"name": "jug"}, KEY)[0] == 201
    assert len(set(shop.made)) == 2


def test_users_and_routes_have_keys_of_their_own(shop: Shop) -> None:
    shop.post({"name": "cup"}, KEY)
    shop.post({"name": "cup"}, KEY, user="you")
    shop.post(None, KEY, path="/v1/things/cup/copies")
    shop.post(None, KEY, path="/v1/things/jug/copies")

    assert len(set(shop.made)) == 4


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_a_length(shop: Shop, key: str) -> None:
    status, body, _ = shop.post({"name": "cup"}, {"Idempotency-Key": key})

    assert (status, body["code"]) == (400, "invalid_request")
    assert shop.made == []


def test_what_is_kept_lies_in_the_user_s_own_partition_and_tells_nothing(
    shop: Shop, stack: Stack
) -> None:
    """Erasing a user goes by it."""
    shop.post({"name": "cup"}, KEY)

    (row,) = stack.table.scan()["Items"]
    assert row["PK"] == "USER#me"
    assert row.keys() == {"PK", "SK", "row_id", "body", "made", "expires_at"}
    assert "cup" not in json.dumps(row, default=str)
