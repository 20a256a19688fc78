"""Gaussian filters in blocks, against scipy's."""

import numpy as np
import pytest
from scipy import ndimage

from facet.vision.skin.filters import grown, mean_near, shrunk, smooth


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).random((height, width), np.float32)


@pytest.mark.parametrize("shape", [(280, 240), (57, 133), (40, 41), (9, 3)])
@pytest.mark.parametrize("orders", [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2), (1, 1)])
@pytest.mark.parametrize(("down", "across"), [(1.2, 1.2), (3.0, 1.0), (4.0, 9.0)])
def test_blocks_give_what_scipy_gives(
    shape: tuple[int, int], orders: tuple[int, int], down: float, across: float
) -> None:
    values = picture(*shape)

    filtered = smooth(values, down, across, d_down=orders[0], d_across=orders[1])

    # scipy cuts its filter off where asked, and does not know of a picture smaller than that.
    whole = np.pad(values, 60)
    expected = ndimage.gaussian_filter(whole, (down, across), orders, mode="constant", truncate=6)
    if min(shape) > 6 * max(down, across):
        np.testing.assert_allclose(filtered, expected[60:-60, 60:-60], rtol=1e-6, atol=2e-5)
    assert filtered.shape == shape
    assert filtered.dtype == np.float32
    assert filtered.flags.c_contiguous


def test_an_even_picture_stays_even_inside() -> None:
    filtered = smooth(np.ones((120, 100), np.float32), 2.0)

    assert filtered[12:-12, 12:-12] == pytest.approx(1, abs=1e-5)
    assert filtered[0, 50] == pytest.approx(0.6, abs=0.02), "outside there is nothing"


@pytest.mark.parametrize("sigma", [0.9, 2.0, 6.0, 24.0])
def test_a_mean_near_is_that_of_what_is_shown(sigma: float) -> None:
    values = picture(160, 120)
    shown = np.zeros(values.shape, bool)
    shown[20:130, 30:100] = True
    values[~shown] = 1000  # must not be seen

    near = mean_near(values, shown, sigma)

    assert near.shape == values.shape
    assert near.min() >= values[shown].min() - 1e-3
    assert near.max() <= values[shown].max() + 1e-3
    weight = ndimage.gaussian_filter(shown.astype(float), sigma, mode="constant")
    weighed = ndimage.gaussian_filter(values * shown.astype(float), sigma, mode="constant")
    inside = weight > 0.9
    assert near[inside] == pytest.approx(weighed[inside] / weight[inside], abs=0.12 / sigma)


@pytest.mark.parametrize("px", [1.0, 3.0, 8.0])
def test_a_mask_shrinks_and_grows_by_about_as_many_pixels(px: float) -> None:
    mask = np.zeros((160, 160), bool)
    mask[40:120, 40:120] = True

    small, large = shrunk(mask, px), grown(mask, px)

    assert not (small & ~mask).any()
    assert not (mask & ~large).any()
    assert np.ptp(np.flatnonzero(small[80])) == pytest.approx(79 - 2 * px, abs=px / 2 + 3)
    assert np.ptp(np.flatnonzero(large[80])) == pytest.approx(79 + 2 * px, abs=px / 2 + 3)
