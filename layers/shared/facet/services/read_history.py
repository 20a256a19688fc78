"""A page of a user's analyses, each concern beside the same concern of earlier ones."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from facet.domain.analysis import Contents, ReadAnalysis
from facet.domain.base import Answer
from facet.domain.cursor import Cursors
from facet.domain.trend import IndexTrend, Trend, index_trend, trends
from facet.services.ports import Analyses, Jobs, Objects, Shelves
from facet.services.read_analysis import AnalysisDocument, document_of
from facet.services.tone_of_user import tone_of_user

# How far back a comparable analysis is looked for, and how many of the first ones are tried.
LOOK_BACK = 10


class PastAnalysis(AnalysisDocument):
    """An analysis of the history: without recommendations, pictures of looks and the outlines of
    regions, with trends."""

    trends: tuple[Trend, ...] = Field(
        (), description="One for each concern of `skin.concerns`, against earlier analyses."
    )
    index_trend: IndexTrend | None = Field(
        None, description="Of `skin.index`, against those made of the same concerns."
    )


class History(Answer):
    """A page of a user's analyses, newest first."""

    analyses: tuple[PastAnalysis, ...] = Field(description="Newest first.")
    unreadable: tuple[str, ...] = Field(
        (), description="Ids of analyses that this release cannot read; another release may."
    )
    cursor: str | None = Field(None, description="Send it back for the next page; absent: no more.")


def read_history(
    user_id: str,
    limit: int,
    cursor: str | None,
    *,
    now: datetime,
    cursors: Cursors,
    analyses: Analyses,
    shelves: Shelves,
    media: Objects,
    jobs: Jobs,
) -> History:
    """A page of the history: `limit` analyses after the cursor, with their concerns' trends.

    Raises PermanentError(invalid_cursor).
    """
    before_id = cursors.read(user_id, "analyses", cursor) if cursor else None
    page = analyses.history(user_id, limit, before_id)
    timeline = [*page.analyses, *_earlier(user_id, page.next_id, analyses)]
    tone = tone_of_user(user_id, now=now, analyses=analyses, shelves=shelves)
    return History(
        analyses=tuple(
            PastAnalysis(
                **dict(
                    document_of(
                        Contents(_without_outlines(analysis), {}),
                        tone_of_person=tone,
                        media=media,
                        jobs=jobs,
                    )
                ),
                trends=trends(analysis, timeline[at + 1 :]),
                index_trend=index_trend(analysis, timeline[at + 1 :]),
            )
            for at, analysis in enumerate(page.analyses)
        ),
        unreadable=tuple(row.analysis_id for row in page.unreadable),
        cursor=cursors.sign(user_id, "analyses", page.next_id) if page.next_id else None,
    )


def _without_outlines(analysis: ReadAnalysis) -> ReadAnalysis:
    """An analysis without where on its photo each region is: half of what it weighs."""
    if analysis.reading is None:
        return analysis
    skin = analysis.reading.skin
    concerns = tuple(
        concern.model_copy(
            update={
                "regions": tuple(
                    region.model_copy(update={"polygon": ()}) for region in concern.regions
                )
            }
        )
        for concern in skin.concerns
    )
    skin = skin.model_copy(update={"concerns": concerns})
    reading = analysis.reading.model_copy(update={"skin": skin})
    return analysis.model_copy(update={"reading": reading})


def _earlier(user_id: str, before_id: str | None, analyses: Analyses) -> Sequence[ReadAnalysis]:
    """Earlier analyses, newest first: a few from before the page, and a few of the very first."""
    if before_id is None:
        return ()
    before = analyses.history(user_id, LOOK_BACK, before_id)
    if before.next_id is None:
        return before.analyses
    first = analyses.earliest(user_id, LOOK_BACK)
    fresh = [analysis for analysis in reversed(first) if analysis.analysis_id < before.next_id]
    return *before.analyses, *fresh
