"""What to know about a routine: what was left out, what is not to be had, to the letter."""

from pathlib import Path
from typing import Any

import pytest

from facet.advice.skincare.routine import Remark
from facet.advice.skincare.say import note_of
from facet.advice.skincare.week import Obstacle, ObstacleKind
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Note
from tests.unit.advice.routines import Bag, ask, brief, own, texts, why
from tests.unit.conftest import DATA

ONE_AT_A_TIME = "One new active at a time: if the skin reacts, you know to what."
SUN = "Broad spectrum, SPF 30 or higher, every morning; again every two hours outdoors."


# --- notes ---------------------------------------------------------------------------------------

RECENT = {"opened": "2026-11-18"}
NOTES: list[tuple[Bag, dict[str, float], dict[str, Any], tuple[str | None, str, str]]] = [
    (
        own(a="sunscreen-lotion-50", b="sunscreen-fluid-30"),
        {},
        {},
        (
            *("b", "not_used"),
            "Light sunscreen fluid SPF 30 is not in this routine: one sunscreen is enough.",
        ),
    ),
    (
        [
            {
                "item_id": "a",
                "name": "Day fluid SPF 50",
                "category": "sunscreen",
                "ingredients": ["Retinol"],
            }
        ],
        {},
        {},
        (
            *("a", "not_used"),
            "Day fluid SPF 50 is left out: it cannot be worn every morning.",
        ),
    ),
    (
        own(a="gel-cleanser-plain", b="foam-cleanser-zinc"),
        {},
        {},
        (
            *("a", "not_used"),
            "Gentle gel cleanser is not in this routine: another of yours does its work.",
        ),
    ),
    (
        own(a="retinol-0-3-serum", b="gel-cleanser-glycolic"),
        {"wrinkles": 50},
        {},
        (
            *("b", "not_used"),
            "Glycolic acid gel cleanser 8 % is left out: it clashes with the rest of the routine.",
        ),
    ),
    (
        own(a="toner-hyaluronic", b="toner-oat"),
        {},
        {},
        ("b", "no_room", "Oat milk toner is left out. One hydrating layer is enough."),
    ),
    (
        own(a="retinol-0-3-serum", b="retinol-0-1-cream"),
        {"wrinkles": 40},
        {},
        (
            *("a", "no_room"),
            "Retinol serum 0.3 % is left out. One retinoid is enough; a second only irritates.",
        ),
    ),
    (
        own(a="retinol-0-3-serum"),
        {},
        {"avoided_ingredients": ("mineral filters", "chemical filters")},
        (
            *("a", "sunscreen_first"),
            "Retinol serum 0.3 % is left out. Makes skin more sensitive to the sun: only with "
            "sunscreen every morning.",
        ),
    ),
    (
        [
            {"item_id": "a", "product_id": "serum-vitamin-c-10", **RECENT},
            {"item_id": "b", "product_id": "azelaic-10-cream", **RECENT},
        ],
        {"dark_spots": 40},
        {},
        (
            *("b", "one_at_a_time"),
            "Azelaic acid cream 10 % can wait until week 5: Vitamin C serum 10 % goes first. "
            f"{ONE_AT_A_TIME} If you have used it for more than four weeks, tell us, and it goes "
            "in now.",
        ),
    ),
    (
        [{"item_id": "b", "product_id": "azelaic-10-cream", **RECENT}],
        {"dark_spots": 40, "wrinkles": 60},
        {},
        (
            *(None, "one_at_a_time"),
            f"Wrinkles can wait until week 5: Azelaic acid cream 10 % goes first. {ONE_AT_A_TIME}",
        ),
    ),
    (
        own(a="bpo-10-spot"),
        {"blemishes": 40},
        {"sensitive": True},
        (
            *("a", "too_harsh"),
            "Benzoyl peroxide spot gel 10 % is left out: too harsh for sensitive skin without a "
            "doctor.",
        ),
    ),
    (
        own(a="bpo-10-spot"),
        {"dark_circles": 40},
        {},
        (
            *("a", "not_needed"),
            "Benzoyl peroxide spot gel 10 % is left out: it is strong, and nothing here asks for "
            "it.",
        ),
    ),
    (
        (),
        {"eye_bags": 30},
        {},
        (
            *(None, "nothing_fits"),
            "For eye bags the catalogue has nothing with published evidence.",
        ),
    ),
    (
        (),
        {},
        {},
        (
            *(None, "no_active"),
            "Nothing measured or told asks for an active: cleanse, moisturise and protect is a "
            "complete routine.",
        ),
    ),
    (
        (),
        {},
        {"avoided_ingredients": ("mineral filters", "chemical filters")},
        (
            *(None, "no_sunscreen"),
            "No sunscreen in the catalogue is free of what you avoid: ask a pharmacist for one.",
        ),
    ),
    (
        (),
        {},
        {"avoided_ingredients": ("moondust",)},
        (
            *(None, "unknown_ingredient"),
            "We know no ingredient called 'moondust': please read labels for it yourself.",
        ),
    ),
    (
        [
            {
                "item_id": "a",
                "name": "Mine",
                "category": "treatment",
                "ingredients": ["Tretinoin"],
                "prescribed": {"for_face": True, "how_often": "every_evening"},
            }
        ],
        {},
        {},
        (
            *("a", "prescription"),
            "Mine: This is a prescription medicine: follow who prescribed it.",
        ),
    ),
]


