"""Photos as large as a phone's, made in code from a public-domain portrait."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from benchmarks.measure import OUT, ROOT

# Portrait format of the portrait's head and shoulders, in pixels of the 512 px original.
_CROP = (76, 0, 364, 384)
_GRAIN = 4.7  # standard deviation, 8-bit levels: 12 megapixels take 3 MB, as a phone's photo does
_SIZES = {2: (1224, 1632), 12: (3024, 4032)}
_PHONE = ROOT.parent / "shared" / "faces" / "phone" / "phone12mp"


def selfie(megapixels: int, number: int = 1) -> Path:
    """A JPEG of 2 or 12 megapixels: NASA's portrait of Eileen Collins, enlarged, with grain.

    number: of several, each with a grain of its own.
    """
    path = OUT / "photos" / f"selfie-{megapixels}mp-{number}.jpg"
    if not path.exists():
        size = _SIZES[megapixels]
        portrait = Image.fromarray(data.astronaut())  # type: ignore[no-untyped-call]
        large = portrait.resize(size, Image.Resampling.LANCZOS, box=_CROP)
        noise = np.random.default_rng(number).normal(0, _GRAIN, (size[1], size[0], 1))
        grainy = np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(grainy).save(path, quality=90)
    return path


def faceless() -> bytes:
    """A JPEG in which nobody is: a cup of coffee, in the public domain."""
    out = io.BytesIO()
    Image.fromarray(data.coffee()).save(out, "JPEG", quality=90)  # type: ignore[no-untyped-call]
    return out.getvalue()


def phone_photo(suffix: str = ".jpg") -> Path | None:
    """A 12-megapixel phone photo (.jpg on its side, .heic), where the faces lie beside the tree."""
    path = _PHONE.with_suffix(suffix)
    return path if path.exists() else None
