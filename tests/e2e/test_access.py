"""Who may do what: users, and whoever holds a presigned URL."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from facet.routes.document import DOCUMENT
from local.phone import Answer, Phone, send, sign_in
from local.stack import LocalStack
from tests.e2e.conftest import Eventually

pytestmark = pytest.mark.e2e

type Change = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]

# Every call of the contract that says nothing of being open to all.
GUARDED = [
    (method.upper(), re.sub(r"\{\w+\}", "01ARZ3NDEKTSV4RRFFQ69G5FAV", path))
    for path, operations in json.loads(DOCUMENT.read_text())["paths"].items()
    for method, operation in operations.items()
    if operation.get("security") != []
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_without_a_token_there_is_nothing(stack: LocalStack, method: str, path: str) -> None:
    assert send(method, stack.outputs["ApiUrl"] + path).status == 401


def encoded(part: dict[str, Any] | bytes) -> str:
    """One of the three parts of a JWT."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(part: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return told


def mac(secret: bytes, signed: str) -> str:
    return encoded(hmac.digest(secret, signed.encode(), "sha256"))


def public_key(stack: LocalStack) -> bytes:
    """The pool's key as everybody may read it, in PEM."""
    pool = stack.outputs["UserPoolId"]
    (key, *_) = send("GET", f"{stack.endpoint}/{pool}/.well-known/jwks.json").body["keys"]
    modulus, exponent = (
        int.from_bytes(base64.urlsafe_b64decode(key[name] + "==")) for name in ("n", "e")
    )
    return (
        RSAPublicNumbers(exponent, modulus)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )


# Of a good token, what is put into its header and its claims; the signature stays.
REWRITTEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another user": ({}, {"sub": "5f3d1c2a-0000-4000-8000-000000000001"}),
    "another tier": ({}, {"cognito:groups": ["enterprise"]}),
    "another issuer": ({}, {"iss": "https://cognito-idp.eu-central-1.amazonaws.com/evil"}),
    "another audience": ({}, {"aud": "somebody"}),
    "a later end": ({}, {"exp": 9_999_999_999}),
    "no algorithm, signed": ({"alg": "none"}, {}),
    "another key": ({"kid": "another"}, {}),
    "a key that is a path": ({"kid": "../../../dev/null"}, {}),
    "a key set of one's own": ({"jku": "http://127.0.0.1:1/jwks.json"}, {}),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_a_token_that_was_changed_is_refused(phone: Phone, name: str) -> None:
    header, claims, signature = phone.token.split(".")
    more, other = REWRITTEN[name]
    forged = f"{encoded(decoded(header) | more)}.{encoded(decoded(claims) | other)}.{signature}"

    assert Phone(phone.api_url, forged).call("GET", "/v1/me/usage").status == 401


def test_a_token_that_nobody_of_the_pool_signed_is_refused(phone: Phone, stack: LocalStack) -> None:
    header, claims, signature = phone.token.split(".")
    by_mac = f"{encoded(decoded(header) | {'alg': 'HS256'})}.{claims}"
    unsigned = {
        alg: f"{encoded(decoded(header) | {'alg': alg})}.{claims}." for alg in ("none", "None")
    }
    tokens = {
        **unsigned,
        "HS256 by the public key": f"{by_mac}.{mac(public_key(stack), by_mac)}",
        "HS256 by nothing": f"{by_mac}.{mac(b'', by_mac)}",
        "flipped": f"{header}.{claims}.{signature[:-6]}{'A' * 6}",
        "two parts": f"{header}.{claims}",
        "long": "x" * 4_000,
        "words": "not.a.token",
        "nothing": "",
    }
    for name, token in tokens.items():
        assert Phone(phone.api_url, token).call("GET", "/v1/me/usage").status == 401, name
    assert phone.call("GET", "/v1/me/usage").status == 200


PASSWORD = "Foreign-enough-1!"


def signed_in(stack: LocalStack, pool: str, email: str, **client: Any) -> dict[str, str]:
    """The tokens of a user of this pool, by a client made for the test."""
    cognito = stack.client("cognito-idp")
    app = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="another",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        **client,
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True
    )
    tokens: dict[str, str] = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=app,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    return tokens


def test_a_token_for_another_client_of_the_pool_is_refused(stack: LocalStack, phone: Phone) -> None:
    tokens = signed_in(stack, stack.outputs["UserPoolId"], "elsewhere@example.com")

    for name in ("IdToken", "AccessToken", "RefreshToken"):
        answer = Phone(phone.api_url, tokens[name]).call("GET", "/v1/me/usage")
        assert (answer.status, answer.body["code"]) == (401, "unauthorized"), name


def test_a_token_of_another_pool_is_refused(stack: LocalStack, phone: Phone) -> None:
    pool = stack.client("cognito-idp").create_user_pool(PoolName="another")["UserPool"]["Id"]
    token = signed_in(stack, pool, "foreign@example.com")["IdToken"]

    assert Phone(phone.api_url, token).call("GET", "/v1/me/usage").status == 401


