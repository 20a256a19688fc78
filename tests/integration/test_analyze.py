"""The S3 event of an uploaded photo."""

import json
from io import BytesIO

import pytest
from PIL import Image

from tests.integration.conftest import NAMES, USER, Stack, jpeg


def test_a_photo_becomes_measures_a_clean_copy_and_a_job(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)

    stack.call("analyze", stack.uploaded(analysis_id))

    row = stack.row(analysis_id)
    assert row["status"] == "recommending"
    assert row["pending"] == {"skincare"}
    reading = stack.reading(analysis_id)
    assert -90 <= reading["skin"]["tone"]["ita"] <= 90
    low, high = reading["skin"]["tone"]["ita_interval"]
    assert low < reading["skin"]["tone"]["ita"] < high
    assert sum(share["share"] for share in reading["skin"]["tone"]["monk"]) == pytest.approx(
        1, abs=0.02
    )
    assert reading["versions"].keys() >= {"pipeline", "detector", "mesh", "scoring"}
    (job,) = stack.jobs()
    assert json.loads(job["Body"]) == {
        "analysis_id": analysis_id,
        "user_id": USER,
        "kind": "skincare",
    }
    attribute = job["MessageAttributes"]["correlation_id"]["StringValue"]
    assert attribute == row["correlation_id"]


def test_the_kept_copy_is_upright_and_says_nothing_about_where_it_was_taken(
    stack: Stack, portrait: bytes
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90 degrees clockwise to see it upright
    exif[0x010F] = "a phone"
    exif.get_ifd(0x8825)[1] = "N"
    lying = Image.open(BytesIO(portrait)).transpose(Image.Transpose.ROTATE_90)
    photo = jpeg(lying, exif=exif)
    analysis_id = stack.start(photo)

    stack.call("analyze", stack.uploaded(analysis_id))

    assert stack.row(analysis_id)["status"] == "recommending"
    key = f"photos/{USER}/{analysis_id}.jpg"
    kept = stack.s3.get_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key)["Body"].read()
    assert not dict(Image.open(BytesIO(kept)).getexif())
    assert b"a phone" not in kept


def test_a_photo_without_a_face_fails_with_its_code_and_is_given_back(stack: Stack) -> None:
    analysis_id = stack.start(jpeg(Image.effect_noise((800, 800), 40).convert("RGB")))
    assert stack.used() == 1

    stack.call("analyze", stack.uploaded(analysis_id))

    row = stack.row(analysis_id)
    failure = json.loads(row["failure"])
    assert (row["status"], failure["code"]) == ("failed", "no_face")
    assert failure["checks"][0]["code"] == "no_face"
    assert failure["message"]
    assert stack.used() == 0
    assert stack.jobs() == []
    assert "open_shard" not in row, "announced, so the sweep has nothing to do"


