"""What a file asks of its decoder, told from markers and chunks before a pixel is decoded.

A file of kilobytes may ask for minutes: thousands of scans over one picture, layers laid over each
other, a segment repeated. Decoders set no limit, so limits.toml does. The walk itself is linear in
the file's bytes and stops at the first limit. It judges work only: whether a file is whole, and
what it shows, its decoder finds out.
"""

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from facet.vision.photo.limits import Tally, WalkError, broken

# Markers as Pillow and libjpeg take them: frames (DHP is one to Pillow) and what has a length.
_START_OF_SCAN, _END = 0xDA, 0xD9
_PROGRESSIVE = 0xC2
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xDE} - {0xC4, 0xC8, 0xCC})
_WITH_LENGTH = frozenset({*range(0xC0, 0xD0), *range(0xDA, 0xF0), 0xFE} - {0xC8})
_HUFFMAN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
# In coded data 0xFF00 is a byte and 0xFFD0 to D7 are restarts; anything else ends it.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_STRAY = 64  # bytes between segments that count as one more
_APP1, _EXIF = 0xE1, b"Exif\0\0"
_APP2, _PROFILE = 0xE2, b"ICC_PROFILE"
# Bytes a pixel takes in Pillow, by a PNG's colour type; grey of 16 bits takes two.
_PNG_BYTES = {0: 1, 2: 4, 3: 1, 4: 4, 6: 4}
# ... and a pixel of a WebP's canvas: an alpha plane, and what Pillow needs for a frame (webp.py).
_WEBP_BYTES = {b"ALPH": 1, b"ANMF": 16}


def walk(data: bytes, kind: str) -> Tally:
    """JPEG, PNG, WebP or HEIC, as `kind` says -> what was counted, by the names of limits.toml.

    Raises WalkError for a file that asks too much or whose boxes cannot be followed.
    """
    tally = Tally()
    try:
        _WALKS[kind](data, tally)
    except (IndexError, struct.error) as error:
        raise broken("header cut short") from error
    return tally


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a JPEG's frame header says."""

    areas: Mapping[int, int]  # samples of each component, by its id
    progressive: bool


def _jpeg(data: bytes, tally: Tally) -> None:
    scans, frame = 0, _Frame({}, progressive=False)
    for marker, stray, body, length in _segments(data):
        if not scans:  # from there on the decoder reads, quickly
            tally.add("segments", 1 + stray / _STRAY)
        elif marker == _END:
            break
        if marker in _FRAMES:
            frame = _frame(marker, body)
        elif marker == _START_OF_SCAN:
            scans += 1
            if _is_all(body, frame, tally):
                break
        elif marker == _APP1 and body.startswith(_EXIF):
            tally.add("exif_segments")
        elif marker == _APP2 and body.startswith(_PROFILE):
            tally.add("profile", length)
    if scans > 1:  # all coefficients are kept until the last scan
        tally.memory += 2 * sum(frame.areas.values())


def _segments(data: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Each marker, the bytes since what came before it, the head of its body and its length."""
    at = 2
    while found := _MARKER.search(data, at):
        marker, stray, at = data[found.start() + 1], found.start() - at, found.end()
        length = max(2, int.from_bytes(data[at : at + 2])) if marker in _WITH_LENGTH else 0
        yield marker, stray, data[at + 2 : at + min(length, 64)], length
        at += length
    yield 0, max(0, len(data) - at), b"", 0


def _is_all(body: bytes, frame: _Frame, tally: Tally) -> bool:
    """Count a scan -> whether it is the whole picture, after which libjpeg reads no other."""
    ids = body[1 : 1 + 2 * body[0] : 2]
    tally.add("scans")
    tally.add("samples", sum(frame.areas.get(id_, 0) for id_ in ids))
    return not frame.progressive and len(ids) >= len(frame.areas)


def _frame(marker: int, body: bytes) -> _Frame:
    if marker not in _HUFFMAN_FRAMES or body[:1] != b"\x08":
        raise WalkError("unsupported_format", "JPEG that is not Huffman-coded with 8 bits")
    height, width, count = struct.unpack_from(">HHB", body, 1)
    parts = [body[at : at + 3] for at in range(6, 6 + 3 * min(count, 4), 3)]
    sides = {id_: (both >> 4, both & 15) for id_, both, _ in parts}
    widest = max((h for h, _ in sides.values()), default=1) or 1
    highest = max((v for _, v in sides.values()), default=1) or 1
    areas = {id_: width * height * h * v // (widest * highest) for id_, (h, v) in sides.items()}
    return _Frame(areas, marker == _PROGRESSIVE)


def _png(data: bytes, tally: Tally) -> None:
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        tally.add("chunks")
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", data, at + 8)
            each = 2 if depth == 16 and colour == 0 else _PNG_BYTES.get(colour, 4)
            tally.memory += width * height * each
        elif kind == b"IEND":
            break
        at += 12 + length


def _webp(data: bytes, tally: Tally) -> None:
    at, canvas = 12, 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        tally.add("chunks")
        if kind == b"VP8X":
            width, height = (
                int.from_bytes(data[at + 12 + n : at + 15 + n], "little") for n in (0, 3)
            )
            canvas = (width + 1) * (height + 1)
        elif kind == b"VP8L":
            packed = int.from_bytes(data[at + 9 : at + 13], "little")
            tally.memory += 4 * ((packed & 0x3FFF) + 1) * ((packed >> 14 & 0x3FFF) + 1)
        elif kind == b"ICCP":
            tally.add("profile", length)
        elif kind in _WEBP_BYTES:
            tally.memory += _WEBP_BYTES[kind] * canvas
        at += 8 + length + length % 2


def _heic(data: bytes, tally: Tally) -> None:
    from facet.vision.photo.boxes import walk_boxes  # noqa: PLC0415 - most photos are no HEIC

    walk_boxes(data, tally)


_WALKS: Mapping[str, Callable[[bytes, Tally], None]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "heic": _heic,
}
