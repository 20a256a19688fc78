"""All of a user's data: exported, erased, and no way back in."""

import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from facet.adapters.account import AccountTable
from facet.adapters.cognito import UserPool
from facet.adapters.rows import pack
from facet.adapters.s3 import Bucket
from facet.domain.account import (
    Export,
    ExportRequested,
)
from facet.domain.overdue import MAX_REDRIVES
from facet.domain.places import MEDIA_PREFIXES, UPLOAD_PREFIXES
from facet.services import export_account
from tests.integration.conftest import NAMES, USER, Stack, recorded

GET = "api_get_usage.json"
EVENTS = {
    "GET": "api_get_export.json",
    "POST": "api_post_export.json",
    "DELETE": "api_delete_me.json",
}
OTHER = "5f3d1c2a-0000-4000-8000-000000000002"
ID = "01KAJ5Z8Q3XN7W2B4D6F8H0JKM"


@pytest.fixture
def pool(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user pool in which the user of the events is `you@example.com`; its id."""
    users = boto3.client("cognito-idp")
    pool_id = str(users.create_user_pool(PoolName="facet")["UserPool"]["Id"])
    monkeypatch.setenv("USER_POOL_ID", pool_id)
    for name in (USER, OTHER):
        users.admin_create_user(
            UserPoolId=pool_id,
            Username=name,
            UserAttributes=[{"Name": "email", "Value": f"{name[-1]}@example.com"}],
        )
    return pool_id


def fill(stack: Stack, user: str) -> None:
    """One row of every kind, and an object below every prefix."""
    reading = {"skin": {"tone": {"hex": "#a87b5d"}}}
    rows: dict[str, dict[str, Any]] = {
        "PROFILE": {"document": '{"pregnant": false, "avoid": ["fragrance"]}'},
        "BAG#serum": {"document": '{"name": "Serum", "category": "serum"}'},
        "WARDROBE#coat": {"document": '{"name": "Coat"}'},
        f"LOOK#{ID}": {"document": '{"name": "Evening"}'},
        f"FEEDBACK#{ID}": {"document": '{"rating": 4, "comment": "[nice]"}'},
        "QUOTA#2026-11-21": {"used": 2, "expires_at": 1_795_000_000},
        f"ANALYSIS#{ID}": {
            "consent_version": "2026-11",
            "wants": ["skincare"],
            "pending": {"skincare", "makeup"},
            "moved_by": "a mark",
            "awaits": {"thumbnails"},
            "open_shard": "1",
            "due_at": "2026-11-21T08:00:00.000000Z",
        },
        f"READING#{ID}": {"reading": pack(json.dumps(reading))},
        f"RESULT#{ID}#skincare": {"result": pack('{"status": "completed"}')},
    }
    for sort_key, attributes in rows.items():
        stack.table.put_item(Item={"PK": f"USER#{user}", "SK": sort_key, **attributes})
    for bucket, prefixes in (("UPLOADS_BUCKET", UPLOAD_PREFIXES), ("MEDIA_BUCKET", MEDIA_PREFIXES)):
        for prefix in prefixes:
            for name in (f"{ID}.jpg", f"{ID}/deep.png"):
                stack.s3.put_object(
                    Bucket=NAMES[bucket], Key=f"{prefix}/{user}/{name}", Body=prefix.encode()
                )
    stack.table.put_item(Item={"PK": f"USER#{user}", "SK": "KEY#a hash", "row_id": "an id"})


def rows(stack: Stack, user: str) -> list[dict[str, Any]]:
    of_user = {":pk": f"USER#{user}"}
    asked = {"KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": of_user}
    return list(stack.table.query(**asked)["Items"])


def objects(stack: Stack, user: str) -> set[str]:
    return {
        key
        for bucket in ("UPLOADS_BUCKET", "MEDIA_BUCKET")
        for key in stack.keys(bucket)
        if f"/{user}/" in key
    }


def account_jobs(stack: Stack, *names: str) -> list[str]:
    """Take all messages off the queues of exports and erasures, or off these."""
    got = []
    for name in names or ("facet-account", "facet-erase"):
        url = stack.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        while messages := stack.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                stack.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                got.append(message["Body"])
    return got


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Erasures are not delayed."""
    monkeypatch.setattr("facet.services.erase_account.ERASURE_DELAY", timedelta())


def work(stack: Stack, *bodies: str) -> Any:
    """Do these jobs; of an erasure the second look as well."""
    done = stack.call("account", stack.batch(*bodies))
    if any('"job":"erasure"' in body for body in bodies):
        for body in account_jobs(stack, "facet-erase"):
            assert '"again":true' in body
            stack.call("account", stack.batch(body))
    return done


def contents(stack: Stack, url: str) -> dict[str, bytes]:
    """Name -> content of the ZIP behind a signed URL."""
    key = url.partition("?")[0]
    key = key[key.index("exports/") :]
    data = stack.s3.get_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def ask(stack: Stack, method: str, path: str, **how: Any) -> tuple[int, Any]:
    status, body, _ = stack.http("api", EVENTS[method], path=path, **how)
    return status, body


# --- consent --------------------------------------------------------------------------------------


def test_the_consent_of_an_analysis_is_kept_returned_and_exported(
    stack: Stack, pool: str, portrait: bytes
) -> None:
    analysis_id = stack.start(portrait, consent_version="2026-11-de")

    _, document = ask(stack, "GET", f"/v1/analyses/{analysis_id}")
    _, history = ask(stack, "GET", "/v1/analyses")
    _, asked = ask(stack, "POST", "/v1/me/export")
    work(stack, *account_jobs(stack))
    _, ready = ask(stack, "GET", f"/v1/me/exports/{asked['export_id']}")

    exported = json.loads(contents(stack, ready["download_url"])[f"analyses/{analysis_id}.json"])
    for told in (document, history["analyses"][0], exported):
        assert told["consent_version"] == "2026-11-de"


# --- export ---------------------------------------------------------------------------------------


def test_an_export_holds_every_row_and_every_picture_in_readable_form(
    stack: Stack, pool: str
) -> None:
    fill(stack, USER)
    fill(stack, OTHER)

    status, asked = ask(stack, "POST", "/v1/me/export")
    assert (status, asked["status"]) == (202, "pending")
    assert asked["poll_after_ms"] > 0
    assert "download_url" not in asked
    assert work(stack, *account_jobs(stack)) == {"batchItemFailures": []}
    status, ready = ask(stack, "GET", f"/v1/me/exports/{asked['export_id']}")

    assert (status, ready["status"]) == (200, "ready")
    assert "poll_after_ms" not in ready
    assert "X-Amz-Signature" in ready["download_url"]
    files = contents(stack, ready["download_url"])
    assert json.loads(files["profile.json"])["document"]["avoid"] == ["fragrance"]
    analysis = json.loads(files[f"analyses/{ID}.json"])
    assert analysis["consent_version"] == "2026-11"
    measured = json.loads(files[f"analyses/{ID}/reading.json"])["reading"]
    assert measured["skin"]["tone"]["hex"] == "#a87b5d"
    assert not [name for name in files if name.startswith("other/")]
    assert analysis["pending"] == ["makeup", "skincare"]
    assert not {"open_shard", "due_at", "moved_by", "awaits"} & analysis.keys()
    assert json.loads(files[f"analyses/{ID}/skincare.json"])["result"]["status"] == "completed"
    assert json.loads(files[f"feedback/{ID}.json"])["document"]["comment"] == "[nice]"
    usage = json.loads(files["usage/2026-11-21.json"])
    assert usage["used"] == 2
    assert usage["expires_at"].startswith("2026-")
    account = json.loads(files["account.json"])
    assert account["attributes"]["email"] == "1@example.com"
    for prefix in set(MEDIA_PREFIXES) - {"exports"}:
        assert files[f"pictures/{prefix}/{ID}.jpg"] == prefix.encode()
        assert files[f"pictures/{prefix}/{ID}/deep.png"] == prefix.encode()
    for prefix in UPLOAD_PREFIXES:
        assert files[f"uploads/{prefix}/{ID}.jpg"] == prefix.encode()
    assert OTHER not in str(sorted(files)) + "".join(map(str, files.values()))
    assert ready["bytes"] > 0


def test_the_readme_of_an_export_says_what_every_file_is(stack: Stack, pool: str) -> None:
    fill(stack, USER)
    _, asked = ask(stack, "POST", "/v1/me/export")
    work(stack, *account_jobs(stack))
    _, ready = ask(stack, "GET", f"/v1/me/exports/{asked['export_id']}")

    files = contents(stack, ready["download_url"])
    readme = files.pop("README.txt").decode()
    for name in files:
        folders = name.split("/")[:-1]
        depth = 2 if folders[:1] == ["pictures"] else 1
        place = "/".join(folders[:depth]) + "/" if folders else name
        assert re.search(rf"^{place}", readme, flags=re.MULTILINE), name


def test_an_export_is_of_one_user_alone(stack: Stack, pool: str) -> None:
    _, asked = ask(stack, "POST", "/v1/me/export")

    path = f"/v1/me/exports/{asked['export_id']}"
    status, body = ask(stack, "GET", path, claims={"sub": OTHER})

    assert (status, body["code"]) == (404, "export_not_found")


def test_while_an_export_is_made_asking_again_answers_with_it(stack: Stack, pool: str) -> None:
    first, second = (ask(stack, "POST", "/v1/me/export")[1] for _ in range(2))
    assert first["export_id"] == second["export_id"]

    work(stack, *account_jobs(stack))

    _, third = ask(stack, "POST", "/v1/me/export")
    assert third["export_id"] != first["export_id"]


def test_the_same_key_is_the_same_export_even_when_it_is_ready(stack: Stack, pool: str) -> None:
    key = {"Idempotency-Key": "mine"}
    _, first = ask(stack, "POST", "/v1/me/export", headers=key)
    work(stack, *account_jobs(stack))

    status, again = ask(stack, "POST", "/v1/me/export", headers=key)

    assert (status, again["export_id"], again["status"]) == (202, first["export_id"], "ready")
    assert account_jobs(stack) == []


def test_an_export_that_was_given_up_reads_as_failed_and_can_be_asked_for_anew(
    stack: Stack, pool: str
) -> None:
    _, asked = ask(stack, "POST", "/v1/me/export")
    for n in range(MAX_REDRIVES + 1):
        stack.sweep(41 * (n + 1))

    _, body = ask(stack, "GET", f"/v1/me/exports/{asked['export_id']}")

    assert body["status"] == "failed"
    assert "poll_after_ms" not in body
    assert ask(stack, "POST", "/v1/me/export")[1]["export_id"] != asked["export_id"]


def test_a_redelivered_export_is_not_made_twice(stack: Stack, pool: str) -> None:
    ask(stack, "POST", "/v1/me/export")
    (job,) = account_jobs(stack)
    work(stack, job)
    (key,) = (key for key in stack.keys("MEDIA_BUCKET") if key.startswith("exports/"))
    stack.s3.put_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key, Body=b"the first")

    work(stack, job)

    assert stack.s3.get_object(Bucket=NAMES["MEDIA_BUCKET"], Key=key)["Body"].read() == b"the first"


