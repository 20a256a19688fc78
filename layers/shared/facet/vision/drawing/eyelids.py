"""Where skin ends and lashes begin, and where shadow may go."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from facet.vision.drawing.canvas import EYES, Area, Canvas
from facet.vision.drawing.complexion import Complexion, darker_than_skin
from facet.vision.drawing.geometry import (
    Floats,
    Points,
    along_curve,
    both_sides,
    grown,
    normals,
    smooth_curve,
)
from facet.vision.drawing.rules import render_rules
from facet.vision.face.landmarks import part


@dataclass(frozen=True, slots=True)
class Lid:
    """The upper lid's edge, from the outer corner to the inner one, and the opening below it."""

    edge: Points  # (n, 2)
    away: Points  # (n, 2) unit normals, away from the eye
    opening: Points  # closed
    blur: float  # mm, standard deviation of the photo's own edges there
    lid: Area  # 0 in the eye's opening, 1 away from it
    free: Area  # where shadow may go: not into the eye, not onto the brow


def find_lid(canvas: Canvas, skin: Complexion, side: str) -> Lid:
    """The mesh's curve, moved to where skin ends and lashes begin: dark below, light above."""
    rules = render_rules()
    k, number, table = canvas.px_per_mm, EYES.index(side), rules["lid"]
    upper = canvas.points[both_sides(rules["place"]["lash_line"]["curve"])[number]]
    lower = canvas.points[both_sides(rules["place"]["lower_lash_line"]["curve"])[number]]
    edge = smooth_curve(upper, closed=False)
    away = normals(edge)
    away *= np.sign(((edge - lower.mean(axis=0)) * away).sum(axis=1).mean())
    along = along_curve(edge)
    bend = (table["corner"] + (1 - table["corner"]) * 4 * along * (1 - along))[:, None]
    best, blur = _rise_of_light(canvas, edge, away, bend)
    edge = edge + away * bend * (best * k)
    opening = np.concatenate(
        [edge - away * (table["lashes"] * k), smooth_curve(lower[::-1], closed=False)]
    )
    brow = smooth_curve(canvas.points[part(side.replace("eye", "brow"))])
    inner = smooth_curve(grown(canvas.points[part(side)], -table["sure"] * k))
    shut, free = _free(canvas, skin, [opening, inner], blur, brow)
    return Lid(edge, away, opening, blur, shut, free)


def _rise_of_light(
    canvas: Canvas, edge: Points, away: Points, bend: NDArray[np.floating]
) -> tuple[float, float]:
    """Where light rises most across a lid's edge, and how wide the photo's edges are, mm.

    edge, away: (n, 2), as of Lid. bend: (n, 1) 0..1, how far each of its points may move.
    """
    k, table = canvas.px_per_mm, render_rules()["lid"]
    inwards, outwards = table["search"]
    offsets = np.arange(inwards, outwards, 0.2)
    window = canvas.around(edge, outwards + 2)
    if window is None:
        return 0.0, 0.0
    grey = Image.fromarray(canvas.pixels[window]).convert("L")
    blur = _edge_width(np.asarray(grey, np.float32)) / k
    smooth = np.asarray(grey.filter(ImageFilter.GaussianBlur(0.25 * k)), np.float32)
    start = np.array([window[1].start, window[0].start])

    def at(mm: float) -> Floats:
        """(samples, offsets): the light `mm` beyond each candidate."""
        moved = edge[:, None] + away[:, None] * ((offsets * bend + mm) * k)[..., None]
        spots = np.rint(moved - start).astype(int)
        limits = np.array(smooth.shape[::-1]) - 1
        spots = spots.clip(0, limits)
        return np.asarray(smooth[spots[..., 1], spots[..., 0]])

    rise = at(table["above"]) - at(-table["below"])
    rise /= max(float(smooth.mean()), 1.0)
    score = rise[4:-4].mean(axis=0) - table["stiff"] * offsets**2
    return float(offsets[int(np.argmax(score))]), blur


def _free(
    canvas: Canvas, skin: Complexion, opening: list[Points], blur: float, brow: Points
) -> tuple[Area, Area]:
    """Areas, 0..1, away from the eye's opening, and away from the opening and the brow."""
    table = render_rules()["lid"]
    window = canvas.around(opening[0], table["reach"]) or (slice(0, 1), slice(0, 1))
    eye = canvas.cover(opening, max(table["feather"], 0.5 * blur), window)
    near = canvas.cover([grown(brow, table["brow"] * canvas.px_per_mm)], 0.7, window)
    shut = (1 - 2 * eye).clip(0, 1)
    off = shut * (1 - 2 * near).clip(0, 1)
    frames = darker_than_skin(canvas, skin, window, table["frames"])
    return Area(window, shut), Area(window, off * (1 - frames))


def _edge_width(grey: Floats) -> float:
    """(h, w) of an eye -> deviation of its sharpest edges, px: step over steepest slope."""
    down, across = np.gradient(grey)
    steepest = float(np.quantile(np.hypot(down, across), 0.99))
    step = float(np.quantile(grey, 0.98) - np.quantile(grey, 0.03))
    return step / max(steepest * math.sqrt(2 * math.pi), 1e-3)


def lower_edge(lid: Lid) -> tuple[Points, Points]:
    """The lower lid's edge (n, 2) and its unit normals (n, 2), away from the eye."""
    opening = lid.opening
    lower = opening[len(lid.edge) :][::-1]
    away = normals(lower)
    away *= np.sign(((lower - opening.mean(axis=0)) * away).sum(axis=1).mean())
    return lower, away


def eye_shows(canvas: Canvas, skin: Complexion, side: str) -> bool:
    """False behind dark glasses, a patch, hair or a hand: no skin below the eye."""
    prefix = side.split("_", maxsplit=1)[0]
    under_eyes = both_sides(render_rules()["place"]["under_eyes"]["polygon"])
    near = canvas.points[under_eyes[EYES.index(side)]]
    below = canvas.points[part(f"{prefix}_under_eye")]
    shown = (skin.share(near) + skin.share(below)) / 2
    return shown >= float(render_rules()["skin"]["eye_shows"])
