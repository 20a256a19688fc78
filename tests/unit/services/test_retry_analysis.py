"""What an outage lost is made after all."""

import pytest

from facet.domain.analysis import MAX_RETRIES, Analysis, Kind, Status
from facet.domain.errors import BusyError, PermanentError
from facet.domain.messages import jobs_of
from facet.domain.quota import Tier
from facet.services.retry_analysis import retry_analysis
from tests.unit.services.conftest import NOW, World


def retry(world: World) -> Analysis:
    return retry_analysis(
        "user",
        "01A",
        tier=Tier.FREE,
        now=NOW,
        max_queue_depth=2,
        analyses=world.analyses,
        jobs=world.jobs,
    )


def test_nothing_is_taken_up_while_the_queue_is_full(world: World) -> None:
    lost = world.completed(lost=True)
    for _ in range(2):
        world.jobs.send(jobs_of(lost.model_copy(update={"pending": lost.wants})), "correlation")

    with pytest.raises(BusyError):
        retry(world)

    assert world.analyses.of["user", "01A"].status is Status.COMPLETED


def test_what_was_lost_is_queued_again_and_charged_where_it_was_given_back(world: World) -> None:
    world.completed(lost=True)
    assert set(world.analyses.used.values()) == {0}

    again = retry(world)

    assert (again.status, again.retries) == (Status.RECOMMENDING, 1)
    assert [job.kind for job in world.jobs.sent] == [Kind.MAKEUP, Kind.SKINCARE]
    assert set(world.analyses.used.values()) == {1}
    assert world.analyses.results("user", "01A") == {}


def test_asked_again_while_it_is_made_it_is_sent_once_more_and_nothing_else(world: World) -> None:
    world.completed(lost=True)

    assert retry(world) == retry(world)

    assert len(world.jobs.sent) == 4
    assert set(world.analyses.used.values()) == {1}


def test_there_is_nothing_to_retry_where_nothing_was_lost(world: World) -> None:
    with pytest.raises(PermanentError, match="analysis_not_found"):
        retry(world)
    world.completed()
    with pytest.raises(PermanentError, match="nothing_to_retry"):
        retry(world)


def test_what_is_recommended_for_the_first_time_is_not_retried(world: World) -> None:
    world.measured()
    with pytest.raises(PermanentError, match="nothing_to_retry"):
        retry(world)
    assert world.jobs.sent == []


def test_it_is_retried_three_times(world: World) -> None:
    ended = world.completed(lost=True)
    told = {"retries": MAX_RETRIES}
    world.analyses.of["user", "01A"] = ended.model_copy(update=told)
    with pytest.raises(PermanentError, match="retries_used_up"):
        retry(world)
