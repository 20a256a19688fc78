"""Looks in words: names, reasons and notes, to the letter."""

from typing import Any

import pytest

from facet.advice.makeup.brief import Pick
from facet.advice.makeup.look import LookChoice
from facet.advice.makeup.say import look_of
from facet.advice.makeup.shades import Shade
from facet.advice.occasions import rules as occasion_rules
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Note, Reason
from facet.domain.face import FaceReading, Share
from facet.domain.style import MakeupResult, Neighbour, ShadeMatch
from tests.unit.advice.faces import (
    ask,
    brief,
    colour_of,
    owned,
    reading_of,
    step_of,
    steps_of,
    texts,
    with_colours,
    with_score,
)
from tests.unit.conftest import Limits, face_reading

IDEAS = ("soft, one colour family", "lips first, quiet eyes", "eyes first, quiet lips")
HAIR = colour_of("hair", "brown", "#5d4436")


def notes(result: MakeupResult) -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    return [(note.code, note.text, note.item_id, note.sources) for note in result.notes]


def shaped(*shapes: tuple[str, float]) -> FaceReading:
    """The reading of a face of these shapes and their shares."""
    reading = reading_of()
    shares = tuple(Share(name=name, share=share) for name, share in shapes)
    face = reading.face.model_copy(update={"shape": shares})
    return reading.model_copy(update={"face": face})


def reason(points_at: str, result: MakeupResult, category: str, look: int = 0) -> Reason:
    """What points at this in a look's step of a category."""
    step = step_of(result.looks[look], category)
    (row,) = [row for row in step.why if row.points_at == points_at]
    return row


# --- a look --------------------------------------------------------------------------------------


@pytest.mark.parametrize("occasion", occasion_rules()["occasions"])
def test_a_look_is_named_by_its_occasion_and_its_idea(catalogue: Catalogue, occasion: str) -> None:
    names = [look.name for look in ask(catalogue, occasion=occasion).looks]

    assert names == [f"{occasion.capitalize()}: {idea}" for idea in IDEAS]


def test_a_look_says_its_idea_and_its_season(catalogue: Catalogue) -> None:
    soft, lips, eyes = ask(catalogue).looks

    season = Reason(
        text="Suits most of what this photo leaves open of your colour season.",
        points_at="season",
        sources=("seasons",),
    )
    ideas = [
        (
            soft,
            "One colour family on cheeks, lips and lids: the quietest way to look put together.",
        ),
        (lips, "The mouth carries the colour; cheeks follow it and lids stay neutral."),
        (eyes, "The lids carry the colour, set against the iris; lips stay close to their own."),
    ]
    for look, text in ideas:
        assert (look.why[0].text, look.why[0].points_at) == (text, "rules.makeup")
        assert look.why[1:] == (season,)
    assert [look.why[0].sources for look in (soft, lips, eyes)] == [
        ("harmony",),
        ("one-accent",),
        ("one-accent",),
    ]


def test_what_was_known_is_said(catalogue: Catalogue) -> None:
    bag = [owned("lip", "#a25a50", "one"), owned("lip", "#a25a50", "two"), owned("mascara")]

    assert ask(catalogue, *bag).based_on == (
        "skin #c59280, neutral undertone",
        "every colour season by its share",
        "face shapes by their shares",
        "brows colour",
        "eyes colour",
        "hair colour",
        "3 of your own products",
    )
    assert ask(catalogue, reading=face_reading()).based_on == (
        "skin #c09070, neutral undertone",
        "0 of your own products",
    )


def test_an_answer_lists_the_sources_it_cites_and_no_other(catalogue: Catalogue) -> None:
    result = ask(catalogue, occasion="sport")

    assert [source.id for source in result.sources] == [
        *("order", "shades", "harmony", "seasons", "own", "one-accent")
    ]


# --- notes ---------------------------------------------------------------------------------------


def test_an_unknown_occasion_is_said_and_every_day_is_meant(catalogue: Catalogue) -> None:
    result = ask(catalogue, occasion="moon landing")

    text = "The occasion 'moon landing' is not one we know; these looks are for every day."
    assert notes(result) == [("unknown_occasion", text, None, ())]
    assert {look.occasion for look in result.looks} == {"everyday"}


