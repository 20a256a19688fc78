"""The routine in words: reasons, how often, what it rests on and whom to ask, to the letter."""

from typing import Any

import pytest

from facet.advice.skincare.week import DAYS
from facet.catalogue.catalogue import Catalogue
from facet.domain.products import Session
from tests.unit.advice.routines import ask, own, step_of, why

SUN = "Broad spectrum, SPF 30 or higher, every morning; again every two hours outdoors."


# --- reasons -------------------------------------------------------------------------------------


def test_an_owned_product_is_there_because_it_is_owned_and_for_what_it_helps(
    catalogue: Catalogue,
) -> None:
    bag = own(a="serum-vitamin-c-10", s="sunscreen-lotion-50", t="toner-hyaluronic")
    result = ask(catalogue, bag, scores={"dark_spots": 40}, goals=("dark_spots",), skin_type="dry")

    owned, needs = (
        "You own it.",
        [
            ("skin.concerns.dark_spots", "Dark spots: 40 of 100 in your photo."),
            ("profile.goals.0", "You want to work on dark spots."),
        ],
    )
    assert why(step_of(result, "a"))[:3] == [("bag.a", owned), *needs]
    assert why(step_of(result, "s")) == [("bag.s", owned), ("rules.sun", SUN)]
    assert why(step_of(result, "t")) == [("bag.t", owned)]


def test_a_suggested_treatment_is_there_for_its_need_its_evidence_and_the_skin_it_spares(
    catalogue: Catalogue,
) -> None:
    result = ask(catalogue, scores={"redness": 45}, sensitive=True)

    assert why(step_of(result, "treat")) == [
        ("skin.concerns.redness", "Redness: 45 of 100 in your photo."),
        (
            "catalogue.ingredients.niacinamide",
            "Agreed on by dermatologists for redness: Niacinamide.",
        ),
        ("profile.sensitive", "You told us your skin is sensitive."),
        ("skin.concerns.redness", "Your skin is red (45 of 100), so nothing harsh."),
    ]


def test_a_suggested_cleanser_and_moisturiser_fill_a_gap_and_suit_the_skin(
    catalogue: Catalogue,
) -> None:
    result = ask(catalogue, skin_type="dry")

    suits = ("profile.skin_type", "Suits dry skin, as you told us.")
    assert why(step_of(result, "cleanse")) == [
        ("rules.routine", "Every routine needs a cleanser; you own none that fits."),
        suits,
    ]
    assert why(step_of(result, "moisturise")) == [
        ("rules.routine", "Every routine needs a moisturiser; you own none that fits."),
        ("profile.skin_type", "You told us your skin is dry."),
        suits,
    ]


TINT = (
    "rules.tone",
    "A tinted sunscreen with iron oxides also keeps out visible light, which deepens dark spots.",
)


@pytest.mark.parametrize(
    ("ita", "told", "reason"),
    [
        (
            -20,
            {},
            (
                "skin.tone.ita",
                "Your photo reads as tan or deeper skin, which darkens more in visible light.",
            ),
        ),
        (
            60,
            {"pigmentation_prone": True},
            ("profile.pigmentation_prone", "You told us dark marks come easily."),
        ),
        (
            60,
            {"goals": ("dark_spots",)},
            ("profile.goals.0", "You want to work on dark spots."),
        ),
    ],
)
def test_a_tinted_sunscreen_is_suggested_with_what_asks_for_the_tint(
    catalogue: Catalogue, ita: float, told: dict[str, Any], reason: tuple[str, str]
) -> None:
    step = step_of(ask(catalogue, ita=ita, **told), "protect")

    assert why(step)[:3] == [reason, TINT, ("rules.sun", SUN)]


def test_a_suggestion_has_the_reasons_of_its_step(catalogue: Catalogue) -> None:
    result = ask(catalogue, scores={"redness": 55}, skin_type="oily")

    for suggestion in result.suggestions:
        steps = [s for s in (*result.am, *result.pm) if s.product == suggestion.product]
        assert {step.why for step in steps} == {suggestion.why}


# --- how often -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product_id", "opened", "often"),
    [
        ("serum-niacinamide-5", None, "every morning"),
        (
            *("retinol-0-1-cream", "2026-11-18"),
            "2 evenings a week; if the skin stays calm, 3 a week from week 3; 4 a week from week 5",
        ),
        (
            *("exfoliant-glycolic-7", "2026-11-18"),
            "one evening a week; if the skin stays calm, 2 a week from week 3",
        ),
        (
            *("serum-vitamin-c-10", "2026-11-18"),
            "4 mornings a week; if the skin stays calm, daily from week 3",
        ),
    ],
)
def test_how_often_is_said_in_days_a_week_and_how_it_may_become_more(
    catalogue: Catalogue, product_id: str, opened: str | None, often: str
) -> None:
    bag = [{"item_id": "a", "product_id": product_id, "opened": opened}]

    assert step_of(ask(catalogue, bag), "a").how_often == often


@pytest.mark.parametrize(
    ("product_id", "often"),
    [("serum-vitamin-c-10", "every morning"), ("retinol-0-1-cream", "4 evenings a week")],
)
def test_what_has_long_been_used_is_at_the_last_stage_of_its_pace(
    catalogue: Catalogue, product_id: str, often: str
) -> None:
    assert step_of(ask(catalogue, own(a=product_id)), "a").how_often == often


