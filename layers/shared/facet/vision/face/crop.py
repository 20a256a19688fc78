"""Square, turned crops of a photo, sampled as the face models were trained to see them."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Crop:
    """A square on the photo, in pixel indices: (0, 0) is the middle of the first pixel."""

    x: float  # centre, px
    y: float  # centre, px
    side: float  # px
    angle: float = 0.0  # radians, clockwise as seen

    @classmethod
    def on_box(cls, box: Floats, angle: float, scale: float) -> "Crop":
        """A square `scale` times the longer side of an upright box (left, top, right, bottom)."""
        left, top, right, bottom = map(float, box)
        side = scale * max(right - left, bottom - top)
        return cls((left + right) / 2, (top + bottom) / 2, side, angle)

    @classmethod
    def on_points(cls, points: Floats, angle: float, scale: float) -> "Crop":
        """A square `scale` times the longer side of the points' bounding box, turned with it.

        MediaPipe takes the upright bounding box, which grows as a face tilts; turned, the mesh of
        a face tilted by 10 to 45 degrees moves by a third less.
        """
        turn = _rotation(angle)
        turned = points @ turn
        low, high = turned.min(axis=0), turned.max(axis=0)
        x, y = turn @ ((low + high) / 2)
        return cls(float(x), float(y), scale * float((high - low).max()), angle)

    def mirror_source(self, size: int) -> "Crop":
        """The crop whose `size` columns, read backwards, are this crop of the mirrored photo.

        Columns run from -size / 2 to size / 2 - 1: backwards, they start one further.
        """
        step = self.side / size
        x, y = self.x + math.cos(self.angle) * step, self.y + math.sin(self.angle) * step
        return replace(self, x=x, y=y)

    def sample(self, pixels: Pixels, size: int) -> Floats:
        """The crop as (size, size, 3), float32, 0..255; black outside the photo.

        Output pixel i reads source index centre + R (i - size / 2) side / size, bilinear, without
        antialiasing: MediaPipe's convention (its ImageToTensorCalculator on a CPU). Half-pixel
        centres, the usual choice, move the landmarks by 0.9 % of the eye distance.
        """
        height, width = pixels.shape[:2]
        steps = (np.arange(size, dtype=np.float32) - size / 2) * np.float32(self.side / size)
        cos, sin = np.float32(math.cos(self.angle)), np.float32(math.sin(self.angle))
        x = np.float32(self.x) + cos * steps - sin * steps[:, None]
        y = np.float32(self.y) + sin * steps + cos * steps[:, None]

        left, top = np.floor(x), np.floor(y)
        right_share, lower_share = x - left, y - top
        columns, rows = left.astype(np.int32), top.astype(np.int32)
        flat = pixels.reshape(-1, 3)
        result = np.zeros((size, size, 3), np.float32)
        for row, row_share in ((rows, 1 - lower_share), (rows + 1, lower_share)):
            inside_rows = row_share * ((row >= 0) & (row < height))
            start = row.clip(0, height - 1) * width
            for column, share in ((columns, 1 - right_share), (columns + 1, right_share)):
                inside = inside_rows * share * ((column >= 0) & (column < width))
                values = flat.take(start + column.clip(0, width - 1), axis=0)
                result += values * inside[..., None]
        return result

    def to_photo(self, points: Floats) -> Floats:
        """Points (..., 2) as shares of the side from the crop's top left -> photo pixels."""
        centre = np.array([self.x, self.y], np.float32)
        offsets = (points - np.float32(0.5)) * np.float32(self.side)
        return np.asarray(offsets @ _rotation(self.angle).T + centre)


def _rotation(angle: float) -> Floats:
    """(2, 2), turns a column by `angle` radians, clockwise as seen."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]], np.float32)
