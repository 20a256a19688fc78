"""Someone wants all of their data, or all of it gone: one message each."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from facet.adapters.account import AccountTable
from facet.adapters.aws import client, table
from facet.adapters.cognito import UserPool
from facet.adapters.s3 import Bucket
from facet.adapters.settings import Settings
from facet.adapters.sqs import CORRELATION_ATTRIBUTE
from facet.adapters.tracing import traced
from facet.domain.account import ACCOUNT_JOB, ErasureRequested
from facet.services.erase_account import erase_account
from facet.services.export_account import export_account

logger = Logger()
metrics = Metrics()
# Even if every record fails, answer per record: SQS redrives each one.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


class AccountSettings(Settings):
    uploads_bucket: str
    media_bucket: str
    user_pool_id: str
    idempotency_table_name: str


@cache
def settings() -> AccountSettings:
    return AccountSettings.from_env(os.environ)


@cache
def accounts() -> AccountTable:
    return AccountTable(table(settings().table_name))


@cache
def remembered() -> AccountTable:
    """Rows of answered requests lie by user as well."""
    return AccountTable(table(settings().idempotency_table_name))


@cache
def uploads() -> Bucket:
    return Bucket(client("s3"), settings().uploads_bucket)


@cache
def media() -> Bucket:
    return Bucket(client("s3"), settings().media_bucket)


@cache
def users() -> UserPool:
    return UserPool(client("cognito-idp"), settings().user_pool_id)


def handle_record(record: SQSRecord) -> None:
    """Raises for what SQS should bring again; what it cannot read ends in the dead-letter queue."""
    try:
        do_job(record)
    except Exception:
        logger.exception("the record goes back to the queue", message_id=record.message_id)
        metrics.add_metric("AccountJobReturned", MetricUnit.Count, 1)
        raise


def do_job(record: SQSRecord) -> None:
    correlation = record.message_attributes[CORRELATION_ATTRIBUTE]
    logger.set_correlation_id(correlation.string_value if correlation else None)
    job = ACCOUNT_JOB.validate_json(record.body)
    if isinstance(job, ErasureRequested):
        erase_account(
            job,
            accounts=accounts(),
            remembered=remembered(),
            users=users(),
            uploads=uploads(),
            media=media(),
        )
        metrics.add_metric("AccountErased", MetricUnit.Count, 1)
        logger.info("erased", extra={"erasure_id": job.erasure_id})
        return
    size = export_account(job, accounts=accounts(), users=users(), uploads=uploads(), media=media())
    metrics.add_metric("AccountExported", MetricUnit.Count, 1)
    logger.info("exported", extra={"export_id": job.export_id, "bytes": size})


@logger.inject_lambda_context
@metrics.log_metrics
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, handle_record, processor, context)
