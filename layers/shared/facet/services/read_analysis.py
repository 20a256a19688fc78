"""What an app polls: one analysis with its results and signed pictures, or a page of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from facet.domain.analysis import POLL_AFTER_MS, Analysis, Failure, Kind, Status
from facet.domain.cursor import Cursors
from facet.domain.errors import PermanentError
from facet.domain.face import Classification, Face, Prediction, Quality, Share, Skin, Versions
from facet.domain.narration import EnhancedAnalysis
from facet.services.ports import Analyses, Objects

# Pictures are signed for twice as long as an ETag holds, so that a 304 never outlives its URLs.
PICTURES_SIGNED_FOR = timedelta(hours=1)
ETAG_HOLDS_FOR = timedelta(minutes=30)


# Of a reading, as the document shows it.
_PARTS = ("quality", "face", "skin", "season", "prediction", "classifications", "versions")


class PhotoLinks(BaseModel):
    """The normalised photo; its URLs come once the pictures are drawn, good for an hour."""

    model_config = ConfigDict(frozen=True)

    width: int = Field(description="Pixels of the upright, normalised photo.")
    height: int = Field(description="Pixels of the upright, normalised photo.")
    thumbnail_url: str | None = Field(None, description="JPEG, 200 px on the long edge.")
    optimized_url: str | None = Field(None, description="JPEG, about 1024 px on the long edge.")


class AnalysisDocument(BaseModel):
    """The result document: grows while `status` moves on, final once it is terminal."""

    model_config = ConfigDict(frozen=True)

    analysis_id: str = Field(description="ULID; ids sort by time.")
    status: Status
    created_at: datetime
    updated_at: datetime
    expires_at: datetime = Field(description="When everything of this analysis is deleted (UTC).")
    poll_after_ms: int | None = Field(
        None, description="Ask again after this many milliseconds; absent once terminal."
    )
    photo: PhotoLinks | None = None
    quality: Quality | None = None
    face: Face | None = None
    skin: Skin | None = None
    season: tuple[Share, ...] | None = None
    prediction: Prediction | None = None
    classifications: tuple[Classification, ...] = Field((), description="By a team's own models.")
    recommendations: dict[Kind, dict[str, Any]] = Field(
        default_factory=dict, description="One entry per finished wish, each with its status."
    )
    enhanced_analysis: EnhancedAnalysis | None = Field(
        None, description="The whole in plain words; comes with `completed`."
    )
    failure: Failure | None = None
    versions: Versions | None = None


class History(BaseModel):
    """A page of a user's analyses, newest first."""

    model_config = ConfigDict(frozen=True)

    analyses: tuple[AnalysisDocument, ...]
    cursor: str | None = Field(None, description="Send it back for the next page; absent: no more.")


def read_analysis(
    user_id: str, analysis_id: str, *, analyses: Analyses, media: Objects
) -> AnalysisDocument:
    """Raises PermanentError(analysis_not_found), for other people's analyses too."""
    analysis = analyses.get(user_id, analysis_id)
    if analysis is None:
        raise PermanentError("analysis_not_found", "You have no analysis with this id.")
    results = analyses.results(user_id, analysis_id) if analysis.reading else {}
    return _document(analysis, results, media)


def list_analyses(
    user_id: str,
    limit: int,
    cursor: str | None,
    *,
    cursors: Cursors,
    analyses: Analyses,
    media: Objects,
) -> History:
    """`limit` analyses after the cursor, without their recommendations.

    Raises PermanentError(invalid_cursor).
    """
    before_id = cursors.read(user_id, "analyses", cursor) if cursor else None
    page = analyses.history(user_id, limit, before_id)
    return History(
        analyses=tuple(_document(one, {}, media) for one in page.analyses),
        cursor=cursors.sign(user_id, "analyses", page.next_id) if page.next_id else None,
    )


def etag_of(document: AnalysisDocument, now: datetime) -> str:
    """Changes with the document, and often enough that its signed URLs stay good."""
    slot = int(now.astimezone(UTC).timestamp() // ETAG_HOLDS_FOR.total_seconds())
    pictures = bool(document.photo and document.photo.thumbnail_url)
    done = len(document.recommendations)
    return f'"{document.updated_at.timestamp():.6f}-{document.status}-{done}-{pictures:d}-{slot}"'


def _document(
    analysis: Analysis, results: dict[Kind, dict[str, Any]], media: Objects
) -> AnalysisDocument:
    reading = analysis.reading
    measured = {name: getattr(reading, name) for name in _PARTS} if reading else {}
    return AnalysisDocument(
        analysis_id=analysis.analysis_id,
        status=analysis.status,
        created_at=analysis.created_at,
        updated_at=analysis.updated_at,
        expires_at=analysis.expires_at,
        poll_after_ms=POLL_AFTER_MS.get(analysis.status),
        photo=_photo(analysis, media),
        recommendations=results,
        enhanced_analysis=analysis.enhanced_analysis,
        failure=analysis.failure,
        **measured,
    )


def _photo(analysis: Analysis, media: Objects) -> PhotoLinks | None:
    if analysis.photo is None:
        return None
    seconds = int(PICTURES_SIGNED_FOR.total_seconds())
    links = {}
    if analysis.thumbnails:
        links = {
            "thumbnail_url": media.presign_get(analysis.thumbnail_key, seconds),
            "optimized_url": media.presign_get(analysis.optimized_key, seconds),
        }
    return PhotoLinks(width=analysis.photo.width, height=analysis.photo.height, **links)
