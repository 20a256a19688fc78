"""Foundation as it is sold and skin as a photo shows it: one table leads from either to the other.

A shop's swatch of a foundation is yellower than the skin it fits is in a photo. Numbers, how they
were made and what they are worth stand in foundation.toml. Colours are CIELAB under D65.
"""

import math
import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

type Lab = tuple[float, float, float]

_WHITE = (0.95047, 1.0, 1.08883)  # D65, 2 degrees
_XYZ_FROM_RGB = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)


def photo_of_sold(sold: Lab) -> Lab:
    """The colour a photo shows of skin that a foundation of this swatch fits."""
    lightness, chroma, hue = _polar(sold)
    rows = _table()["rows"]
    at = [row["sold"] for row in rows]
    shift = _between(lightness, at, [row["photo"] - row["sold"] for row in rows])
    turn, factor = _turned(lightness)
    return _lab(lightness + shift, chroma * factor, hue - turn)


def sold_of_photo(photo: Lab) -> Lab:
    """The swatch of a foundation that fits skin of which a photo shows this colour."""
    seen, chroma, hue = _polar(photo)
    rows = _table()["rows"]
    at = [row["photo"] for row in rows]
    lightness = seen + _between(seen, at, [row["sold"] - row["photo"] for row in rows])
    turn, factor = _turned(lightness)
    return _lab(lightness, chroma / factor, hue + turn)


def is_sold(sold: Lab) -> bool:
    """Whether foundations are sold in such a colour at all."""
    ranges = _table()["sold"]
    polar = zip(("lightness", "chroma", "hue"), _polar(sold), strict=True)
    return all(ranges[name][0] <= value <= ranges[name][1] for name, value in polar)


def ita_of_sold(shade: str) -> float | None:
    """ITA, degrees, of skin that a foundation of this swatch (#rrggbb) fits, as photos show it.

    None for a colour that no foundation is sold in.
    """
    sold = lab_of_hex(shade)
    if not is_sold(sold):
        return None
    lightness, _, b = photo_of_sold(sold)
    return math.degrees(math.atan2(lightness - 50, b))


def ita_error() -> float:
    """One standard deviation of `ita_of_sold`, degrees."""
    return float(_table()["error"]["ita"])


def lab_of_hex(shade: str) -> Lab:
    """#rrggbb in sRGB -> CIELAB, as facet.colour has it, where there is no numpy."""
    encoded = (int(shade[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in encoded]
    relative = (
        sum(m * v for m, v in zip(row, linear, strict=True)) / white
        for row, white in zip(_XYZ_FROM_RGB, _WHITE, strict=True)
    )
    x, y, z = (math.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in relative)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _turned(sold_lightness: float) -> tuple[float, float]:
    """(degrees of hue, factor of chroma) from swatch to photo at the swatch's lightness."""
    rows = _table()["rows"]
    at = [row["sold"] for row in rows]
    turn = _between(sold_lightness, at, [row["turn"] for row in rows])
    return turn, _between(sold_lightness, at, [row["chroma"] for row in rows])


def _between(value: float, at: Sequence[float], values: Sequence[float]) -> float:
    """Linear between the points `at`, which rise; beyond them as at the last one."""
    above = bisect_right(at, value)
    if above == 0:
        return values[0]
    if above == len(at):
        return values[-1]
    share = (value - at[above - 1]) / (at[above] - at[above - 1])
    return values[above - 1] + share * (values[above] - values[above - 1])


def _polar(lab: Lab) -> tuple[float, float, float]:
    lightness, a, b = lab
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a))


def _lab(lightness: float, chroma: float, hue: float) -> Lab:
    turned = math.radians(hue)
    return lightness, chroma * math.cos(turned), chroma * math.sin(turned)


@cache
def _table() -> dict[str, Any]:
    text = resources.files("facet.domain").joinpath("foundation.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
