"""Everybody's feedback, to learn from: read once in a while, from outside."""

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from facet.adapters.rows import pages
from facet.domain.belongings import Shelf
from facet.domain.feedback import Judgement

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def export_feedback(table: "Table") -> Iterator[Judgement]:
    """A judgement of every feedback row with a verdict or a rating; comments stay behind.

    A scan reads, and is charged for, the whole table: a monthly job, not a request.
    """
    request = {
        "FilterExpression": "begins_with(SK, :feedback)",
        "ExpressionAttributeValues": {":feedback": f"{Shelf.FEEDBACK}#"},
    }
    for page in pages(table.scan, request):
        for row in page:
            person = hashlib.sha256(str(row["PK"]).encode()).hexdigest()[:16]
            try:
                document = json.loads(str(row.get("document", "{}")))
                yield Judgement.model_validate({**document, "person": person})
            except (ValueError, TypeError, ValidationError):
                continue  # of another schema, or a comment alone
