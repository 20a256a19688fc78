"""The fakes of tests/fakes.py and the adapters on moto behave alike: one test holds both.

The dresser is not among them: moto has no model, tests/integration/test_bedrock.py stubs it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.decode import cfn_yaml
from moto import mock_aws

from facet.adapters.account import AccountTable
from facet.adapters.analyses import AnalysisTable, _part_row
from facet.adapters.belongings import BelongingsTable
from facet.adapters.catalogue import ProductsTable
from facet.adapters.cognito import UserPool
from facet.adapters.events import EventBus
from facet.adapters.looks import LookTable
from facet.adapters.s3 import Bucket
from facet.adapters.sqs import JobQueue
from facet.domain.account import ErasureRequested, Export, ExportStatus
from facet.domain.analysis import (
    Analysis,
    KeptFailure,
    Kind,
    SentPhoto,
    Size,
    Status,
    UnreadableRow,
    View,
)
from facet.domain.belongings import Shelf
from facet.domain.errors import BelongingsFullError, FacetError, ProfileUnreadableError
from facet.domain.face import FaceReading, PhotoOutcome, PhotoStatus
from facet.domain.looks import DrawnLook, LookStatus
from facet.domain.messages import AnalysisEnded, FaceAnalyzed
from facet.domain.products import Product
from facet.domain.quota import QuotaExceededError, Tier
from facet.domain.tone_of_person import TonePart, evidence_of, most_parts
from facet.services import ports
from tests import fakes
from tests.fakes import analysis, look, three_photos
from tests.integration.conftest import REGION, _make_table
from tests.unit.conftest import face_reading

ROOT = Path(__file__).parents[2]
NOW = fakes.now()
LATER = NOW + timedelta(hours=1)
PHOTO = Size(width=600, height=800)


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
    remembered: ports.Remembered
    users: ports.Users
    events: ports.Events
    add_product: Callable[[Product], object]
    add_user: Callable[[str], object]
    break_profile: Callable[[str], object]
    break_analysis: Callable[[Analysis], object]
    half_save: Callable[[Analysis], object]
    remember: Callable[[str], object]
    sent: Callable[[], list[dict[str, Any]]]


def _part(analysis: Analysis) -> TonePart:
    """What a try writes before the reading itself; it may die between the two."""
    part = TonePart.of(analysis, face_reading())
    assert part
    return part


def in_memory() -> World:
    analyses, looks, shelves = fakes.FakeAnalyses(), fakes.FakeLooks(), fakes.FakeShelves()
    products, users, remembered = fakes.FakeProducts(), fakes.FakeUsers(), fakes.FakeRemembered()
    queue: fakes.FakeQueue[Any] = fakes.FakeQueue()
    return World(
        analyses=analyses,
        looks=looks,
        shelves=shelves,
        belongings=shelves,
        products=products,
        objects=fakes.FakeObjects(),
        queue=queue,
        accounts=fakes.FakeAccounts((analyses, looks, shelves)),
        remembered=remembered,
        users=users,
        events=fakes.FakeEvents(),
        add_product=lambda product: products.of.update({product.product_id: product}),
        add_user=lambda name: users.of.update({name: {"enabled": True}}),
        break_profile=lambda user_id: shelves.profiles.update({user_id: "[not JSON"}),
        break_analysis=lambda analysis: analyses.unreadable.add(
            (analysis.user_id, analysis.analysis_id)
        ),
        half_save=lambda analysis: analyses.parts.update(
            {(analysis.user_id, analysis.analysis_id): _part(analysis)}
        ),
        remember=lambda user_id: remembered.of.update({user_id: 1}),
        sent=lambda: [json.loads(job.model_dump_json()) for job in queue.sent],
    )


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    every: dict[str, Any] = cfn_yaml.load(str(ROOT / "template.yaml"))["Resources"]
    return every


def on_moto(resources: dict[str, Any]) -> World:
    client = boto3.client("dynamodb")
    names = ("Table", "IdempotencyTable", "ProductsTable")
    for name in names:
        _make_table(client, resources[name]["Properties"], name)
    table, repeated, products = map(boto3.resource("dynamodb").Table, names)
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
        remembered=AccountTable(repeated),
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
        half_save=lambda analysis: (
            table.put_item(Item=_part_row(analysis, _part(analysis))) and None
        ),
        remember=lambda user_id: (
            repeated.put_item(Item={"PK": f"USER#{user_id}", "SK": "once"}) and None
        ),
        sent=sent,
    )


@pytest.fixture(params=["fake", "moto"])
def world(
    request: pytest.FixtureRequest, resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    if request.param == "fake":
        yield in_memory()
        return
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield on_moto(resources)


def asked(world: World, **told: Any) -> Analysis:
    world.analyses.create(analysis(**told), Tier.FREE)
    return analysis(**told)


def measured(world: World, **told: Any) -> Analysis:
    """An analysis that waits for its recommendations."""
    asked(world, **told)
    claimed = world.analyses.claim("user", told.get("analysis_id", "01A"), NOW)
    assert claimed
    saved = world.analyses.save_reading(claimed, face_reading(), PHOTO, NOW)
    assert saved
    return saved


# --- analyses ------------------------------------------------------------------------------------


def test_an_analysis_is_kept_and_charged(world: World) -> None:
    asked(world, weather={"temperature_c": 3.5}, goals=("redness",))

    kept = world.analyses.get("user", "01A")

    assert kept
    assert kept.due_at == NOW + timedelta(minutes=11)
    assert kept.model_copy(update={"due_at": None}) == analysis(
        weather={"temperature_c": 3.5}, goals=("redness",)
    )
    assert world.analyses.usage("user", Tier.FREE, NOW).used == 1
    assert world.analyses.get("somebody", "01A") is None


def test_an_analysis_beyond_the_quota_is_refused_and_not_charged(world: World) -> None:
    for number in range(50):
        asked(world, analysis_id=f"{number:03}")

    with pytest.raises(QuotaExceededError):
        asked(world, analysis_id="051")
    assert world.analyses.get("user", "051") is None
    assert world.analyses.usage("user", Tier.FREE, NOW).used == 50
    world.analyses.create(analysis("051"), Tier.ENTERPRISE)
    assert world.analyses.usage("user", Tier.ENTERPRISE, NOW).used == 51


def test_a_claim_is_given_once_until_its_lease_ends_or_it_is_released(world: World) -> None:
    asked(world)

    claimed = world.analyses.claim("user", "01A", NOW)

    assert claimed
    assert claimed.status is Status.ANALYZING
    assert world.analyses.claim("user", "01A", NOW) is None
    world.analyses.release(claimed, NOW)
    assert world.analyses.claim("user", "01A", NOW)
    assert world.analyses.claim("user", "01A", NOW + timedelta(seconds=29)) is None
    assert world.analyses.claim("user", "01A", NOW + timedelta(seconds=30))
    assert world.analyses.claim("user", "01B", NOW) is None


def test_a_reading_is_saved_while_it_is_analysed(world: World) -> None:
    saved = measured(world)

    assert saved.pending == {Kind.SKINCARE, Kind.MAKEUP}
    assert saved == world.analyses.get("user", "01A")
    # Read back, a reading has the names that the limits of today give it.
    assert saved.reading is not None
    kept, sent = (
        FaceReading.model_validate(reading.model_dump(mode="json"))
        for reading in (saved.reading, face_reading())
    )
    assert (kept, saved.photo) == (sent, PHOTO)
    assert world.analyses.save_reading(saved, face_reading(), PHOTO, LATER) is None
    world.analyses.release(saved, NOW)
    assert world.analyses.claim("user", "01A", LATER) is None


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
        measured(world, analysis_id=f"{number:03}", user_id="user", quota_day=f"day {number % 2}")
    claimed_before = world.analyses.tones("user", NOW)
    world.analyses.create(analysis("051"), Tier.ENTERPRISE)
    claimed = world.analyses.claim("user", "051", NOW)
    assert claimed
    world.analyses.save_reading(claimed, face_reading(ita=-20), PHOTO, NOW)

    tones = world.analyses.tones("user", NOW)

    assert len(tones) == len(claimed_before) == most_parts()
    assert [tone.ita for tone in tones[:2]] == [-20, 45]


def test_a_reading_that_is_not_kept_leaves_no_part_of_the_tone(world: World) -> None:
    asked(world)
    claimed = world.analyses.claim("user", "01A", NOW)
    assert claimed
    assert world.analyses.delete(claimed)

    assert world.analyses.save_reading(claimed, face_reading(), PHOTO, NOW) is None

    assert world.analyses.tones("user", NOW) == ()


def test_a_late_second_reading_takes_no_part_away(world: World) -> None:
    saved = measured(world)

    assert world.analyses.save_reading(saved, face_reading(), PHOTO, LATER) is None
    world.analyses.forget_tone("user", "01A")

    assert world.analyses.tones("user", NOW) == evidence_of(face_reading())


def test_a_part_goes_with_its_analysis_and_with_its_failure(world: World) -> None:
    for name in ("01A", "01B"):
        asked(world, analysis_id=name)
        claimed = world.analyses.claim("user", name, NOW)
        assert claimed
        world.half_save(claimed)
    assert len(world.analyses.tones("user", NOW)) == 2

    first = world.analyses.get("user", "01A")
    assert first
    failure = KeptFailure(code="analysis_timeout", message="Too long.")
    assert world.analyses.end(first, Status.FAILED, failure, NOW)
    assert len(world.analyses.tones("user", NOW)) == 1
    second = world.analyses.get("user", "01B")
    assert second
    assert world.analyses.delete(second)
    assert world.analyses.tones("user", NOW) == ()


def test_a_part_of_a_try_that_died_is_forgotten_once_its_analysis_is_gone(world: World) -> None:
    world.half_save(analysis())

    world.analyses.forget_tone("user", "01A")

    assert world.analyses.tones("user", NOW) == ()


def test_thumbnails_are_noted_where_there_is_an_analysis(world: World) -> None:
    asked(world)

    assert world.analyses.save_thumbnails("user", "01A")
    assert not world.analyses.save_thumbnails("user", "01B")
    kept = world.analyses.get("user", "01A")
    assert kept
    assert kept.thumbnails


def test_the_first_result_of_a_kind_stays(world: World) -> None:
    saved = measured(world)

    assert world.analyses.save_result(saved, Kind.SKINCARE, {"score": 1.5})
    assert not world.analyses.save_result(saved, Kind.SKINCARE, {"score": 2})
    assert not world.analyses.save_result(saved, Kind.OUTFIT, {"score": 2})

    assert world.analyses.results("user", "01A") == {Kind.SKINCARE: {"score": 1.5}}
    kept = world.analyses.get("user", "01A")
    assert kept
    assert kept.pending == {Kind.MAKEUP}


def test_the_last_result_completes_in_one_write(world: World) -> None:
    saved = measured(world)

    assert world.analyses.complete_with(saved, Kind.MAKEUP, {}, NOW) is None
    assert world.analyses.results("user", "01A") == {}
    world.analyses.save_result(saved, Kind.SKINCARE, {})
    completed = world.analyses.complete_with(saved, Kind.MAKEUP, {"looks": []}, LATER)

    assert completed
    assert (completed.status, completed.pending) == (Status.COMPLETED, frozenset())
    kept = world.analyses.get("user", "01A")
    assert kept
    assert (kept.status, kept.pending, kept.updated_at) == (Status.COMPLETED, frozenset(), LATER)
    assert world.analyses.complete_with(saved, Kind.MAKEUP, {}, LATER) is None
    assert not world.analyses.save_result(saved, Kind.MAKEUP, {})


def test_an_analysis_completes_once_and_when_nothing_is_pending(world: World) -> None:
    saved = measured(world)

    assert world.analyses.complete("user", "01A", NOW) is None
    for kind in saved.wants:
        world.analyses.save_result(saved, kind, {})
    completed = world.analyses.complete("user", "01A", LATER)

    assert completed
    assert completed.status is Status.COMPLETED
    assert world.analyses.complete("user", "01A", LATER) is None
    assert world.analyses.complete("user", "01B", LATER) is None


def test_several_photos_are_kept_as_they_were_told(world: World) -> None:
    told = {"content_type": "image/jpeg", "content_length": 3, "checksum_sha256": "0" * 43 + "="}
    sent = (SentPhoto(**told), SentPhoto(**told, view=View.LEFT))

    asked(world, photos=sent)

    kept = world.analyses.get("user", "01A")
    assert kept
    assert (kept.photos, kept.sent) == (sent, sent)
    assert kept.upload_keys == ("faces/user/01A", "faces/user/01A.1")


def test_an_end_gives_the_charge_back_and_knows_who_came_first(world: World) -> None:
    asked_for = asked(world)
    claimed = world.analyses.claim("user", "01A", NOW)
    assert claimed
    missed = PhotoOutcome(index=1, status=PhotoStatus.MISSING)
    failure = KeptFailure(code="no_face", message="No face.", photos=(missed,))

    assert world.analyses.end(asked_for, Status.EXPIRED, failure, LATER) is None
    ended = world.analyses.end(claimed, Status.FAILED, failure, LATER)

    assert ended
    assert (ended.status, ended.failure) == (Status.FAILED, failure)
    assert world.analyses.usage("user", Tier.FREE, NOW).used == 0
    assert world.analyses.end(claimed, Status.FAILED, failure, LATER) is None
    assert world.analyses.usage("user", Tier.FREE, NOW).used == 0


def test_what_stands_still_is_told_of_until_it_moves(world: World) -> None:
    first, second = asked(world, analysis_id="01A"), asked(world, analysis_id="01B")
    third = asked(world, analysis_id="01C")

    assert list(world.analyses.standing_still(NOW)) == []
    waiting = [each.analysis_id for each in world.analyses.standing_still(LATER)]
    assert sorted(waiting) == ["01A", "01B", "01C"]
    assert waiting == sorted(waiting, key=lambda name: sum(name.encode()) % 4)
    world.analyses.announced(first)
    assert world.analyses.redriven(second, LATER)
    assert not world.analyses.redriven(second, LATER)
    world.analyses.delete(third)
    assert list(world.analyses.standing_still(LATER)) == []
    (again,) = world.analyses.standing_still(LATER + timedelta(hours=1))
    assert isinstance(again, Analysis)
    assert again.redrives == 1


def test_a_row_that_cannot_be_read_is_told_of_among_the_others(world: World) -> None:
    broken = asked(world, analysis_id="01A")
    asked(world, analysis_id="01B")

    world.break_analysis(broken)
    told = list(world.analyses.standing_still(LATER))

    (row,) = (each for each in told if isinstance(each, UnreadableRow))
    assert (row.user_id, row.analysis_id) == ("user", "01A")
    assert [each.analysis_id for each in told if isinstance(each, Analysis)] == ["01B"]


def test_a_deletion_takes_results_along_and_gives_an_unused_charge_back(world: World) -> None:
    unused = asked(world, analysis_id="01A")
    saved = measured(world, analysis_id="01B")
    world.analyses.save_result(saved, Kind.SKINCARE, {})
    world.analyses.save_drawn(saved, ())

    assert world.analyses.delete(unused)
    assert not world.analyses.delete(unused)
    assert not world.analyses.delete(saved.model_copy(update={"status": Status.ANALYZING}))
    assert world.analyses.delete(saved)

    assert world.analyses.usage("user", Tier.FREE, NOW).used == 1
    assert world.analyses.answers("user", "01B") == ({}, None)


def test_what_became_of_the_looks_is_saved_once_and_not_for_the_deleted(world: World) -> None:
    saved = measured(world)
    drawn = (DrawnLook(name="Day", status=LookStatus.COMPLETED, picture="look-1"),)

    assert world.analyses.answers("user", "01A") == ({}, None)
    assert world.analyses.save_drawn(saved, drawn)
    assert not world.analyses.save_drawn(saved, ())
    assert world.analyses.answers("user", "01A") == ({}, drawn)
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
    broken = world.analyses.history("user", 2, None).analyses[1]
    world.break_analysis(broken)

    page = world.analyses.history("user", 2, None)

    assert [each.analysis_id for each in page.analyses] == ["01C"]
    assert [row.analysis_id for row in page.unreadable] == ["01B"]
    assert page.next_id == "01B"
    assert [a.analysis_id for a in world.analyses.earliest("user", 3)] == ["01A", "01C"]


# --- looks, shelves, products --------------------------------------------------------------------


def test_a_look_is_kept_once(world: World) -> None:
    world.looks.create(look())

    assert world.looks.get("user", "01L") == look()
    assert world.looks.get("somebody", "01L") is None
    with pytest.raises(Exception, match=r"of this id|ConditionalCheckFailed"):
        world.looks.create(look(name="Other"))
    assert world.looks.get("user", "01L") == look()


def test_a_look_is_finished_once(world: World) -> None:
    world.looks.create(look())
    done = look(status="failed", code="photo_gone", message="Gone.", updated_at=LATER)

    assert world.looks.finish(done)
    assert not world.looks.finish(done.model_copy(update={"code": "other"}))
    assert world.looks.get("user", "01L") == done
    assert not world.looks.finish(look("01M"))


def test_a_look_is_renamed_and_deleted_where_it_is(world: World) -> None:
    world.looks.create(look())

    changed = world.looks.change("user", "01L", "Mine", True, LATER)

    assert changed == look(name="Mine", favourite=True, updated_at=LATER)
    assert world.looks.change("user", "01M", "Mine", True, LATER) is None
    assert world.looks.delete("user", "01L") == changed
    assert world.looks.delete("user", "01L") is None


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
    kept = ["ANALYSIS#01A", "BAG#a", "LOOK#01L", "OWNED", "PROFILE", f"QUOTA#{day}", "TONE#01A"]
    assert list(rows) == kept
    assert rows["OWNED"] == {"things": 1}
    assert rows["TONE#01A"]["evidence"] == [{"kind": "photo", "ita": 45.0, "error": 10.0}]
    assert rows["PROFILE"]["document"] == {"sensitive": True}
    assert rows["ANALYSIS#01A"]["status"] == "recommending"
    assert world.accounts.delete_rows("user") == 7
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
    assert (newest.export_id, newest.status(NOW)) == ("02E", ExportStatus.PENDING)
    assert world.accounts.export_ready("user", "01E", 12, LATER)
    assert not world.accounts.export_ready("user", "03E", 12, LATER)
    ready = world.accounts.export("user", "01E")
    assert ready
    assert (ready.status(NOW), ready.bytes, ready.ready_at) == (ExportStatus.READY, 12, LATER)
    assert world.accounts.export("somebody", "01E") is None


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


def test_remembered_requests_are_forgotten(world: World) -> None:
    world.remember("user")

    assert world.remembered.delete_rows("user") == 1
    assert world.remembered.delete_rows("user") == 0


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
