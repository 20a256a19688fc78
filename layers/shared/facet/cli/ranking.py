"""`facet learn`: the ranking of products, refitted to what people made of it."""

import argparse
import math
import re
import sys
from pathlib import Path

from facet.advice.ranking import DEFAULT, FOLDER, STRENGTH, load_ranking
from facet.cli import Commands
from facet.cli.deployed import deployed
from facet.domain.errors import FacetError


def add_to(commands: Commands) -> None:
    """Adds `facet learn` with its tasks."""
    learn = commands.add_parser("learn", help="the ranking, from what people made of it")
    tasks = learn.add_subparsers(title="tasks", metavar="TASK", required=True)
    _add_export(tasks)
    _add_fit(tasks)


def _add_export(tasks: Commands) -> None:
    export = tasks.add_parser(
        "export",
        help="a stack's feedback, one JSON document a line",
        description="Print a deployed stack's feedback: no user ids, no comments.",
    )
    export.add_argument("--stack-name", required=True, metavar="NAME", help="e.g. facet-dev")
    export.set_defaults(run=_export_feedback)


def _add_fit(tasks: Commands) -> None:
    fit = tasks.add_parser(
        "fit",
        help="refit the ranking weights",
        description="Refit the ranking weights to exported feedback and write them as a new "
        "version, with the figures of one person in five held out.",
    )
    fit.add_argument("feedback", type=Path, metavar="FEEDBACK.jsonl")
    fit.add_argument("--version", required=True, metavar="NAME", help="of the new weights")
    fit.add_argument("--base", default=DEFAULT, metavar="NAME", help="(%(default)s)")
    fit.add_argument(
        "--strength",
        type=float,
        default=STRENGTH,
        metavar="N",
        help="how firmly it stays with the base's weights (%(default)s)",
    )
    fit.add_argument("--out", type=Path, metavar="FOLDER", help="default: where the rankings are")
    fit.set_defaults(run=_fit_ranking)


def _export_feedback(options: argparse.Namespace) -> int:
    from facet.adapters.aws import table  # noqa: PLC0415
    from facet.adapters.feedback import export_feedback  # noqa: PLC0415

    with deployed(options.stack_name) as outputs:
        for feedback in export_feedback(table(outputs["TableName"])):
            print(feedback.model_dump_json(exclude_none=True))
    return 0


def _fit_ranking(options: argparse.Namespace) -> int:
    from facet.advice.learning import fit, read_feedback, write_ranking  # noqa: PLC0415

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
