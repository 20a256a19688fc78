"""Where the next page of a listing starts, signed so that it fits one user and one listing."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field

from facet.domain.errors import PermanentError

SIGNATURE_BYTES = 16


@dataclass(frozen=True)
class Cursors:
    """Signs cursors with HMAC-SHA256, cut to 128 bits (RFC 2104, section 5).

    secret: any text; those who hold it read each other's cursors.
    """

    secret: str = field(repr=False)

    def sign(self, user_id: str, listing: str, position: str) -> str:
        """URL-safe text. `listing` names the call and its filters, `position` a place in it."""
        signature = self._signature(user_id, listing, position)
        return base64.urlsafe_b64encode(signature + position.encode()).decode().rstrip("=")

    def read(self, user_id: str, listing: str, cursor: str) -> str:
        """The position that was signed.

        Raises PermanentError(invalid_cursor) for one that was changed, or is somebody else's, or
        of another listing.
        """
        try:
            signed = base64.b64decode(
                cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
            position = signed[SIGNATURE_BYTES:].decode()
        except ValueError as error:
            raise self._invalid() from error
        expected = self._signature(user_id, listing, position)
        if not hmac.compare_digest(signed[:SIGNATURE_BYTES], expected):
            raise self._invalid()
        return position

    def _signature(self, user_id: str, listing: str, position: str) -> bytes:
        message = json.dumps([user_id, listing, position]).encode()
        return hmac.digest(self.secret.encode(), message, hashlib.sha256)[:SIGNATURE_BYTES]

    @staticmethod
    def _invalid() -> PermanentError:
        return PermanentError("invalid_cursor")
