"""Products in S3 Vectors: written through moto, queried through a stub that checks the request."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from facet.adapters.vectors import VectorBucket
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import GOALS, Catalogue
from facet.catalogue.vectors import (
    CARRIED,
    DIMENSIONS,
    METRICS,
    TEXTS,
    Entry,
    VectorSearch,
    entries,
)
from facet.domain.errors import PermanentError
from facet.domain.products import Product
from facet.domain.search import Found, Query, Space

DATA = Path(__file__).parents[2] / "data" / "skincare"
NAME = "facet-products"
THEIRS = [
    {"product_id": "rose", "name": "Rose lips", "category": "lipstick", "shade": "#a03050"},
    {"product_id": "plum", "name": "Plum lips", "category": "lipstick", "shade": "#502040"},
    {
        "product_id": "glow",
        "name": "Glow balm",
        "brand": "Ona",
        "category": "moisturiser",
        "inci": (
            "Aqua",
            "Retinol",
            "Moonstone Extract",
            *(f"Flower {n} Water" for n in range(150)),
        ),
    },
    {
        "product_id": "plain",
        "name": "Plain",
        "category": "moisturiser",
        "inci": ("Aqua", "Glycerin"),
    },
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(build_catalogue(DATA, map(Product.model_validate, THEIRS)))


@pytest.fixture
def client(aws: None) -> Any:
    return boto3.client("s3vectors")


def create(bucket: VectorBucket, space: Space) -> None:
    bucket.create(
        space, dimension=DIMENSIONS[space], metric=METRICS[space], texts=TEXTS, carried=CARRIED
    )


def keys(client: Any, space: Space) -> set[str]:
    pages = client.get_paginator("list_vectors").paginate(vectorBucketName=NAME, indexName=space)
    return {vector["key"] for page in pages for vector in page["vectors"]}


def test_every_product_with_a_place_in_a_space_is_written_and_what_is_gone_is_deleted(
    client: Any, catalogue: Catalogue
) -> None:
    bucket = VectorBucket(client, NAME)
    for space in DIMENSIONS:
        create(bucket, space)
        create(bucket, space)  # as every publishing does

    assert bucket.replace("colour", entries(catalogue, "colour")) == 2
    assert bucket.replace("concerns", entries(catalogue, "concerns")) == len(catalogue)
    assert keys(client, "colour") == {"rose", "plum"}
    assert keys(client, "concerns") == set(catalogue.ids)

    bucket.replace("concerns", [Entry("rose", [0.0] * len(GOALS), {"name": "Rose"})])
    assert keys(client, "concerns") == {"rose"}


def test_what_is_written_keeps_the_limits_of_the_service(catalogue: Catalogue) -> None:
    for space, dimension in DIMENSIONS.items():
        for entry in entries(catalogue, space):
            assert len(entry.vector) == dimension
            filterable = {k: v for k, v in entry.metadata.items() if k not in CARRIED}
            assert len(str(filterable).encode()) <= 2048
            assert len(str(entry.metadata).encode()) <= 40_000
            assert all(value not in (None, [], "") for value in entry.metadata.values())
    assert any(any(entry.vector) for entry in entries(catalogue, "concerns"))


def test_a_stored_vector_comes_back(client: Any, catalogue: Catalogue) -> None:
    bucket = VectorBucket(client, NAME)
    create(bucket, "ingredients")
    bucket.replace("ingredients", entries(catalogue, "ingredients"))
    (written,) = (e.vector for e in entries(catalogue, "ingredients") if e.key == "plain")

    assert bucket.vector("ingredients", "plain") == written
    assert bucket.vector("ingredients", "gone") is None


# --- queries, which moto does not answer ------------------------------------------------------


def answered(
    client: Any, catalogue: Catalogue, query: Query, expected: dict[str, Any], *hits: Any
) -> Found:
    """The search's answer where S3 Vectors answers `hits` to exactly `expected`."""
    metadata = {e.key: e.metadata for e in entries(catalogue, "concerns")}
    vectors = [{"metadata": metadata[key], "key": key, **more} for key, more in hits]
    with Stubber(client) as stub:
        stub.add_response(
            "query_vectors",
            {"vectors": vectors, "distanceMetric": "euclidean"},
            {"vectorBucketName": NAME, "returnMetadata": True, **expected},
        )
        search = VectorSearch(catalogue.ingredients, VectorBucket(client, NAME))
        result = search.search(query)
        stub.assert_no_pending_responses()
    return result


