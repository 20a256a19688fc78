"""What is done to a mutant, in a process that may die of it.

Reads frames from standard input (four bytes of length, then a file) and answers each with a line of
JSON: by stage the outcome ("answer" or a code; "uncoded: ..." is a fault), CPU seconds and peak
memory. A mutant that goes on after its CPU limit is killed by the kernel, and the process with it.
"""

import ctypes
import json
import os
import re
import resource
import struct
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from facet.domain.errors import PermanentError
from facet.domain.style import Makeup
from facet.vision.analyze import analyze_photo
from facet.vision.drawing.portrait import draw_look, open_portrait, show_dressed
from facet.vision.face.models import FaceModels
from facet.vision.photo.decode import decode
from facet.vision.photo.garment import read_garment
from facet.vision.photo.gates import load_gates
from facet.vision.photo.thumbnail import make_thumbnails

MODELS = Path(__file__).parents[2] / "layers" / "models" / "models"
STAGES = ("decode", "analysis", "garment", "thumbnail", "try-on")
_ADDRESSES = 4_000_000_000  # bytes of address space: a stop for what no measurement would survive
_MAKEUP = (
    Makeup(category="lip", hex="#b01a24", finish="matte", intensity=80),
    Makeup(category="foundation", hex="#c89a78", finish="matte", intensity=50),
)


def _stages() -> dict[str, Callable[[bytes], Any]]:
    models = FaceModels.load(MODELS)
    moderate, relaxed = load_gates("moderate"), load_gates("relaxed")

    def try_on(data: bytes) -> None:
        draw_look(open_portrait(data, models, edge=1024), _MAKEUP)
        show_dressed(data, data)

    return {
        "decode": lambda data: decode(data, relaxed),
        "analysis": lambda data: analyze_photo(data, models, moderate),
        "garment": read_garment,
        "thumbnail": make_thumbnails,
        "try-on": try_on,
    }


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _forget() -> None:
    """The peak starts anew, and not from what the C library keeps of the mutant before."""
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _outcome(stage: Callable[[bytes], Any], data: bytes) -> tuple[str, str]:
    try:
        stage(data)
    except PermanentError as error:
        return str(error.code), ""
    except Exception as error:  # what has no code is what is looked for
        return f"uncoded: {type(error).__name__}", traceback.format_exc(limit=-6)
    return "answer", ""


def main() -> None:
    """Answer until standard input ends; the first argument is the CPU limit in seconds."""
    limit = float(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stages = _stages()
    np.seterr(all="ignore")
    # libraries write to standard output and error: neither is the answer's
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    answers.write("ready\n")
    answers.flush()
    while head := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
        told = {}
        for name, stage in stages.items():
            _forget()
            start = time.process_time()
            # One second more than what fails, so that it is measured where it just fails.
            resource.setrlimit(
                resource.RLIMIT_CPU, (int(start + limit) + 2, resource.RLIM_INFINITY)
            )
            answers.write(f"{name}\n")
            answers.flush()
            outcome, trace = _outcome(stage, data)
            told[name] = (outcome, time.process_time() - start, _peak_mb(), trace)
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
