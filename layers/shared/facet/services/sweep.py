"""Every five minutes: whatever stands still is sent on, or ended with a reason.

Each kind of thing that waits has a deadline, and what is overdue is sent on some times over more
than an hour (domain/overdue.py), then ended. A try counts once it was sent: while a queue or a
bucket is down, nothing is used up.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from facet.domain.account import ExportStatus
from facet.domain.analysis import (
    ANNOUNCED_WITHIN,
    Analysis,
    Awaited,
    Failure,
    Kind,
    Status,
    UnreadableRow,
    looks_of,
)
from facet.domain.belongings import Shelf
from facet.domain.errors import AnalysisUnreadableError, PermanentError
from facet.domain.looks import TIMED_OUT, DrawnLook, LookStatus
from facet.domain.messages import AnalysisEnded, LookWanted, jobs_of
from facet.domain.overdue import MAX_REDRIVES, Overdue, due_again
from facet.domain.places import garment_upload_key
from facet.domain.style import GarmentPhoto
from facet.saying import say
from facet.services.end_analysis import announce, complete_analysis, fail_analysis
from facet.services.export_account import send_export
from facet.services.ports import (
    AccountJobs,
    Accounts,
    Analyses,
    Events,
    Jobs,
    LookJobs,
    Looks,
    Objects,
    OverdueRows,
    Shelves,
)

logger = logging.getLogger(__name__)

LOST = "job_lost"
UNREADABLE_FOR = timedelta(days=1)  # until a look, a garment or an export is tried again


@dataclass(frozen=True, slots=True)
class World:
    """What the sweep goes through and sends on by."""

    overdue: OverdueRows
    analyses: Analyses
    looks: Looks
    shelves: Shelves
    accounts: Accounts
    uploads: Objects
    media: Objects
    jobs: Jobs
    look_jobs: LookJobs
    account_jobs: AccountJobs
    events: Events


def sweep(
    shard: int, now: datetime, world: World, *, go_on: Callable[[], bool] = lambda: True
) -> Counter[str]:
    """Send on, or end, everything of a shard that stands still -> how many, by what was done.

    One row stops no other: `unreadable` counts those that cannot be read, which are left alone for
    a day, `raised` those that broke on their way, which the next sweep meets again. go_on: asked
    before each row; `left` counts the one before which it said no.
    """
    done: Counter[str] = Counter()
    for row in world.overdue.overdue(shard, now):
        if not go_on():
            done["left"] += 1
            break
        try:
            done[_SENT_ON.get(row.what, _unknown)(row, now, world)] += 1
        except PermanentError:
            logger.exception("%s %s/%s cannot be read", row.what, row.user_id, row.row_id)
            _put_off(row, now + UNREADABLE_FOR, world)
            done["unreadable"] += 1
        except Exception:
            logger.exception("%s %s/%s could not be sent on", row.what, row.user_id, row.row_id)
            _put_off(row, now, world)  # behind the others, which may have better luck
            done["raised"] += 1
    return done


def _put_off(row: Overdue, until: datetime, world: World) -> None:
    try:
        world.overdue.put_off(row, until)
    except Exception:
        logger.exception("%s %s/%s could not be put off", row.what, row.user_id, row.row_id)


def _unknown(row: Overdue, _now: datetime, _world: World) -> str:
    """Of a newer release, which sweeps it itself."""
    logger.warning("%s %s/%s is not known", row.what, row.user_id, row.row_id)
    return "unknown"


def _late(due_at: datetime | None, now: datetime) -> bool:
    """Whether a row is overdue by what it says itself: the index may be behind it."""
    return due_at is not None and due_at < now


# -- analyses --------------------------------------------------------------------------------------


def _analysis(row: Overdue, now: datetime, world: World) -> str:
    try:
        analysis = world.analyses.get(row.user_id, row.row_id)
    except AnalysisUnreadableError as error:
        return _end_unreadable(row, error, now, world)
    if analysis is None or not _late(analysis.due_at, now):
        return "moved_meanwhile"
    if analysis.status.is_terminal:
        return _after_its_end(analysis, now, world)
    if analysis.status is Status.RECOMMENDING and not analysis.pending:
        return _without_wishes(analysis, now, world)
    if analysis.redrives < MAX_REDRIVES and (verb := _sent(analysis, world)):
        return _counted(analysis, now, world, verb)
    return _give_up(analysis, now, world)


def _without_wishes(analysis: Analysis, now: datetime, world: World) -> str:
    """Complete what waits for no kind of this release; a newer one's kind has its time first."""
    if _complete(analysis, now, world):
        return "completed"
    if analysis.redrives < MAX_REDRIVES:
        return _counted(analysis, now, world, "left_to_newer")
    _complete(analysis, now, world, regardless=True)
    return "completed_without"


