"""The demo's own parts, no stack needed."""

from pathlib import Path

import pytest
from PIL import Image

from local import demo


def test_the_default_photo_needs_no_folder_that_another_command_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "OUT", tmp_path / "clone" / ".demo")
    (tmp_path / "clone").mkdir()

    with Image.open(demo.default_photo()) as photo:
        assert (photo.format, photo.size) == ("JPEG", (512, 512))
