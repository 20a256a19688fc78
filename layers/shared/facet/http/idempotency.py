"""`Idempotency-Key`: a POST that comes twice is done once.

    @router.post("/v1/wardrobe", responses=problems(201, WardrobeItem, "file_too_large"))
    def post_garment(wish: NewGarment, idempotency_key: IdempotencyKey = None) -> Response[str]:
        with router.wiring.repeats.asked(router, idempotency_key, wish) as asked:
            if not asked.made:
                put_garment(asked.id, wish)
        return json_response(garment(asked.id, signed=True), HTTPStatus.CREATED)

The key decides the id of what is made, and whatever is made of an id is made once. So a request
that died anywhere is taken up where it stopped, and no answer has to be kept. Once it is made, the
key says so: a repeat makes nothing, also where it was deleted meanwhile.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Protocol

from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import BaseModel
from ulid import ULID

from facet.domain.errors import PermanentError
from facet.domain.repeats import Reservation
from facet.http.caller import Routes, caller

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Any string of your own, a UUID say. Send it again to repeat the request "
        "safely: within a day it is done once.",
    ),
]


class Ids(Protocol):
    """Ids that requests were given, by user, route and key."""

    def reserve(
        self, user_id: str, digest: str, row_id: str, body: str, now: datetime
    ) -> Reservation: ...
    def give_back(self, user_id: str, digest: str, row_id: str, now: datetime) -> None: ...
    def made(self, user_id: str, digest: str, row_id: str) -> None: ...


@dataclass(slots=True)
class Asked:
    """A request to make something.

    id: the ULID that it has; whoever answers with another sets it. again: it was sent before, and
    may have been made. made: it was, to its end, whether or not it is there still.
    """

    id: str
    again: bool = False
    made: bool = False


class Repeats:
    """Knows a request again by its Idempotency-Key."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    @contextmanager
    def asked(self, app: Routes, key: str | None, body: BaseModel | None) -> Iterator[Asked]:
        """What a request makes: something new, or what the same request made before.

        app: what answers the request. Where the request is refused, its key is free again, unless
        the same request came once more meanwhile. Raises PermanentError(idempotency_key_reused) for
        a known key with another body.
        """
        now = datetime.now(UTC)
        new_id = str(ULID.from_datetime(now))
        if key is None:
            yield Asked(new_id)
            return
        user_id, event = caller(app).user_id, app.current_event
        digest = _digest([event.http_method, event.path, key])
        told = _digest(body.model_dump(mode="json") if body else None)
        kept = self._ids.reserve(user_id, digest, new_id, told, now)
        if kept.body != told:
            raise PermanentError("idempotency_key_reused")
        asked = Asked(kept.row_id, again=kept.row_id != new_id, made=kept.made)
        try:
            yield asked
        except PermanentError:
            if not asked.again:
                self._ids.give_back(user_id, digest, new_id, now)
            raise
        if not kept.made:
            self._ids.made(user_id, digest, asked.id)


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
