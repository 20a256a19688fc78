"""Whatever is sent to the deployed API, it answers as its document says."""

import base64
import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, Protocol
from uuid import uuid4

import boto3
import pytest
import requests
import schemathesis
from botocore.config import Config
from hypothesis import HealthCheck, given, settings
from requests.structures import CaseInsensitiveDict
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema
from ulid import ULID

from contract.openapi import OPEN_PATHS, operations
from facet.adapters.analyses import AnalysisTable
from facet.domain.analysis import Analysis, Kind, Status
from facet.domain.quota import QuotaExceededError, Tier
from facet.routes.document import DOCUMENT
from local.phone import Phone, send, sign_in
from local.stack import REGION, LocalStack

pytestmark = pytest.mark.e2e

EXAMPLES = 8  # of each call and kind: the whole takes under a minute
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
METHODS = ("get", "post", "put", "delete")  # what is deleted was read and changed before
OPERATIONS = [
    (path, method, operation)
    for method in METHODS
    for path, called, operation in operations(json.loads(DOCUMENT.read_text()))
    if method == called and operation["operationId"] != "eraseMe"  # its user would be gone
]
CALLS = {operation["operationId"]: (path, method) for path, method, operation in OPERATIONS}
TAKING = [
    operation["operationId"]
    for _, _, operation in OPERATIONS
    if "requestBody" in operation
    or any(parameter["in"] == "query" for parameter in operation.get("parameters", ()))
]


class Check(Protocol):
    """Send requests of one call, and hold their answers against the document."""

    def __call__(self, name: str, mode: GenerationMode | None = None, **pinned: Any) -> None: ...


@pytest.fixture(scope="module")
def schema() -> OpenApiSchema:
    return schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()))


@pytest.fixture(scope="module")
def owner(stack: LocalStack) -> Phone:
    """A user without a limit to their analyses."""
    return sign_in(stack, "contract@example.com", "enterprise")


@pytest.fixture(scope="module")
def kept(owner: Phone, photo: bytes) -> dict[str, str]:
    """Path parameters that lead somewhere: an analysed photo, and what its owner keeps."""
    asked = owner.ask(photo, wants=["skincare", "makeup"]).expect(201)
    owner.upload(asked, photo)
    owner.call("PUT", "/v1/bag/red-one", {"name": "Red", "category": "lip", "shade": "#b03040"})
    scarf = {"category": "scarf", "slot": "accessory", "formality": 2, "warmth": 3}
    owner.call("PUT", "/v1/wardrobe/red-one", scarf | {"colours": [{"hex": "#b03040", "share": 1}]})
    owner.poll(asked["analysis_id"])
    look = owner.call(
        "POST",
        f"/v1/analyses/{asked['analysis_id']}/looks",
        {"name": "Red lips", "products": [{"item_id": "red-one"}]},
    ).expect(202)
    export = owner.call("POST", "/v1/me/export").expect(202)
    return {
        "analysis_id": asked["analysis_id"],
        "item_id": "red-one",
        "look_id": look["look_id"],
        "export_id": export["export_id"],
        "product_id": "gel-cleanser-plain",
        "concern": "redness",
    }


@pytest.fixture(scope="module")
def check(schema: OpenApiSchema, owner: Phone) -> Check:
    """Send so many made-up requests of one call and hold every answer against the document."""
    token = {"Authorization": f"Bearer {owner.token}"}
    session = requests.Session()

    def ask(case: Case[Any]) -> None:
        case.headers = CaseInsensitiveDict({**case.headers, **token})
        case.validate_response(case.call(owner.api_url, session), checks=CHECKS)

    def run(name: str, mode: GenerationMode | None = None, **pinned: Any) -> None:
        path, method = CALLS[name]
        operation = schema[path][method.upper()]
        if mode is None:
            ask(operation.Case(**pinned))
            return

        @given(case=operation.as_strategy(mode, **pinned))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def many(case: Case[Any]) -> None:
            ask(case)

        many()

    return run


@pytest.mark.parametrize("name", [name for name, (_, method) in CALLS.items() if method == "get"])
def test_what_was_read_is_not_sent_twice(name: str, owner: Phone, kept: dict[str, str]) -> None:
    path = CALLS[name][0].format(**kept)
    query = {"recommendProducts": "?condition=redness", "understandAllergy": "?q=nuts"}.get(
        name, ""
    )
    first = owner.call("GET", path + query)
    again = owner.call(
        "GET", path + query, headers={"If-None-Match": first.headers.get("ETag", "")}
    )

    assert first.status == 200
    if path.startswith("/v1/health/"):
        assert first.headers["Cache-Control"] == "no-store"
    elif name not in ("getOverlay", "getExport"):  # a signed URL is another one each time
        assert (again.status, again.data) == (304, b"")


