"""POST /v1/me/export and what comes of it: one ZIP of everything a user has here."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from itertools import batched

from pydantic import Field

from facet.domain.account import (
    EXPORT_LIFE,
    Export,
    ExportRequested,
    ExportStatus,
    Person,
)
from facet.domain.base import Answer
from facet.domain.errors import ExportsUsedUpError, PermanentError
from facet.domain.places import PLACES, export_key
from facet.domain.polling import POLL_EXPORT_AFTER_MS
from facet.saying import say
from facet.services.ports import AccountJobs, Accounts, Objects, Users

DOWNLOAD_SIGNED_FOR = timedelta(hours=1)
# Pictures read at once: all that is in memory of them, each at most a photo's 10 MB.
PICTURES_AT_ONCE = 8
FOLDERS = {
    "BAG": "bag",
    "WARDROBE": "wardrobe",
    "LOOK": "looks",
    "FEEDBACK": "feedback",
    "QUOTA": "usage",
    "EXPORT": "exports",
    "ANALYSIS": "analyses",
    "TONE": "tone",
}


_TOLD = ("export_id", "status", "requested_at", "expires_at", "ready_at", "bytes")


class ExportDocument(Answer):
    """An export: poll it until `status` is ready, then fetch `download_url`."""

    export_id: str = Field(description="ULID.")
    status: ExportStatus = Field(description="ready: the ZIP is at `url`.")
    requested_at: datetime = Field(description="When it was asked for (UTC).")
    expires_at: datetime = Field(description="When the ZIP is deleted (UTC).")
    ready_at: datetime | None = Field(default=None, description="When the ZIP was done (UTC).")
    bytes: int | None = Field(None, description="Size of the ZIP.")
    download_url: str | None = Field(None, description="Signed, good for an hour; ask again then.")
    poll_after_ms: int | None = Field(
        None, description="Ask again after this many milliseconds; absent once ready or failed."
    )


def request_export(
    person: Person,
    export_id: str,
    correlation_id: str,
    *,
    now: datetime,
    most_a_day: int,
    accounts: Accounts,
    jobs: AccountJobs,
) -> str:
    """The id of a new export, or of the one that is still being made.

    export_id: a ULID, the same for the same request. most_a_day: new ones of a UTC day. Raises
    ExportsUsedUpError.
    """
    if accounts.export(person.user_id, export_id):
        return export_id

    def pending() -> Export | None:
        newest = accounts.newest_exports(person.user_id, most_a_day)
        for export in newest:  # an id is given before its row is written: any of them may wait
            if export.status is ExportStatus.PENDING:
                return export
        today = datetime.combine(now.astimezone(UTC), time(), UTC)
        if sum(export.requested_at >= today for export in newest) >= most_a_day:
            tomorrow = today + timedelta(days=1)
            raise ExportsUsedUpError(most_a_day, max(1, round((tomorrow - now).total_seconds())))
        return None

    new = Export(
        export_id=export_id,
        requested_at=now,
        expires_at=now + EXPORT_LIFE,
        username=person.username,
    )
    export = accounts.save_export(person.user_id, new, pending)
    if export is new:  # where the message of another was lost, the sweep sends it again
        send_export(person.user_id, export, correlation_id, jobs)
    return export.export_id


def send_export(user_id: str, export: Export, correlation_id: str, jobs: AccountJobs) -> None:
    """Queue the making of an export."""
    job = ExportRequested(
        user_id=user_id, username=export.username or user_id, export_id=export.export_id
    )
    jobs.send([job], correlation_id)


def read_export(
    user_id: str, export_id: str, *, now: datetime, accounts: Accounts, media: Objects
) -> ExportDocument:
    """An export, with its download URL once it is ready.

    Raises PermanentError: export_not_found, for other people's exports too; export_unreadable.
    """
    export = accounts.export(user_id, export_id)
    if export is None:
        raise PermanentError("export_not_found")
    url = None
    if export.status is ExportStatus.READY:
        seconds = int(min(DOWNLOAD_SIGNED_FOR, export.expires_at - now).total_seconds())
        url = media.presign_get(export_key(user_id, export_id), max(1, seconds), keep=False)
    return ExportDocument(
        download_url=url,
        poll_after_ms=POLL_EXPORT_AFTER_MS if export.status is ExportStatus.PENDING else None,
        **{name: getattr(export, name) for name in _TOLD},
    )


def export_account(
    job: ExportRequested,
    *,
    accounts: Accounts,
    users: Users,
    uploads: Objects,
    media: Objects,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int | None:
    """Write the ZIP of a user's data -> its size in bytes, or None where nothing is left to do."""
    export = accounts.export(job.user_id, job.export_id)
    if export is None:  # a try may have died as its user was erased
        media.delete(export_key(job.user_id, job.export_id))
    if export is None or export.ready_at:
        return None
    key = export_key(job.user_id, job.export_id)
    files = everything(job, clock(), accounts=accounts, users=users, uploads=uploads, media=media)
    size = media.put_stream(key, zipped(files), "application/zip")
    if not accounts.export_ready(job.user_id, job.export_id, size, clock()):
        media.delete(key)  # erased while it was written
        return None
    return size


def everything(
    job: ExportRequested,
    now: datetime,
    *,
    accounts: Accounts,
    users: Users,
    uploads: Objects,
    media: Objects,
) -> Iterator[tuple[str, bytes]]:
    """Every file of an export as (name in the ZIP, content), a few pictures at a time."""
    yield "README.txt", _readme(now)
    yield "account.json", _json(users.describe(job.username))
    for sort_key, document in accounts.rows(job.user_id):
        yield name_of(sort_key), _json(document)
    for bucket, name, folder in ((media, "media", "pictures"), (uploads, "uploads", "uploads")):
        for place in PLACES:
            if place.bucket == name and place.exported:
                below = place.of_user(job.user_id)
                for key, data in _contents(bucket, below):
                    yield f"{folder}/{place.prefix}/{key.removeprefix(below)}", data


def _readme(now: datetime) -> bytes:
    return (say("export.readme", now=now.astimezone(UTC)) + "\n").encode()


def _contents(bucket: Objects, prefix: str) -> Iterator[tuple[str, bytes]]:
    with ThreadPoolExecutor(PICTURES_AT_ONCE) as pool:
        for keys in batched(bucket.keys(prefix), PICTURES_AT_ONCE, strict=False):
            for key, data in zip(keys, pool.map(bucket.get, keys), strict=True):
                if data is not None:  # else deleted meanwhile
                    yield key, data


def name_of(sort_key: str) -> str:
    """Name in the ZIP of a row: BAG#<id> is bag/<id>.json, RESULT#<id>#<kind> analyses/<id>/..."""
    kind, *rest = sort_key.split("#")
    match kind, rest:
        case "PROFILE", []:
            return "profile.json"
        case "READING", [analysis_id]:
            return f"{FOLDERS['ANALYSIS']}/{analysis_id}/reading.json"
        case "OWNED", []:
            return f"{FOLDERS['QUOTA']}/belongings.json"
        case "RESULT", [analysis_id, result]:
            return f"analyses/{analysis_id}/{result}.json"
        case _, [name] if kind in FOLDERS:
            return f"{FOLDERS[kind]}/{name}.json"
    return f"other/{'_'.join([kind, *rest])}.json"


def _json(document: object) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False, default=str).encode()


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A ZIP of (name, content) in pieces, never whole; pictures are stored as they are."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files:
            packed = name.endswith((".json", ".txt"))
            how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            archive.writestr(name, content, how)
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """What is written, to be taken away; zipfile needs no more of a file than this."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken
