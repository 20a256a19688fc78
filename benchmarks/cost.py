"""What AWS charges for 1,000 analyses: measured work, list prices (benchmarks/prices.toml).

Reads .bench/handlers.json (CPU, calls, DynamoDB units and log bytes of each handler),
.bench/first_call.json and .bench/pipeline.json (polls of an app), so run those first. A billed
duration is the handler's CPU, slowed to the vCPU share its memory buys and by the factor assumed
for arm64, plus a wait for every call of AWS; a share of starts is cold. The last poll's read is
taken for every poll, which is an estimate from above. Left out: storage, egress, Bedrock, Cognito,
and what runs whether or not anybody sends a photo (the sweep, SQS's idle polling, alarms).
"""

import json
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.measure import OUT
from benchmarks.report import Row, budget
from local.template import memory_of, read_template

PRICES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("prices.toml").read_text())
NEEDED = ("handlers", "first_call", "pipeline")
ANALYSES = 1000
# Every message is sent by analyze (counted there), received and deleted by Lambda's poller.
POLLER_REQUESTS = 2


def measure() -> list[Row]:
    documents = {name: OUT / f"{name}.json" for name in NEEDED}
    rows = {
        name: json.loads(path.read_text())["rows"] if path.exists() else []
        for name, path in documents.items()
    }
    polls = next((row["polls"] for row in rows["pipeline"] if "polls" in row), None)
    handlers = {row["function"]: row for row in rows["handlers"] if "function" in row}
    first = {row["function"]: row["value"] for row in rows["first_call"] if "function" in row}
    limit = budget("cost/analyses")
    if polls is None or not handlers or not first:
        missing = ", ".join(NEEDED)
        return [Row("1,000 analyses", None, "USD", limit, f"needs the figures {missing}")]
    costs = _costs(handlers, first, polls)
    total = sum(costs.values())
    return [
        Row("1,000 analyses", total, "USD", limit, f"{polls:g} polls a photo"),
        *(
            Row(f"of it {name}", cost, "USD", note=f"{cost / total:.0%}")
            for name, cost in sorted(costs.items(), key=lambda pair: -pair[1])
        ),
    ]


def _costs(
    handlers: dict[str, dict[str, Any]], first: dict[str, float], polls: float
) -> dict[str, float]:
    """USD of ANALYSES analyses, by what is paid for."""
    template = read_template()
    memory = {function: memory_of(function, template) for function in handlers}
    api, logs = PRICES["api"], PRICES["logs"]
    costs: defaultdict[str, float] = defaultdict(float)
    costs["s3"] += PRICES["s3"]["put"]  # the phone's own
    costs["api"] += (1 + polls) * api["request"]
    costs["sqs"] += POLLER_REQUESTS * PRICES["sqs"]["request"]
    costs["logs"] += (1 + polls) * logs["access_bytes"] / 1e9 * logs["gb"]
    for function, row in handlers.items():
        times = polls if function == "ApiFunction" else 1
        costs["lambda"] += times * _lambda(row, memory[function], first[function])
        costs["dynamodb"] += times * (
            row["write_units"] * PRICES["dynamodb"]["write_unit"]
            + row["read_units"] * PRICES["dynamodb"]["read_unit"]
        )
        for call, count in row["calls"].items():
            service, operation = call.split(".")
            match service:
                case "s3":
                    kind = "put" if operation in {"PutObject", "CopyObject"} else "get"
                    costs["s3"] += times * count * PRICES["s3"][kind]
                case "sqs":
                    costs["sqs"] += times * count * PRICES["sqs"]["request"]
                case "eventbridge":
                    costs["events"] += times * count * PRICES["events"]["event"]
        written = row["log_bytes"] + logs["platform_bytes"]
        costs["logs"] += times * written / 1e9 * logs["gb"]
    return {name: cost * ANALYSES for name, cost in costs.items()}


def _lambda(row: dict[str, Any], memory_mb: int, first_ms: float) -> float:
    """USD of one call on arm64."""
    price, assumed = PRICES["lambda"], PRICES["assumed"]
    share = min(1.0, memory_mb / price["one_vcpu_mb"])
    waits = sum(count * PRICES["waits"][call.split(".")[0]] for call, count in row["calls"].items())
    warm = row["value"] * assumed["slower_on_arm64"] / share + waits
    # Initialisation runs on a full vCPU whatever the memory.
    milliseconds = warm + assumed["cold_share"] * first_ms
    gigabytes = memory_mb / 1024
    return float(price["request"] + milliseconds / 1000 * gigabytes * price["gb_second"]["arm64"])
