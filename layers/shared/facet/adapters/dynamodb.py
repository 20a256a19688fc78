"""The one table: analyses, their results, the day's quota. Every write is conditional."""

import json
import random
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from facet.domain.analysis import PATIENCE, Analysis, Failure, Kind, Page, Size, Status
from facet.domain.errors import FacetError
from facet.domain.face import FaceReading
from facet.domain.looks import DrawnLook, LookPage, LookStatus, SavedLook
from facet.domain.narration import EnhancedAnalysis
from facet.domain.quota import QuotaExceededError, Tier, Usage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

OPEN_INDEX = "open-index"
OPEN_SHARDS = 4
DRAWN = "looks"  # beside the kinds of results: what became of the looks of one
QUOTA_ROW_LIFE = timedelta(days=8)
CONFLICT_TRIES = 12
# A claim is held as long as the analyze function may run (its Timeout in template.yaml).
LEASE = timedelta(seconds=30)


def _user(user_id: str) -> str:
    return f"USER#{user_id}"


def _key(user_id: str, analysis_id: str) -> dict[str, str]:
    return {"PK": _user(user_id), "SK": f"ANALYSIS#{analysis_id}"}


def _result_key(user_id: str, analysis_id: str, kind: str) -> dict[str, str]:
    return {"PK": _user(user_id), "SK": f"RESULT#{analysis_id}#{kind}"}


def _look_key(user_id: str, look_id: str) -> dict[str, str]:
    return {"PK": _user(user_id), "SK": f"LOOK#{look_id}"}


def _quota_key(user_id: str, day: str) -> dict[str, str]:
    return {"PK": _user(user_id), "SK": f"QUOTA#{day}"}


def _shard(analysis_id: str) -> str:
    return str(sum(analysis_id.encode()) % OPEN_SHARDS)


