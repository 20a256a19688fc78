"""Facts of one analysis: what is in them, and what of it no language model is told."""

from collections.abc import Callable
from typing import Any

import pytest

from facet.advice.harmony import LCh
from facet.advice.makeup.recommend import recommend_makeup
from facet.advice.words.facts import facts_of
from facet.advice.words.narrator import TemplateNarrator
from facet.catalogue.catalogue import Catalogue
from facet.colour import hex_from_lab
from facet.domain.advice import Profile
from facet.domain.analysis import Kind
from facet.domain.face import FaceReading, Prediction, Quality, Share
from tests.unit.advice.advised import advised, words_of


def test_a_result_of_another_schema_is_named_and_spoils_nothing(
    reading: Callable[..., FaceReading],
) -> None:
    results: dict[Kind, dict[str, Any]] = {
        kind: {"status": "completed", "steps": 7} for kind in Kind
    }
    facts = facts_of(reading(redness=40.0), results)

    assert facts.missing == tuple(Kind)
    assert "skincare advice could not be made" in TemplateNarrator().narrate(facts).summary


def test_the_best_look_is_named_with_its_cautions_and_without_its_owner_s_words(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    bag = [{"item_id": "item-9", "name": "Annabel's lipstick", "category": "lipstick"}]
    result = recommend_makeup(reading(20, redness=40.0), Profile(), bag, catalogue, "work")
    step = result.looks[0].steps[0].model_copy(update={"cautions": ("Not on broken skin.",)})
    look = result.looks[0].model_copy(update={"steps": (step, *result.looks[0].steps[1:])})
    document = result.model_copy(update={"looks": (look,)}).model_dump(mode="json")

    facts = facts_of(reading(20, redness=40.0), {Kind.MAKEUP: document})

    spoken = words_of(TemplateNarrator().narrate(facts))
    assert f"For the {look.occasion} look, take your " in spoken
    assert "Not on broken skin." in spoken
    assert "Annabel" not in facts.prompt() + spoken


def test_what_is_avoided_and_own_names_of_a_look_s_shades_are_told_to_no_model(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    skin = LCh.of_lab(reading().skin.tone.lab)
    bag = [
        {
            "item_id": f"item-{lighter}",
            "name": f"Annabel's base {lighter}",
            "category": "foundation",
            "ingredients": ["Mica"],
            "shade": hex_from_lab((skin.lightness + lighter, *skin.lab[1:])),
        }
        for lighter in (0, 2, -2)
    ]
    profile = Profile(allergies=("Zelda oil",))
    result = recommend_makeup(reading(), profile, bag, catalogue, "work")
    facts = facts_of(reading(), {Kind.MAKEUP: result.model_dump(mode="json", exclude_none=True)})

    assert "try one" in str(result), "an owned neighbour is named to its owner"
    assert "Annabel" not in facts.prompt()
    assert "Zelda" not in facts.prompt()
    assert "Choose one without: Zelda oil." in words_of(TemplateNarrator().narrate(facts))


def banded(reading: FaceReading, *bands: str | None, prediction: str | None = None) -> FaceReading:
    """A reading whose measures have these bands, in their order."""
    concerns = tuple(
        concern.model_copy(update={"band": band})
        for concern, band in zip(reading.skin.concerns, bands, strict=True)
    )
    foreseen = prediction and Prediction.model_validate(
        {"condition": "acne", "severity": prediction, "confidence": 0.5, "all_conditions": ()}
    )
    skin = reading.skin.model_copy(update={"concerns": concerns})
    return reading.model_copy(update={"skin": skin, "prediction": foreseen})


@pytest.mark.parametrize(
    ("bands", "prediction", "severity"),
    [
        ((None, None), None, None),
        (("none", None), None, "none"),
        (("mild", "moderate"), None, "moderate"),
        (("marked", "moderate"), "mild", "marked"),
        (("none", "mild"), "marked", "marked"),
        ((None, None), "mild", "mild"),
    ],
)
def test_severity_is_the_most_marked_of_measures_and_prediction(
    bands: tuple[str | None, ...],
    prediction: str | None,
    severity: str | None,
    reading: Callable[..., FaceReading],
) -> None:
    seen = banded(reading(redness=30.0, pores=60.0), *bands, prediction=prediction)

    assert facts_of(seen, {}).severity == severity


def test_a_prediction_without_a_measure_is_no_severity(
    reading: Callable[..., FaceReading],
) -> None:
    assert facts_of(banded(reading(), prediction="marked"), {}).severity is None


def test_measures_run_from_the_lowest_score_and_what_has_none_is_named(
    reading: Callable[..., FaceReading],
) -> None:
    plain = reading(redness=70.4, pores=30.5, shine=30.5, wrinkles=0.0, blemishes=1.0)
    concerns = list(plain.skin.concerns)
    concerns[-1] = concerns[-1].model_copy(update={"score": None})
    skin = plain.skin.model_copy(update={"concerns": tuple(concerns)})

    facts = facts_of(plain.model_copy(update={"skin": skin}), {})

    assert [(m.name, m.score) for m in facts.measures] == [
        *(("wrinkles", 0), ("pores", 30), ("shine", 30), ("redness", 70)),
    ]
    assert facts.unmeasured == ("blemishes",)


def test_a_shape_and_a_season_that_a_photo_leaves_open_are_no_facts_but_the_photo_is(
    reading: Callable[..., FaceReading],
) -> None:
    plain = reading()
    shape = (Share(name="oval", share=0.6), Share(name="round", share=0.4))
    season = (Share(name="True Winter", share=0.7), Share(name="Soft Autumn", share=0.3))
    seen = plain.model_copy(
        update={
            "face": plain.face.model_copy(update={"shape": shape}),
            "season": season,
            "quality": Quality(verdict="usable"),
        }
    )

    facts = facts_of(seen, {})

    assert facts.photo == "usable"
    assert "oval" not in facts.prompt()
    assert "True Winter" not in facts.prompt()


def test_routine_steps_know_their_part_of_the_day_and_name_only_catalogue_products(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, document = advised(reading(20, blemishes=30.0), catalogue)

    assert [step.when for step in facts.steps] == [
        *["morning"] * len(document["am"]),
        *["evening"] * len(document["pm"]),
    ]
    for fact, step in zip(facts.steps, (*document["am"], *document["pm"]), strict=True):
        assert fact.what == step["step"]
        assert fact.how_often == step["how_often"]
        assert fact.cautions == tuple(step["cautions"])
        assert fact.product.owned == step["owned"]
        assert (fact.product.name is None) == (fact.product.product_id is None)
        told = {
            r["text"] for r in step["why"] if r["points_at"].startswith(("bag.", "profile.all"))
        }
        assert not told & set(fact.why)
    assert [gap.gap for gap in facts.gaps] == [row["gap"] for row in document["suggestions"]]


def test_a_hint_that_rests_on_a_pregnancy_is_told_and_no_other(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, document = advised(reading(20, blemishes=5.0), catalogue, pregnancy="pregnant")

    hints = document["see_doctor"]
    assert facts.told == tuple(hint["text"] for hint in hints if hint["code"] == "pregnancy")
    assert facts.see_doctor == tuple(hint["text"] for hint in hints if hint["code"] != "pregnancy")
    assert facts.told
    assert facts.see_doctor


def test_a_failed_job_is_missing_and_one_nobody_wished_for_is_not(
    reading: Callable[..., FaceReading],
) -> None:
    facts = facts_of(reading(), {Kind.OUTFIT: {"status": "failed", "code": "no_result"}})

    assert facts.missing == ("outfit",)
    assert facts.outfit is None
