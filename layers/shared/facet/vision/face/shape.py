"""Face shape as shares, corrected for the distance of the camera.

A near lens makes the middle of a face larger than its rim. So a face is compared with the mean
face from the same distance, and where that is not known, with the mean face from every distance it
may have been. The ratios alone do not tell the distance, since a long face and a near one look the
same: it is reported only where the file names its lens.
"""

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facet.domain.face import Face, FeatureColour, Pose
from facet.saying import say
from facet.vision.face.mesh import Mesh
from facet.vision.face.pose import HeadPose, camera_distance, canonical, in_space, similarity
from facet.vision.face.shares import anchors, likelihoods, shares

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distance:
    """The distance between lens and face, and how sure it is."""

    cm: float
    interval: tuple[float, float]  # cm, which holds it in 7 of 10 cases


def lens_distance(
    pose: HeadPose, focal_35mm: float | None, width: float, height: float
) -> Distance | None:
    """Distance by the lens the file names; None without one, or where the answer is absurd.

    width, height: of the whole photo in the scale `pose` was measured at.
    """
    if not focal_35mm:
        return None
    table = _table()["distance"]
    cm = camera_distance(pose, focal_35mm, round(width), round(height))
    if not table["nearest"] <= cm <= table["farthest"]:
        return None
    factor = table["lens_factor"] ** NormalDist().inv_cdf((1 + table["coverage"]) / 2)
    return Distance(cm, (cm / factor, cm * factor))


def measure_face(
    mesh: Mesh, pose: Pose, distance: Distance | None, colours: tuple[FeatureColour, ...]
) -> Face:
    """The shape of a face (pose, ratios, distance, shares of shapes), its colours beside it."""
    table = _table()["shapes"]
    values = ratios(mesh)
    face = Face(
        pose=pose,
        ratios={name: round(value, 3) for name, value in values.items()},
        camera_distance=round(distance.cm) if distance else None,
        camera_distance_interval=tuple(round(cm) for cm in distance.interval) if distance else None,
        colours=colours,
    )
    if max(abs(pose.yaw), abs(pose.pitch)) > table["max_turn"]:
        return face.model_copy(update={"shape_reason": say("feature.turned")})
    weights = shape_weights(values, distance)
    return face.model_copy(update={"shape": shares(tuple(table["anchors"]), weights)})


def ratios(mesh: Mesh) -> dict[str, float]:
    """Lengths over cheek width, and angles in degrees, of the face turned straight ahead."""
    face = canonical()
    points = in_space(mesh)
    _, rotation = similarity(face.points, points, face.weights)
    return _ratios((points @ rotation)[:, :2])


def shape_weights(values: dict[str, float], distance: Distance | None) -> Array:
    """Ratios and, if known, the distance -> likelihood of each shape, in the table's order."""
    table = _table()
    seen, usual, spread, error = _from_every_distance(values)
    weights = distance_weights(values, distance)
    names = list(values)
    axes = [names.index(axis) for axis in table["shapes"]["axes"]]
    positions = ((seen - usual) / spread)[:, axes]
    likely = likelihoods(
        positions,
        np.broadcast_to((error / spread)[axes], positions.shape),
        anchors(table["shapes"]["anchors"], table["shapes"]["axes"]),
        np.full(len(axes), table["shapes"]["spread"]),
    )
    # Each distance gives its shares; they are then weighed by how likely that distance is.
    likely = likely / likely.sum(axis=1, keepdims=True)
    return np.asarray(weights @ likely)


def distance_weights(values: dict[str, float], distance: Distance | None) -> Array:
    """(grid,) how likely each distance of the grid is, sum 1."""
    table = _table()["distance"]
    grid = np.log(table["grid"])
    if distance:
        deviation = (grid - math.log(distance.cm)) / math.log(table["lens_factor"])
        # A lens beyond the grid's end means the end.
        weights = np.exp(-0.5 * (deviation**2 - (deviation**2).min()))
        return np.asarray(weights / weights.sum())
    seen, usual, spread, error = _from_every_distance(values)
    prior = (grid - math.log(table["prior_middle"])) / math.log(table["prior_factor"])
    misfit = table["misfit"] * (((seen - usual) ** 2) / (spread**2 + error**2)).sum(axis=1)
    exponents = prior**2 + misfit
    weights = np.exp(-0.5 * (exponents - exponents.min()))
    return np.asarray(weights / weights.sum())


def _from_every_distance(values: dict[str, float]) -> tuple[Array, Array, Array, Array]:
    """Ratios -> seen (ratios,), the mean face's (grid, ratios), and (ratios,) spread and error."""
    population = _table()["population"]
    spread = np.array([population[name]["spread"] for name in values])
    error = np.array([population[name]["error"] for name in values])
    return np.array(list(values.values())), _usual(), spread, error


@cache
def _usual() -> Array:
    """(grid, ratios): the mean face's ratios from each distance of the grid."""
    table = _table()
    nearness = table["nearness"]
    # What a lens does goes with one over the distance.
    nearnesses, grid = 1 / np.array(nearness["cm"]), 1 / np.array(table["distance"]["grid"])
    columns = [
        ratio["mean"] + np.interp(grid, nearnesses, nearness[name])
        for name, ratio in table["population"].items()
        if name != "source"
    ]
    return np.stack(columns, axis=1)


def _ratios(points: Array) -> dict[str, float]:
    """(468, 2), y up, looking straight ahead."""
    table = _table()

    def length(pair: list[int]) -> float:
        return float(np.linalg.norm(points[pair[0]] - points[pair[1]]))

    cheeks = length(table["ratios"]["cheeks"])
    lengths = {
        name: length(pair) / cheeks
        for name, pair in table["ratios"].items()
        if name not in {"cheeks", "source"}
    }
    degrees = {
        name: float(np.mean([_angle(points, corner) for corner in corners]))
        for name, corners in table["angles"].items()
    }
    return lengths | degrees


def _angle(points: Array, corner: list[int]) -> float:
    first, second = points[corner[0]] - points[corner[1]], points[corner[2]] - points[corner[1]]
    cosine = first @ second / (np.linalg.norm(first) * np.linalg.norm(second))
    return math.degrees(math.acos(min(1.0, max(-1.0, float(cosine)))))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("shape.toml").read_text(encoding="utf-8"))
