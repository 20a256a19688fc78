"""A reading in words is as sure as its numbers."""

from typing import Any, get_args

import pytest

from facet.advice.words.telling import telling_of, tone_in_words
from facet.domain.face import (
    Concern,
    FaceReading,
    ItaClass,
    MonkShare,
    Prediction,
    Quality,
    Reference,
    Settles,
    Share,
    SkinIndex,
    Undertone,
)
from facet.domain.tone import ToneEvidence, ToneOfPerson, left_open, pool
from facet.saying import say, sentences
from facet.vision.skin.prediction import load_conditions
from tests.unit.conftest import Limits, face_reading


def open_reading(low: float = 20, high: float = 45, **parts: Any) -> FaceReading:
    """A reading whose tone lies anywhere in this interval (degrees) and has no names."""
    undertones = (Share(name="warm", share=0.5), Share(name="neutral", share=0.4))
    return toned(
        ita_class=None,
        undertone=None,
        undertones=undertones,
        ita_interval=(low, high),
        open=left_open(low, high),
    ).model_copy(update=parts)


def toned(**tone: Any) -> FaceReading:
    plain = face_reading(20)
    skin = plain.skin.model_copy(update={"tone": plain.skin.tone.model_copy(update=tone)})
    return plain.model_copy(update={"skin": skin})


def measured(*concerns: tuple[str, float, float]) -> FaceReading:
    """A reading with these concerns: name, score, confidence."""
    plain = face_reading(20)
    seen = tuple(
        Concern(name=name, score=score, measured=1.0, confidence=sure)
        for name, score, sure in concerns
    )
    return plain.model_copy(
        update={"skin": plain.skin.model_copy(update={"concerns": seen, "index": None})}
    )


def text_of(reading: FaceReading, **told: Any) -> str:
    telling = telling_of(reading, **told)
    return str(telling.model_dump_json())


# --- tone ----------------------------------------------------------------------------------------


def test_a_class_and_an_undertone_are_named_where_the_reading_names_them() -> None:
    telling = telling_of(toned(ita_class="tan", undertone="warm", open=None))

    assert telling.headline == "Tan skin, warm undertone"
    assert telling.tone == "Your photo reads as tan skin."
    assert telling.undertone == "The undertone reads as warm."
    assert telling.settle == ()


def test_what_the_light_leaves_open_is_a_range_with_what_would_settle_it() -> None:
    telling = telling_of(open_reading())

    assert telling.headline == "Light to tan: this photo's light leaves that open"
    assert telling.tone == (
        "Your photo reads as light to tan skin: its light leaves open which. "
        "A photo facing a window by day would tell more."
    )
    assert telling.undertone == "The undertone may be warm or neutral: the light leaves that open."
    assert len(telling.settle) == len(get_args(Settles))
    assert tone_in_words(open_reading().skin.tone) == "light to tan"


def test_a_range_over_nearly_everything_is_no_range() -> None:
    telling = telling_of(open_reading(-53, 62))

    assert telling.headline == "This photo's light does not tell your skin tone"
    assert "anything from very light to dark may be true" in telling.tone
    assert not any("Monk" in chip for chip in telling.chips)


@pytest.mark.parametrize("low", range(-90, 80, 10))
def test_no_class_and_no_undertone_is_named_that_the_reading_leaves_open(low: int) -> None:
    text = text_of(open_reading(low, low + 30))

    assert not any(f"{name.capitalize()} skin" in text for name in get_args(ItaClass))
    assert not any(f" as {name} skin" in text for name in get_args(ItaClass))
    assert not any(f"reads as {name}" in text for name in get_args(Undertone))


def test_a_tone_of_several_photos_goes_before_that_of_one() -> None:
    photos = [ToneEvidence(kind="photo", ita=-45, error=error) for error in (9.0, 9.0, 9.0)]
    person = pool(photos)
    assert person is not None
    known = person.model_copy(update={"ita_class": "dark"})
    unknown = person.model_copy(update={"ita_class": None, "ita_interval": (-50.0, -20.0)})

    assert telling_of(open_reading(), person=known).headline == "Dark skin"
    told = telling_of(open_reading(), person=unknown)
    assert told.headline == "Brown to dark: your photos so far leave that open"
    # Three photos were given already.
    assert not any("hree photos" in way for way in told.settle)


def test_one_photo_is_no_tone_of_a_person() -> None:
    alone = pool([ToneEvidence(kind="photo", ita=-45, error=5)])
    fits = pool([ToneEvidence(kind="foundation", ita=-45, error=5)])
    assert isinstance(alone, ToneOfPerson)
    assert isinstance(fits, ToneOfPerson)

    assert telling_of(open_reading(), person=alone) == telling_of(open_reading())
    told = telling_of(open_reading(), person=fits.model_copy(update={"ita_class": None}))
    assert told.headline.endswith("what we see and what you told us leave that open")
    assert "photos" not in told.headline + told.tone  # there is one
    assert not any("foundation" in way for way in told.settle)


# --- season, shape, condition --------------------------------------------------------------------


