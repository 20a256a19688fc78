"""Sheets of white paper drawn beside faces, and what they do for the tone.

No photo of a person with a sheet is at hand. A sheet is drawn as the photo's light would show it:
in perspective, with a slope of light over it, grain, soft edges, sometimes a hand over a corner or
cut off by the picture's border. Then exposure and white balance of the whole picture are moved, as
a camera does, and the file is a JPEG. Even photos were tuned on, odd ones are judged.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from evaluation import edits
from evaluation.judge import Finding, limits
from evaluation.measure import models
from evaluation.photos import folder
from facet import colour
from facet.domain.face import PaperReason
from facet.vision.face.landmarks import part
from facet.vision.face.patches import cut
from facet.vision.photo.decode import decode
from facet.vision.photo.gates import load_gates
from facet.vision.skin.paper import Paper, find_paper
from facet.vision.skin.tone import PATCHES, SkinColour, skin_colour

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating]

SECTION = "White paper"
FOLDERS = ("portraits", "closeups", "ages", "acne", "same_person")
_PRESS = "same_person"
_ENLARGED = 600  # px; press photos of 150 px are enlarged to it
_READ_EVERY = {_PRESS: 9}  # of these photos every so many is read without a sheet
_DRAW_EVERY = {_PRESS: 30, "ages": 3, "acne": 4}  # and with one
_FACE = 180  # px; sheets are drawn beside faces no wider

# CIELAB of the sheets that are drawn: with little brightener and with much.
SHEETS = ((94.5, 0.5, -2.0), (95.0, 1.5, -6.0), (93.5, 2.5, -10.0))
# A camera that meters a white sheet keeps it from clipping.
METERED = -0.9  # stops
STOPS = (-1.0, -0.5, 0.0, 0.5, 1.0)
# Gains of R, G, B: 400 K to either side of daylight, and a lamp that the camera corrected half.
CASTS = {
    "400 K warmer": (1.05, 1.0, 0.94),
    "400 K cooler": (0.95, 1.0, 1.06),
    "lamp": (1.22, 1.0, 0.68),
}


@dataclass(frozen=True)
class Scene:
    """A photo with room beside the face, and where a sheet goes in it."""

    pixels: Pixels
    points: Floats  # (468, 2)
    seed: int

    @property
    def outline(self) -> Floats:
        return self.points[part("face")]

    @property
    def width(self) -> float:
        return float(np.ptp(self.outline[:, 0]))

    def light(self) -> float:
        """How bright a perfect white would be beside this face, in linear light of the file.

        Highlights of a face lie at about two thirds of a white sheet's light, here 15 % either way.
        """
        face = colour.luminance(colour.linear_from_srgb(cut(self.pixels, self.outline)))
        draw = np.random.default_rng(self.seed)
        return float(np.quantile(face, 0.99)) / 0.6 * float(np.exp(draw.normal(0, 0.15)))


def sheet(
    scene: Scene,
    *,
    light: float = 1.0,
    tint: Sequence[float] = (1.0, 1.0, 1.0),
    slope: float = 0.15,
    fold: float = 0.0,
    scale: float = 1.0,
) -> Floats:
    """The scene with a sheet -> linear light (h, w, 3), metered, not yet clipped.

    light, tint: of the sheet against the face's. slope: stops over it. fold: ln, of its creases.
    """
    draw = np.random.default_rng(scene.seed + 1)
    linear = colour.linear_from_srgb(scene.pixels).astype(np.float32)
    height, width = linear.shape[:2]
    quad = _corners(scene, draw, scale)
    mask = _mask([quad], (height, width))
    hand = _mask(_fingers(scene, quad, draw), (height, width)) if draw.random() < 0.6 else 0 * mask
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    way = draw.normal(size=2)
    way /= np.linalg.norm(way)
    across = (columns - quad[:, 0].mean()) * way[0] + (rows - quad[:, 1].mean()) * way[1]
    reach = np.ptp(quad @ way)
    shade = 2 ** (slope * across / reach)
    shade *= np.exp(fold * np.sin(9 * across / reach))
    grain = 1 + ndimage.gaussian_filter(draw.normal(0, 0.012, (height, width)), 0.6)
    white = colour.linear_from_lab(SHEETS[scene.seed % len(SHEETS)]) * scene.light() * light
    paper = (white * np.array(tint)) * (shade * grain)[..., None]
    # It throws a little shadow on what is behind it.
    shadow = 1 - 0.25 * ndimage.gaussian_filter(mask, 0.04 * scene.width)
    soft = ndimage.gaussian_filter(mask, 0.7)[..., None]
    linear = linear * shadow[..., None] * (1 - soft) + paper * soft
    skin = np.median(colour.linear_from_srgb(_cheeks(scene)), axis=0)
    covered = ndimage.gaussian_filter(hand, 0.9)[..., None]
    shading = np.exp(ndimage.gaussian_filter(draw.normal(0, 1, (height, width)), 3) * 0.6)
    linear = linear * (1 - covered) + covered * skin * 0.85 * shading[..., None]
    return np.asarray(linear * 2**METERED)


def taken(linear: Floats, stops: float = 0.0, cast: Sequence[float] = (1, 1, 1)) -> bytes:
    """Linear light as a camera files it: moved, clipped, with its noise, as a JPEG."""
    moved = linear * np.array(cast) * 2**stops
    noise = np.random.default_rng(int(linear.shape[1])).normal(0, 1.2, linear.shape[:2])
    encoded = colour.srgb_from_linear(moved) * 255 + noise[..., None]
    return edits.as_jpeg(np.rint(np.clip(encoded, 0, 255)).astype(np.uint8), 90)


def scene_of(path: Path, seed: int) -> Scene | None:
    """A photo with room for a sheet, mostly; None where nobody is found on it."""
    faces = models().find_faces(pixels := _pixels(path))
    if not faces:
        return None
    points = max(faces, key=lambda face: face.detection.width).mesh.points
    factor = min(1.0, _FACE / float(np.ptp(points[part("face"), 0])))
    if factor < 1:
        pixels, points = edits.resize(pixels, factor), (points + 0.5) * factor - 0.5
    outline = points[part("face")]
    width = float(np.ptp(outline[:, 0]))
    left, right = outline[:, 0].min(), pixels.shape[1] - outline[:, 0].max()
    # Who holds a sheet holds the phone so that it is seen: the backdrop goes on for as long as that
    # takes, but for every fourth photo, where the border cuts the sheet off.
    room = (0.0 if seed % 4 == 3 else 1.15) * width
    more = max(0, round(room - max(left, right)))
    pads = (more, 0) if left > right else (0, more)
    wide = np.pad(pixels, ((0, 0), pads, (0, 0)), mode="edge")
    return Scene(wide, points + np.array([pads[0], 0]), seed)


def photos(source: Path, name: str) -> list[Path]:
    """The photos of one folder, in the order of their names."""
    kinds = {".jpg", ".jpeg", ".png", ".webp"}
    return sorted(path for path in (source / name).rglob("*") if path.suffix.lower() in kinds)


def half(paths: Sequence[Path], *, judged: bool) -> list[Path]:
    """Every second photo; of the press photos, those of every second person."""
    if paths and paths[0].parent.name == _PRESS:
        return [path for path in paths if int(path.stem[1:].split("_")[0]) % 2 == judged]
    return list(paths[int(judged) :: 2])


def _pixels(path: Path) -> Pixels:
    if path.parent.name != _PRESS:
        return decode(path.read_bytes(), load_gates("relaxed")).pixels
    large = Image.open(path).convert("RGB").resize((_ENLARGED,) * 2, Image.Resampling.LANCZOS)
    return edits.pixels_of(edits.as_jpeg(np.asarray(large), 92))


def _cheeks(scene: Scene) -> Pixels:
    return np.concatenate(
        [cut(scene.pixels, scene.points[part(name)]) for name in ("right_cheek", "left_cheek")]
    )


def _corners(scene: Scene, draw: np.random.Generator, scale: float) -> Floats:
    """(4, 2) of a sheet of A5 to A4, where the picture has more room beside chin or cheek."""
    outline, width = scene.outline, scene.width
    size = scale * width * draw.uniform(0.75, 1.15) * np.array([1.0, 1.41])
    if draw.random() < 0.3:
        size = size[::-1]
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2 * size
    corners *= 1 + draw.uniform(-0.08, 0.08, corners.shape)
    turn = np.radians(draw.uniform(-18, 18))
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    room = outline[:, 0].min(), scene.pixels.shape[1] - outline[:, 0].max()
    gap = draw.uniform(0.06, 0.25) * width
    if room[0] > room[1]:
        x = outline[:, 0].min() - gap - corners[:, 0].max()
    else:
        x = outline[:, 0].max() + gap - corners[:, 0].min()
    y = outline[:, 1].max() - draw.uniform(-0.1, 0.6) * width
    if max(room) < 0.45 * width:  # no room beside: below the chin
        x = outline[:, 0].mean() + draw.uniform(-0.3, 0.3) * width
        y = outline[:, 1].max() + gap - corners[:, 1].min()
    return np.asarray(corners + np.array([x, y]))


def _fingers(scene: Scene, quad: Floats, draw: np.random.Generator) -> list[Floats]:
    """Three fingers that hold the sheet by an edge, or a thumb over a corner."""
    unit = scene.width / 140  # mm
    side = int(draw.integers(4))
    start, end = quad[side], quad[(side + 1) % 4]
    along = (end - start) / np.linalg.norm(end - start)
    inwards = np.array([-along[1], along[0]])
    first = draw.uniform(0.05, 0.6) * float(np.linalg.norm(end - start))
    fingers = []
    for number in range(3):
        middle = start + along * (first + number * 19 * unit)
        angles = np.linspace(0, 2 * np.pi, 24)
        fingers.append(
            middle
            + 26 * unit * np.cos(angles)[:, None] * inwards
            + 8.5 * unit * np.sin(angles)[:, None] * along
        )
    return fingers


def _mask(polygons: Sequence[Floats], size: tuple[int, int]) -> Floats:
    """Polygons of (n, 2) pixels -> (h, w) 0 or 1, anti-aliased."""
    image = Image.new("L", (3 * size[1], 3 * size[0]))
    draw = ImageDraw.Draw(image)
    for polygon in polygons:
        draw.polygon([(float(3 * x), float(3 * y)) for x, y in polygon], fill=255)
    small = image.resize((size[1], size[0]), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


# --- judged --------------------------------------------------------------------------------------

# Sheets that must not be measured by.
WRONG: Mapping[str, Callable[[Scene], Floats]] = {
    "in shadow (1.5 stops)": partial(sheet, light=0.35),
    "in a brighter light (1.5 stops)": partial(sheet, light=2.8),
    "in another lamp": partial(sheet, tint=(1.7, 1.0, 0.3)),
    "in creases": partial(sheet, fold=0.12),
    "in half shade (1 stop over it)": partial(sheet, slope=1.0),
}


@dataclass(frozen=True)
class Read:
    """One picture with a sheet: what came of it, and ITA in degrees."""

    edit: str
    answer: str  # used, or the reason
    with_paper: float | None  # ITA less the true one
    without: float  # ITA less what the same photo shows unmoved


def find(pixels: Pixels, points: Floats) -> tuple[Paper | PaperReason, SkinColour] | None:
    """The sheet on a picture and the skin's colour; None where no cheek is seen."""
    skin = skin_colour({name: cut(pixels, points[part(name)]) for name in PATCHES})
    if skin is None:
        return None
    return find_paper(pixels, points[part("face")], skin), skin


