"""Makeup drawn on a photo: the face's own light and texture in other colours.

Colour is changed in OKLab, where light is one factor on L, a and b. A pixel's new colour is the
shade times that pixel's own light against the light of the place, so shading, pores and folds stay
as they are; only then is it mixed with what was there, by opacity. Places, feathers, opacities and
finishes are data: render.toml. All lengths are in millimetres of the face.
"""

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from facet import colour
from facet.domain.style import Finish, LookStep, Makeup, MakeupCategory, Region
from facet.vision.face.landmarks import part
from facet.vision.face.patches import Pixels, inside
from facet.vision.face.pose import canonical

Floats = NDArray[np.float32]
Points = NDArray[np.floating]
Window = tuple[slice, slice]

_EYES = ("right_eye", "left_eye")
_BAND = 48  # rows
_FAINT = np.float32(0.02)  # of L: what is darker counts as this, so that nothing divides by nothing


def render_look(pixels: Pixels, points: Points, steps: Sequence[Makeup]) -> Pixels:
    """Upright sRGB photo (h, w, 3) uint8, its landmarks (468, 2) in pixels -> the photo made up.

    Steps may come in any order; each goes on in its layer. Pixels that no step reaches are returned
    byte for byte. Raises ValueError for a place that a category does not go on.
    """
    rules = _rules()
    layers = list(rules["product"])
    worn = [one for one in steps if one.intensity > 0]
    for one in worn:
        unknown = set(one.regions) - set(places_of(one.category))
        if unknown:
            raise ValueError(f"{one.category} does not go on {', '.join(sorted(unknown))}")
    result = pixels.copy()
    if not worn:
        return result
    canvas = _Canvas(pixels, np.asarray(points, np.float64))
    if canvas.empty:
        return result
    for one in sorted(worn, key=lambda one: layers.index(one.category)):
        _put_on(canvas, one)
    canvas.develop(result)
    return result


def places_of(category: MakeupCategory) -> tuple[Region, ...]:
    """Where a category may go, its usual place first."""
    return cast(tuple[Region, ...], tuple(_rules()["product"][category]["places"]))


def finish_called(word: str | None) -> Finish:
    """What a product calls its finish -> the finish that is drawn; satin for an unknown word."""
    rules, said = _rules(), (word or "").strip().lower()
    if said in rules["finish"]:
        return cast(Finish, said)
    called = rules["finish_called"]
    return cast(Finish, called.get(said, called["other"]))


def makeup_of(step: LookStep) -> Makeup:
    """A step of a look as it is drawn."""
    may = places_of(step.category)
    return Makeup(
        category=step.category,
        regions=tuple(one for one in step.regions if one in may),
        hex=step.hex,
        finish=finish_called(step.finish),
        intensity=step.intensity,
    )


