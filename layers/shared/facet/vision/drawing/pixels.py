"""Pixels as planes of OKLab and back, broad filters on a plane, and the grain of shimmer."""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facet import colour
from facet.vision.drawing.geometry import Floats, Window
from facet.vision.drawing.rules import render_rules
from facet.vision.face.patches import Pixels

_BAND = 48  # rows
FAINT = np.float32(0.02)  # of L: what is darker counts as this, so that nothing divides by nothing


def oklab(pixels: Pixels) -> Floats:
    """sRGB pixels (h, w, 3) uint8 -> OKLab planes (3, h, w)"""
    lab = np.empty((3, *pixels.shape[:2]), np.float32)
    for band in bands(0, len(pixels)):
        planes = np.ascontiguousarray(pixels[band].transpose(2, 0, 1))
        linear = colour.linear_from_srgb(planes).reshape(3, -1).astype(np.float32, copy=False)
        lab[:, band] = colour.oklab_from_linear(linear).reshape(planes.shape)
    return lab


def shade_of(code: str) -> Floats:
    """A shade `#rrggbb` -> its OKLab (3,)"""
    byte = np.frombuffer(bytes.fromhex(code[1:]), np.uint8)
    return oklab(byte.reshape(1, 1, 3)).reshape(3)


@cache
def encoded() -> NDArray[np.uint8]:
    """(4096,) sRGB bytes by the square root of linear light: finer where the dark is."""
    linear = np.linspace(0, 1, 4096) ** 2
    return np.rint(colour.srgb_from_linear(linear) * 255).astype(np.uint8)


def bands(start: int, stop: int) -> Iterator[slice]:
    """Rows in pieces small enough for what is made of them to stay in a core's cache."""
    for first in range(start, stop, _BAND):
        yield slice(first, min(first + _BAND, stop))


def blurred(layer: Floats, sigma: float) -> Floats:
    """A broad Gaussian, near enough: made on a picture small enough for it to be narrow."""
    height, width = layer.shape
    step = max(1, int(sigma))
    small = Image.fromarray(layer).resize(
        (max(1, width // step), max(1, height // step)), Image.Resampling.BOX
    )
    for _ in range(2):
        grid = np.pad(np.asarray(small), 1, mode="edge")
        grid = (grid[:-2] + 2 * grid[1:-1] + grid[2:]) / 4
        small = Image.fromarray((grid[:, :-2] + 2 * grid[:, 1:-1] + grid[:, 2:]) / 4)
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


def enlarged(layer: Floats, size: tuple[int, int], step: int) -> Floats:
    """A picture that was reduced by `step`, at its old size (width, height)."""
    box = (0, 0, size[0] / step, size[1] / step)
    return np.asarray(
        Image.fromarray(layer).resize(size, Image.Resampling.BILINEAR, box=box), np.float32
    )


def grains(window: Window, px_per_mm: float) -> Floats:
    """The grain of a window, (rows, columns) 0..1: mica, single bright grains among dark ones.

    A pixel's grain is its own, whatever window or band asks for it, and the same every time.
    """
    size = max(1, round(render_rules()["skin"]["grain"] * px_per_mm))
    rows, columns = (np.arange(side.start, side.stop, dtype=np.uint32) // size for side in window)
    noise = rows[:, None] * np.uint32(374761393) + columns[None] * np.uint32(668265263)
    noise = (noise ^ (noise >> np.uint32(13))) * np.uint32(1274126177)
    noise ^= noise >> np.uint32(16)
    even = noise.astype(np.float32) / np.float32(2**32)
    return np.asarray(even**8)
