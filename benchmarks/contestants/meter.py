"""What the emulated AWS answered: calls by operation, DynamoDB's request units, its own CPU."""

import json
import math
import time
from collections import Counter
from typing import Any, NamedTuple

from moto.core import DEFAULT_ACCOUNT_ID  # type: ignore[attr-defined]
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends

from local.stack import REGION

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
WRITE_UNIT, READ_UNIT = 1024, 4096
TRANSACTION = 2
INDEX_KEYS = ("open_shard", "due_at")


class Meter:
    """Listens to every call from its making on; moto's own CPU is kept apart."""

    def __init__(self) -> None:
        self.seconds = 0.0  # CPU, inside moto
        self.clear()
        answer = BotocoreStubber.__call__

        def metered(stubber: Any, event_name: str, request: Any, **more: Any) -> Any:
            begun = time.process_time()
            try:
                service, operation = event_name.removeprefix("before-send.").split(".")
                self.calls[f"{service}.{operation}"] += 1
                if service != "dynamodb":
                    return answer(stubber, event_name, request, **more)
                body = json.loads(request.body)
                writes = list(_writes(operation, body))
                before = [_state(write) for write in writes]
                response = answer(stubber, event_name, request, **more)
                self._count(operation, body, writes, before, response)
                return response
            finally:
                self.seconds += time.process_time() - begun

        BotocoreStubber.__call__ = metered  # type: ignore

    def clear(self) -> None:
        """Forget calls and units; the seconds run on."""
        self.calls: Counter[str] = Counter()
        self.write_units = 0
        self.read_units = 0.0

    def _count(
        self,
        operation: str,
        body: dict[str, Any],
        writes: list[dict[str, Any]],
        before: list["State"],
        response: Any,
    ) -> None:
        if not writes:
            # The answer's JSON is a little longer than the items: an estimate from above.
            units = max(1, math.ceil(len(response.content) / READ_UNIT))
            self.read_units += units if body.get("ConsistentRead") else units / 2
            return
        price = TRANSACTION if operation == "TransactWriteItems" else 1
        for write, old in zip(writes, before, strict=True):
            new = _state(write)
            self.write_units += price * max(1, math.ceil(max(old.size, new.size) / WRITE_UNIT))
            if old.index_entry != new.index_entry:  # out with the old one, in with the new
                self.write_units += sum(state.index_entry is not None for state in (old, new))


class State(NamedTuple):
    """An item at one moment; moto changes it in place."""

    size: int = 0  # bytes, names and values
    index_entry: tuple[str, ...] | None = None  # its keys in open-index, where it is less than 1 KB


def _writes(operation: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """{"TableName", "Key" or "Item"} of every item that a call writes."""
    if operation == "TransactWriteItems":
        return [next(iter(entry.values())) for entry in body["TransactItems"]]
    return [body] if operation in {"PutItem", "UpdateItem", "DeleteItem"} else []


def _state(write: dict[str, Any]) -> State:
    backend: DynamoDBBackend = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]
    table = backend.get_table(write["TableName"])
    named = write.get("Key") or write["Item"]
    keys = (table.hash_key_attr, table.range_key_attr)
    item = backend.get_item(write["TableName"], {key: named[key] for key in keys if key})
    if item is None:
        return State()
    indexed = all(key in item.attrs for key in INDEX_KEYS)
    entry = tuple(str(item.attrs[key].value) for key in INDEX_KEYS) if indexed else None
    return State(item.size(), entry)
