"""What is never placed as a cosmetic: recognised by each of its names, and by nothing else."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.refused import Refused, is_retinoid
from facet.catalogue.sources import CatalogueError

ROOT = Path(__file__).parents[3]
CASES: dict[str, Any] = tomllib.loads((ROOT / "tests/cases/refused.toml").read_text("utf-8"))
TABLES: dict[str, Any] = tomllib.loads((ROOT / "data/skincare/refused.toml").read_text("utf-8"))
REFUSED = Refused(TABLES)


def told(rows: Iterator[Any]) -> list[list[str]]:
    return [[row.kind, row.name] for row in rows]


@pytest.mark.parametrize("case", CASES["name"], ids=lambda case: case[0])
def test_a_product_is_known_by_its_name(case: list[str]) -> None:
    name, *expected = case

    rows = told(iter(REFUSED.in_name(name)))

    assert expected in rows if expected else not rows


@pytest.mark.parametrize("case", CASES["entry"], ids=lambda case: case[0])
def test_a_substance_is_known_by_its_entry_of_a_label(case: list[str]) -> None:
    entry, *expected = case

    rows = told(iter(REFUSED.in_entry(entry)))

    assert expected in rows if expected else not rows


@pytest.mark.parametrize("case", CASES["label"], ids=lambda case: ", ".join(case["entries"][:3]))
def test_on_a_label_it_counts_where_it_stands(case: dict[str, Any]) -> None:
    refused = REFUSED.in_label(case["entries"], line=case.get("line"))

    assert [case["entries"][at] for at in refused] == case["refused"]


@pytest.mark.parametrize("text", CASES["retinoid"])
def test_a_retinoid_is_known_by_every_spelling(text: str) -> None:
    assert is_retinoid(text)


@pytest.mark.parametrize("text", CASES["no_retinoid"])
def test_what_sounds_like_a_retinoid_is_none(text: str) -> None:
    assert not is_retinoid(text)


def test_a_label_speaks_for_what_a_name_only_hints_at() -> None:
    assert REFUSED.in_name("Apple Cider Vinegar Toner")
    assert not REFUSED.in_name("Apple Cider Vinegar Toner", labelled=True)
    assert REFUSED.in_name("Dermovate", labelled=True)


def test_a_strength_told_beside_an_entry_counts_as_one_within_it() -> None:
    assert REFUSED.in_entry("Azelaic Acid", 20.0)
    assert not REFUSED.in_entry("Azelaic Acid", 10.0)
    assert REFUSED.in_entry("Hydrogen Peroxide", 3.0, early=False)
    assert not REFUSED.in_entry("Hydrogen Peroxide", 0.1)


def test_a_brand_of_the_counter_says_what_is_in_it() -> None:
    (row,) = REFUSED.mentioned_in("PanOxyl 4 % creamy wash")

    assert (row.name, row.over_the_counter, row.above) == ("benzoyl peroxide", True, 10)
    assert not REFUSED.named_in("PanOxyl 4 % creamy wash")


def test_a_medicine_of_the_counter_is_still_a_medicine() -> None:
    (row,) = REFUSED.named_in("Hydrocortisone Acetate 1 %")

    assert (row.kind, row.over_the_counter) == ("medicine", True)


@pytest.mark.parametrize(
    ("inci", "hit"),
    [
        ("CLOTRIMAZOLE", True),
        ("MINOXIDIL", True),
        ("LEAD ACETATE", True),
        ("HYDROQUINONE", True),
        ("PHENYL MERCURIC ACETATE", True),
        # They stand on labels of cosmetics: what they do depends on how much and where.
        ("CITRUS LIMON JUICE", False),
        ("ISOPROPYL ALCOHOL", False),
        ("MELALEUCA ALTERNIFOLIA LEAF OIL", False),
        ("AZELAIC ACID", False),
        ("BENZOYL PEROXIDE", False),
        ("PHENOXYETHANOL", False),
        ("CYCLOMETHICONE", False),
        ("RETINOL", False),
    ],
)
def test_what_is_refused_is_no_name_of_a_cosmetic_ingredient(inci: str, hit: bool) -> None:
    assert REFUSED.hits_name(inci) is hit


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(build_catalogue(ROOT / "data/skincare"))


def test_it_travels_with_the_catalogue(catalogue: Catalogue) -> None:
    refused = catalogue.ingredients.refused
    assert told(iter(refused.in_name("Dermovate"))) == [["medicine", "clobetasol"]]
    assert refused.hits_name("Phenol")
    assert not refused.in_label(["Glycerin"] * 5 + ["Hydrogen Peroxide"])


def test_nothing_that_the_catalogue_sells_is_refused_by_its_name(catalogue: Catalogue) -> None:
    refused = catalogue.ingredients.refused
    assert [n for n in catalogue.names if refused.in_name(n, labelled=True)] == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('source = "empr-steroids"', 'source = "nobody"', "unknown source 'nobody'"),
        ('kind = "banned"', 'kind = "bad"', "kind"),
        ('counts = "early"\nfrom = 0.5', "from = 0.5", "`from` says nothing of"),
        ('"alclometaso"', '"alc"', "'alc' is too short for a match by stem"),
        ('"alclometaso"', '" - "', "' - ' holds no word"),
        ('["hydrocortisone", "clobetasone"]', '["cortisol"]', "over the counter is 'cortisol'"),
    ],
)
def test_a_table_that_does_not_add_up_is_refused(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    for file in (ROOT / "data/skincare").iterdir():
        text = file.read_text("utf-8")
        (tmp_path / file.name).write_text(text.replace(old, new, 1), "utf-8")

    with pytest.raises(CatalogueError, match=r"refused\.toml") as caught:
        build_catalogue(tmp_path)

    assert any(problem in line for line in caught.value.problems)
