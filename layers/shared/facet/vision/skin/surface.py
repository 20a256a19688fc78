"""The skin of one face as quantities: what is skin on its texture, and what that absorbs.

Three quantities are read from every pixel, all from the logarithm of linear light, so that a change
of exposure or white balance adds a constant, which differences within one face cancel:

  darkness     -ln Y
  haemoglobin  absorbance that is strongest in green
  melanin      absorbance that falls steadily from blue to red

The last two solve ln(R/G) and ln(G/B) for the two absorbers (after Yamamoto & Takiwaki 2008 and
Tsumura et al. 2003), so light and shade, which dims all channels alike, is in neither. Units of
100 ln are read as percent: 10 means a tenth darker, or a tenth more absorbed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.vision.skin.filters import Map, Mask, grown, mean_near, smooth
from facet.vision.skin.layout import (
    PARTS,
    SURFACE,
    area,
    part_masks,
    part_sizes,
    skin_place,
    whole_forehead,
)
from facet.vision.skin.limits import limits
from facet.vision.skin.texture import Texture

# Absorbance of red, green and blue (about 610, 540 and 465 nm) relative to green. Melanin falls as
# wavelength to the power -3.33 (Jacques 1998); haemoglobin's bands lie in green and blue (Prahl's
# tables of molar extinction, averaged over what a camera's channels take in).
_MELANIN = np.array([0.67, 1.0, 1.64])
_HAEMOGLOBIN = np.array([0.12, 1.0, 0.75])


def _contrasts(absorbance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([absorbance[1] - absorbance[0], absorbance[2] - absorbance[1]])


# (ln R/G, ln G/B) -> (haemoglobin, melanin)
_UNMIX = np.linalg.inv(np.stack([_contrasts(_HAEMOGLOBIN), _contrasts(_MELANIN)], axis=1)).astype(
    np.float32
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Pixels of one part: in the layout, of skin, of matte skin, of skin in a burnt-out place."""

    whole: float
    skin: float
    matte: float
    burnt: float


@dataclass(frozen=True, eq=False)
class Surface:
    """The coarse texture, 240 x 280 px at 1.7 px per mm, as physical quantities."""

    linear: NDArray[np.float32]  # (h, w, 3)
    darkness: Map  # (h, w), as all that follow; ln
    haemoglobin: Map  # ln
    melanin: Map  # ln
    skin: Mask  # bare skin: no hair, features, glasses, hard shadow or part outside the photo
    matte: Mask  # of that, what is not burnt out
    burnt: Mask
    lit: Mask  # where the layout has skin and nothing dark lies over it: highlights included
    shown: Mapping[str, Shown]  # for every part of PARTS
    px_per_mm: float  # of the texture
    photo_px_per_mm: float

    def region(self, name: str) -> Mask:
        """The matte skin of a part of landmarks.toml, or of `t_zone`."""
        return area(name) & self.matte

    def bare(self, *names: str) -> float:
        """Share, 0..1, of these parts together that is matte skin."""
        return sum(self.shown[name].matte for name in names) / sum(
            self.shown[name].whole for name in names
        )

    def uncovered(self, *names: str) -> float:
        """Share, 0..1, of these parts together that is skin, burnt out or not."""
        return sum(self.shown[name].skin for name in names) / sum(
            self.shown[name].whole for name in names
        )

    def burnt_share(self, *names: str) -> float:
        """Share, 0..1, of the skin of these parts that is burnt out."""
        skin = sum(self.shown[name].skin for name in names)
        return sum(self.shown[name].burnt for name in names) / max(skin, 1)

    @cached_property
    def own_melanin(self) -> float:
        """The median melanin of matte skin, ln; 0 where none is seen."""
        return float(np.median(self.melanin[self.matte])) if self.matte.any() else 0.0

    @cached_property
    def deeper(self) -> float:
        """How much deeper than usual its own melanin makes the contrast of pigment; at least 1.

        Where skin holds more melanin, the same share of it more or less is a larger difference.
        """
        table = limits("melanin")
        base = float(table["base"])
        return max(1.0, (self.own_melanin + base) / (float(table["usual"]) + base))

    @cached_property
    def specular(self) -> tuple[Map, Mask]:
        """White light over the skin's own brightness, and where it was looked for."""
        return _specular(self)


