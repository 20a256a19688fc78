import numpy as np
import pytest

from facet import colour
from facet.domain.face import Tone
from facet.domain.naming import reaches
from facet.domain.tone import ita_class
from facet.vision.skin.light import Light, estimate_light
from facet.vision.skin.tone import SkinColour, measure_tone, skin_colour

SURE = Light((0.0, 0.0), (0.0, 0.0), 1.0)
DISPUTED = Light((0.0, 0.0), (30.0, 0.0), 0.0)

# CIELAB of skin over the range that spectrophotometers find, lightest to darkest.
SKINS = {
    "very light": (70.0, 8.0, 12.0),
    "light": (65.0, 10.0, 15.0),
    "intermediate": (60.0, 11.5, 16.0),
    "tan": (56.0, 12.5, 18.0),
    "brown": (45.0, 13.0, 17.0),
    "dark": (33.0, 10.0, 11.0),
}


def patch(
    lab: tuple[float, float, float], count: int = 400, noise: float = 2.0, seed: int = 0
) -> np.ndarray:
    values = np.array(lab) + np.random.default_rng(seed).normal(0, noise, (count, 3))
    return np.rint(colour.srgb_from_linear(colour.linear_from_lab(values)) * 255).astype(np.uint8)


def face(
    lab: tuple[float, float, float], **others: tuple[float, float, float]
) -> dict[str, np.ndarray]:
    names = ("right_cheek", "left_cheek", "below_lip", "forehead")
    return {name: patch(others.get(name, lab), seed=seed) for seed, name in enumerate(names)}


def skin_of(patches: dict[str, np.ndarray]) -> SkinColour:
    skin = skin_colour(patches)
    assert skin is not None
    return skin


def tone_of(
    lab: tuple[float, float, float], light: Light = SURE, **others: tuple[float, float, float]
) -> Tone:
    return measure_tone(skin_of(face(lab, **others)), light)


@pytest.mark.parametrize(("name", "lab"), SKINS.items())
def test_every_ita_class_can_be_the_answer(name: str, lab: tuple[float, float, float]) -> None:
    tone = tone_of(lab)

    assert ita_class(tone.ita) == name
    assert tone.ita_class in (name, None)
    assert name in (tone.open.classes if tone.open else (tone.ita_class,))
    assert tone.ita == pytest.approx(float(colour.ita(lab)), abs=2)
    assert tone.ita_interval[0] < tone.ita < tone.ita_interval[1]


def test_a_tone_is_named_only_where_its_share_reaches_the_limit() -> None:
    for lab in SKINS.values():
        for light in (SURE, DISPUTED):
            tone = tone_of(lab, light)
            assert (tone.ita_class is None) == (tone.open is not None)
            if tone.ita_class:
                assert reaches("ita_class", tone.ita_class, tone.confidence)
            if tone.undertone:
                assert reaches("undertone", tone.undertone, tone.undertone_confidence)


def test_monk_shares_are_a_distribution_that_darkens_with_the_skin() -> None:
    middles = []
    for lab in SKINS.values():
        shares = {swatch.tone: swatch.share for swatch in tone_of(lab).monk}
        assert sum(shares.values()) == pytest.approx(1, abs=0.01)
        middles.append(sum(tone * share for tone, share in shares.items()))

    assert middles == sorted(middles)
    assert middles[0] < 3
    assert middles[-1] > 7.5


def test_light_skin_is_not_given_the_middle_of_the_monk_scale() -> None:
    # The nearest swatch to measured light skin is tone 5: the trap this avoids.
    assert tone_of(SKINS["light"]).monk[0].tone <= 3


def moved(patches: dict[str, np.ndarray], gain: float | np.ndarray) -> dict[str, np.ndarray]:
    """The same patches with linear light times gain, a full channel staying full."""
    linear = {name: colour.linear_from_srgb(pixels) * gain for name, pixels in patches.items()}
    return {
        name: np.rint(colour.srgb_from_linear(np.minimum(values, 1)) * 255).astype(np.uint8)
        for name, values in linear.items()
    }


@pytest.mark.parametrize("lab", [*SKINS.values(), (77.0, 24.4, 25.5)])
@pytest.mark.parametrize("stops", [-0.3, 0.3])
def test_a_third_of_a_stop_of_exposure_stays_within_the_interval(
    lab: tuple[float, float, float], stops: float
) -> None:
    # The last of them is bright enough to lose its red.
    patches = face(lab)
    low, high = measure_tone(skin_of(patches), SURE).ita_interval

    angle = measure_tone(skin_of(moved(patches, 2.0**stops)), SURE).ita
    assert low - 2 <= angle <= high + 2  # which is as wide on either side; the move is not


