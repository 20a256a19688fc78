"""A photo has arrived: once all have, measure the face, keep a clean copy, queue the wishes.

Of several photos every one has its event. Whichever comes looks which photos are there, and takes
the analysis on when none is missing. Nothing is counted or written meanwhile: S3 tells of a photo
after it has stored it, and shows what it stored to every later look, so that the event of the last
photo sees all of them, in whatever order, however often or how much at a time the events come.
Where that one was lost, or a photo never came, the sweep has S3 announce one again past the
deadline, from which on nothing is waited for. What comes once they are read is deleted.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from facet.domain.analysis import (
    MAX_DECODER_DEATHS,
    MEASURED_VIEWS,
    Analysis,
    KeptFailure,
    Size,
    Status,
    View,
)
from facet.domain.errors import PermanentError, PhotoRejectedError
from facet.domain.face import FaceReading, PhotoOutcome, PhotoStatus
from facet.domain.messages import jobs_of
from facet.domain.places import media_keys
from facet.services.end_analysis import fail_analysis
from facet.services.ports import Analyses, Events, Jobs, Objects
from facet.vision.analyze import PhotoAnalysis
from facet.vision.merge import together

# The bytes of a photo, `reference` where something is held beside the face, and `opened`, to be
# called once the photo is decoded.
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
    waiting = _waiting(
        user_id,
        analysis_id,
        key,
        now=clock(),
        analyses=analyses,
        uploads=uploads,
        media=media,
        jobs=jobs,
    )
    if waiting is None:
        return None
    # Before the claim, which says that what comes next is to open them.
    photos = _fetched(waiting, uploads)
    analysis = analyses.claim(waiting, clock())
    if analysis is None:
        return None
    correlate(analysis.correlation_id)
    try:
        reading, size = _kept(waiting, analyses) or _measured(
            analysis, photos, measure, analyses=analyses, media=media
        )
    except PermanentError as error:
        told = (error.checks, error.photos) if isinstance(error, PhotoRejectedError) else ((), ())
        checks, outcomes = told
        failure = KeptFailure(
            code=error.code, message=error.message, checks=checks, photos=outcomes
        )
        fail_analysis(
            analysis,
            failure,
            now=clock(),
            analyses=analyses,
            events=events,
            charged=error.code == "photo_unopenable",
        )
        _delete_unread(outcomes, analysis, uploads)
        return Status.FAILED
    except Exception:
        analyses.release(analysis, clock())
        raise
    saved = analyses.save_reading(analysis, reading, size, clock())
    if saved is None:
        _leave(analyses.get(user_id, analysis_id), user_id, analysis_id, media)
        return None
    jobs.send(jobs_of(saved), saved.correlation_id)
    # Last: an event of one that came meanwhile was left alone, and a later one finds it read.
    _delete_unread(reading.photos, saved, uploads)
    return saved.status


def _waiting(
    user_id: str,
    analysis_id: str,
    key: str,
    *,
    now: datetime,
    analyses: Analyses,
    uploads: Objects,
    media: Objects,
    jobs: Jobs,
) -> Analysis | None:
    """The analysis, if it waits for this run; None where it is gone, waits, runs or was read."""
    waiting = analyses.get(user_id, analysis_id)
    if waiting is None:
        uploads.delete(key)
        # A try may have died as it was deleted.
        _leave(None, user_id, analysis_id, media)
        analyses.forget(user_id, analysis_id)
    elif waiting.status not in (Status.AWAITING_UPLOAD, Status.ANALYZING):
        _read_before(waiting, key, analyses=analyses, uploads=uploads, media=media, jobs=jobs)
    elif _may_start(waiting, uploads, now):
        return waiting
    return None


def _leave(now: Analysis | None, user_id: str, analysis_id: str, media: Objects) -> None:
    """Leave no picture of an analysis that is gone or has failed; another run's stay."""
    if now is None or now.status in (Status.FAILED, Status.EXPIRED):
        media.delete(*media_keys(user_id, analysis_id))


