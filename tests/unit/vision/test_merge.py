"""Several readings of one face as one."""

import math
from collections.abc import Sequence

import pytest

from facet.domain.face import (
    Check,
    Classification,
    Concern,
    FaceReading,
    Quality,
    Reference,
    Region,
    Share,
    Tone,
    Verdict,
)
from facet.domain.tone import ToneEvidence, class_shares, monk_shares
from facet.vision.merge import best_of, merge, noise_left
from facet.vision.skin.prediction import load_conditions, predict
from facet.vision.skin.scores import load_scoring
from facet.vision.skin.tone import belief
from tests.unit.conftest import face_reading

TILTED = Check(code="face_angle_up", severity="warn", hint="Lower your chin.")
OUTLINE = ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0))
SCORING = load_scoring("1")


def concern(name: str, measured: float | None, **told: object) -> Concern:
    if measured is None:
        return Concern(name=name, unit=SCORING.unit(name), reason="burnt out")
    return Concern.model_validate(
        {
            "name": name,
            "measured": measured,
            "score": SCORING.score(name, measured),
            "band": SCORING.band(name, measured),
            "minimum_change": SCORING.minimum_change(name, measured),
            "unit": SCORING.unit(name),
            "confidence": 0.6,
            **told,
        }
    )


def reading(*concerns: Concern, verdict: str = "good", **told: object) -> FaceReading:
    plain = face_reading()
    skin = plain.skin.model_copy(update={"concerns": concerns})
    return plain.model_copy(
        update={"skin": skin, "quality": Quality.model_validate({"verdict": verdict}), **told}
    )


def toned(ita: float, error: float, undertones: Sequence[float] = (0.6, 0.3, 0.1)) -> FaceReading:
    plain = face_reading(ita)
    names = ("warm", "neutral", "cool")
    tone = plain.skin.tone.model_copy(
        update={
            "ita_interval": (ita - error, ita + error),
            "ita_estimate": ita,
            "ita_error": error,
            "undertones": tuple(
                Share(name=name, share=share) for name, share in zip(names, undertones, strict=True)
            ),
        }
    )
    return plain.model_copy(update={"skin": plain.skin.model_copy(update={"tone": tone})})


def measured(name: str, *values: float | None) -> Concern:
    (merged,) = merge([reading(concern(name, value)) for value in values]).skin.concerns
    return merged


def tone_of(*readings: FaceReading) -> Tone:
    return merge(readings).skin.tone


def shown(ita: float, error: float) -> FaceReading:
    """A reading whose tone is as measured in a light of this error, degrees."""
    below = belief(ita, error, by_paper=False).cdf
    plain = toned(ita, error)
    tone = plain.skin.tone.model_copy(
        update={"monk": monk_shares(below), "confidence": class_shares(below)[0].share}
    )
    return plain.model_copy(update={"skin": plain.skin.model_copy(update={"tone": tone})})


# --- measures -------------------------------------------------------------------------------------


def test_what_photos_of_one_moment_differ_by_is_noise() -> None:
    alike, apart = measured("redness", 10.0, 10.5), measured("redness", 3.0, 13.0)

    assert alike.minimum_change is not None
    assert alike.minimum_change < SCORING.minimum_change("redness", 10.25)
    assert apart.minimum_change == pytest.approx(10 * noise_left("redness", 2), abs=0.01)


def test_a_measure_is_the_mean_scored_and_banded_anew() -> None:
    merged = measured("redness", 10, 14, 18)

    assert merged.measured == 14
    assert (merged.score, merged.band) == (SCORING.score("redness", 14), "mild")
    assert merged.confidence == 0.6


def test_its_minimum_change_shrinks_by_what_was_measured_and_no_more() -> None:
    single = SCORING.minimum_change("redness", 14)

    two, three = measured("redness", 13, 15), measured("redness", 13, 14, 15)

    assert two.minimum_change
    assert three.minimum_change
    assert single > two.minimum_change > three.minimum_change
    assert three.minimum_change >= single * noise_left("redness", 3)
    assert three.minimum_change > single / math.sqrt(3), "one light is in all of them"


