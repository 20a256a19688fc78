"""Looks: drawn on the photo by the tryon function, asked for and kept through the API."""

import base64
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from PIL import Image

from facet.adapters import nova as adapter
from facet.adapters.analyses import AnalysisTable
from facet.domain.analysis import Kind
from facet.domain.face import Check, GateCode, Quality
from tests.integration.conftest import NAMES, USER, Stack, recorded

BAG = {
    "lipstick": {"name": "Brick", "category": "lipstick", "shade": "#a5483c", "finish": "matte"},
    "mascara": {"name": "Brown", "category": "mascara"},
    "liner": {"name": "Brick liner", "category": "lip liner", "shade": "#8f3a30"},
    "unshaded": {"name": "Old blush", "category": "blush"},
    "cleanser": {"name": "Gel", "category": "cleanser", "shade": "#ffffff"},
}
RED_LIPS = {"products": [{"category": "lip", "hex": "#a5132b", "finish": "satin", "intensity": 90}]}


def own(stack: Stack, **things: Any) -> None:
    for item_id, document in things.items():
        stack.table.put_item(
            Item={"PK": f"USER#{USER}", "SK": f"BAG#{item_id}", "document": json.dumps(document)}
        )


def look_event(stack: Stack, analysis_id: str, look_id: str | None = None) -> dict[str, Any]:
    """The recorded event of the queue, for this analysis."""
    event = recorded("sqs_look_wanted.json")
    body = {"analysis_id": analysis_id, "user_id": USER}
    event["Records"][0]["body"] = json.dumps(body | ({"look_id": look_id} if look_id else {}))
    return event


def messages(stack: Stack) -> list[dict[str, Any]]:
    """Take what waits for the tryon function."""
    url = stack.sqs.get_queue_url(QueueName="facet-tryon")["QueueUrl"]
    got = stack.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in got:
        stack.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in got]


def document(stack: Stack, analysis_id: str) -> dict[str, Any]:
    status, body, _ = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{analysis_id}")
    assert status == 200, body
    return dict(body)


def ask(stack: Stack, analysis_id: str, **wish: Any) -> tuple[int, Any, dict[str, str]]:
    return stack.http(
        "api", "api_post_look.json", body=wish, path=f"/v1/analyses/{analysis_id}/looks"
    )


def look(stack: Stack, look_id: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
    status, answer, _ = stack.http(
        "api", "api_list_looks.json", path=f"/v1/looks/{look_id}", method=method, body=body
    )
    return status, answer


def plain(kind: str, edge: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (edge, edge), (30, 90, 160)).save(out, kind)
    return out.getvalue()


def picture(stack: Stack, key: str) -> Image.Image:
    stored = stack.s3.get_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key)
    assert stored["ContentType"] == "image/jpeg"
    return Image.open(BytesIO(stored["Body"].read()))


@pytest.fixture
def analysed(stack: Stack, portrait: bytes) -> str:
    """An analysed portrait that wanted makeup, its advice not made yet."""
    own(stack, **BAG)
    analysis_id = stack.start(portrait, wants=["makeup"])
    stack.call("analyze", stack.uploaded(analysis_id))
    return analysis_id


@pytest.fixture
def advised(stack: Stack, analysed: str) -> str:
    """The same, completed, its looks not drawn yet."""
    (job,) = stack.jobs()
    assert stack.call("recommend", stack.batch(job["Body"])) == {"batchItemFailures": []}
    return analysed


# --- the looks of a makeup result ----------------------------------------------------------------


def test_an_analysis_completes_before_its_looks_are_drawn(stack: Stack, advised: str) -> None:
    got = document(stack, advised)

    assert got["status"] == "completed"
    assert got["poll_after_ms"] > 0
    assert {look["status"] for look in got["looks"]} == {"rendering"}
    assert [look["name"] for look in got["looks"]] == [
        look["name"] for look in got["recommendations"]["makeup"]["looks"]
    ]
    assert messages(stack) == [{"analysis_id": advised, "user_id": USER, "look_id": None}]


