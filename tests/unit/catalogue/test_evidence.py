"""What a product helps with is one answer, whoever asks."""

import pytest

from facet.catalogue.catalogue import GOALS, Catalogue
from facet.catalogue.evidence import best_for, best_of, helps_of, irritancy_of, rinsed_categories


def test_a_product_looked_up_has_the_grade_of_its_own_row(catalogue: Catalogue) -> None:
    for row, product in enumerate(catalogue):
        for goal in GOALS:
            best = best_of(product, goal, catalogue)
            assert (best[0] if best else 0) == catalogue.grade_at(row, goal), product.product_id


@pytest.mark.parametrize(
    ("product_id", "goal", "credit"),
    [
        ("exfoliant-aha-bha-rinse", "blemishes", (1, "glycolic-acid")),
        ("mask-kaolin-salicylic", "blemishes", (1, "salicylic-acid")),
        ("exfoliant-salicylic-2", "blemishes", (2, "salicylic-acid")),
    ],
)
def test_what_is_rinsed_off_is_sure_of_little(
    catalogue: Catalogue, product_id: str, goal: str, credit: tuple[int, str]
) -> None:
    product = catalogue.product(product_id)

    assert product is not None
    best = best_of(product, goal, catalogue)
    assert best is not None
    assert (best[0], best[1].id) == credit


def test_the_best_ingredient_for_a_goal_counts_wherever_it_stands(catalogue: Catalogue) -> None:
    strong, weak = (catalogue.ingredients.by_id[i] for i in ("benzoyl-peroxide", "azelaic-acid"))
    for parts in ([(strong, 5.0), (weak, 10.0)], [(weak, 10.0), (strong, 5.0)]):
        best = best_for("blemishes", parts, rinse_off=False, unstated=False)

        assert best == (3, strong)
        assert helps_of(parts, rinse_off=False, unstated=False)["blemishes"] == 3


def test_an_unknown_strength_is_credited_with_the_least_or_nothing(catalogue: Catalogue) -> None:
    parts = [(catalogue.ingredients.by_id["benzoyl-peroxide"], None)]

    assert helps_of(parts, rinse_off=False, unstated=True) == {
        "blemishes": 1,
        "shine": 1,
    }
    assert helps_of(parts, rinse_off=False, unstated=False) == {}


def test_rinsing_takes_one_off_what_irritates_and_no_more_than_there_is(
    catalogue: Catalogue,
) -> None:
    harsh, mild = (catalogue.ingredients.by_id[i] for i in ("benzoyl-peroxide", "glycerin"))

    assert irritancy_of([harsh, mild], rinse_off=False) == 3
    assert irritancy_of([harsh, mild], rinse_off=True) == 2
    assert irritancy_of([mild], rinse_off=True) == 0


def test_a_category_is_rinsed_off_where_all_it_comes_in_is(catalogue: Catalogue) -> None:
    assert rinsed_categories([("wash", True), ("mask", True), ("mask", False)]) == {"wash"}
    assert catalogue.rinses_off("cleanser")
    assert catalogue.rinses_off("rinse_off_peel")
    assert not catalogue.rinses_off("exfoliant")
    assert not catalogue.rinses_off("mask")
    assert catalogue.rinses_off("mask", "clay-mask")
    assert not catalogue.rinses_off("mask", "cream-mask")
