"""What is only a trace changes no routine, against tests/cases; who is allergic still sees it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from facet.advice.answer import Notes
from facet.advice.skincare.recommend import recommend_skincare
from facet.advice.skincare.shelf import item_of
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue, Item
from facet.catalogue.suitable import Person, contents_of, refusal
from facet.domain.advice import Profile
from facet.domain.products import BagItem, Product
from tests.unit.conftest import DATA, face_reading

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[2] / "cases" / "traces.toml").read_text("utf-8")
)["case"]
TRACE = "Aqua, Glycerin, Phenoxyethanol, Retinol, Lactic Acid, Linalool"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_an_active_counts_where_it_is_more_than_a_trace(
    case: dict[str, Any], catalogue: Catalogue
) -> None:
    result = recommend_skincare(face_reading(), Profile(), case["bag"], catalogue)

    for session, steps in (("am", result.am), ("pm", result.pm)):
        used = [step.how_often for step in steps if step.product.item_id == "1"]
        assert used == ([case[session]] if session in case else []), session
    suggested = {row.product.category for row in result.suggestions}
    assert suggested >= set(case.get("suggested", ()))
    assert not suggested & set(case.get("not_suggested", ()))


def both(catalogue: Catalogue) -> list[Item | None]:
    """The same cream as its owner tells it, and as a shop's list brought it in."""
    entry = BagItem(item_id="x", name="Cream", category="moisturiser", ingredients=(TRACE,))
    return [item_of(entry, None, catalogue, Notes()), catalogue.item("theirs")]


@pytest.fixture(scope="module")
def shop() -> Catalogue:
    inci = tuple(TRACE.split(", "))
    theirs = Product(product_id="theirs", name="Cream", category="Face Moisturizer", inci=inci)
    return Catalogue.load(build_catalogue(DATA, [theirs]))


def test_a_bag_and_an_import_are_read_alike(shop: Catalogue) -> None:
    own, theirs = both(shop)

    assert own is not None
    assert theirs is not None
    for item in (own, theirs):
        assert not item.treats
        assert not item.tags
        assert item.sessions == ("am", "pm")
        assert item.irritancy == 0
        assert {"retinol", "lactic-acid", "linalool"} <= item.ingredients
        assert item.pregnancy == "avoid"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"pregnancy": "pregnant"}, "not_in_pregnancy"),
        ({"allergies": ("linalool",)}, "avoided_ingredient"),
        ({"avoided_ingredients": ("retinoids",)}, "avoided_ingredient"),
    ],
)
def test_who_must_avoid_it_sees_every_trace(
    shop: Catalogue, told: dict[str, Any], code: str
) -> None:
    person = Person.of_profile(Profile(**told), shop.ingredients)
    entry = BagItem(item_id="x", name="Cream", category="moisturiser", ingredients=(TRACE,))

    for contents in (
        contents_of(shop.ingredients, None, entry),
        contents_of(shop.ingredients, shop.product("theirs")),
    ):
        verdict = refusal(person, contents)
        assert verdict is not None
        assert verdict.code == code
