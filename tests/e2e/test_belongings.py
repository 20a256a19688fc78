"""What is owned, over HTTP and S3: a garment's photo is read, outfits are made and judged."""

import hashlib
from base64 import b64encode
from typing import Any

import pytest
from PIL import Image, ImageDraw

from local.phone import Phone, send
from tests.e2e.conftest import Encode, Eventually

pytestmark = pytest.mark.e2e

JEANS = {"category": "jeans", "slot": "bottom", "formality": 3, "warmth": 2}
SHIRT = {"category": "shirt", "slot": "top", "formality": 3, "warmth": 2}


def garment(encode: Encode, dye: str) -> tuple[bytes, dict[str, Any]]:
    """A photo of a garment of this colour on a pale ground, and how to ask for its upload."""
    picture = Image.new("RGB", (900, 1200), "#e9e6e0")
    ImageDraw.Draw(picture).rectangle((250, 250, 650, 1000), fill=dye)
    data = encode(picture)
    checksum = b64encode(hashlib.sha256(data).digest()).decode()
    return data, {
        "content_type": "image/jpeg",
        "content_length": len(data),
        "checksum_sha256": checksum,
    }


def test_a_garment_s_photo_is_read_and_its_outfit_rejected(
    phone: Phone, photo: bytes, encode: Encode, eventually: Eventually
) -> None:
    data, details = garment(encode, "#22604a")
    asked = phone.call("POST", "/v1/wardrobe", {**SHIRT, "photo": details}).expect(201)
    phone.upload(asked, data).expect(200)
    shirt = f"/v1/wardrobe/{asked['item_id']}"

    def read() -> dict[str, Any] | None:
        item = phone.call("GET", shirt).expect(200)
        return item if item["status"] != "awaiting_upload" else None

    item = eventually(read)
    assert item["status"] == "ready"
    assert len(item["colours"]) == 1
    picture = send("GET", item["picture_url"])
    assert (picture.status, picture.data[:3]) == (200, b"\xff\xd8\xff")
    jeans = {**JEANS, "colours": [{"hex": "#2b3446", "share": 1.0}]}
    phone.call("PUT", "/v1/wardrobe/jeans", jeans).expect(201)

    analysis = phone.ask(photo, wants=["outfit"]).expect(201)
    phone.upload(analysis, photo).expect(200)
    document = phone.poll(analysis["analysis_id"])

    (outfit,) = document["recommendations"]["outfit"]["outfits"]
    ids = [item["item_id"] for item in outfit["items"]]
    assert sorted(ids) == sorted([asked["item_id"], "jeans"])
    feedback = {"analysis_id": analysis["analysis_id"], "kind": "outfit", "item_ids": ids}
    phone.call("POST", "/v1/feedback", {**feedback, "verdict": "reject"}).expect(201)
    phone.call("DELETE", shirt).expect(204)
    assert send("GET", item["picture_url"]).status == 404


def test_products_are_searched_and_put_into_the_bag(phone: Phone) -> None:
    phone.call("PUT", "/v1/profile", {"avoided_ingredients": ["retinol"]}).expect(200)
    page = phone.call("GET", "/v1/products?q=serum&concern=redness&limit=3").expect(200)
    product = page["products"][0]["product"]
    assert phone.call("GET", f"/v1/products/{product['product_id']}").expect(200) == product
    helps = phone.call("GET", "/v1/products/recommendations?condition=ageing").expect(200)
    assert helps["products"]
    assert not [match for match in helps["products"] if "Retinol" in match["product"]["inci"]]

    item = phone.call("PUT", "/v1/bag/mine", {"product_id": product["product_id"]}).expect(201)

    assert item["name"] == product["name"]
    assert phone.call("GET", "/v1/bag").expect(200)["items"] == [item]