def test_the_same_event_twice_changes_nothing_and_counts_once(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    first, reading = stack.row(analysis_id), stack.reading(analysis_id)
    stack.jobs()

    stack.call("analyze", stack.uploaded(analysis_id))

    second = stack.row(analysis_id)
    assert stack.reading(analysis_id) == reading
    assert second["updated_at"] == first["updated_at"]
    assert stack.used() == 1


def test_a_rejected_photo_is_given_back_once_however_often_the_event_comes(stack: Stack) -> None:
    kept = stack.start(b"not a photo at all")
    rejected = stack.start(b"neither is this one")
    assert stack.used() == 2

    for _ in range(3):
        stack.call("analyze", stack.uploaded(rejected))

    assert stack.used() == 1
    assert stack.row(kept)["status"] == "awaiting_upload"


def test_a_try_that_broke_may_be_repeated_by_the_next_delivery(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis_id = stack.start(portrait)
    analyze = stack.function("analyze")
    queue = analyze.wiring.jobs

    def broken(*_: object) -> None:
        raise ConnectionError("the queue is away")

    monkeypatch.setattr(queue, "send", broken)
    with pytest.raises(ConnectionError):
        stack.call("analyze", stack.uploaded(analysis_id))
    monkeypatch.undo()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    stack.call("analyze", stack.uploaded(analysis_id))

    assert len(stack.jobs()) == 1
    assert stack.row(analysis_id)["status"] == "recommending"


def test_a_claim_is_released_when_measuring_breaks(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis_id = stack.start(portrait)
    analyze = stack.function("analyze")
    with monkeypatch.context() as patch:
        patch.setattr(analyze.wiring, "measure", lambda _photo, **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            stack.call("analyze", stack.uploaded(analysis_id))
    assert stack.row(analysis_id)["status"] == "analyzing"

    stack.call("analyze", stack.uploaded(analysis_id))

    assert stack.row(analysis_id)["status"] == "recommending"


def test_an_event_for_a_deleted_analysis_removes_the_orphaned_photo(
    stack: Stack, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait)
    stack.table.delete_item(Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysis_id}"})

    stack.call("analyze", stack.uploaded(analysis_id))

    assert stack.keys("UPLOADS_BUCKET") == set()
    assert stack.jobs() == []
    assert stack.row(analysis_id) == {}


def test_an_analysis_deleted_while_it_is_measured_leaves_no_picture(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis_id = stack.start(portrait)
    analyze = stack.function("analyze")
    measure = analyze.wiring.measure

    def measure_while_deleted(photo: bytes, **told: object) -> object:
        stack.table.delete_item(Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysis_id}"})
        return measure(photo, **told)

    monkeypatch.setattr(analyze.wiring, "measure", measure_while_deleted)
    stack.call("analyze", stack.uploaded(analysis_id))

    assert not any(key.startswith("photos/") for key in stack.keys("MEDIA_BUCKET"))
    assert stack.jobs() == []


def test_the_correlation_id_of_the_request_is_in_the_last_log_line(
    stack: Stack, portrait: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    analysis_id = stack.start(portrait)

    stack.call("analyze", stack.uploaded(analysis_id))

    formatter = stack.function("analyze").logger.registered_formatter
    last = json.loads(formatter.format(caplog.records[-1]))
    assert last["message"] == "analyzed"
    assert last["analysis_id"] == analysis_id
    assert last["correlation_id"] == stack.row(analysis_id)["correlation_id"]


def test_metrics_are_printed_in_embedded_metric_format(
    stack: Stack, portrait: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    analysis_id = stack.start(portrait)
    capsys.readouterr()

    stack.call("analyze", stack.uploaded(analysis_id))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metric = next(line for line in lines if "_aws" in line)
    assert metric["FaceAnalyzed"] == [1.0]
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Facet"


# --- several photos -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def three(portrait: bytes) -> tuple[bytes, ...]:
    """The portrait, the portrait a little turned, and the portrait too dark to be read."""
    image = Image.open(BytesIO(portrait))
    dark = image.point(lambda level: level // 20)
    return portrait, jpeg(image.rotate(2, Image.Resampling.BICUBIC)), jpeg(dark)


def test_three_photos_are_one_analysis_that_starts_with_the_last(
    stack: Stack, three: tuple[bytes, ...]
) -> None:
    analysis_id = stack.start_several(*three)["analysis_id"]

    events = []
    for number in (2, 0, 1):
        events.append(stack.upload(analysis_id, three[number], number))
        assert stack.row(analysis_id)["status"] == "awaiting_upload"
        stack.call("analyze", events[-1])

    row = stack.row(analysis_id)
    assert (row["status"], stack.used(), len(stack.jobs())) == ("recommending", 1, 1)
    _, document, _ = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}")
    assert [photo["status"] for photo in document["photos"]] == ["measured", "measured", "rejected"]
    assert "too_dark" in {check["code"] for check in document["photos"][2]["checks"]}
    assert sum(photo["kept"] for photo in document["photos"]) == 1

    for event in events:  # S3 may tell of any of them again
        stack.call("analyze", event)
    assert stack.row(analysis_id)["updated_at"] == row["updated_at"]


def test_the_mean_of_two_photos_is_steadier_than_one(
    stack: Stack, three: tuple[bytes, ...]
) -> None:
    single = stack.start(three[0])
    stack.call("analyze", stack.uploaded(single))
    several = stack.start_several(*three[:2])["analysis_id"]
    for number in range(2):
        stack.call("analyze", stack.upload(several, three[number], number))

    def redness(analysis_id: str) -> dict[str, float]:
        concerns = stack.reading(analysis_id)["skin"]["concerns"]
        (found,) = (concern for concern in concerns if concern["name"] == "redness")
        return dict(found)

    assert redness(several)["measured"] == pytest.approx(redness(single)["measured"], rel=0.3)
    assert redness(several)["minimum_change"] < redness(single)["minimum_change"]


def test_where_every_photo_is_refused_the_failure_names_every_gate_and_each_photo_its_own(
    stack: Stack, three: tuple[bytes, ...]
) -> None:
    photos = (three[2], b"not a photo at all")
    analysis_id = stack.start_several(*photos)["analysis_id"]
    for number, photo in enumerate(photos):
        stack.call("analyze", stack.upload(analysis_id, photo, number))

    _, document, _ = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}")
    assert (document["status"], stack.used()) == ("failed", 0)
    codes = [{check["code"] for check in photo["checks"]} for photo in document["photos"]]
    assert codes[0] != codes[1]
    assert {check["code"] for check in document["failure"]["checks"]} == codes[0] | codes[1]
    assert "photos" not in document["failure"]


def test_deleting_takes_every_photo_away(stack: Stack, three: tuple[bytes, ...]) -> None:
    analysis_id = stack.start_several(*three)["analysis_id"]
    for number, photo in enumerate(three):
        stack.upload(analysis_id, photo, number)

    status, *_ = stack.http(
        "api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}", method="DELETE"
    )

    assert status == 204
    assert stack.keys("UPLOADS_BUCKET") == set()
