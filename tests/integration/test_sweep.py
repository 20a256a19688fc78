"""What stands still is sent on or ended with a reason."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from facet.adapters.rows import unpack
from facet.adapters.s3 import Bucket
from tests.integration.conftest import NAMES, USER, Stack, recorded


def sweep(stack: Stack, minutes: int) -> Any:
    """Sweep as if `minutes` had passed."""
    event = recorded("schedule_sweep.json")
    event["time"] = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    return stack.call("sweep", event)


def test_a_fresh_analysis_is_left_alone(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)

    assert sweep(stack, 0) == {}
    assert stack.row(analysis_id)["status"] == "awaiting_upload"


def test_an_upload_that_never_came_expires_and_is_given_back(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)
    stack.s3.delete_object(Bucket=NAMES["UPLOADS_BUCKET"], Key=f"faces/{USER}/{analysis_id}")

    assert sweep(stack, 12) == {"expired": 1}

    row = stack.row(analysis_id)
    assert row["status"] == "expired"
    assert json.loads(row["failure"])["code"] == "upload_expired"
    assert stack.used() == 0
    assert sweep(stack, 60) == {}


def test_an_upload_whose_event_was_lost_is_announced_again_by_s3(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)

    assert sweep(stack, 12) == {"upload_sent_again": 1}

    stack.call("analyze", stack.uploaded(analysis_id))
    assert stack.row(analysis_id)["status"] == "recommending"


def test_of_several_photos_those_that_came_are_read_at_the_deadline(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start_several(portrait, b"another", b"a third")["analysis_id"]
    stack.call("analyze", stack.upload(analysis_id, portrait, 1))
    assert stack.row(analysis_id)["status"] == "awaiting_upload"

    assert sweep(stack, 12) == {"upload_sent_again": 1}

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
    assert [photo["status"] for photo in unpack(row["reading"])["photos"]] == [
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

    verbs = [next(iter(sweep(stack, 20 * (n + 1)))) for n in range(4)]

    assert verbs == ["upload_sent_again"] * 3 + ["failed"]
    assert json.loads(stack.row(analysis_id)["failure"])["code"] == "analysis_timeout"


def test_a_crashed_analysis_is_sent_again_and_given_up_in_the_end(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    claimed = stack.function("analyze").wiring.analyses.claim(USER, analysis_id, datetime.now(UTC))
    assert claimed.status == "analyzing"

    verbs = [next(iter(sweep(stack, 20 * (n + 1)))) for n in range(4)]

    assert verbs == ["upload_sent_again"] * 3 + ["failed"]
    row = stack.row(analysis_id)
    assert json.loads(row["failure"])["code"] == "analysis_timeout"
    assert stack.used() == 0


def test_lost_jobs_are_queued_again_and_at_last_ended_with_a_failed_result(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.jobs()

    for n in range(3):
        assert sweep(stack, 20 * (n + 1)) == {"jobs_sent_again": 1}
        (job,) = stack.jobs()
        assert json.loads(job["Body"])["analysis_id"] == analysis_id
    assert sweep(stack, 90) == {"completed_without": 1}

    row = stack.row(analysis_id)
    assert row["status"] == "completed"
    key = {"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#skincare"}
    assert unpack(stack.table.get_item(Key=key)["Item"]["result"])["code"] == "job_lost"


@pytest.mark.parametrize(
    ("broken", "written"),
    [
        (
            "SET weather = :text, reading = :bytes, open_shard = :shard",
            {":text": "not JSON", ":bytes": b"not deflated", ":shard": "0"},
        ),
        ("REMOVE user_id SET open_shard = :shard", {":shard": "0"}),
        ("REMOVE analysis_id SET open_shard = :shard", {":shard": "0"}),
    ],
)
def test_a_row_that_cannot_be_read_is_counted_and_the_others_are_swept(
    stack: Stack, portrait: bytes, broken: str, written: dict[str, Any]
) -> None:
    ids = [stack.start(portrait) for _ in range(6)]
    key = {"PK": f"USER#{USER}", "SK": f"ANALYSIS#{ids[0]}"}
    stack.table.update_item(Key=key, UpdateExpression=broken, ExpressionAttributeValues=written)

    assert sweep(stack, 12) == {"unreadable": 1, "upload_sent_again": 5}
    assert stack.row(ids[0])["status"] == "awaiting_upload"


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

    assert sweep(stack, 12) == {"raised": 1, "upload_sent_again": 2}
    assert sweep(stack, 60)["raised"] == 1


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

    assert sweep(stack, 5) == {"announced": 1}
    assert "open_shard" not in stack.row(analysis_id)


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
