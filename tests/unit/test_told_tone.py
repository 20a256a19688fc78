"""What a person says fits them speaks for their tone, and what their photos say together."""

import numpy as np
import pytest
from pydantic import ValidationError

from facet import colour
from facet.domain.advice import FittingFoundation, Profile
from facet.domain.foundation import (
    ita_error,
    ita_of_sold,
    lab_of_hex,
    photo_of_sold,
    sold_of_photo,
)
from facet.domain.tone import ToneEvidence, monk_limits
from facet.domain.tone_of_person import surer, told_of_tone, tone_of_person
from tests.unit.conftest import face_reading

SOLD = ("#f5e0cf", "#e3bf9e", "#c69468", "#8d5a38", "#4a2c20")


def foundation(shade: str) -> Profile:
    return Profile(fitting_foundation=FittingFoundation(brand="Own", hex=shade))


@pytest.mark.parametrize("shade", [*SOLD, "#000000", "#ffffff", "#b5776a", "#00ff7f"])
def test_a_colour_without_numpy_is_the_colour_with_it(shade: str) -> None:
    code = np.array([int(shade[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.uint8)
    assert lab_of_hex(shade) == pytest.approx(tuple(colour.lab_from_srgb(code)), abs=0.01)


@pytest.mark.parametrize("shade", SOLD)
def test_a_shade_is_redder_on_a_photo_and_is_found_again_from_it(shade: str) -> None:
    sold = lab_of_hex(shade)
    shown = photo_of_sold(sold)

    turn = float(colour.hue(np.array(sold)) - colour.hue(np.array(shown)))
    assert 15 < turn < 28
    assert sold_of_photo(shown) == pytest.approx(sold, abs=1e-6)


def test_a_deeper_foundation_speaks_for_a_deeper_tone() -> None:
    angles = [ita_of_sold(shade) for shade in SOLD]
    assert None not in angles
    assert angles == sorted(angles, key=lambda angle: -(angle or 0))


def test_a_monk_tone_speaks_for_the_middle_of_its_limits() -> None:
    for told in range(1, 11):
        (piece,) = told_of_tone(Profile(monk_tone=told))
        low, high = monk_limits(told)
        assert low < piece.ita < high
        assert piece.error >= 12
    with pytest.raises(ValidationError):
        Profile(monk_tone=11)


def test_nothing_told_and_no_foundations_colour_speak_for_nothing() -> None:
    assert list(told_of_tone(Profile())) == []
    assert list(told_of_tone(foundation("#00ff7f"))) == []
    with pytest.raises(ValidationError):
        FittingFoundation.model_validate({"brand": "Own"})


def test_a_foundation_that_fits_is_surer_than_a_photo() -> None:
    photo = ToneEvidence(kind="photo", ita=60, error=20)
    told = ita_of_sold(SOLD[3])
    assert told

    person = tone_of_person((photo,), foundation(SOLD[3]))

    assert person
    assert person.evidence == ("photo", "foundation")
    assert abs(person.ita - told) < abs(person.ita - 60)
    assert ita_error() < 20


def test_a_reading_takes_the_tone_of_its_person_only_where_more_than_it_speaks() -> None:
    reading = face_reading(ita=45)
    photo = ToneEvidence(kind="photo", ita=45, error=10)
    alone, told = (
        tone_of_person((photo,), Profile()),
        tone_of_person((photo,), Profile(monk_tone=9)),
    )
    assert told

    assert surer(reading, None) == surer(reading, alone) == reading
    tone = surer(reading, told).skin.tone
    assert (tone.ita, tone.ita_interval, tone.monk) == (told.ita, told.ita_interval, told.monk)
    assert (tone.lab, tone.hex, tone.undertone) == (
        reading.skin.tone.lab,
        reading.skin.tone.hex,
        reading.skin.tone.undertone,
    )
