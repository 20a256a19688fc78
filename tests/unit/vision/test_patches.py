import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from facet.vision.face.patches import cut, inside

PLACES = st.tuples(st.floats(-8, 28), st.floats(-8, 20))


def enclosed(polygon: np.ndarray, x: int, y: int) -> bool:
    """The textbook even-odd rule, one pixel at a time."""
    inside = False
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if (y0 <= y) != (y1 <= y) and x >= x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside


@given(st.lists(PLACES, min_size=3, max_size=9))
def test_a_mask_is_the_even_odd_rule_even_where_the_polygon_leaves_the_picture(
    places: list[tuple[float, float]],
) -> None:
    polygon = np.array(places)

    mask = inside(polygon, 20, 12)

    assert mask.tolist() == [[enclosed(polygon, x, y) for x in range(20)] for y in range(12)]


def test_a_cut_gives_the_pixels_of_the_polygon_and_not_of_the_hole() -> None:
    pixels = np.zeros((40, 60, 3), dtype=np.uint8)
    pixels[10:30, 20:50] = 200
    pixels[15:20, 30:40] = 90
    square = np.array([[20, 10], [49.5, 10], [49.5, 29.5], [20, 29.5]], dtype=float)
    hole = np.array([[30, 15], [39.5, 15], [39.5, 19.5], [30, 19.5]], dtype=float)

    assert len(cut(pixels, square)) == 20 * 30
    assert set(np.unique(cut(pixels, square, hole))) == {200}
    assert len(cut(pixels, square, hole)) == 20 * 30 - 5 * 10


def test_a_polygon_outside_the_picture_has_no_pixels() -> None:
    pixels = np.zeros((40, 60, 3), dtype=np.uint8)

    assert cut(pixels, np.array([[80.0, 5], [90, 5], [85, 9]])).shape == (0, 3)
