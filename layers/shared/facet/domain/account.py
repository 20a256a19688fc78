"""All of a person's data at once: an export of it, and its erasure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from facet.domain.base import Stored

# The lifecycle rule of exports/ in template.yaml says the same.
EXPORT_LIFE = timedelta(days=7)
# How long the sweep waits before it has an export made again. Its queue has given it up, half an
# hour a try, when the sweep has sent it for the last time.
EXPORT_PATIENCE = timedelta(minutes=40)

# Longer than a request may run (ApiFunction's Timeout): whatever was let in before the account was
# marked has been written by then.
ERASURE_DELAY = timedelta(seconds=15)
# After this an erasure is asked for again by whoever repeats the request: its message may be dead.
ERASURE_PATIENCE = timedelta(hours=3)


class ExportStatus(StrEnum):
    """How far an export is."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class Export(Stored):
    """One ZIP of everything a user has here, as its row says."""

    export_id: str
    requested_at: datetime
    expires_at: datetime
    username: str | None = None  # the user pool's, which the message needs
    ready_at: datetime | None = None
    failed_at: datetime | None = None
    bytes: int | None = None
    redrives: int = 0

    @property
    def status(self) -> ExportStatus:
        """How far the export is."""
        if self.ready_at:
            return ExportStatus.READY
        return ExportStatus.FAILED if self.failed_at else ExportStatus.PENDING


class Erasure(Stored):
    """What remains of an erased account: that it was, when, and how much. Nobody's name."""

    erasure_id: str = Field(description="ULID; quote it when you ask about this erasure.")
    status: Literal["erasing", "erased"] = Field(description="erased once nothing is left.")
    requested_at: datetime = Field(description="When it was asked for (UTC).")
    erased_at: datetime | None = Field(None, description="When the last of it was gone (UTC).")


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user: the id all rows and objects lie under, and the user pool's own name."""

    user_id: str
    username: str


class ExportRequested(Stored):
    """Message to AccountFunction: put everything of this user into a ZIP."""

    job: Literal["export"] = "export"
    user_id: str
    username: str = Field(description="The user pool's; not the id for who signs in with Google.")
    export_id: str


class ErasureRequested(Stored):
    """Message to AccountFunction, in a queue of its own: remove everything of this user."""

    job: Literal["erasure"] = "erasure"
    user_id: str
    username: str
    erasure_id: str
    again: bool = Field(default=False, description="The second look, once nothing runs any more.")


class OwnersSought(Stored):
    """Message to AccountFunction: delete what lies below a prefix and belongs to nobody's row."""

    job: Literal["owners"] = "owners"
    prefix: str
    after: str | None = Field(default=None, description="The key that was looked at last.")


type AccountJob = ExportRequested | ErasureRequested | OwnersSought
ACCOUNT_JOB: TypeAdapter[AccountJob] = TypeAdapter(
    Annotated[ExportRequested | ErasureRequested | OwnersSought, Field(discriminator="job")]
)
