"""The same pictures with pyvips: one shrink-on-load decode, kept in memory, encoded twice."""

import sys
from pathlib import Path

import pyvips  # type: ignore[import-not-found]  # in its own environment

from benchmarks.contestants.worker import serve

photo = Path(sys.argv[1]).read_bytes()
edge = int(sys.argv[2])
pyvips.cache_set_max(0)


def job() -> dict[str, object]:
    medium = pyvips.Image.thumbnail_buffer(photo, edge, height=edge).copy_memory()
    small = medium.thumbnail_image(200, height=200)
    encoded = [image.write_to_buffer(".jpg", Q=85, keep="none") for image in (medium, small)]
    return {
        "width": medium.width,
        "height": medium.height,
        "bytes": [len(picture) for picture in encoded],
    }


versions = ".".join(str(pyvips.version(part)) for part in range(3))
serve(f"pyvips {pyvips.__version__}, libvips {versions}", job)
