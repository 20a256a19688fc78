"""How sure a pick is: formulas held to values worked out by hand."""

import math
from dataclasses import replace

import pytest

from facet.advice.harmony import LCh, hue_difference, rules
from facet.advice.makeup.match import sampled_skin, skin_pick
from facet.advice.makeup.near import brow_pick, lip_liner_pick, mascara_pick, skin_like_pick
from facet.advice.makeup.season import Aim, season_pick
from facet.advice.makeup.shades import Shade
from facet.catalogue.catalogue import Catalogue
from facet.colour import delta_e_2000, hex_from_lab, lab_from_hex
from facet.domain.face import FaceReading, FeatureColour, Share
from tests.unit.advice.faces import ask, brief, colour_of, reading_of, with_colours

TONE = 0.7  # confidence of the skin's tone
PLAIN = Aim("neutral", {})
BROWN, MAUVE = "#a08c7b", "#946d81"


def of_season(*shares: tuple[str, float]) -> FaceReading:
    season = tuple(Share(name=name, share=share) for name, share in shares)
    return reading_of().model_copy(update={"season": season})


def shade(category: str, colour: str, finish: str = "matte", item_id: str | None = None) -> Shade:
    return Shade(category, f"{category} {finish}", colour, finish, item_id)


def share_of_best(
    catalogue: Catalogue, mine: Shade, card: Shade, aim: Aim, reading: FaceReading | None = None
) -> float:
    """The fit of an owned shade over the card's, by how sure the pick of it is."""
    asked = brief(catalogue, mine, card=(card,), reading=reading)
    pick = season_pick(asked, mine.category, aim, {}, may_suggest=True)
    assert pick is not None
    assert pick.shade is mine
    return (pick.confidence / TONE - 0.4) / 0.6


# --- the season ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("season", "confidence"),
    [
        ([("Soft Autumn", 1.0)], 0.7),  # 0.7 x (0.5 + 0.5 x 1)
        # 0.7 x (0.5 + 0.5 x (1 - ln 2 / ln 12))
        ([("Soft Autumn", 0.5), ("Soft Summer", 0.5)], 0.6024),
        ([], 0.35),  # 0.7 x 0.5
    ],
)
def test_the_best_shade_is_as_sure_as_tone_and_season(
    catalogue: Catalogue, season: list[tuple[str, float]], confidence: float
) -> None:
    asked = brief(catalogue, reading=of_season(*season))

    pick = season_pick(asked, "blush", PLAIN, {}, may_suggest=True)

    assert pick is not None
    assert pick.confidence == pytest.approx(confidence, abs=1e-4)


def test_a_loud_lid_counts_three_tenths_where_it_is_meant_to_be_quiet(
    catalogue: Catalogue,
) -> None:
    mine = shade("eyeshadow", BROWN, "metallic", "mine")

    share = share_of_best(catalogue, mine, shade("eyeshadow", BROWN), PLAIN)

    assert share == pytest.approx(0.3)


def test_matte_and_lighter_than_the_skin_is_chalk_and_shimmer_is_not(
    catalogue: Catalogue,
) -> None:
    skin = LCh.of_lab(reading_of().skin.tone.lab)
    light = hex_from_lab(LCh(skin.lightness + 3 + 4, 30, 30).lab)
    lighter = LCh.of_lab(lab_from_hex(light)).lightness - skin.lightness - 3

    mine = shade("blush", light, "matte", "mine")
    share = share_of_best(catalogue, mine, shade("blush", light, "shimmer"), PLAIN)

    assert share == pytest.approx(math.exp(-((lighter / 6) ** 2)))


def test_an_accent_counts_by_how_far_it_stands_across_from_the_iris(catalogue: Catalogue) -> None:
    """0.3 + 0.7 exp(-((180 - turn) / 60) ** 2 / 2), less where it has hardly a colour."""
    green = LCh.of_lab(lab_from_hex("#6b6a3f"))

    def set_off(colour: LCh) -> float:
        turn = abs(hue_difference(colour.hue, green.hue))
        opposite = math.exp(-(((180 - turn) / 60) ** 2) / 2)
        return 0.3 + 0.7 * opposite * min(1, colour.chroma / 15)

    mine, card = shade("eyeshadow", "#6f6a80", "satin", "mine"), shade("eyeshadow", MAUVE)
    beside_green, beside_brown = (
        share_of_best(
            catalogue,
            mine,
            card,
            Aim("accent", {}),
            with_colours(reading_of(), colour_of("eyes", name, "#6b6a3f")),
        )
        for name in ("green", "light brown")
    )

    assert mine.lch.chroma < 15 < card.lch.chroma
    assert beside_green / beside_brown == pytest.approx(set_off(mine.lch) / set_off(card.lch))


