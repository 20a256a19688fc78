"""Everything the services need of the world, in memory: a fake for each port.

tests/integration/test_ports.py holds them and the adapters to the same behaviour.
"""

import hashlib
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from facet.domain.account import Erasure, Export
from facet.domain.analysis import (
    PATIENCE,
    Analysis,
    Failure,
    KeptFailure,
    Kind,
    Page,
    SentPhoto,
    Size,
    Status,
    UnreadableRow,
)
from facet.domain.belongings import COUNTED, PAGE_BYTES, Belongings, Shelf, ShelfPage
from facet.domain.errors import BelongingsFullError, FacetError, ProfileUnreadableError
from facet.domain.face import FaceReading
from facet.domain.looks import DrawnLook, LookPage, LookStatus, SavedLook
from facet.domain.messages import AnalysisEnded
from facet.domain.narration import EnhancedAnalysis
from facet.domain.products import Product
from facet.domain.quota import QuotaExceededError, Tier, Usage
from facet.domain.storage import Upload
from facet.domain.style import Slot
from facet.domain.tone import ToneEvidence
from facet.domain.tone_of_person import TonePart, kept_evidence
from facet.services import ports

SHARDS = 4
LEASE = timedelta(seconds=30)

type Document = Mapping[str, Any]
type Row = tuple[str, dict[str, Any]]


def plain(document: Any) -> Any:
    """As it comes back from a table that keeps JSON."""
    return json.loads(json.dumps(document))


def to_seconds(moment: datetime) -> datetime:
    """Rows expire at whole seconds."""
    return moment.replace(microsecond=0)


