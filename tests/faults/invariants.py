"""What holds at the end of every run, whatever went wrong in it.

Names of what is broken are texts without ids, so that they can be listed and counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults import reading
from tests.faults.deployment import OTHER, USER
from tests.faults.flows import Flow
from tests.faults.world import World

NEVER_CHARGED: Final = {"awaiting_upload", "failed", "expired"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is broken. outcome: the run ended otherwise than without a fault, which only one
    fault that passes must not do."""

    broken: list[str] = field(default_factory=list)
    outcome: list[str] = field(default_factory=list)


def judge(world: World, flow: Flow) -> Verdict:
    """Hold a world in which nothing is on its way any more against what must be so."""
    verdict = Verdict()
    verdict.outcome.extend(flow.wanted(world))
    if not flow.erases:
        for analysis_id, status in reading.statuses().items():
            _judge_analysis(world, flow, analysis_id, status, verdict)
        verdict.broken.extend(_quota(world))
        _judge_pages(world, verdict)
    verdict.broken.extend(_somebody_else(world))
    verdict.broken.extend(_writes(world))
    world.a_day_passes()
    verdict.broken.extend(f"message lost by {name}" for name in sorted(set(world.seen.vanished)))
    verdict.broken.extend(
        f"object without owner: {each}" for each in sorted(set(reading.without_owner()))
    )
    verdict.broken.extend(
        f"row without analysis: {each}" for each in sorted(set(reading.rows_without_analysis()))
    )
    if flow.erases and world.names.get("answer", 200) < 500:
        verdict.broken.extend(_left(world))
    return verdict


def _judge_analysis(
    world: World, flow: Flow, analysis_id: str, status: str, verdict: Verdict
) -> None:
    answered, document = world.http("GET", f"/v1/analyses/{analysis_id}")
    unreadable = answered < 500 and "unreadable" in document.get("code", "")
    if answered != 200 and not unreadable:
        verdict.broken.append(f"an analysis is answered with {answered}")
        return
    if status not in reading.STATUSES:  # of another release
        return
    if status not in reading.TERMINAL:
        verdict.broken.append(f"an analysis stays {status}")
        return
    if not any(detail["analysis_id"] == analysis_id for _, detail in world.seen.published):
        verdict.broken.append("an end was not announced")
    if unreadable:
        verdict.outcome.append("an analysis cannot be read")
        return
    if status != flow.ends and not (flow.keyless and status == "expired"):
        code = (document.get("failure") or {}).get("code")
        verdict.outcome.append(f"an analysis is {status} {code or ''}".strip())
    if status == "completed":
        verdict.outcome.extend(_advice(document))
        verdict.broken.extend(_looks(document.get("looks", ())))


def _somebody_else(world: World) -> Iterator[str]:
    """Nothing of all this is another person's matter."""
    for analysis_id, status in reading.statuses(OTHER).items():
        _, document = world.http("GET", f"/v1/analyses/{analysis_id}", user=OTHER)
        if status != "completed":
            yield f"somebody else's analysis is {status}"
        elif any(each["status"] == "failed" for each in document["recommendations"].values()):
            yield "somebody else's advice is failed"


def _advice(document: dict[str, Any]) -> Iterator[str]:
    for kind, result in sorted(document["recommendations"].items()):
        if result["status"] == "failed":
            yield f"{kind} is failed {result['code']}"
    for look in document.get("looks", ()):
        if look["status"] == "failed":
            yield f"an advised look is failed {look.get('code')}"
    if not (document.get("photo") or {}).get("thumbnail_url"):
        yield "a photo without thumbnails"
    if not document.get("enhanced_analysis"):
        yield "an analysis without words"


def _looks(looks: Any) -> Iterator[str]:
    if any(look["status"] == "rendering" for look in looks):
        yield "a look stays rendering"


def _judge_pages(world: World, verdict: Verdict) -> None:
    """Looks, garments, exports and the history, as their owner sees them."""
    status, _ = world.http("GET", "/v1/analyses")
    if status != 200:
        verdict.broken.append(f"the history is answered with {status}")
    for row in list(reading.rows_of(USER, "EXPORT")):
        export_id = row.sort.partition("#")[2]
        status, answer = world.http("GET", f"/v1/me/exports/{export_id}")
        if status != 200 or answer["status"] == "pending":
            verdict.broken.append("an export neither completes nor fails")
    status, answer = world.http("GET", "/v1/looks")
    if status != 200:
        verdict.broken.append(f"the looks are answered with {status}")
    else:
        verdict.broken.extend(_looks(answer["looks"]))
        verdict.outcome.extend(
            f"a look is failed {look.get('code')}"
            for look in answer["looks"]
            if look["status"] == "failed"
        )
    status, answer = world.http("GET", "/v1/wardrobe")
    if status != 200:
        verdict.broken.append(f"the wardrobe is answered with {status}")
        return
    for garment in answer["items"]:
        if garment["status"] == "awaiting_upload":
            verdict.broken.append("a garment stays awaiting_upload")
        elif garment["status"] == "failed":
            verdict.outcome.append(f"a garment is failed {garment.get('code')}")


def _quota(world: World) -> Iterator[str]:
    told = [*world.seen.deleted, *reading.statuses().values()]
    if not set(told) <= reading.STATUSES:
        return  # nobody knows what another release charges for its states
    charged = sum(status not in NEVER_CHARGED for status in world.seen.deleted)
    for analysis_id, status in reading.statuses().items():
        charged += status not in NEVER_CHARGED and not _lost_all(world, analysis_id)
    used = reading.used(USER)
    if used != charged:
        yield f"charged {used} instead of {charged}"


def _lost_all(world: World, analysis_id: str) -> bool:
    """Whether every wish of an analysis was lost, which is not charged."""
    status, document = world.http("GET", f"/v1/analyses/{analysis_id}")
    results = list(document["recommendations"].values()) if status == 200 else []
    return bool(results) and all(result.get("code") == "job_lost" for result in results)


def _writes(world: World) -> Iterator[str]:
    twice = {name for name, times in world.seen.written.items() if times > 1}
    for kind in sorted({name.rpartition("#")[2] for name in twice}):
        yield f"{kind} was written twice"


def _left(world: World) -> Iterator[str]:
    for each in sorted(set(reading.left_of(USER))):
        yield f"left of an erased person: {each}"
    if world.account.has_user(USER):
        yield "left of an erased person: their user"
