"""The fakes of tests/fakes.py and the adapters on moto behave alike: one test holds both.

The dresser is not among them: moto has no model, tests/integration/test_bedrock.py stubs it.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from facet.adapters.account import AccountTable
from facet.adapters.analyses import AnalysisTable
from facet.adapters.belongings import BelongingsTable
from facet.adapters.catalogue import ProductsTable
from facet.adapters.cognito import UserPool
from facet.adapters.events import EventBus
from facet.adapters.looks import LookTable
from facet.adapters.overdue import OverdueIndex
from facet.adapters.repeats import RepeatTable
from facet.adapters.s3 import Bucket
from facet.adapters.sqs import JobQueue
from facet.domain.account import (
    EXPORT_PATIENCE,
    AccountJob,
    ErasureRequested,
    Export,
    ExportStatus,
    Person,
)
from facet.domain.analysis import (
    RETRY_PATIENCE,
    Analysis,
    Awaited,
    KeptFailure,
    Kind,
    SentPhoto,
    Size,
    Status,
    UnreadableRow,
    View,
)
from facet.domain.belongings import Shelf
from facet.domain.errors import (
    AnalysisUnreadableError,
    BelongingsFullError,
    FacetError,
    LookUnreadableError,
    PermanentError,
    ProfileUnreadableError,
)
from facet.domain.face import FaceReading, PhotoOutcome, PhotoStatus
from facet.domain.looks import RENDER_PATIENCE, DrawnLook, LookStatus, SavedLook
from facet.domain.messages import AnalysisEnded, FaceAnalyzed
from facet.domain.narration import EnhancedAnalysis
from facet.domain.overdue import OPEN_SHARDS, WAITS, Overdue, due_again
from facet.domain.products import Product
from facet.domain.quota import QuotaExceededError, Tier
from facet.domain.repeats import Reservation
from facet.domain.style import GarmentPhoto
from facet.domain.tone_of_person import TonePart, evidence_of, most_parts
from facet.http.idempotency import Ids
from facet.services import ports
from facet.services.delete_analysis import delete_analysis
from facet.services.export_account import request_export
from tests import fakes
from tests.fakes import analysis, look, three_photos
from tests.integration.conftest import REGION, _make_table
from tests.unit.conftest import face_reading

ROOT = Path(__file__).parents[2]
NOW = fakes.now()
LATER = NOW + timedelta(hours=1)
PHOTO = Size(width=600, height=800)
FAILURE = KeptFailure(code="no_face", message="No face.")


@dataclass
class World:
    """Every port, and what of it only a test has to do."""

    analyses: ports.Analyses
    looks: ports.Looks
    shelves: ports.Shelves
    belongings: ports.BelongingsOf
    products: ports.Products
    objects: ports.Objects
    queue: Any
    accounts: ports.Accounts
    overdue: ports.OverdueRows
    repeats: Ids
    users: ports.Users
    events: ports.Events
    add_product: Callable[[Product], object]
    add_user: Callable[[str], object]
    break_profile: Callable[[str], object]
    break_analysis: Callable[[Analysis], object]
    half_save: Callable[[Analysis], object]
    sent: Callable[[], list[dict[str, Any]]]
    dynamodb: Any = None  # the client, where there is one


def _part(analysis: Analysis) -> TonePart:
    part = TonePart.of(analysis, face_reading())
    assert part
    return part


class _DiesAtTheEnd(AnalysisTable):
    """A try that dies after it has written what it measured, before it says so."""

    def _move(self, *_: Any, **__: Any) -> Analysis | None:
        raise ConnectionError("died")


def _half_save(table: Any, analysis: Analysis) -> None:
    with pytest.raises(ConnectionError):
        _DiesAtTheEnd(table).save_reading(analysis, face_reading(), PHOTO, NOW)


def in_memory() -> World:
    analyses, looks, shelves = fakes.FakeAnalyses(), fakes.FakeLooks(), fakes.FakeShelves()
    products, users = fakes.FakeProducts(), fakes.FakeUsers()
    accounts = fakes.FakeAccounts((analyses, looks, shelves))

    def half_save(analysis: Analysis) -> None:
        key = (analysis.user_id, analysis.analysis_id)
        analyses.parts[key] = _part(analysis)
        analyses.readings[key] = (face_reading(), PHOTO)

    queue: fakes.FakeQueue[Any] = fakes.FakeQueue()
    return World(
        analyses=analyses,
        looks=looks,
        shelves=shelves,
        belongings=shelves,
        products=products,
        objects=fakes.FakeObjects(),
        queue=queue,
        accounts=accounts,
        overdue=fakes.FakeOverdue((analyses, looks, shelves, accounts)),
        repeats=fakes.FakeRepeats(),
        users=users,
        events=fakes.FakeEvents(),
        add_product=lambda product: products.of.update({product.product_id: product}),
        add_user=lambda name: users.of.update({name: {"enabled": True}}),
        break_profile=lambda user_id: shelves.profiles.update({user_id: "[not JSON"}),
        break_analysis=lambda analysis: analyses.unreadable.add(
            (analysis.user_id, analysis.analysis_id)
        ),
        half_save=half_save,
        sent=lambda: [json.loads(job.model_dump_json()) for job in queue.sent],
    )


def on_moto(resources: dict[str, Any]) -> World:
    client = boto3.client("dynamodb")
    names = ("Table", "ProductsTable")
    for name in names:
        _make_table(client, resources[name]["Properties"], name)
    table, products = map(boto3.resource("dynamodb").Table, names)
    s3, sqs, users = boto3.client("s3"), boto3.client("sqs"), boto3.client("cognito-idp")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    pool_id = users.create_user_pool(PoolName="facet")["UserPool"]["Id"]

    def sent() -> list[dict[str, Any]]:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in got]

    return World(
        analyses=AnalysisTable(table),
        looks=LookTable(table),
        shelves=BelongingsTable(table),
        belongings=BelongingsTable(table),
        products=ProductsTable(products),
        objects=Bucket(s3, "bucket"),
        queue=JobQueue(sqs, url),
        accounts=AccountTable(table),
        overdue=OverdueIndex(table),
        repeats=RepeatTable(table),
        users=UserPool(users, pool_id),
        events=EventBus(boto3.client("events"), "default"),
        add_product=lambda product: (
            products.put_item(Item=json.loads(product.model_dump_json(), parse_float=Decimal))
            and None
        ),
        add_user=lambda name: users.admin_create_user(UserPoolId=pool_id, Username=name),
        break_profile=lambda user_id: (
            table.put_item(Item={"PK": f"USER#{user_id}", "SK": "PROFILE", "document": "[not JSON"})
            and None
        ),
        break_analysis=lambda analysis: (
            table.update_item(
                Key={"PK": f"USER#{analysis.user_id}", "SK": f"ANALYSIS#{analysis.analysis_id}"},
                UpdateExpression="SET weather = :text",
                ExpressionAttributeValues={":text": "not JSON"},
            )
            and None
        ),
        half_save=lambda analysis: _half_save(table, analysis),
        sent=sent,
        dynamodb=table.meta.client,
    )


@pytest.fixture(params=["fake", "moto"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return in_memory()
    made: World = request.getfixturevalue("on_aws")
    return made


@pytest.fixture
def on_aws(aws: None, resources: dict[str, Any]) -> World:
    """The adapters alone."""
    return on_moto(resources)


def asked(world: World, **told: Any) -> Analysis:
    return world.analyses.create(analysis(**told), Tier.FREE)


def claimed(world: World, **told: Any) -> Analysis:
    """An analysis that is about to be measured."""
    taken = world.analyses.claim(asked(world, **told), NOW)
    assert taken
    return taken


def measured(world: World, **told: Any) -> Analysis:
    """An analysis that waits for its recommendations."""
    saved = world.analyses.save_reading(claimed(world, **told), face_reading(), PHOTO, NOW)
    assert saved
    return saved


def advised(world: World, *, lost: bool = False, **told: Any) -> Analysis:
    """An analysis that is completed, with all its results; lost: each was."""
    saved = measured(world, **told)
    for kind in saved.wants:
        world.analyses.save_result(saved, kind, {"status": "failed"}, lost=lost)
        world.analyses.take_off(saved, kind)
    completed = world.analyses.complete(saved, NOW, all_lost=lost)
    assert completed
    return completed


def row(world: World, analysis_id: str = "01A") -> Analysis:
    """An analysis as it is now."""
    kept = world.analyses.get("user", analysis_id)
    assert kept
    return kept


def used(world: World) -> int:
    return world.analyses.usage("user", Tier.FREE, NOW).used


def waiting(world: World, now: Any = LATER) -> list[Overdue]:
    """Everything that is overdue, over all shards."""
    return [each for shard in range(OPEN_SHARDS) for each in world.overdue.overdue(shard, now)]


# --- analyses ------------------------------------------------------------------------------------


def test_an_analysis_is_kept_and_charged(world: World) -> None:
    told: dict[str, Any] = {"weather": {"temperature_c": 3.5}, "goals": ("redness",)}
    made = asked(world, **told)

    assert row(world) == made == analysis(due_at=NOW + timedelta(minutes=11), **told)
    assert used(world) == 1
    assert world.analyses.get("somebody", "01A") is None
    read = world.analyses.read("user", "01A")
    assert read
    assert (read.analysis_id, read.reading) == ("01A", None)
    assert world.analyses.read("user", "01B") is None


def test_an_analysis_that_is_made_twice_stays_as_the_first_and_is_charged_once(
    world: World,
) -> None:
    first = asked(world)
    taken = world.analyses.claim(first, NOW)

    again = asked(world, consent_version="other")

    assert again == taken == row(world)
    assert again.consent_version == first.consent_version
    assert used(world) == 1


def test_an_analysis_beyond_the_quota_is_refused_and_not_charged(world: World) -> None:
    for number in range(50):
        asked(world, analysis_id=f"{number:03}")

    with pytest.raises(QuotaExceededError):
        asked(world, analysis_id="051")
    assert world.analyses.get("user", "051") is None
    assert used(world) == 50
    assert asked(world, analysis_id="049").analysis_id == "049"  # asked for before
    world.analyses.create(analysis("051"), Tier.ENTERPRISE)
    assert world.analyses.usage("user", Tier.ENTERPRISE, NOW).used == 51


def test_an_upload_is_signed_again_only_while_it_is_awaited(world: World) -> None:
    first = asked(world)
    until, due_at = NOW + timedelta(minutes=15), NOW + timedelta(minutes=16)

    assert world.analyses.signed_again(first, until, due_at)

    kept = row(world)
    assert (kept.upload_until, kept.upload_closes, kept.due_at) == (until, until, due_at)
    assert kept.updated_at == first.updated_at
    assert world.analyses.claim(kept, NOW)
    assert not world.analyses.signed_again(first, LATER, LATER)
    assert row(world).upload_until == until
    assert not world.analyses.signed_again(analysis("01B"), LATER, LATER)


def test_a_claim_is_given_once_until_its_lease_ends_or_it_is_released(world: World) -> None:
    asked(world)

    taken = world.analyses.claim(row(world), NOW)

    assert taken
    assert taken.status is Status.ANALYZING
    assert world.analyses.claim(row(world), NOW) is None
    world.analyses.release(taken, NOW)
    assert world.analyses.claim(row(world), NOW)
    assert world.analyses.claim(row(world), NOW + timedelta(seconds=29)) is None
    assert world.analyses.claim(row(world), NOW + timedelta(seconds=30))
    assert world.analyses.claim(analysis("01B"), NOW) is None


def test_a_claim_says_that_a_photo_is_about_to_be_opened_and_counts_who_died_there(
    world: World,
) -> None:
    first = asked(world)
    assert (first.decoding, first.decoder_deaths) == (False, 0)

    taken = world.analyses.claim(first, NOW)

    assert taken
    assert (taken.decoding, taken.decoder_deaths) == (True, 0)
    # Whoever read the row before that does not take the death for none.
    assert world.analyses.claim(first, LATER) is None
    again = world.analyses.claim(taken, LATER)
    assert again
    assert (again.decoding, again.decoder_deaths) == (True, 1)
    assert row(world) == again


@pytest.mark.parametrize("how", ["opened", "released"])
def test_a_photo_that_was_opened_is_not_counted_against(world: World, how: str) -> None:
    taken = claimed(world)
    if how == "opened":
        world.analyses.opened(taken)
    else:
        world.analyses.release(taken, NOW)

    assert not row(world).decoding
    # Nor by who read the row while it was being opened.
    assert world.analyses.claim(taken, LATER) is None
    again = world.analyses.claim(row(world), LATER)
    assert again
    assert (again.decoding, again.decoder_deaths) == (True, 0)
    world.analyses.opened(analysis("01B"))
    assert world.analyses.get("user", "01B") is None


def test_a_reading_is_saved_while_it_is_analysed(world: World) -> None:
    saved = measured(world)

    assert saved.pending == {Kind.SKINCARE, Kind.MAKEUP}
    assert (saved.photo, saved.decoding, saved.due_at) == (PHOTO, False, asked(world).due_at)
    assert saved == row(world)
    # Read back, a reading has the names that the limits of today give it.
    kept = world.analyses.read("user", "01A")
    assert kept
    assert kept.reading is not None
    read, sent = (
        FaceReading.model_validate(reading.model_dump(mode="json"))
        for reading in (kept.reading, face_reading())
    )
    assert read == sent
    assert world.analyses.save_reading(saved, face_reading(), PHOTO, LATER) is None
    world.analyses.release(saved, NOW)
    assert world.analyses.claim(saved, LATER) is None


def test_a_reading_is_written_once_and_taken_from_there_by_the_next_try(world: World) -> None:
    taken = claimed(world)
    assert world.analyses.reading("user", "01A") is None
    world.half_save(taken)

    kept = world.analyses.reading("user", "01A")

    assert kept
    assert (kept[0].skin.tone.ita, kept[1]) == (45, PHOTO)
    saved = world.analyses.save_reading(
        taken, face_reading(ita=-20), PHOTO.model_copy(update={"width": 1}), NOW
    )
    assert saved
    again = world.analyses.reading("user", "01A")
    assert again
    assert (again[0].skin.tone.ita, again[1]) == (45, PHOTO)


def test_the_tone_is_of_the_newest_analyses_that_are_kept(world: World) -> None:
    for name, days in (("01A", 1), ("01B", 30), ("01C", 30)):
        measured(world, analysis_id=name, expires_at=NOW + timedelta(days=days))

    one = evidence_of(face_reading())
    assert world.analyses.tones("user", NOW) == one * 3
    assert world.analyses.tones("user", NOW + timedelta(days=2)) == one * 2
    assert world.analyses.tones("user", NOW + timedelta(days=31)) == ()
    assert world.analyses.tones("somebody", NOW) == ()


def test_a_photo_that_is_sent_again_speaks_once_for_the_tone(world: World) -> None:
    first = measured(world, analysis_id="01A")
    photo = {"checksum_sha256": first.checksum_sha256}
    again = measured(world, analysis_id="01B", **photo)
    # In a burst with another one, it says what that adds.
    sent = [SentPhoto(**photo, content_type="image/jpeg", content_length=3), *three_photos()[:1]]
    burst = measured(world, analysis_id="01C", photos=tuple(sent))

    one = evidence_of(face_reading())
    assert world.analyses.tones("user", NOW) == one
    assert world.analyses.delete(burst)
    assert world.analyses.tones("user", NOW) == one
    assert world.analyses.delete(again)
    assert world.analyses.tones("user", NOW) == one


def test_beyond_the_newest_fifty_no_analysis_speaks_for_the_tone(world: World) -> None:
    for number in range(most_parts()):
        measured(
            world,
            analysis_id=f"{number:03}",
            user_id="user",
            quota_day=f"2026-11-0{1 + number % 2}",
        )
    before = world.analyses.tones("user", NOW)
    newest = world.analyses.create(analysis("051"), Tier.ENTERPRISE)
    taken = world.analyses.claim(newest, NOW)
    assert taken
    world.analyses.save_reading(taken, face_reading(ita=-20), PHOTO, NOW)

    tones = world.analyses.tones("user", NOW)

    assert len(tones) == len(before) == most_parts()
    assert [tone.ita for tone in tones[:2]] == [-20, 45]


def test_a_reading_that_is_not_kept_leaves_nothing(world: World) -> None:
    taken = claimed(world)
    assert world.analyses.delete(taken)

    assert world.analyses.save_reading(taken, face_reading(), PHOTO, NOW) is None

    assert world.analyses.tones("user", NOW) == ()
    assert world.analyses.reading("user", "01A") is None


def test_a_late_second_reading_takes_nothing_away(world: World) -> None:
    saved = measured(world)

    assert world.analyses.save_reading(saved, face_reading(), PHOTO, LATER) is None
    world.analyses.forget("user", "01A")

    assert world.analyses.tones("user", NOW) == evidence_of(face_reading())
    assert world.analyses.reading("user", "01A")


def test_what_was_half_saved_goes_with_its_analysis_and_with_its_failure(world: World) -> None:
    for name in ("01A", "01B"):
        world.half_save(claimed(world, analysis_id=name))
    assert len(world.analyses.tones("user", NOW)) == 2

    assert world.analyses.end(row(world, "01A"), Status.FAILED, FAILURE, NOW)
    assert len(world.analyses.tones("user", NOW)) == 1
    assert world.analyses.reading("user", "01A") is None
    assert world.analyses.delete(row(world, "01B"))
    assert world.analyses.tones("user", NOW) == ()
    assert world.analyses.reading("user", "01B") is None


@pytest.mark.parametrize("status", [None, *Status])
def test_what_was_written_is_forgotten_where_the_analysis_is_gone_or_has_failed(
    world: World, status: Status | None
) -> None:
    match status:
        case None:
            of = analysis()
        case Status.AWAITING_UPLOAD:
            of = asked(world)
        case Status.ANALYZING:
            of = claimed(world)
        case Status.RECOMMENDING:
            of = measured(world)
        case Status.COMPLETED:
            of = advised(world)
        case _:
            ended = world.analyses.end(asked(world), status, FAILURE, NOW)
            assert ended
            of = ended
    gone = status in (None, Status.FAILED, Status.EXPIRED)
    if status is not Status.RECOMMENDING:
        world.half_save(of)
    world.analyses.save_result(of, Kind.OUTFIT, {})

    world.analyses.forget("user", "01A")

    assert bool(world.analyses.tones("user", NOW)) is not gone
    assert bool(world.analyses.reading("user", "01A")) is not gone
    assert (Kind.OUTFIT in world.analyses.results("user", "01A")) is not gone


def test_thumbnails_are_noted_where_there_is_an_analysis(world: World) -> None:
    first = asked(world)

    assert world.analyses.save_thumbnails(first)
    assert not world.analyses.save_thumbnails(analysis("01B"))
    assert world.analyses.get("user", "01B") is None
    assert row(world).thumbnails
    assert row(world).awaits == {Awaited.ANNOUNCEMENT, Awaited.LOOKS}


def test_the_last_that_is_awaited_of_what_has_ended_closes_it(world: World) -> None:
    ended = advised(world)

    one = world.analyses.received(ended, Awaited.ANNOUNCEMENT)
    two = world.analyses.received(ended, Awaited.THUMBNAILS)  # read before the first came
    assert one
    assert two
    assert one.awaits == {Awaited.THUMBNAILS, Awaited.LOOKS}
    assert two.awaits == {Awaited.LOOKS}
    assert one.due_at == two.due_at == ended.due_at
    last = world.analyses.received(ended, Awaited.LOOKS)

    assert last
    assert (last.awaits, last.due_at) == (frozenset(), None)
    assert last == row(world)
    assert world.analyses.received(ended, Awaited.LOOKS) == last
    assert world.analyses.received(last, Awaited.LOOKS) == last
    assert world.analyses.received(analysis("01B"), Awaited.LOOKS) is None


def test_nothing_that_is_awaited_closes_what_has_not_ended(world: World) -> None:
    saved = measured(world)
    for awaited in (Awaited.THUMBNAILS, Awaited.LOOKS):
        world.analyses.received(saved, awaited)

    assert row(world).awaits == {Awaited.ANNOUNCEMENT}
    assert row(world).due_at == saved.due_at


def test_the_first_result_of_a_kind_stays(world: World) -> None:
    saved = measured(world)

    world.analyses.save_result(saved, Kind.SKINCARE, {"score": 1.5})
    world.analyses.save_result(saved, Kind.SKINCARE, {"score": 2}, lost=True)

    assert world.analyses.results("user", "01A") == {Kind.SKINCARE: {"score": 1.5}}
    assert row(world).pending == saved.pending


def test_a_kind_is_taken_off_while_results_are_awaited(world: World) -> None:
    saved = measured(world)

    for _ in range(2):
        left = world.analyses.take_off(saved, Kind.SKINCARE)
        assert left
        assert left.pending == {Kind.MAKEUP}
    last = world.analyses.take_off(saved, Kind.MAKEUP)
    assert last
    assert (last.pending, last.status) == (frozenset(), Status.RECOMMENDING)
    assert world.analyses.complete(saved, NOW)
    assert world.analyses.take_off(saved, Kind.MAKEUP) is None
    assert world.analyses.take_off(analysis("01B"), Kind.MAKEUP) is None


def test_the_last_kind_completes_in_one_write(world: World) -> None:
    saved = measured(world)

    assert world.analyses.complete(saved, LATER, last=Kind.MAKEUP) is None
    world.analyses.take_off(saved, Kind.SKINCARE)
    assert world.analyses.complete(saved, LATER) is None
    completed = world.analyses.complete(saved, LATER, last=Kind.MAKEUP)

    assert completed
    assert (completed.status, completed.pending) == (Status.COMPLETED, frozenset())
    assert (completed.updated_at, completed.due_at) == (LATER, saved.due_at)
    assert completed == row(world)
    assert world.analyses.complete(saved, LATER, last=Kind.MAKEUP) is None
    assert used(world) == 1


def test_an_analysis_completes_once_and_when_nothing_is_pending(world: World) -> None:
    saved = measured(world)

    assert world.analyses.complete(saved, NOW) is None
    for kind in saved.wants:
        world.analyses.take_off(saved, kind)
    completed = world.analyses.complete(saved, LATER)

    assert completed
    assert completed.status is Status.COMPLETED
    assert world.analyses.complete(saved, LATER) is None
    assert world.analyses.complete(analysis("01B"), LATER) is None


def test_all_that_is_kept_of_an_analysis_is_read_at_once(world: World) -> None:
    saved = measured(world)
    words = EnhancedAnalysis(summary="Well.", recommendations=("Rest.",), source="templates")
    drawn = (DrawnLook(name="Day", status=LookStatus.COMPLETED, picture="look-1"),)
    assert world.analyses.contents("user", "01B") is None

    world.analyses.save_result(saved, Kind.MAKEUP, {"score": 1.5})
    for kind in saved.wants:
        world.analyses.take_off(saved, kind)
    assert world.analyses.complete(saved, NOW, words=words)
    world.analyses.save_drawn(saved, drawn)

    kept = world.analyses.contents("user", "01A")
    assert kept
    assert kept.analysis == world.analyses.read("user", "01A")
    assert kept.analysis.reading
    assert (kept.results, kept.drawn, kept.words) == (
        {Kind.MAKEUP: {"score": 1.5}},
        drawn,
        words,
    )


def test_several_photos_are_kept_as_they_were_told(world: World) -> None:
    told = {"content_type": "image/jpeg", "content_length": 3, "checksum_sha256": "0" * 43 + "="}
    sent = (SentPhoto(**told), SentPhoto(**told, view=View.LEFT))

    asked(world, photos=sent)

    kept = row(world)
    assert (kept.photos, kept.sent) == (sent, sent)
    assert kept.upload_keys == ("faces/user/01A", "faces/user/01A.1")


def test_an_end_gives_the_charge_back_and_knows_who_came_first(world: World) -> None:
    asked_for = asked(world)
    taken = world.analyses.claim(asked_for, NOW)
    assert taken
    missed = PhotoOutcome(index=1, status=PhotoStatus.MISSING)
    failure = FAILURE.model_copy(update={"photos": (missed,)})

    assert world.analyses.end(asked_for, Status.EXPIRED, failure, LATER) is None
    ended = world.analyses.end(taken, Status.FAILED, failure, LATER)

    assert ended
    assert (ended.status, ended.failure) == (Status.FAILED, failure)
    assert ended.awaits == {Awaited.ANNOUNCEMENT}
    assert not ended.decoding
    assert used(world) == 0
    assert world.analyses.end(taken, Status.FAILED, failure, LATER) is None
    assert used(world) == 0
    assert world.analyses.end(analysis("01B"), Status.FAILED, failure, LATER) is None


@pytest.mark.parametrize("before", [asked, claimed])
def test_an_end_that_is_charged_gives_nothing_back(
    world: World, before: Callable[[World], Analysis]
) -> None:
    assert world.analyses.end(before(world), Status.FAILED, FAILURE, NOW, charged=True)

    assert row(world).status is Status.FAILED
    assert used(world) == 1


def test_what_cannot_be_read_is_ended_once_given_back_and_closed(world: World) -> None:
    unreadable = UnreadableRow("user", "01A", "ValueError")
    world.break_analysis(asked(world))
    with pytest.raises(AnalysisUnreadableError):
        world.analyses.get("user", "01A")
    with pytest.raises(AnalysisUnreadableError):
        world.analyses.read("user", "01A")
    with pytest.raises(AnalysisUnreadableError):
        world.analyses.contents("user", "01A")
    assert waiting(world) == [Overdue("ANALYSIS", "user", "01A")]

    assert world.analyses.end_unreadable(unreadable, FAILURE, NOW)

    assert used(world) == 0
    assert waiting(world), "until it is announced"
    assert world.analyses.end_unreadable(unreadable, FAILURE, NOW)
    world.analyses.close_unreadable(unreadable)
    assert waiting(world) == []
    assert not world.analyses.end_unreadable(unreadable, FAILURE, NOW)
    assert used(world) == 0
    gone = UnreadableRow("user", "01B", "x")
    assert not world.analyses.end_unreadable(gone, FAILURE, NOW)
    world.analyses.close_unreadable(gone)
    assert world.analyses.get("user", "01B") is None


def test_what_cannot_be_read_and_has_ended_is_closed_and_stays_charged(world: World) -> None:
    world.break_analysis(advised(world))
    assert waiting(world)

    ended = UnreadableRow("user", "01A", "x")

    assert not world.analyses.end_unreadable(ended, FAILURE, NOW)
    world.analyses.close_unreadable(ended)

    assert waiting(world) == []
    assert used(world) == 1


def test_what_cannot_be_read_is_deleted_with_all_beside_it(world: World) -> None:
    saved = measured(world)
    world.analyses.save_result(saved, Kind.SKINCARE, {})
    world.break_analysis(saved)

    world.analyses.delete_unreadable("user", "01A")
    world.analyses.delete_unreadable("user", "01A")

    assert world.analyses.get("user", "01A") is None
    assert world.analyses.reading("user", "01A") is None
    assert world.analyses.results("user", "01A") == {}
    assert used(world) == 1


def test_an_analysis_that_lost_everything_is_given_back_and_charged_again_for_a_retry(
    world: World,
) -> None:
    ended = advised(world, lost=True)
    assert ended.refunded
    assert used(world) == 0

    lost = frozenset({Kind.SKINCARE, Kind.MAKEUP})
    again = world.analyses.retry(ended, lost, Tier.FREE, LATER)

    assert again
    assert again == row(world)
    assert (again.status, again.pending, again.retries) == (Status.RECOMMENDING, lost, 1)
    assert (again.refunded, again.redrives) == (False, 0)
    assert again.due_at == LATER + RETRY_PATIENCE
    assert again.awaits == frozenset(Awaited)
    assert world.analyses.results("user", "01A") == {}
    assert used(world) == 1
    assert world.analyses.retry(ended, lost, Tier.FREE, LATER) is None
    assert used(world) == 1


def test_a_retry_takes_away_what_was_lost_and_nothing_else(world: World) -> None:
    saved = measured(world)
    world.analyses.save_result(saved, Kind.SKINCARE, {"score": 1})
    world.analyses.save_result(saved, Kind.MAKEUP, {"code": "job_lost"}, lost=True)
    for kind in saved.wants:
        world.analyses.take_off(saved, kind)
    ended = world.analyses.complete(saved, NOW)
    assert ended
    for awaited in Awaited:
        world.analyses.received(ended, awaited)
    ended = row(world)

    assert world.analyses.retry(ended, frozenset(Kind), Tier.FREE, LATER) is None
    assert world.analyses.retry(ended, frozenset({Kind.SKINCARE}), Tier.FREE, LATER) is None
    again = world.analyses.retry(ended, frozenset({Kind.MAKEUP}), Tier.FREE, LATER)

    assert again
    assert again.awaits == {Awaited.ANNOUNCEMENT, Awaited.LOOKS}
    assert world.analyses.results("user", "01A") == {Kind.SKINCARE: {"score": 1}}
    assert used(world) == 1
    assert waiting(world, LATER + RETRY_PATIENCE + timedelta(seconds=1))
    # And once more, after it was lost again.
    world.analyses.save_result(again, Kind.MAKEUP, {"code": "job_lost"}, lost=True)
    ended = world.analyses.complete(again, LATER, last=Kind.MAKEUP)
    assert ended
    third = world.analyses.retry(ended, frozenset({Kind.MAKEUP}), Tier.FREE, LATER)
    assert third
    assert third.retries == 2


def test_a_retry_that_is_charged_needs_quota(world: World) -> None:
    ended = advised(world, lost=True)
    for number in range(50):
        asked(world, analysis_id=f"{number:03}")

    with pytest.raises(QuotaExceededError):
        world.analyses.retry(ended, frozenset({Kind.SKINCARE}), Tier.FREE, LATER)
    assert row(world) == ended
    assert len(world.analyses.results("user", "01A")) == 2
    # Tomorrow there is more.
    tomorrow = NOW + timedelta(days=1)
    again = world.analyses.retry(ended, frozenset({Kind.SKINCARE}), Tier.FREE, tomorrow)
    assert again
    assert again.quota_day == tomorrow.date().isoformat()
    assert world.analyses.usage("user", Tier.FREE, tomorrow).used == 1


def test_a_try_of_the_sweep_counts_once(world: World) -> None:
    first = asked(world)

    assert world.analyses.redriven(first, LATER)
    assert not world.analyses.redriven(first, LATER)

    again = row(world)
    assert (again.redrives, again.updated_at) == (1, first.updated_at)
    assert again.due_at == LATER + WAITS[0]
    assert world.analyses.redriven(again, LATER)
    assert not world.analyses.redriven(analysis("01B"), LATER)
    assert world.analyses.claim(row(world), LATER)
    assert not world.analyses.redriven(again, LATER)


def test_a_deletion_takes_results_along_and_gives_an_unused_charge_back(world: World) -> None:
    unused = asked(world, analysis_id="01A")
    saved = measured(world, analysis_id="01B")
    world.analyses.save_result(saved, Kind.SKINCARE, {})
    world.analyses.save_drawn(saved, ())

    assert world.analyses.delete(unused)
    assert not world.analyses.delete(unused)
    assert not world.analyses.delete(saved.model_copy(update={"status": Status.ANALYZING}))
    assert world.analyses.delete(saved)

    assert used(world) == 1
    day = f"QUOTA#{NOW.date()}"
    assert list(dict(world.accounts.rows("user"))) == [day]


def test_what_became_of_the_looks_is_saved_once_and_not_for_the_deleted(world: World) -> None:
    saved = measured(world)
    drawn = (DrawnLook(name="Day", status=LookStatus.COMPLETED, picture="look-1"),)

    def kept() -> Any:
        contents = world.analyses.contents("user", "01A")
        assert contents
        return contents.drawn

    assert kept() is None
    assert world.analyses.save_drawn(saved, drawn)
    assert world.analyses.save_drawn(saved, ())
    assert kept() == drawn
    assert Awaited.LOOKS not in row(world).awaits
    assert not world.analyses.save_drawn(analysis("01B"), drawn)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_the_history_is_paged_newest_first(world: World, limit: int) -> None:
    for name in ("01A", "01B", "01C"):
        asked(world, analysis_id=name)

    seen, before = [], None
    while True:
        page = world.analyses.history("user", limit, before)
        seen += [each.analysis_id for each in page.analyses]
        if (before := page.next_id) is None:
            break
    assert seen == ["01C", "01B", "01A"]
    assert [a.analysis_id for a in world.analyses.earliest("user", 2)] == ["01A", "01B"]
    assert world.analyses.history("somebody", limit, None).analyses == ()


def test_a_row_that_cannot_be_read_is_told_of_in_the_history(world: World) -> None:
    for name in ("01A", "01B", "01C"):
        asked(world, analysis_id=name)
    world.break_analysis(row(world, "01B"))

    page = world.analyses.history("user", 2, None)

    assert [each.analysis_id for each in page.analyses] == ["01C"]
    assert [row.analysis_id for row in page.unreadable] == ["01B"]
    assert page.next_id == "01B"
    assert [a.analysis_id for a in world.analyses.earliest("user", 3)] == ["01A", "01C"]


# --- looks, shelves, products --------------------------------------------------------------------


def test_a_look_is_kept_once(world: World) -> None:
    world.looks.create(look())

    awaited = look(due_at=NOW + RENDER_PATIENCE)
    assert world.looks.get("user", "01L") == awaited
    assert world.looks.get("somebody", "01L") is None
    world.looks.create(look(name="Other"))  # the same request again
    assert world.looks.get("user", "01L") == awaited


def test_a_look_is_finished_once(world: World) -> None:
    world.looks.create(look())
    done = look(status="failed", code="photo_gone", message="Gone.", updated_at=LATER)

    assert world.looks.finish(done)
    assert not world.looks.finish(done.model_copy(update={"code": "other"}))
    assert world.looks.get("user", "01L") == done
    assert not world.looks.finish(look("01M"))


def test_a_look_is_sent_on_while_it_is_awaited(world: World) -> None:
    world.looks.create(look())

    assert world.looks.redriven(look(), LATER)

    kept = world.looks.get("user", "01L")
    assert kept
    assert (kept.redrives, kept.due_at) == (1, due_again(LATER, 0, RENDER_PATIENCE))
    assert world.looks.finish(look(status="completed"))
    assert not world.looks.redriven(look(), LATER)
    assert not world.looks.redriven(look("01M"), LATER)


def test_a_look_is_renamed_and_deleted_where_it_is(world: World) -> None:
    world.looks.create(look())

    changed = world.looks.change("user", "01L", "Mine", True, LATER)

    due_at = NOW + RENDER_PATIENCE
    assert changed == look(name="Mine", favourite=True, updated_at=LATER, due_at=due_at)
    assert world.looks.change("user", "01M", "Mine", True, LATER) is None
    world.looks.delete("user", "01L")
    world.looks.delete("user", "01L")
    assert world.looks.get("user", "01L") is None


def test_looks_are_paged_and_go_with_their_analysis(world: World) -> None:
    for number, of in enumerate(("01A", "01B", "01A")):
        world.looks.create(look(f"0{number}", analysis_id=of))

    page = world.looks.page("user", 2, None)
    assert ([each.look_id for each in page.looks], page.next_id) == (["02", "01"], "01")
    rest = world.looks.page("user", 2, page.next_id)
    assert ([each.look_id for each in rest.looks], rest.next_id) == (["00"], None)
    world.looks.delete_of("user", "01A")
    assert [each.look_id for each in world.looks.page("user", 5, None).looks] == ["01"]


def test_a_profile_is_replaced_whole_and_an_unreadable_one_is_told(world: World) -> None:
    assert world.shelves.profile("user") is None
    world.shelves.save_profile("user", {"sensitive": True, "goals": ["redness"]})
    world.shelves.save_profile("user", {"sensitive": True})
    assert world.shelves.profile("user") == {"sensitive": True}
    world.break_profile("user")
    with pytest.raises(ProfileUnreadableError):
        world.shelves.profile("user")
    with pytest.raises(ProfileUnreadableError):
        world.belongings.of("user", frozenset())


def test_things_are_put_read_and_deleted_by_shelf(world: World) -> None:
    assert world.shelves.put("user", Shelf.BAG, "a", {"name": "Cream", "item_id": "x"})
    assert not world.shelves.put("user", Shelf.BAG, "a", {"name": "Balm"})
    assert world.shelves.get("user", Shelf.BAG, "a") == {"name": "Balm", "item_id": "a"}
    assert world.shelves.get("user", Shelf.WARDROBE, "a") is None
    assert world.shelves.delete("user", Shelf.BAG, "a")
    assert not world.shelves.delete("user", Shelf.BAG, "a")


def test_a_thing_is_changed_by_what_it_is_now_even_if_somebody_writes_between(
    world: World,
) -> None:
    world.shelves.put("user", Shelf.WARDROBE, "a", {"worn": 1})
    tries = []

    def edit(document: Any) -> Any:
        tries.append(document)
        if len(tries) == 1:
            world.shelves.put("user", Shelf.WARDROBE, "a", {"worn": 5})
        return {**document, "worn": document["worn"] + 1}

    world.shelves.change("user", Shelf.WARDROBE, "a", edit)
    assert world.shelves.get("user", Shelf.WARDROBE, "a") == {"worn": 6, "item_id": "a"}
    assert world.shelves.change("user", Shelf.WARDROBE, "a", lambda _: None) is None
    assert world.shelves.change("user", Shelf.WARDROBE, "b", lambda _: {"new": True})
    assert world.shelves.get("user", Shelf.WARDROBE, "b") == {"new": True, "item_id": "b"}


def test_a_shelf_is_paged_in_the_order_of_ids(world: World) -> None:
    for name in ("c", "a", "b"):
        world.shelves.put("user", Shelf.BAG, name, {})

    page = world.shelves.page("user", Shelf.BAG, 2, None)
    assert ([each["item_id"] for each in page.documents], page.next_id) == (["a", "b"], "b")
    rest = world.shelves.page("user", Shelf.BAG, 2, "b")
    assert ([each["item_id"] for each in rest.documents], rest.next_id) == (["c"], None)


def test_things_are_counted_on_the_shelves_together(world: World) -> None:
    shelves = world.shelves
    shelves.put("user", Shelf.BAG, "a", {}, 2)
    shelves.put("user", Shelf.FEEDBACK, "01", {}, 2)
    assert shelves.change("user", Shelf.WARDROBE, "b", lambda _: {"new": True}, 2)

    with pytest.raises(BelongingsFullError):
        shelves.put("user", Shelf.BAG, "c", {}, 2)
    with pytest.raises(BelongingsFullError):
        shelves.change("user", Shelf.WARDROBE, "c", lambda _: {"new": True}, 2)

    assert not shelves.put("user", Shelf.BAG, "a", {"name": "replaced"}, 2)
    assert shelves.change("user", Shelf.WARDROBE, "b", lambda _: {"new": False}, 2)
    assert shelves.put("somebody", Shelf.BAG, "c", {}, 2)
    assert not shelves.delete("user", Shelf.BAG, "c")
    assert shelves.delete("user", Shelf.BAG, "a")
    assert shelves.put("user", Shelf.BAG, "c", {}, 2)


def test_looks_are_counted_by_their_photo(world: World) -> None:
    for number, of in enumerate(("01A", "01B", "01A")):
        world.looks.create(look(f"0{number}", analysis_id=of))

    assert world.looks.of_analyses("user", 10) == {"01A": 2, "01B": 1}
    assert world.looks.of_analyses("user", 2).total() == 2
    assert not world.looks.of_analyses("somebody", 10)


def test_a_page_of_a_shelf_ends_before_it_is_too_large(world: World) -> None:
    names = [f"{number:02}" for number in range(10)]
    for name in names:
        world.shelves.put("user", Shelf.BAG, name, {"name": "é" * 50_000})  # 300 kB as it is stored

    pages: list[list[str]] = []
    after = None
    while not pages or after:
        page = world.shelves.page("user", Shelf.BAG, 10, after)
        pages.append([each["item_id"] for each in page.documents])
        after = page.next_id

    assert pages == [names[:6], names[6:]]


def test_advice_is_given_the_shelves_it_asks_of(world: World) -> None:
    world.shelves.save_profile("user", {"sensitive": True})
    world.shelves.put("user", Shelf.BAG, "cream", {})
    world.shelves.put("user", Shelf.WARDROBE, "shirt", {})
    world.shelves.put("user", Shelf.FEEDBACK, "01", {})
    world.shelves.put("user", Shelf.FEEDBACK, "02", {})

    skincare = world.belongings.of("user", frozenset({Shelf.BAG}))
    outfit = world.belongings.of("user", frozenset({Shelf.WARDROBE, Shelf.FEEDBACK}))

    assert (skincare.profile, skincare.bag) == ({"sensitive": True}, ({"item_id": "cream"},))
    assert (skincare.wardrobe, outfit.bag) == ((), ())
    assert outfit.wardrobe == ({"item_id": "shirt"},)
    assert outfit.feedback == ({"item_id": "02"}, {"item_id": "01"})
    assert world.belongings.of("somebody", frozenset({Shelf.BAG})).profile == {}


def test_a_product_is_looked_up_by_its_id(world: World, product: Product) -> None:
    world.add_product(product)

    assert world.products.get(product.product_id) == product
    assert world.products.get("nothing") is None


@pytest.fixture(scope="module")
def product() -> Product:
    from facet.catalogue.build import build_catalogue  # noqa: PLC0415
    from facet.catalogue.catalogue import Catalogue  # noqa: PLC0415

    return next(iter(Catalogue.load(build_catalogue(ROOT / "data" / "skincare"))))


# --- objects, queues, accounts, users, events ----------------------------------------------------


def test_an_object_is_put_read_and_deleted(world: World) -> None:
    world.objects.put("looks/user/1", b"picture", "image/jpeg", "correlation")

    assert world.objects.get("looks/user/1") == b"picture"
    assert world.objects.exists("looks/user/1")
    assert world.objects.get("looks/user/2") is None
    assert not world.objects.exists("looks/user/2")
    world.objects.delete("looks/user/1", "looks/user/2")
    assert world.objects.get("looks/user/1") is None


def test_an_object_is_read_again_only_where_it_changed(world: World) -> None:
    assert world.objects.get_if_changed("key", None) is None
    world.objects.put("key", b"one", "text/plain", "correlation")
    first = world.objects.get_if_changed("key", None)
    assert first
    assert first[0] == b"one"
    assert world.objects.get_if_changed("key", first[1]) is None
    world.objects.put("key", b"two", "text/plain", "correlation")
    second = world.objects.get_if_changed("key", first[1])
    assert second
    assert second[0] == b"two"


def test_objects_are_listed_and_removed_by_their_prefix(world: World) -> None:
    for key in ("a/1", "a/2", "ab/1"):
        world.objects.put(key, b"x", "text/plain", "correlation")

    assert list(world.objects.keys("a/")) == ["a/1", "a/2"]
    assert world.objects.delete_below("a/") == 2
    assert world.objects.delete_below("a/") == 0
    assert world.objects.erase_below("ab/") == 1
    assert world.objects.erase_below("ab/") == 0


def test_a_stream_is_written_whole_or_not_at_all(world: World) -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise FacetError("broken")

    assert world.objects.put_stream("whole", iter([b"one", b"", b"two"]), "text/plain") == 6
    with pytest.raises(FacetError):
        world.objects.put_stream("part", broken(), "text/plain")
    assert world.objects.get("whole") == b"onetwo"
    assert world.objects.get("part") is None


def test_an_upload_is_announced_again_where_it_is(world: World) -> None:
    world.objects.put("faces/user/1", b"x", "image/jpeg", "correlation")

    assert world.objects.send_event_again("faces/user/1")
    assert not world.objects.send_event_again("faces/user/2")


def test_urls_are_signed_for_one_key(world: World) -> None:
    upload = world.objects.presign_put(
        "faces/user/1",
        content_type="image/jpeg",
        content_length=3,
        checksum_sha256="abc=",
        correlation_id="correlation",
        seconds=60,
    )
    url = world.objects.presign_get("photos/user/1.jpg", 60)

    assert upload.method == "PUT"
    assert "faces/user/1" in upload.url
    assert "photos/user/1.jpg" in url
    assert upload.headers == {
        "Content-Type": "image/jpeg",
        "Content-Length": "3",
        "If-None-Match": "*",
        "x-amz-checksum-sha256": "abc=",
        "x-amz-meta-correlation-id": "correlation",
    }


def test_a_queue_takes_jobs_one_by_one(world: World) -> None:
    jobs = [FaceAnalyzed(analysis_id="1", user_id="user", kind=kind) for kind in Kind]

    world.queue.send(jobs[:2], "correlation")
    assert world.queue.depth() == 2
    assert world.sent() == [job.model_dump(mode="json") for job in jobs[:2]]


def test_an_account_job_may_be_put_off(world: World) -> None:
    job = ErasureRequested(user_id="user", username="eva", erasure_id="01E")

    world.queue.send([job], "correlation", delay=timedelta(0))
    assert world.sent() == [job.model_dump(mode="json")]


def test_all_rows_of_a_user_are_read_and_removed(world: World) -> None:
    measured(world)
    world.looks.create(look())
    world.shelves.save_profile("user", {"sensitive": True})
    world.shelves.put("user", Shelf.BAG, "a", {"name": "Cream"})
    world.shelves.put("somebody", Shelf.BAG, "b", {})

    rows = dict(world.accounts.rows("user"))

    day = NOW.date().isoformat()
    kept = ["ANALYSIS#01A", "BAG#a", "LOOK#01L", "OWNED", "PROFILE", f"QUOTA#{day}"]
    assert list(rows) == [*kept, "READING#01A", "TONE#01A"]
    for name in ("due_at", "awaits", "redrives", "decoding"):
        assert all(name not in document for document in rows.values()), name
    assert rows["OWNED"] == {"things": 1}
    assert rows["TONE#01A"]["evidence"] == [{"kind": "photo", "ita": 45.0, "error": 10.0}]
    assert rows["PROFILE"]["document"] == {"sensitive": True}
    assert rows["ANALYSIS#01A"]["status"] == "recommending"
    assert rows["READING#01A"]["reading"]["quality"]["verdict"] == "good"
    assert world.accounts.delete_rows("user") >= len(rows)  # those that are no data as well
    assert world.accounts.delete_rows("user") == 0
    assert dict(world.accounts.rows("user")) == {}
    assert list(dict(world.accounts.rows("somebody"))) == ["BAG#b", "OWNED"]


def test_an_export_is_ready_once_its_row_says_so(world: World) -> None:
    assert not world.accounts.newest_exports("user", 1)
    for name in ("01E", "02E"):
        world.accounts.save_export(
            "user", Export(export_id=name, requested_at=NOW, expires_at=LATER)
        )

    newest, older = world.accounts.newest_exports("user", 3)
    assert older.export_id == "01E"
    assert len(world.accounts.newest_exports("user", 1)) == 1
    assert (newest.export_id, newest.status) == ("02E", ExportStatus.PENDING)
    assert world.accounts.export_ready("user", "01E", 12, LATER)
    assert not world.accounts.export_ready("user", "03E", 12, LATER)
    ready = world.accounts.export("user", "01E")
    assert ready
    assert (ready.status, ready.bytes, ready.ready_at) == (ExportStatus.READY, 12, LATER)
    assert world.accounts.export("somebody", "01E") is None


def export(world: World, export_id: str = "01E") -> Export:
    kept = world.accounts.export("user", export_id)
    assert kept
    return kept


def test_an_export_is_kept_once_with_whom_it_is_of(world: World) -> None:
    first = Export(export_id="01E", requested_at=NOW, expires_at=LATER, username="eva")
    world.accounts.save_export("user", first)
    world.accounts.save_export("user", first.model_copy(update={"username": "other"}))
    assert export(world) == first


def test_an_export_is_sent_on_and_given_up_unless_it_is_ready(world: World) -> None:
    first = Export(export_id="01E", requested_at=NOW, expires_at=LATER)
    world.accounts.save_export("user", first)

    world.accounts.export_redriven("user", first, LATER)
    assert (export(world).redrives, export(world).status) == (1, ExportStatus.PENDING)
    world.accounts.export_failed("user", first, LATER)
    assert (export(world).failed_at, export(world).status) == (LATER, ExportStatus.FAILED)
    assert world.accounts.export_ready("user", "01E", 12, LATER)  # after all
    world.accounts.export_failed("user", first, LATER)
    world.accounts.export_redriven("user", first, LATER)
    assert (export(world).redrives, export(world).status) == (1, ExportStatus.READY)
    gone = first.model_copy(update={"export_id": "02E"})
    world.accounts.export_failed("user", gone, LATER)
    world.accounts.export_redriven("user", gone, LATER)
    assert world.accounts.export("user", "02E") is None


def test_an_erasure_is_marked_once_and_outlives_the_rows(world: World) -> None:
    assert world.accounts.erasure("user") is None

    first = world.accounts.mark_erasure("user", "01E", NOW)

    assert (first.erasure_id, first.status, first.requested_at) == ("01E", "erasing", NOW)
    assert world.accounts.mark_erasure("user", "02E", LATER) == first
    world.accounts.count_erased("user", objects=2, rows=1)
    assert world.accounts.delete_rows("user") == 0
    world.accounts.end_erasure("user", LATER)
    world.accounts.end_erasure("user", LATER + timedelta(hours=1))
    ended = world.accounts.erasure("user")
    assert ended
    assert (ended.status, ended.erased_at) == ("erased", LATER)
    world.accounts.end_erasure("somebody", LATER)
    assert world.accounts.erasure("somebody") is None


def test_a_repeated_request_has_the_first_one_s_id_for_a_day(world: World) -> None:
    def reserve(row_id: str, body: str = "body", hours: int = 0, user: str = "user") -> Reservation:
        return world.repeats.reserve(user, "digest", row_id, body, NOW + timedelta(hours=hours))

    def give_back(row_id: str, hours: int) -> None:
        world.repeats.give_back("user", "digest", row_id, NOW + timedelta(hours=hours))

    assert reserve("01") == Reservation("01", "body")
    assert reserve("02", "other", hours=23) == Reservation("01", "body")
    assert reserve("03", user="somebody") == Reservation("03", "body")
    assert reserve("04", hours=24) == Reservation("04", "body")
    give_back("04", 25)
    assert reserve("05", hours=25) == Reservation("05", "body")
    reserve("06", hours=25)
    give_back("05", 25)  # the other may be making it
    assert reserve("07", hours=25) == Reservation("05", "body")
    world.repeats.made("user", "digest", "05")
    assert reserve("08", hours=26) == Reservation("05", "body", made=True)
    world.repeats.made("user", "digest", "0E")  # it was answered with another
    assert reserve("08", hours=27) == Reservation("0E", "body", made=True)
    assert reserve("09", hours=49) == Reservation("09", "body")


def test_a_request_s_id_is_no_data_of_its_person_and_goes_with_their_rows(world: World) -> None:
    world.repeats.reserve("user", "digest", "01", "body", NOW)
    assert dict(world.accounts.rows("user")) == {}


def test_a_user_is_described_until_deleted(world: World) -> None:
    world.add_user("eva")

    described = world.users.describe("eva")
    assert described
    assert described["enabled"] is True
    world.users.delete("eva")
    world.users.delete("eva")
    assert world.users.describe("eva") is None


def test_an_ended_analysis_is_published(world: World) -> None:
    world.events.publish(
        AnalysisEnded(
            analysis_id="01A", user_id="user", status=Status.COMPLETED, correlation_id="c"
        )
    )


# --- what waits too long -------------------------------------------------------------------------

GARMENT_PHOTO = GarmentPhoto(
    status="awaiting_upload",
    content_type="image/jpeg",
    content_length=3,
    checksum_sha256="0" * 43 + "=",
    expires_at=NOW,
    correlation_id="correlation",
    due_at=NOW + timedelta(minutes=11),
)


def put_garment(world: World, **told: Any) -> None:
    photo = GARMENT_PHOTO.model_copy(update=told).model_dump(mode="json", exclude_none=True)
    world.shelves.put("user", Shelf.WARDROBE, "shirt", {"photo": photo})


def test_everything_that_waits_is_found_in_its_shard_once_it_is_overdue(world: World) -> None:
    asked(world, analysis_id="01A")
    world.looks.create(look("01L"))
    put_garment(world)
    world.shelves.put("user", Shelf.WARDROBE, "told", {"name": "Coat"})
    world.accounts.save_export("user", Export(export_id="01E", requested_at=NOW, expires_at=LATER))

    assert waiting(world, NOW) == []
    found = {
        each: shard for shard in range(OPEN_SHARDS) for each in world.overdue.overdue(shard, LATER)
    }

    assert found.keys() == {
        Overdue("ANALYSIS", "user", "01A"),
        Overdue("LOOK", "user", "01L"),
        Overdue("WARDROBE", "user", "shirt"),
        Overdue("EXPORT", "user", "01E"),
    }
    for each, shard in found.items():
        assert shard == sum(each.row_id.encode()) % OPEN_SHARDS


def test_the_oldest_of_a_shard_comes_first(world: World) -> None:
    for name, minutes in (("01AB", 2), ("01BA", 1)):
        asked(world, analysis_id=name, created_at=NOW + timedelta(minutes=minutes))
    assert [each.row_id for each in waiting(world)] == ["01BA", "01AB"]


def test_nothing_is_overdue_that_was_sent_on_ended_or_deleted(world: World) -> None:
    sent_on, gone = asked(world, analysis_id="01A"), asked(world, analysis_id="01B")
    world.analyses.redriven(sent_on, LATER)
    world.analyses.delete(gone)
    for name in ("01L", "02L"):
        world.looks.create(look(name))
    world.looks.redriven(look("01L"), LATER)
    world.looks.finish(look("02L", status="failed"))
    put_garment(world, due_at=LATER + timedelta(minutes=11))
    for name in ("01E", "02E", "03E"):
        told = Export(export_id=name, requested_at=NOW, expires_at=LATER)
        world.accounts.save_export("user", told)
    world.accounts.export_redriven("user", export(world, "01E"), LATER)
    world.accounts.export_failed("user", export(world, "02E"), LATER)
    world.accounts.export_ready("user", "03E", 1, LATER)

    assert waiting(world) == []
    later = LATER + max(EXPORT_PATIENCE, RENDER_PATIENCE) + timedelta(minutes=1)
    assert {each.row_id for each in waiting(world, later)} == {"01A", "01L", "shirt", "01E"}
    put_garment(world, status="ready")
    world.shelves.delete("user", Shelf.WARDROBE, "shirt")
    world.looks.delete("user", "01L")
    assert {each.row_id for each in waiting(world, later)} == {"01A", "01E"}


# --- a write whose answer is lost ----------------------------------------------------------------


class Repeating:
    """A client each of whose writes is sent twice, as the SDK does where an answer is lost.

    tokens: whether DynamoDB knows a transaction again, as it does for ten minutes.
    """

    def __init__(self, client: Any, monkeypatch: pytest.MonkeyPatch, *, tokens: bool) -> None:
        self.repeated = 0
        once = client._make_api_call

        def twice(operation: str, request: dict[str, Any]) -> Any:
            answer = once(operation, request)
            known = operation == "TransactWriteItems" and tokens
            if operation.startswith(("Put", "Update", "Delete", "Transact")):
                self.repeated += 1
                answer = answer if known else once(operation, request)
            return answer

        monkeypatch.setattr(client, "_make_api_call", twice)


def saved_reading(world: World, of: Analysis) -> bool:
    saved = world.analyses.save_reading(of, face_reading(), PHOTO, NOW)
    return bool(saved and saved == row(world) and world.analyses.reading("user", "01A"))


def opened(world: World, of: Analysis) -> bool:
    world.analyses.opened(of)
    return not row(world).decoding


def released(world: World, of: Analysis) -> bool:
    world.analyses.release(of, NOW)
    return not row(world).decoding


def saved_result(world: World, of: Analysis) -> bool:
    world.analyses.save_result(of, Kind.MAKEUP, {})
    return world.analyses.results("user", "01A") == {Kind.MAKEUP: {}}


def given_back(world: World, done: object) -> bool:
    return bool(done) and used(world) == 0


def closed(world: World, done: object) -> bool:
    return bool(done) and row(world).due_at is None


def all_but_announced(world: World) -> Analysis:
    ended = advised(world)
    for awaited in (Awaited.THUMBNAILS, Awaited.LOOKS):
        world.analyses.received(ended, awaited)
    return row(world)


def last_pending(world: World) -> Analysis:
    left = world.analyses.take_off(measured(world), Kind.SKINCARE)
    assert left
    return left


def none_pending(world: World) -> Analysis:
    left = world.analyses.take_off(last_pending(world), Kind.MAKEUP)
    assert left
    return left


def unreadable(world: World) -> UnreadableRow:
    world.break_analysis(asked(world))
    return UnreadableRow("user", "01A", "ValueError")


def ended_unreadable(world: World, of: UnreadableRow) -> bool:
    return world.analyses.end_unreadable(of, FAILURE, NOW) and used(world) == 0


def deleted(world: World, of: Analysis) -> bool:
    done = delete_analysis(
        "user",
        of.analysis_id,
        analyses=world.analyses,
        looks=world.looks,
        uploads=world.objects,
        media=world.objects,
    )
    return done and used(world) == 0 and world.analyses.get("user", "01A") is None


def rendering(world: World) -> SavedLook:
    world.looks.create(look())
    return look()


def exporting(world: World) -> Export:
    world.accounts.save_export("user", Export(export_id="01E", requested_at=NOW, expires_at=LATER))
    return export(world)


def redriven_export(world: World, of: Export) -> bool:
    world.accounts.export_redriven("user", of, LATER)
    return export(world).redrives == 1


def failed_export(world: World, of: Export) -> bool:
    world.accounts.export_failed("user", of, LATER)
    return export(world).status is ExportStatus.FAILED


def created_look(world: World, _: None) -> bool:
    world.looks.create(look())
    return world.looks.get("user", "01L") is not None


def reserved(world: World, _: None) -> bool:
    return world.repeats.reserve("user", "digest", "01", "body", NOW).row_id == "01"


def key_given_back(world: World, _: bool) -> bool:
    world.repeats.give_back("user", "digest", "01", NOW)
    return world.repeats.reserve("user", "digest", "02", "other", NOW).row_id == "02"


def key_made(world: World, _: bool) -> bool:
    world.repeats.made("user", "digest", "01")
    return world.repeats.reserve("user", "digest", "02", "body", NOW).made


def worn(world: World, _: None) -> bool:
    world.shelves.change("user", Shelf.WARDROBE, "shirt", lambda there: {**(there or {}), "on": 1})
    kept = world.shelves.get("user", Shelf.WARDROBE, "shirt")
    return kept == {"item_id": "shirt", "photo": {}, "on": 1}


def a_garment(world: World) -> None:
    world.shelves.put("user", Shelf.WARDROBE, "shirt", {"photo": {}})


def lost_all(world: World) -> Analysis:
    return advised(world, lost=True)


def nothing(_: World) -> None:
    return None


LOST_BOTH = frozenset({Kind.SKINCARE, Kind.MAKEUP})
# Each conditional write: what is there before it, and whether it says that it was done, and was.
WRITES: dict[str, tuple[Callable[[World], Any], Callable[[World, Any], bool]]] = {
    "create": (nothing, lambda w, _: asked(w) == row(w) and used(w) == 1),
    "signed_again": (asked, lambda w, of: w.analyses.signed_again(of, LATER, LATER)),
    "claim": (asked, lambda w, of: w.analyses.claim(of, NOW) == row(w)),
    "claim after a death": (
        claimed,
        lambda w, of: w.analyses.claim(of, LATER) == row(w) and row(w).decoder_deaths == 1,
    ),
    "opened": (claimed, opened),
    "release": (claimed, released),
    "save_reading": (claimed, saved_reading),
    "save_thumbnails": (
        advised,
        lambda w, of: w.analyses.save_thumbnails(of) and row(w).thumbnails,
    ),
    "received, the last": (
        all_but_announced,
        lambda w, of: closed(w, w.analyses.received(of, Awaited.ANNOUNCEMENT)),
    ),
    "received, not the last": (
        advised,
        lambda w, of: bool(w.analyses.received(of, Awaited.LOOKS)) and bool(row(w).due_at),
    ),
    "save_result": (measured, saved_result),
    "take_off": (measured, lambda w, of: w.analyses.take_off(of, Kind.MAKEUP) == row(w)),
    "complete": (none_pending, lambda w, of: w.analyses.complete(of, NOW) == row(w)),
    "complete, the last": (
        last_pending,
        lambda w, of: w.analyses.complete(of, NOW, last=Kind.MAKEUP) == row(w),
    ),
    "complete, all lost": (
        none_pending,
        lambda w, of: given_back(w, w.analyses.complete(of, NOW, all_lost=True)),
    ),
    "save_drawn": (advised, lambda w, of: w.analyses.save_drawn(of, ())),
    "end": (
        claimed,
        lambda w, of: given_back(w, w.analyses.end(of, Status.FAILED, FAILURE, NOW)),
    ),
    "end, charged": (
        asked,
        lambda w, of: bool(w.analyses.end(of, Status.FAILED, FAILURE, NOW, charged=True)),
    ),
    "end_unreadable": (unreadable, ended_unreadable),
    "retry": (
        lost_all,
        lambda w, of: w.analyses.retry(of, LOST_BOTH, Tier.FREE, NOW) == row(w) and used(w) == 1,
    ),
    "redriven": (asked, lambda w, of: w.analyses.redriven(of, NOW) and row(w).redrives == 1),
    "delete": (asked, deleted),
    "look: create": (nothing, created_look),
    "look: finish": (rendering, lambda w, of: w.looks.finish(of)),
    "look: redriven": (rendering, lambda w, of: w.looks.redriven(of, LATER)),
    "export: ready": (exporting, lambda w, _: w.accounts.export_ready("user", "01E", 1, LATER)),
    "export: redriven": (exporting, redriven_export),
    "export: failed": (exporting, failed_export),
    "garment: change": (a_garment, worn),
    "key: reserve": (nothing, reserved),
    "key: reserve again": (
        lambda w: reserved(w, None),
        lambda w, _: w.repeats.reserve("user", "digest", "02", "body", NOW).row_id == "01",
    ),
    "key: give back": (lambda w: reserved(w, None), key_given_back),
    "key: made": (lambda w: reserved(w, None), key_made),
}


@pytest.mark.parametrize("tokens", [True, False], ids=["known by its token", "not known"])
@pytest.mark.parametrize("write", WRITES)
def test_a_write_whose_answer_is_lost(
    on_aws: World, monkeypatch: pytest.MonkeyPatch, write: str, tokens: bool
) -> None:
    """The SDK sends it once more, and its condition fails by the first: it is one's own."""
    before, done = WRITES[write]
    there = before(on_aws)

    sent = Repeating(on_aws.dynamodb, monkeypatch, tokens=tokens)

    assert done(on_aws, there)
    assert sent.repeated


