"""Rollouts are stable and have their share; fits find what people like."""

import json
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facet.advice.learning import Fit, fit, read_feedback, write_ranking
from facet.advice.ranking import FEATURES, FOLDER, Ranking, Rollout, load_ranking
from facet.domain.errors import FacetError
from facet.domain.feedback import Judgement

CURRENT = load_ranking()


def feedback_of(planted: dict[str, float], seed: int, answers: int = 3000) -> list[Judgement]:
    """Answers of 300 people who like a product by the planted weights (log odds)."""
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (answers, len(FEATURES))).round(3)
    logit = x @ [planted[name] for name in FEATURES] + 0.3
    liked = random.random(answers) < 1 / (1 + np.exp(-logit))
    return [
        Judgement(
            person=f"p{n % 300}",
            verdict="accept" if likes else "reject",
            features=dict(zip(FEATURES, row.tolist(), strict=True)),
        )
        for n, (row, likes) in enumerate(zip(x, liked, strict=True))
    ]


def cosine(a: dict[str, float], b: dict[str, float]) -> float:
    dot = sum(a[name] * b[name] for name in FEATURES)
    return dot / math.hypot(*a.values()) / math.hypot(*b.values())


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.floats(-2, 2), min_size=len(FEATURES), max_size=len(FEATURES)).filter(
        lambda weights: math.hypot(*weights) > 1.5
    ),
    st.integers(0, 2**32 - 1),
)
def test_a_fit_recovers_what_people_like(weights: list[float], seed: int) -> None:
    planted = dict(zip(FEATURES, weights, strict=True))

    fitted = fit(feedback_of(planted, seed), CURRENT, "new", strength=1.0)

    assert cosine(dict(fitted.ranking.weights), planted) > 0.95
    assert fitted.after.log_loss <= fitted.before.log_loss + 0.02


def test_people_who_like_the_opposite_are_followed_and_the_figures_say_so() -> None:
    planted = {name: -weight / 2 for name, weight in CURRENT.weights.items()}

    fitted = fit(feedback_of(planted, 1), CURRENT, "new")

    assert fitted.better
    assert fitted.before.auc < 0.5 < fitted.after.auc
    assert cosine(dict(fitted.ranking.weights), planted) > 0.95


def test_people_who_like_what_is_ranked_first_change_little() -> None:
    planted = {name: weight / 2 for name, weight in CURRENT.weights.items()}

    fitted = fit(feedback_of(planted, 2), CURRENT, "new")

    assert cosine(dict(fitted.ranking.weights), dict(CURRENT.weights)) > 0.99
    assert fitted.ranking.weights["grade"] == pytest.approx(CURRENT.weights["grade"], rel=0.2)


def test_the_stronger_the_prior_the_nearer_it_stays() -> None:
    answers = feedback_of({**dict.fromkeys(FEATURES, 0.0), "price": 2.0, "grade": 0.2}, 3, 400)

    def moved(strength: float) -> float:
        new = fit(answers, CURRENT, "new", strength).ranking.weights
        return math.dist(
            [new[name] for name in FEATURES], [CURRENT.weights[name] for name in FEATURES]
        )

    distances = [moved(strength) for strength in (1.0, 100.0, 1e4, 1e7)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.01


def test_figures_are_of_people_it_was_not_fitted_to() -> None:
    answers = feedback_of(dict.fromkeys(FEATURES, 1.0), 4)
    fitted = fit(answers, CURRENT, "new")
    assert fitted.held_out + fitted.fitted == len(answers)
    assert 0.1 < fitted.held_out / len(answers) < 0.3
    # Ten answers a person: they are held out together.
    assert fitted.held_out % 10 == 0


def test_too_little_or_one_sided_feedback_teaches_nothing() -> None:
    answers = feedback_of(dict.fromkeys(FEATURES, 1.0), 5)
    with pytest.raises(FacetError, match="learning starts at"):
        fit(answers[:99], CURRENT, "new")
    with pytest.raises(FacetError, match="only likes"):
        fit([answer for answer in answers if answer.liked], CURRENT, "new")


def test_lines_that_cannot_be_used_are_told_or_skipped() -> None:
    lines = [
        '{"person": "a", "verdict": "worn", "features": {"grade": 2}, "later": true}',
        "",
        "not json",
        '{"person": "a"}',
        '{"person": "a", "rating": 3}',
        '{"person": "a", "rating": 5, "features": {"grade": 1}}',
        '{"person": "a", "rating": 5, "features": {"grade": NaN}}',
        '{"person": "a", "rating": 5, "features": {"grade": 1e308}}',
    ]
    read, problems = read_feedback(lines)
    assert [answer.liked for answer in read] == [True, None, True]
    assert [problem.split(":")[0] for problem in problems] == [
        *("line 3", "line 4", "line 7", "line 8")
    ]


@pytest.fixture
def fitted() -> Fit:
    return fit(feedback_of(dict.fromkeys(FEATURES, 1.0), 6), CURRENT, "skincare-9")


def test_a_written_version_loads_and_is_never_overwritten(fitted: Fit, tmp_path: Path) -> None:
    path = write_ranking(fitted, tmp_path)

    assert load_ranking("skincare-9", tmp_path).weights == fitted.ranking.weights
    figures = tomllib.loads(path.read_text())["figures"]
    assert figures["base"] == CURRENT.version
    assert figures["log_loss"] == pytest.approx(fitted.after.log_loss, abs=1e-4)
    before = path.read_bytes()
    with pytest.raises(FacetError, match="never overwritten"):
        write_ranking(fitted, tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text", ["", "weights = 3", "[weights]\ngrade = 1.0", "[weights]\n" + "grade = inf\n"]
)
def test_a_version_that_does_not_weigh_every_feature_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(FacetError, match="bad"):
        load_ranking("bad", tmp_path)


def test_every_version_kept_can_be_loaded_and_has_a_source() -> None:
    for path in FOLDER.glob("*.toml"):
        assert load_ranking(path.stem).version == path.stem
        assert tomllib.loads(path.read_text())["source"]


@pytest.mark.parametrize("percent", [0, 1, 10, 50, 100])
def test_the_candidate_gets_its_share(percent: float) -> None:
    rollout = Rollout("old", "new", percent)
    users = [f"user-{n}" for n in range(20_000)]
    share = sum(rollout.version_for(user) == "new" for user in users) / len(users)
    # Four standard deviations of a binomial.
    assert abs(share - percent / 100) <= 4 * math.sqrt(percent * (100 - percent)) / 100 / 141


@given(st.text(min_size=1), st.floats(0, 100), st.floats(0, 100))
def test_a_user_s_answer_is_stable_and_raising_the_share_takes_nobody_out(
    user: str, first: float, second: float
) -> None:
    low, high = sorted((first, second))
    before = Rollout("old", "new", low).version_for(user)
    assert Rollout("old", "new", low).version_for(user) == before
    if before == "new":
        assert Rollout("old", "new", high).version_for(user) == "new"


def test_another_candidate_tries_other_people() -> None:
    users = [f"user-{n}" for n in range(2000)]
    first = {user for user in users if Rollout("old", "a", 10).version_for(user) == "a"}
    second = {user for user in users if Rollout("old", "b", 10).version_for(user) == "b"}
    assert len(first & second) < 0.3 * len(first)


def test_without_a_candidate_everybody_gets_the_version() -> None:
    assert Rollout("old", "", 100).version_for("anyone") == "old"


def test_a_ranking_is_plain_data() -> None:
    assert json.loads(json.dumps(dict(Ranking("x", CURRENT.weights).weights))) == CURRENT.weights
