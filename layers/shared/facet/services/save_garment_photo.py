"""The photo of a garment has arrived: read its colours, keep a small picture, drop the original."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from facet.domain.belongings import Shelf
from facet.domain.errors import PermanentError
from facet.domain.places import (
    garment_owner_of,
    garment_photo_of,
    garment_picture_key,
    garment_pictures,
    garment_upload_key,
)
from facet.domain.style import GarmentPhoto
from facet.services.keep_wardrobe import picture_key_of
from facet.services.ports import Objects, Shelves
from facet.vision.photo.garment import read_garment


def save_garment_photo(
    key: str,
    *,
    shelves: Shelves,
    uploads: Objects,
    media: Objects,
    correlate: Callable[[str], object],
) -> Literal["ready", "failed"] | None:
    """Handle one `photo uploaded` event of `garments/<sub>/<item_id>`; safe to repeat.

    Returns what became of the photo, or None where nobody waits for it any more: the garment is
    gone, the photo was read before, or another one is on its way.
    """
    user_id, item_id = garment_owner_of(key)
    document = shelves.get(user_id, Shelf.WARDROBE, item_id)
    awaited = _awaited(document, key)
    if awaited is None:
        _drop_pictures_of_no_use(user_id, item_id, shelves, media)  # a try may have died before it
        uploads.delete(key)
        return None
    correlate(awaited.correlation_id)
    data = uploads.get(key)
    if data is None:
        return None
    from_photo: dict[str, Any] = {}
    picture: dict[str, Any] = {}
    try:
        read = read_garment(data)
    except PermanentError as error:
        outcome = {"status": "failed", "code": error.code, "message": error.message}
    else:
        outcome = {"status": "ready"}
        from_photo = {"colours": [colour.model_dump(mode="json") for colour in read.colours]}
        picture = {"picture": True, "picture_of": garment_photo_of(key)}
        own = garment_picture_key(user_id, item_id, picture["picture_of"])
        media.put(own, read.picture, "image/jpeg", awaited.correlation_id)

    def edit(document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if _awaited(document, key) is None or document is None:
            return None
        # What its owner says of the colours is not overruled by a photo.
        return {**from_photo, **document, **picture, "photo": {**document["photo"], **outcome}}

    saved = shelves.change(user_id, Shelf.WARDROBE, item_id, edit)
    _drop_pictures_of_no_use(user_id, item_id, shelves, media)
    uploads.delete(key)
    if saved is None:
        return None
    return "ready" if picture else "failed"


def _drop_pictures_of_no_use(user_id: str, item_id: str, shelves: Shelves, media: Objects) -> None:
    """Delete the pictures of a garment but the one that its row shows, and that of the photo it
    awaits, which may have been put just now.

    The row is read after them, so that it knows of each whether it may be wanted.
    """
    lying = set(media.keys(garment_pictures(user_id, item_id)))
    document = shelves.get(user_id, Shelf.WARDROBE, item_id) or {}
    wanted = {picture_key_of(user_id, document)}
    if (photo := GarmentPhoto.of(document)) and photo.status == "awaiting_upload":
        awaited = garment_upload_key(user_id, item_id, photo.checksum_sha256)
        wanted.add(garment_picture_key(user_id, item_id, garment_photo_of(awaited)))
    media.delete(*(lying - wanted))


def _awaited(document: Mapping[str, Any] | None, key: str) -> GarmentPhoto | None:
    """The photo that a garment waits for, if it is the one of this key."""
    photo = GarmentPhoto.of(document) if document else None
    if photo is None or photo.status != "awaiting_upload":
        return None
    awaited = garment_upload_key(*garment_owner_of(key), photo.checksum_sha256)
    return photo if key == awaited else None