def read_drawn(scene: Scene) -> Iterator[Read]:
    """A sheet as it should be held, under every exposure and white balance."""
    own = find(scene.pixels, scene.points)
    if own is None:
        return
    metered = colour.lab_from_linear(own[1].linear * 2**METERED)
    shown = float(colour.ita(metered))
    true = float(colour.ita(colour.lab_from_linear(own[1].linear / scene.light())))
    drawn = sheet(scene)
    moves = [(f"{stops:+g} stops", stops, (1.0, 1.0, 1.0)) for stops in STOPS]
    moves += [(name, 0.0, cast) for name, cast in CASTS.items()]
    for name, stops, cast in moves:
        seen = find(edits.pixels_of(taken(drawn, stops, cast)), scene.points)
        if seen is None:
            continue
        paper, skin = seen
        yield Read(
            name,
            "used" if isinstance(paper, Paper) else paper,
            float(colour.ita(paper.skin(skin).lab)) - true if isinstance(paper, Paper) else None,
            float(colour.ita(skin.lab)) - shown,
        )


def scenes(source: Path, *, judged: bool) -> Iterator[Scene]:
    """The photos of one half that a sheet is drawn on."""
    for name in FOLDERS:
        chosen = half(photos(source, name), judged=judged)[:: _DRAW_EVERY.get(name, 1)]
        for seed, path in enumerate(chosen):
            if scene := scene_of(path, seed):
                yield scene


