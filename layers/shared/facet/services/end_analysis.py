"""Every ending is written first and announced second; the sweep announces what was cut short."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from facet.domain.analysis import Analysis, Failure, Kind, Status
from facet.domain.messages import AnalysisEnded
from facet.domain.narration import EnhancedAnalysis
from facet.services.ports import Analyses, Events


def fail_analysis(
    analysis: Analysis,
    failure: Failure,
    *,
    now: datetime,
    analyses: Analyses,
    events: Events,
    status: Status = Status.FAILED,
) -> None:
    """End an analysis as failed or expired and give its charge back; nothing if it has ended."""
    if ended := analyses.end(analysis, status, failure, now):
        announce(ended, analyses=analyses, events=events)


def complete_analysis(
    user_id: str,
    analysis_id: str,
    *,
    now: datetime,
    analyses: Analyses,
    events: Events,
    enhanced: EnhancedAnalysis | None = None,
) -> None:
    """Complete an analysis if its last wish is done; nothing otherwise."""
    if completed := analyses.complete(user_id, analysis_id, now, enhanced):
        announce(completed, analyses=analyses, events=events)


def complete_with_result(
    analysis: Analysis,
    kind: Kind,
    result: Mapping[str, Any],
    *,
    now: datetime,
    analyses: Analyses,
    events: Events,
    enhanced: EnhancedAnalysis | None = None,
) -> bool:
    """Complete an analysis in one write with the one result still pending; else False."""
    if completed := analyses.complete_with(analysis, kind, result, now, enhanced):
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
    analyses.announced(analysis)
