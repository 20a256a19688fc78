"""Makeup drawn on a photo: the face's own light and texture in other colours.

Colour is changed in OKLab, where light is one factor on L, a and b. A pixel's new colour is the
shade times that pixel's own light against the light of the place, so shading, pores and folds stay
as they are; only then is it mixed with what was there, by opacity. Places, feathers, opacities and
finishes are data: render.toml. All lengths are in millimetres of the face.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from facet import colour
from facet.domain.style import Finish, LookStep, Makeup, MakeupCategory, Region
from facet.vision.landmarks import part
from facet.vision.patches import Pixels, inside
from facet.vision.pose import canonical

Floats = NDArray[np.float32]
Points = NDArray[np.floating]
Window = tuple[slice, slice]

_EYES = ("right_eye", "left_eye")


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

    @property
    def shape(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]

    def develop(self, result: Pixels) -> None:
        """Write what was touched into the whole photo."""
        linear = colour.linear_from_oklab(self.lab[:, self.touched])
        steps = np.sqrt(linear.clip(0, 1)) * np.float32(len(_encoded()) - 1) + np.float32(0.5)
        result[self.window][self.touched] = _encoded()[steps.astype(np.uint16)].T

    @cached_property
    def skin(self) -> "_Skin":
        return _Skin(self)

    def area(self, polygons: Sequence[Points], feather: float) -> _Area | None:
        """Polygons (n, 2) -> what they enclose, its edge softened over `feather` mm."""
        sigma = feather * self.px_per_mm
        every = np.concatenate(polygons)
        height, width = self.shape
        left, top = np.floor(every.min(axis=0) - 3 * sigma - 1).astype(int).clip(0, (width, height))
        right, bottom = (np.ceil(every.max(axis=0) + 3 * sigma).astype(int) + 2).clip(
            0, (width, height)
        )
        if right - left < 1 or bottom - top < 1:
            return None
        fine = 4 if sigma < 2 else 1
        size = int(right - left) * fine, int(bottom - top) * fine
        covered = np.zeros(size[::-1], bool)
        for polygon in polygons:
            covered |= inside((polygon - (left, top) + 0.5) * fine - 0.5, *size)
        image = Image.fromarray(covered.astype(np.uint8) * 255)
        if fine > 1:
            image = image.reduce(fine)
        soft = np.asarray(image.filter(ImageFilter.GaussianBlur(sigma)), np.float32)
        soft *= np.float32(1 / 255)
        return _Area((slice(int(top), int(bottom)), slice(int(left), int(right))), soft)

    def cover(self, polygons: Sequence[Points], feather: float, window: Window) -> Floats:
        """As area, on a window of the canvas."""
        found = self.area(polygons, feather)
        covered = np.zeros(self.shape, np.float32)
        if found:
            covered[found.window] = found.mask
        return covered[window]


class _Skin:
    """Which pixels of a canvas are skin, and the broad light on it."""

    def __init__(self, canvas: _Canvas) -> None:
        rules = _rules()["skin"]
        height, width = canvas.shape
        step = max(1, round(canvas.px_per_mm / rules["px_per_mm"]))
        small = np.asarray(Image.fromarray(canvas.pixels).reduce(step))
        near = (canvas.points + 0.5) / step - 0.5
        lab = _oklab(small)
        size = small.shape[1], small.shape[0]
        light = np.log(np.maximum(lab[0], np.float32(0.02)))
        hues = lab[1:] / np.maximum(lab[0], np.float32(0.02))
        core = np.zeros(small.shape[:2], bool)
        for name in ("right_cheek", "left_cheek", "nose"):
            core |= inside(near[part(name)], *size)
        if not core.any():
            core[:] = True
        rows, columns = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
        plane = np.stack([np.ones_like(light), rows / size[1], columns / size[0]])
        kept = core
        for _ in range(3):
            middle = np.median(hues[:, kept], axis=1)
            fit, *_ = np.linalg.lstsq(plane[:, kept].T, light[kept], rcond=None)
            beside = light - np.tensordot(fit.astype(np.float32), plane, 1)
            spread = np.where(beside < 0, rules["dark"], rules["bright"])
            apart = np.sqrt(
                ((hues - middle[:, None, None].astype(np.float32)) ** 2).sum(axis=0)
                / np.float32(rules["hue"] ** 2)
                + (beside / spread) ** 2
            )
            again = core & (apart < rules["full"])
            if again.sum() < core.sum() / 8:
                break
            kept = again
        like = ((rules["none"] - apart) / (rules["none"] - rules["full"])).clip(0, 1)
        like = like.astype(np.float32)
        self.level = float(np.median(lab[0][kept]))
        self.small, self.step = like, step
        self.near = near
        wide = max(1.0, rules["broad"] * canvas.px_per_mm / step)
        weight = like + np.float32(1e-3)
        blurred = [_wide(layer * weight, wide) for layer in (*lab, np.ones_like(light))]
        broad = blurred[0] / blurred[3]
        self.broad = _enlarged(broad, (width, height), step)
        detail = canvas.lab[0] / np.maximum(self.broad, np.float32(0.02))
        low, high = rules["strands"]
        gate = ((detail - np.float32(low)) / np.float32(high - low)).clip(0, 1)
        self.mask = _enlarged(like, (width, height), step) * gate

    def share(self, polygon: Points) -> float:
        """0..1, how much of a polygon of the canvas looks like skin."""
        here = inside((polygon + 0.5) / self.step - 0.5, self.small.shape[1], self.small.shape[0])
        return float(self.small[here].mean()) if here.any() else 0.0


def _put_on(canvas: _Canvas, step: Makeup) -> None:
    """One product on the canvas."""
    product = _rules()["product"][step.category]
    finish = _rules()["finish"][step.finish]
    places = step.regions or places_of(step.category)[:1]
    areas = [area for place in places for area in _areas(canvas, step.category, place)]
    if not areas:
        return
    lab = [canvas.lab[:, *area.window] for area in areas]
    solid = [area.mask > 0.5 * area.mask.max() for area in areas]
    if not any(one.any() for one in solid):
        return
    under = np.concatenate([part[:, one] for part, one in zip(lab, solid, strict=True)], axis=1)
    base = np.maximum(np.median(under, axis=1), np.float32(0.02)).astype(np.float32)
    base[1:] = np.median(under[1:], axis=1)
    peak = np.quantile(under[0], (0.8, 0.99)).astype(np.float32)
    broad = np.concatenate(
        [canvas.skin.broad[a.window][s] for a, s in zip(areas, solid, strict=True)]
    )
    shading = np.clip(np.median(broad) / canvas.skin.level, 0.6, 1.2) ** product["shaded"]
    shade = _shade(step.hex) * np.float32(shading)
    strength = np.float32(product["opacity"] * step.intensity / 100)
    for area, before in zip(areas, lab, strict=True):
        light = before[0] / base[0]
        even = canvas.skin.broad[area.window] / base[0]
        if product["texture"] < 1:
            light = even + (light - even) * np.float32(product["texture"])
        light = np.where(light > 1, 1 + (light - 1) * np.float32(finish["light"]), light)
        after = shade[:, None, None] * light
        after[1:] += np.float32(product["uneven"]) * (before[1:] - base[1:, None, None] * light)
        opacity = area.mask * strength
        lifted = area.mask * strength ** np.float32(product["lift"])
        top = ((before[0] - peak[0]) / max(float(peak[1] - peak[0]), 0.02)).clip(0, 1)
        mixed = before + opacity * (after - before)
        mixed[0] = before[0] + np.where(after[0] > before[0], lifted, opacity) * (
            after[0] - before[0]
        )
        gleam = np.float32(finish["gleam"]) * top
        if finish["grains"]:
            gleam = gleam + _grains(canvas, area.window, finish["grains"]) * (0.3 + 0.7 * top)
        mixed[0] += opacity * gleam
        mixed[1:] *= 1 - opacity * np.minimum(gleam, 1)
        before[:] = mixed
        canvas.touched[area.window] |= area.mask > 0


def _areas(canvas: _Canvas, category: str, place: str) -> Iterator[_Area]:
    """Where a product goes, one area for each side of the face that shows the place."""
    rules = _rules()["place"][place]
    if place == "face":
        yield from _face(canvas)
    elif place == "lips":
        yield from _lips(canvas, rules["feather"])
    elif place == "lip_line":
        yield from _lip_line(canvas, rules)
    elif "curve" in rules:
        for side in _EYES:
            if _eye_shows(canvas, side):
                yield from _along_lashes(canvas, rules, side)
    elif place == "brows":
        for brow in _sides(rules["polygon"]):
            if area := canvas.area([_smooth(canvas.points[brow])], rules["feather"]):
                yield area
    else:
        yield from _on_skin(canvas, category, rules)


def _on_skin(canvas: _Canvas, category: str, rules: Mapping[str, Any]) -> Iterator[_Area]:
    whole = "whole" in rules
    outlines = [np.array(rules["whole"])] if whole else _sides(rules["polygon"])
    for number, outline in enumerate(outlines):
        if category == "eyeshadow" and not _eye_shows(canvas, _EYES[number]):
            continue
        if area := canvas.area([_smooth(canvas.points[outline])], rules["feather"]):
            mask = area.mask * _off_features(canvas, area.window)
            mask *= canvas.skin.mask[area.window]
            yield _Area(area.window, mask)


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
        mask = area.mask * _off_features(canvas, area.window) * canvas.skin.mask[area.window]
        yield _Area(area.window, mask)


def _off_features(canvas: _Canvas, window: Window) -> Floats:
    """0 on eyes, brows and lips, 1 away from them."""
    margin = _rules()["skin"]["margin"]
    polygons = [
        _smooth(_grown(canvas.points[part(name)], margin[name.split("_")[-1]] * canvas.px_per_mm))
        for name in (*_EYES, "right_brow", "left_brow", "lips")
    ]
    return 1 - (canvas.cover(polygons, _rules()["skin"]["margin_feather"], window) * 1.5).clip(0, 1)


def _lips(canvas: _Canvas, feather: float) -> Iterator[_Area]:
    outer = _smooth(canvas.points[part("lips")])
    inner = _smooth(canvas.points[part("mouth")])
    if area := canvas.area([outer], feather):
        mask = area.mask * (1 - canvas.cover([inner], feather, area.window))
        yield _Area(area.window, mask)


def _lip_line(canvas: _Canvas, rules: Mapping[str, Any]) -> Iterator[_Area]:
    outer = _smooth(canvas.points[part("lips")])
    width = rules["width"][0] * canvas.px_per_mm
    if area := canvas.area([_grown(outer, 0.2 * width)], rules["feather"]):
        within = canvas.cover([_grown(outer, -0.8 * width)], rules["feather"], area.window)
        yield _Area(area.window, area.mask * (1 - within))


def _along_lashes(canvas: _Canvas, rules: Mapping[str, Any], side: str) -> Iterator[_Area]:
    """A band along a lid's edge, thicker at the outer corner, drawn out to a wing."""
    indices = _sides(rules["curve"])[_EYES.index(side)]
    k = canvas.px_per_mm
    edge = _smooth(canvas.points[indices], closed=False)
    eye = canvas.points[part(side)]
    middle = eye.mean(axis=0)
    run = np.linalg.norm(np.diff(edge, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(run)]) / max(float(run.sum()), 1e-6)
    width = np.interp(along, [0, 1], rules["width"]) * k
    away = _normals(edge)
    away *= np.sign(((edge - middle) * away).sum(axis=1).mean())
    rim = edge + away * width[:, None]
    if rules["wing"]:
        out = edge[0] - edge[-1]
        out = out / max(float(np.linalg.norm(out)), 1e-6)
        lift = away[len(away) // 2]
        tip = edge[0] + (out * 0.85 + lift * 0.5) * rules["wing"] * k
        edge, rim = np.concatenate([tip[None], edge]), np.concatenate([tip[None], rim])
    if area := canvas.area([np.concatenate([edge, rim[::-1]])], rules["feather"]):
        off = 1 - canvas.cover([_smooth(eye)], 0.15, area.window)
        yield _Area(area.window, area.mask * off)


def _eye_shows(canvas: _Canvas, side: str) -> bool:
    """False behind dark glasses, hair or a hand."""
    prefix = side.split("_", maxsplit=1)[0]
    around = np.concatenate([canvas.points[part(f"{prefix}_under_eye")]])
    lids = canvas.points[_sides(_rules()["place"]["crease"]["polygon"])[_EYES.index(side)]]
    shown = (canvas.skin.share(around) + canvas.skin.share(lids)) / 2
    return bool(shown >= _rules()["skin"]["eye_shows"])


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
    return np.asarray(np.float32(strength) * even**6)


# --- geometry -------------------------------------------------------------------------------------


def _resolution(points: Points) -> float:
    """Pixels per millimetre, by eyes or height of the face, whichever is less foreshortened."""
    mean = canonical().points[:, :2] * 10
    spans = ((33, 263), (10, 152))
    return max(
        float(np.linalg.norm(points[a] - points[b]) / np.linalg.norm(mean[a] - mean[b]))
        for a, b in spans
    )


def _smooth(points: Points, *, closed: bool = True, per: int = 6) -> Points:
    """Points (n, 2) -> the Catmull-Rom curve through them, `per` points for each."""
    if closed:
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        second = np.roll(points, -2, axis=0)
        here = points
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


def _normals(curve: Points) -> Points:
    tangent = np.gradient(curve, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    return np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)


def _grown(polygon: Points, px: float) -> Points:
    """A closed polygon with its edge moved outwards by `px`, inwards where negative."""
    x, y = polygon[:, 0], polygon[:, 1]
    turn = np.sign(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
    tangent = np.roll(polygon, -1, axis=0) - np.roll(polygon, 1, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    return np.asarray(polygon + turn * px * np.stack([tangent[:, 1], -tangent[:, 0]], axis=1))


# --- pixels ---------------------------------------------------------------------------------------


def _oklab(pixels: Pixels) -> Floats:
    """(h, w, 3) uint8 -> (3, h, w) OKLab"""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    linear = colour.linear_from_srgb(planes).reshape(3, -1).astype(np.float32, copy=False)
    return colour.oklab_from_linear(linear).reshape(planes.shape)


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
