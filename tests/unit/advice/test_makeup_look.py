"""What a look is made of: its steps by occasion, what is owned in it, and how it is done."""

import pytest

from facet.advice.makeup.brief import CATEGORIES
from facet.catalogue.catalogue import Catalogue
from facet.colour import hex_from_lab
from facet.domain.face import Share
from tests.unit.advice.faces import (
    ask,
    owned,
    reading_of,
    step_of,
    steps_of,
    with_colours,
    with_score,
)

EVERYDAY = ["concealer", "blush", "brow", "mascara", "lip"]
WORK = ["foundation", "concealer", "blush", "brow", "eyeshadow", "mascara", "lip"]
EVENING = [
    *("foundation", "concealer", "contour", "blush", "highlighter"),
    *("brow", "eyeshadow", "eyeliner", "mascara", "lip"),
]
CEREMONY = [name for name in EVENING if name != "highlighter"]
LIDS = ["concealer", "blush", "brow", "eyeshadow", "mascara", "lip"]
# One of each category, in a shade that serves.
SKIN = reading_of().skin.tone.lab
BAG = [
    owned("foundation", hex_from_lab(SKIN)),
    owned("concealer", hex_from_lab((SKIN[0] + 3, *SKIN[1:]))),
    owned("contour", "#9a7462"),
    owned("bronzer", "#b07e55"),
    owned("blush", "#bd7b7b"),
    owned("highlighter", "#dfb48c"),
    owned("brow", "#5d4739"),
    owned("eyeshadow", "#a08c7b"),
    owned("eyeliner", "#3a3a3d"),
    owned("mascara"),
    owned("lip", "#a25a50"),
    owned("lip_liner", "#9a5850"),
]


# --- which steps ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("occasion", "steps"),
    [
        ("everyday", [EVERYDAY, EVERYDAY, LIDS]),
        ("work", [WORK, WORK, WORK]),
        ("evening", [EVENING, EVENING, EVENING]),
        ("ceremony", [CEREMONY, CEREMONY, CEREMONY]),
        ("sport", [["brow", "lip"], ["brow", "lip"], ["brow", "lip"]]),
    ],
)
def test_an_empty_bag_gets_exactly_the_steps_of_its_occasion(
    catalogue: Catalogue, occasion: str, steps: list[list[str]]
) -> None:
    result = ask(catalogue, occasion=occasion)

    assert [[step.category for step in look.steps] for look in result.looks] == steps
    assert [look.idea for look in result.looks] == ["soft", "lips", "eyes"]
    assert {look.occasion for look in result.looks} == {occasion}
    assert result.status == "completed"


@pytest.mark.parametrize(
    ("occasion", "more"),
    [
        ("everyday", {"foundation", "bronzer", "highlighter", "eyeshadow", "eyeliner"}),
        ("work", {"contour", "eyeliner", "lip_liner"}),
        ("evening", {"lip_liner"}),
        ("ceremony", {"highlighter", "lip_liner"}),
        ("sport", {"concealer", "mascara"}),
    ],
)
def test_what_an_occasion_can_do_without_is_in_it_when_it_is_owned(
    catalogue: Catalogue, occasion: str, more: set[str]
) -> None:
    bare, full = (ask(catalogue, *bag, occasion=occasion).looks[0] for bag in ([], BAG))

    added = {step.category for step in full.steps} - {step.category for step in bare.steps}
    assert added == more


@pytest.mark.parametrize("category", CATEGORIES)
def test_an_owned_product_of_any_category_is_used_where_it_serves(
    catalogue: Catalogue, category: str
) -> None:
    occasion = "everyday" if category == "bronzer" else "evening"

    used = {s.item_id: s for s in steps_of(ask(catalogue, *BAG, occasion=occasion))}

    assert used[category].category == category
    assert used[category].name == f"My {category}"


@pytest.mark.parametrize("category", ["foundation", "concealer"])
def test_a_look_without_a_step_it_should_have_is_partial(
    catalogue: Catalogue, category: str
) -> None:
    result = ask(catalogue, avoided_ingredients=[category])

    assert len(result.looks) == 3
    assert category not in {step.category for step in steps_of(result)}
    assert result.status == "partial"


def test_looks_that_put_the_same_on_are_one_and_the_answer_is_partial(
    catalogue: Catalogue,
) -> None:
    result = ask(catalogue, owned("lip", "#a25a50"), occasion="sport")

    assert [look.idea for look in result.looks] == ["soft"]
    assert result.status == "partial"


