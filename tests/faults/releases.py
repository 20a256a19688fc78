"""A deploy in the middle: rows and messages of another release, and rows that nobody can read."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from moto.dynamodb.models.dynamo_type import DynamoType

from tests.faults import reading
from tests.faults.calls import Call, Done, Fault
from tests.faults.flows import Flow
from tests.faults.trials import Family, Stage, Trial, at, flow_of, interrupted, met, no_fault
from tests.faults.world import World

UNKNOWN: Final = "of_the_next_release"
# What people themselves say is checked when it comes; these rows are the pipeline's own.
OWN: Final = ("ANALYSIS", "READING", "RESULT", "LOOK", "EXPORT", "WARDROBE")
# Flows that begin with rows of their own, which are read, swept, exported, deleted, erased.
READERS: Final = (
    "neighbours",
    "unheard",
    "delete_completed",
    "export",
    "erase",
    "look_around",
    "look",
)


# --- what the next release writes ----------------------------------------------------------------


def rows_have_a_field_more(_world: World) -> None:
    """Every row has an attribute that this release does not know."""
    for _, _, _, item in reading.items():
        item.attrs[UNKNOWN] = DynamoType({"S": UNKNOWN})


def messages_have_a_field_more(world: World) -> None:
    """Every message that waits has a field that this release does not know."""
    for messages in world.queues.values():
        for message in messages:
            message.body = json.dumps({**json.loads(message.body), UNKNOWN: 1})


def somebody_wants_another_kind(world: World) -> None:
    """Every analysis wants, and waits for, a kind of advice that this release does not know."""
    for _, _, sort, item in reading.items():
        if sort.startswith("ANALYSIS#"):
            for name in ("wants", "pending"):
                if name in item.attrs:
                    told = item.attrs[name].to_json()
                    ((kind, values),) = told.items()
                    more = {"S": UNKNOWN} if kind == "L" else UNKNOWN
                    item.attrs[name] = DynamoType({kind: [*values, more]})


def a_message_of_another_kind(world: World) -> None:
    """Beside every message that waits lies one of a kind that this release does not know."""
    for name in {worker.queue for worker in world.deployment.workers}:
        for message in list(world.queues[name]):
            told = json.loads(message.body)
            known = [field for field in ("kind", "job", "detail-type") if field in told]
            other = json.dumps({**told, **dict.fromkeys(known, UNKNOWN)})
            if known:
                world.send(name, {"MessageBody": other})


def another_status(_world: World) -> None:
    """Every analysis is in a state that this release does not know."""
    for _, _, sort, item in reading.items():
        if sort.startswith("ANALYSIS#") and "status" in item.attrs:
            item.attrs["status"] = DynamoType({"S": UNKNOWN})


DEPLOYS: Final[Mapping[str, Callable[[World], None]]] = {
    deploy.__name__: deploy
    for deploy in (
        rows_have_a_field_more,
        messages_have_a_field_more,
        somebody_wants_another_kind,
        a_message_of_another_kind,
        another_status,
    )
}
# After these all must end as it would have.
UNDERSTOOD: Final = {
    "rows_have_a_field_more",
    "messages_have_a_field_more",
    "a_message_of_another_kind",
}


def trials(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """Every deploy before every invocation of a flow."""
    if flow.crowded or not stage.calls(flow):
        return
    for call in stage.unharmed(flow).seen.firsts:
        for name in DEPLOYS:
            yield Trial(flow.name, name, str(call))


def run(stage: Stage, trial: Trial) -> Sequence[str]:
    """One deploy."""
    understood = trial.fault in UNDERSTOOD
    flow = flow_of(trial) if understood else interrupted(flow_of(trial), erases=False)

    def deploying(world: World) -> Fault:
        def fault(_call: Call, done: Done) -> Any:
            DEPLOYS[trial.fault](world)
            return done()

        return fault

    ran = stage.run(flow, lambda world: at(trial, deploying(world)))
    outcome = ran.verdict.outcome if understood else ()
    return [*met(ran, trial), *ran.verdict.broken, *outcome]


# --- rows that cannot be read --------------------------------------------------------------------


def _kind(sort: str) -> str:
    return sort.partition("#")[0]


def attributes(stage: Stage, flow: Flow) -> list[str]:
    """Every attribute of every row of our own that a flow begins with: ANALYSIS.status, ..."""
    found = set()
    for table in stage.arranged(flow).items.values():
        for below in table.values():
            for item in below.values() if isinstance(below, dict) else ():
                sort = str(item.attrs["SK"].value)
                if _kind(sort) in OWN:
                    found |= {f"{_kind(sort)}.{name}" for name in item.attrs}
    return sorted(name for name in found if name.partition(".")[2] not in ("PK", "SK"))


def spoiled_rows(stage: Stage, flow: Flow) -> Iterator[Trial]:
    """One attribute of a flow's first row of a kind is not there, or is not what it was."""
    indexed = {
        attribute["AttributeName"]
        for table in stage.account.deployment.tables.values()
        for attribute in table["AttributeDefinitions"]
    }
    for name in attributes(stage, flow) if flow.name in READERS else ():
        kind, _, attribute = name.partition(".")
        # DynamoDB refuses another type of what an index is sorted by, and by it the sweep finds
        # what waits: only rows that the release before did not sweep can be without.
        if attribute not in indexed or kind != "ANALYSIS":
            yield Trial(flow.name, f"{name} is missing")
        if attribute not in indexed:
            yield Trial(flow.name, f"{name} is something else")


def run_spoiled(stage: Stage, trial: Trial) -> Sequence[str]:
    """One row that an earlier or a later release wrote, or nobody."""
    named, _, how = trial.fault.partition(" is ")
    kind, _, attribute = named.partition(".")

    def spoil(_world: World) -> None:
        for _, _, sort, item in reading.items():
            if _kind(sort) == kind and attribute in item.attrs:
                was = item.attrs.pop(attribute)
                if how == "something else":
                    other = {"N": "-1"} if "S" in was.to_json() else {"S": UNKNOWN}
                    item.attrs[attribute] = DynamoType(other)
                return

    flow = flow_of(trial)
    ran = stage.run(flow if flow.erases else interrupted(flow, erases=False), no_fault, spoil)
    return [*ran.verdict.broken, *(ran.verdict.outcome if flow.erases else ())]


RELEASES = Family("releases", trials, run, sampled=1, of_flows=3)
ROWS = Family("rows", spoiled_rows, run_spoiled, sampled=1)
