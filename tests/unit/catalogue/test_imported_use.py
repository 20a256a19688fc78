"""Imported products in a bag are read as the same product told by name and label is."""

import pytest

from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.domain.products import Active, Product
from facet.services.advise_case import advise_case
from tests.unit.conftest import DATA

UREA = Active(inci="Urea", name="Urea", percent=40)
SOLD = (
    Product(
        product_id="fluid",
        name="City fluid SPF 50+",
        category="sunscreen",
        inci=("Aqua", "Glycerin", "Zinc Oxide", "Phenoxyethanol"),
    ),
    Product(product_id="ointment", name="Grey ointment", category="cream"),
    Product(product_id="plain", name="Plain cream", category="cream"),
    Product(
        product_id="urea", name="Feet", category="cream", inci=("Aqua", "Urea"), actives=(UREA,)
    ),
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(build_catalogue(DATA, SOLD))


def _advice(catalogue: Catalogue, id_: str) -> tuple[bool, set[str]]:
    """Whether a product that is owned by its id is placed, and the codes of the notes on it."""
    told = {"bag": [{"item_id": "own", "product_id": id_}]}
    advice = advise_case(told, catalogue)["recommendations"]["skincare"]
    steps = [*advice["am"], *advice["pm"]]
    placed = any(step["product"].get("item_id") == "own" for step in steps)
    return placed, {note["code"] for note in advice["notes"] if note.get("item_id") == "own"}


@pytest.mark.parametrize(
    ("id_", "placed", "codes"),
    [
        ("fluid", True, set()),  # its SPF stands in its name
        ("ointment", False, {"ingredients_needed"}),
        ("plain", True, {"no_label"}),
    ],
)
def test_an_imported_product_is_judged_by_what_is_known_of_it(
    catalogue: Catalogue, id_: str, placed: bool, codes: set[str]
) -> None:
    assert _advice(catalogue, id_) == (placed, codes)


def test_a_strength_that_an_import_states_counts_where_it_is_refused(catalogue: Catalogue) -> None:
    assert catalogue.product("urea") is None
