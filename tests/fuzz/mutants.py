"""Hostile files, each the same whenever its seed and number are: whole files with something done.

What is done to bytes (cut, flipped, spliced) is done to all; what is done to parts (a segment
again, a chunk with a checksum that holds) knows the format. Bombs are made to fit it.
"""

import random
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from tests.fuzz.seeds import Seed
from tests.heic import Item, coded, file_of, grid, ispe, overlay, tile_item

type Change = Callable[[bytes, random.Random, Sequence[Seed]], bytes]
_SIZES = (0, 1, 2, 7, 8, 255, 256, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_LARGEST = 20_971_520  # bytes; more is refused by its size


@dataclass(frozen=True)
class Mutant:
    """One hostile file and how it came about."""

    number: int
    format: str  # of the file it was made of
    made: str  # seed file and what was done, in words
    data: bytes


def mutant(seed: str, number: int, files: Sequence[Seed]) -> Mutant:
    """The same file for the same seed, number and files."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - to be drawn again, not to be secret
    kinds = sorted({file.format for file in files})
    kind = kinds[number % len(kinds)]
    file = chance.choice([file for file in files if file.format == kind])
    changes = {**_CHANGES, **_OF_FORMAT[kind]}
    names = chance.choices(
        list(changes),
        [1 if name in _CHANGES else 2 for name in changes],
        k=chance.choice((1, 1, 2, 3)),
    )
    data = file.data
    for name in names:
        data = changes[name](data, chance, files)[:_LARGEST]
    return Mutant(number, kind, f"{file.name}: {', '.join(names)}", data)


# --- bytes --------------------------------------------------------------------------------------


def _place(data: bytes, chance: random.Random) -> int:
    """Somewhere, in the head of the file as often as not."""
    return chance.randrange(max(1, min(len(data), chance.choice((64, 1024, len(data))))))


def _cut(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    return data[: _place(data, chance)]


def _flipped(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    changed = bytearray(data)
    for _n in range(chance.choice((1, 4, 64))):
        if changed:
            changed[_place(data, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwritten(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at, count = _place(data, chance), chance.choice((1, 2, 4, 64, 4096))
    new = chance.choice((bytes(count), b"\xff" * count, chance.randbytes(count)))
    return data[:at] + new + data[at + count :]


def _length(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at = _place(data, chance)
    form = chance.choice((">H", "<H", ">I", "<I"))
    size = chance.choice(_SIZES) & (0xFFFF if form[1] == "H" else 0xFFFFFFFF)
    return data[:at] + struct.pack(form, size) + data[at + struct.calcsize(form) :]


def _dropped(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at = _place(data, chance)
    return data[:at] + data[at + chance.choice((1, 2, 8, 1000)) :]


def _times(piece: bytes, chance: random.Random, *counts: int) -> bytes:
    """A piece so many times, no longer than a file may be."""
    return piece * min(chance.choice(counts), _LARGEST // max(1, len(piece)) + 1)


def _again(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at, count = _place(data, chance), chance.choice((4, 64, 4096))
    return data[:at] + _times(data[at : at + count], chance, 2, 10, 500) + data[at:]


def _spliced(data: bytes, chance: random.Random, files: Sequence[Seed]) -> bytes:
    other = chance.choice(files).data
    return data[: _place(data, chance)] + other[_place(other, chance) :]


def _polyglot(data: bytes, chance: random.Random, files: Sequence[Seed]) -> bytes:
    other = chance.choice(files).data
    more = chance.choice((other, b"PK\3\4" + bytes(26), b"<html><script>1</script>", b"%PDF-1.7\n"))
    return data + more if chance.random() < 0.5 else data[: _place(data, chance)] + more + data


# --- JPEG ---------------------------------------------------------------------------------------


def _segments(data: bytes) -> list[tuple[int, int]]:
    """Where the segments before the first scan lie."""
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((at, end))
        at = end
    return found


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def _any_segment(data: bytes, chance: random.Random) -> tuple[int, int]:
    return chance.choice(_segments(data) or [(2, 2)])


def _segment_again(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at, end = _any_segment(data, chance)
    return data[:at] + _times(data[at:end], chance, 2, 30, 3000) + data[at:]


def _segment_changed(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at, end = _any_segment(data, chance)
    changed = bytearray(data)
    for place in range(at + 4, min(end, len(data))):
        if chance.random() < 0.1:
            changed[place] = chance.randrange(256)
    return bytes(changed)


def _scans(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at = data.rfind(b"\xff\xda")
    scan = data[at:-2] if at > 0 else b"\xff\xda\0\x08\1\1\0\0\x3f\0"
    return data[:-2] + _times(scan, chance, 5, 60, 99, 5000) + data[-2:]


def _frame(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    if at < 0:
        return data
    changed = bytearray(data)
    which = chance.randrange(4)
    if which == 0:  # its kind
        changed[at + 1] = chance.choice((0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xDE))
    elif which == 1:  # its size
        sides = (chance.choice((1, 160, 480, 7000, 65500)) for _n in range(2))
        changed[at + 5 : at + 9] = struct.pack(">HH", *sides)
    elif which == 2:  # sampling
        changed[at + 11 : at + 12] = bytes((chance.randrange(256),))
    else:  # components
        changed[at + 9 : at + 10] = bytes((chance.randrange(6),))
    return bytes(changed)


def _restarts(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    interval = _segment(0xDD, struct.pack(">H", chance.choice((0, 1, 3, 65535))))
    body = bytearray(data[:2] + interval + data[2:])
    for _n in range(chance.choice((1, 50))):
        at = chance.randrange(len(body) // 2, len(body))
        body[at:at] = bytes((0xFF, 0xD0 + chance.randrange(8)))
    return bytes(body)


def _fill(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    return (
        data[:2]
        + chance.choice((b"\xff", b"\0", b"\xff\0")) * chance.choice((9, 2_000_000))
        + data[2:]
    )


def _profile(chance: random.Random) -> bytes:
    """An ICC profile of very many, very large or circling tags."""
    tags = chance.choice((1, 100, 5000))
    kinds = (b"A2B0", b"rXYZ", b"desc", b"rTRC", b"gTRC", b"bTRC", b"wtpt")
    table = b"".join(
        chance.choice(kinds) + struct.pack(">II", chance.choice((128, 400)), chance.choice(_SIZES))
        for _n in range(tags)
    )
    head = (
        struct.pack(">I", chance.choice((0, 200_000, 0xFFFFFFFF))) + b"lcms\4\x30\0\0mntrRGB XYZ "
    )
    body = head + bytes(12) + b"acsp" + bytes(88) + struct.pack(">I", tags) + table
    mft2 = (
        b"mft2" + bytes(4) + bytes((3, 3, chance.choice((2, 33, 255)), 0)) + chance.randbytes(4000)
    )
    return body + mft2


def _exif(chance: random.Random) -> bytes:
    """EXIF of very many entries, of huge counts, of folders within themselves."""
    count = chance.choice((1, 300, 5000))
    entries = b"".join(
        struct.pack(
            "<HHII",
            chance.choice((0x0112, 0x8769, 0x8825, 0xA005, 0x010F, 0x927C, n & 0xFFFF)),
            chance.choice((1, 2, 3, 4, 5, 7, 12, 99)),
            chance.choice(_SIZES),
            chance.choice((0, 8, 100, 60_000)),
        )
        for n in range(count)
    )
    return (
        b"II*\0" + struct.pack("<IH", 8, count) + entries + struct.pack("<I", chance.choice((0, 8)))
    )


def _jpeg_profile(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    profile = _profile(chance)
    parts = [profile[at : at + 60_000] for at in range(0, len(profile), 60_000)]
    more = b"".join(
        _segment(0xE2, b"ICC_PROFILE\0" + bytes((n & 255, len(parts) & 255)) + part)
        for n, part in enumerate(parts * chance.choice((1, 1, 40)), 1)
    )
    return data[:2] + more + data[2:]


def _jpeg_exif(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    part = _segment(0xE1, b"Exif\0\0" + _exif(chance)[:65_000])
    return data[:2] + _times(part, chance, 1, 1, 20, 400) + data[2:]


# --- PNG ----------------------------------------------------------------------------------------


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _png(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk_changed(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    chunks = _chunks(data) or [(b"IHDR", bytes(13))]
    n = chance.randrange(len(chunks))
    kind, body = chunks[n]
    chunks[n] = kind, _flipped(body, chance, ())
    return _png(chunks)


def _chunks_moved(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    chunks = _chunks(data) or [(b"IEND", b"")]
    n, m = chance.randrange(len(chunks)), chance.randrange(len(chunks))
    which = chance.randrange(3)
    if which == 0:
        chunks[n], chunks[m] = chunks[m], chunks[n]
    elif which == 1:
        del chunks[n]
    else:
        chunks[m:m] = [chunks[n]] * (1 if len(chunks[n][1]) > 1000 else chance.choice((1, 30_000)))
    return _png(chunks)


def _png_header(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    sides = struct.pack(">II", *(chance.choice((0, 1, 400, 7000, 50_000)) for _n in range(2)))
    kept = data[16:24] if chance.random() < 0.5 else sides
    head = kept + bytes(
        (
            chance.choice((1, 2, 4, 8, 16, 33)),
            chance.choice((0, 2, 3, 4, 6, 7)),
            0,
            0,
            chance.randrange(3),
        )
    )
    return _png([(b"IHDR", head), *_chunks(data)[1:]])


@cache
def _packed(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _png_packed(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    kind = chance.choice((b"zTXt", b"iTXt", b"iCCP", b"tEXt"))
    head = b"XML:com.adobe.xmp\0\1\0\0\0" if kind == b"iTXt" else b"Raw profile type exif\0\0"
    body = head + _packed(chance.choice((900_000, 100_000_000)))
    chunks = _chunks(data)
    return _png([*chunks[:1], *[(kind, body)] * chance.choice((1, 60)), *chunks[1:]])


def _png_notes(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    chunks = _chunks(data)
    note = chance.choice(
        (
            (b"eXIf", _exif(chance)),
            (b"iCCP", b"x\0\0" + zlib.compress(_profile(chance))),
            (b"acTL", struct.pack(">II", chance.choice(_SIZES), 0)),
            (b"tRNS", chance.randbytes(chance.choice((1, 6, 300)))),
            (b"PLTE", chance.randbytes(chance.choice((1, 3, 768, 9000)))),
            (b"gAMA", chance.randbytes(chance.choice((0, 4)))),
            (b"cHRM", chance.randbytes(chance.choice((4, 32)))),
        )
    )
    at = chance.choice((1, len(chunks)))
    return _png([*chunks[:at], note, *chunks[at:]])


def _png_flat(_data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    """Up to fifty megapixels of nothing, in some kilobytes."""
    depth, colour, each = chance.choice(((8, 0, 1), (8, 2, 3), (8, 6, 4), (16, 0, 2), (16, 6, 8)))
    sides = ((900, 1100), (3000, 4000), (7000, 7000), (300, 160_000), (160_000, 300))
    ((width, height),) = chance.choices(sides, (12, 2, 1, 1, 1))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, chance.randrange(2))
    return _png([(b"IHDR", head), (b"IDAT", _packed((width * each + 1) * height)), (b"IEND", b"")])


# --- WebP ---------------------------------------------------------------------------------------


def _riff(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        found.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def _webp(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for kind, part in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff_changed(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    chunks = _riff(data) or [(b"VP8 ", b"")]
    n, m = chance.randrange(len(chunks)), chance.randrange(len(chunks))
    which = chance.randrange(4)
    if which == 0:
        chunks[n] = chunks[n][0], _flipped(chunks[n][1], chance, ())
    elif which == 1:
        del chunks[n]
    elif which == 2:
        chunks[n], chunks[m] = chunks[m], chunks[n]
    else:
        chunks[m:m] = [chunks[n]] * (1 if len(chunks[n][1]) > 1000 else chance.choice((1, 30_000)))
    return _webp(chunks)


def _vp8x(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    sides = (chance.choice((0, 511, 6999, 16382)) for _n in range(2))
    head = bytes((chance.randrange(64), 0, 0, 0)) + b"".join(s.to_bytes(3, "little") for s in sides)
    return _webp([(b"VP8X", head), *(part for part in _riff(data) if part[0] != b"VP8X")])


def _webp_notes(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    note = chance.choice(
        ((b"EXIF", _exif(chance)), (b"ICCP", _profile(chance)), (b"ALPH", b"\1\0"))
    )
    return _webp([*_riff(data)[:1], note, *_riff(data)[1:]])


def _webp_frame(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    inner = b"".join(
        kind + struct.pack("<I", len(part)) + part + bytes(len(part) % 2)
        for kind, part in _riff(data)
        if kind in {b"VP8 ", b"VP8L", b"ALPH"}
    )
    side = chance.choice((383, 511, 6999)).to_bytes(3, "little")
    frames = [(b"ANMF", bytes(6) + side * 2 + bytes(4) + inner)] * chance.choice((1, 1, 3))
    return _webp([(b"VP8X", b"\2\0\0\0" + side * 2), (b"ANIM", bytes(6)), *frames])


def _webp_flat(_data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    """A few bytes that claim up to 50 megapixels."""
    sides = chance.choice(
        (7999 | 5999 << 14, 16382 | 3000 << 14, *(999 | n << 14 for n in range(160, 180)))
    )
    image = (
        b"\x2f"
        + struct.pack("<I", sides | 1 << 28)
        + chance.choice((bytes(13), chance.randbytes(400)))
    )
    return _webp([(b"VP8L", image)])


# --- HEIC ---------------------------------------------------------------------------------------


def _in_meta(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    """Some bytes of one table changed: sizes, places, references, properties."""
    names = (
        b"ispe",
        b"iloc",
        b"iref",
        b"ipma",
        b"pitm",
        b"infe",
        b"hvcC",
        b"dimg",
        b"irot",
        b"colr",
    )
    at = data.find(chance.choice(names))
    if at < 0:
        return data
    changed = bytearray(data)
    for _n in range(chance.choice((1, 2, 6))):
        place = at + 4 + chance.randrange(48)
        if place < len(changed):
            changed[place] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
    return bytes(changed)


def _box_renamed(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    names = (
        b"meta",
        b"iloc",
        b"iinf",
        b"iprp",
        b"ipco",
        b"iref",
        b"idat",
        b"free",
        b"grid",
        b"iovl",
    )
    return data.replace(
        chance.choice((*names, b"hvc1")), chance.choice((*names, b"av01", b"iden")), 1
    )


def _heic_parts(_data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    """Grids, layers and pictures of pictures, in any number and any order."""
    tile = coded(*chance.choices(((64, 64), (256, 256), (4096, 4096)), (5, 5, 1))[0])
    first = chance.choice((1, 4, 60))
    items = [tile_item(tile) for _n in range(first)]
    for _n in range(chance.choice((1, 2, 6, 40))):
        count = chance.choice((1, 2, 4, 100))
        parts = [chance.randrange(1, len(items) + 2) for _m in range(count)]
        if chance.random() < 0.7:
            parts = list(dict.fromkeys(parts))
        width, height = (chance.choice((1, 160, 500, 6000)) for _m in range(2))
        kind = chance.randrange(3)
        if kind == 0:
            items.append(grid(1, len(parts), width, height, parts))
        elif kind == 1:
            items.append(overlay(width, height, parts))
        else:
            items.append(Item(b"iden", b"", [ispe(width, height)], parts[:1]))
    if chance.random() < 0.3:
        veil = tile_item(tile)
        veil.properties.append(b"\0\0\0\x30auxC\0\0\0\0urn:mpeg:hevc:2015:auxid:1\0")
        veil.alpha_of.append(len(items))
        items.append(veil)
    return file_of(items, chance.choice((len(items), chance.randrange(1, len(items) + 2))))


def _heic_pictures(_data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    """One item of many coded pictures, which only the first is shown of."""
    tile = coded(*chance.choices(((256, 256), (4096, 4096)), (6, 1))[0])
    times = chance.choice((1, 3, 50, 2000))
    told = chance.choice(((tile.width, tile.height), (200, 200)))
    return file_of([Item(b"hvc1", tile.data * times, [tile.parameters, ispe(*told)])])


_CHANGES: dict[str, Change] = {
    "cut": _cut,
    "bits flipped": _flipped,
    "bytes overwritten": _overwritten,
    "a length": _length,
    "bytes dropped": _dropped,
    "bytes again": _again,
    "spliced": _spliced,
    "polyglot": _polyglot,
}
_OF_FORMAT: dict[str, dict[str, Change]] = {
    "jpeg": {
        "segment again": _segment_again,
        "segment changed": _segment_changed,
        "scans": _scans,
        "frame": _frame,
        "restarts": _restarts,
        "fill": _fill,
        "ICC": _jpeg_profile,
        "EXIF": _jpeg_exif,
    },
    "png": {
        "chunk changed": _chunk_changed,
        "chunks moved": _chunks_moved,
        "header": _png_header,
        "packed": _png_packed,
        "notes": _png_notes,
        "flat": _png_flat,
    },
    "webp": {
        "chunks": _riff_changed,
        "canvas": _vp8x,
        "notes": _webp_notes,
        "frames": _webp_frame,
        "flat": _webp_flat,
    },
    "heic": {
        "tables": _in_meta,
        "box renamed": _box_renamed,
        "parts of parts": _heic_parts,
        "pictures": _heic_pictures,
    },
}
