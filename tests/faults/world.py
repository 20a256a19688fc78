"""The world of one run: deliveries, retries, sweeps and a person's phone, on a clock of its own.

S3 tells a function of an object, tries again after a minute and after two, and then keeps the event
in the failure queue. A message comes back after its queue's visibility timeout and lies in the dead
letters after its last receive. Schedules tick. All of it as template.yaml says (deployment.py).
"""

import copy
import itertools
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import quote_plus

import time_machine
from botocore.client import BaseClient

from tests.conftest import ROOT
from tests.faults import reading
from tests.faults.account import CLIENT_ID, Account
from tests.faults.calls import Call, DiedError, Fault, person_of, target_of
from tests.faults.deployment import USER, Queue, Trigger, name_of

START: Final = datetime(2026, 11, 29, 9, tzinfo=UTC)
# What a call of AWS takes; two things never happen at the very same moment.
CALL: Final = timedelta(milliseconds=5)
S3_TELLS_AFTER: Final = timedelta(seconds=0.5)
PATIENT: Final = timedelta(hours=6)
# Seconds a phone waits before it repeats what failed: in all, longer than a request may run.
PHONE_WAITS: Final = (1, 3, 12)
LATER: Final = timedelta(days=1, hours=1)
WRITES: Final = {"PutObject", "CopyObject", "CompleteMultipartUpload"}

type Plan = Callable[[Call], Fault | None]
type Event = dict[str, Any]


@dataclass
class Message:
    """One message of a queue. Receives are counted in all, and in the queue where it lies."""

    id: int
    body: str
    attributes: Mapping[str, Mapping[str, Any]]
    sent_at: datetime
    visible_at: datetime
    received: int = 0
    received_here: int = 0


@dataclass
class Told:
    """An event that S3 has for a function."""

    trigger: Trigger
    event: Event
    at: datetime
    since: datetime
    tries: int = 0


@dataclass
class Running:
    """One invocation of a function."""

    verb: str
    event: Event
    began: datetime
    until: datetime
    called: bool = False
    dead: bool = False


@dataclass
class Context:
    """The part of LambdaContext that Powertools reads."""

    verb: str
    until: datetime
    memory_limit_in_mb: int = 512
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"

    @property
    def function_name(self) -> str:
        return self.verb

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:eu-central-1:123456789012:function:{self.verb}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self.until - datetime.now(UTC)).total_seconds() * 1000))


@dataclass
class Seen:
    """What happened in a run that no row tells afterwards."""

    calls: list[Call] = field(default_factory=list)
    firsts: list[Call] = field(default_factory=list)  # of each invocation
    fired: list[Call] = field(default_factory=list)
    answers: list[tuple[str, str, int]] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    published: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)  # the status each analysis was deleted in
    written: Counter[str] = field(default_factory=Counter)  # how often each result was
    vanished: list[str] = field(default_factory=list)  # messages that nobody kept
    delivered: list[tuple[str, Event]] = field(default_factory=list)
    verbs: Counter[str] = field(default_factory=Counter)


@dataclass
class Habits:
    """How AWS delivers in this run, and whose clock is wrong by how much.

    told_after: S3 tells of an object once after each of these. twice: every message is received
    once more after it was done. backwards: what is due at one moment comes in the wrong order.
    """

    told_after: tuple[timedelta, ...] = (S3_TELLS_AFTER,)
    twice: bool = False
    backwards: bool = False
    silent: bool = False
    skewed: Mapping[str, timedelta] = field(default_factory=dict)


@dataclass
class Saved:
    """A world as it was at a moment."""

    now: datetime
    items: dict[str, Any]
    objects: list[dict[str, Any]]
    told: list[Told]
    queues: dict[str, list[Message]]
    seen: Seen
    names: dict[str, Any]


