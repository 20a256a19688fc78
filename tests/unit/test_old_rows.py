"""Rows of before an analysis lay in two: they are kept for a month, and read all that time."""

from facet.adapters.analysis_rows import to_analysis, to_read, words_of
from facet.adapters.rows import pack
from facet.domain.analysis import Awaited
from tests.unit.conftest import face_reading

ROW = {
    **{"PK": "USER#user", "SK": "ANALYSIS#01A", "user_id": "user", "analysis_id": "01A"},
    **{"status": "completed", "wants": ["skincare"], "quota_day": "2026-11-21"},
    **{"created_at": "2026-11-21T09:00:00.000000Z", "updated_at": "2026-11-21T09:00:01.000000Z"},
    **{"content_type": "image/jpeg", "content_length": 3, "checksum_sha256": "0", "expires_at": 1},
    **{"consent_version": "1", "correlation_id": "request"},
    "reading": pack(face_reading().model_dump_json(exclude_none=True)),
    "enhanced_analysis": pack('{"summary": "Calm skin."}'),
}


def test_what_was_measured_is_read_off_the_one_row() -> None:
    read = to_read(ROW, None)
    assert read.reading is not None
    assert read.reading.skin.tone.ita == face_reading().skin.tone.ita
    assert words_of(ROW) == {"summary": "Calm skin."}


def test_a_row_of_its_own_goes_before() -> None:
    own = {"reading": pack(face_reading(ita=-20).model_dump_json(exclude_none=True))}
    read = to_read(ROW, own)
    assert read.reading is not None
    assert read.reading.skin.tone.ita == -20


def test_who_has_neither_was_not_measured_yet() -> None:
    waiting = {name: value for name, value in ROW.items() if name not in ("reading",)}
    assert to_read(waiting, None).reading is None
    assert words_of({}) is None


def test_who_is_on_the_way_awaits_all_that_an_analysis_awaits() -> None:
    assert to_analysis({**ROW, "status": "recommending"}).awaits == set(Awaited)
    assert to_analysis({**ROW, "status": "recommending", "awaits": {"looks"}}).awaits == {"looks"}
    assert not to_analysis(ROW).awaits
