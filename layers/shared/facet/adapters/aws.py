"""boto3 clients as Facet wants them: short timeouts, few retries, SigV4, made once."""

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from facet.adapters.tracing import watched

# Seconds that a service may take to begin its answer, and how often it is asked. All tries are over
# before the shortest function's Timeout, so that the last may still answer (tests/template).
# DynamoDB and SQS answer in milliseconds, S3 within a second even for a photo.
TRIES = 3
CONNECT_SECONDS = 1
READ_SECONDS = {"dynamodb": 2, "sqs": 2, "events": 2}
OTHERS_READ_SECONDS = 2.5
EMULATED_READ_SECONDS = 10  # an emulator shares its machine with whoever asks it


def _config(service: str, read_timeout: int | None) -> Config:
    """A Lambda's time is paid for: fail fast and let the trigger's own retries help."""
    emulated = "AWS_ENDPOINT_URL" in os.environ
    usual = EMULATED_READ_SECONDS if emulated else READ_SECONDS.get(service, OTHERS_READ_SECONDS)
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_timeout or usual,
        tcp_keepalive=True,
        retries={"mode": "standard", "total_max_attempts": 1 if read_timeout else TRIES},
        signature_version="v4",
        # `virtual` presigns for the regional host; the global one redirects, which loses a PUT.
        s3={"addressing_style": "path" if emulated else "virtual"},
    )


@cache
def client(service: str, *, read_timeout: int | None = None) -> Any:
    """A boto3 client; `read_timeout` in seconds, then without a second try."""
    config = _config(service, read_timeout)
    if service == "s3":
        # boto3 still presigns with SigV2 in us-east-1 unless told.
        config = config.merge(Config(signature_version="s3v4"))
    return watched(boto3.client(service, config=config))  # type: ignore[call-overload]


@cache
def table(name: str, *, read_timeout: int | None = None) -> Any:
    """A DynamoDB table resource, which speaks Python types."""
    made = boto3.resource("dynamodb", config=_config("dynamodb", read_timeout)).Table(name)
    watched(made.meta.client)
    return made