@pytest.mark.parametrize(
    ("how_often", "session", "often", "days"),
    [
        ("every_morning", "am", "every morning, as prescribed", DAYS),
        ("every_evening", "pm", "every evening, as prescribed", DAYS),
        ("morning_and_evening", "am", "every morning, as prescribed", DAYS),
        ("every_other_evening", "pm", "4 evenings a week, as prescribed", (1, 3, 5, 7)),
        ("twice_a_week", "pm", "2 evenings a week, as prescribed", (2, 5)),
        ("once_a_week", "pm", "one evening a week, as prescribed", (4,)),
    ],
)
def test_what_a_doctor_prescribed_is_used_as_it_was_prescribed(
    catalogue: Catalogue, how_often: str, session: Session, often: str, days: tuple[int, ...]
) -> None:
    bag = [
        {
            "item_id": "a",
            "name": "Mine",
            "category": "treatment",
            "ingredients": ["Tretinoin"],
            "prescribed": {"for_face": True, "how_often": how_often},
        }
    ]
    steps = ask(catalogue, bag, goals=("wrinkles",)).steps(session)

    (step,) = (step for step in steps if step.product.item_id == "a")
    assert (step.how_often, step.days, step.ramp) == (often, days, ())
    assert step.prescribed
    assert why(step)[:2] == [
        ("bag.a", "You own it."),
        ("bag.a", "A doctor prescribed it to you, so it goes before everything else."),
    ]


# --- what to mind --------------------------------------------------------------------------------


def test_a_step_says_what_to_mind_with_it_and_whence_that_is_known(catalogue: Catalogue) -> None:
    step = step_of(ask(catalogue, own(a="retinol-0-3-serum")), "a")

    retinol = catalogue.item("retinol-0-3-serum")
    assert retinol is not None
    assert step.cautions == (
        *retinol.cautions,
        "Makes skin more sensitive to the sun: only with sunscreen every morning.",
        "A pea-sized amount for the whole face, on dry skin, not round the eyes unless it is made "
        "for them. Moisturise after it.",
    )
    assert step.sources == tuple(dict.fromkeys((*retinol.sources, "retinoid-habits")))


def test_a_pace_is_not_said_of_a_wash(catalogue: Catalogue) -> None:
    washes = own(a="gel-cleanser-salicylic-2", b="exfoliant-salicylic-2")
    result = ask(catalogue, washes, scores={"blemishes": 40})
    pace = "Pause if the skin becomes dry or tight."

    assert pace not in step_of(result, "a").cautions
    assert pace in step_of(result, "b").cautions


@pytest.mark.parametrize("peel", ["exfoliant-aha-bha-rinse", "exfoliant-lactic-rinse"])
def test_a_peel_that_is_rinsed_off_has_a_pace_and_says_how(catalogue: Catalogue, peel: str) -> None:
    step = step_of(ask(catalogue, own(a=peel)), "a")

    assert len(step.days) < 7
    assert "Rinse off and pause if it burns." in step.cautions


def test_a_prescription_says_so_and_no_other_step_does(catalogue: Catalogue) -> None:
    bag: list[dict[str, Any]] = [
        {
            "item_id": "a",
            "name": "Mine",
            "category": "treatment",
            "ingredients": ["Tretinoin"],
            "prescribed": {"for_face": True, "how_often": "every_evening"},
        },
        {"item_id": "b", "product_id": "gel-cleanser-plain"},
    ]
    result = ask(catalogue, bag)
    text = "This is a prescription medicine: follow who prescribed it."

    assert step_of(result, "a").cautions[-1] == text
    assert text not in step_of(result, "b").cautions


# --- what it rests on ----------------------------------------------------------------------------


def test_a_routine_says_what_was_known_and_told(catalogue: Catalogue) -> None:
    told = {
        "skin_type": "dry",
        "sensitive": True,
        "goals": ("dark_spots", "pores"),
        "allergies": ("lanolin",),
        "avoided_ingredients": ("wool",),
        "pregnancy": "planning",
        "budget": "low",
    }
    result = ask(catalogue, own(a="toner-oat"), -20, {"redness": 45, "pores": 90}, **told)

    assert result.based_on == (
        "skin tone in your photo: tan, an estimate of colour",
        "skin measures from your photo: 2",
        "what you told us: dry skin; sensitive; goals: dark spots, pores; you avoid lanolin, wool; "
        "planning; budget: low",
        "skincare products of yours that can be used: 1",
    )


def test_who_told_nothing_is_told_that(catalogue: Catalogue) -> None:
    assert ask(catalogue).based_on[1:] == (
        "no skin concern was measured: treatments follow your goals alone",
        "what you told us: nothing yet",
        "skincare products of yours that can be used: 0",
    )


# --- a doctor ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "told", "codes"),
    [
        (
            {"blemishes": 35, "redness": 35, "dark_spots": 50},
            {},
            ["blemishes", "redness", "dark_spots"],
        ),
        ({"blemishes": 36, "redness": 36, "dark_spots": 51}, {}, []),
        ({}, {"pregnancy": "breastfeeding"}, ["pregnancy"]),
    ],
)
def test_a_doctor_is_named_for_what_is_marked_and_in_pregnancy(
    catalogue: Catalogue, scores: dict[str, float], told: dict[str, Any], codes: list[str]
) -> None:
    hints = ask(catalogue, scores=scores, **told).see_doctor

    assert [hint.code for hint in hints] == codes
    assert all(hint.sources for hint in hints)
