"""All of a person's data at once: its export and its erasure."""

import io
import json
import zipfile
from datetime import timedelta

import pytest

from facet.domain.account import (
    ERASURE_DELAY,
    ErasureRequested,
    Export,
    ExportRequested,
    ExportStatus,
    Person,
)
from facet.domain.belongings import Shelf
from facet.domain.errors import ExportsUsedUpError, PermanentError
from facet.domain.places import export_key, face_key, garment_picture_key
from facet.services.erase_account import erase_account, request_erasure
from facet.services.export_account import export_account, read_export, request_export
from tests import fakes
from tests.unit.services.conftest import NOW, World

PERSON = Person("user", "eva")
ERASURE = ErasureRequested(user_id="user", username="eva", erasure_id="01E")


def asked_for(world: World, hours: int = 0, export_id: str = "") -> str:
    now = NOW + timedelta(hours=hours)
    return request_export(
        PERSON,
        export_id or f"01E{hours:02}{len(world.accounts.exports)}",
        "correlation",
        now=now,
        most_a_day=2,
        accounts=world.accounts,
        jobs=world.account_jobs,
    )


def export(world: World, export_id: str) -> int | None:
    return export_account(
        ExportRequested(user_id="user", username="eva", export_id=export_id),
        accounts=world.accounts,
        users=world.users,
        uploads=world.uploads,
        media=world.media,
        clock=lambda: NOW,
    )


def erase(world: World, *, again: bool = True) -> None:
    """Do what the message says, and what the second one says, unless it is not to come."""
    for job in (ERASURE, ERASURE.model_copy(update={"again": True}))[: 1 + again]:
        erase_account(
            job,
            accounts=world.accounts,
            users=world.users,
            uploads=world.uploads,
            media=world.media,
            jobs=world.account_jobs,
            looks_again_after=timedelta(seconds=310),
            clock=lambda: NOW,
        )


def everything(world: World) -> None:
    world.measured()
    world.looks.create(fakes.look())
    world.shelves.put("user", Shelf.BAG, "cream", {"name": "Cream"})
    world.media.of[garment_picture_key("user", "shirt", None)] = b"shirt"
    world.users.of["eva"] = {"enabled": True}


def test_an_export_that_waits_is_the_answer_whatever_was_made_since_its_id_was_given(
    world: World,
) -> None:
    newer = Export(export_id="02E", requested_at=NOW, expires_at=NOW, ready_at=NOW)
    older = Export(export_id="01E", requested_at=NOW, expires_at=NOW)
    for export in (newer, older):
        world.accounts.save_export("user", export)

    assert asked_for(world) == "01E"


def test_an_export_holds_every_row_and_picture_but_no_older_export(world: World) -> None:
    everything(world)
    world.media.of[export_key("user", "older")] = b"ZIP"
    export_id = asked_for(world)

    size = export(world, export_id)

    data = world.media.of[export_key("user", export_id)]
    assert size == len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {
            *("README.txt", "account.json", "analyses/01A.json", "analyses/01A/reading.json"),
            *("tone/01A.json", "looks/01L.json"),
            *("bag/cream.json", f"usage/{NOW.date()}.json", f"exports/{export_id}.json"),
            "usage/belongings.json",
            *("pictures/photos/01A.jpg", "pictures/garments/shirt.jpg", "uploads/faces/01A"),
        }
        assert json.loads(archive.read("account.json")) == {"enabled": True}
    document = read_export("user", export_id, now=NOW, accounts=world.accounts, media=world.media)
    assert document.status is ExportStatus.READY
    assert export_key("user", export_id) in (document.download_url or "")
    assert export(world, export_id) is None


def test_an_export_that_is_being_made_is_not_made_twice(world: World) -> None:
    first = asked_for(world)

    assert asked_for(world, hours=1) == first
    assert asked_for(world, hours=3) == first
    assert asked_for(world, export_id=first) == first
    assert len(world.account_jobs.sent) == 1


