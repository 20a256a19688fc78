"""CPU of one search in memory, by kind, and memory, at 10,000 and at 1,000,000 products.

The catalogues are generated (benchmarks/shop.py): real and made-up formulas, about 25 ingredients
a label, names of their own, half of them with a shade of their own. A process of its own loads
each snapshot from bytes, as a worker does, and runs every kind of query once a round, another one
each time, on one core. Reading the file is in the load time, downloading is not.
"""

import sys
from statistics import median

from benchmarks.measure import WARM_UP, Results, compete
from benchmarks.report import Row, budget
from benchmarks.shop import shop

ROUNDS = 15
SIZES = {10_000: "search/small", 1_000_000: "search/large"}


def measure() -> list[Row]:
    rows: list[Row] = []
    for products, limit in SIZES.items():
        snapshot = shop(products)
        command = (sys.executable, "-m", "benchmarks.contestants.search", snapshot)
        got = compete({"facet": command}, ROUNDS)["facet"]
        rows += _rows(got, products, limit, snapshot.stat().st_size / 1e6)
    return rows


def _rows(got: Results, products: int, limit: str, snapshot_mb: float) -> list[Row]:
    rows = []
    for kind, every in got.output["kinds"].items():
        samples = every[WARM_UP:]
        rows.append(
            Row(
                f"{kind}, {products:,} products",
                median(samples),
                "ms",
                budget(limit),
                f"most {max(samples):.1f}; {got.output['found'][kind]:,} found in the last round",
                samples,
            )
        )
    rows.append(
        Row(
            f"memory, {products:,} products",
            got.peak_mb,
            "MB",
            budget("search/memory"),
            f"peak; snapshot {snapshot_mb:.0f} MB; load {got.output['load_ms']:.0f} ms, "
            f"first query of each kind {got.output['first_ms']:.0f} ms",
            data={name: got.output[name] for name in ("load_ms", "first_ms")},
        )
    )
    return rows
