"""A signed POST to a developer's own server, as https://www.standardwebhooks.com says."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import urllib3
from standardwebhooks import Webhook

from facet.domain.errors import FacetError
from facet.domain.messages import WebhookMessage

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# The specification recommends 15 to 30 s; WebhookFunction's Timeout is longer than both.
TIMEOUT = urllib3.Timeout(connect=5, read=15)
GONE = 410


class WebhookRefusedError(FacetError):
    """A server did not take a webhook; `retry_after`: how long it asked to wait, in seconds."""

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def signing_secrets(client: "SecretsManagerClient", arn: str) -> tuple[str, ...]:
    """The secrets that sign: the present one and, while it is replaced, the one before it."""
    secrets = [client.get_secret_value(SecretId=arn)["SecretString"]]
    try:
        before = client.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
        secrets.append(before["SecretString"])
    except client.exceptions.ResourceNotFoundException:
        pass
    return tuple(secrets)


def send_webhook(
    message: WebhookMessage, url: str, secrets: Sequence[str], *, now: datetime | None = None
) -> bool:
    """Try once to deliver a webhook; False when the server wants no more of them (410).

    secrets: base64, `whsec_` before it or not; one signature each.
    Raises WebhookRefusedError for any status but 2xx and 410, and where no answer came.
    """
    sent_at = now or datetime.now(UTC)
    body = json.dumps(message.body(), separators=(",", ":"))
    signatures = [Webhook(secret).sign(message.webhook_id, sent_at, body) for secret in secrets]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Facet-Webhook/1",
        "webhook-id": message.webhook_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    try:
        answer = urllib3.request(
            "POST",
            url,
            body=body.encode(),
            headers=headers,
            timeout=TIMEOUT,
            retries=False,
            redirect=False,
            preload_content=False,  # what it says is not read
        )
    except urllib3.exceptions.HTTPError as error:
        raise WebhookRefusedError(f"no answer: {type(error).__name__}") from error
    answer.close()
    if answer.status == GONE:
        return False
    if not 200 <= answer.status < 300:
        asked = answer.headers.get("Retry-After", "")
        raise WebhookRefusedError(
            f"status {answer.status}", int(asked) if asked.isdecimal() else None
        )
    return True
