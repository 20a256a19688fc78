"""POST /v1/analyses/{id}/retry: what an outage lost is made after all."""

import json
from typing import Any

import pytest

from facet.adapters.rows import unpack
from facet.domain.overdue import MAX_REDRIVES
from facet.domain.quota import Tier
from tests.integration.conftest import USER, Stack


def retry(stack: Stack, analysis_id: str, user: str = USER) -> tuple[int, Any]:
    status, body, _ = stack.http(
        "api",
        "api_get_analysis.json",
        method="POST",
        path=f"/v1/analyses/{analysis_id}/retry",
        claims={"sub": user},
    )
    return status, body


def lose(stack: Stack) -> None:
    """Let every job of the queue vanish, until the sweep gives them up."""
    for n in range(MAX_REDRIVES + 1):
        stack.jobs()
        stack.sweep(31 * (n + 1))


def analysed(stack: Stack, portrait: bytes, **wish: Any) -> str:
    analysis_id = stack.start(portrait, **wish)
    stack.call("analyze", stack.uploaded(analysis_id))
    return analysis_id


def results(stack: Stack, analysis_id: str) -> dict[str, Any]:
    _, body, _ = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}")
    return dict(body["recommendations"])


def test_what_was_lost_is_made_after_all_and_charged_again(stack: Stack, portrait: bytes) -> None:
    analysis_id = analysed(stack, portrait)
    lose(stack)
    assert results(stack, analysis_id)["skincare"]["code"] == "job_lost"
    assert stack.row(analysis_id)["refunded"] is True
    assert stack.used() == 0

    status, body = retry(stack, analysis_id)

    assert (status, body["status"]) == (202, "recommending")
    assert stack.used() == 1
    (job,) = stack.jobs()
    stack.call("recommend", stack.batch(job["Body"]))
    row = stack.row(analysis_id)
    assert (row["status"], row["retries"]) == ("completed", 1)
    assert "refunded" not in row
    assert "announcement" not in row["awaits"]
    assert "code" not in results(stack, analysis_id)["skincare"]
    assert stack.used() == 1


def test_asked_again_while_it_is_made_its_jobs_are_sent_once_more(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = analysed(stack, portrait)
    lose(stack)

    assert [retry(stack, analysis_id)[0] for _ in range(2)] == [202, 202]

    assert len(stack.jobs()) == 2
    assert stack.row(analysis_id)["retries"] == 1
    assert stack.used() == 1


def test_it_is_tried_three_times_at_most(stack: Stack, portrait: bytes) -> None:
    analysis_id = analysed(stack, portrait)
    for _ in range(3):
        lose(stack)
        assert stack.used() == 0
        assert retry(stack, analysis_id)[0] == 202
    lose(stack)

    status, body = retry(stack, analysis_id)

    assert (status, body["code"]) == (409, "retries_used_up")
    assert stack.used() == 0


def test_of_several_wishes_the_lost_one_alone_is_made_again(stack: Stack, portrait: bytes) -> None:
    analysis_id = analysed(stack, portrait, wants=["skincare", "makeup"])
    (made,) = (job for job in stack.jobs() if json.loads(job["Body"])["kind"] == "skincare")
    stack.call("recommend", stack.batch(made["Body"]))
    lose(stack)
    assert stack.used() == 1, "half of it is there"
    key = {"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#skincare"}
    before = stack.table.get_item(Key=key)["Item"]

    assert retry(stack, analysis_id)[0] == 202

    assert stack.used() == 1
    assert [json.loads(job["Body"])["kind"] for job in stack.jobs()] == ["makeup"]
    assert stack.table.get_item(Key=key)["Item"] == before
    assert unpack(before["result"]).get("code") is None


def test_a_charge_that_the_day_does_not_hold_is_refused(stack: Stack, portrait: bytes) -> None:
    analysis_id = analysed(stack, portrait)
    lose(stack)
    day = stack.row(analysis_id)["quota_day"]
    row = {"PK": f"USER#{USER}", "SK": f"QUOTA#{day}", "used": Tier.FREE.daily_limit}
    stack.table.put_item(Item=row)

    status, body = retry(stack, analysis_id)

    assert (status, body["code"]) == (429, "quota_exceeded")
    assert stack.row(analysis_id)["status"] == "completed"
    assert results(stack, analysis_id)["skincare"]["code"] == "job_lost"
    assert stack.jobs() == []


@pytest.mark.parametrize("far", ["started", "analysed", "completed"])
def test_what_was_not_lost_is_not_made_again(stack: Stack, portrait: bytes, far: str) -> None:
    analysis_id = stack.start(portrait)
    if far != "started":
        stack.call("analyze", stack.uploaded(analysis_id))
    if far == "completed":
        stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    before = stack.row(analysis_id)

    status, body = retry(stack, analysis_id)

    assert (status, body["code"]) == (409, "nothing_to_retry")
    assert stack.row(analysis_id) == before


def test_somebody_else_s_analysis_is_not_there(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)

    status, body = retry(stack, analysis_id, "another")

    assert (status, body["code"]) == (404, "analysis_not_found")
