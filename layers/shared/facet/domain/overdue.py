"""What waited too long, and how the sweep shares it out."""

from dataclasses import dataclass
from datetime import datetime

from facet.domain.base import Stored

# May grow with a release, never shrink: rows keep the shard that they were written with.
OPEN_SHARDS = 16


@dataclass(frozen=True, slots=True)
class Overdue:
    """A row that waited too long; `what` it is says the first part of its sort key."""

    what: str
    user_id: str
    row_id: str


class ShardToSweep(Stored):
    """Message to SweepFunction: look into one shard of what waits."""

    shard: int
    at: datetime
