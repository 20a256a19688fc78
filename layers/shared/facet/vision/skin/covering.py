"""What lies over a face: whether its cheeks can be skin, and whether its mouth and eyes are there.

Skin of any colour and any mark on it leaves the face's own structure as it is: a mouth is darker or
redder than what lies around it, an eye has its lids and its iris. A mask, a card or a book is flat
there, or has a pattern of its own. So a mask in the colour of skin is known, and a birthmark,
vitiligo or a beard is not taken for one.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.vision.face.landmarks import part
from facet.vision.skin.filters import Map, smooth
from facet.vision.skin.layout import COARSE, area
from facet.vision.skin.light import Light
from facet.vision.skin.limits import limits
from facet.vision.skin.texture import WIDTH_MM, Pixels, Texture, landmarks_in, region_mask
from facet.vision.skin.tone import CHEEKS, FOREHEAD, SkinColour

_EYES = ("right_eye", "left_eye")
_PX_PER_MM = COARSE / WIDTH_MM
_FAINT = np.float32(3e-4)  # linear light; less is noise


def covering(
    laid_out: Texture,
    skin: SkinColour,
    light: Light,
    *,
    flag: float,
    yaw: float,
    eyes_hidden: bool = False,
) -> dict[str, float]:
    """Gate values by name. yaw: degrees, to the person's left; flag: the mesh's own.

    Of a turned face the far cheek may be hair or background, and its far eye and mouth are narrow.
    eyes_hidden: the gate of that name fails, so nothing is asked that compares eyes.
    """
    table = limits("covering")
    coarse = laid_out if laid_out.rgb.shape[1] == COARSE else laid_out.halved()
    far = ("left_cheek" if yaw > 0 else "right_cheek") if abs(yaw) > table["turned"] else ""
    cheeks = [name for name in CHEEKS if name in skin.patches and name != far]
    values = {"not_skin": max((_outside(skin, name, light) for name in cheeks), default=0.0)}
    if FOREHEAD in skin.patches:
        values["face_occluded"] = _forehead(skin, coarse)
    if not all(coarse.seen[_box(name)].all() for name in ("lips", *_EYES)):
        return values  # cut off by the photo's edge, which has a gate of its own
    dark, red = _dark_and_red(coarse, "lips")
    values["mouth_hidden"] = float(dark.std())
    eyes = (_smoothed(_darkness(coarse.rgb[_box(eye)])) for eye in _EYES)
    flatter, other = sorted(float(dark_eye.std()) for dark_eye in eyes)
    values["eyes_covered"] = other / table["eye"]
    # Behind a bar or dark glasses neither eye is seen, but the edges of what hides them are.
    if abs(yaw) > table["far_turned"] or eyes_hidden:
        return values
    # Lips may be lighter than deep skin, and teeth are lighter than any.
    lips = max(abs(_alike(dark, _lips())), abs(_alike(red, _lips())))
    if lips < table["mouth"] and flatter > table["plain_eye"]:
        values["face_doubted"] = flag
    if values["eyes_covered"] > 1:
        values["half_hidden"] = flatter / other
    return values


def _outside(skin: SkinColour, cheek: str, light: Light) -> float:
    """How far a cheek's colour lies outside what skin can have, CIELAB; 0 inside it, or burnt out.

    As it is, or with the cast taken off that the whites of both eyes show and the surroundings do
    not deny: what the light explains is no fault of the face's. A white card before one eye looks
    like its white in greenish light, and paint over eyes and cheeks alike is no light.
    """
    table, linear = limits("covering"), skin.patches[cheek]
    if float(linear.max()) > table["full"]:
        return 0.0
    lightness, a, b = colour.lab_from_linear(linear)
    share = lightness / table["light"]
    casts = [np.zeros(2)]
    if light.both_eyes and light.agreement >= table["agree"]:
        casts.append(share * np.array(light.both_eyes))
    return float(
        min(
            max(
                0.0,
                table["red"] * share - (a - cast[0]),
                -table["blue"] * (a - cast[0]) - b + cast[1],
            )
            for cast in casts
        )
    )


def _forehead(skin: SkinColour, coarse: Texture) -> float:
    """CIEDE2000 of the forehead from the cheeks; of a bare one, brought to their luminance first.

    Hair, and a hat's edge, are darker than the cheeks and uneven. A forehead that is lighter, or
    evenly shaded, is lit differently: only its colour may tell that it is something else.
    """
    cheeks = np.mean([skin.patches[name] for name in CHEEKS if name in skin.patches], axis=0)
    forehead = skin.patches[FOREHEAD]
    gain = float(colour.luminance(cheeks)) / max(float(colour.luminance(forehead)), 1e-6)
    pixels = coarse.rgb[area(FOREHEAD) & coarse.seen][::4]
    if gain > 1 and len(pixels) and float(_darkness(pixels).std()) > limits("covering")["hair"]:
        return skin.differences[FOREHEAD]
    level, reference = (colour.lab_from_linear(linear) for linear in (forehead * gain, cheeks))
    return float(colour.delta_e_2000(level, reference))


def _dark_and_red(coarse: Texture, name: str) -> tuple[Map, Map]:
    """-ln Y and ln R/G in the box of a feature, smoothed."""
    rgb = coarse.rgb[_box(name)]
    linear = np.maximum(colour.linear_from_srgb(rgb), _FAINT)
    return _smoothed(_darkness(rgb)), _smoothed(np.log(linear[..., 0] / linear[..., 1]))


def _darkness(rgb: Pixels) -> NDArray[np.float32]:
    light = colour.luminance(colour.linear_from_srgb(rgb))
    return np.asarray(-np.log(np.maximum(light, _FAINT)), np.float32)


def _smoothed(values: Map) -> Map:
    """Without the margin that its smoothing takes from nowhere."""
    edge = _margin()
    near = limits("covering")["near"] * _PX_PER_MM
    return smooth(np.asarray(values, np.float32), near)[edge:-edge, edge:-edge]


def _alike(values: Map, pattern: Map) -> float:
    """Correlation, -1..1, with a pattern of mean 0 and length 1; 0 of what is flat."""
    spread = values - values.mean()
    return float((spread * pattern).sum() / max(float(np.sqrt((spread**2).sum())), 1e-6))


@cache
def _box(name: str) -> tuple[slice, slice]:
    """Rows and columns of the texture that hold a feature and what lies around it."""
    reach = limits("covering")["around"] * _PX_PER_MM + _margin()
    ring = landmarks_in(COARSE)[part(name)]
    low, high = np.floor(ring.min(axis=0) - reach), np.ceil(ring.max(axis=0) + reach)
    return slice(int(low[1]), int(high[1]) + 1), slice(int(low[0]), int(high[0]) + 1)


def _margin() -> int:
    """Pixels beyond which the smoothing does not reach."""
    return int(np.ceil(3 * limits("covering")["near"] * _PX_PER_MM))


@cache
def _lips() -> Map:
    """The lips in their box, of mean 0 and length 1: what a mouth that is there correlates with."""
    shape = region_mask("lips", COARSE)[_box("lips")].astype(np.float32)
    lips = _smoothed(shape)
    lips = lips - lips.mean()
    return np.asarray(lips / np.sqrt((lips**2).sum()), np.float32)
