"""What may be called a change between two photos of one person."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facet.domain.analysis import ReadAnalysis, Status
from facet.domain.face import (
    Concern,
    Face,
    FaceReading,
    Pose,
    Quality,
    Skin,
    SkinIndex,
    Tone,
    Versions,
)
from facet.domain.trend import Comparison, Verdict, compare, compare_index, index_trend, trends
from facet.vision.skin.scores import CURRENT, load_scoring

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
TONE = Tone(
    ita=30,
    ita_interval=(25, 35),
    ita_class="tan",
    monk=(),
    undertone="warm",
    undertone_confidence=0.5,
    hue=60,
    lab=(60, 10, 18),
    hex="#b08a70",
    confidence=0.5,
)
SCORING = load_scoring(CURRENT)
READINGS = st.floats(-50, 200, allow_nan=False).map(lambda value: round(value, 3))
CONCERNS = st.sampled_from(sorted(SCORING.concerns))


def redness(measured: float | None, least: float | None = 2.0, unit: str = "%") -> Concern:
    return Concern(name="redness", measured=measured, minimum_change=least, unit=unit)


def index_of(value: float, *of: str, least: float = 2.0) -> SkinIndex:
    return SkinIndex(value=value, minimum_change=least, of=of or ("redness", "shine"))


def analysis(
    day: int,
    *concerns: Concern,
    scoring: str = "1",
    read: bool = True,
    index: SkinIndex | None = None,
) -> ReadAnalysis:
    moment = START + timedelta(days=day)
    reading = FaceReading(
        quality=Quality(verdict="good"),
        face=Face(pose=Pose(yaw=0, pitch=0, roll=0)),
        skin=Skin(tone=TONE, concerns=concerns, index=index),
        versions=Versions(pipeline="1", detector="1", mesh="1", scoring=scoring),
    )
    return ReadAnalysis(
        analysis_id=f"day-{day}",
        user_id="me",
        status=Status.COMPLETED if read else Status.FAILED,
        created_at=moment,
        updated_at=moment,
        expires_at=moment + timedelta(days=30),
        wants=(),
        content_type="image/jpeg",
        content_length=1,
        checksum_sha256="",
        consent_version="1",
        correlation_id="",
        quota_day="2026-11-01",
        reading=reading if read else None,
    )


def compared(new: Concern, old: Concern, *, scoring: str = "1") -> Comparison:
    answer = compare(new.name, analysis(1, new, scoring=scoring), analysis(0, old))
    assert answer
    return answer


@pytest.mark.parametrize(
    ("new", "old", "verdict", "change", "times"),
    [
        (16.0, 10.0, Verdict.WORSE, 6.0, 3.0),
        (10.0, 16.0, Verdict.BETTER, -6.0, -3.0),
        (11.0, 10.0, Verdict.WITHIN_NOISE, 1.0, 0.5),
        (12.0, 10.0, Verdict.WITHIN_NOISE, 2.0, 1.0),
        (10.0, 10.0, Verdict.WITHIN_NOISE, 0.0, 0.0),
    ],
)
def test_a_change_is_told_in_its_unit_and_in_noise(
    new: float, old: float, verdict: Verdict, change: float, times: float
) -> None:
    answer = compared(redness(new), redness(old))

    assert answer.verdict is verdict
    assert answer.change == change
    assert answer.minimum_changes == times
    assert answer.reason is None


def test_the_larger_noise_of_the_two_decides() -> None:
    assert compared(redness(13, 1), redness(10, 4)).verdict is Verdict.WITHIN_NOISE
    assert compared(redness(13, 4), redness(10, 1)).verdict is Verdict.WITHIN_NOISE
    assert compared(redness(13, 1), redness(10, 2)).verdict is Verdict.WORSE


@given(name=CONCERNS, new=READINGS, old=READINGS)
def test_nothing_within_the_noise_is_called_a_change(name: str, new: float, old: float) -> None:
    noise = max(SCORING.minimum_change(name, new), SCORING.minimum_change(name, old))
    ends = (
        Concern(name=name, measured=value, minimum_change=SCORING.minimum_change(name, value))
        for value in (new, old)
    )

    verdict = compared(*ends).verdict

    assert (verdict is Verdict.WITHIN_NOISE) == (round(abs(new - old) / noise, 3) <= 1)
    if abs(new - old) <= noise:
        assert verdict is Verdict.WITHIN_NOISE


@given(name=CONCERNS, new=READINGS, old=READINGS)
def test_better_and_worse_agree_with_the_scores(name: str, new: float, old: float) -> None:
    ends = [
        Concern(name=name, measured=value, minimum_change=SCORING.minimum_change(name, value))
        for value in (new, old)
    ]
    verdict = compared(*ends).verdict
    new_score, old_score = (SCORING.score(name, value) for value in (new, old))

    if verdict is Verdict.BETTER:
        assert new_score >= old_score
    if verdict is Verdict.WORSE:
        assert new_score <= old_score
    assert compared(*reversed(ends)).verdict is {
        Verdict.BETTER: Verdict.WORSE,
        Verdict.WORSE: Verdict.BETTER,
    }.get(verdict, verdict)


@pytest.mark.parametrize(
    ("new", "old", "scoring", "reason"),
    [
        (redness(None), redness(10), "1", "not_measured"),
        (redness(10), redness(None), "1", "not_measured"),
        (redness(30, None), redness(10, None), "1", "not_measured"),
        (redness(30), redness(10, unit="a*"), "1", "unit"),
        (redness(30), redness(10), "2", "scoring_version"),
        (redness(30), Concern(name="shine", measured=1, minimum_change=1), "1", "not_measured"),
    ],
)
def test_what_cannot_be_compared_says_why(
    new: Concern, old: Concern, scoring: str, reason: str
) -> None:
    answer = compared(new, old, scoring=scoring)

    assert (answer.verdict, answer.reason) == (Verdict.NOT_COMPARABLE, reason)
    assert answer.change is None
    assert answer.minimum_changes is None


def test_a_trend_looks_past_what_cannot_be_compared() -> None:
    today = analysis(4, redness(20))
    earlier = [
        analysis(3, redness(None)),
        analysis(2, read=False),
        analysis(1, redness(15)),
        analysis(0, redness(10)),
        analysis(-1, redness(1), scoring="0"),
    ]

    (trend,) = trends(today, earlier)

    assert trend.previous
    assert trend.first
    assert (trend.previous.analysis_id, trend.previous.change) == ("day-1", 5)
    assert (trend.first.analysis_id, trend.first.change) == ("day-0", 10)
    assert trend.noise_band
    assert (trend.noise_band.low, trend.noise_band.high) == (18, 22)


def test_where_nothing_can_be_compared_the_last_one_says_why() -> None:
    (trend,) = trends(analysis(1, redness(20)), [analysis(0, redness(None))])

    assert trend.previous
    assert trend.previous.reason == "not_measured"


def test_the_first_analysis_has_nothing_to_be_compared_with() -> None:
    (trend,) = trends(analysis(0, redness(20)), [])

    assert trend.previous is None
    assert trend.first is None
    assert trend.measured == 20


def test_an_analysis_without_a_reading_has_no_trends() -> None:
    assert trends(analysis(1, read=False), [analysis(0, redness(10))]) == ()


@pytest.fixture
def repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card by which photos of one person differ in redness and in the index by up to 7, with
    scoring 1."""

    def between_photos(measure: str, versions: Versions) -> float | None:
        measured = measure in ("redness", "index") and versions.scoring == "1"
        return 7.0 if measured else None

    monkeypatch.setattr("facet.domain.trend.between_photos", between_photos)


