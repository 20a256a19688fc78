"""Makeup on a photo: on faces drawn on the mean face, whose every pixel is known, and on one."""

import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from facet import colour
from facet.domain.style import Finish, LookStep, Makeup, MakeupCategory, Region
from facet.vision.drawing.pixels import bands, grains
from facet.vision.drawing.render import before_and_after, render_look
from facet.vision.drawing.rules import finish_called, makeup_of, places_of, render_rules
from facet.vision.face.landmarks import part
from facet.vision.face.models import FoundFace
from facet.vision.face.pose import canonical

CATEGORIES = get_args(MakeupCategory)
SCALE = 3.0  # px per mm
# Monk Skin Tone 2, 5, 7, 9 and 10, whose lips are drawn redder and a little darker.
SKINS = {2: "#f3e7db", 5: "#d7bd96", 7: "#825c43", 9: "#3a312a", 10: "#292420"}
SHADES = {
    "foundation": "#c89a78",
    "concealer": "#e0b898",
    "contour": "#7a5140",
    "bronzer": "#a06a45",
    "blush": "#bd6f72",
    "highlighter": "#f0dcc8",
    "brow": "#43342c",
    "eyeshadow": "#305e64",
    "eyeliner": "#23304d",
    "lip": "#b01a24",
}
# Landmarks in whose middle each product is full, on the right and on the left.
INSIDE: dict[MakeupCategory, list[tuple[int, ...]]] = {
    "foundation": [(50,), (280,), (151,)],
    "concealer": [(145, 230), (374, 450)],
    "contour": [(123, 207), (352, 427)],
    "blush": [(118, 117, 116, 123, 50, 205, 36, 101), (347, 346, 345, 352, 280, 425, 266, 330)],
    "eyeshadow": [(159, 27), (386, 257)],
    "lip": [(14, 17), (87, 84), (317, 314)],
}


class Face:
    """A face drawn on the mean face's landmarks: skin, lips, teeth, eyes and brows."""

    def __init__(
        self,
        skin: str = "#d7bd96",
        *,
        open_mouth: bool = True,
        side_light: float = 0.0,
        glasses: bool = False,
    ) -> None:
        low = canonical().points[:, :2].min(axis=0) * 10
        points = canonical().points[:, :2] * (10, -10)
        margin = 35.0
        self.points = (points - [low[0] - margin, 0]) * SCALE
        self.points[:, 1] += margin * SCALE - self.points[:, 1].min()
        width, height = (np.ceil(self.points.max(axis=0) + margin * SCALE)).astype(int)
        lab = colour.lab_from_hex(skin)
        lip = colour.hex_from_lab(lab * (0.85, 1, 0.9) + (0, 16, 2))
        image = Image.new("RGB", (int(width), int(height)), "#3060c0")
        pen = ImageDraw.Draw(image)
        outline = self.at("face")
        middle = outline.mean(axis=0)
        # The skin goes on beyond the mesh's outline, to a hairline and a neck.
        self._fill(pen, (outline - middle) * 1.12 + middle, skin)
        for side in ("right", "left"):
            self._fill(pen, self.at(f"{side}_eye"), "#f2f0ee")
            x, y = self.at(f"{side}_eye").mean(axis=0)
            radius = 4.5 * SCALE
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill="#4a3424")
            self._fill(pen, self.at(f"{side}_brow"), "#2c211b")
        self._fill(pen, self.at("lips"), lip)
        self._fill(pen, self.at("mouth"), "#f1ece2" if open_mouth else lip)
        if glasses:
            eyes = np.concatenate([self.at("right_eye"), self.at("left_eye")])
            (left, top), (right, bottom) = eyes.min(axis=0) - 25, eyes.max(axis=0) + 30
            pen.rectangle([left, top, right, bottom + 20], fill="#101114")
        soft = image.filter(ImageFilter.GaussianBlur(0.8))
        linear = colour.linear_from_srgb(np.asarray(soft))
        rows, columns = np.mgrid[0 : soft.height, 0 : soft.width]
        self.light = np.exp(side_light * (columns / soft.width - 0.5))
        grain = 1 + 0.03 * np.sin(rows * 1.7) * np.sin(columns * 1.3)
        encoded = colour.srgb_from_linear(linear * (self.light * grain)[..., None])
        self.pixels = np.rint(encoded * 255).astype(np.uint8)

    def at(self, name: str) -> np.ndarray:
        return np.asarray(self.points[part(name)])

    def mask(self, name: str, grow: float = 0.0) -> np.ndarray:
        """(h, w) a part of the face, its edge moved outwards by mm"""
        image = Image.new("L", self.pixels.shape[1::-1])
        self._fill(ImageDraw.Draw(image), self.at(name), 255)
        if grow:
            size = 2 * round(abs(grow) * SCALE) + 1
            kind = ImageFilter.MaxFilter if grow > 0 else ImageFilter.MinFilter
            image = image.filter(kind(size))
        return np.asarray(image) > 0

    def near(self, places: list[tuple[int, ...]], mm: float) -> np.ndarray:
        """(h, w) within mm of the middle of any of some groups of landmarks"""
        rows, columns = np.mgrid[0 : self.pixels.shape[0], 0 : self.pixels.shape[1]]
        where = [self.points[list(landmarks)].mean(axis=0) for landmarks in places]
        return np.any([np.hypot(columns - x, rows - y) < mm * SCALE for x, y in where], axis=0)

    @staticmethod
    def _fill(pen: ImageDraw.ImageDraw, polygon: np.ndarray, fill: str | int) -> None:
        pen.polygon([(float(x), float(y)) for x, y in polygon], fill=fill)


