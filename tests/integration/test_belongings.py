"""What a person tells and owns: the profile and the bag, and that advice keeps to them."""

import json
from typing import Any

import pytest

from facet.adapters.belongings import BelongingsTable
from facet.catalogue.catalogue import Catalogue
from facet.domain.belongings import Shelf
from facet.domain.errors import FacetError
from facet.domain.products import Product
from tests.integration.conftest import USER, Stack

EVENT = "api_get_analysis.json"
BLUSH = {"name": "Apricot blush", "category": "blush", "shade": "#e2957a", "finish": "satin"}


@pytest.fixture
def api(stack: Stack) -> Any:
    def call(method: str, path: str, body: Any = None, **how: Any) -> tuple[int, Any]:
        return stack.http("api", EVENT, method=method, path=path, body=body, **how)[:2]

    return call


@pytest.fixture
def shop(stack: Stack, snapshot: bytes) -> list[str]:
    """The ids of a few products that are in the table as they are in the snapshot."""
    products = list(Catalogue.load(snapshot))[:5]
    stack.publish(products)
    return [product.product_id for product in products]


# --- profile --------------------------------------------------------------------------------------


def test_who_told_nothing_has_an_empty_profile(api: Any) -> None:
    status, body = api("GET", "/v1/profile")

    assert status == 200
    assert body == {
        "sensitive": False,
        "goals": [],
        "allergies": [],
        "not_in_cosmetics": [],
        "avoided_ingredients": [],
    }


def test_what_is_told_of_the_tone_is_answered_as_a_tone_that_cannot_be_told(api: Any) -> None:
    told = {"monk_tone": 4, "fitting_foundation": {"brand": "Own", "hex": "#c69468"}}

    status, kept = api("PUT", "/v1/profile", told)

    assert status == 200
    assert kept.items() >= told.items()
    assert kept["tone_of_person"]["evidence"] == ["monk", "foundation"]
    assert kept["tone_of_person"]["photos"] == 0
    assert api("GET", "/v1/profile")[1] == kept
    assert api("PUT", "/v1/profile", kept)[1]["code"] == "invalid_request"
    assert api("PUT", "/v1/profile", {"fitting_foundation": {"brand": "Own"}})[0] == 400
    assert "tone_of_person" not in api("PUT", "/v1/profile", {})[1]


def test_a_profile_is_replaced_as_a_whole(api: Any) -> None:
    first = {"skin_type": "oily", "allergies": ["fragrance"], "goals": ["shine", "shine", "pores"]}
    status, kept = api("PUT", "/v1/profile", first)
    assert (status, kept["goals"]) == (200, ["shine", "pores"])
    assert api("GET", "/v1/profile")[1] == kept

    api("PUT", "/v1/profile", {"pregnancy": "planning"})

    body = api("GET", "/v1/profile")[1]
    assert (body["pregnancy"], body["allergies"]) == ("planning", [])
    assert "skin_type" not in body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"skin_type": "reptile"}, "body.skin_type"),
        ({"age": 34}, "body.age"),
        ({"allergies": ["x"] * 51}, "body.allergies"),
        ({"goals": ["eternal youth"]}, "body.goals.0"),
        ("{half", "body"),
    ],
)
def test_a_profile_of_another_shape_is_refused_by_field(api: Any, body: Any, field: str) -> None:
    status, problem = api("PUT", "/v1/profile", body)

    assert (status, problem["code"]) == (400, "invalid_request")
    assert any(error["field"].startswith(field) for error in problem["errors"])


@pytest.mark.parametrize("document", ["{half", '"words"', '{"pregnancy": 7}'])
def test_a_profile_nobody_can_read_says_what_to_do(api: Any, stack: Stack, document: str) -> None:
    stack.table.put_item(Item={"PK": f"USER#{USER}", "SK": "PROFILE", "document": document})

    status, problem = api("GET", "/v1/profile")

    assert (status, problem["code"]) == (409, "profile_unreadable")
    assert api("PUT", "/v1/profile", {"skin_type": "dry"})[0] == 200
    assert api("GET", "/v1/profile")[1]["skin_type"] == "dry"


def test_a_profile_is_its_owner_s(api: Any) -> None:
    api("PUT", "/v1/profile", {"pregnancy": "pregnant"})

    assert "pregnancy" not in api("GET", "/v1/profile", claims={"sub": "somebody-else"})[1]


