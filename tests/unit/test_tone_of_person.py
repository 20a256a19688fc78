"""What speaks for a person's tone is pooled by its own error."""

import pytest

from facet.domain.advice import Profile
from facet.domain.face import FaceReading, Reference, Share
from facet.domain.naming import named
from facet.domain.tone import ToneEvidence, left_open, monk_limits, pool
from facet.domain.tone_of_person import tone_of_person
from tests.unit.conftest import face_reading


def photo(ita: float, error: float = 20.0) -> ToneEvidence:
    return ToneEvidence(kind="photo", ita=ita, error=error)


def monk(ita: float, error: float) -> ToneEvidence:
    return ToneEvidence(kind="monk", ita=ita, error=error)


def width(*evidence: ToneEvidence) -> float:
    person = pool(evidence)
    assert person is not None
    return person.ita_interval[1] - person.ita_interval[0]


def test_nothing_told_and_nothing_seen_is_no_tone() -> None:
    assert pool(()) is None


def test_every_photo_narrows_the_tone_but_a_hundred_are_no_proof() -> None:
    widths = [width(*[photo(20)] * count) for count in (1, 2, 3, 100)]
    assert widths == sorted(widths, reverse=True)
    assert widths[3] > widths[0] / 4


def test_surer_evidence_weighs_more() -> None:
    person, told = pool((photo(60, 20), photo(20, 5))), pool((photo(60, 20), monk(20, 5)))
    assert person is not None
    assert told is not None
    assert 20 < person.ita < 35
    assert told.ita == pytest.approx(22, abs=4)


def test_one_photo_says_of_a_person_what_it_says_itself() -> None:
    person = pool((photo(50, 10),))
    assert person is not None
    assert person.ita == pytest.approx(50, abs=0.1)
    assert width(photo(50, 10)) == pytest.approx(20.7, abs=0.2)


def test_photos_that_disagree_are_less_sure_than_photos_that_agree() -> None:
    assert width(photo(30, 8), photo(34, 8)) + 2 < width(photo(0, 8), photo(60, 8))


def test_what_contradicts_the_photos_makes_a_tone_less_sure_and_names_nothing() -> None:
    agreeing, contradicting = (photo(60, 7), monk(50, 14)), (photo(60, 7), monk(-40, 20))
    torn = pool(contradicting)
    assert torn is not None
    assert torn.ita_class is None
    assert width(*contradicting) > 3 * width(*agreeing)
    assert width(monk(60, 12), monk(-40, 20)) > 3 * width(*agreeing)


@pytest.mark.parametrize("tone", range(1, 11))
def test_a_tone_that_alone_is_told_is_believed_at_either_end_of_the_scale(tone: int) -> None:
    person = tone_of_person((), Profile(monk_tone=tone))
    low, high = monk_limits(tone)
    assert person is not None
    assert person.ita == pytest.approx((low + high) / 2)
    assert abs(person.monk[0].tone - tone) <= 1


def test_a_class_is_named_only_where_the_photos_settle_it() -> None:
    unsure, sure = pool((photo(35),)), pool((photo(-45, 4), photo(-47, 4)))
    one, sheet = pool((photo(-45, 4),)), pool((ToneEvidence(kind="white_paper", ita=-45, error=4),))
    assert unsure is not None
    assert unsure.ita_class is None
    assert sure is not None
    assert sure.ita_class == "dark"
    assert one is not None
    assert one.ita_class is None
    assert sheet is not None
    assert sheet.ita_class == "dark"


def test_a_share_below_the_limit_of_its_kind_has_no_name() -> None:
    shares = (Share(name="warm", share=0.65), Share(name="cool", share=0.35))
    assert named("undertone", shares) is None
    assert named("undertone", (Share(name="warm", share=0.9),)) == "warm"


def test_a_name_may_have_a_limit_of_its_own() -> None:
    assert named("undertone", (Share(name="cool", share=0.82),)) == "cool"
    assert named("undertone", (Share(name="warm", share=0.82),)) is None


def test_what_too_few_pairs_agree_on_is_not_named_from_one_photo() -> None:
    assert named("ita_class", (Share(name="dark", share=0.99),)) is None
    assert named("season", (Share(name="True Summer", share=0.99),)) is None


def test_a_photo_measured_by_a_sheet_is_evidence_of_its_own_kind() -> None:
    tone = face_reading(ita=30).skin.tone.model_copy(update={"ita_estimate": 30, "ita_error": 6})
    used = Reference(kind="white_paper", status="used", hint="")
    lost = Reference(kind="white_paper", status="not_usable", reason="clipped", hint="")

    kinds = [ToneEvidence.of(tone, reference) for reference in (used, lost, None)]

    assert [piece and piece.kind for piece in kinds] == ["white_paper", "photo", "photo"]


def test_what_an_interval_leaves_open_is_two_classes_or_more() -> None:
    assert left_open(20, 45).classes == ("light", "intermediate", "tan")
    assert left_open(-80, 80).classes[0] == "very light"
    # Within one class, so the nearest one beside it.
    assert left_open(30, 35).classes == ("intermediate", "tan")
    assert left_open(60, 70).classes == ("very light", "light")
    assert left_open(-60, -50).classes == ("brown", "dark")
    assert "window_light" in left_open(30, 35).what_would_settle_it


def test_what_would_settle_a_tone_is_nothing_that_speaks_for_it_already() -> None:
    person = pool((photo(10, 30), photo(40, 30), photo(60, 30), photo(-10, 30)))
    sheet = pool((ToneEvidence(kind="white_paper", ita=10, error=15),))
    assert person is not None
    assert person.open is not None
    assert "three_photos" not in person.open.what_would_settle_it
    assert sheet is not None
    assert sheet.open is not None
    assert "white_paper" not in sheet.open.what_would_settle_it


def test_a_stored_reading_is_read_back_no_surer_than_today() -> None:
    row = face_reading().model_dump(mode="json")
    row["skin"]["tone"] |= {"ita_class": "brown", "confidence": 0.3}
    row["skin"]["tone"] |= {"undertone": "cool", "undertone_confidence": 0.95}
    row["prediction"] = {
        "condition": "ageing",
        "severity": "moderate",
        "confidence": 0.2,
        "all_conditions": [{"name": "ageing", "share": 0.5}, {"name": "tired", "share": 0.5}],
    }
    del row["skin"]["tone"]["open"]

    reading = FaceReading.model_validate(row)

    assert (reading.skin.tone.ita_class, reading.skin.tone.undertone) == (None, "cool")
    assert reading.prediction is not None
    assert (reading.prediction.condition, reading.prediction.severity) == (None, "none")


@pytest.mark.parametrize(
    ("tables", "name"), [({}, None), ({"conditions": "1"}, None), ({"conditions": "2"}, "oily")]
)
def test_a_stored_condition_keeps_its_name_where_its_shares_are_chances(
    tables: dict[str, str], name: str | None
) -> None:
    row = face_reading().model_dump(mode="json")
    row["versions"]["tables"] = tables
    row["prediction"] = {
        "condition": "oily",
        "severity": "moderate",
        "confidence": 0.6,
        "all_conditions": [{"name": "oily", "share": 0.95}, {"name": "dry", "share": 0.05}],
    }

    prediction = FaceReading.model_validate(row).prediction

    assert prediction is not None
    assert (prediction.condition, prediction.severity == "none") == (name, name is None)