def makeup(
    category: str,
    shade: str = "#b01a24",
    intensity: int = 100,
    finish: Finish = "matte",
    regions: tuple[Region, ...] = (),
) -> Makeup:
    return Makeup(category=category, hex=shade, intensity=intensity, finish=finish, regions=regions)


def full_look() -> list[Makeup]:
    return [makeup(category, SHADES.get(category, "#141314"), 80) for category in CATEGORIES]


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return np.any(before != after, axis=-1)


def lightness(pixels: np.ndarray) -> np.ndarray:
    return colour.lab_from_srgb(pixels)[..., 0]


# --- the shade is what is seen


@pytest.mark.parametrize("tone", SKINS)
@pytest.mark.parametrize("category", INSIDE)
def test_at_full_intensity_the_median_is_the_shade(category: MakeupCategory, tone: int) -> None:
    face = Face(SKINS[tone])

    after = render_look(face.pixels, face.points, [makeup(category, SHADES[category])])

    place = face.near(INSIDE[category], 0.8)
    got = np.median(colour.lab_from_srgb(after[place]), axis=0)
    assert colour.delta_e_2000(got, colour.lab_from_hex(SHADES[category])) < 4


@pytest.mark.parametrize("tone", [2, 9])
def test_the_face_keeps_its_own_light_and_shade(tone: int) -> None:
    face = Face(SKINS[tone], side_light=1.0)

    after = render_look(face.pixels, face.points, [makeup("foundation", "#c89a78")])

    left, right = (face.near([(landmark,)], 3) for landmark in (50, 280))
    before_ratio, after_ratio = (
        np.median(colour.luminance(colour.linear_from_srgb(pixels[left])))
        / np.median(colour.luminance(colour.linear_from_srgb(pixels[right])))
        for pixels in (face.pixels, after)
    )
    assert after_ratio == pytest.approx(before_ratio, rel=0.1)


def test_the_skin_keeps_its_texture() -> None:
    face = Face()
    place = face.near([(50,), (280,)], 6)

    after = render_look(face.pixels, face.points, [makeup("foundation", "#b98a6a")])

    before_detail, after_detail = (
        lightness(pixels)[place].std() / lightness(pixels)[place].mean()
        for pixels in (face.pixels, after)
    )
    assert 0.7 < after_detail / before_detail < 1.2


