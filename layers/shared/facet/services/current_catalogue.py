"""The catalogue that advice is made from: the newest published snapshot, kept in memory."""

import logging
import time

from facet.catalogue.catalogue import Catalogue
from facet.domain.errors import PermanentError
from facet.domain.places import CATALOGUE_SNAPSHOT
from facet.services.ports import Objects

logger = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 60.0


class CurrentCatalogue:
    """The newest catalogue: S3 is asked for a newer snapshot at most once a minute, by ETag."""

    def __init__(self, media: Objects) -> None:
        self._media = media
        self._catalogue: Catalogue | None = None
        self._etag: str | None = None
        self._look_again_at = 0.0

    def get(self) -> Catalogue:
        """The newest catalogue that can be read.

        Raises PermanentError: catalogue_missing where none was ever published, catalogue_schema or
        catalogue_corrupt where the first one cannot be read.
        """
        if self._catalogue is None or time.monotonic() >= self._look_again_at:
            newer = self._media.get_if_changed(CATALOGUE_SNAPSHOT, self._etag)
            if newer is not None:
                self._take(*newer)
            self._look_again_at = time.monotonic() + LOOK_AGAIN_SECONDS
        if self._catalogue is None:
            raise PermanentError("catalogue_missing")
        return self._catalogue

    def _take(self, data: bytes, etag: str) -> None:
        try:
            self._catalogue, self._etag = Catalogue.load(data), etag
        except PermanentError:
            if self._catalogue is None:
                raise
            logger.exception("the published catalogue cannot be read; the one before it stays")
