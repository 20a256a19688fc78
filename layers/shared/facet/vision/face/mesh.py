"""Places 468 landmarks on a face, in two passes; a third, mirrored, makes them even."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facet.vision.face.crop import Crop, Floats, Pixels
from facet.vision.face.detect import Detection
from facet.vision.face.runtime import cpu_session, model_settings

SIZE = 192
POINTS = 468
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263  # the subject's


@dataclass(frozen=True, slots=True)
class Mesh:
    """The landmarks of one face, in pixels of the upright photo."""

    points: Floats  # (468, 2) x, y
    depth: (
        Floats  # (468,) same scale as x and y, smaller towards the camera, 0 near the ears' depth
    )
    flag: float  # logit of the model's own face flag: portraits 18 to 32, profiles about 9


class MeshModel:
    """Places 468 landmarks on one face."""

    def __init__(self, model: Path) -> None:
        self._session = cpu_session(model)
        self._scale: float = model_settings()["mesh"]["crop_scale"]

    def predict(self, pixels: Pixels, face: Detection) -> Mesh:
        """(height, width, 3) uint8 RGB and a detected face -> its landmarks.

        The detector's box is rough, so a second pass takes its crop from the first mesh: that
        halves the jitter under small shifts of the photo.
        """
        right_eye, left_eye = face.keypoints[:2]
        start = Crop.on_box(face.box, angle(right_eye, left_eye), self._scale)
        first = self._place(pixels, start)
        turn = angle(first.points[RIGHT_EYE_OUTER], first.points[LEFT_EYE_OUTER])
        return self._place(pixels, Crop.on_points(first.points, turn, self._scale))

    def evened(self, pixels: Pixels, mesh: Mesh, mirror: NDArray[np.intp]) -> Mesh:
        """The mesh averaged with that of the mirrored photo: one more pass.

        mirror: (468,) each landmark's index on the other half. The model does not see both halves
        of a face alike: the landmarks of a mirrored photo lie 1.5 % of the eye distance elsewhere,
        evened ones 0.5 %. MediaPipe shares the bias, so evened ones lie 0.85 % from its own.
        """
        turn = angle(mesh.points[RIGHT_EYE_OUTER], mesh.points[LEFT_EYE_OUTER])
        crop = Crop.on_points(mesh.points, turn, self._scale)
        image = self.preprocess(pixels, crop.mirror_source(SIZE))[:, :, ::-1]
        landmarks, _ = self._session.run(None, {"image": np.ascontiguousarray(image)})
        points = landmarks[0, mirror]
        points[:, 0] = SIZE - points[:, 0]
        other = self.postprocess(points, mesh.flag, crop)
        half = np.float32(0.5)
        points, depth = mesh.points + other.points, mesh.depth + other.depth
        return Mesh(points * half, depth * half, mesh.flag)

    def _place(self, pixels: Pixels, crop: Crop) -> Mesh:
        landmarks, flag = self._session.run(None, {"image": self.preprocess(pixels, crop)})
        return self.postprocess(landmarks[0], float(flag[0, 0]), crop)

    def preprocess(self, pixels: Pixels, crop: Crop) -> Floats:
        """The crop of a photo -> (1, 192, 192, 3), float32, 0..1, RGB."""
        image = crop.sample(pixels, SIZE)
        image *= np.float32(1 / 255)
        return image[None]

    def postprocess(self, landmarks: Floats, flag: float, crop: Crop) -> Mesh:
        """(468, 3) in pixels of the crop, and the flag's logit -> the mesh on the photo."""
        shares = landmarks / np.float32(SIZE)
        return Mesh(crop.to_photo(shares[:, :2]), shares[:, 2] * np.float32(crop.side), flag)


def angle(start: Floats, end: Floats) -> float:
    """Radians from the x axis, clockwise as seen."""
    x, y = end - start
    return math.atan2(y, x)
