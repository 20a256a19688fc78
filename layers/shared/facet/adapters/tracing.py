"""X-Ray, where it listens. Importing the SDK costs a cold start 0.1 s, so only there."""

import os
from collections.abc import Callable
from typing import Any


def traced[**P, R](handler: Callable[P, R]) -> Callable[P, R]:
    """The handler under Powertools' Tracer if the function runs with active tracing.

    Of an answer nothing goes into a trace, since it holds measures of somebody's skin and signed
    URLs; of an error no more than X-Ray itself notes.
    """
    if "AWS_XRAY_DAEMON_ADDRESS" not in os.environ:
        return handler
    from aws_lambda_powertools import Tracer  # noqa: PLC0415

    capture = Tracer().capture_lambda_handler(capture_response=False, capture_error=False)
    wrapped: Any = capture(handler)
    return wrapped  # type: ignore[no-any-return]
