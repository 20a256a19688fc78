"""The built artifact under Lambda's own runtime interface client, without Docker.

    make invoke FUNCTION=AnalyzeFunction EVENT=events/s3_face_uploaded.json

Runs the built FUNCTION with its layers, as `sam build` packed them, and nothing else on the
path: AWS's runtime interface emulator calls awslambdaric, which calls the handler. The AWS it
talks to is an emulator on loopback that lives for this command alone and holds what the event
speaks of: the photo (--photo, by default a public-domain portrait), the analysis in the state the
function expects, tables, buckets, queue and catalogue, under the names of events/env.json. All of
it is set up again before each call.

Prints the first call (imports included), the warm ones, the answer and the peak memory. The first
call is that of files the system has read before: AWS adds what it takes to fetch them.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from local.template import ENVIRONMENTS


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="make invoke",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("function", choices=sorted(ENVIRONMENTS))
    parser.add_argument("event", type=Path, help="a file of events/, or one of your own")
    parser.add_argument("--runs", type=int, default=5, help="warm calls after the first (5)")
    parser.add_argument("--photo", type=Path, help="the photo that the event is about")
    parser.add_argument("--logs", action="store_true", help="print what the function logged")
    return _invoke(parser.parse_args(arguments))


def _invoke(options: argparse.Namespace) -> int:
    # What is asked for wrongly is answered at once: these take seconds to import.
    from rich.console import Console  # noqa: PLC0415

    from local.artifacts import build, unzipped_mb  # noqa: PLC0415
    from local.demo import default_photo  # noqa: PLC0415
    from local.emulated_aws import emulated_aws  # noqa: PLC0415
    from local.runtime import invoke  # noqa: PLC0415
    from local.stack import StackError, step  # noqa: PLC0415

    console = Console(highlight=False)
    try:
        event = json.loads(options.event.read_text())
        photo = (options.photo or default_photo()).read_bytes()
        with step("sam build for this machine"):
            folder = build()
        with emulated_aws(photo) as aws:
            result = invoke(options.function, event, aws, options.runs, folder)
    except (StackError, OSError) as error:
        console.print(f"✗ {error}", style="red", markup=False)
        return 1
    if options.logs:
        console.print(result.log, markup=False)
    console.print_json(data=result.answer)
    warm = f"{statistics.median(result.warm_ms):.0f} ms" if result.warm_ms else "not asked for"
    console.print(
        f"first call {result.first_ms:.0f} ms ({result.first_cpu_ms:.0f} ms CPU) · "
        f"warm {warm} (median of {len(result.warm_ms)}) · peak {result.peak_mb:.0f} MB · "
        f"unzipped {unzipped_mb(options.function, folder):.1f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
