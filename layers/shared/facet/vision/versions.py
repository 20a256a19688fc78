"""Which pipeline and which tables measure here, read without loading what measures."""

import tomllib
from functools import cache
from pathlib import Path

from facet.domain import naming, tone
from facet.vision.skin.scores import CURRENT

PIPELINE_VERSION = "2"
_ROOM = Path(__file__).parent
_TABLES = {
    "gates": "photo/gates.toml",
    "tone": "skin/tone.toml",
    "colours": "skin/colours.toml",
    "shape": "face/shape.toml",
    "season": "skin/season.toml",
    "conditions": f"skin/conditions/{CURRENT}.toml",
    "index": "skin/index.toml",
}


@cache
def table_versions() -> dict[str, str]:
    """The version of every table of numbers but the scoring's, by the table's name."""
    vision = {
        name: str(tomllib.loads((_ROOM / file).read_text(encoding="utf-8"))["version"])
        for name, file in _TABLES.items()
    }
    return vision | {"tone_classes": tone.table_version(), "naming": naming.table_version()}


def running_versions() -> dict[str, str]:
    """Everything that is known without the models: detector and mesh are told by readings alone."""
    return {"pipeline": PIPELINE_VERSION, "scoring": CURRENT, **table_versions()}
