"""What a function loads and opens before it is asked for anything."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from contract.functions import function_module
from facet.adapters import aws
from facet.adapters.settings import Settings
from facet.wiring import Wiring

ROOT = Path(__file__).parents[2]
PRESIGN = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "GATES_PRESET": "moderate",
    "RECOMMEND_QUEUE_URL": "a",
    **dict.fromkeys(("TABLE_NAME", "UPLOADS_BUCKET"), "a"),
    "USER_POOL_CLIENT_ID": "a",
    **dict.fromkeys(("MAX_QUEUE_DEPTH", "RETENTION_DAYS"), "1"),
    **dict.fromkeys(("UPLOADS_A_MINUTE", "ANALYSES_A_MINUTE"), "1"),
    **dict.fromkeys(("LOOKS_A_MINUTE", "WRITES_A_MINUTE", "MAX_ANALYZE_WAIT_SECONDS"), "1"),
    "FEEDBACK_A_DAY": "1",
    "ANALYZE_FUNCTION_NAME": "",
}
POLL = """
import json, sys
from contract.functions import function_module
event = json.load(open("events/api_get_health.json")) | {"path": "/v1/health/live"}
context = type("Context", (), {
    "function_name": "api", "memory_limit_in_mb": 512, "aws_request_id": "1",
    "invoked_function_arn": "arn:aws:lambda:eu-central-1:123456789012:function:api",
})()
answer = function_module("api").lambda_handler(event, context)
assert answer["statusCode"] == 200, answer
print(sorted({"numpy", "PIL", "onnxruntime", "facet.catalogue"} & sys.modules.keys()))
"""
OPEN = """
import sys
from contract.functions import function_module
from facet.adapters import aws
made = function_module(sys.argv[1]).wiring
print("settings" in vars(made), aws.table.cache_info().currsize)
"""

WORK = """
import sys
sys.path.insert(0, f"functions/{sys.argv[1]}")
import app
print("facet.worker" in sys.modules, "aws_lambda_powertools.utilities.parser" in sys.modules)
"""

SILENT = """
import sys
from contract.functions import function_module
from facet.saying import sentences
for name in sys.argv[1:]:
    function_module(name)
assert function_module("presign").wiring.max_photo_bytes > 0
print(sentences.cache_info().currsize)
"""


def run(code: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 our own code
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, "POWERTOOLS_SERVICE_NAME": "facet", **environment},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_function_of_every_poll_holds_neither_numpy_nor_the_catalogue() -> None:
    assert run(POLL) == "[]"


def test_no_function_reads_the_sentences_before_it_says_one() -> None:
    names = [path.parent.name for path in (ROOT / "functions").glob("*/app.py")]
    assert "presign" in names
    assert run(SILENT, *names, **PRESIGN) == "0"


@pytest.mark.parametrize(
    "name", ["account", "analyze", "recommend", "thumbnail", "tryon", "webhook"]
)
def test_a_worker_loads_no_models_of_events_it_never_gets(name: str) -> None:
    assert run(WORK, name) == "True False"


@pytest.mark.parametrize(("in_lambda", "opened"), [(False, "False 0"), (True, "True 1")])
def test_what_every_call_needs_is_made_while_lambda_loads_the_function(
    in_lambda: bool, opened: str
) -> None:
    inside = {"AWS_LAMBDA_FUNCTION_NAME": "presign"} if in_lambda else {}
    assert run(OPEN, "presign", **PRESIGN, **inside) == opened


def test_settings_stay_as_they_were_read() -> None:
    settings = Settings.from_env({"TABLE_NAME": "facet", "HOME": "/root"})

    with pytest.raises(ValidationError):
        settings.table_name = "another"  # type: ignore[misc]


def test_a_client_fails_fast_and_a_health_check_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    usual, checked = (aws.client("sqs", **told).meta.config for told in ({}, {"read_timeout": 2}))

    assert (usual.connect_timeout, usual.read_timeout) == (1, 2)
    assert usual.retries["total_max_attempts"] == 3
    assert (checked.connect_timeout, checked.read_timeout) == (1, 2)
    assert checked.retries["total_max_attempts"] == 1


def settings_of(name: str) -> set[str]:
    """The settings that a part of the wiring is made of, and the parts that it is made of."""
    part = vars(Wiring)[name]
    make = getattr(part, "func", None) or getattr(part, "fget", None) or part
    source = inspect.getsource(make)
    told = set(re.findall(r"\b(?:self\.settings|told)\.(\w+)", source))
    others = set(re.findall(r"\bself\.(\w+)", source)) & vars(Wiring).keys() - {"settings", name}
    return told.union(*map(settings_of, others))


@pytest.mark.parametrize(
    "app", sorted((ROOT / "functions").glob("*/app.py")), ids=lambda path: path.parent.name
)
def test_a_function_is_told_what_it_works_with_and_nothing_else(app: Path) -> None:
    (settings,) = (
        value
        for value in vars(function_module(app.parent.name)).values()
        if isinstance(value, type)
        and issubclass(value, Settings)
        and value.__module__ != Settings.__module__
    )
    source = app.read_text()
    routes = ROOT / "layers" / "shared" / "facet" / "routes"
    for name in re.findall(r"\b(\w+)\.router\b(?! import)", source):
        source += (routes / f"{name}.py").read_text()
    if "api(" in source:
        source += (routes / "router.py").read_text()
    read = set(re.findall(r"\bwiring\.settings\.(\w+)", source))
    parts = set(re.findall(r"\b(?:wiring|made)\.(\w+)", source)) & vars(Wiring).keys()
    needed = read.union(*map(settings_of, parts - {"settings"}))
    assert needed | {"table_name"} == settings.model_fields.keys()