@dataclass
class FakeAnalyses:
    """Analyses, their results and the days' quota; every write is conditional, as in the table."""

    of: dict[tuple[str, str], Analysis] = field(default_factory=dict)
    saved: dict[tuple[str, str], dict[Kind, dict[str, Any]]] = field(default_factory=dict)
    drawn: dict[tuple[str, str], tuple[DrawnLook, ...]] = field(default_factory=dict)
    parts: dict[tuple[str, str], TonePart] = field(default_factory=dict)
    used: dict[tuple[str, str], int] = field(default_factory=dict)
    leases: dict[tuple[str, str], datetime] = field(default_factory=dict)
    unreadable: set[tuple[str, str]] = field(default_factory=set)

    def get(self, user_id: str, analysis_id: str) -> Analysis | None:
        return self.of.get((user_id, analysis_id))

    def results(self, user_id: str, analysis_id: str) -> dict[Kind, dict[str, Any]]:
        return self.answers(user_id, analysis_id)[0]

    def answers(
        self, user_id: str, analysis_id: str
    ) -> tuple[dict[Kind, dict[str, Any]], tuple[DrawnLook, ...] | None]:
        key = (user_id, analysis_id)
        return dict(self.saved.get(key, {})), self.drawn.get(key)

    def history(self, user_id: str, limit: int, before_id: str | None) -> Page:
        newest = [
            analysis
            for analysis in reversed(self._of_user(user_id))
            if before_id is None or analysis.analysis_id < before_id
        ]
        more = len(newest) > limit
        return Page(
            tuple(each for each in newest[:limit] if not self._broken(each)),
            newest[limit - 1].analysis_id if more else None,
            tuple(
                UnreadableRow(user_id, each.analysis_id, "ValueError")
                for each in newest[:limit]
                if self._broken(each)
            ),
        )

    def earliest(self, user_id: str, limit: int) -> tuple[Analysis, ...]:
        first = self._of_user(user_id)[:limit]
        return tuple(each for each in first if not self._broken(each))

    def _broken(self, analysis: Analysis) -> bool:
        return (analysis.user_id, analysis.analysis_id) in self.unreadable

    def tones(self, user_id: str, now: datetime) -> tuple[ToneEvidence, ...]:
        newest = sorted((key for key in self.parts if key[0] == user_id), reverse=True)
        return kept_evidence((self.parts[key] for key in newest), now)

    def standing_still(self, now: datetime) -> Iterator[Analysis | UnreadableRow]:
        def order(analysis: Analysis) -> tuple[int, datetime]:
            assert analysis.due_at
            return sum(analysis.analysis_id.encode()) % SHARDS, analysis.due_at

        waiting = [analysis for analysis in self.of.values() if analysis.due_at]
        for analysis in sorted(waiting, key=order):
            key = analysis.user_id, analysis.analysis_id
            current = self.get(*key)
            if current is None or current.due_at is None or current.due_at >= now:
                continue
            yield UnreadableRow(*key, "ValueError") if key in self.unreadable else current

    def usage(self, user_id: str, tier: Tier, now: datetime) -> Usage:
        return Usage.today(tier, self.used.get((user_id, now.date().isoformat()), 0), now)

    def create(self, analysis: Analysis, tier: Tier) -> None:
        key, day = self._key(analysis), (analysis.user_id, analysis.quota_day)
        limit = tier.daily_limit
        if key in self.of or (limit is not None and self.used.get(day, 0) >= limit):
            raise QuotaExceededError(self.usage(analysis.user_id, tier, analysis.created_at))
        self.used[day] = self.used.get(day, 0) + 1
        due_at = analysis.created_at + PATIENCE[analysis.status]
        expires_at = to_seconds(analysis.expires_at)
        self.of[key] = analysis.model_copy(update={"due_at": due_at, "expires_at": expires_at})

    def claim(self, user_id: str, analysis_id: str, now: datetime) -> Analysis | None:
        key = (user_id, analysis_id)
        analysis = self.of.get(key)
        if analysis is None:
            return None
        free = analysis.status is Status.ANALYZING and self.leases[key] <= now
        if analysis.status is not Status.AWAITING_UPLOAD and not free:
            return None
        self.leases[key] = now + LEASE
        return self._move(key, Status.ANALYZING, now)

    def release(self, analysis: Analysis, now: datetime) -> None:
        if self._is(analysis, Status.ANALYZING):
            self.leases[self._key(analysis)] = now
            self._move(self._key(analysis), Status.ANALYZING, now)

    def save_reading(
        self, analysis: Analysis, reading: FaceReading, photo: Size, now: datetime
    ) -> Analysis | None:
        key = self._key(analysis)
        if part := TonePart.of(analysis, reading):
            expires_at = to_seconds(part.expires_at)
            self.parts[key] = part.model_copy(update={"expires_at": expires_at})
        if not self._is(analysis, Status.ANALYZING):
            self.forget_tone(*key)
            return None
        measured = {
            "reading": reading,
            "photo": photo,
            "pending": frozenset(analysis.wants),
            "redrives": 0,
        }
        return self._move(key, Status.RECOMMENDING, now, **measured)

    def forget_tone(self, user_id: str, analysis_id: str) -> None:
        row = self.of.get((user_id, analysis_id))
        if row is None or row.reading is None:
            self.parts.pop((user_id, analysis_id), None)

    def save_thumbnails(self, user_id: str, analysis_id: str) -> bool:
        return self._change((user_id, analysis_id), thumbnails=True) is not None

    def save_result(self, analysis: Analysis, kind: Kind, result: Mapping[str, Any]) -> bool:
        row = self.of.get(self._key(analysis))
        if row is None or row.status is not Status.RECOMMENDING or kind not in row.pending:
            return False
        if not self._put_result(analysis, kind, result):
            return False
        self._change(self._key(analysis), pending=row.pending - {kind})
        return True

    def complete_with(
        self,
        analysis: Analysis,
        kind: Kind,
        result: Mapping[str, Any],
        now: datetime,
        enhanced: EnhancedAnalysis | None = None,
    ) -> Analysis | None:
        row = self.of.get(self._key(analysis))
        if row is None or row.status is not Status.RECOMMENDING or row.pending != {kind}:
            return None
        if not self._put_result(analysis, kind, result):
            return None
        told: dict[str, Any] = {"pending": frozenset(), "enhanced_analysis": enhanced}
        self._move(self._key(analysis), Status.COMPLETED, now, **told)
        told |= {"status": Status.COMPLETED, "updated_at": now}
        return analysis.model_copy(update=told)

    def complete(
        self,
        user_id: str,
        analysis_id: str,
        now: datetime,
        enhanced: EnhancedAnalysis | None = None,
    ) -> Analysis | None:
        key = (user_id, analysis_id)
        row = self.of.get(key)
        if row is None or row.status is not Status.RECOMMENDING or row.pending:
            return None
        return self._move(key, Status.COMPLETED, now, enhanced_analysis=enhanced)

    def end(
        self, analysis: Analysis, status: Status, failure: Failure, now: datetime
    ) -> Analysis | None:
        if not self._is(analysis, analysis.status):
            return None
        self._refund(analysis)
        if analysis.status is Status.ANALYZING:
            self.parts.pop(self._key(analysis), None)
        kept = KeptFailure.model_validate(failure.model_dump())
        told: dict[str, Any] = {"failure": kept, "pending": frozenset()}
        return self._move(self._key(analysis), status, now, **told)

    def announced(self, analysis: Analysis) -> None:
        self._change(self._key(analysis), due_at=None)

    def redriven(self, analysis: Analysis, now: datetime) -> bool:
        row = self.of.get(self._key(analysis))
        if row is None or (row.status, row.redrives) != (analysis.status, analysis.redrives):
            return False
        self._move(self._key(analysis), row.status, now, redrives=row.redrives + 1)
        return True

    def delete(self, analysis: Analysis) -> bool:
        if not self._is(analysis, analysis.status):
            return False
        key = self._key(analysis)
        for rows in (self.of, self.saved, self.drawn, self.parts):
            rows.pop(key, None)
        if analysis.status is Status.AWAITING_UPLOAD:
            self._refund(analysis)
        return True

    def save_drawn(self, analysis: Analysis, looks: Sequence[DrawnLook]) -> bool:
        key = self._key(analysis)
        if key not in self.of or key in self.drawn:
            return False
        self.drawn[key] = tuple(looks)
        return True

    def rows(self, user_id: str) -> Iterator[Row]:
        for analysis in self._of_user(user_id):
            document = analysis.model_dump(mode="json", exclude_none=True, exclude={"due_at"})
            yield f"ANALYSIS#{analysis.analysis_id}", document
        for (owner, analysis_id), results in self.saved.items():
            if owner == user_id:
                for kind, result in results.items():
                    yield f"RESULT#{analysis_id}#{kind}", {"result": result}
        for (owner, analysis_id), part in self.parts.items():
            if owner == user_id:
                yield f"TONE#{analysis_id}", part.model_dump(mode="json")
        for (owner, day), used in self.used.items():
            if owner == user_id:
                yield f"QUOTA#{day}", {"used": used}

    def delete_rows(self, user_id: str) -> int:
        count = len(list(self.rows(user_id)))
        for rows in (self.of, self.saved, self.drawn, self.parts, self.used):
            for key in [key for key in rows if key[0] == user_id]:
                del rows[key]
        return count

    def _of_user(self, user_id: str) -> list[Analysis]:
        """Oldest first."""
        return [analysis for key, analysis in sorted(self.of.items()) if key[0] == user_id]

    def _is(self, analysis: Analysis, status: Status) -> bool:
        row = self.of.get(self._key(analysis))
        return row is not None and row.status is status

    def _put_result(self, analysis: Analysis, kind: Kind, result: Mapping[str, Any]) -> bool:
        results = self.saved.setdefault(self._key(analysis), {})
        if kind in results:
            return False
        results[kind] = plain(result)
        return True

    def _refund(self, analysis: Analysis) -> None:
        day = (analysis.user_id, analysis.quota_day)
        self.used[day] = self.used.get(day, 1) - 1

    def _move(self, key: tuple[str, str], to: Status, now: datetime, **changes: Any) -> Analysis:
        stamped = {"status": to, "updated_at": now}
        if self.of[key].due_at is not None or not to.is_terminal:
            stamped["due_at"] = now + PATIENCE[to]
        moved = self._change(key, **stamped, **changes)
        assert moved
        return moved

    def _change(self, key: tuple[str, str], **changes: Any) -> Analysis | None:
        if key not in self.of:
            return None
        self.of[key] = self.of[key].model_copy(update=changes)
        return self.of[key]

    @staticmethod
    def _key(analysis: Analysis) -> tuple[str, str]:
        return analysis.user_id, analysis.analysis_id


