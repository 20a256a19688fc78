"""What the parts of the pipeline tell each other."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from facet.domain.analysis import Kind, Status


class FaceAnalyzed(BaseModel):
    """A recommendation job: one wish of one analysed face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analysis_id: str
    user_id: str
    kind: Kind


class LookWanted(BaseModel):
    """Pictures to draw: of every look of a makeup result, or of the one saved look `look_id`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analysis_id: str
    user_id: str
    look_id: str | None = None


class AnalysisEnded(BaseModel):
    """Detail of the EventBridge events AnalysisCompleted and AnalysisFailed, source `facet`."""

    model_config = ConfigDict(frozen=True)

    analysis_id: str
    user_id: str
    status: Literal[Status.COMPLETED, Status.FAILED, Status.EXPIRED]
    code: str | None = Field(None, description="The failure's code; absent when completed.")
    correlation_id: str

    @property
    def detail_type(self) -> str:
        return "AnalysisCompleted" if self.status is Status.COMPLETED else "AnalysisFailed"