@pytest.mark.parametrize(
    ("eyes", "across"),
    [
        (colour_of("eyes", "green", "#6b6a3f"), True),
        (colour_of("eyes", "green", "#6b6a3f", confidence=0.4), True),
        (colour_of("eyes", "green", "#6b6a3f", confidence=0.39), False),
        (colour_of("eyes", "dark brown", "#6b6a3f"), False),
        (colour_of("eyes", "grey", "#6b6b68"), False),
    ],
)
def test_an_iris_counts_where_it_was_seen_well_and_has_a_hue(
    catalogue: Catalogue, eyes: FeatureColour, across: bool
) -> None:
    asked = brief(
        catalogue, card=(shade("eyeshadow", MAUVE),), reading=with_colours(reading_of(), eyes)
    )

    accent, quiet = (
        season_pick(asked, "eyeshadow", Aim(eye, {}), {}, may_suggest=True)
        for eye in ("accent", "neutral")
    )

    assert accent
    assert quiet
    assert accent.beside == (eyes if across else None)
    assert quiet.beside is None


@pytest.mark.parametrize(
    ("category", "eye", "fit"),
    [
        ("blush", "tonal", 0.25),  # of no relation: contrast was not asked for
        ("eyeshadow", "accent", 0.85),  # nearly opposite: contrast was
    ],
)
def test_a_colour_beside_the_leading_one_counts_by_how_they_go_together(
    catalogue: Catalogue, category: str, eye: str, fit: float
) -> None:
    """0.4 + 0.6 times the relation's fit: two hues as warm as each other, 150 degrees apart."""
    warm = rules()["harmony"]["warm_pole"]
    colours = [LCh(40, 25, (warm + turn) % 360) for turn in (75, -75)]
    lead, mine = (hex_from_lab(colour.lab) for colour in colours)
    leading, reading = shade(category, lead), with_colours(reading_of())

    share = share_of_best(
        catalogue,
        shade(category, mine, item_id="mine"),
        leading,
        Aim(eye, {}, leading),
        reading,
    )

    assert share == pytest.approx(0.4 + 0.6 * fit, abs=0.03)


@pytest.mark.parametrize(("looks", "item_id"), [(0, "quiet"), (1, "quiet"), (2, "loud")])
def test_a_lid_of_earlier_looks_counts_less_each_time(
    catalogue: Catalogue, looks: int, item_id: str
) -> None:
    """0.45 of it and 0.45 of that, against one whose fit is 0.3 of it."""
    quiet = shade("eyeshadow", BROWN, "matte", "quiet")
    loud = shade("eyeshadow", BROWN, "metallic", "loud")
    asked = replace(brief(catalogue), owned={"eyeshadow": [loud, quiet]})

    pick = season_pick(asked, "eyeshadow", PLAIN, {quiet.key: looks}, may_suggest=True)

    assert pick is not None
    assert pick.shade.item_id == item_id


def test_an_owned_shade_serves_from_a_fifth_of_the_best_fit(catalogue: Catalogue) -> None:
    """A loud lid counts 0.3 of a quiet one; it would not serve if it counted 0.19."""
    loud = shade("eyeshadow", BROWN, "metallic", "mine")
    card = shade("eyeshadow", BROWN)
    asked = brief(catalogue, loud, card=(card,))
    dull = replace(asked, rules={**asked.rules, "choice": {**asked.rules["choice"], "loud": 0.19}})

    picks = [season_pick(row, "eyeshadow", PLAIN, {}, may_suggest=True) for row in (asked, dull)]

    assert [pick.shade if pick else None for pick in picks] == [loud, card]


def test_whatever_is_owned_serves_where_nothing_may_be_suggested(catalogue: Catalogue) -> None:
    lip = shade("lip", "#20c040", item_id="mine")

    pick = season_pick(brief(catalogue, lip, card=()), "lip", PLAIN, {}, may_suggest=True)

    assert pick is not None
    assert pick.shade is lip
    assert pick.confidence == pytest.approx(0.4 * TONE), "there is no best fit to have a share of"


