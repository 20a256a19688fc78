"""Tracing where it is asked for, by an endpoint in the environment; nothing is loaded where not."""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from facet.logs import keep_words_out_of_logs, without_words

if TYPE_CHECKING:
    from facet.adapters.spans import Spans

ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"


@cache
def spans() -> "Spans | None":
    """What keeps this process' spans; None where nobody wants traces."""
    if not os.environ.get(ENDPOINT):
        return None
    from facet.adapters.spans import Spans  # noqa: PLC0415 a layer that only traced functions have

    return Spans(os.environ)


def traced[**P, R](handler: Callable[P, R]) -> Callable[P, R]:
    """The handler as Lambda calls it: each call a trace, and no exception with its words."""
    keep_words_out_of_logs()
    kept = spans()
    traced_handler: Any = kept.handler(handler) if kept else handler
    return without_words(traced_handler)


def watched[C](client: C) -> C:
    """The client of AWS, each call of it a span."""
    if kept := spans():
        kept.watch(client)
    return client
