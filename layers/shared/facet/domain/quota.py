"""How many analyses a day belong to whom."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from pydantic import Field

from facet.domain.base import Answer
from facet.domain.errors import PermanentError


class Tier(StrEnum):
    """A user's plan, which sets how many analyses a day they have."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"

    @classmethod
    def of(cls, groups: Iterable[str]) -> "Tier":
        """The best tier among a user's Cognito groups; free without any."""
        names = set(groups)
        return next((tier for tier in (cls.ENTERPRISE, cls.PRO) if tier in names), cls.FREE)

    @property
    def daily_limit(self) -> int | None:
        """Analyses a UTC day; None is unlimited."""
        return {Tier.FREE: 50, Tier.PRO: 500, Tier.ENTERPRISE: None}[self]


class Usage(Answer):
    """How many analyses a user has used today (UTC), and how many are left."""

    tier: Tier = Field(description="By the user's Cognito groups.")
    limit: int | None = Field(ge=0, description="Analyses a UTC day; absent: unlimited.")
    used: int = Field(ge=0, description="Accepted today; rejected photos are given back.")
    left: int | None = Field(ge=0, description="limit - used; absent: unlimited.")
    reset_at: datetime = Field(description="Next UTC midnight.")

    @classmethod
    def today(cls, tier: Tier, used: int, now: datetime) -> "Usage":
        """The usage of a user of this tier on the UTC day of `now`."""
        limit = tier.daily_limit
        return cls(
            tier=tier,
            limit=limit,
            used=used,
            left=None if limit is None else max(0, limit - used),
            reset_at=datetime.combine(now.date() + timedelta(days=1), time(), UTC),
        )


class QuotaExceededError(PermanentError):
    """All analyses of the day are used up."""

    def __init__(self, usage: Usage) -> None:
        super().__init__("quota_exceeded", limit=usage.limit, reset_at=usage.reset_at)
        self.usage = usage
