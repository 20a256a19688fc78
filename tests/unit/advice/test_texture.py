"""Which texture suits a skin: told, shown, asked for."""

from typing import Any

import pytest

from facet.advice.skincare.texture import Texture, texture_for
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Profile
from tests.unit.conftest import face_reading


@pytest.mark.parametrize(
    ("scores", "told", "texture"),
    [
        ({}, {}, Texture()),
        ({"shine": 20}, {"skin_type": "dry"}, Texture("dry", 1.0)),
        ({"shine": 20}, {"skin_type": "sensitive"}, Texture("oily", 1.0, "shine", 20)),
        ({"shine": 50}, {}, Texture("oily", 1.0, "shine", 50)),
        ({"shine": 60}, {}, Texture("oily", 0.5, "shine", 60)),
        ({"shine": 70}, {}, Texture()),
        ({"shine": 30, "blemishes": 30}, {}, Texture("oily", 1.0, "shine", 30)),
        ({"shine": 65, "blemishes": 30}, {}, Texture("combination", 1.0, "blemishes", 30)),
        ({}, {"goals": ("dryness",)}, Texture("dry", 1.0)),
        ({"shine": 30}, {"goals": ("dryness",)}, Texture("combination", 1.0)),
        ({}, {"goals": ("shine",)}, Texture("oily", 1.0)),
        ({"shine": 90}, {"goals": ("shine",)}, Texture()),
    ],
)
def test_what_is_told_goes_before_what_is_asked_and_that_before_what_is_shown(
    catalogue: Catalogue, scores: dict[str, float], told: dict[str, Any], texture: Texture
) -> None:
    concerns = face_reading(**scores).skin.concerns

    assert texture_for(concerns, Profile(**told), catalogue.rules) == texture


def test_a_doubtful_measure_speaks_for_nothing(catalogue: Catalogue) -> None:
    (shine,) = face_reading(shine=10).skin.concerns
    doubtful = shine.model_copy(update={"confidence": 0.2})

    assert texture_for([doubtful], Profile(), catalogue.rules) == Texture()