def test_fewer_looks_than_there_are_ideas_are_counted(catalogue: Catalogue) -> None:
    result = ask(catalogue, owned("lip", "#a25a50"), occasion="sport")

    text = "What can be used gives 1 different looks, not three."
    assert notes(result) == [("few_looks", text, None, ())]


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (
            owned("lip", "#a25a50", quantity=0),
            ("used_up", "My lip: is used up.", "lip", ()),
        ),
        (
            owned("mascara", opened="2026-05-01"),
            (
                "expired",
                "My mascara: open for more than 6 months: replace it.",
                "mascara",
                ("keeps",),
            ),
        ),
        (
            owned("blush"),
            ("shade_needed", "My blush: add its shade, so that we can place it.", "blush", ()),
        ),
        (
            owned("lip", "#a25a50", ingredients=["Mica"]),
            ("avoided_ingredient", "My lip: contains something you avoid (Mica).", "lip", ()),
        ),
    ],
)
def test_what_is_owned_and_cannot_be_used_is_named_with_its_reason(
    catalogue: Catalogue, row: dict[str, Any], note: tuple[str, str, str | None, tuple[str, ...]]
) -> None:
    told: dict[str, Any] = {"allergies": ["mica"]} if "ingredients" in row else {}

    result = ask(catalogue, row, **told)

    assert notes(result) == [note]
    assert not any(step.item_id for step in steps_of(result))


def test_what_is_no_makeup_is_passed_over_without_a_word(catalogue: Catalogue) -> None:
    assert notes(ask(catalogue, owned("serum"), owned("spanner", "#a25a50"))) == []


def test_an_owned_base_that_does_not_match_is_named_with_its_distance_once(
    catalogue: Catalogue,
) -> None:
    result = ask(catalogue, owned("foundation", "#f6e0d0"), reading=reading_of(50))

    text = "My foundation: no match for your skin (CIEDE2000 32.8; at most 4 would do)."
    assert notes(result) == [("shade_does_not_match", text, "foundation", ("match",))]


def test_skin_that_no_shade_meets_is_told_so_of_each_step(catalogue: Catalogue) -> None:
    result = ask(catalogue, reading=reading_of(60, 55, 100))

    text = "No match: no {} shade we know is near enough to your skin."
    assert notes(result) == [
        ("no_foundation_match", text.format("foundation"), None, ("match",)),
        ("no_concealer_match", text.format("concealer"), None, ("match",)),
    ]


def test_nothing_is_missed_that_the_occasion_does_not_ask_for(catalogue: Catalogue) -> None:
    bag = [owned("foundation", "#f6e0d0")]

    result = ask(catalogue, *bag, reading=reading_of(60, 55, 100), occasion="everyday")

    codes = [note.code for note in result.notes]
    assert codes == ["shade_does_not_match", "no_concealer_match"]


def test_brows_that_were_not_seen_are_said(catalogue: Catalogue) -> None:
    result = ask(catalogue, reading=with_colours(reading_of()))

    text = "Brows and hair could not be seen well enough to choose a brow shade."
    assert notes(result) == [("brows_not_seen", text, None, ())]


def test_a_brow_colour_that_no_owned_product_meets_is_not_one_that_was_not_seen(
    catalogue: Catalogue,
) -> None:
    result = ask(catalogue, owned("brow", "#20c040"))

    assert notes(result) == []


def test_notes_on_the_bag_come_before_those_on_the_looks(catalogue: Catalogue) -> None:
    reading = with_colours(reading_of(60, 55, 100))
    bag = [owned("blush"), owned("lip", "#a25a50")]

    result = ask(catalogue, *bag, reading=reading, occasion="moon landing")

    assert [note.code for note in result.notes] == [
        "unknown_occasion",
        "shade_needed",
        "no_concealer_match",
        "brows_not_seen",
        "few_looks",
    ]


def test_a_note_is_said_once(catalogue: Catalogue) -> None:
    result = ask(catalogue, {"shade": 7}, {"shade": 8})

    text = "One thing in your bag could not be read and was left out."
    assert result.notes == (Note(code="bag_item_unreadable", text=text),)


# --- a step --------------------------------------------------------------------------------------


