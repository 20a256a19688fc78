"""A whole analysis beside MediaPipe's FaceMesh, each on the same 12-megapixel JPEG.

FaceMesh (0.10.21, on its own Python 3.12) gets a full decode with Pillow and gives landmarks; Facet
gives everything that it measures. Both run in processes of their own, on the same core, in turns,
with their models loaded; CPU is user and system time of all threads of the process.
"""

import sys
from pathlib import Path
from statistics import median

from benchmarks.measure import ROOT, compete
from benchmarks.photos import phone_photo, selfie
from benchmarks.report import Row, budget

ROUNDS = 15
MODELS = ROOT / "layers" / "models" / "models"
PEER = ROOT / ".tools" / "mediapipe"


def measure() -> list[Row]:
    rows = _photo("12 megapixels", selfie(12))
    if phone := phone_photo():
        rows += _photo("12 megapixels, a phone's, on its side", phone)
    return rows


def _photo(name: str, photo: Path) -> list[Row]:
    limit = budget("face_mesh/cpu")
    what = f"{name}, CPU of Facet's whole analysis, times FaceMesh's"
    if not (PEER / ".ready").exists():
        absent = "MediaPipe is not installed: no Python 3.12, or no wheel for this machine"
        return [Row(what, None, "x", limit, absent)]
    contestants = "benchmarks.contestants"
    results = compete(
        {
            "Facet": (sys.executable, "-m", f"{contestants}.analyze_facet", photo, MODELS),
            "FaceMesh": (
                PEER / "bin" / "python",
                "-m",
                f"{contestants}.face_mesh_mediapipe",
                photo,
            ),
        },
        ROUNDS,
        GLOG_minloglevel="3",
    )
    facet, peer = results["Facet"], results["FaceMesh"]
    if not peer.output["faces"]:
        raise AssertionError("FaceMesh finds no face on the photo")
    ratios = [own / other for own, other in zip(facet.cpu_ms, peer.cpu_ms, strict=True)]
    return [
        Row(
            what,
            median(ratios),
            "x",
            limit,
            f"{facet.median_ms:.0f} against {peer.median_ms:.0f} ms "
            f"(least {min(facet.cpu_ms):.0f} and {min(peer.cpu_ms):.0f}); {peer.version}",
            ratios,
        ),
        Row(
            f"{name}, peak memory",
            facet.peak_mb,
            "MB",
            note=f"FaceMesh {peer.peak_mb:.0f} MB, {peer.baseline_mb:.0f} of it before the photo",
        ),
    ]
