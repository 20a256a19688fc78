"""The card, made of readings that say what they were made to say."""

import datetime
from pathlib import Path

import numpy as np
import pytest

from evaluation.card import card_of, findings, group_of
from evaluation.takes import ACNE, AGES, PRESS, Source, Take, sources, take
from facet.domain.card import Card, CardMeasure
from facet.domain.face import Concern, Face, FaceReading, Pose, Quality, Share, Skin, Tone, Versions

DAY = datetime.date(2026, 11, 1)
VERSIONS = Versions(pipeline="1", detector="d", mesh="m", scoring="1")


def reading(ita: float, redness: float | None, shape: str = "oval") -> FaceReading:
    tone = Tone(
        ita=ita,
        ita_interval=(ita - 5, ita + 5),
        ita_class="tan",
        monk=(),
        undertone="warm",
        undertone_confidence=0.5,
        hue=60,
        lab=(60, 10, 18),
        hex="#b08a70",
        confidence=0.5,
    )
    concerns = (
        Concern(name="redness", measured=redness, minimum_change=2.0),
        Concern(name="wrinkles", measured=1.0, minimum_change=0.2),
        Concern(name="blemishes", measured=ita / 100, minimum_change=0.2),
    )
    return FaceReading(
        quality=Quality(verdict="good"),
        face=Face(pose=Pose(yaw=0, pitch=0, roll=0), shape=(Share(name=shape, share=1.0),)),
        skin=Skin(tone=tone, concerns=concerns),
        versions=VERSIONS,
    )


def shown(number: int, of: int, said: FaceReading | None, ita: float | None = None) -> Take:
    source = Source(PRESS, Path(f"p{number}_{of}.jpg"), f"p{number}", judged=number % 2 == 1)
    return Take(source, said, None if said else "blurry", said.skin.tone.ita if said else ita)


def press(people: int = 60) -> list[Take]:
    """Light people, whose redness repeats; twelve darker ones; and one photo each refused."""
    chance = np.random.default_rng(5)
    taken = []
    for number in range(people):
        ita, own = (15.0 if number < 12 else 60.0), float(chance.normal(20, 6))
        for of in range(2):
            redness = own + float(chance.normal(0, 2))
            shape = "oval" if number % 2 else ("round", "square")[of]
            taken.append(shown(number, of, reading(ita, redness, shape)))
        taken.append(shown(number, 2, None, ita))
    return taken


def graded(count: int = 20) -> list[Take]:
    """Faces with a grade that blemishes follow."""
    return [
        Take(
            Source(ACNE, Path(f"acne{at}.jpg"), f"acne{at}", judged=False, labels=labels),
            reading(float(at), None),
            None,
            float(at),
        )
        for at in range(count)
        for labels in [{"grade": at // 5, "lesions": 3 * at}]
    ]


@pytest.fixture(scope="module")
def card() -> Card:
    return card_of([*press(), *graded()], DAY)


def measure(card: Card, name: str) -> CardMeasure:
    return next(measure for measure in card.measures if measure.name == name)


def test_a_number_s_icc_spread_and_noise_are_those_it_was_made_with(card: Card) -> None:
    everybody = measure(card, "redness").repeats[0]

    assert (everybody.tone_group, everybody.people, everybody.pairs) == ("all", 60, 60)
    assert everybody.icc == pytest.approx(0.9, abs=0.06)
    assert everybody.sd == pytest.approx(2, abs=0.4)
    assert everybody.minimum_changes
    assert everybody.median
    assert everybody.minimum_changes == pytest.approx(everybody.median / 2, abs=0.02)
    # Normal with a spread of 2.83: 48 % are beyond 2.
    assert everybody.beyond_minimum_change == pytest.approx(0.48, abs=0.15)


def test_people_are_grouped_by_tone_and_too_few_say_so(card: Card) -> None:
    groups = {repeat.tone_group: repeat for repeat in measure(card, "redness").repeats}

    assert groups["10_to_28"].people == 12
    assert groups["10_to_28"].icc is not None
    assert groups["above_55"].people == 48
    assert (groups["28_to_55"].status, groups["28_to_55"].people) == ("too_few", 0)
    assert groups["28_to_55"].icc is None


@pytest.mark.parametrize(
    ("ita", "group"),
    [(90, "above_55"), (55, "28_to_55"), (28, "10_to_28"), (10, "below_10"), (-90, "below_10")],
)
def test_a_tone_group_reaches_down_to_its_limit(ita: float, group: str) -> None:
    assert group_of(ita) == group


def test_names_are_judged_on_the_half_to_which_nothing_was_tuned(card: Card) -> None:
    shape = measure(card, "shape")
    first = shape.agreements[0]

    # People of even numbers, whose two photos disagree, are not among them.
    assert (shape.half, first.of, first.people, first.same) == ("judged", "first", 30, 1.0)
    named = next(row for row in shape.agreements if row.of == "named")
    assert named.status == "too_few"  # naming.toml has no limit for shapes


def test_what_150_px_cannot_show_is_not_measured_but_told_where_it_is(card: Card) -> None:
    wrinkles = measure(card, "wrinkles")

    assert (wrinkles.status, wrinkles.code, wrinkles.repeats) == ("not_measured", "too_small", ())
    assert wrinkles.coverage[0].measured == 1.0


def test_blemishes_are_held_against_a_dermatologist_s_grade(card: Card) -> None:
    labels = {row.label: row for row in measure(card, "blemishes").labels}

    assert labels["lesions"].rho == pytest.approx(1)
    assert labels["grade"].rho > 0.9
    assert labels["grade"].n == 20


def test_refused_photos_count_by_the_tone_they_show(card: Card) -> None:
    rows = {(row.photos, row.tone_group): row for row in card.refused}

    assert rows[PRESS, "all"].refused == pytest.approx(1 / 3, abs=1e-3)
    assert (rows[PRESS, "10_to_28"].n, rows[PRESS, "10_to_28"].status) == (36, "measured")
    assert rows[PRESS, "below_10"].status == "too_few"


def test_every_measure_says_what_it_was_measured_with(card: Card) -> None:
    assert measure(card, "redness").versions.keys() == {"pipeline", "detector", "mesh", "scoring"}
    assert {"tone", "naming"} <= measure(card, "undertone").versions.keys()
    for row in card.measures:
        assert row.versions.items() <= card.versions.items()


def test_the_report_has_what_holds_for_all(card: Card) -> None:
    told = {finding.what: finding for finding in findings(card)}

    assert told["redness: ICC"].value == measure(card, "redness").repeats[0].icc
    assert told["shape: agree, first"].n == 30
    assert all(finding.met is None for finding in told.values())


def test_the_sets_are_read_by_their_manifests(faces: Path) -> None:
    found = sources(faces)
    press = [source for source in found if source.set == PRESS]

    assert len({source.person for source in press}) > 500
    assert all(source.judged == (int(source.person[1:]) % 2 == 1) for source in press)
    assert all(10 < s.labels["age"] < 100 for s in found if s.set == AGES)
    assert {source.labels["grade"] for source in found if source.set == ACNE} == {0, 1, 2, 3}
    assert take(press[0]).source == press[0]
