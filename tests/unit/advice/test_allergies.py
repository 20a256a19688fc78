"""An allergy that nobody understood: nothing new is suggested, and that is said first."""

import pytest

from facet.advice.makeup.recommend import recommend_makeup
from facet.advice.skincare.recommend import recommend_skincare
from facet.advice.words.facts import facts_of
from facet.advice.words.narrator import TemplateNarrator
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Profile, SkincareResult
from facet.domain.analysis import Kind
from tests.unit.conftest import face_reading

SERUM = {
    "item_id": "serum",
    "name": "Serum",
    "category": "serum",
    "ingredients": ["Aqua", "Niacinamide 4 %"],
}
TREATS = ("serum", "treatment", "exfoliant")


def routine(catalogue: Catalogue, **told: object) -> SkincareResult:
    profile = Profile.model_validate({"goals": ("blemishes", "wrinkles"), **told})
    return recommend_skincare(face_reading(blemishes=30), profile, [SERUM], catalogue)


def treatments(result: SkincareResult) -> set[str]:
    return {s.product.name for s in result.suggestions if s.product.category in TREATS}


def test_without_an_allergy_something_is_suggested(catalogue: Catalogue) -> None:
    assert treatments(routine(catalogue))
    assert routine(catalogue).status == "completed"


def test_while_an_allergy_is_not_understood_no_active_is_suggested(catalogue: Catalogue) -> None:
    result = routine(catalogue, allergies=("salicilic acid",))

    assert result.status == "partial"
    assert not treatments(result)
    (note,) = [note for note in result.notes if note.code == "allergy_not_understood"]
    assert note.choices == ("salicylic acid",)
    assert "Did you mean salicylic acid?" in note.text


def test_what_is_owned_with_a_label_stays_with_a_note(catalogue: Catalogue) -> None:
    result = routine(catalogue, allergies=("moondust",))

    assert "serum" in {step.product.item_id for step in (*result.am, *result.pm)}
    assert [n.item_id for n in result.notes if n.code == "allergy_not_checked"] == ["serum"]


@pytest.mark.parametrize(
    "told",
    [
        {"allergies": ("moondust",), "not_in_cosmetics": ("moondust",)},
        {"allergies": ("cats", "penicillin")},
        {"allergies": ("sesame",)},
        {"avoided_ingredients": ("moondust",)},
    ],
)
def test_what_is_settled_holds_nothing_back(
    catalogue: Catalogue, told: dict[str, tuple[str, ...]]
) -> None:
    result = routine(catalogue, **told)

    assert result.status == "completed"
    assert treatments(result)


def test_two_meanings_are_both_left_out_and_asked_about(catalogue: Catalogue) -> None:
    result = routine(catalogue, allergies=("BHA",))

    (note,) = [note for note in result.notes if note.code == "allergy_two_meanings"]
    assert note.choices == ("salicylic acid", "butylated hydroxyanisole")
    assert result.status == "completed"


def test_whoever_told_of_beeswax_is_warned_of_honey(catalogue: Catalogue) -> None:
    texts = [n.text for n in routine(catalogue, allergies=("beeswax",)).notes]
    assert any("honey" in text for text in texts)


def test_what_no_label_can_tell_is_said(catalogue: Catalogue) -> None:
    codes = [n.code for n in routine(catalogue, allergies=("nickel",)).notes]
    assert "allergy_on_no_label" in codes


def test_looks_are_partial_too(catalogue: Catalogue) -> None:
    result = recommend_makeup(face_reading(), Profile(allergies=("moondust",)), [], catalogue)

    assert result.status == "partial"
    assert "allergy_not_understood" in {note.code for note in result.notes}


def test_a_summary_begins_with_the_allergy_that_was_not_understood(catalogue: Catalogue) -> None:
    reading, result = face_reading(), routine(catalogue, allergies=("moondust",))

    facts = facts_of(reading, {Kind.SKINCARE: result.model_dump(mode="json")})

    assert (
        TemplateNarrator().narrate(facts).summary.startswith("We do not know the word 'moondust'")
    )
    assert "moondust" not in facts.prompt()  # what a person typed is in no prompt