@pytest.mark.usefixtures("repeats")
@pytest.mark.parametrize(
    ("new", "old", "verdict"),
    [
        (16.9, 10.0, Verdict.WITHIN_NOISE),
        (17.0, 10.0, Verdict.WITHIN_NOISE),
        (17.1, 10.0, Verdict.WORSE),
        (10.0, 17.1, Verdict.BETTER),
    ],
)
def test_what_two_photos_of_one_person_differ_by_is_no_change(
    new: float, old: float, verdict: Verdict
) -> None:
    answer = compared(redness(new), redness(old))

    assert answer.verdict is verdict
    assert answer.minimum_changes == round((new - old) / 2, 3)


@pytest.mark.usefixtures("repeats")
def test_a_noise_larger_than_the_card_s_still_decides() -> None:
    assert compared(redness(18, 9), redness(10, 9)).verdict is Verdict.WITHIN_NOISE


@pytest.mark.usefixtures("repeats")
def test_a_card_of_other_tables_leaves_the_noise_of_the_edits() -> None:
    new, old = (analysis(day, redness(16 - 6 * day), scoring="2") for day in (0, 1))
    answer = compare("redness", new, old)

    assert answer
    assert answer.verdict is Verdict.WORSE


@pytest.mark.usefixtures("repeats")
def test_the_band_says_whose_noise_it_is() -> None:
    shine = Concern(name="shine", measured=5, minimum_change=1, unit="%")

    red, shiny = trends(analysis(1, redness(20), shine), [])

    assert red.noise_band
    assert (red.noise_band.low, red.noise_band.high, red.noise_of) == (13, 27, "photos")
    assert shiny.noise_band
    assert (shiny.noise_band.low, shiny.noise_band.high, shiny.noise_of) == (4, 6, "edits")
    (unseen,) = trends(analysis(1, redness(None)), [])
    assert unseen.noise_of is None


