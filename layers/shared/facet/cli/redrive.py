"""`facet redrive`: what a stack gave up, why, and back with it."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from facet.cli import Commands
from facet.cli.deployed import deployed
from facet.domain.errors import FacetError

if TYPE_CHECKING:
    from facet.adapters.given_up import GivenUp, GivenUpQueues


def add_to(commands: Commands) -> None:
    """Adds `facet redrive`."""
    redrive = commands.add_parser(
        "redrive",
        help="what a stack gave up: list it, send it back",
        description="List the dead letters of a deployed stack's queues and the S3 events that its "
        "functions failed on. With --all or --message, say what would be sent back to where it "
        "came from; with --send as well, send it. Whatever is asked for twice is done once.",
    )
    redrive.add_argument("--stack-name", required=True, metavar="NAME", help="e.g. facet-dev")
    redrive.add_argument("--queue", metavar="QUEUE", help="only this one, as the list calls it")
    redrive.add_argument("--most", type=int, default=100, metavar="N", help="a queue (%(default)s)")
    which = redrive.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every message that is listed")
    which.add_argument("--message", metavar="ID", help="the message of this id")
    redrive.add_argument("--send", action="store_true", help="send back what was chosen")
    redrive.set_defaults(run=_redrive)


def _redrive(options: argparse.Namespace) -> int:
    from facet.adapters.aws import client  # noqa: PLC0415
    from facet.adapters.given_up import GivenUpQueues, stack_resources  # noqa: PLC0415

    if options.send and not (options.all or options.message):
        raise FacetError("say what to send: --all or --message ID")
    with deployed(options.stack_name):
        resources = stack_resources(client("cloudformation"), options.stack_name)
        queues = GivenUpQueues(client("sqs"), client("lambda"), resources)
        count = 0
        for message in _listed(queues, options):
            count += 1
            print(_line(message), _done(message, queues, options), sep="")
    print(f"{count} given up" if count else "nothing was given up")
    return 0


def _listed(queues: "GivenUpQueues", options: argparse.Namespace) -> Iterator["GivenUp"]:
    if options.queue and options.queue not in queues.names:
        raise FacetError(f"no such queue: {options.queue}; there are {', '.join(queues.names)}")
    for name in [options.queue] if options.queue else queues.names:
        yield from list(queues.messages(name, options.most))


def _done(message: "GivenUp", queues: "GivenUpQueues", options: argparse.Namespace) -> str:
    chosen = options.all or options.message == message.message_id
    if chosen and options.send:
        return f"  -> sent back to {queues.send_back(message)}"
    queues.show_again(message)
    return "  -> would be sent back" if chosen else ""


def _line(message: "GivenUp") -> str:
    when = f"{message.sent_at:%Y-%m-%d %H:%M}"
    return f"{message.queue}  {message.message_id}  {when} UTC  {message.told}"