def test_a_satin_foundation_adds_no_shine_and_a_matte_one_takes_some() -> None:
    face = Face(SKINS[2], side_light=0.0)
    place = face.near([(50,), (280,)], 6)

    def shine(pixels: np.ndarray) -> float:
        light = lightness(pixels)[place]
        return float(np.quantile(light, 0.95) / np.median(light)) - 1

    satin, matte = (
        shine(render_look(face.pixels, face.points, [makeup("foundation", "#b98a6a", finish=f)]))
        for f in ("satin", "matte")
    )
    assert satin / shine(face.pixels) == pytest.approx(1.1, abs=0.1)
    assert matte < 0.8 * shine(face.pixels)


def test_a_pale_blush_at_half_strength_does_not_turn_dark_skin_ashen() -> None:
    face = Face(SKINS[9])
    place = face.near(INSIDE["blush"], 2)

    after = render_look(face.pixels, face.points, [makeup("blush", "#ebb3b4", 50)])

    (before_l, *before_ab), (after_l, *after_ab) = (
        np.median(colour.lab_from_srgb(pixels[place]), axis=0) for pixels in (face.pixels, after)
    )
    assert np.hypot(*after_ab) > np.hypot(*before_ab) + 3
    # Half of the way to the shade would be 28.
    assert after_l - before_l < 18


def test_more_intensity_is_more_colour() -> None:
    face = Face()
    place = face.near(INSIDE["lip"], 1)
    reached = [
        np.median(
            colour.lab_from_srgb(
                render_look(face.pixels, face.points, [makeup("lip", intensity=share)])[place]
            ),
            axis=0,
        )
        for share in (0, 25, 50, 75, 100)
    ]
    distances = colour.delta_e_2000(np.array(reached), colour.lab_from_hex("#b01a24"))
    assert (np.diff(distances) < -2).all()


# --- and nothing else


@pytest.mark.parametrize("category", CATEGORIES)
def test_what_is_not_touched_is_the_same_byte_for_byte(
    category: MakeupCategory, astronaut: np.ndarray, astronaut_face: FoundFace
) -> None:
    points = astronaut_face.mesh.points
    places = places_of(category)

    after = render_look(astronaut, points, [makeup(category, "#305e64", regions=places)])

    # The face, its hairline and nothing farther off.
    low, high = points.min(axis=0), points.max(axis=0)
    reach = 0.35 * (high - low)
    away = np.ones(astronaut.shape[:2], bool)
    (left, top), (right, bottom) = (low - reach).astype(int), (high + 0.3 * reach).astype(int)
    away[max(top, 0) : bottom, max(left, 0) : right] = False
    assert not changed(astronaut, after)[away].any()
    assert changed(astronaut, after).any()
    assert after.dtype == np.uint8


def test_no_step_and_no_intensity_change_nothing() -> None:
    face = Face()
    for steps in ([], [makeup("lip", intensity=0)]):
        after = render_look(face.pixels, face.points, steps)
        assert (after == face.pixels).all()
        assert after is not face.pixels


def test_the_photo_handed_in_is_left_as_it_was() -> None:
    face = Face()
    before = face.pixels.copy()
    render_look(face.pixels, face.points, full_look())
    assert (face.pixels == before).all()


@pytest.mark.parametrize("tone", SKINS)
def test_teeth_stay_as_they_are(tone: int) -> None:
    face = Face(SKINS[tone])
    after = render_look(face.pixels, face.points, [makeup("lip"), makeup("lip_liner")])
    assert not changed(face.pixels, after)[face.mask("mouth", -1.0)].any()


def test_a_closed_mouth_has_no_gap() -> None:
    face = Face(open_mouth=False)
    after = render_look(face.pixels, face.points, [makeup("lip")])
    gap = face.mask("mouth", -1.0)
    got = np.median(colour.lab_from_srgb(after[gap]), axis=0)
    assert colour.delta_e_2000(got, colour.lab_from_hex("#b01a24")) < 6


@pytest.mark.parametrize("tone", SKINS)
def test_lip_colour_ends_with_the_lips(tone: int) -> None:
    face = Face(SKINS[tone])
    after = render_look(face.pixels, face.points, [makeup("lip")])
    assert not changed(face.pixels, after)[~face.mask("lips", 2.5)].any()


