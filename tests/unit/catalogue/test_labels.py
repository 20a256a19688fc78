"""Labels as people have them, against tests/cases: every entry is described, recognised or not."""

import shutil
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.label_text import pieces_of
from facet.catalogue.labels import Entry, read_label
from facet.catalogue.recognised import Recognised, import_cosing, read_recognised
from facet.catalogue.spelling import Spelling
from facet.cli.main import main
from facet.domain.errors import FacetError
from facet.domain.products import BagDetails, Product
from tests.unit.conftest import DATA

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases"
LABELS: list[dict[str, Any]] = tomllib.loads((CASES / "labels.toml").read_text("utf-8"))["case"]
MOST_TAKEN = 0.02  # of names that are none


def told(entry: Entry) -> str:
    parts = [entry.text, entry.state.replace("_", " ")]
    parts += [f"{entry.percent:g} %"] if entry.percent else []
    parts += ["may"] if entry.part == "may_contain" else []
    return " | ".join(parts)


@pytest.mark.parametrize("case", LABELS, ids=lambda case: case["what"])
def test_a_label_is_read_as_it_is_meant(case: dict[str, Any], catalogue: Catalogue) -> None:
    texts = case.get("texts") or [case["label"]]
    label = read_label(texts, catalogue.ingredients)
    named = {row.id for row in label.ingredients}

    # What is described by now was recognised before.
    loose = [" | recognised" in line for line in case["entries"]]
    read = [told(entry) for entry in label.entries]
    assert len(read) == len(loose), read
    pairs = zip(read, loose, strict=True)
    assert [
        line.replace("| described", "| recognised") if known else line for line, known in pairs
    ] == case["entries"]
    assert named >= set(case.get("holds", ()))
    assert not named & set(case.get("holds_not", ()))
    if "line" in case:
        assert label.one_percent_line == case["line"] - 1


def test_what_is_no_ingredient_is_not_taken_for_one(catalogue: Catalogue) -> None:
    names = tomllib.loads((CASES / "no_ingredients.toml").read_text("utf-8"))
    everything = [name for kind in names.values() for name in kind]

    read = [catalogue.ingredients.reader.meaning(name) for name in everything]

    assert len(set(everything)) == 200
    taken = [n for n, m in zip(everything, read, strict=True) if m.state != "not_checked"]
    assert len(taken) <= MOST_TAKEN * len(everything), taken


def test_an_entry_says_what_it_is_for_and_a_label_how_much_of_it_is_known(
    catalogue: Catalogue,
) -> None:
    label = read_label(["Aqua, Talc, Moonstone"], catalogue.ingredients)

    assert label.known_share == pytest.approx(2 / 3)
    assert [entry.text for entry in label.not_checked] == ["Moonstone"]
    talc = label.entries[1].function
    assert talc is not None
    assert "absorbent" in talc
    assert read_label([], catalogue.ingredients).known_share == 0


def test_a_gap_weighs_where_there_is_more_than_one_per_cent(catalogue: Catalogue) -> None:
    known = ["Aqua", "Glycerin", "Squalane", "Dimethicone", "Betaine"]

    def gaps(*texts: str) -> list[str]:
        label = read_label(texts, catalogue.ingredients)
        return [entry.text for entry in label.gaps({"first": 5, "known_from": 80})]

    assert gaps(*known, "Moonstone", "Phenoxyethanol") == ["Moonstone"]
    assert gaps(*known, "Phenoxyethanol", "Moonstone") == []
    assert gaps("Aqua", "Phenoxyethanol", "Moonstone") == ["Moonstone"]
    unread = ["Moonstone", "Stardust", "Pixie Dew"]
    assert gaps(*known, "Phenoxyethanol", *unread) == unread  # two thirds are known


def test_the_catalogue_knows_how_much_of_an_imported_label_is_known() -> None:
    inci = ("Aqua", "Glycerin", "Moonstone", "Stardust")
    theirs = [
        Product(product_id="theirs", name="Theirs", category="serum", inci=inci),
        Product(product_id="bare", name="Bare", category="serum"),
    ]
    catalogue = Catalogue.load(build_catalogue(DATA, theirs))

    def column(values: Any, id_: str) -> int:
        return int(values[catalogue.row(id_)])

    assert (column(catalogue.known, "theirs"), column(catalogue.gaps, "theirs")) == (50, 2)
    assert (column(catalogue.known, "bare"), column(catalogue.gaps, "bare")) == (0, 0)
    assert column(catalogue.known, catalogue.ids[0]) == 100


