"""The week: where a product finds a place, and what keeps it out."""

from typing import Any

import pytest

from facet.advice.skincare.week import DAYS, Obstacle, Placed, Week
from facet.catalogue.catalogue import Catalogue, Item
from facet.domain.advice import RampStage
from facet.domain.products import Session
from tests.unit.advice.routines import item


@pytest.fixture
def week(catalogue: Catalogue) -> Week:
    return Week(catalogue.rules)


def put(week: Week, product: Item, session: Session = "pm") -> None:
    week.place_daily(product, session, new=False)


def pair_text(week: Week, first: str, second: str) -> str:
    pairs: list[dict[str, Any]] = week.rules["pair"]
    return next(str(p["text"]) for p in pairs if (p["a"], p["b"]) == (first, second))


# --- obstacles -----------------------------------------------------------------------------------


def test_an_empty_week_keeps_nothing_out(week: Week) -> None:
    assert week.obstacle(item("a", "retinoid"), "pm", 1) is None
    assert week.free_days(item("a"), "am") == DAYS


def test_a_product_keeps_to_its_half_of_the_day(week: Week) -> None:
    assert week.obstacle(item("a", sessions=("pm",)), "am", 1) == Obstacle("other_half")


@pytest.mark.parametrize(
    ("placed", "asked"), [("retinoid", "exfoliant"), ("exfoliant", "retinoid")]
)
def test_what_irritates_when_layered_is_kept_apart_whichever_comes_first(
    week: Week, placed: str, asked: str
) -> None:
    put(week, item("a", placed))

    clash = week.obstacle(item("b", asked), "pm", 3)

    assert clash == Obstacle("rule", pair_text(week, "retinoid", "exfoliant"))
    assert week.obstacle(item("b", asked), "am", 3) is None


def test_what_is_often_said_to_clash_and_does_not_may_meet(week: Week) -> None:
    put(week, item("a", "vitamin_c"), "am")

    assert week.obstacle(item("b", "niacinamide"), "am", 1) is None


def test_a_product_that_holds_both_is_kept_out_unless_it_was_prescribed(week: Week) -> None:
    both = ("retinoid", "exfoliant")
    text = pair_text(week, *both)

    assert week.obstacle(item("a", *both), "pm", 1) == Obstacle("holds_both", text)
    assert week.obstacle(item("a", *both, medicine="prescription"), "pm", 1) is None


def test_one_exfoliant_a_session_and_one_retinoid_a_routine(week: Week) -> None:
    wash: dict[str, Any] = {"category": "cleanser", "step": "cleanse", "rinse_off": True}
    put(week, item("a", "exfoliant", **wash), "am")
    put(week, item("b", "retinoid", **wash), "pm")
    exfoliant, retinoid = (row["text"] for row in week.rules["single"])

    assert week.obstacle(item("c", "exfoliant", **wash), "am", 1) == Obstacle("rule", exfoliant)
    assert week.obstacle(item("c", "exfoliant"), "pm", 1) != Obstacle("rule", exfoliant)
    assert week.obstacle(item("c", "retinoid"), "pm", 1) == Obstacle("rule", retinoid)
    week.placed.pop(0)
    assert week.obstacle(item("c", "retinoid"), "am", 1) == Obstacle("rule", retinoid)


def test_a_morning_has_room_for_two_actives_and_an_evening_for_one(week: Week) -> None:
    first, second, third = item("a", "peptide"), item("b", "azelaic"), item("c", "arbutin")
    put(week, first, "pm")
    assert week.obstacle(second, "pm", 1) == Obstacle("enough_actives")

    put(week, first, "am")
    assert week.obstacle(second, "am", 1) is None
    put(week, second, "am")
    assert week.obstacle(third, "am", 1) == Obstacle("enough_actives")


def test_what_is_for_the_eyes_is_counted_by_itself(week: Week) -> None:
    put(week, item("a", "peptide"), "pm")

    assert week.obstacle(item("b", "caffeine", category="eye_care"), "pm", 1) is None


def test_what_is_rinsed_off_is_no_active_of_its_session(week: Week) -> None:
    put(week, item("a", "peptide", rinse_off=True), "pm")

    assert week.obstacle(item("b", "azelaic"), "pm", 1) is None


def test_one_hydrating_layer_is_enough(week: Week) -> None:
    put(week, item("a"), "am")

    assert week.obstacle(item("b"), "am", 1) == Obstacle("enough_layers")
    assert week.obstacle(item("c", "peptide"), "am", 1) is None, "it treats"


# --- placing -------------------------------------------------------------------------------------


