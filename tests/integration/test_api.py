"""What an app reads and deletes."""

import json
from io import BytesIO

import pytest
from PIL import Image

from contract.openapi import openapi_document
from facet.adapters.rows import pack
from facet.routes.document import DOCUMENT
from tests.integration.conftest import NAMES, USER, Stack

GET = "api_get_analysis.json"


def finish(stack: Stack, photo: bytes) -> str:
    analysis_id = stack.start(photo)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("thumbnail", stack.saved(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    return analysis_id


def test_a_finished_analysis_reads_as_the_result_document(stack: Stack, portrait: bytes) -> None:
    analysis_id = finish(stack, portrait)

    status, body, headers = stack.http("api", GET, path=f"/v1/analyses/{analysis_id}")

    assert status == 200
    assert body["status"] == "completed"
    assert "poll_after_ms" not in body
    assert body["quality"]["verdict"] in ("good", "usable")
    assert body["skin"]["tone"]["hex"].startswith("#")
    assert body["recommendations"]["skincare"]["am"]
    assert body["photo"]["width"] > 0
    assert "X-Amz-Signature" in body["photo"]["thumbnail_url"]
    assert "lab" in body["skin"]["tone"]
    assert headers["ETag"]


def test_nothing_changed_is_a_304_without_a_body(stack: Stack, portrait: bytes) -> None:
    analysis_id = finish(stack, portrait)
    _, _, headers = stack.http("api", GET, path=f"/v1/analyses/{analysis_id}")

    status, body, again = stack.http(
        "api", GET, path=f"/v1/analyses/{analysis_id}", headers={"If-None-Match": headers["ETag"]}
    )

    assert (status, body) == (304, None)
    assert again["ETag"] == headers["ETag"]


def test_the_etag_moves_with_the_state(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)
    tags = []
    for verb, event in (("analyze", stack.uploaded), ("thumbnail", stack.saved)):
        tags.append(stack.http("api", GET, path=f"/v1/analyses/{analysis_id}")[2]["ETag"])
        stack.call(verb, event(analysis_id))
    tags.append(stack.http("api", GET, path=f"/v1/analyses/{analysis_id}")[2]["ETag"])

    assert len(set(tags)) == 3


def test_a_waiting_analysis_says_when_to_ask_again(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)

    _, body, _ = stack.http("api", GET, path=f"/v1/analyses/{analysis_id}")

    assert body["status"] == "awaiting_upload"
    assert body["poll_after_ms"] > 0


def test_another_users_analysis_is_not_there(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)

    for method in ("GET", "DELETE"):
        status, body, _ = stack.http(
            "api",
            GET,
            path=f"/v1/analyses/{analysis_id}",
            claims={"sub": "somebody-else"},
            method=method,
        )
        assert (status, body["code"]) == (404, "analysis_not_found")
    assert stack.row(analysis_id)


@pytest.mark.parametrize("path", ["/v1/analyses/not-a-ulid", "/v1/analyses/" + "I" * 26])
def test_an_id_that_cannot_be_one_is_refused(stack: Stack, path: str) -> None:
    status, body, _ = stack.http("api", GET, path=path)

    assert (status, body["code"]) == (400, "invalid_request")


def test_an_unknown_address_is_a_problem_too(stack: Stack) -> None:
    status, body, headers = stack.http("api", GET, path="/v1/horoscope")

    assert (status, body["code"]) == (404, "not_found")
    assert headers["Content-Type"] == "application/problem+json"


def test_a_broken_table_is_a_500_that_gives_nothing_away(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = stack.function("api")

    def broken(*_: object) -> None:
        raise RuntimeError("secret table name")

    monkeypatch.setattr(api.wiring.analyses, "usage", broken)
    status, body, _ = stack.http("api", GET, path="/v1/me/usage")

    assert (status, body["code"]) == (500, "internal_error")
    assert "secret" not in json.dumps(body)
    assert body["request_id"]


def test_history_is_newest_first_and_paged(stack: Stack, portrait: bytes) -> None:
    ids = [stack.start(portrait) for _ in range(5)]
    seen: list[str] = []
    query = {"limit": "2"}
    for _ in range(3):
        _, page, _ = stack.http("api", GET, path="/v1/analyses", query=query)
        seen += [analysis["analysis_id"] for analysis in page["analyses"]]
        query = {"limit": "2", "cursor": page.get("cursor", "")}

    assert seen == sorted(ids, reverse=True)
    assert "cursor" not in page


def test_an_analysis_that_cannot_be_read_costs_the_history_only_itself(
    stack: Stack, portrait: bytes
) -> None:
    kept, broken = stack.start(portrait), stack.start(portrait)
    key = {"PK": f"USER#{USER}", "SK": f"ANALYSIS#{broken}"}
    stack.table.update_item(
        Key=key, UpdateExpression="SET weather = :text", ExpressionAttributeValues={":text": "{"}
    )

    status, page, _ = stack.http("api", GET, path="/v1/analyses")

    assert status == 200
    assert [analysis["analysis_id"] for analysis in page["analyses"]] == [kept]
    assert page["unreadable"] == [broken]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "many"}, {"cursor": "ü"}]
)
def test_a_page_outside_the_contract_is_refused(stack: Stack, query: dict[str, str]) -> None:
    status, _, _ = stack.http("api", GET, path="/v1/analyses", query=query)

    assert status == 400


