"""Other people's lists: what is known is taken, the rest is named, nothing is half written."""

import csv
import gzip
import json
import shutil
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facet.advice.skincare.recommend import recommend_skincare
from facet.catalogue.build import build_catalogue, write_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.importers import Format, Summary, import_products
from facet.catalogue.snapshot import pack
from facet.catalogue.sources import CatalogueError
from facet.catalogue.suitable import FULL_LABEL, NO_LABEL, NO_PERCENTAGES
from facet.cli.main import main
from facet.domain.advice import Profile
from facet.domain.errors import FacetError, PermanentError
from facet.domain.products import Product

ROOT = Path(__file__).parents[3]
DATA, RULES = ROOT / "data" / "skincare", ROOT / "data" / "imports"

CREAM: dict[str, Any] = {
    "code": "3600520000015",
    "product_name": "Crème de jour SPF 50",
    "brands": "Maison Claire, Groupe Claire",
    "lang": "fr",
    "categories_tags": ["en:face", "en:facial-creams", "en:day-creams"],
    "ingredients_text": "Ingrédients : Aqua (Water), Glycerin, Zinc Oxide 12%, Parfum [Limonene, "
    "Linalool], Moonstone Extract.",
    "ingredients_tags": ["en:water", "en:glycerin", "en:zinc-oxide", "fr:extrait-de-lune"],
    "ingredients": [{"id": "en:zinc-oxide", "percent_estimate": 12.5}],
    "obsolete": "",
    "product_type": "beauty",
}


def lines(rows: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def taken(folder: Path, data: bytes, form: Format = "openbeautyfacts") -> tuple[Summary, list[Any]]:
    source = folder / "list"
    source.write_bytes(data)
    done = import_products(source, form, folder / "out.jsonl", RULES)
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_bytes().splitlines()]
    return done, rows


def report(done: Summary) -> list[list[str]]:
    with done.report.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t"))[1:]


def test_a_row_of_open_beauty_facts_becomes_a_product_with_what_is_known(tmp_path: Path) -> None:
    _, (row,) = taken(tmp_path, lines([CREAM]))

    assert row == {
        "product_id": "obf-3600520000015",
        "name": "Crème de jour SPF 50",
        "brand": "Maison Claire",
        "category": "moisturiser",
        "inci": [
            *("Aqua (Water)", "Glycerin", "Zinc Oxide"),
            *("Parfum [Limonene, Linalool]", "Moonstone Extract", "water"),
        ],
        "spf": 50,
        "sources": ["open-beauty-facts"],
    }


def test_no_concentration_is_invented_and_what_follows_from_the_label_is_known(
    tmp_path: Path,
) -> None:
    taken(tmp_path, lines([CREAM]))
    catalogue = write_catalogue(DATA, tmp_path / "built", tmp_path).catalogue

    product = catalogue.product("obf-3600520000015")
    assert product is not None
    assert [(active.inci, active.percent) for active in product.actives] == [("Zinc Oxide", None)]
    assert product.inci[:3] == ("Aqua", "Glycerin", "Zinc Oxide")
    assert "Moonstone Extract" in product.inci
    assert product.sources[-1] == "open-beauty-facts"
    assert catalogue.source("open-beauty-facts").url
    moonstone = catalogue.ingredients.find("moonstone extract")
    assert moonstone is not None
    holding = zip(catalogue, catalogue.containing({moonstone.id}), strict=True)
    assert [each for each, holds in holding if holds] == [product]
    assert "label/moonstone-extract" in catalogue.ingredients.avoided(["moonstone"]).ingredients


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "abc"}, "no_code"),
        ({"code": None}, "no_code"),
        ({"product_name": "  \n "}, "no_name"),
        ({"product_name": 7}, "no_name"),
        ({"categories_tags": ["en:hair", "en:shampoos"]}, "not_ours"),
        ({"categories_tags": ["en:face", "en:cleansers", "en:nail-polish-removers"]}, "not_ours"),
        ({"categories_tags": "en:day-creams"}, "not_ours"),
        ({"product_type": "food"}, "not_ours"),
        ({"obsolete": "on"}, "withdrawn"),
    ],
)
def test_a_row_that_is_no_use_is_left_out_with_its_line(
    tmp_path: Path, change: dict[str, Any], code: str
) -> None:
    done, rows = taken(tmp_path, lines([CREAM, CREAM | {"code": "1234567"} | change]))

    assert (done.read, done.taken, done.left_out) == (2, 1, 1)
    assert len(rows) == 1
    assert [row[:2] for row in report(done)] == [["2", code]]


