"""The routine: rules that always hold, whoever asks and whatever they own."""

import random
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facet.advice.skincare.recommend import recommend_skincare
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import GOALS, Catalogue
from facet.catalogue.sources import CatalogueError
from facet.domain.advice import Profile, SkincareResult, Step
from facet.domain.face import FaceReading, MonkShare
from facet.domain.products import BagItem, InUse, Prescribed, PrescribedUse, Product
from facet.domain.tone import EvidenceKind, ToneEvidence, pool
from tests.unit.advice.routines import USED, own

DATA = Path(__file__).parents[3] / "data" / "skincare"
# Read here without the code under test, so that a rule it forgets is not forgotten twice.
FACTS: dict[str, Any] = tomllib.loads((DATA / "ingredients.toml").read_text("utf-8"))
RULES: dict[str, Any] = tomllib.loads((DATA / "rules.toml").read_text("utf-8"))
BY_INCI = {row["inci"]: row | {"id": id_} for id_, row in FACTS.items()}
ORDER = ["cleanse", "treat", "moisturise", "protect"]
TODAY = date(2026, 11, 21)
Reading = Callable[..., FaceReading]


# --- what is in a step, from the facts alone -----------------------------------------------------


class Contents:
    """What each step of a result is made of."""

    def __init__(self, catalogue: Catalogue, bag: Sequence[Any]) -> None:
        self.catalogue = catalogue
        self.bag = {
            item.item_id: item
            for item in (b if isinstance(b, BagItem) else None for b in bag)
            if item is not None
        }

    def inci(self, step: Step) -> list[str]:
        if step.product.product_id:
            product = self.catalogue.product(step.product.product_id)
            assert product is not None
            return list(product.inci)
        if step.product.item_id:
            return [text.split(" @ ")[0] for text in self.bag[step.product.item_id].ingredients]
        return []

    def actives(self, step: Step) -> list[dict[str, Any]]:
        """Facts of the ingredients it is bought for."""
        if step.product.product_id:
            product = self.catalogue.product(step.product.product_id)
            assert product is not None
            names = [active.inci for active in product.actives]
        else:
            names = self.inci(step)
        return [BY_INCI[n] for n in names if n in BY_INCI and BY_INCI[n]["role"] == "active"]

    def tags(self, step: Step) -> set[str]:
        return {f for row in self.actives(step) for f in (*row.get("family", ()), row["id"])}

    def leave_on_treatment(self, step: Step) -> bool:
        product = self.catalogue.product(step.product.product_id or "")
        rinsed = product is not None and product.vehicle == "rinse-off-peel"
        return bool(self.actives(step) and step.step in ("treat", "moisturise") and not rinsed)

    def prescribed(self, step: Step) -> bool:
        told = step.product.item_id and self.bag[step.product.item_id].prescribed
        assert step.prescribed is bool(told)
        if any(row.get("medicine", [""])[0] == "prescription" for row in self.actives(step)):
            assert step.prescribed
        return step.prescribed

    def strain(self, step: Step) -> int:
        """What one use of a product counts: the harshest of what treats, of a wash nothing."""
        if step.step == "cleanse":
            return 0
        if step.prescribed and not self.actives(step):
            return int(RULES["load"]["strains"])
        return max((row.get("irritancy", 0) for row in self.actives(step)), default=0)


def every_rule_holds(
    result: SkincareResult, catalogue: Catalogue, profile: Profile, bag: Sequence[Any]
) -> None:
    inside = Contents(catalogue, bag)
    the_order_is_kept_and_spf_closes_the_morning(result, catalogue, inside)
    no_two_steps_clash(result, inside)
    nothing_is_used_more_often_than_its_pace(result, inside)
    a_week_irritates_no_more_than_it_may(result, inside, profile)
    the_calendar_is_the_routine(result, inside)
    what_needs_the_evening_and_sunscreen_has_them(result, inside)
    at_most_one_active_is_new(result, inside)
    nothing_forbidden_is_in_it(result, inside, profile)
    gaps_are_filled_once(result, catalogue, profile)
    it_explains_itself(result)


def the_order_is_kept_and_spf_closes_the_morning(
    result: SkincareResult, catalogue: Catalogue, inside: Contents
) -> None:
    for steps in (result.am, result.pm):
        places = [ORDER.index(step.step) for step in steps]
        assert places == sorted(places)
    assert [step.step for step in result.am].count("protect") == 1
    assert all(step.step != "protect" for step in result.pm)
    last = result.am[-1]
    assert last.step == "protect"
    assert last.days == tuple(range(1, 8))
    if last.product.product_id:
        product = catalogue.product(last.product.product_id)
        assert product is not None
        assert (product.spf or 0) >= 30
    elif last.product.item_id:
        item = inside.bag[last.product.item_id]
        assert (item.spf or 0) >= 30 or "50" in last.product.name
    else:
        assert "SPF 30" in last.product.name


