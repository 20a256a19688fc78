"""Products as vectors in Amazon S3 Vectors: one bucket, an index for each space."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import batched
from typing import Any, Protocol

from facet.domain.search import Match, Space

MOST_PUT = 500  # entries a request, S3 Vectors' limit; the other one is 20 MiB
MOST_KEYS = 500


class Entry(Protocol):
    """A vector to store: `vector` float32, `metadata` JSON values, at most 40 KB of it."""

    @property
    def key(self) -> str: ...
    @property
    def vector(self) -> Sequence[float]: ...
    @property
    def metadata(self) -> Mapping[str, Any]: ...


class VectorBucket:
    """A bucket of S3 Vectors, whose indexes are named as the spaces are."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def create(
        self,
        space: Space,
        *,
        dimension: int,
        metric: str,
        texts: Sequence[str],
        carried: Sequence[str],
    ) -> None:
        """Make the bucket and the index where they are not there yet.

        texts: metadata searched for words; carried: metadata that no filter needs. Through the
        API, as CloudFormation knows no text search of an index.
        """
        for call, options in (
            (self._client.create_vector_bucket, {}),
            (
                self._client.create_index,
                {
                    "indexName": space,
                    "dataType": "float32",
                    "dimension": dimension,
                    "distanceMetric": metric,
                    "metadataConfiguration": {
                        "nonFilterableMetadataKeys": list(carried),
                        "textSearchConfigurations": [{"metadataKey": key} for key in texts],
                    },
                },
            ),
        ):
            try:
                call(vectorBucketName=self.name, **options)
            except self._client.exceptions.ConflictException:
                continue  # it is there

    def replace(self, space: Space, entries: Iterable[Entry]) -> int:
        """Write every entry, then delete all others; how many there are."""
        kept: set[str] = set()
        for batch in batched(entries, MOST_PUT, strict=False):
            self._client.put_vectors(
                vectorBucketName=self.name,
                indexName=space,
                vectors=[
                    {
                        "key": entry.key,
                        "data": {"float32": list(entry.vector)},
                        "metadata": dict(entry.metadata),
                    }
                    for entry in batch
                ],
            )
            kept.update(entry.key for entry in batch)
        pages = self._client.get_paginator("list_vectors").paginate(
            vectorBucketName=self.name, indexName=space
        )
        there = [vector["key"] for page in pages for vector in page["vectors"]]
        gone = (key for key in there if key not in kept)
        for keys in batched(gone, MOST_KEYS, strict=False):
            self._client.delete_vectors(
                vectorBucketName=self.name, indexName=space, keys=list(keys)
            )
        return len(kept)

    def query(
        self,
        space: Space,
        *,
        vector: Sequence[float] | None,
        text: str,
        filters: Mapping[str, Any],
        limit: int,
    ) -> list[Match]:
        """Entries nearest to the vector, best for the text, or both fused; best first."""
        asked: dict[str, Any] = {}
        if vector is not None:
            asked |= {"queryVector": {"float32": list(vector)}, "returnDistance": True}
        if text:
            keys = ("name", "brand", "inci")
            asked |= {
                "queryTexts": [{"text": text, "metadataKey": key} for key in keys],
                "returnScores": True,
            }
        if filters:
            asked["filter"] = dict(filters)
        answer = self._client.query_vectors(
            vectorBucketName=self.name,
            indexName=space,
            topK=limit,
            returnMetadata=True,
            **asked,
        )
        return [
            Match(
                key=entry["key"],
                metadata=entry["metadata"],
                distance=entry.get("distance", entry.get("scores", {}).get("vectorDistance")),
                score=_score(entry.get("scores")),
            )
            for entry in answer["vectors"]
        ]

    def vector(self, space: Space, key: str) -> list[float] | None:
        """The stored vector of this key, or None."""
        stored = self._client.get_vectors(
            vectorBucketName=self.name, indexName=space, keys=[key], returnData=True
        )["vectors"]
        return [float(value) for value in stored[0]["data"]["float32"]] if stored else None


def _score(scores: Mapping[str, Any] | None) -> float | None:
    if not scores:
        return None
    if "fused" in scores:
        return float(scores["fused"])
    return float(sum(part["score"] for part in scores.get("bm25Scores", ())))