def _iso(moment: datetime) -> str:
    """Fixed width, so that strings sort as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def pack(document: str) -> bytes:
    """JSON, deflated. Every write is charged by the KB of the whole row, and it takes a fifth."""
    return zlib.compress(document.encode())


def unpack(stored: Any) -> Any:
    """What `pack` was given, parsed."""
    return json.loads(zlib.decompress(bytes(stored)))


def _to_analysis(item: Mapping[str, Any]) -> Analysis:
    parsed = {
        name: json.loads(item[name])
        for name in ("weather", "failure")
        if item.get(name) is not None
    }
    packed = ("reading", "enhanced_analysis")
    parsed |= {name: unpack(item[name]) for name in packed if item.get(name) is not None}
    expires_at = datetime.fromtimestamp(int(item["expires_at"]), UTC)
    return Analysis.model_validate({**item, **parsed, "expires_at": expires_at})


def _look_item(look: SavedLook) -> dict[str, Any]:
    parts = look.model_dump(mode="json", exclude_none=True)
    return {
        **_look_key(look.user_id, look.look_id),
        **parts,
        "products": json.dumps(parts["products"]),
        "created_at": _iso(look.created_at),
        "updated_at": _iso(look.updated_at),
        "expires_at": int(look.expires_at.timestamp()),
    }


def _to_look(item: Mapping[str, Any]) -> SavedLook:
    products = json.loads(item["products"])
    expires_at = datetime.fromtimestamp(int(item["expires_at"]), UTC)
    return SavedLook.model_validate({**item, "products": products, "expires_at": expires_at})


def _cancellation_codes(error: ClientError) -> set[str]:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons: Sequence[Any] = error.response.get("CancellationReasons", ())
        return {reason.get("Code", "None") for reason in reasons} or {code}
    return {code.removesuffix("Exception")}


def _only_a_condition_failed(error: ClientError) -> bool:
    """Somebody else was there first, which is an answer and not an error."""
    return _cancellation_codes(error) <= {"None", "ConditionalCheckFailed"}


def _pages(table: "Table", request: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    while True:
        page = table.query(**request)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}


class AnalysisTable:
    """Rows of analyses, results and quota days."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    # -- reading ---------------------------------------------------------------------------

    def get(self, user_id: str, analysis_id: str) -> Analysis | None:
        item = self._table.get_item(Key=_key(user_id, analysis_id), ConsistentRead=True).get("Item")
        return _to_analysis(item) if item else None

    def results(self, user_id: str, analysis_id: str) -> dict[Kind, dict[str, Any]]:
        """The recommendation documents written so far, by kind."""
        return self.answers(user_id, analysis_id)[0]

    def answers(
        self, user_id: str, analysis_id: str
    ) -> tuple[dict[Kind, dict[str, Any]], tuple[DrawnLook, ...] | None]:
        """The results written so far, and what became of their looks once they are drawn."""
        found = self._table.query(
            KeyConditionExpression="PK = :pk AND begins_with(SK, :sk)",
            ExpressionAttributeValues={":pk": _user(user_id), ":sk": f"RESULT#{analysis_id}#"},
            ConsistentRead=True,
        )["Items"]
        by_name = {str(item["SK"]).rsplit("#", 1)[1]: unpack(item["result"]) for item in found}
        drawn = by_name.pop(DRAWN, None)
        looks = None if drawn is None else tuple(map(DrawnLook.model_validate, drawn))
        return {Kind(name): result for name, result in by_name.items()}, looks

    def history(self, user_id: str, limit: int, before_id: str | None) -> Page:
        """Up to `limit` analyses older than `before_id`, newest first (ULIDs sort by time)."""
        newest = f"ANALYSIS#{before_id}" if before_id else "ANALYSIS#~"
        request: dict[str, Any] = {
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :oldest AND :newest",
            "ExpressionAttributeValues": {
                ":pk": _user(user_id),
                ":oldest": "ANALYSIS#",
                ":newest": newest,
            },
            "ScanIndexForward": False,
            "Limit": limit + 2,  # before_id itself and one to know of a next page
        }
        analyses: list[Analysis] = []
        for page in self._pages(request):
            analyses += [_to_analysis(item) for item in page if item["SK"] != newest]
            if len(analyses) > limit:
                break
        more = len(analyses) > limit
        return Page(tuple(analyses[:limit]), analyses[limit - 1].analysis_id if more else None)

    def earliest(self, user_id: str, limit: int) -> tuple[Analysis, ...]:
        """A user's first `limit` analyses, oldest first; fewer where a megabyte holds no more."""
        found = self._table.query(
            KeyConditionExpression="PK = :pk AND begins_with(SK, :sk)",
            ExpressionAttributeValues={":pk": _user(user_id), ":sk": "ANALYSIS#"},
            Limit=limit,
        )["Items"]
        return tuple(_to_analysis(item) for item in found)

    def standing_still(self, now: datetime) -> Iterator[Analysis]:
        """Analyses whose state is overdue at `now`, oldest first within a shard."""
        for shard in range(OPEN_SHARDS):
            overdue = {
                "IndexName": OPEN_INDEX,
                "KeyConditionExpression": "open_shard = :shard AND due_at < :now",
                "ExpressionAttributeValues": {":shard": str(shard), ":now": _iso(now)},
            }
            for page in self._pages(overdue):
                for row in page:
                    found = self.get(row["user_id"], row["analysis_id"])
                    if found and found.due_at and found.due_at < now:
                        yield found

    def check(self) -> None:
        """Raises where the table cannot be read."""
        self._table.get_item(Key=_key("health", "check"))

    def usage(self, user_id: str, tier: Tier, now: datetime) -> Usage:
        key = _quota_key(user_id, now.date().isoformat())
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
        return Usage.today(tier, int(item.get("used", 0)), now)  # type: ignore[arg-type]

    # -- moving an analysis on ---------------------------------------------------------------

    def create(self, analysis: Analysis, tier: Tier) -> None:
        """Charge the day's quota and write the row, both or neither.

        Raises QuotaExceededError.
        """
        item = {
            **_key(analysis.user_id, analysis.analysis_id),
            **analysis.model_dump(
                mode="json", exclude_none=True, exclude={"reading", "failure", "pending", "weather"}
            ),
            # As JSON: the table takes no floats.
            **({"weather": analysis.weather.model_dump_json()} if analysis.weather else {}),
            "created_at": _iso(analysis.created_at),
            "updated_at": _iso(analysis.updated_at),
            "due_at": _iso(analysis.created_at + PATIENCE[analysis.status]),
            "open_shard": _shard(analysis.analysis_id),
            "expires_at": int(analysis.expires_at.timestamp()),
        }
        charge = self._quota_update(
            analysis, "SET used = if_not_exists(used, :zero) + :one, expires_at = :expires"
        )
        charge["Update"]["ExpressionAttributeValues"] |= {
            ":expires": int((analysis.created_at + QUOTA_ROW_LIFE).timestamp())
        }
        if (limit := tier.daily_limit) is not None:
            charge["Update"]["ConditionExpression"] = "attribute_not_exists(used) OR used < :limit"
            charge["Update"]["ExpressionAttributeValues"][":limit"] = limit
        put = {
            "Put": {
                "TableName": self._table.name,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        }
        if not self._transact([charge, put]):
            raise QuotaExceededError(self.usage(analysis.user_id, tier, analysis.created_at))

    def claim(self, user_id: str, analysis_id: str, now: datetime) -> Analysis | None:
        """awaiting_upload -> analyzing, or again after a failed try released it; else None."""
        return self._move(
            _key(user_id, analysis_id),
            Status.ANALYZING,
            now,
            condition="#status = :awaiting OR (#status = :to AND lease_until <= :now)",
            values={":awaiting": Status.AWAITING_UPLOAD, ":now": _iso(now)},
            sets={"lease_until": _iso(now + LEASE)},
        )

    def release(self, analysis: Analysis, now: datetime) -> None:
        """Let the next delivery of the same event have another try at once."""
        self._move(
            _key(analysis.user_id, analysis.analysis_id),
            Status.ANALYZING,
            now,
            sets={"lease_until": _iso(now)},
        )

    def save_reading(
        self, analysis: Analysis, reading: FaceReading, photo: Size, now: datetime
    ) -> Analysis | None:
        """analyzing -> recommending with what was measured; None when it is no longer analyzing."""
        return self._move(
            _key(analysis.user_id, analysis.analysis_id),
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

    def save_thumbnails(self, user_id: str, analysis_id: str) -> bool:
        """Note that both thumbnails are there; False when the analysis is gone."""
        return self._change(_key(user_id, analysis_id), "SET thumbnails = :true", {":true": True})

    def save_result(self, analysis: Analysis, kind: Kind, result: Mapping[str, Any]) -> bool:
        """Write a kind's result and take the kind off `pending`, both or neither.

        False when this result is already there or the analysis is no longer waiting for it: the
        first result stays.
        """
        take_off = {
            "Update": {
                "TableName": self._table.name,
                "Key": _key(analysis.user_id, analysis.analysis_id),
                "UpdateExpression": "DELETE pending :kinds",
                "ConditionExpression": "#status = :recommending AND contains(pending, :kind)",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {
                    ":kinds": {str(kind)},
                    ":kind": str(kind),
                    ":recommending": Status.RECOMMENDING,
                },
            }
        }
        return self._transact([self._put_result(analysis, kind, result), take_off])

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
        update = self._update(
            _key(analysis.user_id, analysis.analysis_id),
            Status.COMPLETED,
            now,
            condition="#status = :recommending AND pending = :last",
            values={":recommending": Status.RECOMMENDING, ":last": {str(kind)}},
            sets={"enhanced_analysis": pack(enhanced.model_dump_json())} if enhanced else None,
            removes=("pending",),
        )
        if not self._transact([self._put_result(analysis, kind, result), {"Update": update}]):
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
        """Of a kind of advice, or DRAWN; what is there already stays."""
        return {
            "Put": {
                "TableName": self._table.name,
                "Item": {
                    **_result_key(analysis.user_id, analysis.analysis_id, kind),
                    "result": pack(json.dumps(result)),
                    "expires_at": int(analysis.expires_at.timestamp()),
                },
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        }

    def save_drawn(self, analysis: Analysis, looks: Sequence[DrawnLook]) -> bool:
        """Write what became of a result's looks; they expire with the analysis.

        False when that is there already, which stays, or the analysis is gone.
        """
        there = {
            "ConditionCheck": {
                "TableName": self._table.name,
                "Key": _key(analysis.user_id, analysis.analysis_id),
                "ConditionExpression": "attribute_exists(PK)",
            }
        }
        rows = [look.model_dump(mode="json", exclude_none=True) for look in looks]
        return self._transact([there, self._put_result(analysis, DRAWN, rows)])

    def complete(
        self,
        user_id: str,
        analysis_id: str,
        now: datetime,
        enhanced: EnhancedAnalysis | None = None,
    ) -> Analysis | None:
        """recommending -> completed once no kind is pending; None otherwise."""
        return self._move(
            _key(user_id, analysis_id),
            Status.COMPLETED,
            now,
            condition="#status = :recommending AND attribute_not_exists(pending)",
            values={":recommending": Status.RECOMMENDING},
            sets={"enhanced_analysis": pack(enhanced.model_dump_json())} if enhanced else None,
        )

    def end(
        self, analysis: Analysis, status: Status, failure: Failure, now: datetime
    ) -> Analysis | None:
        """-> failed or expired with its reason, and the charge given back, both or neither.

        None when the analysis has moved on since it was read, or is gone.
        """
        update = self._update(
            _key(analysis.user_id, analysis.analysis_id),
            status,
            now,
            condition="#status = :seen",
            values={":seen": analysis.status},
            sets={"failure": failure.model_dump_json()},
            removes=("pending",),
        )
        if not self._transact([{"Update": update}, self._refund(analysis)]):
            return None
        return self.get(analysis.user_id, analysis.analysis_id)

    def announced(self, analysis: Analysis) -> None:
        """The event is out: nothing is left for the sweep to look at."""
        key = _key(analysis.user_id, analysis.analysis_id)
        self._change(key, "REMOVE open_shard, due_at", None)

    def redriven(self, analysis: Analysis, now: datetime) -> bool:
        """Count one more try by the sweep; False when the state has changed meanwhile."""
        moved = self._move(
            _key(analysis.user_id, analysis.analysis_id),
            analysis.status,
            now,
            condition="#status = :to AND redrives = :seen",
            values={":seen": analysis.redrives},
            sets={"redrives": analysis.redrives + 1},
        )
        return moved is not None

    def delete(self, analysis: Analysis) -> bool:
        """Remove the row and its results; an upload that never came is not charged.

        False when the row has moved on since it was read: read it again.
        """
        gone = {
            "Delete": {
                "TableName": self._table.name,
                "Key": _key(analysis.user_id, analysis.analysis_id),
                "ConditionExpression": "#status = :seen",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {":seen": analysis.status},
            }
        }
        results = [
            {
                "Delete": {
                    "TableName": self._table.name,
                    "Key": _result_key(analysis.user_id, analysis.analysis_id, kind),
                }
            }
            for kind in (*Kind, DRAWN)
        ]
        refund = [self._refund(analysis)] if analysis.status is Status.AWAITING_UPLOAD else []
        return self._transact([gone, *results, *refund])

    def _pages(self, request: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        return _pages(self._table, request)

    # -- expressions ---------------------------------------------------------------------------

    def _update(
        self,
        key: dict[str, str],
        to: Status,
        now: datetime,
        *,
        condition: str = "#status = :to",
        values: Mapping[str, Any] | None = None,
        sets: Mapping[str, Any] | None = None,
        removes: Sequence[str] = (),
    ) -> dict[str, Any]:
        sets = {**(sets or {}), "updated_at": _iso(now), "due_at": _iso(now + PATIENCE[to])}
        expression = "SET #status = :to, " + ", ".join(f"#{name} = :set_{name}" for name in sets)
        if removes:
            expression += " REMOVE " + ", ".join(removes)
        values = {
            ":to": to,
            **(values or {}),
            **{f":set_{name}": value for name, value in sets.items()},
        }
        return {
            "TableName": self._table.name,
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {
                "#status": "status",
                **{f"#{name}": name for name in sets},
            },
            "ExpressionAttributeValues": values,
        }

    def _move(self, key: dict[str, str], to: Status, now: datetime, **how: Any) -> Analysis | None:
        request = self._update(key, to, now, **how)
        del request["TableName"]
        try:
            moved = self._table.update_item(**request, ReturnValues="ALL_NEW")
        except ClientError as error:
            if not _only_a_condition_failed(error):
                raise
            return None
        return _to_analysis(moved["Attributes"])

    def _change(
        self, key: dict[str, str], expression: str, values: Mapping[str, Any] | None
    ) -> bool:
        """Update an existing row without touching its state; False when it is gone."""
        request: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._table.update_item(
                Key=key,
                UpdateExpression=expression,
                ConditionExpression="attribute_exists(PK)",
                **request,
            )
        except ClientError as error:
            if not _only_a_condition_failed(error):
                raise
            return False
        return True

    def _quota_update(self, analysis: Analysis, expression: str) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": _quota_key(analysis.user_id, analysis.quota_day),
                "UpdateExpression": expression,
                "ExpressionAttributeValues": {":zero": 0, ":one": 1},
            }
        }

    def _refund(self, analysis: Analysis) -> dict[str, Any]:
        refund = self._quota_update(analysis, "SET used = if_not_exists(used, :one) - :one")
        del refund["Update"]["ExpressionAttributeValues"][":zero"]
        return refund

    def _transact(self, writes: list[dict[str, Any]]) -> bool:
        """All writes, or none and False where a condition does not hold.

        Two of one user's requests may meet on the quota row: then try again.
        """
        client = self._table.meta.client
        for attempt in range(CONFLICT_TRIES):
            try:
                client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
            except ClientError as error:
                if _only_a_condition_failed(error):
                    return False
                if "TransactionConflict" not in _cancellation_codes(error):
                    raise
                time.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, 5)))  # noqa: S311
            else:
                return True
        raise FacetError("the rows stayed contended")