def test_one_monk_tone_is_no_surer_than_the_range_of_classes_beside_it() -> None:
    monk = (MonkShare(tone=1, share=0.86), MonkShare(tone=2, share=0.14))
    plain = open_reading(65, 78)
    tone = plain.skin.tone.model_copy(update={"monk": monk})

    def chips(**told: Any) -> tuple[str, ...]:
        skin = plain.skin.model_copy(update={"tone": tone.model_copy(update=told)})
        return telling_of(plain.model_copy(update={"skin": skin})).chips

    assert chips()[0] == "Monk 1 to 2"
    assert chips(ita_class="very light", open=None)[0] == "Monk 1"


def test_paper_that_was_used_is_not_asked_for_again() -> None:
    used = Reference(kind="white_paper", status="used", hint="")
    lost = Reference(kind="white_paper", status="not_usable", reason="clipped", hint="")

    def settle(reference: Reference, **tone: Any) -> tuple[str, ...]:
        quality = Quality(verdict="good", reference=reference)
        plain = open_reading()
        skin = plain.skin.model_copy(update={"tone": plain.skin.tone.model_copy(update=tone)})
        return telling_of(plain.model_copy(update={"quality": quality, "skin": skin})).settle

    paper = say("telling.settle.white_paper")
    assert paper in settle(lost)
    assert paper not in settle(used)
    assert paper not in settle(used, ita_class="tan", open=None)  # its undertone is open


def test_a_season_and_a_shape_are_named_only_where_their_share_reaches_the_limit(
    limits: Limits,
) -> None:
    reading = open_reading(season=(Share(name="True Winter", share=0.8),))
    shape = (Share(name="oval", share=0.8),)
    reading = reading.model_copy(update={"face": reading.face.model_copy(update={"shape": shape})})

    limits(season=0.8, shape=0.8)
    named = telling_of(reading)
    assert named.season == "Your colours read as True Winter."
    assert named.shape == "Your face reads as oval."
    assert {"True Winter", "Oval face"} <= set(named.chips)

    for none in (0.9, None):
        limits(season=none, shape=none)
        assert "Winter" not in text_of(reading)
        assert "val" not in " ".join(telling_of(reading).chips)


def test_a_face_without_season_or_shape_has_no_sentence_on_them() -> None:
    telling = telling_of(open_reading())

    assert (telling.season, telling.shape, telling.condition) == (None, None, None)


def predicted(condition: str | None) -> FaceReading:
    shares = (Share(name="ageing", share=0.6), Share(name="tired", share=0.4))
    prediction = Prediction(condition=condition, confidence=0.4, all_conditions=shares)
    return open_reading(prediction=prediction)


def test_a_condition_is_spoken_of_only_by_a_name_it_has() -> None:
    assert telling_of(predicted("tired")).condition == (
        "Taken together, the measures speak for tired eyes."
    )
    left = telling_of(predicted(None))
    assert left.condition == "The measures speak for no single condition."
    assert "lines" not in text_of(predicted(None))


@pytest.mark.parametrize("age_band", ["under_13", "13_17"])
def test_nobody_young_is_told_that_the_measures_speak_for_lines(age_band: str) -> None:
    assert "Lines" in telling_of(predicted("ageing")).chips
    assert "ines" not in text_of(predicted("ageing"), age_band=age_band)


def test_every_condition_has_words() -> None:
    for condition in load_conditions("1").conditions:
        assert f"telling.condition_of.{condition.replace('-', '_')}" in sentences()


def test_a_condition_of_a_team_s_own_table_goes_by_its_own_name() -> None:
    assert "speak for frost bitten." in (telling_of(predicted("frost_bitten")).condition or "")


# --- the measures --------------------------------------------------------------------------------


def test_what_leads_was_seen_surely_enough() -> None:
    seen = measured(("wrinkles", 20, 0.2), ("redness", 55, 0.6), ("shine", 60, 0.4))

    telling = telling_of(seen)

    assert telling.leads == ("redness", "shine")
    assert telling.skin == (
        "What stands out most is redness (55 of 100) and shine (60 of 100). The rest (1) stands "
        "out less, or was not seen well enough."
    )


def test_what_may_stand_out_and_was_badly_seen_is_said_so() -> None:
    telling = telling_of(measured(("wrinkles", 20, 0.2), ("redness", 95, 0.6)))

    assert telling.leads == ()
    assert telling.skin == (
        "None of the 2 skin measures stands out surely; wrinkles (20 of 100) may, but this photo "
        "does not show that well."
    )


def test_the_index_says_what_it_is_made_of_and_what_is_noise() -> None:
    index = SkinIndex(value=71.6, minimum_change=2.4, of=("redness", "dark_spots"))
    plain = measured(("redness", 95, 0.6))
    reading = plain.model_copy(update={"skin": plain.skin.model_copy(update={"index": index})})

    telling = telling_of(reading)

    assert telling.index == (
        "Skin index 72 of 100, made of redness and dark spots. A change below 2.4 is noise."
    )
    assert "Skin index 72 of 100" in telling.chips
    assert telling_of(plain).index is None
