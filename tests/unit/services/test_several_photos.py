"""Up to three photos in one analysis: when it starts, and what becomes of each."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from facet.domain.analysis import UPLOAD_WINDOW, Analysis, Status
from facet.domain.errors import PhotoRejectedError
from facet.domain.face import Check, FaceReading, PhotoStatus, Quality
from facet.vision.analyze import PhotoAnalysis
from tests import fakes
from tests.unit.conftest import face_reading
from tests.unit.services.conftest import NOW, World

LATE = NOW + UPLOAD_WINDOW + timedelta(minutes=2)
DARK = Check(code="too_dark", severity="reject", hint="Face a window.")
TILTED = Check(code="face_angle_up", severity="warn", hint="Lower your chin.")

type Measure = Callable[..., PhotoAnalysis]


def measured(photo: bytes, **_: object) -> PhotoAnalysis:
    """b"good..." reads well, b"usable..." with a doubt, b"dark..." not at all."""
    if photo.startswith(b"dark"):
        raise PhotoRejectedError("too_dark", "Face a window.", (DARK, TILTED))
    return PhotoAnalysis(reading_of(photo), b"upright " + photo, 600, 800)


def reading_of(photo: bytes) -> FaceReading:
    if photo.startswith(b"usable"):
        doubted = Quality(verdict="usable", checks=(TILTED,))
        return face_reading().model_copy(update={"quality": doubted})
    return face_reading()


def told(
    world: World,
    asked: Analysis,
    number: int,
    *,
    measure: Measure = measured,
    now: datetime = NOW,
) -> Status | None:
    return world.arrives(asked, asked.upload_keys[number], measure, now=now)


def asked_for(world: World, *photos: bytes | None, views: tuple[str, ...] = ()) -> Analysis:
    """An analysis of three photos, of which these came; None: not yet."""
    asked = world.asked(photos=fakes.three_photos(*views))
    world.uploads.of = {
        key: photo
        for key, photo in zip(asked.upload_keys, photos, strict=True)
        if photo is not None
    }
    return asked


def outcomes(world: World, asked: Analysis) -> list[tuple[PhotoStatus, bool]]:
    return [(outcome.status, outcome.kept) for outcome in world.read(asked).outcomes]


# --- when it starts -------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_it_starts_once_with_the_last_photo_in_any_order(
    world: World, order: tuple[int, ...]
) -> None:
    asked = asked_for(world, None, None, None)
    states = []
    for number in order:
        world.uploads.of[asked.upload_keys[number]] = b"good"
        states.append(told(world, asked, number))

    assert states == [None, None, Status.RECOMMENDING]
    assert world.row(asked).status is Status.RECOMMENDING
    assert len(world.jobs.sent) == len(asked.wants)


@pytest.mark.parametrize("order", sorted(set(permutations((0, 1, 2, 0, 2)))))
def test_events_that_come_late_again_and_in_any_order_start_it_once(
    world: World, order: tuple[int, ...]
) -> None:
    asked = asked_for(world, b"good", b"good", b"good")
    reads: list[bytes] = []

    def measure(photo: bytes, **_: object) -> PhotoAnalysis:
        reads.append(photo)
        return measured(photo)

    states = [told(world, asked, number, measure=measure) for number in order]

    assert states == [Status.RECOMMENDING, None, None, None, None]
    assert len(reads) == 3


def test_two_events_at_one_time_start_it_once(world: World) -> None:
    """Both see all photos; the second one's claim comes between the first one's look and claim."""
    asked = asked_for(world, b"good", b"good", b"good")
    claim = world.analyses.claim

    def met(analysis: Analysis, now: datetime) -> Analysis | None:
        world.analyses.claim = claim  # type: ignore[method-assign]
        assert told(world, asked, 1) is Status.RECOMMENDING
        return claim(analysis, now)

    world.analyses.claim = met  # type: ignore[method-assign]

    assert told(world, asked, 2) is None
    assert len(world.jobs.sent) == len(asked.wants)


def test_the_last_photo_is_seen_by_its_own_event_whoever_else_looks(world: World) -> None:
    """An event looks after its photo is stored, so of two last photos one event sees both."""
    asked = asked_for(world, b"good", None, None)
    exists = world.uploads.exists

    def meanwhile(key: str) -> bool:
        there = exists(key)
        if key == asked.upload_keys[1]:
            # The first event has just missed photo 1; 1 and 2 are stored, and 2's event runs now.
            world.uploads.exists = exists  # type: ignore[method-assign]
            world.uploads.of |= dict.fromkeys(asked.upload_keys[1:], b"good")
            assert told(world, asked, 2) is Status.RECOMMENDING
        return there

    world.uploads.exists = meanwhile  # type: ignore[method-assign]

    assert told(world, asked, 0) is None
    assert len(world.jobs.sent) == len(asked.wants)


def test_a_photo_of_a_deleted_analysis_is_deleted_whichever_it_is(world: World) -> None:
    asked = asked_for(world, b"good", b"good", None)
    assert world.analyses.delete(world.row(asked))

    assert told(world, asked, 1) is None
    assert set(world.uploads.of) == {asked.upload_keys[0]}


# --- at the deadline ------------------------------------------------------------------------------


def test_past_the_deadline_it_starts_with_those_that_came(world: World) -> None:
    asked = asked_for(world, None, b"good", b"good")
    assert told(world, asked, 2) is None

    done = world.sweeps(12)
    (announced,) = world.uploads.announced
    number = asked.upload_keys.index(announced)

    assert done == {"upload_sent_again": 1}
    assert told(world, asked, number, now=LATE) is Status.RECOMMENDING
    assert outcomes(world, asked) == [
        (PhotoStatus.MISSING, False),
        (PhotoStatus.MEASURED, True),
        (PhotoStatus.MEASURED, False),
    ]


def test_where_none_came_it_expires_and_what_comes_then_is_deleted(world: World) -> None:
    asked = asked_for(world, None, None, None)

    done = world.sweeps(12)

    assert done == {"expired": 1}
    assert set(world.analyses.used.values()) == {0}
    world.uploads.of[asked.upload_keys[1]] = b"good"
    assert told(world, asked, 1, now=LATE) is None
    assert world.uploads.of == {}


def test_a_photo_that_comes_after_the_start_changes_nothing_and_is_deleted(world: World) -> None:
    asked = asked_for(world, b"good", b"good", None)
    assert told(world, asked, 0, now=LATE) is Status.RECOMMENDING
    before = world.row(asked)

    world.uploads.of[asked.upload_keys[2]] = b"good"
    assert told(world, asked, 2, now=LATE) is None

    assert world.row(asked) == before
    assert set(world.uploads.of) == set(asked.upload_keys[:2])


def test_a_photo_that_comes_while_the_others_are_measured_is_deleted_as_well(world: World) -> None:
    """Its own event finds the analysis taken on, and leaves the photo to that run."""
    asked = asked_for(world, b"good", None, None)

    save = world.analyses.save_reading

    def meanwhile(*told_of: Any) -> Analysis | None:
        world.uploads.of[asked.upload_keys[2]] = b"good"
        assert told(world, asked, 2, now=LATE) is None
        return save(*told_of)

    world.analyses.save_reading = meanwhile  # type: ignore[method-assign, assignment]

    assert told(world, asked, 0, now=LATE) is Status.RECOMMENDING
    assert set(world.uploads.of) == {asked.upload_keys[0]}


# --- what becomes of each -------------------------------------------------------------------------


def test_a_rejected_photo_of_several_is_left_out_and_told(world: World) -> None:
    asked = asked_for(world, b"usable", b"dark", b"good")

    assert told(world, asked, 1) is Status.RECOMMENDING

    row = world.read(asked)
    assert outcomes(world, asked) == [
        (PhotoStatus.MEASURED, False),
        (PhotoStatus.REJECTED, False),
        (PhotoStatus.MEASURED, True),
    ]
    assert [outcome.checks for outcome in row.outcomes] == [(TILTED,), (DARK, TILTED), ()]
    assert row.reading
    assert row.reading.quality.verdict == "good"
    assert world.media.of == {asked.photo_key: b"upright good"}, "the best one alone is kept"
    assert set(world.analyses.used.values()) == {1}


def test_it_fails_where_every_photo_is_rejected_with_the_checks_of_all(world: World) -> None:
    asked = asked_for(world, b"dark 0", b"dark 1", None)

    assert told(world, asked, 0, now=LATE) is Status.FAILED

    row = world.read(asked)
    assert row.failure
    assert (row.failure.code, row.failure.checks) == ("too_dark", (DARK, TILTED))
    assert [outcome.status for outcome in row.outcomes] == [
        PhotoStatus.REJECTED,
        PhotoStatus.REJECTED,
        PhotoStatus.MISSING,
    ]
    assert world.media.of == {}
    assert set(world.analyses.used.values()) == {0}, "one charge, given back"


def test_a_turned_photo_is_waited_for_and_not_measured(world: World) -> None:
    asked = asked_for(world, b"good", b"good", None, views=("front", "front", "left"))
    assert told(world, asked, 1) is None

    world.uploads.of[asked.upload_keys[2]] = b"dark"

    assert told(world, asked, 2) is Status.RECOMMENDING
    assert outcomes(world, asked)[2] == (PhotoStatus.NOT_MEASURED, False)
    assert set(world.uploads.of) == set(asked.upload_keys[:2]), "nobody will read it"


def test_a_try_that_broke_at_the_second_photo_is_repeated_whole(world: World) -> None:
    asked = asked_for(world, b"good 0", b"good 1", b"good 2")

    def broken(photo: bytes, **_: object) -> PhotoAnalysis:
        if photo == b"good 1":
            raise ConnectionError("broken")
        return measured(photo)

    with pytest.raises(ConnectionError):
        told(world, asked, 0, measure=broken)
    assert world.media.of == {}
    assert told(world, asked, 0) is Status.RECOMMENDING
    assert [status for status, _ in outcomes(world, asked)] == [PhotoStatus.MEASURED] * 3


def test_one_photo_is_told_of_as_before(world: World) -> None:
    asked = world.asked()

    assert told(world, asked, 0, measure=lambda _, **__: measured(b"good")) is Status.RECOMMENDING
    assert world.read(asked).outcomes == ()


class DecoderDiedError(BaseException):
    """Nobody says goodbye."""


@pytest.mark.parametrize("once_open", [True, False])
def test_of_several_photos_a_death_is_counted_where_one_was_being_opened(
    world: World, once_open: bool
) -> None:
    asked = asked_for(world, b"good", b"good", b"good")
    begun: list[bytes] = []

    def dies_at_the_second(
        photo: bytes, opened: Callable[[], object], **_: object
    ) -> PhotoAnalysis:
        begun.append(photo)
        if len(begun) % 2 == 0:
            if once_open:
                opened()
            raise DecoderDiedError
        opened()
        assert not world.row(asked).decoding
        return measured(photo)

    for tried in range(2):
        with pytest.raises(DecoderDiedError):
            told(world, asked, 0, measure=dies_at_the_second, now=NOW + timedelta(minutes=tried))

    ended = told(world, asked, 0, now=NOW + timedelta(minutes=2))

    assert ended is (Status.RECOMMENDING if once_open else Status.FAILED)
    assert world.row(asked).decoder_deaths == (0 if once_open else 2)
