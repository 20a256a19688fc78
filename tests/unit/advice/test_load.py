"""How much a week may irritate: points, evenings and shares, by hand."""

import pytest

from facet.advice.skincare.load import Load, Wish
from facet.advice.skincare.week import DAYS, Obstacle, Placed, Week
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import RampStage
from facet.domain.products import Session
from tests.unit.advice.routines import item

LOAD = Load(points=24, evenings=4, from_strain=2)


@pytest.fixture
def week(catalogue: Catalogue) -> Week:
    return Week(catalogue.rules)


def used(key: str, strain: int, days: int, session: Session = "pm") -> Placed:
    return Placed(item(key, "active", strain=strain), session, DAYS[:days], new=False, stages=())


def test_the_rules_give_a_week_24_points_and_4_evenings_and_sensitive_skin_less(
    catalogue: Catalogue,
) -> None:
    assert Load.of(catalogue.rules, sensitive=False) == LOAD
    assert Load.of(catalogue.rules, sensitive=True) == Load(14, 3, 2)


@pytest.mark.parametrize(
    ("fields", "strain"),
    [
        ({}, 2),
        ({"category": "cleanser", "step": "cleanse", "rinse_off": True}, 0),
        ({"category": "rinse_off_peel", "rinse_off": True}, 2),
        ({"treats": False}, 0),
    ],
    ids=["left on", "a wash", "a peel", "nothing that treats"],
)
def test_a_use_counts_by_what_treats_and_how_long_it_stays(
    fields: dict[str, object], strain: int
) -> None:
    assert LOAD.strain(item("a", "aha", strain=2, **fields)) == strain


def test_points_are_counted_over_mornings_and_evenings() -> None:
    week = [used("a", 2, 7, "am"), used("b", 3, 2)]

    assert LOAD.spent(week) == 20
    assert LOAD.spent_on(1, week) == 5
    assert LOAD.spent_on(3, week) == 2
    assert LOAD.days_left(item("c", "x", strain=2), week) == 2
    assert LOAD.days_left(item("c", "x", strain=1), week) == 4
    assert LOAD.days_left(item("c", "x", strain=0), week) == 7


def test_only_an_evening_with_something_strong_is_none_to_recover_in() -> None:
    assert LOAD.evenings_of([used("a", 2, 3), used("b", 1, 7), used("c", 3, 7, "am")]) == {1, 2, 3}


def wish(key: str, *, least: int, most: int, strain: int = 2, evening: bool = True) -> Wish:
    return Wish(key, strain, evening, least, most)


def test_two_that_are_for_evenings_share_them() -> None:
    wishes = [wish("retinol", least=2, most=4), wish("acid", least=1, most=2)]

    assert LOAD.shares(wishes, []) == {"retinol": 2, "acid": 2}


def test_the_first_ones_get_their_least_before_any_gets_more() -> None:
    wishes = [wish(key, least=3, most=7, strain=3, evening=False) for key in "abcd"]

    assert LOAD.shares(wishes, []) == {"a": 4, "b": 4, "c": 0, "d": 0}


def test_what_does_not_irritate_gets_all_it_wants() -> None:
    gentle = wish("gentle", least=2, most=7, strain=0, evening=False)

    assert LOAD.shares([gentle], [used("rx", 3, 7), used("rx2", 3, 7, "am")]) == {"gentle": 7}


# --- in a week -----------------------------------------------------------------------------------


def test_the_fifth_evening_is_for_recovery(week: Week) -> None:
    week.placed.append(used("a", 2, 4))
    strong = item("b", "x", strain=2)

    assert week.obstacle(strong, "pm", 5) == Obstacle("recovery")
    assert week.obstacle(strong, "am", 5) is None
    assert week.obstacle(item("c", "y", strain=1), "pm", 5) is None


def test_what_is_prescribed_every_evening_leaves_none(week: Week) -> None:
    medicine = item("rx", "retinoid", strain=3, medicine="prescription")
    assert week.place_prescribed(medicine, "every_evening", new=True) is None

    assert week.introduced == 0
    outcome = week.place_treatment(item("b", "aha", strain=2, sessions=("pm",)), new=False)
    assert outcome == Obstacle("enough_actives")
    outcome = week.place_treatment(item("c", "x", strain=2), new=False)
    assert isinstance(outcome, Obstacle)


def test_days_on_which_nothing_else_irritates_are_taken_first(week: Week) -> None:
    week.placed.append(used("a", 2, 3, "am"))

    placed = week.place_treatment(item("b", "retinoid", strain=2, sessions=("pm",)), new=False)

    assert isinstance(placed, Placed)
    assert placed.days == (4, 5, 6, 7)


def test_a_ramp_ends_where_the_week_has_no_more_room(catalogue: Catalogue) -> None:
    week = Week(catalogue.rules, sensitive=True)

    placed = week.place_treatment(item("a", "retinoid", strain=2, sessions=("pm",)), new=True)

    assert isinstance(placed, Placed)
    assert week.ramp(placed) == (
        RampStage(from_week=1, days_per_week=2),
        RampStage(from_week=3, days_per_week=3),
    )


def test_one_exfoliant_a_day_but_a_wash_minds_its_own_session_alone(week: Week) -> None:
    week.placed.append(Placed(item("a", "exfoliant"), "am", (1, 2), new=False, stages=()))
    wash = item("b", "exfoliant", category="cleanser", step="cleanse", rinse_off=True)

    assert week.obstacle(item("c", "exfoliant"), "pm", 1) is not None
    assert week.obstacle(item("c", "exfoliant"), "pm", 3) is None
    assert week.obstacle(wash, "pm", 1) is None
    assert week.obstacle(wash, "am", 1) is not None


def test_a_peel_is_for_one_evening_a_week(week: Week) -> None:
    peel = item("a", "aha", strain=2, category="rinse_off_peel", rinse_off=True)

    placed = week.place_treatment(peel, new=False)

    assert isinstance(placed, Placed)
    assert (placed.session, len(placed.days)) == ("pm", 1)