def test_a_treatment_is_placed_at_the_pace_the_skin_is_used_to(week: Week) -> None:
    retinol = item("a", "retinoid", sessions=("pm",))

    placed = week.place_treatment(retinol, new=False)

    assert placed == Placed(retinol, "pm", (1, 3, 5, 7), new=False, stages=())
    assert week.placed == [placed]
    assert week.introduced == 0


def test_what_is_new_begins_slowly_and_becomes_more(week: Week) -> None:
    retinol = item("a", "retinoid", sessions=("pm",))

    placed = week.place_treatment(retinol, new=True)

    assert placed == Placed(retinol, "pm", (2, 6), new=True, stages=((1, 2), (3, 3), (5, 4)))
    assert isinstance(placed, Placed)
    assert [(s.from_week, s.days_per_week) for s in week.ramp(placed)] == [(1, 2), (3, 3), (5, 4)]
    assert week.introduced == 1


def test_it_becomes_no_more_than_the_days_that_stay_free(week: Week) -> None:
    acid = item("a", "exfoliant", sessions=("pm",), rinse_off=True)
    week.placed.append(Placed(acid, "pm", (1, 2, 3, 4), new=False, stages=()))

    placed = week.place_treatment(item("b", "retinoid", sessions=("pm",)), new=True)

    assert isinstance(placed, Placed)
    assert placed.days == (5, 7)
    assert week.ramp(placed) == (
        RampStage(from_week=1, days_per_week=2),
        RampStage(from_week=3, days_per_week=3),
    )


def test_of_several_paces_the_slowest_counts_and_a_wash_has_none(week: Week) -> None:
    both = item("a", "azelaic", "aha")

    assert week.stages(both) == ((1, 1), (3, 2))
    assert week.first_days(both, new=True) == 1
    assert week.first_days(both, new=False) == 2
    # by the days it ends with, not by the week it gets there: 4 from week 5, 7 from week 3
    assert week.stages(item("a", "azelaic", "retinoid")) == ((1, 2), (3, 3), (5, 4))
    assert week.stages(item("a", "aha", step="cleanse", rinse_off=True)) == ()


def test_others_of_its_actives_take_days_of_its_pace(week: Week) -> None:
    first = item("a", "aha", sessions=("pm",))
    week.place_treatment(first, new=False)

    assert week.days_left(item("b", "aha")) == 0
    assert week.days_left(item("b", "aha", category="eye_care")) == 2
    assert week.days_left(first) == 2, "its own days are its own"
    outcome = week.place_treatment(item("b", "aha", sessions=("pm",)), new=False)
    assert outcome == Obstacle("enough_for_a_week")
    assert not week.holds(item("b", "aha"))


def test_a_treatment_without_room_says_what_is_in_its_way(week: Week) -> None:
    put(week, item("a", "peptide"), "pm")

    outcome = week.place_treatment(item("b", "arbutin", sessions=("pm",)), new=False)

    assert outcome == Obstacle("enough_actives")
    assert len(week.placed) == 1


def test_a_treatment_for_no_half_of_the_day_has_no_room(week: Week) -> None:
    assert week.place_treatment(item("a", "x", sessions=()), new=False) == Obstacle("no_room")


@pytest.mark.parametrize(
    ("tags", "irritancy", "session"),
    [
        (("peptide",), 0, "am"),
        (("peptide",), 1, "am"),
        (("peptide",), 2, "pm"),
        (("bha",), 0, "pm"),
        (("benzoyl_peroxide",), 3, "am"),
        (("vitamin_c_acid",), 2, "am"),
    ],
)
def test_a_rule_s_half_of_the_day_comes_first_then_the_evening_for_what_irritates(
    week: Week, tags: tuple[str, ...], irritancy: int, session: Session
) -> None:
    assert week.order_of_sessions(item("a", *tags, irritancy=irritancy))[0] == session


def test_the_half_with_room_for_all_its_days_is_taken_before_the_preferred_one(week: Week) -> None:
    week.placed.append(Placed(item("a", "peptide"), "am", (1, 2), new=False, stages=()))
    week.placed.append(Placed(item("b", "peptide"), "am", (1, 2), new=False, stages=()))

    placed = week.place_treatment(item("c", "arbutin"), new=False)

    assert isinstance(placed, Placed)
    assert (placed.session, placed.days) == ("pm", DAYS)


def test_daily_is_every_day_from_the_first(week: Week) -> None:
    put(week, item("a"), "am")

    assert week.fits_daily(item("b"), "pm")
    assert not week.fits_daily(item("b"), "am")
    assert not week.fits_daily(item("c", "azelaic"), "pm"), "it has to be built up"
