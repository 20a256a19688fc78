from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from facet import colour
from facet.domain.face import FeatureColour
from facet.vision.face.landmarks import part
from facet.vision.face.models import FaceModels
from facet.vision.face.patches import cut
from facet.vision.face.pose import canonical
from facet.vision.photo.decode import decode
from facet.vision.photo.gates import load_gates
from facet.vision.skin import colours
from facet.vision.skin.colours import Feature
from facet.vision.skin.light import Light
from facet.vision.skin.tone import PATCHES, skin_colour

SURE, DISPUTED = Light((0, 0), (0, 0), 1.0), Light((0, 0), (30, 0), 0.0)
SKIN, WHITE, PUPIL, BACKDROP = (205, 160, 135), (235, 230, 225), (10, 8, 8), (90, 130, 200)
FEATURES = {"eyes": (70, 95, 130), "brows": (80, 55, 45), "lips": (190, 90, 95)}
HAIR = (70, 45, 30)


def drawing(
    size: int = 800,
    hair: tuple[int, int, int] | None = HAIR,
    *,
    gaze: float = 0.0,
    mouth: tuple[int, int, int] = (250, 250, 245),
    eyes: tuple[int, int, int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """A flat face on the mean mesh -> pixels (size, size, 3) and landmarks (468, 2)."""
    scale = size / 32
    points = canonical().points[:, :2] * [1, -1] * scale + [size / 2, size * 0.42]
    image = Image.new("RGB", (size, size), BACKDROP)
    draw = ImageDraw.Draw(image)

    def fill(name: str, shade: tuple[int, int, int]) -> None:
        draw.polygon([tuple(point) for point in points[part(name)]], fill=shade)

    left, top = points[part("face")].min(axis=0)
    right, bottom = points[part("face")].max(axis=0)
    wide = (right - left) * 0.22
    if hair:
        draw.ellipse((left - wide, top - 2.2 * wide, right + wide, bottom), fill=hair)
    fill("face", SKIN)
    fill("lips", FEATURES["lips"])
    fill("mouth", mouth)
    for side in ("right", "left"):
        fill(f"{side}_brow", FEATURES["brows"])
        ring = points[part(f"{side}_eye")]
        width = float(np.linalg.norm(ring[0] - ring[8]))
        x, y = ring.mean(axis=0) + np.array([gaze * width, 0])
        eye = Image.new("RGB", image.size, WHITE)
        pen = ImageDraw.Draw(eye)
        for radius, shade in ((0.22, eyes or FEATURES["eyes"]), (0.09, PUPIL)):
            reach = radius * width
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=shade)
        lids = Image.new("L", image.size)
        ImageDraw.Draw(lids).polygon([tuple(point) for point in ring], fill=255)
        image.paste(eye, mask=lids)
    return np.asarray(image), points


def measured(
    pixels: np.ndarray, points: np.ndarray, light: Light = SURE, **options: bool
) -> dict[str, FeatureColour]:
    skin = skin_colour({name: cut(pixels, points[part(name)]) for name in PATCHES})
    assert skin is not None
    features = colours.measure_colours(pixels, points, skin, light, **options)
    return {feature.feature: feature for feature in features}


def distance(feature: FeatureColour, shade: tuple[int, int, int]) -> float:
    assert feature.lab is not None
    return float(colour.delta_e_2000(feature.lab, colour.lab_from_srgb(np.array(shade, np.uint8))))


def test_each_feature_has_its_own_colour() -> None:
    features = measured(*drawing())

    for feature, shade in FEATURES.items():
        assert distance(features[feature], shade) < 3, feature
    assert distance(features["hair"], HAIR) < 3
    assert features["hair"].hex == "#462d1e"


@pytest.mark.parametrize("mouth", [(250, 250, 245), (60, 10, 10), (255, 255, 255)])
def test_teeth_and_inner_mouth_never_count_as_lips(mouth: tuple[int, int, int]) -> None:
    lips = measured(*drawing(mouth=mouth))["lips"]

    assert distance(lips, FEATURES["lips"]) < 1


@pytest.mark.parametrize("gaze", [-0.12, 0.0, 0.12])
def test_the_iris_is_found_where_the_eye_looks_without_white_or_pupil(gaze: float) -> None:
    assert distance(measured(*drawing(gaze=gaze))["eyes"], FEATURES["eyes"]) < 3


def test_a_backdrop_is_not_hair_and_a_bald_head_has_none() -> None:
    hair = measured(*drawing(hair=None))["hair"]

    assert hair.hex is None
    assert "no hair" in (hair.reason or "")


def test_a_bright_hat_is_not_hair() -> None:
    assert measured(*drawing(hair=(230, 30, 160)))["hair"].hex is None


def test_hair_of_the_skins_own_colour_is_not_guessed() -> None:
    assert measured(*drawing(hair=SKIN))["hair"].hex is None


def test_small_eyes_have_no_colour_but_a_reason() -> None:
    eyes = measured(*drawing(size=120))["eyes"]

    assert eyes.hex is None
    assert eyes.reason
    assert eyes.confidence == 0


def test_hidden_eyes_have_no_colour() -> None:
    assert measured(*drawing(), eyes_hidden=True)["eyes"].lab is None


def test_a_disputed_light_lowers_every_confidence() -> None:
    photo = drawing()
    sure, unsure = measured(*photo), measured(*photo, light=DISPUTED)

    for feature in sure:
        assert unsure[feature].confidence < sure[feature].confidence
        assert unsure[feature].lab == sure[feature].lab


@pytest.mark.parametrize("feature", ["eyes", "brows", "lips", "hair"])
def test_every_name_names_its_own_colour(feature: Feature) -> None:
    for name, shades in colours._table()["names"][feature].items():
        for lab in shades:
            assert colours.name_of(feature, np.array(lab, float)) == name


def test_names_are_everyday_ones() -> None:
    assert colours.name_of("hair", np.array([8.0, 1.0, 1.0])) == "black"
    assert colours.name_of("eyes", np.array([46.0, -3.0, -14.0])) == "blue"
    assert colours.name_of("lips", np.array([44.0, 46.0, 24.0])) == "red"


def test_the_colours_of_a_face_hold_under_mirror_and_size(models: FaceModels, faces: Path) -> None:
    gates = load_gates("relaxed")
    seen = 0
    for name in ("if023", "if031", "if047", "if057", "if083"):
        image = decode((faces / "closeups" / f"{name}.jpg").read_bytes(), gates).image
        variants = (
            image,
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            image.resize((image.width * 7 // 10, image.height * 7 // 10)),
        )
        readings = []
        for variant in variants:
            pixels = np.asarray(variant)
            (face, *_) = models.find_faces(pixels)
            readings.append(measured(pixels, face.mesh.points))
        for feature, first in readings[0].items():
            for other in (reading[feature] for reading in readings[1:]):
                if first.lab and other.lab:
                    seen += 1
                    assert float(colour.delta_e_2000(first.lab, other.lab)) < 6, (name, feature)
    assert seen > 30
