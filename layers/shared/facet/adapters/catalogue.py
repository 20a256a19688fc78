"""Products by their ids, and the outputs of a stack, which say where a catalogue goes."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from facet.adapters.rows import pages
from facet.domain.products import Product

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb.service_resource import Table


def stack_outputs(client: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    """The outputs of a deployed stack. Raises ClientError where there is no such stack."""
    (stack,) = client.describe_stacks(StackName=stack_name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


class ProductsTable:
    """Products by their ids; what is searched is the snapshot instead."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def get(self, product_id: str) -> Product | None:
        """The product of this id, or None."""
        item = self._table.get_item(Key={"product_id": product_id}).get("Item")
        return Product.model_validate(item) if item else None

    def replace(self, rows: Iterable[str]) -> int:
        """Write every product (one JSON document each), delete all others; how many there are."""
        kept: set[str] = set()
        with self._table.batch_writer() as batch:
            for row in rows:
                product: dict[str, Any] = json.loads(row, parse_float=Decimal)
                batch.put_item(Item=product)
                kept.add(product["product_id"])
            for gone in self._ids() - kept:
                batch.delete_item(Key={"product_id": gone})
        return len(kept)

    def _ids(self) -> set[str]:
        every = pages(self._table.scan, {"ProjectionExpression": "product_id"})
        return {str(row["product_id"]) for page in every for row in page}