def measured(stack: Stack, portrait: bytes, redness: float) -> str:
    """An analysed photo whose stored redness is this; more noise than the card knows of photos."""
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    reading = stack.reading(analysis_id)
    for concern in reading["skin"]["concerns"]:
        if concern["name"] == "redness":
            concern |= {"measured": redness, "minimum_change": 20.0}
    stack.table.update_item(
        Key={"PK": f"USER#{USER}", "SK": f"READING#{analysis_id}"},
        UpdateExpression="SET reading = :reading",
        ExpressionAttributeValues={":reading": pack(json.dumps(reading))},
    )
    return analysis_id


def test_the_history_says_what_changed_and_what_is_noise(stack: Stack, portrait: bytes) -> None:
    first, second, third = (measured(stack, portrait, value) for value in (10.0, 60.0, 75.0))

    _, page, _ = stack.http("api", GET, path="/v1/analyses")

    assert [analysis["analysis_id"] for analysis in page["analyses"]] == [third, second, first]
    last, middle, oldest = (
        next(trend for trend in analysis["trends"] if trend["concern"] == "redness")
        for analysis in page["analyses"]
    )
    assert last["noise_band"] == {"low": 55.0, "high": 95.0}
    assert last["previous"]["verdict"] == "within_noise"
    assert last["previous"]["analysis_id"] == second
    assert (last["first"]["verdict"], last["first"]["analysis_id"]) == ("worse", first)
    assert (last["first"]["change"], last["first"]["minimum_changes"]) == (65.0, 3.25)
    assert middle["previous"] == middle["first"]
    assert "previous" not in oldest


def test_a_page_of_one_still_knows_what_came_before(stack: Stack, portrait: bytes) -> None:
    ids = [measured(stack, portrait, value) for value in (10.0, 12.0, 60.0)]

    _, page, _ = stack.http("api", GET, path="/v1/analyses", query={"limit": "1"})

    (entry,) = page["analyses"]
    (trend,) = (trend for trend in entry["trends"] if trend["concern"] == "redness")
    assert (entry["analysis_id"], trend["previous"]["analysis_id"]) == (ids[2], ids[1])
    assert trend["first"]["analysis_id"] == ids[0]
    assert trend["previous"]["verdict"] == "worse"


