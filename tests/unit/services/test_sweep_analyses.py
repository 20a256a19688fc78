"""What stands still is sent on, or ended with a reason; one analysis stops no other."""

import logging
from collections import Counter
from datetime import datetime, timedelta

import pytest

from facet.domain.analysis import Kind, Status
from facet.services.sweep_analyses import sweep_analyses
from tests.unit.services.conftest import NOW, World


def sweep(world: World, minutes: int) -> Counter[str]:
    return sweep_analyses(
        after(minutes),
        analyses=world.analyses,
        uploads=world.uploads,
        jobs=world.jobs,
        events=world.events,
    )


def after(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_a_fresh_analysis_is_left_alone(world: World) -> None:
    world.asked()
    assert sweep(world, 10) == {}


def test_an_upload_that_never_came_expires(world: World) -> None:
    asked = world.asked()
    world.uploads.of.clear()

    assert sweep(world, 12) == {"expired": 1}
    assert world.row(asked).status is Status.EXPIRED
    assert [event.code for event in world.events.published] == ["upload_expired"]


def test_an_upload_that_nobody_picks_up_is_announced_three_times_and_fails(world: World) -> None:
    asked = world.asked()

    verbs = [next(iter(sweep(world, 20 * n))) for n in range(1, 5)]

    assert verbs == ["upload_sent_again"] * 3 + ["failed"]
    assert world.uploads.announced == [asked.upload_keys[0]] * 3
    assert [event.code for event in world.events.published] == ["analysis_timeout"]


def test_lost_jobs_are_queued_three_times_and_given_up(world: World) -> None:
    analysis = world.measured()
    world.analyses.save_result(analysis, Kind.SKINCARE, {"status": "completed"})

    verbs = [next(iter(sweep(world, 20 * n))) for n in range(1, 5)]

    assert verbs == ["jobs_sent_again"] * 3 + ["completed_without"]
    assert [job.kind for job in world.jobs.sent] == [Kind.MAKEUP] * 3
    assert world.analyses.results("user", "01A")[Kind.MAKEUP]["code"] == "job_lost"
    assert world.row(analysis).status is Status.COMPLETED


def test_an_analysis_with_every_result_is_completed(world: World) -> None:
    analysis = world.measured()
    for kind in analysis.wants:
        world.analyses.save_result(analysis, kind, {})

    assert sweep(world, 8) == {"completed": 1}
    assert world.row(analysis).status is Status.COMPLETED


def test_an_end_that_nobody_heard_of_is_announced(world: World) -> None:
    analysis = world.measured(wants=("skincare",))
    world.analyses.complete_with(analysis, Kind.SKINCARE, {}, NOW)

    assert sweep(world, 2) == {"announced": 1}
    assert sweep(world, 60) == {}
    assert len(world.events.published) == 1


def test_what_moved_between_the_look_and_the_write_is_left_alone(world: World) -> None:
    world.asked()
    redriven = world.analyses.redriven

    def moved(analysis: object, now: datetime) -> bool:
        world.analyses.claim("user", "01A", NOW)
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
