"""The features of a face on a canvas: skin, lips and lids, and what lies off them."""

from functools import cached_property

import numpy as np

from facet.vision.drawing.canvas import EYES, Canvas
from facet.vision.drawing.complexion import Complexion
from facet.vision.drawing.eyelids import Lid, eye_shows, find_lid
from facet.vision.drawing.geometry import Floats, grown, smooth_curve
from facet.vision.drawing.lips import Lips, find_lips
from facet.vision.drawing.rules import render_rules
from facet.vision.face.landmarks import part


class Features:
    """What a face on a canvas shows, each part found when it is first asked for."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    @cached_property
    def skin(self) -> Complexion:
        """Which pixels are skin, and the light on it."""
        return Complexion(self.canvas)

    @cached_property
    def lips(self) -> Lips | None:
        """The lips, or None where they cannot be told from skin."""
        return find_lips(self.canvas)

    @cached_property
    def lids(self) -> dict[str, Lid]:
        """Upper lids by eye, of the eyes that can be seen."""
        return {
            side: find_lid(self.canvas, self.skin, side)
            for side in EYES
            if eye_shows(self.canvas, self.skin, side)
        }

    @cached_property
    def bare(self) -> Floats:
        """(h, w) 0..1: skin, off eyes, brows and lips"""
        return np.asarray(self.skin.mask * self._off_features)

    @cached_property
    def shaded(self) -> Floats:
        """(h, w) 0..1: skin, off eyes, brows and lips, in light or in deep shade"""
        return np.asarray(self.skin.hued * self._off_features)

    @cached_property
    def within(self) -> Floats:
        """(h, w) 1 on the face, 0 on ears and hair beyond, where its edge is turned away"""
        canvas, edge = self.canvas, render_rules()["place"]["face"]["edge"]
        outline = grown(smooth_curve(canvas.points[part("face")]), edge * canvas.px_per_mm)
        height, width = canvas.shape
        return canvas.cover([outline], edge, (slice(0, height), slice(0, width)))

    @cached_property
    def _off_features(self) -> Floats:
        """(h, w) 0 on eyes, brows and lips, 1 away from them"""
        canvas, table = self.canvas, render_rules()["skin"]
        off = np.ones(canvas.shape, np.float32)
        features = [*EYES, "right_brow", "left_brow"]
        if self.lips:
            off[self.lips.whole.window] *= 1 - self.lips.whole.mask
        features += ["lips", "mouth"]
        for name in features:
            px = table["margin"][name.split("_")[-1]] * canvas.px_per_mm
            outline = smooth_curve(grown(canvas.points[part(name)], px))
            if area := canvas.area([outline], table["margin_feather"]):
                off[area.window] *= 1 - (area.mask * 1.5).clip(0, 1)
        return off
