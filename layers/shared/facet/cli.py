"""The `facet` command: the analysis without AWS."""

import argparse
import json
import math
import os
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facet.domain.errors import FacetError, PermanentError, PhotoRejectedError

if TYPE_CHECKING:
    from facet.vision.analyze import PhotoAnalysis

PRESETS = ("relaxed", "moderate", "strict")
IMPORTED = Path("build/catalogue/imported")
SHOWN = 20  # left-out rows on the screen; the report has all
SOME_FAILED = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command -> 0: all well, 2: a photo failed, 1: it could not start."""
    options = _parser().parse_args(argv)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except FacetError as error:
        print(f"facet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, as after `| head`; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # a file or folder that cannot be read or written
        print(f"facet: {error}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="facet", description="What a photo of a face shows, measured on this machine."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    analyze = commands.add_parser(
        "analyze",
        help="measure the face in each photo",
        description="Measure the face in each photo. Exit status 2 if one of them failed.",
    )
    analyze.add_argument("photos", nargs="+", metavar="PHOTO", help="JPEG, PNG, WebP or HEIC file")
    analyze.add_argument("--json", action="store_true", help="one JSON document a line")
    analyze.add_argument(
        "--preset", choices=PRESETS, default="moderate", help="how strict to be (%(default)s)"
    )
    analyze.set_defaults(run=_analyze)
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
    catalog = commands.add_parser("catalog", help="the catalogue of products")
    tasks = catalog.add_subparsers(title="tasks", metavar="TASK", required=True)
    build = tasks.add_parser(
        "build",
        help="check the sources and write the snapshot",
        description="Check the catalogue's sources; write snapshot.json and products.jsonl.",
    )
    build.add_argument("--data", type=Path, default=Path("data/skincare"), metavar="FOLDER")
    build.add_argument("--out", type=Path, default=Path("build/catalogue"), metavar="FOLDER")
    build.add_argument(
        "--imported",
        type=Path,
        default=IMPORTED,
        metavar="FOLDER",
        help="what `facet catalog import` wrote (%(default)s)",
    )
    build.set_defaults(run=_build_catalogue)
    imports = tasks.add_parser(
        "import",
        help="take in other people's products",
        description="Read a product list, plain or gzipped, for the next `facet catalog build`. "
        "Rows that cannot be used are reported and left out; exit status 1 if none could.",
    )
    imports.add_argument("file", type=Path, metavar="FILE")
    imports.add_argument("--format", choices=("facet", "openbeautyfacts", "csv"), required=True)
    imports.add_argument(
        "--out", type=Path, metavar="FILE", help=f"where to ({IMPORTED}/<name of FILE>.jsonl)"
    )
    imports.add_argument("--rules", type=Path, default=Path("data/imports"), metavar="FOLDER")
    imports.set_defaults(run=_import_products)
    search = tasks.add_parser(
        "search",
        help="search what was built",
        description="Search a built catalogue: all that is given must hold. One line a product: "
        "its id, category, brand and name, tab between them.",
    )
    search.add_argument("text", nargs="?", default="", metavar="TEXT")
    search.add_argument("--category", action="append", default=[], help="any of those given")
    search.add_argument("--concern", help="what it should help with")
    search.add_argument("--skin-type")
    search.add_argument("--price-band", action="append", default=[], help="any of those given")
    search.add_argument("--holds", action="append", default=[], metavar="INGREDIENT")
    search.add_argument("--without", action="append", default=[], metavar="INGREDIENT")
    search.add_argument("--pregnancy", action="store_true", help="only what nothing speaks against")
    near = search.add_mutually_exclusive_group()
    near.add_argument("--shade", metavar="#RRGGBB", help="nearest in colour first")
    near.add_argument("--like", metavar="PRODUCT_ID", help="nearest in ingredients first")
    search.add_argument("--limit", type=int, default=20)
    search.add_argument("--out", type=Path, default=Path("build/catalogue"), metavar="FOLDER")
    search.set_defaults(run=_search_catalogue)
    publish = tasks.add_parser(
        "publish",
        help="send what was built to a stack",
        description="Send a built catalogue to a deployed stack; workers take it up in a minute.",
    )
    publish.add_argument("--stack-name", required=True, metavar="NAME", help="e.g. facet-dev")
    publish.add_argument("--out", type=Path, default=Path("build/catalogue"), metavar="FOLDER")
    publish.set_defaults(run=_publish_catalogue)
    _add_learn(commands)
    return parser


def _add_learn(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    learn = commands.add_parser("learn", help="the ranking, from what people made of it")
    lessons = learn.add_subparsers(title="tasks", metavar="TASK", required=True)
    export = lessons.add_parser(
        "export",
        help="a stack's feedback, one JSON document a line",
        description="Print a deployed stack's feedback: no user ids, no comments.",
    )
    export.add_argument("--stack-name", required=True, metavar="NAME", help="e.g. facet-dev")
    export.set_defaults(run=_export_feedback)
    fit = lessons.add_parser(
        "fit",
        help="refit the ranking weights",
        description="Refit the ranking weights to exported feedback and write them as a new "
        "version, with the figures of one person in five held out.",
    )
    fit.add_argument("feedback", type=Path, metavar="FEEDBACK.jsonl")
    fit.add_argument("--version", required=True, metavar="NAME", help="of the new weights")
    fit.add_argument("--base", default="skincare-1", metavar="NAME", help="(%(default)s)")
    fit.add_argument(
        "--strength",
        type=float,
        default=10.0,
        metavar="N",
        help="how firmly it stays with the base's weights (%(default)s)",
    )
    fit.add_argument("--out", type=Path, metavar="FOLDER", help="default: where the rankings are")
    fit.set_defaults(run=_fit_ranking)


def _build_catalogue(options: argparse.Namespace) -> int:
    from facet.catalogue.build import write_catalogue  # noqa: PLC0415 - `--help` stays instant

    built = write_catalogue(options.data, options.out, options.imported)
    _say_left_out(built.left_out)
    catalogue = built.catalogue
    print(f"{len(catalogue)} products, version {catalogue.version}: {options.out}")
    return 0


def _import_products(options: argparse.Namespace) -> int:
    from facet.catalogue.importers import import_products  # noqa: PLC0415

    name = options.file.name.removesuffix(".gz")
    out = options.out or IMPORTED / f"{Path(name).stem}.jsonl"
    done = import_products(options.file, options.format, out, options.rules)
    if done.left_out:
        with done.report.open(encoding="utf-8") as report:
            rows = [line.rstrip("\n").split("\t") for line in islice(report, 1, SHOWN + 1)]
        _say_left_out([f"line {line}: {reason}" for line, _, reason in rows], done.left_out)
        print("  all of them: " + str(done.report), file=sys.stderr)
    why = ", ".join(f"{count} {code}" for code, count in done.codes.most_common())
    left_out = f"{done.left_out} left out" + (f" ({why})" if why else "")
    print(f"{done.read} rows read, {done.taken} taken, {left_out}: {done.out}")
    return 0


def _search_catalogue(options: argparse.Namespace) -> int:
    from pydantic import ValidationError  # noqa: PLC0415

    from facet.catalogue.catalogue import Catalogue  # noqa: PLC0415
    from facet.catalogue.index import Index  # noqa: PLC0415
    from facet.domain.search import Query  # noqa: PLC0415

    shade = options.shade and options.shade.lower()
    point = {"shade": shade, "product_id": options.like}
    try:
        query = Query(
            text=options.text,
            categories=options.category,
            concern=options.concern,
            skin_type=options.skin_type,
            price_bands=options.price_band,
            holds=options.holds,
            without=options.without,
            pregnancy=options.pregnancy,
            near={k: v for k, v in point.items() if v} or None,
            limit=options.limit,
        )
        catalogue = Catalogue.open(options.out / "snapshot.json")
    except ValidationError as error:
        detail = error.errors()[0]
        raise FacetError(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}") from error
    except OSError as error:
        raise FacetError(f"{error.filename} is not there: `facet catalog build` first") from error
    for name in query.categories:
        if name not in catalogue.categories:
            raise FacetError(f"no category {name}; there are {', '.join(catalogue.categories)}")
    known = catalogue.ingredients
    unknown = [
        *known.avoided(query.without).unknown,
        *(n for n in query.holds if not known.find(n)),
    ]
    for name in unknown:
        print(f"facet: no ingredient we know is called {name!r}", file=sys.stderr)
    found = Index(catalogue).search(query)
    for hit in found.hits:
        row = catalogue.row(hit.product_id)
        assert row is not None  # noqa: S101 - the index names only what is in its catalogue
        category, brand = catalogue.categories[catalogue.category[row]], catalogue.brand_at(row)
        print("\t".join((hit.product_id, category, brand or "", catalogue.names[row])))
    print(f"{len(found.hits)} of {found.total}", file=sys.stderr)
    return 0


def _say_left_out(lines: Sequence[str], count: int | None = None) -> None:
    for line in lines[:SHOWN]:
        print(f"  left out: {line}", file=sys.stderr)
    more = (len(lines) if count is None else count) - SHOWN
    if more > 0:
        print(f"  left out: {more} more", file=sys.stderr)


def _analyze(options: argparse.Namespace) -> int:
    failed = False
    show = _as_json if options.json else _as_text
    for document in _documents(options.photos, options.preset):
        failed = failed or "failure" in document
        print(show(document), flush=True)
    return SOME_FAILED if failed else 0


def _documents(photos: Sequence[str], preset: Any) -> Iterator[dict[str, Any]]:
    """One result document per photo, in their order; a failure is a document too."""
    from facet.vision.analyze import analyze_photo  # noqa: PLC0415 - `--help` stays instant
    from facet.vision.face.models import FaceModels  # noqa: PLC0415
    from facet.vision.photo.gates import load_gates  # noqa: PLC0415

    gates = load_gates(preset)
    try:
        models = FaceModels.load(_models_dir())
    except FileNotFoundError as error:
        raise FacetError(f"{error}, or set MODELS_DIR") from error
    for name in photos:
        try:
            analysis = analyze_photo(_read(name, gates.max_bytes), models, gates)
            yield {"file": name, **_document(analysis)}
        except PhotoRejectedError as error:
            checks = [check.model_dump(mode="json", exclude_none=True) for check in error.checks]
            yield _failure(name, error.code, error.message, checks)
        except PermanentError as error:
            yield _failure(name, error.code, error.message)
        except Exception as error:  # a bug must not keep the other photos from being analysed
            yield _failure(name, "internal_error", f"{type(error).__name__}: {error}")


def _rescore(options: argparse.Namespace) -> int:
    from facet.vision.skin.rescore import rescore_document  # noqa: PLC0415 - `--help` stays instant
    from facet.vision.skin.scores import load_scoring  # noqa: PLC0415

    scoring = load_scoring(options.scoring)
    failed = False
    for name in options.stored:
        try:
            for document in _stored(name):
                print(_as_json(rescore_document(document, scoring)), flush=True)
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


def _publish_catalogue(options: argparse.Namespace) -> int:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from facet.adapters.aws import client, table  # noqa: PLC0415
    from facet.adapters.catalogue import ProductsTable, stack_outputs  # noqa: PLC0415
    from facet.adapters.s3 import Bucket  # noqa: PLC0415
    from facet.services.current_catalogue import SNAPSHOT_KEY  # noqa: PLC0415

    try:
        snapshot = (options.out / "snapshot.json").read_bytes()
        rows = (options.out / "products.jsonl").open(encoding="utf-8")
    except FileNotFoundError as error:
        raise FacetError(f"{error.filename} is not there: `facet catalog build` first") from error
    try:
        outputs = stack_outputs(client("cloudformation"), options.stack_name)
        products = ProductsTable(table(outputs["ProductsTableName"]))
        # The snapshot goes last: what a worker recommends can be looked up from the start.
        with rows:
            count = products.replace(rows)
        media = Bucket(client("s3"), outputs["MediaBucketName"])
        if bucket := outputs.get("VectorBucketName"):
            _publish_vectors(options.out / "snapshot.json", bucket)
        readable = snapshot.startswith(b"{")
        kind = "application/json" if readable else "application/octet-stream"
        media.put(SNAPSHOT_KEY, snapshot, kind, "catalogue")
    except (BotoCoreError, ClientError, KeyError) as error:
        raise FacetError(f"{options.stack_name}: {error}") from error
    print(f"{count} products published to {options.stack_name}")
    return 0


def _publish_vectors(snapshot: Path, name: str) -> None:
    from facet.adapters.aws import client  # noqa: PLC0415
    from facet.adapters.vectors import VectorBucket  # noqa: PLC0415
    from facet.catalogue.catalogue import Catalogue  # noqa: PLC0415
    from facet.catalogue.vectors import CARRIED, DIMENSIONS, METRICS, TEXTS, entries  # noqa: PLC0415

    catalogue, bucket = Catalogue.open(snapshot), VectorBucket(client("s3vectors"), name)
    for space, dimension in DIMENSIONS.items():
        bucket.create(
            space, dimension=dimension, metric=METRICS[space], texts=TEXTS, carried=CARRIED
        )
        count = bucket.replace(space, entries(catalogue, space))
        print(f"{count} vectors of {space} in {name}")


def _export_feedback(options: argparse.Namespace) -> int:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from facet.adapters.aws import client, table  # noqa: PLC0415
    from facet.adapters.catalogue import stack_outputs  # noqa: PLC0415
    from facet.adapters.feedback import export_feedback  # noqa: PLC0415

    try:
        outputs = stack_outputs(client("cloudformation"), options.stack_name)
        for feedback in export_feedback(table(outputs["TableName"])):
            print(feedback.model_dump_json(exclude_none=True))
    except (BotoCoreError, ClientError, KeyError) as error:
        raise FacetError(f"{options.stack_name}: {error}") from error
    return 0


def _fit_ranking(options: argparse.Namespace) -> int:
    from facet.advice.learning import fit, read_feedback, write_ranking  # noqa: PLC0415
    from facet.advice.ranking import FOLDER, load_ranking  # noqa: PLC0415

    folder = options.out or FOLDER
    try:
        lines = options.feedback.read_text("utf-8-sig").split("\n")
    except (OSError, ValueError) as error:
        raise FacetError(f"{options.feedback}: {error}") from error
    if not 0 <= options.strength < math.inf or not re.fullmatch("[a-z0-9-]+", options.version):
        raise FacetError("a version is a-z, 0-9 and hyphens; a strength is not below 0")
    feedback, problems = read_feedback(lines)
    for problem in problems:
        print(f"facet: {options.feedback}: {problem}", file=sys.stderr)
    new = fit(feedback, load_ranking(options.base), options.version, options.strength)
    path = write_ranking(new, folder)
    print(f"{new.fitted} answers fitted, {new.held_out} held out, {new.skipped} say nothing")
    print(f"log-loss {new.before.log_loss:.4f} -> {new.after.log_loss:.4f}")
    print(f"AUC      {new.before.auc:.4f} -> {new.after.auc:.4f}")
    verdict = "worth a rollout" if new.better else "not better: no reason for a rollout"
    print(f"{path}: {verdict}")
    return 0


def _models_dir() -> Path:
    """MODELS_DIR, or where the build puts the models in a checkout."""
    built = Path(__file__).parents[2] / "models" / "models"
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
    return {"photo": {"width": analysis.width, "height": analysis.height}, **reading}


def _failure(
    name: str, code: str, message: str, checks: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    return {"file": name, "failure": {"code": code, "message": message, "checks": list(checks)}}


def _as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


def _as_text(document: dict[str, Any]) -> str:
    failure = document.get("failure")
    if failure:
        lines = [_title(document["file"], "rejected" if failure["checks"] else "failed")]
        if not failure["checks"]:
            lines += [_row("error", failure["code"]), _row("", failure["message"])]
        lines += _check_rows(failure["checks"])
        return "\n".join(lines) + "\n"

    tone, pose = document["skin"]["tone"], document["face"]["pose"]
    low, high = tone["ita_interval"]
    photo = document["photo"]
    monk = "   ".join(
        f"{share['tone']} {_bar(share['share'])} {share['share']:.0%}"
        for share in tone["monk"][:3]
        if share["share"] >= 0.01
    )
    lines = [
        _title(document["file"], document["quality"]["verdict"]),
        _row(
            "skin tone",
            f"ITA {tone['ita']:.0f}° ({low:.0f} to {high:.0f}), {tone['ita_class']}, {tone['hex']}",
        ),
        _row("Monk scale", monk),
        _row("undertone", f"{tone['undertone']}, {tone['undertone_confidence']:.0%} confident"),
        _row(
            "head",
            ", ".join(
                (
                    _angle(pose["yaw"], "left", "right"),
                    _angle(pose["pitch"], "up", "down"),
                    _angle(pose["roll"], "tilted left", "tilted right"),
                )
            ),
        ),
        *_face_rows(document),
        *_skin_rows(document),
        _row("photo", f"{photo['width']} x {photo['height']} px, upright"),
        *_check_rows(document["quality"]["checks"]),
    ]
    return "\n".join(lines) + "\n"


def _face_rows(document: dict[str, Any]) -> Iterator[str]:
    face = document["face"]
    if face.get("shape"):
        yield _row("face shape", _shares(face["shape"]))
    seen = [f"{one['feature']} {one['name']}" for one in face["colours"] if "name" in one]
    if seen:
        yield _row("colours", ", ".join(seen))
    if document.get("season"):
        yield _row("season", _shares(document["season"]))


def _skin_rows(document: dict[str, Any]) -> Iterator[str]:
    measured = [one for one in document["skin"]["concerns"] if "score" in one]
    for title, one in zip(("skin", *[""] * len(measured)), measured, strict=False):
        score = f"{one['score']:3.0f} of 100, {one['band']}"
        yield _row(title, f"{_words(one['name']):<13}{score:<22}{one['measured']:g} {one['unit']}")
    absent = [_words(one["name"]) for one in document["skin"]["concerns"] if "score" not in one]
    if absent:
        yield _row("not seen", ", ".join(absent))
    if prediction := document.get("prediction"):
        yield _row("condition", _shares(prediction["all_conditions"]))
    for model in document["classifications"]:
        yield _row("model", f"{model['model']} {model['version']}: {_shares(model['labels'])}")


def _shares(shares: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{one['name']} {one['share']:.0%}" for one in shares[:3])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _title(name: str, verdict: str) -> str:
    return f"{name}: {verdict}"


def _row(name: str, value: str) -> str:
    return f"  {name:<12}{value}"


def _check_rows(checks: Sequence[dict[str, Any]]) -> Iterator[str]:
    for check in checks:
        measured, found = check.get("measured"), ""
        if isinstance(measured, str):
            found = f" ({measured})"
        elif measured is not None:
            found = f" ({measured:g} {check['unit']}, limit {check['threshold']:g})"
        yield _row(check["severity"], f"{check['code']}{found}")
        yield _row("", check["hint"])


def _bar(share: float) -> str:
    return "█" * max(1, round(share * 10))


def _angle(degrees: float, positive: str, negative: str) -> str:
    return f"{abs(degrees):.0f}° {positive if degrees >= 0 else negative}"


if __name__ == "__main__":
    sys.exit(main())
