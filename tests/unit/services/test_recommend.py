"""Recommendation jobs, alone and two at once.

No catalogue is published here, so that each result says just that: what matters is who writes it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from facet.advice.ranking import load_ranking
from facet.catalogue.catalogue import Catalogue
from facet.domain.analysis import Analysis, Awaited, Kind, Status
from facet.domain.belongings import Shelf
from facet.domain.errors import PermanentError
from facet.domain.messages import FaceAnalyzed
from facet.services import recommend as module
from facet.services.recommend import recommend
from tests.unit.services.conftest import NOW, World

LATER = NOW + timedelta(seconds=1)


def no_catalogue() -> Catalogue:
    raise PermanentError("catalogue_missing", "No product catalogue has been published.")


def not_asked() -> Catalogue:
    raise AssertionError("advice is made again")


def run(
    world: World,
    analysis: Analysis,
    kind: Kind,
    *,
    catalogue: Callable[[], Catalogue] = no_catalogue,
    told: list[set[Kind]] | None = None,
) -> Status | None:
    def narrate(_: Analysis, results: Mapping[Kind, Mapping[str, Any]]) -> None:
        if told is not None:
            told.append(set(results))

    return recommend(
        FaceAnalyzed(analysis_id=analysis.analysis_id, user_id=analysis.user_id, kind=kind),
        now=LATER,
        analyses=world.analyses,
        belongings=world.shelves,
        catalogue=catalogue,
        events=world.events,
        ranking=load_ranking("skincare-1"),
        narrate=narrate,
        look_jobs=world.look_jobs,
    )


def at_once(world: World, analysis: Analysis, first: Kind, second: Kind) -> list[set[Kind]]:
    """Both jobs have read the analysis before either saves; `second` saves while `first` works."""
    told: list[set[Kind]] = []

    def meanwhile() -> Catalogue:
        run(world, analysis, second, told=told)
        return no_catalogue()

    run(world, analysis, first, catalogue=meanwhile, told=told)
    return told


def test_skincare_goes_by_the_tone_of_the_person_where_more_than_the_photo_speaks(
    world: World, catalogue: Catalogue
) -> None:
    def based_on(analysis_id: str) -> list[str]:
        analysis = world.measured(analysis_id=analysis_id)
        run(world, analysis, Kind.SKINCARE, catalogue=lambda: catalogue)
        found: list[str] = world.analyses.results("user", analysis_id)[Kind.SKINCARE]["based_on"]
        world.analyses.delete(world.row(analysis))
        return found

    alone, again = based_on("01A"), based_on("01B")
    world.shelves.save_profile("user", {"monk_tone": 9})
    told = based_on("01C")

    assert alone == again
    assert told[0] != alone[0]


def test_a_job_leaves_its_result_and_the_others_pending(world: World) -> None:
    analysis = world.measured()

    run(world, analysis, Kind.SKINCARE)

    row = world.row(analysis)
    assert row.status is Status.RECOMMENDING
    assert row.pending == {Kind.MAKEUP}
    assert world.analyses.results("user", "01A")[Kind.SKINCARE]["code"] == "catalogue_missing"
    assert world.events.published == []


def test_the_last_job_completes_the_analysis_with_every_result_in_words(world: World) -> None:
    analysis = world.measured()
    told: list[set[Kind]] = []

    run(world, analysis, Kind.SKINCARE, told=told)
    assert run(world, analysis, Kind.MAKEUP, told=told) is Status.COMPLETED

    assert world.row(analysis).status is Status.COMPLETED
    assert told == [{Kind.SKINCARE, Kind.MAKEUP}]
    assert [event.status for event in world.events.published] == [Status.COMPLETED]
    assert Awaited.ANNOUNCEMENT not in world.row(analysis).awaits


@pytest.mark.parametrize(
    ("first", "second"), [(Kind.SKINCARE, Kind.MAKEUP), (Kind.MAKEUP, Kind.SKINCARE)]
)
def test_the_last_two_jobs_at_once_complete_once_and_with_both_results(
    world: World, first: Kind, second: Kind
) -> None:
    analysis = world.measured()

    told = at_once(world, analysis, first, second)

    assert world.row(analysis).status is Status.COMPLETED
    assert world.analyses.results("user", "01A").keys() == {first, second}
    assert told == [{first, second}]
    assert len(world.events.published) == 1


def test_a_result_is_written_before_its_kind_is_taken_off(world: World) -> None:
    analysis = world.measured(wants=tuple(Kind))
    done: list[str] = []

    def noting(name: str) -> None:
        was = getattr(world.analyses, name)

        def noted(*told: Any, **how: Any) -> Any:
            done.append(name)
            return was(*told, **how)

        setattr(world.analyses, name, noted)

    for name in ("save_result", "take_off", "complete"):
        noting(name)
    run(world, analysis, Kind.OUTFIT)
    assert done == ["save_result", "take_off"]
    run(world, analysis, Kind.SKINCARE)
    run(world, analysis, Kind.MAKEUP)

    assert done[2:] == ["save_result", "take_off", "save_result", "complete"]


def test_makeup_that_completes_the_analysis_asks_for_its_looks(
    world: World, catalogue: Catalogue
) -> None:
    analysis = world.measured(wants=("makeup",))
    for name, category in (("lip", "lip"), ("blush", "blush"), ("mascara", "mascara")):
        product = {"name": name, "category": category, "shade": "#aa3344"}
        world.shelves.put("user", Shelf.BAG, name, product)

    assert run(world, analysis, Kind.MAKEUP, catalogue=lambda: catalogue) is Status.COMPLETED

    assert world.analyses.results("user", "01A")[Kind.MAKEUP]["looks"]
    (job,) = world.look_jobs.sent
    assert (job.analysis_id, job.look_id) == ("01A", None)


def test_a_try_that_died_before_it_took_its_kind_off_is_finished_by_the_next(
    world: World,
) -> None:
    analysis = world.measured(wants=("skincare",))
    world.analyses.save_result(analysis, Kind.SKINCARE, {"status": "completed"})

    assert run(world, analysis, Kind.SKINCARE) is Status.COMPLETED

    assert world.analyses.results("user", "01A") == {Kind.SKINCARE: {"status": "completed"}}
    assert world.row(analysis).status is Status.COMPLETED


def test_a_try_that_died_before_it_completed_is_finished_by_the_next(world: World) -> None:
    analysis = world.measured(wants=("skincare",))
    world.analyses.save_result(analysis, Kind.SKINCARE, {"status": "completed"})
    world.analyses.take_off(analysis, Kind.SKINCARE)

    assert run(world, analysis, Kind.SKINCARE, catalogue=not_asked) is Status.COMPLETED
    assert world.row(analysis).status is Status.COMPLETED


def test_makeup_without_looks_waits_for_none(world: World) -> None:
    analysis = world.measured(wants=("makeup",))

    run(world, analysis, Kind.MAKEUP)

    assert world.look_jobs.sent == []
    assert world.row(analysis).awaits == {Awaited.THUMBNAILS}


def test_a_job_redelivered_changes_nothing_and_asks_for_the_looks_again(world: World) -> None:
    analysis = world.measured()
    advised = {"status": "completed", "looks": [{"name": "Day"}]}
    world.analyses.save_result(analysis, Kind.MAKEUP, advised)

    run(world, analysis, Kind.MAKEUP)
    run(world, analysis, Kind.SKINCARE)
    assert run(world, analysis, Kind.MAKEUP, catalogue=not_asked) is None
    assert run(world, analysis, Kind.SKINCARE, catalogue=not_asked) is None

    assert world.analyses.results("user", "01A")[Kind.MAKEUP] == advised
    assert len(world.look_jobs.sent) == 2
    assert world.look_jobs.sent[0].look_id is None
    assert len(world.events.published) == 1


def test_a_job_of_an_analysis_that_is_gone_or_failed_does_nothing(world: World) -> None:
    analysis = world.measured()
    row = analysis.model_copy(update={"status": Status.FAILED})
    world.analyses.of["user", "01A"] = row
    assert run(world, analysis, Kind.SKINCARE) is None
    world.analyses.delete(row)
    assert run(world, analysis, Kind.SKINCARE) is None
    assert world.analyses.saved == {}


def test_an_analysis_deleted_while_a_worker_runs_stays_deleted(world: World) -> None:
    analysis = world.measured(wants=("skincare",))

    def meanwhile() -> Catalogue:
        if world.analyses.of:
            world.analyses.delete(world.row(analysis))
        return no_catalogue()

    run(world, analysis, Kind.SKINCARE, catalogue=meanwhile)

    assert (world.analyses.of, world.events.published) == ({}, [])
    assert world.analyses.results("user", "01A") == {}


def test_an_analysis_without_a_reading_says_so(world: World) -> None:
    analysis = world.measured(wants=("skincare",))
    world.analyses.readings.clear()

    run(world, analysis, Kind.SKINCARE)
    assert world.analyses.results("user", "01A")[Kind.SKINCARE]["code"] == "reading_missing"


def test_a_profile_that_cannot_be_read_gives_no_advice(world: World) -> None:
    analysis = world.measured(wants=("skincare",))
    world.shelves.profiles["user"] = "[not JSON"

    run(world, analysis, Kind.SKINCARE)
    assert world.analyses.results("user", "01A")[Kind.SKINCARE]["code"] == "profile_unreadable"


def test_what_may_succeed_another_time_is_raised_and_leaves_the_wish_pending(
    world: World,
) -> None:
    def away() -> Catalogue:
        raise ConnectionError("the bucket is away")

    analysis = world.measured()
    with pytest.raises(ConnectionError):
        run(world, analysis, Kind.SKINCARE, catalogue=away)
    assert world.row(analysis).pending == {Kind.SKINCARE, Kind.MAKEUP}


def test_each_kind_of_advice_is_made_of_what_is_owned(world: World, catalogue: Catalogue) -> None:
    analysis = world.measured(wants=tuple(Kind))
    lip = {"name": "My lip", "category": "lip", "shade": "#aa3344"}
    world.shelves.put("user", Shelf.BAG, "lip", lip)

    for kind in analysis.wants:
        run(world, analysis, kind, catalogue=lambda: catalogue)

    results = world.analyses.results("user", "01A")
    assert results.keys() == set(Kind)
    assert all("status" in result for result in results.values())
    assert world.row(analysis).status is Status.COMPLETED
    assert len(world.look_jobs.sent) == bool(results[Kind.MAKEUP].get("looks"))


def test_a_bag_of_a_thousand_long_names_is_advised_on(
    world: World, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "JOB_SECONDS", 600)  # a busy machine is none of this test's
    analysis = world.measured(wants=("skincare",))
    for number in range(1000):
        product = {"name": f"{'成' * 195}{number}", "category": "serum"}
        world.shelves.put("user", Shelf.BAG, f"{number:04}", product)

    assert run(world, analysis, Kind.SKINCARE, catalogue=lambda: catalogue) is Status.COMPLETED

    result = world.analyses.results("user", "01A")[Kind.SKINCARE]
    assert result["status"] != "failed"
    assert result["notes"][-1]["code"] == "notes_left_out"
