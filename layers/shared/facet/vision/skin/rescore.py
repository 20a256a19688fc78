"""A stored reading under another version of the scoring tables, without its photo."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from facet.domain.errors import PermanentError
from facet.domain.face import Concern, FaceReading
from facet.saying import say
from facet.vision.skin.index import skin_index
from facet.vision.skin.index import table_version as index_version
from facet.vision.skin.prediction import Conditions, load_conditions, predict
from facet.vision.skin.scores import Scoring


def rescore(
    reading: FaceReading, scoring: Scoring, conditions: Conditions | None = None
) -> FaceReading:
    """The same measures, scored again: scores, bands, least changes, index, prediction.

    Nothing that was measured changes. conditions: by default those of the scoring's own version.
    A concern that the scoring does not know, and a region stored without its measure, lose their
    scores rather than keep those of another table.
    """
    table = conditions or load_conditions(scoring.version)
    concerns = tuple(_scored(concern, scoring) for concern in reading.skin.concerns)
    versions = reading.versions.model_copy(
        update={
            "scoring": scoring.version,
            "tables": reading.versions.tables
            | {"conditions": table.version, "index": index_version()},
        }
    )
    return reading.model_copy(
        update={
            "skin": reading.skin.model_copy(
                update={"concerns": concerns, "index": skin_index(concerns, scoring)}
            ),
            "prediction": predict(concerns, scoring, table),
            "versions": versions,
        }
    )


def rescore_document(document: Mapping[str, Any], scoring: Scoring) -> dict[str, Any]:
    """A stored result document -> the same with its reading scored again, the rest untouched.

    Raises PermanentError `not_a_reading` for anything else, a rejected photo's document included.
    """
    try:
        reading = FaceReading.model_validate(document)
    except ValidationError as error:
        raise PermanentError("not_a_reading", say("scoring.not_a_reading")) from error
    again = rescore(reading, scoring).model_dump(mode="json", exclude_none=True)
    kept = dict(document) | {"skin": again["skin"]}
    # A stored document may name versions that a reading does not, such as the catalogue's.
    kept["versions"] = dict(document["versions"]) | again["versions"]
    if "prediction" in again:
        kept["prediction"] = again["prediction"]
    else:
        kept.pop("prediction", None)
    return kept


def _scored(concern: Concern, scoring: Scoring) -> Concern:
    name, value = concern.name, concern.measured
    if value is None:
        return concern
    if name not in scoring.concerns or concern.unit != scoring.unit(name):
        # In another unit it was measured otherwise: the anchors are not those of that value.
        unknown = say("concern.not_in_scoring", version=scoring.version)
        gone = {"score": None, "band": None, "minimum_change": None, "regions": ()}
        return concern.model_copy(update=gone | {"confidence": 0.0, "reason": unknown})
    regions = tuple(
        region.model_copy(update={"score": scoring.score(name, region.measured)})
        for region in concern.regions
        if region.measured is not None
    )
    return concern.model_copy(
        update={
            "score": scoring.score(name, value),
            "band": scoring.band(name, value),
            "minimum_change": scoring.minimum_change(name, value),
            "regions": regions,
        }
    )
