"""Every odd photo ends in a terminal state with its code, and a refused one costs nothing."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from local.phone import Phone
from local.stack import LocalStack
from tests.e2e.conftest import Encode

pytestmark = pytest.mark.e2e


def through(phone: Phone, data: bytes, content_type: str = "image/jpeg") -> dict[str, Any]:
    """The terminal document of these bytes."""
    asked = phone.ask(data, content_type)
    assert asked.status == 201, asked.body
    assert phone.upload(asked.body, data).status == 200
    return phone.poll(asked.body["analysis_id"])


def five_faces(portrait: Image.Image, encode: Encode) -> bytes:
    face = portrait.crop((130, 0, 320, 220)).resize((380, 440))
    crowd = Image.new("RGB", (5 * face.width, face.height))
    for place in range(5):
        crowd.paste(face, (place * face.width, 0))
    return encode(crowd)


def bomb(portrait: Image.Image, encode: Encode) -> bytes:
    """A PNG of a few bytes that says it has 900 megapixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def animation(portrait: Image.Image, encode: Encode) -> bytes:
    frames = [portrait, portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    return encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])


REFUSED: dict[str, tuple[Callable[[Image.Image, Encode], bytes], str]] = {
    "text named .jpg": (lambda *_: b"just text, whatever its name says", "unsupported_format"),
    "truncated": (lambda p, encode: encode(p)[:9000], "corrupt_image"),
    "bomb": (bomb, "image_too_large"),
    "1 x 1": (lambda p, encode: encode(p.resize((1, 1))), "image_too_small"),
    "animated": (animation, "unsupported_format"),
    "no face": (lambda _, encode: encode(Image.new("RGB", (600, 600), "tan")), "no_face"),
    "five faces": (five_faces, "multiple_faces"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_photo_that_will_not_do_fails_with_its_code(
    phone: Phone, portrait: Image.Image, encode: Encode, name: str
) -> None:
    make, code = REFUSED[name]

    result = through(phone, make(portrait, encode))

    assert result["status"] == "failed"
    assert result["failure"]["code"] == code
    assert code in [check["code"] for check in result["failure"]["checks"]]
    assert all(check["hint"] for check in result["failure"]["checks"])
    assert phone.call("GET", "/v1/me/usage").body["used"] == 0


def test_an_empty_photo_is_refused_before_it_is_sent(phone: Phone) -> None:
    asked = phone.ask(b"")

    assert asked.status == 400
    assert asked.body["code"] == "invalid_request"
    assert phone.call("GET", "/v1/me/usage").body["used"] == 0


def test_an_empty_object_fails_as_corrupt(phone: Phone, photo: bytes, stack: LocalStack) -> None:
    asked = phone.ask(photo).body
    path = asked["upload_url"].partition("?")[0]

    stack.client("s3").put_object(
        Bucket=stack.outputs["UploadsBucketName"], Key=path[path.index("faces/") :], Body=b""
    )

    result = phone.poll(asked["analysis_id"])
    assert result["status"] == "failed"
    assert result["failure"]["code"] == "corrupt_image"


def by_exif(portrait: Image.Image, encode: Encode) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3  # rotate by 180 degrees to see it upright
    return encode(portrait.transpose(Image.Transpose.ROTATE_180), exif=exif)


def really(portrait: Image.Image, encode: Encode) -> bytes:
    return encode(portrait.transpose(Image.Transpose.ROTATE_180))


@pytest.mark.parametrize("make", [by_exif, really])
def test_a_photo_upside_down_says_the_same(
    phone: Phone,
    portrait: Image.Image,
    photo: bytes,
    encode: Encode,
    make: Callable[[Image.Image, Encode], bytes],
) -> None:
    upright = through(phone, photo)

    result = through(phone, make(portrait, encode))

    assert result["status"] == upright["status"] == "completed"
    turned, straight = result["skin"]["tone"], upright["skin"]["tone"]
    assert turned["ita"] == pytest.approx(straight["ita"], abs=3)
    assert abs(result["face"]["pose"]["roll"] - upright["face"]["pose"]["roll"]) < 3


def cmyk(portrait: Image.Image, encode: Encode) -> tuple[bytes, str]:
    return encode(portrait.convert("CMYK"), quality=95), "image/jpeg"


def png(portrait: Image.Image, encode: Encode) -> tuple[bytes, str]:
    return encode(portrait, "PNG"), "image/png"


def webp(portrait: Image.Image, encode: Encode) -> tuple[bytes, str]:
    return encode(portrait, "WEBP", quality=95), "image/webp"


@pytest.mark.parametrize("make", [cmyk, png, webp])
def test_any_way_to_store_a_photo_will_do(
    phone: Phone,
    portrait: Image.Image,
    encode: Encode,
    make: Callable[[Image.Image, Encode], tuple[bytes, str]],
) -> None:
    result = through(phone, *make(portrait, encode))

    assert result["status"] == "completed"
    assert result["recommendations"]["skincare"]["status"] == "completed"


def grey(portrait: Image.Image, encode: Encode) -> tuple[bytes, str]:
    return encode(portrait.convert("L")), "image/jpeg"


def sixteen_bit(portrait: Image.Image, encode: Encode) -> tuple[bytes, str]:
    levels = np.asarray(portrait.convert("L"), dtype=np.uint16) * 257
    return encode(Image.fromarray(levels), "PNG"), "image/png"


@pytest.mark.parametrize("make", [grey, sixteen_bit])
def test_a_photo_without_colour_is_refused_since_it_has_no_tone(
    phone: Phone,
    portrait: Image.Image,
    encode: Encode,
    make: Callable[[Image.Image, Encode], tuple[bytes, str]],
) -> None:
    result = through(phone, *make(portrait, encode))

    assert (result["status"], result["failure"]["code"]) == ("failed", "color_cast")
