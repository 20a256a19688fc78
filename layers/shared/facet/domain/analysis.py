"""One analysis and the states it moves through.

awaiting_upload -> analyzing -> recommending -> completed; from each of the first three also
failed or expired; completed -> recommending by a retry alone. A row is never moved but by one
conditional update (adapters/analyses.py). What was measured lies in a row of its own, written once,
so that the row that moves stays below a kilobyte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, get_args

from pydantic import Field

from facet.domain import places
from facet.domain.advice import AgeBand
from facet.domain.base import Stored, known
from facet.domain.face import Check, FaceReading, PhotoOutcome, ReferenceKind
from facet.domain.looks import DrawnLook
from facet.domain.narration import EnhancedAnalysis
from facet.domain.products import Goal
from facet.domain.style import Occasion, Weather


class Status(StrEnum):
    """The state of an analysis."""

    AWAITING_UPLOAD = "awaiting_upload"
    ANALYZING = "analyzing"
    RECOMMENDING = "recommending"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"

    @property
    def is_terminal(self) -> bool:
        """Whether the analysis has ended, so that no other state follows."""
        return self in (Status.COMPLETED, Status.FAILED, Status.EXPIRED)


class Kind(StrEnum):
    """A wish an analysis can carry; one queued job and one result row each."""

    SKINCARE = "skincare"
    MAKEUP = "makeup"
    OUTFIT = "outfit"


DRAWN_KIND = Kind.MAKEUP  # whose result advises looks, of which pictures are drawn


class Awaited(StrEnum):
    """What is still to come of an analysis beside its results; the sweep goes after it."""

    ANNOUNCEMENT = "announcement"  # of its end, on the event bus
    THUMBNAILS = "thumbnails"
    LOOKS = "looks"  # pictures of the looks that its makeup result advises


MOST_PHOTOS = 3  # of one analysis
UPLOAD_WINDOW = timedelta(minutes=10)

# Until the sweep looks at an analysis that is not over: from its creation, and from a retry. No
# step between moves the deadline, since each move writes to the index as well.
PATIENCE = UPLOAD_WINDOW + timedelta(minutes=1)
# Three of a job's five receives, two minutes apart: sent again, it is done once all the same.
RETRY_PATIENCE = timedelta(minutes=7)
# Whoever ended an analysis announces it right away; the sweep does not do it at the same time.
ANNOUNCED_WITHIN = timedelta(minutes=1)
# How often what was lost of one analysis may be asked for again.
MAX_RETRIES = 3
# Decoders that a photo may take down before it is not opened again.
MAX_DECODER_DEATHS = 2


class View(StrEnum):
    """Which side of the face a photo shows, from the person's own side."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


# What is read of a face today. A turned cheek has no place in measures taken from the front.
MEASURED_VIEWS = frozenset({View.FRONT})


class SentPhoto(Stored):
    """One photo of an analysis, as it was announced."""

    content_type: str
    content_length: int
    checksum_sha256: str
    view: View = View.FRONT


class Failure(Stored):
    """Why an analysis ended without an answer."""

    code: str = Field(description="Stable snake_case code: a photo gate's or the pipeline's.")
    message: str = Field(description="One sentence for the person who took the photo.")
    checks: tuple[Check, ...] = Field((), description="Every photo gate that fired, all at once.")


class KeptFailure(Failure):
    """A failure as its row keeps it: the document tells `photos` beside it."""

    photos: tuple[PhotoOutcome, ...] = ()


class Size(Stored):
    """The size of a picture, in pixels."""

    width: int = Field(gt=0)
    height: int = Field(gt=0)


class Analysis(Stored):
    """The row of an analysis: what it was asked for, and how far it is."""

    analysis_id: str
    user_id: str
    status: Status
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    upload_until: datetime | None = None  # where its uploads were signed again
    due_at: datetime | None = None
    redrives: int = 0
    retries: int = 0
    refunded: bool = False  # completed, but every result was lost
    decoding: bool = False  # a try is between opening a photo and having it open, or died there
    decoder_deaths: int = 0
    wants: Annotated[tuple[Kind, ...], known(Kind)]
    goals: Annotated[tuple[Goal, ...], known(get_args(Goal))] = ()
    occasion: Occasion | None = None
    weather: Weather | None = None
    reference: ReferenceKind | None = None
    age_band: AgeBand | None = None  # as it was told when this was started
    pending: Annotated[frozenset[Kind], known(Kind)] = frozenset()
    awaits: Annotated[frozenset[Awaited], known(Awaited)] = frozenset()
    content_type: str  # this and the next two: of the first photo
    content_length: int
    checksum_sha256: str
    photos: tuple[SentPhoto, ...] = ()  # where there are several, all of them
    consent_version: str
    correlation_id: str
    quota_day: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    photo: Size | None = None  # once it was read
    thumbnails: bool = False
    failure: KeptFailure | None = None

    @property
    def sent(self) -> tuple[SentPhoto, ...]:
        """Every photo it was started for, one to three."""
        first = SentPhoto(
            content_type=self.content_type,
            content_length=self.content_length,
            checksum_sha256=self.checksum_sha256,
        )
        return self.photos or (first,)

    @property
    def upload_closes(self) -> datetime:
        """When the last URL for its photos stops working."""
        return self.upload_until or self.created_at + UPLOAD_WINDOW

    @property
    def upload_keys(self) -> tuple[str, ...]:
        """S3 keys of the photos as they were sent."""
        numbers = range(len(self.sent))
        return tuple(places.face_key(self.user_id, self.analysis_id, number) for number in numbers)

    @property
    def photo_key(self) -> str:
        """S3 key of the upright photo."""
        return places.photo_key(self.user_id, self.analysis_id)

    @property
    def thumbnail_key(self) -> str:
        """S3 key of the photo at 200 px."""
        return places.thumbnail_key(self.user_id, self.analysis_id)

    @property
    def optimized_key(self) -> str:
        """S3 key of the photo at about 1024 px."""
        return places.optimized_key(self.user_id, self.analysis_id)

    @property
    def media_keys(self) -> tuple[str, ...]:
        """S3 keys of every picture of the photo in the media bucket."""
        return places.media_keys(self.user_id, self.analysis_id)


class ReadAnalysis(Analysis):
    """An analysis with what was measured, as far as it has got."""

    reading: FaceReading | None = None

    @property
    def outcomes(self) -> tuple[PhotoOutcome, ...]:
        """What became of each of several photos, once they were read."""
        told = self.reading or self.failure
        return told.photos if told else ()


@dataclass(frozen=True, slots=True)
class Contents:
    """An analysis with everything that is kept of it."""

    analysis: ReadAnalysis
    results: Mapping[Kind, dict[str, Any]]  # as far as they were written
    drawn: tuple[DrawnLook, ...] | None = None  # what became of its looks; None: not drawn yet
    words: EnhancedAnalysis | None = None

    @property
    def advised_looks(self) -> Sequence[dict[str, Any]]:
        """The looks that are advised, as the result has them."""
        return looks_of(self.results)


def looks_of(results: Mapping[Kind, Mapping[str, Any]]) -> Sequence[dict[str, Any]]:
    """The looks that results advise; none where there is no such result."""
    looks: Sequence[dict[str, Any]] = results.get(DRAWN_KIND, {}).get("looks", ())
    return looks


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """An analysis whose row cannot be read: where it lies, and what reading it raised."""

    user_id: str
    analysis_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of analyses, newest first, and the id the next one starts before (None: no more)."""

    analyses: tuple[ReadAnalysis, ...]
    next_id: str | None
    unreadable: tuple[UnreadableRow, ...] = ()  # that lie among them
