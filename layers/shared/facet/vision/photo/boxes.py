"""What a HEIC asks of its decoder: the walk over boxes, items and coded pictures.

A HEIC's picture is an item: coded by HEVC, or derived from others (a grid of tiles, layers laid
over each other, one turned), and those from others again. A few bytes may name one large item a
thousand times. Counted is what decoding each item costs, with every reference, as libheif 1.23
goes about it; sizes are the coded pictures' own (SPS), since what boxes say of them binds nobody.

ISO/IEC 14496-12 (boxes), 23008-12 (items), 14496-15 (HEVC in them), H.265 7.3 (SPS).
"""

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from facet.vision.photo.limits import Tally, WalkError, broken

_CODED = frozenset({b"hvc1", b"hev1"})
_DERIVED = frozenset({b"grid", b"iovl", b"iden"})
_TURNS = frozenset({b"irot", b"imir", b"clap", b"iscl"})
_ALPHA = (b"urn:mpeg:hevc:2015:auxid:1", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
_EXTENTS = 32  # of an item; libheif's own limit
_SPS_UNIT, _FIRST_OF_PICTURE = 33, 0x80
_REFERENCE_PIXELS = 4096  # that naming an item costs at least


class _Box(NamedTuple):
    kind: bytes
    start: int  # of the body
    end: int


class _Cost(NamedTuple):
    coded: int  # px
    derived: int  # px
    area: int  # px, of the picture itself
    level: int  # of derivation


@dataclass
class _Meta:
    """What the meta box says of the items."""

    primary: int
    kinds: dict[int, bytes]  # item -> its type
    places: dict[int, list[tuple[int, int]]]  # item -> (start, end) in the file
    parts: dict[int, list[int]] = field(default_factory=dict)  # dimg: what an item is made of
    alphas: dict[int, list[int]] = field(default_factory=dict)  # item -> its alpha pictures
    properties: dict[int, list[_Box]] = field(default_factory=dict)


def walk_boxes(data: bytes, tally: Tally) -> None:
    """Count what decoding any picture of the file costs. Raises WalkError above a limit."""
    metas = [box for box in _boxes(data, 0, len(data), tally) if box.kind == b"meta"]
    if len(metas) != 1:
        raise broken("not one meta box")
    meta = _read_meta(data, metas[0], tally)
    costs = _Costs(data, meta, tally)
    for item, kind in meta.kinds.items():
        if kind in _CODED or kind in _DERIVED:
            cost = costs.of(item, ())
            for alpha in meta.alphas.get(item, ()):
                cost = _plus(cost, costs.of(alpha, (item,)))
            tally.peak("coded", cost.coded)  # of the largest picture: one is decoded
            tally.peak("derived", cost.derived)
    if foreign := _foreign(meta, meta.primary):
        raise WalkError("unsupported_format", f"HEIF with {foreign.decode('ascii', 'replace')}")
    # Planes of YCbCr and the RGB made of them.
    tally.memory += 6 * costs.of(meta.primary, ()).area


def _foreign(meta: _Meta, item: int) -> bytes | None:
    """The type of what an item needs and no decoder here knows."""
    kind = meta.kinds.get(item, b"none")
    if kind not in _DERIVED:
        return None if kind in _CODED else kind
    return next((name for part in meta.parts.get(item, ()) if (name := _foreign(meta, part))), None)


class _Costs:
    """The cost of each item, told once."""

    def __init__(self, data: bytes, meta: _Meta, tally: Tally) -> None:
        self._data, self._meta, self._tally = data, meta, tally
        self._known: dict[int, _Cost] = {}

    def of(self, item: int, above: tuple[int, ...]) -> _Cost:
        """What decoding an item costs; `above` are those it is a part of."""
        if item in above:
            raise broken("a picture made of itself")
        self._tally.peak("nesting", len(above))
        if item not in self._known:
            self._known[item] = self._reckoned(item, above)
        return self._known[item]

    def _reckoned(self, item: int, above: tuple[int, ...]) -> _Cost:
        meta, kind = self._meta, self._meta.kinds.get(item)
        boxes = meta.properties.get(item, [])
        told = max((_extent(self._data, box) for box in boxes if box.kind == b"ispe"), default=0)
        turns = sum(box.kind in _TURNS for box in boxes)
        if kind in _CODED:
            area, pictures = self._coded(item, boxes)
            return _Cost(max(area, told) * pictures, turns * area, max(area, told), 0)
        if kind not in _DERIVED:
            return _Cost(told, 0, told, 0)
        total = _Cost(0, 0, 0, 0)
        for part in meta.parts.get(item, ()):
            total = _plus(total, self.of(part, (*above, item)))
        level = total.level + 1
        self._tally.peak("nesting", level)
        canvas = max(told, _canvas(self._data, meta.places.get(item, []), kind))
        copied = total.derived + total.area + (1 + turns) * canvas
        return _Cost(total.coded, copied, max(canvas, told), level)

    def _coded(self, item: int, boxes: list[_Box]) -> tuple[int, int]:
        """Pixels of the largest picture that the item's parameters describe, and the pictures."""
        area, length_size = 0, 4
        for box in boxes:
            if box.kind == b"hvcC":
                length_size = (self._data[box.start + 21] & 3) + 1
                for unit in _parameter_sets(self._data, box):
                    area = max(area, _sps_area(unit))
        pictures = 0
        for start, end in self._meta.places.get(item, []):
            for at, unit_end in _units(self._data, start, end, length_size, self._tally):
                first, second = self._data[at], self._data[at + 1]
                kind, layer = first >> 1 & 0x3F, (first & 1) << 5 | second >> 3
                if layer:  # of a stereo pair; libde265 leaves it out
                    continue
                if kind == _SPS_UNIT:
                    area = max(area, _sps_area(self._data[at:unit_end]))
                elif kind < 32 and at + 2 < unit_end and self._data[at + 2] & _FIRST_OF_PICTURE:
                    pictures += 1
        return area, max(1, pictures)


def _plus(one: _Cost, other: _Cost) -> _Cost:
    return _Cost(
        one.coded + max(other.coded, _REFERENCE_PIXELS),
        one.derived + other.derived,
        one.area + other.area,
        max(one.level, other.level),
    )


def _boxes(data: bytes, at: int, end: int, tally: Tally) -> Iterator[_Box]:
    """The boxes between two places, without what is in them, up to one of a wrong length."""
    while at + 8 <= end:
        tally.add("boxes")
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1 and body + 8 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        if kind == b"uuid":
            body += 16
        stop = end if size == 0 else at + size
        if stop < body:
            return  # a phone's trailer; libheif reads no further either
        yield _Box(kind, min(body, end), min(stop, end))
        at = stop


def _read_meta(data: bytes, meta: _Box, tally: Tally) -> _Meta:
    inside: dict[bytes, _Box] = {}
    for box in _boxes(data, meta.start + 4, meta.end, tally):
        if box.kind in inside and box.kind not in {b"free", b"skip", b"uuid"}:
            raise broken("a box of meta twice")
        inside[box.kind] = box
    if missing := {b"pitm", b"iinf", b"iloc", b"iprp"} - inside.keys():
        raise broken(f"no {min(missing).decode()} box")
    pitm = _Numbers(data, inside[b"pitm"])
    known = _Meta(
        primary=pitm.take(4 if pitm.version else 2),
        kinds=_items(data, inside[b"iinf"], tally),
        places=_places(data, inside[b"iloc"], inside.get(b"idat"), tally),
    )
    known.properties = _properties(data, inside[b"iprp"], tally)
    if b"iref" in inside:
        _references(data, inside[b"iref"], known, tally)
    return known


class _Numbers:
    """Big-endian numbers of a full box, one after the other."""

    def __init__(self, data: bytes, box: _Box) -> None:
        self._data, self._end = data, box.end
        self.version = data[box.start]
        self.flags = int.from_bytes(data[box.start + 1 : box.start + 4], "big")
        self.at = box.start + 4

    def take(self, size: int) -> int:
        """The next number of `size` bytes, 0 where it has none."""
        start, self.at = self.at, self.at + size
        if self.at > self._end:
            raise broken("box cut short")
        return int.from_bytes(self._data[start : self.at], "big")


def _items(data: bytes, iinf: _Box, tally: Tally) -> dict[int, bytes]:
    numbers = _Numbers(data, iinf)
    numbers.take(4 if numbers.version else 2)
    kinds: dict[int, bytes] = {}
    for box in _boxes(data, numbers.at, iinf.end, tally):
        entry = _Numbers(data, box)
        if box.kind != b"infe" or entry.version < 2:
            continue
        item = entry.take(4 if entry.version > 2 else 2)
        entry.take(2)
        kind = entry.take(4).to_bytes(4, "big")
        kinds.setdefault(item, kind)
        if kind == b"mime" and _is_packed(data[entry.at : box.end]):
            raise broken("metadata packed")
    return kinds


def _is_packed(texts: bytes) -> bool:
    """Whether a mime item's name, type and encoding end with an encoding."""
    parts = texts.split(b"\0", 3)
    return len(parts) > 2 and parts[2] != b""


def _places(
    data: bytes, iloc: _Box, idat: _Box | None, tally: Tally
) -> dict[int, list[tuple[int, int]]]:
    numbers = _Numbers(data, iloc)
    sizes = numbers.take(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if numbers.version else 0
    wide = 4 if numbers.version > 1 else 2
    places: dict[int, list[tuple[int, int]]] = {}
    for _ in range(numbers.take(wide)):
        tally.add("boxes")
        item = numbers.take(wide)
        method = numbers.take(2) & 15 if numbers.version else 0
        numbers.take(2)
        base = numbers.take(base_size)
        extents = numbers.take(2)
        if extents > _EXTENTS or method > 1 or (method == 1 and idat is None):
            raise broken("item in too many places")
        low, high = (idat.start, idat.end) if method and idat else (0, len(data))
        found = []
        for _ in range(extents):
            numbers.take(index_size)
            start = low + base + numbers.take(offset_size)
            end = min(high, start + numbers.take(length_size)) if length_size else high
            tally.add("stored", max(0, end - start))
            found.append((start, max(start, end)))
        places.setdefault(item, found)
    return places


def _properties(data: bytes, iprp: _Box, tally: Tally) -> dict[int, list[_Box]]:
    inside = list(_boxes(data, iprp.start, iprp.end, tally))
    containers = [box for box in inside if box.kind == b"ipco"]
    if len(containers) != 1:
        raise broken("not one ipco box")
    known = list(_boxes(data, containers[0].start, containers[0].end, tally))
    of_items: dict[int, list[_Box]] = defaultdict(list)
    for box in inside:
        if box.kind != b"ipma":
            continue
        numbers = _Numbers(data, box)
        for _ in range(numbers.take(4)):
            tally.add("boxes")
            item = numbers.take(4 if numbers.version else 2)
            for _ in range(numbers.take(1)):
                index = numbers.take(2) & 0x7FFF if numbers.flags & 1 else numbers.take(1) & 0x7F
                if 0 < index <= len(known):
                    used = known[index - 1]
                    tally.add("stored", used.end - used.start)
                    of_items[item].append(used)
    return of_items


def _references(data: bytes, iref: _Box, meta: _Meta, tally: Tally) -> None:
    wide = 4 if data[iref.start] else 2
    for box in _boxes(data, iref.start + 4, iref.end, tally):
        source, *targets = _ids(data, box, wide)
        tally.add("boxes", len(targets))
        if box.kind == b"dimg":
            meta.parts.setdefault(source, []).extend(targets)
        elif box.kind == b"auxl" and _is_alpha(data, meta.properties.get(source, [])):
            for target in targets:
                meta.alphas.setdefault(target, []).append(source)
        elif box.kind == b"cdsc":  # metadata: read once for each picture that it describes
            size = sum(end - start for start, end in meta.places.get(source, []))
            tally.add("stored", len(targets) * size)


def _ids(data: bytes, box: _Box, wide: int) -> list[int]:
    source = int.from_bytes(data[box.start : box.start + wide], "big")
    (count,) = struct.unpack_from(">H", data, box.start + wide)
    start = box.start + wide + 2
    if start + count * wide > box.end:
        raise broken("box cut short")
    return [source, *struct.unpack_from(f">{count}{'I' if wide == 4 else 'H'}", data, start)]


def _is_alpha(data: bytes, boxes: list[_Box]) -> bool:
    kinds = (data[box.start + 4 : box.end] for box in boxes if box.kind == b"auxC")
    return any(kind.startswith(_ALPHA) for kind in kinds)


def _extent(data: bytes, box: _Box) -> int:
    width, height = struct.unpack_from(">II", data, box.start + 4)
    return int(width) * int(height)


def _canvas(data: bytes, places: list[tuple[int, int]], kind: bytes) -> int:
    """Pixels of the picture that a grid or an overlay says it makes."""
    body = b"".join(data[start : min(end, start + 64)] for start, end in places)[:64]
    if kind == b"iden" or len(body) < 8:
        return 0
    wide = 4 if body[1] & 1 else 2
    at = 4 if kind == b"grid" else 2 + 8
    width, height = (int.from_bytes(body[at + n * wide : at + (n + 1) * wide]) for n in (0, 1))
    return width * height


def _parameter_sets(data: bytes, box: _Box) -> Iterator[bytes]:
    """The SPS of an hvcC box."""
    at = box.start + 22
    arrays, at = data[at], at + 1
    for _ in range(arrays):
        kind, count = struct.unpack_from(">BH", data, at)
        at += 3
        for _ in range(count):
            (length,) = struct.unpack_from(">H", data, at)
            at += 2
            if at + length > box.end:
                raise broken("box cut short")
            if kind & 0x3F == _SPS_UNIT or (length and data[at] >> 1 & 0x3F == _SPS_UNIT):
                yield data[at : at + length]
            at += length


def _units(
    data: bytes, start: int, end: int, length_size: int, tally: Tally
) -> Iterator[tuple[int, int]]:
    """Where the units of coded data lie, each behind its length."""
    at = start
    while at + length_size <= end:
        length = int.from_bytes(data[at : at + length_size])
        at += length_size
        tally.add("slices")
        if length < 2 or at + length > end:
            break  # damaged or cut short: the decoder says so
        yield at, at + length
        at += length


def _sps_area(unit: bytes) -> int:
    """Pixels of a coded picture, from its sequence parameter set (H.265 7.3.2.2)."""
    bits = _Bits(unit[2:256].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    bits.take(88)  # profile
    bits.take(8)  # level
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    bits.golomb()  # its number
    if bits.golomb() == 3:  # chroma
        bits.take(1)
    return bits.golomb() * bits.golomb()


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise broken("parameters cut short")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise broken("parameters cut short")
        return (1 << zeros) - 1 + self.take(zeros)