def test_a_write_that_somebody_else_was_before_is_not_taken_for_one_s_own(on_aws: World) -> None:
    first = asked(on_aws)
    assert on_aws.analyses.claim(first, NOW)
    assert on_aws.analyses.claim(first, NOW) is None
    assert on_aws.analyses.end(first, Status.EXPIRED, FAILURE, NOW) is None
    assert not on_aws.analyses.signed_again(first, LATER, LATER)


@pytest.fixture
def one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's rows are no place for several threads; between two calls anybody may come."""
    call, lock = BaseClient._make_api_call, Lock()  # type: ignore[attr-defined]

    def alone(*given: Any) -> Any:
        with lock:
            return call(*given)

    monkeypatch.setattr(BaseClient, "_make_api_call", alone)


def at_once(ask: Callable[[int], object]) -> list[BaseException | None]:
    """What each of thirteen that ask at once is refused with; None: nothing."""
    together = Barrier(13)

    def run(number: int) -> BaseException | None:
        together.wait()
        try:
            ask(number)
        except PermanentError as error:
            return error
        return None

    with ThreadPoolExecutor(13) as pool:
        return list(pool.map(run, range(13)))


@pytest.mark.usefixtures("one_call_at_a_time")
def test_of_thirteen_looks_at_once_there_are_as_many_as_there_is_room(on_aws: World) -> None:
    world = on_aws
    world.looks.create(look("01L"))

    def ask(number: int) -> None:
        def check() -> None:
            if sum(world.looks.of_analyses("user", 4).values()) >= 4:
                raise PermanentError("looks_full", most=4)

        world.looks.create(look(f"02{number:02}"), check)

    refused = at_once(ask)

    assert refused.count(None) == 3
    assert sum(world.looks.of_analyses("user", 99).values()) == 4


