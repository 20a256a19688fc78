"""The catalogue: what goes in is checked, what comes out is what went in."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facet.catalogue.build import build_catalogue, write_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.ingredients import read_percent
from facet.catalogue.sources import CatalogueError
from facet.catalogue.words import normal
from facet.domain.errors import PermanentError
from facet.domain.products import Product
from facet.services.current_catalogue import CurrentCatalogue

DATA = Path(__file__).parents[3] / "data" / "skincare"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The real sources, in a folder where they may be spoilt."""
    return shutil.copytree(DATA, tmp_path / "skincare")


def problems(folder: Path) -> str:
    with pytest.raises(CatalogueError) as raised:
        build_catalogue(folder)
    return "\n".join(raised.value.problems)


def add_product(folder: Path, row: str) -> None:
    with (folder / "products.csv").open("a", encoding="utf-8") as file:
        file.write(row + "\n")


def replace(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")


def test_the_catalogue_holds_at_least_150_products_each_with_a_source(catalogue: Catalogue) -> None:
    products = list(catalogue)

    assert len(products) >= 150
    assert len({product.product_id for product in products}) == len(products)
    for product in products:
        assert product.inci or product.vehicle == "patch"
        if product.concerns or product.cautions or product.pregnancy_caution != "ok":
            assert product.sources, product.product_id
        for source in product.sources:
            assert catalogue.source(source).title


def test_every_claim_comes_from_something_published(catalogue: Catalogue) -> None:
    for ingredient in catalogue.ingredients.all:
        for grade, percent, source in ingredient.helps.values():
            assert 1 <= grade <= 3
            assert percent > 0
            assert catalogue.source(source).url
            assert catalogue.source(source).seen != "own"


def test_no_product_passes_the_ceiling_of_any_of_its_actives(catalogue: Catalogue) -> None:
    for product in catalogue:
        for active in product.actives:
            ingredient = catalogue.ingredients.find(active.inci)
            assert ingredient is not None
            rinse_off = catalogue.rinses_off(product.category, product.vehicle)
            ceiling = ingredient.ceiling_of(rinse_off=rinse_off)
            if ceiling and active.percent and ingredient.id != "retinyl-palmitate":
                assert active.percent <= ceiling, product.product_id


def test_the_same_sources_give_the_same_bytes(snapshot: bytes) -> None:
    assert build_catalogue(DATA) == snapshot


def test_the_version_changes_with_a_single_fact(sources: Path, catalogue: Catalogue) -> None:
    replace(sources, "rules.toml", "below = 70", "below = 69")

    assert Catalogue.load(build_catalogue(sources)).version != catalogue.version


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("x-1,Mystery serum,water-serum,unobtainium 3,mid,", "unknown ingredient 'unobtainium'"),
        ("x-1,Serum in a jar,jar,niacinamide 3,mid,", "unknown vehicle 'jar'"),
        ("x-1,Strong retinol,treatment-cream,retinol 0.5,mid,", "0.3 % (eu-2024-996)"),
        (
            "x-1,Two retinols,treatment-cream,retinol 0.2; retinyl-acetate 0.2,mid,",
            "counted as retinol",
        ),
        ("x-1,Kojic serum,water-serum,kojic-acid 2,mid,", "above 1 % (eu-2024-996)"),
        ("x-1,Arbutin serum,water-serum,alpha-arbutin 3,mid,", "above 2 % (eu-2024-996)"),
        ("x-1,Peel,acid-liquid,glycolic-acid 7; lactic-acid 7,mid,", "counted as glycolic-acid"),
        ("x-1,Weak peroxide,treatment-gel,benzoyl-peroxide 1,low,", "below 2.5 %"),
        ("x-1,Tea tree gel,spot-gel,tea-tree-oil 0.5,low,", "above 0.1 % (sccs-1681-25)"),
        ("x-1,Tea tree wash,gel-cleanser,tea-tree-oil 2,low,", "above 1 % (sccs-1681-25)"),
        ("x-1,Tretinoin cream,treatment-cream,tretinoin 0.05,mid,", "prescription"),
        ("x-1,Serum,water-serum,niacinamide,mid,", "needs its concentration"),
        ("x-1,Serum,water-serum,niacinamide lots,mid,", "line"),
        ("x-1,Serum,water-serum,niacinamide 3,dear,", "price"),
        ("X 1,Serum,water-serum,niacinamide 3,mid,", "id"),
        ("x-1,Too full,water-serum,snail 90; niacinamide 20,mid,", "add up to 110 %"),
        ("x-1,Sunscreen,sunscreen-fluid,dhhb 6,mid,15", "SPF 30 or more"),
        ("x-1,Sunscreen,sunscreen-fluid,glycerin 6,mid,50", "needs a UV filter"),
        ("x-1,Serum SPF,water-serum,niacinamide 3,mid,30", "no sunscreen"),
        ("x-1,Another name,water-serum,niacinamide 5,high,", "same formula as serum-niacinamide-5"),
        ("serum-niacinamide-5,Serum,water-serum,niacinamide 6,mid,", "used twice"),
    ],
)
def test_a_bad_product_row_is_named(sources: Path, row: str, says: str) -> None:
    add_product(sources, row)

    assert says in problems(sources)


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("ingredients.toml", '"kikuchi-2009"', '"nobody-1999"', "unknown source 'nobody-1999'"),
        ("ingredients.toml", '"kikuchi-2009"', '"facet"', "needs a publication"),
        (
            "ingredients.toml",
            '"cir-hyaluronic"',
            '"facet"',
            "fine in pregnancy needs a publication",
        ),
        (
            "ingredients.toml",
            '2.0, "delphi-jaad-2025", "facet"',
            '2.0, "delphi-jaad-2025", "us"',
            "'us'",
        ),
        ("formula.toml", 'kind = "plant-oil"', 'kind = "plant"', "unknown kind 'plant'"),
        ("formula.toml", "cocos-nucifera-oil", "niacinamide", "also in ingredients.toml"),
        ("ingredients.toml", 'also = ["nicotinamide"', 'also = ["retinol"', "also retinol's"),
        ("ingredients.toml", "helps.wrinkles = [3, 0.04", "helps.wrinkles = [4, 0.04", "retinol"),
        ("ingredients.toml", "helps.wrinkles =", "helps.wrinkels =", "retinol"),
        ("vehicles.toml", '"coco-glucoside"', '"coco-pops"', "unknown ingredient 'coco-pops'"),
        ("rules.toml", 'b = "exfoliant"', 'b = "exfoliator"', "the family 'exfoliator'"),
        ("rules.toml", 'level = "alternate"', 'level = "sometimes"', "pair"),
        ("rules.toml", 'source = "bjd-1998"', 'source = "bjd"', "unknown source 'bjd'"),
        ("sources.toml", 'seen = "abstract"', 'seen = "heard"', "aad-acne-2024"),
    ],
)
def test_a_bad_fact_or_rule_is_named(
    sources: Path, name: str, old: str, new: str, says: str
) -> None:
    replace(sources, name, old, new)

    assert says in problems(sources)


