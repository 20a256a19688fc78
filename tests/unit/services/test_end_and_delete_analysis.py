"""Analyses end once and are announced; a deletion leaves nothing."""

from typing import Any

import pytest

from facet.domain.analysis import Analysis, Failure, Kind, Status
from facet.domain.errors import FacetError
from facet.domain.places import look_keys, overlay_key
from facet.services.delete_analysis import delete_analysis
from facet.services.end_analysis import complete_analysis, fail_analysis
from tests import fakes
from tests.unit.services.conftest import NOW, World

FAILURE = Failure(code="no_face", message="No face.")


def delete(world: World) -> bool:
    return delete_analysis(
        "user",
        "01A",
        analyses=world.analyses,
        looks=world.looks,
        uploads=world.uploads,
        media=world.media,
    )


def test_a_failure_is_announced_once(world: World) -> None:
    asked = world.asked()
    for _ in range(2):
        fail_analysis(asked, FAILURE, now=NOW, analyses=world.analyses, events=world.events)

    assert [event.code for event in world.events.published] == ["no_face"]
    assert world.row(asked).due_at is None
    assert not world.row(asked).awaits


def test_an_end_that_could_not_be_announced_is_left_to_the_sweep(world: World) -> None:
    asked = world.asked()
    world.events.refusal = FacetError("the bus refused")

    with pytest.raises(FacetError):
        fail_analysis(asked, FAILURE, now=NOW, analyses=world.analyses, events=world.events)
    assert world.row(asked).status is Status.FAILED
    assert world.row(asked).due_at


def test_an_analysis_completes_once_every_result_is_there(world: World) -> None:
    analysis = world.measured(wants=("skincare",))

    def complete(**how: Any) -> bool:
        return complete_analysis(
            analysis, now=NOW, analyses=world.analyses, events=world.events, **how
        )

    assert not complete()
    assert world.events.published == []
    assert [complete(last=Kind.SKINCARE) for _ in range(2)] == [True, False]
    assert [event.detail_type for event in world.events.published] == ["AnalysisCompleted"]


def test_a_deletion_leaves_nothing_of_the_analysis_and_all_of_the_others(world: World) -> None:
    analysis = world.measured()
    world.analyses.save_result(analysis, Kind.SKINCARE, {})
    world.measured(analysis_id="01B")
    world.looks.create(fakes.look("01L"))
    world.looks.create(fakes.look("01M", analysis_id="01B"))
    for name in ("01A", "01B"):
        world.media.of[look_keys("user", name, "look-1")[0]] = b"look"
        world.media.of[overlay_key("user", name, "redness")] = b"overlay"

    assert delete(world)
    assert not delete(world)

    assert set(world.analyses.of) == {("user", "01B")}
    assert world.analyses.saved == {}
    assert set(world.looks.of) == {("user", "01M")}
    assert all("01B" in key for key in (*world.media.of, *world.uploads.of))
    assert (len(world.media.of), len(world.uploads.of)) == (3, 1)


def test_a_deletion_takes_every_photo_of_several(world: World) -> None:
    world.asked(photos=fakes.three_photos())
    assert len(world.uploads.of) == 3

    assert delete(world)

    assert (world.uploads.of, world.analyses.of) == ({}, {})


def test_what_is_drawn_while_it_is_deleted_goes_as_well(world: World) -> None:
    world.measured()
    remove = world.analyses.delete

    def meanwhile(analysis: Analysis) -> bool:
        world.media.of[overlay_key("user", "01A", "redness")] = b"overlay"
        return remove(analysis)

    world.analyses.delete = meanwhile  # type: ignore[method-assign]
    assert delete(world)
    assert world.media.of == {}


def test_an_analysis_that_moved_on_is_read_again_and_deleted(world: World) -> None:
    world.asked()
    remove = world.analyses.delete
    tries: list[Status] = []

    def claimed_first(analysis: Analysis) -> bool:
        if not tries:
            world.analyses.claim(analysis, NOW)
        tries.append(analysis.status)
        return remove(analysis)

    world.analyses.delete = claimed_first  # type: ignore[method-assign]
    assert delete(world)
    assert tries == [Status.AWAITING_UPLOAD, Status.ANALYZING]


def test_an_analysis_that_keeps_moving_is_not_deleted(world: World) -> None:
    world.asked()
    world.analyses.delete = lambda _: False  # type: ignore[method-assign, assignment]
    with pytest.raises(FacetError, match="kept changing"):
        delete(world)
