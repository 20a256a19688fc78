"""What an age leaves out: the bands, the rules of rules.toml, and what is said of it."""

from typing import Any

import pytest

from facet.catalogue.age import ADULT, Age, age_of, notes_on_age
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.suitable import Contents, Person, refusal, suitable_rows
from facet.domain.advice import Audience, Profile

CONSENT = {"version": "2026-11", "date": "2026-11-01"}


def age(catalogue: Catalogue, audience: Audience = "adults", **told: Any) -> Age:
    profile = Profile.model_validate(told)
    return age_of(profile, audience, catalogue.ingredients, catalogue.rules)


def contents(*ingredients: str, name: str = "Cream", medicine: str | None = None) -> Contents:
    return Contents(frozenset(ingredients), (name,), labelled=True, medicine=medicine)


def person(age: Age, catalogue: Catalogue) -> Person:
    return Person.of_profile(Profile(), catalogue.ingredients, age)


@pytest.mark.parametrize(
    ("band", "audience", "expected"),
    [
        (None, "adults", "adult"),
        (None, "any", "not_told"),
        ("adult", "any", "adult"),
        ("under_13", "adults", "under_13"),
        ("13_17", "any", "13_17"),
    ],
)
def test_an_age_is_the_one_told_and_else_the_audience_s(
    catalogue: Catalogue, band: str | None, audience: Audience, expected: str
) -> None:
    assert age(catalogue, audience, age_band=band).band == expected


def test_an_adult_is_spared_nothing(catalogue: Catalogue) -> None:
    grown = age(catalogue)

    assert grown is ADULT
    assert grown.works_on("wrinkles")
    assert not grown.rules_out(frozenset({"retinol"}), ("Retinol cream",))
    assert notes_on_age(grown, ["wrinkles"]) == ()


@pytest.mark.parametrize(
    "ingredient", ["retinol", "retinyl-palmitate", "bakuchiol", "tea-tree-oil"]
)
def test_a_teenager_s_cosmetics_hold_nothing_against_ageing(
    catalogue: Catalogue, ingredient: str
) -> None:
    teenager = person(age(catalogue, age_band="13_17"), catalogue)

    verdict = refusal(teenager, contents("glycerin", ingredient))
    assert verdict
    assert verdict.code == "not_at_this_age"
    rows = suitable_rows(catalogue, teenager, catalogue.containing, suggested=True)
    assert not (rows & catalogue.containing(frozenset({ingredient}))).any()
    assert refusal(teenager, contents("glycerin", "salicylic-acid", "adapalene")) is None


def test_what_a_label_cannot_tell_a_name_may(catalogue: Catalogue) -> None:
    teenager = person(age(catalogue, age_band="13_17"), catalogue)

    assert refusal(teenager, contents(name="Night cream with retinoids"))
    assert refusal(teenager, contents(name="Night cream")) is None


def test_a_prescription_is_for_any_age_where_it_is_owned(catalogue: Catalogue) -> None:
    child = person(age(catalogue, age_band="under_13"), catalogue)
    tretinoin = contents("tretinoin", "bakuchiol", medicine="prescription")

    assert refusal(child, tretinoin) is None
    suggested = refusal(child, tretinoin, suggested=True)
    assert suggested
    assert suggested.code == "prescription"


def test_an_age_that_is_not_told_may_be_the_youngest(catalogue: Catalogue) -> None:
    untold, child = age(catalogue, "any"), age(catalogue, age_band="under_13")

    assert untold.is_base_care
    assert (untold.ingredients, untold.goals) == (child.ingredients, child.goals)
    assert [untold.works_on(goal) for goal in ("dryness", "blemishes")] == [True, False]
    refused = refusal(person(untold, catalogue), contents("salicylic-acid"))
    assert refused
    assert refused.code == "age_not_told"


def test_a_goal_that_can_wait_is_named_with_its_source(catalogue: Catalogue) -> None:
    (note,) = notes_on_age(age(catalogue, age_band="13_17"), ["wrinkles", "blemishes"])

    assert note.code == "not_at_this_age"
    assert "wrinkles" in note.text
    assert catalogue.source(note.sources[0]).year == 2024


def test_consent_is_a_guardian_s_for_minors_alone() -> None:
    lacking = [
        Profile.model_validate({"age_band": band}).lacks_consent
        for band in ("under_13", "13_17", "adult", None)
    ]
    assert lacking == [True, True, False, False]
    assert not Profile.model_validate(
        {"age_band": "13_17", "guardian_consent": CONSENT}
    ).lacks_consent