def test_a_suggestion_says_what_its_label_must_not_name(catalogue: Catalogue) -> None:
    told: dict[str, Any] = {"allergies": ["talc"], "avoided_ingredients": ["fragrance", "mica"]}
    mine = owned("lip", "#a25a50", ingredients=["Dimethicone"])

    (look, *_) = ask(catalogue, mine, **told).looks

    assert step_of(look, "blush").cautions == ("Choose one without: talc, fragrance, mica.",)
    assert step_of(look, "lip").cautions == ()
    assert {step.cautions for step in steps_of(ask(catalogue))} == {()}


def test_what_is_owned_is_named_by_the_shade_it_is_near(catalogue: Catalogue) -> None:
    bag = [owned("lip", "#a25a50"), owned("lip_liner", "#9a5850")]

    (look, *_) = ask(catalogue, *bag).looks

    lip, liner, blush = (step_of(look, name) for name in ("lip", "lip_liner", "blush"))
    assert (lip.name, lip.shade, lip.finish) == ("My lip", "near tawny rose", "as it is")
    assert liner.shade == "near tawny rose"
    assert (blush.name, blush.shade) == ("dusty rose", "dusty rose")


@pytest.mark.parametrize(
    ("shades", "text"),
    [
        ([], "You own no lip colour we can use; look for this shade, whatever the brand."),
        (
            ["#20c040"],
            "Your own lip colour does not suit here; this shade would, whatever the brand.",
        ),
        (
            ["#20c040", "#2040c0"],
            "None of your 2 lip colour suits here; this shade would, whatever the brand.",
        ),
    ],
)
def test_a_suggestion_says_why_it_is_nothing_that_is_owned(
    catalogue: Catalogue, shades: list[str], text: str
) -> None:
    bag = [owned("lip", shade, f"l{n}") for n, shade in enumerate(shades)]

    result = ask(catalogue, *bag)

    assert reason("bag", result, "lip") == Reason(text=text, points_at="bag")


def test_what_is_owned_is_said_to_be(catalogue: Catalogue) -> None:
    result = ask(catalogue, owned("lip", "#a25a50", "my-lip"))

    assert reason("bag.my-lip", result, "lip").text == "You own it."


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("foundation", "foundation"),
        ("concealer", "concealer"),
        ("contour", "contour"),
        ("blush", "blush"),
        ("highlighter", "highlighter"),
        ("brow", "brow product"),
        ("eyeshadow", "eye shadow"),
        ("eyeliner", "eyeliner"),
        ("mascara", "mascara"),
    ],
)
def test_a_category_is_called_as_people_call_it(
    catalogue: Catalogue, category: str, name: str
) -> None:
    text = f"You own no {name} we can use; look for this shade, whatever the brand."
    assert reason("bag", ask(catalogue), category).text == text


# --- why: the skin -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "verdict", "text"),
    [
        (
            "foundation",
            "excellent",
            "Excellent match: CIEDE2000 1.2 from your measured skin; one photo leaves 0.9 to 5.0.",
        ),
        (
            "foundation",
            "near",
            "Near match: CIEDE2000 1.2 from your measured skin; one photo leaves 0.9 to 5.0.",
        ),
        (
            "concealer",
            "excellent",
            "Excellent match: CIEDE2000 1.2 from the skin under your eyes, one step lighter; "
            "one photo leaves 0.9 to 5.0.",
        ),
        (
            "concealer",
            "near",
            "Near match: CIEDE2000 1.2 from the skin under your eyes, one step lighter; "
            "one photo leaves 0.9 to 5.0.",
        ),
    ],
)
def test_a_match_says_how_near_it_is_and_how_sure_that_is(
    catalogue: Catalogue, category: str, verdict: Any, text: str
) -> None:
    match = ShadeMatch(delta_e=1.23, interval=(0.9, 4.96), verdict=verdict, chance=0.7)
    pick = Pick(Shade(category, "Sand", "#c59280", "natural"), 0.7, match=match)
    asked = brief(catalogue)

    (step,) = look_of(asked, LookChoice(asked.rules["ideas"][0], (pick,))).steps

    assert step.why[1:] == (Reason(text=text, points_at="skin.tone.lab", sources=("match",)),)
    assert step.match == match