@pytest.mark.parametrize("channel", range(3))
@pytest.mark.parametrize("gain", [0.95, 1.05])
def test_five_percent_of_white_balance_stay_within_the_interval(channel: int, gain: float) -> None:
    for lab in SKINS.values():
        patches, gains = face(lab), np.ones(3)
        gains[channel] = gain
        low, high = measure_tone(skin_of(patches), SURE).ita_interval
        assert low <= measure_tone(skin_of(moved(patches, gains)), SURE).ita <= high


def test_patches_that_disagree_widen_the_interval() -> None:
    # One cheek in the lamp's light, the other in the window's.
    agreed = tone_of((60.0, 14.0, 18.0))
    disputed = tone_of((60.0, 14.0, 18.0), left_cheek=(66.0, 8.0, 10.0))
    lonely = measure_tone(skin_of({"left_cheek": patch((60.0, 14.0, 18.0))}), SURE)

    assert np.ptp(disputed.ita_interval) > 1.05 * np.ptp(agreed.ita_interval)
    assert np.ptp(lonely.ita_interval) > 1.05 * np.ptp(agreed.ita_interval)
    assert disputed.confidence <= agreed.confidence


def test_a_disputed_white_balance_widens_the_interval_and_lowers_confidence() -> None:
    sure, unsure = tone_of(SKINS["tan"]), tone_of(SKINS["tan"], DISPUTED)

    assert np.ptp(unsure.ita_interval) > np.ptp(sure.ita_interval)
    assert unsure.undertone_confidence < sure.undertone_confidence
    assert unsure.ita == sure.ita


def lit(stops: float) -> Light:
    """White light of which the brightest things lie so many stops below white."""
    return Light((0.0, 0.0), (0.0, 0.0), 1.0, brightest=(2.0**-stops, 2.0**-stops))


@pytest.mark.parametrize("lab", SKINS.values())
def test_the_dimmer_the_photo_the_less_it_says(lab: tuple[float, float, float]) -> None:
    tones = [measure_tone(skin_of(face(lab)), lit(stops)) for stops in (0, 0.8, 1.6)]

    errors = [tone.ita_error or 0 for tone in tones]
    moves = [abs((tone.ita_estimate or 0) - tone.ita) for tone in tones]
    assert errors == sorted(errors)
    assert errors[2] > 1.2 * errors[0]
    assert moves == sorted(moves)


def test_in_dim_light_a_dark_reading_is_not_believed() -> None:
    bright, dim = (measure_tone(skin_of(face(SKINS["dark"])), lit(stops)) for stops in (0, 1.6))
    # Of a face that in its own light would be of medium skin.
    assert dim.confidence < bright.confidence - 0.2
    assert sum(swatch.share for swatch in dim.monk if swatch.tone >= 9) < 0.3


def test_light_that_can_be_trusted_leaves_the_tone_where_it_is() -> None:
    for lab in SKINS.values():
        tone = tone_of(lab)
        assert tone.ita_estimate == pytest.approx(tone.ita, abs=1.5)


def test_what_the_photo_shows_lies_in_its_interval_even_where_it_is_not_believed() -> None:
    for lab in SKINS.values():
        for light in (SURE, DISPUTED, lit(2), Light(None, None, 0.5, brightest=(0.1, 0.05))):
            tone = tone_of(lab, light)
            assert tone.ita_interval[0] <= tone.ita <= tone.ita_interval[1]


def test_one_side_in_the_shade_is_light_that_cannot_be_trusted() -> None:
    even = tone_of(SKINS["light"])
    shaded = tone_of(SKINS["light"], right_cheek=(42.0, 9.0, 11.0))
    assert (shaded.ita_error or 0) > 1.3 * (even.ita_error or 0)


def test_a_cast_is_taken_out_of_the_skin_where_the_eyes_show_it_too() -> None:
    linear = colour.linear_from_lab(SKINS["light"])
    cast, wall = (-2.0, 14.0), (5.0, -60.0)
    hues = [
        float(colour.hue(colour.lab_from_linear(light.balanced(linear))))
        for light in (
            Light(None, None, 0.5),
            Light(cast, (0.0, 20.0), 0.8),
            Light(cast, (0.0, 1.0), 0.2),
            Light(wall, (0.0, 1.0), 0.0),
        )
    ]
    assert hues[1] < hues[0] - 5
    assert hues[2] == pytest.approx(hues[0], abs=1)
    assert hues[3] == pytest.approx(hues[0], abs=1)


def test_undertone_has_three_answers_around_the_usual_hue() -> None:
    answers = []
    for degrees in (34, 46, 58):
        a, b = 18 * np.cos(np.radians(degrees)), 18 * np.sin(np.radians(degrees))
        answers.append(tone_of((65.0, a, b)).undertones[0].name)

    assert answers == ["cool", "neutral", "warm"]


