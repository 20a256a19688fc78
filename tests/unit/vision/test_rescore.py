import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facet.cli.main import main
from facet.domain.face import FaceReading
from facet.vision.analyze import analyze_photo
from facet.vision.face.models import FaceModels
from facet.vision.photo.decode import encode_jpeg
from facet.vision.photo.gates import load_gates
from facet.vision.skin import prediction, scores
from facet.vision.skin.prediction import load_conditions
from facet.vision.skin.rescore import rescore, rescore_document
from facet.vision.skin.scores import CURRENT, Scoring, load_scoring

NOW = load_scoring(CURRENT)
# A second, stricter version that exists in these tests alone: each score is due five units sooner.
STRICT = Scoring(
    "strict",
    {
        name: {**dict(table), "anchors": [[value - 5, score] for value, score in table["anchors"]]}
        for name, table in NOW.concerns.items()
    },
)


@pytest.fixture(scope="module")
def reading(models: FaceModels, astronaut: np.ndarray) -> FaceReading:
    from PIL import Image  # noqa: PLC0415

    photo = encode_jpeg(Image.fromarray(astronaut), 95)
    return analyze_photo(photo, models, load_gates("relaxed")).reading


@pytest.fixture
def strict_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Versions 1 and strict, as files of a folder of their own."""
    for module, folder in ((scores, "scoring"), (prediction, "conditions")):
        target = tmp_path / folder
        target.mkdir()
        text = (module._TABLES / f"{CURRENT}.toml").read_text()
        (target / f"{CURRENT}.toml").write_text(text)
        changed = text.replace("minimum_change = [", "minimum_change = [9")
        (target / "strict.toml").write_text(
            changed.replace(f'version = "{CURRENT}"', 'version = "strict"')
        )
        monkeypatch.setattr(module, "_TABLES", target)
    yield "strict"
    load_scoring.cache_clear()
    load_conditions.cache_clear()


def test_the_same_version_gives_the_same_reading(reading: FaceReading) -> None:
    assert any(concern.score is not None for concern in reading.skin.concerns)
    assert rescore(reading, NOW) == reading


def test_a_stored_reading_comes_back_from_json_unchanged(reading: FaceReading) -> None:
    stored = json.loads(reading.model_dump_json(exclude_none=True))

    assert rescore_document(stored, NOW) == stored


def test_another_version_changes_scores_but_no_measure(reading: FaceReading) -> None:
    again = rescore(reading, STRICT, load_conditions(CURRENT))

    before = {concern.name: concern for concern in reading.skin.concerns}
    for concern in again.skin.concerns:
        assert concern.measured == before[concern.name].measured
        if concern.score is not None:
            former = before[concern.name].score
            assert concern.measured is not None
            assert former is not None
            assert concern.score == STRICT.score(concern.name, concern.measured)
            assert concern.score <= former
    assert any(
        concern.score < (before[concern.name].score or 0)
        for concern in again.skin.concerns
        if concern.score is not None
    )
    assert again.versions.scoring == "strict"
    assert again.skin.tone == reading.skin.tone


def test_there_and_back_again_is_where_it_began(reading: FaceReading) -> None:
    there = rescore(reading, STRICT, load_conditions(CURRENT))

    assert rescore(there, NOW) == reading


def test_a_concern_that_a_version_does_not_know_loses_its_score(reading: FaceReading) -> None:
    few = Scoring("few", {"redness": NOW.concerns["redness"]})

    again = {
        concern.name: concern
        for concern in rescore(reading, few, load_conditions("1")).skin.concerns
    }

    assert again["shine"].score is None
    assert again["shine"].measured is not None
    assert again["shine"].confidence == 0
    assert "few" in (again["shine"].reason or "")


def test_what_was_measured_in_another_unit_is_not_scored(reading: FaceReading) -> None:
    """Version 1 measured dullness against the whites of the eyes, version 2 by its haemoglobin."""
    again = {concern.name: concern for concern in rescore(reading, load_scoring("1")).skin.concerns}

    assert again["redness"].score is not None
    assert again["dullness"].score is None
    assert again["dullness"].band is None
    assert again["dullness"].reason


def test_every_scoring_version_has_its_conditions() -> None:
    for path in scores._TABLES.glob("*.toml"):
        assert load_conditions(path.stem).version.partition(".")[0] == path.stem


def test_a_reading_of_newer_code_can_still_be_read(reading: FaceReading) -> None:
    stored = json.loads(reading.model_dump_json(exclude_none=True))
    stored["aura"] = {"colour": "blue"}
    stored["skin"]["concerns"][0]["depth"] = 3

    assert FaceReading.model_validate(stored) == reading


def test_a_reading_of_older_code_can_still_be_read(reading: FaceReading) -> None:
    stored = json.loads(reading.model_dump_json(exclude_none=True))
    del stored["classifications"], stored["versions"]["tables"], stored["face"]["colours"]

    assert FaceReading.model_validate(stored).skin == reading.skin


def test_the_command_rescores_every_document_of_its_files(
    reading: FaceReading, strict_version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {"file": "a.jpg", **json.loads(reading.model_dump_json(exclude_none=True))}
    document["versions"]["catalogue"] = "2026-01"
    lines, whole = tmp_path / "two.jsonl", tmp_path / "one.json"
    lines.write_text(json.dumps(document) + "\n" + json.dumps(document) + "\n")
    whole.write_text(json.dumps(document, indent=2))

    status = main(["rescore", str(lines), str(whole), "--scoring", strict_version])
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert status == 0
    assert len(answers) == 3
    for answer in answers:
        assert answer["file"] == "a.jpg"
        assert answer["versions"]["scoring"] == "strict"
        assert answer["versions"]["tables"]["conditions"] == "strict"
        assert answer["versions"]["catalogue"] == "2026-01"
        assert answer["face"] == document["face"]
    assert answers[0]["skin"] != document["skin"]


def test_the_command_says_which_file_is_no_reading(
    reading: FaceReading, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(reading.model_dump_json(exclude_none=True))
    bad.write_text('{"failure": {"code": "no_face"}}')

    assert main(["rescore", str(bad), str(good), "--scoring", CURRENT]) == 2
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "bad.json: Not a stored reading." in err


def test_the_command_names_the_versions_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rescore", str(tmp_path / "x.json"), "--scoring", "0"]) == 1
    assert "known: 1" in capsys.readouterr().err