@pytest.mark.parametrize(
    ("bag", "scores", "told", "note"), NOTES, ids=[f"{n[3][1]}-{k}" for k, n in enumerate(NOTES)]
)
def test_what_is_left_out_is_said_with_its_reason(
    catalogue: Catalogue,
    bag: Bag,
    scores: dict[str, float],
    told: dict[str, Any],
    note: tuple[str | None, str, str],
) -> None:
    assert note in texts(ask(catalogue, bag, scores=scores, **told))


def test_what_is_left_out_keeps_nothing_after_it_out(catalogue: Catalogue) -> None:
    bag = own(
        a="bpo-10-spot", b="serum-niacinamide-5", c="retinol-0-3-serum", d="retinol-0-1-cream"
    )
    result = ask(catalogue, bag, scores={"blemishes": 40}, sensitive=True)

    used = {step.product.item_id for step in (*result.am, *result.pm) if step.step == "treat"}
    left_out = {note.item_id: note.code for note in result.notes if note.item_id}
    assert left_out == {"a": "too_harsh", "c": "no_room"}
    assert used == {"b", "d"}


def test_a_need_that_is_met_keeps_none_after_it_from_being_looked_at(catalogue: Catalogue) -> None:
    result = ask(catalogue, own(a="retinol-0-3-serum"), scores={"wrinkles": 10, "eye_bags": 60})

    assert [note.code for note in result.notes] == ["nothing_fits"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("other_half", "It belongs to the other half of the day."),
        ("rule", "As the rule says."),
        ("holds_both", "It holds both: As the rule says."),
        ("enough_actives", "There are enough actives in that part of the day."),
        ("enough_layers", "One hydrating layer is enough."),
        ("enough_for_a_week", "What you have of the same active is enough for a week."),
        ("no_room", "There is no room for it."),
    ],
)
def test_an_obstacle_is_said_after_the_product_it_keeps_out(
    catalogue: Catalogue, kind: ObstacleKind, text: str
) -> None:
    asked = brief(catalogue, bag=own(a="toner-oat"))
    remark = Remark("no_room", asked.shelf[0], obstacle=Obstacle(kind, "As the rule says."))

    assert note_of(asked, remark) == Note(
        code="no_room", text=f"Oat milk toner is left out. {text}", item_id="a"
    )


def test_a_budget_that_is_passed_is_said(catalogue: Catalogue) -> None:
    text = "No sunscreen that suits you is within your budget."

    note = note_of(brief(catalogue), Remark("over_budget", category="sunscreen"))

    assert note == Note(code="over_budget", text=text)