@pytest.mark.parametrize(
    ("new", "old", "verdict"),
    [
        (index_of(80), index_of(70), Verdict.BETTER),
        (index_of(70), index_of(80), Verdict.WORSE),
        (index_of(80), index_of(79), Verdict.WITHIN_NOISE),
        (index_of(80), index_of(70, least=20), Verdict.WITHIN_NOISE),
        # In another order it is the same index.
        (index_of(80, "shine", "redness"), index_of(70, "redness", "shine"), Verdict.BETTER),
    ],
)
def test_of_the_index_more_is_better_beyond_its_noise(
    new: SkinIndex, old: SkinIndex, verdict: Verdict
) -> None:
    compared = compare_index(analysis(1, index=new), analysis(0, index=old))

    assert compared is not None
    assert compared.verdict is verdict


@pytest.mark.parametrize(
    ("new", "old", "scoring", "reason"),
    [
        (index_of(80), None, "1", "not_measured"),
        (None, index_of(80), "1", "not_measured"),
        (index_of(80), index_of(70), "2", "scoring_version"),
        (index_of(80, "redness"), index_of(70, "redness", "shine"), "1", "made_of"),
    ],
)
def test_indices_of_other_concerns_or_tables_are_not_compared(
    new: SkinIndex | None, old: SkinIndex | None, scoring: str, reason: str
) -> None:
    compared = compare_index(
        analysis(1, index=new, scoring=scoring), analysis(0, index=old, scoring="1")
    )

    assert compared is not None
    assert (compared.verdict, compared.reason) == (Verdict.NOT_COMPARABLE, reason)


@pytest.mark.usefixtures("repeats")
def test_what_two_photos_of_one_person_differ_by_is_no_change_of_the_index() -> None:
    days = ((0, 70), (1, 77), (1, 78))
    old, near, far = (analysis(day, index=index_of(value)) for day, value in days)

    by_chance, moved = index_trend(near, [old]), index_trend(far, [old])

    assert by_chance
    assert by_chance.previous
    assert (by_chance.noise_of, by_chance.noise_band.low) == ("photos", 70)
    assert by_chance.previous.verdict is Verdict.WITHIN_NOISE
    assert moved
    assert moved.previous
    assert moved.previous.verdict is Verdict.BETTER


def test_the_trend_of_the_index_looks_past_what_it_cannot_be_compared_with() -> None:
    earlier = [
        analysis(3, index=index_of(10, "redness")),
        analysis(2, read=False),
        analysis(1, index=index_of(75)),
        analysis(0, index=index_of(60)),
    ]

    trend = index_trend(analysis(4, index=index_of(80)), earlier)

    assert trend is not None
    assert trend.noise_band is not None
    assert (trend.noise_band.low, trend.noise_band.high) == (78, 82)
    assert trend.previous is not None
    assert trend.first is not None
    assert (trend.previous.change, trend.first.change) == (5, 20)
    assert index_trend(analysis(4), earlier) is None