@dataclass
class FakeLooks:
    """Looks people asked for."""

    of: dict[tuple[str, str], SavedLook] = field(default_factory=dict)

    def create(self, look: SavedLook) -> None:
        key = (look.user_id, look.look_id)
        if key in self.of:
            raise FacetError("there is a look of this id")
        self.of[key] = look.model_copy(update={"expires_at": to_seconds(look.expires_at)})

    def get(self, user_id: str, look_id: str) -> SavedLook | None:
        return self.of.get((user_id, look_id))

    def page(self, user_id: str, limit: int, before_id: str | None) -> LookPage:
        newest = [
            look
            for (owner, look_id), look in sorted(self.of.items(), reverse=True)
            if owner == user_id and (before_id is None or look_id < before_id)
        ]
        more = len(newest) > limit
        return LookPage(tuple(newest[:limit]), newest[limit - 1].look_id if more else None)

    def of_analyses(self, user_id: str, most: int) -> Counter[str]:
        of = [look.analysis_id for (owner, _), look in sorted(self.of.items()) if owner == user_id]
        return Counter(of[:most])

    def finish(self, look: SavedLook) -> bool:
        row = self.of.get((look.user_id, look.look_id))
        if row is None or row.status is not LookStatus.RENDERING:
            return False
        names = ("status", "code", "message", "products", "updated_at")
        told = {name: value for name in names if (value := getattr(look, name)) is not None}
        self.of[look.user_id, look.look_id] = row.model_copy(update=told)
        return True

    def change(
        self, user_id: str, look_id: str, name: str, favourite: bool, now: datetime
    ) -> SavedLook | None:
        row = self.of.get((user_id, look_id))
        if row is None:
            return None
        told = {"name": name, "favourite": favourite, "updated_at": now}
        self.of[user_id, look_id] = row.model_copy(update=told)
        return self.of[user_id, look_id]

    def delete(self, user_id: str, look_id: str) -> SavedLook | None:
        return self.of.pop((user_id, look_id), None)

    def delete_of(self, user_id: str, analysis_id: str) -> None:
        for (owner, look_id), look in list(self.of.items()):
            if owner == user_id and look.analysis_id == analysis_id:
                del self.of[owner, look_id]

    def rows(self, user_id: str) -> Iterator[Row]:
        for (owner, look_id), look in self.of.items():
            if owner == user_id:
                yield f"LOOK#{look_id}", look.model_dump(mode="json", exclude_none=True)

    def delete_rows(self, user_id: str) -> int:
        keys = [key for key in self.of if key[0] == user_id]
        for key in keys:
            del self.of[key]
        return len(keys)


