"""The buckets: photos come in by one, pictures go out by the other."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from facet.domain.errors import FacetError
from facet.domain.storage import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

CORRELATION_METADATA = "correlation-id"


class Bucket:
    """One bucket. The client must sign with SigV4 (`Config(signature_version="s3v4")`)."""

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self.name = name

    def presign_put(
        self,
        key: str,
        *,
        content_type: str,
        content_length: int,
        checksum_sha256: str,
        correlation_id: str,
        seconds: int,
    ) -> Upload:
        """A URL good for one kind of PUT: S3 refuses another type, length or content.

        It refuses what is there already as well (412): a URL that is used again and again announces
        nothing more.
        """
        url = self._client.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self.name,
                "Key": key,
                "ContentType": content_type,
                "ContentLength": content_length,
                "ChecksumSHA256": checksum_sha256,
                "Metadata": {CORRELATION_METADATA: correlation_id},
                "IfNoneMatch": "*",
            },
            ExpiresIn=seconds,
        )
        headers = {
            "Content-Type": content_type,
            "Content-Length": str(content_length),
            "If-None-Match": "*",
            "x-amz-checksum-sha256": checksum_sha256,
            f"x-amz-meta-{CORRELATION_METADATA}": correlation_id,
        }
        return Upload("PUT", url, headers)

    def presign_get(self, key: str, seconds: int, *, keep: bool = True) -> str:
        """A URL that reads the object, for so many seconds.

        What it answers may be kept by the device that asked, as long as the URL is good; with
        `keep=False` by nothing at all. The signature holds that as well.
        """
        control = f"private, max-age={seconds}" if keep else "no-store"
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self.name, "Key": key, "ResponseCacheControl": control},
            ExpiresIn=seconds,
        )

    def get(self, key: str) -> bytes | None:
        """The object, or None when it is gone."""
        try:
            answer = self._client.get_object(Bucket=self.name, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        return answer["Body"].read()

    def get_if_changed(self, key: str, etag: str | None) -> tuple[bytes, str] | None:
        """(data, etag), or None while the object still has `etag` or is not there."""
        condition = {"IfNoneMatch": etag} if etag else {}
        try:
            answer = self._client.get_object(Bucket=self.name, Key=key, **condition)  # type: ignore[arg-type]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (304, 404):
                return None
            raise
        return answer["Body"].read(), answer["ETag"]

    def put(self, key: str, data: bytes, content_type: str, correlation_id: str) -> None:
        """Write an object, with the correlation id in its metadata."""
        self._client.put_object(
            Bucket=self.name,
            Key=key,
            Body=data,
            ContentType=content_type,
            Metadata={CORRELATION_METADATA: correlation_id},
        )

    def put_stream(self, key: str, pieces: Iterable[bytes], content_type: str) -> int:
        """Write an object of unknown length, 8 MB of it in memory at a time; its size in bytes.

        What `pieces` raises leaves no object.
        """
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 a slow import, for one caller

        stream = _Stream(pieces)
        self._client.upload_fileobj(
            io.BufferedReader(stream),
            self.name,
            key,
            ExtraArgs={"ContentType": content_type},
            Config=TransferConfig(use_threads=False),
        )
        return stream.size

    def keys(self, prefix: str) -> Iterator[str]:
        """The key of every object that starts with this prefix."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix):
            for entry in page.get("Contents", []):
                yield entry["Key"]

    def keys_older(self, prefix: str, than: datetime, after: str | None = None) -> Iterator[str]:
        """The key of every object below a prefix that was put before a moment, in their order.

        after: a key; only those behind it.
        """
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix, StartAfter=after or prefix):
            for entry in page.get("Contents", []):
                if entry["LastModified"] < than:
                    yield entry["Key"]

    def erase_below(self, prefix: str) -> int:
        """Remove every version of every object below a prefix -> how many there were.

        Raises FacetError where S3 keeps one.
        """
        count = 0
        pages = self._client.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix):
            versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not versions:
                continue
            self._delete(
                [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
            )
            count += len(versions)
        return count

    def delete(self, *keys: str) -> None:
        """Delete objects by their keys; one that is not there is no error.

        Raises FacetError where S3 keeps one.
        """
        self._delete([{"Key": key} for key in keys])

    def _delete(self, objects: "list[ObjectIdentifierTypeDef]") -> None:
        if not objects:
            return
        answer = self._client.delete_objects(
            Bucket=self.name, Delete={"Objects": objects, "Quiet": True}
        )
        if refused := answer.get("Errors"):
            raise FacetError(f"not deleted: {refused[0].get('Code')}, {len(refused)} objects")

    def delete_below(self, prefix: str) -> int:
        """Delete every object below a prefix -> how many there were."""
        deleted = 0
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix):
            if keys := [entry["Key"] for entry in page.get("Contents", [])]:
                self.delete(*keys)
                deleted += len(keys)
        return deleted

    def exists(self, key: str) -> bool:
        """Whether there is an object of this key."""
        try:
            self._client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def send_event_again(self, key: str) -> bool:
        """Copy an object onto itself, which S3 announces as created; False when it is gone."""
        try:
            head = self._client.head_object(Bucket=self.name, Key=key)
            self._client.copy_object(
                Bucket=self.name,
                Key=key,
                CopySource={"Bucket": self.name, "Key": key},
                MetadataDirective="REPLACE",
                Metadata=head["Metadata"],
                ContentType=head["ContentType"],
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def check(self) -> None:
        """Ask for the bucket. Raises ClientError or a BotoCoreError where it cannot be reached."""
        self._client.head_bucket(Bucket=self.name)


class _Stream(io.RawIOBase):
    """Pieces as a file to read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = memoryview(b"")
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            if (piece := next(self._pieces, None)) is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        self.size += count
        return count
