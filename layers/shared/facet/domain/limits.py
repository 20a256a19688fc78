"""How often a minute, or a day, a person may do what costs something.

The day's quota (domain/quota.py) counts analyses; these counters hold back a burst of anything that
is written, drawn or uploaded, and a day's heap of what nobody takes away. How many of each is a
parameter of template.yaml, with its reason. Reading is not counted.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from facet.domain.errors import PermanentError
from facet.saying import say

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Limited(StrEnum):
    """What is counted, each for itself."""

    UPLOADS = "uploads"  # photos that a URL is signed for
    ANALYSES = "analyses"  # started, whether of one photo or of three
    LOOKS = "looks"  # asked for
    WRITES = "writes"  # every other call that is no GET, but for an erasure
    FEEDBACK = "feedback"  # kept, which is counted by the day

    @property
    def window(self) -> timedelta:
        """How long it is counted for, from a full minute, or a midnight (UTC), on."""
        return DAY if self is Limited.FEEDBACK else MINUTE


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many of one thing a person may do in the present window, and how many are left."""

    limit: int
    left: int
    reset_at: datetime


class TooOftenError(PermanentError):
    """More than `usage.limit` of one thing within its window; nothing was done, or counted."""

    def __init__(self, what: Limited, usage: Allowance) -> None:
        super().__init__("too_often", most=usage.limit, what=say(f"limited.{what}"))
        self.usage = usage


def window_of(now: datetime, what: Limited) -> datetime:
    """When the window of `now` began in which this is counted."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    return minute.replace(hour=0, minute=0) if what.window == DAY else minute