@dataclass
class FakeShelves:
    """The profile and the shelves of every user, as JSON texts: what is no object is kept as well.

    It is what advice asks of them, too (`BelongingsOf`).
    """

    profiles: dict[str, str] = field(default_factory=dict)
    owned: Counter[str] = field(default_factory=Counter)  # things on the counted shelves
    things: dict[tuple[str, Shelf, str], str] = field(default_factory=dict)

    def of(self, user_id: str, shelves: frozenset[Shelf]) -> Belongings:
        told = self.profile(user_id) or {}
        lying = {shelf: self._every(user_id, shelf) for shelf in shelves}
        return Belongings(
            profile=told,
            bag=lying.get(Shelf.BAG, ()),
            wardrobe=lying.get(Shelf.WARDROBE, ()),
            feedback=lying.get(Shelf.FEEDBACK, ())[::-1],
        )

    def profile(self, user_id: str) -> Document | None:
        if user_id not in self.profiles:
            return None
        try:
            document = json.loads(self.profiles[user_id])
        except ValueError as error:
            raise ProfileUnreadableError from error
        if not isinstance(document, dict):
            raise ProfileUnreadableError
        return document

    def save_profile(self, user_id: str, document: Document) -> None:
        self.profiles[user_id] = json.dumps(document)

    def page(self, user_id: str, shelf: Shelf, limit: int, after_id: str | None) -> ShelfPage:
        every = [
            document
            for document in self._every(user_id, shelf)
            if after_id is None or document["item_id"] > after_id
        ]
        room = PAGE_BYTES
        documents: list[Document] = []
        for document in every[:limit]:
            told = {name: value for name, value in document.items() if name != "item_id"}
            room -= len(json.dumps(told))
            if documents and room < 0:
                break
            documents.append(document)
        more = len(every) > len(documents)
        return ShelfPage(tuple(documents), documents[-1]["item_id"] if more else None)

    def get(self, user_id: str, shelf: Shelf, item_id: str) -> Document | None:
        text = self.things.get((user_id, shelf, item_id))
        return None if text is None else self._read(text, item_id)

    def put(
        self,
        user_id: str,
        shelf: Shelf,
        item_id: str,
        document: Document,
        most: int | None = None,
    ) -> bool:
        is_new = (user_id, shelf, item_id) not in self.things
        if is_new and shelf in COUNTED:
            if most is not None and self.owned[user_id] >= most:
                raise BelongingsFullError(most)
            self.owned[user_id] += 1
        told = {name: value for name, value in document.items() if name != "item_id"}
        self.things[user_id, shelf, item_id] = json.dumps(told)
        return is_new

    def change(
        self,
        user_id: str,
        shelf: Shelf,
        item_id: str,
        edit: Callable[[Document | None], Document | None],
        most: int | None = None,
    ) -> Document | None:
        while True:
            seen = self.things.get((user_id, shelf, item_id))
            edited = edit(None if seen is None else self._read(seen, item_id))
            if edited is None:
                return None
            if self.things.get((user_id, shelf, item_id)) == seen:
                self.put(user_id, shelf, item_id, edited, most)
                return edited

    def delete(self, user_id: str, shelf: Shelf, item_id: str) -> bool:
        was_there = self.things.pop((user_id, shelf, item_id), None) is not None
        self.owned[user_id] -= was_there and shelf in COUNTED
        return was_there

    def rows(self, user_id: str) -> Iterator[Row]:
        if user_id in self.profiles:
            yield "PROFILE", {"document": dict(self.profile(user_id) or {})}
        if user_id in self.owned:
            yield "OWNED", {"things": self.owned[user_id]}
        for (owner, shelf, item_id), text in self.things.items():
            if owner == user_id:
                yield f"{shelf}#{item_id}", {"document": json.loads(text)}

    def delete_rows(self, user_id: str) -> int:
        count = len(list(self.rows(user_id)))
        self.profiles.pop(user_id, None)
        self.owned.pop(user_id, None)
        for key in [key for key in self.things if key[0] == user_id]:
            del self.things[key]
        return count

    def _every(self, user_id: str, shelf: Shelf) -> tuple[Document, ...]:
        """In the order of their ids."""
        return tuple(
            self._read(text, key[2])
            for key, text in sorted(self.things.items())
            if key[:2] == (user_id, shelf)
        )

    @staticmethod
    def _read(text: str, item_id: str) -> Document:
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        return {**(document if isinstance(document, dict) else {}), "item_id": item_id}