def judge_paper(source: Path | None = None, *, judged: bool = True) -> list[Finding]:
    """Drawn sheets and photos without one; judged: the half that nothing was tuned on."""
    source = source or folder()
    missing = [name for name in FOLDERS if not (source / name).is_dir()]
    if missing:
        return [Finding(SECTION, "not judged", None, note=f"no photos in {', '.join(missing)}")]
    return [*_with_sheet(source, judged), *_without_sheet(source, judged)]


def _without_sheet(source: Path, judged: bool) -> Iterator[Finding]:
    taken_for: list[str] = []
    count = 0
    for name in FOLDERS:
        for path in half(photos(source, name), judged=judged)[:: _READ_EVERY.get(name, 1)]:
            seen = _as_it_is(path)
            count += seen is not None
            if seen and isinstance(seen[0], Paper):
                taken_for.append(f"{name}/{path.stem}")
    asked = limits()["paper"]
    yield Finding(
        SECTION,
        "photos without a sheet on which one is found",
        len(taken_for) / max(count, 1),
        "share",
        most=asked["false"],
        n=count,
        worst=taken_for[:4],
    )


def _as_it_is(path: Path) -> tuple[Paper | PaperReason, SkinColour] | None:
    faces = models().find_faces(pixels := _pixels(path))
    if not faces:
        return None
    return find(pixels, max(faces, key=lambda face: face.detection.width).mesh.points)


