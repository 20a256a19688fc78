"""The catalogue over the API: searched, looked up, and by condition."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from facet.adapters.vectors import VectorBucket
from facet.catalogue import evidence
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.domain.products import Goal, Product
from facet.domain.search import Condition, Match
from facet.vision.skin.prediction import NORMAL, load_conditions
from tests.integration.conftest import NAMES, ROOT, USER, Stack

EVENT = "api_search_products.json"
LIPSTICKS = [
    Product(product_id=f"lip-{name}", name=f"{name} lipstick", category="lipstick", shade=shade)
    for name, shade in (("red", "#b3202c"), ("nude", "#b5776a"), ("plum", "#5a2a4a"))
]
PRESCRIBED = Product.model_validate(
    {
        "product_id": "tretinoin-cream",
        "name": "Tretinoin cream 0.05 %",
        "category": "serum",
        "actives": [{"inci": "Tretinoin", "name": "Tretinoin", "percent": 0.05}],
        "inci": ["Aqua", "Tretinoin"],
        "medicine": "prescription",
    }
)


@pytest.fixture(scope="module")
def shop() -> bytes:
    return build_catalogue(ROOT / "data" / "skincare", [*LIPSTICKS, PRESCRIBED])


@pytest.fixture
def api(stack: Stack, shop: bytes) -> Any:
    stack.s3.put_object(Bucket=NAMES["MEDIA_BUCKET"], Key="catalogue/snapshot.json", Body=shop)

    def call(method: str, path: str, body: Any = None, **how: Any) -> tuple[int, Any]:
        verb = "products" if path.startswith(("/v1/products", "/v1/ingredients")) else "api"
        return stack.http(verb, EVENT, method=method, path=path, body=body, **how)[:2]

    return call


def ids(page: dict[str, Any]) -> list[str]:
    return [match["product"]["product_id"] for match in page["products"]]


# --- one ------------------------------------------------------------------------------------------


def test_a_product_is_read_by_its_id_as_the_snapshot_has_it(
    api: Any, stack: Stack, shop: bytes, snapshot: bytes
) -> None:
    stack.publish(Catalogue.load(shop))
    for product in list(Catalogue.load(snapshot))[:20]:
        status, body = api("GET", f"/v1/products/{product.product_id}")
        assert (status, body) == (200, product.model_dump(mode="json", exclude_none=True))


@pytest.mark.parametrize(
    ("product_id", "status", "code"),
    [("never-made", 404, "product_not_found"), ("Not_A_Slug", 400, "invalid_request")],
)
def test_a_product_that_is_not_there_is_said_to_be(
    api: Any, stack: Stack, product_id: str, status: int, code: str
) -> None:
    stack.publish(LIPSTICKS)

    answer = api("GET", f"/v1/products/{product_id}")

    assert (answer[0], answer[1]["code"]) == (status, code)


# --- search ---------------------------------------------------------------------------------------


def test_pages_hold_every_product_once(api: Any) -> None:
    seen, query = [], {"limit": "30"}
    for _ in range(20):
        status, page = api("GET", "/v1/products", query=query)
        assert status == 200
        seen += ids(page)
        if "cursor" not in page:
            break
        query["cursor"] = page["cursor"]

    assert len(seen) == len(set(seen)) == page["total"]


def test_everything_asked_for_holds(api: Any) -> None:
    query = {
        "q": "serum",
        "concern": "redness",
        "skin_type": "oily",
        "price_band": ["low", "mid"],
        "without": ["fragrance", "retinol"],
        "limit": "100",
    }

    _, page = api("GET", "/v1/products", query=query)

    assert page["products"]
    for match in page["products"]:
        product = match["product"]
        assert "redness" in product["concerns"]
        assert "oily" in product["skin_types"]
        assert product["price_band"] in ("low", "mid")
        assert not {"Retinol", "Parfum"} & set(product["inci"])
        assert match["score"] > 0
    _, held = api("GET", "/v1/products", query={"contains": ["niacinamide", "glycerin"]})
    assert held["products"]
    assert all({"Niacinamide", "Glycerin"} <= set(o["product"]["inci"]) for o in held["products"])
    _, several = api("GET", "/v1/products", query={"category": ["lipstick", "sunscreen"]})
    assert {match["product"]["category"] for match in several["products"]} == {
        "lipstick",
        "sunscreen",
    }


def test_the_nearest_shade_comes_first_with_its_distance(api: Any) -> None:
    _, page = api("GET", "/v1/products", query={"near_shade": "#b3202c", "limit": "2"})

    assert ids(page)[0] == "lip-red"
    assert page["products"][0]["distance"] == 0
    _, rest = api(
        "GET",
        "/v1/products",
        query={"near_shade": "#b3202c", "limit": "2", "cursor": page["cursor"]},
    )
    distances = [match["distance"] for match in page["products"] + rest["products"]]
    assert distances == sorted(distances)
    assert len({*ids(page), *ids(rest)}) == 3


def test_a_product_s_neighbours_are_made_of_much_the_same(api: Any) -> None:
    _, first = api("GET", "/v1/products", query={"contains": "salicylic acid", "limit": "1"})
    (origin,) = ids(first)

    _, page = api("GET", "/v1/products", query={"near_product": origin, "limit": "3"})

    assert origin not in ids(page)
    assert page["products"][0]["distance"] < 1


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"concern": "horoscope"}, 400, "invalid_request"),
        ({"near_shade": "red"}, 400, "invalid_request"),
        ({"near_shade": "#b3202c", "near_product": "lip-red"}, 400, "invalid_request"),
        ({"price_band": "free"}, 400, "invalid_request"),
        ({"contains": ["x"] * 21}, 400, "invalid_request"),
        ({"q": "x" * 201}, 400, "invalid_request"),
        ({"near_product": "never-made"}, 404, "product_not_found"),
        ({"cursor": "made-up"}, 400, "invalid_cursor"),
    ],
)
def test_a_question_outside_the_contract_is_refused(
    api: Any, query: dict[str, Any], status: int, code: str
) -> None:
    answer = api("GET", "/v1/products", query=query)

    assert (answer[0], answer[1]["code"]) == (status, code)


def test_a_cursor_fits_its_question_and_its_user_alone(api: Any) -> None:
    _, page = api("GET", "/v1/products", query={"limit": "1"})
    cursor = {"limit": "1", "cursor": page["cursor"]}

    assert api("GET", "/v1/products", query=cursor)[0] == 200
    other = api("GET", "/v1/products", query={**cursor, "concern": "redness"})
    stranger = api("GET", "/v1/products", query=cursor, claims={"sub": "somebody-else"})

    assert [answer[1]["code"] for answer in (other, stranger)] == ["invalid_cursor"] * 2


def test_without_a_catalogue_there_is_nothing_to_search(api: Any, stack: Stack) -> None:
    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key="catalogue/snapshot.json")

    for path, query in (
        ("/v1/products", {}),
        ("/v1/products/recommendations", {"condition": "redness"}),
    ):
        status, problem = api("GET", path, query=query)
        assert (status, problem["code"]) == (404, "catalogue_missing")


def test_a_catalogue_of_another_release_is_our_fault(api: Any, stack: Stack) -> None:
    stack.s3.put_object(
        Bucket=NAMES["MEDIA_BUCKET"], Key="catalogue/snapshot.json", Body=b'{"schema": 0}'
    )

    status, problem = api("GET", "/v1/products")

    assert (status, problem["code"]) == (500, "internal_error")


def test_with_a_vector_bucket_the_products_are_searched_there(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def query(_: VectorBucket, space: str, **how: Any) -> list[Match]:
        asked.append({"space": space, **how})
        return [
            Match(
                key=lipstick.product_id,
                metadata={"product": lipstick.model_dump_json()},
                distance=n,
            )
            for n, lipstick in enumerate(LIPSTICKS)
        ]

    monkeypatch.setenv("VECTOR_BUCKET_NAME", "facet-vectors")
    monkeypatch.setattr(VectorBucket, "query", query)

    _, page = api("GET", "/v1/products", query={"category": "lipstick", "limit": "2"})

    assert ids(page) == ["lip-red", "lip-nude"]
    assert "total" not in page
    assert (asked[0]["space"], asked[0]["filters"]) == (
        "concerns",
        {"category": {"$in": ["lipstick"]}},
    )
    _, rest = api(
        "GET",
        "/v1/products",
        query={"category": "lipstick", "limit": "2", "cursor": page["cursor"]},
    )
    assert ids(rest) == ["lip-plum"]
    assert "cursor" not in rest


def test_only_a_search_loads_numpy() -> None:
    code = (
        "import sys; from contract.functions import function_module; "
        "function_module('products'); sys.exit('numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)  # noqa: S603 our own code


# --- by condition ---------------------------------------------------------------------------------


def test_what_helps_comes_with_its_reasons(api: Any) -> None:
    query = {"condition": "redness", "limit": "5"}

    status, body = api("GET", "/v1/products/recommendations", query=query)

    assert status == 200
    assert (body["condition"], body["concern"], len(body["products"])) == ("redness", "redness", 5)
    cited = set()
    for match in body["products"]:
        assert "redness" in match["product"]["concerns"]
        assert match["why"][0]["points_at"].startswith("catalogue.ingredients.")
        cited |= {source for reason in match["why"] for source in reason["sources"]}
    assert {source["id"] for source in body["sources"]} == cited


def test_the_best_evidence_comes_first(api: Any) -> None:
    order = ("Agreed on", "Shown in", "Some evidence")
    _, body = api(
        "GET", "/v1/products/recommendations", query={"condition": "ageing", "limit": "100"}
    )

    grades = [
        next(n for n, words in enumerate(order) if match["why"][0]["text"].startswith(words))
        for match in body["products"]
        if match["why"]
    ]
    assert body["concern"] == "wrinkles"
    assert grades == sorted(grades)
    assert "tretinoin-cream" not in ids(body), "a prescription is its doctor's to give"


def test_what_is_rinsed_off_stands_last_and_claims_little(api: Any) -> None:
    query = {"condition": "blemishes", "limit": "100"}

    _, body = api("GET", "/v1/products/recommendations", query=query)

    reasons = {
        match["product"]["product_id"]: match["why"][0]["text"] for match in body["products"]
    }
    order = list(reasons)
    for rinsed in ("exfoliant-aha-bha-rinse", "mask-kaolin-salicylic"):
        assert reasons[rinsed].startswith("Some evidence for blemishes: ")
        assert order.index(rinsed) > order.index("azelaic-10-cream")


def test_what_the_profile_rules_out_is_not_named(api: Any) -> None:
    query = {"condition": "wrinkles", "limit": "100"}
    before = ids(api("GET", "/v1/products/recommendations", query=query)[1])
    told = {
        "skin_type": "dry",
        "avoided_ingredients": ["retinol"],
        "pregnancy": "pregnant",
        "budget": "mid",
    }
    assert api("PUT", "/v1/profile", told)[0] == 200

    _, body = api("GET", "/v1/products/recommendations", query=query)

    assert body["products"]
    assert set(ids(body)) < set(before)
    for match in body["products"]:
        product = match["product"]
        assert "Retinol" not in product["inci"]
        assert product["pregnancy_caution"] == "ok"
        assert product["price_band"] in ("low", "mid")
        reasons = {reason["points_at"] for reason in match["why"]}
        assert {"profile.avoided_ingredients", "profile.pregnancy"} <= reasons
        assert ("profile.skin_type" in reasons) == ("dry" in product["skin_types"])


def test_an_allergy_that_nobody_understands_has_no_product_named_until_it_is_settled(
    api: Any,
) -> None:
    query = {"condition": "wrinkles", "limit": "3"}
    assert api("PUT", "/v1/profile", {"allergies": ["salicilic acid"]})[0] == 200

    _, body = api("GET", "/v1/products/recommendations", query=query)

    assert body["products"] == []
    (note,) = body["notes"]
    assert (note["code"], note["choices"]) == ("allergy_not_understood", ["salicylic acid"])

    told = {"allergies": ["salicilic acid"], "not_in_cosmetics": ["salicilic acid"]}
    assert api("PUT", "/v1/profile", told)[0] == 200
    assert ids(api("GET", "/v1/products/recommendations", query=query)[1])


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("Bienenwachs", {"kind": "family", "families": [{"id": "beeswax", "name": "beeswax"}]}),
        ("niacinimide", {"kind": "unknown", "did_you_mean": ["niacinamide"]}),
        ("cats", {"kind": "not_cosmetic"}),
        ("citral", {"kind": "ingredient"}),
        ("xyzzy", {"kind": "unknown"}),
    ],
)
def test_an_allergy_is_understood_while_it_is_typed(
    api: Any, typed: str, answer: dict[str, Any]
) -> None:
    status, body = api("GET", "/v1/ingredients/avoid", query={"q": typed})

    assert status == 200
    assert body["term"] == typed
    assert {key: body[key] for key in answer} == answer
    assert body["text"]


def test_whoever_is_allergic_to_beeswax_is_warned_of_honey(api: Any) -> None:
    _, body = api("GET", "/v1/ingredients/avoid", query={"q": "beeswax"})

    assert "honey" in body["also_warn"]
    assert "honey" in body["text"]


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "x" * 101}])
def test_an_allergy_to_understand_has_one_to_a_hundred_letters(
    api: Any, query: dict[str, str]
) -> None:
    status, problem = api("GET", "/v1/ingredients/avoid", query=query)

    assert (status, problem["code"]) == (400, "invalid_request")


def test_a_profile_nobody_can_read_names_no_product(api: Any, stack: Stack) -> None:
    row = {"PK": "USER#5f3d1c2a-0000-4000-8000-000000000001", "SK": "PROFILE", "document": "{half"}
    stack.table.put_item(Item=row)

    query = {"condition": "wrinkles"}
    status, problem = api("GET", "/v1/products/recommendations", query=query)

    assert (status, problem["code"]) == (409, "profile_unreadable")


def test_nothing_is_to_be_mended_of_normal_skin(api: Any) -> None:
    _, body = api("GET", "/v1/products/recommendations", query={"condition": "normal"})

    assert body["products"] == []
    assert "concern" not in body


def test_every_condition_a_photo_may_speak_for_can_be_asked_for(api: Any) -> None:
    conditions = {*load_conditions("1").conditions, NORMAL}
    assert set(get_args(Condition)) == conditions | set(get_args(Goal))
    path = Path(evidence.__file__).with_suffix(".toml")
    assert tomllib.loads(path.read_text())["concern_of"].keys() == conditions - {NORMAL}
    for condition in sorted(conditions - {NORMAL}):
        query = {"condition": condition, "limit": "1"}
        _, body = api("GET", "/v1/products/recommendations", query=query)
        assert body["products"], condition
    for query in ({}, {"condition": "vampirism"}):
        assert api("GET", "/v1/products/recommendations", query=query)[0] == 400


def test_a_minor_whose_guardian_did_not_consent_is_refused(api: Any, stack: Stack) -> None:
    tell(stack, age_band="13_17")

    status, problem = api("GET", "/v1/products/recommendations", query={"condition": "blemishes"})

    assert (status, problem["code"]) == (403, "guardian_consent_missing")


def test_a_teenager_is_recommended_nothing_against_wrinkles(api: Any, stack: Stack) -> None:
    tell(stack, age_band="13_17", guardian_consent={"version": "1", "date": "2026-11-01"})
    query = {"limit": "100"}

    _, ageing = api("GET", "/v1/products/recommendations", query={"condition": "ageing", **query})
    _, acne = api("GET", "/v1/products/recommendations", query={"condition": "blemishes", **query})

    assert ageing["products"] == []
    assert [note["code"] for note in ageing["notes"]] == ["not_at_this_age"]
    assert not [product for product in ids(acne) if "retinol" in product]
    assert acne["products"]


def test_where_anybody_may_ask_an_untold_age_is_asked_for(
    api: Any, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIENCE", "any")

    _, body = api("GET", "/v1/products/recommendations", query={"condition": "blemishes"})

    assert body["products"] == []
    assert [note["code"] for note in body["notes"]] == ["age_not_told"]
    assert {source["id"] for source in body["sources"]} == {"kids-cnn-2024"}


def tell(stack: Stack, **profile: Any) -> None:
    """Keep this profile."""
    row = {"PK": f"USER#{USER}", "SK": "PROFILE", "document": json.dumps(profile)}
    stack.table.put_item(Item=row)
