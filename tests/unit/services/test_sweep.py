"""What stands still is sent on, or ended with a reason; one analysis stops no other."""

import logging
from collections import Counter
from datetime import datetime

import pytest

from facet.domain.analysis import Awaited, Kind, Status
from facet.domain.messages import AnalysisEnded
from facet.domain.overdue import MAX_REDRIVES, Overdue
from tests import fakes
from tests.unit.services.conftest import NOW, World


def sweep(world: World, minutes: int) -> Counter[str]:
    return world.sweeps(minutes)


def test_a_fresh_analysis_is_left_alone(world: World) -> None:
    world.asked()
    assert sweep(world, 10) == {}


def test_an_upload_that_never_came_expires(world: World) -> None:
    asked = world.asked()
    world.uploads.of.clear()

    assert sweep(world, 12) == {"expired": 1}
    assert world.row(asked).status is Status.EXPIRED
    assert [event.code for event in world.events.published] == ["upload_expired"]


def test_an_upload_that_nobody_picks_up_is_announced_some_times_and_fails(world: World) -> None:
    asked = world.asked()

    verbs = [next(iter(sweep(world, 31 * n))) for n in range(1, MAX_REDRIVES + 2)]

    assert verbs == ["upload_sent_again"] * MAX_REDRIVES + ["failed"]
    assert world.uploads.announced == [asked.upload_keys[0]] * MAX_REDRIVES
    assert [event.code for event in world.events.published] == ["analysis_timeout"]


def test_lost_jobs_are_queued_some_times_and_given_up(world: World) -> None:
    analysis = world.measured()
    world.analyses.save_result(analysis, Kind.SKINCARE, {"status": "completed"})
    world.analyses.take_off(analysis, Kind.SKINCARE)

    verbs = [next(iter(sweep(world, 31 * n))) for n in range(1, MAX_REDRIVES + 2)]

    assert verbs == ["jobs_sent_again"] * MAX_REDRIVES + ["completed_without"]
    assert [job.kind for job in world.jobs.sent] == [Kind.MAKEUP] * MAX_REDRIVES
    assert world.analyses.results("user", "01A")[Kind.MAKEUP]["code"] == "job_lost"
    assert world.row(analysis).status is Status.COMPLETED


def test_an_analysis_with_every_result_is_completed(world: World) -> None:
    analysis = world.measured()
    for kind in analysis.wants:
        world.analyses.save_result(analysis, kind, {})
        world.analyses.take_off(analysis, kind)

    assert sweep(world, 12) == {"completed": 1}
    assert world.row(analysis).status is Status.COMPLETED


def test_an_end_that_nobody_heard_of_is_announced(world: World) -> None:
    analysis = world.completed(wants=("skincare",))
    world.analyses.received(analysis, Awaited.THUMBNAILS)

    assert sweep(world, 12) == {"announced": 1}
    assert sweep(world, 60) == {}
    assert len(world.events.published) == 1


def test_what_lost_every_wish_is_given_back_and_what_lost_some_is_not(world: World) -> None:
    world.measured(analysis_id="01A")
    other = world.measured(analysis_id="01B")
    world.analyses.save_result(other, Kind.SKINCARE, {"status": "completed"})
    world.analyses.take_off(other, Kind.SKINCARE)
    for tried in range(1, MAX_REDRIVES + 2):
        sweep(world, 31 * tried)

    assert set(world.analyses.used.values()) == {1}
    refunded = [world.analyses.of["user", name].refunded for name in ("01A", "01B")]
    assert refunded == [True, False]