def no_two_steps_clash(result: SkincareResult, inside: Contents) -> None:
    for session, steps in (("am", result.am), ("pm", result.pm)):
        for day in range(1, 8):
            today = [step for step in steps if day in step.days]
            for step, other in combinations(today, 2):
                if not (inside.prescribed(step) and inside.prescribed(other)):  # as doctors say
                    assert not clash(step, other, inside), (step.product.name, other.product.name)
            acids = [step for step in today if "exfoliant" in inside.tags(step)]
            assert len(acids) <= 1 or all(map(inside.prescribed, acids))
            for eyes in (True, False):
                here = [s for s in today if (s.product.category == "eye_care") == eyes]
                treating = [step for step in here if inside.leave_on_treatment(step)]
                most = RULES["actives"][session]
                assert len(treating) <= most or all(map(inside.prescribed, treating))
                plain = [
                    s
                    for s in here
                    if s.step == "treat" and not inside.actives(s) and not s.prescribed
                ]
                assert len(plain) <= RULES["actives"]["support"]
            for step in today:
                assert not clash(step, step, inside) or inside.prescribed(step)
    retinoids = {
        (step.product.product_id, step.product.item_id)
        for step in (*result.am, *result.pm)
        if "retinoid" in inside.tags(step)
    }
    prescribed = [s for s in (*result.am, *result.pm) if s.prescribed]
    assert len(retinoids) <= max(1, len(prescribed))
    for day in range(1, 8):
        left_on = [s for s in (*result.am, *result.pm) if day in s.days and s.step != "cleanse"]
        apart = {
            s.product.item_id or s.product.product_id
            for s in left_on
            if "exfoliant" in inside.tags(s) and not s.prescribed
        }
        assert len(apart) <= 1


def a_week_irritates_no_more_than_it_may(
    result: SkincareResult, inside: Contents, profile: Profile
) -> None:
    rule = RULES["load"]
    told = profile.sensitive or profile.skin_type == "sensitive"
    points = rule["sensitive_points"] if told else rule["points"]
    evenings = rule["sensitive_evenings"] if told else rule["evenings"]
    for eyes in (True, False):
        steps = [
            (session, step)
            for session in ("am", "pm")
            for step in result.steps(session)
            if (step.product.category == "eye_care") == eyes
        ]
        theirs = [(session, step) for session, step in steps if step.prescribed]
        ours = [(session, step) for session, step in steps if not step.prescribed]
        given = sum(inside.strain(step) * len(step.days) for _, step in theirs)
        spent = sum(inside.strain(step) * len(step.days) for _, step in ours)
        assert spent <= max(0, points - given)
        taken, added = (strong_evenings(part, inside) for part in (theirs, ours))
        assert not taken & added
        assert len(added) <= max(0, evenings - len(taken))
        for session, step in ours:  # whatever it becomes
            most = max([len(step.days), *(stage.days_per_week for stage in step.ramp)])
            if session == "pm" and inside.strain(step) >= rule["strains"]:
                assert most <= evenings


def strong_evenings(steps: Sequence[tuple[str, Step]], inside: Contents) -> set[int]:
    strong = RULES["load"]["strains"]
    used = [s for session, s in steps if session == "pm" and inside.strain(s) >= strong]
    return {day for step in used for day in step.days}


def the_calendar_is_the_routine(result: SkincareResult, inside: Contents) -> None:
    assert result.calendar is not None
    rows = result.calendar.sessions
    assert [(row.day, row.session) for row in rows] == [
        (day, session) for day in range(1, 8) for session in ("am", "pm")
    ]
    for row in rows:
        steps = [s for s in result.steps(row.session) if row.day in s.days]
        found = [s.product for s in steps if s.product.product_id or s.product.item_id]
        assert [use.product for use in row.uses] == found
        strong = any(
            inside.strain(s) >= RULES["load"]["strains"] and s.product.category != "eye_care"
            for s in steps
        )
        assert (row.kind == "treatment") is strong
    resting = {row.day for row in rows if row.kind == "recovery"}
    assert resting == set(result.calendar.recovery_evenings)
    new = any(step.new for step in (*result.am, *result.pm))
    assert bool(result.calendar.advice) is new


def nothing_is_used_more_often_than_its_pace(result: SkincareResult, inside: Contents) -> None:
    steps = [
        s for s in (*result.am, *result.pm) if s.step != "cleanse" and not inside.prescribed(s)
    ]
    for pace in RULES["pace"]:
        for eyes in (True, False):
            days = sum(
                max(len(step.days), *(stage.days_per_week for stage in step.ramp), 0)
                for step in steps
                if pace["family"] in inside.tags(step)
                and (step.product.category == "eye_care") == eyes
            )
            assert days <= pace["stages"][-1][1], pace["family"]


def what_needs_the_evening_and_sunscreen_has_them(result: SkincareResult, inside: Contents) -> None:
    needy = {"retinoid", "aha"}
    assert all(not inside.tags(step) & needy for step in result.am if not step.prescribed)
    needing = [s for s in result.pm if inside.tags(s) & needy and not s.prescribed]
    if needing:
        worn = result.am[-1].product
        assert worn.product_id or worn.item_id
    for step in needing:
        assert any("sun" in caution for caution in step.cautions)
        if step.step != "cleanse":
            assert len(step.days) <= 4
    for steps in (result.am, result.pm):
        for step in (s for s in steps if s.ramp):
            clashing = [s for s in steps if s is not step and clash(step, s, inside)]
            taken = {day for other in clashing for day in other.days}
            assert step.ramp[0].days_per_week == len(step.days)
            assert max(stage.days_per_week for stage in step.ramp) <= 7 - len(taken)