@dataclass
class FakeProducts:
    """Products by their ids."""

    of: dict[str, Product] = field(default_factory=dict)

    def get(self, product_id: str) -> Product | None:
        return self.of.get(product_id)


@dataclass
class FakeObjects:
    """One bucket; what it was told to announce again is in `announced`."""

    name: str = "bucket"
    of: dict[str, bytes] = field(default_factory=dict)
    announced: list[str] = field(default_factory=list)

    def presign_put(
        self,
        key: str,
        *,
        content_type: str,
        content_length: int,
        checksum_sha256: str,
        correlation_id: str,
        seconds: int,
    ) -> Upload:
        headers = {
            "Content-Type": content_type,
            "Content-Length": str(content_length),
            "x-amz-checksum-sha256": checksum_sha256,
            "x-amz-meta-correlation-id": correlation_id,
        }
        return Upload("PUT", self.presign_get(key, seconds), headers)

    def presign_get(self, key: str, seconds: int, *, keep: bool = True) -> str:  # noqa: ARG002
        return f"https://{self.name}.example/{key}?X-Amz-Expires={seconds}"

    def get(self, key: str) -> bytes | None:
        return self.of.get(key)

    def get_if_changed(self, key: str, etag: str | None) -> tuple[bytes, str] | None:
        if key not in self.of:
            return None
        current = hashlib.md5(self.of[key]).hexdigest()  # noqa: S324 an ETag, as S3 makes it
        return None if etag == f'"{current}"' else (self.of[key], f'"{current}"')

    def put(self, key: str, data: bytes, content_type: str, correlation_id: str) -> None:  # noqa: ARG002
        self.of[key] = data

    def put_stream(self, key: str, pieces: Iterable[bytes], content_type: str) -> int:  # noqa: ARG002
        self.of[key] = b"".join(pieces)
        return len(self.of[key])

    def delete(self, *keys: str) -> None:
        for key in keys:
            self.of.pop(key, None)

    def delete_below(self, prefix: str) -> int:
        keys = list(self.keys(prefix))
        self.delete(*keys)
        return len(keys)

    def erase_below(self, prefix: str) -> int:
        return self.delete_below(prefix)

    def keys(self, prefix: str) -> Iterator[str]:
        yield from [key for key in sorted(self.of) if key.startswith(prefix)]

    def exists(self, key: str) -> bool:
        return key in self.of

    def send_event_again(self, key: str) -> bool:
        if key in self.of:
            self.announced.append(key)
        return key in self.of


