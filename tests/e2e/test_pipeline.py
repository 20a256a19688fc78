"""A photo in, an answer out; and everything that may come twice, late or never."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from local.phone import Phone, send
from local.stack import LocalStack
from tests.e2e.conftest import Encode, Eventually

pytestmark = pytest.mark.e2e

type Invoke = Callable[[str, dict[str, Any]], Any]


def face_uploaded(stack: LocalStack, key: str) -> dict[str, Any]:
    """What S3 tells AnalyzeFunction, in its own words, of this object."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-east-1",
                "eventTime": "2026-11-21T00:00:00.000Z",
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "test"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "test",
                    "bucket": {
                        "name": stack.outputs["UploadsBucketName"],
                        "ownerIdentity": {"principalId": "test"},
                        "arn": f"arn:aws:s3:::{stack.outputs['UploadsBucketName']}",
                    },
                    "object": {"key": key, "size": 1, "eTag": "0" * 32, "sequencer": "0"},
                },
            }
        ]
    }


def upload_key(asked: dict[str, Any]) -> str:
    """faces/<sub>/<analysis_id>, as the URL names it."""
    path: str = asked["upload_url"].partition("?")[0]
    return path[path.index("faces/") :]


@pytest.fixture
def invoke(stack: LocalStack, function: Callable[[str], str]) -> Invoke:
    def call(name: str, event: dict[str, Any]) -> Any:
        answer = stack.client("lambda").invoke(
            FunctionName=function(name), Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    return call


def test_a_photo_becomes_an_answer(phone: Phone, photo: bytes, eventually: Eventually) -> None:
    asked = phone.ask(photo)
    assert asked.status == 201
    assert asked.body["status"] == "awaiting_upload"
    assert phone.upload(asked.body, photo).status == 200

    states = []
    result = phone.poll(asked.body["analysis_id"], seen=lambda it: states.append(it["status"]))

    assert result["status"] == "completed"
    assert states == sorted(
        states, key=["awaiting_upload", "analyzing", "recommending", "completed"].index
    )
    assert "poll_after_ms" not in result
    assert result["quality"]["verdict"] in ("good", "usable")
    tone = result["skin"]["tone"]
    assert tone["ita_interval"][0] <= tone["ita"] <= tone["ita_interval"][1]
    assert sum(share["share"] for share in tone["monk"]) == pytest.approx(1, abs=0.01)
    assert result["recommendations"]["skincare"]["status"] == "completed"

    def pictures() -> dict[str, Any] | None:
        links = phone.poll(asked.body["analysis_id"])["photo"]
        return links if "optimized_url" in links else None

    links = eventually(pictures)
    for name, longest in (("thumbnail_url", 200), ("optimized_url", 512)):
        picture = Image.open(io.BytesIO(send("GET", links[name]).data))
        assert max(picture.size) == longest
        assert not picture.getexif()


def test_three_photos_become_one_answer(
    phone: Phone, portrait: Image.Image, encode: Encode, stack: LocalStack
) -> None:
    dark = portrait.point(lambda level: level // 20)
    photos = encode(portrait), encode(portrait.rotate(2)), encode(dark)
    asked = phone.ask_several(*photos)
    assert asked.status == 201
    analysis_id = asked.body["analysis_id"]

    for upload in asked.body["uploads"][1:]:
        assert phone.upload(upload, photos[upload["photo"]]).status == 200
    waiting = phone.call("GET", f"/v1/analyses/{analysis_id}").body
    assert waiting["status"] == "awaiting_upload"
    wrong = asked.body["uploads"][0]
    assert phone.upload(wrong, photos[0][::-1]).status >= 400, "signed for other bytes"
    assert phone.upload(wrong, photos[0]).status == 200
    result = phone.poll(analysis_id)

    assert result["status"] == "completed"
    assert [photo["status"] for photo in result["photos"]] == ["measured", "measured", "rejected"]
    assert phone.call("GET", "/v1/me/usage").body["used"] == 1
    assert phone.call("DELETE", f"/v1/analyses/{analysis_id}").status == 204
    bucket = stack.outputs["UploadsBucketName"]
    left = stack.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    assert not [entry["Key"] for entry in left if analysis_id in entry["Key"]]


def test_an_unchanged_answer_is_not_sent_again(phone: Phone, photo: bytes) -> None:
    asked = phone.ask(photo).body
    path = f"/v1/analyses/{asked['analysis_id']}"
    first = phone.call("GET", path)

    again = phone.call("GET", path, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status == 304
    assert not again.data


def test_the_history_is_newest_first_and_comes_in_pages(phone: Phone, photo: bytes) -> None:
    ids = [phone.ask(photo).body["analysis_id"] for _ in range(3)]

    page = phone.call("GET", "/v1/analyses?limit=2").body
    rest = phone.call("GET", f"/v1/analyses?limit=2&cursor={page['cursor']}").body

    assert [analysis["analysis_id"] for analysis in page["analyses"]] == ids[:0:-1]
    assert [analysis["analysis_id"] for analysis in rest["analyses"]] == ids[:1]
    assert "cursor" not in rest


def test_one_correlation_id_runs_from_the_request_to_the_last_line(
    stack: LocalStack,
    phone: Phone,
    photo: bytes,
    function: Callable[[str], str],
    eventually: Eventually,
) -> None:
    asked = phone.ask(photo)
    phone.upload(asked.body, photo)
    phone.poll(asked.body["analysis_id"])
    correlation_id = asked.headers["X-Request-Id"]
    functions, logs = stack.client("lambda"), stack.client("logs")

    for name in ("PresignFunction", "AnalyzeFunction", "ThumbnailFunction", "RecommendFunction"):
        settings = functions.get_function_configuration(FunctionName=function(name))
        group = settings["LoggingConfig"]["LogGroup"]

        def lines(group: str = group) -> list[dict[str, Any]]:
            events = logs.filter_log_events(logGroupName=group)["events"]
            return [
                event
                for event in events
                if f'"correlation_id":"{correlation_id}"' in event["message"]
            ]

        assert eventually(lines), name


def test_the_same_request_twice_is_one_analysis(phone: Phone, photo: bytes) -> None:
    key = {"Idempotency-Key": "the-same"}
    wish = {
        "content_type": "image/jpeg",
        "content_length": len(photo),
        "checksum_sha256": "A" * 43 + "=",
        "consent_version": "1",
    }

    first, second = (phone.call("POST", "/v1/analyses", wish, key) for _ in range(2))

    assert first.status == second.status == 201
    assert first.body["analysis_id"] == second.body["analysis_id"]
    assert phone.call("GET", "/v1/me/usage").body["used"] == 1


def test_the_same_event_twice_is_counted_once(
    phone: Phone, photo: bytes, invoke: Invoke, stack: LocalStack
) -> None:
    asked = phone.ask(photo).body
    phone.upload(asked, photo)
    result = phone.poll(asked["analysis_id"])

    invoke("AnalyzeFunction", face_uploaded(stack, upload_key(asked)))
    phone.upload(asked, photo)  # the URL is still good: S3 sends a third event
    invoke("SweepFunction", {})

    again = phone.poll(asked["analysis_id"])
    assert again["updated_at"] == result["updated_at"]
    assert again["recommendations"] == result["recommendations"]
    assert phone.call("GET", "/v1/me/usage").body["used"] == 1
    assert len(phone.call("GET", "/v1/analyses").body["analyses"]) == 1


def test_a_photo_of_a_deleted_analysis_is_thrown_away(
    phone: Phone,
    photo: bytes,
    stack: LocalStack,
    invoke: Invoke,
    eventually: Eventually,
) -> None:
    asked = phone.ask(photo).body
    path = f"/v1/analyses/{asked['analysis_id']}"
    assert phone.call("DELETE", path).status == 204

    assert phone.upload(asked, photo).status == 200

    s3, bucket = stack.client("s3"), stack.outputs["UploadsBucketName"]
    eventually(lambda: s3.list_objects_v2(Bucket=bucket, Prefix=upload_key(asked))["KeyCount"] == 0)
    assert phone.call("GET", path).status == 404
    # The last word on the matter, even if the event comes once more.
    invoke("AnalyzeFunction", face_uploaded(stack, upload_key(asked)))
    assert phone.call("GET", "/v1/analyses").body["analyses"] == []


def test_deleting_removes_every_picture(
    phone: Phone, photo: bytes, stack: LocalStack, eventually: Eventually
) -> None:
    asked = phone.ask(photo).body
    analysis_id = asked["analysis_id"]
    phone.upload(asked, photo)
    eventually(lambda: "optimized_url" in (phone.poll(analysis_id).get("photo") or {}))

    assert phone.call("DELETE", f"/v1/analyses/{analysis_id}").status == 204

    s3 = stack.client("s3")
    for name in ("UploadsBucketName", "MediaBucketName"):
        listed = s3.list_objects_v2(Bucket=stack.outputs[name]).get("Contents", [])
        assert not [it["Key"] for it in listed if analysis_id in it["Key"]]


def test_an_upload_that_never_comes_expires_and_is_not_charged(
    phone: Phone, photo: bytes, invoke: Invoke
) -> None:
    asked = phone.ask(photo).body
    assert phone.call("GET", "/v1/me/usage").body["used"] == 1
    later = datetime.now(UTC) + timedelta(minutes=12)

    invoke("SweepFunction", {"time": later.isoformat()})

    result = phone.poll(asked["analysis_id"], patience=30)  # a message a shard
    assert result["status"] == "expired"
    assert result["failure"]["code"] == "upload_expired"
    assert phone.call("GET", "/v1/me/usage").body["used"] == 0


def test_a_message_nobody_understands_ends_in_the_dead_letter_queue(
    stack: LocalStack, eventually: Eventually
) -> None:
    sqs = stack.client("sqs")
    # Twice in the one, three times in the other, where it is alone.
    queues = [stack.outputs[f"{name}Url"] for name in ("RecommendQueue", "RecommendAloneQueue")]
    usual = sqs.get_queue_attributes(QueueUrl=queues[0], AttributeNames=["VisibilityTimeout"])
    # Each try waits this long, and the usual two minutes five times over are too long for a test.
    for queue in queues:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    try:
        sqs.send_message(QueueUrl=queues[0], MessageBody='{"what": "is this?"}')

        def dead() -> list[str]:
            got = sqs.receive_message(
                QueueUrl=stack.outputs["RecommendDlqUrl"], MaxNumberOfMessages=10
            )
            return [message["Body"] for message in got.get("Messages", [])]

        assert eventually(dead, patience=60) == ['{"what": "is this?"}']
    finally:
        for queue in queues:
            sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual["Attributes"])


def test_the_end_is_announced_on_the_event_bus(
    stack: LocalStack, phone: Phone, photo: bytes, eventually: Eventually
) -> None:
    sqs, bus = stack.client("sqs"), stack.client("events")
    queue = sqs.create_queue(QueueName="ends")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    bus.put_rule(Name="ends", EventPattern=json.dumps({"source": ["facet"]}))
    bus.put_targets(Rule="ends", Targets=[{"Id": "ends", "Arn": arn["QueueArn"]}])
    asked = phone.ask(photo).body
    phone.upload(asked, photo)

    def heard() -> list[dict[str, Any]]:
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        ends = [json.loads(message["Body"]) for message in got]
        return [it for it in ends if it["detail"]["analysis_id"] == asked["analysis_id"]]

    (event,) = eventually(heard)
    assert event["detail-type"] == "AnalysisCompleted"
    assert event["detail"]["status"] == "completed"
