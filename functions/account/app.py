"""Someone wants all of their data, or all of it gone: one message each."""

import aws_lambda_powertools.utilities.batch  # noqa: F401 before pydantic, see facet.worker
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from facet.adapters.settings import Settings
from facet.domain.account import ACCOUNT_JOB, AccountJob, ErasureRequested
from facet.services.erase_account import erase_account
from facet.services.export_account import export_account
from facet.wiring import Wiring
from facet.worker import sqs_worker


class AccountSettings(Settings):
    uploads_bucket: str
    media_bucket: str
    user_pool_id: str


logger = Logger()
metrics = Metrics()
wiring = Wiring(AccountSettings, lambda made: (made.accounts, made.users, made.media))


def handle(job: AccountJob) -> None:
    if isinstance(job, ErasureRequested):
        erase_account(
            job,
            accounts=wiring.accounts,
            users=wiring.users,
            uploads=wiring.uploads,
            media=wiring.media,
        )
        metrics.add_metric("AccountErased", MetricUnit.Count, 1)
        logger.info("erased", extra={"erasure_id": job.erasure_id})
        return
    size = export_account(
        job,
        accounts=wiring.accounts,
        users=wiring.users,
        uploads=wiring.uploads,
        media=wiring.media,
    )
    metrics.add_metric("AccountExported", MetricUnit.Count, 1)
    logger.info("exported", extra={"export_id": job.export_id, "bytes": size})


lambda_handler = sqs_worker(ACCOUNT_JOB, handle, "AccountJobReturned")
