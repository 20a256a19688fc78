"""Once a month: pictures whose row is gone are deleted, and no others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from facet.adapters.account import AccountTable
from facet.adapters.s3 import Bucket
from facet.adapters.sqs import JobQueue
from facet.domain import places
from facet.domain.account import ACCOUNT_JOB, OwnersSought
from facet.services.seek_owners import seek_owners, send_seekers
from tests.integration.conftest import REGION, _make_table

OWNED = (
    (places.photo_key("user", "01A"), "ANALYSIS#01A"),
    (places.thumbnail_key("user", "01A"), "ANALYSIS#01A"),
    (places.look_keys("user", "01A", "look-1")[1], "ANALYSIS#01A"),
    (places.overlay_key("user", "01A", "redness"), "ANALYSIS#01A"),
    (places.garment_picture_key("user", "coat", "1f"), "WARDROBE#coat"),
    (places.export_key("user", "01E"), "EXPORT#01E"),
)
IN_TWO_DAYS = datetime.now(UTC) + timedelta(days=2)


class World:
    def __init__(self, resources: dict[str, Any]) -> None:
        _make_table(boto3.client("dynamodb"), resources["Table"]["Properties"], "facet")
        self.table = boto3.resource("dynamodb").Table("facet")
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(
            Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.sqs = boto3.client("sqs")
        self.url = self.sqs.create_queue(QueueName="account")["QueueUrl"]
        self.accounts = AccountTable(self.table)
        self.media = Bucket(self.s3, "media")
        self.jobs = JobQueue(self.sqs, self.url)

    def put(self, user: str, *rows: str) -> None:
        """The pictures of everything that may be owned, and these rows."""
        for key, _ in OWNED:
            self.s3.put_object(Bucket="media", Key=key.replace("user", user), Body=b"a picture")
        for row in rows:
            self.table.put_item(Item={"PK": f"USER#{user}", "SK": row})

    def lying(self) -> set[str]:
        return set(self.media.keys(""))

    def sent(self) -> list[OwnersSought]:
        got = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        jobs = [ACCOUNT_JOB.validate_json(each["Body"]) for each in got.get("Messages", [])]
        for message in got.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [job for job in jobs if isinstance(job, OwnersSought)]

    def walk(self, now: datetime = IN_TWO_DAYS, at_once: int = 1000) -> int:
        """Every walk to its end -> how many objects were deleted."""
        deleted = 0
        send_seekers(self.jobs)
        while jobs := self.sent():
            for job in jobs:
                left = iter(range(at_once))
                deleted += seek_owners(
                    job,
                    now=now,
                    accounts=self.accounts,
                    media=self.media,
                    jobs=self.jobs,
                    go_on=lambda left=left: next(left, None) is not None,  # type: ignore[misc]
                )
        return deleted


@pytest.fixture
def world(aws: None, resources: dict[str, Any]) -> World:
    return World(resources)


def test_every_picture_belongs_to_a_row() -> None:
    for key, sort_key in OWNED:
        assert places.row_of(key) == ("user", sort_key)
    with pytest.raises(ValueError, match="nobody"):
        places.row_of(places.CATALOGUE_SNAPSHOT + "/of/nobody")


@pytest.mark.parametrize("at_once", [1000, 1])
def test_what_has_no_row_goes_and_the_rest_stays(world: World, at_once: int) -> None:
    world.put("user", *{row for _, row in OWNED})
    world.put("erased")
    world.put("other", "ANALYSIS#01A")
    world.s3.put_object(Bucket="media", Key=places.CATALOGUE_SNAPSHOT, Body=b"{}")

    assert world.walk(at_once=at_once) == len(OWNED) + 2

    left = {key for key in world.lying() if "/erased/" in key}
    assert left == set()
    assert {key for key in world.lying() if "/user/" in key} == {key for key, _ in OWNED}
    assert {key.split("/")[0] for key in world.lying() if "/other/" in key} == {
        *("photos", "thumbnails", "looks", "overlays")
    }
    assert places.CATALOGUE_SNAPSHOT in world.lying()


def test_what_was_just_put_may_still_get_its_row(world: World) -> None:
    world.put("user")

    assert world.walk(datetime.now(UTC)) == 0
    assert len(world.lying()) == len(OWNED)
