"""What the tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def faces() -> Path:
    """Photos of faces, kept beside the project and never inside it; without them a skip."""
    folder = Path(os.environ.get("FACET_FACES") or ROOT.parent / "shared" / "faces")
    if not folder.is_dir():
        pytest.skip("needs the evaluation photos: set FACET_FACES to their folder")
    return folder
