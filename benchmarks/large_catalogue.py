"""A catalogue as large as a shop's, made of the real one."""

import csv
import random
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import PRICE_BANDS

# A trace of one of these makes a formula of its own, far below what has any effect.
TRACES = ("allantoin", "panthenol")


def large_catalogue(sources: Path, products: int) -> bytes:
    """The snapshot of `products` products: the real ones over and over, each with a name, a price
    and a formula of its own, built as the real one is."""
    chance = random.Random(1)  # noqa: S311 - the same catalogue every time
    with TemporaryDirectory() as scratch:
        folder = shutil.copytree(sources, Path(scratch) / "sources")
        with (folder / "products.csv").open(encoding="utf-8", newline="") as file:
            real = [row for row in csv.DictReader(file) if _trace(row)]
        with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, real[0].keys())
            writer.writeheader()
            for number in range(products):
                row = dict(real[number % len(real)])
                row["id"] += f"-{number}"
                row["name"] += f" No. {number}"
                row["price"] = chance.choice(PRICE_BANDS)
                row["actives"] += f"; {_trace(row)} {0.001 * (1 + number // len(real)):.3f}"
                writer.writerow(row)
        return build_catalogue(folder)


def _trace(row: dict[str, str]) -> str | None:
    """What a product does not hold yet."""
    return next((name for name in TRACES if name not in row["actives"]), None)
