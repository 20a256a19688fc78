"""One recommendation job: from what was measured and what is owned to one result row."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from facet.advice.catalogue import Catalogue
from facet.advice.makeup import recommend_makeup
from facet.advice.outfit import recommend_outfit
from facet.advice.ranking import Ranking
from facet.advice.skincare import recommend_skincare
from facet.domain.advice import SkincareResult
from facet.domain.analysis import Analysis, Kind, Status
from facet.domain.errors import PermanentError
from facet.domain.messages import FaceAnalyzed, LookWanted
from facet.domain.narration import EnhancedAnalysis
from facet.domain.style import MakeupResult, OutfitResult
from facet.services.end_analysis import complete_analysis
from facet.services.keep_profile import profile_of
from facet.services.ports import Analyses, BelongingsOf, Events, LookJobs


def recommend(
    job: FaceAnalyzed,
    *,
    now: datetime,
    analyses: Analyses,
    belongings: BelongingsOf,
    catalogue: Callable[[], Catalogue],
    events: Events,
    ranking: Ranking,
    narrate: Callable[[Analysis, Mapping[Kind, Mapping[str, Any]]], EnhancedAnalysis | None],
    look_jobs: LookJobs,
) -> Status | None:
    """Do one job; safe to repeat, the first result stays. None where nothing was waiting for it.

    A job that cannot succeed leaves a result with `status: failed` and its code, so that the
    analysis completes with what it has; it does not wait for pictures of the looks. narrate: the
    whole in words once every result is there; None leaves it without.
    """
    analysis = analyses.get(job.user_id, job.analysis_id)
    if analysis is None or analysis.status not in (Status.RECOMMENDING, Status.COMPLETED):
        return None
    if job.kind in analysis.pending:
        try:
            result = _advise(
                analysis, job.kind, belongings, catalogue, ranking=ranking, today=now.date()
            )
            document = result.model_dump(mode="json", exclude_none=True)
        except PermanentError as error:
            document = {"status": "failed", "code": error.code, "message": error.message}
        analyses.save_result(analysis, job.kind, document)
    results = analyses.results(job.user_id, job.analysis_id)
    # Again for a repeated job: the first try may have died before it sent this.
    if job.kind is Kind.MAKEUP and results.get(job.kind, {}).get("looks"):
        wanted = LookWanted(analysis_id=job.analysis_id, user_id=job.user_id)
        look_jobs.send([wanted], analysis.correlation_id)
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


def _advise(
    analysis: Analysis,
    kind: Kind,
    belongings: BelongingsOf,
    catalogue: Callable[[], Catalogue],
    *,
    ranking: Ranking,
    today: date,
) -> SkincareResult | MakeupResult | OutfitResult:
    reading, occasion = analysis.reading, analysis.occasion
    if reading is None:
        raise PermanentError("reading_missing", "The analysis holds no measures to advise on.")
    owned = belongings.of(analysis.user_id, kind)
    profile = profile_of(owned.profile, goals=analysis.goals)
    match kind:
        case Kind.SKINCARE:
            return recommend_skincare(
                reading, profile, owned.bag, catalogue(), today=today, ranking=ranking
            )
        case Kind.MAKEUP:
            return recommend_makeup(reading, profile, owned.bag, catalogue(), occasion, today=today)
        case Kind.OUTFIT:
            return recommend_outfit(
                reading,
                profile,
                owned.wardrobe,
                owned.feedback,
                occasion,
                weather=analysis.weather,
                today=today,
            )
