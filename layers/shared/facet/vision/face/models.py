"""The face models together: a photo in, the faces on it out."""

import json
from dataclasses import dataclass
from pathlib import Path

from facet.vision.face.classifier import SkinClassifier, load_classifiers
from facet.vision.face.crop import Pixels
from facet.vision.face.detect import Detection, FaceDetector
from facet.vision.face.mesh import Mesh, MeshModel
from facet.vision.face.pose import canonical
from facet.vision.face.runtime import model_settings, newest


@dataclass(frozen=True, slots=True)
class FoundFace:
    """One face that both models agree on."""

    detection: Detection
    mesh: Mesh


@dataclass(frozen=True, slots=True)
class FaceModels:
    """Detector and mesh, loaded once and used for every photo."""

    detector: FaceDetector
    mesh: MeshModel
    detector_version: str
    mesh_version: str
    classifiers: tuple[SkinClassifier, ...] = ()  # a team's own

    @classmethod
    def load(cls, models_dir: Path) -> "FaceModels":
        """Reads <models_dir>/<face_detector|face_mesh>/<version>/, the newest version of each.

        Skin classifiers beside them are taken along.

        Raises FileNotFoundError where a model is missing: `make models` builds them.
        """
        detector, mesh = (newest(models_dir / name) for name in ("face_detector", "face_mesh"))
        return cls(
            detector=FaceDetector(detector / "model.onnx"),
            mesh=MeshModel(mesh / "model.onnx"),
            detector_version=_version(detector),
            mesh_version=_version(mesh),
            classifiers=load_classifiers(models_dir),
        )

    def find_faces(self, pixels: Pixels) -> tuple[FoundFace, ...]:
        """(height, width, 3) uint8 RGB, upright -> its faces, the detector's surest first.

        What the mesh's own flag doubts is left out: cats and craters, but also faces upside down,
        in full profile or mostly covered, whose landmarks would be guesses.
        """
        least: float = model_settings()["mesh"]["min_flag"]
        faces: list[FoundFace] = []
        for detection in self.detector.predict(pixels):
            # A face cut by a tile's edge may be found beside the whole one.
            if any(face.detection.holds(detection) for face in faces):
                continue
            mesh = self.mesh.predict(pixels, detection)
            if mesh.flag >= least:
                faces.append(FoundFace(detection, mesh))
        return tuple(faces)

    def evened(self, pixels: Pixels, mesh: Mesh) -> Mesh:
        """The mesh to measure and to draw on: averaged with that of the photo's mirror image."""
        return self.mesh.evened(pixels, mesh, canonical().mirror)


def _version(folder: Path) -> str:
    return str(json.loads((folder / "metadata.json").read_text())["version"])
