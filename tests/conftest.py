"""What the tests share."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import settings

import facet  # noqa: F401 before numpy, whose threads it sets
from tests.roles.plugin import RolesPlugin

ROOT = Path(__file__).parents[1]
# What a property needs in time is the machine's: a busy one is no fault.
settings.register_profile("facet", deadline=None)
settings.load_profile("facet")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--roles", action="store_true", help="compare every role with what its function called"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RolesPlugin(config))


@pytest.fixture(scope="session")
def faces() -> Path:
    """Photos of faces, kept beside the project and never inside it; without them a skip."""
    folder = Path(os.environ.get("FACET_FACES") or ROOT.parent / "shared" / "faces")
    if not folder.is_dir():
        pytest.skip("needs the evaluation photos: set FACET_FACES to their folder")
    return folder


@dataclass
class Receiver:
    """A server on loopback; `answers` are given in turn, and 204 once there are none left."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status, headers = told.answers.pop(0) if told.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/facet"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Whoever is told of ended analyses by a webhook."""
    with listening() as told:
        yield told
