"""What Lambda unpacks for each function: its code and all its layers, as `sam build` lays them out.

In MiB (2^20 bytes), as Lambda counts its limit of 250. The folders are those of this machine's
architecture, and of arm64 where a build of it lies beside them.
"""

from pathlib import Path

from benchmarks.measure import ROOT
from benchmarks.report import Row, budget
from local.invoke import ENVIRONMENTS, build, layers_of


def measure() -> list[Row]:
    folders = {"as built here": build()}
    arm64 = ROOT / ".aws-sam" / "arm64"
    if (arm64 / "template.yaml").exists():
        folders["arm64"] = arm64
    return [
        row
        for name, folder in folders.items()
        for row in (_size(function, name, folder) for function in ENVIRONMENTS)
    ]


def _size(function: str, where: str, folder: Path) -> Row:
    parts = {part: _mebibytes(folder / part) for part in (function, *layers_of(function, folder))}
    return Row(
        f"{function}, {where}",
        sum(parts.values()),
        "MiB",
        budget("sizes/analyze") if function == "AnalyzeFunction" else None,
        ", ".join(f"{part} {size:.1f}" for part, size in parts.items() if part != function)
        + f"; {sum(parts.values()) * 2**20 / 1e6:.0f} MB of 10^6",
    )


def _mebibytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