def before_and_after(before: Pixels, after: Pixels) -> Pixels:
    """Two photos of one size, (h, w, 3) -> both side by side, a thin white line between."""
    if before.shape != after.shape:
        raise ValueError(f"two sizes: {before.shape} and {after.shape}")
    line = np.full((len(before), max(2, before.shape[1] // 128), 3), 255, np.uint8)
    return np.concatenate([before, line, after], axis=1)


def table_version() -> str:
    """Version of render.toml."""
    return str(_rules()["version"])


@dataclass(frozen=True, slots=True)
class _Area:
    """A place on the canvas and how much of it is covered."""

    window: Window
    mask: Floats  # 0..1


class _Canvas:
    """The part of a photo around the face, in OKLab."""

    def __init__(self, pixels: Pixels, points: Points) -> None:
        self.px_per_mm = _resolution(points)
        up = points[10] - points[152]
        self.up = up / max(float(np.linalg.norm(up)), 1e-6)
        reach = _rules()["skin"]["reach"] * self.px_per_mm
        outline = points[part("face")]
        hairline = outline + self.up * _rules()["skin"]["hairline"] * self.px_per_mm
        around = np.concatenate([outline - reach, outline + reach, hairline])
        height, width = pixels.shape[:2]
        left, top = np.clip(np.floor(around.min(axis=0)).astype(int), 0, (width, height))
        right, bottom = np.clip(np.ceil(around.max(axis=0)).astype(int) + 1, 0, (width, height))
        self.window = slice(int(top), int(bottom)), slice(int(left), int(right))
        self.pixels = pixels[self.window]
        self.points = points - (left, top)
        self.touched = np.zeros(self.shape, bool)
        self.empty = min(self.shape) < _rules()["skin"]["least_pixels"]
        if not self.empty:
            self.lab = _oklab(self.pixels)
            self.light = self.lab[0].copy()  # L before any makeup

    @property
    def shape(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]

    def develop(self, result: Pixels) -> None:
        """Write what was touched into the whole photo."""
        whole = result[self.window]
        for band in _bands(0, self.shape[0]):
            touched = self.touched[band]
            if not touched.any():
                continue
            lab = self.lab[:, band]
            linear = colour.linear_from_oklab(lab.reshape(3, -1)).reshape(lab.shape)
            np.clip(linear, 0, 1, out=linear)
            np.sqrt(linear, out=linear)
            linear *= np.float32(len(_encoded()) - 1)
            linear += np.float32(0.5)
            made = _encoded().take(linear.astype(np.uint16)).transpose(1, 2, 0)
            np.copyto(whole[band], made, where=touched[..., None])

    @cached_property
    def skin(self) -> "_Skin":
        return _Skin(self)

    @cached_property
    def lips(self) -> "_Lips | None":
        return _find_lips(self)

    @cached_property
    def lids(self) -> "dict[str, _Lid]":
        return {side: _find_lid(self, side) for side in _EYES if _eye_shows(self, side)}

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

    def area(self, polygons: Sequence[Points], feather: float) -> _Area | None:
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
        return _Area(window, soft)

    def cover(self, polygons: Sequence[Points], feather: float, window: Window) -> Floats:
        """As area, on a window of the canvas."""
        covered = np.zeros([side.stop - side.start for side in window], np.float32)
        if (found := self.area(polygons, feather)) and _meet(found.window, window):
            both = _overlap(found.window, window)
            covered[_within(both, window)] = found.mask[_within(both, found.window)]
        return covered

    @cached_property
    def bare(self) -> Floats:
        """(h, w) 0..1: skin, off eyes, brows and lips"""
        return np.asarray(self.skin.mask * self._off_features)

    @cached_property
    def shaded(self) -> Floats:
        """As bare, in deep shade too."""
        return np.asarray(self.skin.hued * self._off_features)

    @cached_property
    def within(self) -> Floats:
        """(h, w) 1 on the face, 0 on ears and hair beyond, where its edge is turned away"""
        edge = _rules()["place"]["face"]["edge"]
        outline = _grown(_smooth(self.points[part("face")]), edge * self.px_per_mm)
        return self.cover([outline], edge, (slice(0, self.shape[0]), slice(0, self.shape[1])))

    @cached_property
    def _off_features(self) -> Floats:
        table = _rules()["skin"]
        off = np.ones(self.shape, np.float32)
        features = [*_EYES, "right_brow", "left_brow"]
        if self.lips:
            off[self.lips.whole.window] *= 1 - self.lips.whole.mask
        features += ["lips", "mouth"]
        for name in features:
            px = table["margin"][name.split("_")[-1]] * self.px_per_mm
            outline = _smooth(_grown(self.points[part(name)], px))
            if area := self.area([outline], table["margin_feather"]):
                off[area.window] *= 1 - (area.mask * 1.5).clip(0, 1)
        return off


class _Skin:
    """Which pixels of a canvas are skin, and the broad light on it.

    The face's own hue and chroma are a/L and b/L of OKLab, which light does not change; its light
    is a plane fitted to ln L over cheeks and nose, so that a face lit from one side is one skin.
    """

    def __init__(self, canvas: _Canvas) -> None:
        rules = _rules()["skin"]
        height, width = canvas.shape
        step = max(1, round(canvas.px_per_mm / rules["px_per_mm"]))
        lab = _oklab(np.asarray(Image.fromarray(canvas.pixels).reduce(step)))
        size = lab.shape[2], lab.shape[1]
        level = np.maximum(lab[0], _FAINT)
        light, hues = np.log(level), lab[1:] / level
        near = (canvas.points + 0.5) / step - 0.5
        core = np.zeros(light.shape, bool)
        for name in ("right_cheek", "left_cheek", "nose"):
            core |= inside(near[part(name)], *size)
        rows, columns = np.nonzero(core if core.any() else np.ones_like(core))
        every = max(1, len(rows) // rules["enough"])
        rows, columns = rows[::every], columns[::every]
        plane = np.stack([np.ones(len(rows)), columns], axis=1)
        shown, lit = hues[:, rows, columns], light[rows, columns]
        kept = np.ones(len(rows), bool)
        for _ in range(3):
            middle = np.median(shown[:, kept], axis=1)
            off = np.median(np.abs(shown[:, kept] - middle[:, None]))
            hue = np.clip(rules["spreads"] * 1.4826 * off, *rules["hue"]).astype(np.float32)
            tilt = np.linalg.lstsq(plane[kept], lit[kept], rcond=None)[0].astype(np.float32)
            again = self._apart(shown, middle, hue, lit - plane @ tilt) < rules["full"]
            if again.sum() < len(rows) / 8:
                break
            kept = again
        light -= tilt[0] + tilt[1] * np.arange(size[0], dtype=np.float32)
        apart = self._apart(hues, middle, hue, light)
        like = ((rules["none"] - apart) / (rules["none"] - rules["full"])).clip(0, 1)
        # Deep shade, as in the sockets of the eyes, keeps the hue of skin.
        hues -= middle[:, None, None]
        dim = (np.hypot(*hues) < rules["none"] * hue) & (light > rules["deepest"])
        self.step, self.small = step, dim
        self._size, self._feather = (width, height), rules["dim_feather"] * canvas.px_per_mm / step
        self.level = float(np.median(lab[0, rows[kept], columns[kept]]))
        wide = rules["broad"] * canvas.px_per_mm / step
        weight = np.maximum(like, np.float32(rules["dim_counts"]) * dim)
        for name in (*_EYES, "right_brow", "left_brow", "lips"):
            weight[inside(near[part(name)], *size)] = 0
        weight += np.float32(1e-3)
        broad = _wide(lab[0] * weight, wide) / _wide(weight, wide)
        self.broad = np.maximum(_enlarged(broad, (width, height), step), _FAINT)
        low, high = rules["strands"]
        fine = (canvas.light / self.broad - np.float32(low)) / np.float32(high - low)
        # Single patches of skin's colour between hair are hair.
        thick = _wide(like, rules["patches"] * canvas.px_per_mm / step)
        like *= ((thick - np.float32(0.2)) / np.float32(0.2)).clip(0, 1)
        self.mask: Floats = _enlarged(like, (width, height), step) * fine.clip(0, 1)

    @cached_property
    def hued(self) -> Floats:
        """(h, w) 0..1: of the skin's hue, in light or in deep shade"""
        soft = _wide(self.small.astype(np.float32), self._feather)
        return _enlarged(soft * soft, self._size, self.step)

    @staticmethod
    def _apart(hues: Floats, middle: Floats, hue: np.float32, light: Floats) -> Floats:
        """How far from the face's skin, 1 being usual.

        hues (2, ...), the skin's own (2,) and how far they spread, (...) ln L beside the plane.

        Shine is skin too: brighter, and part of the way from the skin's hue to white.
        """
        rules = _rules()["skin"]
        across, up = hues[0] - middle[0], hues[1] - middle[1]
        paler = -(across * middle[0] + up * middle[1]) / max(float(middle @ middle), 1e-6)
        paler = np.where(light > 0, paler.clip(0, np.float32(rules["shine"])), np.float32(0))
        across, up = across + paler * middle[0], up + paler * middle[1]
        spread = np.where(light < 0, np.float32(rules["dark"]), np.float32(rules["bright"]))
        return np.sqrt(
            np.asarray((across / hue) ** 2 + (up / hue) ** 2 + (light / spread) ** 2, np.float32)
        )

    def share(self, polygon: Points) -> float:
        """0..1, how much of a polygon of the canvas has the hue of the face's skin."""
        here = inside((polygon + 0.5) / self.step - 0.5, *self.small.shape[::-1])
        return float(self.small[here].mean()) if here.any() else 0.0


def _put_on(canvas: _Canvas, step: Makeup) -> None:
    """One product on the canvas."""
    product = _rules()["product"][step.category]
    finish = _rules()["finish"][step.finish]
    places = step.regions or places_of(step.category)[:1]
    areas = _joined(area for place in places for area in _areas(canvas, step.category, place))
    if not areas:
        return
    lab = [canvas.lab[:, *area.window] for area in areas]
    under = np.concatenate(
        [
            _solid([*one, canvas.skin.broad[a.window]], a.mask)
            for one, a in zip(lab, areas, strict=True)
        ],
        axis=1,
    )
    if not under.size:
        return
    # Lashes, folds and the line between the lips are not the light of the place.
    under = under[:, under[0] >= product["lit"] * np.median(under[0])]
    base = np.median(under, axis=1).astype(np.float32)
    base[0], broad = max(base[0], _FAINT), base[3]
    peak = np.quantile(under[0], (0.8, 0.99)).astype(np.float32)
    shading = np.clip(broad / canvas.skin.level, 0.6, 1.2) ** product["shaded"]
    shade = _shade(step.hex) * np.float32(shading)
    strength = np.float32(product["opacity"] * step.intensity / 100)
    layer = _Layer(shade, base, broad, peak, strength, product=product, finish=finish)
    for area in areas:
        rows, columns = area.window
        for band in _bands(rows.start, rows.stop):
            mask = area.mask[band.start - rows.start : band.stop - rows.start]
            if mask.any():
                layer.lay(canvas, (band, columns), mask)


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

    def lay(self, canvas: _Canvas, window: Window, mask: Floats) -> None:
        """mask: (rows, columns) of the window, 0..1"""
        before = canvas.lab[:, *window]
        light = before[0] / self.base[0]
        if self.product["skin"]:
            # What is brighter than the broad light is shine, what is darker are pores and folds.
            even = canvas.skin.broad[window] / self.broad
            fine = light / even - 1
            left = np.float32(self.product["texture"])
            fine *= np.where(fine > 0, np.float32(self.finish["light"]) * left, left)
            light = even * (1 + fine)
        else:
            light += np.maximum(light - 1, 0) * np.float32(self.finish["light"] - 1)
        opacity = mask * self.strength
        change = self.shade[0] * light - before[0]
        if self.product["lift"] != 1:
            lifted = mask * self.strength ** np.float32(self.product["lift"])
            change *= np.where(change > 0, lifted, opacity)
        else:
            change *= opacity
        uneven = np.float32(self.product["uneven"])
        # To the shade's own a and b in this light, and what is left of the unevenness beside it.
        tinted = opacity
        if self.product["tint"] != 1:
            tinted = mask * self.strength ** np.float32(self.product["tint"])
        opacity_left = 1 - tinted * (1 - uneven)
        moved = tinted * light
        for axis in (1, 2):
            aim = self.shade[axis] - uneven * self.base[axis]
            before[axis] *= opacity_left
            before[axis] += moved * aim
        if self.finish["gleam"] or self.finish["grains"]:
            top = (before[0] - self.peak[0]) / max(float(self.peak[1] - self.peak[0]), 0.02)
            top = top.clip(0, 1)
            gleam = np.float32(self.finish["gleam"]) * top * top
            if self.finish["grains"]:
                gleam += _grains(canvas, window, self.finish["grains"]) * (0.5 + 0.5 * top)
            gleam *= opacity
            change += gleam * (1 - before[0] - change)
            before[1:] *= 1 - np.minimum(gleam, 1)
        before[0] += change
        canvas.touched[window] |= mask > 0


def _solid(layers: Sequence[Floats], mask: Floats) -> Floats:
    """Layers (h, w) each -> (n, m) of the pixels that are covered most, some thousands of them."""
    every = max(1, round(math.sqrt(mask.size / _rules()["skin"]["enough"] / 4)))
    seen = mask[::every, ::every]
    solid = seen > max(0.5 * float(seen.max()), 0.02)
    return np.stack([layer[::every, ::every][solid] for layer in layers])


def _joined(areas: Iterable[_Area]) -> list[_Area]:
    """Areas that overlap as one, so that no place is covered twice by one product."""
    apart: list[_Area] = []
    for one in areas:
        new = one
        for other in [other for other in apart if _meet(other.window, new.window)]:
            apart.remove(other)
            rows, columns = (
                slice(min(a.start, b.start), max(a.stop, b.stop))
                for a, b in zip(other.window, new.window, strict=True)
            )
            mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
            for part_of in (other, new):
                here = mask[_within(part_of.window, (rows, columns))]
                np.maximum(here, part_of.mask, out=here)
            new = _Area((rows, columns), mask)
        apart.append(new)
    return apart


def _within(part_of: Sequence[slice], window: Window) -> Window:
    """A window of the canvas in the coordinates of a wider one."""
    (top, left), (rows, columns) = (side.start for side in window), part_of
    return slice(rows.start - top, rows.stop - top), slice(
        columns.start - left, columns.stop - left
    )


def _overlap(one: Window, other: Window) -> Window:
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return rows, columns


def _meet(one: Window, other: Window) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))


def _areas(canvas: _Canvas, category: str, place: str) -> Iterator[_Area]:
    """Where a product goes, one area for each side of the face that shows the place."""
    rules = _rules()["place"][place]
    if place == "face":
        yield from _face(canvas)
    elif place in ("lips", "lip_line"):
        if canvas.lips:
            yield canvas.lips.line if place == "lip_line" else canvas.lips.whole
    elif "curve" in rules:
        for lid in canvas.lids.values():
            yield from _along_lashes(canvas, rules, lid, hairs=category == "mascara")
    elif place == "brows":
        for brow in _sides(rules["polygon"]):
            yield from _brow(canvas, rules, canvas.points[brow])
    elif category == "eyeshadow":
        for side, lid in canvas.lids.items():
            outline = _sides(rules["polygon"])[_EYES.index(side)]
            mask = canvas.cover(
                [_smooth(canvas.points[outline])], rules["feather"], lid.free.window
            )
            yield _Area(lid.free.window, mask * lid.free.mask)
    else:
        yield from _on_skin(canvas, rules)


def _on_skin(canvas: _Canvas, rules: Mapping[str, Any]) -> Iterator[_Area]:
    outlines = [np.array(rules["whole"])] if "whole" in rules else _sides(rules["polygon"])
    bare = canvas.shaded if rules.get("shaded") else canvas.bare
    for outline in outlines:
        if area := canvas.area([_outline(canvas, rules, outline)], rules["feather"]):
            yield _Area(area.window, area.mask * bare[area.window] * canvas.within[area.window])


def _outline(canvas: _Canvas, rules: Mapping[str, Any], landmarks: NDArray[np.intp]) -> Points:
    grow = rules.get("grow", 0.0) * canvas.px_per_mm
    return _smooth(_grown(canvas.points[landmarks], grow))


def _sides(right: Sequence[int]) -> list[NDArray[np.intp]]:
    """Landmarks of the right side -> those, and the left ones."""
    indices = np.array(right, np.intp)
    return [indices, canonical().mirror[indices]]


def _face(canvas: _Canvas) -> Iterator[_Area]:
    rules = _rules()
    outline = canvas.points[part("face")]
    # The outline ends on the forehead, the skin goes on to the hair.
    middle = canvas.points[[234, 454]].mean(axis=0)
    height = ((outline - middle) @ canvas.up).clip(0, None)
    share = (height / max(float(height.max()), 1.0))[:, None]
    raised = outline + canvas.up * share * rules["skin"]["hairline"] * canvas.px_per_mm
    feather = rules["place"]["face"]["feather"]
    if area := canvas.area([_smooth(raised)], feather):
        yield _Area(area.window, area.mask * canvas.bare[area.window])


# --- lips -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lips:
    """The lips, and the band along their outer edge."""

    whole: _Area
    line: _Area


def _find_lips(canvas: _Canvas) -> _Lips | None:
    """The mesh says roughly where lips are; their colour says where they end.

    Lip and skin are two normal distributions over hue, chroma and lightness (linear discriminant
    analysis), first read well inside and well outside the mesh's contours, then from what they
    themselves call lip and skin. Teeth have no colour, the open mouth no light.
    """
    rules = _rules()["lips"]
    outer = _smooth(canvas.points[part("lips")])
    inner = _smooth(canvas.points[part("mouth")])
    window = canvas.around(outer, rules["reach"])
    if window is None:
        return None
    step = max(1, round(canvas.px_per_mm / rules["px_per_mm"]))
    photo = Image.fromarray(canvas.pixels[window])
    lab = _oklab(np.asarray(photo.reduce(step)))
    start = np.array([window[1].start, window[0].start])
    scale = canvas.px_per_mm / step
    where = (outer - start + 0.5) / step - 0.5, (inner - start + 0.5) / step - 0.5
    from_outer, from_inner = (_depth(curve, lab.shape[2], lab.shape[1]) / scale for curve in where)
    prior = np.minimum(from_outer / rules["outer"], -from_inner / rules["inner"])
    prior = prior.clip(-rules["sure"], rules["sure"])
    level = np.maximum(lab[0], _FAINT)
    seen = np.stack([lab[1] / level, lab[2] / level, np.log(level)]).reshape(3, -1)
    lip = (prior > 1).ravel().astype(np.float32)
    skin = ((from_outer < -rules["away"]) & (from_outer > -rules["reach"])).ravel()
    skin = skin.astype(np.float32)
    if lip.sum() < rules["least_pixels"] or skin.sum() < rules["least_pixels"]:
        return None
    may = (from_outer > -rules["away"]).ravel()
    logit, shine = prior, np.median(lab[0][prior > 1])
    for _ in range(rules["rounds"]):
        evidence, redness = _lip_or_skin(seen, lip, skin)
        # What is bright inside the lips is their own shine, not skin.
        least = np.where((lab[0] > shine) & (prior > 0), -rules["shine"], -rules["most"])
        evidence = evidence.reshape(prior.shape).clip(least, rules["most"])
        logit = prior + evidence
        lip = may / (1 + np.exp(-logit.ravel()))
        skin = (1 - lip) * (from_inner < -1).ravel()
    toothlike = (rules["tooth"] * redness - seen[0]).reshape(prior.shape) / rules["tooth_soft"]
    tooth = toothlike.clip(0, 1) * (from_inner > -rules["tooth_reach"])
    gape = float(from_inner.max())
    dark = (lab[0] < rules["cavity"] * shine) & (from_inner > -0.5)
    logit = np.where(dark & (gape > rules["gapes"]), -rules["sure"], logit)
    logit = np.minimum(logit, (from_outer + rules["away"]) * 4)
    height, width = window[0].stop - window[0].start, window[1].stop - window[1].start
    # Bounded first: one pixel that is sure of itself would outweigh its neighbours.
    logit = logit.clip(-rules["bound"], rules["bound"]).astype(np.float32)
    soft = _wide(logit, max(0.6, rules["soften"] * scale))
    chance = 1 / (1 + np.exp(-_enlarged(soft, (width, height), step)))
    whole: Floats = ((chance - np.float32(0.06)) / np.float32(0.88)).clip(0, 1)
    bare = _wide(tooth.astype(np.float32), max(0.6, rules["tooth_edge"] * scale))
    whole *= 1 - (2 * _enlarged(bare, (width, height), step)).clip(0, 1)
    band = _rules()["place"]["lip_line"]["width"][0]
    edge = np.exp(-((from_outer / band) ** 2) * 2) * (from_inner < -band)
    line: Floats = whole * _enlarged(edge.astype(np.float32), (width, height), step)
    return _Lips(_Area(window, whole), _Area(window, line))


def _lip_or_skin(seen: Floats, lip: Floats, skin: Floats) -> tuple[Floats, float]:
    """Features (3, n) and weights of either class (n,) -> log odds of lip (n,), the lips' a/L."""
    middles = [(seen * weight).sum(axis=1) / weight.sum() for weight in (lip, skin)]
    scatter = sum(
        ((seen - middle[:, None]) * weight) @ (seen - middle[:, None]).T
        for middle, weight in zip(middles, (lip, skin), strict=True)
    )
    spread = scatter / (lip.sum() + skin.sum()) + np.diag([1e-4, 1e-4, 4e-3])
    way = np.linalg.solve(spread, middles[0] - middles[1])
    odds = way @ (seen - ((middles[0] + middles[1]) / 2)[:, None])
    return np.asarray(odds, np.float32), float(middles[0][0])


# --- eyes and brows -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lid:
    """The upper lid's edge, from the outer corner to the inner one, and the opening below it."""

    edge: Points  # (n, 2)
    away: Points  # (n, 2) unit normals, away from the eye
    opening: Points  # closed
    blur: float  # mm, standard deviation of the photo's own edges there
    lid: _Area  # 0 in the eye's opening, 1 away from it
    free: _Area  # where shadow may go: not into the eye, not onto the brow


def _find_lid(canvas: _Canvas, side: str) -> _Lid:
    """The mesh's curve, moved to where skin ends and lashes begin: dark below, light above."""
    rules = _rules()
    k, number = canvas.px_per_mm, _EYES.index(side)
    upper = canvas.points[_sides(rules["place"]["lash_line"]["curve"])[number]]
    lower = canvas.points[_sides(rules["place"]["lower_lash_line"]["curve"])[number]]
    edge = _smooth(upper, closed=False)
    away = _normals(edge)
    away *= np.sign(((edge - lower.mean(axis=0)) * away).sum(axis=1).mean())
    along = _along(edge)
    table = rules["lid"]
    bend = (table["corner"] + (1 - table["corner"]) * 4 * along * (1 - along))[:, None]
    inwards, outwards = table["search"]
    offsets = np.arange(inwards, outwards, 0.2)
    window = canvas.around(edge, outwards + 2)
    best = blur = 0.0
    if window is not None:
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
        best = float(offsets[int(np.argmax(score))])
    edge = edge + away * bend * (best * k)
    opening = np.concatenate(
        [edge - away * (table["lashes"] * k), _smooth(lower[::-1], closed=False)]
    )
    brow = _smooth(canvas.points[part(side.replace("eye", "brow"))])
    inner = _smooth(_grown(canvas.points[part(side)], -table["sure"] * k))
    shut, free = _free(canvas, [opening, inner], blur, brow)
    return _Lid(edge, away, opening, blur, shut, free)


def _along_lashes(
    canvas: _Canvas, rules: Mapping[str, Any], lid: _Lid, *, hairs: bool
) -> Iterator[_Area]:
    """A band along a lid's edge, thicker at the outer corner, drawn out to a wing.

    hairs: only what is darker than the skin round it.
    """
    k = canvas.px_per_mm
    upper = rules["lid"] == "upper"
    edge, away = (lid.edge, lid.away) if upper else _lower_edge(lid)
    width = np.interp(_along(edge), [0, 0.5, 1], rules["width"]) * k
    edge = edge - away * (rules["within"] * k)
    rim = edge + away * (width[:, None] + rules["within"] * k)
    if rules["wing"]:
        out = edge[0] - edge[-1]
        out = out / max(float(np.linalg.norm(out)), 1e-6)
        tip = edge[0] + (out * 0.85 + away[len(away) // 2] * 0.5) * rules["wing"] * k
        edge, rim = np.concatenate([tip[None], edge]), np.concatenate([tip[None], rim])
    # No sharper than the photo is.
    feather = max(rules["feather"], _rules()["lid"]["as_sharp"] * lid.blur)
    if area := canvas.area([np.concatenate([edge, rim[::-1]])], feather):
        mask = np.zeros_like(area.mask)
        if _meet(area.window, lid.lid.window):
            both = _overlap(area.window, lid.lid.window)
            here = _within(both, area.window)
            mask[here] = area.mask[here] * lid.lid.mask[_within(both, lid.lid.window)]
        if hairs:
            mask = mask * _hairs(canvas, area.window, *_rules()["lid"]["hairs"])
        yield _Area(area.window, mask)


def _edge_width(grey: Floats) -> float:
    """(h, w) of an eye -> deviation of its sharpest edges, px: step over steepest slope."""
    down, across = np.gradient(grey)
    steepest = float(np.quantile(np.hypot(down, across), 0.99))
    step = float(np.quantile(grey, 0.98) - np.quantile(grey, 0.03))
    return step / max(steepest * math.sqrt(2 * math.pi), 1e-3)


def _lower_edge(lid: _Lid) -> tuple[Points, Points]:
    opening = lid.opening
    lower = opening[len(lid.edge) :][::-1]
    away = _normals(lower)
    away *= np.sign(((lower - opening.mean(axis=0)) * away).sum(axis=1).mean())
    return lower, away


def _hairs(canvas: _Canvas, window: Window, dark: float, darker: float) -> Floats:
    """0..1 by how much darker than the skin's broad light the photo is there."""
    level = canvas.light[window] / canvas.skin.broad[window]
    return np.asarray(((np.float32(dark) - level) / np.float32(dark - darker)).clip(0, 1))


def _brow(canvas: _Canvas, rules: Mapping[str, Any], outline: Points) -> Iterator[_Area]:
    """Full where hair grows, a little where the mesh has a brow, nothing beyond.

    Hair is told by how far the place is from the skin's light, against the most of this very brow:
    black, blond and white brows alike.
    """
    k = canvas.px_per_mm
    curve = _smooth(outline)
    wide = canvas.area([_grown(curve, rules["beyond"] * k)], rules["feather"])
    if not wide:
        return
    core = canvas.cover([_grown(curve, -rules["within"] * k)], rules["feather"], wide.window)
    apart = np.abs(1 - canvas.light[wide.window] / canvas.skin.broad[wide.window])
    soft = _wide(apart, max(0.6, rules["strands"] * k))
    own = float(np.quantile(soft[core > 0.5], 0.8)) if (core > 0.5).any() else 0.0
    hairs = (soft / np.float32(max(rules["dense"] * own, 0.03))).clip(0, 1)
    hairs = _wide(hairs, max(0.6, rules["strands"] * k))
    yield _Area(wide.window, wide.mask * (hairs + (1 - hairs) * rules["fill"] * core))


def _free(canvas: _Canvas, opening: list[Points], blur: float, brow: Points) -> tuple[_Area, _Area]:
    """0 in the eye's opening, 1 away from it; and the same of the opening and the brow."""
    table = _rules()["lid"]
    window = canvas.around(opening[0], table["reach"]) or (slice(0, 1), slice(0, 1))
    eye = canvas.cover(opening, max(table["feather"], 0.5 * blur), window)
    near = canvas.cover([_grown(brow, table["brow"] * canvas.px_per_mm)], 0.7, window)
    shut = (1 - 2 * eye).clip(0, 1)
    off = shut * (1 - 2 * near).clip(0, 1)
    frames = _hairs(canvas, window, *table["frames"])
    return _Area(window, shut), _Area(window, off * (1 - frames))


def _eye_shows(canvas: _Canvas, side: str) -> bool:
    """False behind dark glasses, a patch, hair or a hand: no skin below the eye."""
    prefix = side.split("_", maxsplit=1)[0]
    near = canvas.points[_sides(_rules()["place"]["under_eyes"]["polygon"])[_EYES.index(side)]]
    below = canvas.points[part(f"{prefix}_under_eye")]
    shown = (canvas.skin.share(near) + canvas.skin.share(below)) / 2
    return shown >= float(_rules()["skin"]["eye_shows"])


def _grains(canvas: _Canvas, window: Window, strength: float) -> Floats:
    """Mica: single bright grains, in the photo's own pixels, the same every time."""
    size = max(1, round(_rules()["skin"]["grain"] * canvas.px_per_mm))
    top, left = window[0].start, window[1].start
    rows = (np.arange(window[0].start, window[0].stop, dtype=np.uint32) + np.uint32(top)) // size
    columns = (
        np.arange(window[1].start, window[1].stop, dtype=np.uint32) + np.uint32(left)
    ) // size
    noise = rows[:, None] * np.uint32(374761393) + columns[None] * np.uint32(668265263)
    noise = (noise ^ (noise >> np.uint32(13))) * np.uint32(1274126177)
    noise ^= noise >> np.uint32(16)
    even = noise.astype(np.float32) / np.float32(2**32)
    return np.asarray(np.float32(strength) * even**8)


# --- geometry -------------------------------------------------------------------------------------


def _resolution(points: Points) -> float:
    """Pixels per millimetre, by eyes or height of the face, whichever is less foreshortened."""
    mean = canonical().points[:, :2] * 10
    spans = ((33, 263), (10, 152))
    return max(
        float(np.linalg.norm(points[a] - points[b]) / np.linalg.norm(mean[a] - mean[b]))
        for a, b in spans
    )


def _smooth(points: Points, *, closed: bool = True, per: int = 4) -> Points:
    """Points (n, 2) -> the Catmull-Rom curve through them, `per` points for each."""
    if closed:
        ends = np.concatenate([points[-1:], points, points[:2]])
    else:
        ends = np.concatenate(
            [2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]]
        )
    before, here, after, second = ends[:-3], ends[1:-2], ends[2:-1], ends[3:]
    t = np.linspace(0, 1, per, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * here
        + (after - before) * t
        + (2 * before - 5 * here + 4 * after - second) * t**2
        + (3 * here - before - 3 * after + second) * t**3
    )
    flat = curve.transpose(1, 0, 2).reshape(-1, 2)
    return flat if closed else np.concatenate([flat, points[-1:]])


def _along(curve: Points) -> Points:
    """(n, 2) -> (n,) 0..1, how far along it each point lies."""
    run = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    return np.asarray(np.concatenate([[0], np.cumsum(run)]) / max(float(run.sum()), 1e-6))


def _depth(polygon: Points, width: int, height: int) -> Floats:
    """Closed curve of many points -> (height, width) px from it, negative outside."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    where = np.stack([columns.ravel(), rows.ravel()], axis=1)
    curve = polygon.astype(np.float32)
    squared = (where**2).sum(axis=1)[:, None] - 2 * where @ curve.T + (curve**2).sum(axis=1)
    apart = np.sqrt(np.maximum(squared.min(axis=1), 0)).reshape(height, width)
    return np.asarray(np.where(inside(polygon, width, height), apart, -apart), np.float32)


def _normals(curve: Points) -> Points:
    tangent = np.gradient(curve, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    return np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)


def _grown(polygon: Points, px: float) -> Points:
    """A closed polygon with its edge moved outwards by `px`, inwards where negative."""
    ends = np.concatenate([polygon[-1:], polygon, polygon[:1]])
    before, after = ends[:-2], ends[2:]
    turn = np.sign(np.sum(polygon[:, 0] * after[:, 1] - polygon[:, 1] * after[:, 0]))
    tangent = after - before
    tangent /= np.maximum(np.hypot(tangent[:, :1], tangent[:, 1:]), 1e-6)
    return np.asarray(polygon + turn * px * np.stack([tangent[:, 1], -tangent[:, 0]], axis=1))


# --- pixels ---------------------------------------------------------------------------------------


def _oklab(pixels: Pixels) -> Floats:
    """(h, w, 3) uint8 -> (3, h, w) OKLab"""
    lab = np.empty((3, *pixels.shape[:2]), np.float32)
    for band in _bands(0, len(pixels)):
        planes = np.ascontiguousarray(pixels[band].transpose(2, 0, 1))
        linear = colour.linear_from_srgb(planes).reshape(3, -1).astype(np.float32, copy=False)
        lab[:, band] = colour.oklab_from_linear(linear).reshape(planes.shape)
    return lab


def _bands(start: int, stop: int) -> Iterator[slice]:
    """Rows in pieces small enough for what is made of them to stay in a core's cache."""
    for first in range(start, stop, _BAND):
        yield slice(first, min(first + _BAND, stop))


def _wide(layer: Floats, sigma: float) -> Floats:
    """A broad Gaussian, near enough: made on a picture small enough for it to be narrow."""
    height, width = layer.shape
    step = max(1, int(sigma))
    small = Image.fromarray(layer).resize(
        (max(1, width // step), max(1, height // step)), Image.Resampling.BOX
    )
    for _ in range(2):
        grid = np.pad(np.asarray(small), 1, mode="edge")
        grid = (grid[:-2] + 2 * grid[1:-1] + grid[2:]) / 4
        small = Image.fromarray((grid[:, :-2] + 2 * grid[:, 1:-1] + grid[:, 2:]) / 4)
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


def _enlarged(layer: Floats, size: tuple[int, int], step: int) -> Floats:
    """A picture that was reduced by `step`, at its old size (width, height)."""
    box = (0, 0, size[0] / step, size[1] / step)
    return np.asarray(
        Image.fromarray(layer).resize(size, Image.Resampling.BILINEAR, box=box), np.float32
    )


@cache
def _encoded() -> NDArray[np.uint8]:
    """(4096,) sRGB bytes by the square root of linear light: finer where the dark is."""
    linear = np.linspace(0, 1, 4096) ** 2
    return np.rint(colour.srgb_from_linear(linear) * 255).astype(np.uint8)


def _shade(code: str) -> Floats:
    """`#rrggbb` -> OKLab (3,)"""
    byte = np.frombuffer(bytes.fromhex(code[1:]), np.uint8)
    return _oklab(byte.reshape(1, 1, 3)).reshape(3)


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("render.toml").read_text(encoding="utf-8"))
