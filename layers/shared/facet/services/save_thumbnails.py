"""An analysed photo was saved: make the two small pictures apps show."""

from collections.abc import Callable

from facet.domain.places import media_keys, owner_of
from facet.services.ports import Analyses, Objects
from facet.vision.photo.thumbnail import make_thumbnails


def save_thumbnails(
    photo_key: str, *, analyses: Analyses, media: Objects, correlate: Callable[[str], object]
) -> bool:
    """Write both thumbnails of `photos/<sub>/<id>.jpg`; False when photo or analysis is gone."""
    user_id, analysis_id = owner_of(photo_key)
    photo = media.get(photo_key)
    analysis = analyses.get(user_id, analysis_id)
    if photo is None or analysis is None:
        if analysis is None:  # a try may have died as it was deleted
            media.delete(*media_keys(user_id, analysis_id))
        return False
    correlate(analysis.correlation_id)
    pictures = make_thumbnails(photo)
    media.put(analysis.thumbnail_key, pictures.thumbnail, "image/jpeg", analysis.correlation_id)
    media.put(analysis.optimized_key, pictures.optimized, "image/jpeg", analysis.correlation_id)
    if not analyses.save_thumbnails(analysis):
        media.delete(*analysis.media_keys)  # deleted while we drew
        return False
    return True
