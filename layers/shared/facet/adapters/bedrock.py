"""A language model on Amazon Bedrock: Converse with tools, patient to a limit, then left alone."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitBreakerOpenError,
    circuit_breaker,
)
from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
    CircuitBreakerDynamoDBPersistence,
)
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from facet.adapters.tracing import watched
from facet.domain.narration import ModelError, Tool

MOST_ROUNDS = 4
PATIENCE = 30  # seconds of one call; none is begun later than that
# botocore's standard mode: 3 retries of throttling, timeouts and 5xx, exponential, full jitter.
CONFIG = Config(
    connect_timeout=2,
    read_timeout=PATIENCE,
    retries={"mode": "standard", "total_max_attempts": 4},
)
FAILURES_THAT_OPEN = 5
REST = 60  # seconds it is left alone


class BedrockModel:
    """One model, asked by Converse, behind a circuit breaker all workers share.

    name: model or inference profile id. table_name: the one table; the breaker's row is
    BREAKER / <name>, written only when it opens, probes or closes.
    """

    provider = "bedrock"

    def __init__(
        self,
        client: Any,
        name: str,
        dynamodb: Any,
        table_name: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._client = client
        self._clock = clock
        breaker = circuit_breaker(
            name=name,
            persistence_store=CircuitBreakerDynamoDBPersistence(
                table_name=table_name,
                key_attr="PK",
                static_pk_value="BREAKER",
                sort_key_attr="SK",
                expiry_attr="expires_at",
                boto3_client=dynamodb,
            ),
            config=CircuitBreakerConfig(
                failure_threshold=FAILURES_THAT_OPEN,
                recovery_timeout=REST,
                success_threshold=1,
                handled_exceptions=ModelError,
            ),
        )
        self._guarded: Callable[..., str] = breaker(self._ask)

    def ask(self, system: str, question: str, tools: tuple[Tool, ...]) -> str:
        """The model's last text.

        Raises ModelError: unavailable (refused, throttled or timed out, retries included), paused
        (the breaker is open), no_answer (no text within the rounds or the time).
        """
        try:
            return self._guarded(system, question, tools)
        except CircuitBreakerOpenError as error:
            raise ModelError("paused", "it failed too often of late") from error

    def _ask(self, system: str, question: str, tools: tuple[Tool, ...]) -> str:
        messages: list[dict[str, Any]] = [{"role": "user", "content": [{"text": question}]}]
        began = self._clock()
        for _ in range(MOST_ROUNDS):
            if self._clock() - began > PATIENCE:
                break
            try:
                answer = self._client.converse(
                    modelId=self.name,
                    system=[{"text": system}],
                    messages=messages,
                    toolConfig={"tools": [{"toolSpec": _spec(tool)} for tool in tools]},
                    inferenceConfig={"maxTokens": 1500, "temperature": 0.2},
                )
            except (ClientError, BotoCoreError) as error:
                raise ModelError("unavailable", str(error)) from error
            message = answer["output"]["message"]
            if answer["stopReason"] != "tool_use":
                text = "".join(part.get("text", "") for part in message["content"])
                if answer["stopReason"] != "end_turn" or not text:
                    raise ModelError("no_answer", f"it stopped: {answer['stopReason']}")
                return text
            used = [part["toolUse"] for part in message["content"] if "toolUse" in part]
            messages += [
                message,
                {"role": "user", "content": [{"toolResult": _result(use, tools)} for use in used]},
            ]
        raise ModelError("no_answer", "it only called tools")


def bedrock_client() -> Any:
    """A client that retries as CONFIG says."""
    return watched(boto3.client("bedrock-runtime", config=CONFIG))


def _spec(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": {"json": dict(tool.schema)},
    }


def _result(use: Mapping[str, Any], tools: tuple[Tool, ...]) -> dict[str, Any]:
    """What a tool answered; a mistake of the model's is told to it, not raised."""
    by_name = {tool.name: tool for tool in tools}
    try:
        content = {"json": {"found": by_name[use["name"]].run(use["input"])}}
    except (KeyError, ValueError, TypeError) as error:
        return {
            "toolUseId": use["toolUseId"],
            "content": [{"text": f"{type(error).__name__}: {error}"}],
            "status": "error",
        }
    return {"toolUseId": use["toolUseId"], "content": [content], "status": "success"}
