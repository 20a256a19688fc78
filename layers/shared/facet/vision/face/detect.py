"""Finds faces: BlazeFace short range, its anchors decoded as MediaPipe does."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facet.vision.face.crop import Crop, Floats, Pixels
from facet.vision.face.runtime import cpu_session, model_settings

SIZE = 128


@dataclass(frozen=True, slots=True)
class Detection:
    """One face, in pixels of the upright photo."""

    box: Floats  # (4,) left, top, right, bottom
    keypoints: Floats  # (6, 2) right eye, left eye, nose tip, mouth, right ear, left ear
    score: float  # 0..1

    @property
    def width(self) -> float:
        """Width of the box, px."""
        return float(self.box[2] - self.box[0])

    def holds(self, other: "Detection") -> bool:
        """Whether the other box's middle lies in this box."""
        middle = (other.box[:2] + other.box[2:]) / 2
        return bool((self.box[:2] <= middle).all() and (middle <= self.box[2:]).all())


class FaceDetector:
    """Finds the faces of a photo."""

    def __init__(self, model: Path) -> None:
        self._session = cpu_session(model)
        options = model_settings()["detector"]
        self._min_score: float = options["min_score"]
        self._overlap: float = options["overlap"]
        self._clear_share: float = options["clear_share"]
        self._tile_share: float = options["tile_share"]
        # (896, 2) x, y as shares of the input
        self._anchors = np.concatenate(
            [
                np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2).repeat(per_cell, axis=0)
                for cells, per_cell in options["anchor_grids"]
                for ticks in [(np.arange(cells, dtype=np.float32) + 0.5) / cells]
            ]
        )

    def predict(self, pixels: Pixels) -> tuple[Detection, ...]:
        """(height, width, 3) uint8 RGB -> the faces, best first.

        The whole photo shows faces down to about a tenth of its longer side. Unless that gives
        one clear face, overlapping tiles are searched too, which halves the limit.
        """
        candidates = self._find(pixels, next(tiles(pixels, 1.0)))
        faces = self.postprocess(candidates)
        if len(faces) == 1 and faces[0].width >= self._clear_share * max(pixels.shape):
            return faces
        more = [self._find(pixels, tile) for tile in tiles(pixels, self._tile_share)]
        return self.postprocess(np.concatenate([candidates, *more]))

    def _find(self, pixels: Pixels, crop: Crop) -> Floats:
        """(n, 17): eight points x, y in photo pixels (box corners first), then the score."""
        regressors, logits = self._session.run(None, {"image": self.preprocess(pixels, crop)})
        return self.decode(regressors[0], logits[0, :, 0], crop)

    def preprocess(self, pixels: Pixels, crop: Crop) -> Floats:
        """The crop of a photo -> (1, 128, 128, 3), float32, -1..1, RGB."""
        image = crop.sample(pixels, SIZE)
        image *= np.float32(1 / 127.5)
        image -= 1
        return image[None]

    def decode(self, regressors: Floats, logits: Floats, crop: Crop) -> Floats:
        """(896, 16) and (896,) as the model gives them -> the likely rows, as _find returns."""
        # Below -80 the exponential would overflow in single precision; the score is 0 anyway.
        scores = 1 / (1 + np.exp(-np.maximum(logits, -80)))
        likely = scores >= self._min_score
        values = regressors[likely].reshape(-1, 8, 2) / np.float32(SIZE)
        centre, extent = values[:, 0] + self._anchors[likely], values[:, 1]
        values[:, 0], values[:, 1] = centre - extent / 2, centre + extent / 2
        values[:, 2:] += self._anchors[likely, None]
        points = crop.to_photo(values)
        return np.column_stack([points.reshape(-1, 16), scores[likely]])

    def postprocess(self, candidates: Floats) -> tuple[Detection, ...]:
        """Weighted non-maximum suppression: what overlaps the best is averaged, by score."""
        left = candidates[np.argsort(-candidates[:, 16], kind="stable")]
        faces = []
        while len(left):
            same = intersection_over_union(left[0, :4], left[:, :4]) > self._overlap
            same[0] = True
            weights = left[same, 16:]
            points = (left[same, :16] * weights).sum(axis=0) / weights.sum()
            faces.append(Detection(points[:4], points[4:].reshape(6, 2), float(left[0, 16])))
            left = left[~same]
        return tuple(faces)


def tiles(pixels: Pixels, share: float) -> Iterator[Crop]:
    """Squares with `share` of the longer side that cover the photo, overlapping by half."""
    height, width = pixels.shape[:2]
    side = share * max(height, width)

    def centres(length: int) -> Floats:
        if length <= side:
            return np.array([length / 2], np.float32)
        count = int(np.ceil((length - side) / (side / 2))) + 1
        return np.linspace(side / 2, length - side / 2, count, dtype=np.float32)

    for y in centres(height):
        for x in centres(width):
            yield Crop(float(x), float(y), side)


def intersection_over_union(box: Floats, boxes: Floats) -> Floats:
    """A box (4,) and boxes (n, 4), left, top, right, bottom -> shared over joint area, (n,)."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return np.asarray(shared / np.maximum(areas + np.prod(box[2:] - box[:2]) - shared, 1e-9))
