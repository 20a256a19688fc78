"""Pictures of looks and overlays, on the deployed stack with its roles enforced."""

import io
from typing import Any

import pytest
from PIL import Image

from local.demo import own_samples
from local.phone import Phone, send
from local.stack import LocalStack
from tests.e2e.conftest import Eventually

pytestmark = pytest.mark.e2e


def picture(url: str) -> Image.Image:
    answer = send("GET", url)
    assert answer.status == 200
    return Image.open(io.BytesIO(answer.data))


def drawn(phone: Phone, path: str, eventually: Eventually) -> dict[str, Any]:
    """The look at this address once it is no longer rendering."""

    def done() -> dict[str, Any] | None:
        look = phone.call("GET", path).expect(200)
        return look if look["status"] != "rendering" else None

    look: dict[str, Any] = eventually(done, patience=30)
    return look


@pytest.fixture
def analysis(phone: Phone, photo: bytes) -> dict[str, Any]:
    """A completed analysis of a user who owns makeup."""
    own_samples(phone)
    asked = phone.ask(photo, wants=["makeup"]).expect(201)
    phone.upload(asked, photo).expect(200)
    return phone.poll(asked["analysis_id"])


def test_an_analysis_gets_pictures_of_its_looks(
    phone: Phone, analysis: dict[str, Any], eventually: Eventually, stack: LocalStack
) -> None:
    path = f"/v1/analyses/{analysis['analysis_id']}"
    assert analysis["status"] == "completed"
    assert len(analysis["looks"]) == 3

    def pictures() -> list[dict[str, Any]] | None:
        document = phone.call("GET", path).expect(200)
        waiting = [look for look in document["looks"] if look["status"] == "rendering"]
        assert bool(waiting) == ("poll_after_ms" in document)
        return None if waiting else document["looks"]

    looks = eventually(pictures, patience=30)

    assert [look["status"] for look in looks] == ["completed"] * 3
    assert any("item_id" in product for look in looks for product in look["products"])
    for look in looks:
        assert picture(look["image_url"]).size == (512, 512)
        assert picture(look["before_after_url"]).width > 200
    assert phone.call("DELETE", path).status == 204
    left = stack.client("s3").list_objects_v2(
        Bucket=stack.outputs["MediaBucketName"], Prefix="looks/"
    )
    assert not [it for it in left.get("Contents", []) if analysis["analysis_id"] in it["Key"]]


def test_any_other_look_can_be_asked_for_and_kept(
    phone: Phone, analysis: dict[str, Any], eventually: Eventually
) -> None:
    path = f"/v1/analyses/{analysis['analysis_id']}/looks"
    wish = {
        "name": "Red lips",
        "products": [
            {"category": "lip", "hex": "#a5132b", "finish": "satin", "intensity": 90},
            {"item_id": "sample-mascara"},
        ],
    }

    asked = phone.call("POST", path, wish, {"Idempotency-Key": "red"}).expect(202)

    address = f"/v1/looks/{asked['look_id']}"
    look = drawn(phone, address, eventually)
    assert look["status"] == "completed", look
    assert [product["category"] for product in look["products"]] == ["lip", "mascara"]
    assert picture(look["image_url"]).size == (512, 512)
    named = phone.call("PUT", address, {"name": "Friday", "favourite": True}).expect(200)
    assert named["image_url"]
    assert [kept["name"] for kept in phone.call("GET", "/v1/looks").body["looks"]] == ["Friday"]
    assert phone.call("DELETE", address).status == 204
    assert phone.call("GET", address).body["code"] == "look_not_found"


def test_a_garment_without_a_model_says_so(
    phone: Phone, analysis: dict[str, Any], eventually: Eventually
) -> None:
    path = f"/v1/analyses/{analysis['analysis_id']}/looks"

    asked = phone.call("POST", path, {"garment_item_id": "sample-shirt"}).expect(202)

    look = drawn(phone, f"/v1/looks/{asked['look_id']}", eventually)
    assert (look["status"], look["code"]) == ("failed", "provider_unavailable")


def test_an_overlay_is_drawn_on_request(phone: Phone, analysis: dict[str, Any]) -> None:
    concerns = {concern["name"]: concern for concern in analysis["skin"]["concerns"]}
    address = concerns["redness"]["overlay_url"]

    overlay = phone.call("GET", address).expect(200)

    layer = picture(overlay["url"])
    assert layer.mode == "RGBA"
    assert layer.size == (analysis["photo"]["width"], analysis["photo"]["height"])
    assert overlay["measured"] == concerns["redness"]["measured"]
    again = phone.call("GET", address).expect(200)
    assert again["url"].partition("?")[0] == overlay["url"].partition("?")[0]
    unmeasured = next(name for name, concern in concerns.items() if "measured" not in concern)
    refused = phone.call("GET", address.replace("redness", unmeasured))
    assert (refused.status, refused.body["code"]) == (409, "concern_not_measured")
