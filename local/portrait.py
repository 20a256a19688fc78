"""Draws the README's one look: `make portrait` writes docs/look.jpg, before and after.

The portrait is NASA's of Eileen Collins, in the public domain, as scikit-image has it. It is
enlarged first, as the renderer's edges are as fine as the photo's pixels.
"""

import tomllib
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from facet.domain.style import Makeup
from facet.vision.drawing.render import before_and_after, render_look
from facet.vision.face.models import FaceModels
from facet.vision.photo.decode import encode_jpeg

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "look.jpg"
_ENLARGED, _SHOWN, _QUALITY = 4, 400, 88
_HEAD = (143, 12, 305, 206)  # left, top, right, bottom, of the 512 px portrait


def main() -> None:
    look = tomllib.loads(Path(__file__).with_name("portrait.toml").read_text(encoding="utf-8"))
    portrait = Image.fromarray(data.astronaut()).crop(_HEAD)  # type: ignore[no-untyped-call]
    size = portrait.width * _ENLARGED, portrait.height * _ENLARGED
    pixels = np.asarray(portrait.resize(size, Image.Resampling.LANCZOS))
    models = FaceModels.load(ROOT / "layers" / "models" / "models")
    mesh = models.find_faces(pixels)[0].mesh
    steps = [Makeup.model_validate(step) for step in look["steps"]]
    pair = Image.fromarray(before_and_after(pixels, render_look(pixels, mesh.points, steps)))
    height = round(pair.height * 2 * _SHOWN / pair.width)
    OUT.write_bytes(
        encode_jpeg(pair.resize((2 * _SHOWN, height), Image.Resampling.LANCZOS), _QUALITY)
    )
    print(OUT.relative_to(ROOT))


if __name__ == "__main__":
    main()
