"""POST /v1/analyses: a row, a charge on the day's quota, and a URL to put each photo to."""

from datetime import UTC, datetime, timedelta

from pydantic import Field

from facet.domain.analysis import (
    DRAWN_KIND,
    MEASURED_VIEWS,
    MOST_PHOTOS,
    PATIENCE,
    UPLOAD_WINDOW,
    Analysis,
    Awaited,
    Kind,
    SentPhoto,
    Status,
    View,
)
from facet.domain.base import Answer, Part
from facet.domain.errors import FileTooLargeError, PermanentError
from facet.domain.face import ReferenceKind
from facet.domain.polling import POLL_AFTER_MS
from facet.domain.products import Goal
from facet.domain.quota import Tier
from facet.domain.storage import NewPhoto, PhotoType, UploadTarget
from facet.domain.style import Occasion, Weather
from facet.saying import say
from facet.services.keep_profile import consenting_age
from facet.services.ports import Analyses, Jobs, Objects, Shelves
from facet.services.refuse_while_busy import refuse_while_busy

_WITHOUT_LOOKS = frozenset(Awaited) - {Awaited.LOOKS}


class NewFacePhoto(NewPhoto):
    """One of several photos of the same face, taken within a minute or two."""

    view: View | None = Field(
        None,
        description="What it shows, from the person's own side; left out: the front. Only `front` "
        "is measured yet.",
    )


class NewAnalysis(Part):
    """What an app wants of a photo that it is about to upload, or of up to three.

    One photo is told by content_type, content_length and checksum_sha256, several by `photos`.
    """

    content_type: PhotoType | None = Field(
        None, description="Media type of the one photo; S3 refuses another."
    )
    content_length: int | None = Field(
        None, gt=0, description="Exact size of the one photo in bytes."
    )
    checksum_sha256: str | None = Field(
        None, pattern=r"^[A-Za-z0-9+/]{43}=$", description="Base64 of the one photo's SHA-256."
    )
    photos: tuple[NewFacePhoto, ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_PHOTOS,
        description="Instead of the three above: up to three photos, measured together. Their "
        "mean is steadier than one of them.",
    )
    consent_version: str = Field(
        min_length=1, max_length=64, description="Version of the consent text the person accepted."
    )
    wants: tuple[Kind, ...] = Field(
        (Kind.SKINCARE,), min_length=1, max_length=10, description="Which recommendations to make."
    )
    goals: tuple[Goal, ...] = Field(
        (), max_length=10, description="What the person wants to work on, most important first."
    )
    occasion: Occasion | None = Field(
        None, description="What the look and the outfit are for, in the person's words."
    )
    weather: Weather | None = Field(None, description="What the outfit has to stand.")
    reference: ReferenceKind | None = Field(
        None,
        description="What is held beside the face: a sheet of white paper, by which the tone is "
        "measured. `quality.reference` tells whether it could be used.",
    )


class PhotoUpload(Answer):
    """How to send one photo."""

    photo: int = Field(description="Its place in `photos` of the request, from 0.")
    upload_url: str = Field(description="Presigned URL for one PUT of this photo.")
    upload: UploadTarget = Field(description="How to send it.")


class StartedAnalysis(Answer):
    """A started analysis, which waits for its photos, and how to send them."""

    analysis_id: str = Field(description="ULID.")
    status: Status = Field(description="awaiting_upload; further on where the key was sent before.")
    upload_url: str = Field(description="Presigned URL for one PUT of the first photo.")
    upload: UploadTarget = Field(description="How to send the first photo.")
    uploads: tuple[PhotoUpload, ...] = Field(description="The same for every photo, in order.")
    poll_after_ms: int = Field(description="Ask again after this many milliseconds.")