@pytest.mark.parametrize("direction", ["lighter", "deeper", "warmer", "cooler", "softer", "richer"])
def test_the_shade_to_try_next_is_named_and_how_it_differs(
    catalogue: Catalogue, direction: Any
) -> None:
    other = Neighbour(name="Sand {2}", hex="#c99c8b", direction=direction, chance=0.4)
    match = ShadeMatch(delta_e=1, interval=(1, 5), verdict="excellent", chance=0.7, neighbour=other)
    pick = Pick(Shade("foundation", "Sand", "#c59280", "natural"), 0.7, match=match)
    asked = brief(catalogue)

    (step,) = look_of(asked, LookChoice(asked.rules["ideas"][0], (pick,))).steps

    text = f"If it is off on you, try one {direction}: Sand {{2}}."
    assert step.why[-1] == Reason(text=text, points_at="match.neighbour", sources=("match",))


@pytest.mark.parametrize(
    ("category", "side"), [("contour", "deeper"), ("bronzer", "deeper"), ("highlighter", "lighter")]
)
def test_a_shade_moved_from_the_skin_says_to_which_side(
    catalogue: Catalogue, category: str, side: str
) -> None:
    shade = {"contour": "#9a7462", "bronzer": "#b07e55", "highlighter": "#dfb48c"}[category]

    occasion = "evening" if category == "contour" else "everyday"

    result = ask(catalogue, owned(category, shade), occasion=occasion)

    text = f"A shade {side} than your skin (#c59280), as this step needs."
    assert reason("skin.tone.lab", result, category) == Reason(
        text=text, points_at="skin.tone.lab", sources=("contour-shade",)
    )


@pytest.mark.parametrize(
    ("shapes", "limit", "text"),
    [
        ([("square", 0.6), ("oval", 0.4)], 0.7, None),
        ([("heart", 0.9), ("oval", 0.1)], 0.7, "heart"),
        ([("heart", 0.9), ("oval", 0.1)], None, None),
    ],
)
def test_contour_names_the_shape_it_was_placed_for_where_it_has_a_name(
    catalogue: Catalogue,
    limits: Limits,
    shapes: list[tuple[str, float]],
    limit: float | None,
    text: str | None,
) -> None:
    limits(shape=limit)

    row = reason("face.shape", ask(catalogue, reading=shaped(*shapes)), "contour")

    open_ = "Placed where the likelier shapes of your face agree first."
    assert row.text == (f"Placed for your {text} face." if text else open_)
    assert row.sources == ("contour-shape",)


def test_a_face_whose_shape_is_not_told_is_not_spoken_of(catalogue: Catalogue) -> None:
    step = step_of(ask(catalogue, reading=reading_of(shape=None)).looks[0], "contour")

    assert "face.shape" not in {row.points_at for row in step.why}
    assert step.how == "Softly under the cheekbones; the photo does not tell the shape of the face."


@pytest.mark.parametrize(
    ("concern", "category", "text"),
    [
        (
            "shine",
            "foundation",
            "Your skin showed shine: a matte base keeps, and more light on it would not.",
        ),
        ("texture", "highlighter", "Shimmer shows texture: a satin one does not."),
        ("pores", "highlighter", "Shimmer shows pores: a satin one does not."),
        ("wrinkles", "eyeshadow", "Satin or matte lids do not settle in lines as shimmer does."),
    ],
)
def test_a_finish_that_the_skin_asks_for_says_so(
    catalogue: Catalogue, concern: str, category: str, text: str
) -> None:
    result = ask(catalogue, reading=with_score(reading_of(), concern, 30))

    assert reason(f"skin.concerns.{concern}", result, category) == Reason(
        text=text, points_at=f"skin.concerns.{concern}", sources=("own",)
    )


# --- why: the season, and what is beside ---------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.8, "Suits Soft Autumn, your colour season."),
        (0.79, "Suits most of what this photo leaves open of your colour season."),
    ],
)
def test_a_season_is_a_reason_by_name_only_where_it_has_one(
    catalogue: Catalogue, limits: Limits, share: float, text: str
) -> None:
    limits(season=0.8)
    rest = (1 - share) / 2
    shares = (
        Share(name="Soft Autumn", share=share),
        Share(name="True Autumn", share=rest),
        Share(name="Soft Summer", share=rest),
    )

    result = ask(catalogue, reading=reading_of().model_copy(update={"season": shares}))

    for category in ("blush", "lip", "eyeshadow", "eyeliner"):
        assert reason("season", result, category).text == text


