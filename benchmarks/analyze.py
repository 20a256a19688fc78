"""One analysis, everything that AnalyzeFunction does with a photo: CPU and peak memory.

Facet and a naive peer (benchmarks/contestants/analyze_naive.py: full decode, both models, nothing
else) run in processes of their own, on the same core with one thread, in turns. Models are loaded
before the first round, as they are in a warm function. The photos are made in code, 2 and 12
megapixels; a phone's own 12-megapixel JPEG is measured too where the evaluation faces lie beside
the tree. A burst is three photos of one analysis, read one after the other and merged.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import ROOT, compete
from benchmarks.photos import phone_photo, selfie
from benchmarks.report import Row, budget

ROUNDS = 15
_HEIC_ROUNDS = 5  # of some three seconds each
MODELS = ROOT / "layers" / "models" / "models"


def measure() -> list[Row]:
    rows = [*_photo("2 megapixels", selfie(2)), *_photo("12 megapixels", selfie(12))]
    if phone := phone_photo():
        rows += _photo("12 megapixels, a phone's, on its side", phone)
    rows += _burst("JPEG", [selfie(12, number) for number in (1, 2, 3)], ROUNDS)
    if heic := phone_photo(".heic"):
        rows += _burst("HEIC", [heic] * 3, _HEIC_ROUNDS)
    return rows


def _photo(name: str, photo: Path) -> list[Row]:
    results = compete(
        {
            who: (sys.executable, "-m", f"benchmarks.contestants.analyze_{who}", photo, MODELS)
            for who in ("facet", "naive")
        },
        ROUNDS,
    )
    facet, naive = results["facet"], results["naive"]
    judged = name.startswith("12")
    return [
        Row(
            f"{name}, CPU",
            facet.median_ms,
            "ms",
            budget("analyze/cpu") if judged else None,
            f"least {min(facet.cpu_ms):.0f}; naive decode and models alone "
            f"{naive.median_ms:.0f} (least {min(naive.cpu_ms):.0f}); "
            f"{photo.stat().st_size / 1e6:.1f} MB, verdict {facet.output['verdict']}",
            facet.cpu_ms,
        ),
        Row(
            f"{name}, peak memory",
            facet.peak_mb,
            "MB",
            budget("analyze/memory") if judged else None,
            f"{facet.baseline_mb:.0f} MB with imports and models, "
            f"{facet.peak_mb - facet.baseline_mb:.0f} MB for the photo; "
            f"naive {naive.peak_mb:.0f} MB in all",
        ),
    ]


def _burst(kind: str, photos: Sequence[Path], rounds: int) -> list[Row]:
    command: list[str | Path] = [sys.executable, "-m", "benchmarks.contestants.analyze_facet"]
    facet = compete({"facet": [*command, *photos, MODELS]}, rounds)["facet"]
    name, of = f"burst of three, 12 megapixels, {kind}", f"analyze/burst_{kind.lower()}"
    size = sum(photo.stat().st_size for photo in photos)
    return [
        Row(
            f"{name}, CPU",
            facet.median_ms,
            "ms",
            budget(f"{of}_cpu"),
            f"least {min(facet.cpu_ms):.0f}; {size / 1e6:.1f} MB, "
            f"verdict {facet.output['verdict']}",
            facet.cpu_ms,
        ),
        Row(
            f"{name}, peak memory",
            facet.peak_mb,
            "MB",
            budget(f"{of}_memory"),
            f"{facet.baseline_mb:.0f} MB with imports and models",
        ),
    ]
