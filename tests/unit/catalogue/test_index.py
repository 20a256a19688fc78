"""Search finds exactly what reading every product would find."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facet.catalogue import index as index_module
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import GOALS, PRICE_BANDS, SKIN_TYPES, Catalogue
from facet.catalogue.index import (
    BRAND,
    INGREDIENT,
    NAME,
    PREFIX,
    SHORT_NAME,
    Index,
    index_columns,
)
from facet.catalogue.snapshot import pack
from facet.catalogue.suitable import NO_LABEL
from facet.catalogue.words import fold
from facet.colour import delta_e_2000, lab_from_hex
from facet.domain.errors import PermanentError
from facet.domain.products import Product
from facet.domain.search import Near, Query
from tests.unit.conftest import DATA

WORDS = ("calm", "crème", "retinol", "water", "glow", "rosé", "niacinamide", "Nº", "Увлажнение")
# Known well enough for its last entry to be none.
OILS = ("Ricinus Communis Seed Oil", "Squalane", "Mica", "Silica", "Tocopherol", "Phenoxyethanol")
MOON = "Moonstone Rouge"
BRANDS = ("Ona", "Calm & Glow", "L'Étoile", None)
LABELS = (
    *("Aqua", "Glycerin", "Retinol", "Niacinamide", "Parfum", "Zinc Oxide", "Squalane"),
    *("Moonstone Extract", "Glow Worm Water", "Salicylic Acid", "Rosa Canina Seed Oil"),
)


def products(seed: int, count: int = 60) -> Iterable[Product]:
    dice = random.Random(seed)  # noqa: S311
    for n in range(count):
        yield Product.model_validate(
            {
                "product_id": f"{dice.choice('az')}-{seed}-{n}",
                "name": " ".join(dice.choices(WORDS, k=dice.randint(1, 4))),
                "brand": dice.choice(BRANDS),
                "category": dice.choice(("serum", "moisturiser", "lipstick")),
                "inci": dice.sample(LABELS, dice.randint(0, 5)),
                "price_band": dice.choice((*PRICE_BANDS, None)),
                "skin_types": dice.sample(SKIN_TYPES, dice.randint(0, 3)),
                "shade": dice.choice((None, f"#{dice.randrange(2**24):06x}", "#a03050")),
            }
        )


@pytest.fixture(scope="module")
def catalogues() -> list[Catalogue]:
    small = [Catalogue.load(build_catalogue(DATA, products(seed))) for seed in (1, 2)]
    columns = index_columns(small[0])
    carried = Catalogue.load(pack({**small[0].content, "index": columns}, json_up_to=0))
    return [*small, carried]


# --- by reading every product -----------------------------------------------------------------


class Plain:
    """The same answers by the definition, one product after the other."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.rows = range(len(catalogue))
        self.labels = [
            {catalogue.ingredients.all[i].id for i in catalogue.inci_of(row)} for row in self.rows
        ]
        self.products = [catalogue.product_at(row) for row in self.rows]
        self.held = Counter(id_ for label in self.labels for id_ in label)

    def search(self, query: Query) -> tuple[list[str], int]:
        rows = [row for row in self.rows if self.fits(row, query)]
        words = index_module._asked(query.text)
        if words:
            matched = {row: [self.counts(row, w, w == words[-1]) for w in words] for row in rows}
            everywhere = [
                [self.counts(row, word, word == words[-1]) for row in self.rows] for word in words
            ]
            rarity = [
                math.log(1 + len(self.rows) / (1 + sum(1 for c in counts if c)))
                for counts in everywhere
            ]
            rows = [row for row in rows if any(matched[row])]
            if query.near is None and any(all(matched[row]) for row in rows):
                rows = [row for row in rows if all(matched[row])]
        cost: dict[int, float]
        if (near := query.near) is not None:
            distances = ((row, self.distance(row, near)) for row in rows)
            cost = {row: distance for row, distance in distances if distance is not None}
            rows = list(cost)
        elif words:
            cost = {
                row: -512 * sum(1 for c in matched[row] if c)
                - sum(c * r for c, r in zip(matched[row], rarity, strict=True))
                - SHORT_NAME / max(1, len(fold(self.catalogue.names[row])))
                for row in rows
            }
        else:
            cost = {
                row: self.catalogue.irritancy[row]
                - 4 * (self.catalogue.grade_at(row, query.concern) if query.concern else 0)
                for row in rows
            }
        order = sorted(rows, key=lambda row: (round(float(cost[row]), 3), self.catalogue.ids[row]))
        return [self.catalogue.ids[row] for row in order], len(rows)

    def counts(self, row: int, word: str, prefix: bool) -> float:
        names = [n for id_ in self.labels[row] for n in self.catalogue.ingredients.by_id[id_].names]
        fields = (
            (NAME, fold(self.catalogue.names[row])),
            (BRAND, fold(self.catalogue.brand_at(row) or "")),
            (INGREDIENT, [part for name in names for part in name.split()]),
        )
        best = 0.0
        for weight, written in fields:
            if word in written:
                best = max(best, weight)
            elif (
                prefix
                and (weight > INGREDIENT or len(word) > 1)
                and any(spelling.startswith(word) for spelling in written)
            ):
                best = max(best, weight * PREFIX)
        return best

    def fits(self, row: int, query: Query) -> bool:
        ingredients = self.catalogue.ingredients
        product = self.products[row]
        avoided = ingredients.avoided(query.without)
        written = {*fold(product.name), *fold(product.brand or "")}
        held = [
            ingredient.id if (ingredient := ingredients.find(name)) else "" for name in query.holds
        ]
        no_label = self.catalogue.label[row] == NO_LABEL
        return not (
            (query.categories and product.category not in query.categories)
            or (query.concern and query.concern not in product.concerns)
            or (query.skin_type and query.skin_type not in product.skin_types)
            or (query.price_bands and product.price_band not in query.price_bands)
            or not set(held) <= self.labels[row]
            or (query.without and no_label)
            or (query.without and self.labels[row] & avoided.ingredients)
            or (query.without and any(set(p.split()) <= written for p in avoided.words))
            or any(map(avoided.named_in, (product.name, product.brand or "")))
            or (query.pregnancy and (no_label or product.pregnancy_caution != "ok"))
            or ((query.without or query.pregnancy) and self.catalogue.gaps[row])
            or ((query.without or query.pregnancy) and product.medicine == "prescription")
            or (query.pregnancy and self.catalogue.known[row] < 100)
        )

    def distance(self, row: int, near: Near) -> float | None:
        if near.shade:
            shade = self.catalogue.shade_at(row)
            if shade is None:
                return None
            return float(delta_e_2000(lab_from_hex(near.shade), lab_from_hex(shade)))
        if near.concerns:
            return math.sqrt(
                sum(
                    (w - self.catalogue.grade_at(row, g) / 3) ** 2 for g, w in near.concerns.items()
                )
            )
        if near.product_id:
            own = self.catalogue.row(near.product_id)
            assert own is not None
            label = self.labels[own]
        else:
            own = None
            ingredients = (self.catalogue.ingredients.find(name) for name in near.ingredients)
            label = {ingredient.id for ingredient in ingredients if ingredient}
        if row == own or not self.labels[row]:
            return None
        here = self.length(self.labels[row]) * self.length(label)
        shared = sum(self.rarity(id_) ** 2 for id_ in label & self.labels[row])
        return 1 - shared / here if here else 1.0

    def rarity(self, id_: str) -> float:
        return math.log(1 + len(self.rows) / (1 + self.held[id_]))

    def length(self, label: set[str]) -> float:
        return math.sqrt(sum(self.rarity(id_) ** 2 for id_ in label))


