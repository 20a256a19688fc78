"""`Idempotency-Key`: a POST that comes twice is done once, and answered alike.

    @router.post("/v1/feedback", responses=problems(201, Receipt, "feedback_empty"))
    def post_feedback(
        feedback: NewFeedback, idempotency_key: IdempotencyKey = None
    ) -> Response[str]:
        def give() -> Response[str]:
            receipt = give_feedback(caller(router).user_id, feedback, ...)
            return json_response(receipt, HTTPStatus.CREATED)

        return repeats.once(router, idempotency_key, feedback, give)

An answer that goes stale (a signed URL) is made anew from what is remembered:

        item_id = repeats.remembered(router, idempotency_key, wish, lambda: add_garment(...))
        return json_response(sign_garment_upload(item_id), HTTPStatus.CREATED)
"""

from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import BaseModel

from facet.domain.errors import PermanentError
from facet.domain.places import user_partition
from facet.http.caller import Routes, caller

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

REMEMBERED_SECONDS = 86_400

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Any string of your own, a UUID say. Send it again to repeat the request "
        "safely: within a day it is done once and answered alike.",
    ),
]


class Repeats:
    """Remembers for a day what each user's keys were answered with, by method and path.

    One row each, below the user's own partition, where an erasure finds it: `PK` USER#<sub>, `SK`
    a hash of route and key.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def once(
        self,
        app: Routes,
        key: str | None,
        body: BaseModel | None,
        do: Callable[[], Response[str]],
    ) -> Response[str]:
        """The answer of `do`, or the one it gave for this key before: status, headers and body.

        app: what answers the request.

        What `do` raises is not remembered: the request may be sent again. Raises
        PermanentError(idempotency_key_reused) for a known key with another body and
        PermanentError(request_in_progress) while the first request is still running.
        """

        def answer() -> dict[str, Any]:
            done = do()
            return {
                "status_code": int(done.status_code),
                "content_type": done.content_type,
                "body": done.body,
                "headers": dict(done.headers),
            }

        remembered = self.remembered(app, key, body, answer)
        status = HTTPStatus(remembered.pop("status_code"))
        return Response(status, **remembered)

    def remembered[T](
        self, app: Routes, key: str | None, body: BaseModel | None, do: Callable[[], T]
    ) -> T:
        """What `do` returns, plain JSON, or what it returned for this key; raises as `once`."""
        if key is None:
            return do()
        from aws_lambda_powertools.utilities.idempotency import idempotent_function  # noqa: PLC0415
        from aws_lambda_powertools.utilities.idempotency.exceptions import (  # noqa: PLC0415
            IdempotencyAlreadyInProgressError,
            IdempotencyValidationError,
        )

        store, config = self._store
        store.static_pk_value = user_partition(caller(app).user_id)
        config.register_lambda_context(app.lambda_context)
        event = app.current_event
        request = {
            "route": f"{event.http_method} {event.path}",
            "key": key,
            "body": body.model_dump(mode="json") if body else None,
        }

        def doing(*, request: dict[str, Any]) -> T:  # noqa: ARG001
            return do()

        run = idempotent_function(
            doing,
            data_keyword_argument="request",
            persistence_store=store,
            config=config,
            key_prefix="once",
        )
        try:
            done: T = run(request=request)
        except IdempotencyValidationError as error:
            raise PermanentError("idempotency_key_reused") from error
        except IdempotencyAlreadyInProgressError as error:
            raise PermanentError("request_in_progress") from error
        return done

    @cached_property
    def _store(self) -> tuple[Any, Any]:
        """Powertools' table and settings; loaded by the first key, since reads need neither."""
        from aws_lambda_powertools.utilities.idempotency import (  # noqa: PLC0415
            DynamoDBPersistenceLayer,
            IdempotencyConfig,
        )

        store = DynamoDBPersistenceLayer(
            self._table_name, key_attr="PK", sort_key_attr="SK", boto3_client=self._client
        )
        config = IdempotencyConfig(
            event_key_jmespath="[route, key]",
            payload_validation_jmespath="body",
            expires_after_seconds=REMEMBERED_SECONDS,
            hash_function="sha256",
        )
        return store, config
