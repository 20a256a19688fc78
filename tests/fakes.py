"""Everything the services need of the world, in memory: a fake for each port.

tests/integration/test_ports.py holds them and the adapters to the same behaviour.
"""

import hashlib
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from facet.domain.account import EXPORT_PATIENCE, Erasure, Export
from facet.domain.analysis import (
    PATIENCE,
    RETRY_PATIENCE,
    Analysis,
    Awaited,
    Contents,
    Failure,
    KeptFailure,
    Kind,
    Page,
    ReadAnalysis,
    SentPhoto,
    Size,
    Status,
    UnreadableRow,
)
from facet.domain.belongings import COUNTED, PAGE_BYTES, Belongings, Shelf, ShelfPage
from facet.domain.errors import (
    AnalysisUnreadableError,
    BelongingsFullError,
    ProfileUnreadableError,
)
from facet.domain.face import FaceReading
from facet.domain.looks import RENDER_PATIENCE, DrawnLook, LookPage, LookStatus, SavedLook
from facet.domain.messages import AnalysisEnded
from facet.domain.narration import EnhancedAnalysis
from facet.domain.overdue import OPEN_SHARDS, Overdue, due_again
from facet.domain.products import Product
from facet.domain.quota import QuotaExceededError, Tier, Usage
from facet.domain.repeats import Reservation
from facet.domain.storage import Upload
from facet.domain.style import GarmentPhoto, Slot
from facet.domain.tone import ToneEvidence
from facet.domain.tone_of_person import TonePart, kept_evidence
from facet.services import ports

LEASE = timedelta(seconds=30)

type Document = Mapping[str, Any]
type Row = tuple[str, dict[str, Any]]
type Whose = tuple[str, str]  # user_id, and the id of what is theirs
type Due = tuple[Overdue, datetime]


def plain(document: Any) -> Any:
    """As it comes back from a table that keeps JSON."""
    return json.loads(json.dumps(document))


def to_seconds(moment: datetime) -> datetime:
    """Rows expire at whole seconds."""
    return moment.replace(microsecond=0)


