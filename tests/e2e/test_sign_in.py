"""A second factor that a person has chosen is asked for."""

import base64
import hashlib
import hmac
import secrets
import struct
import time
from typing import Any
from uuid import uuid4

import pytest

from local.phone import Phone
from local.stack import LocalStack

pytestmark = pytest.mark.e2e


def totp(secret: str | bytes, moment: float) -> str:
    """RFC 6238 with its defaults: SHA-1, 30 seconds, six digits."""
    digest = hmac.digest(
        base64.b32decode(secret), struct.pack(">Q", int(moment) // 30), hashlib.sha1
    )
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_code_is_that_of_the_standard() -> None:
    """The first example of RFC 6238, appendix B, of whose eight digits these are the last six."""
    assert totp(base64.b32encode(b"12345678901234567890"), 59) == "287082"


def test_who_added_an_authenticator_app_signs_in_with_its_code(stack: LocalStack) -> None:
    cognito, app = stack.client("cognito-idp"), stack.outputs["UserPoolClientId"]
    email, password = f"{uuid4()}@example.com", secrets.token_urlsafe(24)
    attributes = [{"Name": "email", "Value": email}]
    cognito.sign_up(ClientId=app, Username=email, Password=password, UserAttributes=attributes)
    cognito.confirm_sign_up(ClientId=app, Username=email, ConfirmationCode="123456")

    def begin() -> Any:
        return cognito.initiate_auth(
            ClientId=app,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )

    access = begin()["AuthenticationResult"]["AccessToken"]
    secret = cognito.associate_software_token(AccessToken=access)["SecretCode"]
    cognito.verify_software_token(AccessToken=access, UserCode=totp(secret, time.time()))
    cognito.set_user_mfa_preference(
        AccessToken=access, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )

    asked = begin()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert "AuthenticationResult" not in asked
    answered = cognito.respond_to_auth_challenge(
        ClientId=app,
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=asked["Session"],
        ChallengeResponses={
            "USERNAME": email,
            "SOFTWARE_TOKEN_MFA_CODE": totp(secret, time.time()),
        },
    )["AuthenticationResult"]

    phone = Phone(stack.outputs["ApiUrl"], answered["IdToken"])
    assert phone.call("GET", "/v1/me/usage").status == 200
