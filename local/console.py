"""The console (web/) in a browser: against the local stack, or put into the bucket of a real one.

`python -m local.console` serves the page on 127.0.0.1 as CloudFront does in AWS
(infra/console.yaml): files by themselves, /v1/* passed on to the API, sign-in and photos straight
to Cognito and S3.
`python -m local.console publish STACK` puts it into the bucket that HostConsole made.
"""

import argparse
import contextlib
import json
import mimetypes
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import urllib3

from local.stack import ROOT, LocalStack, StackError, console, step

WEB = ROOT / "web"
PORT = 4680  # when it is free; else the system chooses
MODULE = "text/javascript; charset=utf-8"  # what a browser takes a module for
# Of a request, what the API reads; of its answer, all but what belongs to the connection.
PASSED_ON = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Accept-Encoding")
KEPT_BACK = {"connection", "transfer-encoding", "content-length", "date", "server", "keep-alive"}


def config_of(outputs: Mapping[str, str], cognito: str) -> dict[str, str]:
    """What the page has to know: web/config.json, never committed. The API is where the page is."""
    return {
        "api": "",
        "cognito": cognito,
        "pool_id": outputs["UserPoolId"],
        "client_id": outputs["UserPoolClientId"],
    }


def security_headers(connect: str, pictures: str) -> dict[str, str]:
    """The headers that infra/console.yaml has CloudFront send; a test holds them together."""
    return {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' blob: data: {pictures}; connect-src 'self' {connect}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    }


def content_type(path: Path) -> str:
    if path.suffix == ".js":
        return MODULE
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


class Page(BaseHTTPRequestHandler):
    """One request: a file of web/, config.json, or a call of the API."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any, stack: LocalStack, passer: urllib3.PoolManager) -> None:
        self.stack, self.passer = stack, passer
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            return self._pass_on()
        if path == "/config.json":
            config = config_of(self.stack.outputs, self.stack.endpoint)
            return self._answer(200, json.dumps(config).encode(), "application/json")
        file = (WEB / (path.lstrip("/") or "index.html")).resolve()
        if not file.is_relative_to(WEB) or not file.is_file():
            return self._answer(404, b"There is nothing at this address.", "text/plain")
        return self._answer(200, file.read_bytes(), content_type(file))

    def _pass_on(self) -> None:
        if not urlsplit(self.path).path.startswith("/v1/"):
            return self._answer(404, b"There is nothing at this address.", "text/plain")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        try:
            got = self.passer.request(
                self.command,
                self.stack.outputs["ApiUrl"] + self.path,
                body=body or None,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=40,
                decode_content=False,
            )
        except urllib3.exceptions.HTTPError:
            return self._answer(502, b"The local stack does not answer.", "text/plain")
        self.send_response(got.status)
        for name, value in got.headers.items():
            if name.lower() not in KEPT_BACK:
                self.send_header(name, value)
        return self._end(got.data)

    do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815 the names http.server calls

    def _answer(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-cache")
        here = self.stack.endpoint
        for name, value in security_headers(connect=here, pictures=here).items():
            self.send_header(name, value)
        self._end(data)

    def _end(self, data: bytes) -> None:
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """A terminal that shows every request hides what it is asked for."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """A browser that hangs up in the middle is no news; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            console.print_exception()


@contextlib.contextmanager
def serve(stack: LocalStack, port: int = 0) -> Iterator[str]:
    """The console's address while the block runs, e.g. http://127.0.0.1:4680."""
    passer = urllib3.PoolManager(maxsize=16)
    with Server(("127.0.0.1", port), partial(Page, stack=stack, passer=passer)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def usual_port() -> int:
    """PORT if nobody listens there, else 0: the system's choice."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return 0
    return PORT


def show() -> int:
    """Serve until Ctrl-C; a stack that was started for it ends with it."""
    stack = LocalStack()
    was_up = stack.healthy()
    try:
        stack.up()
        with serve(stack, usual_port()) as url:
            print(
                f"\nThe console: {url}\nSign up with any address; any code of six digits confirms."
            )
            print(f"Ctrl-C ends it{'' if was_up else ', and the local stack with it'}.", flush=True)
            while True:
                time.sleep(3600)
    except StackError as error:
        console.print(f"✗ {error}", style="red", markup=False)
        return 1
    except (KeyboardInterrupt, SystemExit):
        return 0
    finally:
        if not was_up:
            stack.stop()


def outputs_of(stack_name: str) -> dict[str, str]:
    """Raises StackError where the deployed stack hosts no console."""
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    outputs = {out["OutputKey"]: out["OutputValue"] for out in stack.get("Outputs", ())}
    if "ConsoleBucketName" not in outputs:
        raise StackError(f"{stack_name} hosts no console: deploy it with HostConsole=true.")
    return outputs


def publish(outputs: Mapping[str, str], cognito: str, s3: Any, cloudfront: Any) -> None:
    """Put the page and its config.json into the bucket, and have CloudFront forget the last one."""
    files = {path.name: path.read_bytes() for path in sorted(WEB.iterdir()) if path.is_file()}
    config = json.dumps(config_of(outputs, cognito)).encode()
    for name, data in {**files, "config.json": config}.items():
        s3.put_object(
            Bucket=outputs["ConsoleBucketName"],
            Key=name,
            Body=data,
            ContentType=content_type(Path(name)),
            CacheControl="no-cache",  # modules of one page belong together
        )
    cloudfront.create_invalidation(
        DistributionId=outputs["ConsoleDistributionId"],
        InvalidationBatch={
            "Paths": {"Quantity": 1, "Items": ["/*"]},
            "CallerReference": str(time.time_ns()),
        },
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.console", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("publish", help="into a deployed stack").add_argument("stack_name")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.command != "publish":
        return show()
    try:
        outputs = outputs_of(options.stack_name)
        region = boto3.Session().region_name
        with step("Publishing the console"):
            publish(
                outputs,
                f"https://cognito-idp.{region}.amazonaws.com/",
                boto3.client("s3"),
                boto3.client("cloudfront"),
            )
    except StackError as error:
        console.print(f"✗ {error}", style="red", markup=False)
        return 1
    print(outputs["ConsoleUrl"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
