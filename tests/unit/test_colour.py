import numpy as np
import pytest

from facet import colour

# Sharma, Wu & Dalal, "The CIEDE2000 Color-Difference Formula" (2005), table 1,
# doi 10.1002/col.20070: L1 a1 b1 L2 a2 b2 dE00.
SHARMA = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)

# Swatches of the Monk scale with L* a* b* from colour-science 0.4.7 and coloraide 8.13.1.
MONK_LAB = {
    "#f6ede4": (94.2, 1.5, 5.4),
    "#d7bd96": (77.9, 3.5, 23.1),
    "#825c43": (42.5, 12.3, 20.5),
    "#292420": (14.6, 1.5, 3.5),
}


def bytes_of(hex_colour: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(hex_colour[1:]), dtype=np.uint8)


def test_ciede2000_agrees_with_all_34_published_pairs() -> None:
    assert len(SHARMA) == 34
    np.testing.assert_allclose(
        colour.delta_e_2000(SHARMA[:, :3], SHARMA[:, 3:6]), SHARMA[:, 6], atol=5.1e-5
    )


def test_ciede2000_is_symmetric_and_broadcasts() -> None:
    forth = colour.delta_e_2000(SHARMA[:, None, :3], SHARMA[None, :, 3:6])
    back = colour.delta_e_2000(SHARMA[None, :, 3:6], SHARMA[:, None, :3])

    assert forth.shape == (34, 34)
    np.testing.assert_allclose(forth, back, atol=1e-9)


@pytest.mark.parametrize(("swatch", "lab"), MONK_LAB.items())
def test_known_colours_have_their_published_lab(
    swatch: str, lab: tuple[float, float, float]
) -> None:
    np.testing.assert_allclose(colour.lab_from_srgb(bytes_of(swatch)), lab, atol=0.06)
    assert colour.hex_from_lab(colour.lab_from_srgb(bytes_of(swatch))) == swatch
    np.testing.assert_allclose(colour.lab_from_hex(swatch), lab, atol=0.06)


@pytest.mark.parametrize("text", ["", "#fff", "f6ede4", "#f6ede4f6", "#f6edeg"])
def test_what_is_no_hex_colour_has_no_lab(text: str) -> None:
    with pytest.raises(ValueError, match=r"colour|hexadecimal"):
        colour.lab_from_hex(text)


def test_bytes_and_fractions_mean_the_same_colour() -> None:
    steps = np.arange(256, dtype=np.uint8)

    np.testing.assert_allclose(
        colour.linear_from_srgb(steps), colour.linear_from_srgb(steps / 255), atol=1e-7
    )
    np.testing.assert_allclose(
        colour.srgb_from_linear(colour.linear_from_srgb(steps / 255)), steps / 255, atol=1e-12
    )


def test_white_is_neutral_and_has_full_luminance() -> None:
    np.testing.assert_allclose(colour.lab_from_srgb([1.0, 1.0, 1.0]), [100, 0, 0], atol=0.02)
    assert colour.luminance(np.ones(3)) == pytest.approx(1)


def test_ita_of_monk_swatches_is_the_published_angle() -> None:
    labs = [colour.lab_from_srgb(bytes_of(swatch)) for swatch in MONK_LAB]

    np.testing.assert_allclose(colour.ita(labs), [83, 50, -20, -84], atol=1)


def test_ita_stays_at_its_end_when_the_skin_looks_blue() -> None:
    assert colour.ita([70, 5, -3]) == pytest.approx(90)
    assert colour.ita([30, 5, -3]) == pytest.approx(-90)


def test_hue_does_not_move_with_exposure() -> None:
    skin = np.array([0.40, 0.24, 0.17])
    hues = [colour.hue(colour.lab_from_linear(skin * 2.0**stop)) for stop in (-1, 0, 1)]

    assert max(hues) - min(hues) < 0.5
