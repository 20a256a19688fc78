"""What template.yaml deploys, as far as a fault can meet it: who calls which function, how often.

The world of these tests takes timeouts, tries, batches, queues, routes and the environment of each
function from here, so that a change of the template is a change of the world.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from local.template import read_template, routes_of

REGION: Final = "eu-central-1"
ACCOUNT: Final = "123456789012"
STACK: Final = "facet"
USER: Final = "5f3d1c2a-0000-4000-8000-000000000001"
OTHER: Final = "5f3d1c2a-0000-4000-8000-000000000002"
# Seconds of what the template leaves out: Lambda's and SQS' own defaults.
MOST_EVENT_AGE = 6 * 3600
RETENTION = 4 * 86_400
VISIBILITY = 30
UNITS = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue. Times in seconds; most: receives after which a message goes to dead_letters."""

    name: str
    visibility: int
    retention: int
    most: int | None
    dead_letters: str | None


@dataclass(frozen=True, slots=True)
class Worker:
    """A function that takes messages off a queue, so many at a time."""

    verb: str
    queue: str
    batch: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """A function that S3 tells of new objects, so many times, until they are so old (seconds)."""

    verb: str
    bucket: str
    prefix: str
    tries: int
    most_age: int
    failures: str | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function that is called every so many seconds."""

    verb: str
    every: int


@dataclass(frozen=True, slots=True)
class Route:
    """A call of the API and the function that answers it."""

    method: str
    path: str
    verb: str

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is for this route."""
        pattern = re.sub(r"\{\w+\+\}", ".+", self.path)
        return self.method == method and bool(
            re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """Events of these sources and types go to a queue."""

    sources: tuple[str, ...]
    types: tuple[str, ...]
    queue: str


def name_of(reference: str) -> str:
    """Logical id off a queue's URL or ARN."""
    return re.split("[/:]", reference)[-1]


class Deployment:
    """The template under some parameters; the others have their defaults."""

    def __init__(self, template: Mapping[str, Any], **parameters: str) -> None:
        self._template = template
        defaults = {n: p.get("Default", "") for n, p in template["Parameters"].items()}
        self._parameters: dict[str, Any] = {
            **defaults,
            **parameters,
            "AWS::StackName": STACK,
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": REGION,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": None,
        }

    # --- who calls whom -------------------------------------------------------------------------

    @cached_property
    def functions(self) -> dict[str, Mapping[str, Any]]:
        """Verb -> properties of its function, those for all functions among them."""
        shared = self._template["Globals"]["Function"]
        return {
            Path(resource["Properties"]["CodeUri"]).name: {**shared, **resource["Properties"]}
            for _, resource in self.of_type("AWS::Serverless::Function")
        }

    @cached_property
    def verbs(self) -> dict[str, str]:
        """Name of a function in the template -> its verb."""
        return {
            name: Path(resource["Properties"]["CodeUri"]).name
            for name, resource in self.of_type("AWS::Serverless::Function")
        }

    def timeout(self, verb: str) -> int:
        """Seconds that a function may run."""
        return int(self.resolve(self.functions[verb]["Timeout"]))

    @cached_property
    def environment(self) -> dict[str, str]:
        """Every variable of every function: no two functions have different ones of a name."""
        shared = self._template["Globals"]["Function"]["Environment"]["Variables"]
        variables = dict(shared)
        for function in self.functions.values():
            variables |= function.get("Environment", {}).get("Variables", {})
        return {name: str(self.resolve(value)) for name, value in variables.items()}

    @cached_property
    def queues(self) -> dict[str, Queue]:
        """Every queue by its logical id."""
        return {name: self._queue(name, told) for name, told in self.of_type("AWS::SQS::Queue")}

    @cached_property
    def workers(self) -> tuple[Worker, ...]:
        """Who works on which queue."""
        return tuple(self._workers())

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """Whom S3 tells of what."""
        return tuple(self._triggers())

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """What is called again and again."""
        found = []
        for verb, event in self._events("Schedule"):
            told = event["Properties"]["Schedule"]
            if told.startswith("cron("):
                continue  # once a month: no run is so long
            every = re.fullmatch(r"rate\((\d+) (\w+?)s?\)", told)
            if every is None:
                raise NotImplementedError(f"{verb}: {told}")
            found.append(Schedule(verb, int(every[1]) * UNITS[every[2]]))
        return tuple(found)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Every call of the API; a greedy one last."""
        found = [
            Route(method.upper(), path, self.verbs[function])
            for (method, path), (function, _) in routes_of(self._template).items()
        ]
        return tuple(sorted(found, key=lambda route: (route.path.count("{"), route.path)))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Which events go to which queue."""
        return tuple(
            Rule(
                tuple(told["Properties"]["EventPattern"].get("source", ())),
                tuple(told["Properties"]["EventPattern"].get("detail-type", ())),
                queue,
            )
            for _, told in self.of_type("AWS::Events::Rule")
            for target in told["Properties"]["Targets"]
            if (queue := name_of(str(self.resolve(target["Arn"])))) in self.queues
        )

    # --- what holds data ------------------------------------------------------------------------

    @cached_property
    def tables(self) -> dict[str, Mapping[str, Any]]:
        """Name of a table -> its properties."""
        return {
            str(self.resolve({"Ref": name})): told["Properties"]
            for name, told in self.of_type("AWS::DynamoDB::Table")
        }

    @cached_property
    def lifecycles(self) -> dict[str, list[tuple[str, int]]]:
        """Name of a bucket -> (prefix, days after which what lies below it is deleted)."""
        return {
            str(self.resolve({"Ref": name})): [
                (rule.get("Prefix", ""), int(self.resolve(rule["ExpirationInDays"])))
                for rule in told["Properties"].get("LifecycleConfiguration", {}).get("Rules", ())
                if "ExpirationInDays" in rule
            ]
            for name, told in self.of_type("AWS::S3::Bucket")
        }

    # --- the template's own language ------------------------------------------------------------

    def of_type(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(logical id, resource) of a type, of those whose condition holds."""
        for name, resource in self._template["Resources"].items():
            condition = resource.get("Condition")
            if resource["Type"] == kind and (condition is None or self._holds(condition)):
                yield name, resource

    def resolve(self, node: Any) -> Any:
        """A value of the template as the stack has it. Raises NotImplementedError."""
        if isinstance(node, list):
            return [self.resolve(each) for each in node]
        if not isinstance(node, Mapping):
            return node
        names = list(node)
        if len(names) == 1 and (names[0] == "Ref" or names[0].startswith("Fn::")):
            return self._function(names[0], node[names[0]])
        return {name: self.resolve(told) for name, told in node.items()}

    def _function(self, name: str, told: Any) -> Any:
        match name, told:
            case "Ref", str():
                return self._reference(told)
            case "Fn::GetAtt", [resource, "Arn" | "Id"]:
                return f"arn:aws:of:{REGION}:{ACCOUNT}:{resource}"
            case "Fn::If", [condition, then, otherwise]:
                return self.resolve(then if self._holds(condition) else otherwise)
            case "Fn::Sub", str():
                return re.sub(r"\$\{([^}]+)\}", lambda got: self._substitute(got[1]), told)
        raise NotImplementedError(f"{name} {told}")

    def _reference(self, name: str) -> Any:
        if name in self._parameters:
            return self._parameters[name]
        resource = self._template["Resources"][name]
        match resource["Type"]:
            case "AWS::SQS::Queue":
                return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
            case "AWS::S3::Bucket":
                return self.resolve(resource["Properties"]["BucketName"])
        return f"{STACK}-{name}"

    def _substitute(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        node = {"Fn::GetAtt": [resource, attribute]} if attribute else {"Ref": resource}
        return str(self.resolve(node))

    def _holds(self, condition: Any) -> bool:
        if isinstance(condition, str):
            return self._holds(self._template["Conditions"][condition])
        ((name, told),) = condition.items()
        match name:
            case "Condition":
                return self._holds(told)
            case "Fn::Not":
                return not self._holds(told[0])
            case "Fn::And":
                return all(map(self._holds, told))
            case "Fn::Or":
                return any(map(self._holds, told))
            case "Fn::Equals":
                left, right = map(self.resolve, told)
                return str(left) == str(right)
        raise NotImplementedError(name)

    def _events(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for verb, function in self.functions.items():
            for event in function.get("Events", {}).values():
                if event["Type"] == kind:
                    yield verb, event

    def _queue(self, name: str, resource: Mapping[str, Any]) -> Queue:
        told = self.resolve(resource.get("Properties", {}))
        redrive = told.get("RedrivePolicy") or {}
        return Queue(
            name=name,
            visibility=int(told.get("VisibilityTimeout", VISIBILITY)),
            retention=int(told.get("MessageRetentionPeriod", RETENTION)),
            most=int(redrive["maxReceiveCount"]) if redrive else None,
            dead_letters=name_of(redrive["deadLetterTargetArn"]) if redrive else None,
        )

    def _workers(self) -> Iterator[Worker]:
        for _, mapping in self.of_type("AWS::Lambda::EventSourceMapping"):
            told = mapping["Properties"]
            yield Worker(
                verb=self.verbs[told["FunctionName"]["Ref"]],
                queue=name_of(self.resolve(told["EventSourceArn"])),
                batch=int(self.resolve(told.get("BatchSize", 10))),
            )

    def _triggers(self) -> Iterator[Trigger]:
        for bucket, resource in self.of_type("AWS::S3::Bucket"):
            told = resource["Properties"].get("NotificationConfiguration", {})
            for call in told.get("LambdaConfigurations", ()):
                verb = self.verbs[call["Function"]["Fn::GetAtt"][0]]
                how = self.functions[verb].get("EventInvokeConfig", {})
                failures = how.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
                rules = call.get("Filter", {}).get("S3Key", {}).get("Rules", ())
                yield Trigger(
                    verb=verb,
                    bucket=str(self.resolve({"Ref": bucket})),
                    prefix=next((rule["Value"] for rule in rules if rule["Name"] == "prefix"), ""),
                    tries=1 + int(how.get("MaximumRetryAttempts", 2)),
                    most_age=int(how.get("MaximumEventAgeInSeconds", MOST_EVENT_AGE)),
                    failures=name_of(self.resolve(failures)) if failures else None,
                )


def deployed(webhook_url: str) -> Deployment:
    """The stack of these tests: everything but the models of others."""
    return Deployment(read_template(), Stage="dev", Audience="adults", WebhookUrl=webhook_url)
