"""What every answer has in common: ETags, problems, preflights."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import BaseModel

from facet.domain.errors import BusyError, PermanentError
from facet.domain.storage import PICTURES_SIGNED_FOR
from facet.http.answers import ETAG_HOLDS_FOR, etag_of, json_response
from facet.http.gateway import MOST_FIELD_ERRORS, resolver, respond
from facet.http.problems import problem_kinds, problems

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://media.s3.amazonaws.com/a.jpg?X-Amz-Date={0}&X-Amz-Expires=3600&X-Amz-Signature={0}"


def answering(**routes: Any) -> APIGatewayRestResolver:
    """An API whose GET /<name> does what the keyword says."""
    app = resolver(Logger())
    for name, do in routes.items():
        app.get(f"/{name}")(do)
    return app


def get(
    app: APIGatewayRestResolver,
    path: str,
    method: str = "GET",
    body: str | None = None,
    **headers: str,
) -> tuple[int, Any, dict[str, str]]:
    event = {
        "httpMethod": method,
        "path": path,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "multiValueHeaders": {},
        "requestContext": {"requestId": "request-1", "httpMethod": method, "path": path},
        "queryStringParameters": None,
        "body": body,
        "isBase64Encoded": False,
    }
    answer = respond(app, event, None)  # type: ignore[arg-type]
    got = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], json.loads(answer["body"] or "null"), got


# --- ETag -----------------------------------------------------------------------------------------


def test_an_etag_goes_by_what_is_said_and_not_by_how_its_urls_are_signed() -> None:
    first, second = (json.dumps({"url": URL.format(signed)}) for signed in ("1", "2"))

    assert etag_of(first, NOON) == etag_of(second, NOON)
    assert etag_of(first, NOON) != etag_of(first.replace("a.jpg", "b.jpg"), NOON)
    assert etag_of("{}", NOON) == etag_of("{}", NOON + timedelta(days=1))


def test_a_304_never_outlives_the_urls_it_speaks_of() -> None:
    body = json.dumps({"url": URL.format("1")})

    assert etag_of(body, NOON) != etag_of(body, NOON + ETAG_HOLDS_FOR)
    assert PICTURES_SIGNED_FOR >= 2 * ETAG_HOLDS_FOR


@pytest.mark.parametrize("header", ["{}", '"other", {}', "*", 'W/"x",{}'])
def test_who_has_it_already_is_told_so(header: str) -> None:
    app = answering(thing=lambda: json_response({"a": 1}))
    status, body, headers = get(app, "/thing")
    strong = headers["ETag"].removeprefix("W/")

    assert (status, body) == (200, {"a": 1})
    assert headers["Cache-Control"] == "no-store"
    for tag in (headers["ETag"], strong):
        status, body, again = get(app, "/thing", If_None_Match=header.format(tag))
        assert (status, body) == (304, None)
        assert again["ETag"] == headers["ETag"]
        assert again["X-Request-Id"] == "request-1"


def test_another_etag_gets_the_whole_answer() -> None:
    app = answering(thing=lambda: json_response({"a": 1}))

    assert get(app, "/thing", If_None_Match='W/"0123"')[0] == 200


def test_a_route_says_how_long_its_answer_may_be_kept() -> None:
    kept = {"Cache-Control": "private, max-age=3600"}
    app = answering(thing=lambda: json_response({"a": 1}, headers=kept))

    _, _, headers = get(app, "/thing")

    assert headers["Cache-Control"] == kept["Cache-Control"]
    assert headers["ETag"]


def test_every_answer_is_for_no_browser_to_run_frame_or_guess_at() -> None:
    app = answering(
        thing=lambda: json_response({"a": 1}),
        broken=raising(RuntimeError("oh")),
        refused=raising(PermanentError("forbidden")),
    )
    asked = {
        "read": get(app, "/thing"),
        "unchanged": get(app, "/thing", If_None_Match="*"),
        "broken": get(app, "/broken"),
        "refused": get(app, "/refused"),
        "nowhere": get(app, "/nowhere"),
        "preflight": get(app, "/thing", "OPTIONS", Origin="https://app.example"),
    }
    assert [status for status, _, _ in asked.values()] == [200, 304, 500, 403, 404, 204]
    for name, (_, _, headers) in asked.items():
        assert headers["Strict-Transport-Security"] == "max-age=31536000", name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        policy = headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'", name
        assert headers["Referrer-Policy"] == "no-referrer", name
        assert headers["Cache-Control"] == "no-store", name


def test_what_is_not_to_be_kept_has_no_etag() -> None:
    app = answering(now=lambda: json_response({"a": 1}, headers={"Cache-Control": "no-store"}))

    status, _, headers = get(app, "/now", If_None_Match="*")

    assert status == 200
    assert "ETag" not in headers


# --- problems -------------------------------------------------------------------------------------


def raising(error: Exception) -> Any:
    def do() -> Response[str]:
        raise error

    return do


@pytest.mark.parametrize("code", problem_kinds())
def test_a_problem_has_the_status_title_and_hint_of_its_code(code: str) -> None:
    app = answering(thing=raising(PermanentError(code, "It is so.")))

    status, body, headers = get(app, "/thing")

    kind = problem_kinds()[code]
    assert status == body["status"] == kind.status
    assert (body["code"], body["title"], body["hint"]) == (code, kind.title, kind.hint)
    assert body["detail"] == "It is so."
    assert body["request_id"] == headers["X-Request-Id"] == "request-1"
    assert headers["Content-Type"] == "application/problem+json"


def test_a_code_that_nobody_wrote_down_is_a_400_and_a_line_in_the_log() -> None:
    app = answering(thing=raising(PermanentError("never_heard_of", "What?")))

    status, body, _ = get(app, "/thing")

    assert (status, body["code"], body["detail"]) == (400, "never_heard_of", "What?")


def test_whoever_is_turned_away_is_told_when_to_come_back() -> None:
    app = answering(thing=raising(BusyError(retry_after=30)))

    status, body, headers = get(app, "/thing")

    assert (status, body["code"], headers["Retry-After"]) == (503, "busy", "30")


def test_a_crash_says_nothing_of_itself() -> None:
    app = answering(thing=raising(RuntimeError("the password is x")))

    status, body, _ = get(app, "/thing")

    assert (status, body["code"]) == (500, "internal_error")
    assert "password" not in json.dumps(body)


def test_an_address_that_is_none_is_a_problem_too() -> None:
    status, body, _ = get(answering(), "/nowhere")

    assert (status, body["code"]) == (404, "not_found")


class Thing(BaseModel):
    a: int


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("APPLICATION/JSON;charset=utf-8", 200),
        ("", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("tqez!?1Z=qYX8vV%", 415),
    ],
)
def test_json_is_read_however_it_is_spelt_and_nothing_else(media_type: str, status: int) -> None:
    app = resolver(Logger())

    @app.post("/things")
    def post(thing: Thing) -> Response[str]:
        return json_response(thing)

    got, body, _ = get(app, "/things", "POST", '{"a": 1}', Content_Type=media_type)

    assert got == status
    assert body.get("code") == (None if status == 200 else "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    ['{"a": ' + "1" * 5_000 + "}", '{"a": ' + "[" * 200_000, "[" * 200_000, "{", '{"a": 1e400}'],
    ids=["digits", "nested", "all nested", "half", "too large"],
)
def test_what_python_cannot_parse_is_a_400(body: str) -> None:
    app = resolver(Logger())

    @app.post("/things")
    def post(thing: Thing) -> Response[str]:
        return json_response(thing)

    status, problem, _ = get(app, "/things", "POST", body)

    assert (status, problem["code"]) == (400, "invalid_request")
    assert problem["errors"][0]["field"].startswith("body")


def test_a_body_that_is_wrong_everywhere_gets_a_short_answer() -> None:
    app = resolver(Logger())

    @app.post("/things")
    def post(things: list[Thing]) -> Response[str]:
        return json_response({"n": len(things)})

    wrong = [{"b" * 100_000: 1}, *({"a": "x", "\ud800": 1} for _ in range(1_000))]
    _, problem, _ = get(app, "/things", "POST", json.dumps(wrong))

    assert len(problem["errors"]) == MOST_FIELD_ERRORS
    assert len(json.dumps(problem)) < 30_000
    json.dumps(problem, ensure_ascii=False).encode()


def test_a_route_names_its_problems_by_code_and_not_by_status() -> None:
    with pytest.raises(TypeError, match="409"):
        problems(201, Thing, "feedback_empty", 409)  # type: ignore[arg-type]


# --- the rest -------------------------------------------------------------------------------------


def test_a_preflight_is_answered_for_paths_of_other_functions_as_well() -> None:
    status, _, headers = get(answering(), "/v1/anything", "OPTIONS", Origin="https://app.example")

    assert status == 204
    assert set(headers["Access-Control-Allow-Methods"].split(",")) >= {"PUT", "POST", "DELETE"}
    assert "If-None-Match" in headers["Access-Control-Allow-Headers"]


def test_moments_are_utc_and_whole_seconds() -> None:
    moment = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
    app = answering(thing=lambda: json_response({"at": moment, "on": moment.date()}))

    assert get(app, "/thing")[1] == {"at": "2026-11-21T12:00:00Z", "on": "2026-11-21"}


def test_what_is_no_json_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="not JSON"):
        json_response({"a": object()})