def _sent(analysis: Analysis, world: World) -> str | None:
    """How it was sent on; None where there is nothing to send."""
    if analysis.status is Status.RECOMMENDING:
        world.jobs.send(jobs_of(analysis), analysis.correlation_id)
        return "jobs_sent_again"
    # Neither Lambda's retries nor S3 brought it on, or of several photos some never came: have S3
    # announce one that did once more. Past the deadline the others are not waited for.
    again = any(map(world.uploads.send_event_again, analysis.upload_keys))
    return "upload_sent_again" if again else None


def _counted(analysis: Analysis, now: datetime, world: World, verb: str) -> str:
    return verb if world.analyses.redriven(analysis, now) else "moved_meanwhile"


def _end_unreadable(row: Overdue, error: Exception, now: datetime, world: World) -> str:
    logger.error("the analysis %s/%s cannot be read", row.user_id, row.row_id, exc_info=error)
    failure = Failure(code="internal_error", message=say("problem.internal_error.detail"))
    unreadable = UnreadableRow(row.user_id, row.row_id, type(error).__name__)
    if world.analyses.end_unreadable(unreadable, failure, now):
        world.events.publish(
            AnalysisEnded(
                analysis_id=row.row_id,
                user_id=row.user_id,
                status=Status.FAILED,
                code=failure.code,
                correlation_id=f"sweep-{row.row_id}",  # the request's is not known
            )
        )
    world.analyses.close_unreadable(unreadable)  # last: where the bus is down, it is told of later
    return "unreadable"


def _after_its_end(analysis: Analysis, now: datetime, world: World) -> str:
    """Go after what is still to come of an analysis that has ended."""
    if Awaited.ANNOUNCEMENT in analysis.awaits or not analysis.awaits:
        if now - analysis.updated_at < ANNOUNCED_WITHIN:
            return "left_alone"
        announce(analysis, analyses=world.analyses, events=world.events)
        return "announced"
    if analysis.redrives >= MAX_REDRIVES:
        for awaited in analysis.awaits:
            _stop_waiting(analysis, awaited, world.analyses)
        return "pictures_given_up"
    if Awaited.THUMBNAILS in analysis.awaits:
        world.media.send_event_again(analysis.photo_key)
    if Awaited.LOOKS in analysis.awaits:
        job = LookWanted(analysis_id=analysis.analysis_id, user_id=analysis.user_id)
        world.look_jobs.send([job], analysis.correlation_id)
    return _counted(analysis, now, world, "pictures_sent_again")


def _stop_waiting(analysis: Analysis, awaited: Awaited, analyses: Analyses) -> None:
    whose = analysis.user_id, analysis.analysis_id
    advised = looks_of(analyses.results(*whose)) if awaited is Awaited.LOOKS else ()
    failed = {"status": LookStatus.FAILED, "code": TIMED_OUT, "message": _timed_out()}
    looks = [DrawnLook(name=look["name"], **failed) for look in advised]
    # Of makeup that was lost nothing is written: once it is retried, its looks are drawn.
    if not looks:
        analyses.received(analysis, awaited)
    elif not analyses.save_drawn(analysis, looks):
        analyses.forget(*whose)


def _timed_out() -> str:
    return say(f"problem.{TIMED_OUT}.detail")


def _give_up(analysis: Analysis, now: datetime, world: World) -> str:
    if analysis.status is Status.RECOMMENDING:
        lost = {"status": "failed", "code": LOST, "message": say(f"problem.{LOST}.detail")}
        left: Analysis | None = analysis
        for kind in analysis.pending:
            world.analyses.save_result(analysis, kind, lost, lost=True)
            left = world.analyses.take_off(analysis, kind)
        if left is None:  # it has ended meanwhile, or is gone
            world.analyses.forget(analysis.user_id, analysis.analysis_id)
        elif not left.pending:
            _complete(left, now, world)
        return "completed_without"
    if analysis.status is Status.AWAITING_UPLOAD and not analysis.redrives:
        expired = Failure(code="upload_expired", message=say("problem.upload_expired.detail"))
        _fail(analysis, expired, now, world, Status.EXPIRED)
        return "expired"
    timeout = Failure(code="analysis_timeout", message=say("problem.analysis_timeout.detail"))
    _fail(analysis, timeout, now, world, Status.FAILED)
    return "failed"


