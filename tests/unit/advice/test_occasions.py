"""Occasions: every adviser knows the same ones, and every one can be said."""

import pytest

from facet.advice.makeup import brief
from facet.advice.occasions import occasion_in_words, occasion_of, rules
from facet.advice.outfit import wardrobe

OCCASIONS = rules()["occasions"]


def test_looks_and_outfits_know_every_occasion() -> None:
    assert set(brief.rules()["occasion"]) == set(OCCASIONS)
    assert set(OCCASIONS) <= set(wardrobe.rules()["formality"])


def test_every_other_word_means_an_occasion_there_is() -> None:
    assert set(rules()["called"].values()) <= set(OCCASIONS)


@pytest.mark.parametrize("occasion", OCCASIONS)
def test_an_occasion_is_called_by_its_own_name(occasion: str) -> None:
    assert occasion_of(occasion) == occasion
    assert occasion_of(f"  {occasion.upper()}! ") == occasion


@pytest.mark.parametrize(
    ("words", "occasion"),
    [
        ("", None),
        ("a concert with friends", "evening"),
        ("working", None),
        ("Bürö, office", "work"),
    ],
)
def test_one_word_that_is_understood_is_enough(words: str, occasion: str | None) -> None:
    assert occasion_of(words) == occasion


@pytest.mark.parametrize(
    ("occasion", "words"),
    [
        ("everyday", "every day"),
        ("work", "work"),
        ("evening", "an evening out"),
        ("ceremony", "a ceremony"),
        ("sport", "sport"),
        ("night_out", "night out"),
    ],
)
def test_an_occasion_is_said_after_for_and_an_older_one_as_it_was_stored(
    occasion: str, words: str
) -> None:
    assert occasion_in_words(occasion) == words
