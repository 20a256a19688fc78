"""One recommendation job: from what was measured and what is owned to one result row."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from facet.advice.advisers import ADVISERS, Wish
from facet.advice.ranking import Ranking
from facet.catalogue.catalogue import Catalogue
from facet.domain.advice import Audience
from facet.domain.analysis import Analysis, Kind, Status
from facet.domain.errors import PermanentError
from facet.domain.messages import FaceAnalyzed, LookWanted
from facet.domain.narration import EnhancedAnalysis
from facet.domain.tone_of_person import tone_of_person
from facet.services.end_analysis import complete_analysis, complete_with_result
from facet.services.fit_result import fit_result
from facet.services.keep_profile import consented, profile_of
from facet.services.ports import Analyses, BelongingsOf, Events, LookJobs

type Narrate = Callable[[Analysis, Mapping[Kind, Mapping[str, Any]]], EnhancedAnalysis | None]


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
    analysis = analyses.get(job.user_id, job.analysis_id)
    if analysis is None or analysis.status not in (Status.RECOMMENDING, Status.COMPLETED):
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
        if analysis.pending == {job.kind} and _complete_with(
            analysis, job.kind, document, now=now, analyses=analyses, events=events, narrate=narrate
        ):
            _ask_for_looks(analysis, document, look_jobs)
            return Status.COMPLETED
        analyses.save_result(analysis, job.kind, document)
    results = analyses.results(job.user_id, job.analysis_id)
    # Again for a repeated job: the first try may have died before it sent this.
    _ask_for_looks(analysis, results.get(job.kind, {}), look_jobs)
    if analysis.status is Status.COMPLETED:
        return None
    # Saved in one step with `pending` and read consistently: whoever saves last sees them all, and
    # one who does not must leave the end to it, or the analysis would complete without its words.
    if results.keys() >= set(analysis.wants):
        complete_analysis(
            job.user_id,
            job.analysis_id,
            now=now,
            analyses=analyses,
            events=events,
            # Two last jobs at once may both find the words; one of them completes the analysis.
            enhanced=narrate(analysis, results),
        )
    return Status.COMPLETED


def _complete_with(
    analysis: Analysis,
    kind: Kind,
    document: Mapping[str, Any],
    *,
    now: datetime,
    analyses: Analyses,
    events: Events,
    narrate: Narrate,
) -> bool:
    """The last result completes the analysis in the write that saves it; False: it was not."""
    others = set(analysis.wants) - {kind}
    results = analyses.results(analysis.user_id, analysis.analysis_id) if others else {}
    if not results.keys() >= others:
        return False
    return complete_with_result(
        analysis,
        kind,
        document,
        now=now,
        analyses=analyses,
        events=events,
        enhanced=narrate(analysis, {**results, kind: document}),
    )


def _ask_for_looks(analysis: Analysis, document: Mapping[str, Any], look_jobs: LookJobs) -> None:
    if document.get("looks"):
        job = LookWanted(analysis_id=analysis.analysis_id, user_id=analysis.user_id)
        look_jobs.send([job], analysis.correlation_id)


def _document(
    analysis: Analysis,
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
        result = adviser.advise(wish).model_dump(mode="json", exclude_none=True)
        return dict(fit_result(result))
    except PermanentError as error:
        return {"status": "failed", "code": error.code, "message": error.message}
