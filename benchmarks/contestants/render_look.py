"""A full look drawn on a photo of 1024 px whose landmarks are known, as the tryon function does."""

import sys
import tomllib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from benchmarks.contestants.worker import serve
from facet.domain.style import Makeup
from facet.vision.drawing.render import render_look
from facet.vision.face.models import FaceModels

image = Image.open(sys.argv[1]).convert("RGB")
image.thumbnail((1024, 1024))
pixels = np.asarray(image)
mesh = FaceModels.load(Path(sys.argv[2])).find_faces(pixels)[0].mesh
steps = [
    Makeup.model_validate(step) for step in tomllib.loads(Path(sys.argv[3]).read_text())["steps"]
]


def job() -> dict[str, object]:
    drawn = render_look(pixels, mesh.points, steps)
    width = float(np.ptp(mesh.points[:, 0]))
    return {
        "size": f"{image.width} x {image.height}",
        "face_px": round(width),
        "steps": len(steps),
        "touched": float((drawn != pixels).any(axis=-1).mean()),
    }


serve(f"pillow {PIL.__version__}", job)
