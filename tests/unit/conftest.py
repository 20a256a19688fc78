"""A catalogue built once from the real data, and readings without a photo."""

from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Protocol

import pytest

from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.domain import naming
from facet.domain.face import (
    Concern,
    Face,
    FaceReading,
    Pose,
    Quality,
    Share,
    Skin,
    Tone,
    Versions,
)
from facet.domain.tone import monk_shares

DATA = Path(__file__).parents[2] / "data" / "skincare"


def face_reading(ita: float = 45.0, **scores: float) -> FaceReading:
    """A reading of this tone (degrees) with these concerns (score 0..100)."""
    tone = Tone(
        ita=ita,
        ita_interval=(ita - 10, ita + 10),
        ita_estimate=ita,
        ita_error=10.0,
        ita_class="tan" if ita < 28 else "light",
        monk=monk_shares(NormalDist(ita, 0.1).cdf),
        undertone="neutral",
        undertone_confidence=0.5,
        undertones=(Share(name="neutral", share=0.5), Share(name="warm", share=0.5)),
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


class Limits(Protocol):
    def __call__(self, **limits: float | None) -> None: ...


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Limits:
    """Sets from which share on a kind has a name, whatever naming.toml says; None: never."""
    usual = naming._table()

    def put(**limits: float | None) -> None:
        kinds = {
            kind: {"settles": usual[kind].get("settles", ()), "limit": limit}
            for kind, limit in limits.items()
        }
        monkeypatch.setattr(naming, "_table", lambda: {**usual, **kinds})

    return put


@pytest.fixture(scope="session")
def snapshot() -> bytes:
    return build_catalogue(DATA)


@pytest.fixture(scope="session")
def catalogue(snapshot: bytes) -> Catalogue:
    return Catalogue.load(snapshot)


@pytest.fixture(scope="session")
def reading() -> Callable[..., FaceReading]:
    return face_reading
