"""How leaked allergens are counted: on a handful of labels, without those of a shop."""

from pathlib import Path

import pytest

from evaluation.allergens import HOLDS, Label, _contents, judge_allergens, kept
from evaluation.photos import ROOT
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue

CATALOGUE = Catalogue.load(build_catalogue(ROOT / "data" / "skincare"))


def label(text: str) -> Label:
    return Label(text[:20], text, _contents(CATALOGUE, text))


def test_what_holds_an_allergen_is_kept_back_and_what_does_not_is_not() -> None:
    long = ", ".join(["Aqua", *["Glycerin"] * 150, "Macadamia Ternifolia Seed Oil"])
    labels = [label("Aqua, Corylus Avellana Seed Oil"), label(long), label("Aqua, Mandelic Acid")]

    result = kept("nuts", labels, CATALOGUE)

    assert (result.hold, list(result.leaked), result.alarms) == (2, [], 0)


def test_every_allergy_that_is_counted_is_understood() -> None:
    assert CATALOGUE.ingredients.avoided(HOLDS).unknown == ()


def test_without_labels_it_says_that_it_was_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FACET_LABELS", str(tmp_path))

    (finding,) = judge_allergens()

    assert finding.value is None
    assert finding.met is None
    assert finding.note.startswith("skipped: no labels")
