"""Garments: told, photographed, read, worn and given away."""

import hashlib
import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image, ImageDraw

from facet.adapters.rows import unpack
from facet.vision.photo.garment import read_garment
from tests.integration.conftest import NAMES, USER, Stack, jpeg

EVENT = "api_get_analysis.json"
SHIRT = {"name": "Linen shirt", "category": "shirt", "slot": "top", "formality": 3, "warmth": 2}
CREAM = [{"hex": "#f2e8d5", "share": 1.0}]


def drawn(dye: str, **options: Any) -> bytes:
    """The photo of a garment of this colour on a pale ground."""
    picture = Image.new("RGB", (900, 1200), "#e9e6e0")
    ImageDraw.Draw(picture).rectangle((250, 250, 650, 1000), fill=dye)
    return jpeg(picture, **options)


def photo_of(data: bytes) -> dict[str, Any]:
    return {
        "content_type": "image/jpeg",
        "content_length": len(data),
        "checksum_sha256": b64encode(hashlib.sha256(data).digest()).decode(),
    }


@pytest.fixture
def api(stack: Stack) -> Any:
    def call(method: str, path: str, body: Any = None, **how: Any) -> tuple[int, Any]:
        return stack.http("api", EVENT, method=method, path=path, body=body, **how)[:2]

    return call


def row_of(stack: Stack, item_id: str) -> dict[str, Any]:
    key = {"PK": f"USER#{USER}", "SK": f"WARDROBE#{item_id}"}
    document: dict[str, Any] = json.loads(stack.table.get_item(Key=key)["Item"]["document"])
    return document


# --- told -----------------------------------------------------------------------------------------


def test_a_garment_told_with_its_colours_is_ready_at_once(api: Any) -> None:
    status, item = api("POST", "/v1/wardrobe", {**SHIRT, "colours": CREAM})

    assert status == 201
    assert item["status"] == "ready"
    assert item["colours"] == CREAM
    assert not {"upload_url", "picture_url", "poll_after_ms"} & item.keys()
    assert api("GET", f"/v1/wardrobe/{item['item_id']}") == (200, item)


def test_without_colours_and_photo_there_is_nothing_to_go_by(api: Any) -> None:
    status, problem = api("POST", "/v1/wardrobe", SHIRT)

    assert (status, problem["code"]) == (400, "colours_needed")
    assert api("GET", "/v1/wardrobe")[1]["items"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"slot": "head"},
        {"formality": 6},
        {"warmth": 0},
        {"colours": [{"hex": "cream", "share": 1}]},
        {"colours": CREAM * 6},
        {"size": "M"},
        {"item_id": "mine"},
    ],
)
def test_a_garment_outside_the_contract_is_refused(api: Any, wrong: dict[str, Any]) -> None:
    status, problem = api("POST", "/v1/wardrobe", {**SHIRT, "colours": CREAM, **wrong})

    assert (status, problem["code"]) == (400, "invalid_request")


def test_a_repeated_request_adds_one_garment(api: Any) -> None:
    how = {"headers": {"Idempotency-Key": "one-shirt"}}
    photo = drawn("#22604a")
    first = api("POST", "/v1/wardrobe", {**SHIRT, "photo": photo_of(photo)}, **how)[1]
    again = api("POST", "/v1/wardrobe", {**SHIRT, "photo": photo_of(photo)}, **how)[1]

    assert again["item_id"] == first["item_id"]
    assert again["upload_url"]
    assert len(api("GET", "/v1/wardrobe")[1]["items"]) == 1
    status, problem = api("POST", "/v1/wardrobe", {**SHIRT, "colours": CREAM}, **how)
    assert (status, problem["code"]) == (409, "idempotency_key_reused")


