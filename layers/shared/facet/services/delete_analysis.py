"""DELETE /v1/analyses/{id}: the row, its results and every file made of it."""

from facet.domain.analysis import Analysis
from facet.domain.errors import FacetError
from facet.domain.places import drawn_prefixes
from facet.services.ports import Analyses, Looks, Objects

TRIES = 5


def delete_analysis(
    user_id: str,
    analysis_id: str,
    *,
    analyses: Analyses,
    looks: Looks,
    uploads: Objects,
    media: Objects,
) -> bool:
    """Delete an analysis with its results, looks and files; False when there is none.

    Files go first: a crash leaves a row to delete again.
    """
    for _ in range(TRIES):
        analysis = analyses.get(user_id, analysis_id)
        if analysis is None:
            return False
        uploads.delete(*analysis.upload_keys)
        _delete_pictures(analysis, media)
        looks.delete_of(user_id, analysis_id)
        if analyses.delete(analysis):
            # A look or an overlay may have been put there since; from now on none is.
            _delete_pictures(analysis, media)
            return True
    raise FacetError("the analysis kept changing while it was deleted")


def _delete_pictures(analysis: Analysis, media: Objects) -> None:
    media.delete(*analysis.media_keys)
    for prefix in drawn_prefixes(analysis.user_id, analysis.analysis_id):
        media.delete_below(prefix)
