"""A POST whose answer was lost is sent again with its key: one thing is made."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from facet.adapters.account import AccountTable
from facet.adapters.analyses import AnalysisTable
from facet.adapters.belongings import BelongingsTable
from facet.adapters.looks import LookTable
from tests.integration.conftest import NAMES, USER, Stack

KEY = {"Idempotency-Key": "k1"}
SCARF = {"category": "scarf", "slot": "accessory", "formality": 2, "warmth": 1}
SCARF |= {"colours": [{"hex": "#22604a", "share": 1}]}


@pytest.fixture
def dies_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[type, str], None]:
    """Let a write be done once, and whoever asked for it die before the next line."""

    def arm(adapter: type, method: str) -> None:
        write = getattr(adapter, method)

        def once(*given: Any, **named: Any) -> Any:
            write(*given, **named)
            monkeypatch.setattr(adapter, method, write)
            raise ConnectionError("gone")

        monkeypatch.setattr(adapter, method, once)

    return arm


def post(stack: Stack, path: str, body: Any = None) -> tuple[int, Any]:
    verb = "presign" if path == "/v1/analyses" else "api"
    recorded = "api_post_export.json" if path == "/v1/me/export" else "api_post_analyses.json"
    status, answer, _ = stack.http(verb, recorded, body=body, path=path, headers=KEY)
    return status, answer


def delete(stack: Stack, path: str) -> None:
    answer = stack.http("api", "api_post_analyses.json", method="DELETE", path=path)
    assert answer[0] == 204


def rows(stack: Stack, kind: str) -> list[dict[str, Any]]:
    return [row for row in stack.table.scan()["Items"] if row["SK"].startswith(f"{kind}#")]


def test_an_analysis_is_started_and_charged_once(
    stack: Stack, dies_after: Callable[[type, str], None]
) -> None:
    dies_after(AnalysisTable, "create")
    assert post(stack, "/v1/analyses", stack.wish(b"x"))[0] == 500

    status, body = post(stack, "/v1/analyses", stack.wish(b"x"))

    assert status == 201
    assert [row["analysis_id"] for row in rows(stack, "ANALYSIS")] == [body["analysis_id"]]
    assert stack.used() == 1


def test_a_look_is_asked_for_once(
    stack: Stack, portrait: bytes, dies_after: Callable[[type, str], None]
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    wish = {"products": [{"category": "lip", "hex": "#a4565c"}]}
    dies_after(LookTable, "create")
    assert post(stack, f"/v1/analyses/{analysis_id}/looks", wish)[0] == 500
    assert stack.jobs("tryon") == []

    status, body = post(stack, f"/v1/analyses/{analysis_id}/looks", wish)

    assert status == 202
    assert [row["look_id"] for row in rows(stack, "LOOK")] == [body["look_id"]]
    assert len(stack.jobs("tryon")) == 1


def test_a_look_that_is_there_is_answered_where_there_is_no_room_for_another(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_LOOKS", "1")
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    wish = {"products": [{"category": "lip", "hex": "#a4565c"}]}

    answers = [post(stack, f"/v1/analyses/{analysis_id}/looks", wish) for _ in range(2)]

    assert [status for status, _ in answers] == [202, 202]
    assert answers[0][1]["look_id"] == answers[1][1]["look_id"]


def test_a_garment_is_added_and_counted_once(
    stack: Stack, dies_after: Callable[[type, str], None]
) -> None:
    dies_after(BelongingsTable, "change")
    assert post(stack, "/v1/wardrobe", SCARF)[0] == 500

    status, body = post(stack, "/v1/wardrobe", SCARF)

    assert status == 201
    assert [row["SK"] for row in rows(stack, "WARDROBE")] == [f"WARDROBE#{body['item_id']}"]
    owned = stack.table.get_item(Key={"PK": f"USER#{USER}", "SK": "OWNED"})["Item"]
    assert owned["things"] == 1


def test_feedback_is_kept_once(
    stack: Stack, portrait: bytes, dies_after: Callable[[type, str], None]
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    said = {"analysis_id": analysis_id, "kind": "skincare", "rating": 5}
    dies_after(BelongingsTable, "put")
    assert post(stack, "/v1/feedback", said)[0] == 500

    status, body = post(stack, "/v1/feedback", said)

    assert status == 201
    assert [row["SK"] for row in rows(stack, "FEEDBACK")] == [f"FEEDBACK#{body['feedback_id']}"]


def test_an_export_is_made_once_and_its_lost_message_sent_by_the_sweep(
    stack: Stack, dies_after: Callable[[type, str], None]
) -> None:
    dies_after(AccountTable, "save_export")
    assert post(stack, "/v1/me/export")[0] == 500

    status, body = post(stack, "/v1/me/export")

    assert status == 202
    assert [row["export_id"] for row in rows(stack, "EXPORT")] == [body["export_id"]]
    assert stack.jobs("account") == []
    assert stack.sweep(41) == {"export_sent_again": 1}
    assert len(stack.jobs("account")) == 1


# --- what was made, and deleted -------------------------------------------------------------------


def test_an_analysis_that_was_deleted_is_neither_made_nor_charged_again(
    stack: Stack, portrait: bytes
) -> None:
    wish = stack.wish(portrait)
    analysis_id = post(stack, "/v1/analyses", wish)[1]["analysis_id"]
    stack.s3.put_object(
        Bucket=NAMES["UPLOADS_BUCKET"], Key=f"faces/{USER}/{analysis_id}", Body=portrait
    )
    stack.call("analyze", stack.uploaded(analysis_id))
    delete(stack, f"/v1/analyses/{analysis_id}")

    status, body = post(stack, "/v1/analyses", wish)

    assert (status, body["code"]) == (404, "analysis_not_found")
    assert rows(stack, "ANALYSIS") == []
    assert stack.used() == 1


def test_a_look_that_was_deleted_is_not_drawn_again(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    path, wish = (
        f"/v1/analyses/{analysis_id}/looks",
        {"products": [{"category": "lip", "hex": "#a4565c"}]},
    )
    delete(stack, f"/v1/looks/{post(stack, path, wish)[1]['look_id']}")

    status, body = post(stack, path, wish)

    assert (status, body["code"]) == (404, "look_not_found")
    assert rows(stack, "LOOK") == []
    assert len(stack.jobs("tryon")) == 1


def test_a_garment_that_was_deleted_stays_away_and_a_changed_one_stays_changed(
    stack: Stack,
) -> None:
    item_id = post(stack, "/v1/wardrobe", SCARF)[1]["item_id"]
    path = f"/v1/wardrobe/{item_id}"
    stack.http(
        "api", "api_post_analyses.json", method="PUT", path=path, body={**SCARF, "warmth": 3}
    )

    status, body = post(stack, "/v1/wardrobe", SCARF)

    assert (status, body["item_id"], body["warmth"]) == (201, item_id, 3)
    delete(stack, path)
    status, body = post(stack, "/v1/wardrobe", SCARF)
    assert (status, body["code"]) == (404, "garment_not_found")
    assert rows(stack, "WARDROBE") == []


def test_the_photo_of_a_garment_has_ten_minutes_more_and_only_that_photo(stack: Stack) -> None:
    photo = {"content_type": "image/jpeg", "content_length": 3, "checksum_sha256": "0" * 43 + "="}
    wish = {**SCARF, "photo": photo}
    first = post(stack, "/v1/wardrobe", wish)[1]
    (row,) = rows(stack, "WARDROBE")
    kept = json.loads(row["document"])
    kept["photo"]["expires_at"] = "2026-11-29T00:00:00Z"
    stack.table.put_item(Item={**row, "document": json.dumps(kept)})

    again = post(stack, "/v1/wardrobe", wish)[1]

    assert again["upload"]["expires_at"] >= first["upload"]["expires_at"]
    other = {**SCARF, "photo": {**photo, "checksum_sha256": "1" * 43 + "="}}
    path = f"/v1/wardrobe/{first['item_id']}"
    stack.http("api", "api_post_analyses.json", method="PUT", path=path, body=other)
    status, body = post(stack, "/v1/wardrobe", wish)
    assert (status, body["status"]) == (201, "awaiting_upload")
    assert "upload_url" not in body


def test_an_export_that_another_key_began_is_the_answer_to_both(stack: Stack) -> None:
    first = post(stack, "/v1/me/export")[1]
    other = {"Idempotency-Key": "k2"}

    def ask() -> Any:
        return stack.http("api", "api_post_export.json", path="/v1/me/export", headers=other)[1]

    assert ask()["export_id"] == first["export_id"]
    assert AccountTable(stack.table).export_ready(USER, first["export_id"], 1, datetime.now(UTC))

    assert (ask()["export_id"], ask()["status"]) == (first["export_id"], "ready")
    assert len(rows(stack, "EXPORT")) == 1


# --- an upload URL that has expired --------------------------------------------------------------


def put_back(stack: Stack, analysis_id: str, minutes: int) -> None:
    """Make an analysis so much older."""
    key = {"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysis_id}"}
    earlier = {}
    for name in ("created_at", "updated_at", "due_at"):
        moment = datetime.fromisoformat(stack.row(analysis_id)[name]) - timedelta(minutes=minutes)
        earlier[f":{name}"] = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    stack.table.update_item(
        Key=key,
        UpdateExpression="SET created_at = :created_at, updated_at = :updated_at, due_at = :due_at",
        ExpressionAttributeValues=earlier,
    )


def test_signed_again_after_nine_minutes_a_photo_may_come_six_minutes_later(
    stack: Stack, portrait: bytes
) -> None:
    wish = stack.wish(portrait)
    analysis_id = post(stack, "/v1/analyses", wish)[1]["analysis_id"]
    put_back(stack, analysis_id, 9)

    status, body = post(stack, "/v1/analyses", wish)

    assert (status, body["analysis_id"]) == (201, analysis_id)
    assert stack.used() == 1
    assert stack.sweep(6) == {}
    put_back(stack, analysis_id, 6)
    assert stack.sweep(0) == {}
    key = f"faces/{USER}/{analysis_id}"
    stack.s3.put_object(Bucket=NAMES["UPLOADS_BUCKET"], Key=key, Body=portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    assert stack.row(analysis_id)["status"] == "recommending"


def test_no_url_is_signed_for_an_analysis_that_has_ended(stack: Stack) -> None:
    post(stack, "/v1/analyses", stack.wish(b"x"))
    assert stack.sweep(12) == {"expired": 1}

    status, body = post(stack, "/v1/analyses", stack.wish(b"x"))

    assert (status, body["code"]) == (409, "analysis_ended")
    assert "expired" in body["detail"]
    assert stack.used() == 0
