"""A result of advice has a size that holds: a row of the table takes 400 kB."""

import json
from collections.abc import Mapping
from typing import Any

from facet.domain.advice import Note
from facet.domain.errors import PermanentError
from facet.saying import say

# Of a result as JSON. It is deflated before it is kept; what cannot be deflated grows by less than
# a thousandth, so that any result of this size fits into its row.
MOST_BYTES = 350_000


def fit_result(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result, without the last notes on single things where it is too large.

    How many were left out is a note itself (`notes_left_out`). Notes on the whole stay.

    Raises PermanentError(result_too_large) for one that is too large without them.
    """
    if _size(result) <= MOST_BYTES:
        return result
    notes = result.get("notes", ())
    single = [number for number, note in enumerate(notes) if "item_id" in note]
    # The most that fit, by halves: `few` fit, `many` do not.
    few, many = -1, len(single)
    while many - few > 1:
        middle = (few + many) // 2
        if _size(_without(result, single[middle:])) <= MOST_BYTES:
            few = middle
        else:
            many = middle
    if few < 0:
        raise PermanentError("result_too_large")
    return _without(result, single[few:])


def _without(result: Mapping[str, Any], left_out: list[int]) -> Mapping[str, Any]:
    gone = set(left_out)
    kept = [note for number, note in enumerate(result.get("notes", ())) if number not in gone]
    text = say("result.notes_left_out", count=len(gone))
    said = Note(code="notes_left_out", text=text).model_dump(mode="json", exclude_none=True)
    return {**result, "notes": [*kept, said]}


def _size(result: Mapping[str, Any]) -> int:
    return len(json.dumps(result))