def clash(step: Step, other: Step, inside: Contents) -> bool:
    return any(
        pair["level"] in ("block", "alternate")
        and (
            (pair["a"] in inside.tags(step) and pair["b"] in inside.tags(other))
            or (pair["b"] in inside.tags(step) and pair["a"] in inside.tags(other))
        )
        for pair in RULES["pair"]
    )


def at_most_one_active_is_new(result: SkincareResult, inside: Contents) -> None:
    new = set()
    for step in (*result.am, *result.pm):
        entry = inside.bag[step.product.item_id] if step.product.item_id else None
        used = entry is not None and entry.in_use == "over_four_weeks"
        recent = bool(entry and entry.opened and entry.opened > TODAY - timedelta(weeks=4))
        told_new = entry is not None and entry.in_use == "new"
        harsh = inside.strain(step) >= RULES["introduce"]["untold_from"]
        if not used and inside.actives(step) and (not step.owned or recent or told_new or harsh):
            assert step.new
        assert not (used and step.new)
        if step.new and not step.prescribed:
            assert not any(s.prescribed for s in (*result.am, *result.pm) if step.step == "treat")
            new.add((step.product.product_id, step.product.item_id))
    assert len(new) <= 1


def nothing_forbidden_is_in_it(result: SkincareResult, inside: Contents, profile: Profile) -> None:
    for step in (*result.am, *result.pm):
        rows = [BY_INCI[name] for name in inside.inci(step) if name in BY_INCI]
        for term in (*profile.allergies, *profile.avoided_ingredients):
            for row in rows:
                names = {row["inci"].lower(), *row.get("also", ())}
                assert term.lower() not in names, (term, step.product.name)
        if profile.pregnancy:
            assert all(row.get("pregnancy", ["ok"])[0] == "ok" for row in rows)
        if not step.owned:
            assert all(row.get("medicine", [""])[0] != "prescription" for row in rows)


def gaps_are_filled_once(result: SkincareResult, catalogue: Catalogue, profile: Profile) -> None:
    gaps = [suggestion.gap for suggestion in result.suggestions]
    assert len(gaps) == len(set(gaps))
    owned_steps = {step.step for step in (*result.am, *result.pm) if step.owned}
    assert not ("protect" in gaps and "protect" in owned_steps)
    suggested = {suggestion.product.product_id for suggestion in result.suggestions}
    for step in (*result.am, *result.pm):
        if not step.owned and step.product.product_id:
            assert step.product.product_id in suggested
    bands = ["low", "mid", "high"]
    relaxed = any(note.code == "over_budget" for note in result.notes)
    if profile.budget and not relaxed:
        for suggestion in result.suggestions:
            assert suggestion.price_band is not None
            assert bands.index(suggestion.price_band) <= bands.index(profile.budget)


def it_explains_itself(result: SkincareResult) -> None:
    listed = {source.id for source in result.sources}
    for step in (*result.am, *result.pm):
        assert step.why
        assert step.days
        assert set(step.days) <= set(range(1, 8))
        assert set(step.sources) <= listed
        assert {source for reason in step.why for source in reason.sources} <= listed
    assert all(suggestion.why for suggestion in result.suggestions)
    assert SkincareResult.model_validate_json(result.model_dump_json()) == result


# --- anyone, with anything --------------------------------------------------------------------