@pytest.mark.usefixtures("one_call_at_a_time")
def test_of_thirteen_exports_at_once_one_is_made_and_answers_all(on_aws: World) -> None:
    world, jobs = on_aws, fakes.FakeQueue[AccountJob]()
    ids: set[str] = set()

    def ask(number: int) -> None:
        person = Person("user", "eva")
        ids.add(
            request_export(
                person,
                f"01{number:02}",
                "correlation",
                now=NOW,
                most_a_day=3,
                accounts=world.accounts,
                jobs=jobs,
            )
        )

    assert at_once(ask) == [None] * 13
    assert len(ids) == len(jobs.sent) == 1
    for _ in range(3):
        (newest,) = world.accounts.newest_exports("user", 1)
        assert world.accounts.export_ready("user", newest.export_id, 1, NOW)
        at_once(lambda number: ask(number + len(ids) * 20))
    assert len(world.accounts.newest_exports("user", 99)) == 3


def test_a_put_whose_answer_is_lost_counts_a_thing_once(
    on_aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Repeating(on_aws.dynamodb, monkeypatch, tokens=True)

    assert on_aws.shelves.put("user", Shelf.BAG, "cream", {}, 1)
    with pytest.raises(BelongingsFullError):
        on_aws.shelves.put("user", Shelf.BAG, "balm", {}, 1)
    assert on_aws.shelves.delete("user", Shelf.BAG, "cream")
    assert on_aws.shelves.put("user", Shelf.BAG, "balm", {}, 1)


@pytest.mark.parametrize("broken", ["REMOVE #name", "SET #name = :list"])
@pytest.mark.parametrize("name", ["look_id", "user_id", "products", "status", "expires_at"])
def test_a_look_that_cannot_be_read_is_told_of_as_such(
    on_aws: World, name: str, broken: str
) -> None:
    world = on_aws
    for look_id in ("01K", "01L", "01M"):
        world.looks.create(look(look_id))
    listed = {"ExpressionAttributeValues": {":list": ["a list"]}}
    world.dynamodb.update_item(
        TableName="Table",
        Key={"PK": "USER#user", "SK": "LOOK#01L"},
        UpdateExpression=broken,
        ExpressionAttributeNames={"#name": name},
        **(listed if ":list" in broken else {}),
    )

    page = world.looks.page("user", 2, None)
    assert [kept.look_id for kept in page.looks] == ["01M"]
    assert (page.unreadable, page.next_id) == (("01L",), "01L")
    assert [kept.look_id for kept in world.looks.page("user", 2, "01L").looks] == ["01K"]
    with pytest.raises(LookUnreadableError):
        world.looks.get("user", "01L")
    with pytest.raises(LookUnreadableError):
        world.looks.change("user", "01L", "Mine", True, LATER)
    world.looks.delete("user", "01L")
    assert world.looks.get("user", "01L") is None
