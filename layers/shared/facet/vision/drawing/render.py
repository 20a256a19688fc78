"""Makeup drawn on a photo: the face's own light and texture in other colours.

Colour is changed in OKLab, where light is one factor on L, a and b. A pixel's new colour is the
shade times that pixel's own light against the light of the place, so shading, pores and folds stay
as they are; only then is it mixed with what was there, by opacity. Places, feathers, opacities and
finishes are data: render.toml. All lengths are in millimetres of the face.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facet.domain.style import Makeup
from facet.vision.drawing.canvas import Area, Canvas, joined
from facet.vision.drawing.features import Features
from facet.vision.drawing.geometry import Floats, Points, Window
from facet.vision.drawing.pixels import FAINT, bands, grains, shade_of
from facet.vision.drawing.places import areas_of
from facet.vision.drawing.rules import places_of, render_rules
from facet.vision.face.patches import Pixels


def render_look(pixels: Pixels, points: Points, steps: Sequence[Makeup]) -> Pixels:
    """Upright sRGB photo (h, w, 3) uint8, its landmarks (468, 2) in pixels -> the photo made up.

    Steps may come in any order; each goes on in its layer. Pixels that no step reaches are returned
    byte for byte. Raises ValueError for a place that a category does not go on.
    """
    layers = list(render_rules()["product"])
    worn = [step for step in steps if step.intensity > 0]
    for step in worn:
        unknown = set(step.regions) - set(places_of(step.category))
        if unknown:
            raise ValueError(f"{step.category} does not go on {', '.join(sorted(unknown))}")
    result = pixels.copy()
    if not worn:
        return result
    canvas = Canvas(pixels, np.asarray(points, np.float64))
    if canvas.empty:
        return result
    face = Features(canvas)
    for step in sorted(worn, key=lambda step: layers.index(step.category)):
        _put_on(face, step)
    canvas.develop(result)
    return result


def before_and_after(before: Pixels, after: Pixels) -> Pixels:
    """Two photos of one size, (h, w, 3) -> both side by side, a thin white line between."""
    if before.shape != after.shape:
        raise ValueError(f"two sizes: {before.shape} and {after.shape}")
    line = np.full((len(before), max(2, before.shape[1] // 128), 3), 255, np.uint8)
    return np.concatenate([before, line, after], axis=1)


def _put_on(face: Features, step: Makeup) -> None:
    """One product on the face's canvas."""
    places = step.regions or places_of(step.category)[:1]
    areas = joined(area for place in places for area in areas_of(face, step.category, place))
    if not areas or (layer := _layer_on(face, step, areas)) is None:
        return
    for area in areas:
        rows, columns = area.window
        for band in bands(rows.start, rows.stop):
            mask = area.mask[band.start - rows.start : band.stop - rows.start]
            if mask.any():
                layer.lay(face, (band, columns), mask)


def _layer_on(face: Features, step: Makeup, areas: Sequence[Area]) -> "_Layer | None":
    """A product in the light of its place; None where next to nothing of it is covered."""
    product = render_rules()["product"][step.category]
    under = np.concatenate(
        [
            _solid([*face.canvas.lab[:, *area.window], face.skin.broad[area.window]], area.mask)
            for area in areas
        ],
        axis=1,
    )
    if not under.size:
        return None
    # Lashes, folds and the line between the lips are not the light of the place.
    under = under[:, under[0] >= product["lit"] * np.median(under[0])]
    base = np.median(under, axis=1).astype(np.float32)
    base[0], broad = max(base[0], FAINT), base[3]
    peak = np.quantile(under[0], (0.8, 0.99)).astype(np.float32)
    shading = np.clip(broad / face.skin.level, 0.6, 1.2) ** product["shaded"]
    shade = shade_of(step.hex) * np.float32(shading)
    strength = np.float32(product["opacity"] * step.intensity / 100)
    finish = render_rules()["finish"][step.finish]
    return _Layer(shade, base, broad, peak, strength, product=product, finish=finish)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One product, ready to be laid over any part of its place."""

    shade: Floats  # (3,) OKLab, in the light of the place
    base: Floats  # (3,) OKLab, median of what is there
    broad: np.float32  # median of the broad light there, L
    peak: Floats  # (2,) from which L on it is a highlight, and at which fully
    strength: np.float32  # 0..1
    product: Mapping[str, Any]
    finish: Mapping[str, Any]

    def lay(self, face: Features, window: Window, mask: Floats) -> None:
        """mask: (rows, columns) of the window, 0..1"""
        canvas = face.canvas
        before = canvas.lab[:, *window]
        light = self._light(before[0], face.skin.broad[window])
        opacity = mask * self.strength
        change = self.shade[0] * light - before[0]
        if self.product["lift"] != 1:
            lifted = mask * self.strength ** np.float32(self.product["lift"])
            change *= np.where(change > 0, lifted, opacity)
        else:
            change *= opacity
        self._tint(before, light, mask)
        if self.finish["gleam"] or self.finish["grains"]:
            top = (before[0] - self.peak[0]) / max(float(self.peak[1] - self.peak[0]), 0.02)
            top = top.clip(0, 1)
            gleam = np.float32(self.finish["gleam"]) * top * top
            if self.finish["grains"]:
                bright = np.float32(self.finish["grains"]) * grains(window, canvas.px_per_mm)
                gleam += bright * (0.5 + 0.5 * top)
            gleam *= opacity
            change += gleam * (1 - before[0] - change)
            before[1:] *= 1 - np.minimum(gleam, 1)
        before[0] += change
        canvas.touched[window] |= mask > 0

    def _light(self, lightness: Floats, broad: Floats) -> Floats:
        """L and the skin's broad L, (rows, columns) -> each pixel's light against the place's."""
        light = lightness / self.base[0]
        if not self.product["skin"]:
            light += np.maximum(light - 1, 0) * np.float32(self.finish["light"] - 1)
            return np.asarray(light)
        # What is brighter than the broad light is shine, what is darker are pores and folds.
        even = broad / self.broad
        fine = light / even - 1
        left = np.float32(self.product["texture"])
        fine *= np.where(fine > 0, np.float32(self.finish["light"]) * left, left)
        return np.asarray(even * (1 + fine))

    def _tint(self, lab: Floats, light: Floats, mask: Floats) -> None:
        """Moves a and b to the shade's own in this light, and what is left of the unevenness."""
        uneven = np.float32(self.product["uneven"])
        tinted = mask * self.strength
        if self.product["tint"] != 1:
            tinted = mask * self.strength ** np.float32(self.product["tint"])
        opacity_left = 1 - tinted * (1 - uneven)
        moved = tinted * light
        for axis in (1, 2):
            aim = self.shade[axis] - uneven * self.base[axis]
            lab[axis] *= opacity_left
            lab[axis] += moved * aim


def _solid(layers: Sequence[Floats], mask: Floats) -> Floats:
    """Layers (h, w) each -> (n, m) of the pixels that are covered most, some thousands of them."""
    every = max(1, round(math.sqrt(mask.size / render_rules()["skin"]["enough"] / 4)))
    seen = mask[::every, ::every]
    solid = seen > max(0.5 * float(seen.max()), 0.02)
    return np.stack([layer[::every, ::every][solid] for layer in layers])
