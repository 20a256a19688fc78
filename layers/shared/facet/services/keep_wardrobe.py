"""The wardrobe: garments as their owner describes them, with a photo that tells their colours."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, ValidationError

from facet.domain.analysis import UPLOAD_WINDOW
from facet.domain.base import Part
from facet.domain.belongings import Shelf
from facet.domain.cursor import Cursors
from facet.domain.errors import FileTooLargeError, GarmentNotFoundError, PermanentError
from facet.domain.places import (
    garment_picture_key,
    garment_pictures,
    garment_upload_key,
    garment_uploads,
)
from facet.domain.polling import POLL_GARMENT_AFTER_MS
from facet.domain.storage import PICTURES_SIGNED_FOR, NewPhoto, UploadTarget
from facet.domain.style import GarmentDetails, GarmentPhoto
from facet.services.ports import Objects, Shelves

# S3 announces a photo, and it is read, within seconds of the last moment it may come.
LATE = timedelta(minutes=1)


class NewGarment(GarmentDetails):
    """A garment as its owner describes it; its colours here, or read from a photo."""

    photo: NewPhoto | None = Field(
        None, description="Asks for an upload URL; its colours are read unless they are given."
    )


class WardrobeItem(GarmentDetails):
    """A garment as told, its colours as told or read, and how far the reading of its photo is."""

    item_id: str = Field(description="The owner's own id for it, or a ULID.")
    status: Literal["awaiting_upload", "ready", "failed"] = Field(
        description="Of its photo; ready where there is none. While it has no colours, outfits "
        "are made without it."
    )
    code: str | None = Field(
        None, description="Why the photo failed: a photo gate's code, or upload_expired."
    )
    message: str | None = Field(None, description="The same in one sentence for its owner.")
    picture_url: str | None = Field(
        None, description="JPEG, at most 800 px on the long edge; good for an hour."
    )
    upload_url: str | None = Field(
        None, description="Presigned URL for one PUT of the photo; in the answer to asking for it."
    )
    upload: UploadTarget | None = Field(None, description="How to send it; with `upload_url`.")
    poll_after_ms: int | None = Field(
        None, description="Ask again after this many milliseconds; absent once it is read."
    )


class WardrobePage(Part):
    """A page of the wardrobe, in the order of the garments' ids."""

    items: tuple[WardrobeItem, ...] = Field(description="In the order of their ids.")
    unreadable: tuple[str, ...] = Field(
        (), description="Ids of garments that this release cannot read; put or delete them."
    )
    cursor: str | None = Field(None, description="Send it back for the next page; absent: no more.")


def list_wardrobe(
    user_id: str,
    limit: int,
    cursor: str | None,
    *,
    cursors: Cursors,
    shelves: Shelves,
    media: Objects,
) -> WardrobePage:
    """A page of the wardrobe: `limit` garments after the cursor.

    Raises PermanentError(invalid_cursor).
    """
    after_id = cursors.read(user_id, "wardrobe", cursor) if cursor else None
    page = shelves.page(user_id, Shelf.WARDROBE, limit, after_id)
    items, unreadable = [], []
    for document in page.documents:
        try:
            items.append(_item(user_id, document, media))
        except PermanentError:
            unreadable.append(document["item_id"])
    return WardrobePage(
        items=tuple(items),
        unreadable=tuple(unreadable),
        cursor=cursors.sign(user_id, "wardrobe", page.next_id) if page.next_id else None,
    )


def read_garment_item(
    user_id: str,
    item_id: str,
    *,
    now: datetime,
    shelves: Shelves,
    media: Objects,
    uploads: Objects | None = None,
) -> WardrobeItem:
    """One garment of the wardrobe.

    uploads: signs the upload of the photo that is awaited, where one is.

    Raises PermanentError(garment_not_found, garment_unreadable).
    """
    document = shelves.get(user_id, Shelf.WARDROBE, item_id)
    if document is None:
        raise GarmentNotFoundError
    item = _item(user_id, document, media)
    photo = GarmentPhoto.of(document)
    if uploads is None or photo is None or item.status != "awaiting_upload":
        return item
    upload = uploads.presign_put(
        garment_upload_key(user_id, item_id, photo.checksum_sha256),
        content_type=photo.content_type,
        content_length=photo.content_length,
        checksum_sha256=photo.checksum_sha256,
        correlation_id=photo.correlation_id,
        seconds=max(1, int((photo.expires_at - now).total_seconds())),
    )
    target = UploadTarget(method=upload.method, headers=upload.headers, expires_at=photo.expires_at)
    return item.model_copy(update={"upload_url": upload.url, "upload": target})


