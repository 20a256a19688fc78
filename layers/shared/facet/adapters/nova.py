"""Garments tried on by Amazon Nova Canvas: Bedrock's InvokeModel with the task VIRTUAL_TRY_ON.

Wire format: https://docs.aws.amazon.com/nova/latest/userguide/image-gen-vto.html; how it refuses:
https://docs.aws.amazon.com/nova/latest/userguide/image-gen-errors.html
"""

import base64
import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from facet.adapters.tracing import watched
from facet.domain.errors import PermanentError
from facet.domain.style import Slot

CONFIG = Config(
    connect_timeout=2,
    read_timeout=50,  # seconds; two tries fit the function's timeout (template.yaml)
    retries={"mode": "standard", "total_max_attempts": 2},
)
GARMENT_CLASSES: dict[Slot, str] = {
    "top": "UPPER_BODY",
    "outer": "UPPER_BODY",
    "bottom": "LOWER_BODY",
    "full_body": "FULL_BODY",
    "shoes": "FOOTWEAR",
}


class NovaCanvas:
    """One model of Amazon Nova Canvas, by its id; client: bedrock-runtime."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def dress(self, person: bytes, garment: bytes, slot: Slot) -> bytes:
        """Two JPEGs, each side 320 to 4096 px -> a PNG of the person in that garment.

        Raises PermanentError: garment_not_supported, provider_refused (the pictures, or what came
        of them), provider_unavailable (not allowed, throttled or timed out, retries included).
        """
        if slot not in GARMENT_CLASSES:
            raise PermanentError("garment_not_supported", slot=slot)
        request = {
            "taskType": "VIRTUAL_TRY_ON",
            "virtualTryOnParams": {
                "sourceImage": base64.b64encode(person).decode(),
                "referenceImage": base64.b64encode(garment).decode(),
                "maskType": "GARMENT",
                "garmentBasedMask": {"garmentClass": GARMENT_CLASSES[slot]},
                "maskExclusions": {
                    "preserveFace": "ON",
                    "preserveHands": "ON",
                    "preserveBodyPose": "ON",
                },
            },
            "imageGenerationConfig": {"numberOfImages": 1, "quality": "standard"},
        }
        try:
            answer = self._client.invoke_model(
                modelId=self._name,
                body=json.dumps(request),
                contentType="application/json",
                accept="application/json",
            )
            body = json.loads(answer["body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationException":
                raise PermanentError("provider_refused") from error
            raise PermanentError("provider_unavailable") from error
        except BotoCoreError as error:
            raise PermanentError("provider_unavailable") from error
        # What its content filters hold back comes as an `error` beside the pictures that are left.
        if not body.get("images"):
            raise PermanentError("provider_refused")
        return base64.b64decode(body["images"][0])


def nova_client() -> Any:
    """A client that waits as long as a picture takes."""
    return watched(boto3.client("bedrock-runtime", config=CONFIG))
