"""JSON out: bodies, ETags and rate limits."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel

from facet.domain.limits import Allowance
from facet.domain.quota import Usage

# Answers carry picture URLs signed for an hour (services/read_analysis.py): an unchanged answer is
# sent again after half of that, so that a 304 never outlives its URLs.
ETAG_HOLDS_FOR = timedelta(minutes=30)
SIGNED_QUERY = re.compile(r'\?[^"\s?]*X-Amz-Signature=[^"\s]*')


def json_response(
    body: BaseModel | Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Response[str]:
    """`body` as JSON without what is null; moments in UTC and whole seconds, since iOS and
    swift-openapi-generator read no fractions unless told to."""
    document = body.model_dump(exclude_none=True) if isinstance(body, BaseModel) else body
    text = json.dumps(document, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return Response(status, content_type, text, headers=dict(headers or {}))


def _plain(value: Any) -> str:
    """A moment or a day as RFC 3339 has them; anything else has no place in an answer."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not JSON: {value!r}")


def rate_limit_headers(usage: Usage | Allowance, now: datetime) -> dict[str, str]:
    """IETF draft-ietf-httpapi-ratelimit-headers-06: limit, remaining, seconds to the reset."""
    if usage.limit is None:
        return {}
    return {
        "RateLimit-Limit": str(usage.limit),
        "RateLimit-Remaining": str(usage.left),
        "RateLimit-Reset": str(max(1, round((usage.reset_at - now).total_seconds()))),
    }


def etag_of(body: str, now: datetime) -> str:
    """A weak ETag: changes with the body, but not with the signatures of the URLs in it; with
    those it changes every half an hour, which keeps them good."""
    unsigned, urls = SIGNED_QUERY.subn("", body)
    slot = int(now.timestamp() // ETAG_HOLDS_FOR.total_seconds()) if urls else ""
    return f'W/"{hashlib.sha256(f"{slot}{unsigned}".encode()).hexdigest()[:32]}"'
