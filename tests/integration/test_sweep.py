"""What stands still is sent on or ended with a reason."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from PIL import Image

from facet.adapters.rows import pack, unpack
from facet.adapters.s3 import Bucket
from facet.adapters.sqs import JobQueue
from facet.domain.overdue import MAX_REDRIVES, OPEN_SHARDS
from facet.domain.storage import NewPhoto
from facet.services.sweep import World, sweep
from tests.integration.conftest import NAMES, USER, Stack, jpeg, recorded


def claim(stack: Stack, analysis_id: str) -> Any:
    """Take an analysis on, as a try does that dies then."""
    analyses = stack.function("analyze").wiring.analyses
    return analyses.claim(analyses.get(USER, analysis_id), datetime.now(UTC))


def completed(stack: Stack, portrait: bytes, **wish: Any) -> str:
    """The id of an analysis whose advice is there, and no picture."""
    analysis_id = stack.start(portrait, **wish)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    assert stack.row(analysis_id)["status"] == "completed"
    return analysis_id


def test_the_schedule_shares_the_shards_out_and_each_message_sweeps_one(
    stack: Stack, portrait: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [stack.start(portrait) for _ in range(3)]
    event = recorded("schedule_sweep.json")
    event["time"] = (datetime.now(UTC) + timedelta(minutes=12)).isoformat()

    assert stack.call("sweep", event) == {"shards": OPEN_SHARDS}

    bodies = [message["Body"] for message in stack.jobs("sweep")]
    assert sorted(json.loads(body)["shard"] for body in bodies) == list(range(OPEN_SHARDS))
    capsys.readouterr()
    for body in bodies:
        answer = stack.call("sweep", stack.batch(body, like="sqs_sweep_shard.json"))
        assert answer == {"batchItemFailures": []}
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert sum(sum(told.get("Sweep_upload_sent_again", [])) for told in metrics) == len(ids)
    assert stack.sweep(12) == {}


def test_a_shard_that_takes_too_long_goes_on_in_another_message(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [stack.start(portrait) for _ in range(3)]
    shard = int(stack.row(ids[0])["open_shard"])
    for analysis_id in ids:
        stack.table.update_item(
            Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysis_id}"},
            UpdateExpression="SET open_shard = :shard",
            ExpressionAttributeValues={":shard": str(shard)},
        )
    module = stack.function("sweep")
    answers = iter((True, False))
    monkeypatch.setattr(module, "until", lambda _seconds: lambda: next(answers))
    at = (datetime.now(UTC) + timedelta(minutes=12)).isoformat()
    body = json.dumps({"shard": shard, "at": at})

    stack.call("sweep", stack.batch(body, like="sqs_sweep_shard.json"))

    (again,) = stack.jobs("sweep")
    assert json.loads(again["Body"])["shard"] == shard
    monkeypatch.undo()
    assert stack.sweep(12) == {"upload_sent_again": 2}


def test_a_fresh_analysis_is_left_alone(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)

    assert stack.sweep(0) == {}
    assert stack.row(analysis_id)["status"] == "awaiting_upload"


def test_an_upload_that_never_came_expires_and_is_given_back(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)
    stack.s3.delete_object(Bucket=NAMES["UPLOADS_BUCKET"], Key=f"faces/{USER}/{analysis_id}")

    assert stack.sweep(12) == {"expired": 1}

    row = stack.row(analysis_id)
    assert row["status"] == "expired"
    assert json.loads(row["failure"])["code"] == "upload_expired"
    assert stack.used() == 0
    assert stack.sweep(60) == {}


def test_an_upload_whose_event_was_lost_is_announced_again_by_s3(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)

    assert stack.sweep(12) == {"upload_sent_again": 1}

    stack.call("analyze", stack.uploaded(analysis_id))
    assert stack.row(analysis_id)["status"] == "recommending"


def test_of_several_photos_those_that_came_are_read_at_the_deadline(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start_several(portrait, b"another", b"a third")["analysis_id"]
    stack.call("analyze", stack.upload(analysis_id, portrait, 1))
    assert stack.row(analysis_id)["status"] == "awaiting_upload"

    assert stack.sweep(12) == {"upload_sent_again": 1}

    # What S3 then tells, when the ten minutes are over.
    key = {"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysis_id}"}
    earlier = (datetime.now(UTC) - timedelta(minutes=12)).isoformat()
    stack.table.update_item(
        Key=key,
        UpdateExpression="SET created_at = :earlier",
        ExpressionAttributeValues={":earlier": earlier},
    )
    stack.call("analyze", stack.upload(analysis_id, portrait, 1))
    row = stack.row(analysis_id)
    assert row["status"] == "recommending"
    assert [photo["status"] for photo in stack.reading(analysis_id)["photos"]] == [
        "missing",
        "measured",
        "missing",
    ]
    # And the last one comes when it is too late.
    stack.call("analyze", stack.upload(analysis_id, portrait, 2))
    assert stack.row(analysis_id)["updated_at"] == row["updated_at"]
    assert stack.keys("UPLOADS_BUCKET") == {f"faces/{USER}/{analysis_id}.1"}


def test_an_upload_that_nobody_picks_up_fails_and_does_not_claim_it_never_came(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)

    verbs = [next(iter(stack.sweep(31 * (n + 1)))) for n in range(5)]

    assert verbs == ["upload_sent_again"] * 4 + ["failed"]
    assert json.loads(stack.row(analysis_id)["failure"])["code"] == "analysis_timeout"


def test_a_crashed_analysis_is_sent_again_and_given_up_in_the_end(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    claimed = claim(stack, analysis_id)
    assert claimed.status == "analyzing"

    verbs = [next(iter(stack.sweep(31 * (n + 1)))) for n in range(5)]

    assert verbs == ["upload_sent_again"] * 4 + ["failed"]
    row = stack.row(analysis_id)
    assert json.loads(row["failure"])["code"] == "analysis_timeout"
    assert stack.used() == 0


def test_lost_jobs_are_queued_again_and_at_last_ended_with_a_failed_result(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.jobs()

    for n in range(MAX_REDRIVES):
        assert stack.sweep(31 * (n + 1)) == {"jobs_sent_again": 1}
        (job,) = stack.jobs()
        assert json.loads(job["Body"])["analysis_id"] == analysis_id
    assert stack.sweep(160) == {"completed_without": 1}

    row = stack.row(analysis_id)
    assert row["status"] == "completed"
    key = {"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#skincare"}
    assert unpack(stack.table.get_item(Key=key)["Item"]["result"])["code"] == "job_lost"


def test_a_kind_of_a_newer_release_has_its_time_and_is_then_left_out(
    stack: Stack, portrait: bytes
) -> None:
    """Deployed back, nobody is there who would bring its result."""
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.table.update_item(
        Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysis_id}"},
        UpdateExpression="ADD pending :hair",
        ExpressionAttributeValues={":hair": {"hair"}},
    )
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    assert stack.row(analysis_id)["pending"] == {"hair"}

    for n in range(MAX_REDRIVES):
        assert stack.sweep(31 * (n + 1)) == {"left_to_newer": 1}
    assert stack.sweep(160) == {"completed_without": 1}

    row = stack.row(analysis_id)
    assert row["status"] == "completed"
    assert "pending" not in row
    assert stack.result(analysis_id, "skincare")["status"] == "completed"
    assert stack.used() == 1


@pytest.mark.parametrize(
    ("broken", "written"),
    [
        ("SET weather = :text", {":text": "not JSON"}),
        ("SET photo = :text", {":text": "a text"}),
        ("REMOVE user_id", {}),
        ("REMOVE analysis_id", {}),
        ("REMOVE quota_day", {}),
        ("SET quota_day = :text", {":text": "no day"}),
        ("SET quota_day = :number", {":number": -1}),
    ],
)
def test_a_row_that_cannot_be_read_is_ended_with_a_refund_and_stops_no_other(
    stack: Stack, portrait: bytes, broken: str, written: dict[str, Any]
) -> None:
    ids = [stack.start(portrait) for _ in range(6)]
    key = {"PK": f"USER#{USER}", "SK": f"ANALYSIS#{ids[0]}"}
    values = {"ExpressionAttributeValues": written} if written else {}
    stack.table.update_item(Key=key, UpdateExpression=broken, **values)

    assert stack.sweep(12) == {"unreadable": 1, "upload_sent_again": 5}

    row = stack.row(ids[0])
    assert (row["status"], json.loads(row["failure"])["code"]) == ("failed", "internal_error")
    assert "open_shard" not in row
    assert stack.used() == 5
    assert "unreadable" not in stack.sweep(60)
    assert stack.used() == 5


def test_an_analysis_that_cannot_be_read_says_so_and_can_be_deleted(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.table.update_item(
        Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysis_id}"},
        UpdateExpression="SET weather = :text",
        ExpressionAttributeValues={":text": "not JSON"},
    )
    get, path = "api_get_analysis.json", f"/v1/analyses/{analysis_id}"

    status, body, _ = stack.http("api", get, path=path)
    assert (status, body["code"]) == (409, "analysis_unreadable")
    _, listed, _ = stack.http("api", "api_list_analyses.json")
    assert listed["unreadable"] == [analysis_id]

    assert stack.http("api", get, path=path, method="DELETE")[0] == 204

    assert [row for row in stack.table.scan()["Items"] if analysis_id in row["SK"]] == []
    assert stack.keys("UPLOADS_BUCKET") == set()
    assert stack.keys("MEDIA_BUCKET") == {"catalogue/snapshot.json"}
    assert stack.http("api", get, path=path, method="DELETE")[0] == 404


def test_an_analysis_that_breaks_on_its_way_stops_no_other(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [stack.start(portrait) for _ in range(3)]
    broken, send = f"faces/{USER}/{ids[1]}", Bucket.send_event_again

    def send_event_again(bucket: Bucket, key: str) -> bool:
        if key == broken:
            raise ConnectionError("the bucket is away")
        return send(bucket, key)

    monkeypatch.setattr(Bucket, "send_event_again", send_event_again)

    assert stack.sweep(12) == {"raised": 1, "upload_sent_again": 2}
    assert stack.sweep(60)["raised"] == 1


def test_what_breaks_each_time_goes_behind_the_others(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep that has no time for more than one row gets to the second all the same."""
    analysis_id = stack.start(portrait)
    first = stack.row(analysis_id)
    other = {**first, "SK": "LOOK#01M8QCJKAA3X7W9PT2VRZYQW4F", "due_at": "2020-01-01"}
    stack.table.put_item(Item=other)
    monkeypatch.setattr(
        "facet.adapters.looks.LookTable.get", lambda *_: (_ for _ in ()).throw(ConnectionError)
    )
    world, shard = World(**stack.function("sweep").wiring.swept), int(first["open_shard"])

    done: Counter[str] = Counter()
    for minutes in (12, 17):
        turns = iter((True, False, False))
        now = datetime.now(UTC) + timedelta(minutes=minutes)
        done += sweep(shard, now, world, go_on=lambda turns=turns: next(turns))  # type: ignore[misc]

    assert done == {"raised": 1, "upload_sent_again": 1, "left": 2}


