"""A photo was saved: draw the thumbnails of a face, read the colours of a garment."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from facet.adapters.settings import Settings
from facet.domain.places import GARMENT_UPLOADS, PHOTOS
from facet.services.save_thumbnails import save_thumbnails
from facet.wiring import Wiring
from facet.worker import s3_worker


class ThumbnailSettings(Settings):
    uploads_bucket: str
    media_bucket: str


logger = Logger()
metrics = Metrics()
wiring = Wiring(ThumbnailSettings, lambda made: (made.analyses, made.media))


def draw_thumbnails(key: str) -> bool:
    drawn = save_thumbnails(
        key, analyses=wiring.analyses, media=wiring.media, correlate=logger.set_correlation_id
    )
    metrics.add_metric("ThumbnailsDrawn", MetricUnit.Count, int(drawn))
    if drawn:
        logger.info("thumbnails drawn")
    else:
        logger.warning("photo or analysis is gone")
    return drawn


def read_garment(key: str) -> bool:
    # Reading colours takes numpy, which no thumbnail needs.
    from facet.services.save_garment_photo import save_garment_photo  # noqa: PLC0415

    became = save_garment_photo(
        key,
        shelves=wiring.shelves,
        uploads=wiring.uploads,
        media=wiring.media,
        correlate=logger.set_correlation_id,
    )
    logger.info("garment read", extra={"status": became or "nobody waits for it"})
    metrics.add_metric("GarmentRead", MetricUnit.Count, int(became == "ready"))
    metrics.add_metric("GarmentRejected", MetricUnit.Count, int(became == "failed"))
    return became == "ready"


BY_PREFIX = {PHOTOS.prefix: draw_thumbnails, GARMENT_UPLOADS.prefix: read_garment}


def handle(_bucket: str, key: str) -> bool:
    logger.append_keys(photo=key)
    return BY_PREFIX[key.partition("/")[0]](key)


lambda_handler = s3_worker(handle, counted="drawn")