# --- bag ------------------------------------------------------------------------------------------


def test_a_described_product_is_put_read_replaced_and_taken_out(api: Any) -> None:
    assert api("PUT", "/v1/bag/blush-1", BLUSH) == (
        201,
        {**BLUSH, "ingredients": [], "item_id": "blush-1"},
    )
    assert api("PUT", "/v1/bag/blush-1", {**BLUSH, "quantity": 0.5})[0] == 200
    assert api("GET", "/v1/bag/blush-1")[1]["quantity"] == 0.5

    assert api("PUT", "/v1/bag/blush-1", BLUSH)[0] == 200
    assert "quantity" not in api("GET", "/v1/bag/blush-1")[1]

    assert api("DELETE", "/v1/bag/blush-1") == (204, None)
    for method in ("GET", "DELETE"):
        status, problem = api(method, "/v1/bag/blush-1")
        assert (status, problem["code"]) == (404, "bag_item_not_found")


def test_a_catalogue_product_lends_its_name(api: Any, shop: list[str]) -> None:
    status, item = api("PUT", "/v1/bag/mine", {"product_id": shop[0], "opened": "2026-10-01"})

    assert status == 201
    assert item["product_id"] == shop[0]
    assert item["name"]
    assert item["category"]
    named = {"product_id": shop[0], "name": "The one in the bathroom"}
    assert api("PUT", "/v1/bag/mine", named)[1]["name"] == "The one in the bathroom"


def test_a_product_that_is_not_in_the_catalogue_is_refused(api: Any, shop: list[str]) -> None:
    status, problem = api("PUT", "/v1/bag/mine", {"product_id": "never-made"})

    assert (status, problem["code"]) == (404, "product_not_found")
    assert api("GET", "/v1/bag/mine")[0] == 404


@pytest.mark.parametrize("body", [{}, {"name": "Gel"}, {"category": "cleanser"}])
def test_a_product_nobody_could_tell_is_refused(api: Any, body: dict[str, str]) -> None:
    status, problem = api("PUT", "/v1/bag/mine", body)

    assert (status, problem["code"]) == (400, "bag_item_incomplete")


@pytest.mark.parametrize("item_id", ["-blush", "a" * 65, "bl.ush", "é"])
def test_an_id_outside_the_pattern_is_refused(api: Any, item_id: str) -> None:
    status, problem = api("PUT", f"/v1/bag/{item_id}", BLUSH)

    assert status in (400, 404)
    assert problem["code"] in ("invalid_request", "not_found")


def test_the_bag_is_paged_in_the_order_of_its_ids(api: Any) -> None:
    for name in "dbace":
        api("PUT", f"/v1/bag/{name}", BLUSH)
    api("PUT", "/v1/bag/a", BLUSH, claims={"sub": "somebody-else"})

    seen, query = [], {"limit": "2"}
    for _ in range(3):
        status, page = api("GET", "/v1/bag", query=query)
        assert status == 200
        seen += [item["item_id"] for item in page["items"]]
        query = {"limit": "2", "cursor": page.get("cursor", "none")}

    assert seen == list("abcde")
    assert "cursor" not in page
    assert api("GET", "/v1/bag", query=query)[1]["code"] == "invalid_cursor"


def test_an_item_of_an_older_schema_is_shown_as_far_as_it_can_be_read(
    api: Any, stack: Stack
) -> None:
    old = {"name": "Gel", "category": "cleanser", "spf": "lots", "smell": "roses"}
    for item_id, document in (("old", json.dumps(old)), ("broken", "{half")):
        row = {"PK": f"USER#{USER}", "SK": f"BAG#{item_id}", "document": document}
        stack.table.put_item(Item=row)

    items = api("GET", "/v1/bag")[1]["items"]

    assert items == [
        {"item_id": "broken", "ingredients": []},
        {"item_id": "old", "name": "Gel", "category": "cleanser", "ingredients": []},
    ]