texts = st.lists(
    st.sampled_from(
        [*WORDS, *BRANDS[:3], "glyc", "ret", "moon", "n", "acid", "nothing-of-it", "№2"]
    ),
    max_size=3,
).map(" ".join)
terms = st.lists(
    st.sampled_from(["Retinol", "vitamin b3", "moonstone", "perfume", "water", "Calm", "unheard"]),
    max_size=2,
).map(tuple)
nears = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(GOALS), st.sampled_from([0.25, 0.5, 1.0]), min_size=1, max_size=3
    ).map(lambda concerns: Near(concerns=concerns)),
    st.sampled_from(["serum-niacinamide-5", "toner-oat"]).map(lambda i: Near(product_id=i)),
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=4).map(
        lambda names: Near(ingredients=tuple(names))
    ),
    st.integers(0, 2**24 - 1).map(lambda rgb: Near(shade=f"#{rgb:06x}")),
)
queries = st.builds(
    Query,
    text=texts,
    categories=st.sampled_from([(), ("serum",), ("lipstick", "moisturiser"), ("hat",)]),
    concern=st.none() | st.sampled_from(GOALS),
    skin_type=st.none() | st.sampled_from(SKIN_TYPES),
    price_bands=st.sampled_from([(), ("low",), ("mid", "high")]),
    holds=terms,
    without=terms,
    pregnancy=st.booleans(),
    near=nears,
    limit=st.sampled_from([1, 5, 100]),
)


