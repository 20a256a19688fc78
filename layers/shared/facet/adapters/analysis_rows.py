"""Rows of analyses: beside the one that moves lie what was measured and what was advised."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from ulid import ULID

from facet.adapters.keys import (
    RESULT,
    Key,
    analysis_key,
    iso,
    name_of,
    reading_key,
    result_key,
    tone_key,
)
from facet.adapters.overdue import opened
from facet.adapters.rows import UNREADABLE, moving, pack, unpack
from facet.domain.analysis import Analysis, Awaited, Kind, ReadAnalysis, Status, UnreadableRow
from facet.domain.tone_of_person import TonePart
from facet.saying import say

# Beside the kinds of results: what became of the looks of one, and the whole in words.
DRAWN, WORDS = "looks", "words"
OVER = (Status.COMPLETED, Status.FAILED, Status.EXPIRED)


def to_analysis(item: Mapping[str, Any]) -> Analysis:
    """A row as an analysis. Raises one of UNREADABLE for a row that is none."""
    return Analysis.model_validate(_parsed(item))


def _parsed(item: Mapping[str, Any]) -> dict[str, Any]:
    parsed = {
        name: json.loads(item[name])
        for name in ("weather", "failure")
        if item.get(name) is not None
    }
    expires_at = datetime.fromtimestamp(int(item["expires_at"]), UTC)
    # The release before did not say what is to come; whoever has not ended awaits all of it.
    awaits = {} if item.get("status") in OVER else {"awaits": tuple(Awaited)}
    return {**awaits, **item, **parsed, "expires_at": expires_at}


def charged_day(item: Mapping[str, Any]) -> str:
    """The ISO date of the quota that an analysis was charged on, of a broken row as well: then the
    day of its id."""
    try:
        return date.fromisoformat(item["quota_day"]).isoformat()
    except (KeyError, TypeError, ValueError):
        return ULID.from_str(name_of(item)[2]).datetime.date().isoformat()


def to_read(item: Mapping[str, Any], reading: Mapping[str, Any] | None) -> ReadAnalysis:
    """Both rows of an analysis as one. Raises one of UNREADABLE."""
    # A row of before there were two holds what was measured itself.
    packed = (reading or item).get("reading")
    measured = unpack(packed) if packed is not None else None
    return ReadAnalysis.model_validate({**_parsed(item), "reading": measured})


def _unreadable(row: Mapping[str, Any], error: Exception) -> UnreadableRow:
    _, user_id, analysis_id = name_of(row)
    return UnreadableRow(user_id, analysis_id, reason=type(error).__name__)


def asked_row(analysis: Analysis, due_at: datetime) -> dict[str, Any]:
    """The row of an analysis that was just asked for; due_at: when the sweep looks after it."""
    return {
        **analysis_key(analysis.user_id, analysis.analysis_id),
        **analysis.model_dump(
            mode="json",
            exclude_none=True,
            exclude_defaults=True,
            exclude={"weather", "awaits"},
        ),
        # As JSON: the table takes no floats.
        **({"weather": analysis.weather.model_dump_json()} if analysis.weather else {}),
        "status": analysis.status,
        **({"awaits": {str(each) for each in analysis.awaits}} if analysis.awaits else {}),
        "created_at": iso(analysis.created_at),
        "updated_at": iso(analysis.updated_at),
        "expires_at": int(analysis.expires_at.timestamp()),
        **opened(analysis.analysis_id, due_at),
    }


def part_row(analysis: Analysis, part: TonePart) -> dict[str, Any]:
    """What an analysis says of its person's tone, as a row."""
    evidence = [piece.model_dump() for piece in part.evidence]
    return {
        **tone_key(analysis.user_id, analysis.analysis_id),
        "evidence": json.dumps(evidence),
        "photos": sorted(part.photos),
        "created_at": iso(part.created_at),
        "expires_at": int(part.expires_at.timestamp()),
    }


def to_part(row: Mapping[str, Any]) -> TonePart | None:
    """A row of `part_row` read again; None where it cannot be."""
    try:
        expires_at = datetime.fromtimestamp(int(row["expires_at"]), UTC)
        told = {"evidence": json.loads(row["evidence"]), "expires_at": expires_at}
        return TonePart.model_validate({**row, **told})
    except UNREADABLE:
        return None


def result_keys(user_id: str, analysis_id: str) -> list[Key]:
    """Keys of the rows of results, and of what stands beside them."""
    return [result_key(user_id, analysis_id, name) for name in (*Kind, DRAWN, WORDS)]


def keys_beside(user_id: str, analysis_id: str) -> list[Key]:
    """Keys of the rows that an analysis may have beside its own."""
    whose = user_id, analysis_id
    return [*result_keys(*whose), reading_key(*whose), tone_key(*whose)]


def answers(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the result rows among these hold, by name: of one that cannot be read, a failure."""
    told = {}
    for row in rows:
        what, _, name = str(row["SK"]).partition("#")
        if what != RESULT:
            continue
        name = name.rpartition("#")[2]
        advice = name in Kind
        try:
            result = unpack(row["result"])
            if advice and not isinstance(result, dict):
                raise TypeError(f"advice that is a {type(result).__name__}")
            told[name] = result
        except UNREADABLE:
            if advice:
                message = say("problem.internal_error.detail")
                told[name] = {"status": "failed", "code": "internal_error", "message": message}
    return told


def told_of(
    row: Mapping[str, Any], readings: Mapping[str, Mapping[str, Any]]
) -> ReadAnalysis | UnreadableRow:
    """A row with its reading among these, by sort key; or that it cannot be read."""
    try:
        return to_read(row, readings.get(reading_key(*name_of(row)[1:])["SK"]))
    except UNREADABLE as error:
        return _unreadable(row, error)


def words_of(item: Mapping[str, Any]) -> Any:
    """The whole in words, where a row of before they had one of their own holds them; else None."""
    packed = item.get("enhanced_analysis")
    return unpack(packed) if packed is not None else None


def answer_row(analysis: Analysis, name: str, told: Any, **more: Any) -> dict[str, Any]:
    """A result, or what stands beside the results, as a row; it expires with the analysis."""
    return {
        **result_key(analysis.user_id, analysis.analysis_id, name),
        "result": pack(json.dumps(told)),
        "expires_at": int(analysis.expires_at.timestamp()),
        **more,
    }


def moving_to(
    to: Status,
    now: datetime,
    *,
    condition: str,
    values: Mapping[str, Any] | None = None,
    sets: Mapping[str, Any] | None = None,
    removes: Sequence[str] = (),
) -> dict[str, Any]:
    """The update of an analysis to a status, where the condition holds."""
    request = moving({"status": to, "updated_at": iso(now), **(sets or {})}, removes=removes)
    request["ExpressionAttributeValues"] |= values or {}
    return {"ConditionExpression": condition, **request}
