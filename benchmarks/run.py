"""Measures the figures, writes .bench/<name>.json for each, prints one table beside the budgets.

`make bench [ONLY=thumbnails,sizes]`. A figure is a module of this package with a docstring that
explains its method and `measure() -> list[Row]`; adding one is a module and its name in FIGURES.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.measure import OUT
from benchmarks.report import Row, table

# In the order they run: cost reads what others wrote.
FIGURES = (
    "thumbnails",
    "analyze",
    "face_mesh",
    "render",
    "handlers",
    "search",
    "imports",
    "first_call",
    "sizes",
    "pipeline",
    "load",
    "cost",
)
PACKAGES = ("facet", "numpy", "onnxruntime", "pillow", "pydantic", "boto3", "aws-lambda-powertools")

# A pipe has no width of its own, and a table folded to 80 columns is hard to read.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)


def machine() -> dict[str, Any]:
    """What the figures were measured on; nothing that names it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    return {
        "cpu": ", ".join(sorted(models)) or platform.processor() or platform.machine(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    installed = {"python": platform.python_version()}
    return installed | {name: importlib.metadata.version(name) for name in PACKAGES}


def run(name: str) -> tuple[list[Row], bool]:
    """One figure: its rows, written to .bench/<name>.json, and whether it ran to its end."""
    module = importlib.import_module(f"benchmarks.{name}")
    begun, clock, about = datetime.now(UTC), time.monotonic(), machine()
    try:
        with console.status(f"Measuring {name}"):
            rows: list[Row] = module.measure()
        complete = True
    except Exception as error:
        traceback.print_exc()
        rows = [Row("broke off", None, "", note=f"{type(error).__name__}: {error}")]
        complete = False
    document = {
        "figure": name,
        "method": module.__doc__,
        "began_at": begun.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - clock, 1),
        "machine": about,
        "versions": versions(),
        "rows": [row.as_json() for row in rows],
    }
    (OUT / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
    console.print(f"[dim]{name}: {document['seconds']} s[/]")
    return rows, complete


def summary(rows: Sequence[Row]) -> str:
    """One line that leaves no unmet budget out."""
    judged = [row for row in rows if row.met is not None]
    unmet = [row.what for row in judged if not row.met]
    kept = f"{len(judged) - len(unmet)} of {len(judged)} budgets met."
    return f"{kept} [bold red]NOT MET[/]: {'; '.join(unmet)}." if unmet else kept


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help=f"names, of {', '.join(FIGURES)}")
    names = [name for name in parser.parse_args().only.split(",") if name] or list(FIGURES)
    if unknown := sorted(set(names) - set(FIGURES)):
        parser.error(f"no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    OUT.mkdir(exist_ok=True)
    about = machine()
    figures = {name: run(name) for name in names}
    console.print(table((name, rows) for name, (rows, _) in figures.items()))
    console.print(summary([row for rows, _ in figures.values() for row in rows]))
    console.print(
        f"[dim]{about['cores']} cores, {about['cpu']}; Python {platform.python_version()}. "
        "Medians of interleaved rounds; raw samples in .bench/*.json.[/]"
    )
    if about["load_before"] > about["cores"] / 2:
        console.print(
            f"[yellow]Other work shared the cores (load {about['load_before']:.1f} at the start): "
            "wall and CPU times come out too long.[/]"
        )
    return 0 if all(complete for _, complete in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
