"""Colour as numbers: sRGB, linear light, XYZ and CIELAB under D65, and what is read from them.

Beside the rooms, not in one: vision measures with it and advice matches shades with it.
Arrays are (..., 3) and keep their leading shape. Linear RGB and XYZ are relative to white = 1.
Constants: IEC 61966-2-1 (sRGB) and CIE 15 (CIELAB).
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]

_XYZ_FROM_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_RGB_FROM_XYZ = np.linalg.inv(_XYZ_FROM_RGB)
_WHITE = np.array([0.95047, 1.0, 1.08883])  # D65, 2 degrees
_EPSILON = 216 / 24389
_KAPPA = 24389 / 27


def linear_from_srgb(srgb: ArrayLike) -> Floats:
    """Encoded sRGB, 0..1, or bytes 0..255 when the dtype is uint8 -> linear light, 0..1."""
    values = np.asarray(srgb)
    if values.dtype == np.uint8:
        return np.asarray(_byte_table()[values])
    values = np.asarray(values, dtype=float)
    return np.asarray(
        np.where(
            values <= 0.04045,
            values / 12.92,
            ((np.maximum(values, 0.04045) + 0.055) / 1.055) ** 2.4,
        )
    )


@cache
def _byte_table() -> NDArray[np.float32]:
    return np.asarray(linear_from_srgb(np.arange(256) / 255.0), dtype=np.float32)


def srgb_from_linear(linear: ArrayLike) -> Floats:
    """Linear light, clipped to 0..1 -> encoded sRGB, 0..1."""
    values = np.clip(np.asarray(linear, dtype=float), 0.0, 1.0)
    return np.asarray(
        np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
    )


def luminance(linear: ArrayLike) -> Floats:
    """Linear RGB (..., 3) -> relative luminance Y (...), 0..1."""
    values = np.asarray(linear)
    return np.asarray(values @ _XYZ_FROM_RGB[1].astype(values.dtype))


def lab_from_linear(linear: ArrayLike) -> Floats:
    """Linear RGB -> CIELAB: L* 0..100, a* and b* about -128..127."""
    values = np.asarray(linear)
    matrix = (_XYZ_FROM_RGB / _WHITE[:, None]).T
    xyz = values @ (matrix.astype(values.dtype) if values.dtype == np.float32 else matrix)
    f = np.where(xyz > _EPSILON, np.cbrt(xyz), (_KAPPA * xyz + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_from_srgb(srgb: ArrayLike) -> Floats:
    """Encoded sRGB (0..1, or uint8 0..255) -> CIELAB."""
    return lab_from_linear(linear_from_srgb(srgb))


def linear_from_lab(lab: ArrayLike) -> Floats:
    """CIELAB -> linear RGB; outside 0..1 where sRGB cannot show the colour."""
    values = np.asarray(lab, dtype=float)
    y = (values[..., 0] + 16) / 116
    f = np.stack([y + values[..., 1] / 500, y, y - values[..., 2] / 200], axis=-1)
    xyz = np.where(f**3 > _EPSILON, f**3, (116 * f - 16) / _KAPPA) * _WHITE
    return np.asarray(xyz @ _RGB_FROM_XYZ.T)


# sRGB's linear light to the cube roots' inputs, and those to L, a, b: Ottosson 2020,
# https://bottosson.github.io/posts/oklab/ (the matrices of 2021-01-25).
_LMS_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_OKLAB_FROM_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_RGB_FROM_LMS = np.linalg.inv(_LMS_FROM_RGB.astype(float)).astype(np.float32)
_LMS_FROM_OKLAB = np.linalg.inv(_OKLAB_FROM_LMS.astype(float)).astype(np.float32)


def oklab_from_linear(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear RGB (3, n), channels first -> OKLab (3, n): L 0..1, a and b about -0.4..0.4.

    Twice the light is cbrt(2) times L, a and b alike, so shading is one factor on all of them.
    """
    return np.asarray(_OKLAB_FROM_LMS @ np.cbrt(_LMS_FROM_RGB @ linear))


