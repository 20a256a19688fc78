"""The named parts of landmarks.toml as index arrays into the 468 points."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@cache
def part(name: str) -> NDArray[np.intp]:
    """A contour or region -> (n,) landmark indices, in polygon order. KeyError when unknown."""
    return np.array(_parts()[name], dtype=np.intp)


@cache
def _parts() -> dict[str, list[int]]:
    document = tomllib.loads(Path(__file__).with_name("landmarks.toml").read_text(encoding="utf-8"))
    both = {**document["contours"], **document["regions"]}
    return {name: value for name, value in both.items() if isinstance(value, list)}
