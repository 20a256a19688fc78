"""Pictures made of the photo: thumbnails and overlays."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from facet.domain.errors import PermanentError
from facet.domain.places import overlay_key
from facet.services import draw_overlay, save_thumbnails
from facet.vision.photo.thumbnail import Thumbnails
from tests.unit.services.conftest import NOW, World

OVERLAY = overlay_key("user", "01A", "redness")


@pytest.fixture
def thumbnails(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    def run(meanwhile: Callable[[], object] = lambda: None) -> bool:
        def make_thumbnails(_: bytes) -> Thumbnails:
            meanwhile()
            return Thumbnails(b"small", b"larger", 960, 1280)

        monkeypatch.setattr(save_thumbnails, "make_thumbnails", make_thumbnails)
        return save_thumbnails.save_thumbnails(
            "photos/user/01A.jpg",
            analyses=world.analyses,
            media=world.media,
            correlate=world.correlated.append,
        )

    return run


@pytest.fixture
def show(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def run(concern: str = "redness", meanwhile: Callable[[], object] = lambda: None) -> Any:
        def draw(*_: object, **__: object) -> bytes:
            meanwhile()
            return b"overlay"

        monkeypatch.setattr(draw_overlay, "draw_overlay", draw)
        return draw_overlay.show_overlay(
            "user",
            "01A",
            concern,
            now=NOW,
            analyses=world.analyses,
            media=world.media,
            open_portrait=lambda _: SimpleNamespace(pixels=None, points=None),  # type: ignore[arg-type,return-value]
        )

    return run


def test_both_thumbnails_are_kept_and_noted(world: World, thumbnails: Callable[..., bool]) -> None:
    analysis = world.measured()

    assert thumbnails()

    assert world.row(analysis).thumbnails
    assert world.media.of[analysis.thumbnail_key] == b"small"
    assert world.media.of[analysis.optimized_key] == b"larger"
    assert world.correlated == ["correlation"]


def test_no_thumbnails_are_made_without_a_photo_or_an_analysis(
    world: World, thumbnails: Callable[..., bool]
) -> None:
    assert not thumbnails()
    world.measured()
    world.media.of.clear()
    assert not thumbnails()
    assert world.media.of == {}


def test_thumbnails_of_an_analysis_deleted_meanwhile_are_deleted(
    world: World, thumbnails: Callable[..., bool]
) -> None:
    world.measured()
    assert not thumbnails(world.analyses.of.clear)
    assert world.media.of == {}


def test_an_overlay_is_drawn_once_and_signed_each_time(
    world: World, show: Callable[..., Any]
) -> None:
    world.measured()

    first = show()
    world.media.of[OVERLAY] = b"kept"
    again = show()

    assert OVERLAY in first.url
    assert (first.width, first.height, first.measured) == (600, 800, 1.0)
    assert again == first
    assert world.media.of[OVERLAY] == b"kept"


def test_an_overlay_needs_a_photo_and_a_concern_that_was_measured(
    world: World, show: Callable[..., Any]
) -> None:
    with pytest.raises(PermanentError, match="analysis_not_found"):
        show()
    world.asked()
    with pytest.raises(PermanentError, match="photo_not_ready"):
        show()
    world.analyses.of.clear()
    world.measured()
    with pytest.raises(PermanentError, match=r"concern_not_found: .*redness"):
        show("shine")
    reading, size = world.analyses.readings["user", "01A"]
    (redness,) = reading.skin.concerns
    missing = redness.model_copy(update={"measured": None, "reason": "Too dark."})
    skin = reading.skin.model_copy(update={"concerns": (missing,)})
    world.analyses.readings["user", "01A"] = reading.model_copy(update={"skin": skin}), size
    with pytest.raises(PermanentError, match="concern_not_measured: Too dark"):
        show()
    assert OVERLAY not in world.media.of


def test_an_overlay_needs_the_photo_itself(world: World, show: Callable[..., Any]) -> None:
    world.measured()
    world.media.of.clear()
    with pytest.raises(PermanentError, match="photo_gone"):
        show()


def test_an_overlay_of_an_analysis_deleted_meanwhile_is_deleted(
    world: World, show: Callable[..., Any]
) -> None:
    world.measured()
    with pytest.raises(PermanentError, match="analysis_not_found"):
        show(meanwhile=world.analyses.of.clear)
    assert OVERLAY not in world.media.of
