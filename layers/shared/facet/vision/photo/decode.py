"""A file in, an upright sRGB picture out, decoded once at the scale that serves everything after.

Nothing of Pillow leaks: whatever is wrong with a file becomes a PhotoRejectedError. The classes of
Pillow are opened by hand, because Image.open imports every plugin and warns about bombs only.
"""

import math
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image

from facet.saying import say
from facet.vision.photo.gates import Gates, rejection
from facet.vision.photo.limits import WalkError
from facet.vision.photo.walk import walk
from facet.vision.photo.webp import decode_webp

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from facet.domain.face import Check

# Long edge, in pixels, that detection, mesh, tone and the stored photo need at least; with it a
# 12-megapixel JPEG is decoded at a quarter (1008 px), which costs little more than reading it.
WORKING_EDGE = 1000
_DCT_SCALES = (8, 4, 2, 1)
_ORIENTATION = 0x0112
_EXIF, _FOCAL_35MM, _PIXELS_X, _PIXELS_Y = 0x8769, 0xA405, 0xA002, 0xA003
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_SIDES = frozenset({5, 6, 7, 8})
_SAME_SHAPE = 0.02  # a resized photo keeps its sides' ratio this closely, a cropped one does not
# A region of a JPEG is cut from at most this many decoded pixels, which bounds memory.
_REGION_PIXELS = 13_000_000
_BLOCK_EDGE = 1024  # px of what is held beside the decoder's own picture
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx"})
_OTHERS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"%PDF": "PDF",
    b"\x00\x00\x01\x00": "ICO",
    b"8BPS": "PSD",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
}
_DAMAGE = (
    OSError,  # Pillow's own, truncated files among them
    SyntaxError,  # what its plugins raise for a header they cannot read
    EOFError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RuntimeError,  # libheif
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class PhotoHeader:
    """What a file says of itself before a pixel is decoded."""

    format: str  # jpeg, png, webp or heic
    width: int  # px, upright
    height: int  # px, upright
    orientation: int  # EXIF, 1..8; already applied for heic
    mode: str  # Pillow's mode in the file: RGB, L, CMYK, ...
    focal_35mm: float | None = None  # mm, EXIF FocalLengthIn35mmFilm of a photo that is whole


@dataclass(frozen=True)
class Photo:
    """The decoded picture: RGB, sRGB, upright, without metadata."""

    image: Image.Image
    header: PhotoHeader
    scale: float  # decoded pixels per pixel of the file, 0..1

    @property
    def width(self) -> int:
        """Width of the picture, px."""
        return self.image.width

    @property
    def height(self) -> int:
        """Height of the picture, px."""
        return self.image.height

    @cached_property
    def pixels(self) -> "NDArray[np.uint8]":
        """The picture's pixels (height, width, 3), RGB, 0..255, read-only."""
        import numpy as np  # noqa: PLC0415 - the thumbnail function never asks for pixels

        return np.asarray(self.image)


def sniff(data: bytes) -> str:
    """The format by the first bytes: jpeg, png, webp, heic, or another format's name."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        brands = {data[start : start + 4] for start in range(8, min(_box_size(data), 64), 4)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        return "heic" if brands & _HEIC_BRANDS else "video"
    return next((name for magic, name in _OTHERS.items() if data.startswith(magic)), "unknown")


def _box_size(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")


def decode(data: bytes, gates: Gates, *, edge: int = WORKING_EDGE) -> Photo:
    """Decode to the smallest cheap scale whose long edge is at least `edge` px (or all there is).

    JPEG is scaled inside its decoder; other formats are averaged down by a whole factor, so the
    long edge is below 2 x edge. Raises PhotoRejectedError with every gate that fails:
    unsupported_format, corrupt_image, file_too_large, image_too_small, image_too_large.
    """
    image, header = _open(data, gates)
    factor = max(1, max(header.width, header.height) // edge)
    return _photo(_render(data, image, header, factor, gates), header)


def decode_region(
    data: bytes, gates: Gates, box: tuple[float, float, float, float], *, edge: int = WORKING_EDGE
) -> Photo:
    """Decode what `box` (left, top, right, bottom as shares of the upright picture) shows.

    For a small face in a large picture: the region keeps up to `edge` px or more of its own.
    """
    image, header = _open(data, gates)
    left, top, right, bottom = box
    inside = max((right - left) * header.width, (bottom - top) * header.height)
    least = math.ceil(math.sqrt(header.width * header.height / _REGION_PIXELS))
    whole = _render(data, image, header, max(least, int(inside / edge)), gates)
    width, height = whole.size
    crop = (
        max(0, round(left * width)),
        max(0, round(top * height)),
        min(width, round(right * width)),
        min(height, round(bottom * height)),
    )
    photo = _photo(whole, header)
    return replace(photo, image=whole.crop(crop))


def _photo(image: Image.Image, header: PhotoHeader) -> Photo:
    return Photo(image, header, max(image.size) / max(header.width, header.height))


def encode_jpeg(image: Image.Image, quality: int) -> bytes:
    """RGB picture -> JPEG bytes without any metadata."""
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _open(data: bytes, gates: Gates) -> tuple[Image.Image, PhotoHeader]:
    kind = sniff(data)
    too_large = gates.check("file_too_large", len(data))
    if not data:
        raise rejection((gates.refuse("corrupt_image", say("photo.empty_file")),))
    if kind not in gates.content_types:
        checks = (gates.refuse("unsupported_format", kind), too_large)
        raise rejection(tuple(check for check in checks if check))
    with _DamageIsRejected(gates, too_large):
        tally = walk(data, kind)
        image = _plugin(kind, data)
        animated = kind != "heic" and bool(getattr(image, "is_animated", False))
    moving = say("photo.animated", format=kind)
    checks_of_header: tuple[Check | None, ...] = (
        gates.refuse("unsupported_format", moving) if animated else None,
        too_large,
        gates.check("image_too_small", min(image.size)),
        gates.check("image_too_large", image.width * image.height),
    )
    failed = tuple(check for check in checks_of_header if check)
    if failed:
        raise rejection(failed)
    with _DamageIsRejected(gates):
        tally.judge_memory()
        orientation = _orientation(image, kind)
        focal = _focal(image, kind)
    width, height = image.size
    if orientation in _SWAPS_SIDES:
        width, height = height, width
    return image, PhotoHeader(kind, width, height, orientation, image.mode, focal)


def _orientation(image: Image.Image, kind: str) -> int:
    # libheif turns the picture itself. A PNG would be decoded in search of EXIF it does not have.
    if kind == "heic" or (kind == "png" and "exif" not in image.info):
        return 1
    value = image.getexif().get(_ORIENTATION)
    return value if value in _UPRIGHT else 1


def _focal(image: Image.Image, kind: str) -> float | None:
    """The lens, unless the photo was cropped since: then it says nothing about distance."""
    if kind == "png" and "exif" not in image.info:
        return None
    try:
        tags = image.getexif().get_ifd(_EXIF)
        focal = float(tags.get(_FOCAL_35MM) or 0)
        taken = float(tags.get(_PIXELS_X) or 0), float(tags.get(_PIXELS_Y) or 0)
    except (*_DAMAGE, ArithmeticError):
        return None  # a camera's odd note is no reason to refuse its photo
    if not 5 <= focal <= 1000:
        return None
    if min(taken) > 0:
        kept = max(image.size) / min(image.size), max(taken) / min(taken)
        if abs(kept[0] - kept[1]) > _SAME_SHAPE * kept[1]:
            return None
    return focal


def _plugin(kind: str, data: bytes) -> Image.Image:
    stream: Any = BytesIO(data)
    if kind == "jpeg":
        # Not through Image.open: a phone's picture with a gain map or a depth map would come back
        # as a multi-picture file; the first of its pictures is the photo.
        from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415

        return JpegImageFile(stream)
    if kind == "png":
        from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415

        return PngImageFile(stream)
    if kind == "webp":
        from PIL.WebPImagePlugin import WebPImageFile  # noqa: PLC0415

        return WebPImageFile(stream)
    from pillow_heif import HeifImageFile  # noqa: PLC0415

    image: Image.Image = HeifImageFile(stream)  # type: ignore[no-untyped-call]
    return image


def _render(
    data: bytes, image: Image.Image, header: PhotoHeader, factor: int, gates: Gates
) -> Image.Image:
    """Decode, reduce by `factor` at most, and make upright sRGB of it: a picture of no plugin's."""
    with _DamageIsRejected(gates):
        if header.format == "jpeg":
            step = next(scale for scale in _DCT_SCALES if scale <= factor)
            image.draft(None, (image.width // step, image.height // step))
            factor //= step
        scaled = decode_webp(data, factor) if header.format == "webp" else None
        if scaled:
            plain = _eight_bit(scaled)
        elif header.format == "heic":
            plain = _reduced(*_heic_blocks(data), factor)
        else:
            image.load()
            plain = _reduced(image.size, image.crop, factor)
        upright = _srgb(plain, image.info.get("icc_profile"))
        if header.orientation in _UPRIGHT:
            upright = upright.transpose(_UPRIGHT[header.orientation])
        # Pillow would write a JPEG's comment into the next one.
        upright.info = {}
    return upright


# Cuts (left, top, right, bottom) out of a decoded picture, px.
type _Blocks = Callable[[tuple[int, int, int, int]], Image.Image]


def _heic_blocks(data: bytes) -> tuple[tuple[int, int], _Blocks]:
    """A decoded HEIC's size and blocks as libheif holds them, without a copy of the whole."""
    from pillow_heif import open_heif  # noqa: PLC0415

    pictures = open_heif(data, remove_stride=False)
    picture = pictures[pictures.primary_index]
    picture.load()
    mode, stride = picture.mode, picture.stride
    each = 2 if mode.startswith("I;16") else len(mode)  # bytes a pixel

    def block(box: tuple[int, int, int, int]) -> Image.Image:
        left, top, right, bottom = box
        # Its data is a view that nothing but the picture keeps alive.
        part = memoryview(picture.data)[top * stride + left * each : bottom * stride]
        return Image.frombytes(mode, (right - left, bottom - top), part, "raw", mode, stride)

    return picture.size, block


def _reduced(size: tuple[int, int], block: _Blocks, factor: int) -> Image.Image:
    """Average down by a whole factor, a block at a time: no second picture of the whole size."""
    width, height = size
    side = max(1, _BLOCK_EDGE // factor) * factor
    reduced: Image.Image | None = None
    for top in range(0, height, side):
        for left in range(0, width, side):
            box = left, top, min(left + side, width), min(top + side, height)
            part = _eight_bit(block(box))
            if factor > 1:
                part = part.reduce(factor)
            if reduced is None:
                reduced = Image.new(part.mode, (-(-width // factor), -(-height // factor)))
            reduced.paste(part, (left // factor, top // factor))
    assert reduced is not None  # noqa: S101 - a gate has asked for more than no rows
    return reduced


def _eight_bit(image: Image.Image) -> Image.Image:
    """Any mode -> L, RGB or CMYK with 8 bits a channel; transparency lies on white."""
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion clips it
        import numpy as np  # noqa: PLC0415

        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    if image.mode in {"L", "RGB", "CMYK"} and "transparency" not in image.info:
        return image
    if "A" in image.getbands() or "transparency" in image.info:
        with_alpha = image.convert("RGBA")
        flat = Image.new("RGB", image.size, "white")
        flat.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return flat
    return image.convert("L" if image.mode == "1" else "RGB")


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """L, RGB or CMYK in its own profile -> RGB in sRGB; an unreadable profile is ignored."""
    if profile and b"sRGB" not in profile[:600]:  # its name; then nothing needs converting
        transform = _transform(profile, image.mode)
        if transform is not None:
            converted: Image.Image = transform.apply(image)
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> Any:
    from PIL import ImageCms  # noqa: PLC0415

    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None


class _DamageIsRejected:
    """Whatever a decoder raises inside is a rejection, beside the `others` that failed.

    No generator: its frame would hold the error that holds the half-decoded picture, 200 MB until
    the garbage collector comes by.
    """

    def __init__(self, gates: Gates, *others: "Check | None") -> None:
        self._gates = gates
        self._others = tuple(check for check in others if check)
        self._quiet = warnings.catch_warnings()

    def __enter__(self) -> None:
        self._quiet.__enter__()
        warnings.simplefilter("ignore")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self._quiet.__exit__(kind, error, trace)
        if isinstance(error, WalkError):
            check = self._gates.refuse(error.code, error.measured)
        elif isinstance(error, Image.DecompressionBombError):  # WebP's plugin judges by itself
            check = self._gates.refuse("image_too_large")
        elif isinstance(error, _DAMAGE):
            check = self._gates.refuse("corrupt_image", str(error) or None)
        else:
            return
        raise rejection((check, *self._others)) from error
