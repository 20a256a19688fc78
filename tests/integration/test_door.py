"""Who is let in, and to what: every call of the contract, with what others may try."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from boto3.dynamodb.conditions import Key

from facet.adapters.s3 import Bucket
from facet.domain.storage import PICTURES_SIGNED_FOR
from tests.integration.conftest import CLIENT_ID, NAMES, USER, Stack
from tests.integration.routes import EVENT, GUARDED, NOBODYS, Route

by_name = pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)

# What Cognito signs for others than this stack's app, by what the authoriser makes of it.
FOREIGN = {
    "another client of the pool": {"aud": "7another4client4of4the4pool"},
    "an access token": {"aud": "", "token_use": "access", "client_id": CLIENT_ID},
    "two audiences": {"aud": f"[{CLIENT_ID} other]"},
    "no audience": {"aud": ""},
}


@by_name
def test_only_a_token_for_this_stack_s_client_is_let_in(stack: Stack, route: Route) -> None:
    for name, claims in FOREIGN.items():
        status, body, _ = route.call(stack, NOBODYS, claims=claims)

        assert (status, body["code"]) == (401, "unauthorized"), name


# --- presigned URLs -------------------------------------------------------------------------------


def signed(url: str) -> dict[str, str]:
    """What a signature holds fast, by the names of the query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_an_upload_is_signed_for_one_photo_to_one_place(stack: Stack, portrait: bytes) -> None:
    """S3 refuses any header that is signed and differs, and any `x-amz-` one that is not signed."""
    _, body, _ = stack.http("presign", "api_post_analyses.json", body=stack.wish(portrait))

    held = signed(body["upload_url"])
    names = set(held["X-Amz-SignedHeaders"].split(";"))
    assert names == {"host", *(name.lower() for name in body["upload"]["headers"])}
    assert names >= {"content-type", "content-length", "x-amz-checksum-sha256"}
    assert held["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert held["X-Amz-Expires"] == "600"
    assert urlsplit(body["upload_url"]).path.endswith(f"faces/{USER}/{body['analysis_id']}")


def test_a_picture_is_kept_by_the_device_alone_and_no_longer_than_its_url(stack: Stack) -> None:
    media = Bucket(stack.s3, NAMES["MEDIA_BUCKET"])
    seconds = int(PICTURES_SIGNED_FOR.total_seconds())

    held = signed(media.presign_get("looks/a.jpg", seconds))

    assert held["response-cache-control"] == f"private, max-age={held['X-Amz-Expires']}"
    zipped = signed(media.presign_get("exports/a.zip", seconds, keep=False))
    assert zipped["response-cache-control"] == "no-store"


# --- what is another's ----------------------------------------------------------------------------

STRANGER = {"sub": "5f3d1c2a-0000-4000-8000-000000000002"}
MARK = "Ada's own"  # in every name that the owner gave
# Its id is the asker's own choice, or everybody's.
NOT_ANOTHERS = {"putBagItem", "putGarment", "getProduct"}
BLUSH = {"name": MARK, "category": "blush", "shade": "#e2957a"}
COAT = {
    **{"name": MARK, "category": "coat", "slot": "outer", "formality": 2, "warmth": 4},
    "colours": [{"hex": "#2f6b4f", "share": 1.0}],
}


@pytest.fixture
def owned(stack: Stack, portrait: bytes) -> dict[str, str]:
    """The ids of what USER has: two of everything that is listed."""

    def api(method: str, path: str, body: Any = None) -> Any:
        status, answer, _ = stack.http("api", EVENT, method=method, path=path, body=body)
        assert status < 300, answer
        return answer

    stack.start(portrait)
    analysis_id = stack.start(portrait, occasion=MARK)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.call("thumbnail", stack.saved(analysis_id))
    stack.call("recommend", stack.batch(*(job["Body"] for job in stack.jobs())))
    for item_id in ("ada-1", "ada-2"):
        api("PUT", f"/v1/bag/{item_id}", BLUSH)
        api("PUT", f"/v1/wardrobe/{item_id}", COAT)
        wish = {"name": MARK, "products": [{"item_id": "ada-1"}]}
        look = api("POST", f"/v1/analyses/{analysis_id}/looks", wish)
    api("PUT", "/v1/profile", {"allergies": [MARK]})
    return {
        "analysis_id": analysis_id,
        "look_id": look["look_id"],
        "item_id": "ada-1",
        "export_id": api("POST", "/v1/me/export")["export_id"],
        "concern": "redness",
        "product_id": "nobodys",
    }


def held(stack: Stack) -> tuple[list[dict[str, Any]], set[str]]:
    """Every row and every object of USER."""
    rows = stack.table.query(KeyConditionExpression=Key("PK").eq(f"USER#{USER}"))["Items"]
    objects = stack.keys("UPLOADS_BUCKET") | stack.keys("MEDIA_BUCKET")
    return rows, {key for key in objects if USER in key}


def test_nobody_reads_or_changes_what_is_another_s(stack: Stack, owned: dict[str, str]) -> None:
    before = held(stack)
    # What makes the stranger something of that name comes late, their own erasure last.
    late = ("eraseMe", *NOT_ANOTHERS)
    for route in sorted(GUARDED, key=lambda route: (route.name in late, route.name == "eraseMe")):
        body = route.body
        named = {name for name in owned if f"{{{name}}}" in route.path}
        for name in owned.keys() & (body or {}).keys():
            body = {**body, name: owned[name]}
            named.add(name)

        status, answer, _ = route.call(stack, owned, body=body, claims=STRANGER)

        if named and route.name not in NOT_ANOTHERS:
            assert status == 404, (route.name, answer)
        assert MARK not in json.dumps(answer, ensure_ascii=False), route.name
        assert USER not in json.dumps(answer), route.name
        assert held(stack) == before, route.name
    kept = [route for route in GUARDED if route.method == "GET" and "_id}" in route.path]
    assert {route.call(stack, owned)[0] for route in kept} <= {200, 404, 409}
    assert stack.http("api", EVENT, path=f"/v1/looks/{owned['look_id']}")[0] == 200


def test_nothing_of_one_s_own_is_made_of_what_is_another_s(
    stack: Stack, owned: dict[str, str], portrait: bytes
) -> None:
    """A look on one's own photo, in another's blush and coat."""
    analysis_id = owned["analysis_id"]
    row = stack.row(analysis_id)
    stack.table.put_item(Item={**row, "PK": f"USER#{STRANGER['sub']}", "user_id": STRANGER["sub"]})
    for wish in ({"products": [{"item_id": "ada-1"}]}, {"garment_id": "ada-1"}):
        path = f"/v1/analyses/{analysis_id}/looks"
        status, body, _ = stack.http(
            "api", EVENT, method="POST", path=path, body=wish, claims=STRANGER
        )
        assert status in (400, 404), body


def test_a_cursor_fits_one_user_and_one_listing(stack: Stack, owned: dict[str, str]) -> None:
    listings = [route for route in GUARDED if "cursor" in route.queries]
    cursors: dict[str, str] = {}
    mine: dict[str, str] = {}
    for route in listings:
        status, page, _ = route.call(stack, owned, query={**route.required(), "limit": "1"})
        assert status == 200, page
        cursors[route.name] = page["cursor"]
    for route in listings:
        own = cursors[route.name]
        assert route.call(stack, owned, query={"limit": "1", "cursor": own})[0] == 200, route.name
        tampered = [own[:at] + ("A" if own[at] != "A" else "B") + own[at + 1 :] for at in (0, 9)]
        others = [cursor for name, cursor in cursors.items() if name != route.name]
        tried = [(cursor, mine) for cursor in (*tampered, *others, own[:-4], "AAAA", "ü", "=" * 9)]
        for cursor, claims in (*tried, (own, STRANGER)):
            query = {"limit": "1", "cursor": cursor}
            status, body, _ = route.call(stack, owned, query=query, claims=claims)
            assert (status, body["code"]) == (400, "invalid_cursor"), (route.name, cursor)
