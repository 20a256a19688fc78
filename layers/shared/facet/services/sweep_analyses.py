"""Every five minutes: whatever stands still is sent on, or ended with a reason."""

import logging
from collections import Counter
from datetime import datetime

from facet.domain.analysis import MAX_REDRIVES, Analysis, Failure, Status, UnreadableRow
from facet.domain.messages import jobs_of
from facet.saying import say
from facet.services.end_analysis import announce, complete_analysis, fail_analysis
from facet.services.ports import Analyses, Events, Jobs, Objects

logger = logging.getLogger(__name__)


def sweep_analyses(
    now: datetime, *, analyses: Analyses, uploads: Objects, jobs: Jobs, events: Events
) -> Counter[str]:
    """Send on, or end, every analysis that stands still -> how many, by verb and state.

    One analysis stops no other: `unreadable` counts rows that cannot be read, `raised` analyses
    that broke on their way, which the next sweep meets again.
    """
    done: Counter[str] = Counter()
    for analysis in analyses.standing_still(now):
        whose = (analysis.user_id, analysis.analysis_id)
        if isinstance(analysis, UnreadableRow):
            logger.error("the analysis %s/%s cannot be read: %s", *whose, analysis.reason)
            done["unreadable"] += 1
            continue
        try:
            verb = _send_on(
                analysis, now=now, analyses=analyses, uploads=uploads, jobs=jobs, events=events
            )
        except Exception:
            logger.exception("the analysis %s/%s could not be sent on", *whose)
            verb = "raised"
        done[verb] += 1
    return done


def _send_on(
    analysis: Analysis,
    *,
    now: datetime,
    analyses: Analyses,
    uploads: Objects,
    jobs: Jobs,
    events: Events,
) -> str:
    if analysis.status.is_terminal:
        announce(analysis, analyses=analyses, events=events)
        return "announced"
    if analysis.status is Status.RECOMMENDING and not analysis.pending:
        complete_analysis(
            analysis.user_id, analysis.analysis_id, now=now, analyses=analyses, events=events
        )
        return "completed"
    if analysis.redrives < MAX_REDRIVES:
        if not analyses.redriven(analysis, now):
            return "moved_meanwhile"
        if analysis.status is Status.RECOMMENDING:
            jobs.send(jobs_of(analysis), analysis.correlation_id)
            return "jobs_sent_again"
        # Neither Lambda's retries nor S3 brought it on, or of several photos some never came: have
        # S3 announce one that did once more. Past the deadline the others are not waited for.
        if any(map(uploads.send_event_again, analysis.upload_keys)):
            return "upload_sent_again"
    return _give_up(analysis, now, analyses, events)


def _give_up(analysis: Analysis, now: datetime, analyses: Analyses, events: Events) -> str:
    if analysis.status is Status.RECOMMENDING:
        lost = {"status": "failed", "code": "job_lost", "message": say("problem.job_lost.detail")}
        for kind in analysis.pending:
            analyses.save_result(analysis, kind, lost)
        complete_analysis(
            analysis.user_id, analysis.analysis_id, now=now, analyses=analyses, events=events
        )
        return "completed_without"
    never_came = analysis.redrives < MAX_REDRIVES
    if analysis.status is Status.AWAITING_UPLOAD and never_came:
        fail_analysis(
            analysis,
            Failure(code="upload_expired", message=say("problem.upload_expired.detail")),
            now=now,
            analyses=analyses,
            events=events,
            status=Status.EXPIRED,
        )
        return "expired"
    timeout = Failure(code="analysis_timeout", message=say("problem.analysis_timeout.detail"))
    fail_analysis(analysis, timeout, now=now, analyses=analyses, events=events)
    return "failed"
