"""A kind of advice is a row of a table: what holds for each of them."""

import ast
from pathlib import Path

import pytest

from facet.advice.advisers import ADVISERS
from facet.domain.analysis import Kind
from facet.domain.recommendations import Recommendations

PACKAGE = Path(__file__).parents[3] / "layers" / "shared" / "facet"
# What feedback on an outfit must name, that looks are drawn of make-up, and which ranking is
# counted, is said of one kind and of no other.
MAY_NAME_A_KIND = {
    *("advice/advisers.py", "advice/outfit/read.py"),
    *("domain/analysis.py", "services/start_analysis.py", "services/give_feedback.py"),
}


def test_every_kind_has_an_adviser_and_a_place_in_the_answer() -> None:
    assert set(ADVISERS) == set(Kind)
    assert list(Recommendations.model_fields) == [str(kind) for kind in ADVISERS]


@pytest.mark.parametrize("kind", Kind)
def test_the_answer_holds_what_the_adviser_makes(kind: Kind) -> None:
    told = Recommendations.model_fields[kind].annotation
    assert ADVISERS[kind].result in getattr(told, "__args__", ())


def test_no_other_module_asks_which_kind_it_is() -> None:
    naming = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Kind"
        and node.attr in Kind.__members__
    }
    assert naming == MAY_NAME_A_KIND