def test_a_long_queue_slows_the_polling_down(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    path = f"/v1/analyses/{analysis_id}"
    _, at_once, _ = stack.http("api", GET, path=path)
    for _ in range(300):
        stack.sqs.send_message(QueueUrl=stack.queue_urls["recommend"], MessageBody="{}")
    del stack.function("api").wiring.jobs  # it remembers for two seconds how long it is

    _, queued, _ = stack.http("api", GET, path=path)

    assert at_once["poll_after_ms"] == 250
    assert queued["poll_after_ms"] == 250 + 500


def test_a_cursor_is_good_for_its_user_alone(stack: Stack, portrait: bytes) -> None:
    for _ in range(2):
        stack.start(portrait)
    _, page, _ = stack.http("api", GET, path="/v1/analyses", query={"limit": "1"})
    query = {"cursor": page["cursor"]}

    mine, *_ = stack.http("api", GET, path="/v1/analyses", query=query)
    status, body, _ = stack.http(
        "api", GET, path="/v1/analyses", query=query, claims={"sub": "somebody-else"}
    )

    assert mine == 200
    assert (status, body["code"]) == (400, "invalid_cursor")


def test_deleting_removes_rows_results_and_every_picture(stack: Stack, portrait: bytes) -> None:
    analysis_id = finish(stack, portrait)

    status, body, _ = stack.http("api", GET, path=f"/v1/analyses/{analysis_id}", method="DELETE")

    assert (status, body) == (204, None)
    left = stack.table.query(
        KeyConditionExpression="PK = :pk", ExpressionAttributeValues={":pk": f"USER#{USER}"}
    )["Items"]
    assert {item["SK"].split("#")[0] for item in left} == {"QUOTA", "LIMIT"}
    assert stack.keys("UPLOADS_BUCKET") == set()
    assert stack.keys("MEDIA_BUCKET") == {"catalogue/snapshot.json"}
    assert stack.http("api", GET, path=f"/v1/analyses/{analysis_id}")[0] == 404


def test_cancelling_before_the_upload_gives_the_charge_back(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)

    stack.http("api", GET, path=f"/v1/analyses/{analysis_id}", method="DELETE")

    assert stack.used() == 0


def test_usage_counts_what_was_accepted(stack: Stack, portrait: bytes) -> None:
    stack.start(portrait)

    status, body, headers = stack.http("api", GET, path="/v1/me/usage")

    assert status == 200
    assert (body["tier"], body["limit"], body["used"], body["left"]) == ("free", 50, 1, 49)
    assert body["reset_at"].endswith("T00:00:00Z")
    assert headers["RateLimit-Remaining"] == "49"


def test_the_capture_guide_serves_every_gate_with_its_numbers(stack: Stack) -> None:
    _, body, _ = stack.http("api", GET, path="/v1/capture-guide")

    assert body["preset"] == "moderate"
    assert {"blurry", "no_face", "face_too_small"} <= body["gates"].keys()
    assert body["gates"]["file_too_large"]["reject"]["moderate"] > 0


def test_the_capability_says_how_far_two_photos_of_one_person_agree(stack: Stack) -> None:
    status, body, _ = stack.http("api", GET, path="/v1/capability")

    assert status == 200
    told = {measure["name"]: measure for measure in body["measures"]}
    everybody = told["redness"]["repeats"][0]
    low, high = everybody["icc_interval"]
    assert everybody["tone_group"] == "all"
    assert low < everybody["icc"] < high
    assert told["pores"]["status"] == "not_measured"
    assert body["running"]["scoring"] == body["versions"]["scoring"]


def test_health_is_open_and_names_the_part_that_is_away(stack: Stack) -> None:
    assert stack.http("api", GET, path="/v1/health/live")[:2] == (
        200,
        {"status": "ok", "parts": {}},
    )
    status, body, _ = stack.http("api", GET, path="/v1/health/ready")
    assert (status, body["status"]) == (200, "ok")
    assert body["parts"].keys() == {"table", "queue", "uploads", "media"}

    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key="catalogue/snapshot.json")
    stack.s3.delete_bucket(Bucket=NAMES["MEDIA_BUCKET"])
    asked_again = stack.http("api", GET, path="/v1/health/ready")
    assert asked_again[0] == 200, "it is looked at every ten seconds at most"
    del stack.function("api").wiring.readiness
    status, body, _ = stack.http("api", GET, path="/v1/health/ready")

    assert (status, body["parts"]["media"]) == (503, "unavailable")


def test_the_served_document_is_the_one_the_code_declares(stack: Stack) -> None:
    _, served, _ = stack.http("api", GET, path="/v1/openapi.json")

    assert served == json.loads(DOCUMENT.read_text())
    assert served == json.loads(json.dumps(openapi_document())), "run `make openapi`"
    assert served["openapi"].startswith("3.1")


def test_a_browser_may_ask_from_another_origin(stack: Stack) -> None:
    status, _, headers = stack.http(
        "api", GET, path="/v1/analyses", method="OPTIONS", headers={"Origin": "https://app.example"}
    )

    assert status == 204
    assert headers["Access-Control-Allow-Origin"]
    assert "Idempotency-Key" in headers["Access-Control-Allow-Headers"]


def test_thumbnails_are_small_jpegs_without_metadata(stack: Stack, portrait: bytes) -> None:
    analysis_id = finish(stack, portrait)

    for name, longest in (("thumbnail", 200), ("optimized", 1280)):
        key = f"thumbnails/{USER}/{analysis_id}/{name}.jpg"
        data = stack.s3.get_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key)["Body"].read()
        picture = Image.open(BytesIO(data))
        assert picture.format == "JPEG"
        assert max(picture.size) <= longest
        assert not dict(picture.getexif())


def test_thumbnails_of_a_deleted_analysis_are_not_kept(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.table.delete_item(Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{analysis_id}"})

    assert stack.call("thumbnail", stack.saved(analysis_id)) == {"drawn": 0}
    assert not any(key.startswith("thumbnails/") for key in stack.keys("MEDIA_BUCKET"))
