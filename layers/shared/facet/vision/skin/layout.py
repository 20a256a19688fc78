"""Where a face has what, on the texture of 240 x 280 px that every face is laid out on.

No photo is looked at here: these masks are the same for everybody, and made once.
"""

from functools import cache

import numpy as np

from facet.vision.skin.filters import Map, Mask, grown, shrunk
from facet.vision.skin.limits import limits
from facet.vision.skin.texture import SIZES, WIDTH_MM, landmarks_in, region_mask

COARSE, FINE, FINEST = SIZES
_PX_PER_MM = COARSE / WIDTH_MM
SIDES = ("right_", "left_")
CHEEKS = ("right_cheek", "left_cheek")
SURFACE = ("forehead", *CHEEKS, "nose", "chin")
UNDER_EYES = ("right_under_eye", "left_under_eye")
PARTS = (
    *SURFACE,
    "t_zone",
    *(side + name for name in ("jaw", "under_eye", "crows_feet") for side in SIDES),
    *(side + name for name in ("nasolabial", "marionette") for side in SIDES),
    "glabella",
)


@cache
def area(name: str) -> Mask:
    """Mask (280, 240) of a part of landmarks.toml, or of `t_zone`: forehead, nose and chin."""
    if name == "t_zone":
        return np.asarray(area("forehead") | area("nose") | area("chin"))
    return region_mask(name, COARSE)


@cache
def part_masks() -> Map:
    """Masks (parts, pixels), 0 or 1, of every part of PARTS, each laid out flat."""
    return np.stack([area(name).ravel() for name in PARTS]).astype(np.float32)


@cache
def part_sizes() -> Map:
    """Sizes (parts,) of every part of PARTS, pixels."""
    return np.asarray(part_masks().sum(axis=1))


@cache
def whole_forehead() -> Mask:
    """Mask (280, 240) of the forehead, to the hairline."""
    return grown(area("forehead"), limits("layout")["hairline"] * _PX_PER_MM)


@cache
def skin_place() -> Mask:
    """Mask (280, 240) of skin in the layout: in the outline, off brows, eyes, lips, nostrils."""
    k, table = _PX_PER_MM, limits("layout")
    place = shrunk(region_mask("face", COARSE), table["rim"] * k)
    for name, margin in table["features"].items():
        place &= ~grown(region_mask(name, COARSE), margin * k)
    rows, columns = np.mgrid[0 : place.shape[0], 0 : place.shape[1]]
    at, (wide, tall) = landmarks_in(COARSE), table["nostril"]
    for nostril in ((98, 97), (327, 326)):
        x, y = at[list(nostril)].mean(axis=0)
        below = rows - y + table["nostril_up"] * k
        place &= ((columns - x) / (wide * k)) ** 2 + (below / (tall * k)) ** 2 > 1
    return place


@cache
def off_features() -> Mask:
    """Mask (280, 240) of skin that no shading of eyes, brows, lips and the nose's base reaches."""
    k, table = _PX_PER_MM, limits("layout")
    place = skin_place().copy()
    for name in table["features"]:
        place &= ~grown(region_mask(name, COARSE), table["shading"] * k)
    rows, columns = np.mgrid[0 : place.shape[0], 0 : place.shape[1]]
    x, y = landmarks_in(COARSE)[[98, 97, 327, 326]].mean(axis=0)
    wide, tall = table["nose_base"]
    place &= ((columns - x) / (wide * k)) ** 2 + ((rows - y) / (tall * k)) ** 2 > 1
    nose = area("nose")
    return np.asarray(place & (shrunk(nose, table["wings"] * k) | ~nose))
