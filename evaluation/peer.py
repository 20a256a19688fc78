"""Facet's landmarks beside MediaPipe's own, on the same pixels."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

import numpy as np

from evaluation.judge import Finding, Rows, limits
from evaluation.photos import ROOT, FacePhoto

SECTION = "Landmarks"
_TOOLS = ROOT / ".tools" / "mediapipe"


def landmarks(rows: Rows, photos: Sequence[FacePhoto]) -> list[Finding]:
    """Mean distance over the 468 landmarks in % of the distance between the outer eye corners.

    Facet places the mesh twice, as MediaPipe does in a video, so that is what it is held against;
    how far both are from MediaPipe's single pass over a still is told beside it, and how far what
    is measured on lies: the mean with the mirror image's landmarks, a bias of the model taken out.
    """
    limit = limits()["landmarks"]
    what = "from MediaPipe's, two passes each"
    if not (_TOOLS / ".ready").exists():
        note = "MediaPipe 0.10.21 is not installed: no Python 3.12, or no wheel for this machine"
        return [Finding(SECTION, what, None, most=limit["most"], note=note)]
    own = {row["photo"]: np.array(row["points"]) for row in rows.of("mesh")}
    evened = {row["photo"]: np.array(row["evened"]) for row in rows.of("mesh")}
    frontal = [photo for photo in photos if photo.frontal and photo.name in own]
    answers = dict(zip((photo.name for photo in frontal), _reference(frontal), strict=True))
    return [
        _apart(what, answers, "twice", own, most=limit["most"]),
        _apart("from MediaPipe's, its single pass", answers, "once", own),
        _apart(
            "evened with the mirror image, from MediaPipe's two passes", answers, "twice", evened
        ),
    ]


def _apart(
    what: str,
    answers: dict[str, Any],
    which: str,
    own: dict[str, Any],
    *,
    most: float | None = None,
) -> Finding:
    distances: dict[str, float] = {}
    for name, answer in answers.items():
        if answer[which]:
            theirs = np.array(answer[which])
            eyes = np.linalg.norm(theirs[33] - theirs[263])
            distance = np.linalg.norm(own[name] - theirs, axis=1).mean()
            distances[name] = float(distance / eyes * 100)
    lost = len(answers) - len(distances)
    worst = sorted(distances, key=lambda name: -distances[name])[:4]
    return Finding(
        SECTION,
        what,
        float(np.mean(list(distances.values()))) if distances else None,
        "% of the eye distance",
        most=most,
        n=len(distances),
        note=f"MediaPipe finds no face on {lost}" if lost else "",
        worst=[f"{name} ({distances[name]:.2f})" for name in worst],
    )


def _reference(photos: Sequence[FacePhoto]) -> list[Any]:
    """What evaluation/face_mesh.py answers to each photo."""
    command = [_TOOLS / "bin" / "python", ROOT / "evaluation" / "face_mesh.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdin  # noqa: S101 - pipes were asked for
        assert process.stdout  # noqa: S101
        answers = []
        for photo in photos:
            height, width = photo.pixels.shape[:2]
            process.stdin.write(f"{height} {width}\n".encode() + photo.pixels.tobytes())
            process.stdin.flush()
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
    return answers
