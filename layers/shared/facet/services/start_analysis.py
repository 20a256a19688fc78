"""POST /v1/analyses: a row, a charge on the day's quota, and a URL to put the photo to."""

from datetime import UTC, datetime, timedelta

from pydantic import Field
from ulid import ULID

from facet.domain.analysis import UPLOAD_WINDOW, Analysis, Kind, Status
from facet.domain.base import Answer, Part
from facet.domain.errors import BusyError, FileTooLargeError, PermanentError
from facet.domain.face import ReferenceKind
from facet.domain.polling import POLL_AFTER_MS
from facet.domain.products import Goal
from facet.domain.quota import Tier
from facet.domain.storage import PhotoType, UploadTarget
from facet.domain.style import Occasion, Weather
from facet.saying import say
from facet.services.keep_profile import consenting_age
from facet.services.ports import Analyses, Jobs, Objects, Shelves


class NewAnalysis(Part):
    """A photo the app is about to upload, and what it wants of it."""

    content_type: PhotoType = Field(description="Media type of the photo; S3 refuses another.")
    content_length: int = Field(gt=0, description="Exact size of the photo in bytes.")
    checksum_sha256: str = Field(
        pattern=r"^[A-Za-z0-9+/]{43}=$", description="Base64 of the photo's SHA-256."
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


class StartedAnalysis(Answer):
    """A started analysis, which waits for its photo, and how to send it."""

    analysis_id: str = Field(description="ULID.")
    status: Status = Field(description="awaiting_upload; further on where the key was sent before.")
    upload_url: str = Field(description="Presigned URL for one PUT of the photo.")
    upload: UploadTarget = Field(description="How to send the photo.")
    poll_after_ms: int = Field(description="Ask again after this many milliseconds.")


def start_analysis(
    wish: NewAnalysis,
    *,
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
    """Start an analysis: charge the day's quota and write the row.

    Raises PermanentError(file_too_large, guardian_consent_missing, profile_unreadable),
    QuotaExceededError, BusyError.
    """
    if wish.content_length > max_photo_bytes:
        raise FileTooLargeError(wish.content_length, max_photo_bytes)
    age_band = consenting_age(user_id, shelves=shelves)
    if jobs.depth() > max_queue_depth:
        raise BusyError(retry_after=30)
    analysis = Analysis(
        analysis_id=str(ULID.from_datetime(now)),
        user_id=user_id,
        status=Status.AWAITING_UPLOAD,
        created_at=now,
        updated_at=now,
        expires_at=now + retention,
        wants=tuple(dict.fromkeys(wish.wants)),
        goals=wish.goals,
        occasion=wish.occasion,
        weather=wish.weather,
        reference=wish.reference,
        age_band=age_band,
        content_type=wish.content_type,
        content_length=wish.content_length,
        checksum_sha256=wish.checksum_sha256,
        consent_version=wish.consent_version,
        correlation_id=correlation_id,
        quota_day=now.astimezone(UTC).date().isoformat(),
    )
    analyses.create(analysis, tier)
    return analysis


def started_before(user_id: str, analysis_id: str, analyses: Analyses) -> Analysis:
    """The analysis of a repeated request.

    Raises PermanentError(analysis_not_found) when it was deleted meanwhile.
    """
    if (analysis := analyses.get(user_id, analysis_id)) is None:
        raise PermanentError("analysis_not_found", say("problem.analysis_not_found.deleted"))
    return analysis


def sign_upload(analysis: Analysis, *, now: datetime, uploads: Objects) -> StartedAnalysis:
    """The answer to a start, with a URL for the photo; a repeated request gets a fresh URL."""
    upload = uploads.presign_put(
        analysis.upload_key,
        content_type=analysis.content_type,
        content_length=analysis.content_length,
        checksum_sha256=analysis.checksum_sha256,
        correlation_id=analysis.correlation_id,
        seconds=int(UPLOAD_WINDOW.total_seconds()),
    )
    return StartedAnalysis(
        analysis_id=analysis.analysis_id,
        status=analysis.status,
        upload_url=upload.url,
        upload=UploadTarget(
            method=upload.method, headers=upload.headers, expires_at=now + UPLOAD_WINDOW
        ),
        poll_after_ms=POLL_AFTER_MS.get(analysis.status, 1000),
    )
