"""Every odd file a phone, a browser or an attacker may send, made here in code."""

import gc
import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngImageFile

from facet.domain.errors import PhotoRejectedError
from facet.vision.photo.decode import decode, decode_region, encode_jpeg
from facet.vision.photo.gates import Gates, largest_photo, load_gates

GATES = load_gates("moderate")
CORNERS = {"top_left": (220, 30, 30), "top_right": (30, 200, 30), "bottom_left": (30, 30, 220)}


@pytest.fixture(autouse=True)
def _no_warning_leaks() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def picture(width: int = 640, height: int = 480) -> Image.Image:
    """Red top left, green top right, blue bottom left, grey elsewhere."""
    image = Image.new("RGB", (width, height), (128, 128, 128))
    image.paste(CORNERS["top_left"], (0, 0, width // 4, height // 4))
    image.paste(CORNERS["top_right"], (width - width // 4, 0, width, height // 4))
    image.paste(CORNERS["bottom_left"], (0, height - height // 4, width // 4, height))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def corners_of(image: Image.Image) -> dict[str, tuple[int, ...]]:
    at = {
        "top_left": (8, 8),
        "top_right": (image.width - 9, 8),
        "bottom_left": (8, image.height - 9),
    }
    colours = {name: image.getpixel(place) for name, place in at.items()}
    return {name: colour for name, colour in colours.items() if isinstance(colour, tuple)}


def is_upright(image: Image.Image) -> bool:
    corners = corners_of(image)
    return all(
        np.abs(np.subtract(corners[name], colour)).max() < 12 for name, colour in CORNERS.items()
    )


def codes(data: bytes, act: Callable[[bytes, Gates], object] = decode) -> list[str]:
    with pytest.raises(PhotoRejectedError) as raised:
        act(data, GATES)
    assert raised.value.code == raised.value.checks[0].code
    assert all(check.hint for check in raised.value.checks)
    return [check.code.value for check in raised.value.checks]


def png_header_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_becomes_the_same_upright_picture(kind: str) -> None:
    photo = decode(encoded(picture(), kind), GATES)

    assert (photo.width, photo.height, photo.scale) == (640, 480, 1.0)
    assert photo.pixels.shape == (480, 640, 3)
    assert photo.pixels.dtype == np.uint8
    assert is_upright(photo.image)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once_and_not_carried_on(orientation: int) -> None:
    stored = picture()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation

    photo = decode(encoded(stored, exif=exif), GATES)

    assert (photo.header.width, photo.header.height) == (640, 480)
    assert is_upright(photo.image)
    assert not Image.open(io.BytesIO(encode_jpeg(photo.image, 90))).getexif()


def test_nonsense_in_exif_is_as_good_as_none() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77

    assert is_upright(decode(encoded(picture(), exif=exif), GATES).image)
    assert is_upright(decode(encoded(picture(), exif=b"Exif\0\0MM\0*rubbish"), GATES).image)


def test_no_metadata_survives_the_normalised_photo() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    exif[0x010F] = "Maker of phones"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(picture(), exif=exif, comment=b"my street", icc_profile=profile)

    clean = encode_jpeg(decode(data, GATES).image, 90)

    assert set(Image.open(io.BytesIO(clean)).info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
    }
    assert b"my street" not in clean
    assert b"Maker" not in clean


def test_a_large_jpeg_is_decoded_at_the_dct_scale_that_serves() -> None:
    photo = decode(encoded(picture(4032, 3024)), GATES)

    assert (photo.width, photo.height, photo.scale) == (1008, 756, 0.25)
    assert is_upright(photo.image)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_formats_are_averaged_down(kind: str) -> None:
    photo = decode(encoded(picture(3000, 2000), kind), GATES)

    assert (photo.width, photo.height) == (1000, 667)
    assert is_upright(photo.image)


def test_a_region_keeps_its_own_pixels() -> None:
    photo = decode_region(encoded(picture(4000, 3000)), GATES, (0.0, 0.0, 0.25, 0.25))

    assert (photo.width, photo.height, photo.scale) == (1000, 750, 1.0)
    assert photo.pixels.mean(axis=(0, 1)) == pytest.approx(CORNERS["top_left"], abs=12)


def wide_gamut_profile() -> bytes:
    """A matrix profile with swapped-in primaries far wider than sRGB: Adobe RGB's red and green."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # sRGB's colorants, s15Fixed16 XYZ under D50, replaced by those of Adobe RGB (1998).
    adobe = {b"rXYZ": (0.60974, 0.31111, 0.01947), b"gXYZ": (0.20528, 0.62567, 0.06087)}
    adobe[b"bXYZ"] = (0.14919, 0.06322, 0.74457)
    data = bytearray(lab.replace(b"s\0R\0G\0B", b"W\0i\0d\0e").replace(b"sRGB", b"Wide"))
    for index in range(struct.unpack_from(">I", data, 128)[0]):
        tag, offset, _ = struct.unpack_from(">4sII", data, 132 + 12 * index)
        if tag in adobe:
            struct.pack_into(">3i", data, offset + 8, *(round(v * 65536) for v in adobe[tag]))
    return bytes(data)


def test_a_wide_gamut_profile_is_converted_to_srgb() -> None:
    image = Image.new("RGB", (640, 480), (180, 130, 110))

    plain = decode(encoded(image, "PNG"), GATES).pixels[0, 0]
    wide = decode(encoded(image, "PNG", icc_profile=wide_gamut_profile()), GATES).pixels[0, 0]

    # The same numbers mean a stronger colour in a wider space.
    assert wide[0] - plain[0] > 8
    assert np.ptp(wide) > np.ptp(plain) + 8


def test_a_broken_profile_is_ignored() -> None:
    image = Image.new("RGB", (640, 480), (180, 130, 110))

    photo = decode(encoded(image, "PNG", icc_profile=b"not a profile" * 20), GATES)

    assert tuple(photo.pixels[0, 0]) == (180, 130, 110)


def test_cmyk_becomes_rgb() -> None:
    photo = decode(encoded(picture().convert("CMYK"), quality=95), GATES)

    assert photo.image.mode == "RGB"
    assert photo.pixels[8, 8, 0] > photo.pixels[8, 8, 2] + 80


def test_grey_becomes_rgb() -> None:
    photo = decode(encoded(picture().convert("L")), GATES)

    assert photo.image.mode == "RGB"
    assert np.ptp(photo.pixels[8, 8]) == 0


def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    grey = Image.fromarray(np.full((480, 640), 0x8000, dtype=np.uint16))

    assert decode(encoded(grey, "PNG"), GATES).pixels[5, 5].tolist() == [128, 128, 128]


def test_transparency_lies_on_white() -> None:
    image = picture().convert("RGBA")
    image.putalpha(0)
    palette = picture().quantize(8)
    palette.info["transparency"] = 0

    assert decode(encoded(image, "PNG"), GATES).pixels.min() == 255
    assert decode(encoded(palette, "PNG"), GATES).image.mode == "RGB"


def test_an_animation_is_refused_by_name() -> None:
    frames = [picture(), picture().transpose(Image.Transpose.ROTATE_180)]
    for kind in ("WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert codes(data) == ["unsupported_format"]
    assert codes(encoded(picture(), "GIF")) == ["unsupported_format"]


@pytest.mark.parametrize(
    "data", [b"just text, named selfie.jpg", b"<svg xmlns='x'/>", b"%PDF-1.7", b"II*\0 tiff", b"\0"]
)
def test_what_is_no_photo_is_unsupported(data: bytes) -> None:
    assert codes(data) == ["unsupported_format"]


def test_an_empty_file_is_corrupt() -> None:
    assert codes(b"") == ["corrupt_image"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_file_is_corrupt(kind: str, share: float) -> None:
    noise = Image.fromarray(
        np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    )
    data = encoded(noise, kind)

    assert codes(data[: int(len(data) * share)]) == ["corrupt_image"]


def test_a_damaged_picture_is_let_go_at_once() -> None:
    noise = Image.fromarray(
        np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    )
    data = encoded(noise, "PNG")[:-9000]
    gc.collect()
    gc.disable()  # it comes by count of objects, not by their size
    try:
        with suppress(PhotoRejectedError):
            decode(data, GATES)
        assert not [one for one in gc.get_objects() if isinstance(one, PngImageFile)]
    finally:
        gc.enable()


def test_headers_followed_by_rubbish_are_corrupt() -> None:
    for magic in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBPVP8 "):
        assert codes(magic + b"rubbish" * 50) == ["corrupt_image"]
    assert codes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"rubbish" * 50) == ["corrupt_image"]


def test_a_bomb_is_refused_by_its_header() -> None:
    webp = bytearray(encoded(picture().convert("RGBA"), "WEBP", exif=b"Exif\0\0MM\0*"))
    assert webp[12:16] == b"VP8X"
    webp[24:30] = (16000).to_bytes(3, "little") * 2

    assert codes(png_header_claiming(30000, 30000)) == ["image_too_large"]
    assert codes(bytes(webp)) == ["image_too_large"]


def test_a_single_pixel_is_too_small() -> None:
    assert codes(encoded(picture(1, 1), "PNG")) == ["image_too_small"]


def test_all_that_is_wrong_with_a_file_is_said_at_once() -> None:
    data = png_header_claiming(100, 900_000) + bytes(largest_photo())

    assert codes(data) == ["file_too_large", "image_too_small", "image_too_large"]


def test_the_phones_heic_and_jpeg_are_the_same_upright_photo(faces: Path) -> None:
    jpeg = decode((faces / "phone/phone12mp.jpg").read_bytes(), GATES)
    heic = decode((faces / "phone/phone12mp.heic").read_bytes(), GATES)

    assert jpeg.image.size == heic.image.size == (756, 1008)
    difference = np.abs(jpeg.pixels.astype(int) - heic.pixels.astype(int))
    assert np.median(difference) <= 4
