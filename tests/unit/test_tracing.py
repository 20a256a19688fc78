"""What X-Ray is told of a call: that it was, and how long it took."""

import json
import os
import socket
import subprocess
import sys
from typing import Any

CODE = """
from types import SimpleNamespace
from facet.adapters.tracing import traced

@traced
def lambda_handler(event, context):
    return {"statusCode": 200, "body": '{"url": "https://media/a.jpg?X-Amz-Signature=secret"}'}

lambda_handler({}, SimpleNamespace(function_name="facet", aws_request_id="request-1"))
"""


def test_a_trace_holds_nothing_of_the_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        # What Lambda sets where tracing is active; a process of its own, since it patches boto3.
        environment = {
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "facet",
            "LAMBDA_TASK_ROOT": "/var/task",
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;"
            "Parent=53995c3f42cd8ad8;Sampled=1",
        }
        subprocess.run(  # noqa: S603 our own code
            [sys.executable, "-c", CODE], env={**os.environ, **environment}, check=True
        )
        _, _, sent = daemon.recv(65_535).decode().partition("\n")

    subsegment: dict[str, Any] = json.loads(sent)
    assert subsegment["name"] == "## lambda_handler"
    assert "metadata" not in subsegment
    assert "Signature" not in sent
