"""Curves through landmarks, and windows of a picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facet.vision.face.patches import inside
from facet.vision.face.pose import canonical

Floats = NDArray[np.float32]
Points = NDArray[np.floating]
Window = tuple[slice, slice]


def resolution(points: Points) -> float:
    """Pixels per millimetre, by eyes or height of the face, whichever is less foreshortened."""
    mean = canonical().points[:, :2] * 10
    spans = ((33, 263), (10, 152))
    return max(
        float(np.linalg.norm(points[a] - points[b]) / np.linalg.norm(mean[a] - mean[b]))
        for a, b in spans
    )


def both_sides(right: Sequence[int]) -> list[NDArray[np.intp]]:
    """Landmarks of the right side -> their indices, and those of the left side's landmarks."""
    indices = np.array(right, np.intp)
    return [indices, canonical().mirror[indices]]


def smooth_curve(points: Points, *, closed: bool = True, per: int = 4) -> Points:
    """Points (n, 2) -> the Catmull-Rom curve through them, `per` points for each."""
    if closed:
        ends = np.concatenate([points[-1:], points, points[:2]])
    else:
        ends = np.concatenate(
            [2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]]
        )
    before, here, after, second = ends[:-3], ends[1:-2], ends[2:-1], ends[3:]
    t = np.linspace(0, 1, per, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * here
        + (after - before) * t
        + (2 * before - 5 * here + 4 * after - second) * t**2
        + (3 * here - before - 3 * after + second) * t**3
    )
    flat = curve.transpose(1, 0, 2).reshape(-1, 2)
    return flat if closed else np.concatenate([flat, points[-1:]])


def along_curve(curve: Points) -> Points:
    """A curve's points (n, 2) -> (n,) 0..1, how far along it each of them lies."""
    run = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    return np.asarray(np.concatenate([[0], np.cumsum(run)]) / max(float(run.sum()), 1e-6))


def depth_inside(polygon: Points, width: int, height: int) -> Floats:
    """Closed curve of many points -> (height, width) px from it, negative outside."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    where = np.stack([columns.ravel(), rows.ravel()], axis=1)
    curve = polygon.astype(np.float32)
    squared = (where**2).sum(axis=1)[:, None] - 2 * where @ curve.T + (curve**2).sum(axis=1)
    away = np.sqrt(np.maximum(squared.min(axis=1), 0)).reshape(height, width)
    return np.asarray(np.where(inside(polygon, width, height), away, -away), np.float32)


def normals(curve: Points) -> Points:
    """A curve's points (n, 2) -> its normals (n, 2) there, of length 1."""
    tangent = np.gradient(curve, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    return np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)


def grown(polygon: Points, px: float) -> Points:
    """A closed polygon with its edge moved outwards by `px`, inwards where negative."""
    ends = np.concatenate([polygon[-1:], polygon, polygon[:1]])
    before, after = ends[:-2], ends[2:]
    turn = np.sign(np.sum(polygon[:, 0] * after[:, 1] - polygon[:, 1] * after[:, 0]))
    tangent = after - before
    tangent /= np.maximum(np.hypot(tangent[:, :1], tangent[:, 1:]), 1e-6)
    return np.asarray(polygon + turn * px * np.stack([tangent[:, 1], -tangent[:, 0]], axis=1))


def within(part_of: Sequence[slice], window: Window) -> Window:
    """A window of the canvas in the coordinates of a wider one."""
    (top, left), (rows, columns) = (side.start for side in window), part_of
    return slice(rows.start - top, rows.stop - top), slice(
        columns.start - left, columns.stop - left
    )


def overlap(first: Window, second: Window) -> Window:
    """The window that lies in both."""
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(first, second, strict=True)
    )
    return rows, columns


def meet(first: Window, second: Window) -> bool:
    """Whether two windows have a pixel in common."""
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(first, second, strict=True))
