"""Looks drawn on the evaluation photos: a sheet to look at, and numbers for what can be counted.

The numbers do not use the renderer's own masks. Places are the mesh's polygons, drawn by Pillow and
softened by SciPy; teeth and eyes are found in the photo before anything is put on it.
"""

import multiprocessing
import os
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from evaluation.edits import Canvas, Floats, Pixels
from evaluation.judge import Finding
from evaluation.measure import models
from evaluation.photos import PORTRAITS, FacePhoto
from facet import colour
from facet.domain.style import Makeup
from facet.vision.drawing.render import render_look
from facet.vision.drawing.rules import render_rules
from facet.vision.face.landmarks import part
from facet.vision.face.patches import cut
from facet.vision.face.pose import canonical
from facet.vision.skin.tone import PATCHES, skin_colour

SECTION = "Looks"
FILE = "looks.jpg"
_FACE, _EYES, _MOUTH = (220, 240), (264, 132), (180, 120)  # px, tiles of the sheet
_SIDES = ("right", "left")
_GROUPS = ("above 41", "10 to 41", "below 10")  # degrees of ITA, as tone.toml groups the scale


@dataclass
class Drawn:
    """What one photo's looks came to."""

    photo: str
    tone: str
    tiles: list[Pixels] = field(default_factory=list)  # one picture for each look, before first
    distances: dict[str, float] = field(default_factory=dict)  # category -> CIEDE2000
    numbers: dict[str, float] = field(default_factory=dict)