def test_a_try_counts_once_it_was_sent(world: World) -> None:
    world.measured()
    world.looks.create(fakes.look())

    def away(*_: object) -> None:
        raise ConnectionError("the queue is away")

    sending = [(queue, queue.send) for queue in (world.jobs, world.look_jobs)]
    for queue, _ in sending:
        queue.send = away  # type: ignore[method-assign, assignment]
    for tried in range(2 * MAX_REDRIVES):
        assert sweep(world, 20 + tried) == {"raised": 2}
    assert world.analyses.of["user", "01A"].redrives == 0
    assert world.looks.of["user", "01L"].redrives == 0
    for queue, send in sending:
        queue.send = send  # type: ignore[method-assign]

    assert sweep(world, 30) == {"jobs_sent_again": 1, "look_sent_again": 1}


def test_the_index_may_be_behind_its_rows(world: World) -> None:
    world.asked()
    world.looks.create(fakes.look())
    due = [*world.overdue.overdue(0, NOW)]
    for row in (Overdue("ANALYSIS", "user", "01A"), Overdue("LOOK", "user", "01L")):
        due.append(row)
    world.overdue.overdue = lambda shard, now: iter(due if not shard else ())  # type: ignore[method-assign]  # noqa: ARG005

    assert sweep(world, 1) == {"moved_meanwhile": 2}


def test_looks_of_makeup_that_was_lost_are_drawn_after_a_retry(world: World) -> None:
    ended = world.completed(lost=True, wants=("makeup",))
    for tried in range(1, MAX_REDRIVES + 4):
        sweep(world, 31 * tried)
    assert world.row(ended).due_at is None
    assert world.analyses.drawn == {}


def test_what_a_newer_release_keeps_waiting_is_left_to_it(world: World) -> None:
    row = Overdue("HAIR", "user", "01H")
    world.overdue.overdue = lambda shard, now: iter((row,) if not shard else ())  # type: ignore[method-assign]  # noqa: ARG005
    assert sweep(world, 1) == {"unknown": 1}


def test_the_sweep_stops_before_a_row_when_its_time_is_over(world: World) -> None:
    world.asked()
    assert world.sweeps(12, go_on=lambda: False) == {"left": 1}


def test_what_moved_between_the_look_and_the_write_is_left_alone(world: World) -> None:
    world.asked()
    redriven = world.analyses.redriven

    def moved(analysis: object, now: datetime) -> bool:
        world.analyses.claim(world.analyses.of["user", "01A"], NOW)
        return redriven(analysis, now)  # type: ignore[arg-type]

    world.analyses.redriven = moved  # type: ignore[method-assign]
    assert sweep(world, 12) == {"moved_meanwhile": 1}


def test_a_row_that_cannot_be_read_stops_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("01A", "01B", "01C"):
        world.asked(analysis_id=name)
    world.analyses.unreadable.add(("user", "01B"))

    with caplog.at_level(logging.ERROR):
        assert sweep(world, 12) == {"unreadable": 1, "upload_sent_again": 2}
    assert "user/01B" in caplog.text


def test_the_end_of_a_row_that_cannot_be_read_is_told_of_once_the_bus_is_back(
    world: World,
) -> None:
    world.asked()
    world.analyses.unreadable.add(("user", "01A"))
    publish = world.events.publish

    def away(event: AnalysisEnded) -> None:
        raise ConnectionError("the bus is away")

    world.events.publish = away  # type: ignore[method-assign]
    assert sweep(world, 12) == {"raised": 1}
    world.events.publish = publish  # type: ignore[method-assign]
    for minutes in (60, 200):
        sweep(world, minutes)

    assert [event.status for event in world.events.published] == [Status.FAILED]
    assert set(world.analyses.used.values()) == {0}


def test_an_analysis_that_breaks_on_its_way_stops_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("01A", "01B", "01C"):
        world.asked(analysis_id=name)
    announce = world.uploads.send_event_again

    def broken(key: str) -> bool:
        if key.endswith("01B"):
            raise ConnectionError("the bucket is away")
        return announce(key)

    world.uploads.send_event_again = broken  # type: ignore[method-assign]
    with caplog.at_level(logging.ERROR):
        assert sweep(world, 12) == {"raised": 1, "upload_sent_again": 2}
    assert "user/01B" in caplog.text
