"""What an app polls: one analysis with its results and its signed pictures."""

from datetime import datetime
from typing import Any

from pydantic import Field

from facet.advice.words.telling import telling_of
from facet.domain.analysis import Analysis, Contents, Failure, Kind, Status
from facet.domain.base import Answer
from facet.domain.card import between_photos
from facet.domain.errors import AnalysisNotFoundError
from facet.domain.face import (
    Classification,
    Face,
    FaceReading,
    PhotoOutcome,
    Prediction,
    Quality,
    Share,
    Skin,
    Versions,
)
from facet.domain.looks import DrawnLook, LookProduct, LookStatus
from facet.domain.narration import EnhancedAnalysis
from facet.domain.places import look_keys
from facet.domain.polling import POLL_LOOK_AFTER_MS, poll_after_ms
from facet.domain.storage import PICTURES_SIGNED_FOR
from facet.domain.telling import Telling
from facet.domain.tone import ToneOfPerson
from facet.services.ports import Analyses, Jobs, Objects, Shelves
from facet.services.tone_of_user import tone_of_user

# Of a reading, as the document shows it.
_PARTS = ("quality", "face", "skin", "season", "prediction", "classifications", "versions")


class PhotoLinks(Answer):
    """The normalised photo; its URLs come once the pictures are drawn, good for an hour."""

    width: int = Field(description="Pixels of the upright, normalised photo.")
    height: int = Field(description="Pixels of the upright, normalised photo.")
    thumbnail_url: str | None = Field(None, description="JPEG, 200 px on the long edge.")
    optimized_url: str | None = Field(None, description="JPEG, about 1024 px on the long edge.")


class LookPicture(Answer):
    """One look of the makeup result on the person's own face; its URLs are good for an hour."""

    name: str = Field(description="As in `recommendations.makeup.looks`.")
    status: LookStatus = Field(description="An analysis completes without waiting for pictures.")
    code: str | None = Field(None, description="Why it failed.")
    message: str | None = Field(None, description="The same in a sentence.")
    image_url: str | None = Field(None, description="JPEG, at most 1024 px on the long edge.")
    before_after_url: str | None = Field(
        None, description="JPEG of the face twice, without makeup on the left and with it."
    )
    products: tuple[LookProduct, ...] = Field((), description="What is drawn.")


class SkinOfPerson(Skin):
    """The skin as one photo shows it, and the tone of its person over all that is kept."""

    tone_of_person: ToneOfPerson | None = Field(
        default=None,
        description="of all analyses that are kept, and of what the profile tells",
    )


class AnalysisDocument(Answer):
    """The result document: grows while `status` moves on, final once it is terminal."""

    analysis_id: str = Field(description="ULID; ids sort by time.")
    status: Status = Field(description="Terminal: completed, failed or expired.")
    created_at: datetime = Field(description="When it was asked for (UTC).")
    updated_at: datetime = Field(description="When it last changed (UTC).")
    expires_at: datetime = Field(description="When everything of this analysis is deleted (UTC).")
    consent_version: str = Field(
        description="Version of the consent text the person had accepted when it was started."
    )
    poll_after_ms: int | None = Field(
        None, description="Ask again after this many milliseconds; absent once terminal and drawn."
    )
    photo: PhotoLinks | None = Field(
        default=None, description="Once the photo was read; of several the best one."
    )
    photos: tuple[PhotoOutcome, ...] = Field(
        (), description="Where several were asked for: what became of each, once they were read."
    )
    quality: Quality | None = Field(
        default=None,
        description="How well the photo carries the measures; comes with `recommending`.",
    )
    face: Face | None = Field(default=None, description="Comes with `recommending`.")
    skin: SkinOfPerson | None = Field(default=None, description="Comes with `recommending`.")
    season: tuple[Share, ...] | None = Field(
        default=None, description="Colour seasons, likeliest first; their shares sum to 1."
    )
    prediction: Prediction | None = Field(
        default=None, description="A summary of the measures, not a diagnosis."
    )
    classifications: tuple[Classification, ...] = Field((), description="By a team's own models.")
    recommendations: dict[Kind, dict[str, Any]] = Field(
        default_factory=dict, description="One entry per finished wish, each with its status."
    )
    enhanced_analysis: EnhancedAnalysis | None = Field(
        None, description="The whole in plain words; comes with `completed`."
    )
    looks: tuple[LookPicture, ...] = Field(
        (), description="The looks of the makeup result as pictures."
    )
    failure: Failure | None = Field(default=None, description="Why it failed or expired.")
    telling: Telling | None = Field(
        default=None,
        description="The reading in words, to show as they are: no surer than its numbers. Comes "
        "with `recommending`.",
    )
    versions: Versions | None = Field(default=None, description="What produced the measures.")


