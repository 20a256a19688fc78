"""What an app polls."""

from datetime import timedelta

import pytest

from facet.domain.analysis import Kind, Status
from facet.domain.errors import AnalysisNotFoundError
from facet.domain.looks import DrawnLook, LookStatus
from facet.services.read_analysis import AnalysisDocument, read_analysis
from tests import fakes
from tests.unit.services.conftest import NOW, World

STEP = {"category": "lip", "name": "Lip", "hex": "#aa3344", "regions": ["lips"]}
MAKEUP = {"status": "completed", "looks": [{"name": "Day", "steps": [STEP]}]}


def read(world: World, minutes: int = 0, user_id: str = "user") -> AnalysisDocument:
    return read_analysis(
        user_id,
        "01A",
        now=NOW + timedelta(minutes=minutes),
        analyses=world.analyses,
        shelves=world.shelves,
        media=world.media,
        jobs=world.jobs,
    )


def completed(world: World) -> None:
    world.completed({Kind.MAKEUP: MAKEUP}, wants=("makeup",))


def test_an_analysis_of_somebody_else_is_not_there(world: World) -> None:
    world.asked()
    with pytest.raises(AnalysisNotFoundError):
        read(world, user_id="somebody")


def test_the_document_grows_with_the_status(world: World) -> None:
    world.asked()
    first = read(world)
    assert (first.status, first.poll_after_ms, first.photo) == ("awaiting_upload", 1000, None)

    world.analyses.of.clear()
    world.measured()
    second = read(world)
    assert second.photo
    assert (second.poll_after_ms, second.photo.thumbnail_url) == (250, None)
    assert second.skin
    assert second.skin.concerns[0].overlay_url == "/v1/analyses/01A/overlays/redness"

    world.analyses.save_thumbnails(world.row(fakes.analysis("01A")))
    third = read(world)
    assert third.photo
    assert "thumbnails/user/01A/thumbnail.jpg" in (third.photo.thumbnail_url or "")


def test_looks_are_awaited_after_the_end_and_then_given_up(world: World) -> None:
    completed(world)

    waiting = read(world)
    world.sweeps(20)
    verbs = [next(iter(world.sweeps(31 * tried))) for tried in range(2, 7)]
    late = read(world)

    assert verbs == ["pictures_sent_again"] * 4 + ["pictures_given_up"]

    assert (waiting.status, waiting.poll_after_ms) == (Status.COMPLETED, 400)
    assert [look.status for look in waiting.looks] == [LookStatus.RENDERING]
    assert late.poll_after_ms is None
    assert [(look.status, look.code) for look in late.looks] == [
        (LookStatus.FAILED, "render_timed_out")
    ]


def test_a_drawn_look_has_its_pictures_and_a_failed_one_its_code(world: World) -> None:
    completed(world)
    drawn = DrawnLook(name="Day", status=LookStatus.COMPLETED, picture="look-1")
    world.analyses.drawn["user", "01A"] = (drawn,)

    (look,) = read(world).looks
    assert "looks/user/01A/look-1.jpg" in (look.image_url or "")
    assert "looks/user/01A/look-1-before-after.jpg" in (look.before_after_url or "")

    failed = DrawnLook(name="Day", status=LookStatus.FAILED, code="lips_occluded")
    world.analyses.drawn["user", "01A"] = (failed,)
    (look,) = read(world).looks
    assert (look.image_url, look.code) == (None, "lips_occluded")


def test_the_tone_is_the_persons_over_every_photo_beside_the_photos_own(world: World) -> None:
    world.measured()
    alone = read(world)
    world.measured(analysis_id="01B")

    both = read(world)

    assert alone.skin
    assert both.skin
    assert alone.skin.tone_of_person
    assert both.skin.tone_of_person
    assert (alone.skin.tone_of_person.photos, both.skin.tone_of_person.photos) == (1, 2)
    assert _width(both) < _width(alone)
    assert both.skin.tone == alone.skin.tone
    world.analyses.delete(world.row(fakes.analysis("01B")))
    assert read(world).skin == alone.skin


def test_what_is_told_of_the_tone_narrows_it_and_an_unreadable_profile_tells_nothing(
    world: World,
) -> None:
    world.measured()
    alone = read(world)
    world.shelves.save_profile("user", {"monk_tone": 4})

    told = read(world)

    assert told.skin
    assert told.skin.tone_of_person
    assert told.skin.tone_of_person.evidence == ("photo", "monk")
    assert _width(told) < _width(alone)
    for unreadable in ('{"monk_tone": 14}', "[not JSON"):
        world.shelves.profiles["user"] = unreadable
        assert read(world).skin == alone.skin


def _width(document: AnalysisDocument) -> float:
    assert document.skin
    assert document.skin.tone_of_person
    low, high = document.skin.tone_of_person.ita_interval
    return high - low
