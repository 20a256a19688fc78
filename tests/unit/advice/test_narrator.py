"""Words from the message file: what is always said, what never is, each to the letter."""

from collections.abc import Callable
from typing import Any

import pytest

from facet.advice.words.narrator import TemplateNarrator
from facet.advice.words.telling import telling_of
from facet.catalogue.catalogue import Catalogue
from facet.domain.face import Concern, FaceReading
from facet.domain.narration import Facts, GapFact, Measure, OutfitFact, ProductFact, StepFact
from tests.unit.advice.advised import READINGS, advised, words_of
from tests.unit.conftest import face_reading


@pytest.mark.parametrize("scores", READINGS, ids=lambda scores: "+".join(scores) or "none")
@pytest.mark.parametrize("told", [{}, {"pregnancy": "pregnant"}, {"goals": ("wrinkles",)}])
def test_templates_keep_every_caution_and_every_hint_to_see_a_doctor(
    scores: dict[str, float],
    told: dict[str, Any],
    reading: Callable[..., FaceReading],
    catalogue: Catalogue,
) -> None:
    facts, document = advised(reading(20, **scores), catalogue, **told)

    words = TemplateNarrator().narrate(facts)

    spoken = words_of(words)
    for step in (*document["am"], *document["pm"]):
        for caution in step["cautions"]:
            assert caution in spoken
        if step["product"].get("product_id"):
            assert step["product"]["name"] in spoken
    for hint in document["see_doctor"]:
        assert hint["text"] in spoken
    assert words.source == "templates"
    assert words == TemplateNarrator().narrate(facts)


@pytest.mark.parametrize("scores", READINGS, ids=lambda scores: "+".join(scores) or "none")
def test_templates_say_low_scores_as_they_are_and_praise_nothing(
    scores: dict[str, float], reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    facts, _ = advised(reading(20, **scores), catalogue)

    words = TemplateNarrator().narrate(facts)

    for name, score in scores.items():
        if score <= 70:
            assert f"{name.replace('_', ' ')} ({score:.0f} of 100" in words.summary
    assert not {"perfect", "beautiful", "flawless", "great", "disease"} & set(
        words_of(words).lower().split()
    )
    assert (words.severity is None) == (not any(m.band for m in facts.measures))


def test_without_measures_it_says_so(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    words = TemplateNarrator().narrate(advised(reading(), catalogue)[0])
    assert "No skin measure could be taken" in words.summary
    assert words.severity is None


def test_the_most_marked_band_is_the_severity(
    reading: Callable[..., FaceReading], catalogue: Catalogue
) -> None:
    plain = reading(20, redness=30.0, pores=60.0)
    concerns = tuple(
        concern.model_copy(update={"band": band})
        for concern, band in zip(plain.skin.concerns, ("marked", "mild"), strict=True)
    )
    banded = plain.model_copy(update={"skin": plain.skin.model_copy(update={"concerns": concerns})})

    facts, _ = advised(banded, catalogue)

    assert facts.severity == "marked"
    assert "redness (30 of 100, marked)" in TemplateNarrator().narrate(facts).summary


# --- each sentence to the letter -------------------------------------------------------------

GEL = ProductFact(product_id="gel", name="Gel A", category="cleanser")
OWN = ProductFact(category="night_cream", owned=True)
LIMITS = "This is cosmetic advice from one photo, not a medical opinion."


def facts_with(**told: Any) -> Facts:
    measures = told.get("measures", ())
    concerns = tuple(Concern(measured=1.0, **measure.model_dump()) for measure in measures)
    plain = face_reading(20)
    skin = plain.skin.model_copy(update={"concerns": concerns})
    telling = telling_of(plain.model_copy(update={"skin": skin}))
    return Facts(**{"photo": "good", "telling": telling, **told})


def summary(**told: Any) -> list[str]:
    """The summary's text after its first sentence."""
    text = TemplateNarrator().narrate(facts_with(**told)).summary
    first = "Your photo reads as tan skin."
    assert text.startswith(first)
    return [part for part in [text.removeprefix(first).strip()] if part]


def recommendations(**told: Any) -> list[str]:
    """The recommendations before the last sentence, which is always the same."""
    *rest, last = TemplateNarrator().narrate(facts_with(**told)).recommendations
    assert last == LIMITS
    return rest


def measures(*scores: int, band: str | None = None) -> tuple[Measure, ...]:
    names = ("dark_spots", "pores", "redness", "shine", "wrinkles")
    return tuple(
        Measure(name=name, score=score, band=band)
        for name, score in zip(names, scores, strict=False)
    )


@pytest.mark.parametrize(
    ("scores", "text"),
    [
        (
            (),
            "No skin measure could be taken from this photo, so the advice follows what you told "
            "us.",
        ),
        ((71, 80), "None of the 2 skin measures stands out."),
        ((70,), "What stands out most is dark spots (70 of 100)."),
        (
            (10, 20),
            "What stands out most is dark spots (10 of 100) and pores (20 of 100).",
        ),
        (
            (10, 20, 30, 40),
            "What stands out most is dark spots (10 of 100), pores (20 of 100) and redness "
            "(30 of 100). The one other skin measure stands out less.",
        ),
        (
            (10, 90, 90),
            "What stands out most is dark spots (10 of 100). The other 2 skin measures stand out "
            "less.",
        ),
    ],
)
def test_up_to_three_measures_are_named_and_the_others_counted(
    scores: tuple[int, ...], text: str
) -> None:
    assert summary(measures=measures(*scores)) == [text]


def test_a_band_is_said_with_its_score() -> None:
    (text,) = summary(measures=measures(10, band="marked"))

    assert text == "What stands out most is dark spots (10 of 100, marked)."


def test_what_was_not_measured_is_said_where_something_was() -> None:
    unmeasured = ("eye_bags", "pores")

    (text,) = summary(measures=measures(90), unmeasured=unmeasured)
    assert text.endswith("Not measured: eye bags and pores.")
    assert "Not measured" not in "".join(summary(unmeasured=unmeasured))


def test_a_photo_that_is_not_ideal_and_advice_that_failed_are_said() -> None:
    (text,) = summary(measures=measures(90), photo="usable", missing=("skincare", "outfit"))

    assert text == (
        "None of the 1 skin measures stands out. "
        "The photo is usable but not ideal, so take the numbers as rough. "
        "The skincare advice could not be made this time. "
        "The outfit advice could not be made this time."
    )


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([("morning", "cleanse", GEL)], "In the morning, cleanse with Gel A."),
        ([("evening", "moisturise", OWN)], "In the evening, moisturise with your night cream."),
        ([("morning", "protect", GEL)], "In the morning, finish with Gel A."),
        ([("evening", "treat", GEL)], "In the evening, apply Gel A (every second day)."),
        ([("noon", "tone_up", GEL)], "noon: tone up with Gel A."),
        (
            [("morning", "cleanse", GEL), ("evening", "cleanse", GEL)],
            "Morning and evening, cleanse with Gel A.",
        ),
        (
            [("work look", "makeup", OWN), ("a look", "makeup", GEL), ("x", "makeup", GEL)],
            "For the work look, take your night cream and Gel A.",
        ),
    ],
)
def test_what_to_do_is_said_once(steps: list[tuple[str, str, ProductFact]], sentence: str) -> None:
    facts = tuple(
        StepFact(when=when, what=what, product=product, how_often="every second day")
        for when, what, product in steps
    )

    assert recommendations(steps=facts) == [sentence]


