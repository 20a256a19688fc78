"""The part of a photo around the face, in OKLab, and areas of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from facet import colour
from facet.vision.drawing.geometry import Floats, Points, Window, meet, overlap, resolution, within
from facet.vision.drawing.pixels import bands, encoded, oklab
from facet.vision.drawing.rules import render_rules
from facet.vision.face.landmarks import part
from facet.vision.face.patches import Pixels, inside

EYES = ("right_eye", "left_eye")


@dataclass(frozen=True, slots=True)
class Area:
    """A place on the canvas and how much of it is covered."""

    window: Window
    mask: Floats  # 0..1


class Canvas:
    """The part of a photo around the face, in OKLab."""

    def __init__(self, pixels: Pixels, points: Points) -> None:
        self.px_per_mm = resolution(points)
        up = points[10] - points[152]
        self.up = up / max(float(np.linalg.norm(up)), 1e-6)
        reach = render_rules()["skin"]["reach"] * self.px_per_mm
        outline = points[part("face")]
        hairline = outline + self.up * render_rules()["skin"]["hairline"] * self.px_per_mm
        around = np.concatenate([outline - reach, outline + reach, hairline])
        height, width = pixels.shape[:2]
        left, top = np.clip(np.floor(around.min(axis=0)).astype(int), 0, (width, height))
        right, bottom = np.clip(np.ceil(around.max(axis=0)).astype(int) + 1, 0, (width, height))
        self.window = slice(int(top), int(bottom)), slice(int(left), int(right))
        self.pixels = pixels[self.window]
        self.points = points - (left, top)
        self.touched = np.zeros(self.shape, bool)
        self.empty = min(self.shape) < render_rules()["skin"]["least_pixels"]
        if not self.empty:
            self.lab = oklab(self.pixels)
            self.light = self.lab[0].copy()  # L before any makeup

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, px."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def develop(self, result: Pixels) -> None:
        """Write what was touched into the whole photo."""
        whole = result[self.window]
        for band in bands(0, self.shape[0]):
            touched = self.touched[band]
            if not touched.any():
                continue
            lab = self.lab[:, band]
            linear = colour.linear_from_oklab(lab.reshape(3, -1)).reshape(lab.shape)
            np.clip(linear, 0, 1, out=linear)
            np.sqrt(linear, out=linear)
            linear *= np.float32(len(encoded()) - 1)
            linear += np.float32(0.5)
            made = encoded().take(linear.astype(np.uint16)).transpose(1, 2, 0)
            np.copyto(whole[band], made, where=touched[..., None])

    def around(self, polygon: Points, mm: float) -> Window | None:
        """The part of the canvas within `mm` of a polygon's box; None where that lies outside."""
        height, width = self.shape
        reach = mm * self.px_per_mm
        left, top = np.floor(polygon.min(axis=0) - reach).astype(int).clip(0, (width, height))
        right, bottom = (
            np.ceil(polygon.max(axis=0) + reach + 1).astype(int).clip(0, (width, height))
        )
        if right - left < 2 or bottom - top < 2:
            return None
        return slice(int(top), int(bottom)), slice(int(left), int(right))

    def area(self, polygons: Sequence[Points], feather: float) -> Area | None:
        """Polygons (n, 2) -> what they enclose, its edge softened over `feather` mm."""
        sigma = feather * self.px_per_mm
        window = self.around(np.concatenate(polygons), 3 * feather + 1 / self.px_per_mm)
        if window is None:
            return None
        rows, columns = window
        width, height = columns.stop - columns.start, rows.stop - rows.start
        # A narrow edge needs parts of pixels, a wide one not even every pixel.
        scale = 2 if sigma < 2 else 1 / max(1, int(sigma / 2))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        stretch = np.array(size) / (width, height)
        covered = np.zeros(size[::-1], bool)
        for polygon in polygons:
            local = polygon - (columns.start, rows.start)
            covered |= inside((local + 0.5) * stretch - 0.5, *size)
        image = Image.fromarray(covered.astype(np.uint8) * np.uint8(255))
        if scale > 1:
            image = image.reduce(2).filter(ImageFilter.GaussianBlur(sigma))
        else:
            image = image.filter(ImageFilter.GaussianBlur(sigma * scale))
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        soft = np.asarray(image, np.float32) * np.float32(1 / 255)
        return Area(window, soft)

    def cover(self, polygons: Sequence[Points], feather: float, window: Window) -> Floats:
        """The mask of `area`, 0..1, on a window (rows, columns) of the canvas."""
        covered = np.zeros([side.stop - side.start for side in window], np.float32)
        if (area := self.area(polygons, feather)) and meet(area.window, window):
            both = overlap(area.window, window)
            covered[within(both, window)] = area.mask[within(both, area.window)]
        return covered


def joined(areas: Iterable[Area]) -> list[Area]:
    """Areas that overlap as one, so that no place is covered twice by one product."""
    separate: list[Area] = []
    for area in areas:
        new = area
        for other in [other for other in separate if meet(other.window, new.window)]:
            separate.remove(other)
            rows, columns = (
                slice(min(a.start, b.start), max(a.stop, b.stop))
                for a, b in zip(other.window, new.window, strict=True)
            )
            mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
            for part_of in (other, new):
                here = mask[within(part_of.window, (rows, columns))]
                np.maximum(here, part_of.mask, out=here)
            new = Area((rows, columns), mask)
        separate.append(new)
    return separate
