import io
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from facet.domain.errors import PhotoRejectedError
from facet.vision.photo.thumbnail import make_thumbnails


def photo(width: int, height: int, kind: str = "JPEG", **options: Any) -> bytes:
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("size", "medium"),
    [
        ((4032, 3024), (1008, 756)),  # a quarter, as the decoder gives it
        ((3024, 4032), (756, 1008)),
        ((2000, 1500), (1000, 750)),
        ((1500, 1000), (1024, 683)),
        ((2600, 1950), (1024, 768)),
        ((1008, 756), (1008, 756)),
        ((640, 480), (640, 480)),  # never enlarged
    ],
)
def test_the_optimised_picture_is_of_the_1024_class(
    size: tuple[int, int], medium: tuple[int, int]
) -> None:
    made = make_thumbnails(photo(*size))

    assert (made.width, made.height) == medium == opened(made.optimized).size
    assert max(opened(made.thumbnail).size) == 200


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_every_accepted_format_has_thumbnails(kind: str) -> None:
    made = make_thumbnails(photo(2400, 1800, kind))

    assert opened(made.optimized).format == opened(made.thumbnail).format == "JPEG"
    assert (made.width, made.height) == (1200, 900)


def test_thumbnails_are_upright_and_carry_nothing_on() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)

    made = make_thumbnails(photo(1600, 1200, exif=exif, comment=b"my street"))

    assert (made.width, made.height) == (768, 1024)
    for data in (made.thumbnail, made.optimized):
        assert not opened(data).getexif()
        assert {"icc_profile", "comment", "exif"}.isdisjoint(opened(data).info)
    # Dark above, light below in the file; turned by a quarter, dark is on the right.
    red_green_blue = opened(made.thumbnail).getpixel((5, 100))
    assert isinstance(red_green_blue, tuple)
    assert red_green_blue[0] > 200


def test_what_is_no_photo_is_rejected() -> None:
    with pytest.raises(PhotoRejectedError, match="corrupt_image"):
        make_thumbnails(photo(640, 480)[:400])


def test_twelve_megapixels_need_little_memory_and_no_heavy_imports(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo(4032, 3024))
    script = """
        import re, sys
        from facet.vision.photo.thumbnail import make_thumbnails

        make_thumbnails(open(sys.argv[1], "rb").read())
        heavy = {"numpy", "onnxruntime", "pydantic", "PIL.ImageCms"} & set(sys.modules)
        peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
        print(peak[1], sorted(heavy))
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc")
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "photo.jpg")],
        capture_output=True,
        text=True,
        check=True,
    )
    kib, heavy = ran.stdout.split(maxsplit=1)

    assert int(kib) < 40_000  # the whole picture alone would be 36 MB
    assert heavy.strip() == "[]"
