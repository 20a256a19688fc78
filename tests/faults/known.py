"""What is broken today, and may only become less (known.toml)."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.faults.trials import Trial

LIST: Final = Path(__file__).with_name("known.toml")

type Broken = tuple[Trial, str]


def known() -> set[Broken]:
    """Trials and what each is known to break."""
    listed = tomllib.loads(LIST.read_text()).get("known", ())
    return {
        (Trial(each["flow"], each["fault"], each.get("call", "")), each["broken"])
        for each in listed
    }


def written(broken: Iterable[Broken]) -> str:
    """The list as known.toml has it."""
    parts = []
    for trial, what in sorted(broken):
        told = {"flow": trial.flow, "fault": trial.fault, "call": trial.call, "broken": what}
        lines = [f'{name} = "{value}"' for name, value in told.items() if value]
        parts.append("\n".join(["[[known]]", *lines]))
    return "\n\n".join(parts) + "\n"
