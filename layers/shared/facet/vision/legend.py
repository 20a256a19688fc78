"""What an overlay means, written into a corner of it that the face leaves free."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_PANEL = (20, 20, 20, 215)
_GROUND = (150, 150, 150, 255)  # below the bar, as skin is below the overlay
_TEXT, _SOFT = (255, 255, 255, 255), (215, 215, 215, 255)
_LARGE = 0.030  # of the photo's shorter side, the size of the first line
_LEAST = 11  # px
_WIDEST = 0.92  # of the photo's width


@dataclass(frozen=True, slots=True)
class Legend:
    """Two lines of text and what the ends of the bar are called."""

    title: str
    note: str
    ends: tuple[str, str]


def draw_legend(
    layer: NDArray[np.uint8],
    face: tuple[int, int, int, int],
    legend: Legend,
    colour: tuple[int, int, int],
    opacities: Sequence[int],
) -> NDArray[np.uint8]:
    """RGBA layer (h, w, 4), the face's box in it (left, top, right, bottom) -> with a panel.

    The panel lies above the face or below it, where there is more room. opacities: 0..255, of the
    bar from its left end to its right one.
    """
    height, width = layer.shape[:2]
    size = max(_LEAST, round(_LARGE * min(height, width)))
    while (panel := _panel(legend, size, colour, opacities)).width > _WIDEST * width:
        if size <= _LEAST:
            ratio = _WIDEST * width / panel.width
            panel = panel.resize((round(panel.width * ratio), round(panel.height * ratio)))
            break
        size -= 1
    margin = size // 2
    below = height - face[3] >= face[1]
    top = height - panel.height - margin if below else margin
    image = Image.fromarray(layer)
    image.alpha_composite(panel, (margin, max(0, top)))
    return np.asarray(image)


def _panel(
    legend: Legend, size: int, colour: tuple[int, int, int], opacities: Sequence[int]
) -> Image.Image:
    large, small = ImageFont.load_default(size), ImageFont.load_default(size * 0.78)
    pad, line = round(0.7 * size), round(1.35 * size)
    left_end, right_end = legend.ends
    left_width = round(small.getlength(left_end))
    bar = 9 * size
    widths = (
        large.getlength(legend.title),
        small.getlength(legend.note),
        left_width + bar + size + small.getlength(right_end),
    )
    panel = Image.new("RGBA", (round(max(widths)) + 2 * pad, 3 * line + 2 * pad))
    draw = ImageDraw.Draw(panel)
    draw.rounded_rectangle((0, 0, panel.width - 1, panel.height - 1), size // 2, _PANEL)
    draw.text((pad, pad), legend.title, _TEXT, large)
    draw.text((pad, pad + line), legend.note, _SOFT, small)
    top = pad + 2 * line
    draw.text((pad, top), left_end, _SOFT, small)
    start = pad + left_width + size // 2
    panel.paste(_bar(bar, round(0.8 * size), colour, opacities), (start, top))
    draw.text((start + bar + size // 2, top), right_end, _SOFT, small)
    return panel


def _bar(
    width: int, height: int, colour: tuple[int, int, int], opacities: Sequence[int]
) -> Image.Image:
    bar = np.zeros((height, width, 4), np.uint8)
    bar[..., :3] = colour
    bar[..., 3] = np.interp(np.linspace(0, 1, width), np.linspace(0, 1, len(opacities)), opacities)
    ground = Image.new("RGBA", (width, height), _GROUND)
    ground.alpha_composite(Image.fromarray(bar))
    return ground
