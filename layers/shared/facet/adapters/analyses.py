"""Rows of analyses, of what was measured and of what was advised.

Every write is conditional on what the row was, or writes what is only ever written once, so that
one that is repeated changes nothing; `moving` (adapters/rows.py) knows its own writes again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from facet.adapters.analysis_rows import (
    DRAWN,
    OVER,
    WORDS,
    answer_row,
    answers,
    asked_row,
    charged_day,
    keys_beside,
    moving_to,
    part_row,
    result_keys,
    to_analysis,
    to_part,
    to_read,
    told_of,
    words_of,
)
from facet.adapters.keys import (
    ANALYSIS,
    TONE,
    Key,
    analysis_key,
    iso,
    name_of,
    reading_key,
    result_key,
    rows_before,
    rows_below,
    tone_key,
)
from facet.adapters.overdue import CLOSED, opened
from facet.adapters.quota import charge, refund, usage
from facet.adapters.rows import (
    UNREADABLE,
    at_least,
    change_row,
    moving,
    pack,
    put_of,
    put_or_row,
    rows_of,
    transact,
    unpack,
    write_of,
)
from facet.domain.analysis import (
    DRAWN_KIND,
    PATIENCE,
    RETRY_PATIENCE,
    Analysis,
    Awaited,
    Contents,
    Failure,
    Kind,
    Page,
    ReadAnalysis,
    Size,
    Status,
    UnreadableRow,
)
from facet.domain.errors import AnalysisUnreadableError
from facet.domain.face import FaceReading
from facet.domain.looks import DrawnLook
from facet.domain.narration import EnhancedAnalysis
from facet.domain.overdue import due_again
from facet.domain.quota import QuotaExceededError, Tier, Usage
from facet.domain.tone import ToneEvidence
from facet.domain.tone_of_person import TonePart, kept_evidence, most_parts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

# A claim is held as long as the analyze function may run (its Timeout in template.yaml).
LEASE = timedelta(seconds=30)


class AnalysisTable:
    """Rows of analyses, readings, results and quota days."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    # -- reading ---------------------------------------------------------------------------

    def get(self, user_id: str, analysis_id: str) -> Analysis | None:
        """How far the user's analysis of this id is, or None. Raises AnalysisUnreadableError."""
        item = self._item(analysis_key(user_id, analysis_id))
        try:
            return to_analysis(item) if item else None
        except UNREADABLE as error:
            raise AnalysisUnreadableError from error

    def read(self, user_id: str, analysis_id: str) -> ReadAnalysis | None:
        """An analysis with what was measured, or None. Raises AnalysisUnreadableError."""
        read = self._read([(user_id, analysis_id)])
        if not read:
            return None
        if isinstance(read[0], UnreadableRow):
            raise AnalysisUnreadableError
        return read[0]

    def contents(self, user_id: str, analysis_id: str) -> Contents | None:
        """An analysis with all that is kept of it, or None. Raises AnalysisUnreadableError."""
        whose = user_id, analysis_id
        keys = [analysis_key(*whose), reading_key(*whose), *result_keys(*whose)]
        rows = rows_of(self._table, keys)
        if (item := rows.get(keys[0]["SK"])) is None:
            return None
        try:
            analysis = to_read(item, rows.get(keys[1]["SK"]))
            told = answers(rows.values())
            drawn = told.pop(DRAWN, None)
            words = told.pop(WORDS, None) or words_of(item)
            return Contents(
                analysis,
                {Kind(name): result for name, result in told.items()},
                None if drawn is None else tuple(map(DrawnLook.model_validate, drawn)),
                None if words is None else EnhancedAnalysis.model_validate(words),
            )
        except UNREADABLE as error:
            raise AnalysisUnreadableError from error

    def results(self, user_id: str, analysis_id: str) -> dict[Kind, dict[str, Any]]:
        """The recommendation documents written so far, by kind."""
        rows = rows_of(self._table, [result_key(user_id, analysis_id, kind) for kind in Kind])
        return {Kind(name): result for name, result in answers(rows.values()).items()}

    def history(self, user_id: str, limit: int, before_id: str | None) -> Page:
        """Up to `limit` analyses older than `before_id`, newest first (ULIDs sort by time)."""
        # One more to know of a next page, and one for before_id itself.
        request = {**rows_before(user_id, ANALYSIS, before_id), "Limit": limit + 2}
        rows = at_least(limit + 2, self._table.query, request)
        older = [row for row in rows if row["SK"] != f"{ANALYSIS}#{before_id}"]
        told = self._with_readings(older[:limit])
        return Page(
            tuple(each for each in told if isinstance(each, ReadAnalysis)),
            told[-1].analysis_id if len(older) > limit else None,
            tuple(each for each in told if isinstance(each, UnreadableRow)),
        )

    def earliest(self, user_id: str, limit: int) -> tuple[ReadAnalysis, ...]:
        """A user's first `limit` analyses, oldest first; fewer where a megabyte holds no more, and
        without those that cannot be read."""
        rows = self._table.query(**rows_below(user_id, ANALYSIS), Limit=limit)["Items"]
        told = self._with_readings(rows)
        return tuple(each for each in told if isinstance(each, ReadAnalysis))

    def tones(self, user_id: str, now: datetime) -> tuple[ToneEvidence, ...]:
        """What a user's newest analyses that are kept at `now` say of their tone, newest first.

        A row that cannot be read says nothing.
        """
        newest = {**rows_before(user_id, TONE, None), "Limit": most_parts(), "ConsistentRead": True}
        parts = (to_part(row) for row in self._table.query(**newest)["Items"])
        return kept_evidence((part for part in parts if part), now)

    def check(self) -> None:
        """Read the table. Raises ClientError or a BotoCoreError where that cannot be done."""
        self._table.get_item(Key=analysis_key("health", "check"))

    def usage(self, user_id: str, tier: Tier, now: datetime) -> Usage:
        """How many analyses a user has used on the UTC day of `now`."""
        return usage(self._table, user_id, tier, now)

    def _item(self, key: Key) -> dict[str, Any] | None:
        return self._table.get_item(Key=key, ConsistentRead=True).get("Item")

    def _read(self, ids: Sequence[tuple[str, str]]) -> list[ReadAnalysis | UnreadableRow]:
        keys = [key(*whose) for whose in ids for key in (analysis_key, reading_key)]
        rows = rows_of(self._table, keys)
        there = [row for sk, row in rows.items() if sk.startswith(f"{ANALYSIS}#")]
        return [told_of(row, rows) for row in there]

    def _with_readings(
        self, rows: Sequence[Mapping[str, Any]]
    ) -> list[ReadAnalysis | UnreadableRow]:
        keys = [reading_key(*name_of(row)[1:]) for row in rows]
        readings = rows_of(self._table, keys) if keys else {}
        return [told_of(row, readings) for row in rows]

    # -- moving an analysis on ---------------------------------------------------------------

    def create(self, analysis: Analysis, tier: Tier) -> Analysis:
        """Charge the day's quota and write the row, both or neither -> the row.

        One of this id that is there already is the same request's: it stays, and nothing is
        charged. Raises QuotaExceededError.
        """
        due_at = analysis.created_at + PATIENCE
        row = asked_row(analysis, due_at)
        charged = charge(
            self._table.name, analysis.user_id, analysis.quota_day, tier, analysis.created_at
        )
        if not transact(self._table, [charged, put_of(self._table, row)]):
            there = self.get(analysis.user_id, analysis.analysis_id)
            if there is None:
                raise QuotaExceededError(self.usage(analysis.user_id, tier, analysis.created_at))
            return there
        return analysis.model_copy(update={"due_at": due_at})

    def signed_again(self, analysis: Analysis, until: datetime, due_at: datetime) -> bool:
        """Give an upload that is awaited more time; False where none is awaited any more."""
        update = moving({"upload_until": iso(until), "due_at": iso(due_at)})
        update["ExpressionAttributeNames"] |= {"#status": "status"}
        update["ExpressionAttributeValues"] |= {":awaiting": Status.AWAITING_UPLOAD}
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        awaiting = "#status = :awaiting"
        return change_row(self._table, key, ConditionExpression=awaiting, **update) is not None

    def claim(self, analysis: Analysis, now: datetime) -> Analysis | None:
        """Take an analysis on: awaiting_upload -> analyzing, or again after a try that died.

        The claim says that its photo is about to be opened; one that was about to be opened before
        has taken its decoder down. None where the analysis is in any other state than it was read
        in, or another run still holds it.
        """
        as_seen = "attribute_exists" if analysis.decoding else "attribute_not_exists"
        return self._move(
            analysis,
            Status.ANALYZING,
            now,
            condition="(#status = :awaiting OR (#status = :set_status AND lease_until <= :now))"
            f" AND {as_seen}(decoding)",
            values={":awaiting": Status.AWAITING_UPLOAD, ":now": iso(now)},
            sets={
                "lease_until": iso(now + LEASE),
                "decoding": True,
                "decoder_deaths": analysis.decoder_deaths + analysis.decoding,
            },
        )

    def opening(self, analysis: Analysis) -> None:
        """Note that another photo is about to be opened; the claim says it of the first."""
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        told = {":yes": True}
        sets = "SET decoding = :yes"
        change_row(self._table, key, UpdateExpression=sets, ExpressionAttributeValues=told)

    def opened(self, analysis: Analysis) -> None:
        """Note that the photo is open: whatever ends this try now, that did not."""
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        change_row(self._table, key, UpdateExpression="REMOVE decoding")

    def release(self, analysis: Analysis, now: datetime) -> None:
        """Let the next delivery of the same event have another try at once."""
        self._move(
            analysis,
            Status.ANALYZING,
            now,
            condition="#status = :set_status",
            sets={"lease_until": iso(now)},
            removes=("decoding",),
        )

    def save_reading(
        self, analysis: Analysis, reading: FaceReading, photo: Size, now: datetime
    ) -> Analysis | None:
        """analyzing -> recommending with what was measured; None when it is no longer analyzing.

        The reading, and what it says of the person's tone, are written before, in rows of their
        own, each once: cut short there, the next try takes it from them. They are taken away
        where the reading is not kept.
        """
        whose = analysis.user_id, analysis.analysis_id
        if part := TonePart.of(analysis, reading):
            self._table.put_item(Item=part_row(analysis, part))
        put_or_row(
            self._table,
            {
                **reading_key(*whose),
                "reading": pack(reading.model_dump_json(exclude_none=True)),
                "photo": photo.model_dump(),
                "expires_at": int(analysis.expires_at.timestamp()),
            },
        )
        saved = self._move(
            analysis,
            Status.RECOMMENDING,
            now,
            condition="#status = :analyzing",
            values={":analyzing": Status.ANALYZING},
            sets={
                "photo": photo.model_dump(),
                "pending": {str(kind) for kind in analysis.wants},
                "redrives": 0,
            },
            removes=("decoding", "lease_until"),
        )
        if saved is None:
            self.forget(*whose)
        return saved

    def reading(self, user_id: str, analysis_id: str) -> tuple[FaceReading, Size] | None:
        """What a try that was cut short had measured and kept already."""
        row = self._item(reading_key(user_id, analysis_id))
        if row is None:
            return None
        measured = FaceReading.model_validate(unpack(row["reading"]))
        return measured, Size.model_validate(row["photo"])

    def forget(self, user_id: str, analysis_id: str) -> None:
        """Take away whatever was written of an analysis that is gone, or ended without a reading.

        Nothing where it is there and may have one.
        """
        item = self._item(analysis_key(user_id, analysis_id))
        if item is None or item.get("status") in (Status.FAILED, Status.EXPIRED):
            for key in keys_beside(user_id, analysis_id):
                self._table.delete_item(Key=key)

    def save_thumbnails(self, analysis: Analysis) -> bool:
        """Note that both thumbnails are there; False when the analysis is gone."""
        return self.received(analysis, Awaited.THUMBNAILS, {"thumbnails": True}) is not None

    def received(
        self, analysis: Analysis, what: Awaited, sets: Mapping[str, Any] | None = None
    ) -> Analysis | None:
        """Note that nothing more is to come of this; the last of it closes the row to the sweep.

        analysis: as it was read last. None when it is gone.
        """
        if analysis.awaits <= {what} and (closed := self._closed(analysis, what, sets)):
            return closed
        update = moving(sets or {})
        update["UpdateExpression"] += " DELETE awaits :what"
        update["ExpressionAttributeValues"][":what"] = {str(what)}
        now = self._changed(analysis, update)
        if now and not now.awaits:  # what else was to come came at the same time
            return self._closed(now, what) or now
        return now

    def _closed(
        self, analysis: Analysis, last: Awaited, sets: Mapping[str, Any] | None = None
    ) -> Analysis | None:
        """Take a row that has ended out of the sweep's sight; None where it awaits more than the
        `last`, or has not ended."""
        if not analysis.status.is_terminal:
            return None
        update = moving(sets or {}, removes=("awaits", *CLOSED))
        update["ExpressionAttributeNames"] |= {"#status": "status"}
        update["ExpressionAttributeValues"] |= {":only": {str(last)}, ":ended": analysis.status}
        only = "#status = :ended AND (attribute_not_exists(awaits) OR awaits = :only)"
        return self._changed(analysis, {**update, "ConditionExpression": only})

    def save_result(
        self, analysis: Analysis, kind: Kind, result: Mapping[str, Any], *, lost: bool = False
    ) -> None:
        """Write a kind's result; one that is there already stays.

        lost: it says that the job was lost, and `retry` takes it away.
        """
        mark = {"lost": True} if lost else {}
        put_or_row(self._table, answer_row(analysis, kind, result, **mark))

    def take_off(self, analysis: Analysis, kind: Kind) -> Analysis | None:
        """Take a kind whose result is written off `pending` -> the row.

        None when the analysis is gone, or waits for no result.
        """
        taking_off = {
            "UpdateExpression": "DELETE pending :kinds",
            "ConditionExpression": "#status = :recommending",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":kinds": {str(kind)},
                ":recommending": Status.RECOMMENDING,
            },
        }
        return self._changed(analysis, taking_off)

    def complete(
        self,
        analysis: Analysis,
        now: datetime,
        *,
        last: Kind | None = None,
        words: EnhancedAnalysis | None = None,
        all_lost: bool = False,
        regardless: bool = False,
    ) -> Analysis | None:
        """recommending -> completed once no kind is pending; None otherwise.

        last: the one kind that still is, whose result is written. words: the whole in words, kept
        in a row of their own. all_lost: no result came of it, and its charge is given back.
        regardless: of kinds that this release does not know, whose results never came.
        """
        if words:
            self._table.put_item(Item=answer_row(analysis, WORDS, words.model_dump(mode="json")))
        kinds: dict[str, Any] = {":last": {str(last)}} if last else {}
        pending = "pending = :last" if last else "attribute_not_exists(pending)"
        if regardless:
            kinds = {f":{kind}": str(kind) for kind in Kind}
            pending = " AND ".join(f"NOT contains(pending, {kind})" for kind in kinds)
        completing = moving_to(
            Status.COMPLETED,
            now,
            condition=f"#status = :recommending AND {pending}",
            values={":recommending": Status.RECOMMENDING, **kinds},
            sets={"redrives": 0, **({"refunded": True} if all_lost else {})},
            removes=("pending",),
        )
        given_back = [self._refund(analysis, now)] if all_lost else []
        return self._together(analysis, completing, given_back)

    def save_drawn(self, analysis: Analysis, looks: Sequence[DrawnLook]) -> bool:
        """Write what became of a result's looks; they expire with the analysis.

        What is there already stays. False when the analysis is gone.
        """
        drawn = [look.model_dump(mode="json", exclude_none=True) for look in looks]
        put_or_row(self._table, answer_row(analysis, DRAWN, drawn))
        return self.received(analysis, Awaited.LOOKS) is not None

    def end(
        self,
        analysis: Analysis,
        status: Status,
        failure: Failure,
        now: datetime,
        *,
        charged: bool = False,
    ) -> Analysis | None:
        """End an analysis as failed or expired, and give its charge back, both or neither.

        charged: it is not given back. None when the analysis has moved on since it was read, or is
        gone.
        """
        ending = moving_to(
            status,
            now,
            condition="#status = :seen",
            values={":seen": analysis.status},
            sets={"failure": failure.model_dump_json(), "awaits": {str(Awaited.ANNOUNCEMENT)}},
            removes=("pending", "decoding"),
        )
        beside = [] if charged else [self._refund(analysis, now)]
        whose = analysis.user_id, analysis.analysis_id
        if analysis.status is Status.ANALYZING:  # a try may have died as it saved its reading
            keys = (tone_key(*whose), reading_key(*whose))
            beside += [write_of(self._table, "Delete", key) for key in keys]
        return self._together(analysis, ending, beside)

    def end_unreadable(self, row: UnreadableRow, failure: Failure, now: datetime) -> bool:
        """End an analysis that cannot be read, and give its charge back if one is kept -> whether
        that is to be announced; `close_unreadable` follows.

        False where it had ended before, and that was announced.
        """
        key = analysis_key(row.user_id, row.analysis_id)
        item = self._item(key) or {}
        ending = moving_to(
            Status.FAILED,
            now,
            condition="attribute_exists(PK) AND NOT #status IN (:done, :failed, :expired)",
            values=dict(zip((":done", ":failed", ":expired"), OVER, strict=True)),
            sets={"failure": failure.model_dump_json(), "awaits": {str(Awaited.ANNOUNCEMENT)}},
            removes=("pending",),
        )
        writes = [write_of(self._table, "Update", key, **ending)]
        if item:
            writes.append(refund(self._table.name, row.user_id, charged_day(item), now))
        if transact(self._table, writes):
            return True
        there = self._item(key) or {}
        awaits = there.get("awaits")
        untold = isinstance(awaits, set) and Awaited.ANNOUNCEMENT in awaits
        return there.get("status") == Status.FAILED and untold

    def close_unreadable(self, row: UnreadableRow) -> None:
        """Take a row that cannot be read, and has ended, out of the sweep's sight."""
        key = analysis_key(row.user_id, row.analysis_id)
        closed = f"REMOVE {', '.join(('awaits', *CLOSED))}"
        change_row(self._table, key, UpdateExpression=closed)

    def retry(
        self, analysis: Analysis, lost: frozenset[Kind], tier: Tier, now: datetime
    ) -> Analysis | None:
        """completed -> recommending for the results that were lost, which are taken away.

        Charged again, on the day of `now`, where the charge was given back. None when the analysis
        has moved on since it was read. Raises QuotaExceededError.
        """
        whose = analysis.user_id, analysis.analysis_id
        awaits = {Awaited.ANNOUNCEMENT, *analysis.awaits}
        awaits |= {Awaited.LOOKS} if DRAWN_KIND in lost else set()
        today = now.astimezone(UTC).date().isoformat()
        again = moving_to(
            Status.RECOMMENDING,
            now,
            condition="#status = :completed AND #retries = :seen",
            values={":completed": Status.COMPLETED, ":seen": analysis.retries},
            sets={
                "pending": {str(kind) for kind in lost},
                "awaits": {str(awaited) for awaited in awaits},
                "retries": analysis.retries + 1,
                "redrives": 0,
                **opened(analysis.analysis_id, now + RETRY_PATIENCE),
                **({"quota_day": today} if analysis.refunded else {}),
            },
            removes=("refunded",),
        )
        if not analysis.retries:
            again["ConditionExpression"] = "#status = :completed AND attribute_not_exists(#retries)"
            del again["ExpressionAttributeValues"][":seen"]
        only_lost = {"ConditionExpression": "attribute_exists(lost)"}
        keys = [result_key(*whose, kind) for kind in sorted(lost)]
        beside = [write_of(self._table, "Delete", key, **only_lost) for key in keys]
        if analysis.refunded:
            beside.append(charge(self._table.name, analysis.user_id, today, tier, now))
        moved = self._together(analysis, again, beside)
        if moved is None and analysis.refunded:
            used = self.usage(analysis.user_id, tier, now)
            if used.left == 0:
                raise QuotaExceededError(used)
        return moved

    def redriven(self, analysis: Analysis, now: datetime) -> bool:
        """Count one more try of the sweep, once it is sent; False when it has moved meanwhile."""
        moved = self._move(
            analysis,
            analysis.status,
            now,
            condition="#status = :set_status AND (attribute_not_exists(redrives)"
            " OR redrives = :seen)",
            values={":seen": analysis.redrives},
            sets={
                "redrives": analysis.redrives + 1,
                "due_at": iso(due_again(now, analysis.redrives)),
                # As it was: nobody who reads it is to see a change.
                "updated_at": iso(analysis.updated_at),
            },
        )
        return moved is not None

    def delete(self, analysis: Analysis) -> bool:
        """Remove the row, and all rows beside it.

        An upload that never came is not charged. False when the row has moved on since it was
        read: read it again.
        """
        gone = write_of(
            self._table,
            "Delete",
            analysis_key(analysis.user_id, analysis.analysis_id),
            ConditionExpression="#status = :seen",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":seen": analysis.status},
        )
        keys = keys_beside(analysis.user_id, analysis.analysis_id)
        beside = [write_of(self._table, "Delete", key) for key in keys]
        never_used = analysis.status is Status.AWAITING_UPLOAD
        given_back = [self._refund(analysis, datetime.now(UTC))] if never_used else []
        return transact(self._table, [gone, *beside, *given_back])

    def delete_unreadable(self, user_id: str, analysis_id: str) -> None:
        """Remove an analysis that cannot be read, whatever state it is in."""
        for key in (*keys_beside(user_id, analysis_id), analysis_key(user_id, analysis_id)):
            self._table.delete_item(Key=key)

    def _move(self, analysis: Analysis, to: Status, now: datetime, **how: Any) -> Analysis | None:
        return self._changed(analysis, moving_to(to, now, **how))

    def _changed(self, analysis: Analysis, update: Mapping[str, Any]) -> Analysis | None:
        """The row of an analysis after an update; None where its condition fails."""
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        row = change_row(self._table, key, **update)
        return to_analysis(row) if row else None

    def _together(
        self, analysis: Analysis, update: Mapping[str, Any], beside: list[dict[str, Any]]
    ) -> Analysis | None:
        """The row after a move and the writes that go with it, all or none; None: none.

        It was all of them where the row bears the mark of this move.
        """
        if not beside:
            return self._changed(analysis, update)
        key = analysis_key(analysis.user_id, analysis.analysis_id)
        transact(self._table, [write_of(self._table, "Update", key, **update), *beside])
        item = self._item(key)
        mine = item and item.get("moved_by") == update["ExpressionAttributeValues"][":set_moved_by"]
        return to_analysis(item) if item and mine else None

    def _refund(self, analysis: Analysis, now: datetime) -> dict[str, Any]:
        return refund(self._table.name, analysis.user_id, analysis.quota_day, now)