def random_catalogue(folder: Path, seed: int) -> Catalogue:
    """Formulas nobody thought of: random actives in random vehicles, within the law."""
    rng = random.Random(seed)  # noqa: S311 - formulas, no secrets
    shutil.copytree(DATA, folder)
    vehicles = list(tomllib.loads((folder / "vehicles.toml").read_text("utf-8")))
    usable = [
        id_
        for id_, row in FACTS.items()
        if row["role"] in ("active", "support") and row.get("medicine", [""])[0] != "prescription"
    ]
    header, *real = (folder / "products.csv").read_text("utf-8").splitlines()
    rows = rng.sample(real, rng.randrange(0, 60))
    for number in range(rng.randrange(5, 80)):
        vehicle = rng.choice(vehicles)
        parts = []
        for id_ in rng.sample(usable, rng.randrange(1, 4)):
            ceiling = FACTS[id_].get("limit", [4.0])[0]
            least = FACTS[id_].get("min", ceiling / 50)
            parts.append(f"{id_} {rng.uniform(least, max(least, ceiling / 2)):.4f}")
        spf = ""
        if "sunscreen" in vehicle or "mineral" in vehicle:
            parts.append("zinc-oxide 20")
            spf = rng.choice(["30", "50"])
        price = rng.choice(["low", "mid", "high"])
        rows.append(f"random-{number},Product {number},{vehicle},{'; '.join(parts)},{price},{spf}")
    while True:
        (folder / "products.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
        try:
            return Catalogue.load(build_catalogue(folder, imported(rng)))
        except CatalogueError as error:  # leave out what the checks refuse
            refused = {problem.split()[1].rstrip(":") for problem in error.problems}
            rows = [row for row in rows if row.split(",")[0] not in refused]


def imported(rng: random.Random) -> list[Product]:
    """Real products as lists know them: no vehicle, few concentrations, odd or missing labels."""
    everything = [row["inci"] for row in FACTS.values()] + ["Moonstone Extract", "Glow Worm Water"]
    categories = [
        "cleanser",
        "serum",
        "treatment",
        "exfoliant",
        "moisturiser",
        "sunscreen",
        "blush",
    ]
    products = []
    for number in range(60):
        inci = rng.sample(everything, rng.choice([0, 1, 3, 12]))
        stated = [name for name in inci if rng.random() < 0.5]
        products.append(
            Product.model_validate(
                {
                    "product_id": f"imported-{number}",
                    "name": rng.choice(["Theirs", "Niacinamide cream", "Retinol night SPF 50"]),
                    "category": rng.choice(categories),
                    "inci": inci,
                    "actives": [
                        {"inci": name, "name": name, "percent": rng.choice([0.01, 0.1, 1, 5])}
                        for name in stated
                    ],
                    "price_band": rng.choice(["low", None]),
                    "spf": rng.choice([None, 15, 30, 50]),
                    "skin_types": rng.choice([[], ["dry", "oily", "normal", "sensitive"]]),
                }
            )
        )
    return products


@pytest.fixture(scope="session")
def catalogues(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> list[Catalogue]:
    folder = tmp_path_factory.mktemp("catalogues")
    return [catalogue, *(random_catalogue(folder / str(n), n) for n in range(10))]


NAMES = sorted({name for row in FACTS.values() for name in (row["inci"], *row.get("also", ()))})
terms = st.sampled_from([name for name in NAMES if name != "Aqua"])
profiles = st.builds(
    Profile,
    skin_type=st.sampled_from([None, "normal", "dry", "combination", "oily", "sensitive"]),
    sensitive=st.booleans(),
    goals=st.lists(st.sampled_from(GOALS), max_size=4, unique=True),
    allergies=st.lists(terms, max_size=2),
    avoided_ingredients=st.lists(terms, max_size=3),
    pregnancy=st.sampled_from([None, None, "pregnant", "planning", "breastfeeding"]),
    budget=st.sampled_from([None, "low", "mid", "high"]),
    pigmentation_prone=st.sampled_from([None, True, False]),
)
concerns = st.dictionaries(
    st.sampled_from([g for g in GOALS if g != "dryness"]), st.integers(0, 100), max_size=5
)
opened = st.sampled_from([None, None, *(TODAY - timedelta(days=d) for d in (3, 20, 60, 900))])
in_use: st.SearchStrategy[InUse | None] = st.sampled_from([None, "new", *["over_four_weeks"] * 2])
prescribed: st.SearchStrategy[Prescribed | None] = st.sampled_from(
    [
        *[None] * 12,
        *(Prescribed(for_face=True, how_often=often) for often in get_args(PrescribedUse)),
        Prescribed(for_face=False, how_often="every_evening"),
    ]
)
poison: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"item_id": "p", "colour": "red"}, {"item_id": 7}, {"item_id": "q", "opened": "then"}]
)


@st.composite
def bags(draw: st.DrawFn, catalogue: Catalogue) -> list[BagItem | dict[str, Any]]:
    ids = [*catalogue.ids, "withdrawn-long-ago"]
    active = [row["inci"] for row in FACTS.values() if row["role"] != "base"]
    bag: list[BagItem | dict[str, Any]] = []
    for number in range(draw(st.integers(0, 9))):
        kind = draw(st.sampled_from(["catalogue", "catalogue", "described", "poison"]))
        if kind == "poison":
            bag.append(draw(poison))
        elif kind == "catalogue":
            bag.append(
                BagItem(
                    item_id=f"b{number}",
                    product_id=draw(st.sampled_from(ids)),
                    opened=draw(opened),
                    in_use=draw(in_use),
                    prescribed=draw(prescribed),
                    quantity=draw(st.sampled_from([None, 0, 1])),
                )
            )
        else:
            bag.append(
                BagItem(
                    item_id=f"b{number}",
                    name=draw(st.sampled_from(["Mine", "Fluid SPF 50", "Old stick SPF 15"])),
                    category=draw(
                        st.sampled_from(
                            ["cleanser", "serum", "night cream", "Sunscreen", "eye cream", "toner"]
                        )
                    ),
                    ingredients=tuple(draw(st.lists(st.sampled_from(active), max_size=4))),
                    opened=draw(opened),
                    in_use=draw(in_use),
                    prescribed=draw(prescribed),
                )
            )
    return bag