def test_an_expired_token_is_refused(
    stack: LocalStack, phone: Phone, eventually: Eventually
) -> None:
    cognito = stack.client("cognito-idp")
    app = {
        "UserPoolId": stack.outputs["UserPoolId"],
        "ClientId": stack.outputs["UserPoolClientId"],
    }
    usual = cognito.describe_user_pool_client(**app)["UserPoolClient"]
    lives = {name: usual[name] for name in ("IdTokenValidity", "TokenValidityUnits")}
    units = usual["TokenValidityUnits"] | {"IdToken": "seconds"}
    try:  # the emulator takes what AWS would call too short
        cognito.update_user_pool_client(**app, IdTokenValidity=3, TokenValidityUnits=units)
        late = sign_in(stack, "late@example.com")
    finally:
        cognito.update_user_pool_client(**app, **lives)

    assert late.call("GET", "/v1/me/usage").status == 200
    eventually(lambda: late.call("GET", "/v1/me/usage").status == 401, patience=10)


def test_health_and_the_contract_are_open_to_all(stack: LocalStack) -> None:
    api = stack.outputs["ApiUrl"]

    assert send("GET", f"{api}/v1/health/live").status == 200
    assert send("GET", f"{api}/v1/health/ready").body["status"] == "ok"
    assert send("GET", f"{api}/v1/openapi.json").body["openapi"].startswith("3.1")


def test_a_browser_may_ask_first(stack: LocalStack) -> None:
    asked = send(
        "OPTIONS",
        stack.outputs["ApiUrl"] + "/v1/analyses",
        headers={"Origin": "https://example.com", "Access-Control-Request-Method": "POST"},
    )

    assert asked.status in (200, 204)
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]


def test_another_users_analysis_is_not_there(phone: Phone, photo: bytes, stack: LocalStack) -> None:
    asked = phone.ask(photo).body
    path = f"/v1/analyses/{asked['analysis_id']}"

    stranger = sign_in(stack, "stranger@example.com")

    assert stranger.call("GET", path).status == 404
    assert stranger.call("DELETE", path).status == 404
    assert stranger.call("GET", "/v1/analyses").body["analyses"] == []
    assert phone.call("GET", path).status == 200


def other_type(headers: dict[str, str], photo: bytes) -> tuple[dict[str, str], bytes]:
    return headers | {"Content-Type": "image/png"}, photo


def longer(headers: dict[str, str], photo: bytes) -> tuple[dict[str, str], bytes]:
    return headers | {"Content-Length": str(len(photo) + 1)}, photo + b"\0"


def shorter(headers: dict[str, str], photo: bytes) -> tuple[dict[str, str], bytes]:
    return headers | {"Content-Length": str(len(photo) - 1)}, photo[:-1]


def other_checksum(headers: dict[str, str], photo: bytes) -> tuple[dict[str, str], bytes]:
    other = bytes(reversed(photo))
    checksum = base64.b64encode(hashlib.sha256(other).digest()).decode()
    return headers | {"x-amz-checksum-sha256": checksum}, other


def other_picture(headers: dict[str, str], photo: bytes) -> tuple[dict[str, str], bytes]:
    return headers, bytes(reversed(photo))


def over_what_is_there(headers: dict[str, str], photo: bytes) -> tuple[dict[str, str], bytes]:
    return {k: v for k, v in headers.items() if k != "If-None-Match"}, photo


def no_checksum(headers: dict[str, str], photo: bytes) -> tuple[dict[str, str], bytes]:
    return {k: v for k, v in headers.items() if k != "x-amz-checksum-sha256"}, photo


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (other_type, 403, "SignatureDoesNotMatch"),
        (longer, 403, "SignatureDoesNotMatch"),
        (shorter, 403, "SignatureDoesNotMatch"),
        (other_checksum, 403, "SignatureDoesNotMatch"),
        (other_picture, 400, "BadDigest"),
        (no_checksum, 403, ""),
        (over_what_is_there, 403, ""),
    ],
)
def test_the_upload_url_takes_the_declared_photo_only(
    phone: Phone,
    photo: bytes,
    change: Change,
    status: int,
    code: str,
) -> None:
    asked = phone.ask(photo).body
    headers, body = change(asked["upload"]["headers"], photo)

    refused = send("PUT", asked["upload_url"], body, headers)

    assert refused.status == status
    assert code in refused.data.decode()
    assert (
        phone.call("GET", f"/v1/analyses/{asked['analysis_id']}").body["status"]
        == "awaiting_upload"
    )
    assert phone.upload(asked, photo).status == 200
    assert phone.upload(asked, photo).status == 412  # and announces nothing more


def elsewhere(url: str) -> str:
    """The same signature for another object: the last letter of the analysis's id."""
    path, _, query = url.partition("?")
    return f"{path[:-1]}{'0' if path[-1] != '0' else '1'}?{query}"


def for_longer(url: str) -> str:
    return url.replace("X-Amz-Expires=600", "X-Amz-Expires=60000")


