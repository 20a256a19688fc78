"""Where each product goes on a face: one area for each side that shows the place."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from facet.vision.drawing.canvas import EYES, Area
from facet.vision.drawing.complexion import darker_than_skin
from facet.vision.drawing.eyelids import Lid, lower_edge
from facet.vision.drawing.features import Features
from facet.vision.drawing.geometry import (
    Points,
    along_curve,
    both_sides,
    grown,
    meet,
    overlap,
    smooth_curve,
    within,
)
from facet.vision.drawing.pixels import blurred
from facet.vision.drawing.rules import render_rules
from facet.vision.face.landmarks import part


def areas_of(face: Features, category: str, place: str) -> Iterator[Area]:
    """Where a product goes, one area for each side of the face that shows the place."""
    canvas, rules = face.canvas, render_rules()["place"][place]
    if place == "face":
        yield from _whole_face(face)
    elif place in ("lips", "lip_line"):
        if face.lips:
            yield face.lips.line if place == "lip_line" else face.lips.whole
    elif "curve" in rules:
        for lid in face.lids.values():
            yield from _along_lashes(face, rules, lid, hairs=category == "mascara")
    elif place == "brows":
        for brow in both_sides(rules["polygon"]):
            yield from _brow(face, rules, canvas.points[brow])
    elif category == "eyeshadow":
        for side, lid in face.lids.items():
            outline = canvas.points[both_sides(rules["polygon"])[EYES.index(side)]]
            mask = canvas.cover([smooth_curve(outline)], rules["feather"], lid.free.window)
            yield Area(lid.free.window, mask * lid.free.mask)
    else:
        yield from _on_skin(face, rules)


def _on_skin(face: Features, rules: Mapping[str, Any]) -> Iterator[Area]:
    outlines = [np.array(rules["whole"])] if "whole" in rules else both_sides(rules["polygon"])
    canvas, bare = face.canvas, face.shaded if rules.get("shaded") else face.bare
    grow = rules.get("grow", 0.0) * canvas.px_per_mm
    for landmarks in outlines:
        outline = smooth_curve(grown(canvas.points[landmarks], grow))
        if area := canvas.area([outline], rules["feather"]):
            yield Area(area.window, area.mask * bare[area.window] * face.within[area.window])


def _whole_face(face: Features) -> Iterator[Area]:
    canvas, rules = face.canvas, render_rules()
    outline = canvas.points[part("face")]
    # The outline ends on the forehead, the skin goes on to the hair.
    middle = canvas.points[[234, 454]].mean(axis=0)
    height = ((outline - middle) @ canvas.up).clip(0, None)
    share = (height / max(float(height.max()), 1.0))[:, None]
    raised = outline + canvas.up * share * rules["skin"]["hairline"] * canvas.px_per_mm
    if area := canvas.area([smooth_curve(raised)], rules["place"]["face"]["feather"]):
        yield Area(area.window, area.mask * face.bare[area.window])


def _along_lashes(
    face: Features, rules: Mapping[str, Any], lid: Lid, *, hairs: bool
) -> Iterator[Area]:
    """A band along a lid's edge, thicker at the outer corner, drawn out to a wing.

    hairs: only what is darker than the skin round it.
    """
    canvas, k = face.canvas, face.canvas.px_per_mm
    upper = rules["lid"] == "upper"
    edge, away = (lid.edge, lid.away) if upper else lower_edge(lid)
    width = np.interp(along_curve(edge), [0, 0.5, 1], rules["width"]) * k
    edge = edge - away * (rules["within"] * k)
    rim = edge + away * (width[:, None] + rules["within"] * k)
    if rules["wing"]:
        out = edge[0] - edge[-1]
        out = out / max(float(np.linalg.norm(out)), 1e-6)
        tip = edge[0] + (out * 0.85 + away[len(away) // 2] * 0.5) * rules["wing"] * k
        edge, rim = np.concatenate([tip[None], edge]), np.concatenate([tip[None], rim])
    # No sharper than the photo is.
    feather = max(rules["feather"], render_rules()["lid"]["as_sharp"] * lid.blur)
    if area := canvas.area([np.concatenate([edge, rim[::-1]])], feather):
        mask = np.zeros_like(area.mask)
        if meet(area.window, lid.lid.window):
            both = overlap(area.window, lid.lid.window)
            here = within(both, area.window)
            mask[here] = area.mask[here] * lid.lid.mask[within(both, lid.lid.window)]
        if hairs:
            mask = mask * darker_than_skin(
                canvas, face.skin, area.window, render_rules()["lid"]["hairs"]
            )
        yield Area(area.window, mask)


def _brow(face: Features, rules: Mapping[str, Any], outline: Points) -> Iterator[Area]:
    """Full where hair grows, a little where the mesh has a brow, nothing beyond.

    Hair is told by how far the place is from the skin's light, against the most of this very brow:
    black, blond and white brows alike.
    """
    canvas, k = face.canvas, face.canvas.px_per_mm
    curve = smooth_curve(outline)
    wide = canvas.area([grown(curve, rules["beyond"] * k)], rules["feather"])
    if not wide:
        return
    core = canvas.cover([grown(curve, -rules["within"] * k)], rules["feather"], wide.window)
    contrast = np.abs(1 - canvas.light[wide.window] / face.skin.broad[wide.window])
    soft = blurred(contrast, max(0.6, rules["strands"] * k))
    own = float(np.quantile(soft[core > 0.5], 0.8)) if (core > 0.5).any() else 0.0
    hairs = (soft / np.float32(max(rules["dense"] * own, 0.03))).clip(0, 1)
    hairs = blurred(hairs, max(0.6, rules["strands"] * k))
    yield Area(wide.window, wide.mask * (hairs + (1 - hairs) * rules["fill"] * core))
