"""Garments as told, and their photos."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from facet.domain.belongings import Shelf
from facet.domain.errors import PermanentError
from facet.domain.places import garment_photo_of, garment_picture_key, garment_upload_key
from facet.domain.style import GarmentColour
from facet.services import save_garment_photo as module
from facet.services.keep_wardrobe import (
    NewGarment,
    WardrobeItem,
    drop_garment,
    keep_garment,
    list_wardrobe,
    read_garment_item,
)
from facet.services.save_garment_photo import save_garment_photo
from facet.vision.photo.garment import GarmentReading
from tests.unit.services.conftest import NOW, World

SHIRT: dict[str, Any] = {"category": "shirt", "slot": "top", "formality": 2, "warmth": 2}
CREAM = [{"hex": "#fff5dd", "share": 1.0}]
RUST = (GarmentColour(hex="#9a4a2c", share=1.0),)
DATA = b"as sent"
PHOTO = {
    "content_type": "image/jpeg",
    "content_length": len(DATA),
    "checksum_sha256": b64encode(sha256(DATA).digest()).decode(),
}
UPLOAD = garment_upload_key("user", "shirt", PHOTO["checksum_sha256"])  # type: ignore[arg-type]
PICTURE = garment_picture_key("user", "shirt", garment_photo_of(UPLOAD))


def keep(world: World, minutes: int = 0, **told: Any) -> bool:
    return keep_garment(
        "user",
        "shirt",
        NewGarment.model_validate({**SHIRT, **told}),
        max_photo_bytes=100,
        most=2,
        correlation_id="correlation",
        now=NOW + timedelta(minutes=minutes),
        shelves=world.shelves,
    )


def read(world: World, minutes: int = 0, **how: Any) -> WardrobeItem:
    now = NOW + timedelta(minutes=minutes)
    return read_garment_item(
        "user", "shirt", now=now, shelves=world.shelves, media=world.media, **how
    )


@pytest.fixture
def arrive(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str | None]:
    """The photo arrives; what is read of it, after `meanwhile`."""

    def run(
        reading: GarmentReading | PermanentError = GarmentReading(RUST, b"small"),  # noqa: B008
        meanwhile: Callable[[], object] = lambda: None,
        key: str = UPLOAD,
    ) -> str | None:
        def read_garment(_: bytes) -> GarmentReading:
            meanwhile()
            if isinstance(reading, PermanentError):
                raise reading
            return reading

        monkeypatch.setattr(module, "read_garment", read_garment)
        world.uploads.of[key] = DATA
        return save_garment_photo(
            key,
            shelves=world.shelves,
            uploads=world.uploads,
            media=world.media,
            correlate=world.correlated.append,
        )

    return run


def test_a_garment_with_colours_is_ready_at_once(world: World) -> None:
    assert keep(world, colours=CREAM)
    assert not keep(world, colours=CREAM, name="Mine")
    assert (read(world).status, read(world).name) == ("ready", "Mine")


def test_a_garment_needs_colours_or_a_photo_of_a_size_that_is_taken(world: World) -> None:
    with pytest.raises(PermanentError, match="colours_needed"):
        keep(world)
    with pytest.raises(PermanentError, match="file_too_large: The photo has 101 bytes"):
        keep(world, photo={**PHOTO, "content_length": 101})
    assert world.shelves.things == {}


def test_a_photo_is_asked_for_awaited_and_given_up(world: World) -> None:
    keep(world, photo=PHOTO)

    asked = read(world, uploads=world.uploads)

    assert (asked.status, asked.poll_after_ms) == ("awaiting_upload", 1000)
    assert UPLOAD in (asked.upload_url or "")
    assert read(world).upload_url is None
    assert world.sweeps(10) == {}
    assert world.sweeps(12) == {"garment_given_up": 1}
    late = read(world, minutes=12, uploads=world.uploads)
    assert (late.status, late.code, late.upload_url) == ("failed", "upload_expired", None)


def test_a_photo_gives_colours_and_a_picture_and_the_original_goes(
    world: World, arrive: Callable[..., str | None]
) -> None:
    keep(world, photo=PHOTO)

    assert arrive() == "ready"

    item = read(world)
    assert (item.status, item.colours) == ("ready", RUST)
    assert PICTURE in (item.picture_url or "")
    assert (world.media.of, world.uploads.of) == ({PICTURE: b"small"}, {})
    assert arrive() is None  # the event again
    assert world.uploads.of == {}


def test_what_the_owner_says_of_colours_is_not_overruled(
    world: World, arrive: Callable[..., str | None]
) -> None:
    keep(world, photo=PHOTO, colours=CREAM)
    assert arrive() == "ready"
    assert read(world).colours[0].hex == "#fff5dd"


def test_a_photo_that_cannot_be_read_fails_with_its_code(
    world: World, arrive: Callable[..., str | None]
) -> None:
    keep(world, photo=PHOTO)
    assert arrive(PermanentError("not_an_image", "No.")) == "failed"
    assert (read(world).status, read(world).code) == ("failed", "not_an_image")
    with pytest.raises(PermanentError, match="colours_needed"):
        keep(world)  # a photo that failed is forgotten


def test_another_photo_than_the_one_that_is_awaited_is_deleted(
    world: World, arrive: Callable[..., str | None]
) -> None:
    keep(world, photo=PHOTO)
    assert arrive(key=garment_upload_key("user", "shirt", "another")) is None
    assert world.uploads.of == {}
    assert read(world).status == "awaiting_upload"


def test_a_garment_dropped_while_its_photo_is_read_leaves_no_picture(
    world: World, arrive: Callable[..., str | None]
) -> None:
    keep(world, photo=PHOTO)

    def drop() -> None:
        drop_garment(
            "user", "shirt", shelves=world.shelves, uploads=world.uploads, media=world.media
        )

    assert arrive(meanwhile=drop) is None
    assert (world.media.of, world.uploads.of, world.shelves.things) == ({}, {}, {})
    with pytest.raises(PermanentError, match="garment_not_found"):
        drop()


def test_a_photo_replaced_while_it_is_read_does_not_answer_for_the_new_one(
    world: World, arrive: Callable[..., str | None]
) -> None:
    keep(world, photo=PHOTO)
    newer = {**PHOTO, "checksum_sha256": "0" * 43 + "="}
    key = garment_upload_key("user", "shirt", newer["checksum_sha256"])  # type: ignore[arg-type]

    def replaced() -> None:
        keep(world, photo=newer)
        world.uploads.of[key] = b"the new one"

    assert arrive(meanwhile=replaced) is None
    assert read(world).status == "awaiting_upload"
    assert world.uploads.of == {key: b"the new one"}
    assert world.media.of == {}
    assert arrive(key=key) == "ready"
    picture = garment_picture_key("user", "shirt", garment_photo_of(key))
    assert set(world.media.of) == {picture}
    assert picture in (read(world).picture_url or "")


def test_a_photo_read_while_the_next_one_is_leaves_that_one_s_picture(
    world: World, arrive: Callable[..., str | None]
) -> None:
    """The old one's reader puts its picture last."""
    keep(world, photo=PHOTO)
    newer = {**PHOTO, "checksum_sha256": "0" * 43 + "="}
    key = garment_upload_key("user", "shirt", newer["checksum_sha256"])  # type: ignore[arg-type]

    def replaced_and_read() -> None:
        keep(world, photo=newer)
        world.uploads.of[key] = b"the new one"
        assert arrive(key=key) == "ready"

    assert arrive(meanwhile=replaced_and_read) is None

    assert set(world.media.of) == {garment_picture_key("user", "shirt", garment_photo_of(key))}


