"""DELETE /v1/analyses/{id}: the row, its results and every file made of it."""

from facet.domain.analysis import MOST_PHOTOS
from facet.domain.errors import AnalysisUnreadableError, FacetError
from facet.domain.places import drawn_prefixes, face_key, media_keys
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
    for tried in range(TRIES):
        try:
            analysis = analyses.get(user_id, analysis_id)
        except AnalysisUnreadableError:
            analysis = None
        else:
            if analysis is None and not tried:
                return False
        uploads.delete(*(face_key(user_id, analysis_id, n) for n in range(MOST_PHOTOS)))
        _delete_pictures(user_id, analysis_id, media)
        looks.delete_of(user_id, analysis_id)
        if analysis is None:  # it cannot be read, or an answer that it is deleted was lost
            analyses.delete_unreadable(user_id, analysis_id)
        elif not analyses.delete(analysis):
            continue
        # A look or an overlay may have been put there since; from now on none is.
        _delete_pictures(user_id, analysis_id, media)
        return True
    raise FacetError("the analysis kept changing while it was deleted")


def _delete_pictures(user_id: str, analysis_id: str, media: Objects) -> None:
    media.delete(*media_keys(user_id, analysis_id))
    for prefix in drawn_prefixes(user_id, analysis_id):
        media.delete_below(prefix)
