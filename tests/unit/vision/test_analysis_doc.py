"""docs/analysis.md says of the tables what they say."""

import re
from pathlib import Path

import pytest

from evaluation.figures import END, START
from facet.domain.face import GateCode
from facet.vision.face import shape
from facet.vision.skin.prediction import load_conditions
from facet.vision.skin.scores import CURRENT, load_scoring
from facet.vision.versions import PIPELINE_VERSION

TEXT = (Path(__file__).parents[3] / "docs" / "analysis.md").read_text()
SAID, _, _REST = TEXT.partition(START)
FIGURES, _, _AFTER = _REST.partition(END)
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for line in (SAID + _AFTER).splitlines()
    if line.startswith("| ") and (cells := line.strip("|").split("|"))
}
SCORING = load_scoring(CURRENT)


@pytest.mark.parametrize("concern", SCORING.concerns)
def test_every_concern_is_told_with_its_unit_and_what_is_noise(concern: str) -> None:
    unit, meaning, resolution, noise = ROWS[concern]
    fixed, share = SCORING.concerns[concern]["minimum_change"]

    assert unit == SCORING.unit(concern)
    assert meaning
    assert float(resolution) == SCORING.least(concern)
    assert noise == f"{fixed:g} + {100 * share:g} %"


def test_every_gate_shape_and_condition_is_told() -> None:
    for code in GateCode:
        assert f"`{code.value}`" in TEXT, code
    for name in shape._table()["shapes"]["anchors"]:
        assert name in TEXT
    for name in ("normal", *load_conditions(CURRENT).conditions):
        assert name in ROWS


def test_it_says_what_has_not_been_validated() -> None:
    assert TEXT.lower().count("not validated") + TEXT.lower().count("not been validated") >= 4


def test_its_figures_are_of_the_measures_as_they_are_and_show_nobody() -> None:
    assert f"Pipeline {PIPELINE_VERSION}, scoring {CURRENT}, " in FIGURES
    for concern in SCORING.concerns:
        assert f"| `{concern}` |" in FIGURES
    assert not re.search(r"(closeups|portraits|enlarged)/|\b[A-Z]\d{6}\b|\bif\d{3}\b", FIGURES)