def test_no_more_exports_are_made_a_day_than_are_allowed(world: World) -> None:
    for _ in range(2):
        assert world.accounts.export_ready("user", asked_for(world), 12, NOW)

    with pytest.raises(ExportsUsedUpError, match="exports_used_up") as refused:
        asked_for(world)

    midnight = (NOW + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert refused.value.retry_after == round((midnight - NOW).total_seconds())
    assert len(world.account_jobs.sent) == 2
    assert asked_for(world, hours=24)


def test_an_export_is_awaited_and_given_up(world: World) -> None:
    export_id = asked_for(world)

    def status(hours: int) -> tuple[ExportStatus, int | None]:
        now = NOW + timedelta(hours=hours)
        document = read_export(
            "user", export_id, now=now, accounts=world.accounts, media=world.media
        )
        return document.status, document.poll_after_ms

    assert status(4) == (ExportStatus.PENDING, 2000)
    verbs = [next(iter(world.sweeps(41 * tried))) for tried in range(1, 6)]
    assert verbs == ["export_sent_again"] * 4 + ["export_given_up"]
    sent = [job for job in world.account_jobs.sent if isinstance(job, ExportRequested)]
    assert [job.username for job in sent] == ["eva"] * 5
    assert status(4) == (ExportStatus.FAILED, None)
    assert export(world, export_id)
    assert status(4) == (ExportStatus.READY, None)
    with pytest.raises(PermanentError, match="export_not_found"):
        read_export("somebody", export_id, now=NOW, accounts=world.accounts, media=world.media)


def test_an_export_of_who_was_erased_meanwhile_leaves_no_object(world: World) -> None:
    export_id = asked_for(world)
    write = world.media.put_stream

    def erased_meanwhile(key: str, pieces: object, content_type: str) -> int:
        size = write(key, pieces, content_type)  # type: ignore[arg-type]
        world.accounts.delete_rows("user")
        return size

    world.media.put_stream = erased_meanwhile  # type: ignore[method-assign]
    assert export(world, export_id) is None
    assert world.media.of == {}


def test_an_erasure_is_queued_first_marked_then_and_asked_for_again_when_late(
    world: World,
) -> None:
    def ask(hours: int) -> str:
        now = NOW + timedelta(hours=hours)
        return request_erasure(
            PERSON, "correlation", now=now, accounts=world.accounts, jobs=world.account_jobs
        ).erasure_id

    assert ask(0) == ask(1) == ask(3)
    assert world.account_jobs.delays == [ERASURE_DELAY] * 2


def test_an_erasure_leaves_nothing_but_that_there_was_one(world: World) -> None:
    everything(world)
    world.shelves.put("somebody", Shelf.BAG, "balm", {})
    world.media.of[garment_picture_key("somebody", "coat", "1")] = b"coat"

    erase(world)

    assert dict(world.accounts.rows("user")) == {}
    assert set(world.media.of) == {garment_picture_key("somebody", "coat", "1")}
    assert (world.uploads.of, world.users.of) == ({}, {})
    assert dict(world.accounts.rows("somebody")).keys() == {"BAG#balm", "OWNED"}
    erasure = world.accounts.erasure("user")
    assert erasure
    assert (erasure.status, world.accounts.erased["user"]) == ("erased", (3, 7))


def test_an_upload_that_arrives_while_the_rest_is_erased_is_erased_as_well(world: World) -> None:
    everything(world)
    remove = world.accounts.delete_rows
    arrived: list[str] = []

    def meanwhile(user_id: str) -> int:
        if not arrived:
            arrived.append(face_key("user", "01Z"))
            world.uploads.of[arrived[0]] = b"late"
        return remove(user_id)

    world.accounts.delete_rows = meanwhile  # type: ignore[method-assign]
    erase(world)

    assert arrived
    assert world.uploads.of == {}


def test_what_a_worker_put_as_its_user_was_erased_goes_with_the_second_look(world: World) -> None:
    everything(world)
    erase(world, again=False)
    erasure = world.accounts.erasure("user")
    assert erasure
    assert erasure.status == "erasing"
    assert world.account_jobs.delays == [timedelta(seconds=310)]
    (job,) = world.account_jobs.sent
    assert job == ERASURE.model_copy(update={"again": True})
    world.media.of["looks/user/01A/look-1.jpg"] = b"put by a worker that then died"

    erase(world)

    assert world.media.of == {}
    erasure = world.accounts.erasure("user")
    assert erasure
    assert erasure.status == "erased"


def test_an_erasure_that_is_done_is_not_done_again(world: World) -> None:
    erase(world)
    world.users.of["eva"] = {"enabled": True}  # signed up anew

    erase(world)
    assert world.users.of == {"eva": {"enabled": True}}


def test_an_erasure_goes_on_after_a_crash(world: World) -> None:
    everything(world)
    deleted, world.users.delete = world.users.delete, _crash  # type: ignore[method-assign, assignment]
    with pytest.raises(ConnectionError):
        erase(world)
    world.users.delete = deleted  # type: ignore[method-assign]

    erase(world)
    assert world.users.of == {}


def _crash(_: str) -> None:
    raise ConnectionError("away")