def test_a_row_that_cannot_even_be_put_off_stops_no_other(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stack.row(stack.start(portrait))
    other = {**first, "SK": "LOOK#01M8QCJKAA3X7W9PT2VRZYQW4F", "due_at": "2020-01-01"}
    stack.table.put_item(Item=other)

    def away(*_: object) -> None:
        raise ConnectionError("the table is away")

    monkeypatch.setattr("facet.adapters.overdue.OverdueIndex.put_off", away)

    assert stack.sweep(12) == {"unreadable": 1, "upload_sent_again": 1}


@pytest.mark.parametrize("broken", [b"\x01garbage", pack("[]")])
def test_a_result_that_cannot_be_read_failed_and_the_others_are_there(
    stack: Stack, portrait: bytes, broken: bytes
) -> None:
    analysis_id = stack.start(portrait, wants=["skincare", "outfit"])
    stack.call("analyze", stack.uploaded(analysis_id))
    skincare, outfit = sorted((job["Body"] for job in stack.jobs()), key=lambda b: "outfit" in b)
    stack.call("recommend", stack.batch(skincare))
    stack.table.update_item(
        Key={"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#skincare"},
        UpdateExpression="SET #result = :broken",
        ExpressionAttributeNames={"#result": "result"},
        ExpressionAttributeValues={":broken": broken},
    )

    assert stack.call("recommend", stack.batch(outfit)) == {"batchItemFailures": []}

    status, body, _ = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}")
    assert (status, body["status"]) == (200, "completed")
    told = body["recommendations"]
    assert (told["skincare"]["status"], told["skincare"]["code"]) == ("failed", "internal_error")
    assert told["outfit"]["status"] != "failed"