def test_a_note_on_what_waits_names_the_rule_s_source(catalogue: Catalogue) -> None:
    result = ask(
        catalogue,
        [{"item_id": "b", "product_id": "azelaic-10-cream", **RECENT}],
        scores={"dark_spots": 40, "wrinkles": 60},
    )

    (note,) = (note for note in result.notes if note.code == "one_at_a_time")
    assert note.sources == ("facet",)
    assert "facet" in {source.id for source in result.sources}


# --- what nothing is to be had of ----------------------------------------------------------------


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Catalogue:
    """A catalogue without a cleanser or a moisturiser."""
    folder = tmp_path_factory.mktemp("bare")
    for file in DATA.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    leave_out({"cleanser", "moisturiser"}, folder / "products.csv", catalogue)
    return Catalogue.load(build_catalogue(folder))


def leave_out(categories: set[str], products: Path, catalogue: Catalogue) -> None:
    header, *rows = products.read_text("utf-8").splitlines()
    kept = [row for row in rows if category_of(row, catalogue) not in categories]
    products.write_text("\n".join([header, *kept]) + "\n", "utf-8")


def category_of(row: str, catalogue: Catalogue) -> str:
    product = catalogue.product(row.split(",", maxsplit=1)[0])
    assert product is not None
    return product.category


def test_without_a_cleanser_to_be_had_the_routine_goes_without_and_is_called_partial(
    bare: Catalogue,
) -> None:
    result = ask(bare)

    assert result.status == "partial"
    assert [step.step for step in (*result.am, *result.pm)] == ["protect"]
    assert [suggestion.gap for suggestion in result.suggestions] == ["protect"]
    assert texts(result) >= {
        (None, "no_cleanser", "No cleanser in the catalogue is free of what you avoid."),
        (None, "no_moisturiser", "No moisturiser in the catalogue is free of what you avoid."),
    }


def test_what_is_owned_needs_none_to_be_had(bare: Catalogue) -> None:
    bag = [
        {"item_id": "c", "name": "Wash", "category": "cleanser", "ingredients": ["Aqua"]},
        {"item_id": "m", "name": "Cream", "category": "moisturiser", "ingredients": ["Aqua"]},
    ]
    result = ask(bare, bag)

    assert result.status == "completed"
    assert [step.product.item_id for step in result.pm] == ["c", "m"]


def test_without_a_sunscreen_to_be_had_the_morning_ends_with_one_to_find(
    catalogue: Catalogue,
) -> None:
    result = ask(catalogue, avoided_ingredients=("mineral filters", "chemical filters"))

    step = result.am[-1]
    assert step.product.model_dump() == {
        "product_id": None,
        "item_id": None,
        "name": "A broad-spectrum sunscreen with SPF 30 or higher that you tolerate",
        "category": "sunscreen",
    }
    assert (step.step, step.owned, step.new, step.ramp) == ("protect", False, False, ())
    assert (step.days, step.how_often) == (tuple(range(1, 8)), "every morning")
    assert why(step) == [("rules.sun", SUN)]
    assert result.status == "partial"
    assert all(step.step != "protect" for step in result.pm)


# --- sun protection ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bag", "ita", "worn"),
    [
        (own(a="sunscreen-fluid-30", b="sunscreen-lotion-50"), 60, "b"),
        (own(a="sunscreen-lotion-50-tinted", b="sunscreen-fluid-30"), 60, "b"),
        (own(a="sunscreen-lotion-50", b="mineral-fluid-30-tinted-low"), -20, "b"),
        (own(b="sunscreen-lotion-50", a="sunscreen-lotion-50"), 60, "a"),
    ],
    ids=["more SPF", "no tint on light skin", "a tint on deep skin", "equals by their id"],
)
def test_of_several_sunscreens_the_one_whose_tint_fits_is_worn_then_the_one_of_more_spf(
    catalogue: Catalogue, bag: Bag, ita: float, worn: str
) -> None:
    result = ask(catalogue, bag, ita)

    assert result.am[-1].product.item_id == worn
    assert [note.code for note in result.notes if note.item_id] == ["not_used"]
    assert all(suggestion.gap != "protect" for suggestion in result.suggestions)
