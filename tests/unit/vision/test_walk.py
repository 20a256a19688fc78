"""Files that ask their decoder for minutes or gigabytes, made here, and files that only look so."""

import io
import struct
import subprocess
import sys
import textwrap
import tomllib
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facet.domain.errors import PhotoRejectedError
from facet.domain.face import GateCode
from facet.vision.photo import boxes, limits, webp
from facet.vision.photo.decode import decode, sniff
from facet.vision.photo.gates import load_gates
from facet.vision.photo.limits import Tally, WalkError
from facet.vision.photo.walk import walk
from tests.heic import Coded, Item, box, coded, file_of, full, grid, heic, ispe, overlay, tile_item

GATES = load_gates("moderate")
LIMITS = tomllib.loads(Path(limits.__file__).with_name("limits.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tile() -> Coded:
    return coded(512, 512)


@pytest.fixture(scope="module")
def large() -> Coded:
    return coded(4096, 4096)


def flat(width: int = 640, height: int = 480, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (180, 130, 110)).save(out, kind, **options)
    return out.getvalue()


def refused(data: bytes) -> tuple[str, str]:
    """Code and measured of a refusal by `decode`, which walks before anything else."""
    with pytest.raises(PhotoRejectedError) as raised:
        decode(data, GATES)
    return raised.value.code, str(raised.value.checks[0].measured)


def with_scans(jpeg: bytes, more: int) -> bytes:
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * (more + 1) + jpeg[-2:]


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def after_start(jpeg: bytes, more: bytes) -> bytes:
    return jpeg[:2] + more + jpeg[2:]


@pytest.mark.parametrize("name", sorted(LIMITS.keys() - {"version"}))
def test_every_limit_has_a_number_a_code_and_a_source(name: str) -> None:
    limit = LIMITS[name]

    assert limit["most"] > 0
    assert limit["code"] in {code.value for code in GateCode}
    assert limit["measures"]
    assert limit["source"]
    with pytest.raises(WalkError, match=name):
        Tally().add(name, limit["most"] + 1)


# --- JPEG ---------------------------------------------------------------------------------------


def test_a_progressive_jpeg_has_ten_scans_and_passes() -> None:
    data = flat(progressive=True)

    tally = walk(data, "jpeg")

    assert tally.counted["scans"] == 10
    # Coefficients of two bytes: all of brightness, a quarter each of two colours.
    assert tally.memory == 2 * 640 * 480 * 1.5
    assert decode(data, GATES).width == 640


def test_a_jpeg_with_hundreds_of_scans_is_corrupt() -> None:
    code, measured = refused(with_scans(flat(progressive=True), 100))

    assert (code, measured) == ("corrupt_image", "scans above 100")


def test_fewer_scans_of_a_huge_jpeg_are_too_much_as_well() -> None:
    code, measured = refused(with_scans(flat(7000, 7000, progressive=True), 40))

    assert (code, measured) == ("image_too_large", "samples above 1500000000")


@pytest.mark.parametrize(
    "more",
    [
        segment(0xE1, b"Exif\0\0MM\0*") * 33,
        segment(0xFE, b"") * 2001,
        segment(0xE2, b"ICC_PROFILE\0" + bytes(60_000)) * 140,
        b"\xff" * 130_000,  # fill bytes
        segment(0xFE, b"") + b"\0" * 130_000,
        b"\xff\xd9" + segment(0xE1, b"Exif\0\0MM\0*") * 33,  # behind an end that ends nothing
        b"\xff\xc8\xff\xff" + segment(0xE1, b"Exif\0\0MM\0*") * 33,  # a marker without a length
    ],
    ids=["exif", "comments", "profile", "fill", "zeros", "after an early end", "no length"],
)
def test_segments_that_are_dear_to_read_are_corrupt(more: bytes) -> None:
    assert refused(after_start(flat(), more))[0] == "corrupt_image"


def test_fill_bytes_without_any_scan_end_the_walk_too() -> None:
    assert refused(b"\xff\xd8" + b"\xff" * 1_000_000)[0] == "corrupt_image"


def test_a_depth_map_and_maker_notes_pass() -> None:
    xmp = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(65_000))
    data = after_start(flat(), segment(0xE1, b"Exif\0\0MM\0*") + xmp * 160)

    assert decode(data, GATES).width == 640


def test_a_second_picture_and_a_trailer_are_not_walked() -> None:
    more = with_scans(flat(progressive=True), 200)

    assert decode(flat() + more, GATES).width == 640
    assert decode(flat(progressive=True) + more, GATES).width == 640
    # Without its end a picture of one scan is walked no further either.
    assert walk(flat()[:-2] + more, "jpeg").counted["scans"] == 1


@pytest.mark.parametrize(("marker", "depth"), [(0xC9, 8), (0xCA, 8), (0xC3, 8), (0xC1, 12)])
def test_a_jpeg_of_another_kind_is_unsupported_and_not_corrupt(marker: int, depth: int) -> None:
    data = bytearray(flat())
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = marker, depth

    assert refused(bytes(data))[0] == "unsupported_format"


def test_a_jpeg_cut_in_its_frame_is_corrupt() -> None:
    data = flat()

    assert refused(data[: data.index(b"\xff\xc0") + 6])[0] == "corrupt_image"


# --- PNG and WebP -------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_png_of_very_many_chunks_is_corrupt() -> None:
    data = flat(kind="PNG")

    assert refused(data[:33] + chunk(b"tEXt", b"a\0b") * 20_001 + data[33:])[0] == "corrupt_image"


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_packed_notes_of_a_png_are_not_unpacked_for_ever(kind: bytes) -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    head = b"XML\0\1\0\0\0" if kind == b"iTXt" else b"XML\0\0"
    data = flat(kind="PNG")

    assert peak_mb(data[:33] + chunk(kind, head + bomb) + data[33:], "decode") < 150


def test_a_png_says_what_pillow_will_hold() -> None:
    grey = io.BytesIO()
    Image.fromarray(np.zeros((480, 640), np.uint16)).save(grey, "PNG")

    assert walk(flat(kind="PNG"), "png").memory == 4 * 640 * 480
    assert walk(grey.getvalue(), "png").memory == 2 * 640 * 480


def test_a_webp_says_what_libwebp_will_hold() -> None:
    assert walk(flat(kind="WEBP"), "webp").memory == 0
    assert walk(flat(kind="WEBP", lossless=True), "webp").memory == 4 * 640 * 480


def moving(width: int, height: int) -> bytes:
    """An animated WebP of one frame, which is a still picture to Pillow."""
    still = flat(width, height, "WEBP")
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    frame = bytes(6) + sides + bytes(4) + still[12:]
    parts = b"".join(
        kind + struct.pack("<I", len(body)) + body
        for kind, body in (
            (b"VP8X", b"\2\0\0\0" + sides),
            (b"ANIM", bytes(6)),
            (b"ANMF", frame),
        )
    )
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts


def test_an_animation_of_one_frame_is_a_photo_as_long_as_it_is_small() -> None:
    assert decode(moving(640, 480), GATES).width == 640
    assert refused(moving(7000, 7000)) == ("image_too_large", "memory above 450000000")


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_webp_is_what_pillow_makes_of_it(
    lossless: bool, mode: str, monkeypatch: pytest.MonkeyPatch, astronaut: np.ndarray
) -> None:
    image = Image.fromarray(astronaut).resize((2050, 1530)).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=lossless, quality=10 if lossless else 80, method=0)

    scaled = decode(out.getvalue(), GATES).pixels.astype(int)
    monkeypatch.setattr(webp, "_library", lambda: None)
    averaged = decode(out.getvalue(), GATES).pixels

    assert scaled.shape == averaged.shape == (765, 1025, 3)
    assert np.abs(scaled - averaged).mean() < 1.5
    assert np.abs((scaled - averaged).mean(axis=(0, 1))).max() < 0.5


