"""MediaPipe's own landmarks, run by its own Python: pictures in on stdin, landmarks out on stdout.

Every picture is a line `height width` and then its RGB bytes; the answer is a line of JSON with
two results, each 468 [x, y] in pixels or null where MediaPipe finds no face. `once`: as a still,
one pass of the mesh on the detector's box. `twice`: the same picture as two frames of a video,
where the second pass takes its crop from the first mesh.
"""

import json
import sys
from typing import Any

import mediapipe  # type: ignore[import-not-found]
import numpy as np

FaceMesh = mediapipe.solutions.face_mesh.FaceMesh


def points(answer: Any, width: int, height: int) -> list[tuple[float, float]] | None:
    if not answer.multi_face_landmarks:
        return None
    placed = answer.multi_face_landmarks[0].landmark
    return [(round(point.x * width, 3), round(point.y * height, 3)) for point in placed]


with FaceMesh(static_image_mode=True) as still:
    while header := sys.stdin.buffer.readline():
        height, width = map(int, header.split())
        data = sys.stdin.buffer.read(height * width * 3)
        pixels = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        with FaceMesh(static_image_mode=False) as video:
            video.process(pixels)
            twice = points(video.process(pixels), width, height)
        once = points(still.process(pixels), width, height)
        print(json.dumps({"once": once, "twice": twice}), flush=True)