def test_every_look_becomes_a_picture_and_a_pair(stack: Stack, advised: str) -> None:
    before = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{advised}")[2]["ETag"]

    assert stack.call("tryon", look_event(stack, advised)) == {"batchItemFailures": []}

    got = document(stack, advised)
    after = stack.http("api", "api_get_analysis.json", path=f"/v1/analyses/{advised}")[2]["ETag"]
    assert before != after
    assert "poll_after_ms" not in got
    assert len(got["looks"]) >= 2
    folder = f"looks/{USER}/{advised}"
    photo = np.asarray(picture(stack, f"photos/{USER}/{advised}.jpg"), float)
    for number, look in enumerate(got["looks"], start=1):
        assert look["status"] == "completed"
        assert f"/{folder}/look-{number}.jpg?" in look["image_url"]
        assert f"/{folder}/look-{number}-before-after.jpg?" in look["before_after_url"]
        drawn = picture(stack, f"{folder}/look-{number}.jpg")
        assert max(drawn.size) <= 1024
        changed = np.abs(np.asarray(drawn, float) - photo).max(axis=2) > 20
        assert 0 < changed.mean() < 0.05  # the face is a small part of this photo
        pair = picture(stack, f"{folder}/look-{number}-before-after.jpg")
        assert 1.2 < pair.width / pair.height < 2.2


def test_a_look_is_drawn_in_the_shades_that_are_owned(stack: Stack, advised: str) -> None:
    stack.call("tryon", look_event(stack, advised))

    products = [
        product for look in document(stack, advised)["looks"] for product in look["products"]
    ]
    owned = {product["item_id"]: product["hex"] for product in products if "item_id" in product}
    assert owned.items() <= {"lipstick": "#a5483c", "mascara": owned.get("mascara")}.items()
    assert owned


def test_a_repeated_message_draws_nothing_again(stack: Stack, advised: str) -> None:
    stack.call("tryon", look_event(stack, advised))
    keys = {key for key in stack.keys("MEDIA_BUCKET") if key.startswith("looks/")}
    for key in keys:
        stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key)
    first = document(stack, advised)["looks"]

    assert stack.call("tryon", look_event(stack, advised)) == {"batchItemFailures": []}

    assert not [key for key in stack.keys("MEDIA_BUCKET") if key.startswith("looks/")]
    again = document(stack, advised)["looks"]
    assert [look["status"] for look in again] == [look["status"] for look in first]


def test_a_repeated_job_asks_for_the_pictures_again(stack: Stack, analysed: str) -> None:
    (job,) = stack.jobs()
    stack.call("recommend", stack.batch(job["Body"]))
    assert len(messages(stack)) == 1

    stack.call("recommend", stack.batch(job["Body"]))

    assert messages(stack) == [{"analysis_id": analysed, "user_id": USER, "look_id": None}]


def test_a_photo_that_is_gone_fails_each_look_with_a_code(stack: Stack, advised: str) -> None:
    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key=f"photos/{USER}/{advised}.jpg")

    assert stack.call("tryon", look_event(stack, advised)) == {"batchItemFailures": []}

    got = document(stack, advised)
    assert {look["code"] for look in got["looks"]} == {"photo_gone"}
    assert got["status"] == "completed"
    assert "poll_after_ms" not in got


def test_a_photo_without_a_face_fails_each_look(stack: Stack, advised: str) -> None:
    key = f"photos/{USER}/{advised}.jpg"
    stack.s3.put_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key, Body=plain("JPEG", 600))

    stack.call("tryon", look_event(stack, advised))

    assert {look["code"] for look in document(stack, advised)["looks"]} == {"face_not_found"}


def test_lips_behind_a_mask_get_no_colour(stack: Stack, advised: str) -> None:
    key = f"photos/{USER}/{advised}.jpg"
    masked = np.asarray(picture(stack, key)).copy()
    masked[128:180, 195:260] = (200, 215, 235)
    data = BytesIO()
    Image.fromarray(masked).save(data, "JPEG", quality=95)
    stack.s3.put_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key, Body=data.getvalue())

    stack.call("tryon", look_event(stack, advised))

    assert {look.get("code") for look in document(stack, advised)["looks"]} <= {
        "lips_occluded",
        "face_not_found",
    }


