"""ICC, spread and agreement, on readings made with known ones."""

import numpy as np
import pytest

from evaluation.repeats import agreement, correlation, rank_correlation, ratio, share, spread


def made(people: int, *, between: float, within: float, photos: int = 3) -> list[list[float]]:
    chance = np.random.default_rng(7)
    own = chance.normal(40, between, (people, 1))
    readings = own + chance.normal(0, within, (people, photos))
    return [[float(value) for value in person] for person in readings]


@pytest.mark.parametrize(("between", "within"), [(20, 5), (10, 10), (5, 15)])
def test_the_icc_and_the_spread_that_readings_were_made_with_are_found(
    between: float, within: float
) -> None:
    found = spread(made(2000, between=between, within=within))
    assert found

    icc = between**2 / (between**2 + within**2)
    assert found.icc
    assert found.icc.value == pytest.approx(icc, abs=0.03)
    assert found.sd.value == pytest.approx(within, rel=0.03)
    # Differences of two photos are normal with root two of the spread.
    assert found.median.value == pytest.approx(0.6745 * 2**0.5 * within, rel=0.05)
    assert found.within_95.value == pytest.approx(1.96 * 2**0.5 * within, rel=0.05)
    for figure, truth in ((found.icc, icc), (found.sd, within)):
        low, high = figure.interval
        assert low < truth < high
    assert (found.people, found.pairs) == (2000, 6000)


def test_the_icc_is_that_of_the_textbook_s_small_table() -> None:
    # By hand: means 1, 3, 8 about 4; B = 52 / 2 = 26 with two readings each, W = 6 / 3 = 2.
    found = spread([[0, 2], [2, 4], [7, 9]])
    assert found
    assert found.icc

    assert found.icc.value == pytest.approx((26 - 2) / (26 + 2))
    assert found.sd.value == pytest.approx(2**0.5)


def test_photos_that_agree_no_better_than_strangers_have_an_icc_of_none() -> None:
    found = spread(made(1000, between=0, within=10))
    assert found
    assert found.icc

    assert found.icc.value == pytest.approx(0, abs=0.05)
    low, high = found.icc.interval
    assert low < 0 < high


def test_whoever_has_one_photo_says_nothing_of_two() -> None:
    both = made(50, between=10, within=5)

    assert spread([*both, [90.0], []]) == spread(both)
    assert spread([[1.0], [2.0]]) is None
    assert spread([[1.0, 2.0]]) is None


def test_readings_that_are_all_one_have_a_spread_and_no_icc() -> None:
    found = spread([[3.0, 3.0]] * 4)
    assert found

    assert found.icc is None
    assert found.sd.value == found.within_95.value == 0


def test_people_of_unequal_numbers_of_photos_count_by_pairs() -> None:
    found = agreement([["a", "a", "b"], ["b", "b"], ["a"]])
    assert found

    assert (found.people, found.pairs) == (2, 4)
    assert found.same.value == 0.5  # one of three, and one of one
    # Different people: a, a, b against b, b and a; b, b against a: 4 of 11 pairs are alike.
    assert found.strangers == pytest.approx(4 / 11)


def test_names_drawn_without_the_person_agree_as_strangers_do() -> None:
    chance = np.random.default_rng(3)
    found = agreement(chance.choice(["a", "b", "c"], (1500, 3), p=[0.6, 0.3, 0.1]).tolist())
    assert found

    assert found.strangers == pytest.approx(0.36 + 0.09 + 0.01, abs=0.02)
    assert found.same.interval[0] < found.strangers < found.same.interval[1]


def test_the_order_alone_makes_the_rank_correlation() -> None:
    rho = rank_correlation([1, 2, 3, 4, 50], [1, 4, 9, 16, 25])
    assert rho
    assert rho.value == pytest.approx(1)
    falling = rank_correlation([1, 2, 3, 4], [4, 3, 2, 1])
    assert falling
    assert falling.value == pytest.approx(-1)
    assert rank_correlation([1, 1, 1], [1, 2, 3]) is None
    assert rank_correlation([1, 2], [1, 2]) is None


def test_a_share_has_wilson_s_interval() -> None:
    low, high = share(5, 10).interval

    assert share(5, 10).value == 0.5
    assert low == pytest.approx(0.2366, abs=1e-3)
    assert high == pytest.approx(0.7634, abs=1e-3)


def test_two_numbers_correlate_as_they_were_made_to_whoever_is_drawn() -> None:
    chance = np.random.default_rng(3)
    ours = 60 + chance.normal(0, 10, (400, 3))
    theirs = 0.6 * ours + 0.8 * chance.normal(0, 10, (400, 3))

    found = correlation(ours.tolist(), theirs.tolist())

    assert found.value == pytest.approx(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])
    low, high = found.interval
    assert low < 0.6 < high
    # As wide as Fisher's for 1,200 photos.
    assert high - low == pytest.approx(2 * 1.96 * (1 - 0.6**2) / 1200**0.5, rel=0.25)


def test_a_share_of_people_s_photos_is_no_surer_than_there_are_people() -> None:
    found = ratio([3] * 50 + [0] * 50, [3] * 100)

    assert found.value == 0.5
    low, high = found.interval
    # As 100 people's, not as 300 photos'.
    assert high - low == pytest.approx(2 * 1.96 * 0.05, rel=0.1)
