"""The day's quota: one row a user and day, counted up and down together with what it is for."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from facet.adapters.keys import quota_key
from facet.domain.analysis import Analysis
from facet.domain.quota import Tier, Usage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

QUOTA_ROW_LIFE = timedelta(days=8)


def usage(table: "Table", user_id: str, tier: Tier, now: datetime) -> Usage:
    """What a user has used on the day of `now`."""
    key = quota_key(user_id, now.date().isoformat())
    item = table.get_item(Key=key, ConsistentRead=True).get("Item", {})
    return Usage.today(tier, int(item.get("used", 0)), now)  # type: ignore[arg-type]


def charge(table_name: str, analysis: Analysis, tier: Tier) -> dict[str, Any]:
    """Write of a transaction: one more is used; refused where that is more than the tier has."""
    update = _update(
        table_name,
        analysis,
        "SET used = if_not_exists(used, :zero) + :one, expires_at = :expires",
        {":zero": 0, ":expires": int((analysis.created_at + QUOTA_ROW_LIFE).timestamp())},
    )
    if (limit := tier.daily_limit) is not None:
        update["ConditionExpression"] = "attribute_not_exists(used) OR used < :limit"
        update["ExpressionAttributeValues"][":limit"] = limit
    return {"Update": update}


def refund(table_name: str, analysis: Analysis) -> dict[str, Any]:
    """Write of a transaction: one less is used."""
    expression = "SET used = if_not_exists(used, :one) - :one"
    return {"Update": _update(table_name, analysis, expression, {})}


def _update(
    table_name: str, analysis: Analysis, expression: str, values: dict[str, Any]
) -> dict[str, Any]:
    return {
        "TableName": table_name,
        "Key": quota_key(analysis.user_id, analysis.quota_day),
        "UpdateExpression": expression,
        "ExpressionAttributeValues": {":one": 1, **values},
    }
