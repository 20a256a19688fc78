"""What the emulator drops in silence, or never looks at, is asserted here."""

import json
import os
import re
import string
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from contract.functions import function_module
from contract.openapi import OPEN_PATHS, example_of, operations
from facet.adapters import aws
from facet.adapters.analyses import LEASE
from facet.adapters.events import SOURCE
from facet.adapters.settings import Settings
from facet.domain.account import ERASURE_DELAY, ERASURE_PATIENCE, EXPORT_LIFE, EXPORT_PATIENCE
from facet.domain.looks import RENDER_PATIENCE
from facet.domain.messages import AnalysisEnded
from facet.domain.overdue import MAX_REDRIVES
from facet.domain.places import MEDIA_PREFIXES, UPLOAD_PREFIXES, face_key
from facet.http.headers import NOT_KEPT, SECURITY_HEADERS
from facet.http.problems import problem_kinds
from facet.routes.document import DOCUMENT
from local.artifacts import carried_layers

from .conftest import LAYERS, SAM, Template, ask_sam

ROOT = Path(__file__).parents[2]
DAYS = 86_400
IS_CLOUD = "IsCloud"


def verb_of(function: str) -> str:
    return function.removesuffix("Function").lower()


def arn_of(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def references(node: Any) -> Iterator[str]:
    """Every logical id (or parameter) that a value refers to."""
    if isinstance(node, dict):
        for key, value in node.items():
            match key:
                case "Ref":
                    yield value
                case "Fn::GetAtt":
                    yield value.split(".")[0] if isinstance(value, str) else value[0]
                case "Fn::Sub":
                    text = value if isinstance(value, str) else value[0]
                    yield from (name.split(".")[0] for name in re.findall(r"\$\{([^}!]+)\}", text))
                    yield from references(value)
                case "DependsOn":
                    yield from [value] if isinstance(value, str) else value
                case _:
                    yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def statements(translated: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """(function, statement) of every function's own role."""
    roles = translated.of_type("AWS::IAM::Role")
    for function, properties in translated.of_type("AWS::Lambda::Function").items():
        for policy in roles[properties["Role"]["Fn::GetAtt"][0]]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield function, statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- the whole ------------------------------------------------------------------------------------


def test_sam_and_cfn_lint_find_nothing() -> None:
    done = subprocess.run(  # noqa: S603 our own tool
        [SAM / "sam", "validate", "--lint", "--template", ROOT / "template.yaml"],
        env={**os.environ, "AWS_DEFAULT_REGION": "eu-central-1", "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_refers_to_itself_in_a_circle(translated: Template) -> None:
    """CycleError names the circle; cfn-lint sees none through the S3 notification."""
    graph = {
        name: set(references(resource)) & translated.resources.keys() - {name}
        for name, resource in translated.resources.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_conditions_use_parameters_alone(template: Template) -> None:
    """The emulator never resolves a pseudo-parameter in a condition."""
    assert not [ref for ref in references(template.body["Conditions"]) if ref.startswith("AWS::")]


def test_every_stage_has_a_configuration_with_parameters_that_exist(template: Template) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    stages = template.body["Parameters"]["Stage"]["AllowedValues"]
    for name, stage in {"default": "dev", **{stage: stage for stage in stages}}.items():
        deploy = config[name]["deploy"]["parameters"]
        overrides = dict(pair.split("=", 1) for pair in deploy["parameter_overrides"])
        assert overrides["Stage"] == stage
        assert overrides.keys() <= template.body["Parameters"].keys()
        for parameter, value in overrides.items():
            allowed = template.body["Parameters"][parameter].get("AllowedValues", [value])
            assert value in map(str, allowed), f"{name}: {parameter}"


def test_a_deployment_tells_where_everything_is(template: Template) -> None:
    assert template.body["Outputs"].keys() >= {
        *("ApiUrl", "UserPoolId", "UserPoolClientId", "TableName", "ProductsTableName"),
        *("UploadsBucketName", "MediaBucketName", "RecommendQueueUrl", "RecommendDlqUrl"),
        *("EraseQueueUrl", "EraseDlqUrl"),
    }


def test_everything_that_costs_money_is_tagged(template: Template) -> None:
    untagged = {
        *("AWS::ApiGateway::Account", "AWS::Cognito::UserPoolClient", "AWS::S3::BucketPolicy"),
        *("AWS::Cognito::UserPoolGroup", "AWS::SQS::QueuePolicy", "AWS::Serverless::LayerVersion"),
        *("AWS::IAM::Policy", "AWS::SNS::TopicPolicy", "AWS::Events::Rule"),
        "AWS::Lambda::Permission",
        *("AWS::Cognito::UserPoolDomain", "AWS::Cognito::UserPoolIdentityProvider"),
        "AWS::Serverless::Function",  # tagged by Globals
    }
    for name, resource in template.resources.items():
        if resource["Type"] not in untagged:
            properties = resource["Properties"]
            tags = properties.get("Tags") or properties["UserPoolTags"]
            if isinstance(tags, list):
                tags = {tag["Key"]: tag["Value"] for tag in tags}
            assert tags == {"project": "facet", "stage": {"Ref": "Stage"}}, name
    assert template.body["Globals"]["Function"]["Tags"].keys() == {"project", "stage"}


# --- functions ------------------------------------------------------------------------------------


def test_every_handler_resolves(template: Template) -> None:
    module, _, name = template.body["Globals"]["Function"]["Handler"].partition(".")
    assert module == "app"
    for function, properties in template.functions.items():
        assert (ROOT / properties["CodeUri"]).resolve() == ROOT / "functions" / verb_of(function)
        assert "Handler" not in properties
        assert callable(getattr(function_module(verb_of(function)), name))


def test_every_folder_of_functions_is_deployed(template: Template) -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert {verb_of(function) for function in template.functions} == folders


def test_a_function_finds_its_settings_in_its_environment(template: Template) -> None:
    for function in template.functions:
        module = function_module(verb_of(function))
        settings = [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, Settings)
            and value.__module__ != Settings.__module__
        ]
        assert settings, function
        for model in settings:
            fields = {name.upper() for name in model.model_fields}
            assert fields <= template.environment(function), function


def test_the_recorded_environment_is_the_template_s(template: Template) -> None:
    recorded = json.loads((ROOT / "events" / "env.json").read_text())
    for function in template.functions:
        names = template.environment(function) - {"PYDANTIC_DISABLE_PLUGINS"}
        names = {name for name in names if not name.startswith("OTEL_")}  # empty by default
        assert recorded[function].keys() - {"AWS_ENDPOINT_URL"} == names, function


def test_every_layer_resolves(template: Template) -> None:
    layers = template.of_type("AWS::Serverless::LayerVersion")
    for name, properties in layers.items():
        assert (ROOT / properties["ContentUri"]).is_dir(), name
        wanted = "HasTracing" if name == "TracingLayer" else IS_CLOUD
        assert template.resources[name]["Condition"] == wanted
    assert {"Condition": IS_CLOUD} in template.body["Conditions"]["HasTracing"]["Fn::And"]
    for function, properties in template.functions.items():
        # `sam local` cannot make sense of AWS::NoValue here
        condition, traced, otherwise = properties["Layers"]["Fn::If"]
        assert condition == "HasTracing"
        assert otherwise["Fn::If"] == [IS_CLOUD, traced[:-1], []]
        assert traced[-1] == {"Ref": "TracingLayer"}
        assert {"Ref": "SharedLayer"} in traced, function
        assert {layer["Ref"] for layer in traced} <= layers.keys()


def test_sam_local_invoke_gives_each_function_its_layers(template: Template) -> None:
    carried = ask_sam(LAYERS)
    for function, properties in template.functions.items():
        assert carried[function] == carried_layers(properties["Layers"])


def test_every_function_logs_to_a_group_that_forgets(template: Template) -> None:
    groups = template.of_type("AWS::Logs::LogGroup")
    for function, properties in template.functions.items():
        used = groups[properties["LoggingConfig"]["LogGroup"]["Ref"]]
        name = f"/aws/lambda/${{AWS::StackName}}/{verb_of(function)}"
        assert used["LogGroupName"] == {"Fn::Sub": name}
    assert len({group["LogGroupName"]["Fn::Sub"] for group in groups.values()}) == len(groups)
    for name, group in groups.items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


def test_an_event_a_function_cannot_handle_is_kept(template: Template) -> None:
    """Lambda drops what an asynchronous function refused three times, unless told where to."""
    queues = template.of_type("AWS::SQS::Queue")
    called_by_s3 = {
        rule["Function"]["Fn::GetAtt"][0]
        for bucket in template.of_type("AWS::S3::Bucket").values()
        for rule in bucket["NotificationConfiguration"]["LambdaConfigurations"]
    }
    assert called_by_s3 == {"AnalyzeFunction", "ThumbnailFunction"}
    for name in called_by_s3:
        target = template.functions[name]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
        assert target["Type"] == "SQS"
        assert queues[target["Destination"]["Fn::GetAtt"][0]]["MessageRetentionPeriod"] == 14 * DAYS


# --- permissions ----------------------------------------------------------------------------------


def test_every_function_has_a_role_of_its_own(translated: Template) -> None:
    functions = translated.of_type("AWS::Lambda::Function")
    roles = {properties["Role"]["Fn::GetAtt"][0] for properties in functions.values()}
    assert len(roles) == len(functions)


def test_no_function_may_do_anything_it_was_not_given_by_name(translated: Template) -> None:
    for function, statement in statements(translated):
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            assert "*" not in action, f"{function}: {action}"
        for resource in as_list(statement["Resource"]):
            if statement["Action"] != "cloudwatch:GetMetricStatistics":  # IAM knows no metric
                assert resource != "*", f"{function}: {statement['Action']}"


def test_objects_are_granted_by_prefix(translated: Template) -> None:
    for function, statement in statements(translated):
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                if action.startswith("s3:") and not action.startswith("s3:ListBucket"):
                    assert re.search(r"/[a-z]+/\*$", resource["Fn::Sub"]), f"{function}: {action}"


def test_only_logging_comes_as_a_managed_policy(translated: Template) -> None:
    for function, properties in translated.of_type("AWS::Lambda::Function").items():
        role = translated.resources[properties["Role"]["Fn::GetAtt"][0]]["Properties"]
        managed = {arn.rpartition("/")[2] for arn in role["ManagedPolicyArns"]}
        assert managed == {"AWSLambdaBasicExecutionRole"}, function


def test_a_function_is_called_by_its_own_api_bucket_or_schedule_alone(
    template: Template, translated: Template
) -> None:
    """One statement for all routes of a function, and no service may call for another account."""
    permissions = translated.of_type("AWS::Lambda::Permission")
    by_api = [one for one in permissions.values() if one["Principal"] == "apigateway.amazonaws.com"]
    assert {one["FunctionName"]["Ref"] for one in by_api} == template.asked_by_api()
    assert len(by_api) == len(template.asked_by_api())
    for name, permission in permissions.items():
        source = json.dumps(permission["SourceArn"])
        match permission["Principal"]:
            case "apigateway.amazonaws.com":
                assert source.endswith(':${AWS::AccountId}:${Api}/api/*/v1/*"}'), name
            case "s3.amazonaws.com":
                assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}, name
                called = {
                    bucket["BucketName"]["Fn::Sub"]
                    for bucket in translated.of_type("AWS::S3::Bucket").values()
                    for rule in bucket["NotificationConfiguration"]["LambdaConfigurations"]
                    if rule["Function"] == arn_of(permission["FunctionName"]["Ref"])
                }
                assert permission["SourceArn"]["Fn::Sub"].rpartition(":::")[2] in called, name
            case principal:
                assert principal == "events.amazonaws.com"
                (rule,) = references(permission["SourceArn"])
                assert rule.startswith(permission["FunctionName"]["Ref"]), name


# --- queues ---------------------------------------------------------------------------------------


# A shard is swept anew in five minutes, whatever became of its message.
RECEIVES = {"WebhookJobs": 7, "SweepJobs": 3, "RecommendJobs": 2, "RecommendAloneJobs": 3}
CONCURRENCY = {"AccountJobs": 5, "EraseJobs": 5, "WebhookJobs": 5, "SweepJobs": 4}
CONCURRENCY["RecommendAloneJobs"] = 2
# Where a job goes that was seen twice: to be tried alone, then to the dead letters of its queue.
GIVEN_UP = {"RecommendJobs": "RecommendAloneQueue", "RecommendAloneJobs": "RecommendDlq"}


def either(value: Any) -> list[Any]:
    """What a value is with its condition met and unmet, or it alone."""
    return value["Fn::If"][1:] if isinstance(value, dict) else [value]


def test_a_queue_outwaits_its_function_and_gives_up_into_a_dead_letter_queue(
    template: Template,
) -> None:
    queues = template.of_type("AWS::SQS::Queue")
    mappings = template.of_type("AWS::Lambda::EventSourceMapping")
    assert mappings
    for name, mapping in mappings.items():
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        timeout = template.timeout(mapping["FunctionName"]["Ref"])
        for waits, runs in zip(either(queue["VisibilityTimeout"]), either(timeout), strict=True):
            assert waits >= 6 * runs, name
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        redrive = queue["RedrivePolicy"]
        assert redrive["maxReceiveCount"] == RECEIVES.get(name, 5)
        given_up = GIVEN_UP.get(name, name.replace("Jobs", "Dlq"))
        assert redrive["deadLetterTargetArn"] == arn_of(given_up)
        dead = queues[given_up]
        # Age counts from the first send, and 14 days is the most that SQS keeps anything.
        assert dead["MessageRetentionPeriod"] == queue["MessageRetentionPeriod"] == 14 * DAYS
        condition, cloud, _ = mapping["ScalingConfig"]["Fn::If"]
        assert condition == IS_CLOUD
        parameter = {"Ref": f"{name.removesuffix('Jobs')}Concurrency"}
        assert cloud["MaximumConcurrency"] == CONCURRENCY.get(name, parameter), name


# --- data -----------------------------------------------------------------------------------------


def test_tables_are_encrypted_restorable_and_protected_in_production(template: Template) -> None:
    for name, table in template.of_type("AWS::DynamoDB::Table").items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert table["SSESpecification"]["SSEEnabled"] is True, name
        recovery = table["PointInTimeRecoverySpecification"]
        assert recovery == {"PointInTimeRecoveryEnabled": True}, name
        assert "StreamSpecification" not in table
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}, name


def test_rows_go_when_their_time_has_come(template: Template) -> None:
    tables = template.of_type("AWS::DynamoDB::Table")
    ttl = tables["Table"]["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "expires_at", "Enabled": True}
    assert "TimeToLiveSpecification" not in tables["ProductsTable"]


def test_the_sweep_reads_what_waits_by_an_index(template: Template) -> None:
    (index,) = template.of_type("AWS::DynamoDB::Table")["Table"]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "open-index"
    keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
    assert keys == {"HASH": "open_shard", "RANGE": "due_at"}


def test_buckets_are_encrypted_and_closed(template: Template) -> None:
    for name, bucket in template.of_type("AWS::S3::Bucket").items():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        _, own, otherwise = rule["ServerSideEncryptionByDefault"]["Fn::If"]
        assert (own["SSEAlgorithm"], otherwise["SSEAlgorithm"]) == ("aws:kms", "AES256"), name
        block = bucket["PublicAccessBlockConfiguration"]
        assert len(block) == 4
        assert all(block.values()), name
        (ownership,) = bucket["OwnershipControls"]["Rules"]
        assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
        assert bucket["CorsConfiguration"]["CorsRules"]


def test_queues_are_encrypted(template: Template) -> None:
    for name, queue in template.of_type("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", False, True]}, name


def test_bedrock_may_be_called_only_where_a_model_is_named(template: Template) -> None:
    policy = template.resources["NarratorPolicy"]
    assert policy["Condition"] == "HasNarrator"
    assert template.body["Parameters"]["NarratorModelId"]["Default"] == ""
    direct, through_profile = policy["Properties"]["PolicyDocument"]["Statement"]
    for statement in (direct, through_profile):
        assert statement["Action"] == "bedrock:InvokeModel"
    assert all("${NarratorModelId}" in arn["Fn::Sub"] for arn in direct["Resource"])
    (profile,) = through_profile["Condition"]["StringEquals"].values()
    assert profile["Fn::Sub"].endswith("inference-profile/${NarratorModelId}")
    roles = json.dumps([template.functions[name]["Policies"] for name in template.functions])
    assert "bedrock" not in roles


def test_garments_are_drawn_by_a_model_only_where_one_is_named(template: Template) -> None:
    policy = template.resources["GarmentPolicy"]
    assert policy["Condition"] == "HasGarments"
    assert policy["Properties"]["Roles"] == [{"Ref": "TryOnFunctionRole"}]
    assert template.body["Parameters"]["GarmentModelId"]["Default"] == ""
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "bedrock:InvokeModel"
    assert statement["Resource"]["Fn::Sub"].endswith("::foundation-model/${GarmentModelId}")


def test_five_batches_of_looks_are_drawn_at_once_unless_told(template: Template) -> None:
    assert template.body["Parameters"]["TryOnConcurrency"]["Default"] == 5
    scaling = template.resources["TryOnJobs"]["Properties"]["ScalingConfig"]["Fn::If"][1]
    assert scaling == {"MaximumConcurrency": {"Ref": "TryOnConcurrency"}}


def test_vectors_may_be_read_only_where_a_bucket_is_named(template: Template) -> None:
    policy = template.resources["VectorsPolicy"]
    assert policy["Condition"] == "HasVectors"
    assert template.body["Parameters"]["VectorBucketName"]["Default"] == ""
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert set(statement["Action"]) == {"s3vectors:QueryVectors", "s3vectors:GetVectors"}
    assert statement["Resource"]["Fn::Sub"].endswith(":bucket/${VectorBucketName}/index/*")
    roles = json.dumps([template.functions[name]["Policies"] for name in template.functions])
    assert "s3vectors" not in roles


def test_nothing_is_reached_without_tls_in_the_cloud(template: Template) -> None:
    policies = {
        **template.of_type("AWS::S3::BucketPolicy"),
        **template.of_type("AWS::SQS::QueuePolicy"),
    }
    denied: set[str] = set()
    for name, policy in policies.items():
        for statement in policy["PolicyDocument"]["Statement"]:
            if "Fn::If" in statement:
                condition, statement, _ = statement["Fn::If"]  # noqa: PLW2901
                assert condition == IS_CLOUD
            elif statement["Effect"] == "Allow":  # EventBridge, to the webhook's queue
                assert statement["Principal"] == {"Service": "events.amazonaws.com"}
                continue
            else:
                assert template.resources[name]["Condition"] == IS_CLOUD
            assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
            assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            denied |= set(references([policy.get("Bucket"), policy.get("Queues")]))
    expected = (
        template.of_type("AWS::S3::Bucket").keys() | template.of_type("AWS::SQS::Queue").keys()
    )
    assert denied - {"AWS::NoValue"} == expected


def test_pictures_are_forgotten_and_the_catalogue_is_not(template: Template) -> None:
    buckets = template.of_type("AWS::S3::Bucket")
    rules = {name: bucket["LifecycleConfiguration"]["Rules"] for name, bucket in buckets.items()}
    for name in buckets:
        assert all(rule["Status"] == "Enabled" for rule in rules[name])
        aborts = [rule for rule in rules[name] if "AbortIncompleteMultipartUpload" in rule]
        assert len(aborts) == 1, name
    uploads = [rule for rule in rules["UploadsBucket"] if "ExpirationInDays" in rule]
    assert [(rule.get("Prefix"), rule["ExpirationInDays"]) for rule in uploads] == [(None, 1)]
    media = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for rule in rules["MediaBucket"]
        if "ExpirationInDays" in rule
    }
    assert media.pop("exports/") == EXPORT_LIFE.days
    assert media.pop("overlays/") == 1
    assert media.keys() == {"photos/", "thumbnails/", "looks/"}
    assert all(days == {"Ref": "RetentionDays"} for days in media.values())


def test_one_parameter_says_how_long_analyses_are_kept(template: Template) -> None:
    """In the bucket by lifecycle rules, in the table by the `expires_at` that a row begins with."""
    told = {
        name: function["Environment"]["Variables"]["RETENTION_DAYS"]
        for name, function in template.functions.items()
        if "RETENTION_DAYS" in function["Environment"]["Variables"]
    }
    assert "PresignFunction" in told
    assert all(days == {"Ref": "RetentionDays"} for days in told.values())
    ttl = template.of_type("AWS::DynamoDB::Table")["Table"]["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "expires_at", "Enabled": True}
    days = template.body["Parameters"]["RetentionDays"]
    assert (days["Type"], days["MinValue"]) == ("Number", 1)


def test_everything_of_a_user_can_be_read_and_erased(translated: Template) -> None:
    """Every prefix that any function may write to is one that an erasure empties."""
    emptied = {
        *(("uploads", prefix) for prefix in UPLOAD_PREFIXES),
        *(("media", prefix) for prefix in MEDIA_PREFIXES),
    }
    by_action: dict[str, set[tuple[str, str]]] = {}
    for function, statement in statements(translated):
        for action in as_list(statement["Action"]):
            key = f"{function} {action}" if function == "AccountFunction" else action
            for resource in as_list(statement["Resource"]):
                if action.startswith("s3:") and not action.startswith("s3:ListBucket"):
                    _, bucket, prefix = re.split(
                        r"-(uploads|media)-[^/]+/", resource["Fn::Sub"].removesuffix("/*")
                    )
                    by_action.setdefault(key, set()).add((bucket, prefix))
    assert by_action["s3:PutObject"] - {("media", "catalogue")} <= emptied
    assert by_action["AccountFunction s3:DeleteObjectVersion"] == emptied
    assert by_action["AccountFunction s3:GetObject"] == emptied - {("media", "exports")}


def test_every_photo_of_an_analysis_is_announced_to_the_function_that_reads_it(
    translated: Template,
) -> None:
    uploads = translated.of_type("AWS::S3::Bucket")["UploadsBucket"]
    rules = uploads["NotificationConfiguration"]["LambdaConfigurations"]
    announced = {
        rule["Filter"]["S3Key"]["Rules"][0]["Value"]
        for rule in rules
        if "AnalyzeFunction" in references(rule["Function"])
    }
    keys = [face_key("user", "analysis", number) for number in range(3)]
    assert all(key.startswith(tuple(announced)) for key in keys)


def test_no_function_writes_where_it_listens(translated: Template) -> None:
    listening = [
        (
            next(name for name in references(rule["Function"])),
            {"UploadsBucket": "-uploads-", "MediaBucket": "-media-"}[bucket],
            rule["Filter"]["S3Key"]["Rules"][0]["Value"],
        )
        for bucket, properties in translated.of_type("AWS::S3::Bucket").items()
        for rule in properties["NotificationConfiguration"]["LambdaConfigurations"]
    ]
    assert len(listening) == 3
    writes = [
        statement
        for statement in statements(translated)
        if "s3:PutObject" in as_list(statement[1]["Action"])
    ]
    for listener, place, prefix in listening:
        for function, statement in writes:
            for resource in as_list(statement["Resource"]) if function == listener else ():
                assert not (place in resource["Fn::Sub"] and f"/{prefix}" in resource["Fn::Sub"])


# --- API ------------------------------------------------------------------------------------------


def test_the_routes_are_those_of_the_document(template: Template) -> None:
    document = json.loads(DOCUMENT.read_text())
    described = {
        (method, path): operation.get("security") != []
        for path, method, operation in operations(document)
    }
    routed = {
        route: not is_open
        for route, (_, is_open) in template.routes().items()
        if route[0] != "options"
    }
    assert routed == described


def test_a_route_goes_to_the_function_that_declares_it(template: Template) -> None:
    for function in template.asked_by_api():
        routed = {
            route
            for route, (answering, _) in template.routes().items()
            if answering == function and route[0] != "options"
        }
        app = function_module(verb_of(function)).app
        document = json.loads(app.get_openapi_json_schema(title="", version=""))
        assert routed == {(method, path) for path, method, _ in operations(document)}


def test_only_health_and_the_document_are_open(template: Template) -> None:
    api = template.of_type("AWS::Serverless::Api")["Api"]
    assert api["Auth"]["DefaultAuthorizer"] in api["Auth"]["Authorizers"]
    for (method, path), (_, is_open) in template.routes().items():
        assert is_open == (path in OPEN_PATHS or method == "options"), path
        assert method != "any"


def test_a_token_is_of_this_pool_and_for_this_client(template: Template) -> None:
    """The authoriser knows the pool alone; the functions behind it know the client."""
    api = template.of_type("AWS::Serverless::Api")["Api"]
    # Scopes would let access tokens in, which name no audience.
    assert api["Auth"]["Authorizers"] == {"SignedIn": {"UserPoolArn": arn_of("UserPool")}}
    for function, properties in template.functions.items():
        asked = function in template.asked_by_api()
        client = properties["Environment"]["Variables"].get("USER_POOL_CLIENT_ID")
        assert client == ({"Ref": "UserPoolClient"} if asked else None), function


def test_a_browser_may_ask_first_at_every_path(template: Template) -> None:
    """A method that a resource does not have goes to the greedy one beside it."""
    asked = [path for method, path in template.routes() if method == "options"]
    assert asked == ["/v1/{proxy+}"]
    assert all(path.startswith("/v1/") for _, path in template.routes())


def test_answers_over_a_kilobyte_are_compressed(template: Template) -> None:
    api = template.of_type("AWS::Serverless::Api")["Api"]
    assert api["MinimumCompressionSize"] == 1024
    assert "BinaryMediaTypes" not in api


def test_cursors_are_signed_with_a_secret_that_nobody_wrote(template: Template) -> None:
    secret = template.of_type("AWS::SecretsManager::Secret")["CursorSecret"]
    assert secret["GenerateSecretString"]["PasswordLength"] >= 32
    for function in ("ApiFunction", "ProductsFunction"):
        variables = template.functions[function]["Environment"]["Variables"]
        reference = variables["CURSOR_SECRET"]["Fn::Sub"]
        assert reference == "{{resolve:secretsmanager:${CursorSecret}:SecretString}}"


def test_only_what_holds_the_catalogue_has_its_memory(template: Template) -> None:
    big = {
        name
        for name, properties in template.functions.items()
        if properties.get("MemorySize") == {"Ref": "CatalogueMemory"}
    }
    assert big == {"RecommendFunction", "ProductsFunction"}
    assert carried_layers(template.functions["ApiFunction"]["Layers"]) == ["SharedLayer"]


def test_the_gateway_s_own_answers_are_problems_too(template: Template) -> None:
    answers = template.of_type("AWS::Serverless::Api")["Api"]["GatewayResponses"]
    assert answers.keys() >= {"UNAUTHORIZED", "THROTTLED", "DEFAULT_4XX", "DEFAULT_5XX"}
    for name, answer in answers.items():
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == "'*'", name
        assert headers["Content-Type"] == "'application/problem+json'", name
        for header, value in {**SECURITY_HEADERS, **NOT_KEPT}.items():
            assert headers[header] == f"'{value}'", name
        text = answer["ResponseTemplates"]["application/json"]
        text = text.replace("$context.error.messageString", '"quoted by API Gateway"')
        problem = json.loads(text)
        kind = problem_kinds()[problem["code"]]
        expected = example_of(kind) | {"request_id": "$context.requestId"}
        if name == "DEFAULT_4XX":
            expected |= {"detail": "quoted by API Gateway"}
            del expected["errors"]
        assert problem == expected, name
        assert answer.get("StatusCode", problem["status"]) == problem["status"], name


def test_x_ray_itself_is_told_nothing(template: Template, translated: Template) -> None:
    """API Gateway's own segments hold callers' addresses and whole URLs, an allergy that is typed
    into /v1/ingredients/avoid among them."""
    assert template.of_type("AWS::Serverless::Api")["Api"]["TracingEnabled"] is False
    assert "Tracing" not in template.body["Globals"]["Function"]
    assert not [name for name in template.functions if "Tracing" in template.functions[name]]
    for name, role in translated.of_type("AWS::IAM::Role").items():
        assert "XRay" not in json.dumps(role), name


def test_every_function_may_send_traces_to_x_ray_where_that_is_wanted(template: Template) -> None:
    policy = template.resources["TracingPolicy"]
    assert policy["Condition"] == "TracesToXray"
    roles = [role.get("Fn::If", [None, role])[1] for role in policy["Properties"]["Roles"]]
    assert {role["Ref"] for role in roles} == {f"{name}Role" for name in template.functions}


def test_nothing_is_traced_unless_an_endpoint_is_told(template: Template) -> None:
    assert template.body["Parameters"]["TracingEndpoint"]["Default"] == ""
    allowed = template.body["Parameters"]["TracingEndpoint"]["AllowedPattern"]
    for url in (
        "",
        "xray",
        "https://collector.example/v1/traces",
        "http://127.0.0.1:4318/v1/traces",
    ):
        assert re.fullmatch(allowed, url), url
    assert not re.fullmatch(allowed, "http://collector.example/v1/traces")


def test_the_api_is_throttled_and_logged_without_naming_people(template: Template) -> None:
    api = template.of_type("AWS::Serverless::Api")["Api"]
    (settings,) = api["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == {"Ref": "ApiRateLimit"}
    log = json.loads(api["AccessLogSetting"]["Format"])
    assert {"request_id", "status", "latency_ms"} <= log.keys()
    assert not {"$context.identity.sourceIp", "$context.authorizer.claims.email"} & {*log.values()}


def test_a_password_travels_only_to_the_emulator(template: Template) -> None:
    client = template.of_type("AWS::Cognito::UserPoolClient")["UserPoolClient"]
    condition, cloud, local = client["ExplicitAuthFlows"]["Fn::If"]
    assert condition == IS_CLOUD
    assert "ALLOW_USER_SRP_AUTH" in cloud
    assert not any("PASSWORD" in flow for flow in cloud)
    assert "ALLOW_USER_PASSWORD_AUTH" in local
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_an_address_counts_only_once_it_is_verified(template: Template) -> None:
    """Else whoever changes their own to somebody's could recover an account by it."""
    pool = template.of_type("AWS::Cognito::UserPool")["UserPool"]
    before = pool["UserAttributeUpdateSettings"]["AttributesRequireVerificationBeforeUpdate"]
    assert before == pool["UsernameAttributes"] == pool["AutoVerifiedAttributes"] == ["email"]


def test_an_erasure_begins_when_no_request_of_before_can_still_write(template: Template) -> None:
    for function in ("ApiFunction", "PresignFunction"):
        assert ERASURE_DELAY.total_seconds() > template.timeout(function)


@pytest.mark.parametrize(
    ("name", "patience"),
    [("AccountQueue", (MAX_REDRIVES + 1) * EXPORT_PATIENCE), ("EraseQueue", ERASURE_PATIENCE)],
)
def test_an_export_and_an_erasure_are_given_up_after_their_last_try(
    template: Template, name: str, patience: timedelta
) -> None:
    queue = template.of_type("AWS::SQS::Queue")[name]
    tries = queue["RedrivePolicy"]["maxReceiveCount"]
    assert patience.total_seconds() >= tries * queue["VisibilityTimeout"]


def test_no_export_is_in_the_way_of_an_erasure(template: Template) -> None:
    mappings = template.of_type("AWS::Lambda::EventSourceMapping")
    exports, erasures = mappings["AccountJobs"], mappings["EraseJobs"]
    assert exports["EventSourceArn"] != erasures["EventSourceArn"] == arn_of("EraseQueue")
    assert exports["FunctionName"] == erasures["FunctionName"] == {"Ref": "AccountFunction"}
    assert exports["BatchSize"] == erasures["BatchSize"] == 1


def test_an_export_is_not_made_again_while_it_is_made(template: Template) -> None:
    assert EXPORT_PATIENCE.total_seconds() > template.timeout("AccountFunction")


def test_a_look_is_given_up_only_once_the_queue_has_given_it_up(template: Template) -> None:
    queue = template.of_type("AWS::SQS::Queue")["TryOnQueue"]
    receives = queue["RedrivePolicy"]["maxReceiveCount"]
    for waits in either(queue["VisibilityTimeout"]):
        assert RENDER_PATIENCE.total_seconds() >= waits
        assert (MAX_REDRIVES + 1) * RENDER_PATIENCE.total_seconds() > receives * waits


def test_a_claim_is_held_as_long_as_its_function_may_run(template: Template) -> None:
    assert LEASE.total_seconds() == template.timeout("AnalyzeFunction")


def test_a_shard_is_left_in_time_for_the_rest_to_go_into_another_message(
    template: Template,
) -> None:
    assert template.timeout("SweepFunction") - 15 > function_module("sweep").SECONDS


# --- clients --------------------------------------------------------------------------------------


def test_all_tries_of_a_client_are_over_before_the_shortest_function(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a function is stopped before it can say what went wrong, and the claim stays."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    shortest = min(
        seconds for name in template.functions for seconds in either(template.timeout(name))
    )
    for service in (*aws.READ_SECONDS, "s3", "cognito-idp", "secretsmanager"):
        config = aws.client.__wrapped__(service).meta.config
        tries = config.retries["total_max_attempts"]
        assert tries == aws.TRIES
        assert config.tcp_keepalive is True
        waits = tries * config.read_timeout + config.connect_timeout
        assert waits < shortest, f"{service}: {waits} s, and a function has {shortest} s"


def test_a_webhook_is_tried_as_often_as_there_are_delays(template: Template) -> None:
    delays = function_module("webhook").DELAYS
    queue = template.of_type("AWS::SQS::Queue")["WebhookQueue"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == len(delays) + 1
    assert sum(delays) * 1.1 < queue["MessageRetentionPeriod"]


def test_nothing_is_pushed_unless_a_parameter_says_so(template: Template) -> None:
    """A default deployment has no webhook, no topic, no sign-in page and no provider."""
    parameters = template.body["Parameters"]
    assert [parameters[name]["Default"] for name in ("WebhookUrl", "EventTopic")] == ["", "false"]
    for name in ("SignInDomain", "GoogleClientId", "AppleServicesId"):
        assert parameters[name]["Default"] == ""
    by_condition = {
        "HasWebhook": {
            *("WebhookFunction", "WebhookJobs", "WebhookQueue", "WebhookDlq", "WebhookSecret"),
            *("WebhookRule", "WebhookQueuePolicy", "WebhookLogGroup"),
        },
        "HasEventTopic": {"TopicRule", "AnalysisTopic", "AnalysisTopicPolicy"},
        "HasSignInPage": {"SignInPage"},
        "HasGoogle": {"GoogleProvider"},
        "HasApple": {"AppleProvider"},
    }
    for condition, expected in by_condition.items():
        made = {
            name
            for name, resource in template.resources.items()
            if resource.get("Condition") == condition
        }
        assert made == expected


def test_whoever_is_pushed_to_hears_every_end_and_nothing_else(template: Template) -> None:
    rules = template.of_type("AWS::Events::Rule")
    for name, target in {"WebhookRule": "WebhookQueue", "TopicRule": "AnalysisTopic"}.items():
        pattern = rules[name]["EventPattern"]
        assert pattern["source"] == [SOURCE]
        ends = {
            AnalysisEnded.model_validate(
                {"analysis_id": "a", "user_id": "u", "correlation_id": "c", "status": status}
            ).detail_type
            for status in ("completed", "failed", "expired")
        }
        assert set(pattern["detail-type"]) == ends
        assert set(references(rules[name]["Targets"])) == {target}
        assert rules[name]["EventBusName"] == {"Ref": "EventBusName"}


def test_secrets_are_never_shown(template: Template) -> None:
    for name, parameter in template.body["Parameters"].items():
        if name.endswith(("ClientSecret", "PrivateKey")):
            assert parameter["NoEcho"] is True, name
    secret = template.of_type("AWS::SecretsManager::Secret")["WebhookSecret"]
    # Base64 of 24 bytes, the least that Standard Webhooks allows.
    made = secret["GenerateSecretString"]
    assert made["PasswordLength"] == 32
    assert made["ExcludePunctuation"] is True
    assert set(made["ExcludeCharacters"]) == set(string.punctuation)


def test_google_and_apple_sign_in_on_the_hosted_page(template: Template) -> None:
    client = template.of_type("AWS::Cognito::UserPoolClient")["UserPoolClient"]
    condition, providers, _ = client["SupportedIdentityProviders"]["Fn::If"]
    assert condition == "HasSignInPage"
    assert providers[0] == "COGNITO"
    named = {
        provider["Fn::If"][0]: provider["Fn::If"][1]["Fn::Select"][1][0]
        for provider in providers[1:]
    }
    made = template.of_type("AWS::Cognito::UserPoolIdentityProvider")
    assert named == {
        template.resources[name]["Condition"]: properties["ProviderName"]
        for name, properties in made.items()
    }
    assert client["AllowedOAuthFlows"]["Fn::If"][1] == ["code"]
    assert client["GenerateSecret"] is False


def test_a_second_factor_is_an_authenticator_app_and_nobody_s_duty(template: Template) -> None:
    pool = template.of_type("AWS::Cognito::UserPool")["UserPool"]
    assert pool["MfaConfiguration"] == {"Ref": "Mfa"}
    assert template.body["Parameters"]["Mfa"]["Default"] == "OPTIONAL"
    assert pool["EnabledMfas"]["Fn::If"][1] == ["SOFTWARE_TOKEN_MFA"]


def test_whom_a_stack_is_for_is_named_by_who_deploys_it(template: Template) -> None:
    audience = template.body["Parameters"]["Audience"]
    assert audience["AllowedValues"] == ["adults", "any"]
    assert "Default" not in audience
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    told = {}
    for stage in ("local", "dev", "default", "staging", "prod"):
        pairs = config[stage]["deploy"]["parameters"]["parameter_overrides"]
        told[stage] = dict(pair.split("=", 1) for pair in pairs).get("Audience")
    assert {told.pop(stage) for stage in ("local", "dev", "default")} == {"adults"}
    # Ours to ask, not to answer: a team adds its own word to these two.
    assert set(told.values()) == {None}
