"""`facet advise`: advice on cases that are told whole, one JSON object a line, without a stack."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facet.cli import Commands
from facet.domain.errors import FacetError, PermanentError

if TYPE_CHECKING:
    from facet.catalogue.catalogue import Catalogue
    from facet.domain.face import FaceReading, ReferenceKind

SOME_FAILED = 2
STDIN = "-"


def add_to(commands: Commands) -> None:
    """Adds `facet advise`."""
    advise = commands.add_parser(
        "advise",
        help="advise on cases told as JSON, one a line",
        description="Advise on cases: one JSON object a line, its parts as the API takes them "
        "(tests/cases/README.md). One answer a case, in the order given. Exit status 2 if one of "
        "the cases was wrong.",
    )
    advise.add_argument(
        "files", nargs="*", default=[STDIN], metavar="FILE", help="left out, or -: standard input"
    )
    advise.add_argument("--json", action="store_true", help="one JSON document a line")
    advise.add_argument(
        "--catalogue",
        type=Path,
        metavar="SNAPSHOT",
        help="what `facet catalog build` wrote (otherwise built from data/skincare)",
    )
    advise.set_defaults(run=_advise)


def _advise(options: argparse.Namespace) -> int:
    from facet.cli.advice_page import as_page  # noqa: PLC0415 - `--help` stays instant

    catalogue = _catalogue(options.catalogue)
    failed = False
    for place, told in _cases(options.files):
        answer = _answer(told, catalogue)
        failed = failed or "failure" in answer
        shown = json.dumps(answer, ensure_ascii=False) if options.json else as_page(place, answer)
        print(shown, flush=True)
    return SOME_FAILED if failed else 0


def _catalogue(snapshot: Path | None) -> "Catalogue":
    from facet.catalogue.build import build_catalogue  # noqa: PLC0415
    from facet.catalogue.catalogue import Catalogue  # noqa: PLC0415

    if snapshot is None:
        here = Path("data/skincare")
        return Catalogue.load(build_catalogue(here if here.is_dir() else _checkout() / here))
    try:
        return Catalogue.open(snapshot)
    except OSError as error:
        raise FacetError(f"{error.filename} is not there: `facet catalog build` first") from error


def _checkout() -> Path:
    return Path(__file__).parents[4]


# --- the cases -----------------------------------------------------------------------------------


def _cases(files: Iterable[str]) -> Iterator[tuple[str, bytes | PermanentError]]:
    """(file:line, what stands there) of every line that is not empty; a file that cannot be read
    is one case that is wrong."""
    for name in files:
        try:
            if name == STDIN:
                yield from _lines("stdin", sys.stdin.buffer)
            else:
                with Path(name).open("rb") as lines:
                    yield from _lines(name, lines)
        except OSError as error:
            text = f"Cannot read the file: {error.strerror or error}."
            yield name, PermanentError("unreadable_file", text)


def _lines(name: str, lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"{name}:{number}", line


def _answer(told: bytes | PermanentError, catalogue: "Catalogue") -> dict[str, Any]:
    from facet.services.advise_case import advise_case, failure_of  # noqa: PLC0415

    try:
        return advise_case(_object(told), catalogue, _read_photo)
    except PermanentError as error:
        return failure_of(error.code, error.message)
    except Exception as error:  # a bug must not keep the other cases from being answered
        return failure_of("internal_error", f"{type(error).__name__}: {error}")


def _object(told: bytes | PermanentError) -> Mapping[str, Any]:
    if isinstance(told, PermanentError):
        raise told
    try:
        case = json.loads(told.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PermanentError("not_json", f"Not JSON: {error}.") from error
    if not isinstance(case, dict):
        raise PermanentError("not_a_case", "A case is a JSON object.")
    return case


def _read_photo(name: str, reference: "ReferenceKind | None") -> "FaceReading":
    return _reader()(name, reference)


@cache
def _reader() -> "Callable[[str, ReferenceKind | None], FaceReading]":
    """What reads photos; its models are loaded for the first case that has one."""
    from facet.cli.photos import photo_reader  # noqa: PLC0415

    read = photo_reader()
    return lambda name, reference: read(name, reference).reading
