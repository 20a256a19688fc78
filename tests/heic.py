"""HEICs for tests: pictures encoded as phones do, and files of any boxes around a coded picture."""

import io
import struct
from dataclasses import dataclass, field
from functools import cache

import pillow_heif
from PIL import Image


def heic(picture: Image.Image, *, tile: int = 0, quality: int = 60) -> bytes:
    """A picture as HEIC: of one coded picture, or as phones do with tiles and a thumbnail."""
    whole = io.BytesIO()
    more = {"tile_size": tile, "thumbnails": [tile]} if tile else {}
    encoder = {"preset": "ultrafast"}
    pillow_heif.from_pillow(picture).save(whole, quality=quality, enc_params=encoder, **more)
    return whole.getvalue()


def box(kind: bytes, *bodies: bytes) -> bytes:
    """One box of ISO/IEC 14496-12."""
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *bodies: bytes, version: int = 0, flags: int = 0) -> bytes:
    """One full box."""
    return box(kind, struct.pack(">I", version << 24 | flags), *bodies)


@dataclass(frozen=True)
class Coded:
    """One HEVC picture: its parameters (an hvcC box), its data and its size."""

    parameters: bytes
    data: bytes
    width: int
    height: int


@cache
def coded(width: int, height: int) -> Coded:
    """A flat picture, coded; HEVC's blocks ask for even sides."""
    data = heic(Image.new("RGB", (width, height), (180, 130, 110)))
    at = data.index(b"hvcC") - 4
    (length,) = struct.unpack_from(">I", data, at)
    start = data.index(b"mdat") + 4
    return Coded(data[at : at + length], data[start:], width, height)


@dataclass
class Item:
    """One item of a HEIC."""

    kind: bytes
    data: bytes = b""
    properties: list[bytes] = field(default_factory=list)
    made_of: list[int] = field(default_factory=list)  # dimg
    alpha_of: list[int] = field(default_factory=list)  # auxl


def ispe(width: int, height: int) -> bytes:
    """The property that tells a size."""
    return full(b"ispe", struct.pack(">II", width, height))


def tile_item(picture: Coded) -> Item:
    """An item of a coded picture."""
    size = ispe(picture.width, picture.height)
    return Item(b"hvc1", picture.data, [picture.parameters, size])


def grid(rows: int, columns: int, width: int, height: int, parts: list[int]) -> Item:
    """An item of tiles."""
    body = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    return Item(b"grid", body, [ispe(width, height)], parts)


def overlay(width: int, height: int, parts: list[int]) -> Item:
    """An item of layers, each at the upper left."""
    body = struct.pack(">BB4HHH", 0, 0, 0, 0, 0, 0, width, height) + bytes(4 * len(parts))
    return Item(b"iovl", body, [ispe(width, height)], parts)


def file_of(items: list[Item], primary: int = 1) -> bytes:
    """A HEIC of these items, which count from 1."""
    properties = list(dict.fromkeys(p for item in items for p in item.properties))
    numbered = list(enumerate(items, 1))
    entries = [full(b"infe", struct.pack(">HH4sx", n, 0, i.kind), version=2) for n, i in numbered]
    known = [
        struct.pack(">HB", n, len(item.properties))
        + bytes(properties.index(p) + 1 for p in item.properties)
        for n, item in numbered
    ]
    references = [
        box(kind, struct.pack(f">HH{len(to)}H", n, len(to), *to))
        for n, item in numbered
        for kind, to in ((b"dimg", item.made_of), (b"auxl", item.alpha_of))
        if to
    ]
    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(start: int) -> bytes:
        places, at = [], start
        for n, item in numbered:
            places.append(struct.pack(">HHHII", n, 0, 1, at, len(item.data)))
            at += len(item.data)
        return full(
            b"meta",
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"pitm", struct.pack(">H", primary)),
            full(b"iloc", struct.pack(">HH", 0x4400, len(items)), *places),
            full(b"iinf", struct.pack(">H", len(items)), *entries),
            box(
                b"iprp",
                box(b"ipco", *properties),
                full(b"ipma", struct.pack(">I", len(items)), *known),
            ),
            *([full(b"iref", *references)] if references else []),
        )

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", *(item.data for item in items))
