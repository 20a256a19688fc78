"""A photo has arrived."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from facet.domain.analysis import Analysis, Kind, Status
from facet.domain.errors import PhotoRejectedError
from facet.domain.tone_of_person import TonePart, evidence_of
from facet.vision.analyze import PhotoAnalysis
from tests import fakes
from tests.unit.conftest import face_reading
from tests.unit.services.conftest import NOW, World

MEASURED = PhotoAnalysis(face_reading(), b"upright", 600, 800)


def run(
    world: World,
    asked: Analysis,
    measure: Callable[..., PhotoAnalysis] = lambda _, **__: MEASURED,
    *,
    key: str = "",
    now: datetime = NOW,
) -> Status | None:
    return world.arrives(asked, key or asked.upload_keys[0], measure, now=now)


def test_a_photo_is_measured_kept_and_its_wishes_are_queued(world: World) -> None:
    asked = world.asked()

    assert run(world, asked) is Status.RECOMMENDING

    row = world.row(asked)
    assert world.read(asked).reading == MEASURED.reading
    assert row.photo
    assert (row.photo.width, row.photo.height) == (600, 800)
    assert world.media.of == {asked.photo_key: b"upright"}
    assert [job.kind for job in world.jobs.sent] == [Kind.MAKEUP, Kind.SKINCARE]
    assert world.jobs.correlation_ids == world.correlated * 2 == ["correlation"] * 2


def test_a_rejected_photo_fails_with_its_code_and_is_given_back(world: World) -> None:
    def measure(_: bytes, **__: object) -> PhotoAnalysis:
        raise PhotoRejectedError("no_face", "No face.", ())

    asked = world.asked()

    assert run(world, asked, measure) is Status.FAILED

    row = world.row(asked)
    assert row.failure
    assert row.failure.code == "no_face"
    assert [event.code for event in world.events.published] == ["no_face"]
    assert set(world.analyses.used.values()) == {0}
    assert (world.jobs.sent, world.media.of) == ([], {})


def test_what_is_held_beside_the_face_is_measured_by(world: World) -> None:
    told: list[object] = []

    def measure(_: bytes, reference: object = None, **__: object) -> PhotoAnalysis:
        told.append(reference)
        return MEASURED

    run(world, world.asked(reference="white_paper"), measure)
    run(world, world.asked(analysis_id="01B"), measure)

    assert told == ["white_paper", None]


def test_an_upload_that_is_gone_fails(world: World) -> None:
    asked = world.asked()
    world.uploads.of.clear()

    assert run(world, asked) is Status.FAILED
    assert world.events.published[0].code == "upload_missing"


def test_a_try_that_broke_is_released_for_the_next(world: World) -> None:
    def measure(_: bytes, **__: object) -> PhotoAnalysis:
        raise ConnectionError("broken")

    asked = world.asked()

    with pytest.raises(ConnectionError):
        run(world, asked, measure)
    assert run(world, asked) is Status.RECOMMENDING


def test_a_second_claim_finds_nothing_to_do(world: World) -> None:
    asked = world.asked()
    inner: list[Status | None] = []

    def measure(_: bytes, **__: object) -> PhotoAnalysis:
        inner.append(run(world, asked))
        return MEASURED

    assert run(world, asked, measure) is Status.RECOMMENDING
    assert inner == [None]
    assert len(world.jobs.sent) == 2


def test_a_repeated_event_queues_only_what_is_still_pending(world: World) -> None:
    saved = world.measured()
    world.analyses.take_off(saved, Kind.SKINCARE)

    assert run(world, saved) is None
    assert [job.kind for job in world.jobs.sent] == [Kind.MAKEUP]
    world.analyses.take_off(saved, Kind.MAKEUP)
    assert run(world, saved) is None
    assert len(world.jobs.sent) == 1


def test_a_photo_whose_analysis_is_gone_is_deleted(world: World) -> None:
    world.uploads.of["faces/user/01Z"] = b"as sent"

    assert run(world, fakes.analysis("01Z")) is None
    assert world.uploads.of == {}


def test_a_part_of_the_tone_that_a_dead_try_left_goes_with_the_next_delivery(world: World) -> None:
    gone = fakes.analysis("01Z")
    part = TonePart.of(gone, MEASURED.reading)
    assert part
    world.analyses.parts["user", "01Z"] = part

    assert run(world, gone) is None
    assert world.analyses.tones("user", NOW) == ()


def test_two_analyses_at_once_both_speak_for_the_tone(world: World) -> None:
    first, second = world.asked(analysis_id="01A"), world.asked(analysis_id="01B")

    def measure(_: bytes, **__: object) -> PhotoAnalysis:
        run(world, second)
        return MEASURED

    run(world, first, measure)
    run(world, second)

    assert world.analyses.tones("user", NOW) == evidence_of(MEASURED.reading) * 2


def test_an_analysis_deleted_while_it_is_measured_leaves_nothing(world: World) -> None:
    asked = world.asked()

    def measure(_: bytes, **__: object) -> PhotoAnalysis:
        assert world.analyses.delete(world.row(asked))
        return replace(MEASURED)

    assert run(world, asked, measure) is None
    assert (world.media.of, world.jobs.sent, world.events.published) == ({}, [], [])
    assert world.analyses.tones("user", NOW) == ()
    assert run(world, asked) is None
    assert world.analyses.tones("user", NOW) == ()


def rejects(_: bytes, **__: object) -> PhotoAnalysis:
    raise PhotoRejectedError("no_face", "No.")


def test_an_analysis_that_ended_while_it_was_measured_stays_ended(world: World) -> None:
    asked = world.asked()

    def measure(_: bytes, **__: object) -> PhotoAnalysis:
        world.analyses.release(world.row(asked), NOW - timedelta(hours=1))
        run(world, asked, rejects)
        return MEASURED

    assert run(world, asked, measure) is None
    assert world.row(asked).status is Status.FAILED
    assert world.media.of == {}
    assert world.analyses.tones("user", NOW) == ()


# --- photos that take their decoder down ----------------------------------------------------------


class DecoderDied(BaseException):
    """Nobody says goodbye."""


def dies(_: bytes, **__: object) -> PhotoAnalysis:
    raise DecoderDied


def dies_once_open(_: bytes, opened: Callable[[], object]) -> PhotoAnalysis:
    opened()
    raise DecoderDied


def test_a_photo_that_took_two_decoders_down_is_not_opened_again_and_stays_charged(
    world: World,
) -> None:
    asked = world.asked()
    for tried in range(2):
        with pytest.raises(DecoderDied):
            run(world, asked, dies, now=NOW + timedelta(minutes=tried))

    assert run(world, asked, dies, now=NOW + timedelta(minutes=2)) is Status.FAILED

    row = world.row(asked)
    assert row.failure
    assert (row.failure.code, row.decoder_deaths) == ("photo_unopenable", 2)
    assert set(world.analyses.used.values()) == {1}
    assert [event.code for event in world.events.published] == ["photo_unopenable"]


def test_who_dies_once_the_photo_is_open_does_not_count_against_it(world: World) -> None:
    asked = world.asked()
    for tried in range(3):
        with pytest.raises(DecoderDied):
            run(world, asked, dies_once_open, now=NOW + timedelta(minutes=tried))

    assert world.row(asked).decoder_deaths == 0
    assert run(world, asked, now=NOW + timedelta(minutes=3)) is Status.RECOMMENDING


def test_what_a_dead_try_had_measured_is_not_measured_again(world: World) -> None:
    asked = world.asked()
    save = world.analyses._move

    def dies_at_the_end(key: Any, to: Status, *rest: Any, **told: Any) -> Analysis:
        if to is Status.RECOMMENDING:
            raise DecoderDied
        return save(key, to, *rest, **told)

    world.analyses._move = dies_at_the_end  # type: ignore[method-assign]
    with pytest.raises(DecoderDied):
        run(world, asked)
    world.analyses._move = save  # type: ignore[method-assign]

    assert run(world, asked, dies, now=NOW + timedelta(minutes=1)) is Status.RECOMMENDING
    assert world.read(asked).reading == MEASURED.reading
