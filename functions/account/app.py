"""Someone wants all of their data, or all of it gone: one message each.

Once a month the schedule's call has what belongs to nobody looked for, by messages as well.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import aws_lambda_powertools.utilities.batch  # noqa: F401 before pydantic, see facet.worker
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from facet.adapters.settings import Settings
from facet.domain.account import ACCOUNT_JOB, AccountJob, ErasureRequested, OwnersSought
from facet.services.erase_account import erase_account
from facet.services.export_account import export_account
from facet.services.seek_owners import seek_owners, send_seekers
from facet.wiring import Wiring
from facet.worker import queue_and_schedule, sqs_worker, until


class AccountSettings(Settings):
    uploads_bucket: str
    media_bucket: str
    user_pool_id: str
    account_queue_url: str
    erase_queue_url: str
    erasure_looks_again_seconds: int


SEEK_SECONDS = 200  # of the function's 300; the rest of a walk goes into another message

logger, metrics = Logger(), Metrics()
wiring = Wiring(AccountSettings, lambda made: (made.accounts, made.users, made.media))


def handle(job: AccountJob) -> None:
    rows: dict[str, Any] = {"accounts": wiring.accounts, "media": wiring.media}
    everything = {**rows, "users": wiring.users, "uploads": wiring.uploads}
    if isinstance(job, OwnersSought):
        go_on, jobs = until(SEEK_SECONDS), wiring.account_jobs
        done = seek_owners(job, **rows, now=datetime.now(UTC), jobs=jobs, go_on=go_on)
        metric, told = "OwnerlessDeleted", {"prefix": job.prefix, "deleted": done}
    elif isinstance(job, ErasureRequested):
        again_after = timedelta(seconds=wiring.settings.erasure_looks_again_seconds)
        jobs = wiring.erase_jobs
        done = erase_account(job, **everything, jobs=jobs, looks_again_after=again_after)
        metric, told = "AccountErased", {"erasure_id": job.erasure_id, "done": done}
    else:
        size = export_account(job, **everything)
        done, metric = True, "AccountExported"
        told = {"export_id": job.export_id, "bytes": size}
    metrics.add_metric(metric, MetricUnit.Count, int(done))
    logger.info("account job done", extra=told)


of_queue = sqs_worker(ACCOUNT_JOB, handle, "AccountJobReturned")
lambda_handler = queue_and_schedule(of_queue, lambda _: send_seekers(wiring.account_jobs))
