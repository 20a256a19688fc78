"""What one person may do within a minute, and what a refusal says."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from facet.adapters.account import AccountTable
from facet.adapters.limits import LimitTable
from facet.catalogue.catalogue import Catalogue
from facet.domain.limits import DAY, MINUTE, Limited, window_of
from local.template import read_template
from tests.integration.conftest import LIMITS, USER, Stack
from tests.integration.routes import EVENT, GUARDED, NOBODYS, Route

POST = "api_post_analyses.json"
PHOTO = b"any bytes will do"
GARMENT = {"name": "Coat", "category": "coat", "slot": "outer", "formality": 2, "warmth": 4}
COAT = {**GARMENT, "colours": [{"hex": "#2f6b4f", "share": 1.0}]}
BLUSH = {"name": "Blush", "category": "blush"}
LOOK = {"products": [{"category": "blush", "hex": "#cc6677"}]}
NOW = datetime(2026, 11, 21, 8, 30, 17, tzinfo=UTC)


class Clock:
    """Stands still, so that no test runs into the next minute by itself."""

    moment = NOW

    @classmethod
    def now(cls, zone: Any = None) -> datetime:
        return cls.moment.astimezone(zone)


@pytest.fixture
def most(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """The limits of the template, in force; by their names."""
    parameters = read_template()["Parameters"]
    defaults = {}
    for variable in LIMITS:
        name, _, span = variable.partition("_A_")
        name = name.lower()
        defaults[name] = parameters[f"{name.capitalize()}A{span.capitalize()}"]["Default"]
        monkeypatch.setenv(variable, str(defaults[name]))
    monkeypatch.setattr("facet.http.limits.datetime", Clock)
    yield defaults
    Clock.moment = NOW


def counted(stack: Stack, moment: datetime = NOW) -> dict[str, int]:
    key = {"PK": f"USER#{USER}", "SK": f"LIMIT#{moment:%Y-%m-%dT%H:%M}"}
    row = stack.table.get_item(Key=key).get("Item", {})
    return {name: int(row[name]) for name in Limited if name in row}


def api(stack: Stack, method: str, path: str, body: Any = None, **more: Any) -> Any:
    return stack.http("api", EVENT, method=method, path=path, body=body, **more)


def start(stack: Stack, **more: Any) -> Any:
    return stack.http("presign", POST, body=stack.wish(PHOTO), **more)


WRITES = [route for route in GUARDED if route.method != "GET"]


def fill(stack: Stack, most: dict[str, int]) -> None:
    for length in (MINUTE, DAY):
        done = {Limited(n): count for n, count in most.items() if Limited(n).window == length}
        window = window_of(NOW, next(iter(done)))
        assert LimitTable(stack.table).count(USER, done, done, window) is None


@pytest.mark.parametrize("route", WRITES, ids=lambda route: route.name)
def test_every_call_that_writes_is_limited_but_for_an_erasure(
    stack: Stack, most: dict[str, int], route: Route
) -> None:
    fill(stack, most)

    status, body, headers = route.call(stack, NOBODYS)

    if route.name == "eraseMe":
        assert status == 202
        return
    assert (status, body["code"]) == (429, "too_often")
    assert int(headers["RateLimit-Limit"]) in most.values()
    assert headers["RateLimit-Remaining"] == "0"
    assert 1 <= int(headers["RateLimit-Reset"]) <= 60
    assert headers["Retry-After"] == headers["RateLimit-Reset"]
    assert headers["RateLimit-Limit"] in body["detail"]


def test_reading_is_never_refused_or_counted(stack: Stack, most: dict[str, int]) -> None:
    for route in GUARDED:
        if route.method == "GET" and route.verb != "overlay":
            route.call(stack, NOBODYS)
    assert counted(stack) == {}


def test_eleven_starts_are_one_too_many_for_a_minute(stack: Stack, most: dict[str, int]) -> None:
    answers = [start(stack)[0] for _ in range(12)]

    assert Counter(answers) == {201: most["analyses"], 429: 2}
    assert counted(stack) == {"analyses": 10, "uploads": 10}
    assert stack.used() == 10
    Clock.moment += timedelta(minutes=1)
    assert start(stack)[0] == 201


def test_feedback_is_counted_by_the_day(
    stack: Stack, most: dict[str, int], monkeypatch: pytest.MonkeyPatch, snapshot: bytes
) -> None:
    monkeypatch.setenv("FEEDBACK_A_DAY", "2")
    monkeypatch.setattr("facet.http.gateway.datetime", Clock)
    product = next(iter(Catalogue.load(snapshot)))
    stack.publish([product])
    told = {"product_id": product.product_id, "rating": 5}
    first = {"Idempotency-Key": "first"}

    answers = [api(stack, "POST", "/v1/feedback", told, headers=first)[0] for _ in range(3)]
    Clock.moment += timedelta(hours=1)
    assert api(stack, "POST", "/v1/feedback", told)[0] == 201
    status, body, headers = api(stack, "POST", "/v1/feedback", told)

    assert answers == [201] * 3, "a repeat is the same piece"
    assert (status, body["code"]) == (429, "too_often")
    assert "2 pieces of feedback can be given a day" in body["detail"]
    left = NOW.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert int(headers["Retry-After"]) == round((left - Clock.moment).total_seconds())
    Clock.moment = left
    assert api(stack, "POST", "/v1/feedback", told)[0] == 201


def test_every_photo_of_a_start_is_an_upload(stack: Stack, most: dict[str, int]) -> None:
    for number in range(6):
        stack.start_several(*(PHOTO + bytes([number, of]) for of in range(3)))
    told = [stack.wish(PHOTO + bytes([9, of])) for of in range(3)]
    version = {one.pop("consent_version") for one in told}.pop()

    wish = {"consent_version": version, "photos": told}
    status, body, headers = stack.http("presign", POST, body=wish)

    assert (status, body["code"]) == (429, "too_often")
    assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == ("20", "2")
    assert counted(stack) == {"analyses": 6, "uploads": 18}, "a refusal counts nothing"
    assert start(stack)[0] == 201


def test_a_start_that_is_cancelled_is_counted_all_the_same(
    stack: Stack, most: dict[str, int]
) -> None:
    """The day's quota comes back with every cancellation, so that it alone bounds nothing."""
    answers: Counter[int] = Counter()
    for _ in range(120):
        status, body, _ = start(stack)
        answers[status] += 1
        if status == 201:
            assert api(stack, "DELETE", f"/v1/analyses/{body['analysis_id']}")[0] == 204

    assert answers == {201: 10, 429: 110}
    assert stack.used() == 0
    assert counted(stack) == {"analyses": 10, "uploads": 10, "writes": 10}