class LookTable:
    """Rows of the looks people asked for."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def create(self, look: SavedLook) -> None:
        self._table.put_item(Item=_look_item(look), ConditionExpression="attribute_not_exists(PK)")

    def get(self, user_id: str, look_id: str) -> SavedLook | None:
        found = self._table.get_item(Key=_look_key(user_id, look_id), ConsistentRead=True)
        return _to_look(found["Item"]) if "Item" in found else None

    def page(self, user_id: str, limit: int, before_id: str | None) -> LookPage:
        """Up to `limit` looks older than `before_id`, newest first."""
        newest = f"LOOK#{before_id}" if before_id else "LOOK#~"
        looks: list[SavedLook] = []
        request: dict[str, Any] = {
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :oldest AND :newest",
            "ExpressionAttributeValues": {
                ":pk": _user(user_id),
                ":oldest": "LOOK#",
                ":newest": newest,
            },
            "ScanIndexForward": False,
            "Limit": limit + 2,  # before_id itself and one to know of a next page
        }
        for page in _pages(self._table, request):
            looks += [_to_look(item) for item in page if item["SK"] != newest]
            if len(looks) > limit:
                break
        return LookPage(
            tuple(looks[:limit]), looks[limit - 1].look_id if len(looks) > limit else None
        )

    def finish(self, look: SavedLook) -> bool:
        """rendering -> completed or failed, as `look` has it; False when nobody waits for it."""
        item = _look_item(look)
        names = ("status", "code", "message", "products", "updated_at")
        sets = {name: item[name] for name in names if name in item}
        return self._set(look.user_id, look.look_id, sets, "#status = :rendering") is not None

    def change(
        self, user_id: str, look_id: str, name: str, favourite: bool, now: datetime
    ) -> SavedLook | None:
        """None where there is none."""
        sets = {"name": name, "favourite": favourite, "updated_at": _iso(now)}
        return self._set(user_id, look_id, sets, "attribute_exists(PK)")

    def delete(self, user_id: str, look_id: str) -> SavedLook | None:
        """The look as it was; None where there was none."""
        gone = self._table.delete_item(Key=_look_key(user_id, look_id), ReturnValues="ALL_OLD")
        return _to_look(gone["Attributes"]) if "Attributes" in gone else None

    def delete_of(self, user_id: str, analysis_id: str) -> None:
        """Every look on one photo."""
        request = {
            "KeyConditionExpression": "PK = :pk AND begins_with(SK, :sk)",
            "FilterExpression": "analysis_id = :analysis",
            "ExpressionAttributeValues": {
                ":pk": _user(user_id),
                ":sk": "LOOK#",
                ":analysis": analysis_id,
            },
            "ProjectionExpression": "PK, SK",
        }
        for page in _pages(self._table, request):
            for key in page:
                self._table.delete_item(Key=key)

    def _set(
        self, user_id: str, look_id: str, sets: Mapping[str, Any], condition: str
    ) -> SavedLook | None:
        values = {f":set_{name}": value for name, value in sets.items()}
        names = {f"#{name}": name for name in sets}
        if ":rendering" in condition:
            values[":rendering"] = LookStatus.RENDERING
        try:
            changed = self._table.update_item(
                Key=_look_key(user_id, look_id),
                UpdateExpression="SET " + ", ".join(f"#{name} = :set_{name}" for name in sets),
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if not _only_a_condition_failed(error):
                raise
            return None
        return _to_look(changed["Attributes"])
