"""What the catalogue states: where it was read, and what the law and its authors really say."""

import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from facet.catalogue.catalogue import Catalogue
from facet.catalogue.ingredients import UNDESCRIBED, Ingredient
from facet.domain.products import PregnancyAdvice

ROOT = Path(__file__).parents[3]
DATA = ROOT / "data" / "skincare"
CASES: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "cases" / "facts.toml").read_text("utf-8")
)


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text("utf-8"))


def test_no_source_is_an_address_that_was_found_weak() -> None:
    makeup = ROOT / "layers" / "shared" / "facet" / "advice" / "makeup" / "makeup.toml"
    sources = [*table("sources.toml").values()]
    sources += tomllib.loads(makeup.read_text("utf-8"))["sources"].values()

    for source in sources:
        for weak in CASES["weak_addresses"]:
            assert weak not in source.get("url", ""), source["title"]


def test_a_grade_above_the_least_is_a_publications_own(catalogue: Catalogue) -> None:
    for row in catalogue.ingredients.all:
        for goal, (grade, _, source) in row.helps.items():
            assert grade == 1 or catalogue.source(source).seen != "own", (row.id, goal)


@pytest.mark.parametrize("case", CASES["grade"], ids=lambda case: case["ingredient"])
def test_a_grade_is_what_its_source_says(catalogue: Catalogue, case: dict[str, Any]) -> None:
    row = catalogue.ingredients.by_id[case["ingredient"]]

    grade, _, source = row.helps[case["goal"]]
    assert (grade, source) == (case["grade"], case["source"])


def test_who_names_no_strength_is_not_credited_with_one(catalogue: Catalogue) -> None:
    for row in catalogue.ingredients.all:
        for goal, (_, _, source) in row.helps.items():
            if source in CASES["names_no_strength"]:
                assert row.thresholds[goal] not in (source, ""), (row.id, goal)
                assert row.sources_for(goal) == (source, row.thresholds[goal])


def test_nothing_that_the_eu_bans_is_in_what_is_suggested(catalogue: Catalogue) -> None:
    banned = set(CASES["banned_in_the_eu"])

    for product in catalogue:
        assert not banned & {name.lower() for name in product.inci}, product.product_id


@pytest.mark.parametrize("case", CASES["common_name"], ids=lambda case: case["inci"])
def test_a_person_reads_the_name_that_people_use(
    catalogue: Catalogue, case: dict[str, Any]
) -> None:
    row = catalogue.ingredients.find(case["inci"])

    assert row is not None
    assert row.common_name == case["reads"]


def test_bha_is_one_thing_in_a_name_and_another_on_a_label(catalogue: Catalogue) -> None:
    ingredients = catalogue.ingredients

    (in_a_name,) = ingredients.read_text("2% BHA Liquid Exfoliant")
    assert in_a_name.id == "salicylic-acid"
    assert [row.id for row in ingredients.on_label("Aqua, BHA")] == [
        "water",
        "butylated-hydroxyanisole",
    ]
    assert not [row for row in ingredients.on_label("BHA blend") if row.id == "salicylic-acid"]
    assert "salicylic-acid" in ingredients.avoided(["BHA"]).ingredients


def test_what_nobody_described_for_pregnancy_is_not_fine(catalogue: Catalogue) -> None:
    assert UNDESCRIBED not in get_args(PregnancyAdvice)
    assert Ingredient.unknown("Moonstone Extract").pregnancy == UNDESCRIBED
    for row in catalogue.ingredients.all:
        assert row.pregnancy in (*get_args(PregnancyAdvice), UNDESCRIBED)


@pytest.mark.parametrize("case", CASES["pregnancy"], ids=lambda case: case["ingredient"])
def test_pregnancy_advice_is_what_a_source_says(catalogue: Catalogue, case: dict[str, Any]) -> None:
    assert catalogue.ingredients.by_id[case["ingredient"]].pregnancy == case["is"]


@pytest.mark.parametrize("case", CASES["limit"], ids=lambda case: case["ingredient"])
def test_a_limit_is_that_of_what_stays_and_of_what_is_rinsed_off(
    catalogue: Catalogue, case: dict[str, Any]
) -> None:
    row = catalogue.ingredients.by_id[case["ingredient"]]

    assert row.ceiling_of(rinse_off=False) == case.get("stays")
    assert row.ceiling_of(rinse_off=True) == case.get("rinsed", case.get("stays"))


def test_every_kind_is_of_some_ingredient() -> None:
    rows = [*table("ingredients.toml").values(), *table("formula.toml").values()]

    assert set(table("kinds.toml")) == {row["kind"] for row in rows if "kind" in row}


def test_what_a_kind_says_holds_where_a_row_says_nothing_else(catalogue: Catalogue) -> None:
    by_id = catalogue.ingredients.by_id

    assert by_id["ethylparaben"].families == {"preservative", "paraben"}
    assert by_id["ethylparaben"].pregnancy == "ok"
    assert by_id["propylparaben"].pregnancy == UNDESCRIBED
    assert by_id["glycine-soja-oil"].families == {"soy"}
    assert by_id["glycine-soja-oil"].pregnancy == by_id["cocos-nucifera-oil"].pregnancy == "ok"