@pytest.fixture(scope="module")
def plains(catalogues: list[Catalogue]) -> list[Plain]:
    return [Plain(catalogue) for catalogue in catalogues]


@settings(max_examples=90, deadline=None)
@given(query=queries, which=st.integers(0, 2), look_first=st.sampled_from([2, 1024]))
def test_the_index_finds_what_reading_every_product_finds(
    plains: list[Plain], query: Query, which: int, look_first: int
) -> None:
    plain = plains[which]
    catalogue = plain.catalogue
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "_LOOK_FIRST", look_first)
        answer = Index(catalogue).search(query)
    ids, total = plain.search(query)

    assert answer.total == total
    got = [hit.product_id for hit in answer.hits]
    assert len(got) == len(set(got)) == min(query.limit, total)
    if query.near is None or query.near.concerns or query.near.shade:
        assert got == ids[: query.limit]
        return
    # Cosines that differ in the last digit of a float32 may change places.
    far: dict[str, float] = {}
    for id_ in ids:
        row = catalogue.row(id_)
        assert row is not None
        distance = plain.distance(row, query.near)
        assert distance is not None
        far[id_] = distance
    np.testing.assert_allclose(
        [hit.distance for hit in answer.hits if hit.distance is not None],
        sorted(far.values())[: query.limit],
        atol=2e-6,
    )
    np.testing.assert_allclose(
        [far[id_] for id_ in got], sorted(far.values())[: query.limit], atol=2e-6
    )


# --- by example -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def find() -> Callable[..., list[str]]:
    theirs: list[dict[str, Any]] = [
        {"product_id": "rouge", "name": "Crème Rouge", "brand": "L'Étoile", "shade": "#a03050"},
        {"product_id": "rosy", "name": "Rosy lips, long wear", "brand": "Ona", "shade": "#a83258"},
        {"product_id": "plum", "name": "Plum", "brand": "Ona", "shade": "#502040"},
        {"product_id": "oil", "name": "Lip oil", "brand": "Rouge", "inci": (*OILS, MOON)},
    ]
    rows = [Product.model_validate({"category": "lipstick"} | row) for row in theirs]
    search = Index(Catalogue.load(build_catalogue(DATA, rows))).search

    def ids(**query: Any) -> list[str]:
        return [hit.product_id for hit in search(Query.model_validate(query)).hits]

    return ids


def test_case_and_accents_do_not_matter_and_the_last_word_may_be_begun(
    find: Callable[..., list[str]],
) -> None:
    assert find(text="creme ROUGE") == ["rouge"]
    assert find(text="étoi") == find(text="ETOI") == ["rouge"]
    assert find(text="cre roug", categories=["lipstick"]) == ["rouge", "oil"]  # no word is "cre"


