"""Looks are asked for, drawn, kept."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from facet.domain.analysis import Kind
from facet.domain.belongings import Shelf
from facet.domain.errors import PermanentError
from facet.domain.looks import LookStatus, SavedLook
from facet.domain.messages import LookWanted
from facet.domain.places import garment_picture_key, look_keys
from facet.domain.style import Look
from facet.services import render_looks as module
from facet.services.ask_for_look import NewLook, ask_for_look
from facet.services.keep_looks import (
    LookChange,
    change_look,
    delete_look,
    list_looks,
    read_look,
)
from facet.services.render_looks import render_looks
from facet.vision.drawing.portrait import LookPictures
from tests import fakes
from tests.unit.services.conftest import NOW, World

LIP = {"category": "lip", "hex": "#aa3344"}
STEP = {"step": "lip", "category": "lip", "name": "Lip", "hex": "#aa3344", "regions": ["lips"]}
PICTURES = LookPictures(b"look", b"before and after")


def ask(world: World, *, look_id: str = "", **told: Any) -> SavedLook:
    return ask_for_look(
        NewLook.model_validate(told),
        look_id=look_id or f"{len(world.look_jobs.sent):02}N",
        user_id="user",
        analysis_id="01A",
        correlation_id="correlation",
        now=NOW,
        most=4,
        most_of_analysis=3,
        analyses=world.analyses,
        looks=world.looks,
        shelves=world.shelves,
        jobs=world.look_jobs,
    )


@pytest.fixture
def draw(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sequence[LookStatus]]:
    """Draw what was asked for; `meanwhile` something happens."""

    def run(
        job: LookWanted | None = None,
        meanwhile: Callable[[], object] = lambda: None,
        dressed: bool = True,
        lips_hidden: bool = False,
    ) -> Sequence[LookStatus]:
        def draw_look(*_: object) -> LookPictures:
            meanwhile()
            return PICTURES

        monkeypatch.setattr(module, "draw_look", draw_look)
        monkeypatch.setattr(module, "show_dressed", draw_look)
        return render_looks(
            job or world.look_jobs.sent[-1],
            now=NOW,
            analyses=world.analyses,
            looks=world.looks,
            shelves=world.shelves,
            products=world.products,
            media=world.media,
            open_portrait=lambda _: SimpleNamespace(lips_hidden=lips_hidden),  # type: ignore[arg-type,return-value]
            dresser=world.dresser if dressed else None,
            correlate=world.correlated.append,
        )

    return run


def code(world: World, look: SavedLook) -> str | None:
    kept = world.looks.get("user", look.look_id)
    assert kept
    assert kept.status is LookStatus.FAILED
    return kept.code


# --- asking --------------------------------------------------------------------------------------


def test_a_look_is_kept_named_and_queued(world: World) -> None:
    world.measured()

    look = ask(world, products=[LIP, {**LIP, "category": "blush"}])

    assert (look.name, look.status) == ("Lip and blush", LookStatus.RENDERING)
    assert world.looks.get("user", look.look_id)
    assert [job.look_id for job in world.look_jobs.sent] == [look.look_id]


def test_a_look_that_is_asked_for_again_is_the_same_and_sent_until_it_is_drawn(
    world: World,
) -> None:
    world.measured()
    for _ in range(2):
        for number in range(3):  # as many as there may be
            ask(world, look_id=f"0{number}", products=[LIP])
    assert (len(world.looks.of), len(world.look_jobs.sent)) == (3, 6)

    world.looks.finish(fakes.look("00", status="completed"))
    assert ask(world, look_id="00", products=[LIP]).status is LookStatus.COMPLETED
    assert len(world.look_jobs.sent) == 6


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"products": [{"item_id": "none"}]}, "bag_item_not_found"),
        ({"garment_item_id": "none"}, "garment_not_found"),
        ({"products": [{**LIP, "regions": ["lids"]}]}, "region_not_possible"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(
    world: World, told: dict[str, Any], refusal: str
) -> None:
    world.measured()
    with pytest.raises(PermanentError, match=refusal):
        ask(world, **told)
    assert (world.looks.of, world.look_jobs.sent) == ({}, [])


def test_a_look_needs_an_analysis_with_a_photo(world: World) -> None:
    with pytest.raises(PermanentError, match="analysis_not_found"):
        ask(world, products=[LIP])
    world.asked()
    with pytest.raises(PermanentError, match="photo_not_ready"):
        ask(world, products=[LIP])


# --- drawing -------------------------------------------------------------------------------------


def test_a_look_is_drawn_once(world: World, draw: Callable[..., Any]) -> None:
    world.measured()
    look = ask(world, products=[LIP])

    assert draw() == (LookStatus.COMPLETED,)
    assert draw() == ()

    for key, picture in zip(
        look_keys("user", "01A", look.look_id), (b"look", b"before and after"), strict=True
    ):
        assert world.media.of[key] == picture
    kept = world.looks.get("user", look.look_id)
    assert kept
    assert (kept.products[0].regions, kept.products[0].intensity) == (("lips",), 70)


def test_a_product_of_the_bag_is_drawn_in_its_own_shade(
    world: World, draw: Callable[..., Any]
) -> None:
    world.measured()
    mine = {"name": "My lip", "category": "lip", "shade": "#bb2233", "finish": "gloss"}
    world.shelves.put("user", Shelf.BAG, "lip", mine)
    look = ask(world, products=[{"item_id": "lip"}])

    draw()

    kept = world.looks.get("user", look.look_id)
    assert kept
    (product,) = kept.products
    assert (product.name, product.hex, product.category) == ("My lip", "#bb2233", "lip")


@pytest.mark.parametrize(
    ("owned", "refusal"),
    [
        ({"name": "Cream", "category": "moisturiser"}, "not_makeup"),
        ({"name": "Lip", "category": "lip"}, "shade_needed"),
        (None, "bag_item_not_found"),
    ],
)
def test_an_owned_product_that_cannot_be_drawn_fails_the_look(
    world: World, draw: Callable[..., Any], owned: dict[str, Any] | None, refusal: str
) -> None:
    world.measured()
    world.shelves.put("user", Shelf.BAG, "own", owned or {})
    look = ask(world, products=[{"item_id": "own"}])
    if owned is None:
        world.shelves.delete("user", Shelf.BAG, "own")

    assert draw() == (LookStatus.FAILED,)
    assert code(world, look) == refusal


def test_lips_that_are_covered_fail_a_look_for_lips(world: World, draw: Callable[..., Any]) -> None:
    world.measured()
    look = ask(world, products=[LIP])
    assert draw(lips_hidden=True) == (LookStatus.FAILED,)
    assert code(world, look) == "lips_occluded"


def test_a_photo_that_is_gone_fails_the_look(world: World, draw: Callable[..., Any]) -> None:
    world.measured()
    look = ask(world, products=[LIP])
    world.media.of.clear()
    draw()
    assert code(world, look) == "photo_gone"


def test_a_garment_is_tried_on_or_says_why_not(world: World, draw: Callable[..., Any]) -> None:
    world.measured()
    shirt = {"slot": "top", "picture": True, "picture_of": "1f"}
    world.shelves.put("user", Shelf.WARDROBE, "shirt", shirt)
    key = garment_picture_key("user", "shirt", "1f")

    def tried(**how: Any) -> str | None:
        world.looks.of.clear()
        look = ask(world, garment_item_id="shirt")
        draw(**how)
        kept = world.looks.get("user", look.look_id)
        assert kept
        return kept.code or kept.status

    assert tried() == "garment_photo_missing"
    world.shelves.put("user", Shelf.WARDROBE, "shirt", {"slot": "top"})
    assert tried() == "garment_photo_missing"
    world.shelves.put("user", Shelf.WARDROBE, "shirt", shirt)
    world.media.of[key] = b"shirt"
    assert tried(dressed=False) == "provider_unavailable"
    assert tried() == "completed"
    world.dresser.refusal = PermanentError("provider_refused", "No.")
    assert tried() == "provider_refused"


def test_a_garment_whose_picture_is_replaced_just_then_is_tried_on_with_the_new_one(
    world: World, draw: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.measured()
    shirt = {"slot": "top", "picture": True}
    world.shelves.put("user", Shelf.WARDROBE, "shirt", {**shirt, "picture_of": "old"})
    world.media.of[garment_picture_key("user", "shirt", "new")] = b"shirt"
    get = world.media.get

    def replaced(key: str) -> bytes | None:
        if key == garment_picture_key("user", "shirt", "old"):
            world.shelves.put("user", Shelf.WARDROBE, "shirt", {**shirt, "picture_of": "new"})
        return get(key)

    monkeypatch.setattr(world.media, "get", replaced)
    look = ask(world, garment_item_id="shirt")
    draw()

    kept = world.looks.get("user", look.look_id)
    assert kept
    assert kept.status == "completed"


def test_a_look_deleted_while_it_is_drawn_leaves_no_picture(
    world: World, draw: Callable[..., Any]
) -> None:
    world.measured()
    look = ask(world, products=[LIP])

    def delete() -> None:
        delete_look("user", look.look_id, looks=world.looks, media=world.media)

    assert draw(meanwhile=delete) == ()
    assert not list(world.media.keys("looks/"))
    with pytest.raises(PermanentError, match="look_not_found"):
        delete()


def advised(world: World) -> LookWanted:
    makeup = {"status": "completed", "looks": [LOOK, {**LOOK, "name": "Evening"}]}
    world.completed({Kind.MAKEUP: makeup}, wants=("makeup",))
    return LookWanted(analysis_id="01A", user_id="user")


LOOK: dict[str, Any] = {
    "name": "Day",
    "occasion": "day",
    "steps": [],
    "why": [],
}


def test_advised_looks_are_drawn_once_and_in_order(
    world: World, draw: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Look, "model_validate", lambda row: SimpleNamespace(**row))
    job = advised(world)

    assert draw(job) == [LookStatus.COMPLETED] * 2
    assert draw(job) == ()

    drawn = world.analyses.drawn["user", "01A"]
    assert [(look.name, look.picture) for look in drawn] == [
        ("Day", "look-1"),
        ("Evening", "look-2"),
    ]


def test_advised_looks_of_an_analysis_deleted_meanwhile_leave_no_picture(
    world: World, draw: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Look, "model_validate", lambda row: SimpleNamespace(**row))
    job = advised(world)

    def delete() -> None:
        world.analyses.of.clear()

    assert draw(job, meanwhile=delete) == ()
    assert not list(world.media.keys("looks/"))
    assert draw(job) == ()


# --- keeping -------------------------------------------------------------------------------------


def test_a_look_is_awaited_given_up_or_shown(world: World) -> None:
    world.looks.create(fakes.look())

    def read() -> Any:
        return read_look("user", "01L", looks=world.looks, media=world.media)

    assert (read().status, read().poll_after_ms) == (LookStatus.RENDERING, 400)
    verbs = [next(iter(world.sweeps(31 * tried))) for tried in range(1, 6)]
    assert verbs == ["look_sent_again"] * 4 + ["look_given_up"]
    assert [job.look_id for job in world.look_jobs.sent] == ["01L"] * 4
    late = read()
    assert (late.status, late.code, late.poll_after_ms) == (
        LookStatus.FAILED,
        "render_timed_out",
        None,
    )
    assert not world.looks.finish(fakes.look(status="completed"))
    world.looks.of["user", "01L"] = fakes.look(status="completed")
    assert "looks/user/01A/01L.jpg" in (read().image_url or "")


def test_looks_are_paged_renamed_and_are_nobody_elses(world: World) -> None:
    for name in ("01L", "02L", "03L"):
        world.looks.create(fakes.look(name))

    how: dict[str, Any] = {"looks": world.looks, "media": world.media}
    first = list_looks("user", 2, None, cursors=world.cursors, **how)
    rest = list_looks("user", 2, first.cursor, cursors=world.cursors, **how)
    assert [[look.look_id for look in page.looks] for page in (first, rest)] == [
        ["03L", "02L"],
        ["01L"],
    ]
    change = LookChange(name="Mine", favourite=True)
    assert change_look("user", "01L", change, now=NOW, **how).favourite
    for act in (
        lambda: change_look("somebody", "01L", change, now=NOW, **how),
        lambda: read_look("somebody", "01L", **how),
        lambda: delete_look("somebody", "01L", looks=world.looks, media=world.media),
    ):
        with pytest.raises(PermanentError, match="look_not_found"):
            act()


def test_only_so_many_looks_are_kept_of_one_photo_and_in_all(world: World) -> None:
    world.measured()
    for number in range(3):
        world.looks.create(fakes.look(f"0{number}", analysis_id="01B" if number else "01A"))
    first = ask(world, products=[LIP])

    with pytest.raises(PermanentError, match="looks_full"):
        ask(world, products=[LIP])

    world.looks.delete("user", "01")
    world.looks.delete("user", "02")
    world.looks.create(fakes.look("03"))
    with pytest.raises(PermanentError, match="looks_of_analysis_full"):
        ask(world, products=[LIP])

    world.looks.delete("user", first.look_id)
    assert ask(world, products=[LIP])
