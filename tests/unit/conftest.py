"""A catalogue built once from the real data, and readings without a photo."""

from collections.abc import Callable
from pathlib import Path

import pytest

from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.domain.face import (
    Concern,
    Face,
    FaceReading,
    MonkShare,
    Pose,
    Quality,
    Skin,
    Tone,
    Versions,
)

DATA = Path(__file__).parents[2] / "data" / "skincare"


def face_reading(ita: float = 45.0, **scores: float) -> FaceReading:
    """A reading of this tone (degrees) with these concerns (score 0..100)."""
    tone = Tone(
        ita=ita,
        ita_interval=(ita - 10, ita + 10),
        ita_class="tan" if ita < 28 else "light",
        monk=(MonkShare(tone=5, share=1.0),),
        undertone="neutral",
        undertone_confidence=0.5,
        hue=60.0,
        lab=(60.0, 10.0, 18.0),
        hex="#c09070",
        confidence=0.7,
    )
    concerns = tuple(
        Concern(name=name, score=score, measured=1.0, unit="u", confidence=0.8)
        for name, score in scores.items()
    )
    return FaceReading(
        quality=Quality(verdict="good"),
        face=Face(pose=Pose(yaw=0, pitch=0, roll=0)),
        skin=Skin(tone=tone, concerns=concerns),
        versions=Versions(pipeline="1", detector="1", mesh="1", scoring="1"),
    )


@pytest.fixture(scope="session")
def snapshot() -> bytes:
    return build_catalogue(DATA)


@pytest.fixture(scope="session")
def catalogue(snapshot: bytes) -> Catalogue:
    return Catalogue.load(snapshot)


@pytest.fixture(scope="session")
def reading() -> Callable[..., FaceReading]:
    return face_reading
