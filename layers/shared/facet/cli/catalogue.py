"""`facet catalog`: the catalogue of products built, imported into, searched and published."""

import argparse
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from facet.cli import Commands
from facet.cli.deployed import deployed
from facet.domain.errors import FacetError

OUT = Path("build/catalogue")
IMPORTED = OUT / "imported"
# The importers' own; asking them would import pydantic. A test holds the two together.
FORMATS = ("facet", "openbeautyfacts", "csv")
SHOWN = 20  # left-out rows on the screen; the report has all


def add_to(commands: Commands) -> None:
    """Adds `facet catalog` with its tasks."""
    catalog = commands.add_parser("catalog", help="the catalogue of products")
    tasks = catalog.add_subparsers(title="tasks", metavar="TASK", required=True)
    _add_build(tasks)
    _add_import(tasks)
    _add_search(tasks)
    _add_publish(tasks)


def _add_build(tasks: Commands) -> None:
    build = tasks.add_parser(
        "build",
        help="check the sources and write the snapshot",
        description="Check the catalogue's sources; write snapshot.json and products.jsonl.",
    )
    build.add_argument("--data", type=Path, default=Path("data/skincare"), metavar="FOLDER")
    build.add_argument("--out", type=Path, default=OUT, metavar="FOLDER")
    build.add_argument(
        "--imported",
        type=Path,
        default=IMPORTED,
        metavar="FOLDER",
        help="what `facet catalog import` wrote (%(default)s)",
    )
    build.set_defaults(run=_build_catalogue)


def _add_import(tasks: Commands) -> None:
    imports = tasks.add_parser(
        "import",
        help="take in other people's products",
        description="Read a product list, plain or gzipped, for the next `facet catalog build`. "
        "Rows that cannot be used are reported and left out; exit status 1 if none could.",
    )
    imports.add_argument("file", type=Path, metavar="FILE")
    imports.add_argument("--format", choices=FORMATS, required=True)
    imports.add_argument(
        "--out", type=Path, metavar="FILE", help=f"where to ({IMPORTED}/<name of FILE>.jsonl)"
    )
    imports.add_argument("--rules", type=Path, default=Path("data/imports"), metavar="FOLDER")
    imports.set_defaults(run=_import_products)


def _add_search(tasks: Commands) -> None:
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
    search.add_argument("--out", type=Path, default=OUT, metavar="FOLDER")
    search.set_defaults(run=_search_catalogue)


def _add_publish(tasks: Commands) -> None:
    publish = tasks.add_parser(
        "publish",
        help="send what was built to a stack",
        description="Send a built catalogue to a deployed stack; workers take it up in a minute.",
    )
    publish.add_argument("--stack-name", required=True, metavar="NAME", help="e.g. facet-dev")
    publish.add_argument("--out", type=Path, default=OUT, metavar="FOLDER")
    publish.set_defaults(run=_publish_catalogue)


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
    ingredients = catalogue.ingredients
    unknown = [
        *ingredients.avoided(query.without).unknown,
        *(name for name in query.holds if not ingredients.find(name)),
    ]
    for name in unknown:
        print(f"facet: no ingredient we know is called {name!r}", file=sys.stderr)
    answer = Index(catalogue).search(query)
    for hit in answer.hits:
        row = catalogue.row(hit.product_id)
        assert row is not None  # noqa: S101 - the index names only what is in its catalogue
        category, brand = catalogue.categories[catalogue.category[row]], catalogue.brand_at(row)
        print("\t".join((hit.product_id, category, brand or "", catalogue.names[row])))
    print(f"{len(answer.hits)} of {answer.total}", file=sys.stderr)
    return 0


def _say_left_out(lines: Sequence[str], count: int | None = None) -> None:
    for line in lines[:SHOWN]:
        print(f"  left out: {line}", file=sys.stderr)
    more = (len(lines) if count is None else count) - SHOWN
    if more > 0:
        print(f"  left out: {more} more", file=sys.stderr)


def _publish_catalogue(options: argparse.Namespace) -> int:
    from facet.adapters.aws import client, table  # noqa: PLC0415
    from facet.adapters.catalogue import ProductsTable  # noqa: PLC0415
    from facet.adapters.s3 import Bucket  # noqa: PLC0415
    from facet.domain.places import CATALOGUE_SNAPSHOT  # noqa: PLC0415

    try:
        snapshot = (options.out / "snapshot.json").read_bytes()
        rows = (options.out / "products.jsonl").open(encoding="utf-8")
    except FileNotFoundError as error:
        raise FacetError(f"{error.filename} is not there: `facet catalog build` first") from error
    with deployed(options.stack_name) as outputs:
        products = ProductsTable(table(outputs["ProductsTableName"]))
        # The snapshot goes last: what a worker recommends can be looked up from the start.
        with rows:
            count = products.replace(rows)
        media = Bucket(client("s3"), outputs["MediaBucketName"])
        if bucket := outputs.get("VectorBucketName"):
            _publish_vectors(options.out / "snapshot.json", bucket)
        readable = snapshot.startswith(b"{")
        kind = "application/json" if readable else "application/octet-stream"
        media.put(CATALOGUE_SNAPSHOT, snapshot, kind, "catalogue")
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
