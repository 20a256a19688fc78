"""A result fits into its row, and says what it leaves out."""

import json
import zlib
from typing import Any

import pytest

from facet.domain.errors import PermanentError
from facet.services.fit_result import MOST_BYTES, fit_result

ROW = 400 * 1024  # bytes that DynamoDB takes


def result(things: int, letters: int = 200) -> dict[str, Any]:
    """With a note on each thing, after one on the whole; names as long as they may be."""
    notes = [{"code": "not_used", "text": "成" * letters, "item_id": str(n)} for n in range(things)]
    return {"status": "completed", "notes": [{"code": "whole", "text": "All."}, *notes]}


def test_a_result_of_any_bag_fits_into_its_row() -> None:
    for things in (292, 500, 1000, 5000):
        kept = fit_result(result(things))

        text = json.dumps(kept)
        assert len(text) <= MOST_BYTES
        assert len(zlib.compress(text.encode(), 0)) < ROW  # even if nothing could be deflated
        whole, *single, left_out = kept["notes"]
        assert (whole["code"], left_out["code"]) == ("whole", "notes_left_out")
        assert [note["item_id"] for note in single] == [str(n) for n in range(len(single))]
        assert f" {things - len(single)} more notes" in left_out["text"]
        assert len(text) > MOST_BYTES - 1_400  # and as many stay as there is room for


def test_what_fits_is_left_as_it_is() -> None:
    small = result(200)
    assert fit_result(small) is small


def test_what_is_too_large_without_its_notes_fails_with_a_code() -> None:
    with pytest.raises(PermanentError, match="result_too_large"):
        fit_result({**result(3), "based_on": ["x" * MOST_BYTES]})
    with pytest.raises(PermanentError, match="result_too_large"):
        fit_result({"based_on": ["x" * MOST_BYTES], "notes": []})
