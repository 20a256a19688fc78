"""What one analysis costs in write units, over all calls from its POST to its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from tests.integration.conftest import Stack

MOST = 21  # the old layout took 39
INDEX = ("open_shard", "due_at")
WRITES = ("PutItem", "UpdateItem", "DeleteItem")


def size(value: Any) -> int:
    """Bytes of an attribute value as the low-level client has it.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    ((kind, told),) = value.items()
    match kind:
        case "S":
            bytes_ = len(told.encode())
        case "N":
            bytes_ = len(told.lstrip("-").replace(".", "")) // 2 + 2
        case "B":
            bytes_ = len(told)
        case "BOOL" | "NULL":
            bytes_ = 1
        case "SS":
            bytes_ = sum(len(member.encode()) for member in told)
        case "L":
            bytes_ = 3 + sum(1 + size(member) for member in told)
        case "M":
            bytes_ = 3 + len(told) + item_size(told)
        case _:
            raise AssertionError(kind)
    return bytes_


def item_size(item: dict[str, Any]) -> int:
    return sum(len(name.encode()) + size(value) for name, value in item.items())


class Meter:
    """Counts the write units of every call, off the items before and after it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, int, int, int]] = []
        self.step = ""
        self._rows = boto3.client("dynamodb")
        self._call = BaseClient._make_api_call  # type: ignore[attr-defined]

    @property
    def total(self) -> int:
        return sum(units + index for *_, units, index in self.lines)

    def table(self) -> str:
        line = "{:<12} {:<46} {:>6} {:>5} {:>5}".format
        rows = [line(*told) for told in self.lines]
        return "\n".join([line("step", "write", "bytes", "units", "index"), *rows])

    @contextmanager
    def counting(self, step: str) -> Iterator[None]:
        self.step, meter, call = step, self, self._call

        def counted(client: Any, operation: str, params: dict[str, Any]) -> Any:
            if client.meta.service_model.service_name != "dynamodb" or client is meter._rows:
                return call(client, operation, params)
            writes = list(_writes(operation, params))
            before = [meter._row(*at) for _, at in writes]
            try:
                return call(client, operation, params)
            finally:
                for (verb, at), was in zip(writes, before, strict=True):
                    meter._note(verb, at[1], was, meter._row(*at), operation)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", counted)
            yield

    def _row(self, table: str, key: dict[str, str]) -> dict[str, Any]:
        told = {name: {"S": value} for name, value in key.items()}
        item: dict[str, Any] = self._rows.get_item(TableName=table, Key=told).get("Item", {})
        return item

    def _note(
        self,
        verb: str,
        key: dict[str, str],
        before: dict[str, Any],
        after: dict[str, Any],
        operation: str,
    ) -> None:
        larger = max(item_size(before), item_size(after))
        units = max(1, ceil(larger / 1024)) * (2 if operation == "TransactWriteItems" else 1)
        was, now = ([row[name] for name in INDEX if name in row] for row in (before, after))
        # A key of the index that changes is a deletion and a put.
        index = 0 if was == now else bool(was) + bool(now)
        what, _, rest = key["SK"].partition("#")
        kind = rest.partition("#")[2]
        name = f"{verb} {what}{f' {kind}' if kind else ''}"
        self.lines.append((self.step, name, larger, units, index))


def _writes(operation: str, params: dict[str, Any]) -> Iterator[tuple[str, tuple[str, Any]]]:
    if operation in WRITES:
        yield operation, (params["TableName"], _key(params))
    elif operation == "TransactWriteItems":
        for each in params["TransactItems"]:
            ((verb, request),) = each.items()
            yield f"{verb} (transaction)", (request["TableName"], _key(request))
    elif operation == "BatchWriteItem":
        raise AssertionError("count these too")


def _key(request: dict[str, Any]) -> dict[str, str]:
    key = request.get("Key") or request["Item"]
    return {name: key[name] for name in ("PK", "SK")}


def test_an_analysis_takes_few_write_units(
    stack: Stack, portrait: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    meter = Meter()
    wish = stack.wish(portrait)
    with meter.counting("POST"):
        status, body, _ = stack.http(
            "presign",
            "api_post_analyses.json",
            body=wish,
            headers={"Idempotency-Key": "01M8PNAP89N5W53CA3FKQW3N67"},
        )
    assert status == 201
    analysis_id = body["analysis_id"]
    event = stack.upload(analysis_id, portrait, 0)
    with meter.counting("analyze"):
        stack.call("analyze", event)
    jobs = stack.jobs()
    with meter.counting("thumbnail"):
        stack.call("thumbnail", stack.saved(analysis_id))
    with meter.counting("recommend"):
        stack.call("recommend", stack.batch(*(job["Body"] for job in jobs)))

    row = stack.row(analysis_id)
    assert row["status"] == "completed"
    assert row["thumbnails"] is True
    assert not {"open_shard", "due_at", "awaits"} & row.keys()
    with capsys.disabled():
        print(f"\n{meter.table()}\n{meter.total} write units, of at most {MOST}")
    assert meter.total <= MOST


def test_without_thumbnails_in_time_they_close_the_row_at_no_more_cost(
    stack: Stack, portrait: bytes
) -> None:
    meter = Meter()
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    with meter.counting("recommend"):
        stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    with meter.counting("thumbnail"):
        stack.call("thumbnail", stack.saved(analysis_id))

    assert not {"open_shard", "due_at", "awaits"} & stack.row(analysis_id).keys()
    assert meter.total <= MOST - 11, meter.table()