def test_an_export_that_cannot_be_read_goes_back_to_the_queue_and_leaves_no_zip(
    stack: Stack, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(stack, USER)
    ask(stack, "POST", "/v1/me/export")
    (job,) = account_jobs(stack)
    before = stack.keys("MEDIA_BUCKET")
    media = stack.function("account").wiring.media

    def broken(_key: str) -> bytes:
        raise ConnectionError("S3 is away")

    monkeypatch.setattr(media, "get", broken)
    answer = work(stack, job)

    assert len(answer["batchItemFailures"]) == 1
    assert stack.keys("MEDIA_BUCKET") == before
    monkeypatch.undo()


def test_an_export_of_who_is_erased_meanwhile_leaves_no_zip(
    stack: Stack, pool: str, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(stack, USER)
    ask(stack, "POST", "/v1/me/export")
    (export,) = account_jobs(stack)
    ask(stack, "DELETE", "/v1/me")
    (erasure,) = account_jobs(stack)
    put_stream = Bucket.put_stream

    def slow(self: Bucket, *args: Any) -> int:
        size = put_stream(self, *args)
        work(stack, erasure)  # the whole of it, while the export is on its last step
        return size

    monkeypatch.setattr(Bucket, "put_stream", slow)
    work(stack, export)

    assert objects(stack, USER) == set()
    assert rows(stack, USER) == []


def test_a_zip_is_written_in_pieces_none_of_which_is_the_whole() -> None:
    """A thousand files of 100 KB pass through; the largest piece is one file and its header."""
    content = bytes(range(256)) * 400
    sizes: list[int] = []
    whole = bytearray()

    for piece in export_account.zipped((f"{n}.jpg", content) for n in range(1000)):
        sizes.append(len(piece))
        if len(whole) < 2_000_000:
            whole += piece

    assert max(sizes) < len(content) + 100_000
    assert sum(sizes) > 1000 * len(content)
    assert whole.startswith(b"PK\x03\x04")


class Pictures:
    """A bucket of pictures of a megabyte each, and what is streamed into it."""

    def __init__(self, count: int) -> None:
        self.count = count

    def keys(self, prefix: str) -> Iterator[str]:
        return (f"{prefix}{n}.jpg" for n in range(self.count))

    def get(self, _key: str) -> bytes:
        return bytes(1_000_000)

    def put_stream(self, _key: str, pieces: Iterable[bytes], _content_type: str) -> int:
        return sum(len(piece) for piece in pieces)


class Nobody:
    """An account of one export, and no rows."""

    def export(self, _user_id: str, export_id: str) -> Export:
        now = datetime.now(UTC)
        return Export(export_id=export_id, requested_at=now, expires_at=now)

    def rows(self, _user_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        return iter(())

    def describe(self, _username: str) -> None:
        return None

    def export_ready(self, *_how: object) -> bool:
        return True


def test_the_memory_of_an_export_does_not_grow_with_the_pictures() -> None:
    job = ExportRequested(user_id=USER, username=USER, export_id=ID)
    peaks = []
    for count in (20, 60):
        everyone: Any = Nobody()
        media: Any = Pictures(count)
        tracemalloc.start()
        size = export_account.export_account(
            job, accounts=everyone, users=everyone, uploads=media, media=media
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert size is not None
        assert size > 7 * count * 1_000_000  # below each of seven prefixes
    assert peaks[1] < 1.2 * peaks[0] < 30_000_000


def test_an_object_of_any_length_is_written_in_parts(stack: Stack) -> None:
    media = Bucket(boto3.client("s3"), NAMES["MEDIA_BUCKET"])
    pieces = [bytes([n]) * 3_000_001 for n in range(8)]

    size = media.put_stream("exports/x/y.zip", iter([b"", *pieces]), "application/zip")

    assert size == 8 * 3_000_001
    got = stack.s3.get_object(Bucket=NAMES["MEDIA_BUCKET"], Key="exports/x/y.zip")
    assert got["Body"].read() == b"".join(pieces)
    assert got["ETag"].strip('"').endswith("-3")


# --- erasure --------------------------------------------------------------------------------------


def erase(stack: Stack) -> str:
    """Ask for it; the message that does it."""
    status, body = ask(stack, "DELETE", "/v1/me")
    assert (status, body["status"]) == (202, "erasing")
    (job,) = account_jobs(stack)
    return job


def users_left(pool: str) -> set[str]:
    users = boto3.client("cognito-idp").list_users(UserPoolId=pool)["Users"]
    return {user["Username"] for user in users}


def test_nothing_of_an_erased_user_is_left_and_others_keep_all(
    stack: Stack, pool: str, at_once: None
) -> None:
    fill(stack, USER)
    fill(stack, OTHER)
    kept = objects(stack, OTHER), rows(stack, OTHER)

    assert work(stack, erase(stack)) == {"batchItemFailures": []}

    assert objects(stack, USER) == set()
    assert rows(stack, USER) == []
    assert users_left(pool) == {OTHER}
    assert (objects(stack, OTHER), rows(stack, OTHER)) == kept
    assert "catalogue/snapshot.json" in stack.keys("MEDIA_BUCKET")


def test_what_remains_says_when_and_how_much_but_not_who(
    stack: Stack, pool: str, at_once: None
) -> None:
    fill(stack, USER)
    work(stack, erase(stack))

    (record,) = stack.table.scan()["Items"]

    assert record["objects"] == 2 * (len(UPLOAD_PREFIXES) + len(MEDIA_PREFIXES))
    assert record["rows"] == 10
    assert record["requested_at"] < record["erased_at"]
    assert record.keys() == {
        *("PK", "SK", "erasure_id", "requested_at", "erased_at", "objects", "rows")
    }
    assert USER not in str(record)
    assert "example.com" not in str(record)


def test_every_version_of_an_object_goes(stack: Stack, pool: str, at_once: None) -> None:
    for name in ("UPLOADS_BUCKET", "MEDIA_BUCKET"):
        stack.s3.put_bucket_versioning(
            Bucket=NAMES[name], VersioningConfiguration={"Status": "Enabled"}
        )
    fill(stack, USER)
    fill(stack, USER)
    stack.s3.delete_object(Bucket=NAMES["MEDIA_BUCKET"], Key=f"photos/{USER}/{ID}.jpg")

    work(stack, erase(stack))

    for name in ("UPLOADS_BUCKET", "MEDIA_BUCKET"):
        left = stack.s3.list_object_versions(Bucket=NAMES[name])
        kept = [*left.get("Versions", []), *left.get("DeleteMarkers", [])]
        assert not [version for version in kept if USER in version["Key"]]


def test_an_erased_user_is_refused_from_the_answer_on(
    stack: Stack, pool: str, portrait: bytes, at_once: None
) -> None:
    job = erase(stack)
    for moment in ("asked", "done"):
        for verb, event, path, method in (
            ("api", GET, "/v1/me/usage", "GET"),
            ("api", GET, "/v1/analyses", "GET"),
            ("api", GET, "/v1/me/export", "POST"),
            ("presign", "api_post_analyses.json", None, None),
        ):
            body = stack.wish(portrait) if verb == "presign" else None
            status, answer, _ = stack.http(verb, event, path=path, method=method, body=body)
            assert (status, answer["code"]) == (401, "account_erased"), (moment, path)
        work(stack, job)
    assert rows(stack, USER) == []
    status, _, _ = stack.http("api", GET, path="/v1/me/usage", claims={"sub": OTHER})
    assert status == 200


def test_a_photo_that_arrives_after_the_erasure_is_thrown_away(
    stack: Stack, pool: str, portrait: bytes, at_once: None
) -> None:
    analysis_id = stack.start(portrait)
    work(stack, erase(stack))
    for key in (f"faces/{USER}/{analysis_id}", f"garments/{USER}/coat"):  # signed before
        stack.s3.put_object(Bucket=NAMES["UPLOADS_BUCKET"], Key=key, Body=portrait)

    stack.call("analyze", stack.uploaded(analysis_id))
    garment = stack.uploaded(analysis_id)
    garment["Records"][0]["s3"]["object"]["key"] = f"garments/{USER}/coat"
    stack.call("thumbnail", garment)

    assert objects(stack, USER) == set()
    assert rows(stack, USER) == []


@pytest.mark.usefixtures("pool", "at_once")
@pytest.mark.parametrize("verb", ["analyze", "thumbnail"])
def test_pictures_that_are_drawn_while_a_user_is_erased_do_not_stay(
    stack: Stack, portrait: bytes, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    analysis_id = stack.start(portrait)
    event = stack.uploaded(analysis_id)
    if verb == "thumbnail":
        stack.call("analyze", event)
        event = stack.saved(analysis_id)
    job = erase(stack)
    put = Bucket.put

    def slow(self: Bucket, key: str, *args: Any) -> None:
        work(stack, job)  # the whole of it, between drawing and keeping
        put(self, key, *args)

    monkeypatch.setattr(Bucket, "put", slow)
    stack.call(verb, event)

    assert objects(stack, USER) == set()
    assert rows(stack, USER) == []


def test_asking_again_says_how_far_it_is_and_queues_nothing(
    stack: Stack, pool: str, at_once: None
) -> None:
    _, first = ask(stack, "DELETE", "/v1/me")
    status, again = ask(stack, "DELETE", "/v1/me")
    assert (status, again) == (202, first)

    work(stack, *account_jobs(stack))

    status, done = ask(stack, "DELETE", "/v1/me")
    assert (status, done["status"]) == (200, "erased")
    assert done["erasure_id"] == first["erasure_id"]
    assert done["erased_at"] >= done["requested_at"]  # whole seconds
    assert account_jobs(stack) == []


@pytest.mark.usefixtures("at_once")
def test_an_erasure_waits_behind_no_export(stack: Stack, pool: str) -> None:
    ask(stack, "POST", "/v1/me/export")
    ask(stack, "DELETE", "/v1/me")

    (erasure,) = account_jobs(stack, "facet-erase")
    (export,) = account_jobs(stack, "facet-account")

    assert '"job":"erasure"' in erasure
    assert '"job":"export"' in export
    assert work(stack, erasure, export) == {"batchItemFailures": []}


def test_an_erasure_that_got_stuck_is_queued_again_by_who_asks_again(
    stack: Stack, pool: str, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = ask(stack, "DELETE", "/v1/me")
    account_jobs(stack)  # its message is lost
    monkeypatch.setattr("facet.services.erase_account.ERASURE_PATIENCE", timedelta())

    ask(stack, "DELETE", "/v1/me")

    (job,) = account_jobs(stack)
    assert json.loads(job)["erasure_id"] == first["erasure_id"]
    work(stack, job)
    assert ask(stack, "DELETE", "/v1/me")[1]["status"] == "erased"


def test_a_message_that_could_not_be_queued_locks_nobody_out(
    stack: Stack, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError("SQS is away")

    monkeypatch.setattr(stack.function("api").wiring.erase_jobs, "send", broken)
    status, _ = ask(stack, "DELETE", "/v1/me")

    assert status == 500
    assert ask(stack, "GET", "/v1/me/usage")[0] == 200


def test_an_erasure_that_was_queued_but_not_marked_is_marked_by_its_worker(
    stack: Stack, pool: str, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(stack, USER)

    def broken(*_args: object) -> None:
        raise ConnectionError("the table is away")

    with monkeypatch.context() as patched:
        patched.setattr(AccountTable, "mark_erasure", broken)
        assert ask(stack, "DELETE", "/v1/me")[0] == 500
    (job,) = account_jobs(stack)
    work(stack, job)

    assert rows(stack, USER) == []
    assert ask(stack, "GET", "/v1/me/usage")[1]["code"] == "account_erased"
    assert ask(stack, "DELETE", "/v1/me")[1]["status"] == "erased"


class Crash(BaseException):
    """The process ends here; nothing catches it."""


class Steps:
    """Counts calls of the world, and crashes after the one that is wanted."""

    def __init__(self, crash_after: int) -> None:
        self.left = crash_after

    def around(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            done = method(*args, **kwargs)
            if isinstance(done, Iterator):
                done = list(done)
            self.left -= 1
            if self.left == 0:
                raise Crash
            return done

        return step


def test_an_erasure_goes_on_after_a_crash_at_any_step(
    stack: Stack, pool: str, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crash after the first step, resume; after the second, ...; until there is no such step."""
    job, crashes = erase(stack), 0
    record = {key: stack.table.scan()["Items"][0][key] for key in ("PK", "SK")}
    users = boto3.client("cognito-idp")
    while True:
        stack.table.update_item(Key=record, UpdateExpression="REMOVE erased_at")
        fill(stack, USER)
        if USER not in users_left(pool):
            users.admin_create_user(UserPoolId=pool, Username=USER)
        steps = Steps(crashes + 1)
        with monkeypatch.context() as patched:
            for kind, names in (
                (AccountTable, ("mark_erasure", "count_erased", "delete_rows", "end_erasure")),
                (Bucket, ("erase_below",)),
                (UserPool, ("delete",)),
            ):
                for name in names:
                    patched.setattr(kind, name, steps.around(getattr(kind, name)))
            try:
                work(stack, job)
            except Crash:
                crashes += 1
            else:
                break
        # What the queue does: bring the message again.
        assert work(stack, job) == {"batchItemFailures": []}
        assert objects(stack, USER) == set(), crashes
        assert rows(stack, USER) == [], crashes
        assert USER not in users_left(pool), crashes
        assert ask(stack, "DELETE", "/v1/me")[1]["status"] == "erased"
    # Mark; 8 prefixes and the rows, counted; the second look; user; record.
    assert crashes >= 1 + 2 * 9 + 9 + 2


def test_a_message_nobody_understands_goes_back_to_the_queue(stack: Stack) -> None:
    answer = work(stack, '{"job": "dance"}')

    assert len(answer["batchItemFailures"]) == 1


# --- what belongs to nobody -----------------------------------------------------------------------


def test_once_a_month_pictures_without_a_row_are_deleted(
    stack: Stack, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facet.services.seek_owners.OLD_ENOUGH", timedelta(days=-1))
    for place in MEDIA_PREFIXES:
        left_behind = f"{place}/{OTHER}/{ID}.jpg"
        stack.s3.put_object(Bucket=NAMES["MEDIA_BUCKET"], Key=left_behind, Body=b"a picture")

    assert stack.call("account", recorded("schedule_sweep.json")) == {"walks": 6}
    walks = account_jobs(stack, "facet-account")
    assert [work(stack, walk) for walk in walks] == [{"batchItemFailures": []}] * 6

    assert objects(stack, OTHER) == set()
    assert "catalogue/snapshot.json" in stack.keys("MEDIA_BUCKET")
