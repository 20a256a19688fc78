"""`python -m checks.bill`: what one free account can cost a day, in USD, if it uses every limit.

Limits are the defaults of template.yaml, prices those of benchmarks/prices.toml, and what one
request costs to answer is in worst_day.toml. The table is docs/deploying.md's; a test compares.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.template import memory_of, read_template

HERE = Path(__file__).parent
PRICES: Mapping[str, Any] = tomllib.loads((HERE.parent / "benchmarks" / "prices.toml").read_text())
DAY: Mapping[str, Any] = tomllib.loads((HERE / "worst_day.toml").read_text())
SECONDS_A_DAY = 86_400


def bill(template: Mapping[str, Any], requests_a_day: int | None = None) -> dict[str, float]:
    """USD a day, by what is done and for requests as such.

    requests_a_day: in the place of what the web ACL lets one user send.
    """
    costs = {}
    requests = 0
    for action in DAY["action"]:
        times = limit(action["limit"], template) * action["times"]
        if action.get("requests"):
            requests = times = requests_a_day or times
        costs[action["name"]] = times * sum(_of_one(action, template))
    logs, waf = PRICES["logs"], PRICES["waf"]["request"] if requests_a_day is None else 0
    written = (logs["platform_bytes"] + logs["access_bytes"] + 1000) / 1e9 * logs["gb"]
    costs["requests, their logs, the web ACL"] = requests * (
        PRICES["api"]["request"] + PRICES["lambda"]["request"] + written + waf
    )
    return costs


def limit(name: str, template: Mapping[str, Any]) -> int:
    return int(template["Parameters"][name]["Default"])


def _of_one(action: Mapping[str, Any], template: Mapping[str, Any]) -> Iterator[float]:
    """USD of one such request, by what it uses."""
    gigabytes = memory_of(action["function"], template) / 1024
    price = PRICES["lambda"]
    share = min(1.0, gigabytes * 1024 / price["one_vcpu_mb"])
    seconds = action["ms"] / 1000 * PRICES["assumed"]["slower_on_arm64"] / share
    yield seconds * gigabytes * price["gb_second"]["arm64"]
    yield action.get("write_units", 0) * PRICES["dynamodb"]["write_unit"]
    yield action.get("read_units", 0) * PRICES["dynamodb"]["read_unit"]
    yield action.get("puts", 0) * PRICES["s3"]["put"]
    yield action.get("gets", 0) * PRICES["s3"]["get"]
    yield action.get("stored_mb_days", 0) / 1000 * PRICES["s3"]["gb_month"] / 30
    yield action.get("bytes_out", 0) / 1e9 * PRICES["egress"]["gb"]


def table() -> str:
    """The bill as docs/deploying.md has it."""
    template = read_template()
    costs = bill(template)
    without = bill(template, limit("ApiRateLimit", template) * SECONDS_A_DAY)
    rows = [f"| {name} | {cost:,.2f} |" for name, cost in costs.items()]
    return "\n".join(
        [
            "| what one free account does all day | USD |",
            "|---|---|",
            *rows,
            f"| **together** | **{sum(costs.values()):,.2f}** |",
            f"| together, without the web ACL | {sum(without.values()):,.2f} |",
        ]
    )


if __name__ == "__main__":
    print(table())
