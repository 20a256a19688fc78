"""What colour the light had, estimated twice: around the face, and in the whites of the eyes.

And how much of it there was: how bright the brightest things of the photo and of the face are.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facet import colour
from facet.vision.face.patches import Pixels, cut, inside

if TYPE_CHECKING:
    from facet.vision.skin.paper import Paper

# Every estimate is brought to one luminance, so that its chroma can be compared.
_LUMINANCE = 0.6
_SURROUNDINGS = 12_000  # px of the photo looked at, spread evenly
_BRIGHTEST = 0.99  # quantile


@dataclass(frozen=True, slots=True)
class Light:
    """Chroma (a*, b*) that a white surface would show; (0, 0) is white light."""

    surroundings: tuple[float, float] | None  # shades of grey outside the skin
    sclera: tuple[float, float] | None  # from the whites of the eyes
    agreement: float  # 0..1; 1: both say the same, 0.5: only one of them, or half agreed
    paper: "Paper | None" = None  # a sheet whose colour is known; the skin is brought to its light
    # Of the brightest hundredth, linear, 0..1: luminance in the photo, fullest channel in the face.
    brightest: tuple[float, float] = (1.0, 1.0)
    both_eyes: tuple[float, float] | None = None  # as sclera, no more than either eye shows alone

    @property
    def dimness(self) -> float:
        """Stops by which even the brightest of photo and face lies below white; 0: well exposed."""
        return max(0.0, -math.log2(max(*self.brightest, 1e-4)))

    def balanced(self, linear: NDArray[np.floating]) -> NDArray[np.floating]:
        """Linear RGB (3,) of a surface -> as it is in white light, as far as the cast is believed.

        The surroundings' colour counts less the stronger it is (a blue wall is no light), and less
        the whiter the whites of the eyes are (what they do not show is no light either). In a
        sheet's light nothing is left to be taken out.
        """
        if self.surroundings is None or self.paper is not None:
            return linear
        table = _table()["balance"]
        strength, limit = math.hypot(*self.surroundings), table["believable"]
        share = limit**2 / (limit**2 + strength**2)
        white = table["white_sclera"] ** 2
        seen = white if self.sclera is None else math.hypot(*self.sclera) ** 2
        share *= seen / (seen + white)
        lightness = colour.lab_from_linear(np.full(3, _LUMINANCE))[0]
        a, b = self.surroundings
        cast = colour.linear_from_lab([lightness, share * a, share * b])
        return np.asarray(np.minimum(linear * _LUMINANCE / np.maximum(cast, 0.05), 1.0))

    @property
    def cast(self) -> float:
        """CIELAB chroma on which both estimates agree: the smaller of them, in its direction.

        A blue wall moves one, a reddened eye the other; coloured light moves both.
        """
        if self.surroundings is None or self.sclera is None:
            return 0.0
        estimates = np.array(self.surroundings), np.array(self.sclera)
        smaller, other = sorted(estimates, key=lambda chroma: float(np.hypot(*chroma)))
        size = float(np.hypot(*smaller))
        direction = float(smaller @ other) / max(size * float(np.hypot(*other)), 1e-9)
        return size * max(0.0, direction)


def estimate_light(
    pixels: Pixels,
    outline: NDArray[np.floating],
    eyes: Sequence[NDArray[np.floating]],
    skin: NDArray[np.floating],
) -> Light:
    """Photo (height, width, 3) and skin CIELAB (3,) -> the colour of the light, estimated twice.

    outline: (n, 2) of the face; eyes: two rings (16, 2); all in pixels of the photo.
    """
    step = max(1, round(math.sqrt(pixels.shape[0] * pixels.shape[1] / _SURROUNDINGS)))
    sparse = pixels[::step, ::step]
    face = inside(outline / step, sparse.shape[1], sparse.shape[0])
    brightest = _brightest(sparse, face)
    surroundings = _shades_of_grey(sparse[~face], skin)
    sclera = _sclera(pixels, eyes)
    both = _shared(sclera, [_sclera(pixels, [eye]) for eye in eyes])
    if surroundings is None or sclera is None:
        return Light(surroundings, sclera, 0.5, brightest=brightest, both_eyes=both)
    distance = math.dist(surroundings, sclera)
    agreement = 2.0 ** -((distance / _table()["agreement"]) ** 2)
    return Light(surroundings, sclera, agreement, brightest=brightest, both_eyes=both)


def _brightest(pixels: Pixels, face: NDArray[np.bool_]) -> tuple[float, float]:
    """Luminance of the photo's brightest hundredth, and the fullest channel of the face's."""
    of_photo = np.quantile(colour.luminance(colour.linear_from_srgb(pixels)), _BRIGHTEST)
    peaks = pixels[face].max(axis=-1)
    of_face = colour.linear_from_srgb(np.quantile(peaks, _BRIGHTEST) / 255) if len(peaks) else 0.0
    return float(of_photo), float(of_face)


def _shades_of_grey(around: Pixels, skin: NDArray[np.floating]) -> tuple[float, float] | None:
    """Minkowski mean, p = 6, of what around the face is neither skin-like nor clipped."""
    table = _table()
    linear = colour.linear_from_srgb(around[around.max(axis=-1) < table["clipped"]])
    lab = colour.lab_from_linear(linear)
    # Skin in shadow and in light keeps its hue: compare colour at the face's own lightness.
    difference = np.hypot(lab[:, 1] - skin[1], lab[:, 2] - skin[2])
    rest = linear[difference > table["skin_like"]]
    if len(rest) < _SURROUNDINGS // 50:
        return None
    norm = table["norm"]
    return _chroma(np.mean(rest.astype(float) ** norm, axis=0) ** (1 / norm))


def _sclera(pixels: Pixels, eyes: Sequence[NDArray[np.floating]]) -> tuple[float, float] | None:
    """The brighter, paler pixels between the lids and beside the iris."""
    table = _table()
    visible = []
    for ring in eyes:
        centre = ring.mean(axis=0)
        width = float(np.linalg.norm(ring[0] - ring[8]))
        # Shrunk, to keep lashes and lid edges out; the iris disc is about 0.23 of the eye's width.
        angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        iris = centre + 0.26 * width * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        shrunk = centre + 0.85 * (ring - centre)
        visible.append(cut(pixels, shrunk, iris))
    whites = np.concatenate(visible)
    whites = whites[whites.max(axis=-1) < table["clipped"]]
    if len(whites) < table["sclera_minimum_pixels"] * len(eyes):
        return None
    linear = colour.linear_from_srgb(whites)
    bright = colour.luminance(linear)
    linear = linear[bright >= np.quantile(bright, 0.5)]
    _, a, b = colour.lab_from_linear(linear).T
    # Lids and vessels are redder than the white between them.
    pale = linear[np.hypot(a, b) <= np.quantile(np.hypot(a, b), 0.5)]
    a, b = _chroma(np.median(pale, axis=0).astype(float))
    expected_a, expected_b = table["sclera_chroma"]
    return a - expected_a, b - expected_b


def _shared(
    together: tuple[float, float] | None, apart: Sequence[tuple[float, float] | None]
) -> tuple[float, float] | None:
    """What the whites of both eyes show of the light; all of it where one eye shows too little."""
    if together is None or None in apart:
        return together
    a, b = (_smaller(*pair) for pair in zip(*filter(None, apart), strict=True))
    return a, b


def _smaller(one: float, other: float) -> float:
    """The one nearer 0; 0 where they lie on either side of it."""
    return min(one, other, key=abs) if one * other > 0 else 0.0


def _chroma(linear: NDArray[np.floating]) -> tuple[float, float]:
    scaled = linear * (_LUMINANCE / max(float(colour.luminance(linear)), 1e-6))
    _, a, b = colour.lab_from_linear(scaled)
    return float(a), float(b)


@cache
def _table() -> dict[str, Any]:
    text = resources.files("facet.vision.skin").joinpath("light.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