@settings(
    max_examples=70,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_routine_ever_breaks_a_rule(
    catalogues: list[Catalogue], reading: Reading, data: st.DataObject
) -> None:
    catalogue = data.draw(st.sampled_from(catalogues), label="catalogue")
    profile = data.draw(profiles, label="profile")
    bag = data.draw(bags(catalogue), label="bag")
    photo = reading(data.draw(st.integers(-60, 70)), **data.draw(concerns, label="concerns"))

    result = recommend_skincare(photo, profile, bag, catalogue, today=TODAY)

    every_rule_holds(result, catalogue, profile, bag)
    shuffled = data.draw(st.permutations(bag))
    again = recommend_skincare(photo, profile, shuffled, catalogue, today=TODAY)
    assert (again.am, again.pm, again.suggestions) == (result.am, result.pm, result.suggestions)


# --- one person at a time ----------------------------------------------------------------------


def codes(result: SkincareResult) -> list[str]:
    return [note.code for note in result.notes]


def test_who_told_nothing_still_gets_a_plain_routine_and_hears_what_it_rests_on(
    catalogue: Catalogue, reading: Reading
) -> None:
    result = recommend_skincare(reading(), Profile(), [], catalogue)

    assert result.status == "completed"
    assert [step.step for step in result.am] == ["cleanse", "moisturise", "protect"]
    assert [step.step for step in result.pm] == ["cleanse", "moisturise"]
    assert not any(step.new for step in (*result.am, *result.pm))
    assert "no_active" in codes(result)
    assert any("no skin concern was measured" in line for line in result.based_on)


def test_deeper_skin_is_offered_a_tinted_sunscreen_and_light_skin_is_not(
    catalogue: Catalogue, reading: Reading
) -> None:
    deep = recommend_skincare(reading(-20), Profile(), [], catalogue)
    light = recommend_skincare(reading(60), Profile(), [], catalogue)

    assert "inted" in deep.am[-1].product.name
    assert "inted" not in light.am[-1].product.name
    assert any(reason.points_at == "skin.tone.ita" for reason in deep.am[-1].why)


@pytest.mark.parametrize(
    ("evidence", "says", "of"),
    [
        ((("photo", -20),), "Your photo reads as", "skin.tone.ita"),
        ((("photo", -20), ("photo", -22)), "All your photos together", "skin.tone_of_person.ita"),
        ((("photo", 20), ("monk", -40)), "With what you told us", "skin.tone_of_person.ita"),
    ],
)
def test_what_a_tone_asks_for_has_as_its_reason_what_speaks_for_it(
    catalogue: Catalogue,
    reading: Reading,
    evidence: Sequence[tuple[EvidenceKind, float]],
    says: str,
    of: str,
) -> None:
    pieces = [ToneEvidence(kind=kind, ita=ita, error=9) for kind, ita in evidence]
    person = pool(pieces)
    assert person
    sure = person.model_copy(update={"monk": (MonkShare(tone=9, share=1.0),)})

    result = recommend_skincare(reading(-20), Profile(), [], catalogue, tone_of_person=sure)

    why = [reason for reason in result.am[-1].why if "deeper" in reason.text]
    assert [(reason.text.startswith(says), reason.points_at) for reason in why] == [(True, of)]
    assert ("in your photo" in result.based_on[0]) == (of == "skin.tone.ita")


def test_a_measure_brings_its_treatment_and_the_reason_points_at_it(
    catalogue: Catalogue, reading: Reading
) -> None:
    result = recommend_skincare(reading(redness=55), Profile(), [], catalogue)

    (treatment,) = (step for step in (*result.am, *result.pm) if step.new)
    assert any(reason.points_at == "skin.concerns.redness" for reason in treatment.why)
    product = catalogue.product(treatment.product.product_id or "")
    assert product is not None
    assert "redness" in product.concerns


def test_a_good_score_or_a_doubtful_measure_brings_nothing(
    catalogue: Catalogue, reading: Reading
) -> None:
    photo = reading(redness=95, wrinkles=20)
    doubtful = photo.skin.concerns[1].model_copy(update={"confidence": 0.1})
    skin = photo.skin.model_copy(update={"concerns": (photo.skin.concerns[0], doubtful)})

    result = recommend_skincare(photo.model_copy(update={"skin": skin}), Profile(), [], catalogue)

    assert not any(step.new for step in (*result.am, *result.pm))


def test_what_is_owned_comes_first_and_only_the_gap_is_suggested(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag = own(a="gel-cleanser-plain", b="cream-ceramide", c="serum-niacinamide-5")
    result = recommend_skincare(reading(redness=60), Profile(), bag, catalogue)

    assert [suggestion.gap for suggestion in result.suggestions] == ["protect"]
    assert all(step.owned for step in (*result.am, *result.pm) if step.step != "protect")


def test_retinol_and_acid_take_different_evenings(catalogue: Catalogue, reading: Reading) -> None:
    bag = own(a="retinol-0-3-serum", b="exfoliant-glycolic-7", c="sunscreen-lotion-50")
    result = recommend_skincare(reading(wrinkles=50, dark_spots=50), Profile(), bag, catalogue)

    retinol, acid = (
        next(step for step in result.pm if step.product.item_id == item) for item in ("a", "b")
    )
    assert not set(retinol.days) & set(acid.days)


def test_an_acid_wash_gives_way_to_a_retinol_round_the_eyes(
    catalogue: Catalogue, reading: Reading
) -> None:
    # Neither counts against the actives of an evening: only the rule itself parts them.
    bag = own(a="eye-cream-retinol", b="gel-cleanser-salicylic-2")
    result = recommend_skincare(reading(wrinkles=50), Profile(), bag, catalogue)

    assert "a" in [step.product.item_id for step in result.pm]
    assert "b" in [step.product.item_id for step in result.am]
    assert "b" not in [step.product.item_id for step in result.pm]


def test_benzoyl_peroxide_leaves_the_evening_to_retinol_but_may_join_adapalene(
    catalogue: Catalogue, reading: Reading
) -> None:
    photo = reading(blemishes=50, wrinkles=50)
    retinol = recommend_skincare(
        photo, Profile(), own(a="retinol-0-3-serum", b="bpo-5-gel"), catalogue
    )

    assert "b" in [step.product.item_id for step in retinol.am]
    assert "a" in [step.product.item_id for step in retinol.pm]
    clash = next(pair for pair in RULES["pair"] if pair["level"] == "block")
    assert clash["b"] not in FACTS["adapalene"]["family"]


def test_a_retinoid_is_built_up_slowly(catalogue: Catalogue, reading: Reading) -> None:
    bag = [
        {"item_id": "new", "product_id": "retinol-0-1-cream", "opened": "2026-11-18"},
    ]
    result = recommend_skincare(reading(), Profile(), bag, catalogue, today=TODAY)

    step = next(step for step in result.pm if step.product.item_id == "new")
    assert step.new
    assert len(step.days) == 2
    assert [stage.days_per_week for stage in step.ramp] == [2, 3, 4]


def test_a_second_new_active_waits(catalogue: Catalogue, reading: Reading) -> None:
    bag = [
        {"item_id": "a", "product_id": "serum-vitamin-c-10", "opened": "2026-11-18"},
        {"item_id": "b", "product_id": "azelaic-10-cream", "opened": "2026-11-19"},
    ]
    result = recommend_skincare(
        reading(dark_spots=40, wrinkles=40), Profile(), bag, catalogue, today=TODAY
    )

    assert sum(step.new for step in (*result.am, *result.pm)) == 1
    assert "one_at_a_time" in codes(result)


LABELS = [
    ["Aqua", "Retinol (Vitamin A) 0.3 %"],
    ["Ingredients: Aqua, Glycerin,Retinol, Parfum."],
    ["Encapsulated Retinol 0.2 %"],
    ["Vitamin A"],
    ["Retinyl Linoleate"],
]


@pytest.mark.parametrize("label", LABELS)
def test_a_retinoid_is_one_however_a_label_spells_it(
    catalogue: Catalogue, reading: Reading, label: list[str]
) -> None:
    bag = [{"item_id": "r", "name": "Night", "category": "serum", "ingredients": label}]
    photo = reading(wrinkles=40)

    result = recommend_skincare(photo, Profile(), bag, catalogue, today=TODAY)
    told = recommend_skincare(photo, Profile(pregnancy="pregnant"), bag, catalogue, today=TODAY)

    assert "r" not in [step.product.item_id for step in result.am]
    (step,) = (step for step in result.pm if step.product.item_id == "r")
    assert len(step.days) <= 4
    assert any("sun" in caution for caution in step.cautions)
    assert [note.code for note in told.notes if note.item_id == "r"] == ["not_in_pregnancy"]


def test_a_product_that_holds_what_must_not_meet_is_left_out_unless_it_was_prescribed(
    catalogue: Catalogue, reading: Reading
) -> None:
    def used(*label: str, **told: Any) -> tuple[bool, list[str]]:
        bag = [{"item_id": "x", "name": "Night", "category": "serum", "ingredients": label, **told}]
        result = recommend_skincare(reading(blemishes=40), Profile(), bag, catalogue, today=TODAY)
        notes = [note.text for note in result.notes if note.item_id == "x"]
        return any(s.product.item_id == "x" for s in (*result.am, *result.pm)), notes

    for label in (("Retinol", "Glycolic Acid"), ("Retinol", "Benzoyl Peroxide")):
        there, (why,) = used(*label)
        assert not there
        assert "It holds both" in why
    assert used("Adapalene", "Benzoyl Peroxide")[0]
    rx = {"prescribed": {"for_face": True, "how_often": "every_evening"}}
    assert used("Tretinoin", "Benzoyl Peroxide", **rx)[0]


def test_several_of_one_acid_are_not_used_more_often_than_one(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag = own(a="exfoliant-salicylic-2", b="exfoliant-salicylic-1", c="exfoliant-salicylic-pads")
    result = recommend_skincare(reading(blemishes=40), Profile(), bag, catalogue, today=TODAY)

    days = [len(step.days) for step in (*result.am, *result.pm) if step.owned]
    assert days == [3]
    assert codes(result).count("no_room") == 2


def test_one_eye_cream_at_a_time(catalogue: Catalogue, reading: Reading) -> None:
    eyes = [id_ for id_ in catalogue.ids if catalogue.item(id_).category == "eye_care"]  # type: ignore[union-attr]
    bag = own(**{f"e{n}": id_ for n, id_ in enumerate(eyes)})
    result = recommend_skincare(reading(dark_circles=40), Profile(), bag, catalogue, today=TODAY)

    for steps, most in ((result.am, RULES["actives"]["am"]), (result.pm, RULES["actives"]["pm"])):
        there = [step for step in steps if step.product.category == "eye_care"]
        assert 0 < len(there) <= most + RULES["actives"]["support"]


def test_what_has_no_place_in_a_routine_is_said_not_dropped(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag: list[Mapping[str, Any]] = [
        {"item_id": "mask", "product_id": "mask-kaolin"},
        {"item_id": "own-mask", "name": "Mud", "category": "Mask"},
        {"item_id": "odd", "name": "Glow", "category": "💄✨"},
        {"item_id": "polish", "name": "Red", "category": "nail polish"},
        {"item_id": "lip", "name": "Rosy", "category": "lipstick", "shade": "#aa1122"},
        {"item_id": "night", "name": "Calm", "category": "Night serum", "ingredients": ["Ectoin"]},
    ]
    result = recommend_skincare(reading(), Profile(), bag, catalogue)

    assert {(note.item_id, note.code) for note in result.notes if note.item_id} == {
        ("mask", "not_daily"),
        ("own-mask", "not_daily"),
        ("odd", "category_unknown"),
        ("polish", "category_unknown"),
    }
    assert any(step.product.item_id == "night" for step in result.am)


def test_an_allergy_in_another_script_is_kept_as_it_is_written(
    catalogue: Catalogue, reading: Reading
) -> None:
    cream = {"item_id": "a", "name": "Крем", "category": "face cream", "ingredients": ["РОМАШКА"]}
    profile = Profile(allergies=("ромашка", "🥜"))

    result = recommend_skincare(reading(), profile, [cream], catalogue)

    assert [note.code for note in result.notes if note.item_id == "a"] == ["avoided_ingredient"]
    assert codes(result).count("allergy_not_understood") == 2


def test_pregnancy_is_told_never_inferred_and_then_kept(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag = own(a="retinol-0-3-serum", b="azelaic-10-cream", c="exfoliant-salicylic-2")
    photo = reading(blemishes=50)
    untold = recommend_skincare(photo, Profile(), bag, catalogue)
    told = recommend_skincare(photo, Profile(pregnancy="planning"), bag, catalogue)

    assert "a" in [step.product.item_id for step in untold.pm]
    used = [step.product.item_id for step in (*told.am, *told.pm)]
    assert "b" in used
    assert not {"a", "c"} & set(used)
    assert {"not_in_pregnancy", "ask_in_pregnancy"} <= set(codes(told))
    assert [note.code for note in told.see_doctor] == ["pregnancy"]


def test_a_poisoned_bag_is_noted_and_the_routine_stands(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag: list[Any] = [
        {"item_id": "old", "schema": 0, "product": "cream"},
        {"item_id": "gone", "product_id": "no-longer-sold", "name": "Beloved cream"},
        None,
        "nonsense",
        {"item_id": "nameless"},
        {"item_id": "lip", "name": "Red lipstick", "category": "lip_color", "shade": "#aa1122"},
        *own(a="cream-ceramide"),
    ]
    result = recommend_skincare(reading(), Profile(), bag, catalogue)

    assert codes(result).count("bag_item_unreadable") == 3
    assert "product_withdrawn" in codes(result)
    assert "bag_item_incomplete" in codes(result)
    assert not any(note.item_id == "lip" for note in result.notes)
    assert any(step.product.item_id == "a" for step in result.am)


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"product_id": "serum-vitamin-c-10", "opened": "2026-01-01"}, "expired"),
        ({"product_id": "cream-ceramide", "quantity": 0}, "used_up"),
        ({"name": "Mystery serum", "category": "serum"}, "ingredients_needed"),
        ({"name": "Day fluid", "category": "sunscreen"}, "spf_too_low"),
        ({"name": "Day fluid SPF 15", "category": "sunscreen"}, "spf_too_low"),
    ],
)
def test_an_owned_product_that_will_not_do_is_left_out_with_a_note(
    catalogue: Catalogue, reading: Reading, item: dict[str, Any], code: str
) -> None:
    result = recommend_skincare(
        reading(), Profile(), [{"item_id": "x", **item}], catalogue, today=TODAY
    )

    assert [note.code for note in result.notes if note.item_id == "x"] == [code]
    assert all(step.product.item_id != "x" for step in (*result.am, *result.pm))


def test_a_label_is_read_for_what_it_is_called_and_what_it_lists(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag: list[dict[str, Any]] = [
        {"item_id": "a", "name": "Retinol 0.3 % night serum", "category": "serum", **USED},
        {
            "item_id": "b",
            "name": "Glow tonic",
            "category": "essence",
            "ingredients": ["Aqua", "Glycolic Acid 7 %", "Glycerin"],
            **USED,
        },
        {"item_id": "c", "name": "Beach fluid SPF 50+", "category": "spf"},
    ]
    result = recommend_skincare(reading(wrinkles=50, dark_spots=50), Profile(), bag, catalogue)

    retinol, acid = (
        next(step for step in result.pm if step.product.item_id == item) for item in ("a", "b")
    )
    assert not set(retinol.days) & set(acid.days)
    assert result.am[-1].product.item_id == "c"


def test_an_allergy_keeps_out_a_described_product_by_any_name_on_its_label(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag = [
        {
            "item_id": "a",
            "name": "Cream",
            "category": "moisturizer",
            "ingredients": ["Water", "Nicotinamide 4%"],
        },
        {
            "item_id": "b",
            "name": "Cream two",
            "category": "moisturizer",
            "ingredients": ["Water", "Pineapple Enzyme"],
        },
    ]
    profile = Profile(allergies=("vitamin B3",), avoided_ingredients=("pineapple",))
    result = recommend_skincare(reading(), profile, bag, catalogue)

    assert codes(result).count("avoided_ingredient") == 2


def test_when_every_sunscreen_is_ruled_out_the_morning_still_ends_with_one_to_find(
    catalogue: Catalogue, reading: Reading
) -> None:
    profile = Profile(avoided_ingredients=("mineral filters", "chemical filters"))
    bag = own(a="retinol-0-3-serum")
    result = recommend_skincare(reading(wrinkles=40), profile, bag, catalogue)

    assert result.status == "partial"
    assert result.am[-1].step == "protect"
    assert result.am[-1].product.product_id is None
    assert all(step.product.item_id != "a" for step in result.pm)
    assert {"no_sunscreen", "sunscreen_first"} <= set(codes(result))


def test_a_budget_too_small_for_sun_protection_is_passed_and_said(
    reading: Reading, tmp_path: Path
) -> None:
    folder = shutil.copytree(DATA, tmp_path / "skincare")
    lines = (folder / "products.csv").read_text("utf-8").splitlines()
    dear = [line for line in lines if not (line.endswith(("30", "50")) and ",low," in line)]
    (folder / "products.csv").write_text("\n".join(dear) + "\n", "utf-8")
    catalogue = Catalogue.load(build_catalogue(folder))

    result = recommend_skincare(reading(), Profile(budget="low"), [], catalogue)

    assert result.am[-1].product.product_id
    assert "over_budget" in codes(result)


def test_sensitive_skin_is_spared_what_is_harsh_even_when_owned(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag = own(a="bpo-10-spot")
    result = recommend_skincare(reading(blemishes=40), Profile(sensitive=True), bag, catalogue)

    assert "too_harsh" in codes(result)
    suggested = [catalogue.item(s.product.product_id or "") for s in result.suggestions]
    assert all(item is not None and item.irritancy <= 1 for item in suggested)


def test_what_nothing_helps_is_admitted(catalogue: Catalogue, reading: Reading) -> None:
    result = recommend_skincare(reading(eye_bags=30), Profile(), [], catalogue)

    assert "nothing_fits" in codes(result)
    assert not any(step.new for step in (*result.am, *result.pm))


def test_marked_findings_and_prescriptions_point_to_a_doctor(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag = [
        {
            "item_id": "rx",
            "name": "Tretinoin cream 0.05 %",
            "category": "medicine",
            "ingredients": ["Tretinoin"],
            "prescribed": {"for_face": True, "how_often": "every_evening"},
        }
    ]
    result = recommend_skincare(reading(blemishes=20, redness=80), Profile(), bag, catalogue)

    assert [note.code for note in result.see_doctor] == ["blemishes"]
    assert "prescription" in codes(result)
    assert any("prescribed" in caution for step in result.pm for caution in step.cautions)


def test_a_gentle_cleanser_takes_the_other_half_of_the_day_from_one_that_treats(
    catalogue: Catalogue, reading: Reading
) -> None:
    bag = own(a="gel-cleanser-salicylic-2", b="gel-cleanser-plain")
    result = recommend_skincare(reading(blemishes=50), Profile(), bag, catalogue)

    used = {
        session: next(s.product.item_id for s in result.steps(session) if s.step == "cleanse")
        for session in ("am", "pm")
    }
    assert set(used.values()) == {"a", "b"}


def test_the_same_question_always_gets_the_same_answer(
    catalogue: Catalogue, snapshot: bytes, reading: Reading
) -> None:
    bag = own(a="retinol-0-3-serum", b="exfoliant-glycolic-7", c="serum-hyaluronic")
    profile = Profile(skin_type="oily", goals=("pores", "shine"), allergies=("lanolin",))
    answers = {
        recommend_skincare(reading(20, blemishes=55), profile, bag, c).model_dump_json()
        for c in (catalogue, catalogue, Catalogue.load(snapshot))
    }

    assert len(answers) == 1
