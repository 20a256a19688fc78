"""Who may do what: users, and whoever holds a presigned URL."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

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


def test_a_token_that_is_none_is_refused(stack: LocalStack) -> None:
    assert Phone(stack.outputs["ApiUrl"], "not.a.token").call("GET", "/v1/me/usage").status == 401


def test_a_token_with_another_users_name_in_it_is_refused(phone: Phone) -> None:
    header, payload, signature = phone.token.split(".")
    claims = base64.urlsafe_b64decode(payload + "==").replace(b'"sub"', b'"sub_"')
    forged = base64.urlsafe_b64encode(claims).decode().rstrip("=")

    stranger = Phone(phone.api_url, f"{header}.{forged}.{signature}")

    assert stranger.call("GET", "/v1/me/usage").status == 401


def test_an_expired_token_is_refused(
    stack: LocalStack, phone: Phone, eventually: Eventually
) -> None:
    cognito = stack.client("cognito-idp")
    pool = stack.outputs["UserPoolId"]
    # The emulator takes what AWS would call too short.
    app = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="short-lived",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        IdTokenValidity=3,
        TokenValidityUnits={"IdToken": "seconds"},
    )["UserPoolClient"]["ClientId"]
    email = "late@example.com"
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=email, Password="Late-enough-1!", Permanent=True
    )
    token = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=app,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": "Late-enough-1!"},
    )["AuthenticationResult"]["IdToken"]
    late = Phone(phone.api_url, token)

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
