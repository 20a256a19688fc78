"""May this person use it? One verdict in the bag, for looks, in suggestions, search and look-up."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

import pytest

from facet.advice.makeup.recommend import recommend_makeup
from facet.advice.skincare.shelf import shelf_of
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.index import Index
from facet.catalogue.suitable import Person, contents_of, is_named, refusal, suitable_rows
from facet.catalogue.vectors import VectorSearch
from facet.domain.advice import Profile
from facet.domain.products import Active, BagItem, Product, SkinType
from facet.domain.search import Match, Query
from facet.services.find_products import recommend_products
from tests.unit.conftest import DATA, face_reading

LABELS: Mapping[str, tuple[str, ...]] = {
    "plain": ("Aqua", "Glycerin"),
    "arbutin": ("Aqua", "Alpha-Arbutin"),
    "mandelic": ("Aqua", "Mandelic Acid"),
    "lactic": ("Aqua", "Lactic Acid"),
    "kojic": ("Aqua", "Kojic Acid"),
    "retinyl": ("Aqua", "Retinyl Palmitate"),
    "niacinamide": ("Aqua", "Niacinamide"),
    "cetyl": ("Aqua", "Cetyl Alcohol"),
    "alcohol": ("Aqua", "Alcohol Denat."),
    "odd-alcohol": ("Aqua", "Fancy Alcohol"),
    "moonstone": ("Aqua", "Moonstone Extract"),
    "tretinoin": ("Aqua", "Tretinoin"),
    # As packs have them: another name in brackets or behind a slash, a whole label in one piece.
    "bracketed": ("Aqua (Water), Kojic Acid, Glycerin",),
    "squared": ("Water/Aqua/Eau", "Glycerin [Lactic Acid]"),
    "slashed": ("Glycerin/Retinyl Palmitate",),
    "beside": ("Parfum (Alcohol Denat.), Glycerin",),
    "unclosed": ("Aqua (Water, Mandelic Acid, Glycerin",),
    "inside": ("Aqua", "Encapsulated Retinol"),
    "silent": (),
    "dash": ("-",),
}
SILENT = {"silent": "ingredients_needed", "dash": "ingredients_needed"}
UNCHECKED = {"odd-alcohol": "not_checked"}
AVOIDED, ASK, NOT = "avoided_ingredient", "ask_in_pregnancy", "not_in_pregnancy"
IN_PREGNANCY = {
    **dict.fromkeys(("arbutin", "mandelic", "lactic", "kojic"), ASK),
    **dict.fromkeys(("bracketed", "squared", "unclosed"), ASK),
    **dict.fromkeys(("retinyl", "tretinoin", "slashed", "inside"), NOT),
    **SILENT,
    "odd-alcohol": "not_checked_in_pregnancy",
}
REMARKS = {"prescription_untold", "no_label", "not_all_checked", "not_described_in_pregnancy"}
# Whoever asks, what is owned is refused with these codes and with no other.
CASES: tuple[tuple[Profile, Mapping[str, str]], ...] = (
    (Profile(), UNCHECKED),
    (Profile(pregnancy="pregnant"), IN_PREGNANCY),
    (Profile(pregnancy="planning"), IN_PREGNANCY),
    (Profile(pregnancy="breastfeeding"), IN_PREGNANCY),
    (
        Profile(allergies=("alcohol",)),
        {"alcohol": AVOIDED, "odd-alcohol": AVOIDED, "beside": AVOIDED, **SILENT},
    ),
    (Profile(avoided_ingredients=("moonstone",)), {"moonstone": AVOIDED, **UNCHECKED, **SILENT}),
    (
        Profile(avoided_ingredients=("vitamin A",)),
        {
            **dict.fromkeys(("retinyl", "tretinoin", "slashed", "inside"), AVOIDED),
            **UNCHECKED,
            **SILENT,
        },
    ),
    (
        Profile(avoided_ingredients=("arbutin",), pregnancy="pregnant"),
        {**IN_PREGNANCY, "arbutin": AVOIDED},
    ),
    (Profile(avoided_ingredients=("Ona",)), {**dict.fromkeys(LABELS, AVOIDED)}),
)


def products(category: str) -> Iterator[Product]:
    for name, label in LABELS.items():
        yield Product(
            product_id=f"{category}-{name}",
            name="Theirs",
            brand="Ona",
            category=category,
            inci=label,
            shade="#a25a50" if category == "lipstick" else None,
        )


@pytest.fixture(scope="module")
def shop() -> Catalogue:
    imported = [*products("moisturiser"), *products("lipstick")]
    return Catalogue.load(build_catalogue(DATA, imported))


def owned(shop: Catalogue, category: str) -> list[BagItem]:
    """Every product twice, told by its id and by its name and label."""
    by_id = [BagItem(item_id=f"id-{name}", product_id=f"{category}-{name}") for name in LABELS]
    shade = "#a25a50" if category == "lipstick" else None
    by_label = [
        BagItem(
            item_id=f"label-{name}",
            name="Ona Theirs",
            category=category,
            ingredients=label,
            shade=shade,
        )
        for name, label in LABELS.items()
    ]
    assert all(entry.product_id in shop for entry in by_id)
    return by_id + by_label


def twice(codes: Mapping[str, str]) -> dict[str, str]:
    return {f"{way}-{name}": code for way in ("id", "label") for name, code in codes.items()}


@pytest.mark.parametrize(("profile", "codes"), CASES)
def test_the_bag_of_skincare_and_that_of_make_up_refuse_the_same(
    shop: Catalogue, profile: Profile, codes: Mapping[str, str]
) -> None:
    person = Person.of_profile(profile, shop.ingredients)
    shelf = shelf_of(owned(shop, "moisturiser"), shop, person, None)
    looks = recommend_makeup(face_reading(), profile, owned(shop, "lipstick"), shop)

    refused = {n.item_id: n.code for n in shelf.notes if n.code not in REMARKS}
    assert refused == twice(codes)
    assert {item.item_id for item in shelf.items}.isdisjoint(refused)
    colour = of_colour(codes, avoids=bool(person.avoided))
    assert {n.item_id: n.code for n in looks.notes if n.item_id and n.code not in REMARKS} == colour
    steps = {step.item_id for look in looks.looks for step in look.steps}
    assert steps.isdisjoint(colour)


def of_colour(codes: Mapping[str, str], *, avoids: bool) -> dict[str, str]:
    """Make-up only colours: an entry not checked is a note, and so is no label in pregnancy."""
    lenient = {"not_checked", *(() if avoids else ("ingredients_needed",))}
    kept = {name: code for name, code in codes.items() if code not in lenient}
    return twice({"tretinoin": "medicine"} | kept)


@pytest.mark.parametrize(("profile", "codes"), CASES)
def test_search_finds_what_would_not_be_refused(
    shop: Catalogue, profile: Profile, codes: Mapping[str, str]
) -> None:
    query = Query(
        without=(*profile.allergies, *profile.avoided_ingredients),
        pregnancy=profile.pregnancy is not None,
        categories=("lipstick",),
        limit=100,
    )
    # Whoever rules nothing out is shown all that there is.
    refused = {*codes, "tretinoin"} if query.without or query.pregnancy else set()
    fine = {f"lipstick-{name}" for name in LABELS if name not in refused}

    assert {hit.product_id for hit in Index(shop).search(query).hits} == fine
    store: Any = Everything([p for p in shop if p.category == "lipstick"])
    answer = VectorSearch(shop.ingredients, store).search(query)
    assert {hit.product_id for hit in answer.hits} == fine


class Everything:
    """A store of vectors that heeds no filter."""

    def __init__(self, products: list[Product]) -> None:
        self.products = products

    def query(self, *_: Any, **__: Any) -> list[Match]:
        return [
            Match(key=p.product_id, metadata={"product": p.model_dump_json()}, distance=0.0)
            for p in self.products
        ]


@pytest.mark.parametrize(("profile", "codes"), CASES)
def test_columns_and_single_products_are_judged_alike(
    shop: Catalogue, profile: Profile, codes: Mapping[str, str]
) -> None:
    person = Person.of_profile(profile, shop.ingredients)
    for suggested in (False, True) if person.needs_labels else (True,):
        rows = suitable_rows(shop, person, shop.containing, suggested=suggested)
        for row, product in enumerate(shop):
            verdict = refusal(person, contents_of(shop.ingredients, product), suggested=True)
            named = is_named(person, (product.name, product.brand))
            assert (verdict is None) == (bool(rows[row]) and not named), product.product_id


def test_what_is_suggested_is_no_prescription_and_has_a_label(shop: Catalogue) -> None:
    nobody = Person.of_profile(Profile(), shop.ingredients)
    codes = {
        name: verdict.code
        for name in LABELS
        if (product := shop.product(f"moisturiser-{name}"))
        and (verdict := refusal(nobody, contents_of(shop.ingredients, product), suggested=True))
    }

    assert codes == {"tretinoin": "medicine", **UNCHECKED, **SILENT}


class Told:
    """A shelf that holds one profile."""

    def __init__(self, profile: Profile) -> None:
        self.document = profile.model_dump(mode="json", exclude_defaults=True)

    def profile(self, _: str) -> Mapping[str, Any]:
        return self.document


@pytest.mark.parametrize(("profile", "codes"), CASES)
@pytest.mark.parametrize("condition", ["dark_spots", "wrinkles"])
def test_the_look_up_names_nothing_that_would_be_refused(
    shop: Catalogue, profile: Profile, codes: Mapping[str, str], condition: Any
) -> None:
    shelves: Any = Told(profile)
    store: Any = Everything([p for p in shop if condition in p.concerns])
    person = Person.of_profile(profile, shop.ingredients)
    refused = {f"{kind}-{name}" for kind in ("moisturiser", "lipstick") for name in codes}
    for search in (Index(shop), VectorSearch(shop.ingredients, store)):
        answer = recommend_products("u", condition, 100, shelves=shelves, search=search, facts=shop)

        assert answer.products or codes
        for match in answer.products:
            contents = contents_of(shop.ingredients, match.product)
            assert refusal(person, contents, suggested=True) is None
            assert match.product.product_id not in refused


def test_what_suits_the_skin_comes_first_among_equals_in_evidence(shop: Catalogue) -> None:
    def serum(name: str, inci: str, skin_type: SkinType) -> Product:
        return Product(
            product_id=name,
            name=name,
            category="serum",
            actives=(Active(inci=inci, name=inci, percent=10),),
            inci=("Aqua", inci),
            skin_types=(skin_type,),
        )

    proven = serum("proven", "Azelaic Acid", "oily")
    mine, others = serum("mine", "Lactic Acid", "dry"), serum("others", "Lactic Acid", "oily")
    shelves: Any = Told(Profile(skin_type="dry"))
    for order in permutations([proven, mine, others]):
        store: Any = Everything(list(order))
        search = VectorSearch(shop.ingredients, store)
        answer = recommend_products(
            "u", "dark_spots", 9, shelves=shelves, search=search, facts=shop
        )

        names = [each.product.product_id for each in answer.products]
        assert names == ["proven", "mine", "others"]


def test_what_stands_in_brackets_is_avoided_by_its_name(shop: Catalogue) -> None:
    person = Person.of_profile(Profile(allergies=("linalool",)), shop.ingredients)
    label = ("Aqua", "Parfum (Linalool)")
    entry = BagItem(item_id="x", name="Mine", category="serum", ingredients=label)

    assert refusal(person, contents_of(shop.ingredients, None, entry))


def test_a_label_in_one_piece_is_read_as_its_entries(shop: Catalogue) -> None:
    person = Person.of_profile(Profile(allergies=("alcohol",)), shop.ingredients)

    def told(label: str) -> BagItem:
        return BagItem(item_id="x", name="Mine", category="serum", ingredients=(label,))

    fatty = contents_of(shop.ingredients, None, told("Aqua, Cetyl Alcohol, Glycerin"))
    drying = contents_of(shop.ingredients, None, told("Aqua, Cetyl Alcohol, Alcohol Denat."))

    assert refusal(person, fatty) is None
    assert refusal(person, drying)


def test_what_its_owner_adds_to_a_product_of_the_catalogue_counts_too(shop: Catalogue) -> None:
    person = Person.of_profile(Profile(pregnancy="pregnant"), shop.ingredients)
    entry = BagItem(item_id="x", product_id="lipstick-silent", ingredients=("Kojic Acid 1 %",))

    verdict = refusal(person, contents_of(shop.ingredients, shop.product("lipstick-silent"), entry))

    assert verdict is not None
    assert verdict.code == "ask_in_pregnancy"
    assert verdict.text("Theirs") == "Theirs: ask your doctor first; left out until then."