def test_a_library_that_hides_its_names_leaves_webp_to_pillow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    webp._library.cache_clear()
    try:
        assert webp.decode_webp(flat(kind="WEBP"), 1) is None
    finally:
        webp._library.cache_clear()


# --- HEIC ---------------------------------------------------------------------------------------


def test_a_heic_as_phones_write_it_passes(astronaut: np.ndarray) -> None:
    data = heic(Image.fromarray(astronaut), tile=256)

    tally = walk(data, "heic")

    assert tally.counted["coded"] == 512 * 512
    assert tally.counted["nesting"] == 1
    photo = decode(data, GATES)
    assert photo.image.size == (512, 512)
    assert np.abs(photo.pixels.astype(int) - astronaut).mean() < 8


@pytest.mark.parametrize("mode", ["L", "I;16", "LA", "RGBA"])
def test_a_heic_of_any_mode_is_read_block_by_block(mode: str) -> None:
    grey = np.linspace(0, 255, 1300, dtype=np.uint8)[None].repeat(1100, axis=0)
    image = Image.fromarray(grey).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) << 8)

    photo = decode(heic(image), GATES)

    assert np.abs(photo.pixels.astype(int) - grey[..., None]).mean() < 3


def test_a_grid_costs_its_tiles_and_its_own_picture(tile: Coded) -> None:
    data = file_of([*(tile_item(tile) for _ in range(4)), grid(2, 2, 1000, 1000, [1, 2, 3, 4])], 5)

    counted = walk(data, "heic").counted

    assert counted["coded"] == 4 * 512 * 512
    assert counted["derived"] == 4 * 512 * 512 + 1_000_000
    assert decode(data, GATES).image.size == (1000, 1000)


