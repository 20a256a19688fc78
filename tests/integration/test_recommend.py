"""Recommendation jobs from the queue."""

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from facet.adapters.analyses import AnalysisTable
from facet.adapters.events import EventBus
from facet.adapters.rows import unpack
from facet.advice.ranking import FOLDER, load_ranking
from facet.services import choose_ranking, narrate
from tests.integration.conftest import NAMES, USER, Stack


@pytest.fixture
def job(stack: Stack, portrait: bytes) -> dict[str, Any]:
    """The job of one analysed portrait."""
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    (message,) = stack.jobs()
    body: dict[str, Any] = json.loads(message["Body"])
    return body


def result_of(stack: Stack, analysis_id: str) -> Any:
    key = {"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#skincare"}
    return stack.table.get_item(Key=key).get("Item")


def test_a_job_writes_its_result_and_completes_the_analysis(
    stack: Stack, job: dict[str, Any]
) -> None:
    answer = stack.call("recommend", stack.batch(json.dumps(job)))

    assert answer == {"batchItemFailures": []}
    row = stack.row(job["analysis_id"])
    assert row["status"] == "completed"
    assert "pending" not in row
    assert row["awaits"] == {"thumbnails"}
    routine = unpack(result_of(stack, job["analysis_id"])["result"])
    assert routine["am"]
    assert routine["pm"]


def test_a_completed_analysis_is_said_in_words(stack: Stack, job: dict[str, Any]) -> None:
    stack.call("recommend", stack.batch(json.dumps(job)))

    words = stack.result(job["analysis_id"], "words")
    assert words["source"] == "templates"
    routine = unpack(result_of(stack, job["analysis_id"])["result"])
    text = " ".join((words["summary"], *words["recommendations"]))
    assert all(step["product"]["name"] in text for step in routine["am"])
    status, document, _ = stack.http(
        "api",
        "api_get_analysis.json",
        path=f"/v1/analyses/{job['analysis_id']}",
    )
    assert status == 200
    assert document["enhanced_analysis"] == words


def test_an_analysis_without_words_completes_all_the_same(
    stack: Stack, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def speechless(*facts: Any) -> None:
        raise KeyError("a fact nobody thought of")

    monkeypatch.setattr(narrate, "facts_of", speechless)

    answer = stack.call("recommend", stack.batch(json.dumps(job)))

    assert answer == {"batchItemFailures": []}
    row = stack.row(job["analysis_id"])
    assert row["status"] == "completed"
    assert stack.result(job["analysis_id"], "words") is None


def test_a_redelivered_message_keeps_the_first_result(stack: Stack, job: dict[str, Any]) -> None:
    stack.call("recommend", stack.batch(json.dumps(job)))
    first = result_of(stack, job["analysis_id"])
    completed_at = stack.row(job["analysis_id"])["updated_at"]

    stack.call("recommend", stack.batch(json.dumps(job), json.dumps(job)))

    assert result_of(stack, job["analysis_id"]) == first
    assert stack.row(job["analysis_id"])["updated_at"] == completed_at


def test_a_bad_record_is_returned_alone(stack: Stack, job: dict[str, Any]) -> None:
    unknown = json.dumps({**job, "kind": "horoscope"})

    answer = stack.call("recommend", stack.batch("not json", json.dumps(job), unknown))

    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert failed == ["message-0", "message-2"]
    assert stack.row(job["analysis_id"])["status"] == "completed"


def test_a_job_for_a_deleted_analysis_is_acknowledged(stack: Stack, job: dict[str, Any]) -> None:
    stack.table.delete_item(Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{job['analysis_id']}"})

    answer = stack.call("recommend", stack.batch(json.dumps(job)))

    assert answer == {"batchItemFailures": []}
    assert result_of(stack, job["analysis_id"]) is None


def test_without_a_catalogue_the_analysis_completes_and_the_result_says_why(
    stack: Stack, job: dict[str, Any]
) -> None:
    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key="catalogue/snapshot.json")

    stack.call("recommend", stack.batch(json.dumps(job)))

    assert stack.row(job["analysis_id"])["status"] == "completed"
    result = unpack(result_of(stack, job["analysis_id"])["result"])
    assert (result["status"], result["code"]) == ("failed", "catalogue_missing")


def test_a_completed_analysis_is_announced_on_the_bus(stack: Stack, job: dict[str, Any]) -> None:
    events = boto3.client("events")
    target = stack.sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = stack.sqs.get_queue_attributes(QueueUrl=target, AttributeNames=["QueueArn"])
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["facet"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "q", "Arn": arn["Attributes"]["QueueArn"]}])

    stack.call("recommend", stack.batch(json.dumps(job)))

    (heard,) = stack.sqs.receive_message(QueueUrl=target)["Messages"]
    event = json.loads(heard["Body"])
    assert event["detail-type"] == "AnalysisCompleted"
    assert event["detail"]["analysis_id"] == job["analysis_id"]


