"""Pigment of drawn skin: what its own melanin, its light and a flush make of the measures."""

import numpy as np
import pytest

from facet import colour
from facet.vision.skin.layout import area
from facet.vision.skin.pigment import dullness, unevenness
from facet.vision.skin.scores import load_scoring
from facet.vision.skin.spots import dark_spots
from facet.vision.skin.surface import Surface, read_surface
from facet.vision.skin.texture import Texture

MELANIN = np.array([0.67, 1.0, 1.64])
HAEMOGLOBIN = np.array([0.12, 1.0, 0.75])
SHAPE = (280, 240)


def skin(
    melanin: float,
    *,
    blood: float = 0.45,
    patches: float = 0.0,
    wide: float = 5.5,
    flush: float = 0.0,
    gain: object = 1,
) -> Surface:
    """Skin of this melanin and haemoglobin, with flushed cheeks and patches of 2 x `wide` mm."""
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    wave = patches * np.sin(rows / wide) * np.sin(columns / wide)
    red = flush * (area("right_cheek") | area("left_cheek") | area("nose"))
    light = 0.9 * np.exp(
        -(melanin + wave)[..., None] * MELANIN - (blood + red)[..., None] * HAEMOGLOBIN
    )
    grain = np.random.default_rng(1).normal(0, 0.003, (*SHAPE, 1))
    encoded = colour.srgb_from_linear(np.clip(light * np.asarray(gain) + grain, 0, 1))
    pixels = np.rint(encoded * 255).astype(np.uint8)
    return read_surface(Texture(pixels, np.ones(SHAPE, bool), 1.7))


def value(measured: object) -> float:
    found = getattr(measured, "value", None)
    assert found is not None, measured
    return float(found)


NOISE = load_scoring().minimum_change("dullness", 0)


@pytest.mark.parametrize("gain", [(1.06, 1, 0.91), (0.95, 1, 1.08), (0.7, 0.7, 0.7)])
def test_neither_warmer_nor_fainter_light_makes_skin_dull(gain: tuple[float, ...]) -> None:
    assert value(dullness(skin(0.7, gain=gain))) == pytest.approx(
        value(dullness(skin(0.7))), abs=NOISE
    )


def test_skin_with_less_blood_is_dull_and_a_flush_hides_none_of_it() -> None:
    pale = value(dullness(skin(0.7, blood=0.3)))

    assert pale - value(dullness(skin(0.7))) == pytest.approx(15, abs=3)
    assert value(dullness(skin(0.7, blood=0.3, flush=0.15))) == pytest.approx(pale, abs=3)


def test_patches_count_less_where_melanin_deepens_them() -> None:
    light, usual, dark = (skin(melanin, patches=0.12) for melanin in (0.45, 0.7, 1.2))

    assert light.deeper == usual.deeper == 1
    assert dark.deeper == pytest.approx((1.2 + 0.5) / 1.25, abs=0.08)
    assert value(unevenness(light)) == pytest.approx(value(unevenness(usual)), rel=0.15)
    assert value(unevenness(dark)) * dark.deeper == pytest.approx(
        value(unevenness(usual)), rel=0.15
    )


def test_a_spot_has_to_be_deeper_on_skin_of_more_melanin() -> None:
    usual, dark = (
        value(dark_spots(skin(melanin, patches=0.15, wide=2.4))) for melanin in (0.7, 1.2)
    )

    assert 0 < dark < usual
