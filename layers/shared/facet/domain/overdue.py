"""What waited too long, and how the sweep shares it out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from facet.domain.base import Stored

# May grow with a release, never shrink: rows keep the shard that they were written with.
OPEN_SHARDS = 16
# After each time that something was sent on: until it is overdue again. The last is sent more than
# an hour after the first deadline, so that an outage of an hour loses nothing.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (10, 20, 30, 30))
MAX_REDRIVES = len(WAITS)


def due_again(now: datetime, redrives: int, patience: timedelta = WAITS[0]) -> datetime:
    """When something is overdue that is sent on once more at `now`.

    redrives: how often it was before. patience: what it takes itself, at least so long.
    """
    return now + max(WAITS[min(redrives, MAX_REDRIVES - 1)], patience)


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