@dataclass
class FakeAnalyses:
    """Analyses, their results and the days' quota; every write is conditional, as in the table."""

    of: dict[Whose, Analysis] = field(default_factory=dict)
    readings: dict[Whose, tuple[FaceReading, Size]] = field(default_factory=dict)
    saved: dict[Whose, dict[Kind, dict[str, Any]]] = field(default_factory=dict)
    lost: set[tuple[Whose, Kind]] = field(default_factory=set)
    drawn: dict[Whose, tuple[DrawnLook, ...]] = field(default_factory=dict)
    words: dict[Whose, EnhancedAnalysis] = field(default_factory=dict)
    parts: dict[Whose, TonePart] = field(default_factory=dict)
    used: dict[tuple[str, str], int] = field(default_factory=dict)
    leases: dict[Whose, datetime] = field(default_factory=dict)
    unreadable: set[Whose] = field(default_factory=set)

    # -- reading ---------------------------------------------------------------------------

    def get(self, user_id: str, analysis_id: str) -> Analysis | None:
        row = self.of.get((user_id, analysis_id))
        if row and (user_id, analysis_id) in self.unreadable:
            raise AnalysisUnreadableError
        return row

    def read(self, user_id: str, analysis_id: str) -> ReadAnalysis | None:
        row = self.get(user_id, analysis_id)
        return self._read(row) if row else None

    def contents(self, user_id: str, analysis_id: str) -> Contents | None:
        key = (user_id, analysis_id)
        analysis = self.read(*key)
        if analysis is None:
            return None
        return Contents(analysis, self.results(*key), self.drawn.get(key), self.words.get(key))

    def results(self, user_id: str, analysis_id: str) -> dict[Kind, dict[str, Any]]:
        return dict(self.saved.get((user_id, analysis_id), {}))

    def history(self, user_id: str, limit: int, before_id: str | None) -> Page:
        newest = [
            analysis
            for analysis in reversed(self._of_user(user_id))
            if before_id is None or analysis.analysis_id < before_id
        ]
        more = len(newest) > limit
        return Page(
            tuple(self._read(each) for each in newest[:limit] if not self._broken(each)),
            newest[limit - 1].analysis_id if more else None,
            tuple(
                UnreadableRow(user_id, each.analysis_id, "ValueError")
                for each in newest[:limit]
                if self._broken(each)
            ),
        )

    def earliest(self, user_id: str, limit: int) -> tuple[ReadAnalysis, ...]:
        first = self._of_user(user_id)[:limit]
        return tuple(self._read(each) for each in first if not self._broken(each))

    def tones(self, user_id: str, now: datetime) -> tuple[ToneEvidence, ...]:
        newest = sorted((key for key in self.parts if key[0] == user_id), reverse=True)
        return kept_evidence((self.parts[key] for key in newest), now)

    def usage(self, user_id: str, tier: Tier, now: datetime) -> Usage:
        return Usage.today(tier, self.used.get((user_id, now.date().isoformat()), 0), now)

    # -- moving an analysis on -------------------------------------------------------------

    def create(self, analysis: Analysis, tier: Tier) -> Analysis:
        key = self._key(analysis)
        if key in self.of:
            return self.of[key]
        if not self._charged(analysis.user_id, analysis.quota_day, tier):
            raise QuotaExceededError(self.usage(analysis.user_id, tier, analysis.created_at))
        due_at = analysis.created_at + PATIENCE
        expires_at = to_seconds(analysis.expires_at)
        self.of[key] = analysis.model_copy(update={"due_at": due_at, "expires_at": expires_at})
        return self.of[key]

    def signed_again(self, analysis: Analysis, until: datetime, due_at: datetime) -> bool:
        if not self._is(analysis, Status.AWAITING_UPLOAD):
            return False
        return self._change(self._key(analysis), upload_until=until, due_at=due_at) is not None

    def claim(self, analysis: Analysis, now: datetime) -> Analysis | None:
        key = self._key(analysis)
        row = self.of.get(key)
        if row is None or row.decoding is not analysis.decoding:
            return None
        free = row.status is Status.ANALYZING and self.leases[key] <= now
        if row.status is not Status.AWAITING_UPLOAD and not free:
            return None
        self.leases[key] = now + LEASE
        deaths = analysis.decoder_deaths + analysis.decoding
        return self._move(key, Status.ANALYZING, now, decoding=True, decoder_deaths=deaths)

    def opening(self, analysis: Analysis) -> None:
        self._change(self._key(analysis), decoding=True)

    def opened(self, analysis: Analysis) -> None:
        self._change(self._key(analysis), decoding=False)

    def release(self, analysis: Analysis, now: datetime) -> None:
        if self._is(analysis, Status.ANALYZING):
            self.leases[self._key(analysis)] = now
            self._move(self._key(analysis), Status.ANALYZING, now, decoding=False)

    def save_reading(
        self, analysis: Analysis, reading: FaceReading, photo: Size, now: datetime
    ) -> Analysis | None:
        key = self._key(analysis)
        if part := TonePart.of(analysis, reading):
            expires_at = to_seconds(part.expires_at)
            self.parts[key] = part.model_copy(update={"expires_at": expires_at})
        self.readings.setdefault(key, (reading, photo))
        if not self._is(analysis, Status.ANALYZING):
            self.forget(*key)
            return None
        told = {"photo": photo, "pending": frozenset(analysis.wants), "redrives": 0}
        return self._move(key, Status.RECOMMENDING, now, decoding=False, **told)

    def reading(self, user_id: str, analysis_id: str) -> tuple[FaceReading, Size] | None:
        return self.readings.get((user_id, analysis_id))

    def forget(self, user_id: str, analysis_id: str) -> None:
        row = self.of.get((user_id, analysis_id))
        if row is None or row.status in (Status.FAILED, Status.EXPIRED):
            self._forget_beside((user_id, analysis_id))

    def save_thumbnails(self, analysis: Analysis) -> bool:
        self._change(self._key(analysis), thumbnails=True)
        return self.received(analysis, Awaited.THUMBNAILS) is not None

    def received(self, analysis: Analysis, what: Awaited) -> Analysis | None:
        key = self._key(analysis)
        row = self.of.get(key)
        if row is None:
            return None
        awaits = row.awaits - {what}
        closed = {"due_at": None} if row.status.is_terminal and not awaits else {}
        return self._change(key, awaits=awaits, **closed)

    def save_result(
        self, analysis: Analysis, kind: Kind, result: Mapping[str, Any], *, lost: bool = False
    ) -> None:
        results = self.saved.setdefault(self._key(analysis), {})
        if kind not in results:
            results[kind] = plain(result)
            if lost:
                self.lost.add((self._key(analysis), kind))

    def take_off(self, analysis: Analysis, kind: Kind) -> Analysis | None:
        key = self._key(analysis)
        if not self._is(analysis, Status.RECOMMENDING):
            return None
        return self._change(key, pending=self.of[key].pending - {kind})

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
        key = self._key(analysis)
        if words:
            self.words[key] = words
        row = self.of.get(key)
        if row is None or row.status is not Status.RECOMMENDING:
            return None
        if row.pending != ({last} if last and not regardless else set()):
            return None
        if all_lost:
            self._refund(analysis)
        told = {"pending": frozenset(), "redrives": 0, "refunded": all_lost or row.refunded}
        return self._move(key, Status.COMPLETED, now, **told)

    def save_drawn(self, analysis: Analysis, looks: Sequence[DrawnLook]) -> bool:
        self.drawn.setdefault(self._key(analysis), tuple(looks))
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
        if not self._is(analysis, analysis.status):
            return None
        key = self._key(analysis)
        if not charged:
            self._refund(analysis)
        if analysis.status is Status.ANALYZING:
            self.parts.pop(key, None)
            self.readings.pop(key, None)
        kept = KeptFailure.model_validate(failure.model_dump())
        told: dict[str, Any] = {"failure": kept, "pending": frozenset(), "decoding": False}
        return self._move(key, status, now, awaits=frozenset({Awaited.ANNOUNCEMENT}), **told)

    def end_unreadable(self, row: UnreadableRow, failure: Failure, now: datetime) -> bool:
        key = (row.user_id, row.analysis_id)
        there = self.of.get(key)
        if there is None:
            return False
        if there.status.is_terminal:
            return there.status is Status.FAILED and Awaited.ANNOUNCEMENT in there.awaits
        self._refund(there)
        kept = KeptFailure.model_validate(failure.model_dump())
        told: dict[str, Any] = {"failure": kept, "pending": frozenset()}
        self._move(key, Status.FAILED, now, awaits=frozenset({Awaited.ANNOUNCEMENT}), **told)
        return True

    def close_unreadable(self, row: UnreadableRow) -> None:
        self._change((row.user_id, row.analysis_id), due_at=None, awaits=frozenset())

    def retry(
        self, analysis: Analysis, lost: frozenset[Kind], tier: Tier, now: datetime
    ) -> Analysis | None:
        key = self._key(analysis)
        row = self.of.get(key)
        today = now.astimezone(UTC).date().isoformat()
        seen = (Status.COMPLETED, analysis.retries)
        there = row is not None and (row.status, row.retries) == seen
        there = there and all((key, kind) in self.lost for kind in lost)
        if not there or (analysis.refunded and not self._charged(analysis.user_id, today, tier)):
            if analysis.refunded and (usage := self.usage(analysis.user_id, tier, now)).left == 0:
                raise QuotaExceededError(usage)
            return None
        for kind in lost:
            del self.saved[key][kind]
            self.lost.discard((key, kind))
        awaits = {Awaited.ANNOUNCEMENT, *analysis.awaits}
        awaits |= {Awaited.LOOKS} if Kind.MAKEUP in lost else set()
        told: dict[str, Any] = {
            "pending": lost,
            "awaits": frozenset(awaits),
            "retries": analysis.retries + 1,
            "redrives": 0,
            "due_at": now + RETRY_PATIENCE,
            "refunded": False,
        }
        told |= {"quota_day": today} if analysis.refunded else {}
        return self._move(key, Status.RECOMMENDING, now, **told)

    def redriven(self, analysis: Analysis, now: datetime) -> bool:
        row = self.of.get(self._key(analysis))
        if row is None or (row.status, row.redrives) != (analysis.status, analysis.redrives):
            return False
        due_at = due_again(now, row.redrives)
        self._change(self._key(analysis), redrives=row.redrives + 1, due_at=due_at)
        return True

    def delete(self, analysis: Analysis) -> bool:
        if not self._is(analysis, analysis.status):
            return False
        del self.of[self._key(analysis)]
        self._forget_beside(self._key(analysis))
        if analysis.status is Status.AWAITING_UPLOAD:
            self._refund(analysis)
        return True

    def delete_unreadable(self, user_id: str, analysis_id: str) -> None:
        self.of.pop((user_id, analysis_id), None)
        self._forget_beside((user_id, analysis_id))

    # -- all rows of a user ----------------------------------------------------------------

    def rows(self, user_id: str) -> Iterator[Row]:
        internal = {"due_at", "redrives", "retries", "awaits", "decoding", "decoder_deaths"}
        for analysis in self._of_user(user_id):
            document = analysis.model_dump(mode="json", exclude_none=True, exclude=internal)
            yield f"ANALYSIS#{analysis.analysis_id}", document
        for (owner, of), (reading, _) in self.readings.items():
            if owner == user_id:
                told = reading.model_dump(mode="json", exclude_none=True)
                yield f"READING#{of}", {"reading": told}
        for (owner, of), name, result in self._answers():
            if owner == user_id:
                yield f"RESULT#{of}#{name}", {"result": result}
        for (owner, of), part in self.parts.items():
            if owner == user_id:
                yield f"TONE#{of}", part.model_dump(mode="json")
        for (owner, day), used in self.used.items():
            if owner == user_id:
                yield f"QUOTA#{day}", {"used": used}

    def delete_rows(self, user_id: str) -> int:
        count = len(list(self.rows(user_id)))
        beside = (self.readings, self.saved, self.drawn, self.words, self.parts, self.used)
        for rows in (self.of, *beside):
            for key in [key for key in rows if key[0] == user_id]:
                del rows[key]
        return count

    def due(self) -> Iterator[Due]:
        for (user_id, analysis_id), row in self.of.items():
            if row.due_at:
                yield Overdue("ANALYSIS", user_id, analysis_id), row.due_at

    def _answers(self) -> Iterator[tuple[Whose, str, Any]]:
        for key, results in self.saved.items():
            for kind, result in results.items():
                yield key, kind, result
        for key, looks in self.drawn.items():
            yield key, "looks", [look.model_dump(mode="json", exclude_none=True) for look in looks]
        for key, words in self.words.items():
            yield key, "words", words.model_dump(mode="json")

    def _of_user(self, user_id: str) -> list[Analysis]:
        """Oldest first."""
        return [analysis for key, analysis in sorted(self.of.items()) if key[0] == user_id]

    def _read(self, row: Analysis) -> ReadAnalysis:
        reading, _ = self.readings.get(self._key(row), (None, None))
        return ReadAnalysis.model_validate({**dict(row), "reading": reading})

    def _broken(self, analysis: Analysis) -> bool:
        return self._key(analysis) in self.unreadable

    def _is(self, analysis: Analysis, status: Status) -> bool:
        row = self.of.get(self._key(analysis))
        return row is not None and row.status is status

    def _charged(self, user_id: str, day: str, tier: Tier) -> bool:
        used, limit = self.used.get((user_id, day), 0), tier.daily_limit
        if limit is not None and used >= limit:
            return False
        self.used[user_id, day] = used + 1
        return True

    def _refund(self, analysis: Analysis) -> None:
        day = (analysis.user_id, analysis.quota_day)
        self.used[day] = self.used.get(day, 1) - 1

    def _forget_beside(self, key: Whose) -> None:
        for rows in (self.readings, self.saved, self.drawn, self.words, self.parts):
            rows.pop(key, None)
        self.lost = {each for each in self.lost if each[0] != key}

    def _move(self, key: Whose, to: Status, now: datetime, **changes: Any) -> Analysis:
        moved = self._change(key, status=to, updated_at=now, **changes)
        assert moved
        return moved

    def _change(self, key: Whose, **changes: Any) -> Analysis | None:
        if key not in self.of:
            return None
        self.of[key] = self.of[key].model_copy(update=changes)
        return self.of[key]

    @staticmethod
    def _key(analysis: Analysis) -> Whose:
        return analysis.user_id, analysis.analysis_id


