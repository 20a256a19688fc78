"""Outfits in words: names, reasons, notes and the one suggestion, to the letter."""

from datetime import timedelta
from typing import Any

import pytest

from facet.advice.outfit.recommend import recommend_outfit
from facet.domain.advice import Note, Profile
from facet.domain.face import FaceReading, Share
from facet.domain.style import Outfit, OutfitResult, Weather
from tests.unit.advice.wardrobes import MILD, TODAY, WARDROBE, ask, garment, reading_of
from tests.unit.conftest import Limits, face_reading

DRESS = garment("d", "full_body", "#9a4a2c", formality=2)


def notes(result: OutfitResult) -> set[tuple[str, str]]:
    return {(note.code, note.text) for note in result.notes}


def reasons(outfit: Outfit) -> dict[str, str]:
    """Sentence by what it points at."""
    return {reason.points_at: reason.text for reason in outfit.why}


# --- names ---------------------------------------------------------------------------------------


def test_a_garment_is_called_as_its_owner_calls_it_or_else_by_its_category() -> None:
    top = garment("t", "top", name="Zelda's blouse", category="blouse")
    bottom = garment("b", "bottom", category="jeans")

    (outfit,) = ask([bottom, top]).outfits

    assert [(item.slot, item.name) for item in outfit.items] == [
        ("top", "Zelda's blouse"),
        ("bottom", "jeans"),
    ]


def test_an_outfit_shows_each_garment_s_largest_colour_and_runs_from_top_to_shoes() -> None:
    colours = [{"hex": "#111111", "share": 0.3}, {"hex": "#eeeeee", "share": 0.7}]
    coat = garment("o", "outer", warmth=5)
    shoes, scarf = garment("s", "shoes"), garment("a", "accessory")

    (outfit,) = ask(
        [shoes, scarf, coat, {**DRESS, "colours": colours}], weather=Weather(temperature_c=0)
    ).outfits

    assert [item.slot for item in outfit.items] == ["full_body", "outer", "shoes", "accessory"]
    assert outfit.items[0].hex == "#eeeeee"


# --- notes ---------------------------------------------------------------------------------------


def test_an_unknown_occasion_is_said_and_every_day_is_meant() -> None:
    result = ask([DRESS], occasion="moon landing")

    text = "The occasion 'moon landing' is not one we know; this is for every day."
    assert ("unknown_occasion", text) in notes(result)
    assert result.outfits[0].occasion == "everyday"
    assert "unknown_occasion" not in {note.code for note in ask([DRESS], occasion="gym").notes}


@pytest.mark.parametrize(
    ("told", "name"),
    [({"name": "Red coat", "category": "coat"}, "Red coat"), ({"category": "coat"}, "coat")],
)
def test_a_garment_whose_photo_was_not_read_is_named(told: dict[str, str], name: str) -> None:
    row = {"item_id": "p", "photo": {"status": "ready"}, **told}

    note = ask([row, DRESS]).notes[0]

    text = f"{name} was left out: its photo has not told its colours yet."
    assert note == Note(code="garment_not_read", text=text, item_id="p")


def test_a_garment_without_any_name_is_still_reported() -> None:
    note = ask([{"photo": {"status": "ready"}}, DRESS]).notes[0]

    text = "A garment was left out: its photo has not told its colours yet."
    assert note == Note(code="garment_not_read", text=text)


def test_rows_that_cannot_be_read_are_each_reported_and_the_same_note_once() -> None:
    feedback: list[Any] = [{"verdict": "shrug"}, {"verdict": "sigh"}]
    result = ask([{"item_id": "x"}, {}, {}, DRESS], feedback)

    assert [(note.text, note.item_id) for note in result.notes[:3]] == [
        ("One piece of feedback could not be read and was left out.", None),
        ("One garment could not be read and was left out.", "x"),
        ("One garment could not be read and was left out.", None),
    ]