def test_a_repeated_start_counts_and_makes_nothing_of_what_was_deleted(
    stack: Stack, most: dict[str, int]
) -> None:
    told = {"Idempotency-Key": "one and the same"}
    statuses: Counter[int] = Counter()
    for _ in range(15):
        status, body, _ = start(stack, headers=told)
        statuses[status] += 1
        if status == 201:
            api(stack, "DELETE", f"/v1/analyses/{body['analysis_id']}")

    assert statuses == {201: 1, 404: most["analyses"] - 1, 429: 15 - most["analyses"]}
    assert stack.used() == 0


def test_a_look_that_is_asked_for_again_and_again_is_queued_once(
    stack: Stack, most: dict[str, int], portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    path, told = f"/v1/analyses/{analysis_id}/looks", {"Idempotency-Key": "the same"}

    answers = Counter(api(stack, "POST", path, LOOK, headers=told)[0] for _ in range(60))

    assert answers == {202: most["looks"], 429: 60 - most["looks"]}
    assert len(stack.jobs("tryon")) == 1


def test_a_refused_start_may_be_sent_again_with_its_key(stack: Stack, most: dict[str, int]) -> None:
    told = {"Idempotency-Key": "patience"}
    fill(stack, most)
    assert start(stack, headers=told)[0] == 429

    Clock.moment += timedelta(minutes=1)

    assert start(stack, headers=told)[0] == 201


def test_looks_are_asked_for_five_times_a_minute(
    stack: Stack, most: dict[str, int], portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))

    path = f"/v1/analyses/{analysis_id}/looks"
    answers = Counter(api(stack, "POST", path, LOOK)[0] for _ in range(200))

    assert answers == {202: most["looks"], 429: 195}


