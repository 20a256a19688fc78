"""Where the lips end: by their colour, near where the mesh says."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from facet.vision.drawing.canvas import Area, Canvas
from facet.vision.drawing.geometry import Floats, depth_inside, smooth_curve
from facet.vision.drawing.pixels import FAINT, blurred, enlarged, oklab
from facet.vision.drawing.rules import render_rules
from facet.vision.face.landmarks import part


@dataclass(frozen=True, slots=True)
class Lips:
    """The lips, and the band along their outer edge."""

    whole: Area
    line: Area


def find_lips(canvas: Canvas) -> Lips | None:
    """The mesh says roughly where lips are; their colour says where they end.

    Lip and skin are two normal distributions over hue, chroma and lightness (linear discriminant
    analysis), first read well inside and well outside the mesh's contours, then from what they
    themselves call lip and skin. Teeth have no colour, the open mouth no light.
    """
    rules = render_rules()["lips"]
    outer = smooth_curve(canvas.points[part("lips")])
    inner = smooth_curve(canvas.points[part("mouth")])
    window = canvas.around(outer, rules["reach"])
    if window is None:
        return None
    step = max(1, round(canvas.px_per_mm / rules["px_per_mm"]))
    lab = oklab(np.asarray(Image.fromarray(canvas.pixels[window]).reduce(step)))
    start = np.array([window[1].start, window[0].start])
    scale = canvas.px_per_mm / step
    from_outer, from_inner = (
        depth_inside((curve - start + 0.5) / step - 0.5, lab.shape[2], lab.shape[1]) / scale
        for curve in (outer, inner)
    )
    told = _told_by_colour(lab, from_outer, from_inner)
    if told is None:
        return None
    logit, tooth = told
    size = window[1].stop - window[1].start, window[0].stop - window[0].start
    # Bounded first: one pixel that is sure of itself would outweigh its neighbours.
    logit = logit.clip(-rules["bound"], rules["bound"]).astype(np.float32)
    soft = blurred(logit, max(0.6, rules["soften"] * scale))
    chance = 1 / (1 + np.exp(-enlarged(soft, size, step)))
    whole: Floats = ((chance - np.float32(0.06)) / np.float32(0.88)).clip(0, 1)
    bare = blurred(tooth.astype(np.float32), max(0.6, rules["tooth_edge"] * scale))
    whole *= 1 - (2 * enlarged(bare, size, step)).clip(0, 1)
    band = render_rules()["place"]["lip_line"]["width"][0]
    edge = np.exp(-((from_outer / band) ** 2) * 2) * (from_inner < -band)
    line: Floats = whole * enlarged(edge.astype(np.float32), size, step)
    return Lips(Area(window, whole), Area(window, line))


def _told_by_colour(
    lab: Floats, from_outer: Floats, from_inner: Floats
) -> tuple[Floats, Floats] | None:
    """OKLab (3, h, w), mm inside the lips' outline and the mouth's (h, w) -> lips and teeth.

    (h, w) log odds of lip, and 0..1 how like teeth; None where too few pixels are surely either.
    """
    rules = render_rules()["lips"]
    prior = np.minimum(from_outer / rules["outer"], -from_inner / rules["inner"])
    prior = prior.clip(-rules["sure"], rules["sure"])
    level = np.maximum(lab[0], FAINT)
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
    return np.minimum(logit, (from_outer + rules["away"]) * 4), tooth


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
