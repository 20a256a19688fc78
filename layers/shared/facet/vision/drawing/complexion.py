"""Which pixels of a canvas are skin, and the broad light on it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facet.vision.drawing.canvas import EYES, Canvas
from facet.vision.drawing.geometry import Floats, Points, Window
from facet.vision.drawing.pixels import FAINT, blurred, enlarged, oklab
from facet.vision.drawing.rules import render_rules
from facet.vision.face.landmarks import part
from facet.vision.face.patches import inside


class Complexion:
    """The skin of a canvas: which pixels are skin, and the broad light on it.

    The face's own hue and chroma are a/L and b/L of OKLab, which light does not change; its light
    is a plane fitted to ln L over cheeks and nose, so that a face lit from one side is one skin.
    """

    def __init__(self, canvas: Canvas) -> None:
        rules = render_rules()["skin"]
        height, width = canvas.shape
        step = max(1, round(canvas.px_per_mm / rules["px_per_mm"]))
        lab = oklab(np.asarray(Image.fromarray(canvas.pixels).reduce(step)))
        size = lab.shape[2], lab.shape[1]
        level = np.maximum(lab[0], FAINT)
        light, hues = np.log(level), lab[1:] / level
        near = (canvas.points + 0.5) / step - 0.5
        own = _own_skin(light, hues, near)
        light -= own.tilt[0] + own.tilt[1] * np.arange(size[0], dtype=np.float32)
        away = _away(hues, own.middle, own.spread, light)
        like = ((rules["none"] - away) / (rules["none"] - rules["full"])).clip(0, 1)
        # Deep shade, as in the sockets of the eyes, keeps the hue of skin.
        hues -= own.middle[:, None, None]
        dim = (np.hypot(*hues) < rules["none"] * own.spread) & (light > rules["deepest"])
        self.step, self.small = step, dim
        self._size, self._feather = (width, height), rules["dim_feather"] * canvas.px_per_mm / step
        self.level = float(np.median(lab[0, own.rows, own.columns]))
        wide = rules["broad"] * canvas.px_per_mm / step
        weight = np.maximum(like, np.float32(rules["dim_counts"]) * dim)
        for name in (*EYES, "right_brow", "left_brow", "lips"):
            weight[inside(near[part(name)], *size)] = 0
        weight += np.float32(1e-3)
        broad = blurred(lab[0] * weight, wide) / blurred(weight, wide)
        self.broad = np.maximum(enlarged(broad, (width, height), step), FAINT)
        low, high = rules["strands"]
        fine = (canvas.light / self.broad - np.float32(low)) / np.float32(high - low)
        # Single patches of skin's colour between hair are hair.
        thick = blurred(like, rules["patches"] * canvas.px_per_mm / step)
        like *= ((thick - np.float32(0.2)) / np.float32(0.2)).clip(0, 1)
        self.mask: Floats = enlarged(like, (width, height), step) * fine.clip(0, 1)

    @cached_property
    def hued(self) -> Floats:
        """(h, w) 0..1: of the skin's hue, in light or in deep shade"""
        soft = blurred(self.small.astype(np.float32), self._feather)
        return enlarged(soft * soft, self._size, self.step)

    def share(self, polygon: Points) -> float:
        """0..1, how much of a polygon of the canvas has the hue of the face's skin."""
        here = inside((polygon + 0.5) / self.step - 0.5, *self.small.shape[::-1])
        return float(self.small[here].mean()) if here.any() else 0.0


@dataclass(frozen=True, slots=True)
class _OwnSkin:
    """What cheeks and nose say of the face's skin, in a small picture of the canvas."""

    rows: NDArray[np.intp]  # (n,) of the pixels that are skin
    columns: NDArray[np.intp]  # (n,)
    middle: NDArray[np.floating]  # (2,) a/L and b/L
    spread: np.float32  # of a/L and b/L
    tilt: NDArray[np.float32]  # (2,) ln L at the left edge, and its rise per column


def _own_skin(light: Floats, hues: Floats, points: Points) -> _OwnSkin:
    """ln L (h, w), a/L and b/L (2, h, w), landmarks (468, 2) there -> the face's own skin."""
    rules = render_rules()["skin"]
    core = np.zeros(light.shape, bool)
    for name in ("right_cheek", "left_cheek", "nose"):
        core |= inside(points[part(name)], light.shape[1], light.shape[0])
    rows, columns = np.nonzero(core if core.any() else np.ones_like(core))
    every = max(1, len(rows) // rules["enough"])
    rows, columns = rows[::every], columns[::every]
    plane = np.stack([np.ones(len(rows)), columns], axis=1)
    shown, lit = hues[:, rows, columns], light[rows, columns]
    kept = np.ones(len(rows), bool)
    for _ in range(3):
        middle = np.median(shown[:, kept], axis=1)
        off = np.median(np.abs(shown[:, kept] - middle[:, None]))
        spread = np.clip(rules["spreads"] * 1.4826 * off, *rules["hue"]).astype(np.float32)
        tilt = np.linalg.lstsq(plane[kept], lit[kept], rcond=None)[0].astype(np.float32)
        beside: Floats = lit - np.asarray(plane @ tilt)
        again = _away(shown, middle, spread, beside) < rules["full"]
        if again.sum() < len(rows) / 8:
            break
        kept = again
    return _OwnSkin(rows[kept], columns[kept], middle, spread, tilt)


def _away(hues: Floats, middle: Floats, spread: np.float32, light: Floats) -> Floats:
    """How far from the face's skin, 1 being usual.

    hues (2, ...), the skin's own (2,) and how far they spread, (...) ln L beside the plane.

    Shine is skin too: brighter, and part of the way from the skin's hue to white.
    """
    rules = render_rules()["skin"]
    across, up = hues[0] - middle[0], hues[1] - middle[1]
    paler = -(across * middle[0] + up * middle[1]) / max(float(middle @ middle), 1e-6)
    paler = np.where(light > 0, paler.clip(0, np.float32(rules["shine"])), np.float32(0))
    across, up = across + paler * middle[0], up + paler * middle[1]
    depth = np.where(light < 0, np.float32(rules["dark"]), np.float32(rules["bright"]))
    return np.sqrt(
        np.asarray((across / spread) ** 2 + (up / spread) ** 2 + (light / depth) ** 2, np.float32)
    )


def darker_than_skin(
    canvas: Canvas, skin: Complexion, window: Window, limits: tuple[float, float]
) -> Floats:
    """(h, w) of the window, 0..1 by how much darker than the skin's broad light the photo is.

    limits: of L over the broad light, where that begins and where it is full.
    """
    dark, darker = limits
    level = canvas.light[window] / skin.broad[window]
    return np.asarray(((np.float32(dark) - level) / np.float32(dark - darker)).clip(0, 1))
