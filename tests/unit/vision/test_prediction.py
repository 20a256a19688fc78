import pytest

from facet.domain.errors import PermanentError
from facet.domain.face import Concern, Prediction, Region
from facet.vision.skin.prediction import NORMAL, condition_strengths, load_conditions, predict
from facet.vision.skin.scores import CURRENT, load_scoring
from tests.unit.conftest import Limits

SCORING = load_scoring(CURRENT)
TABLE = load_conditions(CURRENT)
NAMES = tuple(SCORING.concerns)


def skin(
    *, without: tuple[str, ...] = (), confidence: float = 0.8, **scores: float
) -> tuple[Concern, ...]:
    """All concerns at 100 but those given, shine in its regions as well."""
    return tuple(
        Concern(name=name, reason="not measured")
        if name in without
        else Concern(
            name=name,
            score=scores.get(name, 100.0),
            measured=1.0,
            confidence=confidence,
            regions=tuple(
                Region(name=region, score=scores.get(name, 100.0))
                for region in ("t_zone", "right_cheek", "left_cheek")
                if name == "shine"
            ),
        )
        for name in NAMES
    )


@pytest.fixture(autouse=True)
def _usual_limit(limits: Limits) -> None:
    limits(condition=0.7)


def predicted(concerns: tuple[Concern, ...]) -> Prediction:
    prediction = predict(concerns, SCORING, TABLE)
    assert prediction is not None
    return prediction


def score_at(condition: str, spreads: float) -> float:
    """The score at which all that a condition asks for lies this far above the usual."""
    usual, spread = TABLE.usual[condition]
    return 100 - 100 * (usual + spreads * max(spread, TABLE.least_spread))


def shares_of(prediction: Prediction) -> dict[str, float]:
    return {condition.name: condition.share for condition in prediction.all_conditions}


def test_lines_that_were_badly_seen_are_no_name_for_a_face() -> None:
    sure, unsure = (predicted(skin(confidence=c, wrinkles=20.0)) for c in (0.6, 0.27))

    assert sure.condition == "ageing"
    assert unsure.condition is None
    assert unsure.severity == "none"
    assert unsure.all_conditions == sure.all_conditions


def test_a_condition_is_named_only_where_its_share_reaches_the_limit() -> None:
    ageing = score_at("ageing", 2.5)
    torn = predicted(skin(redness=score_at("redness-prone", 2.5), wrinkles=ageing, texture=ageing))

    assert torn.condition is None
    assert torn.severity == "none"
    assert torn.all_conditions[0].share < 0.7


def test_skin_without_lack_is_normal_with_no_severity() -> None:
    prediction = predicted(skin())

    assert (prediction.condition, prediction.severity) == ("normal", "none")
    assert prediction.missing == ()


@pytest.mark.parametrize("unseen", ["blemishes", "wrinkles", "texture"])
def test_what_was_not_judged_may_stand_out_so_skin_is_not_called_normal(unseen: str) -> None:
    prediction = predicted(skin(without=(unseen,)))

    assert prediction.all_conditions[0].name == NORMAL
    assert prediction.condition is None
    # Pores alone decide no condition.
    assert predicted(skin(without=("pores",))).condition == NORMAL


@pytest.mark.parametrize(
    ("scores", "condition"),
    [
        ({"redness": 20}, "redness-prone"),
        ({"blemishes": 20}, "blemish-prone"),
        ({"dark_spots": 20, "unevenness": 30}, "pigmentation"),
        ({"wrinkles": 20}, "ageing"),
        ({"dark_circles": 20, "eye_bags": 30}, "tired"),
        ({"shine": 20, "pores": 40}, "oily"),
        ({"texture": 20, "dullness": 30}, "dry"),
    ],
)
def test_each_condition_follows_its_concerns(scores: dict[str, float], condition: str) -> None:
    prediction = predicted(skin(without=(), **scores))

    assert prediction.condition == condition
    assert prediction.severity in {"moderate", "marked"}
    assert sum(shares_of(prediction).values()) == pytest.approx(1, abs=0.01)


