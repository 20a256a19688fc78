"""One function's handler, called in process on moto's AWS, in the state its event expects.

Usage: handler.py FUNCTION PHOTO PRODUCTS; FUNCTION may be HISTORY. What moto does is no work of
Facet's: its CPU time is taken off. What stays is everything a warm Lambda would spend: parsing,
validation, the work, botocore's serialising, signing and parsing, logging. Sockets and TLS are not
in it.
"""

import json
import os
import sys
from io import StringIO
from pathlib import Path
from typing import Any, cast

import boto3
from moto import mock_aws

from benchmarks.contestants.meter import Meter
from benchmarks.contestants.worker import serve
from benchmarks.large_catalogue import large_catalogue
from benchmarks.measure import ROOT
from contract.functions import function_module
from facet.domain.places import CATALOGUE_SNAPSHOT
from local.emulated_aws import EmulatedAws
from local.stack import MODELS, REGION, LocalStack
from local.template import ENVIRONMENTS

HISTORY = "ApiFunction, a history of 100"

EVENTS = {
    "PresignFunction": "api_post_analyses.json",
    "ApiFunction": "api_get_analysis.json",
    HISTORY: "api_list_analyses.json",
    "RecommendFunction": "sqs_face_analyzed.json",
    "AnalyzeFunction": "s3_face_uploaded.json",
    "ThumbnailFunction": "s3_photo_saved.json",
}


class Context:
    """The part of LambdaContext that Powertools reads."""

    function_name = "facet"
    memory_limit_in_mb = 512
    invoked_function_arn = f"arn:aws:lambda:{REGION}:123456789012:function:facet"
    aws_request_id = "11111111-2222-3333-4444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Moto:
    """Stands where local.emulated_aws expects the emulator: no address of its own."""

    endpoint = None

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def main(asked: str, photo: Path, products: int) -> None:
    function = asked.partition(",")[0]
    os.environ |= {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",  # nosec B105 moto takes any
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
    }
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        os.environ.pop(name, None)
    # Lambda's log is what a function prints; the Logger keeps the stream it was born with.
    out, sys.stdout = sys.stdout, StringIO()
    log = sys.stdout
    meter = Meter()
    with mock_aws():
        aws = EmulatedAws(cast(LocalStack, Moto()), photo.read_bytes())
        aws.create()
        if function == "RecommendFunction":
            snapshot = large_catalogue(ROOT / "data" / "skincare", products)
            media = boto3.client("s3", region_name=REGION)
            media.put_object(
                Bucket=aws.names["MEDIA_BUCKET"], Key=CATALOGUE_SNAPSHOT, Body=snapshot
            )
        names = {k: v for env in ENVIRONMENTS.values() for k, v in env.items()}
        queue = aws.environment["RECOMMEND_QUEUE_URL"]
        names |= ENVIRONMENTS[function]
        names |= {"RECOMMEND_QUEUE_URL": queue, "MODELS_DIR": str(MODELS)}
        del names["AWS_ENDPOINT_URL"]
        os.environ |= names
        handler = function_module(function.removesuffix("Function").lower()).lambda_handler
        event = json.loads((ROOT / "events" / EVENTS[asked]).read_text())
        if asked == HISTORY:
            event["queryStringParameters"] = {"limit": "100"}
            event["multiValueQueryStringParameters"] = {"limit": ["100"]}
            aws.prepare(event)  # once: it is only read

        def prepare() -> None:
            if asked != HISTORY:
                aws.prepare(event)
            if asked == "ApiFunction":
                _complete(event)
            meter.clear()
            log.seek(0)
            log.truncate()

        def job() -> dict[str, Any]:
            answer = handler(event, Context())
            if answer and (answer.get("batchItemFailures") or answer.get("statusCode", 200) >= 400):
                raise RuntimeError(f"{function} answered {answer}")
            return {
                "calls": dict(meter.calls),
                "write_units": meter.write_units,
                "read_units": meter.read_units,
                "log_bytes": log.tell(),
                "answer_kb": len(answer.get("body") or "") / 1000 if answer else 0,
            }

        serve(asked, job, prepare=prepare, excluded=lambda: meter.seconds, out=out)


def _complete(event: dict[str, Any]) -> None:
    """Let the recommendation of the analysis that the event asks for be made."""
    recommend = function_module("recommend").lambda_handler
    job = json.loads((ROOT / "events" / "sqs_face_analyzed.json").read_text())
    body = json.loads(job["Records"][0]["body"])
    body["analysis_id"] = event["pathParameters"]["analysis_id"]
    body["user_id"] = event["requestContext"]["authorizer"]["claims"]["sub"]
    job["Records"][0]["body"] = json.dumps(body)
    recommend(job, Context())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