def judge_looks(photos: Sequence[FacePhoto], out: Path) -> list[Finding]:
    """Draws every look on every photo with a face, writes out/looks.jpg -> what was counted."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.process_cpu_count(), mp_context=spawn) as pool:
        drawn = [face for face in pool.map(draw, photos) if face]
    out.mkdir(exist_ok=True)
    _sheet(drawn).save(out / FILE, quality=88)
    return findings(drawn)


def findings(drawn: Sequence[Drawn]) -> list[Finding]:
    """Rows of the report, each with the photos that are farthest off."""
    limits = _table()["limits"]
    rows = []
    most, least = limits["shade"]["most"], limits["shade"]["least"]
    for category in _table()["shades"]:
        values = {
            face.photo: face.distances[category] for face in drawn if category in face.distances
        }
        within = float(np.mean([value <= most for value in values.values()])) if values else None
        rows.append(
            Finding(
                SECTION,
                f"{category} at 100, matte: within {most:g} of the shade",
                within,
                "of faces",
                least=least,
                n=len(values),
                worst=[name for name in _worst(values) if values[name] > most],
            )
        )
        for group in _GROUPS:
            of_group = [
                values[face.photo] for face in drawn if face.tone == group and face.photo in values
            ]
            rows.append(
                Finding(
                    SECTION,
                    f"{category}, skin of ITA {group}: from the shade",
                    float(np.median(of_group)) if of_group else None,
                    "CIEDE2000, median",
                    most=most if of_group else None,
                    n=len(of_group),
                    note=f"most {max(of_group):.1f}" if of_group else "no such face",
                )
            )
    for name in ("outside", "brow", "teeth", "eye", "detail", "shading"):
        values = {face.photo: face.numbers[name] for face in drawn if name in face.numbers}
        limit = limits[name]
        low = "least" in limit
        value = (min if low else max)(values.values(), default=None)
        rows.append(
            Finding(
                SECTION,
                limit["of"],
                value,
                least=limit.get("least"),
                most=limit.get("most"),
                n=len(values),
                note=f"the worst; median {np.median([*values.values()]):.2f}" if values else "",
                worst=_worst(values, low=low),
            )
        )
    return rows


def _worst(values: Mapping[str, float], *, low: bool = False) -> list[str]:
    return sorted(values, key=lambda name: values[name] * (1 if low else -1))[:4]


def draw(photo: FacePhoto) -> Drawn | None:
    """Every look on one photo, and what each product does alone; None where no face is found."""
    faces = models().find_faces(photo.pixels)
    if not faces:
        return None
    canvas = Canvas(photo.pixels, faces[0].mesh.points)
    skin = skin_colour({n: cut(photo.pixels, canvas.points[part(n)]) for n in PATCHES})
    if skin is None:
        return None
    drawn = Drawn(photo.name, _tone(float(colour.ita(skin.lab))))
    pictures = [photo.pixels] + [
        render_look(photo.pixels, canvas.points, [_step(step, skin.lab) for step in look["steps"]])
        for look in _table()["looks"]
    ]
    drawn.tiles = [_tile(picture, canvas.points) for picture in pictures]
    if photo.frontal:
        _count(drawn, canvas, skin.lab)
    return drawn


def _count(drawn: Drawn, canvas: Canvas, skin: Floats) -> None:
    table = _table()
    alone = {
        category: render_look(
            canvas.pixels,
            canvas.points,
            [_step({"category": category, "finish": "matte", "intensity": 100, **shade}, skin)],
        )
        for category, shade in table["shades"].items()
    }
    for category, after in alone.items():
        place = _place(canvas, category)
        if place.sum() >= 40 and canvas.px_per_mm >= _LEAST_SCALE.get(category, 0):
            shade = _step(
                {"category": category, "intensity": 100, **table["shades"][category]}, skin
            )
            middle = np.median(colour.lab_from_srgb(_boxed(canvas, after)[place]), axis=0)
            expected = _lit(canvas, shade.hex, place, category)
            drawn.distances[category] = float(colour.delta_e_2000(middle, expected))
    before = canvas.pixels
    drawn.numbers["outside"] = float(
        sum(_changed(before, alone[name])[~_may(canvas, name)].sum() for name in _REACH)
    )
    brows = _mask(canvas, [canvas.local[part(f"{side}_brow")] for side in _SIDES])
    drawn.numbers["brow"] = float(_changed(*_both(canvas, alone["eyeshadow"]))[brows].sum())
    eyes = _shrunk(
        _mask(canvas, [canvas.local[part(f"{side}_eye")] for side in _SIDES]),
        max(canvas.px_per_mm, 1.5),
    )
    eyes &= canvas.likeness < 0.3  # lids hang over what the mesh takes for the eye
    worn = [
        _step(step, skin)
        for look in table["looks"]
        for step in look["steps"]
        if step["category"] in {"eyeshadow", "eyeliner", "mascara", "concealer"}
    ]
    if eyes.sum() >= 20:
        drawn.numbers["eye"] = _seen(canvas, render_look(before, canvas.points, worn), eyes)
    teeth = _teeth(canvas)
    if teeth.sum() >= 60:
        drawn.numbers["teeth"] = _seen(canvas, alone["lip"], teeth)
    cheeks = _shrunk(
        _mask(canvas, [canvas.local[part(f"{side}_cheek")] for side in _SIDES]), canvas.px_per_mm
    ) & (canvas.likeness > 0.8)
    if cheeks.sum() >= 400:
        old, new = (_light(_boxed(canvas, picture)) for picture in (before, alone["foundation"]))
        fine = [
            (light - ndimage.gaussian_filter(light, canvas.px_per_mm))[cheeks].std()
            / light[cheeks].mean()
            for light in (old, new)
        ]
        broad = [
            ndimage.gaussian_filter(light, 3 * canvas.px_per_mm)[cheeks] for light in (old, new)
        ]
        drawn.numbers["detail"] = float(fine[1] / fine[0])
        drawn.numbers["shading"] = float(np.corrcoef(*broad)[0, 1])


# Landmark polygons of each product's usual place on the right, and the mm its edge may reach.
_LIDS = [33, 246, 161, 160, 159, 158, 157, 173, 133, 190, 56, 28, 27, 29, 30, 247, 130]
_CHEEK = [118, 117, 116, 123, 50, 205, 36, 101]
_CHEEKBONE = [34, 143, 111, 117, 118, 123, 116]
_UNDER_EYE = [33, 7, 163, 144, 145, 153, 154, 155, 133, 243, 233, 232, 231, 230, 229, 228, 31, 226]
_HOLLOW = [137, 123, 50, 205, 207, 187, 147]
_PLACES = {
    "eyeshadow": (_LIDS, 1.0),
    "blush": (_CHEEK, 4.5),
    "bronzer": (_CHEEKBONE, 2.0),
    "highlighter": (_CHEEKBONE, 2.0),
    "concealer": (_UNDER_EYE, 2.0),
    "contour": (_HOLLOW, 3.0),
}
# px/mm: on smaller faces a lid is two or three pixels high, and its lashes one of them.
_LEAST_SCALE = {"eyeshadow": 1.6, "brow": 1.6}
_REACH = {"lip": 6.0, "eyeshadow": 6.0, "blush": 18.0}


def _polygons(canvas: Canvas, category: str) -> list[Floats]:
    if category == "lip":
        return [canvas.local[part("lips")]]
    if category == "foundation":
        return [canvas.local[part("face")]]
    if category == "brow":
        return [canvas.local[part(f"{side}_brow")] for side in _SIDES]
    right = np.array(_PLACES[category][0])
    return [canvas.local[right], canvas.local[canonical().mirror[right]]]


def _place(canvas: Canvas, category: str) -> Any:
    """(h, w) of the canvas's box: well inside a product's place, where the photo shows it."""
    mask = _mask(canvas, _polygons(canvas, category))
    if category == "lip":
        mouth = _mask(canvas, [canvas.local[part("mouth")]])
        mask &= ~ndimage.binary_dilation(mouth, iterations=max(1, round(canvas.px_per_mm)))
        return _shrunk(mask, 0.6 * canvas.px_per_mm)
    if category == "foundation":
        return _shrunk(mask, 10 * canvas.px_per_mm) & (canvas.skin > 0.9)
    if category == "brow":
        # Hair, where it is darker than skin.
        light = _light(_boxed(canvas, canvas.pixels))
        mask = _shrunk(mask, canvas.px_per_mm)
        hair = mask & (light < 0.85 * np.median(light[canvas.skin > 0.9]))
        return hair if hair.sum() > mask.sum() / 4 else mask
    mask = _shrunk(mask, _PLACES[category][1] * canvas.px_per_mm)
    if category == "eyeshadow":
        # Not lashes, nor the brow that hangs over some lids, nor dark glasses.
        light = _light(_boxed(canvas, canvas.pixels))
        lids = mask & (light > 0.55 * np.median(light[canvas.skin > 0.9]))
        return lids if lids.sum() > mask.sum() / 3 else mask & False
    return mask & (canvas.likeness > 0.7)


def _may(canvas: Canvas, category: str) -> Any:
    """(height, width) of the photo: where a product may change anything."""
    mask = _mask(canvas, _polygons(canvas, category))
    far = ndimage.distance_transform_edt(~mask) <= _REACH[category] * canvas.px_per_mm
    whole = np.zeros(canvas.pixels.shape[:2], bool)
    left, top, right, bottom = canvas.box
    whole[top:bottom, left:right] = far
    return whole


def _lit(canvas: Canvas, shade: str, place: Any, category: str) -> Floats:
    """CIELAB of a shade in the light that falls on its place, against that on cheeks and nose."""
    light = _light(_boxed(canvas, canvas.pixels))
    weight = canvas.skin + 1e-3
    broad = ndimage.gaussian_filter(light * weight, 5 * canvas.px_per_mm)
    broad /= ndimage.gaussian_filter(weight, 5 * canvas.px_per_mm)
    names = ("right_cheek", "left_cheek", "nose")
    core = _mask(canvas, [canvas.local[part(name)] for name in names]) & (canvas.likeness > 0.5)
    share = np.clip(np.median(broad[place]) / np.median(light[core]), 0.6, 1.2)
    share **= render_rules()["product"][category]["shaded"]
    # OKLab L is a cube root of light.
    return colour.lab_from_linear(colour.linear_from_srgb(_bytes(shade)) * share**3)


def _teeth(canvas: Canvas) -> Any:
    """Inside the mouth, bright and nearly without colour beside the lips."""
    mouth = _shrunk(_mask(canvas, [canvas.local[part("mouth")]]), 0.5 * canvas.px_per_mm)
    lips = _place(canvas, "lip")
    if not mouth.any() or not lips.any():
        return mouth & False
    lab = colour.lab_from_srgb(_boxed(canvas, canvas.pixels))
    lip = np.median(lab[lips], axis=0)
    return mouth & (lab[..., 1] < 0.4 * lip[1]) & (lab[..., 0] > lip[0])


def _seen(canvas: Canvas, after: Pixels, where: Any) -> float:
    old, new = (colour.lab_from_srgb(picture[where]) for picture in _both(canvas, after))
    return float(np.quantile(colour.delta_e_2000(old, new), 0.95))


# --- small things ---------------------------------------------------------------------------------


def _both(canvas: Canvas, after: Pixels) -> tuple[Pixels, Pixels]:
    return _boxed(canvas, canvas.pixels), _boxed(canvas, after)


def _boxed(canvas: Canvas, pixels: Pixels) -> Pixels:
    left, top, right, bottom = canvas.box
    return pixels[top:bottom, left:right]


def _mask(canvas: Canvas, polygons: Sequence[Floats]) -> Any:
    return canvas.mask(polygons) > 0.5


def _shrunk(mask: Any, px: float) -> Any:
    return ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1] > px


def _changed(before: Pixels, after: Pixels) -> Any:
    return (before != after).any(axis=-1)


def _light(pixels: Pixels) -> Floats:
    """(h, w) the cube root of luminance, which is what OKLab's L nearly is."""
    return np.cbrt(colour.luminance(colour.linear_from_srgb(pixels)))