def test_shine_in_the_middle_alone_is_combination() -> None:
    def shiny(t_zone: float, cheeks: float) -> Prediction:
        regions = (
            Region(name="t_zone", score=t_zone),
            Region(name="right_cheek", score=cheeks),
            Region(name="left_cheek", score=cheeks),
        )
        concerns = {concern.name: concern for concern in skin(shine=(t_zone + cheeks) / 2)}
        concerns["shine"] = concerns["shine"].model_copy(update={"regions": regions})
        return predicted(tuple(concerns.values()))

    assert shiny(20, 100).condition == "combination"
    assert shiny(20, 20).condition == "oily"


def test_shine_speaks_against_dry() -> None:
    matte = shares_of(predicted(skin(texture=30, dullness=30)))["dry"]
    shiny = shares_of(predicted(skin(texture=30, dullness=30, shine=30)))["dry"]

    assert shiny < matte


def test_what_nearly_every_face_shows_is_nobody_s_first() -> None:
    """Fine lines of plain faces, as strong as a redness that few have."""
    lines = 100 - 100 * TABLE.usual["ageing"][0]
    usual = predicted(skin(wrinkles=lines, texture=lines))
    red = predicted(skin(wrinkles=lines, texture=lines, redness=lines - 20))

    assert usual.condition == NORMAL
    assert shares_of(red)["redness-prone"] > 10 * shares_of(red)["ageing"]


def test_a_share_is_a_chance_and_falls_with_the_noise_of_its_measure() -> None:
    """Of the same score, one that another photo may move far is less surely first."""

    def red(minimum_change: float) -> float:
        concerns = {concern.name: concern for concern in skin(redness=55)}
        redness = next(
            value / 100 for value in range(3000) if SCORING.score("redness", value / 100) <= 55
        )
        concerns["redness"] = concerns["redness"].model_copy(
            update={"measured": redness, "minimum_change": minimum_change}
        )
        return shares_of(predicted(tuple(concerns.values())))["redness-prone"]

    assert red(0.1) > red(2.0) > red(6.0)


def test_the_strength_is_the_weighted_mean_of_what_a_condition_asks_for() -> None:
    strengths = condition_strengths(skin(redness=30, blemishes=60), TABLE)

    assert strengths["redness-prone"] == pytest.approx(0.7)
    assert strengths["blemish-prone"] == pytest.approx((0.4 + 0.2 * 0.7) / 1.2)


def test_a_named_condition_is_at_least_mild() -> None:
    prediction = predicted(skin(blemishes=78))

    assert prediction.condition == "blemish-prone"
    assert prediction.severity == "mild"


def test_severity_grows_with_the_lack() -> None:
    severities = [predicted(skin(redness=score)).severity for score in (100, 55, 42, 10)]

    assert severities == ["none", "mild", "moderate", "marked"]


def test_what_was_not_measured_is_named_and_costs_confidence() -> None:
    whole = predicted(skin(redness=20))
    without = predicted(skin(redness=20, without=("pores", "wrinkles")))

    assert without.condition == "redness-prone"
    assert without.missing == ("pores", "wrinkles")
    assert without.confidence < whole.confidence
    assert "ageing" not in shares_of(without)


def test_unsure_concerns_make_an_unsure_prediction() -> None:
    sure, unsure = (predicted(skin(redness=20, confidence=c)).confidence for c in (0.9, 0.3))

    assert unsure == pytest.approx(sure / 3, abs=0.02)


def test_without_any_concern_nothing_is_predicted() -> None:
    assert predict((), SCORING, TABLE) is None
    assert predict(skin(without=NAMES), SCORING, TABLE) is None


def test_the_table_asks_only_for_concerns_that_are_scored() -> None:
    asked = {term["concern"] for terms in TABLE.conditions.values() for term in terms}

    assert asked <= set(NAMES)


def test_an_unknown_version_is_named_with_those_there_are() -> None:
    with pytest.raises(PermanentError, match="known: 1, 2"):
        load_conditions("0")