def test_another_photo_takes_the_place_of_a_picture_from_before_its_key_told(
    world: World, arrive: Callable[..., str | None]
) -> None:
    old = garment_picture_key("user", "shirt", None)
    world.media.of[old] = b"old"
    kept = {**SHIRT, "colours": [CREAM[0]], "picture": True}
    world.shelves.put("user", Shelf.WARDROBE, "shirt", kept)
    assert old in (read(world).picture_url or "")
    keep(world, photo=PHOTO)
    assert old in (read(world).picture_url or ""), "until the new one is read"

    assert arrive() == "ready"

    assert world.media.of == {PICTURE: b"small"}


def test_a_picture_that_a_dead_try_left_goes_with_the_next_event(
    world: World, arrive: Callable[..., str | None]
) -> None:
    keep(world, colours=CREAM)
    world.media.of = {PICTURE: b"small", "garments/user/shirts.jpg": b"of another"}
    assert arrive() is None
    assert world.media.of == {"garments/user/shirts.jpg": b"of another"}


def test_a_picture_and_colours_stay_where_neither_comes_anew(
    world: World, arrive: Callable[..., str | None]
) -> None:
    keep(world, photo=PHOTO)
    arrive()
    keep(world, name="Mine")
    assert (read(world).colours, bool(read(world).picture_url)) == (RUST, True)


def test_the_wardrobe_tells_which_garments_it_cannot_read(world: World) -> None:
    keep(world, colours=CREAM)
    world.shelves.put("user", Shelf.WARDROBE, "old", {"name": "Old"})

    page = list_wardrobe(
        "user", 5, None, cursors=world.cursors, shelves=world.shelves, media=world.media
    )

    assert [item.item_id for item in page.items] == ["shirt"]
    assert page.unreadable == ("old",)
    with pytest.raises(PermanentError, match="garment_not_found"):
        read_garment_item("user", "none", now=NOW, shelves=world.shelves, media=world.media)
    with pytest.raises(PermanentError, match="garment_unreadable"):
        read_garment_item("user", "old", now=NOW, shelves=world.shelves, media=world.media)


def test_the_same_request_again_keeps_what_was_read(
    world: World, arrive: Callable[..., str | None]
) -> None:
    assert keep(world, photo=PHOTO)
    assert arrive() == "ready"

    assert not keep(world, photo=PHOTO)

    item = read(world)
    assert (item.status, [colour.hex for colour in item.colours]) == ("ready", ["#9a4a2c"])
    assert not keep(world, photo={**PHOTO, "checksum_sha256": "0" * 43 + "="})
    assert read(world).status == "awaiting_upload"
