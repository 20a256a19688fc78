"""Every ending is written first and announced second; the sweep announces what was cut short."""

from datetime import datetime
from typing import Any

from facet.domain.analysis import Analysis, Awaited, Failure, Status
from facet.domain.messages import AnalysisEnded
from facet.services.ports import Analyses, Events


def fail_analysis(
    analysis: Analysis,
    failure: Failure,
    *,
    now: datetime,
    analyses: Analyses,
    events: Events,
    status: Status = Status.FAILED,
    charged: bool = False,
) -> None:
    """End an analysis as failed or expired and give its charge back, unless it stays charged;
    nothing if it has ended."""
    if ended := analyses.end(analysis, status, failure, now, charged=charged):
        announce(ended, analyses=analyses, events=events)


def complete_analysis(
    analysis: Analysis, *, now: datetime, analyses: Analyses, events: Events, **how: Any
) -> bool:
    """Complete an analysis if its last wish is done -> whether this call did it.

    how: as `Analyses.complete` takes it.
    """
    if completed := analyses.complete(analysis, now, **how):
        announce(completed, analyses=analyses, events=events)
    return completed is not None


def announce(analysis: Analysis, *, analyses: Analyses, events: Events) -> None:
    """Publish the event of an ended analysis, then note that it is out."""
    events.publish(
        AnalysisEnded.model_validate(
            {
                "analysis_id": analysis.analysis_id,
                "user_id": analysis.user_id,
                "status": analysis.status,
                "code": analysis.failure.code if analysis.failure else None,
                "correlation_id": analysis.correlation_id,
            }
        )
    )
    analyses.received(analysis, Awaited.ANNOUNCEMENT)
