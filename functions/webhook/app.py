"""An analysis ended: tell the developer's own server, again and again until it listens."""

import os
import random
import time
from functools import cache, lru_cache
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

from facet.adapters.aws import client
from facet.adapters.settings import Settings
from facet.adapters.tracing import traced
from facet.adapters.webhook import WebhookRefusedError, send_webhook, signing_secrets
from facet.domain.messages import WebhookMessage

logger = Logger()
metrics = Metrics()
# Even if every record fails, answer per record: SQS redrives each one.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)

# Seconds from one try to the next, as Standard Webhooks suggests; WebhookQueue's maxReceiveCount is
# one more. A message can be hidden for twelve hours at most.
DELAYS = (5, 300, 1800, 7200, 18_000, 36_000)
MAX_DELAY = 43_200
SECRETS_LIVE_SECONDS = 300


class WebhookSettings(Settings):
    webhook_url: str
    webhook_secret_arn: str
    webhook_queue_url: str


@cache
def settings() -> WebhookSettings:
    return WebhookSettings.from_env(os.environ)


@lru_cache(maxsize=1)
def secrets(_slot: int) -> tuple[str, ...]:
    return signing_secrets(client("secretsmanager"), settings().webhook_secret_arn)


def handle_record(record: SQSRecord) -> None:
    """Raises for what SQS should bring again; what it cannot read ends in the dead-letter queue."""
    try:
        tell(record)
    except WebhookRefusedError as error:
        tries = int(record.attributes.approximate_receive_count)
        put_off(record, tries, error.retry_after or 0)
        logger.warning("not delivered", extra={"reason": str(error), "tries": tries})
        metrics.add_metric("WebhookRefused", MetricUnit.Count, 1)
        raise
    except Exception:
        logger.exception("the record goes back to the queue", message_id=record.message_id)
        metrics.add_metric("WebhookReturned", MetricUnit.Count, 1)
        raise


def tell(record: SQSRecord) -> None:
    message = WebhookMessage.model_validate_json(record.body)
    logger.set_correlation_id(message.detail.correlation_id)
    logger.append_keys(analysis_id=message.detail.analysis_id, webhook_id=message.webhook_id)
    wanted = send_webhook(
        message, settings().webhook_url, secrets(int(time.time() // SECRETS_LIVE_SECONDS))
    )
    if not wanted:
        logger.error("the server wants no more webhooks (410): deploy without WebhookUrl")
    metrics.add_metric("WebhookDelivered" if wanted else "WebhookUnwanted", MetricUnit.Count, 1)


def put_off(record: SQSRecord, tries: int, asked: int) -> None:
    """Hide the message until its next try; after the last it goes to the dead-letter queue."""
    if tries > len(DELAYS):
        return
    # A tenth at random, so that what failed together does not come back together.
    delay = max(asked, DELAYS[tries - 1] * random.uniform(1, 1.1))  # noqa: S311
    client("sqs").change_message_visibility(
        QueueUrl=settings().webhook_queue_url,
        ReceiptHandle=record.receipt_handle,
        VisibilityTimeout=min(MAX_DELAY, round(delay)),
    )


@logger.inject_lambda_context
@metrics.log_metrics
@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, handle_record, processor, context)
