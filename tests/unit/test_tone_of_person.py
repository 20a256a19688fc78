"""What speaks for a person's tone is pooled by its own error."""

import pytest

from facet.domain.face import Reference, Share
from facet.domain.naming import named
from facet.domain.tone import ToneEvidence, pool
from tests.unit.conftest import face_reading


def photo(ita: float, error: float = 20.0) -> ToneEvidence:
    return ToneEvidence(kind="photo", ita=ita, error=error)


def width(*evidence: ToneEvidence) -> float:
    person = pool(evidence)
    assert person is not None
    return person.ita_interval[1] - person.ita_interval[0]


def test_nothing_told_and_nothing_seen_is_no_tone() -> None:
    assert pool(()) is None


def test_every_photo_narrows_the_tone_but_a_hundred_are_no_proof() -> None:
    widths = [width(*[photo(20)] * count) for count in (1, 2, 3, 100)]
    assert widths == sorted(widths, reverse=True)
    assert widths[3] > widths[0] / 4


def test_surer_evidence_weighs_more() -> None:
    person = pool((photo(60, 20), photo(0, 5)))
    assert person is not None
    assert person.ita == pytest.approx(5, abs=4)


def test_a_class_is_named_only_where_the_photos_settle_it() -> None:
    unsure, sure = pool((photo(35),)), pool((photo(-45, 4),))
    assert unsure is not None
    assert unsure.ita_class is None
    assert sure is not None
    assert sure.ita_class == "dark"


def test_a_share_below_the_limit_of_its_kind_has_no_name() -> None:
    shares = (Share(name="warm", share=0.65), Share(name="cool", share=0.35))
    assert named("undertone", shares) is None
    assert named("undertone", (Share(name="warm", share=0.8),)) == "warm"
    assert named("season", (Share(name="True Summer", share=0.99),)) is None


def test_a_photo_measured_by_a_sheet_is_evidence_of_its_own_kind() -> None:
    tone = face_reading(ita=30).skin.tone.model_copy(update={"ita_estimate": 30, "ita_error": 6})
    used = Reference(kind="white_paper", status="used", hint="")
    lost = Reference(kind="white_paper", status="not_usable", reason="clipped", hint="")

    kinds = [ToneEvidence.of(tone, reference) for reference in (used, lost, None)]

    assert [piece and piece.kind for piece in kinds] == ["white_paper", "photo", "photo"]
