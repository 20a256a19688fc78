"""A built catalogue reaches the stack: its table, its snapshot and, where named, its vectors."""

from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from facet.adapters import catalogue
from facet.catalogue.build import write_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.cli.main import main

DATA = Path(__file__).parents[2] / "data" / "skincare"
REGION: Final = "eu-central-1"
OUTPUTS = {"ProductsTableName": "products", "MediaBucketName": "facet-media"}


@pytest.fixture
def region(aws: None) -> None:
    boto3.client("s3").create_bucket(
        Bucket="facet-media", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    boto3.client("dynamodb").create_table(
        TableName="products",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "product_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "product_id", "AttributeType": "S"}],
    )


def deploy(monkeypatch: pytest.MonkeyPatch, **outputs: str) -> None:
    """moto's CloudFormation needs packages that nothing else here does."""
    monkeypatch.setattr(catalogue, "stack_outputs", lambda _client, _name: outputs)


def publish(folder: Path) -> int:
    return main(["catalog", "publish", "--stack-name", "facet-dev", "--out", str(folder)])


def table_ids() -> set[Any]:
    rows = boto3.resource("dynamodb").Table("products").scan()["Items"]
    return {row["product_id"] for row in rows}


def test_every_product_and_the_snapshot_arrive_and_what_is_gone_goes(
    region: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(monkeypatch, **OUTPUTS)
    built = write_catalogue(DATA, tmp_path).catalogue
    boto3.resource("dynamodb").Table("products").put_item(Item={"product_id": "withdrawn"})

    assert publish(tmp_path) == 0

    assert table_ids() == set(built.ids)
    snapshot = boto3.client("s3").get_object(Bucket="facet-media", Key="catalogue/snapshot.json")
    assert snapshot["ContentType"] == "application/json"
    assert Catalogue.load(snapshot["Body"].read()).version == built.version
    assert not boto3.client("s3vectors").list_vector_buckets()["vectorBuckets"]


def test_a_stack_that_names_a_vector_bucket_gets_its_vectors(
    region: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(monkeypatch, **OUTPUTS, VectorBucketName="facet-products")
    built = write_catalogue(DATA, tmp_path).catalogue

    assert publish(tmp_path) == 0
    assert publish(tmp_path) == 0  # again, on what is there

    pages = boto3.client("s3vectors").get_paginator("list_vectors")
    there = {
        vector["key"]
        for page in pages.paginate(vectorBucketName="facet-products", indexName="concerns")
        for vector in page["vectors"]
    }
    assert there == set(built.ids)


def test_nothing_is_published_that_was_not_built(
    region: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    deploy(monkeypatch, **OUTPUTS)

    assert publish(tmp_path) == 1
    assert "facet catalog build" in capsys.readouterr().err
    assert not table_ids()
