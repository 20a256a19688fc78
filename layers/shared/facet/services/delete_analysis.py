"""DELETE /v1/analyses/{id}: the row, its results and every file made of it."""

from facet.domain.errors import FacetError
from facet.services.ports import Analyses, Objects

TRIES = 5


def delete_analysis(
    user_id: str, analysis_id: str, *, analyses: Analyses, uploads: Objects, media: Objects
) -> bool:
    """False when there is none. Files go first: a crash leaves a row to delete again."""
    for _ in range(TRIES):
        analysis = analyses.get(user_id, analysis_id)
        if analysis is None:
            return False
        uploads.delete(analysis.upload_key)
        media.delete(*analysis.media_keys)
        if analyses.delete(analysis):
            return True
    raise FacetError("the analysis kept changing while it was deleted")
