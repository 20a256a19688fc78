"""The tables of tests/cases: advice on what they tell, held against what they expect."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from facet.catalogue.catalogue import Catalogue
from facet.cli.advice_page import as_page
from facet.services.advise_case import advise_case
from tests.unit.conftest import face_reading

CASES = Path(__file__).parents[1] / "cases"
EXPECTATIONS = {
    *("placed", "not_placed", "notes", "codes", "no_codes", "status", "says", "never_says"),
    *("suggests", "suggests_no", "suggests_only", "failure"),
    *("days", "recovery", "apart", "one_a_day", "suits"),
}

type Answer = Mapping[str, Any]


def rows() -> Iterator[Any]:
    for path in sorted(CASES.glob("advice_*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            yield pytest.param(row, id=f"{path.stem}: {row['name']}")


def told_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's case as the command reads it from a line of JSON."""
    told = {key: value for key, value in row.items() if key not in ("name", "expect", "scores")}
    if "scores" in row:
        told["analysis"] = face_reading(**row["scores"]).model_dump(mode="json", exclude_none=True)
    case: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return case


def nodes(document: Any) -> Iterator[Mapping[str, Any]]:
    """Every object of a document, however deep it lies."""
    if isinstance(document, dict):
        yield document
        for value in document.values():
            yield from nodes(value)
    elif isinstance(document, list):
        for value in document:
            yield from nodes(value)


def used(answer: Answer) -> set[str]:
    """Item ids in the steps, looks and outfits of an answer."""
    parts = [
        result.get(part, [])
        for result in answer.get("recommendations", {}).values()
        for part in ("am", "pm", "looks", "outfits")
    ]
    return {node["item_id"] for node in nodes(parts) if "item_id" in node}


def to_get(answer: Answer) -> list[Mapping[str, Any]]:
    """Products of the answer that are not owned."""
    routine = answer.get("recommendations", {}).get("skincare", {})
    steps = [step["product"] for part in ("am", "pm") for step in routine.get(part, [])]
    products = [*steps, *(s["product"] for s in routine.get("suggestions", []))]
    return [product for product in products if "item_id" not in product]


def holds(catalogue: Catalogue, product: Mapping[str, Any], word: str) -> bool:
    """Whether a product is of this category, or has this ingredient or one of this group in it."""
    if product["category"] == word:
        return True
    ids = catalogue.ingredients.avoided([word]).ingredients
    assert ids or word in catalogue.categories, f"neither ingredient nor category: {word}"
    row = catalogue.row(product["product_id"]) if "product_id" in product else None
    return row is not None and bool(catalogue.containing(ids)[row])


def notes_of(answer: Answer) -> list[Mapping[str, Any]]:
    """Every note of an answer."""
    results = answer.get("recommendations", {}).values()
    return [note for result in results for note in result.get("notes", [])]


@pytest.mark.parametrize("row", list(rows()))
def test_a_case_comes_out_as_its_table_expects(
    row: Mapping[str, Any], catalogue: Catalogue
) -> None:
    expect = row["expect"]
    assert expect.keys() <= EXPECTATIONS
    answer = advise_case(told_by(row), catalogue)

    page = " ".join(as_page("case", answer).split())
    assert answer.get("failure", {}).get("code") == expect.get("failure"), page
    assert {*expect.get("placed", [])} <= used(answer), page
    assert not {*expect.get("not_placed", [])} & used(answer), page
    for result in answer.get("recommendations", {}).values():
        assert result["status"] == expect.get("status", result["status"]), page
    said = {(note.get("item_id"), note["code"]) for note in notes_of(answer)}
    assert {*expect.get("notes", {}).items()} <= said, page
    codes = {code for _, code in said}
    assert {*expect.get("codes", [])} <= codes, page
    assert not {*expect.get("no_codes", [])} & codes, page
    assert [text for text in expect.get("says", []) if text not in page] == [], page
    assert [text for text in expect.get("never_says", []) if text in page] == [], page
    assert_suggestions(answer, expect, catalogue)
    assert_week(answer, expect)


def uses(answer: Answer) -> list[tuple[int, str, str]]:
    """(day, session, item id) of every use of what is owned, in the calendar of the routine."""
    calendar = answer.get("recommendations", {}).get("skincare", {}).get("calendar", {})
    return [
        (row["day"], row["session"], use["product"]["item_id"])
        for row in calendar.get("sessions", [])
        for use in row["uses"]
        if "item_id" in use["product"]
    ]


def assert_week(answer: Answer, expect: Mapping[str, Any]) -> None:
    used = uses(answer)
    for item_id, days in expect.get("days", {}).items():
        assert sum(item == item_id for _, _, item in used) == days, item_id
    if "recovery" in expect:
        calendar = answer["recommendations"]["skincare"]["calendar"]
        assert len(calendar["recovery_evenings"]) >= expect["recovery"]
    for part, keep in (("apart", 2), ("one_a_day", 1)):
        times = [row[:keep] for row in used if row[2] in expect.get(part, [])]
        assert len(times) == len(set(times)), part


def assert_suggestions(answer: Answer, expect: Mapping[str, Any], catalogue: Catalogue) -> None:
    products = to_get(answer)
    for word in expect.get("suggests", []):
        assert any(holds(catalogue, product, word) for product in products), word
    for word in expect.get("suggests_no", []):
        assert [p for p in products if holds(catalogue, p, word)] == [], word
    for row in (catalogue.row(product.get("product_id", "")) for product in products):
        if row is not None and "suits" in expect:
            assert catalogue.suits(expect["suits"])[row], catalogue.name(row)
    if only := expect.get("suggests_only"):
        assert {product["category"] for product in products} <= {*only}


def test_every_expectation_of_the_tables_is_explained() -> None:
    readme = (CASES / "README.md").read_text(encoding="utf-8")
    assert [word for word in sorted(EXPECTATIONS) if f"`{word}`" not in readme] == []
