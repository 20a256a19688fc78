"""The parser of all commands, and what an ending means: exit status and one sentence."""

import argparse
import os
import sys
from collections.abc import Sequence

from facet.cli import advise, catalogue, ingredients, photos, ranking, redrive
from facet.domain.errors import FacetError

# Each imports what it works with when it runs: `facet --help` is instant.
GROUPS = (photos, advise, catalogue, ingredients, ranking, redrive)
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command -> 0: all well, 2: a photo or a case failed, 1: it could not start."""
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
        prog="facet",
        description="What a photo of a face shows, and what to make of it, on this machine.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in GROUPS:
        group.add_to(commands)
    return parser
