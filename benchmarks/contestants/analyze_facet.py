"""A whole analysis as AnalyzeFunction makes it, on models that are loaded."""

import sys
from pathlib import Path

import onnxruntime

from benchmarks.contestants.worker import serve
from facet.vision.analyze import analyze_photo
from facet.vision.face.models import FaceModels
from facet.vision.photo.gates import load_gates

photo = Path(sys.argv[1]).read_bytes()
models = FaceModels.load(Path(sys.argv[2]))
gates = load_gates("moderate")


def job() -> dict[str, object]:
    analysis = analyze_photo(photo, models, gates)
    return {"verdict": analysis.reading.quality.verdict, "bytes": len(analysis.photo_jpeg)}


serve(f"onnxruntime {onnxruntime.__version__}", job)