def test_what_is_owned_comes_first(stack: Stack, job: dict[str, Any]) -> None:
    mine = {
        "item_id": "b1",
        "name": "My own cleanser",
        "category": "cleanser",
        "ingredients": ["Aqua", "Glycerin", "Cocamidopropyl Betaine"],
    }
    stack.table.put_item(Item={"PK": f"USER#{USER}", "SK": "BAG#b1", "document": json.dumps(mine)})
    stack.table.put_item(
        Item={"PK": f"USER#{USER}", "SK": "BAG#b2", "document": json.dumps({"schema": 0})}
    )

    stack.call("recommend", stack.batch(json.dumps(job)))

    routine = unpack(result_of(stack, job["analysis_id"])["result"])
    assert "My own cleanser" in json.dumps([routine["am"], routine["pm"]])
    assert "b2" in json.dumps(routine["notes"]), "an unreadable item is named, not dropped"


GARMENTS = {
    "shirt": ("top", "#f4f2ee", 3, 2),
    "jumper": ("top", "#9a4a2c", 2, 4),
    "kurta": ("full_body", "#2a4a6a", 3, 3),
    "jeans": ("bottom", "#3a4f73", 2, 3),
    "coat": ("outer", "#6b6b6d", 3, 5),
}


def put(stack: Stack, key: str, document: object) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    stack.table.put_item(Item={"PK": f"USER#{USER}", "SK": key, "document": text})


def advice(stack: Stack, analysis_id: str, kind: str) -> Any:
    key = {"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#{kind}"}
    return unpack(stack.table.get_item(Key=key)["Item"]["result"])


def test_three_wishes_of_one_photo_complete_it_together(stack: Stack, portrait: bytes) -> None:
    put(stack, "BAG#red", {"name": "My red", "category": "lipstick", "shade": "#b01a24"})
    put(stack, "BAG#old", {"schema": 0})
    for name, (slot, colour, formality, warmth) in GARMENTS.items():
        garment = {
            "category": name,
            "slot": slot,
            "colours": [{"hex": colour, "share": 1}],
            "formality": formality,
            "warmth": warmth,
        }
        put(stack, f"WARDROBE#{name}", garment)
    put(stack, "WARDROBE#torn", "not json")
    put(stack, "FEEDBACK#01", {"verdict": "worn", "item_ids": ["kurta"], "on": "2020-01-01"})
    analysis_id = stack.start(
        portrait,
        wants=["skincare", "makeup", "outfit"],
        occasion="office",
        weather={"temperature_c": 8.5},
    )
    stack.call("analyze", stack.uploaded(analysis_id))
    jobs = [message["Body"] for message in stack.jobs()]
    assert sorted(json.loads(job)["kind"] for job in jobs) == ["makeup", "outfit", "skincare"]

    for job in jobs[:2]:
        stack.call("recommend", stack.batch(job))
    assert stack.row(analysis_id)["status"] == "recommending"
    stack.call("recommend", stack.batch(jobs[2]))

    assert stack.row(analysis_id)["status"] == "completed"
    assert advice(stack, analysis_id, "skincare")["am"]
    makeup = advice(stack, analysis_id, "makeup")
    assert {look["occasion"] for look in makeup["looks"]} == {"work"}
    lips = [s for look in makeup["looks"] for s in look["steps"] if s["category"] == "lip"]
    assert "red" in {step.get("item_id") for step in lips}, "what is owned comes first"
    assert "old" in {note.get("item_id") for note in makeup["notes"]}
    outfit = advice(stack, analysis_id, "outfit")
    assert len(outfit["outfits"]) == 3
    assert all("coat" in json.dumps(dress["items"]) for dress in outfit["outfits"]), "it is cold"
    assert "torn" in {note.get("item_id") for note in outfit["notes"]}
    status, document, _ = stack.http(
        "api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}"
    )
    assert status == 200
    assert set(document["recommendations"]) == {"skincare", "makeup", "outfit"}


