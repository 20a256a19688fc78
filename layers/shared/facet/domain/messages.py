"""Messages between the parts of the pipeline: jobs, events and webhooks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from facet.domain.analysis import Analysis, Kind, Status
from facet.domain.base import Stored


class FaceAnalyzed(Stored):
    """A recommendation job: one wish of one analysed face."""

    analysis_id: str
    user_id: str
    kind: Kind


def jobs_of(analysis: Analysis) -> Iterator[FaceAnalyzed]:
    """A recommendation job for each wish of an analysis that is still pending."""
    for kind in sorted(analysis.pending):
        yield FaceAnalyzed(analysis_id=analysis.analysis_id, user_id=analysis.user_id, kind=kind)


class LookWanted(Stored):
    """Pictures to draw: of every look of a makeup result, or of the one saved look `look_id`."""

    analysis_id: str
    user_id: str
    look_id: str | None = None


class AnalysisEnded(Stored):
    """Detail of the EventBridge events AnalysisCompleted and AnalysisFailed, source `facet`.

    docs/events.schema.json describes it.
    """

    analysis_id: str
    user_id: str
    status: Literal[Status.COMPLETED, Status.FAILED, Status.EXPIRED]
    code: str | None = Field(None, description="The failure's code; absent when completed.")
    correlation_id: str

    @property
    def detail_type(self) -> str:
        """Name of the event: AnalysisCompleted or AnalysisFailed."""
        return "AnalysisCompleted" if self.status is Status.COMPLETED else "AnalysisFailed"


class WebhookMessage(Stored):
    """The EventBridge event of an ended analysis, and what a webhook says of it."""

    time: datetime
    detail: AnalysisEnded

    @property
    def webhook_id(self) -> str:
        """Id of the webhook: the same for every try, and for an end that was announced twice."""
        return f"analysis-ended-{self.detail.analysis_id}"

    def body(self) -> dict[str, Any]:
        """What the webhook sends, as plain JSON: type, timestamp, data."""
        completed = self.detail.status is Status.COMPLETED
        return {
            "type": "analysis.completed" if completed else "analysis.failed",
            "timestamp": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": self.detail.model_dump(mode="json", exclude_none=True),
        }