def test_layers_of_one_large_picture_are_too_much(large: Coded) -> None:
    layers = [tile_item(large) for _ in range(5)]
    data = file_of([*layers, overlay(1000, 1000, [1, 2, 3, 4, 5])], 6)

    assert refused(data) == ("image_too_large", "coded above 64000000")


def test_a_few_layers_are_a_photo(tile: Coded) -> None:
    data = file_of([tile_item(tile), tile_item(tile), overlay(600, 600, [1, 2])], 3)

    assert decode(data, GATES).image.size == (600, 600)


def test_what_the_boxes_say_of_a_size_binds_nobody(large: Coded) -> None:
    small = [Item(b"hvc1", large.data, [large.parameters, ispe(64, 64)]) for _ in range(5)]
    data = file_of([*small, grid(1, 5, 320, 320, [1, 2, 3, 4, 5])], 6)

    assert refused(data)[1] == "coded above 64000000"


def test_an_item_of_many_pictures_costs_every_one(large: Coded) -> None:
    many = Item(b"hvc1", large.data * 5, [large.parameters, ispe(4096, 4096)])

    assert refused(file_of([many]))[1] == "coded above 64000000"


def test_parameters_in_the_data_count_too(tile: Coded, large: Coded) -> None:
    at = next(
        at for at in range(len(large.parameters)) if large.parameters[at : at + 2] == b"\x42\1"
    )
    (length,) = struct.unpack_from(">H", large.parameters, at - 2)
    unit = struct.pack(">I", length) + large.parameters[at : at + length]
    hidden = [Item(b"hvc1", unit + tile.data, [tile.parameters, ispe(512, 512)]) for _ in range(5)]

    assert refused(file_of([*hidden, grid(1, 5, 2560, 512, [1, 2, 3, 4, 5])], 6))[1] == (
        "coded above 64000000"
    )


