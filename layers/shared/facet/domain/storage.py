"""What a phone has to send to a bucket, and for how long it may fetch what lies there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from facet.domain.base import Answer, Part

# Media types of photos that are taken.
PhotoType = Literal["image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"]

# Twice as long as an ETag holds (http/gateway.py), so that a 304 never outlives its URLs.
PICTURES_SIGNED_FOR = timedelta(hours=1)


class NewPhoto(Part):
    """A photo that the app is about to upload."""

    content_type: PhotoType = Field(description="Media type of the photo; S3 refuses another.")
    content_length: int = Field(gt=0, description="Exact size of the photo in bytes.")
    checksum_sha256: str = Field(
        pattern=r"^[A-Za-z0-9+/]{43}=$", description="Base64 of the photo's SHA-256."
    )


@dataclass(frozen=True, slots=True)
class Upload:
    """What a phone has to send: this method to this URL with exactly these headers."""

    method: str
    url: str
    headers: dict[str, str]


class UploadTarget(Answer):
    """How to send the photo; leave no header out and add none. An answer of 412 says that this very
    photo is there already: go on as after 200."""

    method: str = Field(description="HTTP method, PUT.")
    headers: Mapping[str, str] = Field(description="Headers, exactly as signed.")
    expires_at: datetime = Field(description="When the URL stops working (UTC).")
