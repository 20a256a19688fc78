"""CPU of a shop's list of 100,000 products, from its CSV to a snapshot.

The rows are made up: 35 entries a label of 5,000 names that the EU's CosIng knows, one in fifty
with a letter missing, a brand of fifty, a category as shops call it. Imported and built once each,
in this process; the import is held against its budget, what the build then does is told beside it.
"""

import csv
import random
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import ROOT
from benchmarks.report import Row, budget
from facet.catalogue.build import write_catalogue
from facet.catalogue.importers import import_products

PRODUCTS, ENTRIES, NAMES = 100_000, 35, 5_000
CATEGORIES = ("Face Moisturizer", "Cleanser", "Serum", "Sunscreen", "Eye cream")
DATA = ROOT / "data"


def measure() -> list[Row]:
    with TemporaryDirectory() as scratch:
        source, imported = Path(scratch) / "shop.csv", Path(scratch) / "imported"
        _write(source)
        out = imported / "shop.jsonl"
        imported.mkdir()
        seconds = _cpu(lambda: import_products(source, "csv", out, DATA / "imports"))
        built = _cpu(lambda: write_catalogue(DATA / "skincare", Path(scratch) / "built", imported))
    note = f"{ENTRIES} entries a label; the build of its snapshot takes another {built:.0f} s"
    limit = budget("import/cpu")
    return [Row(f"import of {PRODUCTS:,} products", seconds, "s", limit, note, [seconds])]


def _write(path: Path) -> None:
    """Rows of a made-up shop, the same ones every time."""
    chance = random.Random(1)  # noqa: S311 - to be drawn again, not to be secret
    table = (DATA / "skincare" / "recognised.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.partition("\t")[0] for line in table if not line.startswith("#")]
    names = chance.sample([name for name in rows if len(name) > 4], NAMES)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "brand", "category", "ingredients"))
        for number in range(PRODUCTS):
            label = [_typed(name, chance) for name in chance.sample(names, ENTRIES)]
            brand, category = f"Brand {number % 50}", chance.choice(CATEGORIES)
            writer.writerow((f"Care {number}", brand, category, ", ".join(label)))


def _typed(name: str, chance: random.Random) -> str:
    if chance.randrange(50):
        return name
    at = chance.randrange(len(name))
    return name[:at] + name[at + 1 :]


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun
