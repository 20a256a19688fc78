"""What the skin shows, measured on the canonical texture and relative to the same face.

Three quantities are read from every pixel, all from the logarithm of linear light, so that a change
of exposure or white balance adds a constant, which differences within one face cancel:

  darkness     -ln Y
  haemoglobin  absorbance that is strongest in green
  melanin      absorbance that falls steadily from blue to red

The last two solve ln(R/G) and ln(G/B) for the two absorbers (after Yamamoto & Takiwaki 2008 and
Tsumura et al. 2003), so light and shade, which dims all channels alike, is in neither. Units of
100 ln are read as percent: 10 means a tenth darker, or a tenth more absorbed.

Everything here is cosmetic and an engineering definition; scoring/<version>.toml says what each
number means, from where its scale comes, and how far it repeats.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.domain.face import Concern, Region
from facet.vision.face.landmarks import part
from facet.vision.face.mesh import Mesh
from facet.vision.skin.filters import Map, Mask, blobs, curvature, grown, mean_near, shrunk, smooth
from facet.vision.skin.scores import Scoring
from facet.vision.skin.texture import (
    SIZES,
    Pixels,
    Texture,
    fitting_size,
    landmarks_in,
    region_mask,
    resolution,
    unwrap,
)

_COARSE, _FINE, _FINEST = SIZES
_BOTH = ("right_", "left_")
CHEEKS = ("right_cheek", "left_cheek")
SURFACE = ("forehead", *CHEEKS, "nose", "chin")
LINES = ("forehead", "glabella", "crows_feet", "under_eye", "nasolabial", "marionette")
UNDER_EYES = ("right_under_eye", "left_under_eye")

_PARTS = (
    *SURFACE,
    "t_zone",
    *(side + part for part in ("jaw", "under_eye", "crows_feet") for side in _BOTH),
    *(side + part for part in ("nasolabial", "marionette") for side in _BOTH),
    "glabella",
)

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
class Measured:
    """One concern on one photo, before it is scored; `reason` where it could not be measured."""

    value: float | None
    regions: Mapping[str, float]
    confidence: float = 0.0
    reason: str | None = None


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
    darkness: Map
    haemoglobin: Map
    melanin: Map
    skin: Mask  # bare skin: no hair, features, glasses, hard shadow or part outside the photo
    matte: Mask  # of that, what is not burnt out
    burnt: Mask
    lit: Mask  # where the layout has skin and nothing dark lies over it: highlights included
    shown: Mapping[str, Shown]  # for every part of _PARTS
    px_per_mm: float
    photo_px_per_mm: float

    def region(self, name: str) -> Mask:
        """The matte skin of a part of landmarks.toml, or of `t_zone`."""
        return _area(name) & self.matte

    def bare(self, *names: str) -> float:
        """0..1: how much of these parts together is matte skin."""
        return sum(self.shown[name].matte for name in names) / sum(
            self.shown[name].whole for name in names
        )

    def uncovered(self, *names: str) -> float:
        """0..1: how much of these parts together is skin, burnt out or not."""
        return sum(self.shown[name].skin for name in names) / sum(
            self.shown[name].whole for name in names
        )

    def burnt_share(self, *names: str) -> float:
        """0..1: how much of the skin of these parts is burnt out."""
        skin = sum(self.shown[name].skin for name in names)
        return sum(self.shown[name].burnt for name in names) / max(skin, 1)

    @cached_property
    def specular(self) -> tuple[Map, Mask]:
        """White light over the skin's own brightness, and where it was looked for."""
        return _specular(self)


def measure_concerns(pixels: Pixels, mesh: Mesh, scoring: Scoring) -> tuple[Concern, ...]:
    """Upright sRGB photo (h, w, 3) and its mesh -> every concern of the scoring table, scored.

    A concern that the photo cannot carry is there without a score, with the reason.
    """
    carried = resolution(mesh.points)
    texture = unwrap(pixels, mesh.points, min(_FINE, fitting_size(carried)))
    fine = texture if texture.rgb.shape[1] == _FINE else None
    finest = unwrap(pixels, mesh.points, _FINEST) if carried >= scoring.least("pores") else None
    found = measure(texture.halved() if fine else texture, fine, finest, scoring)
    return tuple(_scored(name, one, mesh.points, scoring) for name, one in found.items())


def measure(
    coarse: Texture, fine: Texture | None, finest: Texture | None, scoring: Scoring
) -> dict[str, Measured]:
    """Textures 240, 480 and 960 px wide -> the concerns, unscored. The finer may be missing."""
    face = read_surface(coarse)
    found: dict[str, Measured] = {}
    for name, how in _MEASURES.items():
        least = scoring.least(name)
        if face.photo_px_per_mm < least:
            found[name] = Measured(
                None,
                {},
                reason=f"The face has {face.photo_px_per_mm:.1f} px per mm; "
                f"{name.replace('_', ' ')} can be seen from {least:g} px per mm.",
            )
        else:
            found[name] = how(face, fine, finest)
    return found


# --- the skin as quantities ----------------------------------------------------------------------

_BURNT = 253  # of 255, in any channel; what a camera clips, JPEG spreads over 253 to 255
_BURNT_PLACE = 251  # the same of a mean over some 3 mm
_HUE_APART = (0.45, 0.55)  # ln: how far smoothed ln R/G and ln G/B may lie from the face's own
_LIGHT_APART = (-1.1, 1.2)  # ln: how much darker or lighter than the face's middle skin may be
_HARD_EDGE = 0.28  # ln per mm at a scale of 1.5 mm: frames of glasses, hair, cast shadows


# ln: foreheads are as light as the cheeks or lighter (-0.3 to 0.0 on the evaluation photos); a
# fringe, or what a hat shades, is darker (0.2 and more), even where it has the colour of skin
_FRINGE = 0.12
_BLOOD = np.float32(0.7)  # how much a unit of haemoglobin darkens skin
_BROWN = np.float32(0.9)  # and of melanin


def read_surface(coarse: Texture) -> Surface:
    """Texture 240 px wide -> what is skin on it, and what that absorbs."""
    k = coarse.px_per_mm
    linear = np.maximum(colour.linear_from_srgb(coarse.rgb), np.float32(3e-4)).astype(np.float32)
    log = np.log(linear)
    darkness = -np.log(colour.luminance(linear))
    red_green, green_blue = log[..., 0] - log[..., 1], log[..., 1] - log[..., 2]
    haemoglobin, melanin = (
        (row[0] * red_green + row[1] * green_blue).astype(np.float32) for row in _UNMIX
    )
    place = _skin_place() & coarse.seen
    core = place & (_area("right_cheek") | _area("left_cheek") | _area("nose"))
    skin = bright = place
    if core.any():
        near = [mean_near(m, place, 1.5 * k) for m in (red_green, green_blue, darkness)]
        middle = [float(np.median(m[core])) for m in near]
        skin = skin & (np.abs(near[0] - middle[0]) < _HUE_APART[0])
        skin = skin & (np.abs(near[1] - middle[1]) < _HUE_APART[1])
        lit = near[2] - middle[2]
        skin = skin & (lit > _LIGHT_APART[0]) & (lit < _LIGHT_APART[1])
        bright = place & (lit < _LIGHT_APART[1])
        filled = np.where(place, darkness, near[2])
        edge = np.hypot(smooth(filled, 1.5 * k, d_down=1), smooth(filled, 1.5 * k, d_across=1))
        skin = skin & ~grown(edge * np.float32(k) > _HARD_EDGE, 0.8 * k)
        brow = skin & _area("forehead")
        bloodless = darkness - _BLOOD * haemoglobin  # a flush darkens the cheeks
        cheeks = skin & (_area("right_cheek") | _area("left_cheek"))
        if (
            0 < brow.sum() < 0.62 * _area("forehead").sum()  # hair breaks it up
            and cheeks.any()
            and np.median(bloodless[brow]) > np.median(bloodless[cheeks]) + _FRINGE
        ):
            skin, bright = skin & ~_brow(), bright & ~_brow()
    # Channel by channel: reducing over an axis of three takes ten times as long.
    red, green, blue = np.moveaxis(coarse.rgb, -1, 0)
    peak = np.maximum(np.maximum(red, green), blue)
    burnt = peak >= _BURNT
    # As places, not pixels: roughness alone does not burn a cheek out.
    burnt_place = smooth(peak.astype(np.float32), 1.2 * k) >= _BURNT_PLACE
    return Surface(
        linear,
        darkness,
        haemoglobin,
        melanin,
        skin,
        skin & ~burnt,
        burnt,
        bright,
        _shown(skin, skin & ~burnt, skin & burnt_place),
        k,
        coarse.photo_px_per_mm,
    )


def _shown(*masks_of_skin: Mask) -> dict[str, Shown]:
    """Masks of skin, matte skin and burnt-out skin -> how much of every part they show."""
    masks = np.stack([mask.ravel() for mask in masks_of_skin], axis=1).astype(np.float32)
    counts = _all_parts() @ masks
    whole = _part_sizes()
    return {
        name: Shown(float(whole[i]), *(float(count) for count in counts[i]))
        for i, name in enumerate(_PARTS)
    }


@cache
def _all_parts() -> Map:
    """(parts, pixels of the coarse texture) 0 or 1"""
    return np.stack([_area(name).ravel() for name in _PARTS]).astype(np.float32)


@cache
def _part_sizes() -> Map:
    return np.asarray(_all_parts().sum(axis=1))


@cache
def _brow() -> Mask:
    """The forehead, to the hairline."""
    return grown(_area("forehead"), 4 * _COARSE / 144)


@cache
def _skin_place() -> Mask:
    """Where the layout has skin: inside the outline, off brows, eyes, lips and nostrils."""
    k = _COARSE / 144
    place = shrunk(region_mask("face", _COARSE), 1.5 * k)
    for name, apart in _FEATURES.items():
        place &= ~grown(region_mask(name, _COARSE), apart * k)
    rows, columns = np.mgrid[0 : place.shape[0], 0 : place.shape[1]]
    at = landmarks_in(_COARSE)
    for nostril in ((98, 97), (327, 326)):
        x, y = at[list(nostril)].mean(axis=0)
        place &= ((columns - x) / (6 * k)) ** 2 + ((rows - y + 2 * k) / (3.5 * k)) ** 2 > 1
    return place


# mm of margin: lashes and lid folds, stray hairs, the rim of the lips (teeth lie inside it)
_FEATURES = {
    "lips": 1.5,
    "right_eye": 2.0,
    "left_eye": 2.0,
    "right_brow": 1.5,
    "left_brow": 1.5,
}


@cache
def _area(name: str) -> Mask:
    if name == "t_zone":
        return np.asarray(_area("forehead") | _area("nose") | _area("chin"))
    return region_mask(name, _COARSE)


# --- colour --------------------------------------------------------------------------------------

_TOO_BURNT = "Part of the face is burnt out: its colour is lost."
_COVERED = "Too little bare skin can be seen: hair, glasses, a hand or hard shadow."


def _lost(face: Surface, *names: str, burnt: float = 0.12, bare: float = 0.4) -> str | None:
    """Why these parts together cannot be measured, if so."""
    if face.burnt_share(*names) > burnt:
        return _TOO_BURNT
    return _COVERED if face.bare(*names) < bare else None


def _by_region(
    face: Surface, names: Sequence[str], value: Callable[[Mask], float], least: float = 0.4
) -> dict[str, float]:
    """The regions that are bare enough, each with its value."""
    return {name: value(face.region(name)) for name in names if face.bare(name) >= least}


def _redness(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """Haemoglobin of cheeks and nose over the palest quarter of the same face, 100 ln."""
    zone = (*CHEEKS, "nose")
    if reason := _lost(face, *zone):
        return Measured(None, {}, reason=reason)
    flush = _flush(face)
    whole = np.logical_or.reduce([face.region(name) for name in zone])

    def over(place: Mask) -> float:
        return 100 * float(np.median(flush[place]))

    return Measured(over(whole), _by_region(face, SURFACE, over), 0.7 * face.bare(*zone))


def _flush(face: Surface) -> Map:
    pale = np.quantile(face.haemoglobin[face.matte], 0.25) if face.matte.any() else 0
    return face.haemoglobin - np.float32(pale)


def _unevenness(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """Spread of melanin in patches of about 8 to 40 mm, 100 ln."""
    if reason := _lost(face, *SURFACE, bare=0.33):
        return Measured(None, {}, reason=reason)
    rest, place = _blotches(face)

    def spread(where: Mask) -> float:
        return 100 * float(rest[where].std())

    return Measured(spread(place), _by_region(face, SURFACE, spread), 0.6 * face.bare(*SURFACE))


_PALED = 0.02  # of added white light, beyond which melanin looks paler than it is


def _blotches(face: Surface) -> tuple[Map, Mask]:
    """Melanin against the skin within some 20 mm, 0 outside the mask that comes with it."""
    k = face.px_per_mm
    names = (*SURFACE, "right_nasolabial", "left_nasolabial", "right_jaw", "left_jaw")
    place = np.logical_or.reduce([face.region(name) for name in names])
    if place.any():
        place &= face.specular[0] < _PALED
    near, around = (
        mean_near(face.melanin, face.matte, 3.5 * k),
        mean_near(face.melanin, place, 10 * k),
    )
    return np.where(place, near - around, np.float32(0)), place


def _shine(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """White light added to the skin's own, in % of the skin's brightness.

    Dichromatic model: linear light = a x skin colour + s x (1, 1, 1), solved by least squares in
    every pixel; s counts where the skin is brighter than around it by as much, beyond 4 %, faint
    light less than in proportion.
    """
    # A highlight burns out where the skin around it does not: that is shine, and no fault.
    if face.burnt_share(*SURFACE) > 0.45:
        return Measured(None, {}, reason=_TOO_BURNT)
    shown = [name for name in SURFACE if face.uncovered(name) >= 0.3]
    if face.uncovered(*SURFACE) < 0.4:
        return Measured(None, {}, reason=_COVERED)
    shine, zone = face.specular

    def share(*names: str) -> float:
        place = np.logical_or.reduce([_area(name) for name in names])
        return 100 * float(shine[place & zone].mean())

    regions = {name: share(name) for name in (*shown, "t_zone") if face.uncovered(name) >= 0.3}
    return Measured(share(*shown), regions, 0.6 * face.uncovered(*SURFACE))


def _specular(face: Surface) -> tuple[Map, Mask]:
    zone = np.logical_or.reduce([_area(name) for name in SURFACE]) & face.lit
    own = np.median(face.linear[zone], axis=0)
    own /= own[1]
    square, total = float(own @ own), float(own.sum())
    white = face.linear @ (square - total * own)
    white /= np.float32(max(3 * square - total**2, 1e-6))  # 0 on grey skin
    bright = np.exp(-face.darkness)
    k = face.px_per_mm
    # Against the skin around it: over some 25 mm, brightness is how light falls and pigment lies.
    over = [mean_near(m, zone, 2 * k) - mean_near(m, zone, 12 * k) for m in (white, bright)]
    added = np.minimum(*over) / float(np.quantile(bright[zone], 0.25))
    beyond = np.maximum(added - np.float32(0.04), 0)
    return np.asarray(beyond**2 / (beyond + np.float32(0.2)), np.float32), zone


def _dullness(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """Colour that is missing for skin as dark as this against the whites of the eyes, 100 ln.

    Published skin means redden (ln R/B) by about a third of what they darken (-ln Y). Skin with
    less colour than that looks grey or sallow. Only its darkness is taken against the whites, whose
    own colour varies with their vessels.
    """
    if reason := _lost(face, *CHEEKS, "nose"):
        return Measured(None, {}, reason=reason)
    whites = _eye_whites(face)
    if whites is None:
        return Measured(None, {}, reason="The whites of the eyes, its reference, cannot be seen.")
    place = np.logical_or.reduce([face.region(name) for name in SURFACE])
    skin = np.median(face.linear[place], axis=0)
    darker = float(np.log(colour.luminance(whites) / colour.luminance(skin)))
    redder = float(np.log(skin[0] / skin[2]))
    return Measured(100 * (_USUAL[0] + _USUAL[1] * darker - redder), {}, 0.4 * face.bare(*SURFACE))


# ln R/B of skin as bright as the whites of the eyes, and how much it rises per unit of -ln Y
_USUAL = (0.47, 0.36)


def _eye_whites(face: Surface) -> NDArray[np.floating] | None:
    """(3,) linear light of the whites: between the lids, off the iris, bright and pale."""
    eyes = np.concatenate([face.linear[place & ~face.burnt] for place in _off_irises()])
    if len(eyes) < 40:
        return None
    bright = colour.luminance(eyes)
    eyes = eyes[bright >= np.quantile(bright, 0.6)]
    pale = np.log(eyes[:, 0] / eyes[:, 2])
    white = np.median(eyes[pale <= np.quantile(pale, 0.5)], axis=0)
    skin = np.median(face.linear[face.matte], axis=0) if face.matte.any() else white
    # Dark glasses and shaded sockets have no whites.
    return white if colour.luminance(white) > 0.35 * colour.luminance(skin) else None


@cache
def _off_irises() -> tuple[Mask, ...]:
    """Between the lids of each eye, without the disc of the iris."""
    found = []
    for side in ("right_eye", "left_eye"):
        ring, eye = landmarks_in(_COARSE)[part(side)], region_mask(side, _COARSE)
        x, y = ring.mean(axis=0)
        iris = 0.26 * float(np.linalg.norm(ring[0] - ring[8]))
        rows, columns = np.mgrid[0 : eye.shape[0], 0 : eye.shape[1]]
        found.append(eye & (np.hypot(columns - x, rows - y) > iris))
    return tuple(found)


# --- spots ---------------------------------------------------------------------------------------


def _spots(face: Surface, spotted: Map) -> Measured:
    """% of bare skin in spots that absorb more than their surroundings, with soft limits."""
    if face.bare(*SURFACE) < 0.4:
        return Measured(None, {}, reason=_COVERED)
    inner = _spot_place(face)
    names = (*SURFACE, "right_jaw", "left_jaw")
    place = np.logical_or.reduce([_area(name) for name in names]) & inner
    if place.sum() < 2000:
        return Measured(None, {}, reason=_COVERED)

    def share(where: Mask) -> float:
        where = where & inner
        return 100 * float(spotted[where].mean()) if where.any() else 0.0

    return Measured(share(place), _by_region(face, names, share), 0.6 * face.bare(*SURFACE))


def _spot_place(face: Surface) -> Mask:
    return _off_features() & shrunk(face.skin, face.px_per_mm)


@cache
def _off_features() -> Mask:
    """Skin further from eyes, brows, lips and the base of the nose than their shading reaches."""
    k = _COARSE / 144
    place = _skin_place().copy()
    for name in _FEATURES:
        place &= ~grown(region_mask(name, _COARSE), 3.0 * k)
    rows, columns = np.mgrid[0 : place.shape[0], 0 : place.shape[1]]
    x, y = landmarks_in(_COARSE)[[98, 97, 327, 326]].mean(axis=0)
    place &= ((columns - x) / (19 * k)) ** 2 + ((rows - y) / (7 * k)) ** 2 > 1
    nose = _area("nose")
    return np.asarray(place & (shrunk(nose, 3.0 * k) | ~nose))  # beside it runs the wings' crease


def _blemishes(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """Red spots of about 2 to 5 mm."""
    return _spots(face, _red_spots(face))


def _red_spots(face: Surface) -> Map:
    return _spotted(face, face.haemoglobin, 1.2, 0.03, 0.12)


def _dark_spots(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """Brown spots of about 3 to 7 mm: darker, and not because they are red."""
    return _spots(face, _brown_spots(face))


def _brown_spots(face: Surface) -> Map:
    return _spotted(face, face.darkness - np.float32(0.6) * face.haemoglobin, 1.8, 0.025, 0.1)


def _spotted(face: Surface, values: Map, sigma: float, low: float, high: float) -> Map:
    """0..1 by how strongly spots of `sigma` mm stand out: 0 at `low`, 1 from `high`."""
    k = face.px_per_mm
    filled = np.where(face.skin, values, mean_near(values, face.skin, 2 * k))
    return _ramp(blobs(filled, sigma * k), low, high)


def _ramp(values: Map, low: float, high: float) -> Map:
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), np.float32)


# --- relief --------------------------------------------------------------------------------------


def _texture(face: Surface, fine: Texture | None, _: Texture | None) -> Measured:
    """Roughness: contrast of light and shade between about 0.8 and 2 mm, %."""
    for cheek in CHEEKS:
        if reason := _lost(face, cheek, burnt=0.04, bare=0.3):
            return Measured(None, {}, reason=reason)
    if fine is None:
        return Measured(None, {}, reason=_COVERED)
    inner = shrunk(face.matte, 1.2 * face.px_per_mm) & _off_features()
    inner &= ~grown(_brown_spots(face) > 0.2, face.px_per_mm)  # a spot's edge is not roughness
    regions = {}
    for name in (*CHEEKS, "forehead", "chin"):
        place = _area(name) & inner
        if place.sum() >= 0.3 * _area(name).sum() and face.burnt_share(name) <= 0.04:
            rows, columns = _box(place, 6)
            double = (
                slice(2 * rows.start, 2 * rows.stop),
                slice(2 * columns.start, 2 * columns.stop),
            )
            band = _roughness(fine.rgb[double], fine.px_per_mm)
            values = band[np.kron(place[rows, columns], np.ones((2, 2), bool))]
            regions[name] = 100 * 1.4826 * float(np.median(np.abs(values - np.median(values))))
    if not regions:
        return Measured(None, {}, reason=_COVERED)
    return Measured(float(np.median(list(regions.values()))), regions, 0.7 * face.bare(*CHEEKS))


def _box(place: Mask, margin: int) -> tuple[slice, slice]:
    """Rows and columns that hold a mask, and `margin` px around it where there are any."""
    found = []
    for axis in (1, 0):
        held = np.flatnonzero(place.any(axis=axis))
        found.append(slice(max(int(held[0]) - margin, 0), int(held[-1]) + 1 + margin))
    return found[0], found[1]


@cache
def _box_of(name: str) -> tuple[slice, slice]:
    return _box(_area(name), 5)


def _roughness(rgb: Pixels, k: float) -> Map:
    darkness = _darkness(rgb)
    return smooth(darkness, 0.4 * k) - smooth(darkness, 0.9 * k)


def _darkness(rgb: Pixels) -> Map:
    light = colour.linear_from_srgb(rgb).astype(np.float32)
    return np.asarray(-np.log(np.maximum(colour.luminance(light), np.float32(3e-4))))


def _pores(face: Surface, _: Texture | None, finest: Texture | None) -> Measured:
    """% of nose and inner cheeks taken by dark points of about 0.3 to 0.6 mm."""
    if finest is None:
        return Measured(None, {}, reason=_COVERED)
    inner = shrunk(face.matte, 1.2 * face.px_per_mm) & _off_features()
    regions = {}
    for name in ("nose", *CHEEKS):
        place = np.kron(_area(name) & inner, np.ones((4, 4), bool))
        if face.bare(name) < 0.4 or not place.any():
            continue
        box = _box(place, 8)
        dots = _dots(finest.rgb[box], finest.px_per_mm)
        regions[name] = 100 * float(dots[place[box]].mean())
    if not regions:
        return Measured(None, {}, reason=_COVERED)
    return Measured(float(np.mean(list(regions.values()))), regions, 0.5)


def _dots(rgb: Pixels, k: float) -> Map:
    return _ramp(blobs(_darkness(rgb), 0.2 * k), 0.02, 0.08)


def _wrinkles(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """% of the places where lines form that lies in dark lines along their usual direction."""
    # A deep fold is a hard edge too: where folds run, only what is dark like hair is left out.
    smooth_skin, folded = (
        _off_features() & shrunk(mask, 0.8 * face.px_per_mm) for mask in (face.skin, face.lit)
    )
    regions, weights = {}, {}
    for name, lined in _lined(face).items():
        place = _area(name) & (folded if name in _FOLDS else smooth_skin)
        # A region counts the more of it is bare, so that none comes or goes at a stroke.
        weight = min(1.0, (place.sum() / _area(name).sum() - 0.25) / 0.35)
        if place.sum() < 60 or weight <= 0 or face.burnt_share(name) > 0.15:
            continue
        regions[name], weights[name] = 100 * float(lined[place].mean()), weight
    total = counted = 0.0
    for line in LINES:
        there = [side + line for side in _SIDES[line] if side + line in regions]
        if there:
            value = np.average(
                [regions[name] for name in there], weights=[weights[n] for n in there]
            )
            weight = max(weights[name] for name in there)
            total, counted = total + weight * float(value), counted + weight
    if counted < 4.5:
        return Measured(None, regions, reason=_lost(face, *SURFACE) or _COVERED)
    sharp = min(1.0, face.photo_px_per_mm / 2.5)
    return Measured(total / counted, regions, 0.6 * sharp * counted / len(LINES))


def _lined(face: Surface) -> dict[str, Map]:
    """Region -> 0..1 by how clear a dark line along that region's usual direction is."""
    k = face.px_per_mm
    filled = np.where(face.skin, face.darkness, mean_near(face.darkness, face.skin, 1.5 * k))
    level = _line(filled, k, across=False)
    upright = _line(filled, k, across=True)
    folds = np.where(face.lit, face.darkness, mean_near(face.darkness, face.lit, 1.5 * k))
    fine, broad = curvature(folds, 0.8 * k), curvature(folds, 1.7 * k)
    at = landmarks_in(_COARSE)
    found = {}
    for name in (side + line for line in LINES for side in _SIDES[line]):
        box = _box_of(name)
        if name in _FOLDS:
            start, end = _FOLDS[name]
            along = at[end] - at[start]
            near, far = (_oblique(scale, box, along) for scale in (fine, broad))
            # Only off: where a broad fold is not, its filter must not add a line.
            response = _along(np.asarray(near - _BROAD * np.maximum(far, 0)), along)
        else:
            response = (upright if name == "glabella" else level)[box]
        found[name] = np.zeros_like(filled)
        found[name][box] = _ramp(response, 0.02, 0.08)
    return found


_SIDES = {
    "forehead": ("",),
    "glabella": ("",),
    "crows_feet": _BOTH,
    "under_eye": _BOTH,
    "nasolabial": _BOTH,
    "marionette": _BOTH,
}
# Between these landmarks the fold runs.
_FOLDS = {
    "right_nasolabial": (203, 57),
    "left_nasolabial": (423, 287),
    "right_marionette": (61, 204),
    "left_marionette": (291, 424),
}


def _line(darkness: Map, k: float, *, across: bool) -> Map:
    """Dark lines about 1 mm wide that run level for some 5 mm (upright with `across`).

    The curvature across the line at 0.7 mm, less what a broad fold of 3 mm and more would give.
    """
    found = []
    for sigma in (0.7, 1.6):
        s, run = sigma * k, 2.5 * k
        bent = (
            smooth(darkness, run, s, d_across=2) if across else smooth(darkness, s, run, d_down=2)
        )
        found.append(np.float32(-s * s) * bent)
    return np.asarray(found[0] - _BROAD * np.maximum(found[1], 0))


# What a broad fold shows at the scale of a line, as a share of what it shows at its own.
_BROAD = np.float32(0.6)


def _along(response: Map, along: NDArray[np.floating]) -> Map:
    """The mean over some 5 mm of a line's direction (x, y): specks cancel, lines do not."""
    x, y = along / np.linalg.norm(along)
    shifts = [(round(float(step * y)), round(float(step * x))) for step in (-4, -2, 0, 2, 4)]
    return np.asarray(np.mean([np.roll(response, shift, (0, 1)) for shift in shifts], axis=0))


def _oblique(
    bent: tuple[Map, Map, Map], box: tuple[slice, slice], along: NDArray[np.floating]
) -> Map:
    """Curvatures in a box, and a direction (x, y) -> dark lines along it; round spots cancel."""
    x, y = (float(part) for part in along / np.linalg.norm(along))
    down, across, mixed = (values[box] for values in bent)
    over = x * x * down + y * y * across - 2 * x * y * mixed
    along_it = y * y * down + x * x * across + 2 * x * y * mixed
    return np.asarray(-over - np.abs(along_it), np.float32)


# --- below the eyes ------------------------------------------------------------------------------

# Rows of landmarks from the outer corner inwards: along the lower lid, and where lid meets cheek.
_LIDS = {
    "right": ((228, 229, 230, 231, 232, 233), (117, 118, 119, 120, 121, 128)),
    "left": ((448, 449, 450, 451, 452, 453), (346, 347, 348, 349, 350, 357)),
}
_DEPTHS = np.linspace(0.15, 0.85, 15)  # share of the way from the lid to the cheek


@cache
def _below_eye(side: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(15, 24) rows and columns of the coarse texture, from the lid down and across the eye."""
    at = landmarks_in(_COARSE)
    lid, cheek = (at[list(row)] for row in _LIDS[side])
    steps = np.linspace(0.5, len(lid) - 1.7, 24)
    index = steps.astype(int)
    share = (steps - index)[:, None]
    top, bottom = (row[index] * (1 - share) + row[index + 1] * share for row in (lid, cheek))
    grid = top + _DEPTHS[:, None, None] * (bottom - top)
    return np.rint(grid[..., 1]).astype(np.intp), np.rint(grid[..., 0]).astype(np.intp)


def _profiles(face: Surface) -> dict[str, NDArray[np.floating]]:
    """Side -> (15,) darkness from the lid down to the cheek, where that can be seen."""
    # As lit, not as skin: a deep shadow below the eye is what is looked for.
    bare = face.lit & ~face.burnt
    even = mean_near(face.darkness, bare, 0.8 * face.px_per_mm)
    found = {}
    for side in _LIDS:
        if face.burnt_share(f"{side}_under_eye") > 0.15:
            continue
        rows, columns = _below_eye(side)
        # Every depth needs enough columns, or the profile would compare different places.
        whole = bare[rows, columns].mean(axis=0) > 0.8
        if whole.sum() >= 12:
            found[side] = even[rows[:, whole], columns[:, whole]].mean(axis=1)
    return found


def _dark_circles(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """How much darker the skin below the eye is than the cheek, 100 ln.

    The cheek as it would be without its flush, and with no more melanin than the rest of the face:
    red or blotchy cheeks are no lighter eyes.
    """
    flush = _flush(face)
    surface = np.logical_or.reduce([face.region(name) for name in SURFACE])
    regions = {}
    for side, profile in _profiles(face).items():
        cheek = f"{side}_cheek"
        if not _lost(face, cheek, burnt=0.1):
            place = face.region(cheek)
            patch = np.median(face.melanin[place]) - np.median(face.melanin[surface])
            pigment = _BLOOD * np.median(flush[place]) + _BROWN * patch
            below = profile[(_DEPTHS > 0.18) & (_DEPTHS < 0.5)].mean()
            usual = np.median(face.darkness[place]) - pigment
            regions[f"{side}_under_eye"] = 100 * float(below - usual)
    return _of_both_eyes(face, regions)


def _eye_bags(face: Surface, _: Texture | None, __: Texture | None) -> Measured:
    """Shade along the lower edge of the eyelid's cushion against its top, 100 ln."""
    lit = (_DEPTHS > 0.14) & (_DEPTHS < 0.36)
    shade = (_DEPTHS > 0.5) & (_DEPTHS < 0.7)
    regions = {
        f"{side}_under_eye": 100 * float(profile[shade].mean() - profile[lit].mean())
        for side, profile in _profiles(face).items()
    }
    return _of_both_eyes(face, regions)


def _of_both_eyes(face: Surface, regions: dict[str, float]) -> Measured:
    """Light from one side makes one eye darker: only both together say something of the person."""
    if len(regions) < len(UNDER_EYES):
        reason = _lost(face, *UNDER_EYES, *CHEEKS, burnt=0.1) or _COVERED
        return Measured(None, regions, reason=reason)
    return Measured(float(np.mean(list(regions.values()))), regions, 0.6)


_MEASURES: dict[str, Callable[[Surface, Texture | None, Texture | None], Measured]] = {
    "redness": _redness,
    "blemishes": _blemishes,
    "dark_spots": _dark_spots,
    "unevenness": _unevenness,
    "shine": _shine,
    "dullness": _dullness,
    "texture": _texture,
    "pores": _pores,
    "wrinkles": _wrinkles,
    "dark_circles": _dark_circles,
    "eye_bags": _eye_bags,
}


# --- where it is ---------------------------------------------------------------------------------


def strength_map(pixels: Pixels, points: NDArray[np.floating], concern: str) -> Map:
    """Photo (h, w, 3), landmarks (468, 2) -> (280, 240), 0..1, in the coarse texture.

    What the concern is measured from, on bare skin. Raises KeyError for an unknown concern.
    """
    how = _MAPS[concern]
    size = _FINEST if concern == "pores" else _FINE
    texture = unwrap(pixels, points, size)
    coarse = texture.halved()
    if size == _FINEST:
        coarse = coarse.halved()
    face = read_surface(coarse)
    return _ramp(how(face, texture), 0, 1) * face.lit


def _line_map(face: Surface, _: Texture) -> Map:
    lines = [lined * _area(name) for name, lined in _lined(face).items()]
    return np.asarray(np.maximum.reduce(lines))


def _under_eye_map(face: Surface, _: Texture) -> Map:
    cheeks = face.region("right_cheek") | face.region("left_cheek")
    usual = np.median(face.darkness[cheeks]) if cheeks.any() else 0
    below = _area("right_under_eye") | _area("left_under_eye")
    return (face.darkness - np.float32(usual)) / np.float32(0.5) * below


def _crease_map(face: Surface, _: Texture) -> Map:
    k = face.px_per_mm
    bent = smooth(face.darkness, 1.6 * k, 2.5 * k, d_down=2) * np.float32((1.6 * k) ** 2)
    return -bent / np.float32(0.12) * (_area("right_under_eye") | _area("left_under_eye"))


def _grey_map(face: Surface, _: Texture) -> Map:
    colourful = np.log(face.linear[..., 0] / face.linear[..., 2])
    usual = np.median(colourful[face.matte]) if face.matte.any() else 0
    return _ramp(np.float32(usual) - colourful, 0.1, 0.6) * face.matte


def _rough_map(face: Surface, fine: Texture) -> Map:
    rough = np.abs(_roughness(fine.rgb, fine.px_per_mm)) * np.kron(
        face.skin, np.ones((2, 2), np.float32)
    )
    return _ramp(smooth(rough, 2 * fine.px_per_mm)[::2, ::2], 0.01, 0.06)


def _pore_map(face: Surface, finest: Texture) -> Map:
    dots = _dots(finest.rgb, finest.px_per_mm).reshape(*face.skin.shape[:1], 4, -1, 4)
    places = _area("nose") | _area("right_cheek") | _area("left_cheek")
    return np.asarray(dots.max(axis=(1, 3)) * places)


_MAPS: dict[str, Callable[[Surface, Texture], Map]] = {
    "redness": lambda face, _: _ramp(_flush(face), 0.1, 0.45) * face.matte,
    "blemishes": lambda face, _: _red_spots(face) * _spot_place(face),
    "dark_spots": lambda face, _: _brown_spots(face) * _spot_place(face),
    "unevenness": lambda face, _: _ramp(np.abs(_blotches(face)[0]), 0.08, 0.5),
    "shine": lambda face, _: face.specular[0] / np.float32(0.5),
    "dullness": _grey_map,
    "texture": _rough_map,
    "pores": _pore_map,
    "wrinkles": _line_map,
    "dark_circles": _under_eye_map,
    "eye_bags": _crease_map,
}


# --- the document --------------------------------------------------------------------------------


def _scored(name: str, found: Measured, points: NDArray[np.floating], scoring: Scoring) -> Concern:
    if found.value is None:
        return Concern(name=name, unit=scoring.unit(name), reason=found.reason)
    value = round(found.value, 2)
    return Concern(
        name=name,
        score=scoring.score(name, value),
        measured=value,
        unit=scoring.unit(name),
        band=scoring.band(name, value),
        confidence=round(min(1.0, max(0.0, found.confidence)), 2),
        minimum_change=scoring.minimum_change(name, value),
        regions=tuple(
            Region(
                name=region,
                score=scoring.score(name, round(measured, 2)),
                measured=round(measured, 2),
                polygon=_outline(region, points),
            )
            for region, measured in found.regions.items()
        ),
    )


def _outline(region: str, points: NDArray[np.floating]) -> tuple[tuple[float, float], ...]:
    """In photo pixels; t_zone is a union of others and has none of its own."""
    if region == "t_zone":
        return ()
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in points[part(region)])