def read_analysis(
    user_id: str,
    analysis_id: str,
    *,
    now: datetime,
    analyses: Analyses,
    shelves: Shelves,
    media: Objects,
    jobs: Jobs,
) -> AnalysisDocument:
    """An analysis with its results and pictures so far.

    Raises PermanentError(analysis_not_found), for other people's analyses too.
    """
    kept = analyses.contents(user_id, analysis_id)
    if kept is None:
        raise AnalysisNotFoundError
    if kept.analysis.reading is None:
        return document_of(kept, media=media, jobs=jobs)
    looks = _looks(kept, media)
    tone = tone_of_user(user_id, now=now, analyses=analyses, shelves=shelves)
    return document_of(kept, looks, tone_of_person=tone, media=media, jobs=jobs)


def document_of(
    kept: Contents,
    looks: tuple[LookPicture, ...] = (),
    *,
    tone_of_person: ToneOfPerson | None = None,
    media: Objects,
    jobs: Jobs,
) -> AnalysisDocument:
    """An analysis as it is answered, with pictures signed for an hour."""
    analysis, reading = kept.analysis, kept.analysis.reading
    poll = poll_after_ms(analysis.status, jobs.depth)
    if poll is None and any(look.status is LookStatus.RENDERING for look in looks):
        poll = POLL_LOOK_AFTER_MS
    measured = {name: getattr(reading, name) for name in _PARTS} if reading else {}
    if reading:
        measured["telling"] = telling_of(reading, person=tone_of_person, age_band=analysis.age_band)
        skin = _with_noise(reading)
        if analysis.photo:
            skin = _with_overlays(skin, analysis.analysis_id)
        measured["skin"] = SkinOfPerson(**dict(skin), tone_of_person=tone_of_person)
    return AnalysisDocument(
        analysis_id=analysis.analysis_id,
        status=analysis.status,
        created_at=analysis.created_at,
        updated_at=analysis.updated_at,
        expires_at=analysis.expires_at,
        consent_version=analysis.consent_version,
        poll_after_ms=poll,
        photo=_photo(analysis, media),
        photos=analysis.outcomes,
        recommendations=dict(kept.results),
        enhanced_analysis=kept.words,
        looks=looks,
        failure=analysis.failure,
        **measured,
    )


def _looks(kept: Contents, media: Objects) -> tuple[LookPicture, ...]:
    """The looks of a makeup result, with what became of each so far."""
    analysis, advised = kept.analysis, kept.advised_looks
    drawn = kept.drawn if advised else ()  # of advice that cannot be read, pictures may be there
    if drawn is None:
        drawn = tuple(DrawnLook(name=look["name"], status=LookStatus.RENDERING) for look in advised)
    seconds = int(PICTURES_SIGNED_FOR.total_seconds())
    shown = []
    for look, outcome in zip(advised, drawn, strict=True):
        links: dict[str, Any] = {}
        if outcome.picture:
            keys = look_keys(analysis.user_id, analysis.analysis_id, outcome.picture)
            urls = (media.presign_get(key, seconds) for key in keys)
            links = dict(zip(("image_url", "before_after_url"), urls, strict=True))
        shown.append(
            LookPicture(
                name=outcome.name,
                status=outcome.status,
                code=outcome.code,
                message=outcome.message,
                products=tuple(LookProduct.model_validate(step) for step in look["steps"]),
                **links,
            )
        )
    return tuple(shown)


def _with_noise(reading: FaceReading) -> Skin:
    """How far photos of one person differ in each concern and in the index: of the card, so it is
    kept nowhere."""
    concerns = tuple(
        concern.model_copy(
            update={"between_photos": between_photos(concern.name, reading.versions)}
        )
        for concern in reading.skin.concerns
    )
    noise = {"between_photos": between_photos("index", reading.versions)}
    index = reading.skin.index and reading.skin.index.model_copy(update=noise)
    return reading.skin.model_copy(update={"concerns": concerns, "index": index})


def _with_overlays(skin: Skin, analysis_id: str) -> Skin:
    """Where each measured concern can be seen: a path of this API, drawn when it is asked for."""
    concerns = tuple(
        concern.model_copy(
            update={"overlay_url": f"/v1/analyses/{analysis_id}/overlays/{concern.name}"}
        )
        if concern.measured is not None
        else concern
        for concern in skin.concerns
    )
    return skin.model_copy(update={"concerns": concerns})


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
