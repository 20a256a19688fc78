"""The looks a person asked for: listed, read, renamed, deleted."""

from datetime import datetime
from typing import Self

from pydantic import Field

from facet.domain.base import Answer, Part
from facet.domain.cursor import Cursors
from facet.domain.errors import LookNotFoundError, LookUnreadableError
from facet.domain.looks import LookProduct, LookStatus, SavedLook
from facet.domain.places import LOOKS, look_keys
from facet.domain.polling import POLL_LOOK_AFTER_MS
from facet.domain.storage import PICTURES_SIGNED_FOR
from facet.services.ports import Looks, Objects


class LookDocument(Answer):
    """A look that was asked for; final once it is no longer rendering."""

    look_id: str = Field(description="ULID; ids sort by time.")
    analysis_id: str = Field(description="Whose photo it is drawn on.")
    name: str = Field(description="What its owner calls it.")
    favourite: bool = Field(default=False, description="Whether it was marked as one.")
    status: LookStatus = Field(description="completed: the pictures are there.")
    code: str | None = Field(None, description="Why it failed.")
    message: str | None = Field(None, description="The same in a sentence.")
    poll_after_ms: int | None = Field(
        None, description="Ask again after this many milliseconds; absent once it is drawn."
    )
    products: tuple[LookProduct, ...] = Field(
        (), description="As asked for; complete once it is drawn."
    )
    garment_item_id: str | None = Field(None, description="The garment that is tried on.")
    image_url: str | None = Field(None, description="JPEG, at most 1024 px; good for an hour.")
    before_after_url: str | None = Field(
        None, description="JPEG of the photo twice, without on the left and with on the right."
    )
    created_at: datetime = Field(description="When it was asked for (UTC).")
    updated_at: datetime = Field(description="When it last changed (UTC).")
    expires_at: datetime = Field(description="When it is deleted, with its analysis (UTC).")

    @classmethod
    def of(cls, look: SavedLook, media: Objects) -> Self:
        """A saved look as it is answered: with signed pictures, or with when to ask again."""
        fields = look.model_dump(include=set(cls.model_fields))
        if look.status is LookStatus.RENDERING:
            fields["poll_after_ms"] = POLL_LOOK_AFTER_MS
        elif look.status is LookStatus.COMPLETED:
            keys = look_keys(look.user_id, look.analysis_id, look.look_id)
            seconds = int(PICTURES_SIGNED_FOR.total_seconds())
            fields["image_url"], fields["before_after_url"] = (
                media.presign_get(key, seconds) for key in keys
            )
        return cls.model_validate(fields)


class LookList(Answer):
    """A page of looks, newest first."""

    looks: tuple[LookDocument, ...] = Field(description="Newest first.")
    unreadable: tuple[str, ...] = Field(
        (), description="Ids of looks that this release cannot read; another release may."
    )
    cursor: str | None = Field(None, description="Send it back for the next page; absent: no more.")


class LookChange(Part):
    """What a person may say of a look."""

    name: str = Field(min_length=1, max_length=100, description="What to call it.")
    favourite: bool = Field(default=False, description="Mark it as one.")


def list_looks(
    user_id: str,
    limit: int,
    cursor: str | None,
    *,
    cursors: Cursors,
    looks: Looks,
    media: Objects,
) -> LookList:
    """A page of saved looks: `limit` after the cursor. Raises PermanentError(invalid_cursor)."""
    before_id = cursors.read(user_id, "looks", cursor) if cursor else None
    page = looks.page(user_id, limit, before_id)
    return LookList(
        looks=tuple(LookDocument.of(look, media) for look in page.looks),
        unreadable=page.unreadable,
        cursor=cursors.sign(user_id, "looks", page.next_id) if page.next_id else None,
    )


def read_look(user_id: str, look_id: str, *, looks: Looks, media: Objects) -> LookDocument:
    """One saved look. Raises PermanentError(look_not_found, look_unreadable)."""
    look = looks.get(user_id, look_id)
    if look is None:
        raise LookNotFoundError
    return LookDocument.of(look, media)


def change_look(
    user_id: str,
    look_id: str,
    change: LookChange,
    *,
    now: datetime,
    looks: Looks,
    media: Objects,
) -> LookDocument:
    """Rename a look, or mark it as a favourite.

    Raises PermanentError(look_not_found, look_unreadable).
    """
    look = looks.change(user_id, look_id, change.name, change.favourite, now)
    if look is None:
        raise LookNotFoundError
    return LookDocument.of(look, media)


def delete_look(user_id: str, look_id: str, *, looks: Looks, media: Objects) -> None:
    """Delete a look and its pictures. Raises PermanentError(look_not_found).

    Pictures go first: a crash leaves a row to delete again.
    """
    keys: tuple[str, ...]
    try:
        look = looks.get(user_id, look_id)
        if look is None:
            raise LookNotFoundError
        keys = look_keys(user_id, look.analysis_id, look_id)
    except LookUnreadableError:  # it does not say whose photo it is on
        keys = tuple(key for key in media.keys(LOOKS.of_user(user_id)) if f"/{look_id}" in key)
    media.delete(*keys)
    looks.delete(user_id, look_id)
    media.delete(*keys)  # it may have been drawn just then