def test_a_treatment_of_two_rhythms_is_said_twice() -> None:
    steps = tuple(
        StepFact(when=when, what="treat", product=GEL, how_often=often)
        for when, often in (("morning", "daily"), ("evening", "weekly"))
    )

    assert recommendations(steps=steps) == [
        "In the morning, apply Gel A (daily).",
        "In the evening, apply Gel A (weekly).",
    ]


@pytest.mark.parametrize(
    ("gap", "called"),
    [
        ("cleanse", "cleansing"),
        ("moisturise", "moisturising"),
        ("protect", "sun protection"),
        ("dark_spots", "dark spots"),
    ],
)
def test_a_gap_is_said_with_what_fills_it(gap: str, called: str) -> None:
    sentence = f"Nothing of yours fits for {called}; Gel A would fill that gap."

    assert recommendations(gaps=(GapFact(gap=gap, product=GEL),)) == [sentence]


def test_the_outfit_comes_before_gaps_cautions_and_hints() -> None:
    step = StepFact(when="morning", what="cleanse", product=GEL, cautions=("Not on wounds.",))

    assert recommendations(
        steps=(step, step),
        gaps=(GapFact(gap="protect", product=GEL),),
        outfit=OutfitFact(occasion="ceremony", garments=("sari", "shawl")),
        see_doctor=("See a doctor.",),
        told=("Ask a midwife.",),
    ) == [
        "In the morning, cleanse with Gel A.",
        "For a ceremony, wear your sari and shawl.",
        "Nothing of yours fits for sun protection; Gel A would fill that gap.",
        "Take care: Not on wounds.",
        "Please note: See a doctor.",
        "Please note: Ask a midwife.",
    ]
