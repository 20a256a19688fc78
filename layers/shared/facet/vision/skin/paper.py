"""A sheet of white paper beside the face: found, checked, and what it says about the light.

The sheet is the largest thing near the face that is bright, smooth and straight-edged. Its colour
is not asked to be white, since coloured light would colour it: instead the skin has to look like
skin once the sheet is taken for white.
"""

import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.domain.face import PaperReason
from facet.vision.face.patches import Pixels, cut, inside, some
from facet.vision.skin.light import Light
from facet.vision.skin.tone import SkinColour

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]
Piece = tuple[NDArray[np.intp], NDArray[np.intp]]  # rows and columns of its pixels

_HIGHLIGHTS = 0.99  # quantile of the face's pixels: eye whites, teeth and shine
_ENOUGH = 20_000  # pixels of the face that tell it


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet that can be measured by."""

    linear: Floats  # (3,) linear RGB, as the photo shows it
    outline: Floats  # (n, 2) its convex hull, pixels of the photo

    @property
    def gains(self) -> Floats:
        """(3,) what each channel of linear light is multiplied by, so that the sheet is white."""
        return np.asarray(colour.linear_from_lab(_table()["white"]["lab"]) / self.linear)

    def light(self, seen: Light) -> Light:
        """The light as it was estimated -> the same with this sheet, which settles its colour."""
        return replace(seen, paper=self, agreement=1.0)

    def skin(self, seen: SkinColour) -> SkinColour:
        """The skin as the photo shows it -> as it is once the sheet is white."""
        linear = np.minimum(seen.linear * self.gains, 1.0)
        patches = {name: np.minimum(rgb * self.gains, 1.0) for name, rgb in seen.patches.items()}
        return replace(seen, linear=linear, lab=colour.lab_from_linear(linear), patches=patches)

    def developed(self, pixels: Pixels) -> Pixels:
        """The photo (height, width, 3) -> the same once the sheet is white."""
        levels = colour.linear_from_srgb(np.arange(256, dtype=np.uint8))[:, None] * self.gains
        table = np.rint(colour.srgb_from_linear(levels) * 255).astype(np.uint8)
        return np.stack([table[pixels[..., channel], channel] for channel in range(3)], axis=-1)

    @property
    def exposure_stops(self) -> float:
        """What it leaves open of the exposure, either way."""
        return float(_table()["white"]["exposure_stops"])

    @property
    def balance(self) -> float:
        """What it leaves open of each channel, as a share of it, either way."""
        return float(_table()["white"]["balance"])


def table_version() -> str:
    """Version of paper.toml."""
    return str(_table()["version"])


def find_paper(pixels: Pixels, outline: Floats, skin: SkinColour) -> Paper | PaperReason:
    """Photo (height, width, 3), the face's outline (n, 2) in its pixels -> the sheet, or why not.

    Of several sheets that say the same, the largest; of several faults, the largest sheet's.
    """
    sheets = _sheets(pixels, outline, skin)
    usable: list[Paper] = []
    reasons: list[PaperReason] = []
    highlights = _highlights(pixels, outline)
    for sheet in sorted(sheets, key=lambda sheet: -sheet.area):
        reason = sheet.misshapen or _fault(sheet, skin, highlights)
        if reason:
            reasons.append(reason)
        else:
            usable.append(Paper(sheet.linear, sheet.hull))
    if usable:
        spread = np.ptp(np.log2([paper.linear for paper in usable]), axis=0)
        return "several" if spread.max() > _table()["checks"]["several"] else usable[0]
    return next((reason for reason in reasons if reason != "not_found"), "not_found")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Something bright and smooth near the face."""

    linear: Floats  # (3,) its median
    hull: Floats  # (n, 2) pixels of the photo
    area: float  # face widths squared
    clipped: float  # share of its pixels
    uneven: float  # stops from end to end
    rough: float  # ln luminance, standard deviation about that slope
    misshapen: PaperReason | None


