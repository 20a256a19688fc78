"""A team's own ONNX skin classifier: picked up where there is one, reported beside the measures.

<models_dir>/<name>/<version>/ with model.onnx (one input, one output of one value a label) and
metadata.json, which says `"task": "skin_classifier"` and how the model is fed; see `Settings`.
"""

import json
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facet.domain.errors import FacetError
from facet.domain.face import Classification
from facet.vision.face.crop import Crop, Floats, Pixels
from facet.vision.face.mesh import LEFT_EYE_OUTER, RIGHT_EYE_OUTER, Mesh, angle
from facet.vision.face.runtime import cpu_session, newest
from facet.vision.face.shares import shares

TASK = "skin_classifier"
_MOST_FINER = 4


class Settings(BaseModel):
    """The metadata.json of a skin classifier; what else it holds is the team's own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: str
    input_size: int = Field(gt=0, le=1024, description="px, width and height of its square input")
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    mean: tuple[float, float, float] = Field(
        default=(0.0, 0.0, 0.0), description="of RGB in 0..1, subtracted"
    )
    std: tuple[float, float, float] = Field(
        default=(1.0, 1.0, 1.0), description="of RGB in 0..1, divided by"
    )
    crop_scale: float = Field(
        default=1.5, gt=0, le=4, description="side of the crop over the longer side of the mesh"
    )
    labels: tuple[str, ...] = Field(min_length=2)
    output: Literal["logits", "probabilities"] = "logits"


class SkinClassifier:
    """A team's own skin classifier, loaded."""

    def __init__(self, folder: Path) -> None:
        """Load a folder's model. Raises FacetError where metadata.json and model do not fit."""
        metadata = folder / "metadata.json"
        try:
            self.settings = Settings.model_validate_json(metadata.read_text(encoding="utf-8"))
        except ValidationError as error:
            raise FacetError(f"{metadata}: {error}") from error
        self._session = cpu_session(folder / "model.onnx")
        self._input = self._session.get_inputs()[0].name
        # A model that does not fit its card is found out here, not on somebody's photo.
        size = self.settings.input_size
        shape = (1, size, size, 3) if self.settings.layout == "NHWC" else (1, 3, size, size)
        self._run(np.zeros(shape, np.float32))

    def predict(self, pixels: Pixels, mesh: Mesh) -> Classification:
        """(height, width, 3) uint8 RGB and the face's mesh -> the model's labels as shares."""
        return self.postprocess(self._run(self.preprocess(pixels, mesh)))

    def preprocess(self, pixels: Pixels, mesh: Mesh) -> Floats:
        """Photo and mesh -> (1, 3, size, size) or (1, size, size, 3), float32, normalised.

        RGB, the face upright.
        """
        settings = self.settings
        turn = angle(mesh.points[RIGHT_EYE_OUTER], mesh.points[LEFT_EYE_OUTER])
        crop = Crop.on_points(mesh.points, turn, settings.crop_scale)
        size = settings.input_size
        # A large face is averaged down, since sampling alone would alias.
        finer = int(min(_MOST_FINER, max(1, round(crop.side / size))))
        sampled = crop.sample(pixels, size * finer) / 255
        image = sampled.reshape(size, finer, size, finer, 3).mean(axis=(1, 3))
        image = (image - np.array(settings.mean)) / np.array(settings.std)
        batch = image[None] if settings.layout == "NHWC" else image.transpose(2, 0, 1)[None]
        return np.ascontiguousarray(batch, np.float32)

    def postprocess(self, answer: NDArray[np.float64]) -> Classification:
        """(labels,) logits or probabilities -> shares, largest first."""
        settings = self.settings
        if settings.output == "logits":
            weights = np.exp(answer - answer.max())
        else:
            weights = np.maximum(answer, 0) + 1e-9
        return Classification(
            model=settings.name, version=settings.version, labels=shares(settings.labels, weights)
        )

    def _run(self, batch: Floats) -> NDArray[np.float64]:
        try:
            (answer, *_) = self._session.run(None, {self._input: batch})
        except Exception as error:  # the runtime's own classes have no common root
            raise FacetError(f"{self._name}: {error}") from error
        values = np.asarray(answer, float).ravel()
        if len(values) != len(self.settings.labels) or not np.isfinite(values).all():
            raise FacetError(
                f"{self._name} gave {len(values)} values for {len(self.settings.labels)} labels, "
                "or values that are not numbers"
            )
        return values

    @property
    def _name(self) -> str:
        return f"model {self.settings.name} {self.settings.version}"


def load_classifiers(models_dir: Path) -> tuple[SkinClassifier, ...]:
    """The newest version of every model whose metadata.json has this task, by name."""
    classifiers = []
    for folder in sorted(path for path in models_dir.glob("*/") if any(path.glob("*/model.onnx"))):
        version = newest(folder)
        metadata = version / "metadata.json"
        if metadata.is_file() and json.loads(metadata.read_text("utf-8")).get("task") == TASK:
            classifiers.append(SkinClassifier(version))
    return tuple(classifiers)