def linear_from_oklab(oklab: NDArray[np.float32]) -> NDArray[np.float32]:
    """OKLab (3, n) -> linear RGB (3, n); outside 0..1 where sRGB cannot show the colour."""
    lms = _LMS_FROM_OKLAB @ oklab
    return np.asarray(_RGB_FROM_LMS @ (lms * lms * lms))


def lab_from_hex(shade: str) -> Floats:
    """`#rrggbb` -> CIELAB (3,). Raises ValueError for anything else."""
    if len(shade) != 7 or not shade.startswith("#"):
        raise ValueError(f"not a colour: {shade}")
    return lab_from_srgb(np.frombuffer(bytes.fromhex(shade[1:]), dtype=np.uint8))


def hex_from_lab(lab: ArrayLike) -> str:
    """CIELAB (3,) -> `#rrggbb`, clipped to what sRGB can show."""
    red, green, blue = np.rint(srgb_from_linear(linear_from_lab(lab)) * 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def ita(lab: ArrayLike) -> Floats:
    """Individual typology angle, degrees, -90..90: atan((L* - 50) / b*), Chardon 1991.

    At b* <= 0 (a cast, or no colour at all) the formula turns over; the angle then stays at
    the end it was heading for.
    """
    values = np.asarray(lab, dtype=float)
    return np.asarray(np.degrees(np.arctan2(values[..., 0] - 50, np.maximum(values[..., 2], 1e-9))))


def hue(lab: ArrayLike) -> Floats:
    """CIELAB hue angle atan2(b*, a*), degrees, -180..180; unchanged by exposure."""
    values = np.asarray(lab, dtype=float)
    return np.asarray(np.degrees(np.arctan2(values[..., 2], values[..., 1])))


def delta_e_2000(first: ArrayLike, second: ArrayLike) -> Floats:
    """CIEDE2000 between CIELAB colours (..., 3), which broadcast; kL = kC = kH = 1.

    Sharma, Wu & Dalal 2005, doi 10.1002/col.20070.
    """
    lab1, lab2 = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    l1, a1, b1 = lab1[..., 0], lab1[..., 1], lab1[..., 2]
    l2, a2, b2 = lab2[..., 0], lab2[..., 1], lab2[..., 2]
    chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(chroma7 / (chroma7 + 25.0**7)))
    c1, c2 = np.hypot((1 + g) * a1, b1), np.hypot((1 + g) * a2, b2)
    h1 = np.degrees(np.arctan2(b1, (1 + g) * a1)) % 360
    h2 = np.degrees(np.arctan2(b2, (1 + g) * a2)) % 360
    colourless = c1 * c2 == 0

    turn = h2 - h1
    turn = np.where(turn > 180, turn - 360, np.where(turn < -180, turn + 360, turn))
    turn = np.where(colourless, 0.0, turn)
    d_lightness, d_chroma = l2 - l1, c2 - c1
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))

    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    total = h1 + h2
    wrapped = np.where(total < 360, total + 360, total - 360)
    mean = np.where(np.abs(h1 - h2) > 180, wrapped, total) / 2
    mean = np.where(colourless, total, mean)
    t = (
        1
        - 0.17 * np.cos(np.radians(mean - 30))
        + 0.24 * np.cos(np.radians(2 * mean))
        + 0.32 * np.cos(np.radians(3 * mean + 6))
        - 0.20 * np.cos(np.radians(4 * mean - 63))
    )
    s_lightness = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_chroma = 1 + 0.045 * chroma
    s_hue = 1 + 0.015 * chroma * t
    rotation = (
        -2
        * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
        * np.sin(np.radians(60 * np.exp(-(((mean - 275) / 25) ** 2))))
    )
    light, colour, angle = d_lightness / s_lightness, d_chroma / s_chroma, d_hue / s_hue
    return np.asarray(np.sqrt(light**2 + colour**2 + angle**2 + rotation * colour * angle))
