"""What the functions ask of AWS while the tests run them, as IAM would judge it.

`attribute` puts a function's name on everything its handler calls; `listen` hears of each call and
of each presigned URL, whose holder may do what its signer may. Both are the conftest's to call.
"""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jmespath

from tests.roles.template import places_by_variable

HERE = Path(__file__).parent
ACTIONS: Mapping[str, Mapping[str, Mapping[str, str]]] = tomllib.loads(
    (HERE / "actions.toml").read_text()
)


class Use(NamedTuple):
    """An action on a resource, named as template.yaml names it: UploadsBucket/faces/*."""

    function: str  # logical id
    action: str
    resource: str


class UnknownCallError(Exception):
    """A call that actions.toml does not explain."""


# Of this process. Several handlers may be running, one called by a test in the middle of another.
_running: list[str] = []
_uses: set[Use] = set()
# Values of variables; a call may come when its test has already taken the variable back.
_told: dict[str, str] = {}


def uses() -> set[Use]:
    """Everything that was recorded in this process."""
    return _uses


def attribute(verb: str, module: ModuleType) -> None:
    """From now on what this function's handler calls is its own."""
    handler: Callable[..., Any] = module.lambda_handler

    @wraps(handler)
    def lambda_handler(*event_and_context: Any) -> Any:
        with acting(verb):
            return handler(*event_and_context)

    module.lambda_handler = lambda_handler  # type: ignore[attr-defined]


@contextmanager
def acting(verb: str) -> Iterator[None]:
    """What is called inside is this function's, whoever calls it."""
    _running.append(_functions()[verb])
    try:
        yield
    finally:
        _running.pop()


@cache
def _functions() -> Mapping[str, str]:
    from local.template import read_template  # noqa: PLC0415

    resources = read_template()["Resources"].items()
    ids = [name for name, one in resources if one["Type"] == "AWS::Serverless::Function"]
    return {name.removesuffix("Function").lower(): name for name in ids}


@contextmanager
def listen(events: Any) -> Iterator[None]:
    """Hear of what the clients call that are made of these events (a botocore session's) inside."""
    events.register("provide-client-params", _called, unique_id="roles-called")
    events.register("after-call.s3", _answered, unique_id="roles-answered")
    try:
        yield
    finally:
        events.unregister("provide-client-params", unique_id="roles-called")
        events.unregister("after-call.s3", unique_id="roles-answered")


def _called(params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    if not _running:
        return  # a test's own call
    service, operation = model.service_model.service_name, model.name
    context["roles_bucket"] = params.get("Bucket")
    for action, resource in asked_for(service, operation, params):
        _uses.add(Use(_running[-1], action, resource))


def _answered(http_response: Any, context: Mapping[str, Any], **_: Any) -> None:
    """A 404 of S3 is one only to whom may list the bucket; to others it is a 403."""
    bucket = context.get("roles_bucket")
    if _running and bucket and http_response.status_code == HTTPStatus.NOT_FOUND:
        _uses.add(Use(_running[-1], "s3:ListBucket", place_of(bucket)))


def asked_for(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(action, resource) of one call."""
    if operation not in ACTIONS.get(service, {}):
        raise UnknownCallError(f"tests/roles/actions.toml does not know {service} {operation}")
    for action, expression in ACTIONS[service][operation].items():
        found = jmespath.search(expression, dict(params))
        for name in found if isinstance(found, list) else [found]:
            if name.startswith("/"):
                bucket, key = params["Bucket"], name.removeprefix("/")
                yield action, place_of(f"{bucket}/{key.split('/')[0]}/*")
            elif service == "s3" and "/" in name.partition("?")[0]:
                bucket, folder, *_ = name.split("/")
                yield action, place_of(f"{bucket}/{folder}/*")
            elif "?" in name:
                bucket, _, prefix = name.partition("?")
                folder = f"{prefix.split('/')[0]}/*" if "/" in prefix else prefix
                yield action, f"{place_of(bucket)}?{folder}"
            else:
                yield action, place_of(name)


def place_of(name: str) -> str:
    """A resource as the template names it, found by the variable that told the function its name.

    One that no variable told is left as it is, and granted to nobody.
    """
    for variable, place in places_by_variable().items():
        if told := os.environ.get(variable):
            _told[told] = place
    if name in _told:
        return _told[name]
    parts = name.split("/")
    for number, part in enumerate(parts):
        if part in _told:
            return "/".join([*parts[:number], _told[part], *parts[number + 1 :]])
    return name