def test_pictures_of_looks_that_cannot_be_read_are_not_shown(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait, wants=["makeup"])
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    stack.call("tryon", stack.batch(*(job["Body"] for job in stack.jobs("tryon"))))
    stack.table.update_item(
        Key={"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#makeup"},
        UpdateExpression="REMOVE #result",
        ExpressionAttributeNames={"#result": "result"},
    )

    status, body, _ = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}")

    assert (status, body["status"]) == (200, "completed")
    assert body["recommendations"]["makeup"]["code"] == "internal_error"
    assert not body.get("looks")


def test_an_ending_that_was_never_announced_is_announced(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    (job,) = stack.jobs()
    recommend = stack.function("recommend")
    bus = recommend.wiring.events
    publish = bus.publish

    def broken(_event: object) -> None:
        raise ConnectionError("the bus is away")

    bus.publish = broken
    answer = stack.call("recommend", stack.batch(job["Body"]))
    bus.publish = publish
    assert len(answer["batchItemFailures"]) == 1
    assert stack.row(analysis_id)["status"] == "completed"

    assert stack.sweep(12) == {"announced": 1}
    assert stack.row(analysis_id)["awaits"] == {"thumbnails"}


# --- pictures, looks, garments and exports --------------------------------------------------------


def test_thumbnails_that_were_lost_are_made_after_all(stack: Stack, portrait: bytes) -> None:
    analysis_id = completed(stack, portrait)

    assert stack.sweep(12) == {"pictures_sent_again": 1}

    stack.call("thumbnail", stack.saved(analysis_id))  # what S3 then tells
    row = stack.row(analysis_id)
    assert row["thumbnails"] is True
    assert not {"open_shard", "due_at", "awaits"} & row.keys()
    assert stack.sweep(90) == {}


def test_pictures_that_never_come_are_given_up(stack: Stack, portrait: bytes) -> None:
    analysis_id = completed(stack, portrait, wants=["makeup"])
    (look,) = stack.jobs("tryon")

    for n in range(MAX_REDRIVES):
        assert stack.sweep(31 * (n + 1)) == {"pictures_sent_again": 1}
        (again,) = stack.jobs("tryon")
        assert json.loads(again["Body"]) == json.loads(look["Body"])
    assert stack.sweep(160) == {"pictures_given_up": 1}

    assert not {"open_shard", "due_at", "awaits"} & stack.row(analysis_id).keys()
    _, body, _ = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}")
    assert {look["code"] for look in body["looks"]} == {"render_timed_out"}
    assert "poll_after_ms" not in body


