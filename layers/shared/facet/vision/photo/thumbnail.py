"""Two smaller pictures of one photo, in one decode."""

from dataclasses import dataclass

from PIL import Image

from facet.vision.photo.decode import decode, encode_jpeg
from facet.vision.photo.gates import load_gates

THUMBNAIL_EDGE = 200
MEDIUM_EDGE = 1024
# A JPEG that its decoder can scale into this range is not resampled again: that is the cheapest
# good picture there is. 960 lets a quarter of 12 megapixels (1008 px) stand for 1024.
_NATIVE = range(960, 1281)
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """The two thumbnails of a photo: JPEGs, upright, sRGB, without metadata."""

    thumbnail: bytes  # 200 px long edge
    optimized: bytes  # 960..1280 px long edge, or the photo's own where that is smaller
    width: int  # px, of the optimised picture
    height: int  # px


def make_thumbnails(data: bytes) -> Thumbnails:
    """JPEG, PNG, WebP or HEIC -> both pictures. Raises PhotoRejectedError as `decode` does."""
    gates = load_gates("relaxed")
    medium = decode(data, gates, edge=_NATIVE.start).image
    if max(medium.size) not in _NATIVE:
        medium = _fit(medium, MEDIUM_EDGE, Image.Resampling.HAMMING)
    small = _fit(medium, THUMBNAIL_EDGE, Image.Resampling.BICUBIC)
    return Thumbnails(
        encode_jpeg(small, _QUALITY), encode_jpeg(medium, _QUALITY), medium.width, medium.height
    )


def _fit(image: Image.Image, edge: int, resample: Image.Resampling) -> Image.Image:
    """Shrink to a long edge of `edge` px; a smaller picture stays as it is."""
    ratio = edge / max(image.size)
    if ratio >= 1:
        return image
    size = max(1, round(image.width * ratio)), max(1, round(image.height * ratio))
    return image.resize(size, resample, reducing_gap=2.0)
