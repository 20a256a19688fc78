"""Rows of the looks people asked for. Writes are conditional, deletions are not: gone is gone."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from facet.adapters.keys import (
    LOOK,
    iso,
    look_key,
    name_of,
    rows_before,
    rows_below,
    turn_key,
)
from facet.adapters.overdue import CLOSED, opened
from facet.adapters.rows import (
    UNREADABLE,
    at_least,
    change_row,
    moving,
    pages,
    put_in_turn,
    setting,
)
from facet.domain.errors import LookUnreadableError
from facet.domain.looks import RENDER_PATIENCE, LookPage, LookStatus, SavedLook
from facet.domain.overdue import due_again

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def _look_item(look: SavedLook) -> dict[str, Any]:
    parts = look.model_dump(mode="json", exclude_none=True, exclude={"due_at"})
    return {
        **look_key(look.user_id, look.look_id),
        **parts,
        "products": json.dumps(parts["products"]),
        "created_at": iso(look.created_at),
        "updated_at": iso(look.updated_at),
        "expires_at": int(look.expires_at.timestamp()),
    }


def _to_look(item: Mapping[str, Any]) -> SavedLook:
    """A row as a look. Raises LookUnreadableError."""
    try:
        products = json.loads(item["products"])
        expires_at = datetime.fromtimestamp(int(item["expires_at"]), UTC)
        return SavedLook.model_validate({**item, "products": products, "expires_at": expires_at})
    except UNREADABLE as error:
        raise LookUnreadableError from error


class LookTable:
    """Rows of the looks people asked for."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def create(self, look: SavedLook, check: Callable[[], None] = lambda: None) -> None:
        """Write the row of a new look, which is drawn within RENDER_PATIENCE or overdue.

        check: raises where there is no room; no other look is put between it and this one. One of
        this id that is there already is the same request's, and stays.
        """
        waits = opened(look.look_id, look.created_at + RENDER_PATIENCE)
        row = {**_look_item(look), **waits}
        put_in_turn(self._table, turn_key(look.user_id, LOOK), row, look.created_at, check)

    def get(self, user_id: str, look_id: str) -> SavedLook | None:
        """The user's look of this id, or None. Raises LookUnreadableError."""
        answer = self._table.get_item(Key=look_key(user_id, look_id), ConsistentRead=True)
        return _to_look(answer["Item"]) if "Item" in answer else None

    def page(self, user_id: str, limit: int, before_id: str | None) -> LookPage:
        """Up to `limit` looks older than `before_id`, newest first, and those among them that
        cannot be read."""
        # One more to know of a next page, and one for before_id itself.
        request = {**rows_before(user_id, LOOK, before_id), "Limit": limit + 2}
        rows = at_least(limit + 2, self._table.query, request)
        older = [row for row in rows if row["SK"] != f"{LOOK}#{before_id}"]
        looks, unreadable = [], []
        for row in older[:limit]:
            try:
                looks.append(_to_look(row))
            except LookUnreadableError:
                unreadable.append(name_of(row)[2])
        next_id = name_of(older[limit - 1])[2] if len(older) > limit else None
        return LookPage(tuple(looks), next_id, tuple(unreadable))

    def of_analyses(self, user_id: str, most: int) -> Counter[str]:
        """Analysis id -> how many looks are on its photo, of up to `most` looks in all."""
        request = {**rows_below(user_id, LOOK), "ProjectionExpression": "analysis_id"}
        request |= {"Limit": most, "ConsistentRead": True}
        rows = at_least(most, self._table.query, request)
        return Counter(str(row.get("analysis_id")) for row in rows)

    def finish(self, look: SavedLook) -> bool:
        """rendering -> completed or failed, as `look` has it; False when nobody waits for it."""
        item = _look_item(look)
        names = ("status", "code", "message", "products", "updated_at")
        sets = {name: item[name] for name in names if name in item}
        return self._waiting(look, moving(sets, removes=CLOSED))

    def redriven(self, look: SavedLook, now: datetime) -> bool:
        """Count one more try of the sweep, once it is sent; False when nobody waits for it."""
        due_at = due_again(now, look.redrives, RENDER_PATIENCE)
        sets = {"redrives": look.redrives + 1, "due_at": iso(due_at)}
        return self._waiting(look, moving(sets))

    def _waiting(self, look: SavedLook, update: dict[str, Any]) -> bool:
        update["ExpressionAttributeNames"] |= {"#status": "status"}
        update["ExpressionAttributeValues"] |= {":rendering": LookStatus.RENDERING}
        waits = "#status = :rendering"
        done = self._set(look.user_id, look.look_id, ConditionExpression=waits, **update)
        return done is not None

    def change(
        self, user_id: str, look_id: str, name: str, favourite: bool, now: datetime
    ) -> SavedLook | None:
        """Rename a look, and mark it as a favourite or not; None where there is no such look.

        Raises LookUnreadableError.
        """
        sets = {"name": name, "favourite": favourite, "updated_at": iso(now)}
        return self._set(user_id, look_id, **setting(sets))

    def delete(self, user_id: str, look_id: str) -> None:
        """Delete a look."""
        self._table.delete_item(Key=look_key(user_id, look_id))

    def delete_of(self, user_id: str, analysis_id: str) -> None:
        """Delete every look on the photo of one analysis."""
        request = rows_below(user_id, LOOK)
        request["ExpressionAttributeValues"] |= {":analysis": analysis_id}
        request |= {"FilterExpression": "analysis_id = :analysis", "ProjectionExpression": "PK, SK"}
        for page in pages(self._table.query, request):
            for key in page:
                self._table.delete_item(Key=key)

    def _set(self, user_id: str, look_id: str, **request: Any) -> SavedLook | None:
        row = change_row(self._table, look_key(user_id, look_id), **request)
        return _to_look(row) if row else None
