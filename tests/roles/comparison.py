"""What was recorded, held against what the roles grant: nothing missing, nothing in excess."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path

from tests.roles.recorder import Use

REASONS = Path(__file__).parent / "unrecorded.toml"


@dataclass(frozen=True)
class Unrecorded:
    """Why some functions are granted what no test sees them use."""

    reason: str
    functions: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def explains(self, grant: Use) -> bool:
        return (
            grant.function in self.functions
            and grant.action in self.actions
            and grant.resource in self.resources
        )


def reasons(path: Path = REASONS) -> list[Unrecorded]:
    return [
        Unrecorded(
            entry["reason"],
            tuple(entry["functions"]),
            tuple(entry["actions"]),
            tuple(entry["resources"]),
        )
        for entry in tomllib.loads(path.read_text())["unrecorded"]
    ]


def covers(grant: Use, use: Use) -> bool:
    """Whether a grant allows a use. A star of its resource stands for anything, as in IAM."""
    return grant[:2] == use[:2] and fnmatchcase(use.resource, grant.resource)


def serves(grant: Use, use: Use) -> bool:
    """Whether a use is a reason for a grant, which is more than that the grant allows it.

    A listing's bucket serves whoever lists by prefix, and a prefix whoever has objects there.
    """
    if grant.function != use.function:
        return False
    if covers(grant, use):
        return True
    bucket, bound, prefix = grant.resource.partition("?")
    if bound:
        return use.resource == f"{bucket}/{prefix}"
    return grant.action == use.action and use.resource.startswith(f"{bucket}?")


def missing(uses: Iterable[Use], grants: Iterable[Use]) -> list[str]:
    """What functions call and may not, each as the statement to add."""
    grants = set(grants)
    wanted = {use for use in uses if not any(covers(grant, use) for grant in grants)}
    return [
        f"{function}: add {{Effect: Allow, Action: {listed(actions)}, Resource: {resource}}}"
        for function, resource, actions in _by_resource(wanted)
    ]


def excess(uses: Iterable[Use], grants: Iterable[Use], known: Iterable[Unrecorded]) -> list[str]:
    """What functions may and never do, each as what to take away; and reasons that are none."""
    uses, grants, known = set(uses), set(grants), list(known)
    unused = {grant for grant in grants if not any(serves(grant, use) for use in uses)}
    unexplained = {grant for grant in unused if not any(entry.explains(grant) for entry in known)}
    told = [
        f"{function}: remove {listed(actions)} on {resource}, which no test uses "
        "(or give the reason in tests/roles/unrecorded.toml)"
        for function, resource, actions in _by_resource(unexplained)
    ]
    return [*told, *idle(unused, grants, known)]


def idle(unused: set[Use], grants: set[Use], known: Iterable[Unrecorded]) -> Iterator[str]:
    """Every part of a reason that explains nothing: it is used after all, or not granted."""
    for entry in known:
        for function in entry.functions:
            for action in entry.actions:
                for resource in entry.resources:
                    grant = Use(function, action, resource)
                    if grant not in unused:
                        why = "a test uses it" if grant in grants else "it is not granted"
                        yield (
                            f"tests/roles/unrecorded.toml: take out {function}, {action}, "
                            f"{resource}: {why}"
                        )


def listed(actions: list[str]) -> str:
    return actions[0] if len(actions) == 1 else f"[{', '.join(actions)}]"


def _by_resource(wanted: set[Use]) -> Iterator[tuple[str, str, list[str]]]:
    """(function, resource, its actions), in order."""
    rows = sorted((use.function, use.resource, use.action) for use in wanted)
    for (function, resource), group in groupby(rows, key=lambda row: row[:2]):
        yield function, resource, [action for _, _, action in group]
