"""Allergies as families: what a word stands for, and what of a label it keeps away."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.index import Index
from facet.catalogue.spelling import within
from facet.catalogue.suitable import Person, contents_of, refusal
from facet.domain.advice import Profile
from facet.domain.products import BagItem, Product
from facet.domain.search import Query
from tests.unit.conftest import DATA

CASES = Path(__file__).parents[2] / "cases"


def rows_of(name: str) -> Iterator[tuple[str, list[str]]]:
    for section, rows in tomllib.loads((CASES / name).read_text("utf-8")).items():
        for row in rows:
            yield section, row


@pytest.fixture(scope="module")
def shop() -> Catalogue:
    """Every label of the table is also one of an imported product."""
    products = [
        Product(product_id=f"p-{n}", name="Cream", category="moisturiser", inci=("Aqua", row[1]))
        for n, (_, row) in enumerate(rows_of("allergies.toml"))
    ]
    return Catalogue.load(build_catalogue(DATA, products))


@pytest.mark.parametrize(("_section", "row"), list(rows_of("allergies.toml")))
def test_a_label_is_kept_from_whoever_is_allergic_to_it_and_from_nobody_else(
    shop: Catalogue, _section: str, row: list[str]
) -> None:
    told, entry, outcome = row
    person = Person.of_profile(Profile(allergies=(told,)), shop.ingredients)
    owned = BagItem(item_id="a", name="Mine", category="cream", ingredients=("Aqua", entry))

    verdict = refusal(person, contents_of(shop.ingredients, None, owned))

    assert ("caught" if verdict and verdict.code == "avoided_ingredient" else "passes") == outcome


def test_a_search_finds_of_imported_products_what_the_table_lets_pass(shop: Catalogue) -> None:
    wrong = []
    for number, (_, (told, entry, outcome)) in enumerate(rows_of("allergies.toml")):
        row = shop.row(f"p-{number}")
        if row is None:  # banned whoever asks: no shop may sell it
            assert shop.ingredients.refused.in_entry(entry, first=True)
            continue
        held = shop.containing(shop.ingredients.avoided([told]).ingredients)[row]
        if held != (outcome == "caught"):
            wrong.append((told, entry, outcome))
    assert not wrong


def test_a_search_leaves_out_what_a_name_speaks_of(shop: Catalogue) -> None:
    names = ("Honey balm", "Honeysuckle balm", "Paraben free balm", "Crème au miel")
    products = [
        Product(product_id=f"q-{n}", name=name, category="moisturiser", inci=("Aqua",))
        for n, name in enumerate(names)
    ]
    index = Index(Catalogue.load(build_catalogue(DATA, products)))

    def found(told: str) -> set[str]:
        hits = index.search(Query(text="balm", without=(told,), limit=100)).hits
        return {hit.product_id for hit in hits} & {"q-0", "q-1", "q-2"}

    assert found("Honig") == {"q-1", "q-2"}
    assert found("parabens") == {"q-0", "q-1", "q-2"}


@pytest.mark.parametrize(("section", "row"), list(rows_of("allergy_words.toml")))
def test_a_typed_word_is_understood_or_asked_about(
    shop: Catalogue, section: str, row: list[str]
) -> None:
    typed, *meant = row

    told = shop.ingredients.understood(typed)

    families = {family.id for family in told.families}
    expected: Any = {
        "family": ("family", set(meant), ()),
        "ingredient": ("ingredient", set(), ()),
        "not_cosmetic": ("not_cosmetic", families, ()),
        "two_meanings": ("family", families, tuple(meant)),
        "did_you_mean": ("unknown", set(), told.did_you_mean),
        "unknown": ("unknown", families, ()),
    }[section]
    assert (told.kind, families, told.did_you_mean) == expected
    if section == "ingredient":
        assert set(meant) <= told.rows
    if section == "did_you_mean":
        assert meant[0] in told.did_you_mean


def test_the_tables_are_long_enough_to_be_believed() -> None:
    assert len(list(rows_of("allergies.toml"))) >= 200
    assert len(list(rows_of("allergy_words.toml"))) >= 150


def test_every_family_has_a_case_or_is_a_plant_like_others(shop: Catalogue) -> None:
    told = {row[0] for _, row in rows_of("allergies.toml")}
    families = shop.ingredients._told.families
    reached = {
        member.id
        for term in told
        for member in families.with_members(
            family.id for family in shop.ingredients.understood(term).families
        )
    }
    without = [id_ for id_ in families if id_ not in reached and families[id_].in_cosmetics]
    assert len(without) <= 45, without


def test_what_is_understood_of_a_term_is_avoided_though_the_rest_is_not(shop: Catalogue) -> None:
    avoided = shop.ingredients.avoided(["nuts and moondust"])

    assert avoided.unknown == ("nuts and moondust",)
    assert avoided.named_in("Corylus Avellana Seed Oil")


def test_a_term_that_the_person_says_is_in_no_cosmetic_asks_nothing_more(shop: Catalogue) -> None:
    told = Profile(allergies=("moondust", "honey"), not_in_cosmetics=("Moondust", "honey"))
    person = Person.of_profile(told, shop.ingredients)

    assert person.unclear == ()
    assert person.avoided.named_in("Honey Extract")  # what is known is left out all the same
    assert not person.avoided.named_in("Moondust Extract")


def test_whoever_told_nothing_that_is_in_cosmetics_needs_no_labels(shop: Catalogue) -> None:
    assert not Person.of_profile(Profile(allergies=("cats",)), shop.ingredients).needs_labels


@pytest.mark.parametrize(
    ("word", "other", "errors", "near"),
    [
        ("niacinimide", "niacinamide", 1, True),
        ("salicilic acid", "salicylic acid", 1, True),
        ("fragrnace", "fragrance", 1, True),
        ("retinol", "retinol", 0, True),
        ("retinol", "retinal", 0, False),
        ("abc", "abcde", 1, False),
        ("abc", "abcde", 2, True),
        ("abcd", "badc", 2, True),
        ("abcd", "wxyz", 2, False),
    ],
)
def test_words_are_as_far_apart_as_letters_differ(
    word: str, other: str, errors: int, near: bool
) -> None:
    assert within(word, other, errors) is near
    assert within(other, word, errors) is near
