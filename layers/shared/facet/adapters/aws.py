"""boto3 clients as Facet wants them: short timeouts, few retries, SigV4, made once."""

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config


def _config(read_timeout: int | None) -> Config:
    """A Lambda's time is paid for: fail fast and let the trigger's own retries help."""
    return Config(
        connect_timeout=2,
        read_timeout=read_timeout or 10,
        retries={"mode": "standard", "total_max_attempts": 1 if read_timeout else 3},
        signature_version="v4",
        # `virtual` presigns for the regional host; the global one redirects, which loses a PUT.
        s3={"addressing_style": "path" if "AWS_ENDPOINT_URL" in os.environ else "virtual"},
    )


@cache
def client(service: str, *, read_timeout: int | None = None) -> Any:
    """A boto3 client; `read_timeout` in seconds, then without a second try."""
    config = _config(read_timeout)
    if service == "s3":
        # boto3 still presigns with SigV2 in us-east-1 unless told.
        config = config.merge(Config(signature_version="s3v4"))
    return boto3.client(service, config=config)  # type: ignore[call-overload]


@cache
def table(name: str, *, read_timeout: int | None = None) -> Any:
    """A DynamoDB table resource, which speaks Python types."""
    return boto3.resource("dynamodb", config=_config(read_timeout)).Table(name)
