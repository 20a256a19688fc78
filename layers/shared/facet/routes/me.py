"""A person's quota, the export of all of their data, and its erasure."""

from datetime import UTC, datetime
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from facet.domain.account import Erasure, Person
from facet.domain.quota import Usage
from facet.http.answers import json_response, rate_limit_headers
from facet.http.caller import caller, request_id
from facet.http.idempotency import IdempotencyKey
from facet.http.problems import problems
from facet.routes.router import Ulid, WiredRouter
from facet.services.erase_account import request_erasure
from facet.services.export_account import ExportDocument, read_export, request_export
from facet.services.refuse_while_busy import refuse_while_busy

router = WiredRouter()


@router.get(
    "/v1/me/usage",
    summary="Today's quota",
    operation_id="getUsage",
    tags=["me"],
    responses=problems(200, Usage),
)
def get_usage() -> Response[str]:
    who, now = caller(router), datetime.now(UTC)
    usage = router.wiring.analyses.usage(who.user_id, who.tier, now)
    return json_response(usage, headers=rate_limit_headers(usage, now))


def person() -> Person:
    """The caller, as exports and erasures know them."""
    who = caller(router)
    return Person(who.user_id, who.username)


@router.post(
    "/v1/me/export",
    summary="Ask for everything",
    operation_id="startExport",
    description="A ZIP of every row (JSON) and every picture of the user, with a README. Poll it "
    "until `status` is ready. While one is being made, asking again answers with that one.",
    tags=["me"],
    responses=problems(202, ExportDocument, "exports_used_up", "export_not_found", "busy"),
)
def post_export(idempotency_key: IdempotencyKey = None) -> Response[str]:
    who, now = person(), datetime.now(UTC)
    router.wiring.limits.spend(router, writes=1)
    with router.wiring.repeats.asked(router, idempotency_key, None) as asked:
        if not asked.made:
            refuse_while_busy(
                router.wiring.account_jobs, router.wiring.settings.max_account_queue_depth
            )
            asked.id = request_export(
                who,
                asked.id,
                request_id(router),
                now=now,
                most_a_day=router.wiring.settings.max_exports_a_day,
                accounts=router.wiring.accounts,
                jobs=router.wiring.account_jobs,
            )
    document = read_export(
        who.user_id, asked.id, now=now, accounts=router.wiring.accounts, media=router.wiring.media
    )
    return json_response(document, HTTPStatus.ACCEPTED)


@router.get(
    "/v1/me/exports/<export_id>",
    summary="Read an export",
    operation_id="getExport",
    description="Where the ZIP is, once it is ready. It is deleted after a week.",
    tags=["me"],
    responses=problems(200, ExportDocument, "export_not_found", "export_unreadable"),
)
def get_export(
    export_id: Ulid,
) -> Response[str]:
    return json_response(
        read_export(
            caller(router).user_id,
            export_id,
            now=datetime.now(UTC),
            accounts=router.wiring.accounts,
            media=router.wiring.media,
        )
    )


@router.delete(
    "/v1/me",
    summary="Erase everything",
    operation_id="eraseMe",
    description="Every row, every picture and the sign-in itself; it cannot be undone. Answers 202 "
    "while it goes on and 200 once done: ask again to hear. Any other call of this user is refused "
    "from now on with 401 `account_erased`.",
    tags=["me"],
    responses=problems(202, Erasure) | problems(200, Erasure),
)
def delete_me() -> Response[str]:
    erasure = request_erasure(
        person(),
        request_id(router),
        now=datetime.now(UTC),
        accounts=router.wiring.accounts,
        jobs=router.wiring.erase_jobs,
    )
    return json_response(erasure, HTTPStatus.OK if erasure.erased_at else HTTPStatus.ACCEPTED)
