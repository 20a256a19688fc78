"""The table of figures hides nothing."""

from io import StringIO

from rich.console import Console

from benchmarks.report import Budget, Row, table
from benchmarks.run import summary

FAST = Budget(unit="ms", source="here", most=150)
MANY = Budget(unit="x", source="here", least=1.5)


def printed(*rows: Row) -> dict[str, str]:
    """The printed line of each row."""
    out = StringIO()
    Console(file=out, width=200).print(table([("figure", rows)]))
    lines = out.getvalue().splitlines()
    return {row.what: next(line for line in lines if row.what in line) for row in rows}


def test_a_budget_that_is_not_met_is_printed_as_not_met() -> None:
    lines = printed(Row("slow", 150.1, "ms", FAST), Row("few", 1.49, "x", MANY))

    assert "NOT MET" in lines["slow"]
    assert "at most 150 ms" in lines["slow"]
    assert "NOT MET" in lines["few"]


def test_a_budget_that_is_met_to_the_last_digit_is_printed_as_met() -> None:
    lines = printed(Row("quick", 150, "ms", FAST), Row("enough", 1.5, "x", MANY))

    assert all(" met " in line and "NOT" not in line for line in lines.values())


def test_what_was_not_measured_does_not_keep_its_budget_and_says_why() -> None:
    row = Row("times sharp's", None, "x", MANY, "Node.js is not installed")

    assert row.as_json()["met"] is False
    line = printed(row)["times sharp's"]
    assert "not measured" in line
    assert "NOT MET" in line
    assert "Node.js is not installed" in line


def test_a_figure_without_a_budget_is_not_judged() -> None:
    row = Row("sharp", 83, "ms")

    assert row.met is None
    assert "met" not in printed(row)["sharp"].lower()


def test_the_last_line_names_every_unmet_budget() -> None:
    rows = [Row("slow", 151, "ms", FAST), Row("quick", 1, "ms", FAST), Row("few", 1, "x", MANY)]

    line = summary(rows)

    assert "1 of 3" in line
    assert "slow" in line
    assert "few" in line
    assert "quick" not in line
