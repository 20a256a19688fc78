"""What people say of advice: kept, counted, learned from, and heeded by the next outfit."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from facet.adapters import catalogue
from facet.adapters.rows import unpack
from facet.advice.learning import read_feedback
from facet.catalogue.catalogue import Catalogue
from facet.cli.main import main
from tests.integration.conftest import NAMES, USER, Stack

EVENT = "api_get_analysis.json"
WARDROBE = {
    **{f"top-{n}": ("top", hex_) for n, hex_ in enumerate(("#f2e8d5", "#1f6f6b", "#a4552d"))},
    **{f"bottom-{n}": ("bottom", hex_) for n, hex_ in enumerate(("#2b3446", "#b48a5a", "#4a3326"))},
}


@pytest.fixture
def api(stack: Stack) -> Any:
    def call(method: str, path: str, body: Any = None, **how: Any) -> tuple[int, Any]:
        return stack.http("api", EVENT, method=method, path=path, body=body, **how)[:2]

    return call


@pytest.fixture
def dressed(api: Any) -> None:
    """The user owns three tops and three bottoms."""
    for item_id, (slot, colour) in WARDROBE.items():
        garment = {"category": slot, "slot": slot, "formality": 3, "warmth": 2}
        garment["colours"] = [{"hex": colour, "share": 1.0}]
        assert api("PUT", f"/v1/wardrobe/{item_id}", garment)[0] == 201


def advised(stack: Stack, portrait: bytes, *wants: str) -> tuple[str, dict[str, Any]]:
    """(analysis_id, results by kind) of a new analysis."""
    analysis_id = stack.start(portrait, wants=list(wants))
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    results = {}
    for kind in wants:
        key = {"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#{kind}"}
        results[kind] = unpack(stack.table.get_item(Key=key)["Item"]["result"])
    return analysis_id, results


def items_of(outfit: dict[str, Any]) -> list[str]:
    return sorted(item["item_id"] for item in outfit["items"])


def rows(stack: Stack) -> list[dict[str, Any]]:
    items = stack.table.query(
        KeyConditionExpression="PK = :pk AND begins_with(SK, :sk)",
        ExpressionAttributeValues={":pk": f"USER#{USER}", ":sk": "FEEDBACK#"},
    )["Items"]
    return [json.loads(item["document"]) for item in items]


# --- on outfits -----------------------------------------------------------------------------------


def test_a_rejected_outfit_does_not_come_again(
    api: Any, stack: Stack, portrait: bytes, dressed: None
) -> None:
    analysis_id, results = advised(stack, portrait, "outfit")
    first = items_of(results["outfit"]["outfits"][0])
    feedback = {
        "analysis_id": analysis_id,
        "kind": "outfit",
        "item_ids": first,
        "verdict": "reject",
    }

    status, receipt = api("POST", "/v1/feedback", feedback)

    assert (status, len(receipt["feedback_id"])) == (201, 26)
    _, again = advised(stack, portrait, "outfit")
    assert first not in [items_of(outfit) for outfit in again["outfit"]["outfits"]]


def test_what_was_worn_rests_and_carries_the_day(
    api: Any, stack: Stack, portrait: bytes, dressed: None
) -> None:
    analysis_id, results = advised(stack, portrait, "outfit")
    worn = items_of(results["outfit"]["outfits"][0])
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    feedback = {"analysis_id": analysis_id, "kind": "outfit", "item_ids": worn, "verdict": "worn"}

    assert api("POST", "/v1/feedback", {**feedback, "on": yesterday})[0] == 201
    long_ago = {**feedback, "on": "2026-01-01"}
    assert api("POST", "/v1/feedback", long_ago)[0] == 201

    for item_id in worn:
        assert api("GET", f"/v1/wardrobe/{item_id}")[1]["last_worn"] == yesterday
    _, again = advised(stack, portrait, "outfit")
    top = next(item_id for item_id in worn if item_id.startswith("top"))
    assert top not in {i for outfit in again["outfit"]["outfits"] for i in items_of(outfit)}
    assert "worn_lately" in {note["code"] for note in again["outfit"]["notes"]}


def test_an_accepted_outfit_moves_up(
    api: Any, stack: Stack, portrait: bytes, dressed: None
) -> None:
    analysis_id, results = advised(stack, portrait, "outfit")
    last = items_of(results["outfit"]["outfits"][-1])
    feedback = {"analysis_id": analysis_id, "kind": "outfit", "item_ids": last, "verdict": "accept"}
    for _ in range(3):
        api("POST", "/v1/feedback", feedback)

    _, again = advised(stack, portrait, "outfit")

    assert items_of(again["outfit"]["outfits"][0]) == last


def test_a_look_that_was_worn_wears_no_garment(
    api: Any, stack: Stack, portrait: bytes, dressed: None
) -> None:
    blush = {"name": "Blush", "category": "blush", "shade": "#e2957a"}
    api("PUT", "/v1/bag/top-0", blush)
    analysis_id, results = advised(stack, portrait, "makeup")
    assert "top-0" in json.dumps(results)
    feedback = {
        "analysis_id": analysis_id,
        "kind": "makeup",
        "item_ids": ["top-0"],
        "verdict": "worn",
    }

    assert api("POST", "/v1/feedback", feedback)[0] == 201

    assert "last_worn" not in api("GET", "/v1/wardrobe/top-0")[1]


def test_a_garment_given_away_since_is_no_obstacle(
    api: Any, stack: Stack, portrait: bytes, dressed: None
) -> None:
    analysis_id, results = advised(stack, portrait, "outfit")
    worn = items_of(results["outfit"]["outfits"][0])
    api("DELETE", f"/v1/wardrobe/{worn[0]}")

    feedback = {"analysis_id": analysis_id, "kind": "outfit", "item_ids": worn, "verdict": "worn"}
    assert api("POST", "/v1/feedback", feedback)[0] == 201

    assert api("GET", f"/v1/wardrobe/{worn[0]}")[0] == 404
    assert api("GET", f"/v1/wardrobe/{worn[1]}")[1]["last_worn"]


# --- on products ----------------------------------------------------------------------------------


def test_what_is_said_of_a_suggestion_can_be_learned_from(
    api: Any,
    stack: Stack,
    portrait: bytes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    analysis_id, results = advised(stack, portrait, "skincare")
    suggestion = results["skincare"]["suggestions"][0]
    feedback = {
        "analysis_id": analysis_id,
        "product_id": suggestion["product"]["product_id"],
        "verdict": "reject",
        "rating": 2,
        "comment": "It stings, says Annabel.",
    }
    capsys.readouterr()

    assert api("POST", "/v1/feedback", feedback)[0] == 201

    (metric,) = [
        json.loads(line)
        for line in capsys.readouterr().out.splitlines()
        if "SuggestionLiked" in line
    ]
    assert (metric["SuggestionLiked"], metric["ranking"]) == ([0.0], "skincare-1")
    (row,) = rows(stack)
    assert row["features"] == suggestion["features"]
    assert row["kind"] == "skincare"
    outputs = {"TableName": NAMES["TABLE_NAME"]}
    monkeypatch.setattr(catalogue, "stack_outputs", lambda *_: outputs)
    assert main(["learn", "export", "--stack-name", "facet-test"]) == 0
    exported = capsys.readouterr().out
    (line,), problems = read_feedback(exported.splitlines())
    assert not problems
    assert line.features
    assert line.ranking == "skincare-1"
    assert line.liked is False
    assert "Annabel" not in exported
    assert USER not in exported


def test_a_product_can_be_rated_without_an_analysis(
    api: Any, stack: Stack, snapshot: bytes
) -> None:
    product = next(iter(Catalogue.load(snapshot)))
    stack.publish([product])

    assert api("POST", "/v1/feedback", {"product_id": product.product_id, "rating": 5})[0] == 201

    (row,) = rows(stack)
    assert (row["rating"], row["product_id"]) == (5, product.product_id)
    assert "features" not in row


def test_a_repeated_request_is_kept_once(api: Any, stack: Stack, snapshot: bytes) -> None:
    product = next(iter(Catalogue.load(snapshot)))
    stack.publish([product])
    feedback = {"product_id": product.product_id, "verdict": "accept"}
    how = {"headers": {"Idempotency-Key": "once"}}

    first = api("POST", "/v1/feedback", feedback, **how)
    again = api("POST", "/v1/feedback", feedback, **how)

    assert first == again
    assert len(rows(stack)) == 1


def test_words_on_a_product_do_not_dress_anybody(
    api: Any, stack: Stack, portrait: bytes, dressed: None, snapshot: bytes
) -> None:
    product = next(iter(Catalogue.load(snapshot)))
    stack.publish([product])
    analysis_id, _ = advised(stack, portrait, "skincare")
    feedback = {"analysis_id": analysis_id, "kind": "skincare", "verdict": "reject"}
    assert api("POST", "/v1/feedback", feedback)[0] == 201
    on_product = {"product_id": product.product_id, "verdict": "reject"}
    assert api("POST", "/v1/feedback", on_product)[0] == 201

    _, results = advised(stack, portrait, "outfit")

    assert not [part for part in results["outfit"]["based_on"] if "verdicts" in part]
    assert not [n for n in results["outfit"]["notes"] if n["code"] == "feedback_unreadable"]


# --- what cannot be kept --------------------------------------------------------------------------


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"kind": "outfit", "item_ids": ["top-0"]}, 400, "feedback_empty"),
    ({"kind": "outfit", "verdict": "worn"}, 400, "items_needed"),
    (
        {"kind": "outfit", "verdict": "worn", "item_ids": ["top-0"], "on": "2999-01-01"},
        400,
        "day_in_the_future",
    ),
    ({"kind": "outfit", "verdict": "worn", "item_ids": ["mink"]}, 400, "not_in_the_result"),
    ({"kind": "outfit", "rating": 1, "product_id": "mink-oil"}, 400, "not_in_the_result"),
    ({"kind": "makeup", "rating": 1}, 404, "result_not_found"),
    ({"rating": 1}, 400, "feedback_without_subject"),
    ({"analysis_id": None, "rating": 1}, 400, "feedback_without_subject"),
    ({"analysis_id": None, "kind": "outfit", "rating": 1}, 400, "feedback_without_subject"),
    (
        {"analysis_id": None, "product_id": "p", "item_ids": ["top-0"], "rating": 1},
        400,
        "feedback_without_subject",
    ),
    ({"analysis_id": "0" * 26, "kind": "outfit", "rating": 1}, 404, "analysis_not_found"),
    ({"analysis_id": None, "product_id": "never-made", "rating": 1}, 404, "product_not_found"),
    ({"kind": "outfit", "rating": 6}, 400, "invalid_request"),
    ({"kind": "outfit", "verdict": "adored"}, 400, "invalid_request"),
    ({"kind": "outfit", "rating": 1, "comment": "x" * 2001}, 400, "invalid_request"),
]


@pytest.mark.usefixtures("dressed")
def test_what_cannot_be_kept_is_refused_by_name(
    stack: Stack, portrait: bytes, subtests: pytest.Subtests
) -> None:
    analysis_id, _ = advised(stack, portrait, "outfit")
    for feedback, status, code in REFUSED:
        with subtests.test(msg=code, feedback=feedback):
            body = {"analysis_id": analysis_id, **feedback}

            answer = stack.http("api", EVENT, method="POST", path="/v1/feedback", body=body)

            assert (answer[0], answer[1]["code"]) == (status, code)
            assert rows(stack) == []


def test_another_user_s_analysis_cannot_be_judged(api: Any, stack: Stack, portrait: bytes) -> None:
    analysis_id, _ = advised(stack, portrait, "skincare")
    feedback = {"analysis_id": analysis_id, "kind": "skincare", "rating": 5}

    status, problem = api("POST", "/v1/feedback", feedback, claims={"sub": "somebody-else"})

    assert (status, problem["code"]) == (404, "analysis_not_found")