@pytest.mark.parametrize("name", ["dullness", "dark_circles", "wrinkles", "pores"])
def test_what_was_not_shown_to_shrink_does_not(name: str) -> None:
    assert measured(name, 2, 2, 2).minimum_change == SCORING.minimum_change(name, 2)


def test_a_photo_that_cannot_carry_a_measure_is_no_part_of_its_mean() -> None:
    merged = measured("redness", None, 10, None)

    assert merged == concern("redness", 10)
    assert measured("redness", None, None).reason == "burnt out"


def test_regions_are_means_outlined_where_the_best_photo_shows_them() -> None:
    def of(cheek: float, outline: tuple[tuple[float, float], ...], **more: float) -> Concern:
        shown = {"nose": cheek, **more}
        regions = tuple(
            Region(name=name, score=50, measured=value, polygon=outline if name == "nose" else ())
            for name, value in shown.items()
        )
        return concern("redness", cheek, regions=regions)

    best = reading(of(10, OUTLINE))
    other = reading(of(20, ((9.0, 9.0),), chin=30), verdict="usable")

    (merged,) = merge([other, best]).skin.concerns
    by_name = {region.name: region for region in merged.regions}

    assert by_name["nose"].measured == 15
    assert by_name["nose"].score == SCORING.score("redness", 15)
    assert by_name["nose"].polygon == OUTLINE
    assert (by_name["chin"].measured, by_name["chin"].polygon) == (30, ())


def test_the_prediction_follows_the_merged_measures() -> None:
    clear, red = (
        reading(*(concern(name, value) for name in ("redness", "blemishes", "dark_spots")))
        for value in (0, 1.4)
    )

    merged = merge([clear, red])

    assert merged.prediction == predict(
        merged.skin.concerns, SCORING, load_conditions(SCORING.version)
    )
    assert merged.prediction != predict(
        red.skin.concerns, SCORING, load_conditions(SCORING.version)
    )


# --- which one is kept ----------------------------------------------------------------------------


def test_the_best_photo_is_the_one_without_a_doubt_then_the_surest() -> None:
    doubted = reading(concern("redness", 10, confidence=0.9), verdict="usable")
    unsure = reading(concern("redness", 10, confidence=0.3))
    sure = reading(concern("redness", 10, confidence=0.5))

    assert best_of([doubted, unsure, sure]) == 2
    assert best_of([doubted, unsure]) == 1


def test_quality_is_the_best_photo_s() -> None:
    doubted = face_reading().model_copy(
        update={"quality": Quality(verdict="usable", checks=(TILTED,))}
    )
    assert merge([doubted, face_reading()]).quality == Quality(verdict="good")


def test_one_reading_comes_back_as_it_is() -> None:
    alone = reading(concern("redness", 10))
    assert merge([alone]) is alone


# --- tone and shares ------------------------------------------------------------------------------


def test_photos_in_one_light_are_no_surer_of_the_tone_than_one() -> None:
    tone = tone_of(toned(30, 12), toned(30, 12), toned(30, 12))

    assert (tone.ita_estimate, tone.ita_error) == (30, 12)
    assert tone.ita_interval == (18, 42)


def test_photos_in_different_light_narrow_it_as_independent_ones_do() -> None:
    tone = tone_of(toned(18, 12), toned(30, 12), toned(42, 12))  # their deviation is their error

    assert tone.ita_estimate == 30
    assert tone.ita_error == round(12 / math.sqrt(3), 1)
    assert tone.ita_interval == pytest.approx((30 - tone.ita_error, 30 + tone.ita_error), abs=0.1)


def test_the_error_is_never_below_that_of_independent_photos() -> None:
    for apart in (0, 4, 8, 12, 16, 24, 40):
        error = tone_of(toned(30, 12), toned(30 + apart, 12)).ita_error
        assert error
        assert error >= round(12 / math.sqrt(2), 1)