def _bytes(shade: str) -> Pixels:
    return np.frombuffer(bytes.fromhex(shade[1:]), np.uint8)


def _step(step: Mapping[str, Any], skin: Floats) -> Makeup:
    if "from_skin" in step:
        code = colour.hex_from_lab(skin + step["from_skin"])
    else:
        deep = skin[0] < _table()["deep_below"]
        code = step.get("deep", step["hex"]) if deep else step["hex"]
    rest = {k: v for k, v in step.items() if k not in {"hex", "deep", "from_skin"}}
    return Makeup.model_validate({**rest, "hex": code})


def _tone(ita: float) -> str:
    return _GROUPS[0] if ita > 41 else _GROUPS[1] if ita > 10 else _GROUPS[2]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("looks.toml").read_text(encoding="utf-8"))


# --- the sheet ----------------------------------------------------------------------------------


def _tile(pixels: Pixels, points: Floats) -> Pixels:
    """The face, and under it the eyes and the mouth closer by."""
    eyes = (points[33] + points[263]) / 2
    unit = float(np.linalg.norm(points[33] - points[263]))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    mouth = (points[61] + points[291]) / 2
    wide = max(_FACE[0], _EYES[0], _MOUTH[0])
    tile = Image.new("RGB", (wide, _FACE[1] + _EYES[1] + _MOUTH[1]), "white")
    top = 0
    for size, (x, y), across in ((_FACE, middle, 2.2), (_EYES, eyes, 1.45), (_MOUTH, mouth, 0.95)):
        half = np.array([across, across * size[1] / size[0]]) * unit / 2
        left, upper, right, lower = (
            round(float(side)) for side in (x - half[0], y - half[1], x + half[0], y + half[1])
        )
        piece = Image.fromarray(pixels).crop((left, upper, right, lower))
        tile.paste(piece.resize(size, Image.Resampling.LANCZOS), ((wide - size[0]) // 2, top))
        top += size[1]
    return np.asarray(tile)


def _sheet(drawn: Sequence[Drawn]) -> Image.Image:
    """Two photos in a row, each as it was and in every look; the darkest skin last.

    All close-ups, and of the portraits, which are small and alike, every third.
    """
    portraits = [face for face in drawn if face.photo.startswith(PORTRAITS)]
    shown = [face for face in drawn if face not in portraits] + portraits[::3]
    ordered = sorted(shown, key=lambda face: _GROUPS.index(face.tone))
    lines = [np.concatenate(face.tiles, axis=1) for face in ordered]
    if len(lines) % 2:
        lines.append(np.full_like(lines[0], 255))
    rows = [np.concatenate(lines[i : i + 2], axis=1) for i in range(0, len(lines), 2)]
    return Image.fromarray(np.concatenate(rows))
