"""What a skin asks for: weights, thresholds and order."""

from typing import Any

import pytest

from facet.advice.skincare.needs import Care, Need, care_for
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Profile
from facet.domain.face import MonkShare
from tests.unit.conftest import Limits, face_reading


def care(
    catalogue: Catalogue, ita: float = 45, scores: dict[str, float] | None = None, **told: Any
) -> Care:
    return care_for(face_reading(ita, **(scores or {})).skin, Profile(**told), catalogue.rules)


def test_a_low_score_weighs_what_it_lacks_and_a_goal_less_the_later_it_was_named(
    catalogue: Catalogue,
) -> None:
    asked = care(catalogue, scores={"redness": 30}, goals=("pores", "shine"), skin_type="dry")

    assert [(need.goal, round(need.weight, 4)) for need in asked.needs] == [
        ("pores", 0.8),
        ("shine", 0.76),
        ("redness", 0.7),
        ("dryness", 0.5),
    ]


def test_the_strongest_of_what_asks_for_a_goal_gives_its_weight(catalogue: Catalogue) -> None:
    (need,) = care(catalogue, scores={"redness": 60}, goals=("redness",)).needs
    assert need == Need("redness", 0.8, (60,), (0,), dry=False)

    (need,) = care(catalogue, scores={"redness": 10}, goals=("redness",)).needs
    assert need.weight == 0.9


def test_needs_of_the_same_weight_stand_in_the_order_of_their_names(catalogue: Catalogue) -> None:
    asked = care(catalogue, scores={"wrinkles": 50, "blemishes": 50})

    assert [need.goal for need in asked.needs] == ["blemishes", "wrinkles"]


@pytest.mark.parametrize(("score", "asks"), [(70, True), (70.5, False)])
def test_a_score_asks_up_to_the_rule_s_threshold(
    catalogue: Catalogue, score: float, asks: bool
) -> None:
    assert bool(care(catalogue, scores={"pores": score}).needs) is asks


@pytest.mark.parametrize(("confidence", "asks"), [(0.3, True), (0.29, False)])
def test_a_doubtful_measure_asks_for_nothing_and_makes_no_skin_sensitive(
    catalogue: Catalogue, confidence: float, asks: bool
) -> None:
    skin = face_reading(redness=20).skin
    doubtful = skin.concerns[0].model_copy(update={"confidence": confidence})
    asked = care_for(skin.model_copy(update={"concerns": (doubtful,)}), Profile(), catalogue.rules)

    assert bool(asked.needs) is asks
    assert asked.is_sensitive is asks


@pytest.mark.parametrize(
    ("score", "told", "sensitive"),
    [
        (50, {}, True),
        (51, {}, False),
        (90, {"sensitive": True}, True),
        (90, {"skin_type": "sensitive"}, True),
        (90, {"skin_type": "dry"}, False),
    ],
)
def test_skin_is_sensitive_where_it_is_red_or_said_to_be(
    catalogue: Catalogue, score: float, told: dict[str, Any], sensitive: bool
) -> None:
    assert care(catalogue, scores={"redness": score}, **told).is_sensitive is sensitive


@pytest.mark.parametrize(
    ("ita", "prone", "dark_marks", "deep"),
    [
        (29, None, None, 0),
        (27, None, "tone", 1),
        (27, False, None, 1),
        (27, True, "told", 1),
        (60, True, "told", 0),
    ],
)
def test_a_tint_is_wanted_for_deeper_skin_unless_its_owner_knows_better(
    catalogue: Catalogue, ita: float, prone: bool | None, dark_marks: str | None, deep: float
) -> None:
    asked = care(catalogue, ita, pigmentation_prone=prone)

    assert (asked.dark_marks, asked.deep) == (dark_marks, deep)
    assert asked.wants_tint is (dark_marks is not None)


@pytest.mark.parametrize(
    ("deeper", "limit", "wanted"),
    [
        (0.65, 0.7, False),
        (0.75, 0.7, True),
        (0.75, 0.8, False),
        (1.0, None, False),
    ],
)
def test_a_tone_that_the_photo_leaves_open_asks_for_no_tint(
    catalogue: Catalogue, limits: Limits, deeper: float, limit: float | None, wanted: bool
) -> None:
    limits(ita_class=limit)
    skin = face_reading(8).skin
    monk = (MonkShare(tone=7, share=deeper), MonkShare(tone=3, share=1 - deeper))
    tone = skin.tone.model_copy(update={"monk": monk})

    asked = care_for(skin.model_copy(update={"tone": tone}), Profile(), catalogue.rules)

    assert asked.wants_tint is wanted
    assert asked.deep == pytest.approx(deeper)


def test_a_tint_is_wanted_for_dark_spots_on_any_skin(catalogue: Catalogue) -> None:
    asked = care(catalogue, 60, {"dark_spots": 50, "pores": 50})

    assert [need.goal for need in asked.pigment] == ["dark_spots"]
    assert asked.wants_tint
