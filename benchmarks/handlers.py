"""CPU of each function's handler, warm, AWS's own time excluded; recommend at 10,000 products.

Handlers run in process on moto (benchmarks/contestants/handler.py), each in a process of its own,
on one core, in turns. moto's CPU is taken off, so what counts is what a warm Lambda computes:
parsing, validation, the work, botocore's serialising and signing, logs. Waiting for AWS, sockets
and TLS are not in it. presign takes a request with an Idempotency-Key, api reads a completed
analysis with its routine, and a page of a hundred analyses of one photo, recommend does one
skincare job, analyze takes a 12-megapixel photo and thumbnail the copy analyze keeps of it.
"""

import sys
from typing import Any

from benchmarks.contestants.handler import HISTORY
from benchmarks.measure import Results, compete
from benchmarks.photos import selfie
from benchmarks.report import Row, budget

ROUNDS = 15
PRODUCTS = 10_000
BUDGETS = {
    "PresignFunction": "handlers/cpu",
    "ApiFunction": "handlers/cpu",
    HISTORY: "history/cpu",
    "RecommendFunction": "recommend/cpu",
    "AnalyzeFunction": None,
    "ThumbnailFunction": None,
}


def measure() -> list[Row]:
    results = compete(
        {
            function: (
                *(sys.executable, "-m", "benchmarks.contestants.handler"),
                *(function, selfie(12), str(PRODUCTS)),
            )
            for function in BUDGETS
        },
        ROUNDS,
    )
    page = results[HISTORY].output["answer_kb"]
    return [
        *(_row(function, results[function]) for function in BUDGETS),
        Row(f"{HISTORY}: its answer", page, "kB", budget("history/size"), "before gzip"),
    ]


def _row(function: str, got: Results) -> Row:
    limit = BUDGETS[function]
    calls: dict[str, int] = got.output["calls"]
    data: dict[str, Any] = got.output
    return Row(
        f"{function}, {PRODUCTS:,} products" if function == "RecommendFunction" else function,
        got.median_ms,
        "ms",
        budget(limit) if limit else None,
        f"least {min(got.cpu_ms):.1f}; {sum(calls.values())} calls of AWS: "
        + ", ".join(
            f"{count} {name}" if count > 1 else name for name, count in sorted(calls.items())
        ),
        got.cpu_ms,
        data | {"function": function},
    )
