"""What the card has a row for, and how each is read off a reading: numbers, and names."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluation.measure import CONCERNS
from evaluation.takes import ACNE, AGES
from facet.domain.face import FaceReading, Share
from facet.domain.naming import named
from facet.domain.tone import ita_class
from facet.vision.skin.scores import load_scoring


@dataclass(frozen=True)
class Number:
    """A measure with a value."""

    name: str
    tables: Sequence[str]  # what makes it, beside the pipeline and the models
    unit: str
    value: Callable[[FaceReading], float | None]
    least: Callable[[FaceReading], float | None] = field(default=lambda _: None)  # minimum_change
    judged: bool = False  # something was tuned on one half of the people by two photos
    of_concerns: bool = False
    labels: Sequence[tuple[str, str]] = ()  # (set, label)


@dataclass(frozen=True)
class Name:
    """A name that a reading may be given."""

    name: str
    tables: Sequence[str]
    first: Callable[[FaceReading], str | None]  # the likeliest
    given: Callable[[FaceReading], str | None]  # the one that is said
    judged: bool = False
    of_concerns: bool = False
    labels: Sequence[tuple[str, str]] = ()


LABELS: dict[str, Sequence[tuple[str, str]]] = {
    "blemishes": ((ACNE, "grade"), (ACNE, "lesions")),
    "wrinkles": ((AGES, "age"),),
    "eye_bags": ((AGES, "age"),),
    "dark_spots": ((AGES, "age"),),
}


def measures(readings: Sequence[FaceReading]) -> list[Number | Name]:
    """Every row of the card; the index where a reading has one."""
    indexed = any(_index(reading) for reading in readings)
    return [*_tone(), *map(_concern, CONCERNS), *([INDEX] if indexed else []), *NAMES]


def _tone() -> Iterator[Number]:
    made: dict[str, tuple[str, Callable[[FaceReading], float | None]]] = {
        "ita": ("degrees", lambda reading: reading.skin.tone.ita),
        "lightness": ("CIELAB L*", lambda reading: reading.skin.tone.lab[0]),
        "a": ("CIELAB a*", lambda reading: reading.skin.tone.lab[1]),
        "b": ("CIELAB b*", lambda reading: reading.skin.tone.lab[2]),
        "hue": ("degrees", lambda reading: reading.skin.tone.hue),
    }
    for name, (unit, value) in made.items():
        yield Number(name, ("tone",), unit, value)
    yield Number(
        "ita_estimate",
        ("tone", "tone_classes"),
        "degrees",
        lambda reading: reading.skin.tone.ita_estimate,
        judged=True,
    )


def _concern(name: str) -> Number:
    def of(reading: FaceReading, part: str) -> float | None:
        found = (concern for concern in reading.skin.concerns if concern.name == name)
        value: float | None = getattr(next(found, None), part, None)
        return value

    return Number(
        name,
        ("scoring",),
        load_scoring().unit(name),
        lambda reading: of(reading, "measured"),
        lambda reading: of(reading, "minimum_change"),
        labels=LABELS.get(name, ()),
    )


def _index(reading: FaceReading) -> Any:
    return getattr(reading.skin, "index", None)


INDEX = Number(
    "index",
    ("scoring", "index"),
    "points of 100",
    lambda reading: getattr(_index(reading), "value", None),
    lambda reading: getattr(_index(reading), "minimum_change", None),
    of_concerns=True,
)


def _first(shares: Sequence[Share] | None) -> str | None:
    return max(shares, key=lambda each: each.share).name if shares else None


def _colour(feature: str) -> Name:
    def said(reading: FaceReading) -> str | None:
        found = (each for each in reading.face.colours if each.feature == feature)
        return next((each.name for each in found), None)

    return Name(f"{feature}_colour", ("colours",), said, said)


NAMES = (
    Name(
        "ita_class",
        ("tone", "tone_classes", "naming"),
        lambda reading: ita_class(reading.skin.tone.ita),
        lambda reading: reading.skin.tone.ita_class,
        judged=True,
    ),
    Name(
        "undertone",
        ("tone", "naming"),
        lambda reading: _first(reading.skin.tone.undertones),
        lambda reading: reading.skin.tone.undertone,
        judged=True,
    ),
    Name(
        "season",
        ("tone", "colours", "season", "naming"),
        lambda reading: _first(reading.season),
        lambda reading: named("season", reading.season or ()),
        judged=True,
    ),
    Name(
        "shape",
        ("shape", "naming"),
        lambda reading: _first(reading.face.shape),
        lambda reading: named("shape", reading.face.shape or ()),
        judged=True,
    ),
    Name(
        "condition",
        ("scoring", "conditions", "naming"),
        lambda reading: _first(reading.prediction.all_conditions) if reading.prediction else None,
        lambda reading: reading.prediction.condition if reading.prediction else None,
        of_concerns=True,
    ),
    _colour("eyes"),
    _colour("hair"),
)