def _sheets(pixels: Pixels, outline: Floats, skin: SkinColour) -> Iterator[_Sheet]:
    """Every connected piece of picture that might be a sheet."""
    table, shape = _table()["search"], _table()["shape"]
    factor = max(1, math.ceil(max(pixels.shape[:2]) / table["edge"]))
    small, peaks = _reduced(pixels, factor)
    face = (outline + 0.5) / factor - 0.5
    width = float(np.ptp(face[:, 0]))
    luminance = colour.luminance(small)
    bright = luminance > max(
        table["brighter"] * float(colour.luminance(skin.linear)), table["dark"]
    )
    smooth = _smooth(small, table["step"]) & bright & ~inside(face, small.shape[1], small.shape[0])
    least = max(9, shape["smallest"] / 4 * width**2)
    for rows, columns in _pieces(smooth, least):
        hull = _hull(rows, columns)
        misshapen = _misshapen((rows, columns), hull, face, smooth.shape)
        inner = _inner(rows, columns)
        levels = small[rows[inner], columns[inner]]
        uneven, rough = _relief(rows[inner], columns[inner], luminance)
        yield _Sheet(
            linear=np.median(levels, axis=0).astype(float),
            hull=(hull + 0.5) * factor - 0.5,
            area=len(rows) / width**2,
            clipped=float(np.mean(peaks[rows, columns] >= _table()["checks"]["clipped_level"])),
            uneven=uneven,
            rough=rough,
            misshapen=misshapen,
        )


def _fault(sheet: _Sheet, skin: SkinColour, highlights: float) -> PaperReason | None:
    """Why a sheet of the right shape cannot be measured by."""
    checks, likeness = _table()["checks"], _table()["likeness"]
    if sheet.clipped > checks["clipped"]:
        return "clipped"
    if sheet.uneven > checks["uneven"] or sheet.rough > checks["rough"]:
        return "not_flat"
    white = colour.linear_from_lab(_table()["white"]["lab"])
    lightness, a, b = colour.lab_from_linear(skin.linear * white / sheet.linear)
    seen = {
        "highlights": highlights / float(colour.luminance(sheet.linear)),
        "lightness": float(lightness),
        "chroma": math.hypot(a, b),
        "hue": math.degrees(math.atan2(b, a)),
    }
    alike = all(likeness[name][0] <= value <= likeness[name][1] for name, value in seen.items())
    return None if alike else "in_other_light"


def _highlights(pixels: Pixels, outline: Floats) -> float:
    """Luminance of the brightest details of the face."""
    face = colour.luminance(colour.linear_from_srgb(some(cut(pixels, outline), _ENOUGH)))
    return float(np.quantile(face, _HIGHLIGHTS)) if len(face) else 0.0


