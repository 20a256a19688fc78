"""Products that may harm find no place, whatever their owners call them."""

import tomllib
from typing import Any

import pytest

from facet.catalogue.catalogue import Catalogue
from facet.services.advise_case import advise_case
from tests.unit.conftest import DATA

PRODUCTS = tomllib.loads((DATA.parents[1] / "tests" / "cases" / "harmful.toml").read_text("utf-8"))[
    "product"
]


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda row: f"{row['name']} {row.get('label')}")
def test_what_may_harm_is_placed_nowhere_and_its_owner_hears_why(
    catalogue: Catalogue, product: dict[str, Any]
) -> None:
    profile = {"pregnancy": "pregnant"} if product.get("in_pregnancy_only") else {}
    categories = ("moisturiser", "serum", "cleanser", "toner")
    bag = [
        {"item_id": category, "name": product["name"], "category": category}
        | ({"ingredients": [product["label"]]} if "label" in product else {})
        for category in categories
    ]
    answer = advise_case({"bag": bag, "profile": profile, "wants": ["skincare"]}, catalogue)

    routine = answer["recommendations"]["skincare"]
    placed = {step["product"].get("item_id") for step in (*routine["am"], *routine["pm"])}
    assert placed.isdisjoint(categories)
    assert {note.get("item_id") for note in routine["notes"]} >= set(categories)
