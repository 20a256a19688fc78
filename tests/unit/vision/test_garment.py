"""Colours of drawn garments, whose colours are known."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from facet.colour import delta_e_2000, lab_from_hex
from facet.vision.photo.garment import garment_colours, read_garment
from tests.heic import heic

SHIRT = [(90, 60), (250, 60), (300, 140), (260, 160), (260, 380), (80, 380), (80, 160), (40, 140)]


def drawn(ground: str, dye: str, second: str | None = None) -> Image.Image:
    picture = Image.new("RGB", (340, 440), ground)
    draw = ImageDraw.Draw(picture)
    draw.polygon(SHIRT, fill=dye)
    if second:
        draw.rectangle((80, 300, 260, 380), fill=second)
    return picture


def noisy(picture: Image.Image, shade: bool = False) -> NDArray[np.uint8]:
    """As a camera sees it: with noise and, if asked, light that falls off to one side."""
    pixels = np.asarray(picture, dtype=float)
    if shade:
        pixels = pixels * np.linspace(1.0, 0.7, pixels.shape[1])[None, :, None]
    noise = np.random.default_rng(7).normal(0, 4, pixels.shape)
    return np.asarray(np.clip(pixels + noise, 0, 255), dtype=np.uint8)


def away(colour: str, expected: str) -> float:
    return float(delta_e_2000(lab_from_hex(colour), lab_from_hex(expected)))


@pytest.mark.parametrize("ground", ["#f2f0ec", "#8a7b66", "#202024"])
@pytest.mark.parametrize("dye", ["#9a4a2c", "#22604a", "#c99a3a"])
def test_one_dye_is_one_colour_and_the_background_is_not_it(ground: str, dye: str) -> None:
    (colour,) = garment_colours(noisy(drawn(ground, dye)))

    assert away(colour.hex, dye) < 3
    assert colour.share == 1


def test_light_that_falls_off_adds_no_colour() -> None:
    colours = garment_colours(noisy(drawn("#e8e4da", "#2a4a8a"), shade=True))

    assert len(colours) == 1
    assert away(colours[0].hex, "#2a4a8a") < 10


def test_two_dyes_come_with_their_shares() -> None:
    colours = garment_colours(noisy(drawn("#f2f0ec", "#9a4a2c", second="#22304f")))

    assert len(colours) == 2
    assert away(colours[0].hex, "#9a4a2c") < 4
    assert away(colours[1].hex, "#22304f") < 4
    assert colours[1].share == pytest.approx(0.26, abs=0.05)
    assert sum(c.share for c in colours) == pytest.approx(1)


def test_a_close_up_is_read_in_its_middle() -> None:
    (colour,) = garment_colours(noisy(Image.new("RGB", (200, 200), "#5d1a2a")))

    assert away(colour.hex, "#5d1a2a") < 3


def test_a_hole_in_the_garment_is_not_background_unless_reached() -> None:
    picture = drawn("#f2f0ec", "#22604a")
    ImageDraw.Draw(picture).rectangle((130, 200, 210, 260), fill="#f2f0ec")

    colours = garment_colours(noisy(picture))

    assert len(colours) == 2, "a print of the background's colour belongs to the garment"


def test_the_bytes_of_a_photo_give_the_same() -> None:
    photo = BytesIO()
    drawn("#f2f0ec", "#9a4a2c").resize((1360, 1760)).save(photo, "JPEG", quality=92)

    read = read_garment(photo.getvalue())

    (colour,) = read.colours
    assert away(colour.hex, "#9a4a2c") < 3
    picture = Image.open(BytesIO(read.picture))
    assert (picture.format, max(picture.size)) == ("JPEG", 800)
    assert not dict(picture.getexif())


@pytest.mark.parametrize("size", [(1000, 680), (1280, 720), (1599, 900), (160, 1600)])
def test_a_heic_of_any_size_is_read(size: tuple[int, int]) -> None:
    read = read_garment(heic(drawn("#f2f0ec", "#9a4a2c").resize(size)))

    assert away(read.colours[0].hex, "#9a4a2c") < 6
    assert max(Image.open(BytesIO(read.picture)).size) == 800


@pytest.mark.parametrize("size", [(160, 30_000), (30_000, 160)])
def test_a_very_narrow_photo_has_a_colour(size: tuple[int, int]) -> None:
    photo = BytesIO()
    Image.new("RGB", size, "#336699").save(photo, "JPEG")

    (colour,) = read_garment(photo.getvalue()).colours

    assert away(colour.hex, "#336699") < 2


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (40, 7), (1, 2000), (2000, 3)])
def test_a_tiny_picture_still_has_a_colour(size: tuple[int, int]) -> None:
    colours = garment_colours(np.asarray(Image.new("RGB", size, "#336699")))

    assert away(colours[0].hex, "#336699") < 1
