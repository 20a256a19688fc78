"""Limits a minute, or a day: what a call costs is counted before it is done.

    @router.put("/v1/bag/<item_id>", ...)
    def put_bag_item(item_id: ItemId, details: BagDetails) -> Response[str]:
        router.wiring.limits.spend(router, writes=1)
        ...

A call counts whether or not its Idempotency-Key was sent before: it is answered anew, with URLs
signed anew. What is refused by its own limit is not counted; what is refused after that, for
another reason, is. Who asks at the end of one minute and at the beginning of the next may do twice
as much within a few seconds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from facet.domain.errors import FacetError
from facet.domain.limits import Allowance, Limited, TooOftenError, window_of
from facet.http.caller import Routes, caller


class Counters(Protocol):
    """What counts; facet.adapters.limits."""

    def count(
        self,
        user_id: str,
        counts: Mapping[Limited, int],
        most: Mapping[Limited, int],
        window: datetime,
    ) -> Mapping[Limited, int] | None: ...


class Limits:
    """How much a minute, or a day, each person may do."""

    def __init__(self, counters: Counters, most: Mapping[Limited, int]) -> None:
        self._counters = counters
        self._most = most

    def spend(self, app: Routes, **counts: int) -> None:
        """Count what the present request does, by the names of Limited, all of one window's length.

        Raises TooOftenError where its caller did as much within this window already; then none of
        it is counted.

        What cannot be counted is let through, logged and counted in LimitUncounted: a throttled
        counter would lock people out of their own data for as long as it lasts, and what costs most
        is bounded without it, by the day's quota, the caps, the queues' depth and the stage's
        throttle.
        """
        asked = {Limited(name): count for name, count in counts.items()}
        user_id, window = caller(app).user_id, window_of(datetime.now(UTC), next(iter(asked)))
        try:
            done = self._counters.count(user_id, asked, self._most, window)
        except FacetError as error:
            Logger().error("a limit was not counted", exc_info=error)
            with single_metric("LimitUncounted", MetricUnit.Count, 1):
                pass
            return
        if done is None:
            return
        for what, count in asked.items():
            limit, before = self._most[what], done.get(what, 0)
            if before + count > limit:
                left = max(0, limit - before)
                raise TooOftenError(what, Allowance(limit, left, window + what.window))
