"""The canonical texture: every face in one fixed layout, where each region is a fixed mask.

The layout is Facet's mean face seen from straight ahead, in millimetres of a face whose outer eye
corners are 88.9 mm apart; x runs to the subject's left, y down. A point of it is carried to the
photo by moving least squares on the landmarks (affine, Schaefer, McPhail & Warren 2006), which is
smooth where triangles would kink, and needs no extrapolation rule at the edge of the face.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facet.vision.face.landmarks import part
from facet.vision.face.mesh import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from facet.vision.face.patches import inside
from facet.vision.face.pose import canonical

Pixels = NDArray[np.uint8]
Points = NDArray[np.floating]
Mask = NDArray[np.bool_]

WIDTH_MM, HEIGHT_MM = 144, 168
_LEFT_MM, _TOP_MM = -72.0, -54.0  # of the layout, from the middle between the outer eye corners
_BOX_MM = 12  # the warp is exact at this spacing and bilinear between
_EYES_MM = 88.9
_SOFT_MM = 2.0  # landmarks closer than this to a point share it: their jitter evens out
SIZES = (240, 480, 960)  # px wide: 1.7, 3.3 and 6.7 px per mm


@dataclass(frozen=True, slots=True)
class Texture:
    """The texture of one face: its pixels in the layout."""

    rgb: Pixels  # (height, width, 3), sRGB
    seen: Mask  # (height, width), false where the photo ends
    photo_px_per_mm: float  # what the photo carries; the texture may hold more pixels than that

    @property
    def px_per_mm(self) -> float:
        """Pixels of the texture per millimetre of the face."""
        return float(self.rgb.shape[1] / WIDTH_MM)

    def halved(self) -> "Texture":
        """The same face at half the resolution, averaged."""
        small = np.asarray(Image.fromarray(self.rgb).reduce(2))
        return Texture(small, self.seen[::2, ::2], self.photo_px_per_mm)


def resolution(points: Points) -> float:
    """Landmarks (468, 2) in pixels -> pixels per millimetre of a face with mean eye distance."""
    return float(np.linalg.norm(points[RIGHT_EYE_OUTER] - points[LEFT_EYE_OUTER])) / _EYES_MM


def fitting_size(px_per_mm: float) -> int:
    """The smallest texture that loses nothing of a photo; at most the largest."""
    return next((size for size in SIZES if size / WIDTH_MM >= px_per_mm), SIZES[-1])


def unwrap(pixels: Pixels, points: Points, size: int) -> Texture:
    """Photo (height, width, 3) and landmarks (468, 2) in its pixels -> its texture `size` px wide.

    A photo with more pixels than the texture is averaged down first, so nothing aliases.
    """
    nodes = _node_weights() @ np.asarray(points, float)
    carried = resolution(points)
    low = np.floor(nodes.min(axis=(0, 1))).astype(int) - 2
    high = np.ceil(nodes.max(axis=(0, 1))).astype(int) + 3
    left, top = np.maximum(low, 0)
    right, bottom = np.minimum(high, pixels.shape[1::-1])
    face = Image.fromarray(pixels[top:bottom, left:right])
    # Pillow's coordinates start at the corner of a pixel, the landmarks' at its middle.
    nodes = nodes + 0.5 - (left, top)
    shrink = size / WIDTH_MM / carried
    if shrink < 1:
        whole = face.size
        face = face.resize(
            (max(1, round(whole[0] * shrink)), max(1, round(whole[1] * shrink))),
            Image.Resampling.HAMMING,
        )
        nodes = nodes * (np.array(face.size) / whole)
    box = size * _BOX_MM // WIDTH_MM
    height = size * HEIGHT_MM // WIDTH_MM
    # Corners in Pillow's order: upper left, lower left, lower right, upper right.
    quads = np.concatenate([nodes[:-1, :-1], nodes[1:, :-1], nodes[1:, 1:], nodes[:-1, 1:]], axis=2)
    mesh = [
        ((x * box, y * box, (x + 1) * box, (y + 1) * box), tuple(quads[y, x].tolist()))
        for y in range(quads.shape[0])
        for x in range(quads.shape[1])
        if _boxes_used()[y, x]
    ]
    rgb = face.transform((size, height), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    ends = np.all((nodes >= 1) & (nodes <= np.array(face.size) - 1), axis=2)
    whole_boxes = ends[:-1, :-1] & ends[1:, :-1] & ends[1:, 1:] & ends[:-1, 1:] & _boxes_used()
    seen = np.kron(whole_boxes, np.ones((box, box), bool))
    return Texture(np.asarray(rgb), seen, carried)


def to_layout(points_mm: Points, size: int) -> Points:
    """Millimetres from the middle between the eyes (x to the subject's left, y down) -> pixels."""
    return np.asarray((points_mm - (_LEFT_MM, _TOP_MM)) * (size / WIDTH_MM) - 0.5)


@cache
def landmarks_in(size: int) -> Points:
    """Places (468, 2) of the landmarks in a texture, pixels."""
    return to_layout(canonical().points[:, :2] * (10, -10), size)


@cache
def region_mask(name: str, size: int) -> Mask:
    """Mask (height, width) of a part of landmarks.toml in the layout."""
    polygon = landmarks_in(size)[part(name)]
    return inside(polygon, size, size * HEIGHT_MM // WIDTH_MM)


def texture_positions(points: Points, where: Points, size: int) -> Points:
    """Pixels (n, 2) of the photo with landmarks (468, 2) -> pixels of a texture."""
    soft = _SOFT_MM * resolution(points)
    return np.asarray(_weights(np.asarray(points, float), where, soft) @ landmarks_in(size))


@cache
def _node_weights() -> NDArray[np.float64]:
    """(rows + 1, columns + 1, 468): how much each landmark counts at the corners of the boxes."""
    x = _LEFT_MM + np.arange(WIDTH_MM // _BOX_MM + 1) * _BOX_MM
    y = _TOP_MM + np.arange(HEIGHT_MM // _BOX_MM + 1) * _BOX_MM
    nodes = np.stack(np.meshgrid(x, y), axis=-1)
    landmarks = canonical().points[:, :2] * (10, -10)
    flat = _weights(landmarks, nodes.reshape(-1, 2).astype(float), _SOFT_MM)
    return flat.reshape(*nodes.shape[:2], -1)


@cache
def _boxes_used() -> Mask:
    """(rows, columns): boxes that hold a piece of the face."""
    face = region_mask("face", SIZES[0])
    box = SIZES[0] * _BOX_MM // WIDTH_MM
    rows, columns = face.shape[0] // box, face.shape[1] // box
    return np.asarray(face.reshape(rows, box, columns, box).any(axis=(1, 3)))


def _weights(landmarks: Points, where: Points, soft: float) -> NDArray[np.float64]:
    """Landmarks (m, 2), points (n, 2) in the same plane -> (n, m) weights, rows sum to 1.

    The affine map fitted to the landmarks around each point, nearer ones counting for more
    (1 / (d^2 + soft^2)^2), written as weights of the landmarks.
    """
    squared = ((where[:, None] - landmarks[None]) ** 2).sum(axis=2)
    near = (squared + soft**2) ** -2.0
    affine = np.column_stack([np.ones(len(landmarks)), landmarks])
    moments = np.einsum("nm,mi,mj->nij", near, affine, affine, optimize=True)
    here = np.column_stack([np.ones(len(where)), where])
    solved = np.linalg.solve(moments, here[..., None])[..., 0]
    return np.asarray((solved @ affine.T) * near)
