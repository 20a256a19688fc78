"""Minutes of load on the local stack, then a burst: what drains, what stays exact, what grows.

    python -m benchmarks.soak [--minutes 10] [--publish]

A stack of its own is started, deployed and stopped. Two phones a core at once, each sending its
next photo when the last one has ended, say what the machine can do: how many analyses a minute,
counted until every queue is empty again. Half of that is then sent for some minutes, evenly, and
after it five times as many for half a minute. One photo in ten shows no face. A phone does not
repeat a start that was refused, and polls on where a poll was.

Afterwards the queues have to be empty, every analysis in every history ended, every used quota the
number of that person's completed analyses, and no worker grown. What never got its photo would end
by the sweep a quarter of an hour later: the sweep is called with that time instead of waited for.

The emulator, its workers and the phones share the machine, so the rate says what this machine does,
not what AWS would. Do not run it across midnight UTC, when quotas begin anew.
"""

import argparse
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psutil
import urllib3

from benchmarks.measure import OUT, ROOT
from benchmarks.photos import faceless, selfie
from benchmarks.run import machine
from benchmarks.soaked import (
    COMPLETED,
    EMULATOR,
    TERMINAL,
    Person,
    Sent,
    Soak,
    Worker,
    as_json,
    broken,
    is_open,
    plot,
    published,
    tables,
)
from local.phone import Answer, Phone, sign_in
from local.stack import LocalStack, samconfig, step

PHONES = 40  # so many that a burst stays below what one person may start in a minute
WARM_UP_SECONDS = 30
CAPACITY_SECONDS = 60
SHARE = 0.5  # of what the machine can do
BURST = 5  # times the steady rate
BURST_SECONDS = 30
WATCH_SECONDS = 5
PATIENCE_SECONDS = 900  # until a photo has to have ended, or the queues to be empty
LOOK_AHEAD = timedelta(minutes=15)  # past every deadline
# As Lambda tries an event again, after one minute and two more; the emulator's own are seconds.
RETRIES = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "60", "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "120"}
SWEEPS = 6  # three times sent on, then ended, and two to spare
WANTS = ("skincare", "makeup", "outfit")
PAGE = ROOT / "docs" / "reliability.md"
PLOT = ROOT / "docs" / "soak.svg"


@dataclass
class Load:
    """A stack under load: what was sent, and what its workers weighed."""

    stack: LocalStack
    phones: Sequence[Phone]
    photos: tuple[bytes, bytes]  # with a face, without one
    began: float = field(default_factory=time.monotonic)
    sent: list[Sent] = field(default_factory=list)
    sizes: dict[tuple[int, str], list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def send(self, phase: str) -> None:
        """One photo's whole way."""
        number, began = next(self._numbers), self.now
        phone, photo = self.phones[number % len(self.phones)], self.photos[number % 10 == 9]
        outcome = _sent(phone, photo)
        self.sent.append(Sent(phase, self.now, self.now - began, outcome))

    def together(self, phase: str, seconds: float, at_once: int) -> None:
        """So many phones, each sending its next photo once the last has ended."""
        until = self.now + seconds

        def again() -> None:
            while self.now < until:
                self.send(phase)

        for thread in [_started(again) for _ in range(at_once)]:
            thread.join()

    def evenly(self, phase: str, seconds: float, a_second: float) -> list[threading.Thread]:
        """So many photos a second, whether the ones before have ended or not."""
        threads: list[threading.Thread] = []
        began = self.now
        while len(threads) / a_second < seconds:
            time.sleep(max(0.0, began + len(threads) / a_second - self.now))
            threads.append(_started(lambda: self.send(phase)))
        return threads

    def watch(self, stop: threading.Event) -> None:
        """Weigh every worker and the emulator every few seconds."""
        while not stop.wait(WATCH_SECONDS):
            named = self.stack.workers()
            if (state := self.stack.state) is not None:
                named[psutil.Process(state.pid)] = EMULATOR
            at = self.now
            for process, name in named.items():
                try:
                    size = process.memory_info().rss / 1e6
                except psutil.Error:
                    continue  # it has ended meanwhile
                self.sizes[process.pid, name].append((round(at, 1), round(size, 1)))


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _sent(phone: Phone, photo: bytes) -> str:
    """How a photo ended: its status, with its code where it failed, or what was refused."""
    asked = _answer(lambda: phone.ask(photo, wants=WANTS))
    if asked is None or asked.status != 201:
        return _refused("start", asked)
    started = asked.body
    uploaded = _answer(lambda: phone.upload(started, photo))
    if uploaded is None or uploaded.status != 200:
        return _refused("upload", uploaded)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        polled = _answer(lambda: phone.call("GET", f"/v1/analyses/{started['analysis_id']}"))
        document = polled.body if polled and polled.status == 200 else {}
        if document.get("status") in TERMINAL:
            return _with_code(document["status"], document.get("failure"))
        time.sleep(document.get("poll_after_ms", 1000) / 1000)
    return "end not seen"


def _answer(call: Callable[[], Answer]) -> Answer | None:
    """None where the phone's own patience was over, or the connection broke."""
    try:
        return call()
    except (urllib3.exceptions.HTTPError, OSError):
        return None


def _refused(call: str, answer: Answer | None) -> str:
    if answer is None:
        return f"{call} unanswered"
    code = answer.body.get("code", "") if isinstance(answer.body, dict) else ""
    return f"{call} {answer.status} {code}".strip()


def _with_code(status: str, told: Mapping[str, Any] | None) -> str:
    code = (told or {}).get("code")
    return f"{status} {code}" if code and status != COMPLETED else status


# --- what is left ---------------------------------------------------------------------------------


def resources(stack: LocalStack, kind: str) -> dict[str, str]:
    """What the stack has of a kind: name in the template -> physical id."""
    described = stack.client("cloudformation").describe_stack_resources(
        StackName=samconfig()["stack_name"]
    )
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in described["StackResources"]
        if resource["ResourceType"] == kind
    }


