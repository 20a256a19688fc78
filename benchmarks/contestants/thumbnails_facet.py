"""Both pictures as ThumbnailFunction makes them."""

import sys
from pathlib import Path

import PIL

from benchmarks.contestants.worker import serve
from facet.vision.photo.thumbnail import make_thumbnails

photo = Path(sys.argv[1]).read_bytes()


def job() -> dict[str, object]:
    made = make_thumbnails(photo)
    return {
        "width": made.width,
        "height": made.height,
        "bytes": [len(made.optimized), len(made.thumbnail)],
    }


serve(f"Pillow {PIL.__version__}", job)