@dataclass
class FakeLooks:
    """Looks people asked for."""

    of: dict[tuple[str, str], SavedLook] = field(default_factory=dict)

    def create(self, look: SavedLook, check: Callable[[], None] = lambda: None) -> None:
        check()
        due_at = look.created_at + RENDER_PATIENCE
        told = {"expires_at": to_seconds(look.expires_at), "due_at": due_at}
        self.of.setdefault((look.user_id, look.look_id), look.model_copy(update=told))

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
        self.of[look.user_id, look.look_id] = row.model_copy(update={**told, "due_at": None})
        return True

    def redriven(self, look: SavedLook, now: datetime) -> bool:
        row = self.of.get((look.user_id, look.look_id))
        if row is None or row.status is not LookStatus.RENDERING:
            return False
        due_at = due_again(now, look.redrives, RENDER_PATIENCE)
        told = {"redrives": look.redrives + 1, "due_at": due_at}
        self.of[look.user_id, look.look_id] = row.model_copy(update=told)
        return True

    def due(self) -> Iterator[Due]:
        for (user_id, look_id), row in self.of.items():
            if row.due_at:
                yield Overdue("LOOK", user_id, look_id), row.due_at

    def change(
        self, user_id: str, look_id: str, name: str, favourite: bool, now: datetime
    ) -> SavedLook | None:
        row = self.of.get((user_id, look_id))
        if row is None:
            return None
        told = {"name": name, "favourite": favourite, "updated_at": now}
        self.of[user_id, look_id] = row.model_copy(update=told)
        return self.of[user_id, look_id]

    def delete(self, user_id: str, look_id: str) -> None:
        self.of.pop((user_id, look_id), None)

    def delete_of(self, user_id: str, analysis_id: str) -> None:
        for (owner, look_id), look in list(self.of.items()):
            if owner == user_id and look.analysis_id == analysis_id:
                del self.of[owner, look_id]

    def rows(self, user_id: str) -> Iterator[Row]:
        for (owner, look_id), look in self.of.items():
            if owner == user_id:
                told = look.model_dump(
                    mode="json", exclude_none=True, exclude={"due_at", "redrives"}
                )
                yield f"LOOK#{look_id}", told

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

    def due(self) -> Iterator[Due]:
        for (user_id, shelf, item_id), text in self.things.items():
            photo = GarmentPhoto.of(self._read(text, item_id))
            if photo and photo.status == "awaiting_upload" and photo.due_at:
                yield Overdue(shelf, user_id, item_id), photo.due_at

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
            "If-None-Match": "*",
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

    def keys_older(self, prefix: str, than: datetime, after: str | None = None) -> Iterator[str]:  # noqa: ARG002
        """All of them: nothing here has an age."""
        yield from (key for key in self.keys(prefix) if after is None or key > after)

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
    due_exports: dict[tuple[str, str], datetime] = field(default_factory=dict)
    erasures: dict[str, Erasure] = field(default_factory=dict)
    erased: dict[str, tuple[int, int]] = field(default_factory=dict)  # objects, rows

    def rows(self, user_id: str) -> Iterator[Row]:
        every = [row for part in self.parts for row in part.rows(user_id)]
        for (owner, export_id), export in self.exports.items():
            if owner == user_id:
                document = export.model_dump(mode="json", exclude_none=True, exclude={"redrives"})
                every.append((f"EXPORT#{export_id}", document))
        yield from sorted(every, key=lambda row: row[0])

    def has_row(self, user_id: str, sort_key: str) -> bool:
        return any(name == sort_key for name, _ in self.rows(user_id))

    def delete_rows(self, user_id: str) -> int:
        keys = [key for key in self.exports if key[0] == user_id]
        for key in keys:
            del self.exports[key]
            self.due_exports.pop(key, None)
        return len(keys) + sum(part.delete_rows(user_id) for part in self.parts)

    def save_export(
        self,
        user_id: str,
        export: Export,
        instead: Callable[[], Export | None] = lambda: None,
    ) -> Export:
        if standing := instead():
            return standing
        key = (user_id, export.export_id)
        if key not in self.exports:
            told = {"expires_at": to_seconds(export.expires_at)}
            self.exports[key] = export.model_copy(update=told)
            self.due_exports[key] = export.requested_at + EXPORT_PATIENCE
        return export

    def export(self, user_id: str, export_id: str) -> Export | None:
        return self.exports.get((user_id, export_id))

    def newest_exports(self, user_id: str, most: int) -> Sequence[Export]:
        ids = sorted((of for owner, of in self.exports if owner == user_id), reverse=True)
        return [self.exports[user_id, export_id] for export_id in ids[:most]]

    def export_ready(self, user_id: str, export_id: str, size: int, now: datetime) -> bool:
        key = (user_id, export_id)
        if key not in self.exports:
            return False
        told = {"ready_at": now, "bytes": size, "failed_at": None}
        self.exports[key] = self.exports[key].model_copy(update=told)
        self.due_exports.pop(key, None)
        return True

    def export_redriven(self, user_id: str, export: Export, now: datetime) -> None:
        if self._unless_ready(user_id, export, redrives=export.redrives + 1):
            due_at = due_again(now, export.redrives, EXPORT_PATIENCE)
            self.due_exports[user_id, export.export_id] = due_at

    def export_failed(self, user_id: str, export: Export, now: datetime) -> None:
        if self._unless_ready(user_id, export, failed_at=now):
            self.due_exports.pop((user_id, export.export_id), None)

    def _unless_ready(self, user_id: str, export: Export, **told: Any) -> bool:
        row = self.exports.get((user_id, export.export_id))
        if row is None or row.ready_at:
            return False
        self.exports[user_id, export.export_id] = row.model_copy(update=told)
        return True

    def due(self) -> Iterator[Due]:
        for (user_id, export_id), due_at in self.due_exports.items():
            yield Overdue("EXPORT", user_id, export_id), due_at

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


