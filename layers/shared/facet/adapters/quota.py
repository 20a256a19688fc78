"""The day's quota: one row a user and day, counted up and down together with what it is for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from facet.adapters.keys import quota_key
from facet.domain.quota import Tier, Usage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

QUOTA_ROW_LIFE = timedelta(days=8)


def usage(table: "Table", user_id: str, tier: Tier, now: datetime) -> Usage:
    """What a user has used on the day of `now`."""
    key = quota_key(user_id, now.date().isoformat())
    item = table.get_item(Key=key, ConsistentRead=True).get("Item", {})
    return Usage.today(tier, int(item.get("used", 0)), now)  # type: ignore[arg-type]


def charge(table_name: str, user_id: str, day: str, tier: Tier, now: datetime) -> dict[str, Any]:
    """Write of a transaction: one more is used; refused where that is more than the tier has.

    day: ISO date (UTC), that of `now`.
    """
    update = _update(
        table_name,
        quota_key(user_id, day),
        "SET used = if_not_exists(used, :zero) + :one, expires_at = :expires",
        {":zero": 0, ":expires": _expiry(now)},
    )
    if (limit := tier.daily_limit) is not None:
        update["ConditionExpression"] = "attribute_not_exists(used) OR used < :limit"
        update["ExpressionAttributeValues"][":limit"] = limit
    return {"Update": update}


def refund(table_name: str, user_id: str, day: str, now: datetime) -> dict[str, Any]:
    """Write of a transaction: one less is used on the day that it was charged."""
    return {
        "Update": _update(
            table_name,
            quota_key(user_id, day),
            "SET used = if_not_exists(used, :one) - :one, "
            "expires_at = if_not_exists(expires_at, :expires)",
            {":expires": _expiry(now)},
        )
    }


def _expiry(now: datetime) -> int:
    return int((now + QUOTA_ROW_LIFE).timestamp())


def _update(
    table_name: str, key: Mapping[str, str], expression: str, values: dict[str, Any]
) -> dict[str, Any]:
    return {
        "TableName": table_name,
        "Key": key,
        "UpdateExpression": expression,
        "ExpressionAttributeValues": {":one": 1, **values},
    }