def start_analysis(
    wish: NewAnalysis,
    *,
    analysis_id: str,
    again: bool,
    made: bool,
    user_id: str,
    tier: Tier,
    correlation_id: str,
    max_photo_bytes: int,
    max_queue_depth: int,
    retention: timedelta,
    now: datetime,
    analyses: Analyses,
    jobs: Jobs,
    shelves: Shelves,
) -> Analysis:
    """Start an analysis: charge the day's quota and write the row; asked again, take it up again.

    analysis_id: a ULID, the same for the same request. again: it was sent before, and may have made
    it; only then is it looked for. made: it has made it, and makes no other. One that waits for its
    upload gets ten minutes more. Raises PermanentError(photos_invalid, file_too_large,
    guardian_consent_missing, profile_unreadable, analysis_ended, analysis_not_found),
    QuotaExceededError, BusyError.
    """
    if again and (started := analyses.get(user_id, analysis_id)):
        return _taken_up(started, now, analyses)
    if made:
        raise _deleted()
    sent = _sent(wish)
    largest = max(photo.content_length for photo in sent)
    if largest > max_photo_bytes:
        raise FileTooLargeError(largest, max_photo_bytes)
    age_band = consenting_age(user_id, shelves=shelves)
    refuse_while_busy(jobs, max_queue_depth)
    analysis = Analysis(
        analysis_id=analysis_id,
        user_id=user_id,
        status=Status.AWAITING_UPLOAD,
        created_at=now,
        updated_at=now,
        expires_at=now + retention,
        wants=tuple(dict.fromkeys(wish.wants)),
        awaits=frozenset(Awaited) if DRAWN_KIND in wish.wants else _WITHOUT_LOOKS,
        goals=wish.goals,
        occasion=wish.occasion,
        weather=wish.weather,
        reference=wish.reference,
        age_band=age_band,
        content_type=sent[0].content_type,
        content_length=sent[0].content_length,
        checksum_sha256=sent[0].checksum_sha256,
        photos=sent if len(sent) > 1 else (),
        consent_version=wish.consent_version,
        correlation_id=correlation_id,
        quota_day=now.astimezone(UTC).date().isoformat(),
    )
    return analyses.create(analysis, tier)


def _taken_up(started: Analysis, now: datetime, analyses: Analyses) -> Analysis:
    """The analysis of a request that was sent before: no URL outlives the wait for its photo."""
    until = now + UPLOAD_WINDOW
    if started.status is Status.AWAITING_UPLOAD and (
        analyses.signed_again(started, until, now + PATIENCE)
    ):
        return started.model_copy(update={"upload_until": until})
    moved = analyses.get(started.user_id, started.analysis_id)
    if moved is None:
        raise _deleted()
    if moved.status.is_terminal:
        raise PermanentError("analysis_ended", status=moved.status)
    return moved


def _deleted() -> PermanentError:
    return PermanentError("analysis_not_found", say("problem.analysis_not_found.deleted"))


def sign_upload(analysis: Analysis, *, now: datetime, uploads: Objects) -> StartedAnalysis:
    """The answer to a start, with a URL for each photo; a repeated request gets fresh URLs."""
    signed = tuple(
        _signed(number, key, photo, analysis, now=now, uploads=uploads)
        for number, (key, photo) in enumerate(zip(analysis.upload_keys, analysis.sent, strict=True))
    )
    return StartedAnalysis(
        analysis_id=analysis.analysis_id,
        status=analysis.status,
        upload_url=signed[0].upload_url,
        upload=signed[0].upload,
        uploads=signed,
        poll_after_ms=POLL_AFTER_MS.get(analysis.status, 1000),
    )


def _signed(
    number: int,
    key: str,
    photo: SentPhoto,
    analysis: Analysis,
    *,
    now: datetime,
    uploads: Objects,
) -> PhotoUpload:
    upload = uploads.presign_put(
        key,
        content_type=photo.content_type,
        content_length=photo.content_length,
        checksum_sha256=photo.checksum_sha256,
        correlation_id=analysis.correlation_id,
        seconds=int(UPLOAD_WINDOW.total_seconds()),
    )
    target = UploadTarget(
        method=upload.method, headers=upload.headers, expires_at=now + UPLOAD_WINDOW
    )
    return PhotoUpload(photo=number, upload_url=upload.url, upload=target)


def _sent(wish: NewAnalysis) -> tuple[SentPhoto, ...]:
    """The photos of a wish, in whichever form it tells them.

    Raises PermanentError(photos_invalid) for both forms or neither, for a photo that stands there
    twice (a copy is no second measurement), and where no photo is one that is measured.
    """
    single = {
        "content_type": wish.content_type,
        "content_length": wish.content_length,
        "checksum_sha256": wish.checksum_sha256,
    }
    told = [value is not None for value in single.values()]
    if any(told) if wish.photos else not all(told):
        raise PermanentError("photos_invalid")
    if not wish.photos:
        return (SentPhoto.model_validate(single),)
    if len({photo.checksum_sha256 for photo in wish.photos}) < len(wish.photos):
        raise PermanentError("photos_invalid", say("problem.photos_invalid.twice"))
    sent = tuple(SentPhoto(**photo.model_dump(exclude_none=True)) for photo in wish.photos)
    if not any(photo.view in MEASURED_VIEWS for photo in sent):
        raise PermanentError("photos_invalid", say("problem.photos_invalid.no_front"))
    return sent
