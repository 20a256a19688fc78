"""The gates at their default preset, on photos of many kinds that people have tagged."""

import csv
from pathlib import Path

import pytest

from facet.domain.errors import PhotoRejectedError
from facet.domain.face import Check
from facet.vision.analyze import analyze_photo
from facet.vision.face.models import FaceModels
from facet.vision.photo.gates import load_gates

type Judged = list[tuple[set[str], tuple[Check, ...]]]


@pytest.fixture(scope="module")
def judged(models: FaceModels, faces: Path) -> Judged:
    """Each close-up: its tags and every gate that failed."""
    verdicts = []
    folder = faces / "closeups"
    with (folder / "manifest.csv").open() as rows:
        for row in csv.DictReader(rows):
            data = (folder / row["file"]).read_bytes()
            try:
                checks = analyze_photo(data, models, load_gates()).reading.quality.checks
            except PhotoRejectedError as error:
                checks = error.checks
            verdicts.append((set(row["tags"].split()), checks))
    return verdicts


def rejecting(checks: tuple[Check, ...]) -> list[Check]:
    return [check for check in checks if check.severity == "reject"]


def test_no_frontal_face_is_rejected(judged: Judged) -> None:
    frontal = [rejecting(checks) for tags, checks in judged if "frontal" in tags]

    assert len(frontal) > 10
    assert not any(frontal)


def test_every_profile_is_rejected_and_told_to_face_the_camera(judged: Judged) -> None:
    profiles = [rejecting(checks) for tags, checks in judged if "profile" in tags]

    assert len(profiles) >= 5
    for checks in profiles:
        assert checks
        assert any(word in checks[0].hint.lower() for word in ("camera", "turn"))


def test_a_face_is_rejected_for_being_covered_only_where_most_of_it_is(judged: Judged) -> None:
    covered = [
        (tags, checks)
        for tags, checks in judged
        if tags & {"sunglasses", "hat_or_scarf", "bangs_or_hair_on_forehead"}
        and "profile" not in tags
    ]

    for tags, checks in covered:
        for check in rejecting(checks):
            assert check.code == "no_face", tags
            assert "nothing over it" in check.hint
    warned = [checks for _, checks in covered if any(c.code == "face_occluded" for c in checks)]
    assert len(warned) >= 3
