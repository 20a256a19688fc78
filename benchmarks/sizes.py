"""What Lambda unpacks for each function: its code and all its layers, as `sam build` lays them out.

In MiB (2^20 bytes), as Lambda counts its limit of 250. Both architectures are built: arm64 is what
is deployed by default, and the larger of the two has to keep the budget as well.
"""

from pathlib import Path

from benchmarks.report import Row, budget
from local.artifacts import build, layers_of
from local.template import ENVIRONMENTS

ARCHITECTURES = ("arm64", "x86_64")


def measure() -> list[Row]:
    folders = {arch: build(arch) for arch in ARCHITECTURES}
    return [
        _size(function, arch, folder)
        for function in ENVIRONMENTS
        for arch, folder in folders.items()
    ]


def _size(function: str, arch: str, folder: Path) -> Row:
    parts = {part: _mebibytes(folder / part) for part in (function, *layers_of(function, folder))}
    return Row(
        f"{function}, {arch}",
        sum(parts.values()),
        "MiB",
        budget("sizes/analyze") if function == "AnalyzeFunction" else None,
        ", ".join(f"{part} {size:.1f}" for part, size in parts.items() if part != function)
        + f"; {sum(parts.values()) * 2**20 / 1e6:.0f} MB of 10^6",
    )


def _mebibytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
