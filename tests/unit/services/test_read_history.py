"""Pages of analyses, beside earlier ones."""

from datetime import timedelta

import pytest

from facet.domain.analysis import Size
from facet.domain.errors import PermanentError
from facet.domain.face import Region
from facet.services.read_history import LOOK_BACK, History, read_history
from tests.unit.conftest import face_reading
from tests.unit.services.conftest import NOW, World


def read(world: World, limit: int = 2, cursor: str | None = None) -> History:
    return read_history(
        "user",
        limit,
        cursor,
        now=NOW,
        cursors=world.cursors,
        analyses=world.analyses,
        shelves=world.shelves,
        media=world.media,
        jobs=world.jobs,
    )


def test_pages_follow_each_other_newest_first(world: World) -> None:
    for name in ("01A", "01B", "01C"):
        world.asked(analysis_id=name)

    first = read(world)
    second = read(world, cursor=first.cursor)

    assert [each.analysis_id for each in first.analyses] == ["01C", "01B"]
    assert [each.analysis_id for each in second.analyses] == ["01A"]
    assert second.cursor is None


def test_a_page_shows_no_outlines_of_regions(world: World) -> None:
    outline = ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0))
    reading = face_reading(redness=40)
    region = Region(name="nose", score=50, polygon=outline)
    concern = reading.skin.concerns[0].model_copy(update={"regions": (region,)})
    skin = reading.skin.model_copy(update={"concerns": (concern,)})
    claimed = world.analyses.claim(world.asked(), NOW)
    assert claimed
    size = Size(width=600, height=800)
    world.analyses.save_reading(claimed, reading.model_copy(update={"skin": skin}), size, NOW)

    (past,) = read(world).analyses

    assert past.skin
    assert past.skin.concerns[0].regions == (region.model_copy(update={"polygon": ()}),)


def test_a_cursor_of_somebody_else_is_refused(world: World) -> None:
    with pytest.raises(PermanentError, match="invalid_cursor"):
        read(world, cursor=world.cursors.sign("somebody", "analyses", "01A"))


def test_a_trend_reaches_beyond_the_page_to_the_very_first(world: World) -> None:
    """The last of the page is compared with one before it, and with the first of all."""
    names = [f"{number:02}" for number in range(2 * LOOK_BACK + 3)]
    for days, name in enumerate(names):
        world.measured(analysis_id=name, created_at=NOW + timedelta(days=days))

    (latest, last) = read(world).analyses

    for shown in (latest, last):
        (trend,) = shown.trends
        assert trend.first
        assert trend.previous
        assert trend.first.analysis_id == names[0]
        assert trend.previous.analysis_id == names[names.index(shown.analysis_id) - 1]


def test_the_first_of_all_is_compared_with_nothing(world: World) -> None:
    world.measured()
    (trend,) = read(world).analyses[0].trends
    assert (trend.first, trend.previous) == (None, None)


def test_every_analysis_of_a_page_has_the_tone_of_its_person(world: World) -> None:
    for name in ("01A", "01B", "01C"):
        world.measured(analysis_id=name)

    tones = [each.skin.tone_of_person for each in read(world).analyses if each.skin]

    assert [tone.photos for tone in tones if tone] == [3, 3]