def test_what_is_avoided_is_named_by_the_garment_and_not_by_the_allergy() -> None:
    wool = garment("w", "full_body", name="Wool dress")

    result = recommend_outfit(reading_of(), Profile(allergies=("wool",)), [wool], [])

    assert ("avoided_material", "Wool dress: named by something you avoid.") in notes(result)


def test_nothing_made_for_the_occasion_is_said_with_its_name() -> None:
    result = ask([garment("tracksuit", "full_body", formality=1)], occasion="wedding")

    text = "Nothing you own is made for this occasion (ceremony); these come near."
    assert ("not_dressy_enough", text) in notes(result)


def test_nothing_to_wear_at_all_is_not_said_to_come_near() -> None:
    codes = {note.code for note in ask([garment("s", "shoes")], occasion="wedding").notes}

    assert codes == {"thin_wardrobe"}


@pytest.mark.parametrize(
    ("resting", "text"),
    [
        (1, "One garment rests: worn in the last days."),
        (2, "2 garments rest: worn in the last days."),
    ],
)
def test_what_rests_is_counted(resting: int, text: str) -> None:
    worn = {"last_worn": str(TODAY - timedelta(days=1))}
    wardrobe = [garment(f"worn{n}", "full_body", **worn) for n in range(resting)]

    result = ask([*wardrobe, *WARDROBE])

    (note,) = [note for note in result.notes if note.code == "worn_lately"]
    assert (note.text, note.sources) == (text, ("own",))
    assert "own" in {source.id for source in result.sources}


@pytest.mark.parametrize(("days", "rests"), [(-1, False), (0, True), (6, True), (7, False)])
def test_a_dress_rests_for_seven_days_from_the_day_it_was_worn(days: int, rests: bool) -> None:
    row = {**DRESS, "last_worn": str(TODAY - timedelta(days=days))}

    assert bool(ask([row]).outfits) != rests


@pytest.mark.parametrize(
    ("dresses", "note"),
    [
        (0, ("thin_wardrobe", "Your wardrobe gives no outfits for this, not 3.")),
        (1, ("thin_wardrobe", "Your wardrobe gives one outfit for this, not 3.")),
        (2, ("thin_wardrobe", "Your wardrobe gives 2 outfits for this, not 3.")),
    ],
)
def test_a_thin_wardrobe_is_said_with_what_it_gives(dresses: int, note: tuple[str, str]) -> None:
    wardrobe = [garment(f"d{n}", "full_body") for n in range(dresses)]

    result = ask([*wardrobe, garment("s", "shoes")])

    assert notes(result) == {note}


def test_an_empty_wardrobe_is_asked_to_be_filled_and_three_outfits_need_no_word() -> None:
    text = "Add a garment or two: outfits are made of what you own."

    assert notes(ask([])) == {("wardrobe_empty", text)}
    assert not ask(WARDROBE).notes


# --- what it is based on, and why ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("weather", "degrees"),
    [
        (None, ()),
        (Weather(temperature_c=7.6), ("8 degrees",)),
        (Weather(temperature_c=7.6, rain=True), ("8 degrees, rain",)),
    ],
)
def test_it_says_what_was_known(weather: Weather | None, degrees: tuple[str, ...]) -> None:
    liked = {"verdict": "accept", "item_ids": ["d"], "on": str(TODAY)}

    result = ask([DRESS], [liked, liked], "office", weather)

    assert result.based_on == (
        *("1 garments", "occasion work", *degrees),
        *("every colour season by its share", "2 verdicts of yours"),
    )


def test_without_a_season_or_a_verdict_neither_is_said_to_be_known() -> None:
    result = recommend_outfit(face_reading(), Profile(), [DRESS], [])

    assert result.based_on == ("1 garments", "occasion everyday")
    assert "season" not in reasons(result.outfits[0])