@pytest.mark.parametrize("name", CALLS)
def test_what_fits_the_document_is_answered_as_it_tells(
    name: str, check: Check, kept: dict[str, str]
) -> None:
    check(name, GenerationMode.POSITIVE)
    if leads := parameters(name, kept):
        check(name, path_parameters=leads)


@pytest.mark.parametrize("name", TAKING)
def test_what_does_not_fit_is_refused_as_it_tells(
    name: str, check: Check, kept: dict[str, str]
) -> None:
    # A path or a header that HTTP itself cannot carry never reaches the API.
    check(name, GenerationMode.NEGATIVE, path_parameters=parameters(name, kept), headers={})


@pytest.mark.parametrize("name", CALLS)
def test_without_a_token_only_open_calls_answer(
    name: str, stack: LocalStack, kept: dict[str, str]
) -> None:
    path, method = CALLS[name]
    address = stack.outputs["ApiUrl"] + path.format(**kept)

    assert (send(method.upper(), address).status == 401) == (path not in OPEN_PATHS)


@pytest.mark.parametrize("path", sorted({path for path, _ in CALLS.values()}))
def test_a_browser_may_ask_first_at_every_address(
    path: str, stack: LocalStack, kept: dict[str, str]
) -> None:
    asked = send(
        "OPTIONS",
        stack.outputs["ApiUrl"] + path.format(**kept),
        headers={"Origin": "https://example.com", "Access-Control-Request-Method": "PUT"},
    )

    assert asked.status == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    allowed = set(asked.headers["Access-Control-Allow-Methods"].split(","))
    assert allowed >= {method.upper() for template, method in CALLS.values() if template == path}


def parameters(name: str, kept: dict[str, str]) -> dict[str, str]:
    """Of a call's path, such that it leads somewhere."""
    return {parameter: kept[parameter] for parameter in re.findall(r"{(\w+)}", CALLS[name][0])}


def test_a_hundred_racing_requests_with_ten_left_give_exactly_ten(
    stack: LocalStack, phone: Phone, photo: bytes
) -> None:
    claims = json.loads(base64.urlsafe_b64decode(phone.token.split(".")[1] + "=="))
    table = stack.client("dynamodb")
    day = {"PK": {"S": f"USER#{claims['sub']}"}, "SK": {"S": f"QUOTA#{datetime.now(UTC).date()}"}}
    table.put_item(TableName=stack.outputs["TableName"], Item={**day, "used": {"N": "40"}})

    # The emulator starts a process for each that races, one after the other and a second each.
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: phone.ask(photo), range(100)))

    assert Counter(answer.status for answer in answers) == {201: 10, 429: 90}
    assert phone.call("GET", "/v1/me/usage").body["used"] == 50
    assert len({answer.body["analysis_id"] for answer in answers if answer.status == 201}) == 10
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.body["code"] == "quota_exceeded"
    assert refused.headers["RateLimit-Remaining"] == "0"


def test_a_hundred_charges_at_one_moment_leave_the_quota_at_its_limit(stack: LocalStack) -> None:
    """As many at once as AWS would start workers for, without the emulator's processes between."""
    table = boto3.resource(
        "dynamodb",
        endpoint_url=stack.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(max_pool_connections=100),
    ).Table(stack.outputs["TableName"])
    analyses, now, user_id = AnalysisTable(table), datetime.now(UTC), f"race-{uuid4()}"
    limit = Tier.FREE.daily_limit
    assert limit is not None
    used = limit - 10
    table.put_item(Item={"PK": f"USER#{user_id}", "SK": f"QUOTA#{now.date()}", "used": used})
    start = Barrier(100)

    def charge(_: int) -> bool:
        asked = Analysis(
            analysis_id=str(ULID()),
            user_id=user_id,
            status=Status.AWAITING_UPLOAD,
            created_at=now,
            updated_at=now,
            expires_at=now + timedelta(days=1),
            wants=(Kind.SKINCARE,),
            content_type="image/jpeg",
            content_length=1,
            checksum_sha256="",
            consent_version="1",
            correlation_id="race",
            quota_day=now.date().isoformat(),
        )
        start.wait()
        try:
            analyses.create(asked, Tier.FREE)
        except QuotaExceededError:
            return False
        return True

    with ThreadPoolExecutor(100) as pool:
        charged = Counter(pool.map(charge, range(100)))

    assert charged == {True: 10, False: 90}
    assert analyses.usage(user_id, Tier.FREE, now).used == Tier.FREE.daily_limit
