"""POST /v1/analyses/{id}/retry: what an outage lost of an analysis is made after all."""

from datetime import datetime

from facet.domain.analysis import MAX_RETRIES, Analysis, Status
from facet.domain.errors import AnalysisNotFoundError, PermanentError
from facet.domain.messages import jobs_of
from facet.domain.quota import Tier
from facet.services.ports import Analyses, Jobs
from facet.services.refuse_while_busy import refuse_while_busy
from facet.services.sweep import lost_of


def retry_analysis(
    user_id: str,
    analysis_id: str,
    *,
    tier: Tier,
    now: datetime,
    max_queue_depth: int,
    analyses: Analyses,
    jobs: Jobs,
) -> Analysis:
    """Take up what ended as `job_lost`; charged again where the charge was given back.

    Asked again while it is being made, its jobs are sent once more, and nothing else changes.
    Raises PermanentError: analysis_not_found, nothing_to_retry, retries_used_up, quota_exceeded;
    BusyError.
    """
    refuse_while_busy(jobs, max_queue_depth)
    analysis = analyses.get(user_id, analysis_id)
    if analysis is None:
        raise AnalysisNotFoundError
    if analysis.status is Status.COMPLETED:
        lost = lost_of(analyses.results(user_id, analysis_id))
        if not lost:
            raise PermanentError("nothing_to_retry")
        if analysis.retries >= MAX_RETRIES:
            raise PermanentError("retries_used_up", most=MAX_RETRIES)
        moved = analyses.retry(analysis, lost, tier, now)
        analysis = moved or analyses.get(user_id, analysis_id)
        if analysis is None:
            raise AnalysisNotFoundError
    if analysis.status is not Status.RECOMMENDING or not analysis.retries:
        raise PermanentError("nothing_to_retry")
    jobs.send(jobs_of(analysis), analysis.correlation_id)
    return analysis