# --- near a colour of the face -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "moved"),
    [("contour", (-13, 0.8, 3)), ("bronzer", (-9, 1.2, 8)), ("highlighter", (13, 0.8, 8))],
)
def test_a_shade_moved_from_the_skin_is_as_sure_as_it_is_near(
    catalogue: Catalogue, category: str, moved: tuple[float, float, float]
) -> None:
    """The tone's confidence times 1 less CIEDE2000 over twice what an owned one may be off."""
    within = {"contour": 9, "bronzer": 10, "highlighter": 13}[category]
    lightness, chroma, hue = LCh.of_lab(reading_of().skin.tone.lab)
    target = LCh(lightness + moved[0], chroma * moved[1], hue + moved[2])
    mine = hex_from_lab((target.lightness + 4, *target.lab[1:]))
    away = float(delta_e_2000(lab_from_hex(mine), target.lab))

    pick = skin_like_pick(
        brief(catalogue, shade(category, mine, item_id="mine")), category, may_suggest=False
    )

    assert pick is not None
    assert pick.confidence == pytest.approx(TONE * (1 - away / (2 * within)))


def test_an_owned_shade_that_is_too_far_makes_room_for_any_of_the_card(
    catalogue: Catalogue,
) -> None:
    mine, card = shade("contour", "#2040c0", item_id="mine"), shade("contour", "#20c040")
    asked = brief(catalogue, mine, card=(card,))

    pick = skin_like_pick(asked, "contour", may_suggest=True)

    assert pick is not None
    assert pick.shade is card
    assert pick.confidence == 0, "as far as can be is not below nothing"
    assert skin_like_pick(asked, "contour", may_suggest=False) is None


@pytest.mark.parametrize(("brow", "moved"), [("#c8a878", -8.0), ("#54402f", 0.0), ("#1c1714", 7.0)])
def test_a_brow_is_deeper_than_light_hair_and_softer_than_dark(
    catalogue: Catalogue, brow: str, moved: float
) -> None:
    lightness, a, b = lab_from_hex(brow).tolist()
    mine = hex_from_lab((lightness + moved, a, b))
    away = float(delta_e_2000(lab_from_hex(mine), (lightness + moved, a, b)))
    reading = with_colours(reading_of(), colour_of("brows", None, brow, confidence=0.6))

    pick, _ = brow_pick(
        brief(catalogue, shade("brow", mine, item_id="mine"), reading=reading), may_suggest=False
    )

    assert pick is not None
    assert pick.confidence == pytest.approx(0.6 * (1 - away / 30))


def test_mascara_is_surer_where_the_hair_was_seen_and_an_owned_one_always_serves(
    catalogue: Catalogue,
) -> None:
    blue = shade("mascara", "#2040c0", item_id="mine")
    bald = brief(catalogue, blue, reading=with_colours(reading_of()))

    seen, unseen = (mascara_pick(b, may_suggest=True) for b in (brief(catalogue, blue), bald))

    assert seen
    assert unseen
    assert (seen.confidence, unseen.confidence) == (0.9, 0.7)
    assert seen.shade is unseen.shade is blue


def test_a_lip_liner_is_as_sure_as_the_lip_colour_it_lines(catalogue: Catalogue) -> None:
    asked = brief(catalogue, shade("lip_liner", "#9a5850", item_id="mine"))
    lip = season_pick(asked, "lip", PLAIN, {}, may_suggest=True)

    liner = lip_liner_pick(asked, lip)

    assert lip
    assert liner
    assert liner.confidence == lip.confidence
    assert liner.away == pytest.approx(float(delta_e_2000(lab_from_hex("#9a5850"), lip.shade.lab)))
    assert lip_liner_pick(asked, None) is None


# --- the skin ------------------------------------------------------------------------------------


def test_the_skin_s_samples_run_through_the_errors_of_one_photo() -> None:
    """ITA's interval is one standard deviation; hue turns 6 degrees where half sure (3 to 9)."""
    tone = reading_of(sure=0.5).skin.tone
    lightness, chroma, hue = LCh.of_lab(tone.lab)
    deviation, turn = 1.2815515655446004, 0.967421566101701  # of the normal: 0.9, 5/6
    low, high = (50 + math.tan(math.radians(tone.ita + way)) * tone.lab[2] for way in (-10, 10))

    samples = sampled_skin(tone)

    assert samples.shape == (15, 3)
    assert samples[1] == pytest.approx(
        LCh(lightness + deviation * (low - lightness), chroma, hue).lab
    )
    assert samples[13] == pytest.approx(
        LCh(lightness + deviation * (high - lightness), chroma, hue).lab
    )
    assert samples[6] == pytest.approx(LCh(lightness, chroma, hue - turn * 6).lab)
    assert samples[8] == pytest.approx(LCh(lightness, chroma, hue + turn * 6).lab)