def test_every_problem_is_named_at_once(sources: Path) -> None:
    add_product(sources, "x-1,Kojic serum,water-serum,kojic-acid 2,mid,")
    add_product(sources, "x-2,Mystery,water-serum,unobtainium 3,mid,")

    assert problems(sources).count("products.csv") == 2


def test_a_broken_file_is_a_problem_and_no_traceback(sources: Path) -> None:
    (sources / "rules.toml").write_text("[routine", "utf-8")

    assert "rules.toml" in problems(sources)


def test_a_written_snapshot_loads_and_every_line_is_a_product(tmp_path: Path) -> None:
    catalogue = write_catalogue(DATA, tmp_path).catalogue

    loaded = Catalogue.load((tmp_path / "snapshot.json").read_bytes())
    lines = (tmp_path / "products.jsonl").read_text("utf-8").splitlines()
    assert loaded.version == catalogue.version
    assert [Product.model_validate_json(line) for line in lines] == list(loaded)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: data[: len(data) // 2], "catalogue_corrupt"),
        (lambda _: b"[]", "catalogue_corrupt"),
        (lambda data: data.replace(b'"schema":3', b'"schema":99', 1), "catalogue_schema"),
    ],
)
def test_a_snapshot_that_is_none_says_so(
    snapshot: bytes, spoil: Callable[[bytes], bytes], code: str
) -> None:
    with pytest.raises(PermanentError) as raised:
        Catalogue.load(spoil(snapshot))

    assert raised.value.code == code


def test_products_are_found_by_id_category_concern_and_any_name_of_an_ingredient(
    catalogue: Catalogue,
) -> None:
    product = catalogue.product("serum-vitamin-c-15-ferulic")

    assert product is not None
    assert [a.percent for a in product.actives] == [15.0, 1.0, 0.5]
    assert catalogue.product("nothing-of-the-kind") is None
    assert list(catalogue.in_category("sunscreen")) == [
        p.category == "sunscreen" for p in catalogue
    ]
    niacinamide = catalogue.ingredients.find("Vitamin B3")
    assert niacinamide is not None
    assert list(catalogue.containing({niacinamide.id})) == [
        any(a.inci == "Niacinamide" for a in p.actives) for p in catalogue
    ]
    best = catalogue.by_concern("blemishes", limit=3)
    assert len(best) == 3
    assert all("blemishes" in p.concerns for p in best)


