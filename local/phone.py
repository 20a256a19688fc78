"""What an app on a phone does: sign in, ask for an upload URL, PUT the photo, poll the answer."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import urllib3

from local.stack import LocalStack

TERMINAL = {"completed", "failed", "expired"}
CONSENT = "2026-11"


class PipelineError(Exception):
    """The pipeline did not answer as it should; the message says how."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: urllib3.HTTPHeaderDict
    data: bytes

    @property
    def body(self) -> Any:
        """The parsed JSON, None where there is none."""
        is_json = "json" in self.headers.get("content-type", "")
        return json.loads(self.data) if is_json and self.data else None

    def expect(self, status: int) -> Any:
        """The body; raises PipelineError with the API's own words for another status."""
        if self.status == status:
            return self.body
        if not isinstance(problem := self.body, dict):
            raise PipelineError(f"{self.status} {self.data[:300].decode(errors='replace')}".strip())
        fields = [f"{part['field']}: {part['message']}" for part in problem.get("errors", ())]
        lines = [f"{self.status} {problem.get('code', '')}: {problem.get('detail', '')}", *fields]
        raise PipelineError("\n  ".join(lines))


def send(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """One HTTP request as it is, without retries or redirects."""
    got = urllib3.request(
        method, url, body=body, headers=headers or {}, retries=False, redirect=False, timeout=40
    )
    return Answer(got.status, got.headers, got.data)


def _told(photo: bytes, content_type: str) -> dict[str, Any]:
    """What is told of a photo before it is sent."""
    return {
        "content_type": content_type,
        "content_length": len(photo),
        "checksum_sha256": base64.b64encode(hashlib.sha256(photo).digest()).decode(),
    }


@dataclass(frozen=True)
class Phone:
    """A signed-in app. `api_url` ends without a slash."""

    api_url: str
    token: str

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One call of the API as this user; `body` is sent as JSON."""
        return send(
            method,
            self.api_url + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            | (headers or {}),
        )

    def ask(self, photo: bytes, content_type: str = "image/jpeg", **wishes: Any) -> Answer:
        """POST /v1/analyses for exactly this photo."""
        return self._start(_told(photo, content_type) | wishes)

    def ask_several(self, *photos: bytes, **wishes: Any) -> Answer:
        """POST /v1/analyses for these JPEGs together."""
        return self._start({"photos": [_told(photo, "image/jpeg") for photo in photos]} | wishes)

    def _start(self, wish: dict[str, Any]) -> Answer:
        key = {"Idempotency-Key": secrets.token_urlsafe(16)}
        return self.call("POST", "/v1/analyses", {"consent_version": CONSENT} | wish, key)

    @staticmethod
    def upload(asked: dict[str, Any], photo: bytes) -> Answer:
        """PUT the photo to the URL of `asked`, or of one of its `uploads`, with its headers."""
        upload = asked["upload"]
        return send(upload["method"], asked["upload_url"], photo, upload["headers"])

    def poll(
        self,
        analysis_id: str,
        patience: float = 60,
        seen: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> dict[str, Any]:
        """The terminal document of an analysis; `seen` gets every document on the way.

        Waits as long between two calls as the API asks. Raises PipelineError if that is not there
        after `patience` seconds, or if the API answers anything but 200.
        """
        deadline = time.monotonic() + patience
        while True:
            answer = self.call("GET", f"/v1/analyses/{analysis_id}")
            document: dict[str, Any] = answer.expect(200)
            seen(document)
            if document["status"] in TERMINAL:
                return document
            if time.monotonic() > deadline:
                raise PipelineError(f"still {document['status']} after {patience:.0f} s")
            time.sleep(document["poll_after_ms"] / 1000)


def sign_in(stack: LocalStack, email: str, group: str | None = None) -> Phone:
    """A phone of this user, who is made if there is no such user yet."""
    cognito = stack.client("cognito-idp")
    pool, app = stack.outputs["UserPoolId"], stack.outputs["UserPoolClientId"]
    # Satisfies any password policy; a new one each time, so none is kept anywhere.
    password = f"{secrets.token_urlsafe(24)}aA1!"
    try:
        cognito.sign_up(
            ClientId=app,
            Username=email,
            Password=password,
            UserAttributes=[{"Name": "email", "Value": email}],
        )
        cognito.admin_confirm_sign_up(UserPoolId=pool, Username=email)
    except cognito.exceptions.UsernameExistsException:
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=password, Permanent=True
        )
    if group:
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
    tokens = cognito.initiate_auth(
        ClientId=app,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password},
    )["AuthenticationResult"]
    return Phone(stack.outputs["ApiUrl"], tokens["IdToken"])