def messages(stack: LocalStack) -> dict[str, int]:
    """How many messages each queue holds, those that are being worked on included."""
    sqs = stack.client("sqs")
    found = {}
    for name, url in resources(stack, "AWS::SQS::Queue").items():
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found[name] = sum(
            int(n) for what, n in told.items() if what.startswith("ApproximateNumberOf")
        )
    return found


def drain(stack: LocalStack) -> dict[str, int]:
    """Wait until nothing is left in the queues that are worked on, at most for so long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        left = messages(stack)
        waiting = {name: n for name, n in left.items() if n and not _is_end(name)}
        if not waiting or time.monotonic() > until:
            return left
        time.sleep(1)


def _is_end(queue: str) -> bool:
    """Whether it is one of those that nobody works on: dead letters, failed events."""
    return queue.endswith(("Dlq", "FailureQueue"))


def histories(phones: Sequence[Phone]) -> list[list[dict[str, Any]]]:
    """Every analysis of every phone."""
    return [list(_history(phone)) for phone in phones]


def _history(phone: Phone) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = phone.call("GET", f"/v1/analyses?limit=50{cursor}").expect(200)
        yield from page["analyses"]
        if not page.get("cursor"):
            return
        cursor = f"&cursor={page['cursor']}"


def swept(stack: LocalStack, phones: Sequence[Phone]) -> dict[str, int]:
    """Have the sweep end what still stands -> the statuses that only so came to an end."""
    function = resources(stack, "AWS::Lambda::Function")["SweepFunction"]
    stood = {it["analysis_id"] for them in histories(phones) for it in them if _stands(it)}
    for turn in range(1, SWEEPS + 1):
        if not any(_stands(it) for them in histories(phones) for it in them):
            break
        at = datetime.now(UTC) + turn * LOOK_AHEAD
        stack.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps({"time": at.isoformat()})
        )
        drain(stack)
    ended = [it for them in histories(phones) for it in them if it["analysis_id"] in stood]
    return dict(Counter(_with_code(it["status"], it.get("failure")) for it in ended))


def _stands(analysis: Mapping[str, Any]) -> bool:
    return analysis["status"] not in TERMINAL


def settled(phones: Sequence[Phone]) -> list[Person]:
    """Everybody's account, once no picture is awaited any more, at most after so long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        people = [person(phone) for phone in phones]
        awaited = any(is_open(part) for them in people for part in them.parts)
        if not awaited or time.monotonic() > until:
            return people
        time.sleep(WATCH_SECONDS)


