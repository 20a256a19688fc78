"""GET /v1/health/ready: can the parts be reached, now or ten seconds ago?"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Literal

from pydantic import Field

from facet.domain.base import Answer

# Anybody may ask, without a sign-in: however often they do, a process looks no more often.
FRESH_FOR = timedelta(seconds=10)


class Health(Answer):
    """Whether the API and the parts it needs can be reached."""

    status: Literal["ok", "unavailable"] = Field(description="ok, or unavailable where a part is.")
    parts: dict[str, Literal["ok", "unavailable"]] = Field(
        default_factory=dict, description="Each part that was reached for; empty for `live`."
    )


def report_health(checks: Mapping[str, Callable[[], object]]) -> Health:
    """Run every check at once; a check that raises is a part that is unavailable."""

    def state(check: Callable[[], object]) -> Literal["ok", "unavailable"]:
        try:
            check()
        except Exception:
            return "unavailable"
        return "ok"

    with ThreadPoolExecutor(len(checks)) as pool:
        parts = dict(zip(checks, pool.map(state, checks.values()), strict=True))
    return Health(status="ok" if set(parts.values()) == {"ok"} else "unavailable", parts=parts)


class Readiness:
    """What report_health found out, for ten seconds; what was unavailable is kept as long."""

    def __init__(self, checks: Mapping[str, Callable[[], object]]) -> None:
        self._checks = checks
        self._health: Health | None = None
        self._until = 0.0

    def report(self) -> Health:
        """The state of every part, at most ten seconds old."""
        if self._health is None or time.monotonic() >= self._until:
            self._health = report_health(self._checks)
            self._until = time.monotonic() + FRESH_FOR.total_seconds()
        return self._health
