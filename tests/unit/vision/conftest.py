"""What the vision tests share: the models, built by `make models`, and a face anyone may use."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from facet.vision.face.models import FaceModels, FoundFace

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    return ROOT / "layers" / "models" / "models"


@pytest.fixture(scope="session")
def models(models_dir: Path) -> FaceModels:
    return FaceModels.load(models_dir)


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """(512, 512, 3) Eileen Collins' portrait, public domain."""
    pixels: np.ndarray = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return pixels


@pytest.fixture(scope="session")
def astronaut_face(models: FaceModels, astronaut: np.ndarray) -> FoundFace:
    (face,) = models.find_faces(astronaut)
    return face
