"""Photo in to `completed`, as an app sees it, on the local stack: p50 and p95 of 30 photos.

A stack of its own is started, deployed and stopped. A signed-in user asks for an upload URL, PUTs
a 12-megapixel JPEG and polls as often as the API asks, one photo after the other; the clock runs
from the first request to the answer that says completed. Three photos warm the functions up.
"""

import time
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.measure import ROOT
from benchmarks.photos import selfie
from benchmarks.report import Row, budget
from local.phone import Phone, sign_in
from local.stack import NO_LIMITS, LocalStack

PHOTOS = 30
WARM_UP = 3


def measure() -> list[Row]:
    photo = selfie(12).read_bytes()
    stack = LocalStack(home=ROOT / ".local" / "bench", parameters=NO_LIMITS)
    try:
        stack.up()
        phone = sign_in(stack, "bench@example.com", "pro")  # 50 photos a day are not enough
        cold, *_ = [_photo(phone, photo) for _ in range(WARM_UP)]
        sent = [_photo(phone, photo) for _ in range(PHOTOS)]
    finally:
        stack.stop()
    seconds = [analysis.seconds for analysis in sent]
    polls = median(analysis.polls for analysis in sent)
    return [
        Row(
            "p50",
            median(seconds),
            "s",
            note=f"fastest {min(seconds):.2f} s; {polls:g} polls a photo",
            samples=seconds,
            data={"polls": polls},
        ),
        Row(
            "p95",
            quantiles(seconds, n=20, method="inclusive")[-1],
            "s",
            budget("pipeline/p95"),
            f"slowest {max(seconds):.2f} s; the very first photo, all functions cold, "
            f"{cold.seconds:.1f} s",
            seconds,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Sent:
    """One photo's way."""

    seconds: float
    polls: int


def _photo(phone: Phone, photo: bytes) -> Sent:
    polls: list[str] = []
    begun = time.monotonic()
    asked = phone.ask(photo).expect(201)
    phone.upload(asked, photo).expect(200)
    document = phone.poll(asked["analysis_id"], seen=lambda seen: polls.append(seen["status"]))
    seconds = time.monotonic() - begun
    if document["status"] != "completed":
        raise RuntimeError(f"the photo ended {document['status']}: {document.get('failure')}")
    return Sent(seconds, len(polls))
