"""What the vision tests share: the models, built by `make models`, and a face anyone may use."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from facet.vision.face.models import FaceModels

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    return ROOT / "layers" / "models" / "models"


@pytest.fixture(scope="session")
def models(models_dir) -> FaceModels:
    return FaceModels.load(models_dir)


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """(512, 512, 3) Eileen Collins' portrait, public domain."""
    return skimage.data.astronaut()


@pytest.fixture(scope="session")
def astronaut_face(models, astronaut):
    (face,) = models.find_faces(astronaut)
    return face
