"""The real template, deployed to an emulator of this test run's own, every role enforced."""

import io
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from skimage import data

from local.phone import Phone, sign_in
from local.stack import NO_LIMITS, ROOT, LocalStack, samconfig
from tests.conftest import Receiver, listening

type Encode = Callable[..., bytes]  # (image, format="JPEG", **Pillow's options) -> its file
type Eventually = Callable[..., Any]  # (question, patience=20 seconds) -> the true answer


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """The server that the stack's webhook tells of every end."""
    with listening() as told:
        yield told


@pytest.fixture(scope="session")
def stack(receiver: Receiver) -> Iterator[LocalStack]:
    for left in (ROOT / ".local").glob("e2e-*"):  # by a run that was killed
        if not is_alive(int(left.name.removeprefix("e2e-"))):
            LocalStack(left).stop()
    stack = LocalStack(
        ROOT / ".local" / f"e2e-{os.getpid()}",
        enforce_iam=True,
        parameters=(f"WebhookUrl={receiver.url}", "EventTopic=true", *NO_LIMITS),
    )
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 143))
    try:
        stack.up()
        yield stack
    finally:
        stack.stop()
        signal.signal(signal.SIGTERM, before)


@pytest.fixture
def phone(stack: LocalStack) -> Phone:
    """A user nobody has seen before."""
    return sign_in(stack, f"{uuid4()}@example.com")


@pytest.fixture(scope="session")
def function(stack: LocalStack) -> Callable[[str], str]:
    """Logical id of a function -> its name."""
    resources = stack.client("cloudformation").describe_stack_resources(
        StackName=samconfig()["stack_name"]
    )
    names = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in resources["StackResources"]
    }
    return names.__getitem__


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Ask until the answer is true, and return it; fail after `patience` seconds."""

    def ask(question: Callable[[], Any], patience: float = 20) -> Any:
        deadline = time.monotonic() + patience
        while not (answer := question()):
            assert time.monotonic() < deadline, f"still not after {patience} s"
            time.sleep(0.2)
        return answer

    return ask


@pytest.fixture(scope="session")
def portrait() -> Image.Image:
    """NASA's public-domain portrait of Eileen Collins, 512 x 512."""
    return Image.fromarray(data.astronaut())  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def photo(portrait: Image.Image) -> bytes:
    return encoded(portrait)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def encode() -> Encode:
    return encoded


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; without one a skip."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("FACET_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("needs Chromium: install it, or set FACET_CHROMIUM to its path")
    return path


@pytest.fixture(scope="session")
def events() -> Path:
    return ROOT / "events"