def test_alpha_costs_as_much_as_what_it_veils(large: Coded) -> None:
    kind = full(b"auxC", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
    veils = [tile_item(large) for _ in range(4)]
    for veil in veils:
        veil.properties.append(kind)
        veil.alpha_of.append(1)

    assert refused(file_of([tile_item(large), *veils]))[1] == "coded above 64000000"


def test_turning_a_picture_again_and_again_is_counted(large: Coded) -> None:
    turned = tile_item(large)
    turned.properties += [box(b"irot", bytes((n % 4, *bytes(n)))) for n in range(20)]

    assert refused(file_of([turned])) == ("image_too_large", "derived above 256000000")


def test_pictures_made_of_pictures_end_somewhere(tile: Coded) -> None:
    deep = [tile_item(tile)] + [Item(b"iden", b"", [ispe(512, 512)], [n]) for n in range(1, 6)]
    circle = [Item(b"iden", b"", [ispe(512, 512)], [2]), Item(b"iden", b"", [], [1])]
    # Each level twice: two to the power of the levels.
    doubled = [tile_item(tile)] + [overlay(512, 512, [n, n]) for n in range(1, 30)]

    assert refused(file_of(deep, 6)) == ("corrupt_image", "nesting above 3")
    assert refused(file_of(deep[::-1][:1] + circle, 2))[0] == "corrupt_image"
    assert refused(file_of(doubled, 30)) == ("corrupt_image", "nesting above 3")


@pytest.mark.parametrize("kind", [b"av01", b"unci", b"j2k1", b"vvc1"])
def test_a_heif_of_another_coder_is_unsupported(kind: bytes, tile: Coded) -> None:
    foreign = Item(kind, tile.data, [ispe(512, 512)])

    assert refused(file_of([foreign])) == ("unsupported_format", f"HEIF with {kind.decode()}")
    assert refused(file_of([foreign, grid(1, 1, 512, 512, [1])], 2))[0] == "unsupported_format"
    # Beside the photo it harms nobody.
    assert decode(file_of([tile_item(tile), foreign]), GATES).width == 512


@pytest.mark.parametrize(
    "change",
    [
        (b"meta", b"free"),
        (b"iloc", b"free"),
        (b"ipco", b"free"),
        (b"hdlr", b"iinf"),  # twice
    ],
)
def test_a_heic_without_its_tables_is_corrupt(change: tuple[bytes, bytes], tile: Coded) -> None:
    assert refused(file_of([tile_item(tile)]).replace(*change))[0] == "corrupt_image"


@pytest.mark.parametrize("trailer", [b"SEFH1234", b"\0\0\0\3abcd1234", b"\0\0\0\1uuid", b"\0" * 9])
def test_a_trailer_of_a_heic_is_no_damage(trailer: bytes, tile: Coded) -> None:
    assert decode(file_of([tile_item(tile)]) + trailer, GATES).width == 512


def test_two_tables_of_contents_are_one_too_many(tile: Coded) -> None:
    data = file_of([tile_item(tile)])

    assert refused(data + box(b"meta", bytes(4)))[0] == "corrupt_image"


def test_one_place_named_by_very_many_items_is_corrupt(tile: Coded) -> None:
    # Each item says that it goes from its start to the end of the file.
    parts = [tile_item(tile) for _ in range(300)]
    data = bytearray(file_of(parts) + bytes(300_000))
    at = data.index(b"iloc") + 12
    for n in range(len(parts)):
        struct.pack_into(">I", data, at + 14 * n + 10, 300_000)

    assert refused(bytes(data)) == ("corrupt_image", "stored above 64000000")


def test_packed_metadata_of_a_heic_is_corrupt(tile: Coded) -> None:
    data = file_of([tile_item(tile), Item(b"mime", b"x")])
    packed = full(b"infe", struct.pack(">HH4s", 2, 0, b"mime"), b"\0a/b\0deflate\0", version=2)
    plain = full(b"infe", struct.pack(">HH4sx", 2, 0, b"mime"), version=2)
    assert data.count(plain) == 1
    grown = len(packed) - len(plain)
    for name in (b"iinf", b"meta"):
        at = data.index(name) - 4
        (size,) = struct.unpack_from(">I", data, at)
        data = data[:at] + struct.pack(">I", size + grown) + data[at + 4 :]

    assert refused(data.replace(plain, packed)) == ("corrupt_image", "metadata packed")


def test_parameters_that_cannot_be_read_are_corrupt() -> None:
    with pytest.raises(WalkError):
        boxes._sps_area(b"\x42\1" + bytes(40))
    with pytest.raises(WalkError):
        boxes._sps_area(b"\x42\1\1")


# --- what it costs, and what it must not refuse -------------------------------------------------


def peak_mb(data: bytes, act: str) -> float:
    """Peak memory of a process that does one thing with a photo, refused or not."""
    script = """
        import re, sys
        from facet.domain.errors import PhotoRejectedError
        from facet.vision.photo.decode import decode
        from facet.vision.photo.garment import read_garment
        from facet.vision.photo.gates import load_gates

        data = sys.stdin.buffer.read()
        try:
            read_garment(data) if sys.argv[1] == "garment" else decode(data, load_gates())
        except PhotoRejectedError:
            pass
        print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc")
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(script), act],
        input=data,
        capture_output=True,
        check=True,
    )
    return int(ran.stdout) / 1024


def tiny_webp() -> bytes:
    """Thirty-eight bytes that claim 48 megapixels with alpha."""
    image = struct.pack("<I", 7999 | 5999 << 14 | 1 << 28)
    body = b"WEBPVP8L" + struct.pack("<I", 17) + b"\x2f" + image + bytes(13)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def alpha(kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (8000, 6000), (10, 200, 30, 100)).save(out, kind, **options)
    return out.getvalue()


def wide() -> bytes:
    """Forty-eight megapixels in rows of 160,000."""
    head = struct.pack(">IIBBBBB", 160_000, 300, 8, 6, 0, 0, 0)
    packed = zlib.compress(bytes((4 * 160_000 + 1) * 300), 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("name", ["tiny", "webp", "png", "wide", "cmyk"])
def test_the_garment_reader_stays_below_500_megabytes(name: str) -> None:
    cmyk = io.BytesIO()
    if name == "cmyk":
        Image.new("CMYK", (7071, 7071), (9, 9, 9, 9)).save(cmyk, "JPEG", progressive=True)
    data = {
        "tiny": tiny_webp,
        "webp": lambda: alpha("WEBP", lossless=True, method=0, quality=0),
        "png": lambda: alpha("PNG", compress_level=1),
        "wide": wide,
        "cmyk": cmyk.getvalue,
    }[name]()

    assert peak_mb(data, "garment") < 500


def test_no_photo_at_hand_is_refused_by_the_walk(faces: Path) -> None:
    hostile = {"iovl_4000x100.heic", "scan_10000.jpg"}
    refusals = {}
    for path in sorted(faces.parent.rglob("*")):
        kind = sniff(path.read_bytes()) if path.is_file() else ""
        if kind in GATES.content_types:
            try:
                walk(path.read_bytes(), kind)
            except WalkError as error:
                refusals[path.name] = error.measured

    assert refusals.keys() <= hostile