@dataclass
class FakeQueue[Job: BaseModel]:
    """Jobs in the order they were sent, and by how much each was put off."""

    sent: list[Job] = field(default_factory=list)
    delays: list[timedelta] = field(default_factory=list)
    correlation_ids: list[str] = field(default_factory=list)

    def send(
        self, jobs: Iterable[Job], correlation_id: str, delay: timedelta = timedelta()
    ) -> None:
        for job in jobs:
            self.sent.append(job)
            self.delays.append(delay)
            self.correlation_ids.append(correlation_id)

    def depth(self) -> int:
        return len(self.sent)


class HasRows(Protocol):
    """A fake that keeps rows of users."""

    def rows(self, user_id: str) -> Iterator[Row]: ...
    def delete_rows(self, user_id: str) -> int: ...


@dataclass
class FakeAccounts:
    """All rows of a user: those of the other fakes and the exports."""

    parts: tuple[HasRows, ...] = ()
    exports: dict[tuple[str, str], Export] = field(default_factory=dict)
    erasures: dict[str, Erasure] = field(default_factory=dict)
    erased: dict[str, tuple[int, int]] = field(default_factory=dict)  # objects, rows

    def rows(self, user_id: str) -> Iterator[Row]:
        every = [row for part in self.parts for row in part.rows(user_id)]
        for (owner, export_id), export in self.exports.items():
            if owner == user_id:
                document = export.model_dump(mode="json", exclude_none=True)
                every.append((f"EXPORT#{export_id}", document))
        yield from sorted(every, key=lambda row: row[0])

    def delete_rows(self, user_id: str) -> int:
        keys = [key for key in self.exports if key[0] == user_id]
        for key in keys:
            del self.exports[key]
        return len(keys) + sum(part.delete_rows(user_id) for part in self.parts)

    def save_export(self, user_id: str, export: Export) -> None:
        expires_at = to_seconds(export.expires_at)
        key = (user_id, export.export_id)
        self.exports[key] = export.model_copy(update={"expires_at": expires_at})

    def export(self, user_id: str, export_id: str) -> Export | None:
        return self.exports.get((user_id, export_id))

    def newest_exports(self, user_id: str, most: int) -> Sequence[Export]:
        ids = sorted((of for owner, of in self.exports if owner == user_id), reverse=True)
        return [self.exports[user_id, export_id] for export_id in ids[:most]]

    def export_ready(self, user_id: str, export_id: str, size: int, now: datetime) -> bool:
        export = self.exports.get((user_id, export_id))
        if export is None:
            return False
        told = {"ready_at": now, "bytes": size}
        self.exports[user_id, export_id] = export.model_copy(update=told)
        return True

    def erasure(self, user_id: str) -> Erasure | None:
        return self.erasures.get(user_id)

    def mark_erasure(self, user_id: str, erasure_id: str, now: datetime) -> Erasure:
        marked = Erasure(erasure_id=erasure_id, status="erasing", requested_at=now)
        return self.erasures.setdefault(user_id, marked)

    def count_erased(self, user_id: str, *, objects: int, rows: int) -> None:
        before = self.erased.get(user_id, (0, 0))
        self.erased[user_id] = (before[0] + objects, before[1] + rows)

    def end_erasure(self, user_id: str, now: datetime) -> None:
        erasure = self.erasures.get(user_id)
        if erasure and erasure.erased_at is None:
            told = {"status": "erased", "erased_at": now}
            self.erasures[user_id] = erasure.model_copy(update=told)


