"""The eleven concerns of the skin: measured on the canonical texture, scored by a table.

Each is measured relative to the same face, in the quantities of surface.py; the measures stand in
pigment, spots, relief and under_eyes. Everything here is cosmetic and an engineering definition;
scoring/<version>.toml says what each number means, from where its scale comes, and how far it
repeats.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from facet.domain.face import Concern, Region
from facet.saying import say
from facet.vision.face.landmarks import part
from facet.vision.face.mesh import Mesh
from facet.vision.skin.layout import FINE, FINEST
from facet.vision.skin.measured import Measured
from facet.vision.skin.pigment import dullness, redness, shine, unevenness
from facet.vision.skin.processing import why_withheld
from facet.vision.skin.relief import pores, texture, wrinkles
from facet.vision.skin.scores import Scoring
from facet.vision.skin.spots import blemishes, dark_spots
from facet.vision.skin.surface import Surface, read_surface
from facet.vision.skin.texture import Pixels, Texture, fitting_size, resolution, unwrap
from facet.vision.skin.under_eyes import dark_circles, eye_bags


def measure_concerns(
    pixels: Pixels, mesh: Mesh, scoring: Scoring, laid_out: Texture | None = None
) -> tuple[Concern, ...]:
    """Upright sRGB photo (h, w, 3) and its mesh -> every concern of the scoring table, scored.

    laid_out: what `lay_out` made of the photo, where it was asked for before. A concern that the
    photo cannot carry is there without a score, with the reason.
    """
    coarse, fine = laid_out or lay_out(pixels, mesh), None
    if coarse.rgb.shape[1] == FINE:
        coarse, fine = coarse.halved(), coarse
    carried = coarse.photo_px_per_mm
    finest = unwrap(pixels, mesh.points, FINEST) if carried >= scoring.least("pores") else None
    values = measure(coarse, fine, finest, scoring)
    for name, reason in why_withheld(pixels, mesh.points).items():
        if values[name].value is not None:
            values[name] = Measured(None, {}, reason=reason)
    return tuple(_scored(name, value, mesh.points, scoring) for name, value in values.items())


def lay_out(pixels: Pixels, mesh: Mesh) -> Texture:
    """Upright sRGB photo (h, w, 3) and its mesh -> its texture, 240 or 480 px wide."""
    return unwrap(pixels, mesh.points, min(FINE, fitting_size(resolution(mesh.points))))


def measure(
    coarse: Texture, fine: Texture | None, finest: Texture | None, scoring: Scoring
) -> dict[str, Measured]:
    """Textures 240, 480 and 960 px wide -> the concerns, unscored. The finer may be missing."""
    face = read_surface(coarse)
    values: dict[str, Measured] = {}
    for name, measure_of in _MEASURES.items():
        least = scoring.least(name)
        if face.photo_px_per_mm < least:
            reason = say(
                "concern.too_small",
                px_per_mm=face.photo_px_per_mm,
                concern=name.replace("_", " "),
                least=least,
            )
            values[name] = Measured(None, {}, reason=reason)
        else:
            values[name] = measure_of(face, fine, finest)
    return values


type _Measure = Callable[[Surface, Texture | None, Texture | None], Measured]


def _of_surface(measure_of: Callable[[Surface], Measured]) -> _Measure:
    """A measure that asks for no finer texture."""
    return lambda face, _fine, _finest: measure_of(face)


_MEASURES: dict[str, _Measure] = {
    "redness": _of_surface(redness),
    "blemishes": _of_surface(blemishes),
    "dark_spots": _of_surface(dark_spots),
    "unevenness": _of_surface(unevenness),
    "shine": _of_surface(shine),
    "dullness": _of_surface(dullness),
    "texture": lambda face, fine, _finest: texture(face, fine),
    "pores": lambda face, _fine, finest: pores(face, finest),
    "wrinkles": _of_surface(wrinkles),
    "dark_circles": _of_surface(dark_circles),
    "eye_bags": _of_surface(eye_bags),
}


def _scored(name: str, result: Measured, points: NDArray[np.floating], scoring: Scoring) -> Concern:
    if result.value is None:
        return Concern(name=name, unit=scoring.unit(name), reason=result.reason)
    value = round(result.value, 2)
    return Concern(
        name=name,
        score=scoring.score(name, value),
        measured=value,
        unit=scoring.unit(name),
        band=scoring.band(name, value),
        confidence=round(min(1.0, max(0.0, result.confidence)), 2),
        minimum_change=scoring.minimum_change(name, value),
        regions=tuple(
            Region(
                name=region,
                score=scoring.score(name, round(measured, 2)),
                measured=round(measured, 2),
                polygon=_outline(region, points),
            )
            for region, measured in result.regions.items()
        ),
    )


def _outline(region: str, points: NDArray[np.floating]) -> tuple[tuple[float, float], ...]:
    """In photo pixels; t_zone is a union of others and has none of its own."""
    if region == "t_zone":
        return ()
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in points[part(region)])
