"""What make is asked for, in any folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

from local.template import ROOT


def test_help_lists_everything_that_can_be_asked_for() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    asked_for = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    names = {name for names in asked_for for name in names.split()} - {"lock-mediapipe"}

    assert {line.split()[0] for line in done.stdout.splitlines()} == names


def test_a_function_is_built_in_a_folder_whose_name_holds_a_space(tmp_path: Path) -> None:
    artifacts = tmp_path / "my dir" / "ApiFunction"
    subprocess.run(
        ["make", "build-ApiFunction"],  # noqa: S607
        cwd=ROOT / "layers",
        env={**os.environ, "ARTIFACTS_DIR": str(artifacts), "PYTHON": sys.executable},
        capture_output=True,
        check=True,
    )
    assert (artifacts / "app.py").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"my dir"}


def test_every_layer_quotes_where_it_is_built() -> None:
    recipes = re.findall(r"^\t.*$", (ROOT / "layers" / "Makefile").read_text(), flags=re.MULTILINE)
    assert len(recipes) == 6
    for recipe in recipes:
        assert recipe.endswith(' "$(ARTIFACTS_DIR)"'), recipe