def test_no_error_of_the_photo_moves_the_skin_by_more_than_twelve_of_lightness() -> None:
    tone = reading_of(sure=0.5).skin.tone.model_copy(update={"ita_interval": (-90.0, 90.0)})
    lightness, chroma, hue = LCh.of_lab(tone.lab)

    samples = sampled_skin(tone)

    away = 1.2815515655446004 * 12
    assert samples[1] == pytest.approx(LCh(lightness - away, chroma, hue).lab)
    assert samples[13] == pytest.approx(LCh(min(lightness + away, 100), chroma, hue).lab)


def test_a_match_is_as_sure_as_samples_of_the_skin_are_near(catalogue: Catalogue) -> None:
    reading = reading_of()
    mine = shade("foundation", reading.skin.tone.hex, item_id="mine")
    away = delta_e_2000(mine.lab, sampled_skin(reading.skin.tone))

    pick, misses = skin_pick(brief(catalogue, mine), "foundation", may_suggest=True)

    assert pick is not None
    assert misses == ()
    assert pick.confidence == round(sum(away <= 4) / 15, 2)
    assert pick.match is not None
    assert pick.match.chance == pick.confidence
    assert pick.match.interval == pytest.approx(
        (
            pick.match.delta_e,
            sorted(away)[12] * 0.4 + sorted(away)[13] * 0.6,
        ),
        abs=0.01,
    )


@pytest.mark.parametrize(
    ("moved", "direction"),
    [
        ((3, 0, 0), "lighter"),
        ((-3, 0, 0), "deeper"),
        ((0, 0, 7), "warmer"),
        ((0, 0, -7), "cooler"),
        ((2, 5, 0), "richer"),
        ((2, -5, 0), "softer"),
    ],
)
def test_the_shade_to_try_next_is_told_by_what_differs_most(
    catalogue: Catalogue, moved: tuple[float, float, float], direction: str
) -> None:
    lightness, chroma, hue = LCh.of_lab(reading_of().skin.tone.lab)
    # Away from the skin to the other side, so that the other is often nearer.
    chosen, other = (
        LCh(lightness + way * moved[0], chroma + way * moved[1], hue + way * moved[2])
        for way in (-0.3, 0.7)
    )
    card = tuple(shade("foundation", hex_from_lab(colour.lab)) for colour in (chosen, other))

    pick, _ = skin_pick(brief(catalogue, card=card), "foundation", may_suggest=True)

    assert pick is not None
    assert pick.shade is card[0]
    assert pick.match is not None
    assert pick.match.neighbour is not None
    assert pick.match.neighbour.direction == direction
    samples = sampled_skin(reading_of().skin.tone)
    nearer = delta_e_2000(card[1].lab, samples) < delta_e_2000(card[0].lab, samples)
    assert pick.match.neighbour.chance == round(sum(nearer) / 15, 2)


def test_only_a_lid_stands_against_the_iris(catalogue: Catalogue) -> None:
    asked = brief(catalogue, card=(shade("blush", MAUVE),))

    pick = season_pick(asked, "blush", Aim("accent", {}), {}, may_suggest=True)

    assert pick is not None
    assert pick.beside is None


# --- a look --------------------------------------------------------------------------------------


@pytest.mark.parametrize("occasion", ["sport", "everyday", "evening"])
def test_a_look_is_as_sure_as_its_steps_on_the_average(catalogue: Catalogue, occasion: str) -> None:
    for look in ask(catalogue, occasion=occasion).looks:
        mean = sum(step.confidence for step in look.steps) / len(look.steps)
        assert look.confidence == round(mean, 2)


def test_the_steps_of_an_evening_are_this_sure(catalogue: Catalogue) -> None:
    (look, *_) = ask(catalogue).looks

    assert {step.category: step.confidence for step in look.steps} == {
        "foundation": 0.6,
        "concealer": 0.6,
        "contour": 0.66,
        "blush": 0.7,
        "highlighter": 0.51,
        "brow": 0.62,
        "eyeshadow": 0.7,
        "eyeliner": 0.7,
        "mascara": 0.9,
        "lip": 0.7,
    }
