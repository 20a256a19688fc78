"""Where everything of a person lies: every S3 key, and the partition of the one table.

What an erasure and the deletion of an analysis walk is read off the same table as the keys, so
that nothing can be put where neither looks. template.yaml gives rights by the same prefixes.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """One prefix of one bucket; below it lies <user_id>/, and below that a user's objects."""

    bucket: Literal["uploads", "media"]
    prefix: str
    # A folder an analysis, into which objects are put under names known only as they are drawn.
    drawn: bool = False
    exported: bool = True

    def of_user(self, user_id: str) -> str:
        """Prefix of all of a user's objects here."""
        return f"{self.prefix}/{user_id}/"

    def of_analysis(self, user_id: str, analysis_id: str) -> str:
        """Prefix of an analysis' folder here."""
        return f"{self.of_user(user_id)}{analysis_id}/"


FACES = Place("uploads", "faces")
GARMENT_UPLOADS = Place("uploads", "garments")
PHOTOS = Place("media", "photos")
THUMBNAILS = Place("media", "thumbnails")
LOOKS = Place("media", "looks", drawn=True)
OVERLAYS = Place("media", "overlays", drawn=True)
GARMENT_PICTURES = Place("media", "garments")
EXPORTS = Place("media", "exports", exported=False)

# Everything of a person; the uploads bucket first.
PLACES = (
    FACES,
    GARMENT_UPLOADS,
    PHOTOS,
    THUMBNAILS,
    LOOKS,
    OVERLAYS,
    GARMENT_PICTURES,
    EXPORTS,
)
# What each object of the media bucket belongs to: the first part of its row's sort key.
_ROWS = {
    PHOTOS: "ANALYSIS",
    THUMBNAILS: "ANALYSIS",
    LOOKS: "ANALYSIS",
    OVERLAYS: "ANALYSIS",
    GARMENT_PICTURES: "WARDROBE",
    EXPORTS: "EXPORT",
}
UPLOAD_PREFIXES = tuple(place.prefix for place in PLACES if place.bucket == "uploads")
MEDIA_PREFIXES = tuple(place.prefix for place in PLACES if place.bucket == "media")

# Nobody's: the published catalogue, in the media bucket.
CATALOGUE_SNAPSHOT = "catalogue/snapshot.json"


def user_partition(user_id: str) -> str:
    """Partition key of all rows of a user, in the one table and in that of repeated requests."""
    return f"USER#{user_id}"


# --- of an analysis ------------------------------------------------------------------------------


def face_key(user_id: str, analysis_id: str, number: int = 0) -> str:
    """S3 key of an analysis' photo as it was sent; number: which of several, from 0."""
    return f"{FACES.of_user(user_id)}{analysis_id}{f'.{number}' if number else ''}"


def photo_key(user_id: str, analysis_id: str) -> str:
    """S3 key of the photo turned upright, without its camera data."""
    return f"{PHOTOS.of_user(user_id)}{analysis_id}.jpg"


def thumbnail_key(user_id: str, analysis_id: str) -> str:
    """S3 key of the photo, 200 px on the long edge."""
    return f"{THUMBNAILS.of_analysis(user_id, analysis_id)}thumbnail.jpg"


def optimized_key(user_id: str, analysis_id: str) -> str:
    """S3 key of the photo, about 1024 px on the long edge."""
    return f"{THUMBNAILS.of_analysis(user_id, analysis_id)}optimized.jpg"


def media_keys(user_id: str, analysis_id: str) -> tuple[str, ...]:
    """S3 keys of every picture of an analysis' photo in the media bucket."""
    whose = user_id, analysis_id
    return photo_key(*whose), thumbnail_key(*whose), optimized_key(*whose)


def look_keys(user_id: str, analysis_id: str, name: str) -> tuple[str, str]:
    """S3 keys of a look's picture, and of its before and after."""
    stem = f"{LOOKS.of_analysis(user_id, analysis_id)}{name}"
    return f"{stem}.jpg", f"{stem}-before-after.jpg"


def overlay_key(user_id: str, analysis_id: str, concern: str) -> str:
    """S3 key of the picture of where a concern is."""
    return f"{OVERLAYS.of_analysis(user_id, analysis_id)}{concern}.png"


def drawn_prefixes(user_id: str, analysis_id: str) -> tuple[str, ...]:
    """Prefixes in the media bucket of whatever was drawn on an analysis' photo."""
    return tuple(place.of_analysis(user_id, analysis_id) for place in PLACES if place.drawn)


def owner_of(key: str) -> tuple[str, str]:
    """(user_id, analysis_id) of a `face_key`, whichever photo's, or of a `photo_key`.

    Raises ValueError for any other key.
    """
    return _read(key, (FACES, PHOTOS))


# --- of a garment and of an account --------------------------------------------------------------


def garment_upload_key(user_id: str, item_id: str, checksum_sha256: str) -> str:
    """S3 key of a garment's photo as it was sent: another photo of it has another key, so that
    whoever is done with one does not take the next one away.

    checksum_sha256: of the photo, base64.
    """
    which = hashlib.sha256(checksum_sha256.encode()).hexdigest()[:16]
    return f"{garment_uploads(user_id, item_id)}{which}"


def garment_photo_of(key: str) -> str:
    """Which photo of its garment a `garment_upload_key` is of."""
    return key.rpartition(".")[2]


def garment_uploads(user_id: str, item_id: str) -> str:
    """Prefix of every photo that was sent of a garment."""
    return f"{GARMENT_UPLOADS.of_user(user_id)}{item_id}."


def garment_picture_key(user_id: str, item_id: str, photo: str | None) -> str:
    """S3 key of the small picture that is kept of a garment; of another photo it is another.

    photo: as `garment_photo_of` has it; None: of a picture from before the key told.
    """
    return f"{garment_pictures(user_id, item_id)}{f'{photo}.' if photo else ''}jpg"


def garment_pictures(user_id: str, item_id: str) -> str:
    """Prefix of every picture of a garment."""
    return f"{GARMENT_PICTURES.of_user(user_id)}{item_id}."


def is_garment(key: str) -> bool:
    """Whether a key is a garment's: `garment_owner_of` reads it."""
    return key.startswith(f"{GARMENT_UPLOADS.prefix}/")


def garment_owner_of(key: str) -> tuple[str, str]:
    """(user_id, item_id) of a `garment_upload_key` or a `garment_picture_key`.

    Raises ValueError for any other key.
    """
    return _read(key, (GARMENT_UPLOADS, GARMENT_PICTURES))


def export_key(user_id: str, export_id: str) -> str:
    """S3 key of the ZIP of everything of a user."""
    return f"{EXPORTS.of_user(user_id)}{export_id}.zip"


def row_of(key: str) -> tuple[str, str]:
    """(user_id, sort key of the row) that an object of the media bucket belongs to.

    Raises ValueError for the key of nobody's object.
    """
    prefix, user_id, name, *_ = key.split("/")
    rows = {place.prefix: row for place, row in _ROWS.items()}
    if prefix not in rows:
        raise ValueError(f"nobody's object: {key}")
    return user_id, f"{rows[prefix]}#{name.partition('.')[0]}"


def _read(key: str, places: tuple[Place, ...]) -> tuple[str, str]:
    prefix, user_id, name = key.split("/")
    id_of, _, _ = name.partition(".")  # ids have no dot
    if prefix not in {place.prefix for place in places} or not user_id or not id_of:
        raise ValueError(f"no key of {' or '.join(place.prefix for place in places)}: {key}")
    return user_id, id_of