def test_bad_rows_of_every_sort_are_named_and_the_good_ones_stand(tmp_path: Path) -> None:
    bad = [b"{broken\n", b"[1, 2]\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"\n"]
    data = lines([CREAM]) + b"".join(bad) + lines([CREAM, CREAM | {"code": "7654321"}])

    done, rows = taken(tmp_path, data)

    assert [row["product_id"] for row in rows] == ["obf-3600520000015", "obf-7654321"]
    assert [row[:2] for row in report(done)] == [
        *(["2", "not_json"], ["3", "not_json"], ["4", "not_json"], ["5", "not_json"]),
        ["7", "repeated"],
    ]


@settings(max_examples=60, deadline=None)
@given(data=st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=6))
def test_no_bytes_break_an_import(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("import")

    done, rows = taken(folder, lines([CREAM]) + b"\n".join(data))

    assert rows[0]["product_id"] == "obf-3600520000015"
    assert done.read == done.taken + done.left_out


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(row=st.fixed_dictionaries({}, optional=dict.fromkeys(CREAM, values)))
def test_no_value_of_any_type_breaks_an_import(
    tmp_path_factory: pytest.TempPathFactory, row: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("import")
    other = {"code": "1234567"}

    done, rows = taken(folder, lines([CREAM, CREAM | other | row]))

    assert done.read == 2
    assert all(Product.model_validate(row) for row in rows)


def test_a_dump_is_read_zipped_and_streamed(tmp_path: Path) -> None:
    padding = "x" * 5_000  # the dump's rows are mostly things of no interest here
    source = tmp_path / "dump.jsonl.gz"
    with gzip.open(source, "wb", compresslevel=1) as file:
        for n in range(4_000):
            file.write(lines([CREAM | {"code": str(10_000_000 + n), "images": padding}]))
    tracemalloc.start()
    done = import_products(source, "openbeautyfacts", tmp_path / "out.jsonl", RULES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert done.taken == 4_000
    assert peak < 4_000_000  # of twenty megabytes


def test_a_file_that_breaks_off_changes_nothing(tmp_path: Path) -> None:
    taken(tmp_path, lines([CREAM]))
    before = (tmp_path / "out.jsonl").read_bytes()
    whole = gzip.compress(lines(CREAM | {"code": str(10_000_000 + n)} for n in range(500)))

    with pytest.raises(FacetError, match="cannot be read to its end"):
        taken(tmp_path, whole[: len(whole) // 2])

    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("list", "out.jsonl", "out.left-out.tsv")
    ]


def test_a_file_without_a_usable_row_is_an_error_and_its_report_stays(tmp_path: Path) -> None:
    taken(tmp_path, lines([CREAM]))
    before = (tmp_path / "out.jsonl").read_bytes()

    with pytest.raises(FacetError, match="none of 2 rows"):
        taken(tmp_path, b"{\n{\n")

    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert (tmp_path / "out.left-out.tsv").read_text().count("not_json") == 2


def test_a_csv_states_its_concentrations(tmp_path: Path) -> None:
    data = (
        "\ufeffName,Category,Brand,Ingredients,SPF,Price band,Shade\r\n"
        '"Calm serum",Serum,Ona,"Aqua, Niacinamide 5 %, ""Snail"" Secretion Filtrate",,low,\r\n'
        "Rouge,lipstick,Ona,,,,#AA3344\r\n"
        "Bad,serum,Ona,,900,,\r\n"
        "Short,serum\r\n"
    ).encode()

    done, (serum, rouge) = taken(tmp_path, data, "csv")

    assert serum["product_id"] == "ona-calm-serum"
    assert serum["actives"] == [{"inci": "Niacinamide", "name": "Niacinamide", "percent": 5.0}]
    assert serum["price_band"] == "low"
    assert rouge["shade"] == "#aa3344"
    assert [row[:2] for row in report(done)] == [["4", "invalid"], ["5", "not_csv"]]


WIDE = "Name{0}Category{0}Ingredients\r\nCalm{0}Face Wash{0}{1}\r\n"


@pytest.mark.parametrize(
    ("between", "encoding"),
    [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "utf-16-le"), ("\t", "utf-16-be")],
)
def test_a_csv_comes_as_spreadsheets_write_it(tmp_path: Path, between: str, encoding: str) -> None:
    label = "Active ingredients: Salicylic Acid 0,5%; Aqua, 1,2-Hexanediol"
    data = WIDE.format(between, f'"{label}"').encode(encoding)

    _, (row,) = taken(tmp_path, data, "csv")

    assert row["name"] == "Calm"
    assert row["inci"] == ["Salicylic Acid", "Aqua", "1,2-Hexanediol"]
    assert row["actives"][0]["percent"] == 0.5


@pytest.mark.parametrize("form", ["openbeautyfacts", "csv"])
def test_the_table_of_open_beauty_facts_is_read_as_its_dump_is(
    tmp_path: Path, form: Format
) -> None:
    data = (
        "code\turl\tproduct_name\tbrands\tcategories_tags\tingredients_text\tingredients_tags\n"
        '3600520000015\thttp://x\tCrème "24 h" SPF 50\tMaison Claire,Groupe Claire\t'
        "en:face,en:day-creams\tAqua (Water), _Glycerin_, Zinc Oxide 12%\ten:water,fr:lune\n"
        "12345\t\tShampoo\t\ten:hair\tAqua\t\n"
    ).encode()

    done, (row,) = taken(tmp_path, data, form)

    assert row["product_id"] == "obf-3600520000015"
    assert row["name"] == 'Crème "24 h" SPF 50'
    assert row["category"] == "moisturiser"
    assert row["inci"] == ["Aqua (Water)", "Glycerin", "Zinc Oxide", "water"]
    assert [line[:2] for line in report(done)] == [["3", "not_ours"]]


@pytest.mark.parametrize(
    ("called", "category"),
    [
        ("Face Moisturizer", "moisturiser"),
        ("face wash", "cleanser"),
        ("Facial Cleansers", "cleanser"),
        ("Serums", "serum"),
        ("lipstick", "lipstick"),
        ("Spanner", "spanner"),
    ],
)
def test_a_category_is_what_people_call_it(called: str, category: str) -> None:
    catalogue = Catalogue.load(build_catalogue(DATA, [imported(category=called)]))

    product = catalogue.product("their-1")
    assert product is not None
    assert product.category == category


def test_a_csv_without_its_columns_says_which(tmp_path: Path) -> None:
    with pytest.raises(FacetError, match="no column category"):
        taken(tmp_path, b"name,brand\nx,y\n", "csv")


@pytest.mark.parametrize(
    ("data", "named", "reason"),
    [
        (b'"B,serum\nC,serum\nD,serum\n', ["3", "not_csv"], "runs to line 5"),
        (b"x" * 200_000 + b",serum\n", ["3", "not_csv"], "field limit"),
        ("Crème,serum\n".encode("cp1252"), ["3", "not_utf8"], "UTF-8"),
        ("玻尿酸,serum\n".encode(), ["3", "no_id"], "give it one"),
    ],
    ids=["unclosed quote", "huge field", "Latin-1", "a name that makes no id"],
)
def test_a_bad_row_of_a_csv_is_named_by_the_line_on_which_it_begins(
    tmp_path: Path, data: bytes, named: list[str], reason: str
) -> None:
    done, rows = taken(tmp_path, b"name,category\nA,serum\n" + data, "csv")

    assert [row["product_id"] for row in rows] == ["a"]
    ((*where, why),) = report(done)
    assert where == named
    assert reason in why


def test_a_huge_line_of_a_csv_is_left_out_and_the_next_one_counts_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facet.catalogue.importers.LONGEST_LINE", 200_000)
    data = b"name,category\nA,serum\n" + b"x" * 900_000 + b"\nC,serum\n,serum\n"

    done, rows = taken(tmp_path, data, "csv")

    assert [row["product_id"] for row in rows] == ["a", "c"]
    assert [row[:2] for row in report(done)] == [["3", "not_csv"], ["5", "invalid"]]


def test_a_name_of_more_than_200_letters_is_cut(tmp_path: Path) -> None:
    _, rows = taken(tmp_path, b"name,category\n" + b"x" * 230 + b",serum\n", "csv")

    assert rows[0]["name"] == "x" * 200


def test_an_spf_is_read_as_labels_have_it(tmp_path: Path) -> None:
    data = b"name,category,spf\nA,sunscreen,50+\nB,sunscreen,SPF 30\nC,sunscreen,high\n"

    done, rows = taken(tmp_path, data, "csv")

    assert [row["spf"] for row in rows] == [50, 30]
    assert [row[:2] for row in report(done)] == [["4", "invalid"]]


@pytest.mark.parametrize(
    ("first", "named"),
    [
        (b"name,category,name\n", "more than one column name"),
        (b"name,category," + b"x" * 200_000 + b"\n", "names the columns"),
    ],
)
def test_a_csv_whose_columns_cannot_be_told_says_so(
    tmp_path: Path, first: bytes, named: str
) -> None:
    with pytest.raises(FacetError, match=named):
        taken(tmp_path, first + b"x,y,z\n", "csv")


@pytest.mark.parametrize(
    ("form", "row", "code"),
    [
        ("facet", {"product_id": "b", "name": "B", "category": "serum", "inci": ["\ud800"]}, ""),
        ("openbeautyfacts", CREAM | {"code": "1234567", "categories_tags": ["\ud800"]}, "not_ours"),
        ("openbeautyfacts", CREAM | {"code": "1234567", "ingredients_tags": ["en:a\ud800"]}, ""),
    ],
)
def test_half_a_character_spoils_its_own_row_alone(
    tmp_path: Path, form: Format, row: dict[str, Any], code: str
) -> None:
    good = {"facet": {"product_id": "a", "name": "A", "category": "serum"}}.get(form, CREAM)

    done, rows = taken(tmp_path, lines([good, row]), form)

    assert len(rows) == 1
    assert [row[:2] for row in report(done)] == [["2", code or "not_text"]]


def test_facets_own_list_comes_back_as_it_went_but_for_what_is_derived(tmp_path: Path) -> None:
    built = write_catalogue(DATA, tmp_path / "built")
    original = next(p for p in built.catalogue if p.product_id == "serum-niacinamide-5")
    theirs = json.loads(original.model_dump_json()) | {
        "product_id": "mine",
        "concerns": ["eye_bags"],
    }

    taken(tmp_path, lines([theirs]), "facet")
    product = write_catalogue(DATA, tmp_path / "built", tmp_path).catalogue.product("mine")

    assert product is not None
    assert product.concerns == original.concerns
    assert product.actives == original.actives
    assert set(product.inci) == set(original.inci)


def imported(**changes: Any) -> Product:
    fields: dict[str, Any] = {"product_id": "their-1", "name": "Theirs", "category": "serum"}
    return Product.model_validate(fields | changes)


def test_what_passes_a_legal_ceiling_is_left_out_and_named(tmp_path: Path) -> None:
    strong = {"inci": "Retinol", "name": "Retinol", "percent": 1.0}
    rows = [imported(inci=("Retinol",), actives=(strong,)), imported(product_id="their-2")]
    (tmp_path / "a.jsonl").write_text("".join(row.model_dump_json() + "\n" for row in rows))

    built = write_catalogue(DATA, tmp_path / "out", tmp_path)

    assert "their-1" not in built.catalogue
    assert "their-2" in built.catalogue
    assert [line for line in built.left_out if "their-1" in line and "0.3 %" in line]


def test_an_id_used_twice_is_a_problem() -> None:
    with pytest.raises(CatalogueError, match="their-1"):
        build_catalogue(DATA, [imported(), imported()])


@pytest.mark.parametrize(
    ("inci", "percent", "label"),
    [
        ((), None, NO_LABEL),
        (("Aqua", "Niacinamide"), None, NO_PERCENTAGES),
        (("Aqua", "Niacinamide"), 5.0, FULL_LABEL),
        (("Aqua", "Mystery Leaf Water"), None, FULL_LABEL),
    ],
)
def test_it_is_known_how_much_of_a_label_is_known(
    inci: tuple[str, ...], percent: float | None, label: int
) -> None:
    active = {"inci": "Niacinamide", "name": "Niacinamide", "percent": percent}
    product = imported(inci=inci, actives=(active,) if percent else ())
    catalogue = Catalogue.load(build_catalogue(DATA, [product]))

    assert catalogue.label[catalogue.row("their-1")] == label


def test_an_imported_product_is_suggested_only_where_its_label_allows(reading: Any) -> None:
    """Nothing is promised of an unknown label, and no unknown strength is recommended."""
    theirs = [
        imported(
            product_id=f"their-{n}", category=category, inci=inci, spf=spf, skin_types=("dry",)
        )
        for n, (category, inci, spf) in enumerate(
            [
                ("moisturiser", (), None),
                ("moisturiser", ("Aqua", "Moonstone Extract"), None),
                ("serum", ("Aqua", "Retinol"), None),
                ("sunscreen", (), 50),
            ]
        )
    ]
    catalogue = Catalogue.load(build_catalogue(DATA, theirs))
    profile = Profile(skin_type="dry", avoided_ingredients=("moonstone",), pregnancy="pregnant")

    result = recommend_skincare(reading(wrinkles=20), profile, [], catalogue)

    used = {step.product.product_id for step in (*result.am, *result.pm)}
    assert not used & {product.product_id for product in theirs}
    assert not [note for note in result.notes if note.code == "unknown_ingredient"]


def test_the_binary_snapshot_holds_what_the_json_one_holds(tmp_path: Path) -> None:
    theirs = [imported(brand="Ona", inci=("Aqua", "Låtsas"), shade="#a03050", finish="matte")]
    catalogue = Catalogue.load(build_catalogue(DATA, theirs))

    data = pack(catalogue.content, json_up_to=0)
    (tmp_path / "snapshot").write_bytes(data)

    for other in (Catalogue.load(data), Catalogue.open(tmp_path / "snapshot")):
        assert list(other) == list(catalogue)
        assert other.product("their-1") == catalogue.product("their-1")
        assert "nothing" not in other
    assert pack(catalogue.content, json_up_to=0) == data


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_binary_snapshot_that_breaks_off_says_so(catalogue: Catalogue, share: float) -> None:
    data = pack(catalogue.content, json_up_to=0)

    with pytest.raises(PermanentError) as raised:
        Catalogue.load(data[: int(len(data) * share)])

    assert raised.value.code == "catalogue_corrupt"


def test_the_command_says_what_it_did_and_fails_where_nothing_was_of_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "beauty.jsonl"
    source.write_bytes(lines([CREAM]) + b"{\n" * 30)
    command = ["catalog", "import", str(source), "--format", "openbeautyfacts"]

    assert main([*command, "--rules", str(RULES)]) == 0
    shown = capsys.readouterr()
    assert "31 rows read, 1 taken, 30 left out (30 not_json)" in shown.out
    assert "left out: line 2:" in shown.err
    assert "left out: 10 more" in shown.err

    assert main(["catalog", "build", "--data", str(DATA)]) == 0
    assert "obf-3600520000015" in (tmp_path / "build/catalogue/products.jsonl").read_text()
    capsys.readouterr()

    assert main(["catalog", "search", "creme clai", "--holds", "zinc oxide"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "obf-3600520000015\tmoisturiser\tMaison Claire\tCrème de jour SPF 50"
    ]
    assert main(["catalog", "search", "--concern", "hunger"]) == 1
    assert "concern" in capsys.readouterr().err

    source.write_bytes(b"{\n")
    assert main([*command, "--rules", str(RULES)]) == 1


def test_what_a_search_cannot_know_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["catalog", "build", "--data", str(DATA)]) == 0

    assert main(["catalog", "search", "--without", "xyzzy", "--limit", "1"]) == 0
    assert "'xyzzy'" in capsys.readouterr().err
    assert main(["catalog", "search", "--category", "spanner"]) == 1
    assert "no category spanner; there are cleanser" in capsys.readouterr().err
    assert main(["catalog", "search", "--shade", "#AA1122"]) == 0
    (tmp_path / "build/catalogue/snapshot.json").write_bytes(b"")
    assert main(["catalog", "search", "cream"]) == 1
    assert "catalogue_corrupt" in capsys.readouterr().err


def test_a_folder_that_cannot_be_used_is_a_sentence_not_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["catalog", "build", "--data", str(DATA), "--out", str(tmp_path / "file")]) == 1
    assert "facet: " in capsys.readouterr().err

    folder = shutil.copytree(DATA, tmp_path / "data")
    for broken in (b"id,name\n\xff\xfe\n", None):
        products = folder / "products.csv"
        products.unlink() if broken is None else products.write_bytes(broken)
        assert main(["catalog", "build", "--data", str(folder)]) == 1
        assert "products.csv" in capsys.readouterr().err
