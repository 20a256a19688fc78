"""An analysis ended: tell the developer's own server, again and again until it listens."""

import random

import aws_lambda_powertools.utilities.batch  # noqa: F401 before pydantic, see facet.worker
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from facet.adapters.settings import Settings
from facet.adapters.webhook import WebhookRefusedError, send_webhook
from facet.domain.messages import WebhookMessage
from facet.wiring import Wiring
from facet.worker import sqs_worker

# Seconds from one try to the next, as Standard Webhooks suggests; WebhookQueue's maxReceiveCount is
# one more. A message can be hidden for twelve hours at most.
DELAYS = (5, 300, 1800, 7200, 18_000, 36_000)
MAX_DELAY = 43_200


class WebhookSettings(Settings):
    webhook_url: str
    webhook_secret_arn: str
    webhook_queue_url: str


logger = Logger()
metrics = Metrics()
wiring = Wiring(WebhookSettings, lambda made: made.webhook_secrets)


def handle(message: WebhookMessage) -> None:
    logger.set_correlation_id(message.detail.correlation_id)
    logger.append_keys(analysis_id=message.detail.analysis_id, webhook_id=message.webhook_id)
    delivered = send_webhook(message, wiring.settings.webhook_url, wiring.webhook_secrets())
    if not delivered:
        logger.error("the server wants no more webhooks (410): deploy without WebhookUrl")
    metrics.add_metric("WebhookDelivered" if delivered else "WebhookUnwanted", MetricUnit.Count, 1)


def put_off(record: SQSRecord, error: Exception) -> bool:
    """Hide a refused message until its next try; after the last the dead-letter queue has it."""
    if not isinstance(error, WebhookRefusedError):
        return False
    tries = int(record.attributes.approximate_receive_count)
    if tries <= len(DELAYS):
        # A tenth at random, so that what failed together does not come back together.
        delay = DELAYS[tries - 1] * random.uniform(1, 1.1)  # noqa: S311
        seconds = min(MAX_DELAY, round(max(error.retry_after or 0, delay)))
        wiring.put_off(record.receipt_handle, seconds)
    logger.warning("not delivered", extra={"reason": str(error), "tries": tries})
    metrics.add_metric("WebhookRefused", MetricUnit.Count, 1)
    return True


lambda_handler = sqs_worker(WebhookMessage, handle, "WebhookReturned", put_off=put_off)