def test_photos_that_differ_beyond_their_errors_are_less_sure_again() -> None:
    near = tone_of(toned(20, 5), toned(27, 5)).ita_error
    far = tone_of(toned(-20, 5), toned(60, 5)).ita_error

    assert near
    assert far
    assert near < 5 < far


def test_a_burst_is_one_piece_of_evidence_of_the_person_s_tone() -> None:
    evidence = ToneEvidence.of(tone_of(toned(20, 10), toned(40, 10)))

    assert evidence
    assert evidence.kind == "photo"
    assert evidence.ita == 30


def test_a_reading_from_before_tones_had_an_error_leaves_the_best_photo_s_tone() -> None:
    def older(ita: float) -> FaceReading:
        plain = face_reading(ita)
        tone = plain.skin.tone.model_copy(update={"ita_estimate": None, "ita_error": None})
        return plain.model_copy(update={"skin": plain.skin.model_copy(update={"tone": tone})})

    assert tone_of(older(30), older(40)) == older(30).skin.tone


def test_undertones_are_mean_shares_and_so_no_surer_than_the_photos() -> None:
    tone = tone_of(toned(30, 9, (0.8, 0.2, 0.0)), toned(30, 9, (0.2, 0.2, 0.6)))

    assert [(share.name, share.share) for share in tone.undertones] == [
        ("warm", 0.5),
        ("cool", 0.3),
        ("neutral", 0.2),
    ]


def test_shapes_seasons_and_a_team_s_own_labels_are_mean_shares() -> None:
    def of(oval: float) -> FaceReading:
        shares = (Share(name="oval", share=oval), Share(name="round", share=1 - oval))
        labels = Classification(model="own", version="1", labels=shares)
        plain = reading(season=shares, classifications=(labels,))
        face = plain.face.model_copy(update={"shape": shares})
        return plain.model_copy(update={"face": face})

    merged = merge([of(0.75), of(0.25), reading(classifications=of(0.5).classifications)])

    half = [0.5, 0.5]
    assert merged.face.shape
    assert [share.share for share in merged.face.shape] == half, "the third shows no shape"
    assert merged.season
    assert [share.share for share in merged.season] == half
    assert [share.share for share in merged.classifications[0].labels] == half


def test_the_table_of_the_merge_is_named_among_the_versions() -> None:
    assert "merge" in merge([face_reading(), face_reading()]).versions.tables


# --- a burst is one light ------------------------------------------------------------------------


def test_photos_in_one_light_are_no_surer_of_a_tone_than_one_of_them() -> None:
    single = shown(-45, 6)

    tone = tone_of(single, single, single)

    assert tone.confidence == single.skin.tone.confidence
    assert tone.monk == single.skin.tone.monk
    assert tone.ita_class is None
    assert tone.open is not None


def beside_paper(single: FaceReading, verdict: Verdict = "good") -> FaceReading:
    used = Reference(kind="white_paper", status="used", hint="")
    return single.model_copy(update={"quality": Quality(verdict=verdict, reference=used)})


def test_where_a_sheet_was_used_the_tone_is_of_the_photos_that_show_it() -> None:
    sheet, free = beside_paper(shown(-10, 6), "usable"), shown(30, 15)
    lost = Reference(kind="white_paper", status="not_usable", reason="not_found", hint="")
    free = free.model_copy(update={"quality": Quality(verdict="good", reference=lost)})

    merged = merge([free, sheet])

    assert merged.skin.tone.ita_estimate == -10
    assert merged.skin.tone.ita_error == 6
    assert merged.quality.verdict == "good"  # of the best, whose pictures are kept
    assert merged.quality.reference == sheet.quality.reference


def test_a_burst_beside_a_sheet_of_paper_names_its_class() -> None:
    single = beside_paper(shown(-45, 6))

    merged = merge([single, single])

    assert merged.skin.tone.ita_class == "dark"
    assert FaceReading.model_validate(merged.model_dump()) == merged
