"""The thumbnail pair (about 1024 px and 200 px) from one 12-megapixel JPEG: Facet, sharp, pyvips.

Each runs in a process of its own, all on the same core with one thread, in turns. The peers decode
once, shrinking on load, and make pictures of the sizes Facet makes, at the same JPEG quality.
Throughput is pictures' pairs per second of CPU, user and system, all threads of the process.
Memory is the highest resident size of the whole process after the last round; what the process
took before its first job (runtime and imports) stands beside it.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.measure import ROOT, Results, compete
from benchmarks.photos import selfie
from benchmarks.report import Row, budget
from facet.vision.photo.thumbnail import make_thumbnails

ROUNDS = 15
CONTESTANTS = ROOT / "benchmarks" / "contestants"
PEERS = ROOT / ".tools" / "peers" / "bin" / "python"
NODE_MODULES = ROOT / ".tools" / "node" / "node_modules"


def measure() -> list[Row]:
    photo = selfie(12)
    made = make_thumbnails(photo.read_bytes())
    edge = str(max(made.width, made.height))
    commands: dict[str, Sequence[str | Path]] = {
        "Facet": (sys.executable, "-m", "benchmarks.contestants.thumbnails_facet", photo),
        "pyvips": (PEERS, "-m", "benchmarks.contestants.thumbnails_vips", photo, edge),
    }
    node = shutil.which("node")
    absent = ""
    if node is None:
        absent = "Node.js is not installed"
    elif not (NODE_MODULES / "sharp").exists():
        absent = "sharp is not installed: npm is missing or could not fetch it"
    else:
        commands["sharp"] = (node, CONTESTANTS / "thumbnails_sharp.cjs", photo, edge)
    results = compete(commands, ROUNDS, NODE_PATH=os.fspath(NODE_MODULES))
    _same_pictures(results)
    facet = results["Facet"]
    limit = budget("thumbnails/throughput")
    if sharp := results.get("sharp"):
        ratios = [peer / own for peer, own in zip(sharp.cpu_ms, facet.cpu_ms, strict=True)]
        against = Row(
            "throughput, times sharp's",
            median(ratios),
            "x",
            limit,
            f"worst and best round {min(ratios):.2f} and {max(ratios):.2f}",
            ratios,
        )
    else:
        against = Row("throughput, times sharp's", None, "x", limit, absent)
    rows = [against]
    for name in ("Facet", "sharp", "pyvips"):
        if got := results.get(name):
            rows.append(_throughput(name, got))
        else:
            rows.append(Row(f"{name}, pairs a CPU second", None, "/s", note=absent))
    for name in ("Facet", "sharp", "pyvips"):
        if got := results.get(name):
            rows.append(
                Row(
                    f"{name}, peak memory",
                    got.peak_mb,
                    "MB",
                    budget("thumbnails/memory") if name == "Facet" else None,
                    f"{got.baseline_mb:.0f} MB before the first photo, "
                    f"{got.peak_mb - got.baseline_mb:.0f} MB for the photos",
                )
            )
    return rows


def _throughput(name: str, got: Results) -> Row:
    return Row(
        f"{name}, pairs a CPU second",
        1000 / got.median_ms,
        "/s",
        note=f"{got.median_ms:.0f} ms CPU a pair (least {min(got.cpu_ms):.0f}); {got.version}",
        samples=[1000 / each for each in got.cpu_ms],
    )


def _same_pictures(results: dict[str, Results]) -> None:
    sizes = {name: (got.output["width"], got.output["height"]) for name, got in results.items()}
    if len(set(sizes.values())) != 1:
        raise AssertionError(f"the contestants made pictures of different sizes: {sizes}")