def person(phone: Phone) -> Person:
    """A phone's account as it is now."""
    analyses = list(_history(phone))
    parts: Counter[str] = Counter()
    for analysis in analyses:
        if analysis["status"] != COMPLETED:
            continue
        document = phone.call("GET", f"/v1/analyses/{analysis['analysis_id']}").expect(200)
        for kind, advice in document["recommendations"].items():
            parts[f"{kind} {_with_code(advice['status'], advice)}"] += 1
        for look in document["looks"]:
            parts[f"look {_with_code(look['status'], look)}"] += 1
        if not document["photo"].get("thumbnail_url"):
            parts["thumbnail missing"] += 1
    usage = phone.call("GET", "/v1/me/usage").expect(200)
    statuses = Counter(it["status"] for it in analyses)
    return Person(usage["used"], dict(statuses), dict(parts))


def killed(stack: LocalStack) -> dict[str, int]:
    """Workers that the emulator killed at their timeout, by function, as its log says."""
    log = (stack.home / "ministack.log").read_text(errors="replace")
    return dict(Counter(re.findall(r"Lambda \S*?-([A-Za-z]+)Function-\S* timed out after", log)))


# --- the command ----------------------------------------------------------------------------------


def soak(stack: LocalStack, minutes: float) -> Soak:
    """Load a running stack, let it drain, and look at what is left."""
    about = machine()
    phones = [sign_in(stack, f"soak-{n}@example.com", "pro") for n in range(PHONES)]
    load = Load(stack, phones, (selfie(12).read_bytes(), faceless()))
    at_once, stop = 2 * (os.cpu_count() or 1), threading.Event()
    watcher = threading.Thread(target=load.watch, args=(stop,), daemon=True)
    watcher.start()
    phases = {}
    with step(f"{at_once} phones at once: what the machine can do"):
        load.together("warm-up", WARM_UP_SECONDS, at_once)
        drain(stack)
        began = load.now
        load.together("capacity", CAPACITY_SECONDS, at_once)
        phases["capacity"] = (began, load.now)
        drain(stack)
    ended = sum(one.phase == "capacity" and _ended(one) for one in load.sent)
    capacity = ended / (load.now - began)
    rate = SHARE * capacity
    with step(f"{60 * rate:.1f} photos a minute for {minutes:g} minutes"):
        began = load.now
        threads = load.evenly("steady", 60 * minutes, rate)
        phases["steady"] = (began, load.now)
    with step(f"{BURST} times as many for {BURST_SECONDS} seconds, and the drain"):
        began = load.now
        threads += load.evenly("burst", BURST_SECONDS, BURST * rate)
        phases["burst"] = (began, load.now)
        for thread in threads:
            thread.join()
        drain(stack)
        drained = load.now - phases["burst"][1]
    stop.set()
    watcher.join()
    with step("What is left: analyses, quotas, queues"):
        by_sweep = swept(stack, phones)
        people = settled(phones)
        queues = drain(stack)
    return Soak(
        about=f"{about['cores']} cores, {about['cpu']}; load {about['load_before']:.1f} before",
        minutes=minutes,
        capacity=60 * capacity,
        rate=60 * rate,
        phases=phases,
        drained=drained,
        sent=load.sent,
        workers=[Worker(name, sizes) for (_, name), sizes in load.sizes.items()],
        people=people,
        queues=queues,
        swept=by_sweep,
        killed=killed(stack),
    )


def _ended(one: Sent) -> bool:
    return one.outcome.split()[0] in TERMINAL


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of steady load (%(default)g)")
    parser.add_argument(
        "--publish", action="store_true", help="write docs/reliability.md and docs/soak.svg"
    )
    options = parser.parse_args()
    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stack = LocalStack(home=ROOT / ".local" / "soak", settings=RETRIES)
    try:
        stack.up()
        seen = soak(stack, options.minutes)
        OUT.mkdir(exist_ok=True)
        shutil.copy(stack.home / "ministack.log", OUT / "soak.log")
    finally:
        stack.stop()
    print(tables(seen))
    (OUT / "soak.json").write_text(json.dumps(as_json(seen), indent=1) + "\n")
    (OUT / "soak.svg").write_text(plot(seen), encoding="utf-8")
    if options.publish:
        PAGE.write_text(published(PAGE.read_text(encoding="utf-8"), tables(seen)), "utf-8")
        PLOT.write_text(plot(seen), encoding="utf-8")
    return 1 if broken(seen) else 0


if __name__ == "__main__":
    sys.exit(main())
