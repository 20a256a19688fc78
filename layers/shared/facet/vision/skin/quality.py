"""Can this photo carry a measure? Everything the gates of gates.toml ask about a face.

Light is never judged by how bright the skin is, which would punish dark skin or light: only by what
is burnt out, by the brightest details of the face, and by one side against the other.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facet import colour
from facet.domain.face import Check, Pose
from facet.vision.face.patches import Pixels, some
from facet.vision.photo.gates import Gates
from facet.vision.skin.light import Light
from facet.vision.skin.tone import CHEEKS, SkinColour

Points = NDArray[np.floating]  # (468, 2), pixels

_OUTER_CORNERS = (33, 263)
# Corner, two upper lids, corner, two lower lids of either eye: Soukupova & Cech 2016.
_EYE_ASPECTS = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
_BURNT = 250  # of 255
_HIGHLIGHTS = 0.99  # quantile of the face's pixels: eye whites, teeth and shine
_ENOUGH = 60_000  # pixels of a face, evenly spread, that tell its exposure as well as all do
_FOCUS_EYES = 64  # px between the outer eye corners at which focus is judged


def judge(values: Mapping[str, float], gates: Gates) -> tuple[Check, ...]:
    """Values by gate name, in the gates' units -> every gate that fails."""
    checks = (gates.check(name, value) for name, value in values.items())
    return tuple(check for check in checks if check)


def eye_distance(points: Points) -> float:
    """Outer eye corner to outer eye corner, in pixels of the points."""
    right, left = _OUTER_CORNERS
    return float(np.linalg.norm(points[right] - points[left]))


def framing(
    points: Points, outline: Points, pose: Pose, *, size: tuple[int, int], scale: float
) -> dict[str, float]:
    """Gate values, by name: how large the face is, how far inside the picture, how turned.

    points and outline (n, 2) lie on a picture of `size` (width, height), which has `scale` pixels
    for each one of the file, so that the eye distance counts in pixels of the file.
    """
    outside = (outline < 0) | (outline > np.array(size))
    return {
        "face_too_small": eye_distance(points) / scale,
        "face_out_of_frame": float(outside.any(axis=1).mean()),
        "face_angle_left": pose.yaw,
        "face_angle_right": -pose.yaw,
        "face_angle_up": pose.pitch,
        "face_angle_down": -pose.pitch,
        "face_angle_tilt_left": pose.roll,
        "face_angle_tilt_right": -pose.roll,
        "eyes_closed": max(_eye_aspect(points[list(eye)]) for eye in _EYE_ASPECTS),
    }


def exposure(face: Pixels) -> dict[str, float]:
    """Pixels of the whole face (n, 3) -> gate values: how far its light misses the file's range."""
    if not len(face):
        return {}
    face = some(face, _ENOUGH)
    # Channel by channel: reducing over an axis of three takes twenty times as long.
    red, green, blue = face.T
    peaks = np.maximum(np.maximum(red, green), blue)
    lows = np.minimum(np.minimum(red, green), blue)
    # Eye whites, teeth and shine reach about the same level on every skin; on 60 portraits of all
    # tones they lie within 0.8 stops of white.
    highlights = float(colour.linear_from_srgb(np.quantile(peaks, _HIGHLIGHTS) / 255))
    return {
        "too_dark": -math.log2(max(highlights, 1e-4)),
        "too_bright": float(np.mean(peaks >= _BURNT)),
        "colourless": float(np.quantile(peaks - lows, _HIGHLIGHTS)),
    }


def surface(skin: SkinColour, eyes: Sequence[Pixels], light: Light) -> dict[str, float]:
    """Gate values: one side of the face against the other, hidden eyes, the light's colour."""
    bright = {name: float(colour.luminance(linear)) for name, linear in skin.patches.items()}
    cheeks = [max(bright[name], 1e-3) for name in CHEEKS if name in bright]
    values = {"uneven_lighting": math.log2(max(cheeks) / min(cheeks)), "color_cast": light.cast}
    inside = np.concatenate(list(eyes))
    if len(inside):
        luminance = colour.luminance(colour.linear_from_srgb(inside))
        values["eyes_hidden"] = float(np.quantile(luminance, _HIGHLIGHTS - 0.09)) / max(cheeks)
    return values


def focus(image: Image.Image, points: Points) -> dict[str, float]:
    """Fine detail against coarse around the eyes: variance of the Laplacian over mean Sobel square.

    The ratio does not change with contrast; the eyes are brought to one size, so it does not
    change with resolution either, unless there is too little of it.
    """
    middle = points[list(_OUTER_CORNERS)].mean(axis=0)
    unit = eye_distance(points)
    reach = np.array([0.8, 0.4]) * unit
    low = np.clip(middle - reach, 0, image.size)
    high = np.clip(middle + reach, 0, image.size)
    width, height = (np.rint((high - low) / unit * _FOCUS_EYES)).astype(int)
    if width < 16 or height < 16:
        return {}
    # Only the band is turned grey, with a margin for the filter.
    box = (*np.floor(low).astype(int).tolist(), *np.ceil(high).astype(int).tolist())
    band = image.crop(box).convert("L").resize((width, height), Image.Resampling.BILINEAR)
    grey = np.asarray(band, dtype=np.float32)
    inner = grey[1:-1, 1:-1]
    right, left, below, above = grey[1:-1, 2:], grey[1:-1, :-2], grey[2:, 1:-1], grey[:-2, 1:-1]
    laplacian = right + left + below + above - 4 * inner
    slope = ((right - left) ** 2 + (below - above) ** 2) / 4
    return {"blurry": float(laplacian.var() / max(float(slope.mean()), 1e-3))}


def _eye_aspect(eye: Points) -> float:
    """(6, 2) -> mean height over width."""
    heights = np.linalg.norm(eye[1:3] - eye[[5, 4]], axis=1)
    return float(heights.mean() / max(float(np.linalg.norm(eye[0] - eye[3])), 1e-6))