def test_a_lip_colour_of_an_earlier_look_makes_room_for_another(catalogue: Catalogue) -> None:
    bag = [owned("lip", "#a25a50", "one"), owned("lip", "#a65f57", "two")]

    result = ask(catalogue, *bag)

    lips = [step_of(look, "lip").item_id for look in result.looks]
    assert set(lips[:2]) == {"one", "two"}


def test_a_finish_that_is_avoided_by_its_name_is_not_suggested(catalogue: Catalogue) -> None:
    usual = ask(catalogue)
    told = ask(catalogue, avoided_ingredients=["shimmer"])

    assert "shimmer" in {step.finish for step in steps_of(usual)}
    assert "shimmer" not in {step.finish for step in steps_of(told)}


def test_nothing_but_the_card_is_suggested_where_nothing_owned_suits(catalogue: Catalogue) -> None:
    result = ask(catalogue, owned("lip", "#20c040"))

    assert {s.item_id for s in steps_of(result)} == {None}


# --- how -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("occasion", "strengths"),
    [("evening", (45, 95, 85)), ("everyday", (31, 66, 59)), ("ceremony", (40, 86, 76))],
)
def test_a_step_is_as_strong_as_its_idea_and_its_occasion_ask(
    catalogue: Catalogue, occasion: str, strengths: tuple[int, int, int]
) -> None:
    soft, lips, eyes = ask(catalogue, occasion=occasion).looks

    assert step_of(soft, "blush").intensity == strengths[0]
    assert step_of(lips, "lip").intensity == strengths[1]
    assert step_of(eyes, "eyeshadow").intensity == strengths[2]


def test_a_step_that_no_idea_speaks_of_is_as_strong_as_usual(catalogue: Catalogue) -> None:
    (look, *_) = ask(catalogue).looks

    assert (step_of(look, "foundation").intensity, step_of(look, "mascara").intensity) == (55, 80)


def test_two_likely_shapes_agree_on_a_place_first(catalogue: Catalogue) -> None:
    reading = reading_of()
    shapes = (Share(name="diamond", share=0.5), Share(name="oblong", share=0.3))
    face = reading.face.model_copy(update={"shape": shapes})

    result = ask(catalogue, reading=reading.model_copy(update={"face": face}))

    contour = step_of(result.looks[0], "contour")
    assert contour.regions == ("chin", "under_cheekbones")
    assert contour.how == "Softly under the cheekbones and at the tip of the chin."
    assert contour.tool == "angled brush"


def test_a_shape_that_is_hardly_likely_has_no_say(catalogue: Catalogue) -> None:
    reading = reading_of()
    shapes = (Share(name="diamond", share=0.81), Share(name="oblong", share=0.19))
    face = reading.face.model_copy(update={"shape": shapes})

    result = ask(catalogue, reading=reading.model_copy(update={"face": face}))

    assert step_of(result.looks[0], "contour").regions == ("under_cheekbones", "chin")


@pytest.mark.parametrize(
    ("concern", "limit", "category", "finish"),
    [
        ("shine", 55, "foundation", "matte"),
        ("shine", 55, "highlighter", "matte"),
        ("texture", 50, "highlighter", "satin"),
        ("pores", 50, "highlighter", "satin"),
    ],
)
def test_measured_skin_asks_for_a_finish_up_to_its_limit(
    catalogue: Catalogue, concern: str, limit: float, category: str, finish: str
) -> None:
    def suggested(score: float) -> str:
        (look, *_) = ask(catalogue, reading=with_score(reading_of(), concern, score)).looks
        return step_of(look, category).finish

    assert suggested(limit) == finish
    assert suggested(limit + 1) == {"foundation": "natural", "highlighter": "shimmer"}[category]


def test_what_is_owned_keeps_its_finish(catalogue: Catalogue) -> None:
    reading = with_score(reading_of(), "shine", 10)

    (look, *_) = ask(
        catalogue, owned("highlighter", "#dfb48c", finish="gloss"), reading=reading
    ).looks

    assert step_of(look, "highlighter").finish == "gloss"


def test_no_brow_is_drawn_where_neither_brows_nor_hair_were_seen(catalogue: Catalogue) -> None:
    result = ask(catalogue, reading=with_colours(reading_of()))

    assert "brow" not in {step.category for step in steps_of(result)}
    assert result.status == "partial"