def test_closed_eyes_get_no_eye_makeup(
    stack: Stack, advised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = AnalysisTable.read
    shut = Check(code=GateCode.EYES_CLOSED, severity="warn", hint="Open them.")

    def with_closed_eyes(self: AnalysisTable, user_id: str, analysis_id: str) -> Any:
        analysis = real(self, user_id, analysis_id)
        assert analysis is not None
        assert analysis.reading is not None
        quality = Quality(verdict="usable", checks=(shut,))
        reading = analysis.reading.model_copy(update={"quality": quality})
        return analysis.model_copy(update={"reading": reading})

    monkeypatch.setattr(AnalysisTable, "read", with_closed_eyes)
    stack.call("tryon", look_event(stack, advised))

    for look in document(stack, advised)["looks"]:
        eyes = {"eyeshadow", "eyeliner", "mascara"} & {it["category"] for it in look["products"]}
        assert look["status"] == ("failed" if eyes else "completed")
        assert look.get("code") == ("eyes_closed" if eyes else None)


def test_a_look_that_may_be_drawn_another_time_goes_back_to_the_queue(
    stack: Stack, advised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_memory(photo: bytes) -> Any:
        raise MemoryError

    monkeypatch.setattr(stack.function("tryon").wiring, "open_for_looks", out_of_memory)
    event = look_event(stack, advised)

    answer = stack.call("tryon", event)

    (failed,) = answer["batchItemFailures"]
    assert failed["itemIdentifier"] == event["Records"][0]["messageId"]
    assert {look["status"] for look in document(stack, advised)["looks"]} == {"rendering"}


def test_a_bad_message_is_returned_alone(stack: Stack, advised: str) -> None:
    event = look_event(stack, advised)
    (good,) = event["Records"]
    event["Records"] = [{**good, "messageId": "bad", "body": '{"what": 1}'}, good]

    answer = stack.call("tryon", event)

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["bad"]
    assert {look["status"] for look in document(stack, advised)["looks"]} == {"completed"}


def test_pictures_of_an_analysis_deleted_meanwhile_are_not_left(
    stack: Stack, advised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tryon = stack.function("tryon")
    draw = tryon.wiring.open_for_looks

    def deleted_meanwhile(photo: bytes) -> Any:
        stack.table.delete_item(Key={"PK": f"USER#{USER}", "SK": f"ANALYSIS#{advised}"})
        return draw(photo)

    monkeypatch.setattr(tryon.wiring, "open_for_looks", deleted_meanwhile)

    assert stack.call("tryon", look_event(stack, advised)) == {"batchItemFailures": []}

    assert not [key for key in stack.keys("MEDIA_BUCKET") if key.startswith("looks/")]
    row = {"PK": f"USER#{USER}", "SK": f"RESULT#{advised}#looks"}
    assert "Item" not in stack.table.get_item(Key=row)


# --- looks that are asked for --------------------------------------------------------------------


def test_any_other_look_is_drawn(stack: Stack, advised: str) -> None:
    messages(stack)
    status, asked, _ = ask(stack, advised, name="Red lips", **RED_LIPS)
    assert status == 202
    assert (asked["status"], asked["name"], asked["favourite"]) == ("rendering", "Red lips", False)
    (message,) = messages(stack)
    assert message == {"analysis_id": advised, "user_id": USER, "look_id": asked["look_id"]}

    stack.call("tryon", look_event(stack, advised, asked["look_id"]))

    status, got = look(stack, asked["look_id"])
    assert status == 200
    assert got["status"] == "completed"
    assert "poll_after_ms" not in got
    assert got["products"][0]["regions"] == ["lips"]
    drawn = np.asarray(picture(stack, f"looks/{USER}/{advised}/{asked['look_id']}.jpg"), float)
    photo = np.asarray(picture(stack, f"photos/{USER}/{advised}.jpg"), float)
    rows, columns = np.nonzero(np.abs(drawn - photo).max(axis=2) > 40)
    assert len(rows) > 50
    assert rows.max() - rows.min() < 40  # nothing but the mouth
    assert 140 < rows.mean() < 160
    assert 215 < columns.mean() < 235


def test_owned_products_keep_their_own_shade_and_finish(stack: Stack, advised: str) -> None:
    wish = [{"item_id": "lipstick"}, {"item_id": "mascara", "intensity": 40}, {"item_id": "liner"}]
    _, asked, _ = ask(stack, advised, products=wish)

    stack.call("tryon", look_event(stack, advised, asked["look_id"]))

    _, got = look(stack, asked["look_id"])
    assert got["status"] == "completed"
    lip, mascara, liner = got["products"]
    assert (liner["category"], liner["regions"]) == ("lip_liner", ["lip_line"])
    assert (lip["hex"], lip["finish"], lip["category"]) == ("#a5483c", "matte", "lip")
    assert (mascara["category"], mascara["intensity"]) == ("mascara", 40)


@pytest.mark.parametrize(
    ("item_id", "code"), [("unshaded", "shade_needed"), ("cleanser", "not_makeup")]
)
def test_what_cannot_be_drawn_of_the_bag_fails_with_a_code(
    stack: Stack, advised: str, item_id: str, code: str
) -> None:
    _, asked, _ = ask(stack, advised, products=[{"item_id": item_id}])

    stack.call("tryon", look_event(stack, advised, asked["look_id"]))

    _, got = look(stack, asked["look_id"])
    assert (got["status"], got["code"]) == ("failed", code)
    assert got["message"]


def test_an_owned_product_on_a_place_it_does_not_go_fails(stack: Stack, advised: str) -> None:
    _, asked, _ = ask(stack, advised, products=[{"item_id": "lipstick", "regions": ["lids"]}])

    stack.call("tryon", look_event(stack, advised, asked["look_id"]))

    assert look(stack, asked["look_id"])[1]["code"] == "region_not_possible"


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "invalid_request"),
    ({"products": []}, 400, "invalid_request"),
    ({"products": [{"category": "lip"}]}, 400, "invalid_request"),
    ({"products": [{"item_id": "lipstick", "hex": "#a5132b"}]}, 400, "invalid_request"),
    ({"products": [{"category": "lip", "hex": "red"}]}, 400, "invalid_request"),
    (
        {"products": [{"category": "lip", "hex": "#a5132b", "intensity": 101}]},
        400,
        "invalid_request",
    ),
    (
        {"products": [{"category": "lip", "hex": "#a5132b", "glitter": True}]},
        400,
        "invalid_request",
    ),
    (
        {"products": [{"category": "lip", "hex": "#a5132b", "regions": ["lids"]}]},
        400,
        "region_not_possible",
    ),
    ({"products": [{"item_id": "somebody-elses"}]}, 404, "bag_item_not_found"),
    ({"garment_item_id": "somebody-elses"}, 404, "garment_not_found"),
]


def test_a_wish_that_does_not_fit_is_refused(
    stack: Stack, advised: str, subtests: pytest.Subtests
) -> None:
    for wish, status, code in REFUSED:
        with subtests.test(msg=code, wish=wish):
            got, problem, _ = ask(stack, advised, **wish)

            assert (got, problem["code"]) == (status, code)
            assert problem["detail"]


def test_a_look_needs_an_analysed_photo(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait)
    assert ask(stack, analysis_id, **RED_LIPS)[1]["code"] == "photo_not_ready"
    other = "01KAJ5Z8Q3XN7W2B4D6F8H0JKM"
    assert ask(stack, other, **RED_LIPS)[:2][1]["code"] == "analysis_not_found"


def test_the_same_key_asks_for_one_look(stack: Stack, advised: str) -> None:
    path = f"/v1/analyses/{advised}/looks"
    answers = [
        stack.http(
            "api",
            "api_post_look.json",
            body=RED_LIPS,
            path=path,
            headers={"Idempotency-Key": "one"},
        )
        for _ in range(2)
    ]

    assert {status for status, _, _ in answers} == {202}
    assert len({body["look_id"] for _, body, _ in answers}) == 1


def test_looks_are_listed_named_and_deleted(stack: Stack, advised: str) -> None:
    ids = [ask(stack, advised, name=name, **RED_LIPS)[1]["look_id"] for name in ("a", "b", "c")]
    stack.call("tryon", look_event(stack, advised, ids[0]))

    _, page, _ = stack.http("api", "api_list_looks.json", query={"limit": "2"})
    _, rest, _ = stack.http(
        "api", "api_list_looks.json", query={"limit": "2", "cursor": page["cursor"]}
    )
    listed = [look["look_id"] for look in (*page["looks"], *rest["looks"])]
    assert sorted(listed) == sorted(ids)
    assert "cursor" not in rest

    status, named = look(stack, ids[0], "PUT", {"name": "For Friday", "favourite": True})
    assert (status, named["name"], named["favourite"]) == (200, "For Friday", True)
    assert named["status"] == "completed"
    assert look(stack, ids[0])[1]["favourite"] is True

    assert look(stack, ids[0], "DELETE")[0] == 204
    assert look(stack, ids[0])[1]["code"] == "look_not_found"
    assert look(stack, ids[0], "DELETE")[0] == 404
    assert look(stack, ids[0], "PUT", {"name": "x"})[0] == 404
    assert not [key for key in stack.keys("MEDIA_BUCKET") if ids[0] in key]


def test_somebody_elses_look_is_not_found(stack: Stack, advised: str) -> None:
    look_id = ask(stack, advised, **RED_LIPS)[1]["look_id"]

    status, problem, _ = stack.http(
        "api", "api_list_looks.json", path=f"/v1/looks/{look_id}", claims={"sub": "another"}
    )

    assert (status, problem["code"]) == (404, "look_not_found")


def test_a_look_deleted_meanwhile_leaves_no_picture(
    stack: Stack, advised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_id = ask(stack, advised, **RED_LIPS)[1]["look_id"]
    tryon = stack.function("tryon")
    draw = tryon.wiring.open_for_looks

    def deleted_meanwhile(photo: bytes) -> Any:
        look(stack, look_id, "DELETE")
        return draw(photo)

    monkeypatch.setattr(tryon.wiring, "open_for_looks", deleted_meanwhile)
    stack.call("tryon", look_event(stack, advised, look_id))

    assert not [key for key in stack.keys("MEDIA_BUCKET") if look_id in key]
    assert look(stack, look_id)[0] == 404


def test_deleting_an_analysis_removes_its_looks_and_overlays(
    stack: Stack, advised: str, portrait: bytes
) -> None:
    stack.call("tryon", look_event(stack, advised))
    look_id = ask(stack, advised, **RED_LIPS)[1]["look_id"]
    stack.call("tryon", look_event(stack, advised, look_id))
    overlay = f"/v1/analyses/{advised}/overlays/redness"
    assert stack.http("overlay", "api_get_overlay.json", path=overlay)[0] == 200
    assert len([key for key in stack.keys("MEDIA_BUCKET") if advised in key]) >= 8

    status, _, _ = stack.http(
        "api", "api_get_analysis.json", path=f"/v1/analyses/{advised}", method="DELETE"
    )

    assert status == 204
    assert not [key for key in stack.keys("MEDIA_BUCKET") if advised in key]
    assert look(stack, look_id)[0] == 404
    row = {"PK": f"USER#{USER}", "SK": f"RESULT#{advised}#looks"}
    assert "Item" not in stack.table.get_item(Key=row)


def test_a_makeup_result_without_looks_asks_for_no_picture(stack: Stack, portrait: bytes) -> None:
    analysis_id = stack.start(portrait, wants=["makeup"])
    stack.call("analyze", stack.uploaded(analysis_id))
    (job,) = stack.jobs()
    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key="catalogue/snapshot.json")

    stack.call("recommend", stack.batch(job["Body"]))

    assert messages(stack) == []
    got = document(stack, analysis_id)
    assert got["recommendations"][Kind.MAKEUP]["status"] == "failed"
    assert got["looks"] == []


# --- garments ------------------------------------------------------------------------------------


@pytest.fixture
def try_on(stack: Stack, advised: str) -> Callable[..., dict[str, Any]]:
    """Own a garment, ask for it on the photo, let it be drawn -> the look."""

    def on(slot: str = "top", *, photo: bool = True) -> dict[str, Any]:
        item_id = f"my-{slot}"
        garment = {"name": "Shirt", "category": "shirt", "slot": slot, "formality": 3, "warmth": 2}
        garment["colours"] = [{"hex": "#f2e8d5", "share": 1.0}]
        garment["picture"] = photo
        row = {"PK": f"USER#{USER}", "SK": f"WARDROBE#{item_id}", "document": json.dumps(garment)}
        stack.table.put_item(Item=row)
        if photo:
            stack.s3.put_object(
                Bucket=NAMES["MEDIA_BUCKET"],
                Key=f"garments/{USER}/{item_id}.jpg",
                Body=plain("JPEG", 640),
            )
        status, asked, _ = ask(stack, advised, garment_item_id=item_id)
        assert status == 202, asked
        stack.call("tryon", look_event(stack, advised, asked["look_id"]))
        return dict(look(stack, asked["look_id"])[1])

    return on


@pytest.fixture
def nova(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """A stub of Nova Canvas' wire format: a body, or the name of an error; what it was asked."""

    def stub(answer: Any) -> list[dict[str, Any]]:
        client = boto3.client("bedrock-runtime")
        stubber = Stubber(client)
        asked: list[dict[str, Any]] = []
        client.meta.events.register(
            "provide-client-params.bedrock-runtime.InvokeModel",
            lambda params, **_: asked.append(json.loads(params["body"])),
        )
        expected = {
            "modelId": "amazon.nova-canvas-v1:0",
            "body": ANY,
            "contentType": "application/json",
            "accept": "application/json",
        }
        if isinstance(answer, str):
            stubber.add_client_error("invoke_model", answer, expected_params=expected)
        else:
            body = json.dumps(answer).encode()
            response = {
                "body": StreamingBody(BytesIO(body), len(body)),
                "contentType": "application/json",
            }
            stubber.add_response("invoke_model", response, expected)
        stubber.activate()
        monkeypatch.setattr(adapter, "nova_client", lambda: client)
        monkeypatch.setenv("GARMENT_MODEL_ID", "amazon.nova-canvas-v1:0")
        return asked

    return stub


def drawn(edge: int) -> dict[str, Any]:
    return {"images": [base64.b64encode(plain("PNG", edge)).decode()]}


def test_without_a_model_a_garment_says_so(try_on: Callable[..., dict[str, Any]]) -> None:
    got = try_on()

    assert (got["status"], got["code"]) == ("failed", "provider_unavailable")
    assert got["garment_item_id"] == "my-top"


def test_a_garment_is_tried_on_by_nova_canvas(
    stack: Stack, advised: str, nova: Callable[..., Any], try_on: Callable[..., dict[str, Any]]
) -> None:
    asked = nova(drawn(512))

    got = try_on()

    assert got["status"] == "completed"
    (request,) = asked
    assert request["taskType"] == "VIRTUAL_TRY_ON"
    told = request["virtualTryOnParams"]
    assert told["garmentBasedMask"] == {"garmentClass": "UPPER_BODY"}
    assert Image.open(BytesIO(base64.b64decode(told["sourceImage"]))).size == (512, 512)
    assert Image.open(BytesIO(base64.b64decode(told["referenceImage"]))).size == (640, 640)
    folder = f"looks/{USER}/{advised}/{got['look_id']}"
    assert picture(stack, f"{folder}.jpg").size == (512, 512)
    assert picture(stack, f"{folder}-before-after.jpg").width > 1024


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": "All of the generated images have been blocked."}, "provider_refused"),
        ("ValidationException", "provider_refused"),
        ("ThrottlingException", "provider_unavailable"),
        ("AccessDeniedException", "provider_unavailable"),
        ("ResourceNotFoundException", "provider_unavailable"),
    ],
)
def test_what_the_model_refuses_is_said(
    nova: Callable[..., Any], try_on: Callable[..., dict[str, Any]], answer: Any, code: str
) -> None:
    nova(answer)

    got = try_on()

    assert (got["status"], got["code"]) == ("failed", code)


@pytest.mark.parametrize(
    ("slot", "photo", "code"),
    [("top", False, "garment_photo_missing"), ("accessory", True, "garment_not_supported")],
)
def test_a_garment_that_cannot_be_tried_on_says_why(
    nova: Callable[..., Any],
    try_on: Callable[..., dict[str, Any]],
    slot: str,
    photo: bool,
    code: str,
) -> None:
    asked = nova(drawn(512))

    got = try_on(slot, photo=photo)

    assert (got["status"], got["code"]) == ("failed", code)
    assert asked == []
