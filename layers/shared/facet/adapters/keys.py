"""How rows of the one table are called: partition and sort keys, and moments that sort as text.

PK USER#<user>: everything of a user, and SK one of PROFILE, <shelf>#<item>, ANALYSIS#<analysis>,
READING#<analysis>, RESULT#<analysis>#<kind>, TONE#<analysis>, LOOK#<look>, QUOTA#<day>,
LIMIT#<minute or day>, EXPORT#<export>, KEY#<hash of a route and an Idempotency-Key>, TURN#<what>,
OWNED.
PK ERASURE#<hash of the user's id>, SK ERASURE: what outlives them.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from facet.domain.belongings import Shelf
from facet.domain.limits import DAY
from facet.domain.places import user_partition

ANALYSIS = "ANALYSIS"
READING = "READING"
RESULT = "RESULT"
TONE = "TONE"
LOOK = "LOOK"
QUOTA = "QUOTA"
EXPORT = "EXPORT"
LIMIT = "LIMIT"
ERASURE = "ERASURE"
KEY = "KEY"
TURN = "TURN"
PROFILE = "PROFILE"
OWNED = "OWNED"  # counts what lies on the shelves
# Sorts behind every id, all of which are letters and digits.
LAST = "~"

type Key = dict[str, str]


def user_key(user_id: str, sort_key: str) -> Key:
    """Key of the row of this sort key among a user's rows."""
    return {"PK": user_partition(user_id), "SK": sort_key}


def analysis_key(user_id: str, analysis_id: str) -> Key:
    """Key of the row of an analysis."""
    return user_key(user_id, f"{ANALYSIS}#{analysis_id}")


def reading_key(user_id: str, analysis_id: str) -> Key:
    """Key of what was measured in an analysis."""
    return user_key(user_id, f"{READING}#{analysis_id}")


def name_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """(what it is, user_id, id) off the key of a row: no row is without its key."""
    what, _, row_id = str(row["SK"]).partition("#")
    return what, str(row["PK"]).removeprefix(user_partition("")), row_id


def result_key(user_id: str, analysis_id: str, kind: str) -> Key:
    """Key of the result of one kind of advice, of what became of its looks, or of the words."""
    return user_key(user_id, f"{RESULT}#{analysis_id}#{kind}")


def tone_key(user_id: str, analysis_id: str) -> Key:
    """Key of what an analysis says of its person's tone."""
    return user_key(user_id, f"{TONE}#{analysis_id}")


def look_key(user_id: str, look_id: str) -> Key:
    """Key of the row of a saved look."""
    return user_key(user_id, f"{LOOK}#{look_id}")


def quota_key(user_id: str, day: str) -> Key:
    """Key of the row that counts one day's quota; day: ISO date (UTC)."""
    return user_key(user_id, f"{QUOTA}#{day}")


def limit_key(user_id: str, window: datetime, length: timedelta) -> Key:
    """Key of the row that counts what a user does within the minute or day from `window` on."""
    begin = f"{window.astimezone(UTC):%Y-%m-%dT%H:%M}"
    return user_key(user_id, f"{LIMIT}#{begin[:10] if length == DAY else begin}")


def export_row_key(user_id: str, export_id: str) -> Key:
    """Key of the row of an export."""
    return user_key(user_id, f"{EXPORT}#{export_id}")


def shelf_key(user_id: str, shelf: Shelf, item_id: str) -> Key:
    """Key of the row of a thing on a shelf."""
    return user_key(user_id, f"{shelf}#{item_id}")


def repeat_key(user_id: str, digest: str) -> Key:
    """Key of the row that keeps the id of a request's Idempotency-Key; digest: of route and key."""
    return user_key(user_id, f"{KEY}#{digest}")


def turn_key(user_id: str, what: str) -> Key:
    """Key of the row by which a user's new rows of this sort are put one after the other."""
    return user_key(user_id, f"{TURN}#{what}")


def erasure_key(user_id: str) -> Key:
    """Key of the row that outlives a user, by a hash of their id.

    The id is random (a UUID), so that the hash leads back to it only for who has it.
    """
    return {"PK": f"ERASURE#{hashlib.sha256(user_id.encode()).hexdigest()}", "SK": ERASURE}


def rows_below(user_id: str, first: str) -> dict[str, Any]:
    """Query: all rows of a user whose sort key starts with `first` and a #."""
    return {
        "KeyConditionExpression": "PK = :pk AND begins_with(SK, :sk)",
        "ExpressionAttributeValues": {":pk": user_partition(user_id), ":sk": f"{first}#"},
    }


def rows_before(user_id: str, first: str, before_id: str | None) -> dict[str, Any]:
    """Query: the rows of `rows_below`, newest first, from that of `before_id` on if given."""
    return {
        "KeyConditionExpression": "PK = :pk AND SK BETWEEN :oldest AND :newest",
        "ExpressionAttributeValues": {
            ":pk": user_partition(user_id),
            ":oldest": f"{first}#",
            ":newest": f"{first}#{before_id or LAST}",
        },
        "ScanIndexForward": False,
    }


def iso(moment: datetime) -> str:
    """A moment as ISO text in UTC, of fixed width, so that strings sort as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
