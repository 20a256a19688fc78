"""The overall index: one number, what it is made of, and how much of a change is noise."""

import pytest

from facet.domain.face import Concern
from facet.vision.skin.index import skin_index
from facet.vision.skin.scores import CURRENT, load_scoring

SCORING = load_scoring(CURRENT)
VALUES = {"redness": 14.0, "blemishes": 0.2, "unevenness": 9.0, "shine": 1.0, "eye_bags": 2.0}


def concern(name: str, value: float, confidence: float = 0.5) -> Concern:
    return Concern(
        name=name,
        score=SCORING.score(name, value),
        measured=value,
        confidence=confidence,
        minimum_change=SCORING.minimum_change(name, value),
    )


def skin(**values: float) -> tuple[Concern, ...]:
    return tuple(concern(name, value) for name, value in {**VALUES, **values}.items())


def test_the_index_lies_among_the_scores_it_is_made_of() -> None:
    index = skin_index(skin(), SCORING)

    assert index is not None
    scores = [seen.score or 0 for seen in skin()]
    assert min(scores) < index.value < max(scores)
    assert index.of == tuple(VALUES)
    assert index.minimum_change > 0


def test_a_photo_s_own_confidence_does_not_move_it() -> None:
    sure = tuple(seen.model_copy(update={"confidence": 0.7}) for seen in skin())

    assert skin_index(sure, SCORING) == skin_index(skin(), SCORING)


@pytest.mark.parametrize("name", VALUES)
def test_no_concern_moves_it_beyond_its_noise_by_its_own_noise(name: str) -> None:
    index = skin_index(skin(), SCORING)
    assert index is not None
    least = SCORING.minimum_change(name, VALUES[name])

    for sign in (-1, 1):
        moved = skin_index(skin(**{name: VALUES[name] + sign * least}), SCORING)
        assert moved is not None
        assert 0 < abs(moved.value - index.value) <= index.minimum_change


def test_more_concerns_are_less_noise() -> None:
    few, all_ = skin_index(skin()[:3], SCORING), skin_index(skin(), SCORING)

    assert few is not None
    assert all_ is not None
    assert few.minimum_change > all_.minimum_change


def test_what_was_not_measured_or_hardly_seen_or_follows_the_light_is_not_in_it() -> None:
    hidden = Concern(name="wrinkles", reason="covered")
    seen = (*skin(), hidden, concern("dullness", -10), concern("texture", 2.0, confidence=0.05))

    assert skin_index(seen, SCORING) == skin_index(skin(), SCORING)


def test_two_concerns_are_no_index() -> None:
    assert skin_index(skin()[:2], SCORING) is None
    assert skin_index((), SCORING) is None