def read_surface(coarse: Texture) -> Surface:
    """Texture 240 px wide -> what is skin on it, and what that absorbs."""
    linear = np.maximum(colour.linear_from_srgb(coarse.rgb), np.float32(3e-4)).astype(np.float32)
    log = np.log(linear)
    darkness = -np.log(colour.luminance(linear))
    ratios = log[..., 0] - log[..., 1], log[..., 1] - log[..., 2]
    haemoglobin, melanin = (
        (row[0] * ratios[0] + row[1] * ratios[1]).astype(np.float32) for row in _UNMIX
    )
    skin, lit = _skin_and_lit(coarse, ratios, darkness, haemoglobin)
    burnt, burnt_place = _burnt(coarse)
    return Surface(
        linear,
        darkness,
        haemoglobin,
        melanin,
        skin,
        skin & ~burnt,
        burnt,
        lit,
        _shown(skin, skin & ~burnt, skin & burnt_place),
        coarse.px_per_mm,
        coarse.photo_px_per_mm,
    )


def _skin_and_lit(
    coarse: Texture, ratios: tuple[Map, Map], darkness: Map, haemoglobin: Map
) -> tuple[Mask, Mask]:
    """ln R/G and ln G/B, -ln Y and haemoglobin, (h, w) each -> the masks Surface.skin and .lit."""
    k, table = coarse.px_per_mm, limits("surface")
    place = skin_place() & coarse.seen
    core = place & (area("right_cheek") | area("left_cheek") | area("nose"))
    if not core.any():
        return place, place
    scale = table["near"] * k
    near = [mean_near(values, place, scale) for values in (*ratios, darkness)]
    middle = [float(np.median(values[core])) for values in near]
    skin = place & (np.abs(near[0] - middle[0]) < table["hue_away"][0])
    skin = skin & (np.abs(near[1] - middle[1]) < table["hue_away"][1])
    light, (darkest, lightest) = near[2] - middle[2], table["light_away"]
    skin = skin & (light > darkest) & (light < lightest)
    lit = place & (light < lightest)
    filled = np.where(place, darkness, near[2])
    edge = np.hypot(smooth(filled, scale, d_down=1), smooth(filled, scale, d_across=1))
    skin = skin & ~grown(edge * np.float32(k) > table["hard_edge"], table["edge_margin"] * k)
    bloodless = darkness - np.float32(table["blood"]) * haemoglobin  # a flush darkens the cheeks
    if _fringe_covers_forehead(skin, bloodless):
        skin, lit = skin & ~whole_forehead(), lit & ~whole_forehead()
    return skin, lit


def _fringe_covers_forehead(skin: Mask, bloodless: Map) -> bool:
    """Whether what is left of the forehead is hair that has the colour of skin."""
    table, brow = limits("surface"), skin & area("forehead")
    cheeks = skin & (area("right_cheek") | area("left_cheek"))
    return bool(
        0 < brow.sum() < table["fringe_share"] * area("forehead").sum()
        and cheeks.any()
        and np.median(bloodless[brow]) > np.median(bloodless[cheeks]) + table["fringe"]
    )


def _burnt(coarse: Texture) -> tuple[Mask, Mask]:
    """(h, w) burnt-out pixels, and burnt-out places: roughness alone burns no cheek out."""
    table = limits("surface")
    # Channel by channel: reducing over an axis of three takes ten times as long.
    red, green, blue = np.moveaxis(coarse.rgb, -1, 0)
    peak = np.maximum(np.maximum(red, green), blue)
    near = smooth(peak.astype(np.float32), table["burnt_near"] * coarse.px_per_mm)
    return peak >= table["burnt"], near >= table["burnt_place"]


def _shown(*masks_of_skin: Mask) -> dict[str, Shown]:
    """Masks of skin, matte skin and burnt-out skin -> how much of every part they show."""
    masks = np.stack([mask.ravel() for mask in masks_of_skin], axis=1).astype(np.float32)
    counts = part_masks() @ masks
    whole = part_sizes()
    return {
        name: Shown(float(whole[i]), *(float(count) for count in counts[i]))
        for i, name in enumerate(PARTS)
    }


def _specular(face: Surface) -> tuple[Map, Mask]:
    table = limits("specular")
    zone = np.logical_or.reduce([area(name) for name in SURFACE]) & face.lit
    own = np.median(face.linear[zone], axis=0)
    own /= own[1]
    square, total = float(own @ own), float(own.sum())
    white = face.linear @ (square - total * own)
    white /= np.float32(max(3 * square - total**2, 1e-6))  # 0 on grey skin
    bright = np.exp(-face.darkness)
    k = face.px_per_mm
    over = [
        mean_near(light, zone, table["near"] * k) - mean_near(light, zone, table["around"] * k)
        for light in (white, bright)
    ]
    added = np.minimum(*over) / float(np.quantile(bright[zone], table["middle"]))
    beyond = np.maximum(added - np.float32(table["beyond"]), 0)
    return np.asarray(beyond**2 / (beyond + np.float32(table["faint"])), np.float32), zone
