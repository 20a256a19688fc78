"""The rules of the drawn makeup, from render.toml: what goes where, how much, in which finish.

Without numpy: services ask here what may be asked for, and draw nothing.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, cast

from facet.domain.style import Finish, LookStep, Makeup, MakeupCategory, Region


def places_of(category: MakeupCategory) -> tuple[Region, ...]:
    """Where a category may go, its usual place first."""
    return cast(tuple[Region, ...], tuple(render_rules()["product"][category]["places"]))


def finish_called(word: str | None) -> Finish:
    """What a product calls its finish -> the finish that is drawn; satin for an unknown word."""
    rules, name = render_rules(), (word or "").strip().lower()
    if name in rules["finish"]:
        return cast(Finish, name)
    names = rules["finish_called"]
    return cast(Finish, names.get(name, names["other"]))


def makeup_of(step: LookStep) -> Makeup:
    """A step of a look as it is drawn."""
    may = places_of(step.category)
    return Makeup(
        category=step.category,
        regions=tuple(region for region in step.regions if region in may),
        hex=step.hex,
        finish=finish_called(step.finish),
        intensity=step.intensity,
    )


@cache
def render_rules() -> dict[str, Any]:
    """The whole of render.toml, read once."""
    return tomllib.loads(Path(__file__).with_name("render.toml").read_text(encoding="utf-8"))
