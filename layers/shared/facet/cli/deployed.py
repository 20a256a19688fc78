"""A deployed stack as the commands meet it: found by its name, its refusals in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from facet.domain.errors import FacetError


@contextmanager
def deployed(stack_name: str) -> Iterator[dict[str, str]]:
    """The outputs of a stack, for as long as the block talks to it.

    Raises FacetError, the stack named, for what AWS refuses and for an output that is not there.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from facet.adapters.aws import client  # noqa: PLC0415
    from facet.adapters.catalogue import stack_outputs  # noqa: PLC0415

    try:
        yield stack_outputs(client("cloudformation"), stack_name)
    except (BotoCoreError, ClientError, KeyError) as error:
        raise FacetError(f"{stack_name}: {error}") from error
