"""docs/reliability.md says how often the template has things tried, and where they end."""

import re
from pathlib import Path
from typing import Any

from facet.domain.account import EXPORT_PATIENCE
from facet.domain.analysis import MAX_RETRIES, PATIENCE, RETRY_PATIENCE, UPLOAD_WINDOW
from facet.domain.looks import RENDER_PATIENCE
from facet.domain.overdue import MAX_REDRIVES, WAITS
from local.template import read_template

TEXT = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
OWN_DELAYS = "WebhookQueue"  # its worker puts each try off by itself


def row_of(given_up: str) -> str:
    """The row that says what comes into a queue."""
    (row,) = [line for line in TEXT.splitlines() if re.search(rf"\| `{given_up}`[^|]*\|$", line)]
    return row


def queues() -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in read_template()["Resources"].items()
        if resource["Type"] == "AWS::SQS::Queue"
    }


def test_every_queue_s_tries_are_told() -> None:
    for name, queue in queues().items():
        if redrive := queue.get("RedrivePolicy"):
            row = row_of(redrive["deadLetterTargetArn"]["Fn::GetAtt"][0])
            assert f" {redrive['maxReceiveCount']} tries" in row, name
            wait = queue["VisibilityTimeout"]
            seconds = wait["Fn::If"][2] if isinstance(wait, dict) else wait
            assert name == OWN_DELAYS or f"every {seconds // 60} minutes" in row, name


def test_every_queue_of_what_was_given_up_is_told() -> None:
    for name, queue in queues().items():
        if "RedrivePolicy" not in queue:
            assert row_of(name)
            assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_deadlines_are_those_of_the_rows() -> None:
    deadlines = TEXT.partition("## Deadlines and the sweep")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|", deadlines, flags=re.MULTILINE))

    def minutes(what: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", rows[what])]

    told = {
        "an upload": [UPLOAD_WINDOW, PATIENCE - UPLOAD_WINDOW],
        "an analysis on its way": [PATIENCE, RETRY_PATIENCE],
        "thumbnails and looks of a completed analysis": [PATIENCE],
        "a look that was asked for": [RENDER_PATIENCE],
        "an export": [EXPORT_PATIENCE],
    }
    for what, times in told.items():
        assert minutes(what) == [time.total_seconds() // 60 for time in times], what
    first, *others = [int(wait.total_seconds() // 60) for wait in WAITS]
    assert f"sent on {MAX_REDRIVES} times" in deadlines
    told_waits = ", ".join(map(str, (first, *others[:-1])))
    assert f"{told_waits} and {others[-1]} minutes after each time" in " ".join(deadlines.split())
    assert MAX_RETRIES == 3