def test_a_list_from_a_to_z_says_nothing_of_how_much_there_is(catalogue: Catalogue) -> None:
    names = "Allantoin, Benzyl Alcohol, Betaine, Caffeine, Dimethicone, Glycerin, Glycolic Acid, "
    names += "Lecithin, Panthenol, Phenoxyethanol, Squalane, Talc, Urea, Water"

    label = read_label([names], catalogue.ingredients)

    assert label.one_percent_line is None
    assert [e.text for e in label.entries if e.trace] == ["Benzyl Alcohol", "Phenoxyethanol"]


def test_other_names_can_be_read_with(catalogue: Catalogue) -> None:
    own = Recognised("moonstone dust", "xx", {"xx": "glittering"})

    (entry,) = read_label(["Moonstone Dust"], catalogue.ingredients, own).entries

    assert (entry.state, entry.function) == ("recognised", "glittering")


def test_no_name_of_an_ingredient_is_taken_for_prose(catalogue: Catalogue) -> None:
    names = catalogue.ingredients.reader.recognised.names.split(";")

    lost = [name for name in names if len(pieces_of(name)) != 1]

    assert len(lost) <= 3, lost


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet=" ,.;:()[]*+-%/\n1a2bZé", max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert all(piece.text.strip() and 0 < (piece.percent or 1) <= 100 for piece in pieces_of(text))


@pytest.mark.parametrize("bit", ["(", "a(", "* ", ". ", "-a ", "a1%A", "a/", "a: ", "may ", "1, "])
def test_no_text_keeps_the_reader_busy(bit: str, catalogue: Catalogue) -> None:
    """A bag's item may have 24,000 letters: one that takes long must not stop the rest."""
    begun = time.process_time()

    catalogue.ingredients.reader.label([bit * (24_000 // len(bit))])

    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("niacinamyde", "niacinamide"),  # one letter wrong
        ("niacinmaide", "niacinamide"),  # two swapped
        ("niacinamid", "niacinamide"),  # one lost
        ("nicinmide", None),  # two, of a short name
        ("sodiumhyalluronat", "sodiumhyaluronate"),  # two, of a long one
        ("retinll", None),  # too short to guess
        ("peg9stearate", None),  # a digit is no typing error
        ("methylparabex", None),  # could be either
    ],
)
def test_a_name_is_guessed_only_where_it_can_be_no_other(word: str, meant: str | None) -> None:
    names = ["niacinamide", "retinol", "sodiumhyaluronate", "peg8stearate", "methylparaben"]

    assert Spelling([*names, "methylparabem"]).nearest(word) == meant


def test_a_newer_list_is_taken_in_without_what_is_refused(tmp_path: Path) -> None:
    source, out = tmp_path / "cosing.csv", tmp_path / "recognised.tsv"
    source.write_text(
        '"File creation date: 01/01/2026"\n\n'
        'COSING Ref No,INCI name,INN name,Function\n1,MOONSTONE POWDER,,"ABRASIVE, BULKING"\n'
        "2,CLOTRIMAZOLE,,ANTIMICROBIAL\n3,STARDUST,,NOT REPORTED\n4,,,\n"
    )

    taken = import_cosing(source, out, lambda name: name == "CLOTRIMAZOLE")
    names = Recognised.of(read_recognised(out))

    assert (taken.names, taken.refused) == (2, ("CLOTRIMAZOLE",))
    assert "moonstonepowder" in names
    assert "clotrimazole" not in names
    assert names.function_of("moonstonepowder") == "abrasive, bulking"
    assert names.function_of("stardust") is None


def test_a_list_of_something_else_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    for text, why in (("name,price\n", "no columns"), ("INCI name,Function\n", "no row")):
        source.write_text(text)
        with pytest.raises(FacetError, match=why):
            import_cosing(source, tmp_path / "out.tsv", lambda _: False)


def test_the_command_writes_the_names_for_the_next_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "cosing.csv"
    source.write_text("INCI name,Function\nMOONSTONE,ABRASIVE\nCLOTRIMAZOLE,ANTIMICROBIAL\n")
    shutil.copy(DATA / "refused.toml", tmp_path)
    command = ["ingredients", "import", str(source), "--format", "cosing", "--data", str(tmp_path)]

    assert main(command) == 0

    assert "1 names taken, 1 left out as refused" in capsys.readouterr().out
    assert (tmp_path / "recognised.tsv").read_text("utf-8").endswith("moonstone\tab\n")


def test_a_whole_label_is_one_field() -> None:
    whole = "Aqua, Glycerin, " * 249

    assert BagDetails(ingredients=(whole,)).ingredients == (whole,)
    for too_much in (("x" * 4_001,), ("x" * 3_999,) * 7):
        with pytest.raises(ValueError, match="ingredients"):
            BagDetails(ingredients=too_much)
