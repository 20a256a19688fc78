from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from facet.domain.face import Face, Pose
from facet.vision.analyze import analyze_photo
from facet.vision.face import shape
from facet.vision.face.mesh import Mesh
from facet.vision.face.models import FaceModels
from facet.vision.face.pose import HeadPose, canonical
from facet.vision.face.shape import Distance
from facet.vision.photo.decode import decode
from facet.vision.photo.gates import load_gates

FRONTAL = Pose(yaw=0, pitch=0, roll=0)
AFAR = Distance(200, (180, 220))
RATIOS = {
    name: row["mean"] for name, row in shape._table()["population"].items() if name != "source"
}
SPREAD = {
    name: row["spread"] for name, row in shape._table()["population"].items() if name != "source"
}


def face_of(**spreads: float) -> dict[str, float]:
    """Ratios so many spreads from the mean face's."""
    return {name: value + spreads.get(name, 0.0) * SPREAD[name] for name, value in RATIOS.items()}


def shares_of(ratios: dict[str, float], distance: Distance | None = AFAR) -> dict[str, float]:
    weights = shape.shape_weights(ratios, distance)
    return dict(zip(shape._table()["shapes"]["anchors"], weights / weights.sum(), strict=True))


def mean_mesh(turn: float = 0.0, size: float = 20.0) -> Mesh:
    """The mean face as a mesh, tilted by `turn` degrees, `size` px per cm."""
    points = canonical().points * [1, -1, -1] * size
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    flat = points[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + 300
    return Mesh(flat.astype(np.float32), points[:, 2].astype(np.float32), 25.0)


@pytest.mark.parametrize("name", shape._table()["shapes"]["anchors"])
def test_every_shape_can_be_the_answer(name: str) -> None:
    anchor = shape._table()["shapes"]["anchors"][name]

    shares = shares_of(face_of(**anchor))

    assert max(shares, key=lambda name: shares[name]) == name
    assert sum(shares.values()) == pytest.approx(1)


def test_the_mean_face_is_no_extreme() -> None:
    shares = shares_of(RATIOS)

    assert max(shares, key=lambda name: shares[name]) == "oval"
    assert shares["oval"] < 0.75
    assert shares["oblong"] < 0.15


def test_a_near_camera_does_not_make_a_face_oblong() -> None:
    near = dict(zip(RATIOS, shape._usual()[3], strict=True))  # the mean face from 35 cm

    corrected = shares_of(near, Distance(35, (31, 39)))
    uncorrected = shares_of(near, AFAR)

    assert corrected["oval"] == pytest.approx(shares_of(RATIOS)["oval"], abs=0.08)
    assert uncorrected["oval"] < corrected["oval"]


def test_an_unknown_distance_makes_the_shares_flatter() -> None:
    long = face_of(length=1.8)

    assert max(shares_of(long, None).values()) < max(shares_of(long, AFAR).values())
    assert shape.distance_weights(long, None).sum() == pytest.approx(1)


def test_the_distance_comes_from_the_lens_and_only_from_it() -> None:
    pose = HeadPose(0, 0, 0, pixels_per_cm=20)
    distance = shape.lens_distance(pose, 26, 3024, 4032)

    # 26 mm on a diagonal of 43.27 mm; 5040 px of diagonal, 20 px per cm of face.
    assert distance is not None
    assert distance.cm == pytest.approx(26 / 43.27 * 5040 / 20)
    assert distance.interval[0] < distance.cm < distance.interval[1]
    assert shape.lens_distance(pose, None, 3024, 4032) is None
    assert shape.lens_distance(replace(pose, pixels_per_cm=1), 26, 3024, 4032) is None


def test_ratios_do_not_change_with_tilt_and_size() -> None:
    straight, tilted = shape.ratios(mean_mesh()), shape.ratios(mean_mesh(turn=20, size=35))

    assert tilted == pytest.approx(straight, rel=1e-3)
    assert straight["length"] == pytest.approx(1.21, abs=0.01)


def test_a_turned_head_has_ratios_but_no_shape() -> None:
    face = shape.measure_face(mean_mesh(), Pose(yaw=30, pitch=0, roll=0), None, ())

    assert face.shape is None
    assert face.shape_reason
    assert face.ratios
    assert shape.measure_face(mean_mesh(), FRONTAL, None, ()).shape_reason is None


def test_a_face_without_a_known_lens_has_no_distance() -> None:
    face = shape.measure_face(mean_mesh(), FRONTAL, None, ())

    assert face.camera_distance is None
    assert face.camera_distance_interval is None


def photo_of(astronaut: np.ndarray, **tags: float) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({getattr(ExifTags.Base, name): tag for name, tag in tags.items()})
    out = BytesIO()
    Image.fromarray(astronaut).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def test_a_photo_that_names_its_lens_has_a_distance(
    models: FaceModels, astronaut: np.ndarray
) -> None:
    def face_of_photo(**tags: float) -> Face:
        return analyze_photo(
            photo_of(astronaut, **tags), models, load_gates("relaxed")
        ).reading.face

    portrait, wide = (face_of_photo(FocalLengthIn35mmFilm=focal) for focal in (70, 35))

    assert portrait.camera_distance is not None
    assert portrait.camera_distance_interval is not None
    assert wide.camera_distance is not None
    assert portrait.camera_distance == pytest.approx(2 * wide.camera_distance, rel=0.02)
    low, high = portrait.camera_distance_interval
    assert low < portrait.camera_distance < high
    assert face_of_photo().camera_distance is None


def test_a_cropped_photo_says_nothing_of_its_lens(astronaut: np.ndarray) -> None:
    def focal(**tags: float) -> float | None:
        return decode(photo_of(astronaut, **tags), load_gates()).header.focal_35mm

    assert focal(FocalLengthIn35mmFilm=26) == 26
    assert focal(FocalLengthIn35mmFilm=26, ExifImageWidth=3000, ExifImageHeight=3000) == 26
    assert focal(FocalLengthIn35mmFilm=26, ExifImageWidth=4032, ExifImageHeight=3024) is None
    assert focal(FocalLengthIn35mmFilm=0) is None


def test_shares_hold_under_tilt_size_and_mirror(models: FaceModels, faces: Path) -> None:
    moved: dict[str, list[float]] = {"tilt": [], "size": [], "mirror": []}
    for path in sorted((faces / "portraits").glob("*.jpg"))[::5]:
        image = Image.open(path).convert("RGB")
        variants = {
            "tilt": image.rotate(4, Image.Resampling.BICUBIC, fillcolor=(128, 128, 128)),
            "size": image.resize((image.width * 7 // 10, image.height * 7 // 10)),
            "mirror": image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        }
        before = unknown_distance(models, image)
        for name, variant in variants.items():
            moved[name].append(np.abs(unknown_distance(models, variant) - before).sum() / 2)

    # Half the sum of the differences: 0 the same shares, 1 nothing in common.
    for name, limit in {"tilt": 0.06, "size": 0.06, "mirror": 0.08}.items():
        assert np.median(moved[name]) < limit, name
        assert np.quantile(moved[name], 0.9) < 2.5 * limit, name


def unknown_distance(models: FaceModels, image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image)
    (face, *_) = models.find_faces(pixels)
    weights = shape.shape_weights(shape.ratios(models.evened(pixels, face.mesh)), None)
    return weights / weights.sum()
