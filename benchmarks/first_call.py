"""First and warm call of every built function under Lambda's runtime interface emulator.

local/runtime.py starts the artifact that `sam build` made, with its layers and nothing else on the
path; the AWS it talks to is an emulator on loopback in the state the event expects. A first call
is a fresh process: runtime, imports, clients, models and the work itself, wall time as the caller
sees it. Functions take turns; 12-megapixel photo for analyze, its normalised copy for thumbnail.
"""

import json
from collections import defaultdict
from statistics import median

from benchmarks.measure import ROOT
from benchmarks.photos import selfie
from benchmarks.report import Row, budget
from local.artifacts import build
from local.emulated_aws import emulated_aws
from local.runtime import Invocation, invoke

STARTS = 5
WARM = 4
EVENTS = {
    "PresignFunction": "api_post_analyses.json",
    "ApiFunction": "api_get_analysis.json",
    "ProductsFunction": "api_search_products.json",
    "RecommendFunction": "sqs_face_analyzed.json",
    "AnalyzeFunction": "s3_face_uploaded.json",
    "ThumbnailFunction": "s3_photo_saved.json",
    "TryOnFunction": "sqs_look_wanted.json",
    "OverlayFunction": "api_get_overlay.json",
    "SweepFunction": "schedule_sweep.json",
}
BUDGETS = {
    "PresignFunction": "first_call/light",
    "ApiFunction": "first_call/light",
    "ProductsFunction": "first_call/light",
    "RecommendFunction": "first_call/light",
    "AnalyzeFunction": "first_call/analyze",
}


def measure() -> list[Row]:
    folder = build()
    events = {
        function: json.loads((ROOT / "events" / name).read_text())
        for function, name in EVENTS.items()
    }
    seen: dict[str, list[Invocation]] = defaultdict(list)
    with emulated_aws(selfie(12).read_bytes(), "first_call") as aws:
        # One start before the first that counts: files come off the disk once, as on any machine.
        for turn in range(STARTS + 1):
            for function, event in events.items():
                result = invoke(function, event, aws, WARM, folder)
                if turn:
                    seen[function].append(result)
    return [row for function in EVENTS for row in _rows(function, seen[function])]


def _rows(function: str, seen: list[Invocation]) -> list[Row]:
    first = [start.first_ms for start in seen]
    warm = [ms for start in seen for ms in start.warm_ms]
    return [
        Row(
            f"{function}, first call",
            median(first),
            "ms",
            budget(BUDGETS[function]) if function in BUDGETS else None,
            f"{min(first):.0f} to {max(first):.0f} in {len(first)} fresh starts; "
            f"{median(start.first_cpu_ms for start in seen):.0f} ms of it CPU; "
            f"peak {max(start.peak_mb for start in seen):.0f} MB",
            first,
            {"function": function},
        ),
        Row(
            f"{function}, warm call",
            median(warm),
            "ms",
            note=f"{min(warm):.0f} to {max(warm):.0f} in {len(warm)} calls",
            samples=warm,
        ),
    ]