def test_a_garment_with_a_photo_is_an_upload_and_one_without_a_write(
    stack: Stack, most: dict[str, int]
) -> None:
    photo = {"photo": {n: v for n, v in stack.wish(PHOTO).items() if n != "consent_version"}}

    assert api(stack, "POST", "/v1/wardrobe", {**GARMENT, **photo})[0] == 201
    assert api(stack, "PUT", "/v1/wardrobe/coat", {**GARMENT, **photo})[0] == 201
    assert counted(stack) == {"uploads": 2}
    assert api(stack, "PUT", "/v1/wardrobe/coat", COAT)[0] == 200
    assert counted(stack) == {"uploads": 2, "writes": 1}


def test_the_sixty_first_change_waits_for_the_next_minute(
    stack: Stack, most: dict[str, int]
) -> None:
    answers = Counter(api(stack, "PUT", f"/v1/bag/b{n}", BLUSH)[0] for n in range(62))

    assert answers == {201: most["writes"], 429: 2}
    other = {"sub": "5f3d1c2a-0000-4000-8000-000000000002"}
    assert api(stack, "PUT", "/v1/bag/b", BLUSH, claims=other)[0] == 201, "each for themselves"
    Clock.moment += timedelta(minutes=1)
    assert api(stack, "PUT", "/v1/bag/b61", BLUSH)[0] == 201


def test_a_start_is_counted_with_one_conditional_write(
    stack: Stack, most: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB does one such write after the other, so that it is exact whoever comes at once."""
    start(stack)
    counters = stack.function("presign").wiring.limits._counters
    calls: list[dict[str, Any]] = []

    class Table:
        def update_item(self, **told: Any) -> None:
            calls.append(told)

    monkeypatch.setattr(counters, "_table", Table())

    start(stack)

    assert [call["Key"]["SK"] for call in calls] == ["LIMIT#2026-11-21T08:30"]
    assert "#analyses <= :room_analyses" in calls[0]["ConditionExpression"]
    assert "#uploads <= :room_uploads" in calls[0]["ConditionExpression"]
    expires_at = calls[0]["ExpressionAttributeValues"][":expires"]
    assert expires_at == int(datetime(2026, 11, 21, 9, 31, tzinfo=UTC).timestamp())


BROKEN = {
    "throttled": ClientError(
        {"Error": {"Code": "ProvisionedThroughputExceededException"}}, "UpdateItem"
    ),
    "away": ConnectTimeoutError(endpoint_url="dynamodb"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_counter_that_cannot_count_locks_nobody_out(
    stack: Stack, most: dict[str, int], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fill(stack, most)
    assert api(stack, "PUT", "/v1/bag/b1", BLUSH)[0] == 429
    counters = stack.function("api").wiring.limits._counters

    def refuse(**_: Any) -> None:
        raise BROKEN[name]

    class Table:
        update_item = staticmethod(refuse)

    monkeypatch.setattr(counters, "_table", Table())

    assert api(stack, "PUT", "/v1/bag/b1", BLUSH)[0] == 201


def test_what_was_counted_is_in_no_export_and_goes_with_the_person(
    stack: Stack, most: dict[str, int]
) -> None:
    api(stack, "PUT", "/v1/bag/b1", BLUSH)
    accounts = AccountTable(stack.table)

    assert {key for key, _ in accounts.rows(USER)} == {"BAG#b1", "OWNED"}
    accounts.delete_rows(USER)
    assert counted(stack) == {}
