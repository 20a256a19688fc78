"""The deployed API under load: 50 connections for 30 seconds on loopback, errors and latency.

A stack of its own is started, deployed and stopped. One user with one finished analysis reads it,
the history, the quota, the bag and a product, and starts a new analysis with every tenth request;
each connection sends its next request as soon as the last is answered (httpx, keep-alive). Before
that, ten connections more every five seconds: the emulator starts a process for every concurrent
call, and fifty at once would only wait for each other. An error is an answer other than 2xx or a
connection that broke. The emulator, its workers and the client
share the machine, so the rate says what this machine does, not what AWS would.
"""

import asyncio
import base64
import hashlib
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import httpx

from benchmarks.measure import ROOT
from benchmarks.photos import selfie
from benchmarks.report import Row, budget
from local.phone import CONSENT, Phone, sign_in
from local.stack import NO_LIMITS, LocalStack

CONNECTIONS = 50
SECONDS = 30
WARM_UP_SECONDS = 5
STEP = 10

Request = tuple[str, str, dict[str, Any] | None]


@dataclass
class Load:
    """What came of one round."""

    seconds: list[float] = field(default_factory=list)  # of each answer
    answers: Counter[str] = field(default_factory=Counter)  # status and problem, or the exception

    @property
    def errors(self) -> int:
        return sum(n for what, n in self.answers.items() if not what.startswith("2"))


def measure() -> list[Row]:
    photo = selfie(2).read_bytes()
    stack = LocalStack(home=ROOT / ".local" / "bench", parameters=NO_LIMITS)
    try:
        stack.up()
        phone = sign_in(stack, "load@example.com", "enterprise")  # no quota
        requests = _requests(phone, photo)
        for connections in range(STEP, CONNECTIONS + 1, STEP):
            asyncio.run(_send(phone, requests, WARM_UP_SECONDS, connections))
        begun = time.monotonic()
        load = asyncio.run(_send(phone, requests, SECONDS, CONNECTIONS))
        took = time.monotonic() - begun
    finally:
        stack.stop()
    told = ", ".join(f"{n} x {what}" for what, n in load.answers.most_common())
    return [
        Row("errors", load.errors, "", budget("load/errors"), told, data={"answers": load.answers}),
        Row("requests", len(load.seconds) / took, "/s", note=f"{CONNECTIONS} connections"),
        Row("p50", median(load.seconds), "s", samples=load.seconds),
        Row(
            "p99",
            quantiles(load.seconds, n=100, method="inclusive")[-1],
            "s",
            note=f"slowest {max(load.seconds):.2f} s",
        ),
    ]


def _requests(phone: Phone, photo: bytes) -> list[Request]:
    """What a phone asks for, one start of an analysis among ten."""
    asked = phone.ask(photo).expect(201)
    phone.upload(asked, photo).expect(200)
    phone.poll(asked["analysis_id"])
    lipstick = {"name": "Red", "category": "lip", "shade": "#b03040"}
    phone.call("PUT", "/v1/bag/red", lipstick).expect(201)
    wish = {
        "content_type": "image/jpeg",
        "content_length": len(photo),
        "checksum_sha256": base64.b64encode(hashlib.sha256(photo).digest()).decode(),
        "consent_version": CONSENT,
    }
    reads: list[Request] = [
        ("GET", path, None)
        for path in (
            f"/v1/analyses/{asked['analysis_id']}",
            "/v1/analyses?limit=5",
            "/v1/me/usage",
            "/v1/bag",
            "/v1/products/gel-cleanser-plain",
        )
    ]
    return [*reads, ("POST", "/v1/analyses", wish), *reads[:-1]]


async def _send(phone: Phone, requests: list[Request], seconds: float, connections: int) -> Load:
    load, endless = Load(), itertools.cycle(requests)
    until = time.monotonic() + seconds
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {phone.token}"},
        limits=httpx.Limits(max_connections=connections),
        timeout=60,
    ) as client:

        async def one_after_the_other() -> None:
            while time.monotonic() < until:
                method, path, body = next(endless)
                begun = time.monotonic()
                try:
                    answer = await client.request(method, phone.api_url + path, json=body)
                    problem = "" if answer.is_success else answer.text[:60]
                    load.answers[f"{answer.status_code} {problem}".strip()] += 1
                except httpx.HTTPError as error:
                    load.answers[type(error).__name__] += 1
                load.seconds.append(time.monotonic() - begun)

        await asyncio.gather(*(one_after_the_other() for _ in range(connections)))
    return load
