"""What is asked of a tone over several photos, on people made up."""

import pytest

from evaluation.judge import Finding
from evaluation.same_person import Reading, figures
from facet.domain.tone import ToneEvidence


def reading(ita: float, *, reach: float = 20.0, undertone: str | None = "warm") -> Reading:
    return Reading(
        ita=ita,
        interval=(ita - reach, ita + reach),
        evidence=ToneEvidence(kind="photo", ita=ita, error=8),
        names={"ita_class": None, "undertone": undertone, "season": None, "shape": None},
    )


def figure(people: dict[str, list[Reading]], what: str) -> Finding:
    portraits = [reading(ita) for ita in range(-20, 80, 5)]
    return next(finding for finding in figures(people, portraits) if finding.what == what)


def people(spread: float, reach: float = 20.0) -> dict[str, list[Reading]]:
    return {
        f"p{number:03}": [
            reading(
                2 * number + spread * step, reach=reach, undertone="warm" if number % 2 else "cool"
            )
            for step in (-1, 0, 1)
        ]
        for number in range(30)
    }


def test_photos_that_agree_fill_their_interval_and_foretell_the_third() -> None:
    alike = people(spread=1)

    assert figure(alike, "interval holds the mean of the two others").value == 1
    assert figure(alike, "median width of that interval").value == 40
    what = "two photos' estimate with the third's ITA, correlation"
    assert (figure(alike, what).value or 0) > 0.95
    assert (figure(people(spread=25), what).value or 0) < 0.7


def test_an_interval_that_is_too_narrow_or_too_wide_is_not_reached() -> None:
    what = "interval holds the mean of the two others"
    assert figure(people(spread=30, reach=5), what).met is False
    assert figure(people(spread=1), what).met is False


def test_names_that_people_keep_agree_more_than_strangers_do() -> None:
    kept = people(spread=1)
    assert figure(kept, "undertone: of these the same").value == 1
    assert figure(kept, "undertone: more than named strangers").value == pytest.approx(0.5, abs=0.1)
    assert figure(kept, "undertone: pairs with two names").value == 90

    turned = {who: [*readings[:2], reading(30, undertone="cool")] for who, readings in kept.items()}
    assert figure(turned, "undertone: warm told again").value == pytest.approx(0.5)


def test_portraits_are_left_where_they_are() -> None:
    what = "studio portraits, darkest tenth, median move of the estimate"
    assert figure(people(spread=1), what).met is True