def _reduced(pixels: Pixels, factor: int) -> tuple[Floats, Pixels]:
    """Linear light (h, w, 3) of blocks of factor x factor, and the brightest level in each."""
    height, width = (side // factor * factor for side in pixels.shape[:2])
    cropped = pixels[:height, :width]
    light = np.zeros((height // factor, width // factor, 3), np.float32)
    peaks = np.zeros(light.shape[:2], np.uint8)
    for down in range(factor):
        for across in range(factor):
            part = cropped[down::factor, across::factor]
            light += colour.linear_from_srgb(part)
            np.maximum(peaks, part.max(axis=-1), out=peaks)
    return light / factor**2, peaks


def _smooth(light: Floats, step: float) -> Mask:
    """Where no channel changes by more than `step` (ln) to any neighbour."""
    levels = np.log(light + 1e-3)
    result = np.ones(light.shape[:2], bool)
    for axis in (0, 1):
        jump = np.abs(np.diff(levels, axis=axis)).max(axis=-1) > step
        before = np.pad(jump, [(0, 1) if at == axis else (0, 0) for at in (0, 1)])
        after = np.pad(jump, [(1, 0) if at == axis else (0, 0) for at in (0, 1)])
        result &= ~(before | after)
    return result


def _pieces(mask: Mask, least: float) -> Iterator[Piece]:
    """Rows and columns of every 4-connected piece of at least so many pixels."""
    padded = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8)
    turns = np.diff(padded, axis=1)
    row, start = np.nonzero(turns == 1)
    _, stop = np.nonzero(turns == -1)
    parent = list(range(len(row)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    # Runs of neighbouring rows that lie below one another are one piece.
    first = np.searchsorted(row, np.arange(mask.shape[0] + 1))
    starts, stops = start.tolist(), stop.tolist()
    for (upper, lower), (_, end) in pairwise(pairwise(first.tolist())):
        above, below = upper, lower
        while above < lower and below < end:
            if starts[above] < stops[below] and starts[below] < stops[above]:
                parent[root(below)] = root(above)
            if stops[above] < stops[below]:
                above += 1
            else:
                below += 1
    roots = np.array([root(run) for run in range(len(row))], dtype=np.intp)
    sizes = np.bincount(roots, weights=stop - start, minlength=1) if len(roots) else np.zeros(1)
    for piece in np.flatnonzero(sizes >= least):
        runs = np.flatnonzero(roots == piece)
        rows = np.repeat(row[runs], stop[runs] - start[runs])
        columns = np.concatenate([np.arange(start[run], stop[run]) for run in runs])
        yield rows, columns


def _hull(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """Convex hull (n, 2), x and y, of pixels in the order of their rows."""
    heads = np.flatnonzero(np.diff(rows, prepend=-1))
    lowest = np.minimum.reduceat(columns, heads)
    highest = np.maximum.reduceat(columns, heads)
    # Corners of pixels, so that a single row has an area too.
    points = {
        (x, y)
        for low, high, at in zip(
            lowest.tolist(), highest.tolist(), rows[heads].tolist(), strict=True
        )
        for y in (at - 0.5, at + 0.5)
        for x in (low - 0.5, high + 0.5)
    }
    ordered = sorted(points)

    def half(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for point in ordered:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def _turn(
    start: tuple[float, float], middle: tuple[float, float], end: tuple[float, float]
) -> float:
    return (middle[0] - start[0]) * (end[1] - start[1]) - (middle[1] - start[1]) * (
        end[0] - start[0]
    )


def _misshapen(
    piece: Piece, hull: Floats, face: Floats, size: tuple[int, ...]
) -> PaperReason | None:
    """Why a piece of the picture is no sheet: not_found where it is something else altogether."""
    shape = _table()["shape"]
    rows, columns = piece
    height, across = size
    width = float(np.ptp(face[:, 0]))
    area = len(rows)
    sides = np.roll(hull, -1, axis=0) - hull
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    on_border = (rows == 0) | (rows == height - 1) | (columns == 0) | (columns == across - 1)
    border = float(on_border.sum())
    apart = float(np.hypot(*(hull[:, None] - face[None]).transpose(2, 0, 1)).min())
    other = (
        area > shape["largest"] * width**2
        or area > shape["largest_share"] * height * across
        or border > shape["border"] * 2 * (height + across)
        or border > shape["own_border"] * lengths.sum()
        or apart > shape["farthest"] * width
        or area < shape["solid"] * _area(hull)
        or area < shape["square"] * _rectangle(hull, sides)
        or _straight(sides, lengths) < shape["straight"]
    )
    if other:
        return "not_found"
    return "too_small" if area < shape["smallest"] * width**2 else None


def _area(hull: Floats) -> float:
    x, y = hull.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _rectangle(hull: Floats, sides: Floats) -> float:
    """Area of the smallest rectangle around a hull; it lies along one of its sides."""
    ways = sides / np.hypot(sides[:, 0], sides[:, 1])[:, None]
    along = hull @ ways.T
    across = hull @ np.stack([-ways[:, 1], ways[:, 0]])
    return float((np.ptp(along, axis=0) * np.ptp(across, axis=0)).min())


def _straight(sides: Floats, lengths: Floats) -> float:
    """Share of a hull that runs along its four strongest directions."""
    angles = np.degrees(np.arctan2(sides[:, 1], sides[:, 0]))
    left, share = lengths.copy(), 0.0
    for _ in range(4):
        apart = np.abs((angles[:, None] - angles[None] + 180) % 360 - 180)
        near = apart <= _table()["shape"]["direction"]
        best = int(np.argmax(near @ left))
        share += float(left[near[best]].sum())
        left[near[best]] = 0
    return share / float(lengths.sum())


def _inner(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Mask:
    """The pixels of a piece that have its pixels all around; all of them where none has."""
    top, left = rows.min(), columns.min()
    local = np.zeros((int(np.ptp(rows)) + 5, int(np.ptp(columns)) + 5), bool)
    at = rows - top + 2, columns - left + 2
    local[at] = True
    for axis in (0, 1):
        local = local & np.roll(local, 1, axis) & np.roll(local, -1, axis)
    inner = local[at]
    return np.asarray(inner if inner.any() else np.ones(len(rows), bool))


def _relief(
    rows: NDArray[np.intp], columns: NDArray[np.intp], luminance: Floats
) -> tuple[float, float]:
    """Stops that a plane through ln luminance spans over a piece, and the deviation from it."""
    level = np.log(luminance[rows, columns] + 1e-4).astype(float)
    place = np.stack([np.ones(len(rows)), rows, columns], axis=1).astype(float)
    plane, *_ = np.linalg.lstsq(place, level, rcond=None)
    fitted = place @ plane
    return float(np.ptp(fitted)) / math.log(2), float(np.std(level - fitted))


@cache
def _table() -> dict[str, Any]:
    text = Path(__file__).with_name("paper.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
