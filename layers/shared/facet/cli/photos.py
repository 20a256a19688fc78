"""`facet analyze` and `facet rescore`: photos measured, and stored readings scored again."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facet.cli import Commands
from facet.cli.readable import as_text
from facet.domain.errors import FacetError, PermanentError, PhotoRejectedError
from facet.vision.photo.gates import PRESETS, Preset, largest_photo, load_gates

if TYPE_CHECKING:
    from facet.domain.face import FaceReading, ReferenceKind
    from facet.vision.analyze import PhotoAnalysis

SOME_FAILED = 2


def add_to(commands: Commands) -> None:
    """Adds both commands."""
    _add_analyze(commands)
    _add_rescore(commands)


def _add_analyze(commands: Commands) -> None:
    analyze = commands.add_parser(
        "analyze",
        help="measure the face in each photo",
        description="Measure the face in each photo, or with --one-face one face in all. Exit "
        "status 2 if one of them failed, or of one face all.",
    )
    analyze.add_argument("photos", nargs="+", metavar="PHOTO", help="JPEG, PNG, WebP or HEIC file")
    analyze.add_argument("--json", action="store_true", help="one JSON document a line")
    analyze.add_argument(
        "--preset", choices=PRESETS, default="moderate", help="how strict to be (%(default)s)"
    )
    analyze.add_argument(
        "--white-paper",
        action="store_true",
        help="a sheet of white paper is held beside each face: measure its tone by it",
    )
    analyze.add_argument(
        "--one-face",
        action="store_true",
        help="the photos are of one face in one light: measure them as one",
    )
    analyze.set_defaults(run=_analyze)


def _add_rescore(commands: Commands) -> None:
    rescore = commands.add_parser(
        "rescore",
        help="score stored readings again, without their photos",
        description="Score stored readings again by another version of the scoring tables: "
        "what `facet analyze --json` or the API gave, one JSON document or one a line. Writes one "
        "document a line. Exit status 2 if one of them is no reading.",
    )
    rescore.add_argument("stored", nargs="+", metavar="STORED", help="JSON file")
    rescore.add_argument("--scoring", required=True, metavar="VERSION", help="version to score by")
    rescore.set_defaults(run=_rescore)


def _analyze(options: argparse.Namespace) -> int:
    failed = False
    show = _as_json if options.json else as_text
    documents = _documents_of_one if options.one_face else _documents
    for document in documents(options.photos, options.preset, white_paper=options.white_paper):
        failed = failed or "failure" in document
        print(show(document), flush=True)
    return SOME_FAILED if failed else 0


def photo_reader(
    preset: Preset = "moderate",
) -> "Callable[[str, ReferenceKind | None], PhotoAnalysis]":
    """What measures the photo of a path, with what is held beside the face. Raises FacetError
    where the models are missing.

    Of a path, it raises PermanentError where the file cannot be read or its photo was rejected.
    """
    from facet.vision.analyze import analyze_photo  # noqa: PLC0415 - `--help` stays instant
    from facet.vision.face.models import FaceModels  # noqa: PLC0415

    gates = load_gates(preset)
    try:
        models = FaceModels.load(_models_dir())
    except FileNotFoundError as error:
        raise FacetError(f"{error}, or set MODELS_DIR") from error
    return lambda name, reference: analyze_photo(
        _read(name, largest_photo(preset)), models, gates, reference
    )


def _documents(
    photos: Sequence[str], preset: Preset, *, white_paper: bool
) -> Iterator[dict[str, Any]]:
    """One result document per photo, in their order; a failure is a document too."""
    read = photo_reader(preset)
    reference: ReferenceKind | None = "white_paper" if white_paper else None
    for name in photos:
        try:
            yield {"file": name, **_document(read(name, reference))}
        except Exception as error:  # a bug must not keep the other photos from being analysed
            yield _failure(name, error)


def _documents_of_one(
    photos: Sequence[str], preset: Preset, *, white_paper: bool
) -> Iterator[dict[str, Any]]:
    """The one result document of several photos of one face, named by the one that is kept."""
    from facet.vision.merge import together  # noqa: PLC0415 - `--help` stays instant

    read = photo_reader(preset)
    reference: ReferenceKind | None = "white_paper" if white_paper else None
    taken: dict[int, PhotoAnalysis] = {}
    refused: dict[int, PhotoRejectedError] = {}
    for index, name in enumerate(photos):
        try:
            taken[index] = read(name, reference)
        except PhotoRejectedError as error:
            refused[index] = error
        except Exception as error:
            yield _failure(name, error)
            return
    try:
        document = _document(together(taken, refused))
    except PhotoRejectedError as error:
        yield _failure(photos[0], error) | {"files": list(photos)}
        return
    kept = next(outcome["index"] for outcome in document["photos"] if outcome["kept"])
    yield {"file": photos[kept], "files": list(photos), **document}


def _rescore(options: argparse.Namespace) -> int:
    from facet.domain.face import FaceReading  # noqa: PLC0415 - `--help` stays instant
    from facet.vision.skin.rescore import rescore_document  # noqa: PLC0415 - `--help` stays instant
    from facet.vision.skin.scores import load_scoring  # noqa: PLC0415

    scoring = load_scoring(options.scoring)
    failed = False
    for name in options.stored:
        try:
            for document in _stored(name):
                again = rescore_document(document, scoring)
                if "telling" in again:
                    again["telling"] = _telling(FaceReading.model_validate(again))
                print(_as_json(again), flush=True)
        except PermanentError as error:
            failed = True
            print(f"facet: {name}: {error.message}", file=sys.stderr)
    return SOME_FAILED if failed else 0


def _stored(name: str) -> Iterator[dict[str, Any]]:
    """The documents of a file: one, however it is laid out, or one a line."""
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise PermanentError("unreadable_file", f"Cannot read the file: {error}.") from error
    decoder, at = json.JSONDecoder(), 0
    while text := text[at:].lstrip():
        try:
            document, at = decoder.raw_decode(text)
        except ValueError as error:
            raise PermanentError("not_json", f"Not JSON: {error}.") from error
        if not isinstance(document, dict):
            raise PermanentError("not_a_reading", "Not a stored reading.")
        yield document


def _models_dir() -> Path:
    """MODELS_DIR, or where the build puts the models in a checkout."""
    built = Path(__file__).parents[3] / "models" / "models"
    return Path(os.environ.get("MODELS_DIR") or built)


def _read(name: str, max_bytes: int) -> bytes:
    try:
        with Path(name).open("rb") as file:
            # One byte more than allowed is enough to be told so, however large the file is.
            return file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PermanentError("unreadable_file", f"Cannot read the file: {reason}.") from error


def _document(analysis: "PhotoAnalysis") -> dict[str, Any]:
    reading = analysis.reading.model_dump(mode="json", exclude_none=True)
    return {
        "photo": {"width": analysis.width, "height": analysis.height},
        "telling": _telling(analysis.reading),
        **reading,
    }


def _telling(reading: "FaceReading") -> dict[str, Any]:
    from facet.advice.words.telling import telling_of  # noqa: PLC0415 - `--help` stays instant

    return telling_of(reading).model_dump(mode="json", exclude_none=True)


def _failure(name: str, error: Exception) -> dict[str, Any]:
    """The document of a photo that failed; what is no PermanentError is a bug."""
    code, message = "internal_error", f"{type(error).__name__}: {error}"
    if isinstance(error, PermanentError):
        code, message = error.code, error.message
    judged = error.checks if isinstance(error, PhotoRejectedError) else ()
    checks = [check.model_dump(mode="json", exclude_none=True) for check in judged]
    return {"file": name, "failure": {"code": code, "message": message, "checks": checks}}


def _as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)
