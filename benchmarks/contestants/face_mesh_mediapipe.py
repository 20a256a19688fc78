"""MediaPipe's FaceMesh on a photo decoded in full: landmarks, and nothing measured on them."""

import sys
from io import BytesIO
from pathlib import Path

import mediapipe  # type: ignore[import-not-found]  # in its own environment
import numpy as np
from PIL import Image, ImageOps

from benchmarks.contestants.worker import serve

photo = Path(sys.argv[1]).read_bytes()
model = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=1)


def job() -> dict[str, object]:
    image = ImageOps.exif_transpose(Image.open(BytesIO(photo))).convert("RGB")
    faces = model.process(np.asarray(image)).multi_face_landmarks
    return {"faces": len(faces or ())}


serve(f"mediapipe {mediapipe.__version__}", job)
