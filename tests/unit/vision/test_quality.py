"""The photo gates, on one real face with one thing wrong at a time."""

import io
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFilter
from skimage import data

from evaluation import covers
from evaluation.edits import Canvas
from facet import colour
from facet.domain.errors import PhotoRejectedError
from facet.domain.face import GateCode, Pose
from facet.vision.analyze import analyze_photo
from facet.vision.face.landmarks import part
from facet.vision.face.models import FaceModels
from facet.vision.face.patches import cut
from facet.vision.photo.gates import PRESETS, load_gates
from facet.vision.skin.concerns import lay_out
from facet.vision.skin.covering import covering
from facet.vision.skin.light import Light
from facet.vision.skin.quality import framing, judge
from facet.vision.skin.tone import PATCHES, SkinColour, skin_colour

ROOT = Path(__file__).parents[3]
FOREHEAD_GATE = "face_occluded"
LOOKING_AHEAD = Pose(yaw=0, pitch=0, roll=0)


@cache
def models() -> FaceModels:
    return FaceModels.load(Path(os.environ.get("MODELS_DIR") or ROOT / "layers/models/models"))


@cache
def portrait() -> Image.Image:
    """NASA's portrait of Eileen Collins, public domain: head and shoulders, 1000 px."""
    whole = Image.fromarray(data.astronaut())  # type: ignore[no-untyped-call]
    return whole.crop((120, 10, 330, 220)).resize((1000, 1000), Image.Resampling.BICUBIC)