def test_advice_uses_the_bag_and_says_what_it_cannot_use(
    api: Any, stack: Stack, shop: list[str], portrait: bytes
) -> None:
    cleanser = {"name": "My own cleanser", "category": "cleanser", "ingredients": ["Glycerin"]}
    assert api("PUT", "/v1/bag/cleanser", cleanser)[0] == 201
    withdrawn = Product(product_id="withdrawn-gel", name="Withdrawn gel", category="cleanser")
    stack.publish([withdrawn])
    assert api("PUT", "/v1/bag/gone", {"product_id": withdrawn.product_id})[0] == 201
    assert api("PUT", "/v1/profile", {"avoided_ingredients": ["niacinamide"]})[0] == 200

    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    _, document = api("GET", f"/v1/analyses/{analysis_id}")

    skincare = document["recommendations"]["skincare"]
    assert skincare["am"][0]["product"]["item_id"] == "cleanser"
    (note,) = [note for note in skincare["notes"] if note["code"] == "product_withdrawn"]
    assert (note["item_id"], withdrawn.name in note["text"]) == ("gone", True)


# --- writing at the same time ---------------------------------------------------------------------


def test_a_change_sees_what_came_in_between(stack: Stack) -> None:
    shelves = BelongingsTable(stack.table)
    shelves.put(USER, Shelf.BAG, "one", {"name": "first"})
    seen: list[Any] = []

    def edit(document: Any) -> dict[str, Any]:
        if not seen:  # somebody else is faster, once
            shelves.put(USER, Shelf.BAG, "one", {"name": "second"})
        seen.append(document["name"])
        return {**document, "category": "blush"}

    shelves.change(USER, Shelf.BAG, "one", edit)

    assert seen == ["first", "second"]
    kept = shelves.get(USER, Shelf.BAG, "one")
    assert kept == {"name": "second", "category": "blush", "item_id": "one"}


def test_a_row_that_never_holds_still_is_an_error(stack: Stack) -> None:
    shelves = BelongingsTable(stack.table)

    def edit(document: Any) -> dict[str, Any]:
        shelves.put(USER, Shelf.BAG, "one", {"n": (document or {}).get("n", 0) + 1})
        return {"n": -1}

    with pytest.raises(FacetError, match="kept changing"):
        shelves.change(USER, Shelf.BAG, "one", edit)


def test_a_long_bag_is_paged_past_what_one_query_gives(stack: Stack) -> None:
    shelves = BelongingsTable(stack.table)
    for n in range(30):  # 60 KB each: more than the megabyte of one query
        shelves.put(USER, Shelf.BAG, f"{n:02}", {"name": "x" * 60_000})

    page = shelves.page(USER, Shelf.BAG, 25, None)

    assert [row["item_id"] for row in page.documents] == [f"{n:02}" for n in range(25)]
    rest = shelves.page(USER, Shelf.BAG, 25, page.next_id)
    assert [row["item_id"] for row in rest.documents] == [f"{n:02}" for n in range(25, 30)]
    assert rest.next_id is None


@pytest.mark.parametrize("shelf", [Shelf.BAG, Shelf.WARDROBE])
def test_what_fills_more_than_a_page_of_the_table_is_all_advised_on(
    stack: Stack, shelf: Shelf
) -> None:
    long = json.dumps({"name": "A long label", "ingredients": ["x" * 200] * 120})
    with stack.table.batch_writer() as batch:
        for n in range(60):  # a page ends at a megabyte
            key = {"PK": f"USER#{USER}", "SK": f"{shelf}#item-{n:02}"}
            batch.put_item(Item={**key, "document": long})

    owned = BelongingsTable(stack.table).of(USER, frozenset({shelf}))

    assert len(owned.bag or owned.wardrobe) == 60


def test_what_is_above_a_cap_is_refused_with_its_code(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_BELONGINGS", "1")
    monkeypatch.setenv("MAX_PROFILE_BYTES", "20")
    item = {"name": "Cream", "category": "moisturiser"}

    assert api("PUT", "/v1/bag/a", item)[0] == 201
    status, problem = api("PUT", "/v1/bag/b", item)
    assert (status, problem["code"]) == (409, "belongings_full")
    assert "hold 1 things" in problem["detail"]
    assert api("PUT", "/v1/bag/a", item)[0] == 200
    status, problem = api("PUT", "/v1/profile", {"allergies": ["peanuts"]})
    assert (status, problem["code"]) == (413, "profile_too_large")
