"""Outfits: what always holds, whatever hangs in the wardrobe, and what is chosen from it."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facet.advice.outfit import choose as outfit_choose
from facet.advice.outfit.recommend import recommend_outfit
from facet.advice.outfit.wardrobe import Brief, rules
from facet.advice.outfit.worth import Scored, needed_clo, scored
from facet.domain.advice import Profile
from facet.domain.style import Weather
from tests.unit.advice.wardrobes import SLOTS, TODAY, WARDROBE, ask, base, garment, ids, reading_of

hexes = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
UNREADABLE = {"of": "another schema"}
garments = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["kurta", "sari", "jeans", "boubou", "hanbok", "coat"]),
        "slot": st.sampled_from(SLOTS),
        "colours": st.lists(
            st.fixed_dictionaries({"hex": hexes, "share": st.floats(0, 1)}), min_size=1, max_size=3
        ),
        "formality": st.integers(1, 5),
        "warmth": st.integers(1, 5),
        "pattern": st.sampled_from(["plain", "check", "floral"]),
    },
    optional={
        "last_worn": st.integers(-3, 12).map(lambda days: str(TODAY - timedelta(days=days))),
        "waterproof": st.sampled_from([True, False, UNREADABLE]),
    },
)
wardrobes = st.lists(garments, max_size=18).map(
    lambda rows: [{**row, "item_id": f"g{n}"} for n, row in enumerate(rows)]
)
verdicts = st.lists(
    st.fixed_dictionaries(
        {
            "verdict": st.sampled_from(["accept", "reject", "worn"]),
            "item_ids": st.lists(st.integers(0, 17).map(lambda n: f"g{n}"), max_size=3),
            "on": st.integers(0, 90).map(lambda days: str(TODAY - timedelta(days=days))),
        }
    ),
    max_size=5,
)
weathers = st.one_of(
    st.none(),
    st.builds(Weather, temperature_c=st.floats(-20, 40).map(round), rain=st.booleans()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(wardrobes, verdicts, weathers, st.sampled_from([None, "work", "gym", "wedding", "moon"]))
def test_outfits_hold_what_they_promise(
    wardrobe: list[dict[str, Any]],
    feedback: list[dict[str, Any]],
    weather: Weather | None,
    occasion: str | None,
) -> None:
    result = ask(wardrobe, feedback, occasion, weather)

    assert result == ask(wardrobe, feedback, occasion, weather)
    owned = {row["item_id"]: row for row in wardrobe}
    worn = {i: [row["last_worn"]] for i, row in owned.items() if "last_worn" in row}
    for opinion in feedback:
        if opinion["verdict"] == "worn":
            for item_id in opinion["item_ids"]:
                worn.setdefault(item_id, []).append(opinion["on"])
    bases = [base(outfit) for outfit in result.outfits]
    assert len(set(bases)) == len(bases) <= 3
    assert (result.status == "completed") == (len(bases) == 3)
    assert result.outfits or result.notes, "nothing is said"
    for outfit in result.outfits:
        slots = sorted(item.slot for item in outfit.items)
        assert len(set(slots)) == len(slots)
        assert ("full_body" in slots) != ({"top", "bottom"} <= set(slots))
        for item in outfit.items:
            row = owned[item.item_id]
            assert row["slot"] == item.slot
            assert row.get("waterproof") != UNREADABLE
            for day in worn.get(item.item_id, ()):
                ago = (TODAY - date.fromisoformat(day)).days
                assert not 0 <= ago < rules()["repeat"][item.slot], "worn in the last days"
        assert outfit.why
    listed = {source.id for source in result.sources}
    assert {s for o in result.outfits for r in o.why for s in r.sources} <= listed


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(wardrobes, verdicts, weathers, st.sampled_from([None, "work", "gym", "wedding"]))
def test_what_is_not_looked_at_further_would_not_have_been_chosen(
    wardrobe: list[dict[str, Any]],
    feedback: list[dict[str, Any]],
    weather: Weather | None,
    occasion: str | None,
) -> None:
    def in_full(
        brief: Brief, pieces: Any, *, to_come: float | None = None, above: float = 0.0
    ) -> Scored:
        return scored(brief, pieces, to_come=to_come)

    short = ask(wardrobe, feedback, occasion, weather)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outfit_choose, "scored", in_full)
        assert ask(wardrobe, feedback, occasion, weather) == short


def test_a_wardrobe_gives_three_different_outfits() -> None:
    result = ask(WARDROBE)

    assert result.status == "completed"
    assert len({base(outfit) for outfit in result.outfits}) == 3


def test_a_thin_wardrobe_gives_fewer_and_says_so() -> None:
    result = ask([WARDROBE[0], WARDROBE[3]])

    assert [ids(outfit) for outfit in result.outfits] == [{"t1", "b1"}]
    assert result.status == "partial"
    assert "thin_wardrobe" in {note.code for note in result.notes}


def test_without_a_base_there_is_one_suggestion_and_no_outfit() -> None:
    result = ask([WARDROBE[0], WARDROBE[7]])

    assert not result.outfits
    assert [suggestion.slot for suggestion in result.suggestions] == ["bottom"]


@pytest.mark.parametrize(("celsius", "coat"), [(2, True), (28, False)])
def test_a_coat_is_worn_when_it_is_cold(celsius: float, coat: bool) -> None:
    result = ask(WARDROBE, weather=Weather(temperature_c=celsius))

    assert all(("o1" in ids(outfit)) == coat for outfit in result.outfits)


def test_light_clothes_go_with_heat_and_warm_ones_with_cold() -> None:
    light, warm = (
        [garment(f"{name}{n}", "full_body", warmth=level) for n in range(2)]
        for name, level in (("light", 1), ("warm", 5))
    )

    hot = ask([*light, *warm], weather=Weather(temperature_c=30)).outfits[0]
    cold = ask([*light, *warm], weather=Weather(temperature_c=5)).outfits[0]

    assert ids(hot) < {"light0", "light1"}
    assert ids(cold) < {"warm0", "warm1"}
    assert cold.insulation_clo > hot.insulation_clo


def test_rain_asks_for_what_keeps_dry() -> None:
    mac = garment("mac", "outer", "#b08d5a", warmth=3, waterproof=True)
    rain = Weather(temperature_c=12, rain=True)

    assert all("mac" in ids(o) for o in ask([*WARDROBE, mac], weather=rain).outfits)
    (suggestion,) = ask(WARDROBE, weather=rain).suggestions
    assert suggestion.slot == "outer"
    assert "waterproof" in suggestion.text


def test_the_occasion_chooses_the_formality() -> None:
    casual = garment("casual", "full_body", formality=1)
    dressy = garment("dressy", "full_body", formality=5)

    assert ids(ask([casual, dressy], occasion="wedding").outfits[0]) == {"dressy"}
    assert ids(ask([casual, dressy], occasion="gym").outfits[0]) == {"casual"}


def test_nothing_dressy_enough_is_said_rather_than_nothing_shown() -> None:
    result = ask([garment("tracksuit", "full_body", formality=1)], occasion="wedding")

    assert [ids(outfit) for outfit in result.outfits] == [{"tracksuit"}]
    assert "not_dressy_enough" in {note.code for note in result.notes}


def test_colours_of_the_season_come_first() -> None:
    warm, cool = garment("rust", "full_body", "#a8582e"), garment("ice", "full_body", "#3a62b8")

    assert ids(ask([warm, cool], season="True Autumn").outfits[0]) == {"rust"}
    assert ids(ask([warm, cool], season="True Winter").outfits[0]) == {"ice"}


def test_hues_that_clash_come_last() -> None:
    wardrobe = [
        garment("green", "top", "#2e8b40"),
        garment("grey", "bottom", "#77777a"),
        garment("orchid", "bottom", "#b04ac0"),
    ]

    first, last = ask(wardrobe).outfits

    assert "grey" in ids(first)
    assert first.harmony == "neutrals"
    assert "orchid" in ids(last)


def test_two_patterns_do_not_meet_where_one_would_do() -> None:
    wardrobe = [
        garment("floral", "top", pattern="floral"),
        garment("check", "bottom", pattern="check"),
        garment("plain", "bottom"),
    ]

    assert ids(ask(wardrobe).outfits[0]) == {"floral", "plain"}


def test_a_rejected_outfit_is_not_offered_again_for_a_while() -> None:
    first = ask(WARDROBE).outfits[0]
    rejected = {"verdict": "reject", "item_ids": sorted(ids(first))}

    lately = ask(WARDROBE, [{**rejected, "on": str(TODAY - timedelta(days=3))}])
    long_ago = ask(WARDROBE, [{**rejected, "on": str(TODAY - timedelta(days=2000))}])

    assert base(first) not in {base(outfit) for outfit in lately.outfits}
    assert base(first) == base(long_ago.outfits[0])


def test_what_was_liked_comes_up() -> None:
    last = ask(WARDROBE).outfits[-1]
    liked = {"verdict": "accept", "item_ids": sorted(base(last)), "on": str(TODAY)}

    again = ask(WARDROBE, [liked, liked])

    assert base(again.outfits[0]) == base(last)
    assert "feedback" in {reason.points_at for reason in again.outfits[0].why}


def test_what_was_worn_yesterday_rests() -> None:
    first = ask(WARDROBE).outfits[0]
    worn = {
        "verdict": "worn",
        "item_ids": sorted(ids(first)),
        "on": str(TODAY - timedelta(days=1)),
    }

    again = ask(WARDROBE, [worn])

    assert not any(base(first) & base(outfit) for outfit in again.outfits)
    assert "worn_lately" in {note.code for note in again.notes}


def test_poisoned_rows_are_named_and_ratings_are_no_verdicts() -> None:
    torn = {"item_id": "torn", "slot": "cape"}

    feedback: list[Any] = [{"rating": 5}, {"verdict": "shrug", "item_id": "f1"}, None, "worn"]
    result = ask([*WARDROBE, torn, None], feedback)  # type: ignore[list-item]

    assert {(n.code, n.item_id) for n in result.notes} == {
        ("garment_unreadable", "torn"),
        ("garment_unreadable", None),
        ("feedback_unreadable", "f1"),
        ("feedback_unreadable", None),
    }
    assert result.status == "completed"


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("wool", "Wool dress"),
        ("Wool", "Grey wool-blend dress"),
        ("wool", "Woollen dress"),
        ("sheep wool", "Dress of sheep wool"),
        ("шерсть", "Платье, шерсть"),
    ],
)
def test_what_is_avoided_by_name_stays_out(term: str, name: str) -> None:
    wool = garment("w", "full_body", name=name)

    result = recommend_outfit(
        reading_of(), Profile(allergies=(term, "🥜")), [wool, *WARDROBE], [], today=TODAY
    )

    assert not any("w" in ids(outfit) for outfit in result.outfits)
    assert ("avoided_material", "w") in {(n.code, n.item_id) for n in result.notes}


def test_every_weight_has_a_source() -> None:
    cited = [t["source"] for t in rules().values() if isinstance(t, dict) and "source" in t]

    assert len(cited) > 9
    assert set(cited) <= {*rules()["sources"], "seasons"}
    assert sum(v for v in rules()["weight"].values() if isinstance(v, float)) == pytest.approx(1)


def test_no_heat_asks_for_less_than_nothing_to_wear() -> None:
    told = {"skin_c": 34, "divisor": 0.155, "met": 1.2, "met_sport": 2, "indoors_c": 21}

    def needed(air: float) -> float:
        weather = Weather(temperature_c=air)
        brief: Any = SimpleNamespace(rules={"clo": told}, occasion="everyday", weather=weather)
        return needed_clo(brief)

    assert needed(20) == pytest.approx(14 / (0.155 * 1.2))
    assert needed(45) == 0
