"""Where the head points: the mesh laid over Facet's own mean face."""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facet.vision.face.mesh import Mesh

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Canonical:
    """The mean face, looking straight ahead: x to the subject's left, y up, z to the camera."""

    points: Array  # (468, 3), cm, 0 between the outer eye corners, which are 8.89 cm apart
    weights: Array  # (468,), sum 1: how little a landmark moves from face to face
    mirror: NDArray[np.intp]  # (468,) each landmark's index on the other half


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Degrees, from the person's own side; all 0 where the mean portrait looks at the camera.

    MediaPipe's canonical face, by comparison, reads 4.6 degrees of pitch less on the same photos.
    """

    yaw: float  # -90..90, positive: turned to their left
    pitch: float  # -90..90, positive: looking up
    roll: float  # -180..180, positive: tilted to their left
    pixels_per_cm: float  # at the face's mean depth, for a face of mean size


@cache
def canonical() -> Canonical:
    """The mean face of canonical.json, as `python -m facet.vision.face.canonical` wrote it."""
    data = json.loads(Path(__file__).with_name("canonical.json").read_text())
    weights = np.array(data["weights"], float)
    return Canonical(
        np.array(data["points_um"], float).reshape(-1, 3) / 1e4,
        weights / weights.sum(),
        np.array(data["mirror"], np.intp),
    )


def in_space(mesh: Mesh) -> Array:
    """The mesh in space, (468, 3), px: x to the subject's left, y up, z to the camera."""
    return np.column_stack([mesh.points, mesh.depth]).astype(float) * [1, -1, -1]


def similarity(source: Array, target: Array, weights: Array) -> tuple[float, Array]:
    """Scale s and rotation R (3, 3) that bring s R source closest to target, both centred.

    Weighted Procrustes, the SVD solution of Kabsch and Umeyama. Points (n, 3), weights (n,).
    """
    source = source - np.average(source, axis=0, weights=weights)
    target = target - np.average(target, axis=0, weights=weights)
    u, stretch, vt = np.linalg.svd((target * weights[:, None]).T @ source)
    handed = np.sign(np.linalg.det(u @ vt))  # a reflection is not a turn
    stretch[2] *= handed
    u[:, 2] *= handed
    return float(stretch.sum() / (weights @ (source**2).sum(axis=1))), u @ vt


def angles(rotation: Array) -> tuple[float, float, float]:
    """Rotation (3, 3) of the head = turn by yaw after pitch after roll -> those, degrees."""
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    pitch = math.asin(min(1.0, max(-1.0, rotation[1, 2])))
    roll = math.atan2(-rotation[1, 0], rotation[1, 1])
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def head_pose(mesh: Mesh) -> HeadPose:
    """The pose that lays the mean face over the mesh, landmarks weighted by how steady they are."""
    face = canonical()
    scale, rotation = similarity(face.points, in_space(mesh), face.weights)
    return HeadPose(*angles(rotation), pixels_per_cm=scale)


def camera_distance(pose: HeadPose, focal_35mm: float, width: int, height: int) -> float:
    """Distance from lens to face, cm, good to a tenth: faces differ in size, and lenses lie.

    focal_35mm: EXIF FocalLengthIn35mmFilm, in mm, of the uncropped photo, which is `width` by
    `height` px in the scale `pose` was measured at. Equivalent lengths compare diagonals (CIPA
    DCG-001); that of 35 mm film is 43.27 mm.
    """
    focal = focal_35mm / 43.27 * math.hypot(width, height)
    return focal / pose.pixels_per_cm