def _with_sheet(source: Path, judged: bool) -> Iterator[Finding]:
    asked = limits()["paper"]
    reads: list[Read] = []
    wrong: dict[str, list[str]] = {name: [] for name in WRONG}
    for number, scene in enumerate(scenes(source, judged=judged)):
        reads += read_drawn(scene)
        kind = list(WRONG)[number % len(WRONG)]
        drawn = taken(WRONG[kind](scene))
        if seen := find(edits.pixels_of(drawn), scene.points):
            wrong[kind].append("used" if isinstance(seen[0], Paper) else seen[0])
    plain = [read for read in reads if read.edit == "+0 stops"]
    yield Finding(
        SECTION,
        "sheets used, metered as a camera does",
        _share(plain, "used"),
        "share",
        least=asked["used"],
        n=len(plain),
        note=_reasons(plain),
    )
    for edit in dict.fromkeys(read.edit for read in reads):
        those = [read for read in reads if read.edit == edit]
        used = [read for read in those if read.with_paper is not None]
        errors = np.abs([read.with_paper for read in used if read.with_paper is not None])
        moved = np.abs([read.without for read in used])
        if not used:
            yield Finding(SECTION, f"ITA by the sheet, {edit}", None, n=0, note=_reasons(those))
            continue
        without = f"without the sheet {np.median(moved):.1f}, 9 of 10 {np.quantile(moved, 0.9):.1f}"
        yield Finding(
            SECTION,
            f"ITA by the sheet, {edit}: median error",
            float(np.median(errors)),
            "degrees",
            most=asked["median"],
            n=len(used),
            note=f"{without}; {_reasons(those)}",
        )
        yield Finding(
            SECTION,
            f"ITA by the sheet, {edit}: 9 of 10 within",
            float(np.quantile(errors, 0.9)),
            "degrees",
            most=asked["tenth"],
            n=len(used),
        )
    for kind, answers in wrong.items():
        yield Finding(
            SECTION,
            f"sheets used that lie {kind}",
            answers.count("used") / len(answers) if answers else None,
            "share",
            most=asked["wrong"],
            n=len(answers),
            note=", ".join(f"{name} {answers.count(name)}" for name in sorted(set(answers))),
        )


def _share(reads: Sequence[Read], answer: str) -> float | None:
    return sum(read.answer == answer for read in reads) / len(reads) if reads else None


def _reasons(reads: Sequence[Read]) -> str:
    answers = [read.answer for read in reads]
    return ", ".join(f"{name} {answers.count(name)}" for name in sorted(set(answers)))


def main() -> int:
    """On the tuning half: `python -m evaluation.paper --tune`."""
    findings = judge_paper(judged="--tune" not in sys.argv)
    for finding in findings:
        print(finding.line)
    return int(any(finding.met is False for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
