"""What a user told us and owns, as stored: read leniently, since schemas change over years."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Belongings:
    """Stored documents; empty where the user has told nothing yet."""

    profile: Mapping[str, Any]
    bag: tuple[Mapping[str, Any], ...] = ()
    wardrobe: tuple[Mapping[str, Any], ...] = ()
    feedback: tuple[Mapping[str, Any], ...] = ()
