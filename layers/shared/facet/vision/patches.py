"""Pixels of named parts of a face, cut from the photo by landmark polygons."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]


def inside(polygons: Sequence[NDArray[np.floating]], width: int, height: int) -> NDArray[np.bool_]:
    """Polygons of (n, 2) pixels -> mask (height, width), true inside any of them."""
    mask = Image.new("1", (width, height))
    draw = ImageDraw.Draw(mask)
    for polygon in polygons:
        draw.polygon([(float(x), float(y)) for x, y in polygon], fill=1)
    return np.asarray(mask)


def cut(
    pixels: Pixels, polygon: NDArray[np.floating], hole: NDArray[np.floating] | None = None
) -> Pixels:
    """(height, width, 3), a polygon (n, 2), and one to leave out -> (m, 3); m may be 0."""
    height, width = pixels.shape[:2]
    left, top = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(polygon.max(axis=0)).astype(int) + 1, (width, height))
    if right <= left or bottom <= top:
        return pixels[:0, 0]
    size = int(right - left), int(bottom - top)
    mask = inside([polygon - (left, top)], *size)
    if hole is not None:
        mask = mask & ~inside([hole - (left, top)], *size)
    return np.asarray(pixels[top:bottom, left:right][mask])
