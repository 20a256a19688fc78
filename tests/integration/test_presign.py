"""POST /v1/analyses."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from facet.adapters.analyses import AnalysisTable
from tests.integration.conftest import USER, Stack

POST = "api_post_analyses.json"
PHOTO = b"any bytes will do: S3 compares them with the checksum"


def test_a_wish_becomes_a_row_a_charge_and_an_upload_url(stack: Stack) -> None:
    status, body, headers = stack.http("presign", POST, body=stack.wish(PHOTO))

    assert status == 201
    assert body["status"] == "awaiting_upload"
    assert f"/faces/{USER}/{body['analysis_id']}?" in body["upload_url"]
    assert "content-length" in body["upload_url"]
    assert body["upload"]["headers"]["Content-Length"] == str(len(PHOTO))
    assert (
        body["upload"]["headers"]["x-amz-checksum-sha256"] == stack.wish(PHOTO)["checksum_sha256"]
    )
    assert body["poll_after_ms"] > 0
    assert headers["RateLimit-Limit"] == "50"
    assert headers["RateLimit-Remaining"] == "49"
    assert headers["X-Request-Id"]
    row = stack.row(body["analysis_id"])
    assert row["correlation_id"] == headers["X-Request-Id"]
    assert row["correlation_id"] == body["upload"]["headers"]["x-amz-meta-correlation-id"]
    assert row["consent_version"] == "2026-11"
    assert stack.used() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"content_type": "text/plain"}, "content_type"),
        ({"content_length": 0}, "content_length"),
        ({"checksum_sha256": "c2hvcnQ="}, "checksum_sha256"),
        ({"consent_version": ""}, "consent_version"),
        ({"wants": ["surgery"]}, "wants"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wish_outside_the_contract_is_refused_by_field(
    stack: Stack, change: dict[str, object], field: str
) -> None:
    status, body, headers = stack.http("presign", POST, body=stack.wish(PHOTO, **change))

    assert status == 400
    assert headers["Content-Type"] == "application/problem+json"
    assert body["code"] == "invalid_request"
    assert any(field in error["field"] for error in body["errors"])
    assert stack.used() == 0


@pytest.mark.parametrize("form", ["both", "neither", "twice"])
def test_photos_are_told_in_one_form(stack: Stack, form: str) -> None:
    told = stack.wish(PHOTO)
    version = told.pop("consent_version")
    body = {
        "both": {**told, "photos": [told]},
        "neither": {},
        "twice": {"photos": [told, told]},
    }[form]

    status, problem, _ = stack.http("presign", POST, body={"consent_version": version, **body})

    assert (status, problem["code"]) == (400, "photos_invalid")
    assert problem["detail"]
    assert stack.used() == 0


@pytest.mark.parametrize("count", [0, 4])
def test_there_are_one_to_three_photos(stack: Stack, count: int) -> None:
    told = [stack.wish(PHOTO + bytes(number)) for number in range(count)]
    for one in told:
        del one["consent_version"]

    status, problem, _ = stack.http(
        "presign", POST, body={"consent_version": "2026-11", "photos": told}
    )

    assert (status, problem["code"]) == (400, "invalid_request")
    assert problem["errors"][0]["field"] == "body.photos"


def test_each_photo_is_signed_by_its_own_length_and_checksum(stack: Stack) -> None:
    started = stack.start_several(b"one", b"two and more", b"three")

    assert [upload["photo"] for upload in started["uploads"]] == [0, 1, 2]
    lengths = [upload["upload"]["headers"]["Content-Length"] for upload in started["uploads"]]
    assert lengths == ["3", "12", "5"]
    assert len({upload["upload_url"].partition("?")[0] for upload in started["uploads"]}) == 3
    assert started["upload_url"].partition("?")[0].endswith(started["analysis_id"])
    assert stack.used() == 1


@pytest.mark.parametrize("body", ["{not json", "[]", '"text"', ""])
def test_a_body_that_is_no_object_is_refused(stack: Stack, body: str) -> None:
    status, problem, _ = stack.http("presign", POST, body=body)

    assert (status, problem["code"]) == (400, "invalid_request")


def test_a_photo_over_the_limit_is_refused_before_it_is_sent(stack: Stack) -> None:
    status, body, _ = stack.http(
        "presign", POST, body=stack.wish(PHOTO, content_length=500_000_000)
    )

    assert (status, body["code"]) == (413, "file_too_large")


@pytest.mark.parametrize("claims", [{"token_use": "access"}, {"sub": ""}])
def test_only_an_id_token_will_do(stack: Stack, claims: dict[str, str]) -> None:
    status, body, _ = stack.http("presign", POST, body=stack.wish(PHOTO), claims=claims)

    assert (status, body["code"]) == (401, "unauthorized")


def test_the_same_key_and_body_give_the_same_analysis_and_one_charge(stack: Stack) -> None:
    first = stack.http("presign", POST, body=stack.wish(PHOTO), headers={"Idempotency-Key": "k1"})
    second = stack.http("presign", POST, body=stack.wish(PHOTO), headers={"Idempotency-Key": "k1"})

    assert first[0] == second[0] == 201
    assert first[1]["analysis_id"] == second[1]["analysis_id"]
    assert stack.used() == 1


def test_only_a_repeated_request_reads_its_analysis_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    get = AnalysisTable.get

    def noted(self: AnalysisTable, user_id: str, analysis_id: str) -> Any:
        read.append(analysis_id)
        return get(self, user_id, analysis_id)

    monkeypatch.setattr(AnalysisTable, "get", noted)
    sent: dict[str, Any] = {"body": stack.wish(PHOTO), "headers": {"Idempotency-Key": "k1"}}
    answers = [stack.http("presign", POST, **sent) for _ in range(2)]

    assert [status for status, _, _ in answers] == [201, 201]
    first, second = (document for _, document, _ in answers)
    assert first["upload"]["headers"] == second["upload"]["headers"]
    assert read == [first["analysis_id"]] == [second["analysis_id"]]


def test_the_same_key_with_another_body_is_a_conflict(stack: Stack) -> None:
    stack.http("presign", POST, body=stack.wish(PHOTO), headers={"Idempotency-Key": "k1"})
    status, body, _ = stack.http(
        "presign", POST, body=stack.wish(PHOTO + b"!"), headers={"Idempotency-Key": "k1"}
    )

    assert (status, body["code"]) == (409, "idempotency_key_reused")
    assert stack.used() == 1


def test_two_users_may_choose_the_same_key(stack: Stack) -> None:
    ids = {
        stack.http(
            "presign",
            POST,
            body=stack.wish(PHOTO),
            headers={"Idempotency-Key": "k1"},
            claims={"sub": user},
        )[1]["analysis_id"]
        for user in ("user-a", "user-b")
    }

    assert len(ids) == 2


def test_an_empty_quota_is_a_429_that_says_when_it_fills_again(stack: Stack) -> None:
    day = datetime.now(UTC).date()
    stack.table.put_item(Item={"PK": f"USER#{USER}", "SK": f"QUOTA#{day}", "used": 50})

    status, body, headers = stack.http("presign", POST, body=stack.wish(PHOTO))

    assert (status, body["code"]) == (429, "quota_exceeded")
    assert 0 < int(headers["Retry-After"]) <= 86_400
    assert headers["RateLimit-Remaining"] == "0"
    assert stack.used() == 50


@pytest.mark.parametrize(
    ("groups", "limit"), [("pro", "500"), ("[beta pro]", "500"), ("enterprise,pro", None)]
)
def test_the_cognito_group_decides_the_tier(stack: Stack, groups: str, limit: str | None) -> None:
    _, _, headers = stack.http(
        "presign", POST, body=stack.wish(PHOTO), claims={"cognito:groups": groups}
    )

    assert headers.get("RateLimit-Limit") == limit


def test_a_hundred_requests_with_ten_left_give_exactly_ten(stack: Stack) -> None:
    day = datetime.now(UTC).date()
    stack.table.put_item(Item={"PK": f"USER#{USER}", "SK": f"QUOTA#{day}", "used": 40})

    asked = (stack.http("presign", POST, body=stack.wish(PHOTO))[0] for _ in range(100))

    assert Counter(asked) == {201: 10, 429: 90}
    assert stack.used() == 50


def test_a_full_queue_turns_people_away_for_a_while(stack: Stack) -> None:
    for _ in range(101):
        stack.sqs.send_message(QueueUrl=stack.queue_urls["recommend"], MessageBody="{}")

    status, body, headers = stack.http("presign", POST, body=stack.wish(PHOTO))

    assert (status, body["code"]) == (503, "busy")
    assert int(headers["Retry-After"]) > 0
    assert stack.used() == 0


# --- age ------------------------------------------------------------------------------------------

GUARDIAN = {"version": "2026-11", "date": "2026-11-01"}


def told(stack: Stack, **profile: Any) -> int:
    status, _, _ = stack.http(
        "api", "api_get_analysis.json", method="PUT", path="/v1/profile", body=profile
    )
    return status


@pytest.mark.parametrize("band", ["under_13", "13_17"])
def test_a_minor_starts_no_analysis_without_a_guardian_s_consent(stack: Stack, band: str) -> None:
    assert told(stack, age_band=band) == 200

    status, problem, _ = stack.http("presign", POST, body=stack.wish(PHOTO))

    assert (status, problem["code"]) == (403, "guardian_consent_missing")
    assert stack.used() == 0

    assert told(stack, age_band=band, guardian_consent=GUARDIAN) == 200
    assert stack.http("presign", POST, body=stack.wish(PHOTO))[0] == 201


def test_an_adult_needs_no_guardian(stack: Stack) -> None:
    told(stack, age_band="adult")

    assert stack.http("presign", POST, body=stack.wish(PHOTO))[0] == 201


def test_an_age_that_cannot_be_read_is_not_taken_for_an_adult_s(stack: Stack) -> None:
    document = '{"age_band": "ten"}'
    stack.table.put_item(Item={"PK": f"USER#{USER}", "SK": "PROFILE", "document": document})

    status, problem, _ = stack.http("presign", POST, body=stack.wish(PHOTO))

    assert (status, problem["code"]) == (409, "profile_unreadable")
