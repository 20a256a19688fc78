"""A photo has arrived: measure the face, keep a clean copy, queue what was wished for."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from facet.domain.analysis import Failure, Size, Status
from facet.domain.errors import PermanentError, PhotoRejectedError
from facet.domain.messages import jobs_of
from facet.domain.places import face_key
from facet.services.end_analysis import fail_analysis
from facet.services.ports import Analyses, Events, Jobs, Objects

if TYPE_CHECKING:  # only the function that measures has numpy in its layers
    from facet.vision.analyze import PhotoAnalysis

# The bytes of a photo, and `reference` where something is held beside the face.
type Measure = Callable[..., PhotoAnalysis]


def analyze_face(
    user_id: str,
    analysis_id: str,
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

    Returns the state it left the analysis in, or None where the event found nothing to do. Any
    error but a PermanentError is raised after the claim is released, so that a retry may succeed.
    """
    analysis = analyses.claim(user_id, analysis_id, clock())
    if analysis is None:
        return _without_claim(user_id, analysis_id, analyses=analyses, uploads=uploads, jobs=jobs)
    correlate(analysis.correlation_id)
    try:
        photo = uploads.get(analysis.upload_key)
        if photo is None:
            raise PermanentError("upload_missing")
        beside = {"reference": analysis.reference} if analysis.reference else {}
        measured = measure(photo, **beside)
        media.put(analysis.photo_key, measured.photo_jpeg, "image/jpeg", analysis.correlation_id)
    except PermanentError as error:
        checks = error.checks if isinstance(error, PhotoRejectedError) else ()
        failure = Failure(code=error.code, message=error.message, checks=checks)
        fail_analysis(analysis, failure, now=clock(), analyses=analyses, events=events)
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
    return saved.status


def _without_claim(
    user_id: str, analysis_id: str, *, analyses: Analyses, uploads: Objects, jobs: Jobs
) -> Status | None:
    analysis = analyses.get(user_id, analysis_id)
    if analysis is None:
        uploads.delete(face_key(user_id, analysis_id))
        analyses.forget_tone(user_id, analysis_id)  # of a try that died as it was deleted
    elif analysis.status is Status.RECOMMENDING and analysis.pending:
        # A try that saved its reading may have died before it queued; workers ignore repeats.
        jobs.send(jobs_of(analysis), analysis.correlation_id)
    return None
