"""What the next release writes is read by this one: during a deploy both are at work."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from facet.domain.account import ACCOUNT_JOB, ErasureRequested, Export, ExportRequested
from facet.domain.analysis import Analysis, Awaited, Kind, ReadAnalysis
from facet.domain.looks import SavedLook
from facet.domain.messages import AnalysisEnded, FaceAnalyzed, LookWanted
from facet.domain.overdue import ShardToSweep
from facet.domain.style import Garment, GarmentPhoto
from tests import fakes
from tests.unit.conftest import face_reading

NOW = fakes.now()
WHOSE = {"analysis_id": "01A", "user_id": "user"}
GARMENT = {
    "status": "ready",
    "content_type": "image/jpeg",
    "content_length": 3,
    "checksum_sha256": "0",
    "expires_at": NOW,
    "correlation_id": "c",
}
COAT = {"item_id": "coat", "category": "coat", "slot": "outer", "formality": 2, "warmth": 4}
COAT |= {"colours": [{"hex": "#2f6b4f", "share": 1.0}]}
ENDED = {**WHOSE, "status": "completed", "correlation_id": "c"}
EXPORT = ExportRequested(user_id="user", username="eva", export_id="01E")
ERASURE = ErasureRequested(user_id="user", username="eva", erasure_id="01E")
WRITTEN: list[BaseModel] = [
    fakes.analysis(),
    ReadAnalysis(**dict(fakes.analysis()), reading=face_reading()),
    fakes.look(),
    Export(export_id="01E", requested_at=NOW, expires_at=NOW),
    GarmentPhoto.model_validate(GARMENT),
    Garment.model_validate(COAT),
    FaceAnalyzed(**WHOSE, kind=Kind.SKINCARE),
    LookWanted(**WHOSE),
    AnalysisEnded.model_validate(ENDED),
    ShardToSweep(shard=1, at=NOW),
    EXPORT,
    ERASURE,
]


@pytest.mark.parametrize("written", WRITTEN, ids=lambda each: type(each).__name__)
def test_a_field_that_is_not_known_is_left_alone(written: BaseModel) -> None:
    told = written.model_dump(mode="json", exclude_none=True)
    read = type(written).model_validate_json(json.dumps({**told, "news": {"of": 1}}))
    assert read == type(written).model_validate_json(json.dumps(told))


@pytest.mark.parametrize("job", [EXPORT, ERASURE])
def test_a_field_of_an_account_job_that_is_not_known_is_left_alone(job: Any) -> None:
    told = {**job.model_dump(mode="json"), "news": 1}
    assert ACCOUNT_JOB.validate_json(json.dumps(told)) == job


def test_words_that_are_not_known_are_left_out_of_lists() -> None:
    told = fakes.analysis(
        wants=("skincare", "hair"),
        pending=("skincare", "hair"),
        awaits=("announcement", "film"),
        goals=("redness", "shine_of_hair"),
    )
    assert told.wants == (Kind.SKINCARE,)
    assert told.pending == {Kind.SKINCARE}
    assert told.awaits == {Awaited.ANNOUNCEMENT}
    assert told.goals == ("redness",)


@pytest.mark.parametrize(
    "read",
    [
        lambda: FaceAnalyzed.model_validate({**WHOSE, "kind": "hair"}),
        lambda: ACCOUNT_JOB.validate_python({"job": "move", "user_id": "user"}),
        lambda: AnalysisEnded.model_validate({**ENDED, "status": "paused"}),
        lambda: fakes.analysis(status="paused"),
        lambda: fakes.look(status="paused"),
    ],
)
def test_what_cannot_be_done_without_the_word_is_refused_and_left_to_who_knows_it(
    read: Callable[[], object],
) -> None:
    """A message goes back to its queue; a row is unreadable, and told of as such."""
    with pytest.raises(ValidationError):
        read()


@pytest.mark.parametrize("model", [Analysis, SavedLook, Export, GarmentPhoto])
def test_a_row_of_the_release_before_lacks_what_is_new(model: type[BaseModel]) -> None:
    new = {"due_at", "redrives", "retries", "awaits", "decoding", "decoder_deaths", "refunded"}
    new |= {"upload_until", "failed_at", "username"}
    for name in new & model.model_fields.keys():
        assert not model.model_fields[name].is_required(), name