def texts(text: str) -> dict[str, Any]:
    return {
        "queryTexts": [{"text": text, "metadataKey": key} for key in TEXTS],
        "returnScores": True,
    }


def test_a_text_is_ranked_by_the_service(client: Any, catalogue: Catalogue) -> None:
    scores = {"bm25Scores": [{"metadataKey": "name", "score": 2.0}]}
    answer = answered(
        client,
        catalogue,
        Query(text="glow", limit=3),
        {"indexName": "concerns", "topK": 3, **texts("glow")},
        ("glow", {"scores": scores}),
    )

    (hit,) = answer.hits
    assert (hit.product_id, hit.score, hit.distance) == ("glow", 2.0, None)
    assert hit.product is not None
    assert hit.product.brand == "Ona"
    assert answer.total is None


def test_filters_alone_are_ranked_by_what_helps_the_concern(
    client: Any, catalogue: Catalogue
) -> None:
    one_hot = [float(goal == "pores") for goal in GOALS]
    answer = answered(
        client,
        catalogue,
        Query(categories=("serum",), concern="pores", skin_type="oily", price_bands=("low",)),
        {
            "indexName": "concerns",
            "topK": 20,
            "queryVector": {"float32": one_hot},
            "returnDistance": True,
            "filter": {
                "$and": [
                    {"category": {"$in": ["serum"]}},
                    {"concerns": {"$eq": "pores"}},
                    {"skin": {"$eq": "oily"}},
                    {"price": {"$in": ["low"]}},
                ]
            },
        },
        ("serum-niacinamide-5", {"distance": 0.5}),
    )

    assert [hit.product_id for hit in answer.hits] == ["serum-niacinamide-5"]


@pytest.mark.parametrize("avoided", ["retinol", "moonstone", "Flower 149 Water", "glow", "Ona"])
def test_nothing_avoided_is_found_whatever_the_service_answers(
    client: Any, catalogue: Catalogue, avoided: str
) -> None:
    holding = sorted(
        id_
        for id_ in catalogue.ingredients.avoided([avoided]).ingredients
        if not id_.startswith("label/")
    )
    label = {"label": {"$eq": True}}
    answer = answered(
        client,
        catalogue,
        Query(text="lips", without=(avoided,)),
        {
            "indexName": "concerns",
            "topK": 100,
            "filter": {"$and": [{"holds": {"$nin": holding}}, label]} if holding else label,
            **texts("lips"),
        },
        *[(key, {}) for key in ("glow", "plain", "rose")],
    )

    assert [hit.product_id for hit in answer.hits] == ["plain"]  # of a rose no label is known


def test_pregnancy_is_kept_whatever_the_service_answers(client: Any, catalogue: Catalogue) -> None:
    answer = answered(
        client,
        catalogue,
        Query(text="balm", pregnancy=True, holds=("glycerin",)),
        {
            "indexName": "concerns",
            "topK": 100,
            "filter": {
                "$and": [
                    {"label": {"$eq": True}},
                    {"pregnancy": {"$eq": "ok"}},
                    {"holds": {"$eq": "glycerin"}},
                ]
            },
            **texts("balm"),
        },
        *[(key, {}) for key in ("glow", "plain")],
    )

    assert [hit.product_id for hit in answer.hits] == ["plain"]


def test_shades_are_put_in_the_order_of_ciede2000(client: Any, catalogue: Catalogue) -> None:
    (point,) = (e.vector for e in entries(catalogue, "colour") if e.key == "plum")
    answer = answered(
        client,
        catalogue,
        Query.model_validate({"near": {"shade": "#502040"}, "limit": 1}),
        {
            "indexName": "colour",
            "topK": 100,
            "queryVector": {"float32": pytest.approx(point, rel=1e-6)},
            "returnDistance": True,
        },
        ("rose", {"distance": 1.0}),
        ("plum", {"distance": 2.0}),
    )

    assert [(hit.product_id, hit.distance) for hit in answer.hits] == [("plum", 0.0)]


def test_a_product_is_not_near_itself_and_must_be_there(client: Any, catalogue: Catalogue) -> None:
    bucket = VectorBucket(client, NAME)
    create(bucket, "ingredients")
    search = VectorSearch(catalogue.ingredients, bucket)

    with pytest.raises(PermanentError) as raised:
        search.search(Query.model_validate({"near": {"product_id": "gone"}}))

    assert raised.value.code == "product_not_found"
    with pytest.raises(PermanentError) as raised:
        search.search(Query.model_validate({"near": {"ingredients": ["unheard of"]}}))
    assert raised.value.code == "ingredient_unknown"
