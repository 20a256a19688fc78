"""One recommendation job: from what was measured and what is owned to one result row."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from facet.advice.advisers import ADVISERS, Wish
from facet.advice.ranking import Ranking
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Audience
from facet.domain.analysis import DRAWN_KIND, Analysis, Awaited, Kind, ReadAnalysis, Status
from facet.domain.errors import PermanentError
from facet.domain.messages import FaceAnalyzed, LookWanted
from facet.domain.narration import EnhancedAnalysis
from facet.domain.tone_of_person import tone_of_person
from facet.services.end_analysis import complete_analysis
from facet.services.fit_result import fit_result
from facet.services.keep_profile import consented, profile_of
from facet.services.ports import Analyses, BelongingsOf, Events, LookJobs
from facet.services.time_budget import time_budget

# A job takes 15 ms of CPU. What takes longer than this holds up the jobs behind it: at 512 MB, 0.29
# of a core, it is seven seconds.
JOB_SECONDS = 2
JOB_MARGIN = 10  # s left for a job that is begun: its computing, its reads and its writes

type Narrate = Callable[[ReadAnalysis, Mapping[Kind, Mapping[str, Any]]], EnhancedAnalysis | None]


def recommend(
    job: FaceAnalyzed,
    *,
    now: datetime,
    analyses: Analyses,
    belongings: BelongingsOf,
    catalogue: Callable[[], Catalogue],
    events: Events,
    ranking: Ranking,
    narrate: Narrate,
    look_jobs: LookJobs,
    audience: Audience = "adults",
) -> Status | None:
    """Do one recommendation job; safe to repeat, the first result stays.

    Returns COMPLETED where the job is done, None where nothing was waiting for it.

    A job that cannot succeed leaves a result with `status: failed` and its code, so that the
    analysis completes with what it has; it does not wait for pictures of the looks. narrate: the
    whole in words once every result is there; None leaves it without. audience: whom the stack is
    for.
    """
    analysis = analyses.read(job.user_id, job.analysis_id)
    if analysis is None:
        analyses.forget(job.user_id, job.analysis_id)  # of a try that died as it was deleted
        return None
    if analysis.status not in (Status.RECOMMENDING, Status.COMPLETED):
        return None
    if job.kind in analysis.pending:
        document = _document(
            analysis,
            job.kind,
            analyses,
            belongings,
            catalogue,
            ranking=ranking,
            now=now,
            audience=audience,
        )
        analyses.save_result(analysis, job.kind, document)
    results = analyses.results(job.user_id, job.analysis_id)
    done = analysis.status is Status.COMPLETED
    if not done and not _completed(
        analysis, job.kind, results, now=now, analyses=analyses, events=events, narrate=narrate
    ):
        return None
    # Again for a repeated job: the first try may have died before it sent this.
    if job.kind is DRAWN_KIND and Awaited.LOOKS in analysis.awaits:
        _ask_for_looks(analysis, results.get(job.kind, {}), analyses, look_jobs)
    return None if done else Status.COMPLETED


def _completed(
    analysis: ReadAnalysis,
    kind: Kind,
    results: Mapping[Kind, Mapping[str, Any]],
    *,
    now: datetime,
    analyses: Analyses,
    events: Events,
    narrate: Narrate,
) -> bool:
    """Take a kind, whose result is written, off what is waited for; the last one completes the
    analysis. False: it is gone, and so is what was written.

    Every result is written before its kind is taken off, so that whoever finds no other pending
    finds all results. Two last ones at once may both find the words; one completes the analysis.
    """
    if analysis.pending <= {kind} and complete_analysis(
        analysis,
        now=now,
        analyses=analyses,
        events=events,
        last=kind if analysis.pending else None,
        words=narrate(analysis, results),
    ):
        return True
    left = analyses.take_off(analysis, kind)
    if left is None:  # it has ended, or is gone
        analyses.forget(analysis.user_id, analysis.analysis_id)
    elif not left.pending:
        every = analyses.results(analysis.user_id, analysis.analysis_id)
        complete_analysis(
            analysis, now=now, analyses=analyses, events=events, words=narrate(analysis, every)
        )
    return left is not None or analyses.get(analysis.user_id, analysis.analysis_id) is not None


def _ask_for_looks(
    analysis: Analysis, document: Mapping[str, Any], analyses: Analyses, look_jobs: LookJobs
) -> None:
    """Have the looks that a result advises drawn; where it has none, none are waited for."""
    if document.get("looks"):
        job = LookWanted(analysis_id=analysis.analysis_id, user_id=analysis.user_id)
        look_jobs.send([job], analysis.correlation_id)
    elif now := analyses.get(analysis.user_id, analysis.analysis_id):
        analyses.received(now, Awaited.LOOKS)


def _document(
    analysis: ReadAnalysis,
    kind: Kind,
    analyses: Analyses,
    belongings: BelongingsOf,
    catalogue: Callable[[], Catalogue],
    *,
    ranking: Ranking,
    now: datetime,
    audience: Audience,
) -> dict[str, Any]:
    """A kind's result as it is kept; of a job that cannot succeed, why not."""
    adviser = ADVISERS[kind]
    try:
        if analysis.reading is None:
            raise PermanentError("reading_missing")
        owned = belongings.of(analysis.user_id, adviser.shelves)
        profile = consented(profile_of(owned.profile, goals=analysis.goals))
        wish = Wish(
            reading=analysis.reading,
            profile=profile,
            owned=owned,
            catalogue=catalogue,
            ranking=ranking,
            occasion=analysis.occasion,
            weather=analysis.weather,
            today=now.date(),
            audience=audience,
            tone_of_person=tone_of_person(analyses.tones(analysis.user_id, now), profile),
        )
        with suppress(PermanentError):  # what is missing is said by the adviser that needs it
            catalogue()  # the first job of a function reads it, which is no work of its own
        with time_budget(JOB_SECONDS, "advice_timed_out"):
            result = adviser.advise(wish).model_dump(mode="json", exclude_none=True)
            return dict(fit_result(result))
    except PermanentError as error:
        return {"status": "failed", "code": error.code, "message": error.message}