def test_a_season_that_was_not_measured_is_not_spoken_of(catalogue: Catalogue) -> None:
    result = ask(catalogue, reading=reading_of().model_copy(update={"season": None}))

    points_at = {row.points_at for step in steps_of(result) for row in step.why}
    assert "season" not in points_at
    assert {len(look.why) for look in result.looks} == {1}


@pytest.mark.parametrize(("name", "text"), [("green", "green"), (None, "#6b6a3f")])
def test_a_lid_across_from_the_eyes_says_so(
    catalogue: Catalogue, name: str | None, text: str
) -> None:
    reading = with_colours(reading_of(), HAIR, colour_of("eyes", name, "#6b6a3f"))

    result = ask(catalogue, reading=reading)

    assert reason("face.colours.eyes", result, "eyeshadow", look=2) == Reason(
        text=f"Set against your {text} eyes, across the colour wheel.",
        points_at="face.colours.eyes",
        sources=("iris",),
    )
    quiet = [step_of(look, "eyeshadow").why for look in result.looks[:2]]
    assert "face.colours.eyes" not in {row.points_at for why in quiet for row in why}


def test_colours_of_one_family_name_the_one_they_follow(catalogue: Catalogue) -> None:
    looks = ask(catalogue, owned("lip", "#a25a50")).looks

    followed = {
        look.idea: {s.category: texts(s)[-1] for s in look.steps if "family" in texts(s)[-1]}
        for look in looks
    }
    assert followed == {
        "soft": {"lip": "In one family with the blush."},
        "lips": {"blush": "In one family with the lip colour."},
        "eyes": {
            "blush": "In one family with the eye shadow.",
            "lip": "In one family with the eye shadow.",
        },
    }
    assert step_of(looks[1], "blush").why[-1].sources == ("harmony",)


@pytest.mark.parametrize(
    ("colours", "points_at", "text"),
    [
        ([HAIR], "face.colours.hair", "Close to your hair (brown)."),
        (
            [HAIR, colour_of("brows", None, "#54402f")],
            "face.colours.brows",
            "Close to your brows (#54402f).",
        ),
    ],
)
def test_brows_follow_the_brows_or_else_the_hair(
    catalogue: Catalogue, colours: list[Any], points_at: str, text: str
) -> None:
    result = ask(catalogue, reading=with_colours(reading_of(), *colours))

    assert reason(points_at, result, "brow") == Reason(
        text=text, points_at=points_at, sources=("own",)
    )


@pytest.mark.parametrize(
    ("colours", "points_at", "text", "shade"),
    [
        ([], "rules.makeup", "Black frames every eye.", "black"),
        ([HAIR], "rules.makeup", "Black frames every eye.", "black"),
        (
            [colour_of("hair", "blond", "#c8a878")],
            "face.colours.hair",
            "Softer than black beside light hair.",
            "brown-black",
        ),
        (
            [colour_of("brows", "blond", "#c8a878")],
            "face.colours.brows",
            "Softer than black beside light hair.",
            "brown-black",
        ),
    ],
)
def test_mascara_is_black_but_beside_light_hair(
    catalogue: Catalogue, colours: list[Any], points_at: str, text: str, shade: str
) -> None:
    result = ask(catalogue, reading=with_colours(reading_of(), *colours))

    assert reason(points_at, result, "mascara") == Reason(
        text=text, points_at=points_at, sources=("own",)
    )
    assert step_of(result.looks[0], "mascara").shade == shade


def test_a_lip_liner_says_how_near_the_lip_colour_is(catalogue: Catalogue) -> None:
    result = ask(catalogue, owned("lip", "#a25a50"), owned("lip_liner", "#9a5850"))

    text = "Near the lip colour (CIEDE2000 2.0), so that the line does not show."
    assert reason("rules.makeup", result, "lip_liner") == Reason(
        text=text, points_at="rules.makeup", sources=("own",)
    )
