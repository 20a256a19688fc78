"""What is asked of a named condition, on photos made up."""

from pathlib import Path

import pytest

from evaluation.conditions import Named, figures
from evaluation.judge import Finding
from evaluation.takes import ACNE, PORTRAITS, Source
from facet.domain.face import Prediction, Share


def called(first: str, *, named: bool = True) -> Prediction:
    return Prediction(
        condition=first if named else None,
        confidence=0.5,
        all_conditions=(Share(name=first, share=0.9), Share(name="other", share=0.1)),
    )


def photo(first: str, *, group: str = PORTRAITS, grade: int = 0, **edited: str) -> Named:
    source = Source(group, Path("a.jpg"), "a", judged=True, labels={"grade": grade})
    return Named(source, called(first), {name: called(edit) for name, edit in edited.items()})


def finding(photos: list[Named], what: str) -> Finding:
    return next(finding for finding in figures(photos) if what in finding.what)


def test_a_name_lasts_where_the_edits_keep_it_first_named_or_not() -> None:
    steady = photo("oily", mirror="oily", jpeg_60="oily", sharpened="oily", tone_mapped="dry")
    torn = Named(steady.source, called("dry"), {"mirror": called("oily")})
    unnamed = Named(steady.source, called("dry", named=False), {"mirror": called("oily")})

    lasting = finding([steady, torn, unnamed], "stays first")

    assert lasting.value == pytest.approx(3 / 5)
    assert (lasting.n, lasting.met) == (5, False)
    assert "oily 0.75" in lasting.note
    assert finding([steady, torn, unnamed], "photos on which").value == pytest.approx(2 / 3)


def test_drawn_skin_is_held_against_the_name_it_is_to_get() -> None:
    photos = [photo("normal", flush="redness-prone", papules="oily")] * 4

    assert finding(photos, "drawn flush").met is True
    assert finding(photos, "drawn papules").met is False
    assert finding(photos, "drawn lentigines").value is None
    assert finding(photos, "drawn lentigines").met is False


def test_normal_is_no_name_for_acne_that_is_plain_to_see() -> None:
    acne = [
        photo("blemish-prone", group=ACNE, grade=2),
        photo("normal", group=ACNE, grade=3),
        photo("normal", group=ACNE, grade=1),
    ]

    assert finding(acne, "grade 2").value == pytest.approx(1 / 2)
