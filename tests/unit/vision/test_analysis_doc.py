"""docs/analysis.md says of the tables what they say."""

from pathlib import Path

import pytest

from facet.domain.face import GateCode
from facet.vision import shape
from facet.vision.prediction import load_conditions
from facet.vision.scores import CURRENT, load_scoring

TEXT = (Path(__file__).parents[3] / "docs" / "analysis.md").read_text()
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for line in TEXT.splitlines()
    if line.startswith("| ") and (cells := line.strip("|").split("|"))
}
SCORING = load_scoring(CURRENT)


@pytest.mark.parametrize("concern", SCORING.concerns)
def test_every_concern_is_told_with_its_unit_and_what_is_noise(concern):
    unit, meaning, resolution, noise = ROWS[concern]
    fixed, share = SCORING.concerns[concern]["minimum_change"]

    assert unit == SCORING.unit(concern)
    assert meaning
    assert float(resolution) == SCORING.least(concern)
    assert noise == f"{fixed:g} + {100 * share:g} %"


def test_every_gate_shape_and_condition_is_told():
    for code in GateCode:
        assert f"`{code.value}`" in TEXT, code
    for name in shape._table()["shapes"]["anchors"]:
        assert name in TEXT
    for name in ("normal", *load_conditions(CURRENT).conditions):
        assert name in ROWS


def test_it_says_what_has_not_been_validated():
    assert TEXT.lower().count("not validated") + TEXT.lower().count("not been validated") >= 4
