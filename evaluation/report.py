"""The findings as a page, with pictures to look at. Local output: it shows real people's faces."""

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, select_autoescape
from PIL import Image

from evaluation import edits
from evaluation.contact_sheet import FILE as LOOKS
from evaluation.judge import Finding, Rows
from evaluation.photos import FacePhoto
from facet.vision.skin.texture import SIZES, unwrap

_TILE = 320  # px, longer side of a tile
_SHOWN = 3  # faces for each edit
_TONES = (2, 4, 6, 8, 9)
_STEPS = (0.0, 0.4, 1.0)


@dataclass(frozen=True)
class Sheet:
    """A picture of tiles in rows, and what it shows."""

    file: str
    title: str
    about: str


def write(
    out: Path,
    findings: Sequence[Finding],
    rows: Rows,
    photos: Sequence[FacePhoto],
    seconds: float,
) -> Path:
    """report.html and its pictures below `out` -> the page."""
    pictures = out / "pictures"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    by_name = {photo.name: photo for photo in photos}
    canvases = {
        row["photo"]: edits.Canvas(by_name[row["photo"]].pixels, np.array(row["points"]))
        for row in rows.of("mesh")
    }
    sheets = list(_sheets(pictures, canvases, rows, findings))
    if (out / LOOKS).exists():
        about = "Each face as it is, then natural, evening and bold; eyes and mouth closer below."
        sheets.insert(0, Sheet(LOOKS, "Looks", about))
    sections = [(name, list(those)) for name, those in groupby(findings, key=lambda f: f.section)]
    page = out / "report.html"
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape()
    )
    page.write_text(
        environment.get_template("report.html").render(
            sections=sections,
            missed=[finding for finding in findings if finding.met is False],
            judged=[finding for finding in findings if finding.met is not None],
            sheets=sheets,
            photos=len(photos),
            minutes=seconds / 60,
        ),
        encoding="utf-8",
    )
    return page


def _sheets(
    pictures: Path, canvases: dict[str, edits.Canvas], rows: Rows, findings: Sequence[Finding]
) -> Iterable[Sheet]:
    def save(name: str, tiles: Sequence[Sequence[edits.Pixels]], title: str, about: str) -> Sheet:
        file = f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.jpg"
        _joined(tiles).save(pictures / file, quality=88)
        return Sheet(f"pictures/{file}", title, about)

    names = list(canvases)
    yield save(
        "meshes",
        _in_rows([_dotted(canvases[name]) for name in names], 6),
        "Meshes",
        "The 468 landmarks on every photo on which a face was found.",
    )
    textures = [unwrap(c.pixels, c.points, SIZES[1]).rgb for c in canvases.values()]
    yield save(
        "textures", _in_rows(textures, 6), "Canonical textures", "The layout that is measured."
    )
    accepted = [name for name in names if not rows.base.get(name, {}).get("rejected")]
    shown = accepted[:: max(1, len(accepted) // _SHOWN)][:_SHOWN]
    for name, own in edits.OWN.items():
        drawn = [n for n in shown if canvases[n].px_per_mm >= own.least_scale and not own.region]
        if drawn:
            tiles = [[_face(canvases[n], own.apply(canvases[n], s)) for s in _STEPS] for n in drawn]
            about = f"Belongs to {own.concern}. Each face at strengths 0, 0.4 and 1."
            yield save(f"edit {name}", tiles, f"Edit: {name}", about)
    tiles = [
        [
            _face(canvases[n], canvases[n].pixels),
            *(_face(canvases[n], edits.retint(canvases[n], tone)) for tone in _TONES),
        ]
        for n in shown
    ]
    about = "The photo, then Monk tones 2, 4, 6, 8 and 9."
    yield save("tones", tiles, "The same face in other tones", about)
    for number, finding in enumerate(
        finding for finding in findings if finding.met is False and finding.worst
    ):
        if finding.section in {"Own edit", "Nuisance", "Skin tone", "Cross-talk", "Tone class"}:
            pairs = _before_and_after(finding, canvases)
            if pairs:
                title = f"{finding.section}: {finding.what}"
                about = f"Worst first, before and after: {', '.join(finding.worst)}"
                yield save(f"worst {number}", [pairs], title, about)


def _before_and_after(finding: Finding, canvases: dict[str, edits.Canvas]) -> list[edits.Pixels]:
    """The worst photos of a finding, each followed by what the edit it speaks of made of it."""
    tiles = []
    for worst in finding.worst[:3]:
        canvas = canvases.get(worst.split(" ")[0])
        words = finding.what.replace(":", " ").split()
        own = next((edits.OWN[word] for word in words if word in edits.OWN), None)
        tone = next((int(word[5:]) for word in words if word.startswith("monk_")), None)
        other = next((word for word in words if word in edits.NUISANCES | edits.BALANCES), None)
        if canvas is None:
            continue
        tiles.append(_face(canvas, canvas.pixels))
        if own:
            tiles.append(_face(canvas, own.apply(canvas, 1.0)))
        elif tone:
            tiles.append(_face(canvas, edits.retint(canvas, tone)))
        elif other and not other.startswith(("mirror", "resize", "rotate")):
            file = (edits.NUISANCES | edits.BALANCES)[other](canvas.pixels)
            tiles.append(_face(canvas, edits.pixels_of(file)))
    return tiles


def _face(canvas: edits.Canvas, pixels: edits.Pixels) -> edits.Pixels:
    left, top, right, bottom = canvas.box
    return pixels[top:bottom, left:right]


def _dotted(canvas: edits.Canvas) -> edits.Pixels:
    tile = _fitted(_face(canvas, canvas.pixels))
    marked = np.array(tile)
    scale = tile.width / canvas.shape[1]
    inside = np.rint((canvas.local + 0.5) * scale - 0.5).astype(int)
    for x, y in inside.clip(0, np.array(tile.size) - 1):
        marked[y : y + 2, x : x + 2] = (0, 255, 120)
    return marked


def _fitted(pixels: edits.Pixels) -> Image.Image:
    scale = (_TILE - 4) / max(pixels.shape)
    height, width = (max(1, round(length * scale)) for length in pixels.shape[:2])
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)


def _in_rows(tiles: Sequence[edits.Pixels], width: int) -> list[Sequence[edits.Pixels]]:
    return [tiles[start : start + width] for start in range(0, len(tiles), width)]


def _joined(tiles: Sequence[Sequence[edits.Pixels]]) -> Image.Image:
    sheet = Image.new("RGB", (_TILE * max(map(len, tiles)), _TILE * len(tiles)), "white")
    for row, line in enumerate(tiles):
        for column, tile in enumerate(line):
            image = _fitted(tile)
            left = column * _TILE + (_TILE - image.width) // 2
            sheet.paste(image, (left, row * _TILE + (_TILE - image.height) // 2))
    return sheet
