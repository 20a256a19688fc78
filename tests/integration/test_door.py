"""Who is let in, and to what: every call of the contract, with what others may try."""

from urllib.parse import parse_qs, urlsplit

import pytest

from facet.adapters.s3 import Bucket
from facet.domain.storage import PICTURES_SIGNED_FOR
from tests.integration.conftest import CLIENT_ID, NAMES, USER, Stack
from tests.integration.routes import GUARDED, NOBODYS, Route

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