@pytest.mark.parametrize("tone", SKINS)
def test_nothing_lands_in_the_eyes(tone: int) -> None:
    face = Face(SKINS[tone])
    around = [step for step in full_look() if step.category not in {"foundation", "lip"}]
    after = render_look(face.pixels, face.points, around)
    for eye in ("right_eye", "left_eye"):
        assert not changed(face.pixels, after)[face.mask(eye, -1.2)].any()


@pytest.mark.parametrize("tone", SKINS)
def test_shadow_never_reaches_the_brow(tone: int) -> None:
    face = Face(SKINS[tone])
    zones = tuple(r for r in places_of("eyeshadow") if r != "lower_lash_line")
    after = render_look(face.pixels, face.points, [makeup("eyeshadow", "#305e64", regions=zones)])
    for brow in ("right_brow", "left_brow"):
        assert not changed(face.pixels, after)[face.mask(brow)].any()


def test_foundation_leaves_eyes_brows_lips_and_background() -> None:
    face = Face()
    after = render_look(face.pixels, face.points, [makeup("foundation", "#8a5a3c")])
    touched = changed(face.pixels, after)
    for name in ("right_eye", "left_eye", "right_brow", "left_brow", "lips"):
        assert not touched[face.mask(name, -0.6)].any()
    background = (face.pixels[..., 2] > 150) & (face.pixels[..., 0] < 56)
    assert background.any()
    assert not touched[background].any()


def test_nothing_is_drawn_on_eyes_behind_dark_glasses() -> None:
    face = Face(glasses=True)
    steps = [
        makeup("eyeshadow", "#305e64"),
        makeup("eyeliner", "#141314"),
        makeup("mascara", "#141314"),
    ]
    assert not changed(face.pixels, render_look(face.pixels, face.points, steps)).any()


def test_a_face_that_leaves_the_picture_is_drawn_as_far_as_it_shows() -> None:
    face = Face()
    cut = round(float(face.points[1, 0]))
    pixels, points = face.pixels[:, cut:], face.points - (cut, 0)
    after = render_look(pixels, points, full_look())
    assert after.shape == pixels.shape
    assert changed(pixels, after).any()
    beyond = render_look(pixels, points + 10_000, full_look())
    assert (beyond == pixels).all()


# --- finishes


def test_gloss_shines_where_the_lips_already_do() -> None:
    face = Face(side_light=1.5, open_mouth=False)
    lips = face.mask("lips", -1.0)
    peaks = {
        finish: np.quantile(
            lightness(render_look(face.pixels, face.points, [makeup("lip", finish=finish)]))[lips],
            (0.1, 0.98),
        )
        for finish in ("matte", "satin", "gloss")
    }
    assert peaks["matte"][1] < peaks["satin"][1] < peaks["gloss"][1] - 3
    assert peaks["gloss"][0] == pytest.approx(peaks["satin"][0], abs=1)


def test_where_gloss_shines_the_shade_loses_its_colour() -> None:
    face = Face(side_light=1.5, open_mouth=False)
    lips = face.mask("lips", -1.0)
    satin, gloss = (
        colour.lab_from_srgb(render_look(face.pixels, face.points, [makeup("lip", finish=finish)]))
        for finish in ("satin", "gloss")
    )
    shines = lips & (gloss[..., 0] > satin[..., 0] + 8)
    assert shines.sum() > 20
    kept = np.hypot(*gloss[shines].T[1:]) / np.hypot(*satin[shines].T[1:])
    assert np.median(kept) < 0.95


def test_shimmer_is_single_grains_and_the_same_every_time() -> None:
    face = Face()
    place = face.near(INSIDE["eyeshadow"], 1.5)
    satin, shimmer, again = (
        render_look(face.pixels, face.points, [makeup("eyeshadow", "#305e64", finish=finish)])
        for finish in ("satin", "shimmer", "shimmer")
    )
    assert (shimmer == again).all()
    added = lightness(shimmer)[place] - lightness(satin)[place]
    assert np.quantile(added, 0.97) > np.median(added) + 3


