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
    """models.toml: thresholds and geometry, each with its source."""
    return tomllib.loads(Path(__file__).with_name("models.toml").read_text())
