"""What first comes to mind: decode every pixel, shrink to each model's input, run both models.

No gates, no tone, no second mesh pass, no clean copy of the photo: less than an analysis is.
"""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

from benchmarks.contestants.worker import serve

photo = Path(sys.argv[1]).read_bytes()
models = Path(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1


def session(name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(next(models.glob(f"{name}/*/model.onnx")), options)


detector, mesh = session("face_detector"), session("face_mesh")


def job() -> dict[str, object]:
    image = ImageOps.exif_transpose(Image.open(BytesIO(photo))).convert("RGB")
    small = image.resize((128, 128), Image.Resampling.BILINEAR)
    scores = detector.run(None, {"image": np.asarray(small, np.float32)[None] / 127.5 - 1})[1]
    side = image.width // 2
    face = image.crop((side // 2, 0, side // 2 + side, side))
    face = face.resize((192, 192), Image.Resampling.BILINEAR)
    points = mesh.run(None, {"image": np.asarray(face, np.float32)[None] / 255})[0]
    return {"scores": int(scores.size), "points": int(points.size)}


serve(f"onnxruntime {onnxruntime.__version__}", job)