def test_the_wardrobe_is_paged_and_its_owner_s(api: Any, stack: Stack) -> None:
    for name in "cab":
        api("PUT", f"/v1/wardrobe/{name}", {**SHIRT, "colours": CREAM})
    row = {"PK": f"USER#{USER}", "SK": "WARDROBE#d", "document": '{"slot": "head"}'}
    stack.table.put_item(Item=row)

    first = api("GET", "/v1/wardrobe", query={"limit": "2"})[1]
    rest = api("GET", "/v1/wardrobe", query={"limit": "2", "cursor": first["cursor"]})[1]

    assert [item["item_id"] for item in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert rest["unreadable"] == ["d"]
    assert "cursor" not in rest
    other = {"claims": {"sub": "somebody-else"}}
    assert api("GET", "/v1/wardrobe", **other)[1]["items"] == []
    assert api("GET", "/v1/wardrobe/a", **other)[0] == 404
    status, problem = api("GET", "/v1/wardrobe", query={"cursor": first["cursor"]}, **other)
    assert (status, problem["code"]) == (400, "invalid_cursor")
    assert api("GET", "/v1/wardrobe/d")[1]["code"] == "garment_unreadable"


# --- photographed ---------------------------------------------------------------------------------


def test_the_colours_are_read_from_the_photo(api: Any, stack: Stack) -> None:
    photo = drawn("#9a4a2c", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")
    status, asked = api("POST", "/v1/wardrobe", {**SHIRT, "photo": photo_of(photo)})
    assert (status, asked["status"], asked["colours"]) == (201, "awaiting_upload", [])
    assert asked["poll_after_ms"] > 0
    signed = parse_qs(urlsplit(asked["upload_url"]).query)
    headers = {name.lower() for name in asked["upload"]["headers"]}
    assert headers <= set(signed["X-Amz-SignedHeaders"][0].split(";"))
    assert {"content-length", "content-type", "x-amz-checksum-sha256"} <= headers
    item_id = asked["item_id"]
    where = urlsplit(asked["upload_url"]).path

    event = stack.garment_uploaded(item_id, photo)
    assert where.endswith(event["Records"][0]["s3"]["object"]["key"])
    assert stack.call("thumbnail", event) == {"drawn": 1}

    _, item = api("GET", f"/v1/wardrobe/{item_id}")
    assert item["status"] == "ready"
    assert item["colours"][0]["share"] == 1
    assert "X-Amz-Signature" in item["picture_url"]
    assert not {"upload_url", "poll_after_ms"} & item.keys()
    assert stack.keys("UPLOADS_BUCKET") == set()
    (key,) = stack.keys("MEDIA_BUCKET") - {"catalogue/snapshot.json"}
    assert key.startswith(f"garments/{USER}/{item_id}.")
    kept = stack.s3.get_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key)["Body"].read()
    assert len(kept) < len(photo)
    assert b"Exif" not in kept


def test_colours_its_owner_told_are_not_overruled(api: Any, stack: Stack) -> None:
    photo = drawn("#9a4a2c")
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "colours": CREAM, "photo": photo_of(photo)})

    stack.call("thumbnail", stack.garment_uploaded("mine", photo))

    _, item = api("GET", "/v1/wardrobe/mine")
    assert item["colours"] == CREAM
    assert item["picture_url"]


def test_a_photo_that_cannot_be_read_says_why(api: Any, stack: Stack) -> None:
    photo = b"GIF89a" + bytes(200)
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(photo)})

    stack.call("thumbnail", stack.garment_uploaded("mine", photo))

    _, item = api("GET", "/v1/wardrobe/mine")
    assert (item["status"], item["code"]) == ("failed", "unsupported_format")
    assert item["message"]
    assert stack.keys("UPLOADS_BUCKET") == set()
    # Its owner may tell the colours instead, or send another photo.
    told = api("PUT", "/v1/wardrobe/mine", {**SHIRT, "colours": CREAM})[1]
    assert (told["status"], "code" in told) == ("ready", False)
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(photo)})
    stack.call("thumbnail", stack.garment_uploaded("mine", photo))
    assert api("PUT", "/v1/wardrobe/mine", SHIRT)[1]["code"] == "colours_needed"
    assert api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(drawn("#9a4a2c"))})[0] == 200
    assert api("GET", "/v1/wardrobe/mine")[1]["status"] == "awaiting_upload"


def test_a_photo_that_never_comes_fails_in_the_end(api: Any, stack: Stack) -> None:
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(b"x")})

    assert stack.sweep(12) == {"garment_given_up": 1}

    _, item = api("GET", "/v1/wardrobe/mine")

    assert (item["status"], item["code"]) == ("failed", "upload_expired")
    assert "poll_after_ms" not in item
    assert api("PUT", "/v1/wardrobe/mine", SHIRT)[1]["code"] == "colours_needed"


def test_a_photo_above_the_limit_is_refused_before_it_is_sent(api: Any) -> None:
    photo = {**photo_of(b"x"), "content_length": 10**9}

    status, problem = api("POST", "/v1/wardrobe", {**SHIRT, "photo": photo})

    assert (status, problem["code"]) == (413, "file_too_large")


def test_a_redelivered_event_changes_nothing(api: Any, stack: Stack) -> None:
    photo = drawn("#9a4a2c")
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(photo)})
    stack.call("thumbnail", stack.garment_uploaded("mine", photo))
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "colours": CREAM})
    before = row_of(stack, "mine")

    assert stack.call("thumbnail", stack.garment_uploaded("mine", photo)) == {"drawn": 0}

    assert row_of(stack, "mine") == before
    assert stack.keys("UPLOADS_BUCKET") == set()


