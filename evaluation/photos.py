"""The evaluation photos beside the project, and what their manifests say of them."""

import csv
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from evaluation.edits import Pixels
from facet.vision.photo.decode import decode
from facet.vision.photo.gates import load_gates

ROOT = Path(__file__).resolve().parents[1]
PORTRAITS, CLOSEUPS = "portraits", "closeups"


def folder() -> Path:
    """Where the photos are, whether or not they are there: FACET_FACES, or beside the project."""
    return Path(os.environ.get("FACET_FACES") or ROOT.parent / "shared" / "faces")


@dataclass(frozen=True)
class FacePhoto:
    """One photo of one face."""

    group: str  # portraits or closeups
    path: Path
    tags: frozenset[str] = frozenset()  # closeups: frontal, profile, sunglasses, ...
    sex: str = ""  # portraits: F or M, as the manifest has it
    age: float | None = None  # portraits: years, photo's date less year of birth
    ita: float | None = field(default=None)  # degrees, cheek, measured when the photos were chosen

    @property
    def name(self) -> str:
        return f"{self.group}/{self.path.stem}"

    @property
    def frontal(self) -> bool:
        return self.group == PORTRAITS or "frontal" in self.tags

    @cached_property
    def pixels(self) -> Pixels:
        """(height, width, 3) upright sRGB, as the analysis decodes it"""
        return decode(self.path.read_bytes(), load_gates("relaxed")).pixels


def load_photos(source: Path) -> list[FacePhoto]:
    """Portraits and close-ups by their manifests. FileNotFoundError where there are none."""
    return _portraits(source / PORTRAITS) + _closeups(source / CLOSEUPS)


def some(photos: list[FacePhoto], count: int) -> list[FacePhoto]:
    """About `count` of them, evenly over each group, the same ones every time; 0 takes all."""
    if not count:
        return photos
    chosen: list[FacePhoto] = []
    for group, quota in ((PORTRAITS, count // 2), (CLOSEUPS, count - count // 2)):
        # Profiles and covered faces are refused, and would measure nothing in a small run.
        those = [photo for photo in photos if photo.group == group and photo.frontal]
        step = max(1.0, len(those) / max(quota, 1))
        chosen += [those[int(number * step)] for number in range(min(quota, len(those)))]
    return chosen


def _portraits(source: Path) -> list[FacePhoto]:
    return [
        FacePhoto(
            PORTRAITS,
            source / row["file"],
            sex=row["sex"],
            # Born in the middle of the year, on average.
            age=_year(row["photo_date"]) - int(row["birth_year"]) - 0.5,
            ita=float(row["ITA_cheek"]),
        )
        for row in _rows(source / "manifest.csv")
    ]


def _closeups(source: Path) -> list[FacePhoto]:
    return [
        FacePhoto(
            CLOSEUPS,
            source / row["file"],
            tags=frozenset(row["tags"].split()),
            ita=float(row["ITA"]),
        )
        for row in _rows(source / "manifest.csv")
    ]


def _year(date: str) -> float:
    year, month, _ = date.split("-")
    return int(year) + (int(month) - 0.5) / 12


def _rows(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