class HasDeadlines(Protocol):
    """A fake that keeps rows which wait for something."""

    def due(self) -> Iterator[Due]: ...


@dataclass
class FakeOverdue:
    """What waits too long, of the other fakes."""

    parts: tuple[HasDeadlines, ...] = ()
    later: dict[Overdue, datetime] = field(default_factory=dict)

    def put_off(self, row: Overdue, until: datetime) -> None:
        self.later[row] = until

    def overdue(self, shard: int, now: datetime) -> Iterator[Overdue]:
        due = [each for part in self.parts for each in part.due()]
        every = [(row, max(at, self.later.get(row, at))) for row, at in due]
        for row, due_at in sorted(every, key=lambda each: each[1]):
            if due_at < now and sum(row.row_id.encode()) % OPEN_SHARDS == shard:
                yield row


@dataclass
class FakeRepeats:
    """Ids that requests were given, by user and digest."""

    of: dict[tuple[str, str], tuple[Reservation, datetime]] = field(default_factory=dict)
    shared: set[tuple[str, str]] = field(default_factory=set)

    def reserve(
        self, user_id: str, digest: str, row_id: str, body: str, now: datetime
    ) -> Reservation:
        key = user_id, digest
        if key not in self.of or self.of[key][1] <= now:
            self.of[key] = Reservation(row_id, body), now + timedelta(days=1)
            self.shared.discard(key)
        elif self.of[key][0].row_id != row_id:
            self.shared.add(key)
        return self.of[key][0]

    def give_back(self, user_id: str, digest: str, row_id: str, now: datetime) -> None:
        key = user_id, digest
        kept = self.of[key][0]
        if key not in self.shared and kept.row_id == row_id:
            self.of[key] = kept, now

    def made(self, user_id: str, digest: str, row_id: str) -> None:
        kept, until = self.of[user_id, digest]
        self.of[user_id, digest] = replace(kept, row_id=row_id, made=True), until


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
    looks = ("looks",) if "makeup" in told.get("wants", ("makeup",)) else ()
    return Analysis.model_validate(
        {
            "analysis_id": analysis_id,
            "user_id": user_id,
            "status": "awaiting_upload",
            "created_at": now(),
            "updated_at": now(),
            "expires_at": now() + timedelta(days=30),
            "wants": ("skincare", "makeup"),
            "awaits": ("announcement", "thumbnails", *looks),
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
    from facet.http.idempotency import Ids

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
    _overdue: ports.OverdueRows = FakeOverdue()
    _repeats: Ids = FakeRepeats()
    _users: ports.Users = FakeUsers()
    _dresser: ports.Dresser = FakeDresser()
    _events: ports.Events = FakeEvents()