def test_an_older_photo_that_comes_late_waits_for_the_newer_one(api: Any, stack: Stack) -> None:
    old, new = drawn("#9a4a2c"), drawn("#22604a")
    for photo in (old, new):
        api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(photo)})

    assert stack.call("thumbnail", stack.garment_uploaded("mine", old)) == {"drawn": 0}
    assert api("GET", "/v1/wardrobe/mine")[1]["status"] == "awaiting_upload"
    assert stack.call("thumbnail", stack.garment_uploaded("mine", new)) == {"drawn": 1}

    (colour,) = api("GET", "/v1/wardrobe/mine")[1]["colours"]
    assert int(colour["hex"][3:5], 16) > int(colour["hex"][1:3], 16), "green, not brick"


def test_a_garment_deleted_while_its_photo_is_read_leaves_nothing(
    api: Any, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = drawn("#9a4a2c")
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(photo)})

    def slowly(data: bytes) -> Any:
        assert api("DELETE", "/v1/wardrobe/mine")[0] == 204
        return read_garment(data)

    monkeypatch.setattr("facet.services.save_garment_photo.read_garment", slowly)

    assert stack.call("thumbnail", stack.garment_uploaded("mine", photo)) == {"drawn": 0}
    assert stack.keys("UPLOADS_BUCKET") == set()
    assert stack.keys("MEDIA_BUCKET") == {"catalogue/snapshot.json"}
    assert api("GET", "/v1/wardrobe/mine")[1]["code"] == "garment_not_found"


def test_what_its_owner_changes_while_the_photo_is_read_is_kept(
    api: Any, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = drawn("#9a4a2c")
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(photo)})

    def slowly(data: bytes) -> Any:
        assert api("PUT", "/v1/wardrobe/mine", {**SHIRT, "name": "The good shirt"})[0] == 200
        return read_garment(data)

    monkeypatch.setattr("facet.services.save_garment_photo.read_garment", slowly)
    stack.call("thumbnail", stack.garment_uploaded("mine", photo))

    _, item = api("GET", "/v1/wardrobe/mine")
    assert (item["name"], item["status"], len(item["colours"])) == ("The good shirt", "ready", 1)


def test_deleting_takes_the_picture_with_it(api: Any, stack: Stack) -> None:
    photo = drawn("#9a4a2c")
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(photo)})
    stack.call("thumbnail", stack.garment_uploaded("mine", photo))

    assert api("DELETE", "/v1/wardrobe/mine") == (204, None)

    assert stack.keys("MEDIA_BUCKET") == {"catalogue/snapshot.json"}
    status, problem = api("DELETE", "/v1/wardrobe/mine")
    assert (status, problem["code"]) == (404, "garment_not_found")


def test_replacing_keeps_picture_and_colours_where_none_come(api: Any, stack: Stack) -> None:
    photo = drawn("#9a4a2c")
    api("PUT", "/v1/wardrobe/mine", {**SHIRT, "photo": photo_of(photo)})
    stack.call("thumbnail", stack.garment_uploaded("mine", photo))
    read = api("GET", "/v1/wardrobe/mine")[1]["colours"]

    status, item = api("PUT", "/v1/wardrobe/mine", {**SHIRT, "formality": 4})

    assert (status, item["formality"], item["colours"]) == (200, 4, read)
    assert item["picture_url"]


# --- worn -----------------------------------------------------------------------------------------


def outfit_of(stack: Stack, portrait: bytes) -> tuple[str, dict[str, Any]]:
    """(analysis_id, outfit result) of a new analysis."""
    analysis_id = stack.start(portrait, wants=["outfit"])
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    key = {"PK": f"USER#{USER}", "SK": f"RESULT#{analysis_id}#outfit"}
    result: dict[str, Any] = unpack(stack.table.get_item(Key=key)["Item"]["result"])
    return analysis_id, result


def test_an_outfit_is_made_without_a_garment_that_is_still_being_read(
    api: Any, stack: Stack, portrait: bytes
) -> None:
    api("PUT", "/v1/wardrobe/shirt", {**SHIRT, "colours": CREAM})
    jeans = {**SHIRT, "name": "Jeans", "category": "jeans", "slot": "bottom"}
    api("PUT", "/v1/wardrobe/jeans", {**jeans, "colours": [{"hex": "#2b3446", "share": 1.0}]})
    api("PUT", "/v1/wardrobe/unread", {**SHIRT, "name": "New", "photo": photo_of(b"x")})

    _, result = outfit_of(stack, portrait)

    (outfit,) = result["outfits"]
    assert {item["item_id"] for item in outfit["items"]} == {"shirt", "jeans"}
    (note,) = [note for note in result["notes"] if note["code"] == "garment_not_read"]
    assert note["item_id"] == "unread"
    assert note["text"].startswith("New was left out")
