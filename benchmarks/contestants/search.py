"""Every kind of query once a round, on a snapshot loaded as a worker loads it from S3: as bytes.

Usage: search.py SNAPSHOT. The output carries the CPU time of each kind in every round so far.
"""

import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.contestants.worker import serve
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.index import Index
from facet.domain.search import Near, Query

SHADES = ("#a03050", "#c08060", "#5a3a2a", "#e0b090")
TEXTS = ("velvet serum", "niacinamide cream", "retinol oil", "glycerin balm")
BEGUN = ("serum vel", "aqu", "xan ba", "crea")
WANTED = (
    {"wrinkles": 1.0, "dark_spots": 0.5},
    {"blemishes": 1.0},
    {"dryness": 1.0, "redness": 0.7},
)


def queries(n: int, like: str) -> dict[str, Query]:
    """The kinds, another of each every round."""
    told = Query(
        concern="dark_spots",
        skin_type="oily",
        price_bands=("low", "mid"),
        without=("retinol", "fragrance"),
        pregnancy=True,
    )
    text = TEXTS[n % len(TEXTS)]
    return {
        "text": Query(text=text),
        "text, last word begun": Query(text=BEGUN[n % len(BEGUN)]),
        "filters": told,
        "text and filters": told.model_copy(update={"text": text}),
        "nearest concerns": Query(near=Near(concerns=WANTED[n % len(WANTED)])),
        "nearest ingredients": Query(near=Near(product_id=like)),
        "nearest colour": Query(near=Near(shade=SHADES[n % len(SHADES)])),
    }


def main(path: Path) -> None:
    begun = time.process_time()
    catalogue = Catalogue.load(path.read_bytes())
    loaded = time.process_time()
    index = Index(catalogue)
    for query in queries(0, catalogue.ids[0]).values():
        index.search(query)  # what is made when it is first needed
    ready = time.process_time()
    kinds: dict[str, list[float]] = {}
    totals: dict[str, int | None] = {}
    rounds = 0

    def job() -> dict[str, Any]:
        nonlocal rounds
        rounds += 1
        like = catalogue.ids[rounds * 7919 % len(catalogue)]
        for kind, query in queries(rounds, like).items():
            start = time.process_time()
            result = index.search(query)
            kinds.setdefault(kind, []).append((time.process_time() - start) * 1e3)
            totals[kind] = result.total
        return {
            "load_ms": (loaded - begun) * 1e3,
            "first_ms": (ready - loaded) * 1e3,
            "kinds": kinds,
            "found": totals,
        }

    serve("facet", job)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
