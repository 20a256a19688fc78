"""What lies in the tables and buckets, read straight from moto: the one place that knows rows.

Everything else asks the API. Here stands what no answer tells: whose row an object has, how often
a result was written, whether anything of a person is left.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from tests.faults.deployment import ACCOUNT, REGION, USER

ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_plain = TypeDeserializer().deserialize
TERMINAL: Final = {"completed", "failed", "expired"}
STATUSES: Final = {"awaiting_upload", "analyzing", "recommending", *TERMINAL}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of any table: its keys as one text, and all of it as plain values."""

    table: str
    partition: str
    sort: str
    values: Mapping[str, Any]


def backend() -> Any:
    """Moto's DynamoDB."""
    return dynamodb_backends[ACCOUNT][REGION]


def store() -> Any:
    """Moto's S3."""
    return s3_backends[ACCOUNT]["aws"]


def items() -> Iterator[tuple[str, str, str, Any]]:
    """(table, partition, sort key, item) of every row."""
    for name, table in backend().tables.items():
        for partition, below in table.items.items():
            if not table.has_range_key:
                yield name, _text(partition), "", below
                continue
            for sort, item in below.items():
                yield name, _text(partition), _text(sort), item


def _text(key: Any) -> str:
    return str(getattr(key, "value", key))


def rows() -> Iterator[Row]:
    """Every row of every table."""
    for table, partition, sort, item in items():
        told = item.to_json()["Attributes"]
        yield Row(table, partition, sort, {name: _plain(value) for name, value in told.items()})


def rows_of(user_id: str, kind: str) -> Iterator[Row]:
    """A user's rows of a kind: ANALYSIS, LOOK, WARDROBE, EXPORT, FEEDBACK, ..."""
    for row in rows():
        if row.partition == f"USER#{user_id}" and row.sort.startswith(f"{kind}#"):
            yield row


def statuses(user_id: str = USER) -> dict[str, str]:
    """Id of a user's analysis -> its status; empty where the row has none."""
    found = {}
    for _, partition, sort, item in items():
        if partition == f"USER#{user_id}" and sort.startswith("ANALYSIS#"):
            status = item.attrs.get("status")
            found[sort.removeprefix("ANALYSIS#")] = str(status.value) if status else ""
    return found


def results() -> dict[str, Any]:
    """Sort key of every result -> what tells one writing of it from another."""
    return {
        sort: item.attrs["result"].value if "result" in item.attrs else id(item)
        for _, _, sort, item in items()
        if sort.startswith("RESULT#")
    }


def waiting() -> list[datetime]:
    """When whatever waits is due."""
    return [
        datetime.fromisoformat(str(item.attrs["due_at"].value))
        for _, _, _, item in items()
        if "due_at" in item.attrs
    ]


def left_of(user_id: str) -> list[str]:
    """Every row and object that names a person."""
    found = [
        f"row {row.sort.partition('#')[0]}"
        for row in rows()
        if user_id in row.partition or user_id in repr(row.values)
    ]
    return found + [f"object {key.partition('/')[0]}" for _, key in objects() if user_id in key]


def objects() -> list[tuple[str, str]]:
    """(bucket, key) of everything but the catalogue."""
    return [
        (name, key)
        for name, bucket in store().buckets.items()
        for key in bucket.keys
        if not key.startswith("catalogue/")
    ]


def without_owner() -> list[str]:
    """Prefixes of the objects in whose keys an id stands of which there is no row."""
    ids = {part for _, _, sort, _ in items() for part in sort.split("#")[1:]}
    found = []
    for _, key in objects():
        prefix, _, name = key.split("/", 2)
        named = ULID.findall(name) or [name.split("/")[0].split(".")[0]]
        if not set(named) <= ids:
            found.append(prefix)
    return found


def rows_without_analysis() -> list[str]:
    """Kinds of the rows that belong to an analysis of which there is no row."""
    there = {sort.partition("#")[2] for _, _, sort, _ in items() if sort.startswith("ANALYSIS#")}
    found = []
    for _, _, sort, item in items():
        kind, *ids = sort.split("#")
        if kind in ("RESULT", "READING", "TONE") and ids and ids[0] not in there:
            found.append(kind)
        named = item.attrs["analysis_id"].to_json() if "analysis_id" in item.attrs else {}
        # One that cannot be read ends by its expires_at.
        if kind == "LOOK" and named.get("S", "") not in {*there, ""}:
            found.append(kind)
    return found


def used(user_id: str) -> int:
    """How many analyses a user is charged for, over all days."""
    return sum(int(row.values["used"]) for row in rows_of(user_id, "QUOTA"))