def test_looks_that_were_lost_are_drawn_after_all(stack: Stack, portrait: bytes) -> None:
    analysis_id = completed(stack, portrait, wants=["makeup"])
    stack.call("thumbnail", stack.saved(analysis_id))
    stack.jobs("tryon")

    assert stack.sweep(12) == {"pictures_sent_again": 1}

    (job,) = stack.jobs("tryon")
    stack.call("tryon", stack.batch(job["Body"], like="sqs_look_wanted.json"))
    assert any(key.startswith(f"looks/{USER}/{analysis_id}/") for key in stack.keys("MEDIA_BUCKET"))
    assert not {"open_shard", "due_at", "awaits"} & stack.row(analysis_id).keys()


def test_a_look_that_was_asked_for_is_sent_again_and_fails_in_the_end(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    stack.call("thumbnail", stack.saved(analysis_id))
    path = f"/v1/analyses/{analysis_id}/looks"
    wish = {"products": [{"category": "lip", "hex": "#a4565c"}]}
    _, asked, _ = stack.http("api", "api_post_look.json", body=wish, path=path)
    (job,) = stack.jobs("tryon")

    for n in range(MAX_REDRIVES):
        assert stack.sweep(31 * (n + 1)) == {"look_sent_again": 1}
        assert [again["Body"] for again in stack.jobs("tryon")] == [job["Body"]]
    assert stack.sweep(160) == {"look_given_up": 1}

    path = f"/v1/looks/{asked['look_id']}"
    _, told, _ = stack.http("api", "api_list_looks.json", path=path)
    assert (told["status"], told["code"]) == ("failed", "render_timed_out")
    assert "poll_after_ms" not in told
    stack.call("tryon", stack.batch(job["Body"], like="sqs_look_wanted.json"))
    assert stack.http("api", "api_list_looks.json", path=path)[1]["status"] == "failed"
    assert stack.sweep(90) == {}


def garment(stack: Stack, method: str = "GET", body: Any = None) -> Any:
    path = "/v1/wardrobe/mine"
    return stack.http("api", "api_post_look.json", method=method, path=path, body=body)[1]


def shirt(stack: Stack) -> bytes:
    """Tell of a shirt, whose photo is to come -> its photo."""
    photo = jpeg(Image.new("RGB", (300, 300), "#9a4a2c"))
    told = {name: stack.wish(photo)[name] for name in NewPhoto.model_fields}
    told_of = {"category": "shirt", "slot": "top", "formality": 3, "warmth": 2}
    assert garment(stack, "PUT", {**told_of, "photo": told})["status"] == "awaiting_upload"
    return photo


def test_a_garment_s_photo_whose_event_was_lost_is_announced_again(stack: Stack) -> None:
    event = stack.garment_uploaded("mine", shirt(stack))

    assert stack.sweep(12) == {"garment_sent_again": 1}

    assert stack.call("thumbnail", event) == {"drawn": 1}
    assert garment(stack)["status"] == "ready"
    assert stack.sweep(90) == {}


def test_a_garment_s_photo_that_never_came_or_is_never_read_fails(stack: Stack) -> None:
    photo = shirt(stack)
    assert stack.sweep(12) == {"garment_given_up": 1}
    assert garment(stack)["code"] == "upload_expired"

    shirt(stack)
    stack.garment_uploaded("mine", photo)
    verbs = [next(iter(stack.sweep(31 * (n + 1)))) for n in range(5)]
    assert verbs == ["garment_sent_again"] * 4 + ["garment_given_up"]
    assert garment(stack)["code"] == "analysis_timeout"
    assert stack.sweep(90) == {}


def test_an_export_that_was_lost_is_made_again_and_fails_in_the_end(stack: Stack) -> None:
    _, asked, _ = stack.http("api", "api_post_export.json")
    (job,) = stack.jobs("account")

    for n in range(MAX_REDRIVES):
        assert stack.sweep(41 * (n + 1)) == {"export_sent_again": 1}
        assert [again["Body"] for again in stack.jobs("account")] == [job["Body"]]
    assert stack.sweep(210) == {"export_given_up": 1}

    path = f"/v1/me/exports/{asked['export_id']}"
    _, told, _ = stack.http("api", "api_get_export.json", path=path)
    assert told["status"] == "failed"
    assert stack.sweep(260) == {}


def test_nothing_is_used_up_while_a_queue_is_down(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.jobs()

    def down(*_: Any) -> None:
        raise ConnectionError("the queue is away")

    with monkeypatch.context() as patch:
        patch.setattr(JobQueue, "send", down)
        assert [stack.sweep(20 * (n + 1)) for n in range(6)] == [{"raised": 1}] * 6

    assert stack.row(analysis_id)["redrives"] == 0
    assert stack.sweep(140) == {"jobs_sent_again": 1}


# --- the bus --------------------------------------------------------------------------------------


def test_the_bus_hears_of_a_failure_with_its_code(stack: Stack) -> None:
    events = boto3.client("events")
    target = stack.sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = stack.sqs.get_queue_attributes(QueueUrl=target, AttributeNames=["QueueArn"])
    events.put_rule(Name="all", EventPattern=json.dumps({"detail-type": ["AnalysisFailed"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "q", "Arn": arn["Attributes"]["QueueArn"]}])
    analysis_id = stack.start(b"no photo")

    stack.call("analyze", stack.uploaded(analysis_id))

    (heard,) = stack.sqs.receive_message(QueueUrl=target)["Messages"]
    detail = json.loads(heard["Body"])["detail"]
    assert detail["analysis_id"] == analysis_id
    assert detail["code"] == json.loads(stack.row(analysis_id)["failure"])["code"]
