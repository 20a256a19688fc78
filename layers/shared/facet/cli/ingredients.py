"""`facet ingredients`: the names that are recognised on labels, taken from the EU's CosIng."""

import argparse
from collections.abc import Callable
from pathlib import Path

from facet.cli import Commands

FORMATS = ("cosing",)
DATA = Path("data/skincare")


def add_to(commands: Commands) -> None:
    """Adds `facet ingredients` with its tasks."""
    ingredients = commands.add_parser("ingredients", help="the names that labels are read with")
    tasks = ingredients.add_subparsers(title="tasks", metavar="TASK", required=True)
    imports = tasks.add_parser(
        "import",
        help="take in a newer list of names",
        description="Read names and functions of cosmetic ingredients from an export of CosIng "
        "(CSV with the columns `INCI name` and `Function`) for the next `facet catalog build`.",
    )
    imports.add_argument("file", type=Path, metavar="FILE")
    imports.add_argument("--format", choices=FORMATS, required=True)
    imports.add_argument("--data", type=Path, default=DATA, metavar="FOLDER")
    imports.set_defaults(run=_import_names)


def _import_names(options: argparse.Namespace) -> int:
    from facet.catalogue.recognised import import_cosing  # noqa: PLC0415 - `--help` stays instant

    out = options.data / "recognised.tsv"
    taken = import_cosing(options.file, out, _refused(options.data))
    print(f"{taken.names} names taken, {len(taken.refused)} left out as refused: {out}")
    return 0


def _refused(data: Path) -> Callable[[str], bool]:
    """Whether a name is of a medicine or of what is banned, which nobody may take for harmless."""
    from facet.catalogue.refused import Refused  # noqa: PLC0415
    from facet.catalogue.sources import read_toml  # noqa: PLC0415

    return Refused.of(read_toml(data / "refused.toml")).hits_name