@pytest.mark.parametrize("px_per_mm", [2.0, 10.0])
def test_the_grain_of_a_pixel_is_the_same_whatever_window_asks(px_per_mm: float) -> None:
    rows, columns = slice(13, 141), slice(7, 90)
    whole = grains((slice(0, 200), slice(0, 120)), px_per_mm)

    assert (grains((rows, columns), px_per_mm) == whole[rows, columns]).all()
    banded = [grains((band, columns), px_per_mm) for band in bands(rows.start, rows.stop)]
    assert len(banded) > 2
    assert (np.concatenate(banded) == whole[rows, columns]).all()


# --- what is asked of it


def test_steps_may_come_in_any_order() -> None:
    face = Face()
    steps = full_look()
    assert (
        render_look(face.pixels, face.points, steps)
        == render_look(face.pixels, face.points, steps[::-1])
    ).all()


def test_a_place_the_product_does_not_go_on_is_refused() -> None:
    face = Face()
    with pytest.raises(ValueError, match="lip does not go on brows"):
        render_look(face.pixels, face.points, [makeup("lip", regions=("brows",))])


def test_a_product_on_two_places_covers_neither_twice() -> None:
    face = Face()
    shade = "#305e64"
    zones: tuple[Region, ...] = ("lids", "crease", "outer_corners")
    after = render_look(face.pixels, face.points, [makeup("eyeshadow", shade, 50, regions=zones)])
    single = render_look(
        face.pixels, face.points, [makeup("eyeshadow", shade, 50, regions=("lids",))]
    )
    place = face.near(INSIDE["eyeshadow"], 0.8)
    both, alone = (np.median(colour.lab_from_srgb(p[place]), axis=0) for p in (after, single))
    assert colour.delta_e_2000(both, alone) < 3


@pytest.mark.parametrize(
    ("word", "drawn"),
    [
        ("Matte", "matte"),
        ("metallic", "shimmer"),
        ("natural", "satin"),
        (None, "satin"),
        ("?", "satin"),
    ],
)
def test_a_product_s_word_for_its_finish_is_understood(word: str | None, drawn: str) -> None:
    assert finish_called(word) == drawn


def test_a_step_of_a_look_becomes_makeup() -> None:
    step = LookStep(
        category="eyeshadow", regions=("lids", "cheeks"), tool="brush", how="Press.", name="Teal",
        hex="#305e64", shade="teal", finish="metallic", intensity=40, confidence=1.0, why=(),
    )  # fmt: skip
    made = makeup_of(step)
    assert (made.regions, made.finish, made.intensity) == (("lids",), "shimmer", 40)


def test_before_and_after_stand_side_by_side() -> None:
    before, after = (np.full((20, 256, 3), value, np.uint8) for value in (10, 200))
    pair = before_and_after(before, after)
    assert (pair[:, :256] == before).all()
    assert (pair[:, -256:] == after).all()
    assert (pair[:, 256:-256] == 255).all()
    with pytest.raises(ValueError, match="two sizes"):
        before_and_after(before, after[:10])


def test_every_category_place_and_finish_has_its_rules_and_every_rule_a_source() -> None:
    rules = render_rules()
    assert set(rules["product"]) == set(CATEGORIES)
    assert set(rules["finish"]) == set(get_args(Finish))
    assert set(rules["place"]) <= set(get_args(Region))
    assert {place for product in rules["product"].values() for place in product["places"]} == set(
        rules["place"]
    )
    tables = [*rules["product"].values(), *rules["place"].values(), *rules["finish"].values()]
    tables += [rules[name] for name in ("skin", "lips", "lid")]
    assert {rule["source"] for rule in tables} <= set(rules["sources"])


def test_the_rules_can_be_asked_without_numpy() -> None:
    code = "import sys, facet.vision.drawing.rules; print('numpy' in sys.modules)"
    answer = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert answer.stdout.strip() == "False"