class World:
    """One run. `names` is what a flow remembers of its own: ids, answers."""

    def __init__(self, account: Account, clock: time_machine.Traveller) -> None:
        self.account = account
        self.deployment = account.deployment
        self.names: dict[str, Any] = {}
        self.seen = Seen()
        self.habits = Habits()
        self.told: list[Told] = []
        self.queues: dict[str, list[Message]] = {name: [] for name in self.deployment.queues}
        self._clock = clock
        self._plan: Plan | None = None
        self._running: list[Running] = []
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._numbers = itertools.count(1)
        self._ticks = {
            each: self.now + timedelta(seconds=each.every) for each in self.deployment.schedules
        }

    # --- the clock ------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Let the time pass, and nothing happen."""
        if seconds > 0:
            self._clock.shift(timedelta(seconds=seconds))

    # --- faults ---------------------------------------------------------------------------------

    @contextmanager
    def faulty(self, plan: Plan) -> Iterator[None]:
        """While this holds, calls are recorded, and the plan says which of them go wrong."""
        self._plan, self._counts = plan, Counter()
        self.seen.calls.clear()
        self.seen.firsts.clear()
        chance(2)
        try:
            yield
        finally:
            self._plan = None

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Have everything work for a while: what another actor does is not what is tested."""
        plan, self._plan = self._plan, None
        try:
            yield
        finally:
            self._plan = plan

    def call(
        self, client: BaseClient, operation: str, params: dict[str, Any], send: Callable[..., Any]
    ) -> Any:
        """One call of AWS by whatever runs now."""
        if not self._running:
            return send(client, operation, params)
        service = client.meta.service_model.service_name
        running = self._running[-1]
        if running.dead:
            raise DiedError(f"{running.verb} is dead")

        def done() -> Any:
            self._clock.shift(CALL)
            return self._serve(client, service, operation, params, send)

        plan = self._plan
        if plan is None:
            return done()
        about = (running.verb, service, operation, target_of(params))
        self._counts[about] += 1
        call = Call(*about, self._counts[about], person_of(params))
        self.seen.calls.append(call)
        if not running.called:
            self.seen.firsts.append(call)
            running.called = True
        fault = plan(call)
        if fault is None:
            return done()
        self.seen.fired.append(call)
        try:
            return fault(call, done)
        except DiedError:
            running.dead = True
            raise

    # --- AWS ------------------------------------------------------------------------------------

    def _serve(
        self,
        client: BaseClient,
        service: str,
        operation: str,
        params: dict[str, Any],
        send: Callable[..., Any],
    ) -> Any:
        if service == "sqs":
            return self._sqs(operation, params)
        if service == "events":
            return self._publish(params)
        body: Any = params.get("Body")
        if hasattr(body, "seek"):
            body.seek(0)  # as the SDK does before it sends a stream again
        before = (reading.statuses(), reading.results()) if service == "dynamodb" else ({}, {})
        answer = send(client, operation, dict(params))
        if service == "s3" and operation in WRITES:
            self.created(params["Bucket"], params["Key"])
        if service == "dynamodb" and not operation.startswith(("Get", "Query", "Scan", "BatchGet")):
            self._observe(*before)
        return answer

    def _observe(self, statuses: Mapping[str, str], results: Mapping[str, Any]) -> None:
        after = reading.statuses()
        self.seen.deleted += [was for name, was in statuses.items() if name not in after]
        now = reading.results()
        for name in results.keys() - now.keys():
            del self.seen.written[name]  # taken away, so that it may be made again
        for name, result in now.items():
            if result != results.get(name):
                self.seen.written[name] += 1

    def _sqs(self, operation: str, params: Mapping[str, Any]) -> Any:
        name = name_of(params["QueueUrl"])
        match operation:
            case "SendMessage":
                return {"MessageId": str(self.send(name, params))}
            case "SendMessageBatch":
                sent = [
                    {"Id": each["Id"], "MessageId": str(self.send(name, each))}
                    for each in params["Entries"]
                ]
                return {"Successful": sent, "Failed": []}
            case "GetQueueAttributes":
                waiting = str(len(self.queues[name]))
                return {"Attributes": {"ApproximateNumberOfMessages": waiting}}
            case "ChangeMessageVisibility":
                for message in self.queues[name]:
                    if params["ReceiptHandle"] == f"receipt-{message.id}":
                        hidden = timedelta(seconds=params["VisibilityTimeout"])
                        message.visible_at = self.now + hidden
                return {}
        raise NotImplementedError(operation)

    def send(self, queue: str, params: Mapping[str, Any]) -> int:
        """Put a message on a queue -> its number."""
        number = next(self._numbers)
        self.queues[queue].append(
            Message(
                id=number,
                body=params["MessageBody"],
                attributes=params.get("MessageAttributes", {}),
                sent_at=self.now,
                visible_at=self.now + timedelta(seconds=params.get("DelaySeconds", 0)),
            )
        )
        return number

    def _publish(self, params: Mapping[str, Any]) -> Any:
        for entry in params["Entries"]:
            detail = json.loads(entry["Detail"])
            self.seen.published.append((entry["DetailType"], detail))
            for rule in self.deployment.rules:
                if entry["Source"] in rule.sources and entry["DetailType"] in rule.types:
                    body = {
                        "version": "0",
                        "id": f"event-{next(self._numbers)}",
                        "detail-type": entry["DetailType"],
                        "source": entry["Source"],
                        "time": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                        "detail": detail,
                    }
                    self.send(rule.queue, {"MessageBody": json.dumps(body)})
        return {"FailedEntryCount": 0, "Entries": [{} for _ in params["Entries"]]}

    def created(self, bucket: str, key: str) -> None:
        """An object was written: whoever is to be told of it will be."""
        if self.habits.silent:
            return
        for trigger in self.deployment.triggers:
            if trigger.bucket == bucket and key.startswith(trigger.prefix):
                event = s3_event(bucket, key)
                moments = [self.now + after for after in self.habits.told_after]
                self.told += [Told(trigger, event, at, at) for at in moments]

    # --- functions ------------------------------------------------------------------------------

    def invoke(self, verb: str, event: Event) -> tuple[bool, Any]:
        """(whether the function answered, what it answered)."""
        skew = self.habits.skewed.get(verb, timedelta())
        self._clock.shift(skew)
        until = self.now + timedelta(seconds=self.deployment.timeout(verb))
        beside = sum(running.verb == verb for running in self._running)
        self._running.append(Running(verb, event, self.now, until))
        self.seen.verbs[verb] += 1
        try:
            with self.account.beside(verb, beside) as module:
                return True, module.lambda_handler(copy.deepcopy(event), Context(verb, until))
        except DiedError:
            self.account.forget(verb)
        except Exception as error:  # Lambda counts it as an error, whatever it is
            self.seen.raised.append(f"{verb}: {error!r}"[:200])
        finally:
            self._running.pop()
            self._clock.shift(-skew)
        return False, None

    @property
    def running(self) -> Running:
        """What runs now."""
        return self._running[-1]

    def tick(self, ahead: timedelta = timedelta()) -> None:
        """Call everything that has a schedule, as if it were so much later."""
        for schedule in self.deployment.schedules:
            self.invoke(schedule.verb, schedule_event(self.now + ahead))

    def _tell(self) -> bool:
        due = [told for told in self.told if told.at <= self.now]
        for told in reversed(due) if self.habits.backwards else due:
            if told not in self.told:  # another actor was told of it meanwhile
                continue
            self.told.remove(told)
            told.tries += 1
            self.seen.delivered.append((told.trigger.verb, told.event))
            answered, _ = self.invoke(told.trigger.verb, told.event)
            if answered:
                continue
            told.at = self.now + timedelta(minutes=told.tries)
            too_old = told.at > told.since + timedelta(seconds=told.trigger.most_age)
            if told.tries < told.trigger.tries and not too_old:
                self.told.append(told)
            elif told.trigger.failures:
                self.send(told.trigger.failures, {"MessageBody": json.dumps(told.event)})
            else:
                self.seen.vanished.append(told.trigger.verb)
        return bool(due)

    def _work(self, *queues: str) -> bool:
        worked = False
        for worker in self.deployment.workers:
            if queues and worker.queue not in queues:
                continue
            queue = self.deployment.queues[worker.queue]
            self._give_up(queue)
            lying = [each for each in self.queues[queue.name] if each.visible_at <= self.now]
            if self.habits.backwards:
                lying.reverse()
            if not (batch := lying[: worker.batch]):
                continue
            worked = True
            for message in batch:
                message.received += 1
                message.received_here += 1
                message.visible_at = self.now + timedelta(seconds=queue.visibility)
            event = sqs_event(queue.name, batch)
            self.seen.delivered.append((worker.verb, event))
            answered, answer = self.invoke(worker.verb, event)
            failed = {
                each["itemIdentifier"] for each in (answer or {}).get("batchItemFailures", ())
            }
            if answered:
                self.queues[queue.name] = [
                    each
                    for each in self.queues[queue.name]
                    if each not in batch or f"message-{each.id}" in failed
                ]
        return worked

    def _give_up(self, queue: Queue) -> None:
        """What was received too often goes to the dead letters, what lay too long is gone."""
        for message in list(self.queues[queue.name]):
            if self.now > message.sent_at + timedelta(seconds=queue.retention):
                self.queues[queue.name].remove(message)
                self.seen.vanished.append(queue.name)
            elif (
                queue.most is not None
                and queue.dead_letters
                and message.received_here >= queue.most
                and message.visible_at <= self.now
            ):
                self.queues[queue.name].remove(message)
                message.received_here = 0
                self.queues[queue.dead_letters].append(message)

    # --- time passes ----------------------------------------------------------------------------

    def deliver(self) -> None:
        """Deliver whatever is due at this moment, and what comes of it."""
        while self._tell() | self._work():
            pass

    def hurry(self) -> None:
        """Have what was sent with a delay be done once it may, if what runs now still runs then."""
        delayed = {
            name: message.visible_at
            for name, messages in self.queues.items()
            for message in messages
            if message.received == 0 and message.visible_at > self.now
        }
        if delayed and max(delayed.values()) < self.running.until:
            self.wait((max(delayed.values()) - self.now).total_seconds())
            self._work(*delayed)

    def tell_once(self) -> None:
        """Deliver what S3 has to tell now, and nothing that comes of it."""
        self._tell()

    def settle(self, patience: timedelta = PATIENT) -> None:
        """Let the time pass until nothing is on its way, or for so long."""
        until = self.now + patience
        while self.now <= until:
            self.deliver()
            moment = self._next()
            if moment is None or moment > until:
                return
            self.wait((moment - self.now).total_seconds())
            for schedule, at in list(self._ticks.items()):
                if at <= self.now:
                    self.invoke(schedule.verb, schedule_event(self.now))
                    self._ticks[schedule] = self.now + timedelta(seconds=schedule.every)

    def _next(self) -> datetime | None:
        """When something happens next; a schedule that would find nothing due is left out."""
        worked_on = {worker.queue for worker in self.deployment.workers}
        moments = [told.at for told in self.told]
        moments += [m.visible_at for name in worked_on for m in self.queues[name]]
        if due := reading.waiting():
            first = min(due)
            for schedule, at in self._ticks.items():
                behind = max(0, (max(first, self.now) - at).total_seconds())
                ticks = -(-behind // schedule.every)
                self._ticks[schedule] = at + timedelta(seconds=ticks * schedule.every)
            moments += self._ticks.values()
        return max(min(moments), self.now) if moments else None

    def a_day_passes(self) -> None:
        """A day in which nobody asks for anything."""
        self.wait(LATER.total_seconds())
        for bucket, rules in self.deployment.lifecycles.items():
            objects = self.account.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
            for entry in objects:
                age = self.now - entry["LastModified"]
                if any(
                    entry["Key"].startswith(prefix) and age.days >= days for prefix, days in rules
                ):
                    self.account.s3.delete_object(Bucket=bucket, Key=entry["Key"])
        self.tick()
        self.settle()

    # --- a phone --------------------------------------------------------------------------------

    def http(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        user: str = USER,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """(status, answer) of one request."""
        route = next(each for each in self.deployment.routes if each.fits(method, path))
        event = request_event(method, path, body, key=key, user=user, query=query)
        answered, answer = self.invoke(route.verb, event)
        status = answer["statusCode"] if answered else 502
        self.seen.answers.append((method, route.path, int(status)))
        return int(status), json.loads(answer["body"] or "null") if answered else None

    def ask(self, method: str, path: str, body: Any = None, **how: Any) -> tuple[int, Any]:
        """A request that the phone repeats with the same key while the trouble is not its own."""
        for seconds in (*PHONE_WAITS, None):
            status, answer = self.http(method, path, body, **how)
            if seconds is None or status < 500:
                break
            self.wait(seconds)
        return status, answer

    def put(self, bucket: str, key: str, photo: bytes) -> None:
        """The phone sends a photo to the URL that it was given."""
        self.account.s3.put_object(Bucket=bucket, Key=key, Body=photo, ContentType="image/jpeg")
        self.created(bucket, key)

    # --- again from here ------------------------------------------------------------------------

    def save(self) -> Saved:
        """The world as it is now."""
        kept = []
        for bucket, key in reading.objects():
            got = self.account.s3.get_object(Bucket=bucket, Key=key)
            kept.append(
                {
                    "Bucket": bucket,
                    "Key": key,
                    "Body": got["Body"].read(),
                    "ContentType": got["ContentType"],
                    "Metadata": got["Metadata"],
                }
            )
        items = {n: copy.deepcopy(table.items) for n, table in reading.backend().tables.items()}
        state = copy.deepcopy((self.told, self.queues, self.seen, self.names))
        return Saved(self.now, items, kept, *state)

    def restore(self, saved: Saved) -> None:
        """Make the world what it was."""
        self._clock.move_to(saved.now)
        for name, table in reading.backend().tables.items():
            table.items = copy.deepcopy(saved.items[name])
        for kept in saved.objects:
            self.account.s3.put_object(**kept)
        state = copy.deepcopy((saved.told, saved.queues, saved.seen, saved.names))
        self.told, self.queues, self.seen, self.names = state
        self._numbers = itertools.count(1_000_000)
        self._ticks = {
            each: self.now + timedelta(seconds=each.every) for each in self.deployment.schedules
        }


def chance(seed: int) -> None:
    """What is left to chance (ids, shards, waits) falls the same way in every run."""
    random.seed(seed)
    os.urandom = random.Random(seed).randbytes  # noqa: S311


# --- recorded events -----------------------------------------------------------------------------


def recorded(name: str) -> Event:
    event: Event = json.loads(_recording(name))
    return event


_recordings: dict[str, str] = {}


def _recording(name: str) -> str:
    if name not in _recordings:
        _recordings[name] = (ROOT / "events" / name).read_text()
    return _recordings[name]


def s3_event(bucket: str, key: str) -> Event:
    event = recorded("s3_face_uploaded.json")
    told = event["Records"][0]["s3"]
    told["bucket"]["name"] = bucket
    told["object"]["key"] = quote_plus(key, safe="/")
    return event


def schedule_event(moment: datetime) -> Event:
    return {**recorded("schedule_sweep.json"), "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def sqs_event(queue: str, messages: list[Message]) -> Event:
    first = recorded("sqs_face_analyzed.json")["Records"][0]
    return {
        "Records": [
            {
                **first,
                "messageId": f"message-{message.id}",
                "receiptHandle": f"receipt-{message.id}",
                "body": message.body,
                "attributes": {
                    **first["attributes"],
                    "ApproximateReceiveCount": str(message.received),
                    "SentTimestamp": str(int(message.sent_at.timestamp() * 1000)),
                },
                "messageAttributes": {
                    name: {
                        "stringValue": told["StringValue"],
                        "dataType": "String",
                        "stringListValues": [],
                        "binaryListValues": [],
                    }
                    for name, told in message.attributes.items()
                },
                "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
            }
            for message in messages
        ]
    }


def request_event(
    method: str,
    path: str,
    body: Any,
    *,
    key: str | None,
    user: str,
    query: Mapping[str, str] | None,
) -> Event:
    event = recorded("api_post_analyses.json")
    event["requestContext"]["authorizer"] = {
        "claims": {"sub": user, "token_use": "id", "aud": CLIENT_ID, "cognito:username": user}
    }
    event["path"] = event["requestContext"]["path"] = path
    event["httpMethod"] = event["requestContext"]["httpMethod"] = method
    event["pathParameters"] = None
    event["body"] = None if body is None else json.dumps(body)
    event["queryStringParameters"] = dict(query) if query else None
    event["multiValueQueryStringParameters"] = {n: [v] for n, v in (query or {}).items()} or None
    for headers in (event["headers"], event["multiValueHeaders"]):
        headers.pop("Idempotency-Key", None)
    if key:
        event["headers"]["Idempotency-Key"] = key
        event["multiValueHeaders"]["Idempotency-Key"] = [key]
    return event


@contextmanager
def world(account: Account, start: datetime = START) -> Iterator[World]:
    """A new world in the account, which is emptied first."""
    travel = time_machine.travel(start, tick=False)
    clock = travel.start()
    made = World(account, clock)
    send = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(client: BaseClient, operation: str, params: dict[str, Any]) -> Any:
        return made.call(client, operation, params, send)

    def sleep(seconds: float) -> None:
        made.wait(seconds)

    try:
        account.empty()
        with (
            patch.object(BaseClient, "_make_api_call", call),
            patch.object(time, "sleep", sleep),
            patch.object(os, "urandom", os.urandom),
            patch.object(time, "monotonic", time.time),
        ):
            chance(1)
            yield made
    finally:
        travel.stop()
