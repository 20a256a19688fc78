"""Write the letters of the overlays' legend: `python -m local.glyphs`.

Lambda's Pillow carries no FreeType, which with its libraries is 3.5 MB in every function that opens
a picture. So the letters are drawn here, once, from the font that Pillow embeds (Aileron Regular by
Sora Sagano, CC0 1.0), and facet/vision/drawing/legend.py puts them together.
"""

import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from facet.vision.drawing.legend import CHARACTERS, LETTERS, PAD, SIZE

ROOT = Path(__file__).parents[1]


def main() -> None:
    font = ImageFont.load_default(SIZE)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise SystemExit("This Pillow has no FreeType.")
    ascent, descent = font.getmetrics()
    advances = [round(font.getlength(letter)) for letter in CHARACTERS]
    width = sum(advance + 2 * PAD for advance in advances)
    sheet = Image.new("L", (width, ascent + descent))
    draw = ImageDraw.Draw(sheet)
    left = 0
    for letter, advance in zip(CHARACTERS, advances, strict=True):
        draw.text((left + PAD, 0), letter, 255, font)
        left += advance + 2 * PAD
    folder = ROOT / "layers" / "shared" / "facet" / "vision" / "drawing"
    sheet.save(folder / f"{LETTERS}.png", optimize=True)
    (folder / f"{LETTERS}.json").write_text(json.dumps({"advances": advances}) + "\n")


if __name__ == "__main__":
    main()