def keep_garment(
    user_id: str,
    item_id: str,
    wish: NewGarment,
    *,
    max_photo_bytes: int,
    most: int,
    correlation_id: str,
    now: datetime,
    shelves: Shelves,
) -> bool:
    """Create or replace a garment -> whether it is new.

    What is told replaces all that was told. A picture stays until there is another photo, and so
    do colours where neither colours nor a photo come; a photo that failed is forgotten. Raises
    PermanentError(file_too_large, colours_needed), and
    BelongingsFullError for more than `most` things in bag and wardrobe.
    """
    if wish.photo and wish.photo.content_length > max_photo_bytes:
        raise FileTooLargeError(wish.photo.content_length, max_photo_bytes)
    told = wish.model_dump(mode="json", exclude={"photo"}, exclude_defaults=True)
    is_new = True

    def edit(before: Mapping[str, Any] | None) -> Mapping[str, Any]:
        nonlocal is_new
        is_new = before is None
        before = before or {}
        kept = {name: before[name] for name in ("picture", "picture_of") if before.get(name)}
        document = {**told, **kept}
        sent = GarmentPhoto.of(before)
        if wish.photo and not _was_read(sent, wish.photo):
            photo = GarmentPhoto(
                status="awaiting_upload",
                correlation_id=correlation_id,
                **_awaited_from(now),
                **wish.photo.model_dump(),
            )
            document["photo"] = photo.model_dump(mode="json", exclude_none=True)
        else:
            if not wish.colours and before.get("colours"):
                document["colours"] = before["colours"]
            if sent and sent.status != "failed":
                document["photo"] = before["photo"]
        if not document.get("colours") and "photo" not in document:
            raise PermanentError("colours_needed")
        return document

    shelves.change(user_id, Shelf.WARDROBE, item_id, edit, most)
    return is_new


def renew_upload(
    user_id: str, item_id: str, sent: NewPhoto | None, *, now: datetime, shelves: Shelves
) -> bool:
    """Give this photo ten minutes more, if it is awaited; nothing else of the garment changes."""

    def edit(document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        photo = GarmentPhoto.of(document) if document else None
        if document is None or photo is None or photo.status != "awaiting_upload":
            return None
        if sent is None or photo.checksum_sha256 != sent.checksum_sha256:
            return None
        renewed = photo.model_copy(update=_awaited_from(now))
        return {**document, "photo": renewed.model_dump(mode="json", exclude_none=True)}

    return shelves.change(user_id, Shelf.WARDROBE, item_id, edit) is not None


def _awaited_from(now: datetime) -> dict[str, Any]:
    """Until when a photo that is asked for now may come, and when the sweep looks after it."""
    return {"expires_at": now + UPLOAD_WINDOW, "due_at": now + UPLOAD_WINDOW + LATE}


def _was_read(sent: GarmentPhoto | None, photo: NewPhoto) -> bool:
    """Whether this very photo was read already: the same request may come again."""
    return (
        sent is not None
        and sent.status == "ready"
        and sent.checksum_sha256 == photo.checksum_sha256
    )


def drop_garment(
    user_id: str, item_id: str, *, shelves: Shelves, uploads: Objects, media: Objects
) -> None:
    """Take a garment out of the wardrobe, with its photo and its picture.

    Its objects go before its row, so that a crash leaves a garment to take out again, and once
    more after it: a photo may just have been read.

    Raises PermanentError(garment_not_found).
    """
    _delete_pictures(user_id, item_id, uploads, media)
    was_there = shelves.delete(user_id, Shelf.WARDROBE, item_id)
    _delete_pictures(user_id, item_id, uploads, media)
    if not was_there:
        raise GarmentNotFoundError


def _delete_pictures(user_id: str, item_id: str, uploads: Objects, media: Objects) -> None:
    uploads.delete_below(garment_uploads(user_id, item_id))
    media.delete_below(garment_pictures(user_id, item_id))


def picture_key_of(user_id: str, document: Mapping[str, Any]) -> str | None:
    """S3 key of the picture that a stored garment shows; None where it has none."""
    if not document.get("picture"):
        return None
    return garment_picture_key(user_id, document["item_id"], document.get("picture_of"))


def _item(user_id: str, document: Mapping[str, Any], media: Objects) -> WardrobeItem:
    """A stored garment as it is answered. Raises PermanentError(garment_unreadable)."""
    item = {n: document[n] for n in document if n in GarmentDetails.model_fields}
    item |= {"item_id": document["item_id"], "status": "ready"}
    if photo := GarmentPhoto.of(document):
        item |= _state_of(photo)
    if key := picture_key_of(user_id, document):
        item["picture_url"] = media.presign_get(key, int(PICTURES_SIGNED_FOR.total_seconds()))
    try:
        return WardrobeItem.model_validate(item)
    except ValidationError as error:
        raise PermanentError("garment_unreadable") from error


def _state_of(photo: GarmentPhoto) -> dict[str, Any]:
    """The status of a garment's photo, and what goes with it: how to wait, or why it failed."""
    if photo.status != "awaiting_upload":
        return {"status": photo.status, "code": photo.code, "message": photo.message}
    return {"status": photo.status, "poll_after_ms": POLL_GARMENT_AFTER_MS}
