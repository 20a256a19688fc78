"""A whole analysis as AnalyzeFunction makes it, of one photo or several, on loaded models."""

import sys
from pathlib import Path

import onnxruntime

from benchmarks.contestants.worker import serve
from facet.vision.analyze import analyze_photo
from facet.vision.face.models import FaceModels
from facet.vision.merge import together
from facet.vision.photo.gates import load_gates

*photos, models_dir = (Path(argument) for argument in sys.argv[1:])
models = FaceModels.load(models_dir)
gates = load_gates("moderate")


def job() -> dict[str, object]:
    # One after the other, as the service does: of each only its reading and its clean copy stay.
    taken = [analyze_photo(photo.read_bytes(), models, gates) for photo in photos]
    analysis = together(dict(enumerate(taken)), {})
    return {"verdict": analysis.reading.quality.verdict, "bytes": len(analysis.photo_jpeg)}


serve(f"onnxruntime {onnxruntime.__version__}", job)