@dataclass
class FakeRemembered:
    """How many requests are remembered, by user."""

    of: dict[str, int] = field(default_factory=dict)

    def delete_rows(self, user_id: str) -> int:
        return self.of.pop(user_id, 0)


@dataclass
class FakeUsers:
    """The user pool, by user name."""

    of: dict[str, dict[str, Any]] = field(default_factory=dict)

    def describe(self, username: str) -> dict[str, Any] | None:
        return self.of.get(username)

    def delete(self, username: str) -> None:
        self.of.pop(username, None)


@dataclass
class FakeDresser:
    """Answers with the same picture, or refuses."""

    picture: bytes = b"dressed"
    refusal: Exception | None = None

    def dress(self, person: bytes, garment: bytes, slot: Slot) -> bytes:  # noqa: ARG002
        if self.refusal:
            raise self.refusal
        return self.picture


@dataclass
class FakeEvents:
    """Everything that was published; `refusal` is raised instead while it is set."""

    published: list[AnalysisEnded] = field(default_factory=list)
    refusal: Exception | None = None

    def publish(self, event: AnalysisEnded) -> None:
        if self.refusal:
            raise self.refusal
        self.published.append(event)


# --- rows to begin with --------------------------------------------------------------------------


def now() -> datetime:
    """A moment, always the same."""
    return datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def analysis(analysis_id: str = "01A", user_id: str = "user", **told: Any) -> Analysis:
    """One that awaits its photo, or as told."""
    return Analysis.model_validate(
        {
            "analysis_id": analysis_id,
            "user_id": user_id,
            "status": "awaiting_upload",
            "created_at": now(),
            "updated_at": now(),
            "expires_at": now() + timedelta(days=30),
            "wants": ("skincare", "makeup"),
            "content_type": "image/jpeg",
            "content_length": 3,
            "checksum_sha256": b64encode(hashlib.sha256(analysis_id.encode()).digest()).decode(),
            "consent_version": "2026-11",
            "correlation_id": "correlation",
            "quota_day": now().date().isoformat(),
            **told,
        }
    )


def three_photos(*views: str) -> tuple[SentPhoto, ...]:
    """Three photos of one analysis, of these views (each the front unless told)."""
    told = {"content_type": "image/jpeg", "content_length": 3}
    return tuple(
        SentPhoto.model_validate({**told, "checksum_sha256": f"{number}" * 43 + "=", "view": view})
        for number, view in enumerate(views or ("front",) * 3)
    )


def look(look_id: str = "01L", **told: Any) -> SavedLook:
    """One that is being drawn, or as told."""
    return SavedLook.model_validate(
        {
            "look_id": look_id,
            "user_id": "user",
            "analysis_id": "01A",
            "name": "Lip",
            "status": "rendering",
            "products": ({"category": "lip", "hex": "#aa3344"},),
            "created_at": now(),
            "updated_at": now(),
            "expires_at": now() + timedelta(days=30),
            "correlation_id": "correlation",
            **told,
        }
    )


if TYPE_CHECKING:
    from facet.domain.account import AccountJob
    from facet.domain.messages import FaceAnalyzed, LookWanted

    _analyses: ports.Analyses = FakeAnalyses()
    _looks: ports.Looks = FakeLooks()
    _shelves: ports.Shelves = FakeShelves()
    _belongings: ports.BelongingsOf = FakeShelves()
    _products: ports.Products = FakeProducts()
    _objects: ports.Objects = FakeObjects()
    _jobs: ports.Jobs = FakeQueue[FaceAnalyzed]()
    _account_jobs: ports.AccountJobs = FakeQueue[AccountJob]()
    _look_jobs: ports.LookJobs = FakeQueue[LookWanted]()
    _accounts: ports.Accounts = FakeAccounts()
    _remembered: ports.Remembered = FakeRemembered()
    _users: ports.Users = FakeUsers()
    _dresser: ports.Dresser = FakeDresser()
    _events: ports.Events = FakeEvents()
