"""A photo has arrived: once all have, measure the face, keep a clean copy, queue the wishes.

Of several photos every one has its event. Whichever comes looks which photos are there, and takes
the analysis on when none is missing. Nothing is counted or written meanwhile: S3 tells of a photo
after it has stored it, and shows what it stored to every later look, so that the event of the last
photo sees all of them, in whatever order, however often or how much at a time the events come.
Where that one was lost, or a photo never came, the sweep has S3 announce one again past the
deadline, from which on nothing is waited for. What comes once they are read is deleted.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from facet.domain.analysis import (
    MEASURED_VIEWS,
    UPLOAD_WINDOW,
    Analysis,
    KeptFailure,
    Size,
    Status,
    View,
)
from facet.domain.errors import PermanentError, PhotoRejectedError
from facet.domain.face import PhotoOutcome, PhotoStatus
from facet.domain.messages import jobs_of
from facet.services.end_analysis import fail_analysis
from facet.services.ports import Analyses, Events, Jobs, Objects
from facet.vision.analyze import PhotoAnalysis
from facet.vision.merge import together

# The bytes of a photo, and `reference` where something is held beside the face.
type Measure = Callable[..., PhotoAnalysis]


def analyze_face(
    user_id: str,
    analysis_id: str,
    key: str,
    *,
    measure: Measure,
    analyses: Analyses,
    uploads: Objects,
    media: Objects,
    jobs: Jobs,
    events: Events,
    correlate: Callable[[str], object],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Status | None:
    """Handle one `photo uploaded` event; safe to repeat and to meet itself.

    key: of the photo. Returns the state it left the analysis in, or None where the event found
    nothing to do. Any error but a PermanentError is raised after the claim is released, so that a
    retry may succeed.
    """
    analysis = _taken_on(
        user_id, analysis_id, key, now=clock(), analyses=analyses, uploads=uploads, jobs=jobs
    )
    if analysis is None:
        return None
    correlate(analysis.correlation_id)
    try:
        measured = _measured(analysis, uploads, measure)
        media.put(analysis.photo_key, measured.photo_jpeg, "image/jpeg", analysis.correlation_id)
    except PermanentError as error:
        told = (error.checks, error.photos) if isinstance(error, PhotoRejectedError) else ((), ())
        checks, photos = told
        failure = KeptFailure(code=error.code, message=error.message, checks=checks, photos=photos)
        fail_analysis(analysis, failure, now=clock(), analyses=analyses, events=events)
        _delete_unread(photos, analysis, uploads)
        return Status.FAILED
    except Exception:
        analyses.release(analysis, clock())
        raise
    size = Size(width=measured.width, height=measured.height)
    saved = analyses.save_reading(analysis, measured.reading, size, clock())
    if saved is None:  # deleted or ended while it was measured
        media.delete(*analysis.media_keys)
        return None
    jobs.send(jobs_of(saved), saved.correlation_id)
    # Last: an event of one that came meanwhile was left alone, and a later one finds it read.
    _delete_unread(saved.outcomes, saved, uploads)
    return saved.status


def _taken_on(
    user_id: str,
    analysis_id: str,
    key: str,
    *,
    now: datetime,
    analyses: Analyses,
    uploads: Objects,
    jobs: Jobs,
) -> Analysis | None:
    """The analysis, claimed for this run; None where it is gone, waits, runs or was read."""
    waiting = analyses.get(user_id, analysis_id)
    if waiting is None:
        uploads.delete(key)
        analyses.forget_tone(user_id, analysis_id)  # of a try that died as it was deleted
    elif waiting.status not in (Status.AWAITING_UPLOAD, Status.ANALYZING):
        _read_before(waiting, key, uploads=uploads, jobs=jobs)
    elif _may_start(waiting, uploads, now):
        return analyses.claim(user_id, analysis_id, now)
    return None


def _may_start(analysis: Analysis, uploads: Objects, now: datetime) -> bool:
    """Whether every photo has come, or the time for them is over, or it was started before."""
    if analysis.status is not Status.AWAITING_UPLOAD or len(analysis.sent) == 1:
        return True
    closed = now >= analysis.created_at + UPLOAD_WINDOW
    return closed or all(uploads.exists(key) for key in analysis.upload_keys)


def _read_before(analysis: Analysis, key: str, *, uploads: Objects, jobs: Jobs) -> None:
    if analysis.status is Status.RECOMMENDING and analysis.pending:
        # A try that saved its reading may have died before it queued; workers ignore repeats.
        jobs.send(jobs_of(analysis), analysis.correlation_id)
    if analysis.status is Status.EXPIRED or key in _unread(analysis.outcomes, analysis):
        uploads.delete(key)


def _unread(outcomes: Sequence[PhotoOutcome], analysis: Analysis) -> list[str]:
    """Keys of the photos that were not read, and will not be."""
    unread = (PhotoStatus.MISSING, PhotoStatus.NOT_MEASURED)
    keys = analysis.upload_keys
    return [keys[outcome.index] for outcome in outcomes if outcome.status in unread]


def _delete_unread(outcomes: Sequence[PhotoOutcome], analysis: Analysis, uploads: Objects) -> None:
    if keys := _unread(outcomes, analysis):
        uploads.delete(*keys)


def _measured(analysis: Analysis, uploads: Objects, measure: Measure) -> PhotoAnalysis:
    """What the photos that came show together; one after the other, so that one is decoded at a
    time.

    Raises PhotoRejectedError where every one of them is refused, PermanentError(upload_missing)
    where none is there.
    """
    beside = {"reference": analysis.reference} if analysis.reference else {}
    taken: dict[int, PhotoAnalysis] = {}
    refused: dict[int, PhotoRejectedError] = {}
    for index, (key, sent) in enumerate(zip(analysis.upload_keys, analysis.sent, strict=True)):
        if sent.view not in MEASURED_VIEWS or (photo := uploads.get(key)) is None:
            continue
        try:
            taken[index] = measure(photo, **beside)
        except PhotoRejectedError as error:
            refused[index] = error
    if not taken and not refused:
        raise PermanentError("upload_missing")
    if len(analysis.sent) == 1:
        if refused:
            raise refused[0]
        return taken[0]
    unread = [
        PhotoOutcome(index=index, status=_why_unread(sent.view))
        for index, sent in enumerate(analysis.sent)
        if index not in taken and index not in refused
    ]
    return together(taken, refused, unread)


def _why_unread(view: View) -> PhotoStatus:
    return PhotoStatus.MISSING if view in MEASURED_VIEWS else PhotoStatus.NOT_MEASURED