def checks_of(image: Image.Image, preset: str = "moderate") -> dict[str, str]:
    """code -> severity of every failing gate."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    gates = load_gates(preset)
    try:
        checks = analyze_photo(out.getvalue(), models(), gates).reading.quality.checks
    except PhotoRejectedError as error:
        checks = error.checks
    severities = [check.severity for check in checks]
    assert severities == sorted(severities), "rejections come first"
    assert all(check.hint.endswith(".") for check in checks)
    severity_of: dict[str, str] = {}
    for check in checks:
        severity_of.setdefault(check.code.value, check.severity)
    return severity_of


def lit(image: Image.Image, gains: ArrayLike) -> Image.Image:
    """Multiply linear light by `gains`, which broadcast over (height, width, 3)."""
    linear = colour.linear_from_srgb(np.asarray(image)) * np.asarray(gains)
    return Image.fromarray(np.rint(colour.srgb_from_linear(linear) * 255).astype(np.uint8))


def test_a_good_portrait_is_not_rejected() -> None:
    assert "reject" not in checks_of(portrait()).values()


def test_an_underexposed_photo_is_too_dark() -> None:
    assert checks_of(lit(portrait(), 2.0**-4))["too_dark"] == "reject"
    assert checks_of(lit(portrait(), 2.0**-2.5))["too_dark"] == "warn"


def test_a_black_photo_is_too_dark_and_shows_nobody() -> None:
    assert checks_of(Image.new("RGB", (800, 800), (9, 9, 9))) == {
        "no_face": "reject",
        "too_dark": "reject",
    }


def test_a_burnt_out_photo_is_too_bright() -> None:
    assert checks_of(lit(portrait(), 2.0**1.5))["too_bright"] == "reject"


def test_skin_tone_alone_is_never_too_dark_or_too_bright() -> None:
    pixels = np.asarray(portrait())
    lab = colour.lab_from_srgb(pixels)
    skin = np.hypot(lab[..., 1] - 14, lab[..., 2] - 18) < 22
    for lightness in (-35, -20, 0):
        shifted = lab.copy()
        # Highlights stay where they are, as they do on any skin.
        shifted[..., 0] += lightness * skin * (lab[..., 0] < 92)
        rgb = colour.srgb_from_linear(colour.linear_from_lab(shifted))
        failed = checks_of(Image.fromarray(np.rint(rgb * 255).astype(np.uint8)))
        assert {"too_dark", "too_bright"}.isdisjoint(failed)


def test_light_from_one_side_is_uneven() -> None:
    side = np.where(np.arange(1000) < 490, 0.25, 1.0)[None, :, None]

    assert checks_of(lit(portrait(), side)).get("uneven_lighting") in {"warn", "reject"}
    assert "uneven_lighting" not in checks_of(portrait())


def test_a_blurred_face_is_blurry() -> None:
    assert checks_of(portrait().filter(ImageFilter.GaussianBlur(14)))["blurry"] == "reject"


def test_coloured_light_is_a_cast_but_no_reason_to_refuse() -> None:
    room = portrait().resize((600, 600))
    scene = Image.new("RGB", (1000, 1000), (170, 170, 170))
    scene.paste(room, (200, 200))

    assert checks_of(lit(scene, (1.3, 0.9, 0.25))).get("color_cast") == "warn"
    assert "color_cast" not in checks_of(scene)


def test_two_people_are_refused() -> None:
    pair = Image.new("RGB", (2000, 1000))
    pair.paste(portrait(), (0, 0))
    pair.paste(portrait().transpose(Image.Transpose.FLIP_LEFT_RIGHT), (1000, 0))

    assert checks_of(pair)["multiple_faces"] == "reject"


def test_somebody_small_in_the_background_is_not() -> None:
    scene = portrait().copy()
    scene.paste(portrait().resize((220, 220)), (0, 780))

    assert "multiple_faces" not in checks_of(scene)


def test_a_face_cut_by_the_edge_is_out_of_frame() -> None:
    cut = portrait().crop((0, 0, 1000, 660))

    assert checks_of(cut)["face_out_of_frame"] == "reject"


def test_a_tiny_face_is_too_small() -> None:
    scene = Image.new("RGB", (400, 400), (90, 110, 120))
    scene.paste(portrait().resize((100, 100), Image.Resampling.LANCZOS), (150, 150))

    assert checks_of(scene)["face_too_small"] == "reject"


def test_a_small_face_in_a_large_file_is_cropped_before_its_size_is_judged() -> None:
    scene = Image.new("RGB", (4000, 3000), (90, 110, 120))
    scene.paste(portrait().resize((700, 700), Image.Resampling.BICUBIC), (2000, 1200))
    out = io.BytesIO()
    scene.save(out, "JPEG", quality=92)

    analysis = analyze_photo(out.getvalue(), models(), load_gates("moderate"))

    assert analysis.width < 1500
    assert {c.code.value for c in analysis.reading.quality.checks if c.unit == "px"} == set()


@pytest.mark.parametrize(
    ("degrees", "code"), [(-38, "face_angle_tilt_left"), (38, "face_angle_tilt_right")]
)
def test_a_tilted_head_is_named_by_the_persons_own_side(degrees: int, code: str) -> None:
    # Turning the picture clockwise tips the head towards the subject's own left.
    turned = portrait().rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))

    assert checks_of(turned)[code] == "warn"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_photo_on_its_side_or_head_is_turned_upright(turn: int) -> None:
    out = io.BytesIO()
    portrait().rotate(turn).save(out, "JPEG", quality=92)

    analysis = analyze_photo(out.getvalue(), models(), load_gates("moderate"))

    stored = np.asarray(Image.open(io.BytesIO(analysis.photo_jpeg)), dtype=float)
    assert np.abs(stored - np.asarray(portrait(), dtype=float)).mean() < 6


def test_sunglasses_are_noticed() -> None:
    faces = models().find_faces(np.asarray(portrait()))
    eyes = [faces[0].mesh.points[[33, 133]], faces[0].mesh.points[[362, 263]]]
    shaded = portrait().copy()
    for corners in eyes:
        (x, y), reach = corners.mean(axis=0), np.ptp(corners[:, 0])
        box = (x - reach, y - 0.6 * reach, x + reach, y + 0.6 * reach)
        ImageDraw.Draw(shaded).ellipse([float(value) for value in box], fill=(12, 12, 14))

    assert checks_of(shaded)["face_occluded"] == "warn"


def drawn_on(kind: str) -> Image.Image:
    pixels = np.asarray(portrait())
    canvas = Canvas(pixels, models().find_faces(pixels)[0].mesh.points)
    return Image.fromarray(covers.drawn(canvas, kind, "collins"))


@pytest.mark.parametrize(
    "kind", ["mask pale blue", "mask beige", "mask patterned", "half own skin"]
)
def test_a_mask_or_a_panel_of_any_colour_is_refused(kind: str) -> None:
    refused = {
        code
        for code, severity in checks_of(drawn_on(kind), "relaxed").items()
        if severity == "reject"
    }

    assert refused & {"face_occluded", "no_face"}


@pytest.mark.parametrize("kind", ["port-wine", "naevus", "vitiligo", "burn", "acne", "beard"])
def test_nobody_s_skin_or_beard_covers_their_face(kind: str) -> None:
    failed = checks_of(drawn_on(kind))

    assert "reject" not in failed.values()


def covered(pixels: np.ndarray) -> dict[str, float]:
    """Gate values of a face whose mesh is that of the bare portrait."""
    mesh = models().find_faces(np.asarray(portrait()))[0].mesh
    skin = skin_colour({name: cut(pixels, mesh.points[part(name)]) for name in PATCHES})
    assert skin is not None
    return covering(lay_out(pixels, mesh), skin, Light(None, None, 0.5), flag=30, yaw=0)


def test_a_cover_is_known_by_what_it_hides_whatever_its_colour() -> None:
    pixels = np.asarray(portrait())
    mesh = models().find_faces(pixels)[0].mesh
    gates = load_gates()
    bare = covered(pixels)
    mask, half = pixels.copy(), pixels.copy()
    skin = np.median(cut(pixels, mesh.points[part("right_cheek")]), axis=0).astype(np.uint8)
    mask[int(mesh.points[5, 1]) :] = skin
    half[:, : int(mesh.points[168, 0])] = skin

    assert not any(
        gates.check(name, value) for name, value in bare.items() if name != FOREHEAD_GATE
    )
    assert gates.check("mouth_hidden", covered(mask)["mouth_hidden"])
    assert gates.check("half_hidden", covered(half)["half_hidden"])


@pytest.mark.parametrize("raised", [-30, 0])
def test_a_bar_before_both_eyes_covers_no_half_of_the_face(raised: int) -> None:
    right, left = models().find_faces(np.asarray(portrait()))[0].mesh.points[[33, 263]]
    reach = 0.4 * (left - right) + (0, raised)
    barred = portrait().copy()
    ImageDraw.Draw(barred).line([tuple(right - reach), tuple(left + reach)], "black", 90)

    assert "reject" not in checks_of(barred).values()


@pytest.mark.parametrize("card", ["white", "pink", "steelblue"])
def test_eyes_behind_a_light_card_are_missed_and_have_no_colour(card: str) -> None:
    right, left = models().find_faces(np.asarray(portrait()))[0].mesh.points[[33, 263]]
    carded = portrait().copy()
    margin = np.array([60, 30])
    ImageDraw.Draw(carded).rectangle((*(right - margin), *(left + margin)), card)
    out = io.BytesIO()
    carded.save(out, "PNG")

    reading = analyze_photo(out.getvalue(), models(), load_gates()).reading

    assert "Show your eyes" in " ".join(check.hint for check in reading.quality.checks)
    assert {it.name for it in reading.face.colours if it.feature == "eyes"} == {None}


@pytest.mark.parametrize("level", [30, 120, 235])
def test_a_mouth_is_seen_whether_darker_or_lighter_than_its_skin(level: int) -> None:
    mesh = models().find_faces(np.asarray(portrait()))[0].mesh
    middle, reach = mesh.points[part("lips")].mean(axis=0), np.array([220, 130])
    deep = lit(portrait(), (0.14, 0.1, 0.08))
    draw = ImageDraw.Draw(deep)
    draw.ellipse((*(middle - reach), *(middle + reach)), (60, 38, 30))
    draw.polygon([tuple(point) for point in mesh.points[part("lips")]], (level, level, level))

    assert "face_doubted" not in covered(np.asarray(deep))


@pytest.mark.parametrize("gains", [(0.4, 1, 1.1), (0.6, 1.2, 0.5), (0.7, 0.7, 1.6)])
def test_cheeks_that_no_skin_is_coloured_like_are_refused(gains: ArrayLike) -> None:
    painted = covered(np.asarray(lit(portrait(), gains)))

    assert load_gates("relaxed").check("not_skin", painted["not_skin"])


@pytest.mark.parametrize("paint", [(60, 190, 80), (70, 110, 220)])
def test_paint_over_eyes_and_cheeks_alike_is_no_light(paint: tuple[int, int, int]) -> None:
    """The whites of the eyes are as green as the cheeks: what lies round the face is not."""
    face = portrait()
    outline = models().find_faces(np.asarray(face))[0].mesh.points[part("face")]
    over = Image.new("L", face.size)
    ImageDraw.Draw(over).polygon([tuple(point) for point in outline], 140)
    painted = Image.composite(Image.new("RGB", face.size, paint), face, over)

    assert checks_of(painted)["face_occluded"] == "reject"


def test_a_white_phone_before_one_cheek_and_eye_is_refused() -> None:
    x, y = models().find_faces(np.asarray(portrait()))[0].mesh.points[50]
    held = portrait().copy()
    ImageDraw.Draw(held).rectangle((x - 180, y - 200, x + 60, y + 250), (232, 234, 230))

    assert "reject" in checks_of(held).values()


def test_a_bare_forehead_under_a_lamp_is_no_hair() -> None:
    pixels = np.asarray(portrait())
    mesh = models().find_faces(pixels)[0].mesh
    colours = {name: np.array([0.2, 0.1, 0.07]) for name in PATCHES}
    light, dark = (
        SkinColour(
            np.zeros(3),
            np.zeros(3),
            colours | {"forehead": gain * colours["forehead"]},
            {"forehead": 25.0},
        )
        for gain in (3.0, 0.2)
    )

    def forehead(skin: SkinColour) -> float:
        laid_out = lay_out(pixels, mesh)
        return covering(laid_out, skin, Light(None, None, 0.5), flag=30, yaw=0)[FOREHEAD_GATE]

    assert forehead(light) < 1
    assert forehead(dark) == 25  # her forehead is under a fringe


def test_closed_eyes_and_angles_are_judged_in_every_direction() -> None:
    points = np.array(models().find_faces(np.asarray(portrait()))[0].mesh.points)
    outline = points[[10, 454, 152, 234]]
    size = (1000, 1000)
    gates = load_gates("strict")

    def failing(pose: Pose, points: np.ndarray = points) -> set[str]:
        values = framing(points, outline, pose, size=size, scale=1.0)
        return {check.code.value for check in judge(values, gates)}

    assert failing(LOOKING_AHEAD) == set()
    for change, code in (
        ({"yaw": 12}, "face_angle_left"),
        ({"yaw": -12}, "face_angle_right"),
        ({"pitch": 14}, "face_angle_up"),
        ({"pitch": -14}, "face_angle_down"),
        ({"roll": 14}, "face_angle_tilt_left"),
        ({"roll": -14}, "face_angle_tilt_right"),
    ):
        assert failing(LOOKING_AHEAD.model_copy(update=change)) == {code}

    shut = points.copy()
    for upper, lower in ((160, 144), (158, 153), (385, 380), (387, 373)):
        shut[upper] = shut[lower]
    assert failing(LOOKING_AHEAD, shut) == {"eyes_closed"}


def test_stricter_presets_never_let_more_through() -> None:
    for gate in load_gates("moderate").gates.values():
        for thresholds in (gate.reject, gate.warn):
            values = [thresholds[preset] for preset in PRESETS if preset in thresholds]
            ordered = sorted(values, reverse=gate.fails == "above")
            assert values == ordered, gate.code


def test_a_warning_always_comes_before_a_rejection() -> None:
    for gate in load_gates("moderate").gates.values():
        for preset in set(gate.warn) & set(gate.reject):
            if gate.fails == "above":
                assert gate.warn[preset] < gate.reject[preset]
            else:
                assert gate.warn[preset] > gate.reject[preset]


def test_the_capture_guide_names_every_code_with_a_hint_and_a_source() -> None:
    document = load_gates("moderate").model_dump()

    assert {gate["code"] for gate in document["gates"].values()} == {
        code.value for code in GateCode
    }
    assert all(gate["hint"] and gate["source"] for gate in document["gates"].values())
    assert document["gates"]["face_too_small"]["reject"].keys() == set(PRESETS)
    assert document["content_types"]["heic"] == "image/heic"


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValueError, match="relaxed, moderate, strict"):
        load_gates("lenient")


def test_portraits_pass_and_what_is_no_portrait_does_not(faces: Path) -> None:
    gates = load_gates("moderate")

    def code(path: Path) -> str:
        try:
            return analyze_photo(path.read_bytes(), models(), gates).reading.quality.verdict
        except PhotoRejectedError as error:
            return error.code

    portraits = {path.name: code(path) for path in sorted(faces.glob("portraits/*.jpg"))[::6]}
    groups = {path.name: code(path) for path in sorted(faces.glob("groups/*.jpg"))}
    nobody = {path.name: code(path) for path in sorted(faces.glob("no_face/*.*g"))}

    assert set(portraits.values()) <= {"good", "usable"}, portraits
    assert set(groups.values()) == {"multiple_faces"}, groups
    assert set(nobody.values()) == {"no_face"}, nobody