@pytest.mark.parametrize(
    ("levels", "text"),
    [
        ((2, 2), "Formality 2 of 5, for every day."),
        ((3, 2), "Formality 2 to 3 of 5, for every day."),
    ],
)
def test_formality_is_one_level_or_a_range(levels: tuple[int, int], text: str) -> None:
    top, bottom = (
        garment(slot, slot, formality=level)
        for slot, level in zip(("top", "bottom"), levels, strict=True)
    )

    assert reasons(ask([top, bottom]).outfits[0])["rules.wardrobe.formality"] == text


@pytest.mark.parametrize(
    ("second", "relation", "text"),
    [
        ("#77777a", "neutrals", "Neutrals carry it: they go with everything."),
        ("#1f7a30", "tonal", "One hue in several depths."),
        ("#a8682e", "free", "Colours of no classic relation; the best your wardrobe gives here."),
    ],
)
def test_harmony_is_said(second: str, relation: str, text: str) -> None:
    wardrobe = [garment("t", "top", "#2e8b40"), garment("b", "bottom", second)]

    (outfit,) = ask(wardrobe).outfits

    assert outfit.harmony == relation
    assert reasons(outfit)["rules.wardrobe.colour"] == text


def test_a_colour_of_the_season_is_named_and_where_it_shows() -> None:
    rust, grey = "#a8582e", "#8c8c90"
    near = ask([garment("t", "top", rust), garment("b", "bottom", grey)], season="True Autumn")
    far = ask([garment("t", "top", "#2030ff"), garment("b", "bottom", rust)], season="True Autumn")

    words = "has a colour that suits most of what your photo leaves open."
    assert reasons(near.outfits[0])["season"] == f"t, near the face, {words}"
    assert reasons(far.outfits[0])["season"] == f"b {words}"


def test_a_season_is_named_only_where_its_share_reaches_the_limit(limits: Limits) -> None:
    shares = (Share(name="True Autumn", share=0.9), Share(name="Soft Autumn", share=0.1))
    reading = face_reading().model_copy(update={"season": shares})
    rust = garment("d", "full_body", "#a8582e")

    def said() -> tuple[str, str]:
        result = recommend_outfit(reading, Profile(), [rust], [])
        return reasons(result.outfits[0])["season"], result.based_on[-1]

    limits(season=0.9)
    named = "d has a colour of your season, True Autumn, near the face."
    assert said() == (named, "your colour season, True Autumn")
    limits(season=0.95)
    assert "Autumn" not in "".join(said())


@pytest.mark.parametrize(
    ("warmth", "celsius", "text"),
    [
        (3, 22, "22 degrees ask for about 0.7 clo when walking; this gives 0.6: warm enough."),
        (
            *(1, -5),
            "-5 degrees ask for about 2.4 clo when walking; this gives 0.2: not warm enough: "
            "add a layer.",
        ),
        (3, 28, "28 degrees ask for about 0.3 clo when walking; this gives 0.6: warm enough."),
        (3, 30, "30 degrees ask for about 0.2 clo when walking; this gives 0.6: rather warm."),
        (5, 30, "30 degrees ask for about 0.2 clo when walking; this gives 1.1: rather warm."),
    ],
)
def test_warmth_is_said(warmth: int, celsius: float, text: str) -> None:
    dress = {**DRESS, "warmth": warmth}

    (outfit,) = ask([dress], weather=Weather(temperature_c=celsius)).outfits

    assert reasons(outfit)["weather.temperature_c"] == text


def test_against_the_rain_there_is_something_to_wear_or_an_umbrella() -> None:
    rain = Weather(temperature_c=16, rain=True)
    mac = garment("mac", "outer", waterproof=True)

    assert reasons(ask([DRESS], weather=rain).outfits[0])["weather.rain"] == "Take an umbrella."
    dry = ask([DRESS, mac], weather=rain).outfits[0]
    assert reasons(dry)["weather.rain"] == "Against the rain: mac."
    assert "weather.rain" not in reasons(ask([DRESS]).outfits[0])


