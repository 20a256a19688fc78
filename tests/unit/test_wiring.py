"""What a function loads and opens before it is asked for anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize(("in_lambda", "opened"), [(False, "False 0"), (True, "True 1")])
def test_what_every_call_needs_is_made_while_lambda_loads_the_function(
    in_lambda: bool, opened: str
) -> None:
    told = {
        "AWS_DEFAULT_REGION": "eu-central-1",
        **dict.fromkeys(("TABLE_NAME", "UPLOADS_BUCKET", "IDEMPOTENCY_TABLE_NAME"), "a"),
        **dict.fromkeys(("RECOMMEND_QUEUE_URL", "GATES_PRESET"), "a"),
        **dict.fromkeys(("MAX_QUEUE_DEPTH", "RETENTION_DAYS"), "1"),
        **({"AWS_LAMBDA_FUNCTION_NAME": "presign"} if in_lambda else {}),
    }
    assert run(OPEN, "presign", **told) == opened
