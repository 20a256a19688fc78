"""Rows of analyses and of their results. Every write is conditional on what the row was."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from facet.adapters.keys import (
    ANALYSIS,
    RESULT,
    TONE,
    Key,
    analysis_key,
    ids_of,
    iso,
    result_key,
    rows_before,
    rows_below,
    tone_key,
)
from facet.adapters.quota import charge, refund, usage
from facet.adapters.rows import (
    UNREADABLE,
    at_least,
    change_row,
    pack,
    pages,
    setting,
    transact,
    unpack,
)
from facet.domain.analysis import (
    PATIENCE,
    Analysis,
    Failure,
    Kind,
    Page,
    Size,
    Status,
    UnreadableRow,
)
from facet.domain.face import FaceReading
from facet.domain.looks import DrawnLook
from facet.domain.narration import EnhancedAnalysis
from facet.domain.quota import QuotaExceededError, Tier, Usage
from facet.domain.tone import ToneEvidence
from facet.domain.tone_of_person import TonePart, kept_evidence, most_parts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

OPEN_INDEX = "open-index"
OPEN_SHARDS = 4
DRAWN = "looks"  # beside the kinds of results: what became of the looks of one
# A claim is held as long as the analyze function may run (its Timeout in template.yaml).
LEASE = timedelta(seconds=30)


def _shard(analysis_id: str) -> str:
    return str(sum(analysis_id.encode()) % OPEN_SHARDS)


def to_analysis(item: Mapping[str, Any]) -> Analysis:
    """A row as an analysis. Raises one of UNREADABLE for a row that is none."""
    parsed = {
        name: json.loads(item[name])
        for name in ("weather", "failure")
        if item.get(name) is not None
    }
    packed = ("reading", "enhanced_analysis")
    parsed |= {name: unpack(item[name]) for name in packed if item.get(name) is not None}
    expires_at = datetime.fromtimestamp(int(item["expires_at"]), UTC)
    return Analysis.model_validate({**item, **parsed, "expires_at": expires_at})


def _told(row: Mapping[str, Any]) -> Analysis | UnreadableRow:
    try:
        return to_analysis(row)
    except UNREADABLE as error:
        return _unreadable(row, error)


def _unreadable(row: Mapping[str, Any], error: Exception) -> UnreadableRow:
    return UnreadableRow(*ids_of(row), reason=type(error).__name__)


def _part_row(analysis: Analysis, part: TonePart) -> dict[str, Any]:
    evidence = [piece.model_dump() for piece in part.evidence]
    return {
        **tone_key(analysis.user_id, analysis.analysis_id),
        "evidence": json.dumps(evidence),
        "photos": sorted(part.photos),
        "created_at": iso(part.created_at),
        "expires_at": int(part.expires_at.timestamp()),
    }


def _to_part(row: Mapping[str, Any]) -> TonePart | None:
    try:
        expires_at = datetime.fromtimestamp(int(row["expires_at"]), UTC)
        told = {"evidence": json.loads(row["evidence"]), "expires_at": expires_at}
        return TonePart.model_validate({**row, **told})
    except UNREADABLE:
        return None


class AnalysisTable:
    """Rows of analyses, results and quota days."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    # -- reading ---------------------------------------------------------------------------

    def get(self, user_id: str, analysis_id: str) -> Analysis | None:
        """The user's analysis of this id, or None."""
        item = self._table.get_item(
            Key=analysis_key(user_id, analysis_id), ConsistentRead=True
        ).get("Item")
        return to_analysis(item) if item else None

    def results(self, user_id: str, analysis_id: str) -> dict[Kind, dict[str, Any]]:
        """The recommendation documents written so far, by kind."""
        return self.answers(user_id, analysis_id)[0]

    def answers(
        self, user_id: str, analysis_id: str
    ) -> tuple[dict[Kind, dict[str, Any]], tuple[DrawnLook, ...] | None]:
        """The results so far, by kind, and what became of their looks; None: not drawn yet."""
        rows = self._table.query(
            **rows_below(user_id, f"{RESULT}#{analysis_id}"), ConsistentRead=True
        )["Items"]
        by_name = {str(row["SK"]).rsplit("#", 1)[1]: unpack(row["result"]) for row in rows}
        drawn = by_name.pop(DRAWN, None)
        looks = None if drawn is None else tuple(map(DrawnLook.model_validate, drawn))
        return {Kind(name): result for name, result in by_name.items()}, looks

    def history(self, user_id: str, limit: int, before_id: str | None) -> Page:
        """Up to `limit` analyses older than `before_id`, newest first (ULIDs sort by time)."""
        # One more to know of a next page, and one for before_id itself.
        request = {**rows_before(user_id, ANALYSIS, before_id), "Limit": limit + 2}
        rows = at_least(limit + 2, self._table.query, request)
        older = [row for row in rows if row["SK"] != f"{ANALYSIS}#{before_id}"]
        told = [_told(row) for row in older[:limit]]
        return Page(
            tuple(each for each in told if isinstance(each, Analysis)),
            told[-1].analysis_id if len(older) > limit else None,
            tuple(each for each in told if isinstance(each, UnreadableRow)),
        )

    def earliest(self, user_id: str, limit: int) -> tuple[Analysis, ...]:
        """A user's first `limit` analyses, oldest first; fewer where a megabyte holds no more, and
        without those that cannot be read."""
        rows = self._table.query(**rows_below(user_id, ANALYSIS), Limit=limit)["Items"]
        return tuple(each for each in map(_told, rows) if isinstance(each, Analysis))

    def tones(self, user_id: str, now: datetime) -> tuple[ToneEvidence, ...]:
        """What a user's newest analyses that are kept at `now` say of their tone, newest first.

        A row that cannot be read says nothing.
        """
        newest = {**rows_before(user_id, TONE, None), "Limit": most_parts(), "ConsistentRead": True}
        parts = (_to_part(row) for row in self._table.query(**newest)["Items"])
        return kept_evidence((part for part in parts if part), now)

    def standing_still(self, now: datetime) -> Iterator[Analysis | UnreadableRow]:
        """Analyses whose state is overdue at `now`, oldest first within a shard.

        A row that cannot be read is told of, and the others follow.
        """
        for shard in range(OPEN_SHARDS):
            overdue = {
                "IndexName": OPEN_INDEX,
                "KeyConditionExpression": "open_shard = :shard AND due_at < :now",
                "ExpressionAttributeValues": {":shard": str(shard), ":now": iso(now)},
            }
            for page in pages(self._table.query, overdue):
                for row in page:
                    user_id, analysis_id = ids_of(row)
                    try:
                        analysis = self.get(user_id, analysis_id)
                    except UNREADABLE as error:
                        yield _unreadable(row, error)
                        continue
                    if analysis and analysis.due_at and analysis.due_at < now:
                        yield analysis

    def check(self) -> None:
        """Read the table. Raises ClientError or a BotoCoreError where that cannot be done."""
        self._table.get_item(Key=analysis_key("health", "check"))

    def usage(self, user_id: str, tier: Tier, now: datetime) -> Usage:
        """How many analyses a user has used on the UTC day of `now`."""
        return usage(self._table, user_id, tier, now)

    # -- moving an analysis on ---------------------------------------------------------------

    def create(self, analysis: Analysis, tier: Tier) -> None:
        """Charge the day's quota and write the row, both or neither.

        Raises QuotaExceededError.
        """
        row = {
            **analysis_key(analysis.user_id, analysis.analysis_id),
            **analysis.model_dump(
                mode="json", exclude_none=True, exclude={"reading", "failure", "pending", "weather"}
            ),
            # As JSON: the table takes no floats.
            **({"weather": analysis.weather.model_dump_json()} if analysis.weather else {}),
            "created_at": iso(analysis.created_at),
            "updated_at": iso(analysis.updated_at),
            "due_at": iso(analysis.created_at + PATIENCE[analysis.status]),
            "open_shard": _shard(analysis.analysis_id),
            "expires_at": int(analysis.expires_at.timestamp()),
        }
        charged = charge(self._table.name, analysis, tier)
        if not transact(self._table, [charged, self._put(row)]):
            raise QuotaExceededError(self.usage(analysis.user_id, tier, analysis.created_at))

    def claim(self, user_id: str, analysis_id: str, now: datetime) -> Analysis | None:
        """Take an analysis on: awaiting_upload -> analyzing, or again after a released try.

        None where it is in any other state, or another run still holds it.
        """
        return self._move(
            analysis_key(user_id, analysis_id),
            Status.ANALYZING,
            now,
            condition="#status = :awaiting OR (#status = :set_status AND lease_until <= :now)",
            values={":awaiting": Status.AWAITING_UPLOAD, ":now": iso(now)},
            sets={"lease_until": iso(now + LEASE)},
        )

    def release(self, analysis: Analysis, now: datetime) -> None:
        """Let the next delivery of the same event have another try at once."""
        self._move(
            analysis_key(analysis.user_id, analysis.analysis_id),
            Status.ANALYZING,
            now,
            sets={"lease_until": iso(now)},
        )

    def save_reading(
        self, analysis: Analysis, reading: FaceReading, photo: Size, now: datetime
    ) -> Analysis | None:
        """analyzing -> recommending with what was measured; None when it is no longer analyzing.

        What it says of the person's tone is written before, in a row of its own: cut short between
        the two, the next try writes both. It leaves none where the reading is not kept.
        """
        if part := TonePart.of(analysis, reading):
            self._table.put_item(Item=_part_row(analysis, part))
        saved = self._move(
            analysis_key(analysis.user_id, analysis.analysis_id),
            Status.RECOMMENDING,
            now,
            condition="#status = :analyzing",
            values={":analyzing": Status.ANALYZING},
            sets={
                "reading": pack(reading.model_dump_json(exclude_none=True)),
                "photo": photo.model_dump(),
                "pending": {str(kind) for kind in analysis.wants},
                "redrives": 0,
            },
        )
        if saved is None:
            self.forget_tone(analysis.user_id, analysis.analysis_id)
        return saved

    def forget_tone(self, user_id: str, analysis_id: str) -> None:
        """Take away what an analysis says of its person's tone, unless its reading is kept."""
        analysis = self.get(user_id, analysis_id)
        # One without a reading that has ended, or is gone, gets none any more: no race is left.
        if analysis is None or analysis.reading is None:
            self._table.delete_item(Key=tone_key(user_id, analysis_id))

    def save_thumbnails(self, user_id: str, analysis_id: str) -> bool:
        """Note that both thumbnails are there; False when the analysis is gone."""
        key = analysis_key(user_id, analysis_id)
        return change_row(self._table, key, **setting({"thumbnails": True})) is not None

    def save_result(self, analysis: Analysis, kind: Kind, result: Mapping[str, Any]) -> bool:
        """Write a kind's result and take the kind off `pending`, both or neither.

        False when this result is already there or the analysis is no longer waiting for it: the
        first result stays.
        """
        take_off = self._write(
            "Update",
            analysis_key(analysis.user_id, analysis.analysis_id),
            UpdateExpression="DELETE pending :kinds",
            ConditionExpression="#status = :recommending AND contains(pending, :kind)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":kinds": {str(kind)},
                ":kind": str(kind),
                ":recommending": Status.RECOMMENDING,
            },
        )
        return transact(self._table, [self._put_result(analysis, kind, result), take_off])

    def complete_with(
        self,
        analysis: Analysis,
        kind: Kind,
        result: Mapping[str, Any],
        now: datetime,
        enhanced: EnhancedAnalysis | None = None,
    ) -> Analysis | None:
        """recommending -> completed with the result of the one kind that is pending, in one write.

        None when it is not the only one, or no longer waited for.
        """
        completing = _moving(
            Status.COMPLETED,
            now,
            condition="#status = :recommending AND pending = :last",
            values={":recommending": Status.RECOMMENDING, ":last": {str(kind)}},
            sets={"enhanced_analysis": pack(enhanced.model_dump_json())} if enhanced else None,
            removes=("pending",),
        )
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        update = self._write("Update", key, **completing)
        if not transact(self._table, [self._put_result(analysis, kind, result), update]):
            return None
        return analysis.model_copy(
            update={
                "status": Status.COMPLETED,
                "pending": frozenset(),
                "enhanced_analysis": enhanced,
                "updated_at": now,
            }
        )

    def _put_result(self, analysis: Analysis, kind: str, result: Any) -> dict[str, Any]:
        """A write of a transaction: a kind's result, or DRAWN; what is there already stays."""
        return self._put(
            {
                **result_key(analysis.user_id, analysis.analysis_id, kind),
                "result": pack(json.dumps(result)),
                "expires_at": int(analysis.expires_at.timestamp()),
            }
        )

    def save_drawn(self, analysis: Analysis, looks: Sequence[DrawnLook]) -> bool:
        """Write what became of a result's looks; they expire with the analysis.

        False when that is there already, which stays, or the analysis is gone.
        """
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        there = self._write("ConditionCheck", key, ConditionExpression="attribute_exists(PK)")
        rows = [look.model_dump(mode="json", exclude_none=True) for look in looks]
        return transact(self._table, [there, self._put_result(analysis, DRAWN, rows)])

    def complete(
        self,
        user_id: str,
        analysis_id: str,
        now: datetime,
        enhanced: EnhancedAnalysis | None = None,
    ) -> Analysis | None:
        """recommending -> completed once no kind is pending; None otherwise."""
        return self._move(
            analysis_key(user_id, analysis_id),
            Status.COMPLETED,
            now,
            condition="#status = :recommending AND attribute_not_exists(pending)",
            values={":recommending": Status.RECOMMENDING},
            sets={"enhanced_analysis": pack(enhanced.model_dump_json())} if enhanced else None,
        )

    def end(
        self, analysis: Analysis, status: Status, failure: Failure, now: datetime
    ) -> Analysis | None:
        """End an analysis as failed or expired, and give its charge back, both or neither.

        None when the analysis has moved on since it was read, or is gone.
        """
        ending = _moving(
            status,
            now,
            condition="#status = :seen",
            values={":seen": analysis.status},
            sets={"failure": failure.model_dump_json()},
            removes=("pending",),
        )
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        writes = [self._write("Update", key, **ending), refund(self._table.name, analysis)]
        if analysis.status is Status.ANALYZING:  # a try may have died as it saved its reading
            tone = tone_key(analysis.user_id, analysis.analysis_id)
            writes.append(self._write("Delete", tone))
        if not transact(self._table, writes):
            return None
        return self.get(analysis.user_id, analysis.analysis_id)

    def announced(self, analysis: Analysis) -> None:
        """Note that an ended analysis' event is out, so that the sweep leaves it alone."""
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        change_row(self._table, key, UpdateExpression="REMOVE open_shard, due_at")

    def redriven(self, analysis: Analysis, now: datetime) -> bool:
        """Count one more try by the sweep; False when the state has changed meanwhile."""
        moved = self._move(
            analysis_key(analysis.user_id, analysis.analysis_id),
            analysis.status,
            now,
            condition="#status = :set_status AND redrives = :seen",
            values={":seen": analysis.redrives},
            sets={"redrives": analysis.redrives + 1},
        )
        return moved is not None

    def delete(self, analysis: Analysis) -> bool:
        """Remove the row, its results and its part of the tone.

        An upload that never came is not charged. False when the row has moved on since it was
        read: read it again.
        """
        gone = self._write(
            "Delete",
            analysis_key(analysis.user_id, analysis.analysis_id),
            ConditionExpression="#status = :seen",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":seen": analysis.status},
        )
        whose = (analysis.user_id, analysis.analysis_id)
        results = [self._write("Delete", result_key(*whose, kind)) for kind in (*Kind, DRAWN)]
        tone = self._write("Delete", tone_key(*whose))
        never_used = analysis.status is Status.AWAITING_UPLOAD
        given_back = [refund(self._table.name, analysis)] if never_used else []
        return transact(self._table, [gone, *results, tone, *given_back])

    def _move(self, key: Key, to: Status, now: datetime, **how: Any) -> Analysis | None:
        row = change_row(self._table, key, **_moving(to, now, **how))
        return to_analysis(row) if row else None

    def _write(self, verb: str, key: Key, **request: Any) -> dict[str, Any]:
        """A write of a transaction: an Update, a Delete or a ConditionCheck of this row."""
        return {verb: {"TableName": self._table.name, "Key": key, **request}}

    def _put(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A write of a transaction: a new row; what is there already stays."""
        condition = "attribute_not_exists(PK)"
        return {
            "Put": {"TableName": self._table.name, "Item": row, "ConditionExpression": condition}
        }


def _moving(
    to: Status,
    now: datetime,
    *,
    condition: str = "#status = :set_status",
    values: Mapping[str, Any] | None = None,
    sets: Mapping[str, Any] | None = None,
    removes: Sequence[str] = (),
) -> dict[str, Any]:
    """The update of an analysis to a status, where the condition holds."""
    moved = {"status": to, "updated_at": iso(now), "due_at": iso(now + PATIENCE[to])}
    request = setting({**(sets or {}), **moved})
    if removes:
        request["UpdateExpression"] += " REMOVE " + ", ".join(removes)
    request["ExpressionAttributeValues"] |= values or {}
    return {"ConditionExpression": condition, **request}
