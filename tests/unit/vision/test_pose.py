"""Head pose: known turns of the mean face, then real photos."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facet.vision.face.canonical import MIRRORED, mean_face, shapes
from facet.vision.face.mesh import Mesh
from facet.vision.face.models import FaceModels, FoundFace
from facet.vision.face.pose import (
    HeadPose,
    angles,
    camera_distance,
    canonical,
    head_pose,
    similarity,
)


def turn(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """(3, 3): roll, then pitch, then yaw, as a head does; x to the subject's left, y up."""
    y, p, r = (math.radians(angle) for angle in (yaw, pitch, roll))
    about_y = [[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]]
    about_x = [[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]]
    about_z = [[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]]
    turned: np.ndarray = np.array(about_y) @ about_x @ about_z
    return turned


def mesh_of(points: np.ndarray) -> Mesh:
    """Points in space, any unit -> the mesh a photo of them would give."""
    x, y, z = points.T
    return Mesh(np.column_stack([500 + x, 400 - y]), -z, flag=30.0)


@pytest.mark.parametrize(
    "pose", [(0, 0, 0), (25, 0, 0), (0, -20, 0), (0, 0, 15), (30, 10, -20), (-40, -15, 35)]
)
def test_a_known_turn_is_read_back(pose: tuple[int, int, int]) -> None:
    mesh = mesh_of(18 * canonical().points @ turn(*pose).T)
    head = head_pose(mesh)
    assert (head.yaw, head.pitch, head.roll) == pytest.approx(pose, abs=1e-6)
    assert head.pixels_per_cm == pytest.approx(18)


def test_signs_are_the_persons_own() -> None:
    face = canonical().points
    nose, top = 1, 10

    def moved(**pose: float) -> np.ndarray:
        whole = {"yaw": 0, "pitch": 0, "roll": 0} | pose
        return mesh_of(face @ turn(**whole).T).points - mesh_of(face).points

    # On an unmirrored photo the subject's left is on the right, and y grows downwards.
    assert moved(yaw=20)[nose][0] > 1
    assert moved(pitch=20)[nose][1] < -1
    assert moved(roll=20)[top][0] > 1


def test_a_noisy_face_turns_alike() -> None:
    noise = np.random.default_rng(0).normal(0, 0.16, (40, 468, 3))  # cm
    errors = []
    for shift in noise:
        pose = head_pose(mesh_of((canonical().points + shift) @ turn(12, -7, 5).T))
        errors.append([pose.yaw - 12, pose.pitch + 7, pose.roll - 5])
    assert np.abs(errors).max() < 1


def test_a_reflection_is_no_turn() -> None:
    face = canonical().points
    _, rotation = similarity(face, face * [1, 1, -1], np.ones(468))
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert np.isfinite(angles(rotation)).all()


def test_the_mean_face_is_symmetric_and_in_centimetres() -> None:
    face = canonical()
    assert face.points[face.mirror] * MIRRORED == pytest.approx(face.points, abs=2e-4)
    assert (face.mirror[face.mirror] == np.arange(468)).all()
    assert face.mirror[[33, 61, 10, 152]].tolist() == [263, 291, 10, 152]
    assert np.linalg.norm(face.points[33] - face.points[263]) == pytest.approx(8.89, abs=1e-3)
    assert face.weights.sum() == pytest.approx(1)
    # Mouth corners move more from face to face than the bridge of the nose.
    assert face.weights[[61, 291]].max() < face.weights[[6, 168]].min()


def test_a_mirrored_photo_mirrors_the_pose(
    models: FaceModels, astronaut: np.ndarray, astronaut_face: FoundFace
) -> None:
    pose = head_pose(astronaut_face.mesh)
    (face,) = models.find_faces(np.ascontiguousarray(astronaut[:, ::-1]))
    mirrored = head_pose(face.mesh)

    assert mirrored.yaw == pytest.approx(-pose.yaw, abs=2)
    assert mirrored.pitch == pytest.approx(pose.pitch, abs=2)
    assert mirrored.roll == pytest.approx(-pose.roll, abs=2)


@pytest.mark.parametrize("degrees", [-30, 15, 45])
def test_a_turned_photo_adds_to_the_roll_alone(
    models: FaceModels, astronaut: np.ndarray, astronaut_face: FoundFace, degrees: int
) -> None:
    before = head_pose(astronaut_face.mesh)
    image = Image.fromarray(astronaut).rotate(-degrees, Image.Resampling.BICUBIC)
    (face,) = models.find_faces(np.asarray(image))
    after = head_pose(face.mesh)

    # The head's own axes turn with it: what stays is where it points within the picture plane.
    assert after.roll - before.roll == pytest.approx(degrees, abs=6)
    assert math.cos(math.radians(after.yaw)) * math.cos(math.radians(after.pitch)) == pytest.approx(
        math.cos(math.radians(before.yaw)) * math.cos(math.radians(before.pitch)), abs=0.02
    )


def test_the_camera_distance_is_that_of_a_pinhole() -> None:
    # 26 mm equivalent on 3024 x 4032: focal length 3028 px; at 40 cm a centimetre is 75.7 px.
    focal = 26 / 43.27 * math.hypot(3024, 4032)
    pose = HeadPose(0, 0, 0, pixels_per_cm=focal / 40)
    assert camera_distance(pose, 26, 3024, 4032) == pytest.approx(40)


def test_the_mean_face_is_what_the_portraits_give(models: FaceModels, faces: Path) -> None:
    portraits = shapes(faces / "portraits", models)
    both = np.concatenate([portraits, portraits[:, canonical().mirror] * MIRRORED])
    mean, _ = mean_face(both)
    eyes = (mean[33] + mean[263]) / 2
    assert mean - eyes == pytest.approx(canonical().points, abs=0.01)


def test_portraits_look_at_the_camera(models: FaceModels, faces: Path) -> None:
    poses, quick_yaws = [], []
    for path in sorted((faces / "portraits").glob("*.jpg")):
        (face,) = models.find_faces(np.asarray(Image.open(path).convert("RGB")))
        pose = head_pose(face.mesh)
        poses.append([pose.yaw, pose.pitch, pose.roll])
        # Where the nose stands between the edges of the face: yaw without a mean face.
        right, nose, left = face.mesh.points[[234, 1, 454], 0]
        quick_yaws.append((2 * nose - right - left) / (left - right))
    assert np.abs(poses).max() < 20
    assert np.abs(np.mean(poses, axis=0)).max() < 1.5
    assert np.corrcoef(np.transpose(poses)[0], quick_yaws)[0, 1] > 0.95
