"""Looks: what always holds, whoever asks and whatever they own."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facet.advice.harmony import LCh, hue_difference
from facet.advice.harmony import rules as season_rules
from facet.advice.makeup.brief import CATEGORIES, rules
from facet.advice.makeup.match import sampled_skin
from facet.advice.makeup.recommend import recommend_makeup
from facet.advice.makeup.shades import shade_card
from facet.advice.occasions import occasion_of
from facet.catalogue.catalogue import Catalogue
from facet.colour import delta_e_2000, hex_from_lab, lab_from_hex
from facet.domain.advice import Profile
from facet.domain.face import Concern, FaceReading, Tone
from facet.domain.style import LookStep
from tests.unit.advice.faces import reading_of, steps_of

TODAY = date(2026, 11, 21)
SEASONS = sorted(season_rules()["seasons"])
SHAPES = ("round", "oval", "oblong", "square", "heart", "diamond")
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def readings(draw: st.DrawFn) -> FaceReading:
    """Skins as people have them, of any season and shape."""
    lightness = draw(st.floats(24, 84))
    middle = 26 - abs(lightness - 58) * 0.4
    return reading_of(
        lightness,
        draw(st.floats(0.8, 1.2)) * middle,
        draw(st.floats(34, 60)),
        season=draw(st.sampled_from(SEASONS)),
        shape=draw(st.sampled_from([*SHAPES, None])),
        eyes=draw(st.sampled_from(["green", "blue", "dark brown", None])),
        sure=draw(st.floats(0, 1)),
    )


hexes = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
items = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Mine", "Rosy", "Nude one", "Night", "Talc matte"]),
        "category": st.sampled_from([*CATEGORIES, "lipstick", "kajal", "serum", "spanner"]),
    },
    optional={
        "shade": hexes,
        "finish": st.sampled_from(["matte", "satin", "gloss", "shimmer"]),
        "ingredients": st.lists(
            st.sampled_from(["Talc", "Mica", "Parfum", "CI 75470", "Dimethicone"]), max_size=3
        ),
        "opened": st.sampled_from(["2026-10-01", "2019-01-01"]),
        "quantity": st.sampled_from([0, 1]),
        "product_id": st.just("gone-for-good"),
        "schema": st.just(0),
    },
)
bags = st.lists(items, max_size=12).map(
    lambda rows: [{**row, "item_id": f"b{n}"} for n, row in enumerate(rows)]
)
occasions = st.sampled_from([None, "work", "evening", "a friend's wedding", "gym", "moon landing"])


# --- whoever asks --------------------------------------------------------------------------------


@few
@given(readings(), bags, occasions)
def test_looks_hold_what_they_promise(
    catalogue: Catalogue, reading: FaceReading, bag: list[dict[str, Any]], occasion: str | None
) -> None:
    profile = Profile(allergies=("talc",), avoided_ingredients=("fragrance",))

    result = recommend_makeup(reading, profile, bag, catalogue, occasion, today=TODAY)

    assert result == recommend_makeup(reading, profile, bag, catalogue, occasion, today=TODAY)
    owned = {row["item_id"]: row for row in bag}
    order = rules()["order"]["steps"]
    made = [[(s.category, s.item_id, s.hex) for s in look.steps] for look in result.looks]
    assert all(made.count(look) == 1 for look in made), "alternatives differ"
    assert len(result.looks) == 3 or any(n.code == "few_looks" for n in result.notes)
    listed = {source.id for source in result.sources}
    for look in result.looks:
        names = [step.category for step in look.steps]
        assert names == sorted(set(names), key=order.index), "one step a category, in order"
        for step in look.steps:
            assert {s for reason in step.why for s in reason.sources} <= listed
    for step in steps_of(result):
        if step.item_id is None:
            assert "talc" in step.cautions[0], "a shade has no label: it says what to look for"
            continue
        row = owned[step.item_id]
        assert step.hex == row.get("shade", rules()["mascara"]["assumed"])
        labels = row.get("ingredients", [])
        assert labels, "nothing unlabelled for who avoids something"
        assert not {"Talc", "Parfum"} & set(labels)
        assert "Talc" not in row["name"]
        assert row.get("quantity") != 0
        assert row.get("opened") != "2019-01-01"
        assert not row.keys() & {"schema", "product_id"}


@few
@given(readings())
def test_a_foundation_is_as_near_as_it_says(catalogue: Catalogue, reading: FaceReading) -> None:
    result = recommend_makeup(reading, Profile(), [], catalogue, "evening")

    foundations = [step for step in steps_of(result) if step.category == "foundation"]
    skin = reading.skin.tone.lab
    samples = sampled_skin(reading.skin.tone)
    card = [lab_from_hex(shade.hex) for shade in shade_card()["foundation"]]
    nearest = min(float(delta_e_2000(lab, skin)) for lab in card)
    # Of those that are near, the one that suits best in the mean of what the photo leaves open.
    likeliest = min(
        (float(delta_e_2000(lab, samples).mean()) for lab in card if delta_e_2000(lab, skin) <= 4),
        default=0,
    )
    if not foundations:
        assert nearest > 4
        assert "no_foundation_match" in {note.code for note in result.notes}
        return
    for step in foundations:
        away = float(delta_e_2000(lab_from_hex(step.hex), skin))
        assert step.match is not None
        assert step.match.delta_e == pytest.approx(away, abs=0.01)
        mean = float(delta_e_2000(lab_from_hex(step.hex), samples).mean())
        assert mean == pytest.approx(likeliest)
        assert step.match.interval[0] <= step.match.delta_e <= step.match.interval[1]
        sure = away <= 2 and step.match.chance >= 0.7
        assert step.match.verdict == ("excellent" if sure else "near")
        assert away <= 4
        if step.match.neighbour:
            assert step.match.neighbour.hex != step.hex


@few
@given(readings())
def test_the_card_has_a_foundation_for_skins_as_people_have_them(
    catalogue: Catalogue, reading: FaceReading
) -> None:
    result = recommend_makeup(reading, Profile(), [], catalogue, "work")

    assert "foundation" in {step.category for step in steps_of(result)}


@few
@given(readings(), st.sampled_from(["evening", None]))
def test_no_matte_cheek_is_chalk_on_the_skin(
    catalogue: Catalogue, reading: FaceReading, occasion: str | None
) -> None:
    result = recommend_makeup(reading, Profile(), [], catalogue, occasion)

    skin = reading.skin.tone.lab[0]
    for step in steps_of(result):
        if step.category == "blush":
            assert LCh.of_lab(lab_from_hex(step.hex)).lightness <= skin + 12
        if step.category == "contour":
            assert LCh.of_lab(lab_from_hex(step.hex)).lightness < skin


# --- one at a time -------------------------------------------------------------------------------


def test_what_is_owned_comes_before_a_nearer_shade(catalogue: Catalogue) -> None:
    reading = reading_of()
    skin = LCh.of_lab(reading.skin.tone.lab)
    mine = hex_from_lab((skin.lightness + 2.5, *skin.lab[1:]))
    bag = [{"item_id": "f", "name": "F", "category": "foundation", "shade": mine}]

    result = recommend_makeup(reading, Profile(), bag, catalogue, "work")

    used = {step.item_id for step in steps_of(result) if step.category == "foundation"}
    assert used == {"f"}


def test_an_owned_foundation_that_is_off_is_said_to_be_so(catalogue: Catalogue) -> None:
    bag = [{"item_id": "f", "name": "Too fair", "category": "bb cream", "shade": "#f6e0d0"}]

    result = recommend_makeup(reading_of(50), Profile(), bag, catalogue, "work")

    assert "f" not in {step.item_id for step in steps_of(result)}
    (note,) = [n for n in result.notes if n.code == "shade_does_not_match"]
    assert "no match" in note.text


def test_a_skin_no_shade_meets_gets_no_foundation(catalogue: Catalogue) -> None:
    result = recommend_makeup(reading_of(60, 55, 100), Profile(), [], catalogue, "evening")

    assert not {"foundation", "concealer"} & {step.category for step in steps_of(result)}
    assert result.status == "partial"
    assert "No match" in " ".join(note.text for note in result.notes)


def test_an_unsure_photo_widens_what_the_skin_may_be() -> None:
    sure, unsure = (reading_of(sure=value).skin.tone for value in (1.0, 0.0))
    narrow = sure.model_copy(update={"ita_interval": (sure.ita - 2, sure.ita + 2)})

    def spread(tone: Tone, axis: int) -> float:
        return float(sampled_skin(tone)[:, axis].std())

    assert spread(unsure, 1) > 2 * spread(sure, 1)
    assert spread(narrow, 0) < spread(sure, 0) / 2
    assert sampled_skin(sure)[7] == pytest.approx(sure.lab), "the middle is what was measured"


def test_contour_goes_where_the_shape_asks(catalogue: Catalogue) -> None:
    def regions(shape: str | None) -> set[str]:
        result = recommend_makeup(reading_of(shape=shape), Profile(), [], catalogue, "evening")
        return {r for s in steps_of(result) if s.category == "contour" for r in s.regions}

    assert regions("square") == {"temples", "jaw"}
    assert regions("round") == {"temples", "under_cheekbones"}
    assert regions(None) == {"under_cheekbones"}


def test_an_eye_accent_stands_across_from_the_iris(catalogue: Catalogue) -> None:
    reading = reading_of(eyes="green", season="True Winter")

    result = recommend_makeup(reading, Profile(), [], catalogue, "evening")

    (look,) = [look for look in result.looks if look.idea == "eyes"]
    (lid,) = [s for s in look.steps if s.category == "eyeshadow"]
    iris = LCh.of_lab(lab_from_hex("#6b6a3f"))
    assert abs(hue_difference(LCh.of_lab(lab_from_hex(lid.hex)).hue, iris.hue)) > 90
    assert "face.colours.eyes" in {reason.points_at for reason in lid.why}


@pytest.mark.parametrize(
    ("warm", "cool"), [("True Spring", "True Summer"), ("True Autumn", "True Winter")]
)
def test_warm_seasons_get_warmer_lips(catalogue: Catalogue, warm: str, cool: str) -> None:
    def hue(season: str) -> float:
        result = recommend_makeup(reading_of(season=season), Profile(), [], catalogue)
        lips = [
            LCh.of_lab(lab_from_hex(s.hex)).hue for s in steps_of(result) if s.category == "lip"
        ]
        return sum(hue_difference(h, 0) for h in lips) / len(lips)

    assert hue(warm) > hue(cool) + 15


def test_shiny_skin_gets_a_matte_base(catalogue: Catalogue) -> None:
    face = reading_of()
    shine = Concern(name="shine", score=40, measured=1, unit="u", confidence=0.8)
    reading = face.model_copy(update={"skin": face.skin.model_copy(update={"concerns": (shine,)})})

    result = recommend_makeup(reading, Profile(), [], catalogue, "evening")

    base = ("foundation", "highlighter")
    assert {s.finish for s in steps_of(result) if s.category in base} == {"matte"}


def test_mica_avoided_leaves_no_shimmer_suggested(catalogue: Catalogue) -> None:
    profile = Profile(avoided_ingredients=("mica",))

    result = recommend_makeup(reading_of(), profile, [], catalogue, "evening")

    assert not {"shimmer", "metallic"} & {step.finish for step in steps_of(result)}


def test_an_owned_lip_liner_lines_the_lip_colour_and_is_no_lipstick(
    catalogue: Catalogue,
) -> None:
    def asked(liner: str) -> list[list[LookStep]]:
        bag = [
            {"item_id": "lip", "name": "L", "category": "lipstick", "shade": "#a25a50"},
            {"item_id": "line", "name": "Liner", "category": "Lip liner", "shade": liner},
        ]
        result = recommend_makeup(reading_of(), Profile(), bag, catalogue, "evening")
        return [[s for s in look.steps if s.item_id] for look in result.looks]

    near, far = asked("#9a5850"), asked("#2030c0")

    lined = [steps for steps in near if [s.item_id for s in steps] == ["line", "lip"]]
    assert lined
    assert all(steps[0].regions == ("lip_line",) for steps in lined)
    assert all(s.item_id == "lip" for steps in far for s in steps if s.category == "lip")
    assert not any(s.item_id == "line" for steps in far for s in steps)


def test_make_up_with_a_retinoid_stays_out_in_pregnancy(catalogue: Catalogue) -> None:
    lip = {"item_id": "l", "name": "L", "category": "lipstick", "shade": "#a25a50"}
    bag = [lip | {"ingredients": ["Ricinus Communis Seed Oil", "Retinyl Palmitate"]}]

    untold = recommend_makeup(reading_of(), Profile(), bag, catalogue)
    told = recommend_makeup(reading_of(), Profile(pregnancy="planning"), bag, catalogue)

    assert "l" in {step.item_id for step in steps_of(untold)}
    assert "l" not in {step.item_id for step in steps_of(told)}
    assert ("not_in_pregnancy", "l") in {(n.code, n.item_id) for n in told.notes}


def test_a_poisoned_item_is_named_and_the_rest_goes_on(catalogue: Catalogue) -> None:
    bag: list[dict[str, Any]] = [
        {"item_id": "x", "shade": 7, "name": None},
        {"item_id": "gone", "product_id": "no-longer-sold"},
        {"item_id": "dull", "name": "Lip", "category": "lipstick"},
        {
            "item_id": "old",
            "name": "M",
            "category": "mascara",
            "opened": str(TODAY - timedelta(days=200)),
        },
    ]

    result = recommend_makeup(reading_of(), Profile(), bag, catalogue, today=TODAY)

    assert {(n.code, n.item_id) for n in result.notes} == {
        ("bag_item_unreadable", "x"),
        ("product_withdrawn", "gone"),
        ("shade_needed", "dull"),
        ("expired", "old"),
    }
    assert len(result.looks) == 3


@pytest.mark.parametrize(
    ("words", "occasion"),
    [
        (None, "everyday"),
        ("Wedding", "ceremony"),
        ("my sister's wedding party", "ceremony"),
        ("job interview", "work"),
        ("date", "evening"),
        ("moon landing", None),
    ],
)
def test_an_occasion_is_understood_or_not(words: str | None, occasion: str | None) -> None:
    assert occasion_of(words) == occasion


def test_every_rule_and_shade_has_a_source() -> None:
    tables = rules()
    sources = {**tables["sources"], **season_rules()["sources"]}
    cited = [
        row["source"]
        for table in tables.values()
        for row in (table if isinstance(table, list) else [table])
        if isinstance(row, dict) and "source" in row
    ]
    cited += [row["source"] for row in tables["occasion"].values()]
    assert len(cited) > 15
    assert set(cited) <= set(sources)
    assert set(tables["keeps"]) - {"source"} == set(CATEGORIES)
