"""What mutants are made of: a public portrait in every format, and photos beside the tree."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import skimage.data
from PIL import Image, ImageCms

from facet.vision.photo.decode import sniff
from tests.heic import coded, file_of, grid, heic, overlay, tile_item

ROOT = Path(__file__).parents[2]
_LARGEST = 2_500_000  # bytes of a photo beside the tree; more makes a run slow and nothing new


@dataclass(frozen=True)
class Seed:
    """One whole file."""

    name: str
    format: str
    data: bytes


def seeds(*, beside: bool = True) -> list[Seed]:
    """Files made here, always the same, and with `beside` those of ../shared or FACET_FACES."""
    made = {name: make() for name, make in _made().items()}
    if beside:
        made |= _beside()
    return [Seed(name, sniff(data), data) for name, data in made.items()]


def _made() -> dict[str, Callable[[], bytes]]:
    face = Image.fromarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]
    small, larger = face.resize((384, 384)), face.resize((1300, 1300))
    veiled = small.convert("RGBA")
    veiled.putalpha(Image.linear_gradient("L").resize(small.size))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif.get_ifd(0x8769)[0xA405] = 26
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:].replace(b"sRGB", b"Wide")  # not of this hour
    tile = coded(256, 256)
    tiles = [tile_item(tile) for _ in range(4)]

    def saved(image: Image.Image, kind: str, **options: Any) -> Callable[[], bytes]:
        def save() -> bytes:
            out = io.BytesIO()
            image.save(out, kind, **options)
            return out.getvalue()

        return save

    return {
        "jpeg": saved(face, "JPEG", quality=85),
        "jpeg-progressive": saved(face, "JPEG", quality=85, progressive=True, subsampling=0),
        "jpeg-notes": saved(small, "JPEG", exif=exif, icc_profile=profile, comment=b"a note"),
        "jpeg-restarts": saved(small, "JPEG", restart_marker_rows=1),
        "jpeg-grey": saved(small.convert("L"), "JPEG"),
        "jpeg-cmyk": saved(small.convert("CMYK"), "JPEG"),
        "jpeg-larger": saved(larger, "JPEG", quality=70),
        "png": saved(face, "PNG"),
        "png-palette": saved(small.quantize(64), "PNG", transparency=0),
        "png-alpha": saved(veiled, "PNG", exif=exif, icc_profile=profile),
        "png-deep": saved(small.convert("I;16"), "PNG"),
        "png-one-bit": saved(small.convert("1"), "PNG"),
        "webp": saved(face, "WEBP", quality=80),
        "webp-alpha": saved(veiled, "WEBP", quality=60, exif=exif, icc_profile=profile),
        "webp-lossless": saved(small, "WEBP", lossless=True, method=0),
        "webp-moving": saved(small, "WEBP", save_all=True, append_images=[veiled], duration=9),
        "heic": lambda: heic(face),
        "heic-tiles": lambda: heic(larger, tile=512),
        "heic-alpha": lambda: heic(veiled),
        "heic-grid": lambda: file_of([*tiles, grid(2, 2, 512, 512, [1, 2, 3, 4])], 5),
        "heic-layers": lambda: file_of([*tiles, overlay(500, 500, [1, 2, 3, 4])], 5),
    }


def _beside() -> dict[str, bytes]:
    faces = Path(os.environ.get("FACET_FACES") or ROOT.parent / "shared" / "faces")
    hostile = faces.parent / "photos"
    paths = [*sorted(hostile.glob("*.*")), *sorted((faces / "phone").glob("*.jpg"))]
    found = {path.name: path.read_bytes() for path in paths}
    known = {"jpeg", "png", "webp", "heic"}
    return {n: d for n, d in found.items() if len(d) < _LARGEST and sniff(d) in known}
