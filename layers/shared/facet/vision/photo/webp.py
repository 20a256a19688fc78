"""A WebP decoded at the size that is needed, by the libwebp that Pillow carries.

Pillow decodes every WebP as an animation: three whole canvases and a copy, 1 GB for 50 megapixels.
libwebp itself scales while it decodes, which takes a tenth of that for a lossy one and a fifth for
a lossless one, and less time. Where the library cannot be reached, and for an animation of one
frame, the answer is None and Pillow decodes.
"""

import ctypes
from functools import cache
from typing import Any

from PIL import Image

_ABI = 0x0209  # of webp/decode.h since libwebp 0.6.1; its first byte must agree
_RGB, _RGBA = 0, 1
_OK, _NO_MEMORY, _UNSUPPORTED = 0, 1, 4


class _Features(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("width", "height", "has_alpha", "has_animation")),
        ("format", ctypes.c_int),
        ("pad", ctypes.c_uint32 * 5),
    )


class _Rgba(ctypes.Structure):
    _fields_ = (("rgba", ctypes.c_void_p), ("stride", ctypes.c_int), ("size", ctypes.c_size_t))


class _Planes(ctypes.Union):
    # The other member is four planes: pointers, strides and sizes.
    _fields_ = (("rgba", _Rgba), ("yuva", ctypes.c_uint64 * 10))


class _Buffer(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("colorspace", "width", "height", "is_external")),
        ("planes", _Planes),
        ("pad", ctypes.c_uint32 * 4),
        ("private", ctypes.c_void_p),
    )


class _Options(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("bypass_filtering", "no_fancy_upsampling")),
        *((name, ctypes.c_int) for name in ("use_cropping", "left", "top", "width", "height")),
        *((name, ctypes.c_int) for name in ("use_scaling", "scaled_width", "scaled_height")),
        *((name, ctypes.c_int) for name in ("use_threads", "dithering", "flip", "alpha_dithering")),
        ("pad", ctypes.c_uint32 * 5),
    )


class _Config(ctypes.Structure):
    _fields_ = (("input", _Features), ("output", _Buffer), ("options", _Options))


def decode_webp(data: bytes, factor: int) -> Image.Image | None:
    """A still WebP -> RGB or RGBA, each side divided by `factor` (rounded up).

    None where Pillow has to decode. Raises ValueError for a damaged file.
    """
    library, config = _library(), _Config()
    if library is None or not library.WebPInitDecoderConfigInternal(ctypes.byref(config), _ABI):
        return None
    features = config.input
    status = library.WebPGetFeaturesInternal(data, len(data), ctypes.byref(features), _ABI)
    if status == _OK and features.has_animation:
        return None
    if status == _OK:
        mode = "RGBA" if features.has_alpha else "RGB"
        width, height = -(-features.width // factor), -(-features.height // factor)
        stride = width * len(mode)
        pixels = bytearray(stride * height)
        config.options.use_scaling = int(factor > 1)
        config.options.scaled_width, config.options.scaled_height = width, height
        config.output.colorspace = _RGBA if features.has_alpha else _RGB
        config.output.is_external = 1
        place = (ctypes.c_char * len(pixels)).from_buffer(pixels)
        config.output.planes.rgba = _Rgba(ctypes.addressof(place), stride, len(pixels))
        status = library.WebPDecode(data, len(data), ctypes.byref(config))
    if status != _OK:
        raise ValueError(f"WebP damaged ({status})")
    return Image.frombuffer(mode, (width, height), pixels, "raw", mode, 0, 1)


@cache
def _library() -> Any:
    """The libwebp of Pillow's own module, None where its names are hidden."""
    from PIL import _webp  # noqa: PLC0415

    try:
        library = ctypes.CDLL(_webp.__file__)
        decode, features = library.WebPDecode, library.WebPGetFeaturesInternal
        start = library.WebPInitDecoderConfigInternal
    except (AttributeError, OSError):
        return None
    decode.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p)
    features.argtypes = (*decode.argtypes, ctypes.c_int)
    start.argtypes = (ctypes.c_void_p, ctypes.c_int)
    return library