def _complete(analysis: Analysis, now: datetime, world: World, **how: bool) -> bool:
    """Complete it with what it has; where every wish was lost, give its charge back."""
    results = world.analyses.results(analysis.user_id, analysis.analysis_id)
    return complete_analysis(
        analysis,
        now=now,
        analyses=world.analyses,
        events=world.events,
        all_lost=bool(results) and lost_of(results) == frozenset(results),
        **how,
    )


def lost_of(results: Mapping[Kind, Mapping[str, Any]]) -> frozenset[Kind]:
    """The kinds whose jobs were lost."""
    return frozenset(kind for kind, result in results.items() if result.get("code") == LOST)


def _fail(
    analysis: Analysis, failure: Failure, now: datetime, world: World, status: Status
) -> None:
    fail_analysis(
        analysis, failure, now=now, analyses=world.analyses, events=world.events, status=status
    )


# -- looks, garments and exports -------------------------------------------------------------------


def _look(row: Overdue, now: datetime, world: World) -> str:
    look = world.looks.get(row.user_id, row.row_id)
    if look is None or look.status is not LookStatus.RENDERING or not _late(look.due_at, now):
        return "moved_meanwhile"
    if look.redrives >= MAX_REDRIVES:
        failed = {"status": LookStatus.FAILED, "code": TIMED_OUT, "message": _timed_out()}
        world.looks.finish(look.model_copy(update={**failed, "updated_at": now}))
        return "look_given_up"
    job = LookWanted(analysis_id=look.analysis_id, user_id=look.user_id, look_id=look.look_id)
    world.look_jobs.send([job], look.correlation_id)
    world.looks.redriven(look, now)
    return "look_sent_again"


def _garment(row: Overdue, now: datetime, world: World) -> str:
    document = world.shelves.get(row.user_id, Shelf.WARDROBE, row.row_id)
    photo = GarmentPhoto.of(document) if document else None
    if document and document.get("photo") and photo is None:
        raise PermanentError("garment_unreadable")
    if photo is None or photo.status != "awaiting_upload" or not _late(photo.due_at, now):
        return "moved_meanwhile"
    key = garment_upload_key(row.user_id, row.row_id, photo.checksum_sha256)
    again = photo.redrives < MAX_REDRIVES and world.uploads.send_event_again(key)
    if again:
        changes = {"redrives": photo.redrives + 1, "due_at": due_again(now, photo.redrives)}
    elif photo.redrives:
        message = say("problem.analysis_timeout.detail")
        changes = {"status": "failed", "code": "analysis_timeout", "message": message}
    else:
        message = say("problem.upload_expired.garment")
        changes = {"status": "failed", "code": "upload_expired", "message": message}
    changed = photo.model_copy(update=changes).model_dump(mode="json", exclude_none=True)

    def edit(now_there: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        same = now_there is not None and GarmentPhoto.of(now_there) == photo
        return {**now_there, "photo": changed} if same and now_there else None

    world.shelves.change(row.user_id, Shelf.WARDROBE, row.row_id, edit)
    return "garment_sent_again" if again else "garment_given_up"


def _export(row: Overdue, now: datetime, world: World) -> str:
    export = world.accounts.export(row.user_id, row.row_id)
    if export is None or export.status is not ExportStatus.PENDING:
        return "moved_meanwhile"
    if export.redrives >= MAX_REDRIVES:
        world.accounts.export_failed(row.user_id, export, now)
        return "export_given_up"
    send_export(row.user_id, export, export.export_id, world.account_jobs)
    world.accounts.export_redriven(row.user_id, export, now)
    return "export_sent_again"


_SENT_ON: Mapping[str, Callable[[Overdue, datetime, World], str]] = {
    "ANALYSIS": _analysis,
    "LOOK": _look,
    str(Shelf.WARDROBE): _garment,
    "EXPORT": _export,
}
