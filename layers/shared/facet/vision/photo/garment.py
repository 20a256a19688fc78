"""The colours of a garment, from a photo of it on any fairly even background."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facet.colour import (
    delta_e_2000,
    hex_from_lab,
    lab_from_linear,
    linear_from_srgb,
)
from facet.domain.style import GarmentColour
from facet.vision.photo.decode import decode, encode_jpeg
from facet.vision.photo.gates import load_gates

Mask = NDArray[np.bool_]
Floats = NDArray[np.floating]


_QUALITY = 85


@dataclass(frozen=True, slots=True)
class GarmentReading:
    """The colours of a garment and a small picture of it, both from its photo."""

    colours: tuple[GarmentColour, ...]  # one to three, largest share first
    picture: bytes  # JPEG, 800 px long edge or the photo's own, upright, without metadata


def read_garment(data: bytes) -> GarmentReading:
    """JPEG, PNG, WebP or HEIC -> colours and picture. Raises PhotoRejectedError as `decode`."""
    edge = _rules()["picture"]
    image = decode(data, load_gates("relaxed"), edge=edge).image
    image.thumbnail((edge, edge))
    return GarmentReading(garment_colours(np.asarray(image)), encode_jpeg(image, _QUALITY))


def garment_colours(pixels: NDArray[np.uint8]) -> tuple[GarmentColour, ...]:
    """RGB (h, w, 3), upright -> one to three colours, largest share first; shares sum to 1.

    What is coloured like the rim and reached from it is background. Where that leaves next to
    nothing (a close-up, or a garment on its own colour), the middle of the photo is read.
    """
    rule = _rules()
    lab = lab_from_linear(_reduced(pixels, rule["edge"]))
    mask = ~_background(lab)
    if mask.mean() < rule["least_garment"]:
        mask = _middle(mask.shape, rule["middle"])
    centres, labels = _clusters(lab[mask], rule["colours"])
    weights = np.bincount(labels, minlength=len(centres)) / len(labels)
    kept = _merged(centres, weights)
    large = [(centre, share) for centre, share in kept if share >= rule["least_share"]]
    kept = large[: rule["most"]] or kept[:1]
    total = sum(share for _, share in kept)
    shares = [round(share / total, 3) for _, share in kept]
    shares[0] = round(shares[0] + 1 - sum(shares), 3)
    return tuple(
        GarmentColour(hex=hex_from_lab(centre), share=share)
        for (centre, _), share in zip(kept, shares, strict=True)
    )


def _reduced(pixels: NDArray[np.uint8], edge: int) -> Floats:
    """Linear RGB of about `edge` px, each the mean of the block it stands for."""
    step = max(1, -(-max(pixels.shape[:2]) // edge))
    # What is narrower than a block still is a column of them.
    rows, columns = (min(step, side) for side in pixels.shape[:2])
    height, width = pixels.shape[0] // rows * rows, pixels.shape[1] // columns * columns
    linear = linear_from_srgb(pixels[:height, :width])
    blocks = linear.reshape(height // rows, rows, width // columns, columns, 3)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _background(lab: Floats) -> Mask:
    """(h, w): coloured like the rim, and connected to it."""
    rule = _rules()
    height, width = lab.shape[:2]
    wide = max(1, round(rule["border"] * max(height, width)))
    rim = np.ones((height, width), dtype=bool)
    rim[wide:-wide, wide:-wide] = False
    centres, labels = _clusters(lab[rim], rule["background_colours"])
    counts = np.bincount(labels, minlength=len(centres))
    grounds = centres[counts >= rule["background_share"] * len(labels)]
    scale = np.array([rule["lightness"], 1, 1])
    away = np.linalg.norm((lab[:, :, None] - grounds) * scale, axis=3).min(axis=2)
    like = away <= rule["background_like"]
    reached = like & rim
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= like
        if grown.sum() == reached.sum():
            return np.asarray(reached)
        reached = grown


def _middle(shape: tuple[int, ...], share: float) -> Mask:
    mask = np.zeros(shape, dtype=bool)
    top, left = (round(side * (1 - share) / 2) for side in shape[:2])
    mask[top : shape[0] - top, left : shape[1] - left] = True
    return mask


def _clusters(lab: Floats, count: int) -> tuple[Floats, NDArray[np.intp]]:
    """k-means with lightness counting less; starts at the mean's nearest, then the farthest.

    Returns centres (k, 3) CIELAB, k <= count, and each colour's centre (n,).
    """
    scale = np.array([_rules()["lightness"], 1, 1])
    points = lab * scale
    centres = points[[int(np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1)))]]
    for _ in range(count - 1):
        away = np.linalg.norm(points[:, None] - centres, axis=2).min(axis=1)
        if away.max() < 1:
            break
        centres = np.vstack([centres, points[int(np.argmax(away))]])
    labels = np.zeros(len(points), dtype=np.intp)
    for _ in range(20):
        labels = np.argmin(np.linalg.norm(points[:, None] - centres, axis=2), axis=1)
        moved = np.array(
            [
                points[labels == n].mean(axis=0) if (labels == n).any() else centre
                for n, centre in enumerate(centres)
            ]
        )
        if np.allclose(moved, centres, atol=0.05):
            break
        centres = moved
    return centres / scale, labels


def _merged(centres: Floats, weights: Floats) -> list[tuple[Floats, float]]:
    """Colours that look alike become one, their weighted mean; largest share first."""
    merged: list[tuple[Floats, float]] = []
    for n in np.argsort(-weights, kind="stable"):
        centre, weight = centres[n], float(weights[n])
        for at, (other, share) in enumerate(merged):
            if delta_e_2000(centre, other) < _rules()["same"]:
                total = share + weight
                merged[at] = ((other * share + centre * weight) / total, total)
                break
        else:
            if weight > 0:
                merged.append((centre, weight))
    return sorted(merged, key=lambda colour: -colour[1])


@cache
def _rules() -> Mapping[str, Any]:
    path = Path(__file__).with_name("garment.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
