"""Makes Facet's own mean face: `python -m facet.vision.face.canonical FOLDER`, canonical.json.

FOLDER holds frontal portraits (*.jpg), one face each. The mesh model places its 3D landmarks on
every one; their generalised Procrustes mean (Gower 1975), made symmetric, is the face that
facet.vision.face.pose compares with. Straight ahead is the mean direction of the portraits.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facet.vision.face.mesh import LEFT_EYE_OUTER, POINTS, RIGHT_EYE_OUTER
from facet.vision.face.models import FaceModels
from facet.vision.face.pose import Array, in_space, similarity

EYE_CORNERS_CM = 8.89  # outer eye corner to outer eye corner, MediaPipe's canonical face
MODELS = "layers/models/models"
MIRRORED = np.array([-1.0, 1.0, 1.0])


def shapes(folder: Path, models: FaceModels) -> Array:
    """(photos, 468, 3): the mesh of every portrait, centred."""
    faces = []
    for path in sorted(folder.glob("*.jpg")):
        pixels = np.asarray(Image.open(path).convert("RGB"))
        (face,) = models.find_faces(pixels)
        points = in_space(face.mesh)
        faces.append(points - points.mean(axis=0))
    return np.array(faces)


def mirror_of(face: Array) -> NDArray[np.intp]:
    """Face (468, 3) -> (468,) each landmark's index on the other half, itself on the midline.

    The mirrored face is laid over the face and every landmark paired with the nearest one, until
    the pairs are mutual (iterated closest points).
    """
    twin = face * MIRRORED
    everywhere = np.ones(POINTS)
    for _ in range(20):
        nearest = np.linalg.norm(twin[:, None] - face[None], axis=2).argmin(axis=1)
        if (nearest[nearest] == np.arange(POINTS)).all():
            return np.asarray(nearest)
        _, rotation = similarity(twin, face[nearest], everywhere)
        twin = (twin - twin.mean(axis=0)) @ rotation.T + face[nearest].mean(axis=0)
    raise ValueError("the face is not symmetric enough to pair its landmarks")


def mean_face(faces: Array, rounds: int = 20) -> tuple[Array, Array]:
    """Faces (n, 468, 3), any unit -> mean (468, 3) in cm and weights (468,).

    A landmark's weight is one over its spread between the aligned faces: least where jaws and
    mouths move, most between the eyes.
    """
    mean, weights = faces[0], np.ones(POINTS)
    for _ in range(rounds):
        aligned, turns = [], []
        for face in faces:
            scale, rotation = similarity(face, mean, weights)
            centred = face - np.average(face, axis=0, weights=weights)
            aligned.append(scale * centred @ rotation.T)
            turns.append(rotation)
        mean = np.mean(aligned, axis=0)
        weights = 1 / np.sqrt(((np.array(aligned) - mean) ** 2).sum(axis=2).mean(axis=0))
        # Straight ahead is where the portraits look on average.
        u, _, vt = np.linalg.svd(np.mean(turns, axis=0))
        mean = mean @ (u @ vt)
        mean *= EYE_CORNERS_CM / np.linalg.norm(mean[RIGHT_EYE_OUTER] - mean[LEFT_EYE_OUTER])
    return mean, weights


def main() -> None:
    """Write canonical.json from the folder of portraits on the command line."""
    folder = Path(sys.argv[1])
    models = FaceModels.load(Path(os.environ.get("MODELS_DIR", MODELS)))
    faces = shapes(folder, models)
    mirror = mirror_of(mean_face(faces)[0])
    # With every face's mirror image beside it, the mean is symmetric and looks straight ahead.
    mean, weights = mean_face(np.concatenate([faces, faces[:, mirror] * MIRRORED]))
    mean = (mean + mean[mirror] * MIRRORED) / 2
    mean -= (mean[RIGHT_EYE_OUTER] + mean[LEFT_EYE_OUTER]) / 2
    weights = (weights + weights[mirror]) / 2
    document = {
        "source": f"Generalised Procrustes mean of the face mesh model's 3D output on {len(faces)} "
        "frontal portraits, made symmetric; straight ahead is the portraits' mean direction; "
        f"{EYE_CORNERS_CM} cm between the outer eye corners. Made by facet.vision.face.canonical.",
        "mesh": models.mesh_version,
        "points_um": np.rint(mean * 1e4).astype(int).ravel().tolist(),
        "weights": np.rint(weights / weights.sum() * 1e6).astype(int).tolist(),
        "mirror": mirror.tolist(),
    }
    lines = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in document.items())
    target = Path(__file__).with_name("canonical.json")
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
