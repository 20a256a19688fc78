"""Everybody's feedback, to learn from: read once in a while, from outside."""

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from facet.domain.feedback import Feedback

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def export_feedback(table: "Table") -> Iterator[Feedback]:
    """Every row USER#.../FEEDBACK#... that says something; what a person wrote stays behind.

    A scan reads, and is charged for, the whole table: a monthly job, not a request.
    """
    request: dict[str, Any] = {
        "FilterExpression": "begins_with(SK, :feedback)",
        "ExpressionAttributeValues": {":feedback": "FEEDBACK#"},
    }
    while True:
        page = table.scan(**request)
        for item in page["Items"]:
            person = hashlib.sha256(str(item["PK"]).encode()).hexdigest()[:16]
            try:
                row = json.loads(str(item.get("document", "{}")))
                yield Feedback.model_validate({**row, "person": person})
            except (ValueError, TypeError, ValidationError):
                continue  # of another schema, or a comment alone
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
