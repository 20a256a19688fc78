"""Handlers of the functions that no request calls: for messages of a queue, for objects of S3."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import TypeAdapter

from facet.adapters.sqs import CORRELATION_ATTRIBUTE
from facet.adapters.tracing import traced
from facet.stages import stage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

type Handler = Callable[[dict[str, Any], LambdaContext], Any]


def sqs_worker[M](
    kind: type[M] | TypeAdapter[M],
    handle: Callable[[M], None],
    returned: str,
    *,
    keys: Sequence[str] = (),
    seconds: int = 0,
    put_off: "Callable[[SQSRecord, Exception], bool] | None" = None,
) -> Handler:
    """A handler that has `handle` do the job of every message of a batch.

    What raises goes back to the queue by itself, after its last try to the dead-letter queue; so
    does a message that cannot be read.

    kind: what the bodies are. returned: the metric that counts failures. keys: attributes of the
    message that every log line of the job names. seconds: what a job may take; one that has not so
    much left is not begun, and goes back. put_off: shown each failure first; True says that
    it was expected, and has been logged and counted.
    """
    # A worker of S3 has no use for these. An app with a queue imports them in its first line: once
    # pydantic is there, they bring the models of Kafka and ten other events along, 20 ms.
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415
        BatchProcessor,
        EventType,
        process_partial_response,
    )

    logger, metrics = Logger(), Metrics()
    bodies = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    # Even if every record fails, answer per record: SQS redrives each one.
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)

    def do(record: "SQSRecord") -> None:
        correlation = record.message_attributes[CORRELATION_ATTRIBUTE]
        logger.set_correlation_id(correlation.string_value if correlation else None)
        message = bodies.validate_json(record.body)
        logger.append_keys(**{key: getattr(message, key) for key in keys})
        handle(message)

    def handle_record(record: "SQSRecord", lambda_context: LambdaContext) -> None:
        if seconds and lambda_context.get_remaining_time_in_millis() < 1000 * seconds:
            metrics.add_metric("NotBegun", MetricUnit.Count, 1)
            raise TimeoutError("the jobs before it took the time")
        try:
            with stage("record"):
                do(record)
        except Exception as error:
            if put_off is None or not put_off(record, error):
                logger.exception("the record goes back to the queue", message_id=record.message_id)
                metrics.add_metric(returned, MetricUnit.Count, 1)
            raise

    @logger.inject_lambda_context(clear_state=True)
    @metrics.log_metrics
    @traced
    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
        return process_partial_response(event, handle_record, processor, context)

    return lambda_handler


def queue_and_schedule(
    worker: Handler, begin: Callable[[dict[str, Any]], dict[str, Any]]
) -> Handler:
    """A handler of a queue whose jobs the schedule's calls begin: each is shown to `begin`."""

    @Logger().inject_lambda_context
    @traced
    def of_schedule(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
        return begin(event)

    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
        return (worker if "Records" in event else of_schedule)(event, context)

    return lambda_handler


def until(seconds: float) -> Callable[[], bool]:
    """A call that says whether so many seconds from now are not over yet."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def count_by(metric: str, **dimensions: str) -> None:
    """Count one, under dimensions that the function's other metrics do not have."""
    with single_metric(metric, MetricUnit.Count, 1) as counted:
        for name, value in dimensions.items():
            counted.add_dimension(name, value)


def noted(metric: str) -> Callable[[Exception], None]:
    """A call for an exception that ends nothing: it is logged and counted."""

    def note(error: Exception) -> None:
        Logger().exception(metric, exc_info=error)
        Metrics().add_metric(metric, MetricUnit.Count, 1)

    return note


def s3_worker(handle: Callable[[str, str], bool], *, counted: str) -> Handler:
    """A handler that shows `handle` the bucket and the key of every object that was created.

    What raises is left to Lambda, which tries twice more and then keeps the event in the failure
    queue. counted: what the answer calls the number of objects of which `handle` was true.
    """
    from aws_lambda_powertools.utilities.data_classes import S3Event  # noqa: PLC0415

    logger, metrics = Logger(), Metrics()

    @logger.inject_lambda_context(clear_state=True)
    @metrics.log_metrics
    @traced
    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
        records = (record.s3 for record in S3Event(event).records)
        return {counted: sum(handle(s3.bucket.name, s3.get_object.key) for s3 in records)}

    return lambda_handler