def unsigned(url: str) -> str:
    return url.partition("?")[0]


# What is done with an upload URL: method, headers beside those that it names, and the URL itself.
MISUSED: dict[str, tuple[str, dict[str, str], Callable[[str], str]]] = {
    "read": ("GET", {}, str),
    "deleted": ("DELETE", {}, str),
    "another key": ("PUT", {}, elsewhere),
    "a longer life": ("PUT", {}, for_longer),
    "no signature": ("PUT", {}, unsigned),
    "made public": ("PUT", {"x-amz-acl": "public-read"}, str),
    "a page": ("PUT", {"Content-Type": "text/html"}, str),
    "another's request": ("PUT", {"x-amz-meta-correlation-id": "another"}, str),
    "of another object": ("PUT", {"x-amz-copy-source": "/media/photos/a.jpg"}, str),
}


@pytest.mark.parametrize("name", MISUSED)
def test_the_upload_url_is_good_for_nothing_else(phone: Phone, photo: bytes, name: str) -> None:
    method, more, change = MISUSED[name]
    asked = phone.ask(photo).body
    headers, body = asked["upload"]["headers"] | more, photo if method == "PUT" else None

    refused = send(method, change(asked["upload_url"]), body, headers if body else {})

    assert refused.status in (400, 403), refused.data
    assert phone.upload(asked, photo).status == 200


def test_a_used_upload_url_changes_nothing_and_leaves_nothing(
    stack: LocalStack, phone: Phone, photo: bytes, eventually: Eventually
) -> None:
    asked = phone.ask(photo).body
    path = f"/v1/analyses/{asked['analysis_id']}"
    s3, buckets = stack.client("s3"), ("UploadsBucketName", "MediaBucketName")

    def left() -> list[str]:
        listed = [s3.list_objects_v2(Bucket=stack.outputs[name]) for name in buckets]
        keys = [entry["Key"] for page in listed for entry in page.get("Contents", ())]
        return [key for key in keys if asked["analysis_id"] in key]

    phone.upload(asked, photo)
    first = phone.poll(asked["analysis_id"])
    assert phone.upload(asked, photo).status == 412
    assert phone.call("GET", path).body["updated_at"] == first["updated_at"]
    assert phone.call("GET", "/v1/me/usage").body["used"] == 1

    assert phone.call("DELETE", path).status == 204
    assert phone.upload(asked, photo).status == 200
    eventually(lambda: left() == [])
    assert phone.call("GET", path).status == 404


def test_a_picture_url_is_for_one_picture_and_tells_how_long_to_keep_it(
    phone: Phone, photo: bytes
) -> None:
    asked = phone.ask(photo).body
    phone.upload(asked, photo)
    document = phone.poll(asked["analysis_id"])
    url = document["photo"]["thumbnail_url"]
    shown = send("GET", url)

    assert (shown.status, shown.headers["Cache-Control"]) == (200, "private, max-age=3600")
    optimized = urlsplit(document["photo"]["optimized_url"]).path
    for other in (
        url.replace(urlsplit(url).path, optimized),
        url.replace("max-age%3D3600", "max-age%3D9999999"),
        url.replace("X-Amz-Expires=3600", "X-Amz-Expires=604800"),
        unsigned(url),
    ):
        assert other != url
        assert send("GET", other).status == 403, other
    assert send("PUT", url, photo).status == 403
    assert send("DELETE", url).status == 403


def test_the_upload_url_ends_after_ten_minutes(phone: Phone, photo: bytes) -> None:
    asked = phone.ask(photo).body
    query = parse_qs(urlsplit(asked["upload_url"]).query)

    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["600"]


def test_an_expired_upload_url_is_refused(
    stack: LocalStack, photo: bytes, eventually: Eventually
) -> None:
    # As PresignFunction makes it, but good for one second.
    url = stack.client("s3").generate_presigned_url(
        "put_object",
        Params={
            "Bucket": stack.outputs["UploadsBucketName"],
            "Key": "not-a-face/late.jpg",
            "ContentType": "image/jpeg",
        },
        ExpiresIn=1,
    )

    def put() -> Answer:
        return send("PUT", url, photo, {"Content-Type": "image/jpeg"})

    assert put().status == 200
    eventually(lambda: put().status == 403, patience=5)


def test_pictures_are_for_those_with_a_signed_url(stack: LocalStack, phone: Phone) -> None:
    for name in ("UploadsBucketName", "MediaBucketName"):
        assert send("GET", f"{stack.endpoint}/{stack.outputs[name]}").status == 403


def test_roles_are_enforced_here(stack: LocalStack, function: Callable[[str], str]) -> None:
    """Without this the other tests would not show that the template's policies suffice."""
    role = stack.client("lambda").get_function(FunctionName=function("PresignFunction"))
    assumed = stack.client("sts").assume_role(
        RoleArn=role["Configuration"]["Role"], RoleSessionName="test"
    )["Credentials"]
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.endpoint,
        region_name="us-east-1",
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket=stack.outputs["UploadsBucketName"])