def test_a_product_of_no_known_vehicle_is_layered_as_its_category_is(
    catalogue: Catalogue,
) -> None:
    order = (*("cleanser", "toner", "rinse_off_peel", "exfoliant"), "serum", "eye_care")
    weights = [catalogue.usual_vehicle(c).weight for c in (*order, "moisturiser", "sunscreen")]

    assert weights == [1, 2, 2, 3, 4, 5, 7, 9]


def test_what_is_rinsed_off_is_credited_with_little(catalogue: Catalogue) -> None:
    wash, leave_on = (
        catalogue.item(i) for i in ("gel-cleanser-salicylic-2", "exfoliant-salicylic-2")
    )

    assert wash is not None
    assert leave_on is not None
    assert wash.helps["blemishes"] < leave_on.helps["blemishes"]


def test_less_than_the_studied_concentration_is_credited_with_nothing(
    catalogue: Catalogue,
) -> None:
    item = catalogue.item("azelaic-5-serum")  # 5 %; what is studied begins at 10 %

    assert item is not None
    assert "blemishes" not in item.helps


@pytest.mark.parametrize(
    ("term", "inside", "outside"),
    [
        ("Vitamin C", "tetrahexyldecyl-ascorbate", "niacinamide"),
        ("retinol", "retinyl-palmitate", "bakuchiol"),
        ("aspirin", "salicylic-acid", "glycolic-acid"),
        ("Arbutin", "alpha-arbutin", "kojic-acid"),
        ("alcohol", "alcohol-denat", "cetyl-alcohol"),
        ("nuts", "almond-oil", "jojoba-oil"),
        ("perfume", "lavender-oil", "glycerin"),
        ("Nicotinamid\u00e9", "niacinamide", "tocopherol"),
        ("chemical sunscreen", "avobenzone", "zinc-oxide"),
    ],
)
def test_people_and_labels_call_ingredients_many_things(
    catalogue: Catalogue, term: str, inside: str, outside: str
) -> None:
    avoided = catalogue.ingredients.avoided([term])

    assert inside in avoided.ingredients
    assert outside not in avoided.ingredients


def test_a_word_no_ingredient_answers_to_is_told_back(catalogue: Catalogue) -> None:
    assert catalogue.ingredients.avoided(["moonstone", "  "]).unknown == ("moonstone",)


def test_labels_are_read_with_their_percentages() -> None:
    assert read_percent("Niacinamide 5 %") == ("Niacinamide", 5.0)
    assert read_percent("Retinol 0,3%") == ("Retinol", 0.3)
    assert read_percent("Aqua") == ("Aqua", None)
    assert normal("Alpha-Arbutin 2 %") == "alpha arbutin 2"


def test_the_snapshot_names_no_file_and_no_machine(snapshot: bytes) -> None:
    assert json.loads(snapshot)["schema"] == 3
    assert b"/home/" not in snapshot
    assert b"file:" not in snapshot


class Shelf:
    """A bucket with one snapshot."""

    def __init__(self, *snapshots: bytes) -> None:
        self.snapshots = list(snapshots)

    def get_if_changed(self, _key: str, etag: str | None) -> tuple[bytes, str] | None:
        now = f"etag-{len(self.snapshots)}"
        return None if etag == now else (self.snapshots[0], now)


def test_a_snapshot_that_cannot_be_read_leaves_the_one_before_it(
    snapshot: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facet.services.current_catalogue.LOOK_AGAIN_SECONDS", 0.0)
    shelf: Any = Shelf(snapshot, b"torn", snapshot)
    current = CurrentCatalogue(shelf)
    version = current.get().version

    shelf.snapshots.pop(0)
    assert current.get().version == version
    assert current.get().version == version
    shelf.snapshots.pop(0)
    assert current.get().version == version


def test_a_first_snapshot_that_cannot_be_read_stays_what_is_wrong(snapshot: bytes) -> None:
    shelf: Any = Shelf(b"torn")
    current = CurrentCatalogue(shelf)

    for _ in range(2):
        with pytest.raises(PermanentError) as raised:
            current.get()
        assert raised.value.code == "catalogue_corrupt"
    shelf.snapshots = [snapshot, snapshot]
    assert len(current.get()) > 100