def test_a_name_counts_more_than_a_brand_and_a_brand_more_than_an_ingredient(
    find: Callable[..., list[str]],
) -> None:
    assert find(text="rouge") == ["rouge", "oil"]
    assert find(text="moonstone") == ["oil"]


def test_the_shorter_name_comes_first_among_equals(find: Callable[..., list[str]]) -> None:
    assert find(text="ona") == ["plum", "rosy"]


def test_shades_come_nearest_first(find: Callable[..., list[str]]) -> None:
    assert find(near={"shade": "#a03050"}) == ["rouge", "rosy", "plum"]
    assert find(near={"shade": "#a03050"}, text="ona") == ["rosy", "plum"]


def test_a_formula_is_nearest_to_what_shares_its_rare_ingredients(
    find: Callable[..., list[str]],
) -> None:
    nearest = find(near={"product_id": "serum-vitamin-c-15-ferulic"}, limit=3)

    assert nearest[0] == "serum-vitamin-c-20"
    assert "serum-vitamin-c-15-ferulic" not in nearest


def test_nothing_avoided_is_found_by_label_group_or_name(find: Callable[..., list[str]]) -> None:
    assert "oil" not in find(text="oil", without=["moonstone"])
    assert find(categories=["lipstick"], without=["water"]) == ["oil"]  # the others show no label
    retinoids = {"serum-retinol-0-1", "serum-retinol-0-3", "serum-retinal"}
    assert not retinoids & set(find(text="serum", without=["vitamin a"], limit=100))


@pytest.mark.parametrize(
    "query",
    [
        {"text": "glow"},
        {"concern": "redness"},
        {"near": {"shade": "#a03050"}},
        {"near": {"concerns": {"pores": 1.0}}},
        {"near": {"ingredients": ["retinol"]}},
    ],
)
def test_pages_put_end_to_end_are_the_whole(
    catalogues: list[Catalogue], query: dict[str, Any]
) -> None:
    index = Index(catalogues[0])
    whole = index.search(Query.model_validate({**query, "limit": 50}))

    pages = [
        index.search(Query.model_validate({**query, "limit": 7, "offset": offset}))
        for offset in range(0, 50, 7)
    ]

    assert len(whole.hits) > 7
    assert [hit for page in pages for hit in page.hits][:50] == list(whole.hits)
    assert {page.total for page in pages} == {whole.total}


def test_a_product_that_is_not_there_has_no_neighbours(find: Callable[..., list[str]]) -> None:
    with pytest.raises(PermanentError) as raised:
        find(near={"product_id": "gone"})

    assert raised.value.code == "product_not_found"


@pytest.mark.parametrize(
    "near", [{}, {"shade": "#a03050", "product_id": "x"}, {"concerns": {}}, {"shade": "red"}]
)
def test_a_point_lies_in_one_space(near: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"one of|shade"):
        Near.model_validate(near)


def test_lightness_alone_bounds_ciede2000_from_below() -> None:
    """What lets the index look at colours of about the right lightness only."""
    dice = np.random.default_rng(3)
    left, right = (dice.uniform((0, -128, -128), (100, 127, 127), (200_000, 3)) for _ in range(2))

    bound = np.abs(left[:, 0] - right[:, 0]) / index_module._GREATEST_S_L

    assert (delta_e_2000(left, right) >= bound - 1e-9).all()


def test_what_is_avoided_in_another_script_is_found_by_name() -> None:
    cream = {"product_id": "their-1", "name": "Ромашка крем", "category": "moisturiser"}
    product = Product.model_validate({**cream, "inci": ("Aqua",)})
    index = Index(Catalogue.load(build_catalogue(DATA, [product])))

    for avoided, total in (("РОМАШКА", 0), ("роза", 1)):
        assert index.search(Query(text="крем", without=(avoided,))).total == total
