"""How the models are run, and the one file that says how they are read."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import onnxruntime


def cpu_session(model: Path) -> onnxruntime.InferenceSession:
    """A session on one thread: a second one burns CPU and saves a millisecond."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@cache
def model_settings() -> dict[str, Any]:
    """The tables of models.toml: thresholds and geometry, each with its source."""
    return tomllib.loads(Path(__file__).with_name("models.toml").read_text())


def newest(folder: Path) -> Path:
    """The folder's highest version; numbers count as numbers."""

    def order(version: Path) -> list[tuple[int, str]]:
        return [
            (int(part), "") if part.isdigit() else (-1, part) for part in version.name.split(".")
        ]

    versions = [version for version in folder.glob("*/") if (version / "model.onnx").is_file()]
    if not versions:
        raise FileNotFoundError(f"no model below {folder}; `make models` builds them")
    return max(versions, key=order)
