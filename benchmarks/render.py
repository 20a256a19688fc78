"""One look drawn on a photo of 1024 px: CPU of facet.vision.drawing.render, landmarks known.

The look is a full one, benchmarks/look.toml: every category, shadow in four zones. The photo is the
public-domain portrait, cropped so that the face is as wide in it as in a selfie, 60 % of the
picture; the work grows with the face, not with the photo. In a process of its own on one core,
beside that process' own peak memory. Decoding, finding the face and writing the JPEG are not in it.
"""

import sys

from PIL import Image
from skimage import data

from benchmarks.measure import OUT, ROOT, compete
from benchmarks.report import Row, budget

ROUNDS = 25
MODELS = ROOT / "layers" / "models" / "models"
LOOK = ROOT / "benchmarks" / "look.toml"
_CROP = (147, 23, 304, 232)  # of the 512 px portrait: the face is 94 px wide


def measure() -> list[Row]:
    path = OUT / "photos" / "face-1024.png"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        portrait = Image.fromarray(data.astronaut())  # type: ignore[no-untyped-call]
        portrait.resize((769, 1024), Image.Resampling.LANCZOS, box=_CROP).save(path)
    command = (sys.executable, "-m", "benchmarks.contestants.render_look", path, MODELS, LOOK)
    got = compete({"facet": command}, ROUNDS)["facet"]
    about = got.output
    return [
        Row(
            f"{about['steps']} products on {about['size']} px, CPU",
            got.median_ms,
            "ms",
            budget("render/cpu"),
            f"least {min(got.cpu_ms):.0f}; face {about['face_px']} px wide, "
            f"{about['touched']:.0%} of the photo touched; peak memory {got.peak_mb:.0f} MB",
            got.cpu_ms,
        )
    ]