def test_what_was_liked_is_said_and_what_was_rejected_is_not() -> None:
    opinion = {"item_ids": ["d"], "on": str(TODAY - timedelta(days=1))}

    liked = ask([DRESS], [{**opinion, "verdict": "accept"}]).outfits[0]
    disliked = ask([DRESS], [{**opinion, "verdict": "reject", "item_ids": ["d", "x"]}])

    assert reasons(liked)["feedback"] == "You liked it before: d."
    assert not disliked.outfits, "the very base rests"


# --- confidence ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "weather", "confidence"),
    [
        # harmony 0.9 ** 0.20, season 0.5136 ** 0.15, warmth 0.9750 ** 0.25, the others 1
        (reading_of("True Autumn"), Weather(temperature_c=22), 0.88),
        # without warmth, times 0.85
        (reading_of("True Autumn"), None, 0.75),
        # without season either, times 0.7
        (face_reading(), None, 0.58),
    ],
    ids=["season and weather", "no weather", "neither"],
)
def test_confidence_falls_with_what_is_not_known(
    reading: FaceReading, weather: Weather | None, confidence: float
) -> None:
    wardrobe = [garment("t", "top", "#a8582e"), garment("b", "bottom", "#8c8c90")]

    (outfit,) = recommend_outfit(reading, Profile(), wardrobe, [], weather=weather).outfits

    assert outfit.confidence == confidence


def test_what_is_known_of_liking_changes_no_confidence() -> None:
    liked = {"verdict": "accept", "item_ids": ["d"], "on": str(TODAY)}

    assert ask([DRESS], [liked]).outfits[0].confidence == ask([DRESS]).outfits[0].confidence


# --- the one suggestion --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slots", "weather", "slot", "points_at", "text"),
    [
        ((), MILD, "top", "wardrobe", "A top: without one there is no outfit."),
        (("bottom",), MILD, "top", "wardrobe", "A top: without one there is no outfit."),
        (("top",), MILD, "bottom", "wardrobe", "A bottom: without one there is no outfit."),
        (
            *(("full_body",), Weather(temperature_c=16, rain=True), "outer", "weather.rain"),
            "A waterproof outer layer: you own none, and it rains.",
        ),
        (
            *(("full_body", "outer"), Weather(temperature_c=-20), "outer"),
            *(
                "weather.temperature_c",
                "A warmer outer layer: what you own for this weather is too light.",
            ),
        ),
        (
            *(("full_body",), Weather(temperature_c=22), "shoes", "wardrobe"),
            "A pair of shoes: none are in your wardrobe yet.",
        ),
        (
            *(("top", "bottom"), None, "shoes", "wardrobe"),
            "A pair of shoes: none are in your wardrobe yet.",
        ),
    ],
)
def test_the_gap_that_is_felt_most_is_suggested_in_a_colour_of_the_season(
    slots: tuple[str, ...], weather: Weather | None, slot: str, points_at: str, text: str
) -> None:
    (suggestion,) = ask([garment(name, name) for name in slots], weather=weather).suggestions

    assert (suggestion.slot, suggestion.text) == (slot, text)
    assert [(reason.points_at, reason.text) for reason in suggestion.why] == [
        (points_at, text),
        ("season", "In a colour that suits most of what your photo leaves open."),
    ]
    assert suggestion.hex == "#666d5d"


def test_waterproof_shoes_are_no_outer_layer() -> None:
    boots = garment("s", "shoes", waterproof=True)

    (suggestion,) = ask([DRESS, boots], weather=Weather(temperature_c=16, rain=True)).suggestions

    assert suggestion.slot == "outer"


def test_a_wardrobe_without_a_gap_gets_no_suggestion() -> None:
    wardrobe = [DRESS, garment("s", "shoes")]

    assert not ask(wardrobe, weather=Weather(temperature_c=22)).suggestions


def test_a_suggestion_without_a_season_names_none() -> None:
    (suggestion,) = recommend_outfit(face_reading(), Profile(), [], []).suggestions

    assert [reason.points_at for reason in suggestion.why] == ["wardrobe"]
