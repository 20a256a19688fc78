"""The card as the API tells it: for what runs, and nothing else."""

import pytest

from evaluation.card_page import PAGE, page
from facet.domain.card import Card, CardMeasure, between_photos, holds, load_card, versions_of
from facet.domain.face import Versions
from facet.services.tell_capability import Capability, tell_capability
from facet.vision.skin.scores import CURRENT, load_scoring
from facet.vision.versions import running_versions

CARD = load_card()
MEASURED_WITH = {
    name: version for name, version in CARD.versions.items() if name not in {"detector", "mesh"}
}


def told(**running: str) -> Capability:
    return tell_capability(CARD, MEASURED_WITH | running)


def measure(of: Card | Capability, name: str) -> CardMeasure:
    return next(measure for measure in of.measures if measure.name == name)


def versions(**other: str) -> Versions:
    known = MEASURED_WITH | {name: CARD.versions[name] for name in ("detector", "mesh")} | other
    own = ("pipeline", "detector", "mesh", "scoring")
    tables = {name: version for name, version in known.items() if name not in own}
    return Versions.model_validate({name: known[name] for name in own} | {"tables": tables})


def test_the_card_tells_every_concern_and_every_name() -> None:
    names = {measure.name for measure in CARD.measures}

    assert names >= set(load_scoring(CURRENT).concerns)
    assert names >= {"ita", "undertone", "season", "shape", "condition", "eyes_colour"}
    for each in CARD.measures:
        if each.status == "measured":
            assert each.repeats or each.agreements
        else:
            assert each.code == "too_small"


def test_the_card_is_of_what_runs_here() -> None:
    stale = {
        name: version
        for name, version in running_versions().items()
        if CARD.versions.get(name) != version
    }
    assert not stale, "make the card again: python -m evaluation.card --publish"


def test_figures_stand_where_what_runs_is_what_was_measured() -> None:
    redness = measure(told(), "redness")

    assert redness.status == "measured"
    assert redness.repeats[0].icc is not None
    assert told().refused == CARD.refused
    assert all(photos.about for photos in told().photos)


def test_another_scoring_table_leaves_its_measures_unmeasured_and_says_which_it_needs() -> None:
    stale = told(scoring="another")

    redness = measure(stale, "redness")
    assert (redness.status, redness.code) == ("not_measured", "other_version")
    assert not any((redness.repeats, redness.coverage, redness.labels))
    assert redness.reason
    assert f"scoring {CARD.versions['scoring']}" in redness.reason
    assert redness.versions["scoring"] == CARD.versions["scoring"]
    # Tone does not come of the scoring table.
    assert measure(stale, "ita").status == "measured"


@pytest.mark.parametrize(
    ("table", "gone", "left"),
    [
        ("pipeline", "hue", ""),
        ("tone", "ita", "redness"),
        ("naming", "undertone", "ita"),
        ("shape", "shape", "season"),
        ("conditions", "condition", "redness"),
    ],
)
def test_each_table_takes_its_own_measures_along(table: str, gone: str, left: str) -> None:
    stale = told(**{table: "another"})

    assert measure(stale, gone).code == "other_version"
    if left:
        assert measure(stale, left).status == "measured"


def test_other_gates_leave_the_refused_shares_out() -> None:
    assert told(gates="another").refused == ()


def test_what_the_photos_cannot_show_is_not_measured_with_the_reason() -> None:
    pores = measure(told(), "pores")

    assert (pores.status, pores.code) == ("not_measured", "too_small")
    assert pores.reason


def test_a_version_that_nobody_knows_here_stands_in_no_way() -> None:
    assert holds({"mesh": "1", "scoring": "1"}, {"scoring": "1"})
    assert not holds({"mesh": "1", "scoring": "1"}, {"scoring": "1", "mesh": "2"})


def test_what_two_photos_differ_by_is_told_for_readings_of_the_same_versions_alone() -> None:
    redness = measure(CARD, "redness").repeats[0]

    assert versions_of(versions()) == CARD.versions
    assert between_photos("redness", versions()) == redness.within_95
    assert between_photos("redness", versions(scoring="another")) is None
    assert between_photos("redness", versions(mesh="another")) is None
    assert between_photos("wrinkles", versions()) is None
    assert between_photos("index", versions())
    assert between_photos("index", versions(index="another")) is None


def test_the_page_is_made_of_the_card_and_shows_nobody() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert text == page(CARD)
    for each in CARD.measures:
        assert f"`{each.name}`" in text


def test_the_card_speaks_of_groups_of_ten_or_more() -> None:
    for each in CARD.measures:
        told = [(row.status, row.people) for row in each.repeats]
        told += [(row.status, row.people) for row in each.agreements]
        for status, people in told:
            assert (status == "measured") == (people >= 10), each.name
        for covered in each.coverage:
            assert (covered.status == "measured") == (covered.n >= 10)
