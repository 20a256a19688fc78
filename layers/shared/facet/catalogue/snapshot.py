"""A catalogue's snapshot as bytes: JSON for thousands of products, raw columns for a million.

Both hold the same content. JSON can be read by anyone and serves tens of thousands of products in
milliseconds; past that, parsing it would take seconds and gigabytes, so columns lie in the file as
they lie in memory and are used where they are, from bytes or from a mapped file:

    "FACETCAT"  length of the head (u64, little endian)  head (JSON)  columns, each at 64 bytes

The head holds the content with each column replaced by {"column": dtype, "at": offset, "n": count}
(text: the offsets of its ends and of its UTF-8 as well); offsets count from the end of the head.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from facet.domain.errors import PermanentError

SCHEMA = 3
JSON_UP_TO = 50_000  # products; JSON of as many loads in about a second
_MAGIC = b"FACETCAT"
_ALIGN = 64

Buffer = bytes | memoryview


class Texts(Sequence[str]):
    """Many strings as one: UTF-8 end to end, and where each ends."""

    def __init__(self, utf8: NDArray[np.uint8], ends: NDArray[np.integer]) -> None:
        self.utf8, self.ends = utf8, ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Texts":
        """Packs strings; they are read once, so a generator will do."""
        data, ends = bytearray(), []
        for text in texts:
            data += text.encode()
            ends.append(len(data))
        return cls(np.frombuffer(bytes(data), dtype=np.uint8), smallest(ends))

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[str]: ...
    def __getitem__(self, row: int | slice) -> str | Sequence[str]:
        if isinstance(row, slice):
            return [self[n] for n in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        row %= len(self)
        start = int(self.ends[row - 1]) if row else 0
        return self.utf8[start : int(self.ends[row])].tobytes().decode()


def smallest(values: Any) -> NDArray[np.integer]:
    """Integers in the smallest signed type that holds them all (signed: they are subtracted)."""
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int8)
    low, high = int(array.min()), int(array.max())
    for dtype in (np.int8, np.int16, np.int32):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return array.astype(dtype)
    return array.astype(np.int64)


def pack(content: Mapping[str, Any], json_up_to: int = JSON_UP_TO) -> bytes:
    """Snapshot bytes that name their schema and, as version, their own hash.

    content: nested mappings with lists, arrays or Texts as columns; `content["products"]["id"]`
    says how many products there are. The same content gives the same bytes.
    """
    if len(content["products"]["id"]) <= json_up_to:
        body = json.dumps(
            content, separators=(",", ":"), ensure_ascii=False, sort_keys=True, default=_listed
        )
        version = hashlib.sha256(body.encode()).hexdigest()[:16]
        return f'{{"schema":{SCHEMA},"version":"{version}","content":{body}}}'.encode()
    parts: list[NDArray[Any]] = []
    size = 0

    def place(array: NDArray[Any]) -> int:
        nonlocal size
        at = size
        parts.append(array)
        size += -(-array.nbytes // _ALIGN) * _ALIGN
        return at

    def described(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: described(part) for key, part in sorted(value.items())}
        if isinstance(value, Texts):
            ends = smallest(value.ends)
            return {
                "text": ends.dtype.str,
                "at": place(ends),
                "n": len(ends),
                "utf8_at": place(value.utf8),
                "bytes": len(value.utf8),
            }
        if isinstance(value, np.ndarray):
            return {"column": value.dtype.str, "at": place(value), "n": len(value)}
        return value

    head_content = described(content)
    digest = hashlib.sha256(json.dumps(head_content, sort_keys=True).encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part).data)
    head = json.dumps(
        {"schema": SCHEMA, "version": digest.hexdigest()[:16], "content": head_content},
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()
    head += b" " * (-(len(_MAGIC) + 8 + len(head)) % _ALIGN)
    out = bytearray(_MAGIC + len(head).to_bytes(8, "little") + head)
    for part in parts:
        out += part.tobytes()
        out += b"\0" * (-part.nbytes % _ALIGN)
    return bytes(out)


def unpack(data: Buffer) -> tuple[str, Mapping[str, Any]]:
    """(version, content) of a snapshot; columns of the binary form are views of `data`.

    Raises PermanentError: catalogue_schema for another schema, catalogue_corrupt for what is no
    snapshot or breaks off.
    """
    try:
        binary = bytes(data[: len(_MAGIC)]) == _MAGIC
        snapshot, start = _head(data) if binary else (json.loads(bytes(data)), 0)
        schema, version, content = (snapshot[k] for k in ("schema", "version", "content"))
        if schema != SCHEMA:
            raise PermanentError("catalogue_schema", schema=schema, expected=SCHEMA)
        return str(version), _columns(content, data, start) if binary else content
    except (ValueError, TypeError, KeyError) as error:
        raise PermanentError("catalogue_corrupt") from error


def _head(data: Buffer) -> tuple[dict[str, Any], int]:
    start = len(_MAGIC) + 8
    end = start + int.from_bytes(data[len(_MAGIC) : start], "little")
    head: dict[str, Any] = json.loads(bytes(data[start:end]))
    return head, end


def _columns(value: Any, data: Buffer, start: int) -> Any:
    if not isinstance(value, dict):
        return value
    if "column" in value:
        return np.frombuffer(data, value["column"], value["n"], start + value["at"])
    if "text" in value and "utf8_at" in value:
        ends: NDArray[np.integer] = np.frombuffer(
            data, np.dtype(value["text"]), value["n"], start + value["at"]
        )
        utf8 = np.frombuffer(data, np.uint8, value["bytes"], start + value["utf8_at"])
        return Texts(utf8, ends)
    return {key: _columns(part, data, start) for key, part in value.items()}


def _listed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Texts):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no part of a snapshot")
