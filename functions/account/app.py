"""Someone wants all of their data, or all of it gone: one message each.

Once a month the schedule's call has what belongs to nobody looked for, by messages as well.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import aws_lambda_powertools.utilities.batch  # noqa: F401 before pydantic, see facet.worker
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.settings import Settings
from facet.domain.account import ACCOUNT_JOB, AccountJob, ErasureRequested, ExportRequested
from facet.services.erase_account import erase_account
from facet.services.export_account import export_account
from facet.services.seek_owners import seek_owners, send_seekers
from facet.wiring import Wiring
from facet.worker import sqs_worker


class AccountSettings(Settings):
    uploads_bucket: str
    media_bucket: str
    user_pool_id: str
    account_queue_url: str
    erase_queue_url: str
    erasure_looks_again_seconds: int


SEEK_SECONDS = 200  # of the function's 300; the rest of a walk goes into another message

logger = Logger()
metrics = Metrics()
wiring = Wiring(AccountSettings, lambda made: (made.accounts, made.users, made.media))


def handle(job: AccountJob) -> None:
    began = time.monotonic()
    rows: dict[str, Any] = {"accounts": wiring.accounts, "media": wiring.media}
    everything = {**rows, "users": wiring.users, "uploads": wiring.uploads}
    if isinstance(job, ErasureRequested):
        again_after = timedelta(seconds=wiring.settings.erasure_looks_again_seconds)
        done = erase_account(
            job, **everything, jobs=wiring.erase_jobs, looks_again_after=again_after
        )
        metrics.add_metric("AccountErased", MetricUnit.Count, int(done))
        logger.info("erased", extra={"erasure_id": job.erasure_id, "done": done})
    elif isinstance(job, ExportRequested):
        size = export_account(job, **everything)
        metrics.add_metric("AccountExported", MetricUnit.Count, 1)
        logger.info("exported", extra={"export_id": job.export_id, "bytes": size})
    else:
        deleted = seek_owners(
            job,
            **rows,
            now=datetime.now(UTC),
            jobs=wiring.account_jobs,
            go_on=lambda: time.monotonic() < began + SEEK_SECONDS,
        )
        metrics.add_metric("OwnerlessDeleted", MetricUnit.Count, deleted)
        logger.info("owners sought", extra={"prefix": job.prefix, "deleted": deleted})


of_queue = sqs_worker(ACCOUNT_JOB, handle, "AccountJobReturned")


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return of_queue(event, context) if "Records" in event else send_seekers(wiring.account_jobs)
