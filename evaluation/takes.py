"""Every photo of the sets read once, as it is: what the card and other figures are made of."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from evaluation.measure import models
from evaluation.workers import each
from facet.domain.errors import PhotoRejectedError
from facet.domain.face import FaceReading
from facet.vision.analyze import analyze_photo
from facet.vision.photo.gates import Preset, load_gates

PRESS, PORTRAITS, AGES, CLOSEUPS, ACNE = "same_person", "portraits", "ages", "closeups", "acne"
# A dermatologist's photos show the cheek, turned further than `moderate` reads.
PRESETS: Mapping[str, Preset] = {ACNE: "relaxed"}
_ENLARGED = (600, 600)  # px; press photos are 150 px, below what any gate lets pass
_QUALITY = 92
_AGES_TAKEN = 2022


@dataclass(frozen=True)
class Source:
    """One photo of a set, before it was read."""

    set: str
    path: Path
    person: str  # whose photo; every photo is one of another person but for the press photos
    judged: bool  # of the half that nobody tuned anything to
    labels: Mapping[str, float] = field(default_factory=dict)  # age, grade, lesions

    @property
    def preset(self) -> Preset:
        return PRESETS.get(self.set, "moderate")

    def data(self) -> bytes:
        """The file; a press photo enlarged."""
        if self.set != PRESS:
            return self.path.read_bytes()
        buffer = io.BytesIO()
        with Image.open(self.path) as image:
            large = image.convert("RGB").resize(_ENLARGED, Image.Resampling.LANCZOS)
        large.save(buffer, "JPEG", quality=_QUALITY)
        return buffer.getvalue()


@dataclass(frozen=True)
class Take:
    """A photo and what the analysis read on it."""

    source: Source
    reading: FaceReading | None  # None: the gates refuse it
    refused: str | None  # the code
    ita: float | None  # degrees, as the photo shows it; of a refused one too, where it can be read


def sources(folder: Path) -> list[Source]:
    """Every photo of the five sets. FileNotFoundError where a set is not there."""
    return [*_press(folder / PRESS), *_others(folder)]


def take(source: Source) -> Take:
    """One photo, read under the gates of its set."""
    data = source.data()
    try:
        reading = analyze_photo(data, models(), load_gates(source.preset)).reading
    except PhotoRejectedError as error:
        return Take(source, None, error.code, _ita_all_the_same(data))
    return Take(source, reading, None, reading.skin.tone.ita)


def takes(photos: Sequence[Source], workers: int) -> list[Take]:
    """The photos read, by their paths: what is drawn of them is the same every time."""
    taken = each(take, [(photo,) for photo in photos], workers)
    return sorted(taken, key=lambda take: take.source.path)


def _ita_all_the_same(data: bytes) -> float | None:
    try:
        return analyze_photo(data, models(), load_gates("relaxed")).reading.skin.tone.ita
    except PhotoRejectedError:
        return None


def _press(folder: Path) -> Iterator[Source]:
    for row in _rows(folder):
        number = int(row["person"].removeprefix("p"))
        yield Source(PRESS, folder / row["file"], row["person"], judged=number % 2 == 1)


def _others(folder: Path) -> Iterator[Source]:
    for name in (PORTRAITS, AGES, CLOSEUPS, ACNE):
        rows = sorted(_rows(folder / name), key=lambda row: row["file"])
        for at, row in enumerate(rows):
            path = folder / name / row["file"]
            person = f"{name}/{path.stem}"
            yield Source(name, path, person, judged=at % 2 == 1, labels=_labels(name, row))


def _labels(name: str, row: Mapping[str, str]) -> dict[str, float]:
    if name == AGES:
        return {"age": _AGES_TAKEN - float(row["birth_year"])}
    if name == ACNE:
        return {label: float(row[label]) for label in ("grade", "lesions")}
    return {}


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
