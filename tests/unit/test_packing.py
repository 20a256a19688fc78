"""How JSON is packed into rows: small, and to be read by every release after."""

import hashlib
import json
import zlib
from pathlib import Path

import pytest

from facet.adapters import rows
from tests.unit.conftest import face_reading

READING = face_reading().model_dump_json(exclude_none=True)
# A dictionary that rows are packed with can never be changed, only followed by another.
DICTIONARIES = {"packing-1.txt": "c382160b96bcba66a39d86b573363681fad9facee2a0d04e8a257b6973ed3ea8"}


def test_what_is_packed_is_read_again() -> None:
    for document in (READING, "[]", json.dumps({"name": "Crème \u4f60"})):
        assert rows.unpack(rows.pack(document)) == json.loads(document)


def test_rows_of_before_there_was_a_dictionary_are_read() -> None:
    assert rows.unpack(zlib.compress(READING.encode())) == json.loads(READING)


def test_the_dictionary_saves_a_quarter_at_least() -> None:
    assert len(rows.pack(READING)) < 0.75 * len(zlib.compress(READING.encode(), 9))


@pytest.mark.parametrize("stored", [b"", b"\x02abc", b"\x01abc", b"\x78abc", rows.pack("no JSON")])
def test_what_cannot_be_unpacked_is_unreadable_and_nothing_else(stored: bytes) -> None:
    with pytest.raises(rows.UNREADABLE):
        rows.unpack(stored)


def test_no_dictionary_was_changed() -> None:
    folder = Path(rows.__file__).parent
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("packing-*.txt")
    }
    assert there == DICTIONARIES
