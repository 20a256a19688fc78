"""The table from sold foundations to skin on photos is judged by where it leads."""

import numpy as np
import pytest

from evaluation import foundations
from facet.domain.foundation import photo_of_sold


@pytest.fixture(scope="module")
def sold() -> foundations.Labs:
    try:
        return foundations.labs_of(foundations.sold_shades())
    except FileNotFoundError as error:
        pytest.skip(f"no sold shades ({error.filename}); set FACET_SHADES")


def test_skin_that_is_as_the_table_says_meets_its_limits_and_skin_as_sold_does_not(
    sold: foundations.Labs, monkeypatch: pytest.MonkeyPatch
) -> None:
    light = sold[(sold[:, 0] > 62) & (sold[:, 0] < 90)]
    as_shown = np.array([photo_of_sold(tuple(row)) for row in light])
    unmet = {}
    for name, seen in (("as shown", as_shown), ("as sold", light)):
        monkeypatch.setattr(foundations, "skins", lambda _, seen=seen: seen)
        findings = foundations.judge_foundations()
        unmet[name] = {finding.what for finding in findings if finding.met is False}

    assert "hue after the table" not in unmet["as shown"]
    assert "ITA after the table" not in unmet["as shown"]
    assert {"hue after the table", "ITA after the table"} <= unmet["as sold"]


def test_a_table_is_made_again_from_what_it_shows(sold: foundations.Labs) -> None:
    light = sold[(sold[:, 0] > 66) & (sold[:, 0] < 87)]
    as_shown = np.array([photo_of_sold(tuple(row)) for row in light])

    rows = foundations.fitted(light, as_shown)

    assert len(rows) == foundations.FIFTHS
    for row in rows:
        photo, _, _ = photo_of_sold((row["sold"], 10.0, 20.0))
        assert row["photo"] == pytest.approx(photo, abs=1.5)
        assert 14 < row["turn"] < 30


def test_without_shades_it_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACET_SHADES", "/nowhere")

    (finding,) = foundations.judge_foundations()

    assert finding.value is None
    assert "FACET_SHADES" in finding.note
