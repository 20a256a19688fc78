"""GET /v1/health/ready: can the parts be reached right now?"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from pydantic import Field

from facet.domain.base import Answer


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