def test_shine_and_shadow_do_not_move_the_tone() -> None:
    clean = face(SKINS["tan"])
    marked = {name: pixels.copy() for name, pixels in clean.items()}
    for pixels in marked.values():
        pixels[:60] = 255
        pixels[60:120] = 8
    plain, spotted = skin_of(clean), skin_of(marked)

    assert colour.delta_e_2000(plain.lab, spotted.lab) < 0.5


def test_a_fringe_and_a_beard_do_not_count_as_skin() -> None:
    dark_hair = (18.0, 3.0, 4.0)
    bare = skin_of(face(SKINS["light"]))
    hidden = skin_of(face(SKINS["light"], forehead=dark_hair, below_lip=dark_hair))

    assert colour.delta_e_2000(bare.lab, hidden.lab) < 1
    assert min(hidden.differences["forehead"], hidden.differences["below_lip"]) > 30
    assert max(bare.differences.values()) < 3


def test_a_face_without_a_visible_cheek_has_no_tone() -> None:
    assert skin_colour({"forehead": patch(SKINS["tan"])}) is None
    assert skin_colour({"right_cheek": patch(SKINS["tan"], count=3)}) is None


def scene(
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0),
    wall: tuple[float, float, float] = (0.4, 0.4, 0.4),
    sclera: tuple[float, float, float] = (0.62, 0.55, 0.50),
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]:
    """A grey room, a face, two eyes with an iris, all under one light."""
    linear = np.empty((300, 300, 3))
    linear[:] = wall
    linear[60:240, 90:210] = colour.linear_from_lab(SKINS["tan"])
    rings = []
    for left in (110, 160):
        linear[120:132, left : left + 36] = sclera
        linear[120:132, left + 11 : left + 25] = (0.05, 0.03, 0.02)
        angles = np.linspace(np.pi, -np.pi, 16, endpoint=False)
        middle = np.array([left + 18, 126])
        rings.append(middle + np.stack([18 * np.cos(angles), 7 * np.sin(angles)], axis=1))
    lit = np.clip(linear * gains, 0, 0.9)
    pixels = np.rint(colour.srgb_from_linear(lit) * 255).astype(np.uint8)
    outline = np.array([[90, 60], [210, 60], [210, 240], [90, 240]], dtype=float)
    skin = colour.lab_from_srgb(pixels[200, 150])
    return pixels, outline, rings, skin


def test_white_light_shows_no_cast_and_both_estimates_agree() -> None:
    light = estimate_light(*scene())

    assert light.surroundings is not None
    assert np.hypot(*light.surroundings) < 1
    assert light.agreement > 0.8
    assert light.cast < 4


def test_a_photo_at_half_its_light_is_a_stop_dimmer() -> None:
    full, half = (
        estimate_light(*scene(gains=(1.5, 1.5, 1.5))),
        estimate_light(*scene(gains=(0.75,) * 3)),
    )

    assert half.dimness - full.dimness == pytest.approx(1, abs=0.1)


def test_coloured_light_moves_both_estimates() -> None:
    light = estimate_light(*scene(gains=(1.5, 1.0, 0.55)))

    assert light.cast > 15
    assert light.surroundings is not None
    assert light.sclera is not None
    assert light.surroundings[1] > 15
    assert light.sclera[1] > 10


def test_a_coloured_wall_is_not_coloured_light() -> None:
    light = estimate_light(*scene(wall=(0.05, 0.15, 0.6)))

    assert light.surroundings is not None
    assert light.surroundings[1] < -30
    assert light.agreement < 0.2
    assert light.cast < 6


def test_closed_eyes_leave_one_estimate_and_half_the_trust() -> None:
    pixels, outline, rings, skin = scene()
    flat = [ring * (1, 0) + (0, 126) for ring in rings]

    light = estimate_light(pixels, outline, flat, skin)

    assert (light.sclera, light.agreement, light.cast) == (None, 0.5, 0.0)


def test_a_card_before_one_eye_is_no_light_that_both_show() -> None:
    pixels, outline, rings, skin = scene(gains=(1.2, 1.0, 0.8))
    lit = estimate_light(pixels, outline, rings, skin)
    carded = pixels.copy()
    carded[120:132, 110:146] = 200

    light = estimate_light(carded, outline, rings, skin)

    assert lit.both_eyes == pytest.approx(lit.sclera, abs=1)
    assert light.both_eyes == pytest.approx((0, 0), abs=1)


@pytest.mark.parametrize("error", [0.0, 0.04])
def test_an_error_too_small_to_tell_is_told_as_the_smallest(
    error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A damaged file may hold colours that no light moves: those at the ends of the scale.
    monkeypatch.setattr("facet.vision.skin.tone._left_open", lambda *_: error)
    monkeypatch.setattr("facet.vision.skin.tone._trust", lambda *_: 1.0)

    assert tone_of((60.0, 10.0, 18.0)).ita_error == 0.1
