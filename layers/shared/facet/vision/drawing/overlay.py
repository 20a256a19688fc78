"""One concern drawn for laying over the photo: a transparent PNG, made on request only.

What is drawn is the map that the concern is measured from, carried from the texture back to the
photo. One blue in growing opacity, from the Okabe-Ito palette (Okabe & Ito 2008), which people with
any colour vision tell from skin, its paler one on dark skin; regions are outlined twice, light over
dark, to show on any tone.
A legend says what the colour means and what was measured. It holds no score: those stand beside the
picture, where they can change with the scoring table.
"""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from facet.vision.drawing.legend import Legend, draw_legend
from facet.vision.face.landmarks import part
from facet.vision.face.patches import Pixels, inside
from facet.vision.skin.maps import strength_map
from facet.vision.skin.texture import SIZES, texture_positions

_LIGHT, _DARK = (255, 255, 255), (20, 20, 20)
OUTLINE = "#ffffff"
# Okabe-Ito's two blues, and the skin's L* below which the paler one shows better.
_BLUE, _SKY_BLUE, _DARK_SKIN = "#0072b2", "#56b4e9", 45
_MOST = 200  # of 255, the opacity of what is strongest
_GRID = 8  # px of the photo between points whose place in the texture is computed


def colour_on(lightness: float) -> str:
    """The map's colour in hex for skin of this CIELAB L*."""
    return _SKY_BLUE if lightness < _DARK_SKIN else _BLUE


def draw_overlay(
    pixels: Pixels,
    points: NDArray[np.floating],
    concern: str,
    regions: tuple[str, ...] = (),
    *,
    legend: Legend | None = None,
    colour: str = _BLUE,
) -> bytes:
    """Photo (h, w, 3), landmarks (468, 2) in it, a concern and regions to outline -> RGBA PNG.

    Opacity is 0 where nothing of the concern is. Raises KeyError for an unknown concern or region.
    """
    height, width = pixels.shape[:2]
    layer = np.zeros((height, width, 4), np.uint8)
    strength = strength_map(pixels, points, concern)
    face = points[part("face")]
    left, top = np.maximum(np.floor(face.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(face.max(axis=0)).astype(int) + 1, (width, height))
    if right > left and bottom > top:
        box = (int(left), int(top), int(right), int(bottom))
        opacity = _carried(strength, points, box)
        layer[top:bottom, left:right, :3] = ImageColor.getrgb(colour)
        layer[top:bottom, left:right, 3] = np.rint(_MOST * opacity)
    for name in regions:
        _outline(layer, points[part(name)], max(0.5, (right - left) / 400))
    if legend is not None:
        box = (int(left), int(top), int(right), int(bottom))
        layer = draw_legend(layer, box, legend, ImageColor.getrgb(colour)[:3], (0, _MOST))
    out = BytesIO()
    Image.fromarray(layer).save(out, "PNG")
    return out.getvalue()


def _carried(
    strength: NDArray[np.float32], points: NDArray[np.floating], box: tuple[int, int, int, int]
) -> NDArray[np.float32]:
    """A map (280, 240) of the texture -> (bottom - top, right - left) of the photo, 0..1."""
    left, top, right, bottom = box
    columns = -(-(right - left) // _GRID)
    rows = -(-(bottom - top) // _GRID)
    x, y = left + np.arange(columns + 1) * _GRID, top + np.arange(rows + 1) * _GRID
    corners = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) - 0.5
    nodes = texture_positions(points, corners, SIZES[0]).reshape(rows + 1, columns + 1, 2) + 0.5
    quads = np.concatenate([nodes[:-1, :-1], nodes[1:, :-1], nodes[1:, 1:], nodes[:-1, 1:]], axis=2)
    mesh = [
        ((i * _GRID, j * _GRID, (i + 1) * _GRID, (j + 1) * _GRID), tuple(quads[j, i].tolist()))
        for j in range(rows)
        for i in range(columns)
    ]
    image = Image.fromarray(np.rint(255 * strength.clip(0, 1)).astype(np.uint8))
    size = (columns * _GRID, rows * _GRID)
    drawn = image.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    shown = np.asarray(drawn, np.float32)[: bottom - top, : right - left] / 255
    # Outside the face the map means nothing.
    outline = points[part("face")] - (left, top)
    return np.where(inside(outline, right - left, bottom - top), shown, np.float32(0))


def _outline(layer: NDArray[np.uint8], polygon: NDArray[np.floating], px: float) -> None:
    """A closed line, light on a dark rim, so that it shows on every skin."""
    height, width = layer.shape[:2]
    low = np.maximum(np.floor(polygon.min(axis=0) - 4 * px).astype(int), 0)
    high = np.minimum(np.ceil(polygon.max(axis=0) + 4 * px).astype(int) + 1, (width, height))
    if (high <= low).any():
        return
    rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]]
    here = np.stack([columns, rows], axis=-1).astype(np.float32)
    distance = np.full(rows.shape, np.inf, np.float32)
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        way = end - start
        along = ((here - start) @ way / max(float(way @ way), 1e-6)).clip(0, 1)
        away = here - start - along[..., None] * way
        distance = np.minimum(distance, np.hypot(away[..., 0], away[..., 1]))
    light = (px + 0.25 - distance).clip(0, 0.5) * 2
    dark = (2 * px + 0.25 - distance).clip(0, 0.5) * 2
    line = np.empty((*distance.shape, 4), np.uint8)
    line[..., :3] = np.where((light > 0)[..., None], _LIGHT, _DARK)
    line[..., 3] = np.where(light > 0, 230 * light, 160 * dark)
    window = layer[low[1] : high[1], low[0] : high[0]]
    below = Image.fromarray(np.ascontiguousarray(window))
    window[:] = np.asarray(Image.alpha_composite(below, Image.fromarray(line)))