def _may_start(analysis: Analysis, uploads: Objects, now: datetime) -> bool:
    """Whether every photo has come, or the time for them is over, or it was started before."""
    if analysis.status is not Status.AWAITING_UPLOAD or len(analysis.sent) == 1:
        return True
    closed = now >= analysis.upload_closes
    return closed or all(uploads.exists(key) for key in analysis.upload_keys)


def _read_before(
    analysis: Analysis,
    key: str,
    *,
    analyses: Analyses,
    uploads: Objects,
    media: Objects,
    jobs: Jobs,
) -> None:
    if analysis.status is Status.RECOMMENDING and analysis.pending:
        # A try that saved its reading may have died before it queued; workers ignore repeats.
        jobs.send(jobs_of(analysis), analysis.correlation_id)
    _leave(analysis, analysis.user_id, analysis.analysis_id, media)
    outcomes: Sequence[PhotoOutcome] = ()
    if len(analysis.sent) > 1 and (read := analyses.read(analysis.user_id, analysis.analysis_id)):
        outcomes = read.outcomes
    if analysis.status is Status.EXPIRED or key in _unread(outcomes, analysis):
        uploads.delete(key)


def _unread(outcomes: Sequence[PhotoOutcome], analysis: Analysis) -> list[str]:
    """Keys of the photos that were not read, and will not be."""
    unread = (PhotoStatus.MISSING, PhotoStatus.NOT_MEASURED)
    keys = analysis.upload_keys
    return [keys[outcome.index] for outcome in outcomes if outcome.status in unread]


def _delete_unread(outcomes: Sequence[PhotoOutcome], analysis: Analysis, uploads: Objects) -> None:
    if keys := _unread(outcomes, analysis):
        uploads.delete(*keys)


def _fetched(analysis: Analysis, uploads: Objects) -> Mapping[int, bytes]:
    """The photos that came and are to be measured, by their place."""
    asked = {
        index: uploads.get(key)
        for index, (key, sent) in enumerate(zip(analysis.upload_keys, analysis.sent, strict=True))
        if sent.view in MEASURED_VIEWS
    }
    return {index: photo for index, photo in asked.items() if photo is not None}


def _kept(waiting: Analysis, analyses: Analyses) -> tuple[FaceReading, Size] | None:
    """What a try before this one had measured and kept, where it died after that."""
    if waiting.status is not Status.ANALYZING:
        return None
    return analyses.reading(waiting.user_id, waiting.analysis_id)


def _measured(
    analysis: Analysis,
    photos: Mapping[int, bytes],
    measure: Measure,
    *,
    analyses: Analyses,
    media: Objects,
) -> tuple[FaceReading, Size]:
    """What the photos that came show together, the best of them kept.

    Raises PermanentError(photo_unopenable) where they have taken two decoders down.
    """
    if analysis.decoder_deaths >= MAX_DECODER_DEATHS:
        raise PermanentError("photo_unopenable")
    measured = _shown(analysis, photos, measure, analyses)
    media.put(analysis.photo_key, measured.photo_jpeg, "image/jpeg", analysis.correlation_id)
    return measured.reading, Size(width=measured.width, height=measured.height)


def _shown(
    analysis: Analysis, photos: Mapping[int, bytes], measure: Measure, analyses: Analyses
) -> PhotoAnalysis:
    """What the photos show together; one after the other, so that one is decoded at a time.

    A death while one is measured is not its decoder's: it is noted when each begins to be opened
    (the claim does so for the first), and when it is open. Raises PhotoRejectedError where every
    one of them is refused, PermanentError(upload_missing) where none is there.
    """
    beside = {"reference": analysis.reference} if analysis.reference else {}
    taken: dict[int, PhotoAnalysis] = {}
    refused: dict[int, PhotoRejectedError] = {}
    for index, photo in photos.items():
        if taken or refused:
            analyses.opening(analysis)
        try:
            taken[index] = measure(photo, **beside, opened=lambda: analyses.opened(analysis))
        except PhotoRejectedError as error:
            refused[index] = error
            analyses.opened(analysis)  # or could not be opened
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