def test_workers_that_overtake_each_other_do_not_lose_the_words(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis_id = stack.start(portrait, wants=["skincare", "makeup"])
    stack.call("analyze", stack.uploaded(analysis_id))
    slow, *fast = [message["Body"] for message in stack.jobs()]
    results = AnalysisTable.results

    def overtaken(self: AnalysisTable, user_id: str, analysis_id: str) -> Any:
        seen = results(self, user_id, analysis_id)
        if fast:  # another job is done between this worker's look and its next step
            stack.call("recommend", stack.batch(fast.pop()))
        return seen

    monkeypatch.setattr(AnalysisTable, "results", overtaken)
    stack.call("recommend", stack.batch(slow))

    assert stack.row(analysis_id)["status"] == "completed"
    words = " ".join(stack.result(analysis_id, "words")["recommendations"])
    routine = advice(stack, analysis_id, "skincare")["am"]
    assert all(step["product"]["name"] in words for step in routine)


def test_the_last_result_is_not_taken_off_before_the_end(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis_id = stack.start(portrait, wants=["skincare", "makeup"])
    stack.call("analyze", stack.uploaded(analysis_id))
    first, last = [message["Body"] for message in stack.jobs()]
    stack.call("recommend", stack.batch(first))
    monkeypatch.setattr(AnalysisTable, "take_off", None)

    stack.call("recommend", stack.batch(last))

    row = stack.row(analysis_id)
    assert (row["status"], "pending" in row) == ("completed", False)
    words = stack.result(analysis_id, "words")["recommendations"]
    routine = advice(stack, analysis_id, "skincare")["am"]
    assert all(step["product"]["name"] in " ".join(words) for step in routine)
    assert advice(stack, analysis_id, "makeup")["looks"]


def test_of_one_job_delivered_twice_at_once_one_completes(
    stack: Stack, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    complete, published = AnalysisTable.complete, []
    others = [json.dumps(job)]

    def overtaken(self: AnalysisTable, *given: Any, **how: Any) -> Any:
        if others:  # the other delivery gets through first
            stack.call("recommend", stack.batch(others.pop()))
        return complete(self, *given, **how)

    monkeypatch.setattr(AnalysisTable, "complete", overtaken)
    monkeypatch.setattr(EventBus, "publish", lambda _, event: published.append(event.status))

    answer = stack.call("recommend", stack.batch(json.dumps(job)))

    assert answer == {"batchItemFailures": []}
    assert stack.row(job["analysis_id"])["status"] == "completed"
    assert published == ["completed"]


def test_an_end_that_could_not_be_announced_is_left_to_the_sweep(
    stack: Stack, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(*_: Any) -> None:
        raise OSError("the bus does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(EventBus, "publish", dead)
        answer = stack.call("recommend", stack.batch(json.dumps(job)))
    assert len(answer["batchItemFailures"]) == 1

    stack.call("recommend", stack.batch(json.dumps(job)))  # SQS brings it again

    row = stack.row(job["analysis_id"])
    assert row["status"] == "completed"
    assert "open_shard" in row, "the sweep will announce it"


def test_an_outfit_needs_no_catalogue(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait, wants=["outfit"])
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key="catalogue/snapshot.json")

    stack.call("recommend", stack.batch(*(message["Body"] for message in stack.jobs())))

    assert advice(stack, analysis_id, "outfit")["notes"][0]["code"] == "wardrobe_empty"


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        ({"skin_type": "dry", "of_a_newer_app": True}, "completed"),
        ({"allergies": {"not": "a list"}}, "failed"),
    ],
)
def test_a_profile_is_read_as_far_as_that_is_safe(
    stack: Stack, job: dict[str, Any], profile: dict[str, Any], status: str
) -> None:
    row = {"PK": f"USER#{USER}", "SK": "PROFILE", "document": json.dumps(profile)}
    stack.table.put_item(Item=row)

    stack.call("recommend", stack.batch(json.dumps(job)))

    _, body, _ = stack.http(
        "api", "api_get_analysis.json", path=f"/v1/analyses/{job['analysis_id']}"
    )
    assert body["status"] == "completed"
    assert body["recommendations"]["skincare"]["status"] == status


@pytest.mark.parametrize(("percent", "version"), [("0", "skincare-1"), ("100", "trial")])
def test_a_rollout_s_version_is_in_the_result_and_in_the_metric(
    stack: Stack,
    job: dict[str, Any],
    *,
    percent: str,
    version: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copy(FOLDER / "skincare-1.toml", tmp_path / "skincare-1.toml")
    trial = (FOLDER / "skincare-1.toml").read_text().replace("price = -0.2", "price = -5.0")
    (tmp_path / "trial.toml").write_text(trial)
    monkeypatch.setattr(choose_ranking, "load_ranking", lambda name: load_ranking(name, tmp_path))
    monkeypatch.setenv("RANKING_CANDIDATE", "trial")
    monkeypatch.setenv("RANKING_CANDIDATE_PERCENT", percent)
    capsys.readouterr()

    stack.call("recommend", stack.batch(json.dumps(job)))

    _, document, _ = stack.http(
        "api", "api_get_analysis.json", path=f"/v1/analyses/{job['analysis_id']}"
    )
    routine = document["recommendations"]["skincare"]
    assert routine["ranking"] == version
    assert any(suggestion["features"] for suggestion in routine["suggestions"])
    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    (advised,) = [metric for metric in emitted if "SkincareAdvised" in metric]
    assert advised["ranking"] == version
    assert advised["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["ranking", "service"]]


def test_a_version_nobody_has_returns_the_job(
    stack: Stack, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANKING_VERSION", "never-written")

    answer = stack.call("recommend", stack.batch(json.dumps(job)))

    assert answer["batchItemFailures"]
    assert stack.row(job["analysis_id"])["status"] == "recommending"


# --- age ------------------------------------------------------------------------------------------


def advised(stack: Stack, job: dict[str, Any], **profile: Any) -> Any:
    """The routine of somebody of this profile, as it is kept."""
    row = {"PK": f"USER#{USER}", "SK": "PROFILE", "document": json.dumps(profile)}
    stack.table.put_item(Item=row)
    stack.call("recommend", stack.batch(json.dumps(job)))
    return unpack(result_of(stack, job["analysis_id"])["result"])


def test_an_age_told_meanwhile_needs_a_guardian_s_consent_too(
    stack: Stack, job: dict[str, Any]
) -> None:
    result = advised(stack, job, age_band="under_13")

    assert (result["status"], result["code"]) == ("failed", "guardian_consent_missing")
    assert stack.row(job["analysis_id"])["status"] == "completed"


def test_a_stack_for_anybody_asks_for_an_age_and_says_so_first(
    stack: Stack, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIENCE", "any")

    result = advised(stack, job, goals=["wrinkles"])

    assert result["status"] == "partial"
    assert result["notes"][0]["code"] == "age_not_told"
    summary = stack.result(job["analysis_id"], "words")["summary"]
    assert summary.startswith(result["notes"][0]["text"])


def test_a_stack_for_adults_takes_an_untold_age_for_an_adult_s(
    stack: Stack, job: dict[str, Any]
) -> None:
    result = advised(stack, job, goals=["wrinkles"])

    assert result["status"] == "completed"
    assert not {"age_not_told", "base_care"} & {note["code"] for note in result["notes"]}
