import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image
from skimage import data

from facet.catalogue.importers import Format
from facet.cli.catalogue import FORMATS
from facet.cli.main import main


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(data.astronaut()).save(folder / "face.jpg", quality=92)  # type: ignore[no-untyped-call]
    Image.fromarray(data.astronaut()).rotate(2).save(folder / "tilted.jpg", quality=75)  # type: ignore[no-untyped-call]
    Image.fromarray(data.coffee()).save(folder / "coffee.png")  # type: ignore[no-untyped-call]
    (folder / "text.jpg").write_text("not a photo")
    (folder / "empty.jpg").touch()
    (folder / "album").mkdir()
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_one_json_line_per_photo_in_the_order_given(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["coffee.png", "face.jpg", "text.jpg", "empty.jpg", "album", "missing.jpg"]

    status, out, err = run(capsys, "analyze", "--json", *(photos / name for name in names))
    documents = [json.loads(line) for line in out.splitlines()]

    assert status == 2
    assert err == ""
    assert [document["file"] for document in documents] == [str(photos / name) for name in names]
    assert [document.get("failure", {}).get("code") for document in documents] == [
        "no_face",
        None,
        "unsupported_format",
        "corrupt_image",
        "unreadable_file",
        "unreadable_file",
    ]


def test_a_sheet_that_is_not_there_is_told(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, "analyze", "--white-paper", photos / "face.jpg")

    assert status == 0
    assert "reference   white paper, not usable" in out
    assert "No sheet of white paper was found" in out


def test_a_reading_has_every_part_of_the_contract(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, "analyze", "--json", photos / "face.jpg")
    document = json.loads(out)

    assert status == 0
    assert document["photo"] == {"width": 512, "height": 512}
    assert document["quality"]["verdict"] in {"good", "usable"}
    assert document["face"]["pose"].keys() == {"yaw", "pitch", "roll"}
    assert document["skin"]["tone"].keys() >= {
        "ita", "ita_interval", "ita_estimate", "ita_error", "monk", "undertones", "hex",
        "confidence",
    }  # fmt: skip
    assert document["versions"].keys() >= {"pipeline", "detector", "mesh", "scoring"}


def test_photos_of_one_face_are_measured_as_one(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(photos / name) for name in ("face.jpg", "coffee.png", "tilted.jpg")]

    status, out, _ = run(capsys, "analyze", "--json", "--one-face", *names)
    together = json.loads(out)
    _, out, _ = run(capsys, "analyze", "--json", names[0], names[2])
    each = [json.loads(line) for line in out.splitlines()]

    assert status == 0
    assert together["files"] == names
    outcomes = [(photo["status"], photo["kept"]) for photo in together["photos"]]
    assert [status for status, _ in outcomes] == ["measured", "rejected", "measured"]
    assert together["file"] == names[[kept for _, kept in outcomes].index(True)]
    assert together["photos"][1]["checks"][0]["code"] == "no_face"
    redness, *of_each = (
        next(c["measured"] for c in document["skin"]["concerns"] if c["name"] == "redness")
        for document in (together, *each)
    )
    assert redness == pytest.approx(sum(of_each) / 2, abs=0.01)


def test_of_one_face_it_is_read_what_became_of_each_photo(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = photos / "coffee.png", photos / "face.jpg"

    status, out, _ = run(capsys, "analyze", "--one-face", *both)

    assert status == 0
    assert f"  of one face {both[0]}: rejected, no_face\n" in out
    assert f"{both[1]}: kept\n" in out


def test_one_face_fails_where_no_photo_shows_it_or_one_cannot_be_read(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rejected = run(capsys, "analyze", "--json", "--one-face", *[photos / "coffee.png"] * 2)
    unread = run(capsys, "analyze", "--json", "--one-face", photos / "face.jpg", photos / "gone")

    assert (rejected[0], unread[0]) == (2, 2)
    assert json.loads(rejected[1])["failure"]["code"] == "no_face"
    failed = json.loads(unread[1])
    assert (failed["file"], failed["failure"]["code"]) == (str(photos / "gone"), "unreadable_file")


def test_the_readable_answer_names_tone_and_light(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, "analyze", photos / "face.jpg", photos / "coffee.png")

    assert status == 2
    assert "face.jpg: usable" in out
    assert "ITA" in out
    assert "undertone" in out
    assert "face shape" in out
    assert "condition" in out
    assert "haemoglobin" in out
    assert "coffee.png: rejected" in out
    assert "no_face" in out


def test_the_readable_answer_says_every_sentence_that_the_json_tells(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(run(capsys, "analyze", "--json", photos / "face.jpg")[1])["telling"]
    _, out, _ = run(capsys, "analyze", photos / "face.jpg")

    parts = ("headline", "undertone", "season", "shape", "condition", "skin", "index")
    assert [part for part in parts if told[part] not in out] == []


def test_stricter_presets_refuse_more(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "analyze", "--preset", "relaxed", photos / "face.jpg")[0] == 0
    assert run(capsys, "analyze", "--preset", "strict", photos / "face.jpg")[0] == 2


def test_missing_models_are_said_plainly(
    photos: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))

    status, out, err = run(capsys, "analyze", photos / "face.jpg")

    assert (status, out) == (1, "")
    assert "make models" in err


def test_a_bug_in_one_photo_does_not_end_the_others(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("facet.vision.analyze.analyze_photo", broken)

    status, out, err = run(capsys, "analyze", "--json", photos / "face.jpg", photos / "coffee.png")

    assert status == 2
    assert err == ""
    assert [json.loads(line)["failure"]["code"] for line in out.splitlines()] == [
        "internal_error",
        "internal_error",
    ]


def test_no_command_or_no_photo_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["analyze"]):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert "usage: facet" in capsys.readouterr().err


def test_help_waits_for_no_library() -> None:
    code = """
import sys
from facet.cli.main import main
try:
    main(["--help"])
finally:
    heavy = {"numpy", "pydantic", "boto3", "botocore", "PIL", "onnxruntime"} & sys.modules.keys()
    print("heavy:", *sorted(heavy))
"""
    shown = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    ).stdout

    assert shown.startswith("usage: facet")
    assert shown.endswith("heavy:\n")


def test_every_format_that_can_be_imported_can_be_asked_for() -> None:
    assert get_args(Format) == FORMATS


def test_a_reader_that_leaves_early_is_no_error(photos: Path) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "facet.cli",
        "analyze",
        "--json",
        *[photos / "text.jpg"] * 400,
    ]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
