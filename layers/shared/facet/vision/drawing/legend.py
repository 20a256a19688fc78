"""What an overlay means, written into a corner of it that the face leaves free.

Text is put together from letters drawn beforehand (letters.png, by local/glyphs.py): the FreeType
that Pillow would draw it with is left out of the layers (trim.toml).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngImageFile

LETTERS = "letters"  # the files beside this one
CHARACTERS = "".join(map(chr, range(32, 127)))
SIZE = 48  # px, of the letters' em
PAD = 4  # px on either side of a letter, for what reaches beyond its advance

_PANEL = (20, 20, 20, 215)
_GROUND = (150, 150, 150, 255)  # below the bar, as skin is below the overlay
_TEXT, _SOFT = (255, 255, 255, 255), (215, 215, 215, 255)
_LARGE = 0.030  # of the photo's shorter side, the size of the first line
_LEAST = 11  # px
_WIDEST = 0.92  # of the photo's width


@dataclass(frozen=True, slots=True)
class Legend:
    """The text of a legend: two lines, and what the ends of its bar are called."""

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
    small = 0.78 * size
    title, note = written(legend.title, size), written(legend.note, small)
    left_end, right_end = (written(end, small) for end in legend.ends)
    pad, line, gap, bar = round(0.7 * size), round(1.35 * size), size // 2, 9 * size
    last = left_end.width + bar + 2 * gap + right_end.width
    width = max(title.width, note.width, last) + 2 * pad
    panel = Image.new("RGBA", (width, 3 * line + 2 * pad))
    draw = ImageDraw.Draw(panel)
    draw.rounded_rectangle((0, 0, panel.width - 1, panel.height - 1), size // 2, _PANEL)
    panel.paste(_TEXT, (pad, pad), title)
    panel.paste(_SOFT, (pad, pad + line), note)
    top = pad + 2 * line
    panel.paste(_SOFT, (pad, top), left_end)
    start = pad + left_end.width + gap
    panel.paste(_bar(bar, round(0.8 * size), colour, opacities), (start, top))
    panel.paste(_SOFT, (start + bar + gap, top), right_end)
    return panel


def written(text: str, size: float) -> Image.Image:
    """Printable ASCII -> how much of each pixel it covers, 0..255; other characters are "?"."""
    letters = _letters()
    row = [letters.get(character, letters["?"]) for character in text]
    advances = [letter.shape[1] - 2 * PAD for letter in row]
    height = letters["?"].shape[0]
    line = np.zeros((height, sum(advances) + 2 * PAD), np.uint8)
    left = 0
    for letter, advance in zip(row, advances, strict=True):
        window = line[:, left : left + letter.shape[1]]
        np.maximum(window, letter, out=window)
        left += advance
    ratio = size / SIZE
    scaled = max(1, round(line.shape[1] * ratio)), max(1, round(height * ratio))
    return Image.fromarray(line).resize(scaled, Image.Resampling.LANCZOS, reducing_gap=2.0)


@cache
def _letters() -> dict[str, NDArray[np.uint8]]:
    path = Path(__file__).with_name(LETTERS)
    with path.with_suffix(".png").open("rb") as file:
        sheet = np.asarray(PngImageFile(file))
    letters, left = {}, 0
    for character, advance in zip(
        CHARACTERS, json.loads(path.with_suffix(".json").read_text())["advances"], strict=True
    ):
        letters[character] = sheet[:, left : left + advance + 2 * PAD]
        left += advance + 2 * PAD
    return letters


def _bar(
    width: int, height: int, colour: tuple[int, int, int], opacities: Sequence[int]
) -> Image.Image:
    bar = np.zeros((height, width, 4), np.uint8)
    bar[..., :3] = colour
    bar[..., 3] = np.interp(np.linspace(0, 1, width), np.linspace(0, 1, len(opacities)), opacities)
    ground = Image.new("RGBA", (width, height), _GROUND)
    ground.alpha_composite(Image.fromarray(bar))
    return ground
