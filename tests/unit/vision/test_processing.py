"""What software did to a photo, seen in its detail; on drawn pictures."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from facet.vision.face.mesh import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from facet.vision.skin.filters import smooth as smooth_map
from facet.vision.skin.limits import limits
from facet.vision.skin.processing import detail, why_withheld

POINTS = np.zeros((468, 2))
POINTS[RIGHT_EYE_OUTER], POINTS[LEFT_EYE_OUTER] = (80, 150), (220, 150)


def drawn(contrast: float = 60.0) -> np.ndarray:
    """(300, 300, 3): strokes and hairs of many widths, as a lens draws them."""
    draw = np.random.default_rng(3)
    field = np.zeros((300, 300))
    for width, share in ((1.1, 1.0), (2.5, 2.2), (6.0, 5.0)):
        smooth = smooth_map(draw.normal(0, 1, field.shape).astype(np.float32), width)
        field += share * smooth / smooth.std()
    grey = np.clip(130 + contrast * field / 6, 0, 255)
    return np.repeat(np.rint(grey).astype(np.uint8)[..., None], 3, axis=2)


def sharpened(pixels: np.ndarray) -> np.ndarray:
    mask = ImageFilter.UnsharpMask(radius=2, percent=100, threshold=0)
    return np.asarray(Image.fromarray(pixels).filter(mask))


def smoothed(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.MedianFilter(5)))


def test_sharpening_makes_detail_steeper_and_smoothing_flatter() -> None:
    plain = detail(drawn(), POINTS)

    assert detail(sharpened(drawn()), POINTS) > plain + 0.3
    assert detail(smoothed(drawn()), POINTS) < plain - 0.3


@pytest.mark.parametrize("contrast", [30.0, 50.0])
def test_contrast_and_brightness_are_no_processing(contrast: float) -> None:
    assert detail(drawn(contrast), POINTS) == pytest.approx(detail(drawn(), POINTS), abs=0.05)
    darker = (drawn() * 0.6).astype(np.uint8)
    assert detail(darker, POINTS) == pytest.approx(detail(drawn(), POINTS), abs=0.05)


def test_what_sharpening_leaves_open_is_withheld_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = {**limits("processing"), "sharpened": detail(drawn(), POINTS) + 0.2}
    monkeypatch.setattr("facet.vision.skin.processing.limits", lambda _: table)

    assert why_withheld(drawn(), POINTS) == {}
    assert why_withheld(smoothed(drawn()), POINTS) == {}
    withheld = why_withheld(sharpened(drawn()), POINTS)
    assert set(withheld) == set(table["withheld"])
    assert all(withheld.values())


def test_eyes_outside_the_photo_tell_nothing() -> None:
    assert why_withheld(drawn(), POINTS - 1000) == {}
